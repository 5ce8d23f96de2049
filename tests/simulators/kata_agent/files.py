# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the files that an agent keeps, all below one directory that stands for the guest's root."""

from __future__ import annotations

import ctypes
import os
import pathlib
import shutil
import stat

from .server import Refusal

SHARE = "/run/kata-containers/shared/containers/"
MS_BIND, MS_REC, MNT_DETACH = 4096, 16384, 2
NOT_FOUND = 'Os { code: 2, kind: NotFound, message: "No such file or directory" }'

_libc = ctypes.CDLL(None, use_errno=True)


def bind(source: pathlib.Path, target: pathlib.Path) -> None:
    """Show a directory or a file in a second place."""
    if _libc.mount(os.fsencode(source), os.fsencode(target), None, MS_BIND | MS_REC, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def unbind(target: pathlib.Path) -> None:
    """Take the second place away."""
    _libc.umount2(os.fsencode(target), MNT_DETACH)


class Files:
    """Paths of the guest, looked up below one directory; nothing leads out of it."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root.resolve()
        (self.root / SHARE.strip("/")).mkdir(parents=True, exist_ok=True)

    def inside(self, path: str) -> pathlib.Path:
        """A guest's path; links are not followed out of the root."""
        plain = os.path.normpath("/" + path)
        found = self.root / plain.lstrip("/")
        if not os.path.realpath(found).startswith(str(self.root)):
            raise Refusal("ELOOP: Too many symbolic links encountered")
        return found

    def volume(self, path: str) -> dict:
        """How full the file system of a path is."""
        try:
            found = os.statvfs(self.inside(path) if path else "")
        except OSError:
            raise Refusal(NOT_FOUND) from None
        size = found.f_frsize
        return {
            "usage": [
                {
                    "available": found.f_bavail * size,
                    "total": found.f_blocks * size,
                    "used": (found.f_blocks - found.f_bfree) * size,
                    "unit": "BYTES",
                },
                {
                    "available": found.f_favail,
                    "total": found.f_files,
                    "used": found.f_files - found.f_ffree,
                    "unit": "INODES",
                },
            ],
            "volume_condition": {"message": "OK"},
        }

    def copy(self, request: dict) -> dict:
        """CopyFile, with what it does to neighbours of the same stem."""
        path = request.get("path", "")
        if not (path + "/").startswith(SHARE):
            raise Refusal(f'removing "{SHARE}" prefix from {path}\n\nCaused by:\n    prefix not found')
        rest = [part for part in path[len(SHARE) :].split("/") if part not in ("", ".")]
        if not rest:
            raise Refusal("invalid path argument: remove all path is /")
        if ".." in rest:
            raise Refusal("renameat\n\nCaused by:\n    ENOENT: No such file or directory")
        target = self.inside(SHARE + "/".join(rest))
        mode, offset = request.get("file_mode", 0), request.get("offset", 0)
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
            target.parent.chmod(request.get("dir_mode", 0) & 0o777)
        if offset == 0 and (target.is_symlink() or target.exists()):
            shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink()
        if stat.S_ISDIR(mode):
            target.mkdir()
            target.chmod(mode & 0o7777)
            return {}
        if stat.S_ISLNK(mode):
            target.symlink_to(os.fsdecode(request.get("data", b"")))
            return {}
        self._piece(target, offset, request)
        return {}

    def _piece(self, target: pathlib.Path, offset: int, request: dict) -> None:
        if offset < 0:
            raise Refusal("write_all_at\n\nCaused by:\n    Invalid argument (os error 22)")
        partial = target.with_suffix(".tmp")
        descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | (os.O_TRUNC if offset == 0 else 0), 0o600)
        try:
            os.pwrite(descriptor, request.get("data", b""), offset)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size == request.get("file_size", 0):
            os.chmod(partial, request.get("file_mode", 0) & 0o7777)
            os.rename(partial, target)
