# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Bodies of uploads, streamed from files."""

from __future__ import annotations

import os
import typing as t

_BLOCK = 1 << 16


def multipart(files: t.Mapping[str, str]) -> tuple[t.Iterator[bytes], dict[str, str]]:
    """The body and the headers that send files: one raw, several as parts of a form, in order.

    :param files: paths by the name of the form's field
    """
    if len(files) == 1:
        (path,) = files.values()
        return _blocks(path), {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(os.path.getsize(path)),
        }
    boundary = "nfvlab-fleet-" + os.urandom(16).hex()
    heads = {
        name: (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        for name in files
    }
    tail = f"--{boundary}--\r\n".encode()
    length = sum(len(heads[name]) + os.path.getsize(path) + 2 for name, path in files.items()) + len(tail)

    def body() -> t.Iterator[bytes]:
        for name, path in files.items():
            yield heads[name]
            yield from _blocks(path)
            yield b"\r\n"
        yield tail

    return body(), {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}


def _blocks(path: str) -> t.Iterator[bytes]:
    with open(path, "rb") as file:
        while True:
            block = file.read(_BLOCK)
            if not block:
                return
            yield block
