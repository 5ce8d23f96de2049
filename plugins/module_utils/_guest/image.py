# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Images that the host lets its guests have (C(/1.0/images/{fingerprint}/export)), as files.

The fingerprint is the digest of the content, so what is on disk tells by itself whether it is the image. One that
consists of two files comes as a multipart answer; its fingerprint is the digest of both, the metadata first.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t

from .._core.errors import FleetError, Forbidden, InvalidOption, Malformed, NotFound, Refused, Unsupported
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.module import FleetModule
from .._core.resource import Plan, Resource, Task
from .._core.wire import Sink
from .answers import PERMISSIONS
from .client import Guest
from .localfile import ACCESS, BLOCK, Access, Adjust, Replacement, absolute, access, compare, folder_of, look, wanted
from .options import CONNECTION, run

OPTIONS: Spec = {
    "fingerprint": {"type": "str", "required": True},
    "path": {"type": "str", "required": True},
    "rootfs_path": {"type": "str"},
    "project": {"type": "str"},
    "max_size": {"type": "int", "default": 10240},
    **ACCESS,
}
MODE = 0o644  # of a new file
MIB = 1 << 20
PARTS = ("metadata", "rootfs")


class Multipart:
    """The parts of a multipart content (RFC 2046), in blocks of any size. Pure.

    The boundary is that of its first line, which the answer's header repeats.

    :param begin: called with the name of each part, gives what takes its blocks
    :raises ValueError: it is none
    """

    def __init__(self, begin: t.Callable[[str], Sink]) -> None:
        self.ended = False  # whether the last boundary has come
        self._begin = begin
        self._buffer = bytearray()
        self._delimiter: bytes | None = None
        self._sink: Sink | None = None

    def feed(self, block: bytes) -> None:
        """Take the next block."""
        if self.ended:
            return  # what follows the last boundary is nobody's
        self._buffer += block
        while not self.ended and (self._content() if self._sink else self._head()):
            """As long as something is complete."""

    def _head(self) -> bool:
        """The line of the boundary and the headers below it."""
        if self._delimiter is not None and self._buffer[:2] == b"--":
            self.ended = True
            return False
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MIB:
                raise ValueError("a part has no headers")
            return False
        first, *headers = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        if self._delimiter is None:
            if not re.fullmatch(rb"--[0-9A-Za-z'()+_,./:=? -]{1,70}", first):
                raise ValueError("it does not begin with a boundary")
            self._delimiter = b"\r\n" + first
        found = re.search(rb'(?i)content-disposition:.*[; ]name="?([^";]+)', b"\n".join(headers))
        if not found:
            raise ValueError("a part has no name")
        self._sink = self._begin(found.group(1).decode(errors="replace"))
        return True

    def _content(self) -> bool:
        """What belongs to the present part for sure."""
        delimiter, sink = self._delimiter or b"", self._sink
        end = self._buffer.find(delimiter)
        sure = len(self._buffer) - len(delimiter) + 1 if end < 0 else end
        if sure > 0 and sink:
            sink(bytes(self._buffer[:sure]))
            del self._buffer[:sure]
        if end < 0 or len(self._buffer) < len(delimiter) + 2:
            return False
        del self._buffer[: len(delimiter)]
        self._sink = None
        return True


