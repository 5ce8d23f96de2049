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
PIECES = 64  # that are sent as they are; a kernel takes 1024 at once
REQUEST, RESPONSE, DATA = 1, 2, 3

_prefixes: dict[tuple[str, str], bytes] = {}


class Header(t.NamedTuple):
    """The header of a frame."""

    size: int
    stream: int
    type: int
    flags: int


class Answer(t.NamedTuple):
    """The content of a response.

    :param code: status code, 0 for success
    :param message: the agent's own words, as they came
    :param payload: the answer's message, where there is one
    """

    code: int
    message: str
    payload: memoryview


def request(
    stream: int, service: str, method: str, payload: bytes | t.Sequence[bytes], timeout: float | None = None
) -> list[bytes]:
    """A request as pieces to be sent one after the other; a large payload is not copied.

    :param payload: the message, as a whole or in pieces
    :param timeout: seconds after which the agent shall give up; null for never
    :raises InvalidOption: it is larger than a frame may be
    """
    prefix = _prefixes.get((service, method))
    if prefix is None:
        prefix = _prefixes[(service, method)] = _text(b"\x0a", service) + _text(b"\x12", method)
    pieces = [payload] if isinstance(payload, bytes) else payload
    length = sum(map(len, pieces))
    head = prefix + b"\x1a" + varint(length) if length else prefix
    tail = _limit(timeout) if timeout else b""
    size = len(head) + length + len(tail)
    if size > LIMIT:
        raise InvalidOption(
            f"the request {method} has {size} bytes, and a ttRPC message has room for {LIMIT}",
            next_step="send it in pieces",
        )
    start = HEADER.pack(size, stream, REQUEST, 0) + head
    return [start, *pieces, tail] if length > 4096 and len(pieces) < PIECES else [b"".join((start, *pieces, tail))]


@functools.lru_cache(maxsize=64)
def _limit(timeout: float) -> bytes:
    return b"\x20" + varint(int(timeout * 1e9))


def _text(tag: bytes, text: str) -> bytes:
    data = text.encode()
    return tag + varint(len(data)) + data


def header(data: bytes | bytearray | memoryview, at: int = 0) -> Header:
    """The header at a position.

    :raises Malformed: it announces more than a frame may have, so the peer speaks something else
    """
    found = Header(*HEADER.unpack_from(data, at))
    if found.size > LIMIT:
        start = bytes(data[at : at + HEADER.size])
        raise Malformed(
            f"the peer does not speak ttRPC: its answer begins with {start!r}",
            next_step="check that the address and the port are those of a Kata agent",
        )
    return found


def answer(body: bytes | bytearray | memoryview) -> Answer:
    """The content of a response frame.

    :raises Malformed: it is no response of ttRPC
    """
    view = memoryview(body)
    # Nearly every answer is a status with nothing in it, then perhaps the payload.
    if len(view) >= 2 and view[0] == 0x0A and view[1] == 0:
        if len(view) == 2:
            return Answer(0, "", view[2:])
        if view[2] == 0x12:
            size, at = read_varint(view, 3)
            if at + size == len(view):
                return Answer(0, "", view[at:])
    found = decode("ttrpc.Response", view)
    status = found.get("status", {})
    return Answer(status.get("code", 0), status.get("message", ""), memoryview(found.get("payload", b"")))
