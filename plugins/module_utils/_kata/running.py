# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Commands in a container: started, drained to the end of both streams, then waited for.

Waiting closes the pipes of a process that has ended, and what was not read is lost; so it is waited for last. A child
that stays behind can keep a pipe open after the process has ended: when nothing has come for a while, the process is
asked about with a wait of a moment, while the reads stay under way.
"""

from __future__ import annotations

import os
import time
import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, TimedOut
from . import probes
from .agent import Agent
from .connection import Call

PIECE = 65536  # bytes that an agent gives at most in one answer
IDLE = 2.0  # seconds without output before the process is asked about; doubled each time
LINGER = 1.0  # seconds in which the last output of a process that has ended must come
GLANCE = 0.001  # seconds of the question
INPUT = 32768  # bytes of standard input that are sent at once; a pipe holds twice that
TTY_END = "Input/output error (os error 5)"
KILL = 9


class Ended(t.NamedTuple):
    """What became of a command.

    :param rc: exit code, or 128 and the number of the signal that ended it; null when it was given up
    :param truncated: whether more came than was kept
    """

    rc: int | None
    stdout: bytes
    stderr: bytes
    truncated: bool
    seconds: float


class Stream:
    """One output of a process and the read that is under way on it."""

    def __init__(self, method: str, limit: int) -> None:
        self.method = method
        self.limit = limit
        self.pieces: list[bytes | memoryview] = []
        self.size = 0
        self.call: Call | None = None

    def keep(self, data: bytes | memoryview) -> None:
        """Keep as much as there is room for."""
        room = self.limit - min(self.size, self.limit)
        if room:
            self.pieces.append(data[:room])
        self.size += len(data)

    @property
    def data(self) -> bytes:
        """What was kept."""
        return b"".join(self.pieces)


class Running:
    """A process that was started.

    :param limit: seconds that it may take
    :param output_limit: bytes of each stream that are kept; all are read
    """

    def __init__(
        self, agent: Agent, container: str, exec_id: str, *, tty: bool, stdin: bytes, limit: float, output_limit: int
    ) -> None:
        self.agent = agent
        self.id = {"container_id": container, "exec_id": exec_id}
        self.tty = tty
        self.began = time.monotonic()
        self.deadline = self.began + limit
        self.limit = limit
        # Both reads of a terminal give the same stream.
        self.streams = [Stream("ReadStdout", output_limit)]
        if not tty:
            self.streams.append(Stream("ReadStderr", output_limit))
        self._input = memoryview(stdin)
        self._write: Call | None = None
        self._closing = False
        self._rc: int | None = None

    def finish(self) -> Ended:
        """Drain, then wait.

        :raises TimedOut: it took too long and was killed; C(outcome) is what had come until then
        """
        for stream in self.streams:
            self._read(stream)
        self._feed()
        idle = IDLE
        while True:
            calls = [stream.call for stream in self.streams if stream.call]
            if not calls:
                break
            waiting = [*calls, *([self._write] if self._write else [])]
            done = self.agent.wait(*waiting, until=min(self.deadline, time.monotonic() + idle))
            if not done and time.monotonic() >= self.deadline:
                self._late()
                break
            if not done:
                idle *= 2
                if self._has_ended():
                    self._drain_quickly()
                    break
                continue
            for stream in self.streams:
                if stream.call in done:
                    idle = IDLE
                    self._take(stream)
            if self._write in done:
                self._written()
        return self._end()

    # -- output

    def _read(self, stream: Stream) -> None:
        remaining = max(self.deadline - time.monotonic(), 0.1)
        stream.call = self.agent.start(stream.method, {**self.id, "len": PIECE}, remaining + LINGER)

    def _take(self, stream: Stream, again: bool = True) -> None:
        """Keep what a read brought; nothing is the end."""
        call, stream.call = stream.call, None
        if call is None:
            return
        try:
            data = self.agent.result(call).get("data", b"")
        except NotFound:
            return  # the process was waited for by somebody else, or its container is gone
        except TimedOut:
            if time.monotonic() < self.deadline:
                raise
            return
        except FleetError as error:
            if error.text != TTY_END:
                raise
            return
        if data:
            stream.keep(data)
            if again:
                self._read(stream)

    def _drain_quickly(self) -> None:
        """What a process that has ended wrote last; a child that keeps the pipe is not waited for."""
        until = time.monotonic() + LINGER
        while True:
            calls = [stream.call for stream in self.streams if stream.call]
            done = self.agent.wait(*calls, until=until) if calls else []
            if not done:
                break
            for stream in self.streams:
                if stream.call in done:
                    self._take(stream)
        for stream in self.streams:
            if stream.call:
                self.agent.abandon(stream.call)
                stream.call = None

    # -- input

    def _feed(self) -> None:
        """Send the next piece of the input, or close it after the last one."""
        remaining = max(self.deadline - time.monotonic(), 0.1)
        if len(self._input):
            piece, self._input = self._input[:INPUT], self._input[INPUT:]
            self._write = self.agent.start("WriteStdin", {**self.id, "data": bytes(piece)}, remaining)
        elif not self._closing:
            self._closing = True
            # Closing a terminal is what its end-of-input character is for.
            data = {"data": b"\x04"} if self.tty else {}
            self._write = self.agent.start("WriteStdin", {**self.id, **data}, remaining)

    def _written(self) -> None:
        call, self._write = self._write, None
        if call is None:
            return
        try:
            self.agent.result(call)
        except FleetError as error:
            if error.code is None:
                raise
            self._input = self._input[:0]  # it has ended, or does not want any: its exit code tells
            return
        self._feed()

    # -- the end

    def _has_ended(self) -> bool:
        try:
            self._rc = probes.ended(self.agent, self.id["container_id"], self.id["exec_id"], GLANCE)
        except NotFound:
            return True
        return self._rc is not None

    def _late(self) -> None:
        """Its time is over. It may have ended long ago, while a child of it keeps the pipe."""
        if self._has_ended():
            self._drain_quickly()
            return
        error = TimedOut(
            f"the command did not end within {self.limit:g} s and was killed",
            next_step="give a longer 'command_timeout'",
        )
        try:
            self.agent.call("SignalProcess", {**self.id, "signal": KILL})
            probes.ended(self.agent, self.id["container_id"], self.id["exec_id"], LINGER)
        except FleetError as second:
            error.what = f"the command did not end within {self.limit:g} s, and could not be killed: {second.what}"
        self._drain_quickly()
        error.outcome = self._collect()
        raise error

    def _end(self) -> Ended:
        if self._write:
            self.agent.abandon(self._write)
        if self._rc is None:
            remaining = max(self.deadline - time.monotonic(), LINGER)
            try:
                self._rc = probes.ended(self.agent, self.id["container_id"], self.id["exec_id"], remaining)
            except NotFound:
                pass  # its container went meanwhile: the exit code is lost
            else:
                if self._rc is None:  # it closed its streams and runs on
                    self._late()
        return self._collect()

    def _collect(self) -> Ended:
        out = self.streams[0]
        err = self.streams[1].data if len(self.streams) > 1 else b""
        truncated = any(stream.size > stream.limit for stream in self.streams)
        return Ended(self._rc, out.data, err, truncated, round(time.monotonic() - self.began, 3))


def execute(
    agent: Agent,
    container: str,
    process: t.Mapping[str, t.Any],
    *,
    stdin: bytes = b"",
    limit: float = 60.0,
    output_limit: int = 2**24,
    exec_id: str | None = None,
) -> Ended:
    """Run a process in a container until its end.

    :param process: as the API has it
    :param limit: seconds that it may take
    """
    if limit <= 0:
        raise InvalidOption(f"'command_timeout' is {limit:g}", next_step="give seconds above 0")
    name = exec_id or f"nfvlab-{os.urandom(6).hex()}"
    try:
        agent.call("ExecProcess", {"container_id": container, "exec_id": name, "process": process})
    except TimedOut as error:
        error.next_step = "the container may be paused: it cannot run a command before it goes on"
        raise
    return Running(
        agent,
        container,
        name,
        tty=bool(process.get("Terminal")),
        stdin=stdin,
        limit=limit,
        output_limit=output_limit,
    ).finish()
