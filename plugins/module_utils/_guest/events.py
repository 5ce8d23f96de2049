# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Events of the guest API: a stream that never ends.

Asked without more, the daemon takes the connection over and writes one line of JSON for each event; asked for a
WebSocket, it sends a message for each. Either ends when the daemon does, so a reader connects again.
"""

from __future__ import annotations

import socket
import time
import typing as t
from fnmatch import fnmatchcase

from .._core import events
from .._core.errors import FleetError, Interrupted, Malformed, TimedOut
from .._core.events import Channel, Event, Messages
from .._core.http import CONNECT_TIMEOUT, Request
from .._core.secrets import MASK, Secrets
from .._core.wire import LINE_LIMIT, ProtocolError, Response, answer_head, request_head
from .client import LIMIT, Guest, patiently

TYPES = ("config", "device")
_BLOCK = 1 << 16
# What a daemon answers that has events only over a WebSocket.
_UPGRADE_REQUIRED = (400, 426)


class Lines:
    """The connection that the daemon has taken over: a line for each event."""

    def __init__(self, sock: socket.socket, where: str, timeout: float) -> None:
        self.where = where
        self._sock = sock
        self._timeout = timeout
        self._buffer = bytearray()

    def open(self, host: str, target: str) -> Response:
        """Ask for the events. The answer's body is empty where it is of success."""
        deadline = time.monotonic() + self._timeout
        try:
            self._sock.sendall(request_head("GET", target, {"Host": host}))
            _version, status, received = answer_head(lambda: self._line(deadline, LINE_LIMIT).rstrip(b"\r\n"))
            size = received.get("content-length", "")
            body = b""
            while status != 200 and size.isdigit() and len(self._buffer) < min(int(size), LINE_LIMIT):
                self._more(deadline)
            if status != 200:
                body = bytes(self._buffer)
        except OSError as error:
            raise self._broken(str(error)) from None
        except ProtocolError as error:
            raise self._malformed(str(error)) from None
        return Response(status, received, body)

    def receive(self, timeout: float) -> bytes | None:
        try:
            return self._line(time.monotonic() + timeout, LIMIT)
        except ProtocolError as error:
            raise self._malformed(str(error)) from None
        except OSError as error:
            if self._buffer:
                raise self._broken(str(error)) from None
            return None

    def close(self) -> None:
        self._sock.close()

    def _line(self, deadline: float, limit: int) -> bytes:
        """The next line, with its end."""
        seen = 0
        while True:
            end = self._buffer.find(b"\n", seen) + 1
            if end:
                line = bytes(self._buffer[:end])
                del self._buffer[:end]
                return line
            seen = len(self._buffer)
            if seen > limit:
                raise ProtocolError(f"a line is longer than {limit} bytes")
            self._more(deadline)

    def _more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        try:
            if left <= 0:
                raise socket.timeout
            self._sock.settimeout(left)
            block = self._sock.recv(_BLOCK)
        except socket.timeout:
            raise TimedOut("nothing came in time", endpoint=self.where) from None
        if not block:
            raise ConnectionResetError("the peer hung up")
        self._buffer += block

    def _broken(self, text: str) -> Interrupted:
        return Interrupted(
            "the connection for events broke", endpoint=self.where, text=text, next_step="run the task again"
        )

    def _malformed(self, text: str) -> Malformed:
        return Malformed(f"these are no events: {text}", endpoint=self.where, next_step="check 'socket'")


def connect(guest: Guest, types: t.Sequence[str], protocol: str) -> Channel:
    """A new connection for events.

    :param protocol: C(stream), C(websocket), or C(auto), which is the first that the daemon has
    """
    return patiently(lambda: _connect(guest, types, protocol), guest.transport.timeout)


def _connect(guest: Guest, types: t.Sequence[str], protocol: str) -> Channel:
    request = Request("GET", "/1.0/events", {"type": ",".join(types)})
    if protocol != "websocket":
        lines, answer = _opened(guest, Lines, request)
        if answer.status == 200:
            return lines
        lines.close()
        if protocol == "stream" or answer.status not in _UPGRADE_REQUIRED:
            raise guest.judge(answer, request)
    try:
        return _opened(guest, Messages, request)[0]
    except FleetError as error:
        if error.code is None:
            raise
        raise guest.judge(Response(error.code, {}, (error.text or "").encode()), request) from None


def _opened(guest: Guest, kind: t.Any, request: Request) -> tuple[t.Any, t.Any]:
    """A connection of a kind, and the answer that it got."""
    timeout = guest.transport.timeout
    sock = guest.endpoint.connect(min(timeout, CONNECT_TIMEOUT))
    try:
        channel = kind(sock, guest.where(request), timeout)
        return channel, channel.open(guest.endpoint.host, request.target)
    except BaseException:
        sock.close()
        raise


class Follower(events.Follower):
    """The events of a guest API until a deadline, over as many connections as it takes.

    :param deadline: on the clock C(time.monotonic)
    """

    def __init__(
        self,
        guest: Guest,
        types: t.Sequence[str],
        deadline: float,
        *,
        protocol: str = "auto",
        tick: float | None = None,
    ) -> None:
        super().__init__(
            lambda: connect(guest, types, protocol),
            lambda: _connect(guest, types, protocol),
            deadline,
            of=f"{guest.endpoint} GET /1.0/events",
            tick=tick,
        )


def matches(found: Event, wanted: t.Mapping[str, t.Any]) -> bool:
    """Whether an event is the awaited one: each given part has to fit, C(key) and C(name) as shell patterns."""
    about = found["metadata"]
    for part in ("key", "name"):
        if wanted.get(part) is not None and not fnmatchcase(str(about.get(part, "")), wanted[part]):
            return False
        if wanted.get(part) is not None and part not in about:
            return False
    if wanted.get("type") is not None and found["type"] != wanted["type"]:
        return False
    return all(wanted.get(part) is None or about.get(part) == wanted[part] for part in ("value", "action"))


def shown(found: Event, secrets: Secrets) -> Event:
    """An event as it may be returned: the values of a secret's key are stars."""
    about = secrets.mask(found["metadata"])
    if secrets.holds(str(about.get("key", ""))):
        about.update({name: MASK for name in ("old_value", "value") if about.get(name)})
    return {**found, "metadata": about}
