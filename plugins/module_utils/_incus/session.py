# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Commands in an instance with their streams connected: C(/exec) over WebSockets (C(instance_exec.go)).

The daemon starts a command once the WebSockets of all three streams are there, and fails the operation where they are
not within 5 s. So a request whose answer got lost has started nothing, and is sent again; one whose streams were
connected is never. The end of a stream is an empty text, in both directions. An operation is forgotten 5 s after its
end, so its end is awaited from the beginning, beside the streams. A command whose control connection breaks is killed.
"""

from __future__ import annotations

import collections
import io
import os
import select
import socket
import threading
import time
import typing as t

from .._core.errors import FleetError, Interrupted, Malformed, OperationFailed, TimedOut, Unreachable
from .._core.http import CONNECT_TIMEOUT, Endpoint, Request, UnixEndpoint
from .._core.websocket import BINARY, TEXT, WebSocket
from .answers import envelope
from .client import Client
from .operations import start, wait

STREAMS = ("control", "0", "1", "2")  # in the order in which they are connected
OUTPUTS = ("1", "2")

FOREVER = 7 * 24 * 3600.0  # seconds that a command without a limit may take
AFTERMATH = 10.0  # seconds in which a killed command has to be gone
KILLED = 9  # the signal
_BLOCK = 1 << 16  # bytes of one message of the input


class Completed(t.NamedTuple):
    """What became of a command.

    :param rc: its exit code, 128 and the signal's number where one killed it
    """

    rc: int
    stdout: bytes
    stderr: bytes


class Command(t.NamedTuple):
    """A command in a running instance.

    :param path: the path of the instance
    :param query: the query that selects its project
    :param words: its words
    :param environment: variables that it finds, beside those of the instance
    :param options: C(user), C(group) and C(cwd), as the API has them
    """

    path: str
    query: t.Mapping[str, str]
    words: t.Sequence[str]
    environment: t.Mapping[str, str] = {}
    options: t.Mapping[str, t.Any] = {}

    def request(self) -> Request:
        """The request that starts it."""
        body = {
            "command": list(self.words),
            "environment": dict(self.environment),
            "wait-for-websocket": True,
            "interactive": False,
            **self.options,
        }
        keys = ["command", *(f"environment.{name}" for name in sorted(self.environment)), *self.options]
        return Request("POST", f"{self.path}/exec", self.query, body, keys)

    def run(self, client: Client, stdin: bytes = b"", limit: float | None = None) -> Completed:
        """Run it to its end.

        :param limit: seconds that it may take; it is killed then
        :raises TimedOut: its time was over
        :raises FleetError: it could not be started, or the connection broke
        """
        with Process(client, self) as process:
            process.feed(stdin)
            process.end_input()
            return process.finish(limit)


class Process:
    """A command that runs, its streams connected. Leaving the context before its end kills it.

    :raises FleetError: it was not started
    """

    def __init__(self, client: Client, command: Command) -> None:
        self.stdout = io.BytesIO()
        self.stderr = io.BytesIO()
        self._buffers = {"1": self.stdout, "2": self.stderr}
        self._open = set(OUTPUTS)  # outputs whose end has not come
        self._input: collections.deque[memoryview] = collections.deque()
        self._input_ends = False
        self._cut: FleetError | None = None  # why an output broke off
        self._heard = time.monotonic()
        self._asked = False  # whether a ping is out
        self._client = client
        request = command.request()
        self.where = client.where(request)
        operation, secrets = _start(client, request)
        self._sockets = _connect(client, operation, secrets)
        self._waiter = _Waiter(client, operation, self.where)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it. The daemon kills it if it still runs."""
        for name in STREAMS[::-1]:  # the control connection last: the others mean nothing once it is gone
            link = self._sockets.pop(name, None)
            if link is not None:
                link.abandon()
        self._waiter.forget()

    # -- talking to it

    def feed(self, data: bytes) -> None:
        """Give it something to read. It is sent by C(pump)."""
        if data:
            self._input.append(memoryview(data))

    def end_input(self) -> None:
        """Let its input end after what it was given."""
        self._input_ends = True

    def signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        control = self._sockets.get("control")
        if control is not None:
            control.queue(b'{"command":"signal","signal":%d}' % number, TEXT)

    def pump(self, patience: float | None = None) -> bool:
        """Move what can be moved, and wait at most so many seconds for it; whether the command still goes on.

        :raises Interrupted: nothing is heard from the daemon any more
        """
        self._offer()
        if not self.running:
            return False
        for name in self._poll(patience):
            if name in self._sockets:  # another stream's end may have ended them all
                self._attend(name)
        return self.running

    @property
    def running(self) -> bool:
        """Whether there may still be output, or the command has not ended."""
        return self._cut is None and (bool(self._open) or not self._waiter.over)

    def finish(self, limit: float | None = None) -> Completed:
        """Wait for its end.

        :param limit: seconds that it may still take; it is killed then
        :raises TimedOut: its time was over
        :raises Interrupted: the connection broke; it was killed if the daemon is still there
        """
        deadline = time.monotonic() + (FOREVER if limit is None else limit)
        while self.pump(min(3600.0, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                self._kill()
                raise TimedOut(
                    f"the command did not end within {limit or FOREVER:g} s and was killed", endpoint=self.where
                )
        rc = self._exit_code()
        return Completed(rc, self.stdout.getvalue(), self.stderr.getvalue())

    def _kill(self) -> None:
        """Kill it and wait until it is gone."""
        self.signal(KILLED)
        deadline = time.monotonic() + AFTERMATH
        while time.monotonic() < deadline and self.pump(deadline - time.monotonic()):
            """What it still says is of no use."""

    # -- inside

    def _offer(self) -> None:
        """Put as much of the input on its way as the connection takes."""
        stdin = self._sockets.get("0")
        if stdin is None:
            self._input.clear()  # nobody reads it any more
            return
        while self._input and stdin.unsent < _BLOCK:
            head = self._input.popleft()
            stdin.queue(bytes(head[:_BLOCK]))
            if len(head) > _BLOCK:
                self._input.appendleft(head[_BLOCK:])
        if self._input_ends and not self._input:
            self._input_ends = False
            stdin.queue(b"", TEXT)

    def _poll(self, patience: float | None) -> list[str]:
        """The streams on which something can be moved; waits for one."""
        quiet = max(1.0, self._client.transport.timeout)
        left = max(0.0, self._heard + quiet - time.monotonic())
        if any(link.ready for link in self._sockets.values()):
            left = 0.0
        poller = select.poll()
        names = {}
        for name, link in self._sockets.items():
            names[link.fileno()] = name
            poller.register(link, select.POLLIN | (select.POLLOUT if link.unsent else 0))
        if not self._waiter.over:
            poller.register(self._waiter, select.POLLIN)
        moved = poller.poll((left if patience is None else min(left, patience)) * 1000)
        if any(event & ~select.POLLOUT for _file, event in moved):
            self._heard, self._asked = time.monotonic(), False
        elif time.monotonic() >= self._heard + quiet:
            self._ask(quiet)
        ready = [name for name, link in self._sockets.items() if link.ready]
        return [*ready, *(names[file] for file, _event in moved if file in names and names[file] not in ready)]

    def _ask(self, quiet: float) -> None:
        """Ask a silent daemon whether it is still there. It sends pings itself, so silence means something."""
        if self._asked:
            raise self._interrupted(f"the daemon was silent for {2 * quiet:g} s")
        self._heard, self._asked = time.monotonic(), True
        for link in self._sockets.values():
            link.ping()

    def _attend(self, name: str) -> None:
        """Move what one stream has."""
        link = self._sockets[name]
        try:
            messages = link.take()
            link.flush()
            broken = link.ended is not None
        except FleetError:
            messages, broken = [], True
        for message in messages:
            if name in self._open and message.opcode == BINARY:
                self._buffers[name].write(message.payload)
            elif message.opcode == TEXT:
                self._open.discard(name)
        if broken:
            del self._sockets[name]
            link.abandon()
        if broken and name in self._open:
            # Perhaps the command could not be started: then the operation says why. Else nobody reads on, so it ends.
            self._cut = self._interrupted("the connection to the command broke")
            self._open.clear()
            for other in list(self._sockets):
                self._sockets.pop(other).abandon()

    def _exit_code(self) -> int:
        """How it ended."""
        try:
            ended = self._waiter.result(AFTERMATH if self._cut else FOREVER)
        except Unreachable as error:
            if self._cut:
                raise self._cut from None
            ended = self._again(error)
        except FleetError as error:
            ended = self._failed(error)
        code = (ended or {}).get("return")
        if self._cut:
            raise self._cut
        if code is None:
            raise self._interrupted("the daemon does not know any more how the command ended")
        return int(code)

    def _again(self, error: FleetError) -> t.Any:
        """The end of the operation, asked for once more: only the connection that waited for it broke."""
        try:
            return wait(self._client, self._waiter.operation, self.where, FOREVER)
        except Unreachable:
            raise error from None
        except FleetError as failed:
            return self._failed(failed)

    def _failed(self, error: FleetError) -> t.Any:
        """What a failed operation says about its command.

        Incus: the operation of a command that ends with 126 or 127 fails, even where a shell ran and said so.
        """
        if isinstance(error, OperationFailed):
            ended = (self._client.find(self._waiter.operation) or {}).get("metadata") or {}
            if ended.get("return", -1) >= 0:
                if not self.stdout.tell() and not self.stderr.tell():
                    self._cut = None  # it was not even begun
                return ended
        raise error

    def _interrupted(self, what: str) -> Interrupted:
        return Interrupted(
            what,
            endpoint=self.where,
            next_step="what the command had done by then is not known; it was killed if the daemon is still there",
        )


class _Waiter:
    """Waits for the end of an operation in a thread, on a connection of its own. C(select.poll) shows the end."""

    def __init__(self, client: Client, operation: str, where: str) -> None:
        self.operation = operation
        self.over = False
        self._client = client
        self._where = where
        self._ended: t.Any = None
        self._error: BaseException | None = None
        self._file, self._end = os.pipe()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable at the end."""
        return self._file

    def result(self, patience: float) -> t.Any:
        """The operation's own metadata.

        :raises FleetError: that of the operation; `Unreachable` where its end is not known
        """
        self._thread.join(patience)
        if self._thread.is_alive():
            raise Unreachable("the daemon does not say how the command ended", endpoint=self._where)
        if self._error:
            raise self._error
        return self._ended

    def forget(self) -> None:
        """Do not wait any longer. The thread ends with the operation."""
        os.close(self._file)

    def _wait(self) -> None:
        try:
            self._ended = wait(self._client, self.operation, self._where, FOREVER)
        except BaseException as error:  # it belongs to the thread that asks for the result
            self._error = error
        finally:
            self._client.transport.close()
            self.over = True
            os.close(self._end)


def _start(client: Client, request: Request) -> tuple[str, dict[str, str]]:
    """Send the request: the path of the operation, and the secret of each stream.

    It is sent once more where its answer got lost: nothing runs before its streams are connected.
    """
    try:
        answer = start(client, request)
    except Interrupted:
        answer = start(client, request)
    fds = ((answer.metadata or {}).get("metadata") or {}).get("fds") or {}
    if answer.operation is None or not set(STREAMS) <= set(fds):
        raise Malformed("the daemon did not say how to reach the command's streams", endpoint=client.where(request))
    return answer.operation.partition("?")[0], fds


def _connect(client: Client, operation: str, secrets: t.Mapping[str, str]) -> dict[str, WebSocket]:
    """The connected WebSockets of a command's streams. Round trips count: all are connected, then all are asked for."""
    endpoint, timeout = client.transport.endpoint, client.transport.timeout
    where = f"{endpoint} GET {operation}/websocket"
    connected = _sockets(endpoint, min(timeout, CONNECT_TIMEOUT))
    sockets = {name: WebSocket(sock, where, timeout=timeout) for name, sock in zip(STREAMS, connected)}
    try:
        for name, link in sockets.items():
            request = Request("GET", f"{operation}/websocket", {"secret": secrets[name]})
            link.greet(endpoint.host, request.target, endpoint.headers)
        for link in sockets.values():
            link.welcome()
    except BaseException as error:
        for link in sockets.values():
            link.abandon()
        if isinstance(error, FleetError) and error.code and (error.text or "").startswith("{"):
            envelope(error.code, str(error.text).encode(), where)  # the daemon's own words
        raise
    return sockets


def _sockets(endpoint: Endpoint, timeout: float) -> list[socket.socket]:
    """A connected socket for each stream."""
    made: list[socket.socket] = []
    try:
        if isinstance(endpoint, UnixEndpoint):
            made.extend(endpoint.connect(timeout) for _name in STREAMS)
            return made
        from .._core.pool import each  # far away, each connection takes round trips of its own

        for _name, sock, error in each(lambda _name: endpoint.connect(timeout), STREAMS, workers=len(STREAMS)):
            if sock is not None:
                made.append(sock)
            if error is not None:
                raise error
    except BaseException:
        for sock in made:
            sock.close()
        raise
    return made
