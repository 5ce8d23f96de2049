# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""WebSocket (RFC 6455): the client's side, on a socket that is already connected. Standard library only.

`encode` and `Decoder` know frames and do no I/O. `WebSocket` never blocks but where it says so, so that one thread can
serve several: C(take) and C(flush) move what can be moved now, C(send) and C(receive) wait.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import select
import socket
import time
import typing as t

from .errors import FleetError, Forbidden, Interrupted, Malformed, NotFound, Refused, TimedOut
from .wire import LINE_LIMIT, ProtocolError, answer_head, request_head

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_KNOWN = (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
_CONTROL = 0x8  # the bit of an opcode that only control frames have
CONTROL_LIMIT = 125  # bytes of a control frame's payload

# Codes of the end (RFC 6455, section 7.4.1). ABNORMAL is never sent: the connection was cut.
NORMAL, BROKEN, INVALID, TOO_BIG, ABNORMAL, NO_CODE = 1000, 1002, 1007, 1009, 1006, 1005

LIMIT = 16 << 20  # bytes of one message
_BLOCK = 1 << 18  # bytes read at a time
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


class Violation(ProtocolError):
    """The peer breaks the rules of the protocol, or a limit of ours.

    :param code: what it is told
    """

    def __init__(self, what: str, code: int = BROKEN) -> None:
        super().__init__(what)
        self.code = code


class Message(t.NamedTuple):
    """A whole message, or a control frame.

    :param opcode: C(TEXT), C(BINARY), C(CLOSE), C(PING) or C(PONG)
    """

    opcode: int
    payload: bytes


class End(t.NamedTuple):
    """How a connection ended.

    :param code: the peer's code; C(NO_CODE) where it gave none, C(ABNORMAL) where it hung up without a word
    """

    code: int
    reason: str = ""


# -- frames


def encode(opcode: int, payload: bytes, *, final: bool = True, mask: bytes | None = None) -> bytes:
    """One frame of a client.

    :param mask: 4 bytes that nobody can guess; new ones where not given
    """
    mask = os.urandom(4) if mask is None else mask
    size = len(payload)
    first = opcode | (0x80 if final else 0)
    if size <= CONTROL_LIMIT:
        head = bytes((first, 0x80 | size))
    elif size <= 0xFFFF:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """The payload under the mask, or out of it again. One large number is much faster than many small ones."""
    size = len(payload)
    cover = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(cover, "big")).to_bytes(size, "big")


class Decoder:
    """Frames of a server, in pieces of any size, to messages.

    :param limit: bytes that a message may have
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._kind: int | None = None  # of the message of which fragments have come
        self._parts = bytearray()

    @property
    def between(self) -> bool:
        """Whether no part of a message is waiting for its rest."""
        return not self._buffer and self._kind is None

    def feed(self, data: bytes) -> t.Iterator[Message]:
        """The messages that are complete with this piece.

        :raises Violation: after the messages that were still right
        """
        self._buffer += data
        return self._messages()

    def _messages(self) -> t.Iterator[Message]:
        frame = self._frame()
        while frame is not None:
            message = self._join(*frame)
            if message is not None:
                yield message
            frame = self._frame()

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """The next frame: whether it is a message's last, its opcode and its payload. Null where it is not complete."""
        have = self._buffer
        if len(have) < 2:
            return None
        final, opcode, size = bool(have[0] & 0x80), have[0] & 0x0F, have[1] & 0x7F
        if have[0] & 0x70:
            raise Violation("a frame uses an extension that was not agreed on")
        if opcode not in _KNOWN:
            raise Violation(f"a frame has the unknown opcode {opcode}")
        if have[1] & 0x80:
            raise Violation("a frame of the server is masked")
        if opcode & _CONTROL and (size > CONTROL_LIMIT or not final):
            raise Violation("a control frame is too long or in fragments")
        begin = 2 + {126: 2, 127: 8}.get(size, 0)
        if len(have) < begin:
            return None
        if begin > 2:
            size = int.from_bytes(have[2:begin], "big")
            if size <= (CONTROL_LIMIT if begin == 4 else 0xFFFF) or size >> 63:
                raise Violation("a frame gives its length in a wrong way")
        if not opcode & _CONTROL and len(self._parts) + size > self.limit:
            raise Violation(f"a message is longer than {self.limit} bytes", TOO_BIG)
        if len(have) < begin + size:
            return None
        payload = bytes(memoryview(have)[begin : begin + size])
        del have[: begin + size]
        return final, opcode, payload

    def _join(self, final: bool, opcode: int, payload: bytes) -> Message | None:
        """The message that a frame completes, if it does."""
        if opcode == CLOSE:
            ending(payload)  # judged at once, so that a wrong one never gets out
        if opcode & _CONTROL:
            return Message(opcode, payload)
        if (opcode == CONTINUATION) != (self._kind is not None):
            raise Violation("a fragment does not belong to a message" if self._kind is None else "a message has no end")
        if self._kind is None:
            if final:
                return _valid(Message(opcode, payload))
            self._kind = opcode
        self._parts += payload
        if not final:
            return None
        message = Message(self._kind, bytes(self._parts))
        self._kind = None
        self._parts = bytearray()
        return _valid(message)


