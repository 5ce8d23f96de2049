# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection against a peer of a few lines: order, deadlines, sizes, and everything that can go wrong."""

from __future__ import annotations

import random
import socket
import threading
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec, connection, frames
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.connection import Connection
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import AGENT, HEALTH


@pytest.fixture
def pair(monkeypatch):
    """A connection and the other end of its socket. The client waits no longer than the agent was told to take."""
    monkeypatch.setattr(connection, "GRACE", 0.05)
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    kept = Connection(ours, "unix:/s")
    yield kept, theirs
    kept.close()
    theirs.close()


def take(peer):
    """The next request: stream and decoded envelope."""
    head = frames.header(exactly(peer, frames.HEADER.size))
    assert head.type == frames.REQUEST
    return head.stream, codec.decode("ttrpc.Request", exactly(peer, head.size))


def exactly(peer, size):
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        assert more
        data += more
    return data


def frame(stream, body, kind=frames.RESPONSE, size=None):
    return frames.HEADER.pack(len(body) if size is None else size, stream, kind, 0) + body


def reply(payload=b"", code=0, message=""):
    status = {"code": code, "message": message}
    return codec.encode("ttrpc.Response", {"status": status, "payload": payload})


def check(kept, timeout=1.0):
    return kept.start(HEALTH, "Check", b"", timeout)


def joined(request):
    """The bytes of a request, which are as many as it says."""
    pieces, size = request
    whole = b"".join(pieces)
    assert len(whole) == size
    return whole


def test_golden_frames():
    """Known bytes of containerd/ttrpc and of the agent."""
    assert joined(frames.request(1, HEALTH, "Check", b"")).hex() == (
        "000000140000000101000a0b677270632e4865616c74681205436865636b"
    )
    assert joined(frames.request(1, HEALTH, "Check", b"", 5.0)).hex() == (
        "0000001a0000000101000a0b677270632e4865616c74681205436865636b2080e497d012"
    )
    answer = frames.answer(bytes.fromhex("0a1a0803121622696e76616c696420636f6e7461696e657220696422"))
    assert (answer.code, answer.message) == (3, '"invalid container id"')


@pytest.mark.parametrize("body", [b"", b"\x12\x02\x08\x01", b"\x0a\x02\x08\x00\x12\x02\x08\x01"])
def test_success_in_every_form(body):
    answer = frames.answer(body)
    assert answer.code == 0
    assert bytes(answer.payload) == (b"\x08\x01" if body else b"")


def test_answers_in_any_order(pair):
    kept, peer = pair
    calls = [check(kept) for _number in range(64)]
    assert kept.under_way == 64
    streams = [take(peer)[0] for _call in calls]
    assert streams == list(range(1, 129, 2))
    random.Random(1).shuffle(streams)
    peer.sendall(b"".join(frame(stream, reply(codec.varint(stream))) for stream in streams))
    for call in calls:
        assert bytes(kept.result(call).payload) == codec.varint(call.stream)
    assert kept.under_way == 0


def test_wait_returns_whatever_is_done(pair):
    kept, peer = pair
    first, second = check(kept), check(kept)
    take(peer), take(peer)
    peer.sendall(frame(second.stream, reply()))
    assert kept.wait(first, second) == [second]


def test_a_late_answer_is_dropped(pair):
    kept, peer = pair
    late = check(kept, 0.01)
    with pytest.raises(errors.TimedOut) as caught:
        kept.result(late)
    assert "no answer to Check within" in str(caught.value)
    peer.sendall(frame(late.stream, reply(b"late")))
    call = check(kept)
    peer.sendall(frame(call.stream, reply(b"new")))
    assert bytes(kept.result(call).payload) == b"new"


def test_the_agent_is_told_the_time(pair):
    kept, peer = pair
    check(kept, 1.5)
    assert take(peer)[1]["timeout_nano"] == 1_500_000_000


def test_answers_for_unknown_streams_and_other_frames_are_ignored(pair):
    kept, peer = pair
    call = check(kept)
    peer.sendall(frame(99, reply(b"x")) + frame(call.stream, b"y" * 9, frames.DATA) + frame(call.stream, b"", 7))
    peer.sendall(frame(call.stream, reply(b"z")))
    assert bytes(kept.result(call).payload) == b"z"


