# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WebSocket frames byte by byte, and a connection whose other end is a script."""

from __future__ import annotations

import random
import socket
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.websocket import (
    ABNORMAL,
    BINARY,
    CLOSE,
    CONTINUATION,
    NO_CODE,
    PING,
    PONG,
    TEXT,
    Decoder,
    End,
    Message,
    Violation,
    WebSocket,
    accept_for,
    encode,
    ending,
    judge,
    masked,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import ProtocolError

# RFC 6455, sections 1.3 and 5.7
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
MASK = bytes.fromhex("37fa213d")


def frame(opcode, payload=b"", *, final=True, reserved=0):
    """A frame of a server."""
    size = len(payload)
    if size < 126:
        length = bytes((size,))
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes((opcode | reserved | (0x80 if final else 0),)) + length + payload


def unmask(data):
    """The frames of a client, each as opcode and payload."""
    frames = []
    while data:
        assert data[1] & 0x80, "a client masks"
        size, begin = data[1] & 0x7F, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, begin = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
        mask, payload = data[begin : begin + 4], data[begin + 4 : begin + 4 + size]
        frames.append((data[0], bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))))
        data = data[begin + 4 + size :]
    return frames


# -- frames


@pytest.mark.parametrize(
    ("opcode", "payload", "final", "wire"),
    [
        (TEXT, b"Hello", True, "818537fa213d7f9f4d5158"),
        (PING, b"Hello", True, "898537fa213d7f9f4d5158"),
        (TEXT, b"Hel", False, "018337fa213d7f9f4d"),
        (CLOSE, b"", True, "888037fa213d"),
    ],
)
def test_frames_of_the_standard(opcode, payload, final, wire):
    assert encode(opcode, payload, final=final, mask=MASK).hex() == wire


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 65535, 65536, 70001])
def test_what_is_encoded_is_what_was_meant(size):
    payload = random.Random(size).randbytes(size)
    assert unmask(encode(BINARY, payload)) == [(0x80 | BINARY, payload)]
    assert masked(masked(payload, MASK), MASK) == payload


def test_every_frame_has_a_mask_of_its_own():
    assert len({encode(TEXT, b"")[2:] for _frame in range(50)}) == 50


STREAM = b"".join(
    [
        frame(TEXT, "grüße".encode()),
        frame(BINARY, b"\0\xff" * 40, final=False),
        frame(PING, b"between"),
        frame(CONTINUATION, b"", final=False),
        frame(PONG),
        frame(CONTINUATION, b"\x81\x82end"),
        frame(BINARY, b"x" * 300),
        frame(BINARY, b"y" * 66000),
        frame(TEXT),
        frame(CLOSE, b"\x03\xe8bye"),
    ]
)
MESSAGES = [
    Message(TEXT, "grüße".encode()),
    Message(PING, b"between"),
    Message(PONG, b""),
    Message(BINARY, b"\0\xff" * 40 + b"\x81\x82end"),
    Message(BINARY, b"x" * 300),
    Message(BINARY, b"y" * 66000),
    Message(TEXT, b""),
    Message(CLOSE, b"\x03\xe8bye"),
]


def test_a_stream_may_be_split_anywhere():
    places = [*range(600), *range(600, len(STREAM), 997), *range(len(STREAM) - 20, len(STREAM))]
    for place in places:
        decoder = Decoder()
        assert [*decoder.feed(STREAM[:place]), *decoder.feed(STREAM[place:])] == MESSAGES, place
        assert decoder.between


def test_a_stream_may_come_byte_by_byte():
    short = STREAM.replace(frame(BINARY, b"y" * 66000), b"")
    decoder = Decoder()
    found = [message for index in range(len(short)) for message in decoder.feed(short[index : index + 1])]
    assert found == [message for message in MESSAGES if len(message.payload) < 66000]


@pytest.mark.parametrize("part", [frame(TEXT, b"abc")[:-1], frame(TEXT, b"abc", final=False), b"\x81", b"\x82\x7e\x01"])
def test_a_part_of_a_message_is_noticed(part):
    decoder = Decoder()
    assert list(decoder.feed(part)) == []
    assert not decoder.between