def _valid(message: Message) -> Message:
    if message.opcode == TEXT:
        try:
            message.payload.decode()
        except UnicodeDecodeError:
            raise Violation("a text is not UTF-8", INVALID) from None
    return message


def ending(payload: bytes) -> End:
    """What the payload of a close frame says.

    :raises Violation: it says nothing that a peer may say
    """
    if not payload:
        return End(NO_CODE)
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (1000 <= code < 5000) or code in (1004, NO_CODE, ABNORMAL) or 1015 <= code < 3000:
        raise Violation("a close frame has no valid code")
    try:
        return End(code, payload[2:].decode())
    except UnicodeDecodeError:
        raise Violation("the reason of a close frame is not UTF-8", INVALID) from None


# -- the handshake


def accept_for(key: str) -> str:
    """What a server answers to a key (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def upgrade(host: str, target: str, key: str, headers: t.Mapping[str, str]) -> bytes:
    """The request that asks for a WebSocket."""
    wanted = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }
    return request_head("GET", target, {**wanted, **headers})


def judge(status: int, received: t.Mapping[str, str], key: str, asked: t.Mapping[str, str]) -> None:
    """Whether an answer of status 101 really agrees to a WebSocket.

    :raises ProtocolError: it does not
    """
    protocols = {
        protocol.strip()
        for name, value in asked.items()
        if name.lower() == "sec-websocket-protocol"
        for protocol in value.split(",")
    }
    agreed = [word.strip().lower() for word in received.get("connection", "").split(",")]
    if status != 101 or received.get("upgrade", "").lower() != "websocket" or "upgrade" not in agreed:
        raise ProtocolError(f"the status {status} agrees to no WebSocket")
    if received.get("sec-websocket-accept") != accept_for(key):
        raise ProtocolError("the key in the answer to the WebSocket handshake is wrong")
    if received.get("sec-websocket-extensions"):
        raise ProtocolError("the server uses an extension that nobody asked for")
    if received.get("sec-websocket-protocol", "") not in {"", *protocols}:
        raise ProtocolError("the server uses a protocol that nobody asked for")


# -- the connection


class WebSocket:
    """One connection. It owns its socket from the beginning.

    :param sock: connected, plain or TLS
    :param where: what messages call it; no secret of the target is in it
    :param timeout: seconds that C(greet), C(welcome), C(send) and C(close) wait for the peer
    :param limit: bytes that a message of the peer may have
    """

    def __init__(self, sock: socket.socket, where: str, *, timeout: float = 30.0, limit: int = LIMIT) -> None:
        sock.setblocking(False)
        self.where = where
        self.timeout = timeout
        self.ended: End | None = None  # how the peer ended it
        self.heard = time.monotonic()  # when anything last came from it
        self._sock = sock
        self._decoder = Decoder(limit)
        self._ready: list[Message] = []
        self._out = bytearray()
        self._closing = False  # whether our close frame is out
        self._deaf = ""  # why the peer takes nothing any more; what it had sent before may still be there
        self._key = ""
        self._asked: t.Mapping[str, str] = {}
        self._later = _later(sock)

    def fileno(self) -> int:
        """For C(select.poll)."""
        return self._sock.fileno()

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent."""
        return len(self._out)

    @property
    def ready(self) -> bool:
        """Whether C(take) has something without looking at the socket."""
        return bool(self._ready)

    # -- the beginning

    def open(self, host: str, target: str, headers: t.Mapping[str, str] | None = None) -> WebSocket:
        """Make it a WebSocket: C(greet) and C(welcome)."""
        self.greet(host, target, headers)
        self.welcome()
        return self

    def greet(self, host: str, target: str, headers: t.Mapping[str, str] | None = None) -> None:
        """Ask for a WebSocket.

        :param host: for the Host header
        :param target: path and query
        """
        self._key = base64.b64encode(os.urandom(16)).decode()
        self._asked = headers or {}
        self._out += upgrade(host, target, self._key, self._asked)
        deadline = time.monotonic() + self.timeout
        while not self._write() and time.monotonic() < deadline:
            self._wait(deadline, select.POLLOUT)
        if self._deaf:
            raise self._broken(f"the connection broke: {self._deaf}")
        if self._out:
            raise self._silent(self.timeout)

    def welcome(self) -> None:
        """Wait for the answer to C(greet).

        :raises FleetError: the server refused; C(code) is the HTTP status and C(text) what it said
        """
        deadline = time.monotonic() + self.timeout
        buffer = self._more(deadline)
        while b"\r\n\r\n" not in buffer:
            if len(buffer) > LINE_LIMIT or buffer[:7] != b"HTTP/1."[: len(buffer)]:
                raise self._malformed(f"its answer begins with {buffer[:40]!r}")
            buffer += self._more(deadline)
        head, _end, rest = buffer.partition(b"\r\n\r\n")
        try:
            lines = iter([*head.split(b"\r\n"), b""])
            _version, status, received = answer_head(lambda: next(lines))
            if status == 101:
                judge(status, received, self._key, self._asked)
        except ProtocolError as error:
            raise self._malformed(str(error)) from None
        if status != 101:
            raise self._refused(status, rest, received, deadline)
        self._decode(rest)

    def _more(self, deadline: float) -> bytes:
        """Some bytes of the answer, waited for."""
        while True:
            self._wait(deadline)
            data = self._read()
            if data:
                return data
            if data is not None:
                raise self._broken("the server hung up during the WebSocket handshake")
            if time.monotonic() >= deadline:
                raise self._silent(self.timeout)

    def _refused(self, status: int, body: bytes, received: t.Mapping[str, str], deadline: float) -> FleetError:
        """The error for an answer that is not 101, with what it says in its body."""
        size = received.get("content-length", "")
        while size.isdigit() and len(body) < min(int(size), LINE_LIMIT):
            try:
                body += self._more(deadline)
            except FleetError:
                break  # what has come must do
        text = body[:LINE_LIMIT].decode(errors="replace").strip()
        sort = {401: Forbidden, 403: Forbidden, 404: NotFound}.get(status, Refused)
        said = f": {text}" if text and "\n" not in text and len(text) < 200 else ""
        return sort(f"the server refused a WebSocket with {status}{said}", endpoint=self.where, code=status, text=text)

    # -- without waiting

    def take(self) -> list[Message]:
        """The texts and binaries that are there now. Pings are answered. The end shows in C(ended).

        :raises Interrupted: the connection was cut in the middle of a message
        :raises Malformed: the peer broke the protocol; it has been told so
        """
        while self.ended is None:
            data = self._read()
            if data:
                self._decode(data)
            elif data is not None:
                if not self._decoder.between:
                    raise self._broken("the server hung up in the middle of a message")
                self.ended = End(ABNORMAL)
            if not self._pending():
                break
        ready, self._ready = self._ready, []
        return ready

    def queue(self, payload: bytes, opcode: int = BINARY) -> None:
        """Have a message sent by the next C(flush)."""
        self._out += encode(opcode, payload)

    def ping(self) -> None:
        """Have the peer asked for a sign of life by the next C(flush), unless much is on its way already."""
        if len(self._out) < _BLOCK:
            self._out += encode(PING, b"")

    def flush(self) -> bool:
        """Send what can be sent now; whether nothing is left."""
        return self._write()

    # -- waiting

    def send(self, payload: bytes | str) -> None:
        """Send a text or a binary message, and wait until it is out.

        :raises Interrupted: the connection is cut
        :raises TimedOut: the peer does not read
        """
        if isinstance(payload, str):
            self.queue(payload.encode(), TEXT)
        else:
            self.queue(payload)
        self._drain(time.monotonic() + self.timeout)
        if self._out:
            raise self._silent(self.timeout)

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next text or binary; null after the peer has closed as it should.

        :param timeout: seconds to wait; without it as long as it takes
        :raises Interrupted: the connection was cut
        :raises TimedOut: nothing came in time
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._ready = self.take()
            if self._ready:
                return self._ready.pop(0)
            if self.ended is not None:
                if self.ended.code == ABNORMAL:
                    raise self._broken("the server hung up")
                return None
            if deadline is not None and time.monotonic() >= deadline:
                raise self._silent(timeout or 0)
            self._wait(deadline, select.POLLIN | (select.POLLOUT if self._out else 0))
            self._write()

    def close(self, code: int = NORMAL, reason: str = "", patience: float = 1.0) -> None:
        """Say goodbye, wait for the peer's own for at most C(patience) seconds, and close the socket."""
        deadline = time.monotonic() + patience
        try:
            with contextlib.suppress(FleetError):  # it may be cut already
                self._goodbye(code, reason)
                self._drain(deadline)
                while self.ended is None and time.monotonic() < deadline:
                    self._wait(deadline)
                    self.take()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the socket without a word."""
        self._sock.close()

    # -- inside

    def _decode(self, data: bytes) -> None:
        try:
            for message in self._decoder.feed(data):
                self._note(message)
                if self.ended is not None:
                    return  # nothing after the end counts
        except Violation as error:
            self._goodbye(error.code, "")
            self._write()
            raise self._malformed(str(error)) from None

    def _note(self, message: Message) -> None:
        if message.opcode == PING:
            self._out += encode(PONG, message.payload)
            self._write()
        elif message.opcode == CLOSE:
            self.ended = ending(message.payload)
            self._goodbye(self.ended.code, "")
            self._write()
        elif message.opcode != PONG:
            self._ready.append(message)

    def _goodbye(self, code: int, reason: str) -> None:
        """Queue our close frame, once."""
        if not self._closing:
            self._closing = True
            said = b"" if code == NO_CODE else code.to_bytes(2, "big") + reason.encode()[: CONTROL_LIMIT - 2]
            self._out += encode(CLOSE, said)

    def _drain(self, deadline: float) -> None:
        """Send what is queued. What comes meanwhile is kept: a peer that waits for us would not read."""
        while not self._write() and time.monotonic() < deadline:
            self._wait(deadline, select.POLLIN | select.POLLOUT)
            self._ready = self.take()
            if self.ended is not None:
                raise self._broken("the server closed the connection before it had everything")
        if self._deaf:
            raise self._broken(f"the connection broke: {self._deaf}")

    def _wait(self, deadline: float | None, events: int = select.POLLIN) -> None:
        """Wait for the socket, at most until the deadline."""
        if events & select.POLLIN and self._pending():
            return
        poller = select.poll()
        poller.register(self._sock, events)
        # A long wait is made of shorter ones: poll counts milliseconds in an int.
        left = 3600.0 if deadline is None else min(3600.0, max(0.0, deadline - time.monotonic()))
        poller.poll(left * 1000)

    def _pending(self) -> bool:
        """Whether TLS holds bytes that a poll of the socket would not show."""
        pending = getattr(self._sock, "pending", None)
        return bool(pending and pending())

    def _read(self) -> bytes | None:
        """What is there; null where nothing is, empty at the end."""
        try:
            data = self._sock.recv(_BLOCK)
            self.heard = time.monotonic()
            return data
        except self._later:
            return None
        except ConnectionResetError:
            return b""  # it hung up without having read everything, such as an answer to its ping
        except OSError as error:
            raise self._broken(f"the connection broke: {error.strerror or error}") from None

    def _write(self) -> bool:
        """Send what can be sent; whether nothing is left. A peer that takes nothing any more may still be heard."""
        try:
            while self._out:
                del self._out[: self._sock.send(self._out[:_BLOCK])]
        except self._later:
            return False
        except OSError as error:
            self._deaf = error.strerror or str(error)
            self._out.clear()
        return True

    def _broken(self, what: str) -> FleetError:
        return Interrupted(what, endpoint=self.where, next_step="see whether it is still running, and try again")

    def _malformed(self, what: str) -> FleetError:
        return Malformed(
            f"the peer does not speak WebSocket: {what}", endpoint=self.where, next_step="check the address"
        )

    def _silent(self, seconds: float) -> FleetError:
        return TimedOut(f"the WebSocket's peer was silent for {seconds:g} s", endpoint=self.where)


def _later(sock: socket.socket) -> tuple[type[Exception], ...]:
    """What a socket raises when it would have to wait."""
    if not hasattr(sock, "pending"):
        return (BlockingIOError,)
    import ssl  # loaded already, where the socket is one of TLS

    return (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