class Export(t.NamedTuple):
    """The image into its files, as a step.

    :param paths: one file, or two
    :param limit: bytes that the image may have
    """

    request: Request
    fingerprint: str
    paths: t.Sequence[str]
    given: Access
    limit: int

    def describe(self) -> dict[str, t.Any]:
        return {**self.request.describe(), "keys": list(self.paths)}

    def perform(self, guest: Guest) -> None:
        """Write beside the files, and rename only what has the right digest."""
        import contextlib  # most runs have nothing to write

        where = guest.where(self.request)
        digest = hashlib.sha256()
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(Replacement(path)) for path in self.paths]

            def taken(file: Replacement) -> Sink:
                def take(block: bytes) -> None:
                    digest.update(block)
                    file.write(block)
                    if sum(each.size for each in files) > self.limit:
                        raise self._too_long(where)

                return take

            if len(files) == 1:
                guest.ask(self.request, taken(files[0]))
            else:
                self._two(guest, dict(zip(PARTS, map(taken, files))), where)
            if digest.hexdigest() != self.fingerprint:
                raise Malformed(
                    f"the content that came has the digest {digest.hexdigest()}",
                    endpoint=where,
                    next_step="run the task again; nothing was replaced",
                )
            # Two files cannot be replaced in one step; what is cut off in between, the digest of both shows.
            for file in files:
                file.keep(self.given, MODE)

    def _two(self, guest: Guest, sinks: dict[str, Sink], where: str) -> None:
        def begin(name: str) -> Sink:
            if name not in sinks:
                raise ValueError(f"it has a part '{name}'")
            return sinks.pop(name)

        parts = Multipart(begin)
        try:
            guest.ask(self.request, parts.feed)
        except ValueError as error:
            raise self._broken(str(error), where) from None
        if not parts.ended or sinks:
            raise self._broken("it ends in the middle", where)

    def _too_long(self, where: str) -> Refused:
        return Refused(
            f"the image is larger than {self.limit // MIB} MiB",
            endpoint=where,
            next_step="give a larger 'max_size', if that is meant; nothing was replaced",
        )

    @staticmethod
    def _broken(text: str, where: str) -> Malformed:
        return Malformed(
            f"the answer is not an image of two files: {text}",
            endpoint=where,
            next_step="run the task again; nothing was replaced",
        )


