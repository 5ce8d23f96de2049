# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the Kata agent over a unix socket, against the bare exchange of the same bytes.

C(kata_call): the client's own CPU for one Check on a kept connection, request encoded and answer decoded. The budget is
that of the design. C(kata_in_flight): the same with 64 calls under way at a time.

C(kata_write_...), C(kata_read_...): a call with a large request, as CopyFile is, or a large answer, as ReadStdout is,
with the codec, against one C(sendall) and one C(recv) of the very same bytes, whose number is known beforehand. Both
leave the answer in memory of its own, where it stays: what is read into the same place again and again is of no use to
a caller. Budget 1.2, so that the socket is the bound and not we. A real agent takes longer to answer than this peer, so
these rows are the worst case.

The peer is a process of its own that knows its answer beforehand. In the rows of payloads it shares one CPU with us:
otherwise the scheduler decides for each pair of processes anew whether they do, and waking an idle CPU takes several
times as long as the exchange.
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
HEALTHY = frames.WITH_PAYLOAD + b"\x02\x08\x01"  # a health check's SERVING


def answer_with(size: int) -> bytes:
    """An answer of ReadStdout with that much data; without any, that of CopyFile."""
    if not size:
        return frames.SUCCESS
    data = codec.encode("ReadStreamResponse", {"data": b"x" * size})
    return frames.WITH_PAYLOAD + codec.varint(len(data)) + data


def serve(peer: socket.socket, body: bytes) -> None:
    """Give every frame the same answer."""
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
def served(answer: bytes) -> t.Iterator[socket.socket]:
    """A socket whose other end is served by a process of its own."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            serve(theirs, answer)
        finally:
            os._exit(0)
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        os.waitpid(pid, 0)


@contextlib.contextmanager
def one_cpu() -> t.Iterator[None]:
    """Keep this process and what it starts on one CPU."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


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
    with served(HEALTHY) as sock:
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
    answer = answer_with(downward)
    with one_cpu(), served(answer) as sock, served(answer) as bare:
        kept = Connection(sock, "bench")
        whole = b"".join(frames.request(1, AGENT, method, codec.encode(takes, request), 30.0)[0])
        back = len(answer) + frames.HEADER.size

        def ours() -> None:
            started = kept.start(AGENT, method, codec.encode_parts(takes, request), 30.0)
            found = codec.decode(gives, kept.result(started).payload)
            if len(found.get("data", b"")) != downward:
                raise RuntimeError("the peer gave another answer")

        def floor() -> None:
            bare.sendall(whole)
            if len(bare.recv(back, socket.MSG_WAITALL)) != back:
                raise RuntimeError("the peer gave another answer")

        turns = max(20, (8 << 20) // max(upward, downward))
        times = alternate({"ours": timed(ours, turns), "floor": timed(floor, turns)}, ROUNDS)
    size = max(upward, downward) >> 10
    return compare(f"kata_{name}_{size}k", times, unit="us", budget=AtMost(1.2), note=f"{method} of {size} KiB")
