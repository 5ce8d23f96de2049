# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Files that are written as a whole."""

from __future__ import annotations

import os
import tempfile


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
