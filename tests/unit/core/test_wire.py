# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 on a socket, byte by byte, with `http.client` and `http.server` as witnesses."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Connection, ProtocolError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    connection = Connection(ours, "localhost")
    yield connection, theirs
    connection.close()
    theirs.close()


def answered(pair, answer, hang_up=False):
    """What comes of an answer that is already there."""
    connection, theirs = pair
    theirs.sendall(answer)
    if hang_up:
        theirs.shutdown(socket.SHUT_WR)
    return connection.exchange("GET", "/x", {})


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 5\r\nETag: a\r\n\r\nhello",
        b"HTTP/1.1 200 OK\nContent-Length: 5\netag:a\n\nhello",
        CHUNKED + b"Etag:  a \r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
        CHUNKED + b"ETag: a\r\n\r\n5\r\nhello\r\n0\r\nTrailer: t\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"
        + OK
        + b"Content-Length: 5\r\nETag: a\r\n\r\nhello",
    ],
    ids=["length", "bare line feeds", "chunks", "trailers", "interim answers"],
)
def test_an_answer_is_read_to_its_end_and_no_further(pair, answer):
    for _time in range(2):
        response = answered(pair, answer)
        assert (response.status, response.body, response.headers["etag"]) == (200, b"hello", "a")
    assert pair[0].reusable


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(pair, status):
    assert answered(pair, b"HTTP/1.1 %d X\r\nContent-Length: 3\r\n\r\n" % status).body == b""


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"\r\nok",
    ],
)
def test_a_connection_that_ends_is_not_used_again(pair, answer):
    assert answered(pair, answer, hang_up=True).body == b"ok"
    assert not pair[0].reusable


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        OK + b"Content-",
        OK + b"Content-Length: 5\r\n\r\nhel",
        CHUNKED + b"\r\n5\r\nhel",
        CHUNKED + b"\r\n3\r\nhel\r\n",
    ],
)
def test_half_an_answer_is_a_broken_connection(pair, answer):
    with pytest.raises(ConnectionError):
        answered(pair, answer, hang_up=True)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: five\r\n\r\n",
        CHUNKED + b"\r\nxyz\r\n",
        CHUNKED + b"\r\n2\r\nhello\r\n",
        OK + b"A: b\r\n" * 300 + b"\r\n",
        OK + b"A: " + b"b" * 70000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_told_apart(pair, answer):
    with pytest.raises(ProtocolError):
        answered(pair, answer)


@pytest.mark.parametrize(("target", "headers"), [("/x\r\nHost: evil", {}), ("/a b", {}), ("/", {"X": "a\r\nY: b"})])
def test_nothing_can_be_smuggled_into_a_request(pair, target, headers):
    with pytest.raises(ValueError, match="line breaks"):
        pair[0].exchange("GET", target, headers)


class Replay:
    """A socket of recorded bytes, as `http.client` reads one."""

    def __init__(self, data):
        self.data = data

    def makefile(self, mode):
        return io.BytesIO(self.data)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\nnone",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    ],
)
def test_the_standard_library_reads_the_same(pair, answer):
    witness = http.client.HTTPResponse(Replay(answer))
    witness.begin()
    ours = answered(pair, answer)
    assert (witness.status, witness.read()) == (ours.status, ours.body)
    assert {name.lower(): value for name, value in witness.getheaders()} == ours.headers


@pytest.mark.parametrize(
    ("method", "body", "headers", "sent"),
    [
        ("GET", None, {"If-Match": "e"}, b""),
        ("POST", None, {}, b""),
        ("PUT", b"{}", {"Content-Type": "application/json"}, b"{}"),
        ("POST", [b"ab", b"cd"], {"Content-Length": "4"}, b"abcd"),
    ],
)
def test_a_request_is_what_a_server_understands(pair, method, body, headers, sent):
    connection, theirs = pair
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((self.command, self.path, dict(self.headers), content))
            self.send_response_only(204)
            self.end_headers()
            self.close_connection = True

        do_GET = do_POST = do_PUT = answer

    thread = threading.Thread(target=Handler, args=(theirs, ("peer", 0), None))
    thread.start()
    assert connection.exchange(method, "/x?y=z", headers, body).status == 204
    thread.join(5)
    ((command, target, received, content),) = seen
    assert (command, target, content) == (method, "/x?y=z", sent)
    assert headers.items() <= received.items() and received["Host"] == "localhost"


def test_a_refused_upload_still_gets_its_answer(pair):
    connection, theirs = pair
    theirs.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    theirs.shutdown(socket.SHUT_RD)
    response = connection.exchange("POST", "/x", {"Content-Length": str(65536 * 100)}, [b"x" * 65536] * 100)
    assert (response.status, response.body) == (403, b"no")
    assert not connection.reusable


@pytest.mark.parametrize(
    ("head", "body", "blocks"),
    [
        (OK + b"Content-Length: 600000\r\n\r\n", b"x" * 600000, 3),
        (CHUNKED + b"\r\n", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 2),
        (OK + b"\r\n", b"x" * 300000, 2),
        (OK + b"Content-Length: 0\r\n\r\n", b"", 0),
    ],
)
def test_a_content_can_be_taken_block_by_block(pair, head, body, blocks):
    connection, theirs = pair
    taken = []
    thread = threading.Thread(target=lambda: (theirs.sendall(head + body), theirs.shutdown(socket.SHUT_WR)))
    thread.start()
    response = connection.exchange("GET", "/x", {}, sink=taken.append)
    thread.join(5)
    assert response.body == b"" and len(taken) == blocks
    assert b"".join(taken) == (b"abcde" if b"chunked" in head else body)


def test_what_is_no_success_is_not_taken(pair):
    connection, theirs = pair
    theirs.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")
    taken = []
    assert connection.exchange("GET", "/x", {}, sink=taken.append).body == b"none" and taken == []
