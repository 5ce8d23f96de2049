# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Files that are written as a whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
import typing as t

from .errors import Refused


def replace(path: str, text: str, mode: int | None = None) -> None:
    """Write a file so that a reader, or a crash, meets the old one or the new one. It keeps its owner.

    :param mode: its permissions; without them those that it has, and 0644 for a new one
    :raises OSError: it cannot be written; the old one is as it was
    """
    path = os.path.realpath(path)
    before = os.stat(path) if os.path.exists(path) else None
    descriptor, fresh = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".nfvlab-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if before is not None:
            os.chown(fresh, before.st_uid, before.st_gid)
        kept = 0o644 if before is None else before.st_mode & 0o7777
        os.chmod(fresh, kept if mode is None else mode)
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise


class Content:
    """Takes a content block by block into an open file, and keeps its digest and its size.

    :param path: where the file is, for messages
    :param room: what to do where there is no room for it, as a clause
    """

    def __init__(self, path: str, room: str, open_file: t.Callable[[], int]) -> None:
        self.path = path
        self.room = room
        self.digest = hashlib.sha256()
        self.size = 0
        try:
            self._file = open_file()
        except OSError as error:
            raise self._refused(error) from None

    def __call__(self, block: bytes) -> None:
        self.digest.update(block)
        self.size += len(block)
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> Refused:
        return Refused(
            f"cannot write '{self.path}' on the managed host: {error.strerror}", code=error.errno, next_step=self.room
        )


class Growing(Content):
    """A content that gets its name when all of it is there. Until then it is hidden beside that, so that one which an
    earlier run left is written over; only its owner may read it.
    """

    def __init__(self, path: str, room: str) -> None:
        path = os.path.realpath(path)
        self._hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.nfvlab")

        def create() -> int:
            descriptor = os.open(self._hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            os.fchmod(descriptor, 0o600)
            return descriptor

        super().__init__(path, room, create)

    def __enter__(self) -> Growing:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            if kind is None:
                os.fsync(self._file)
                os.replace(self._hidden, self.path)
            else:
                os.unlink(self._hidden)
        except OSError as error:
            raise self._refused(error) from None
        finally:
            os.close(self._file)
