# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the Kata agent over a unix socket, against the bare exchange of the same bytes.

C(kata_call): the client's own CPU for one Check on a kept connection, request encoded and answer decoded. The budget is
that of the design. C(kata_in_flight): the same with 64 calls under way at a time.

C(kata_write_...), C(kata_read_...): a call with a large request, as CopyFile is, or a large answer, as ReadStdout is,
with the codec, against C(sendall) and C(recv_into) of the very same bytes. Budget 1.2, so that the socket is the bound
and not we. A real agent takes longer to answer than this peer, so these rows are the worst case.

The peer is a process of its own that knows its answer beforehand.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec, frames
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.connection import Connection
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import AGENT, HEALTH
from harness import AtMost, Row, alternate, benchmark, compare, timed

ROUNDS, CALLS = 30, 500
IN_FLIGHT = 64
SIZES = (65536, 1 << 20)
READ = ("ReadStdout", "ReadStreamRequest", "ReadStreamResponse")


def answer_of(size: int) -> bytes:
    """An answer with that much data; without any, that of a healthy agent."""
    data = codec.encode("ReadStreamResponse", {"data": b"x" * size}) if size else b"\x08\x01"
    return b"\x0a\x00\x12" + codec.varint(len(data)) + data


def serve(peer: socket.socket, size: int) -> None:
    """Answer every frame with so much data."""
    body = answer_of(size)
    buffer = memoryview(bytearray(frames.LIMIT + 10))
    filled = 0
    while count := peer.recv_into(buffer[filled:]):
        filled += count
        at = 0
        answers = []
        while filled - at >= 10:
            length, stream, _kind, _flags = frames.HEADER.unpack_from(buffer, at)
            if filled - at - 10 < length:
                break
            answers += [frames.HEADER.pack(len(body), stream, frames.RESPONSE, 0), body]
            at += 10 + length
        if answers:
            peer.sendall(b"".join(answers))
        if filled > at > 0:
            buffer[: filled - at] = bytes(buffer[at:filled])
        filled -= at


@contextlib.contextmanager
def served(size: int = 0) -> t.Iterator[socket.socket]:
    """A socket whose other end is served by a process of its own."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            serve(theirs, size)
        finally:
            os._exit(0)
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        os.waitpid(pid, 0)


def cpu(work: t.Callable[[], t.Any], times: int) -> t.Callable[[], float]:
    """A measurement of the CPU time of one call in seconds."""

    def measure() -> float:
        start = time.thread_time()
        for _turn in range(times):
            work()
        return (time.thread_time() - start) / times

    return measure


@benchmark
def kata_call() -> list[Row]:
    with served() as sock:
        kept = Connection(sock, "bench")

        def check() -> None:
            request = codec.encode("CheckRequest", {"service": ""})
            answer = kept.result(kept.start(HEALTH, "Check", request, 30.0))
            if codec.decode("HealthCheckResponse", answer.payload) != {"status": "SERVING"}:
                raise RuntimeError("the peer gave another answer")

        def many() -> None:
            calls = [kept.start(HEALTH, "Check", b"", 30.0) for _number in range(IN_FLIGHT)]
            if any(kept.result(call).code for call in calls):
                raise RuntimeError("the peer refused")

        alone = alternate({"ours": cpu(check, CALLS)}, ROUNDS)
        together = alternate({"ours": cpu(many, CALLS // IN_FLIGHT)}, ROUNDS)
    together["ours"] = [seconds / IN_FLIGHT for seconds in together["ours"]]
    return [
        compare("kata_call", alone, unit="us", budget=AtMost(60, of="ours"), note="client CPU of a Check"),
        compare("kata_in_flight", together, unit="us", note=f"client CPU of a call, {IN_FLIGHT} under way"),
    ]


@benchmark
def kata_payload() -> list[Row]:
    return [exchange("write", size, 0) for size in SIZES] + [exchange("read", 0, size) for size in SIZES]


def exchange(name: str, upward: int, downward: int) -> Row:
    """A large request with a small answer, as CopyFile is, or the other way round, as ReadStdout is."""
    data = os.urandom(upward)
    request = {"path": "/x", "data": data} if upward else {"container_id": "box", "exec_id": "e", "len": downward}
    method, takes, gives = ("CopyFile", "CopyFileRequest", "google.protobuf.Empty") if upward else READ
    with served(downward) as sock, served(downward) as bare:
        kept = Connection(sock, "bench")
        whole = b"".join(frames.request(1, AGENT, method, codec.encode(takes, request), 30.0))
        back = len(answer_of(downward)) + frames.HEADER.size
        place = memoryview(bytearray(back))

        def ours() -> None:
            started = kept.start(AGENT, method, codec.encode_parts(takes, request), 30.0)
            found = codec.decode(gives, kept.result(started).payload)
            if len(found.get("data", b"")) != downward:
                raise RuntimeError("the peer gave another answer")

        def floor() -> None:
            bare.sendall(whole)
            filled = 0
            while filled < back:
                filled += bare.recv_into(place[filled:])

        turns = max(20, (8 << 20) // max(upward, downward))
        times = alternate({"ours": timed(ours, turns), "floor": timed(floor, turns)}, ROUNDS)
    size = max(upward, downward) >> 10
    return compare(f"kata_{name}_{size}k", times, unit="us", budget=AtMost(1.2), note=f"{method} of {size} KiB")
