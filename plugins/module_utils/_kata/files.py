# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Files into the guest, with what a container that sees them says about them before and after.

An agent has no call that reads a file. Where a container has the shared directory mounted, its C(sha256sum), C(stat)
and C(readlink) tell; without one, files are sent each time.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import typing as t

from .._core.errors import FleetError, InvalidOption, NotKept
from .._core.fields import Spec
from .._core.resource import Task
from . import spec
from .agent import Agent
from .module import Work
from .running import execute
from .traps import SHARE

OPTIONS: Spec = {
    "src": {"type": "path"},
    "content": {"type": "str"},
    "dest": {"type": "str", "required": True},
    "mode": {"type": "raw"},
    "directory_mode": {"type": "raw", "default": "0755"},
    "owner": {"type": "int", "default": 0},
    "group": {"type": "int", "default": 0},
    "verify_in": {"type": "str"},
    "verify_path": {"type": "str"},
}
RULES = {
    "mutually_exclusive": [("src", "content")],
    "required_one_of": [("src", "content")],
    "required_together": [("verify_in", "verify_path")],
}
CHUNK = 1048576  # bytes of a file in one call
BATCH = 100  # files that one command is asked about
FILE, DIRECTORY, LINK = "file", "directory", "link"


class Entry(t.NamedTuple):
    """One thing to copy.

    :param path: where, relative to the destination; empty for the destination itself
    :param digest: SHA-256 of a file's content, or the target of a link
    :param source: the file to read, or null where the content is given
    """

    path: str
    kind: str
    mode: int
    size: int
    digest: str
    source: str | None = None

    def at(self, root: str) -> str:
        """Its place below a directory."""
        return posixpath.join(root, self.path) if self.path else root


def octal(value: t.Any, option: str) -> int:
    """Permissions from their octal text."""
    text = str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        text = oct(value)[2:]  # YAML has read 0644 as a number
    try:
        number = int(text, 8)
    except ValueError:
        number = -1
    if not 0 <= number <= 0o7777:
        raise InvalidOption(f"'{option}' is '{value}'", next_step="write it quoted and octal: '0644'")
    return number


def destination(given: str) -> str:
    """Where a copy goes, as the agent takes it."""
    path = given if given.startswith("/") else SHARE + given
    plain = posixpath.normpath(path)
    if ".." in given.split("/") or not (plain + "/").startswith(SHARE) or plain + "/" == SHARE:
        raise InvalidOption(
            f"'dest' is '{given}'",
            next_step=f"give a path below {SHARE}, or one relative to it: agents write nowhere else",
        )
    return plain


def listing(src: str, mode: int | None) -> list[Entry]:
    """What there is to copy: a file, a link, or everything in a directory, in the order in which it is sent."""
    try:
        found = [_entry(src, "", mode)]
        if found[0].kind == DIRECTORY:
            for folder, names, files in os.walk(src):
                names.sort()
                for name in sorted([*names, *files]):
                    path = os.path.join(folder, name)
                    found.append(_entry(path, os.path.relpath(path, src), mode))
    except OSError as error:
        raise InvalidOption(f"'{error.filename or src}' cannot be read: {error.strerror}") from None
    # An agent gathers foo.bin in foo.tmp, so a file of that name goes last.
    return sorted(found, key=lambda entry: (entry.path.count("/") if entry.path else -1, entry.path.endswith(".tmp")))