class Image(Resource):
    """An image of the host as files of the guest."""

    states = ()

    def __init__(self) -> None:
        super().__init__("image", options=OPTIONS)

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"image '{params['fingerprint'][:12]}'"

    def prepare(self, session: Guest, task: Task) -> None:
        params = task.params
        self.fingerprint = params["fingerprint"].lower()
        if not re.fullmatch("[0-9a-f]{64}", self.fingerprint):
            raise InvalidOption(
                f"'fingerprint' is '{params['fingerprint']}'",
                next_step="give all 64 digits: guests get images by their whole fingerprint only",
            )
        if params["max_size"] < 1:
            raise InvalidOption(f"'max_size' is {params['max_size']}", next_step="give a number of MiB above 0")
        if params["project"] == "":
            raise InvalidOption("'project' is empty", next_step="give a name, or leave the option out")
        self.paths = [absolute("path", params["path"])]
        if params["rootfs_path"] is not None:
            self.paths.append(absolute("rootfs_path", params["rootfs_path"]))
        if len(set(self.paths)) < len(self.paths):
            raise InvalidOption("'path' and 'rootfs_path' are the same", next_step="give each file its own")
        self.access = access(params)
        query = {"project": params["project"]} if params["project"] else {}
        self.request = Request("GET", join("1.0", "images", self.fingerprint, "export"), query)
        for path in self.paths:
            try:
                folder_of(path)
            except NotFound as error:
                if not task.check_mode:
                    raise
                task.warn(f"check mode: {error}")

    def read(self, session: Guest, task: Task) -> dict[str, t.Any] | None:
        files = [look(path) for path in self.paths]
        there = [file for file in files if file is not None]
        if len(there) < len(files):
            return None
        have = {"fingerprint": there[0]["sha256"], "size": sum(file["size"] for file in there), "files": there}
        if len(files) == 2:
            digest = hashlib.sha256()
            for path in self.paths:
                with open(path, "rb") as content:
                    for block in iter(lambda: content.read(BLOCK), b""):
                        digest.update(block)
            have["fingerprint"] = digest.hexdigest()
        return have

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        as_shown = wanted(self.access)
        want = {"fingerprint": self.fingerprint, **as_shown}
        files = (have or {}).get("files") or [{} for _path in self.paths]
        # Of two files that differ in it, the one that is not as wanted counts.
        now = {
            name: next((file[name] for file in files if file.get(name) != value), value)
            for name, value in as_shown.items()
            if have is not None
        }
        plan = Plan(self.label(task.params), have, None)
        compare(plan, None if have is None else {**have, **now}, want)
        plan.then = {
            "fingerprint": self.fingerprint,
            "files": [{**file, "path": path, **as_shown} for path, file in zip(self.paths, files)],
        }
        if have is None or "fingerprint" in plan.changed:
            limit = task.params["max_size"] * MIB
            plan.steps = [Export(self.request, self.fingerprint, self.paths, self.access, limit)]
        elif plan.changed:
            plan.steps = [Adjust(path, self.access) for path in self.paths]
        return plan

    def check(self, session: Guest, plan: Plan, task: Task) -> None:
        """Ask for the headers alone: a refusal, or another number of files, comes before anything is written."""
        if not isinstance(plan.steps[0], Export):
            return
        head = session.head(self.request)
        if head.status != 200:
            # An answer without a content does not say why.
            try:
                session.ask(self.request, _refuse)
            except FleetError as error:
                refused = self._because(session, error)
                if not task.check_mode or not isinstance(error, (Forbidden, NotFound)):
                    raise refused from None
                task.warn(f"check mode: {refused}")
                return
        two = head.headers.get("content-type", "").startswith("multipart/")
        if two and len(self.paths) == 1:
            raise InvalidOption(
                "the image consists of two files", obj=plan.label, next_step="give 'rootfs_path' for the second"
            )
        if not two and len(self.paths) == 2:
            raise InvalidOption("the image is a single file", obj=plan.label, next_step="leave 'rootfs_path' out")
        size = head.headers.get("content-length", "")
        self._room(int(size) if size.isdigit() else 0, plan.steps[0], plan)

    def _room(self, size: int, step: Export, plan: Plan) -> None:
        """Whether an image of so many bytes may be written, and has room."""
        if size > step.limit:
            raise Refused(
                f"the image has {size} bytes, more than {step.limit // MIB} MiB",
                obj=plan.label,
                next_step="give a larger 'max_size', if that is meant",
            )
        folder = os.path.dirname(self.paths[0])
        if not os.path.isdir(folder):
            return  # only in check mode, which has said so
        about = os.statvfs(folder)
        free = about.f_bavail * about.f_frsize
        if size > free:
            raise Refused(
                f"the image has {size} bytes, and the file system of '{folder}' only {free} left",
                obj=plan.label,
                next_step="make room for it",
            )

    def _because(self, session: Guest, error: FleetError) -> FleetError:
        """A refusal, with what this call needs beside what all need."""
        permission = PERMISSIONS[session.endpoint.brand]
        if isinstance(error, Forbidden) and error.code == 403:
            try:
                session.names()
            except Forbidden as other:  # nothing is allowed
                return other
            error.what = "the host does not allow this guest to export images"
            error.next_step = f"set '{permission}.images' of the instance to 'true' on its host"
        elif isinstance(error, Unsupported):
            if session.server().get("instance_type") == "virtual-machine":
                error.what = "the agent of a virtual machine has no export of images"
                error.next_step = "hand the image in as a disk, or in another way"
        elif isinstance(error, NotFound):
            error.what = (
                f"the host has no such image for guests in the project '{self.request.query.get('project', 'default')}'"
            )
            error.next_step = (
                "check 'fingerprint' and 'project'; only images that are public, or cached, are for guests"
            )
        return error


def _refuse(block: bytes) -> None:
    """Takes a content that nobody wants any more."""
    raise Refused("the answer to HEAD and to GET differ", next_step="run the task again")


def run_image() -> t.NoReturn:
    """The main function of the module."""
    resource = Image()
    module = FleetModule({**CONNECTION, **resource.spec()})
    run(module, lambda guest, task: module.converge(resource, guest))
