# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Files of the system that a module runs on: compared by content, mode and owner, and replaced whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import grp
import hashlib
import os
import pwd
import stat
import tempfile
import typing as t

from .._core.errors import Conflict, FleetError, Forbidden, InvalidOption, MissingReference, Refused, did_you_mean
from .._core.fields import Spec
from .._core.resource import Plan

ACCESS: Spec = {"mode": {"type": "raw"}, "owner": {"type": "str"}, "group": {"type": "str"}}
BLOCK = 1 << 20

Access = dict[str, t.Any]  # those of mode, uid and gid that are given


def access(given: t.Mapping[str, t.Any]) -> Access:
    """The wanted mode and owner as numbers.

    :raises InvalidOption: there is no such mode, user or group
    """
    wanted: Access = {}
    if given.get("mode") is not None:
        wanted["mode"] = _mode(given["mode"])
    if given.get("owner") is not None:
        wanted["uid"] = _number("owner", given["owner"], lambda name: pwd.getpwnam(name).pw_uid, _users)
    if given.get("group") is not None:
        wanted["gid"] = _number("group", given["group"], lambda name: grp.getgrnam(name).gr_gid, _groups)
    return wanted


def _mode(value: t.Any) -> int:
    """A text is octal, a number is what YAML has made of 0644."""
    try:
        mode = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value), 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise InvalidOption(
            f"'mode' is '{value}'", next_step="give permissions as octal digits in quotes, such as '0644'"
        )
    return mode


def _users() -> list[str]:
    return [entry.pw_name for entry in pwd.getpwall()]


def _groups() -> list[str]:
    return [entry.gr_name for entry in grp.getgrall()]


def _number(option: str, name: str, find: t.Callable[[str], int], names: t.Callable[[], list[str]]) -> int:
    if name.isdigit():
        return int(name)
    try:
        return find(name)
    except KeyError:
        raise InvalidOption(
            f"'{option}' is '{name}', which this system does not have",
            next_step=did_you_mean(name, names()) or "create it first, or give a number",
        ) from None


def look(path: str) -> dict[str, t.Any] | None:
    """A file's digest, size, mode and owner; null where there is nothing.

    :raises Conflict: something else than a file is there
    """
    try:
        about = os.lstat(path)
        if not stat.S_ISREG(about.st_mode):
            raise Conflict("it is no file", obj=f"'{path}'", next_step="remove what is there, or give another path")
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                digest.update(block)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None  # a part of the path is a file, which is said when something is to be written there
    except OSError as error:
        raise explained(error, path, "read") from None
    return {"path": path, "sha256": digest.hexdigest(), "size": about.st_size, **_shown(about)}


def _shown(about: os.stat_result) -> dict[str, t.Any]:
    return {
        "mode": f"{stat.S_IMODE(about.st_mode):04o}",
        "owner": _name(about.st_uid, lambda number: pwd.getpwuid(number).pw_name),
        "group": _name(about.st_gid, lambda number: grp.getgrgid(number).gr_name),
    }


def _name(number: int, find: t.Callable[[int], str]) -> str:
    try:
        return find(number)
    except KeyError:
        return str(number)


def wanted(given: Access) -> dict[str, t.Any]:
    """The wanted mode and owner as `look` shows them."""
    as_shown: dict[str, t.Any] = {}
    if "mode" in given:
        as_shown["mode"] = f"{given['mode']:04o}"
    if "uid" in given:
        as_shown["owner"] = _name(given["uid"], lambda number: pwd.getpwuid(number).pw_name)
    if "gid" in given:
        as_shown["group"] = _name(given["gid"], lambda number: grp.getgrgid(number).gr_name)
    return as_shown


def absolute(option: str, path: str) -> str:
    """A path that names a file.

    :raises InvalidOption: it does not
    """
    if not path.startswith("/") or path.endswith("/") or os.path.normpath(path) == "/":
        raise InvalidOption(f"'{option}' is '{path}'", next_step="give the path of a file that begins with '/'")
    return os.path.normpath(path)


