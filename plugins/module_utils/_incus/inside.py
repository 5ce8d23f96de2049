# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The inside of an instance as the daemon shows it: commands that run there (C(/exec)) and files (C(/files))."""

from __future__ import annotations

import os
import posixpath
import time
import typing as t

from .._core.errors import (
    Conflict,
    FleetError,
    InvalidOption,
    MissingReference,
    OperationFailed,
    Refused,
    TimedOut,
    did_you_mean,
)
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Task
from .answers import STATUS_READY, STATUS_RUNNING
from .client import Client, NoDaemon
from .operations import start, wait

NOT_FOUND = 127  # the exit code of a command that is not there, from the daemon as from a shell

# Stands in the environment of every command, so that it is found, with all that it has started, when its time is over.
MARK = "NFVLAB_FLEET_EXEC"
KILL = (
    "/bin/sh",
    "-c",
    'for p in /proc/[0-9]*; do if tr "\\0" "\\n" <"$p/environ" | grep -qxF "$1"; then kill -9 "${p#/proc/}"; fi; done',
    "sh",
)
KILL_PATIENCE = 10.0  # seconds

LINKS = 40  # symbolic links that lead to each other, as many as the kernel follows


class Ended(t.NamedTuple):
    """What became of a command.

    :param rc: its exit code, or null where that is not known
    :param out: its standard output as it was
    :param err: its standard error as it was
    :param seconds: how long it took
    :param overdue: whether its time was over before it had ended
    """

    rc: int | None
    out: bytes
    err: bytes
    seconds: float
    overdue: bool

    @property
    def stdout(self) -> str:
        """Its standard output as text."""
        return self.out.decode(errors="replace")

    @property
    def stderr(self) -> str:
        """Its standard error as text."""
        return self.err.decode(errors="replace")

    @property
    def last_line(self) -> str:
        """What it said last, which mostly is why it failed."""
        lines = [line.strip() for line in (self.stderr or self.stdout).splitlines() if line.strip()]
        return lines[-1] if lines else ""


class Exec(t.NamedTuple):
    """One command in a running instance, as a step.

    :param path: the path of the instance
    :param query: the query that selects its project
    :param command: its words
    :param environment: variables that it finds, beside those of the instance
    :param options: C(user), C(group) and C(cwd), as the API has them
    :param record: whether its output is wanted
    :param limit: seconds that it may take
    :param must: whether it has to succeed
    """

    path: str
    query: t.Mapping[str, str]
    command: t.Sequence[str]
    environment: t.Mapping[str, str] = {}
    options: t.Mapping[str, t.Any] = {}
    record: bool = True
    limit: float | None = None
    must: bool = False

    def request(self, mark: str) -> Request:
        """The request that starts it."""
        body = {
            "command": list(self.command),
            "environment": {**self.environment, MARK: mark},
            "record-output": self.record,
            **self.options,
        }
        keys = ["command", *(f"environment.{name}" for name in sorted(self.environment)), *self.options]
        return Request("POST", f"{self.path}/exec", self.query, body, keys)

    def describe(self) -> dict[str, t.Any]:
        return self.request("").describe()

    def perform(self, client: Client) -> Ended:
        """Run it and collect its output. The daemon keeps recorded output until somebody deletes it."""
        mark = os.urandom(16).hex()
        request = self.request(mark)
        where = client.where(request)
        begun = time.monotonic()
        operation = str(start(client, request).operation).partition("?")[0]
        overdue = False
        try:
            ended = wait(client, operation, where, self.limit)
        except OperationFailed:
            # Incus: the operation of a command that ends with 126 or 127 fails, even where a shell ran and said so.
            ended = (client.find(operation) or {}).get("metadata")
            if not ended or "return" not in ended:
                raise
        except TimedOut:
            overdue = True
            ended = self._kill(client, operation, f"{MARK}={mark}")
        seconds = time.monotonic() - begun
        result = ended or {}
        out, err = (self._collect(client, (result.get("output") or {}).get(number)) for number in ("1", "2"))
        done = Ended(result.get("return"), out, err, round(seconds, 3), overdue)
        if self.must and done.rc != 0:
            said = f": {done.last_line}" if done.last_line else ""
            raise OperationFailed(
                f"'{self.command[0]}' in the instance ended with {done.rc}{said}",
                endpoint=where,
                code=done.rc,
                text=done.last_line or None,
                next_step="install it there, or stop the instance, where it is not needed"
                if done.rc == NOT_FOUND
                else "see whether its file system can be written to",
            )
        return done

    def _kill(self, client: Client, operation: str, mark: str) -> t.Any:
        """Kill the command and all that it has started, and wait for its end; null where that cannot be done.

        The daemon itself cannot cancel a command without websockets.
        """
        killer = Exec(self.path, self.query, (*KILL, mark), record=False).request("")
        try:
            wait(client, str(start(client, killer).operation), client.where(killer), KILL_PATIENCE)
            return wait(client, operation, client.where(killer), KILL_PATIENCE)
        except FleetError:
            return None  # it goes on, which is said by the missing exit code

    def _collect(self, client: Client, url: str | None) -> bytes:
        """Read one recorded output and delete it. Its address is the daemon's own word: the brands differ in it."""
        if not url:
            return b""
        request = Request("GET", url.split("?")[0], self.query)
        response = client.send(request, None, {}, client.transport.timeout)
        if response.status != 200:
            client.judge(response, request)
        client.perform(request._replace(method="DELETE"))
        return response.body


