# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""One connection to an agent with any number of calls under way.

A call is started, which sends its request, and waited for, alone or with others; answers may come in any order. Nothing
runs in the background: whoever waits reads for all. An answer that comes after its call was given up is dropped. Every
call has two deadlines: the agent is told one, and a little later the client gives up by itself, because an agent can
hang in ways in which it no longer watches its own.

Not for several threads at once.
"""

from __future__ import annotations

import select
import socket
import struct
import time
import typing as t

from .._core.errors import FleetError, Interrupted, InvalidOption, Malformed, TimedOut
from . import frames
from .frames import HEADER

GRACE = 2.0  # seconds that the client waits longer than the agent was told to take
LONGEST = 365 * 24 * 3600.0  # seconds; more does not fit into the protocol's nanoseconds for long
LARGE = 16384  # bytes; what is longer is read by itself, into memory of its own, and not copied any more
PATIENCE = struct.pack("ll", 0, 100_000)  # a struct timeval: how long the kernel waits for bytes to come or to go
_NEXT = "run the task again: it reads before it writes"


class Call:
    """A call under way.

    :param deadline: when the client gives up, on the monotonic clock
    """

    __slots__ = ("answer", "deadline", "error", "method", "stream", "timeout")

    def __init__(self, stream: int, method: str, timeout: float) -> None:
        self.stream = stream
        self.method = method
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout + GRACE
        self.answer: frames.Answer | None = None
        self.error: FleetError | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.answer is not None or self.error is not None


class Connection:
    """A connected stream socket that speaks ttRPC.

    :param endpoint: the peer, as messages name it
    """

    def __init__(self, sock: socket.socket, endpoint: str) -> None:
        # The kernel waits for us, in one call for many bytes, but never for long: then we look whether time is over.
        sock.setblocking(True)
        for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, way, PATIENCE)
        self.endpoint = endpoint
        self.dead: FleetError | None = None
        self._sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._next = 1
        self._pending: dict[int, Call] = {}
        self._held = b""  # what was read of a header
        self._stream = self._type = 0  # of the frame that comes in
        self._pieces: list[bytes] = []  # what was read of its content
        self._missing = 0  # bytes of its content that are to come
        # How much to read where a frame begins: after a large one only the header, so that the content of the next,
        # which is probably as large, comes into memory of its own; else as much as there may be.
        self._room = LARGE

    def close(self) -> None:
        """Close it. The agent cancels what is still under way."""
        self._fail(Interrupted("the connection was closed", endpoint=self.endpoint))

    # -- calls

    def start(self, service: str, method: str, payload: bytes | t.Sequence[bytes], timeout: float) -> Call:
        """Send a request.

        :param payload: its message, as a whole or in pieces
        :param timeout: seconds that the agent may take
        :raises FleetError: it cannot be sent
        """
        if not 0 < timeout <= LONGEST:
            raise InvalidOption(
                f"a time limit of {timeout:g} s", next_step=f"give more than 0 and at most {LONGEST:g} s"
            )
        if self.dead is not None:
            raise self._died(method)
        stream = self._next
        pieces, size = frames.request(stream, service, method, payload, timeout)
        self._next = stream + 2
        # The agent works while we keep our books: nothing is read before the call is in them.
        try:
            sent = self._sock.sendmsg(pieces)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(error)
            raise self._died(method) from None
        call = self._pending[stream] = Call(stream, method, timeout)
        if sent < size:
            self._send_rest(_after(pieces, sent), call)
        return call

    def wait(self, *calls: Call, until: float | None = None) -> list[Call]:
        """Those of the calls that have ended, once at least one has. One whose deadline has passed has ended.

        :param until: when to return without any, on the monotonic clock
        """
        while True:
            done = [call for call in calls if call.done]
            if done:
                return done
            now = time.monotonic()
            if until is not None and now >= until:
                return []
            remaining = min(call.deadline for call in calls) - now
            if until is not None:
                remaining = min(remaining, until - now)
            if remaining <= 0:
                self._expire(calls)
            elif self._poll.poll(remaining * 1000 + 1):
                self._receive()

    def result(self, call: Call) -> frames.Answer:
        """The answer of one call, waited for.

        :raises FleetError: there is none
        """
        while call.answer is None and call.error is None:
            remaining = call.deadline - time.monotonic()
            if remaining <= 0:
                self._expire((call,))
            elif remaining > 1 or self._poll.poll(remaining * 1000 + 1):
                self._receive()
        if call.answer is None:
            raise call.error or self._died(call.method)
        return call.answer

    def abandon(self, call: Call) -> None:
        """Give a call up: its answer will be dropped."""
        self._pending.pop(call.stream, None)

    @property
    def under_way(self) -> int:
        """How many calls are not answered yet."""
        return len(self._pending)

    def drain(self) -> bool:
        """Read what has come without waiting; whether the peer is still there."""
        while self.dead is None and self._poll.poll(0):
            self._receive()
        return self.dead is None

    def gone(self, limit: float) -> bool:
        """Wait until the peer has hung up.

        :param limit: seconds after which it is no longer waited for
        :returns: whether it has
        """
        deadline = time.monotonic() + limit
        while self.dead is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            if self._poll.poll(remaining * 1000 + 1):
                self._receive()
        return True

    # -- what can go wrong

    def _expire(self, calls: t.Iterable[Call]) -> None:
        now = time.monotonic()
        for call in calls:
            if call.deadline <= now and not call.done:
                self.abandon(call)
                call.error = TimedOut(
                    f"no answer to {call.method} within {call.timeout + GRACE:g} s, not even that its time is over",
                    endpoint=self.endpoint,
                    next_step="the agent hangs or is not scheduled; see whether it answers Check",
                )

    def _fail(self, error: FleetError) -> None:
        """The connection is of no more use; so are all calls on it."""
        if self.dead is None:
            self.dead = error
            self._sock.close()
        for call in self._pending.values():
            call.error = self._died(call.method)
        self._pending.clear()

    def _died(self, method: str) -> FleetError:
        """The reason why the connection is of no more use, as an error of its own for each call."""
        dead = self.dead or Interrupted("the connection was closed", endpoint=self.endpoint)
        return type(dead)(
            f"{dead.what} ({method} was under way)", endpoint=dead.endpoint, next_step=dead.next_step, text=dead.text
        )

    # -- bytes

    def _send_rest(self, rest: list[memoryview], call: Call) -> None:
        """Send what did not fit at once, reading meanwhile: a peer that cannot write may stop to read."""
        both = select.poll()
        both.register(self._sock, select.POLLIN | select.POLLOUT)
        while rest:
            remaining = call.deadline - time.monotonic()
            events = both.poll(max(remaining, 0) * 1000 + 1) if remaining > 0 else []
            if not events:
                # Half a request is on its way: nothing that follows could be understood.
                self._fail(
                    TimedOut(
                        f"the peer stopped reading for {call.timeout + GRACE:g} s",
                        endpoint=self.endpoint,
                        next_step="check that the address is that of a Kata agent and that it is not stopped",
                    )
                )
                raise self._died(call.method)
            ready = events[0][1]
            if ready & select.POLLIN:
                self._receive()
                if self.dead is not None:
                    raise self._died(call.method)
            if ready & ~select.POLLIN:
                try:
                    rest = _after(rest, self._sock.sendmsg(rest, (), socket.MSG_DONTWAIT))
                except BlockingIOError:
                    continue
                except OSError as error:
                    self._lost(error)
                    raise self._died(call.method) from None

    def _lost(self, error: OSError) -> None:
        self._fail(
            Interrupted("the agent closed the connection", endpoint=self.endpoint, text=error.strerror, next_step=_NEXT)
        )

    def _receive(self) -> None:
        """Read what there is, or what is missing of a frame, and give what is complete to its calls."""
        try:
            if not self._missing:
                self._begin(self._sock.recv(self._room))
                if self._missing <= LARGE:
                    return
            # Many bytes are waited for in the kernel, and not for each part of them here.
            self._continue(self._sock.recv(self._missing, socket.MSG_WAITALL if self._missing > LARGE else 0))
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
        except Malformed as error:
            error.endpoint = self.endpoint
            self._fail(error)

    def _begin(self, data: bytes) -> None:
        """Take the frames out of what was read, which begins with one."""
        if not data:
            self._hung_up()
            return
        data = self._held + data
        at, end = 0, len(data)
        while end - at >= HEADER.size:
            size, self._stream, self._type, _flags = HEADER.unpack_from(data, at)
            start = at + HEADER.size
            at = start + size
            if at > end:
                if size > frames.LIMIT:
                    raise frames.foreign(data[start - HEADER.size :])
                self._missing = at - end
                self._pieces = [data[start:]] if start < end else []
                self._room = HEADER.size if size > LARGE else LARGE
                self._held = b""
                return
            self._dispatch(data[start:at])
            self._room = LARGE
        self._held = data[at:]

    def _continue(self, data: bytes) -> None:
        """Add to the content of the frame that comes in."""
        if not data:
            self._hung_up()
            return
        self._missing -= len(data)
        self._pieces.append(data)
        if not self._missing:
            self._dispatch(b"".join(self._pieces))  # a single piece stays what it is
            self._pieces.clear()

    def _hung_up(self) -> None:
        within = " in the middle of an answer" if self._missing or self._held else ""
        self._fail(Interrupted(f"the agent closed the connection{within}", endpoint=self.endpoint, next_step=_NEXT))

    def _dispatch(self, content: bytes) -> None:
        """Give the content of a frame to its call; what nobody waits for is dropped."""
        call = self._pending.pop(self._stream, None) if self._type == frames.RESPONSE else None
        if call is None:
            return
        try:
            call.answer = frames.answer(content)
        except Malformed as error:
            error.endpoint = self.endpoint
            call.error = error


def _after(pieces: t.Sequence[bytes | memoryview], sent: int) -> list[memoryview]:
    """What is left of pieces once some bytes of them are sent."""
    left = []
    for piece in pieces:
        if sent < len(piece):
            left.append(memoryview(piece)[sent:])
        sent = max(sent - len(piece), 0)
    return left