def test_frames_in_single_bytes(pair):
    kept, peer = pair
    call = check(kept)
    for byte in frame(call.stream, reply(b"slow")):
        peer.sendall(bytes([byte]))
        kept.drain()
    assert bytes(kept.result(call).payload) == b"slow"


def test_largest_answer_and_largest_request(pair):
    kept, peer = pair
    payload = random.Random(2).randbytes(frames.LIMIT - 40)
    received = []

    def serve():
        stream, request = take(peer)
        received.append(request["payload"])
        peer.sendall(frame(stream, reply(request["payload"])))

    server = threading.Thread(target=serve)
    server.start()
    call = kept.start(HEALTH, "Check", payload, 10)
    assert bytes(kept.result(call).payload) == payload
    server.join()
    assert received == [payload]


@pytest.mark.parametrize("size", [connection.LARGE - 9, connection.LARGE, 70_000, 300_000])
def test_an_answer_stays_what_it_is_while_its_call_is_kept(pair, size):
    """Answers are read into the same memory one after the other, whole or in halves, alone or behind another."""
    kept, peer = pair
    calls = [check(kept, 10) for _number in range(4)]
    sent = [frame(call.stream, reply(bytes([call.stream]) * size)) for call in calls]

    def serve():
        peer.sendall(sent[0])
        peer.sendall(sent[1] + sent[2][: size // 2])
        peer.sendall(sent[2][size // 2 :])
        peer.sendall(sent[3])

    server = threading.Thread(target=serve)
    server.start()
    kept.result(calls[3])
    server.join()
    assert [bytes(kept.result(call).payload) == bytes([call.stream]) * size for call in calls] == [True] * 4


def test_large_answers_are_not_copied_and_small_ones_come_between(pair):
    """After a large one the next is read behind its header, in one piece, whatever it turns out to be."""
    kept, peer = pair
    sizes = [200_000, 70_000, 5, 300_000, connection.LARGE + 1, 0, 0, 70_000]
    answers = []

    def serve():
        for size in sizes:
            peer.sendall(frame(take(peer)[0], reply(b"y" * size)))

    server = threading.Thread(target=serve)
    server.start()
    for size in sizes:
        answers.append(kept.result(check(kept, 10)))
        assert bytes(answers[-1].payload) == b"y" * size
    server.join()
    assert len(answers[1].payload.obj) == len(reply(b"y" * 70_000))
    assert [len(answer.payload) for answer in answers] == sizes


def test_a_large_answer_in_parts(pair):
    """Each part comes after the kernel has waited long enough, the first one within the header."""
    kept, peer = pair
    call = check(kept, 10)
    sent = frame(call.stream, reply(bytes(range(256)) * 300))

    def serve():
        for start, end in ((0, 7), (7, 40), (40, 30_000), (30_000, 70_000), (70_000, len(sent))):
            peer.sendall(sent[start:end])
            time.sleep(0.15)

    server = threading.Thread(target=serve)
    server.start()
    assert bytes(kept.result(call).payload) == bytes(range(256)) * 300
    server.join()


def test_a_request_may_have_exactly_the_limit(pair):
    room = frames.LIMIT - frames.request(1, HEALTH, "Check", b"x" * 4194000, 1)[1] + 10 + 4194000
    assert len(joined(frames.request(1, HEALTH, "Check", b"x" * room, 1))) == frames.LIMIT + 10
    kept, peer = pair
    with pytest.raises(errors.InvalidOption) as caught:
        kept.start(HEALTH, "Check", b"x" * (room + 1), 1)
    assert "4194305" in str(caught.value)
    assert kept.under_way == 0
    call = check(kept)
    peer.sendall(frame(call.stream, reply()))
    assert kept.result(call).code == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x80\x00\x00\x00" * 4,
        frame(1, b"", 2, 4194305),
    ],
)
def test_a_peer_that_speaks_something_else(pair, answer):
    kept, peer = pair
    call = check(kept)
    peer.sendall(answer)
    with pytest.raises(errors.Malformed) as caught:
        kept.result(call)
    assert "does not speak ttRPC" in str(caught.value)
    with pytest.raises(errors.Malformed):
        check(kept)


def test_an_answer_that_is_no_message_fails_its_call_only(pair):
    kept, peer = pair
    bad, good = check(kept), check(kept)
    peer.sendall(frame(bad.stream, b"\xff\xff") + frame(good.stream, reply()))
    with pytest.raises(errors.Malformed):
        kept.result(bad)
    assert kept.result(good).code == 0


@pytest.mark.parametrize("begun", [b"", b"\x00\x00", frame(1, b"abc", size=9), frame(1, b"x" * 9, size=3_000_000)])
def test_a_peer_that_hangs_up(pair, begun):
    kept, peer = pair
    calls = [check(kept), check(kept)]
    take(peer), take(peer)
    peer.sendall(begun)
    peer.close()
    for call in calls:
        with pytest.raises(errors.Interrupted) as caught:
            kept.result(call)
        assert ("in the middle of an answer" in str(caught.value)) == bool(begun)
    assert not kept.drain()
    with pytest.raises(errors.Interrupted):
        check(kept)


@pytest.mark.parametrize("begun", [b"", b"\x00\x00", frame(1, b"abc", size=9), frame(1, b"x", size=frames.LIMIT)])
def test_half_a_frame_and_silence(pair, begun):
    kept, peer = pair
    call = check(kept, 0.01)
    peer.sendall(begun)
    with pytest.raises(errors.TimedOut):
        kept.result(call)


def test_a_peer_that_does_not_read(pair):
    kept, _peer = pair
    with pytest.raises(errors.TimedOut) as caught:
        for _call in range(100):
            kept.start(HEALTH, "Check", b"x" * 1_000_000, 0.01)
    assert "stopped reading" in str(caught.value)
    with pytest.raises(errors.TimedOut):
        check(kept)


def test_a_peer_that_writes_before_it_reads(pair):
    """Both sides have more to say than the socket holds: sending must read meanwhile."""
    kept, peer = pair
    asked = [check(kept, 10) for _number in range(8)]
    for _call in asked:
        take(peer)

    def serve():
        for call in asked:
            peer.sendall(frame(call.stream, reply(b"y" * 500_000)))
        stream, _request = take(peer)
        peer.sendall(frame(stream, reply()))

    server = threading.Thread(target=serve)
    server.start()
    last = kept.start(HEALTH, "Check", b"x" * 4_000_000, 10)
    assert kept.result(last).code == 0
    assert all(len(kept.result(call).payload) == 500_000 for call in asked)
    server.join()


def test_a_request_of_many_pieces_is_one_that_a_kernel_takes():
    storages = [{"driver": "ephemeral", "mount_point": f"/run/volumes/{number}"} for number in range(3000)]
    pieces = codec.encode_parts("UpdateEphemeralMountsRequest", {"storages": storages})
    assert len(pieces) == 3000
    sent, _size = frames.request(1, AGENT, "UpdateEphemeralMounts", pieces, 1.0)
    assert len(sent) < 1024 and b"".join(pieces) in b"".join(sent)


@pytest.mark.parametrize("timeout", [0, -1, 1e12])
def test_every_call_has_a_limit(pair, timeout):
    with pytest.raises(errors.InvalidOption):
        check(pair[0], timeout)


def test_ten_thousand_malformed_frames(monkeypatch):
    """None of them hangs, none raises anything but an error of the catalogue, and what was right stays right."""
    monkeypatch.setattr(connection, "GRACE", 0.0)
    chance = random.Random(11)
    good = [reply(b"\x08\x01"), reply(code=13, message="Invalid container id"), reply(b"d" * 300)]
    outcomes = {"answered": 0, "refused": 0}
    began = time.monotonic()
    for turn in range(10_000):
        ours, theirs = socket.socketpair()
        kept = Connection(ours, "unix:/s")
        call = check(kept, 60)
        data = bytearray(frame(1, chance.choice(good)))
        kind = turn % 4
        if kind == 0:
            data = bytearray(chance.randbytes(chance.randrange(64)))
        elif kind == 1:
            del data[chance.randrange(len(data)) :]
        else:
            for _damage in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        theirs.sendall(bytes(data))
        theirs.close()
        try:
            answer = kept.result(call)
        except errors.FleetError:
            outcomes["refused"] += 1
        else:
            outcomes["answered"] += 1
            assert 0 <= len(answer.payload) <= 300
        kept.close()
    assert outcomes["answered"] > 500 and outcomes["refused"] > 5000
    assert time.monotonic() - began < 60