def _entry(path: str, relative: str, mode: int | None) -> Entry:
    found = os.lstat(path)
    bits = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Entry(relative, LINK, 0o777, 0, os.readlink(path))
    if stat.S_ISDIR(found.st_mode):
        return Entry(relative, DIRECTORY, bits, 0, "")
    if not stat.S_ISREG(found.st_mode):
        raise InvalidOption(f"'{path}' is no file, directory or link", next_step="leave it out")
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(CHUNK), b""):
            digest.update(piece)
    return Entry(relative, FILE, bits if mode is None else mode, found.st_size, digest.hexdigest(), path)


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Copy a file or a tree."""
    params = task.params
    mode = None if params["mode"] is None else octal(params["mode"], "mode")
    folder_mode = octal(params["directory_mode"], "directory_mode")
    dest = destination(params["dest"])
    content = None if params["content"] is None else params["content"].encode("utf-8", "surrogateescape")
    if content is None:
        entries = listing(params["src"], mode)
    else:
        digest = hashlib.sha256(content).hexdigest()
        entries = [Entry("", FILE, 0o644 if mode is None else mode, len(content), digest)]
    record = Work(agent, task, f"file '{dest}'")
    container, seen = params["verify_in"], params["verify_path"]
    if container:
        spec.container_id(container, "verify_in")
        if not seen.startswith("/"):
            raise InvalidOption(f"'verify_path' is '{seen}'", next_step="give the absolute path in the container")
    reader = Reader(agent, container, seen) if container else None
    if reader and task.check_mode:
        # Reading needs a command in the container, which is no harmless question.
        record.unknown(f"what is at '{dest}': a command would have to run in container '{container}'")
    wanted = entries
    if reader and not task.check_mode:
        wanted = with_neighbours(entries, reader.differing(entries))
    elif not reader:
        wanted = [entry for entry in entries if entry.kind != DIRECTORY or not _has_children(entry, entries)]
    if wanted:
        record.change({}, {"files": [entry.at(dest) for entry in wanted]})
    share = Sender(record, dest, folder_mode, params["owner"], params["group"])
    for entry in wanted:
        share.send(entry, content)
    if reader and wanted and not task.check_mode:
        left = reader.differing(entries)
        if left:
            raise record.failed(
                NotKept(
                    f"container '{container}' reads another '{left[0].at(seen)}' than was sent",
                    next_step="check that 'verify_path' is where the container has 'dest' mounted",
                )
            )
    return record.result(dest=dest, files=len(entries), copied=len(wanted), verified=bool(reader))


def _has_children(entry: Entry, entries: t.Sequence[Entry]) -> bool:
    start = entry.path + "/" if entry.path else ""
    return any(other is not entry and other.path.startswith(start) for other in entries)


def with_neighbours(entries: t.Sequence[Entry], differing: t.Sequence[Entry]) -> list[Entry]:
    """What must be sent: also a foo.tmp that the agent overwrites while it gathers foo.bin."""
    sent = {entry.path for entry in differing if entry.kind == FILE}
    spoiled = {posixpath.splitext(path)[0] + ".tmp" for path in sent if not path.endswith(".tmp")}
    chosen = {entry.path for entry in differing} | spoiled
    return [entry for entry in entries if entry.path in chosen]


class Sender:
    """Sends entries to their places."""

    def __init__(self, record: Work, dest: str, folder_mode: int, owner: int, group: int) -> None:
        self.record = record
        self.dest = dest
        self.common = {"dir_mode": folder_mode, "uid": owner, "gid": group}

    def send(self, entry: Entry, content: bytes | None) -> None:
        """Send one entry, a large file in pieces."""
        base: dict[str, t.Any] = {"path": entry.at(self.dest), **self.common}
        if entry.kind == LINK:
            target = os.fsencode(entry.digest)
            self.record.do("CopyFile", {**base, "file_mode": stat.S_IFLNK | 0o777, "data": target})
        elif entry.kind == DIRECTORY:
            self.record.do("CopyFile", {**base, "file_mode": stat.S_IFDIR | entry.mode})
        else:
            base.update(file_mode=stat.S_IFREG | entry.mode, file_size=entry.size)
            self._file(entry, base, content)

    def _file(self, entry: Entry, base: dict[str, t.Any], content: bytes | None) -> None:
        if self.record.task.check_mode:
            self.record.do("CopyFile", base)
            return
        if content is not None or entry.source is None:
            pieces: t.Iterator[bytes] = iter([content or b""])
        else:
            pieces = _pieces(entry.source)
        offset = 0
        for piece in pieces:
            for start in range(0, max(len(piece), 1), CHUNK):
                part = piece[start : start + CHUNK]
                self.record.do("CopyFile", {**base, "offset": offset, "data": part})
                offset += len(part)
        if offset != entry.size:
            raise self.record.failed(
                NotKept(f"'{entry.source}' changed while it was copied", next_step="run the task again")
            )


def _pieces(path: str) -> t.Iterator[bytes]:
    """A file in pieces; an empty one is one empty piece."""
    with open(path, "rb") as stream:
        piece = stream.read(CHUNK)
        while True:
            yield piece
            piece = stream.read(CHUNK)
            if not piece:
                return


class Reader:
    """What a container says about the copies that it sees.

    :param seen: where it has the destination
    """

    def __init__(self, agent: Agent, container: str, seen: str) -> None:
        self.agent = agent
        self.container = container
        self.seen = seen.rstrip("/") or "/"

    def differing(self, entries: t.Sequence[Entry]) -> list[Entry]:
        """Those entries that are not there, or are another kind, or hold something else."""
        there: set[str] = set()
        for start in range(0, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            modes = self._ask(["stat", "-c", "%a %F %n"], batch)
            kinds = {name: (mode, kind) for mode, kind, name in map(_stat_line, modes)}
            sums = self._ask(["sha256sum"], [entry for entry in batch if entry.kind == FILE])
            digests = {name: digest for digest, name in (line.split("  ", 1) for line in sums if "  " in line)}
            for entry in batch:
                name = entry.at(self.seen)
                mode, kind = kinds.get(name, ("", ""))
                if entry.kind == FILE:
                    same = "regular" in kind and digests.get(name) == entry.digest and mode == f"{entry.mode:o}"
                elif entry.kind == DIRECTORY:
                    same = kind == "directory"
                else:
                    same = "link" in kind and self._ask(["readlink"], [entry]) == [entry.digest]
                if same:
                    there.add(entry.path)
        return [entry for entry in entries if entry.path not in there]

    def _ask(self, words: list[str], entries: t.Sequence[Entry]) -> list[str]:
        """The lines of a command about some files; it says nothing of those that are not there."""
        if not entries:
            return []
        process = spec.process({}, [*words, *(entry.at(self.seen) for entry in entries)])
        try:
            ended = execute(self.agent, self.container, process, limit=300.0)
        except FleetError as error:
            error.next_step = f"'verify_in' must name a running container with '{words[0]}'"
            raise
        return ended.stdout.decode(errors="surrogateescape").splitlines()


def _stat_line(line: str) -> tuple[str, str, str]:
    """Mode, kind and name of a line of stat; a kind may be two words."""
    mode, _space, rest = line.partition(" ")
    kind, slash, name = rest.partition(" /")
    return mode, kind, "/" + name if slash else ""