@pytest.mark.parametrize(
    ("wire", "said", "code"),
    [
        (encode(TEXT, b"masked"), "masked", 1002),
        (frame(TEXT, b"x", reserved=0x40), "extension", 1002),
        (frame(0x3, b"x"), "opcode 3", 1002),
        (frame(0xB, b"x"), "opcode 11", 1002),
        (frame(PING, b"x", final=False), "control frame", 1002),
        (frame(PING, b"x" * 126), "control frame", 1002),
        (frame(CONTINUATION, b"x"), "does not belong", 1002),
        (frame(TEXT, b"x", final=False) + frame(TEXT, b"y"), "no end", 1002),
        (b"\x82\x7e\x00\x05hello", "length", 1002),
        (b"\x82\x7f" + (5).to_bytes(8, "big") + b"hello", "length", 1002),
        (b"\x82\x7f\xff" + bytes(7), "length", 1002),
        (frame(TEXT, b"\xff\xfe"), "UTF-8", 1007),
        (frame(TEXT, b"\xc3", final=False) + frame(CONTINUATION, b"\x28"), "UTF-8", 1007),
        (frame(CLOSE, b"\x03"), "valid code", 1002),
        (frame(CLOSE, b"\x03\xed"), "valid code", 1002),
        (frame(CLOSE, b"\x03\xe8\xff"), "UTF-8", 1007),
        (b"HTTP/1.1 400 Bad Request\r\n", "extension", 1002),
    ],
)
def test_what_breaks_the_rules_is_refused(wire, said, code):
    with pytest.raises(Violation, match=said) as caught:
        list(Decoder().feed(wire))
    assert caught.value.code == code


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_codes_that_nobody_may_send(code):
    with pytest.raises(Violation):
        ending(code.to_bytes(2, "big"))


def test_the_end_and_its_reason():
    assert ending(b"") == End(NO_CODE)
    assert ending(b"\x03\xe9away") == End(1001, "away")
    assert ending(b"\x0b\xb8") == End(3000)


def test_a_message_that_is_too_long_is_refused_before_it_comes():
    with pytest.raises(Violation, match="longer than 10 bytes") as caught:
        list(Decoder(limit=10).feed(frame(BINARY, b"x" * 11)[:2]))
    assert caught.value.code == 1009
    with pytest.raises(Violation, match="longer"):
        list(Decoder(limit=10).feed(frame(BINARY, b"x" * 6, final=False) + frame(CONTINUATION, b"x" * 5)))
    assert list(Decoder(limit=10).feed(frame(BINARY, b"x" * 10))) == [Message(BINARY, b"x" * 10)]


def test_messages_before_a_violation_are_not_lost():
    messages = Decoder().feed(frame(TEXT, b"good") + frame(0x3))
    assert next(messages) == Message(TEXT, b"good")
    with pytest.raises(Violation):
        next(messages)


def test_garbage_never_hangs_and_never_breaks_anything_else():
    for seed in range(300):
        decoder = Decoder(limit=1000)
        try:
            for message in decoder.feed(random.Random(seed).randbytes(400)):
                assert len(message.payload) <= 1000
        except Violation as error:
            assert error.code in (1002, 1007, 1009)


# -- the handshake

AGREED = {"upgrade": "WebSocket", "connection": "keep-alive, Upgrade", "sec-websocket-accept": ACCEPT}


def test_the_key_of_the_standard():
    assert accept_for(KEY) == ACCEPT
    judge(101, AGREED, KEY, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"upgrade": "h2c"}, "agrees to no WebSocket"),
        ({"connection": "keep-alive"}, "agrees to no WebSocket"),
        ({"sec-websocket-accept": "AAAA"}, "key"),
        ({"sec-websocket-accept": ""}, "key"),
        ({"sec-websocket-extensions": "permessage-deflate"}, "extension"),
        ({"sec-websocket-protocol": "chat"}, "protocol"),
    ],
)
def test_an_answer_that_does_not_agree(change, said):
    with pytest.raises(ProtocolError, match=said):
        judge(101, {**AGREED, **change}, KEY, {"Sec-WebSocket-Protocol": "v1, v2"})


def test_a_protocol_that_was_asked_for():
    judge(101, {**AGREED, "sec-websocket-protocol": "v2"}, KEY, {"Sec-WebSocket-Protocol": "v1, v2"})


# -- the connection


