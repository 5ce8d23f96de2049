# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""HTTP/1.1 messages on a connected socket (RFC 9112): what a client of a daemon needs of it.

`http.client` does the same, but brings the email and ssl packages along: 10 ms of every task, a fifth of what our own
part of one may take (docs/benchmarks.md, module_overhead).
"""

from __future__ import annotations

import socket
import typing as t

LINE_LIMIT = 65536  # bytes of one line
HEADER_LIMIT = 256  # header lines of one answer
BLOCK = 1 << 18  # bytes of a content that are held at a time where it goes somewhere else

Body = t.Union[bytes, t.Iterable[bytes], None]
Sink = t.Callable[[bytes], t.Any]


class ProtocolError(Exception):
    """The peer does not speak HTTP/1.1."""


class TooLong(ProtocolError):
    """An answer is longer than its reader wants to hold."""


class Response(t.NamedTuple):
    """An answer, read to its end.

    :param headers: by name in lower case; of a repeated one the last
    """

    status: int
    headers: dict[str, str]
    body: bytes


def request_head(method: str, target: str, fields: t.Mapping[str, str]) -> bytes:
    """A request up to its body."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines) or " " in target:
        raise ValueError("a request's target and headers must not hold line breaks")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def answer_head(line: t.Callable[[], bytes]) -> tuple[bytes, int, dict[str, str]]:
    """An answer up to its content: the protocol's version, the status, and the headers by name in lower case.

    :param line: gives the next line without its end
    :raises ProtocolError: it is not HTTP/1.x
    """
    first = line()
    parts = first.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        raise ProtocolError(f"it begins with {first[:40]!r}")
    received: dict[str, str] = {}
    for _line in range(HEADER_LIMIT):
        header = line()
        if not header:
            return parts[0], int(parts[1]), received
        name, colon, value = header.decode("latin-1").partition(":")
        if not colon:
            raise ProtocolError(f"a header is {header[:40]!r}")
        received[name.strip().lower()] = value.strip()
    raise ProtocolError("the answer has too many headers")


class Connection:
    """One connection. After an exchange, `reusable` tells whether the peer keeps it open.

    :param host: for the Host header
    :param headers: what every request carries beside that
    """

    def __init__(self, sock: socket.socket, host: str, headers: t.Mapping[str, str] | None = None) -> None:
        self.sock = sock
        self.reusable = True
        self._headers = {"Host": host, "Accept-Encoding": "identity", **(headers or {})}
        self._stream = sock.makefile("rb")

    def close(self) -> None:
        """Close it, also while something is still under way."""
        self.reusable = False
        self._stream.close()
        self.sock.close()

    def exchange(
        self,
        method: str,
        target: str,
        headers: t.Mapping[str, str],
        body: Body = None,
        sink: Sink | None = None,
        limit: int | None = None,
    ) -> Response:
        """Send one request and read its whole answer.

        :param body: bytes, or an iterable of bytes whose length the headers give
        :param sink: takes the content of an answer of status 200 block by block, instead of the answer's own body
        :param limit: bytes that an answer's own body may have
        :raises ConnectionError: the peer hung up before the answer was complete
        :raises ProtocolError: the answer is not HTTP/1.1; C(TooLong) where it is longer than the limit
        """
        fields = {**self._headers, **headers}
        if isinstance(body, bytes) or (body is None and method in ("POST", "PUT", "PATCH")):
            fields["Content-Length"] = str(len(body or b""))
        self._send(request_head(method, target, fields), body)
        status, received = self._head()
        while 100 <= status < 200:
            status, received = self._head()
        if status in (204, 304) or method == "HEAD":
            return Response(status, received, b"")
        if sink is None or status != 200:
            return Response(status, received, b"".join(_within(limit, self._blocks(received))))
        for block in self._blocks(received):
            sink(block)
        return Response(status, received, b"")

    def _send(self, head: bytes, body: Body) -> None:
        try:
            if body is None or isinstance(body, bytes):
                self.sock.sendall(head + (body or b""))
                return
            self.sock.sendall(head)
            for block in body:
                self.sock.sendall(block)
        except (BrokenPipeError, ConnectionResetError):
            # A peer that refuses an upload may answer and hang up before it has read everything.
            self.reusable = False

    def _line(self) -> bytes:
        line = self._stream.readline(LINE_LIMIT + 1)
        if len(line) > LINE_LIMIT:
            raise ProtocolError("a line of the answer is too long")
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the peer hung up")
        return line.rstrip(b"\r\n")

    def _head(self) -> tuple[int, dict[str, str]]:
        version, status, received = answer_head(self._line)
        if received.get("connection", "").lower() == "close" or version == b"HTTP/1.0":
            self.reusable = False
        return status, received

    def _blocks(self, received: dict[str, str]) -> t.Iterator[bytes]:
        """The content, a part at a time."""
        length = received.get("content-length")
        if "chunked" in received.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif length is None:
            self.reusable = False
            yield from iter(lambda: self._stream.read(BLOCK), b"")
        else:
            yield from self._exactly(_number(length, 10))

    def _chunks(self) -> t.Iterator[bytes]:
        while True:
            size = _number(self._line().split(b";", 1)[0].decode("latin-1"), 16)
            if size == 0:
                break
            yield from self._exactly(size)
            if self._line():
                raise ProtocolError("a chunk is longer than it says")
        while self._line():
            """Trailers say nothing that is of use here."""

    def _exactly(self, size: int) -> t.Iterator[bytes]:
        while size:
            block = self._stream.read(min(size, BLOCK))
            if len(block) < min(size, BLOCK):
                raise ConnectionResetError("the peer hung up in the middle of its answer")
            size -= len(block)
            yield block


def _within(limit: int | None, blocks: t.Iterable[bytes]) -> t.Iterator[bytes]:
    """The same blocks, as long as they are not too much in all."""
    size = 0
    for block in blocks:
        size += len(block)
        if limit is not None and size > limit:
            raise TooLong(f"an answer is longer than {limit} bytes")
        yield block


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise ProtocolError(f"a length is {text[:40]!r}")
    return number
