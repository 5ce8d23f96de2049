# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport: requests as data, kept connections, what is repeated and what never is."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, Transport, UnixEndpoint, path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def server(tmp_path):
    """A server that follows a script: for each connection, the answers it gives before it hangs up."""
    where = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(where)
    listener.listen()
    received = []

    def serve(*connections):
        def run():
            for answers in connections:
                try:
                    connection, _address = listener.accept()
                except OSError:  # the test is over before all connections came, and has closed the listener
                    return
                with connection:
                    for answer in answers:
                        received.append(connection.recv(65536).split(b"\r\n", 1)[0].decode())
                        if answer is None:
                            break
                        with contextlib.suppress(BrokenPipeError):  # the client may have given up
                            connection.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return Transport(UnixEndpoint(where), timeout=5), received, thread

    yield serve
    listener.close()


def test_paths_and_queries_are_quoted():
    assert path("1.0", "a/b", "ü") == "/1.0/a%2Fb/%C3%BC"
    assert Request("GET", "/x", {"project": "a b", "filter": ""}).target == "/x?project=a+b&filter="
    assert Request("GET", "/x").target == "/x"


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_path_has_no_segment_that_means_another_place(segment):
    with pytest.raises(errors.InvalidOption, match="is no name"):
        path("1.0", "profiles", segment)


def test_a_request_is_described_without_its_values():
    request = Request("PUT", "/x", {"p": "q"}, {"secret": "s"}, ["secret"])
    assert request.describe() == {"method": "PUT", "path": "/x?p=q", "keys": ["secret"]}


def test_one_connection_serves_many_requests(server):
    transport, received, thread = server([OK, OK, OK])
    for _time in range(3):
        assert transport.request("GET", "/a").body == b"ok"
    transport.close()
    thread.join(5)
    assert len(received) == 3


def test_a_connection_that_was_closed_meanwhile_is_noticed_before_sending(server):
    transport, received, thread = server([OK], [OK])
    transport.request("GET", "/a")
    threading.Event().wait(0.1)
    assert transport.request("POST", "/b").status == 200
    transport.close()
    assert received == ["GET /a HTTP/1.1", "POST /b HTTP/1.1"]


def test_a_get_that_broke_on_a_kept_connection_is_repeated_once(server):
    transport, received, thread = server([OK, None], [OK])
    transport.request("GET", "/a")
    assert transport.request("GET", "/b").body == b"ok"
    transport.close()
    assert received == ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /b HTTP/1.1"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_is_never_repeated(server, method):
    transport, received, thread = server([OK, None], [OK])
    transport.request("GET", "/a")
    with pytest.raises(errors.Interrupted, match="closed the connection before it had answered"):
        transport.request(method, "/b")
    assert received.count(f"{method} /b HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", errors.Interrupted),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", errors.Interrupted),
        (b"SSH-2.0-OpenSSH_9.2\r\n", errors.Malformed),
    ],
)
def test_half_an_answer_and_another_protocol_are_errors(server, answer, kind):
    transport, received, thread = server([answer])
    with pytest.raises(kind):
        transport.request("GET", "/a")


def test_an_answer_that_does_not_come_names_its_request(server):
    transport, received, thread = server([b"HTTP/1.1 200 OK\r\n", OK])
    with pytest.raises(errors.TimedOut, match=r"no answer within 0\.2 s .*GET /1\.0/networks/br0"):
        transport.request("GET", "/1.0/networks/br0", timeout=0.2)


def test_no_socket_and_nobody_listening_are_told_apart(tmp_path):
    with pytest.raises(errors.NoSocket, match="there is no such socket"):
        Transport(UnixEndpoint(str(tmp_path / "none"))).request("GET", "/")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "left"))
    left.close()
    with pytest.raises(errors.Unreachable, match="the socket exists but no daemon listens on it"):
        Transport(UnixEndpoint(str(tmp_path / "left"))).request("GET", "/")


def test_every_thread_has_a_connection_of_its_own(server):
    transport, received, thread = server([OK, OK], [OK])
    transport.request("GET", "/a")
    other = threading.Thread(target=transport.request, args=("GET", "/b"))
    transport.request("GET", "/c")
    transport.close()
    other.start()
    other.join(5)
    assert sorted(received) == ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1"]


def test_a_content_that_is_taken_in_blocks_is_never_asked_for_twice(server):
    transport, received, thread = server([OK, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], [OK])
    taken = []
    assert transport.request("GET", "/a", sink=taken.append).body == b""
    with pytest.raises(errors.Interrupted, match="before it had answered"):
        transport.request("GET", "/b", sink=taken.append)
    assert taken == [b"ok"] and received == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]