class Entry(t.NamedTuple):
    """A file, directory or link in an instance, without its content.

    :param kind: C(file), C(directory) or C(symlink)
    """

    kind: str
    mode: int
    uid: int
    gid: int


class Inside:
    """One instance, for what is done inside it. In check mode it may still be missing or stopped, with a warning.

    :param needed: whether it has to be there
    """

    def __init__(self, session: Client, task: Task, *, needed: bool = True) -> None:
        name, project = task.params["name"], task.params["project"]
        for option in ("name", "project"):
            if not task.params[option]:
                raise InvalidOption(f"'{option}' is empty", next_step="give a name")
        self.session = session
        self.task = task
        self.label = f"instance '{name}' of project '{project}'"
        self.path = join("1.0", "instances", name)
        self.query = {"project": project}
        self.have: dict[str, t.Any] | None = session.find(self.path, self.query)
        if self.have is None and needed and not isinstance(session, NoDaemon):
            self.task.refuse(self._missing(name, project))

    @property
    def running(self) -> bool:
        """Whether commands can run. A guest that has reported Ready is running."""
        return self.have is not None and self.have["status_code"] in (STATUS_RUNNING, STATUS_READY)

    def require_running(self) -> None:
        """Raise where commands cannot run."""
        if self.have is not None and not self.running:
            self.task.refuse(
                Refused(
                    f"it is {self.have['status']}, and commands only run in an instance that is running",
                    obj=self.label,
                    endpoint=str(self.session.transport.endpoint),
                    next_step="start it with nfvlab.fleet.incus_instance",
                )
            )

    def look(self, path: str) -> Entry | None:
        """What is at a path, links not followed; null where there is nothing."""
        response = self.session.send(self.files("HEAD", path), None, {}, self.session.transport.timeout)
        if response.status == 404:
            return None
        if response.status != 200:  # an answer to HEAD does not say why
            try:
                self.read(path)
            except FleetError as error:
                if "not a directory" in (error.text or ""):
                    return None  # a part of the path is a file
                raise
        seen = {
            name: response.headers.get(f"x-incus-{name}", response.headers.get(f"x-lxd-{name}", ""))
            for name in ("type", "mode", "uid", "gid")
        }
        return Entry(seen["type"], int(seen["mode"] or "0", 8), int(seen["uid"] or 0), int(seen["gid"] or 0))

    def read(self, path: str) -> bytes:
        """The content of a file, or the target of a link as an absolute path."""
        request = self.files("GET", path)
        response = self.session.send(request, None, {}, self.session.transport.timeout)
        if response.status != 200:
            self.session.judge(response, request)
        return response.body

    def stream(self, path: str, sink: t.Callable[[bytes], t.Any]) -> None:
        """Hand out the content of a file block by block.

        :param sink: what takes a block; it must not raise an C(OSError)
        """
        request = self.files("GET", path)
        transport = self.session.transport
        response = transport.request("GET", request.target, None, {}, transport.timeout, sink)
        if response.status != 200:
            self.session.judge(response, request)

    def follow(self, path: str, check: t.Callable[[str], t.Any]) -> tuple[str, Entry | None]:
        """What is at a path, links followed, and where.

        :param check: looks at each path first
        """
        for _link in range(LINKS):
            check(path)
            entry = self.look(path)
            if entry is None or entry.kind != "symlink":
                return path, entry
            path = posixpath.normpath(self.read(path).decode(errors="surrogateescape"))
        raise Conflict("links lead to links without an end", obj=self.label)

    def files(self, method: str, path: str, **rest: t.Any) -> Request:
        """A request about a file."""
        return Request(method, f"{self.path}/files", {**self.query, "path": path}, **rest)

    def _missing(self, name: str, project: str) -> MissingReference:
        error = self.session.missing_project(project)
        if error is None:
            instances = self.session.names("/1.0/instances", self.query) or ()
            hint = did_you_mean(name, instances) or "create it with nfvlab.fleet.incus_instance"
            error = MissingReference("it does not exist", endpoint=str(self.session.transport.endpoint), next_step=hint)
        error.obj = self.label
        return error


def absolute(option: str, path: str) -> str:
    """A path inside an instance, which has no working directory to begin at."""
    if not path.startswith("/"):
        raise InvalidOption(f"'{option}' is '{path}'", next_step="give a path inside the instance that begins with '/'")
    return path
