# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""ttRPC frames: a header of ten bytes, then a message of the envelope (PROTOCOL.md of containerd/ttrpc).

=====  ==========================================================
bytes  meaning
=====  ==========================================================
0-3    length of what follows, at most 4 MiB, big endian
4-7    stream; a client counts 1, 3, 5, ...
8      1 request, 2 response, 3 data
9      flags, 0 for the calls that an agent has
=====  ==========================================================
"""

from __future__ import annotations

import functools
import struct
import typing as t

from .._core.errors import InvalidOption, Malformed
from .codec import decode, read_varint, varint

HEADER = struct.Struct(">IIBB")
LIMIT = 4194304  # bytes of a frame's content
SUCCESS = b"\x0a\x00"  # a status with nothing in it
WITH_PAYLOAD = SUCCESS + b"\x12"
PIECES = 64  # that are sent as they are; a kernel takes 1024 at once
REQUEST, RESPONSE, DATA = 1, 2, 3


class Header(t.NamedTuple):
    """The header of a frame."""

    size: int
    stream: int
    type: int
    flags: int


class Answer:
    """The content of a response.

    :param code: status code, 0 for success
    :param message: the agent's own words, as they came
    :param payload: the answer's message, where there is one
    """

    __slots__ = ("code", "message", "payload")

    def __init__(self, code: int, message: str, payload: memoryview) -> None:
        self.code = code
        self.message = message
        self.payload = payload


def request(
    stream: int, service: str, method: str, payload: bytes | t.Sequence[bytes], timeout: float | None = None
) -> tuple[list[bytes], int]:
    """A request as pieces to be sent one after the other, and how many bytes they are; a large payload is not copied.

    :param payload: the message, as a whole or in pieces
    :param timeout: seconds after which the agent shall give up; null for never
    :raises InvalidOption: it is larger than a frame may be
    """
    pieces = (payload,) if isinstance(payload, bytes) else payload
    length = sum(map(len, pieces))
    head = _target(service, method)
    if length:
        head += b"\x1a" + varint(length)
    tail = _limit(timeout) if timeout else b""
    size = len(head) + length + len(tail)
    if size > LIMIT:
        raise InvalidOption(
            f"the request {method} has {size} bytes, and a ttRPC message has room for {LIMIT}",
            next_step="send it in pieces",
        )
    parts = [HEADER.pack(size, stream, REQUEST, 0) + head, *pieces, tail]
    if length <= 4096 or len(parts) > PIECES:
        parts = [b"".join(parts)]
    return parts, HEADER.size + size


@functools.lru_cache(maxsize=64)
def _target(service: str, method: str) -> bytes:
    one, other = service.encode(), method.encode()
    return b"\x0a" + varint(len(one)) + one + b"\x12" + varint(len(other)) + other


@functools.lru_cache(maxsize=64)
def _limit(timeout: float) -> bytes:
    return b"\x20" + varint(int(timeout * 1e9))


def header(data: bytes) -> Header:
    """The header that some bytes begin with.

    :raises Malformed: it announces more than a frame may have
    """
    found = Header(*HEADER.unpack_from(data))
    if found.size > LIMIT:
        raise foreign(data)
    return found


def foreign(data: bytes) -> Malformed:
    """The error for what begins with the header of a longer frame than there can be."""
    return Malformed(
        f"the peer does not speak ttRPC: its answer begins with {data[: HEADER.size]!r}",
        next_step="check that the address and the port are those of a Kata agent",
    )


def answer(content: bytes) -> Answer:
    """The content of a response frame; the payload is a view of it.

    :raises Malformed: it is no response of ttRPC
    """
    # Nearly every answer is a status with nothing in it, then perhaps the payload.
    if content == SUCCESS:
        return Answer(0, "", memoryview(b""))
    if content.startswith(WITH_PAYLOAD):
        size, at = read_varint(content, len(WITH_PAYLOAD))
        if at + size == len(content):
            return Answer(0, "", memoryview(content)[at:])
    found = decode("ttrpc.Response", memoryview(content))
    status = found.get("status", {})
    return Answer(status.get("code", 0), status.get("message", ""), memoryview(found.get("payload", b"")))