def folder_of(path: str) -> str:
    """The directory that a file is to be in.

    :raises MissingReference: it is not there
    """
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise MissingReference(f"there is no directory '{folder}'", obj=f"'{path}'", next_step="create it first")
    return folder


def explained(error: OSError, path: str, what: str) -> FleetError:
    """The error for what the system refused."""
    sort: type[FleetError] = Refused
    next_step = "see whether its file system can be written to"
    if isinstance(error, PermissionError):
        sort, next_step = Forbidden, "use 'become: true'"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        next_step = "make room for it; nothing was replaced"
    return sort(
        f"cannot {what} it: {error.strerror or error}",
        obj=f"'{path}'",
        code=error.errno,
        text=error.strerror,
        next_step=next_step,
    )


class Replacement:
    """New content for a file, beside it until C(keep) gives it the file's name. Without that, it goes again.

    :param path: the file
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        folder, name = os.path.split(path)
        self._prefix = f".{name}.nfvlab-fleet."
        self._folder = folder_of(path)
        _sweep(folder, self._prefix)
        self._kept = False
        try:
            self._fd, self._temporary = tempfile.mkstemp(prefix=self._prefix, dir=folder)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # says that somebody is at it
        except OSError as error:
            raise explained(error, path, "write") from None

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, *reason: object) -> None:
        os.close(self._fd)
        if not self._kept:
            os.unlink(self._temporary)

    def write(self, block: bytes) -> None:
        """Add to the content."""
        try:
            self.size += len(block)
            while block:
                block = block[os.write(self._fd, block) :]
        except OSError as error:
            raise explained(error, self.path, "write") from None

    def keep(self, given: Access, mode: int) -> None:
        """Give it the file's name, with mode and owner: what is given, else what the file had, else C(mode)."""
        try:
            try:
                before: os.stat_result | None = os.lstat(self.path)
            except FileNotFoundError:
                before = None
            owner = given.get("uid", before.st_uid if before else -1), given.get("gid", before.st_gid if before else -1)
            os.fchown(self._fd, *owner)
            os.fchmod(self._fd, given.get("mode", stat.S_IMODE(before.st_mode) if before else mode))
            os.fsync(self._fd)
            os.rename(self._temporary, self.path)
            self._kept = True
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise explained(error, self.path, "write") from None


def _sweep(folder: str, prefix: str) -> None:
    """Remove what tasks that were killed had begun. What somebody still writes is locked."""
    for left in (os.path.join(folder, name) for name in os.listdir(folder) if name.startswith(prefix)):
        try:
            file = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue  # gone, or not ours
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(left)
        except OSError:
            continue
        finally:
            os.close(file)


class Write(t.NamedTuple):
    """New content for a file, as a step."""

    path: str
    content: bytes
    given: Access
    mode: int  # of a new file

    def describe(self) -> dict[str, t.Any]:
        return {"method": "write", "path": self.path, "keys": ["content", *wanted(self.given)]}

    def perform(self, session: object) -> None:
        with Replacement(self.path) as replacement:
            replacement.write(self.content)
            replacement.keep(self.given, self.mode)


class Adjust(t.NamedTuple):
    """Another mode or owner for a file, as a step."""

    path: str
    given: Access

    def describe(self) -> dict[str, t.Any]:
        return {"method": "chmod", "path": self.path, "keys": list(wanted(self.given))}

    def perform(self, session: object) -> None:
        try:
            # The owner first: changing it may take bits of the mode.
            os.chown(self.path, self.given.get("uid", -1), self.given.get("gid", -1), follow_symlinks=False)
            if "mode" in self.given:
                os.chmod(self.path, self.given["mode"])
        except OSError as error:
            raise explained(error, self.path, "change") from None


def compare(plan: Plan, have: t.Mapping[str, t.Any] | None, want: t.Mapping[str, t.Any]) -> None:
    """Fill in what changes and the two sides of the diff, for the parts that the task owns."""
    plan.changed = [name for name, value in want.items() if have is None or have.get(name) != value]
    plan.before = {"state": "absent"} if have is None else {name: have.get(name) for name in want}
    plan.after = dict(want) if have is not None else {"state": "present", **want}