class Peer:
    """The other end, without a WebSocket library."""

    def __init__(self, sock):
        sock.settimeout(5)
        self.sock = sock
        self.request = ""

    def agree(self, more=b""):
        """Answer the handshake, with more bytes right behind it."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.sock.recv(65536)
        self.request = data.decode()
        key = next(line.split(": ")[1] for line in self.request.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        head = f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_for(key)}"
        self.sock.sendall(f"{head}\r\n\r\n".encode() + more)

    def frames(self, count):
        """So many short frames of the client."""
        data = b""
        while not data or len(unmask(data)) < count:
            data += self.sock.recv(65536)
        return unmask(data)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    link, peer = WebSocket(ours, "unix:/x GET /events", timeout=5), Peer(theirs)
    yield link, peer
    link.abandon()
    theirs.close()


@pytest.fixture
def opened(pair):
    link, peer = pair
    link.greet("localhost", "/events")
    peer.agree()
    link.welcome()
    return link, peer


def test_the_request_of_the_handshake(pair):
    link, peer = pair
    answering = threading.Thread(target=peer.agree)
    answering.start()
    assert link.open("example", "/1.0/events?type=config", {"X-One": "1"}) is link
    answering.join(5)
    lines = peer.request.split("\r\n")
    assert lines[0] == "GET /1.0/events?type=config HTTP/1.1"
    assert {"Host: example", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"} < set(lines)
    assert "X-One: 1" in lines


def test_a_header_cannot_smuggle_another(pair):
    with pytest.raises(ValueError, match="line breaks"):
        pair[0].greet("localhost", "/", {"X": "a\r\nY: b"})


def test_frames_may_come_with_the_answer(pair):
    link, peer = pair
    link.greet("localhost", "/")
    peer.agree(more=frame(TEXT, b"early") + frame(TEXT, b"late")[:3])
    link.welcome()
    assert link.ready and link.receive() == Message(TEXT, b"early")
    assert not link.ready and link.take() == []
    peer.sock.sendall(frame(TEXT, b"late")[3:])
    assert link.receive(5) == Message(TEXT, b"late")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", errors.Malformed, "begins with b'SSH-2"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", errors.Refused, "with 200"),
        (b"HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\nnot found", errors.NotFound, "with 404: not found"),
        (b"HTTP/1.1 401 X\r\nContent-Length: 2\r\n\r\nno", errors.Forbidden, "with 401: no"),
        (b"HTTP/1.1 500 X\r\nContent-Length: 99\r\n\r\nhalf", errors.Refused, "with 500: half"),
        (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", errors.Malformed, "the key"),
        (b"HTTP/1.1 101", errors.Interrupted, "during the WebSocket handshake"),
        (b"", errors.Interrupted, "during the WebSocket handshake"),
        (b"HTTP/1.1 101 X\r\nA: " + b"x" * 70000, errors.Malformed, "begins with b'HTTP"),
    ],
)
def test_a_handshake_that_fails(pair, answer, kind, said):
    link, peer = pair
    link.greet("localhost", "/events?secret=s3cr3t")
    peer.sock.sendall(answer)
    peer.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(kind, match=said) as caught:
        link.welcome()
    assert "GET /events" in str(caught.value) and "s3cr3t" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_handshake_that_nobody_answers():
    ours, theirs = socket.socketpair()
    link = WebSocket(ours, "here", timeout=0.1)
    link.greet("localhost", "/")
    with pytest.raises(errors.TimedOut, match=r"silent for 0\.1 s"):
        link.welcome()
    link.abandon()
    theirs.close()


def test_messages_in_both_directions(opened):
    link, peer = opened
    link.send("grüße")
    link.send(b"\0\xff")
    assert peer.frames(2) == [(0x80 | TEXT, "grüße".encode()), (0x80 | BINARY, b"\0\xff")]
    peer.sock.sendall(frame(BINARY, b"ab", final=False) + frame(CONTINUATION, b"cd"))
    assert link.receive(5) == Message(BINARY, b"abcd")


def test_pings_are_answered_also_between_fragments(opened):
    link, peer = opened
    peer.sock.sendall(frame(TEXT, b"a", final=False) + frame(PING, b"alive?") + frame(CONTINUATION, b"b"))
    assert link.receive(5) == Message(TEXT, b"ab")
    assert peer.frames(1) == [(0x80 | PONG, b"alive?")]
    link.ping()
    assert link.flush() and peer.frames(1) == [(0x80 | PING, b"")]


def test_the_peer_closes(opened):
    link, peer = opened
    peer.sock.sendall(frame(TEXT, b"last") + frame(CLOSE, b"\x03\xe9going") + frame(TEXT, b"after"))
    assert link.receive(5) == Message(TEXT, b"last")
    assert link.receive(5) is None
    assert link.ended == End(1001, "going")
    assert peer.frames(1) == [(0x80 | CLOSE, b"\x03\xe9")]
    link.close()


def test_we_close_and_wait_for_the_answer(opened):
    link, peer = opened
    seen = []

    def answer():
        seen.extend(peer.frames(1))
        peer.sock.sendall(frame(TEXT, b"on its way") + frame(CLOSE, b"\x03\xe8"))

    answering = threading.Thread(target=answer)
    answering.start()
    link.close(1000, "done", patience=5)
    answering.join(5)
    assert seen == [(0x80 | CLOSE, b"\x03\xe8done")]
    assert link.ended == End(1000) and link.fileno() == -1


def test_closing_what_is_cut_already_is_no_error(opened):
    link, peer = opened
    peer.sock.close()
    link.close()
    assert link.fileno() == -1


@pytest.mark.parametrize(
    ("wire", "kind", "said"),
    [
        (b"", errors.Interrupted, "the server hung up"),
        (frame(TEXT, b"whole")[:-1], errors.Interrupted, "in the middle of a message"),
        (frame(TEXT, b"a", final=False), errors.Interrupted, "in the middle of a message"),
        (frame(0x7), errors.Malformed, "does not speak WebSocket: a frame has the unknown opcode 7"),
    ],
)
def test_a_connection_that_breaks(opened, wire, kind, said):
    link, peer = opened
    peer.sock.sendall(wire)
    peer.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(kind, match=said):
        link.receive(5)


def test_a_violation_is_told_to_the_peer(opened):
    link, peer = opened
    peer.sock.sendall(frame(TEXT, b"\xff"))
    with pytest.raises(errors.Malformed, match="not UTF-8"):
        link.receive(5)
    assert peer.frames(1) == [(0x80 | CLOSE, b"\x03\xef")]


def test_without_waiting_an_end_is_only_noted(opened):
    link, peer = opened
    peer.sock.sendall(frame(BINARY, b"x"))
    peer.sock.shutdown(socket.SHUT_WR)
    assert link.receive(5) == Message(BINARY, b"x")
    with pytest.raises(errors.Interrupted):
        link.receive(5)
    assert link.ended == End(ABNORMAL) and link.take() == []


def test_what_came_before_the_peer_hung_up_is_read_also_where_it_takes_no_answers(opened):
    link, peer = opened
    link.send("never read")
    peer.sock.sendall(frame(PING, b"keepalive") + frame(BINARY, b"data") + frame(TEXT))
    peer.sock.close()  # with something unread: that is a reset
    assert link.take() == [Message(BINARY, b"data"), Message(TEXT, b"")]
    assert link.take() == [] and link.ended == End(ABNORMAL)


def test_sending_to_a_peer_that_is_gone_is_an_error(opened):
    link, peer = opened
    peer.sock.close()
    with pytest.raises(errors.Interrupted, match="the connection broke"):
        link.send("hello")


def test_nothing_comes_in_time(opened):
    with pytest.raises(errors.TimedOut, match=r"silent for 0\.05 s"):
        opened[0].receive(0.05)


def test_two_who_both_send_much_do_not_wait_for_each_other(opened):
    link, peer = opened
    much = bytes(3 << 20)
    got = []

    def other():
        peer.sock.sendall(frame(BINARY, much))  # before it reads anything
        data = bytearray()
        while len(data) < len(much):
            data += peer.sock.recv(1 << 20)
        got.append(len(data))

    thread = threading.Thread(target=other)
    thread.start()
    link.send(much)
    assert link.receive(5) == Message(BINARY, much)
    thread.join(5)
    assert got and got[0] >= len(much)


def test_a_peer_that_does_not_read_is_given_up(opened):
    link, _peer = opened
    link.timeout = 0.1
    with pytest.raises(errors.TimedOut):
        link.send(bytes(8 << 20))
