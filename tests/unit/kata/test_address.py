# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses, handshakes, discovery, and what a foreign agent is protected from."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import (
    address,
    agent,
    codec,
    connection,
    frames,
    options,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.address import Address, connect, parse
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS


@pytest.mark.parametrize(
    ("text", "expected", "again"),
    [
        ("vsock://3:1024", Address("vsock", "3", 1024), None),
        ("vsock://830455376", Address("vsock", "830455376", 1024), "vsock://830455376:1024"),
        ("hvsock:///run/vc/vm/a/clh.sock:1026", Address("hvsock", "/run/vc/vm/a/clh.sock", 1026), None),
        (
            "hvsock:///run/kata/a/ch-vm.sock",
            Address("hvsock", "/run/kata/a/ch-vm.sock", 1024),
            "hvsock:///run/kata/a/ch-vm.sock:1024",
        ),
        ("unix:///run/a.sock", Address("unix", "/run/a.sock"), None),
        ("/run/a.sock", Address("unix", "/run/a.sock"), "unix:///run/a.sock"),
        ("unix://@kata-agent.socket", Address("unix", "@kata-agent.socket"), None),
        ("tcp://127.0.0.1:4321", Address("tcp", "127.0.0.1", 4321), None),
        ("tcp://[::1]:4321", Address("tcp", "::1", 4321), None),
        ("remote:///run/peerpod/pods/x/agent.ttrpc", Address("remote", "/run/peerpod/pods/x/agent.ttrpc"), None),
    ],
)
def test_addresses(text, expected, again):
    assert parse(text) == expected
    assert str(expected) == (again or text)
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no address"),
        ("run/a.sock", "is no address"),
        ("http://x:1", "is no address"),
        ("VSOCK://3:1", "is no address"),
        ("vsock://-1:1024", "where an agent listens"),
        ("vsock://x:1024", "no context id"),
        ("vsock://3:0", "no valid port"),
        ("vsock://3:1x", "no valid port"),
        ("vsock://\u0663:1024", "no context id"),
        ("hvsock://run/a:1024", "no absolute path"),
        ("hvsock:///run/a:x", "no valid port"),
        ("unix://run/a", "no absolute path"),
        ("unix://@", "no abstract socket"),
        ("remote://@a", "no absolute path"),
        ("unix:///" + "a" * 120, "too long"),
        ("tcp://127.0.0.1", "no host and port"),
        ("tcp://::1:80", "no host and port"),
        ("tcp://a:65536", "no valid port"),
    ],
)
def test_what_is_no_address_is_said(text, says):
    with pytest.raises(errors.InvalidOption) as caught:
        parse(text)
    assert says in str(caught.value)


def test_ports_of_a_machine():
    assert parse("vsock://3").at_port(1026) == Address("vsock", "3", 1026)
    assert str(parse("hvsock:///a").at_port(1025)) == "hvsock:///a:1025"
    with pytest.raises(errors.InvalidOption):
        parse("unix:///a").at_port(1025)


@contextlib.contextmanager
def listening(target, serve, family=socket.AF_UNIX):
    """A server whose connections are handled one after the other."""
    server = socket.socket(family)
    server.bind(target)
    server.listen()
    server.settimeout(5)
    handled = []

    def work():
        while True:
            try:
                peer, _where = server.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                handled.append(serve(peer, len(handled)))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        yield server.getsockname()
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        worker.join()


def echo(peer, _number):
    data = peer.recv(100)
    peer.sendall(data)
    return data


def talk(text, timeout=2.0):
    with connect(parse(text), timeout) as sock:
        sock.sendall(b"hello")
        return sock.recv(100)


def test_unix_abstract_remote_and_tcp(tmp_path):
    path = str(tmp_path / "s")
    with listening(path, echo):
        assert talk(f"unix://{path}") == b"hello"
        assert talk(f"remote://{path}") == b"hello"
    with listening(b"\0nfvt-kata-test", echo):
        assert talk("unix://@nfvt-kata-test") == b"hello"
    with listening(("127.0.0.1", 0), echo, socket.AF_INET) as where:
        assert talk(f"tcp://127.0.0.1:{where[1]}") == b"hello"


def lines(peer):
    data = b""
    while not data.endswith(b"\n"):
        data += peer.recv(1)
    return data


def test_hybrid_vsock_sends_nothing_before_the_answer_and_reads_no_further(tmp_path):
    path = str(tmp_path / "s")
    early = []

    def serve(peer, _number):
        asked = lines(peer)
        peer.settimeout(0.1)
        with contextlib.suppress(socket.timeout):
            early.append(peer.recv(100))
        peer.settimeout(5)
        peer.sendall(b"OK 5\nalready")
        peer.sendall(peer.recv(100))
        return asked

    with listening(path, serve), connect(parse(f"hvsock://{path}:1024"), 5) as sock:
        sock.sendall(b"!")
        data = b""
        while len(data) < 8:
            data += sock.recv(100)
        assert data == b"already!"
    assert early == []


def test_hybrid_vsock_asks_again_while_the_guest_boots(tmp_path, monkeypatch):
    monkeypatch.setattr(address, "PAUSE", 0.01)
    path = str(tmp_path / "s")

    def serve(peer, number):
        asked = lines(peer)
        if number == 3:
            peer.sendall(b"OK 1024\n")
            peer.sendall(peer.recv(10))
        return asked

    with listening(path, serve):
        assert talk(f"hvsock://{path}") == b"hello"


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (b"", errors.Unreachable, "refused port 1024: nobody in the guest listens"),
        (b"HTTP/1.1 400 Bad Request\r\n", errors.Unreachable, "where a hybrid vsock says OK"),
        (b"x" * 100, errors.Unreachable, "where a hybrid vsock says OK"),
        (None, errors.TimedOut, "did not answer the handshake"),
    ],
)
def test_hybrid_vsock_that_refuses(tmp_path, monkeypatch, answer, kind, says):
    monkeypatch.setattr(address, "PAUSE", 0.01)
    monkeypatch.setattr(address, "HANDSHAKE", 0.02)
    path = str(tmp_path / "s")

    def serve(peer, _number):
        lines(peer)
        if answer is None:
            with contextlib.suppress(OSError):
                peer.recv(1)
        else:
            peer.sendall(answer)

    with listening(path, serve), pytest.raises(kind) as caught:
        connect(parse(f"hvsock://{path}"), 0.1)
    assert says in str(caught.value)


def test_nobody_is_there(tmp_path):
    with pytest.raises(errors.NoSocket):
        connect(parse(f"unix://{tmp_path}/none"), 1)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(errors.Unreachable) as caught:
        connect(parse(f"unix://{tmp_path}/dead"), 1)
    assert "start it again" in str(caught.value)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(errors.Unreachable):
        connect(parse(f"tcp://127.0.0.1:{port}"), 1)
    with pytest.raises(errors.Unreachable):
        connect(parse("tcp://host.invalid:1"), 5)


# Discovery


@pytest.fixture
def shims(tmp_path, monkeypatch):
    """The two places where shims listen."""
    places = (f"{tmp_path}/go/{{}}/s", f"{tmp_path}/rs/{{}}/s")
    monkeypatch.setattr(address, "MONITORS", places)
    return tmp_path


@contextlib.contextmanager
def shim(folder, answer):
    folder.mkdir(parents=True)

    def serve(peer, _number):
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += peer.recv(1000)
        assert asked.startswith(b"GET /agent-url HTTP/1.1\r\n")
        peer.sendall(answer)

    with listening(str(folder / "s"), serve):
        yield


def http(body, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("runtime", ["go", "rs"])
def test_a_sandbox_is_found_through_either_runtime(shims, runtime):
    with shim(shims / runtime / "pod1", http("vsock://830455376:1024\n")):
        assert address.discover("pod1", 1) == Address("vsock", "830455376", 1024)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http("", "500 Internal Server Error"), "does not know"),
        (http("nonsense"), "is no address"),
        (b"SSH-2.0\r\n", "did not say"),
        (b"", "did not say"),
    ],
)
def test_a_shim_that_does_not_know(shims, answer, says):
    with shim(shims / "go" / "pod1", answer), pytest.raises(errors.FleetError) as caught:
        address.discover("pod1", 1)
    assert says in str(caught.value)


def test_a_sandbox_that_is_not_there(shims):
    (shims / "rs" / "0123456789abcdef").mkdir(parents=True)
    with pytest.raises(errors.NotFound) as caught:
        address.discover("01234", 1)
    assert "did you mean '0123456789abcdef'?" in str(caught.value)
    for wrong in ("", "../x", "a/b"):
        with pytest.raises(errors.InvalidOption):
            address.discover(wrong, 1)


# Options and sessions

PARAMS = {"address": None, "runtime_sandbox": None, "allow_foreign": False, "timeout": 1.0, "connect_timeout": 1.0}


def test_options(shims):
    assert options.address_of({**PARAMS, "address": "/s"}) == (Address("unix", "/s"), False)
    with pytest.raises(errors.InvalidOption) as caught:
        options.address_of(PARAMS)
    assert "neither" in str(caught.value)
    with pytest.raises(errors.InvalidOption):
        options.address_of({**PARAMS, "address": "/s", "timeout": 0.0})
    with shim(shims / "go" / "pod1", http("unix:///s")):
        assert options.address_of({**PARAMS, "address": "/other", "runtime_sandbox": "pod1"}) == (
            Address("unix", "/s"),
            True,
        )
        assert options.connect({**PARAMS, "runtime_sandbox": "pod1", "allow_foreign": True}).foreign is False


@pytest.fixture
def told(tmp_path):
    """An agent that knows one answer to each call, and the calls that it was sent."""
    answers = {}
    seen = []

    def serve(peer, _number):
        while True:
            head = peer.recv(frames.HEADER.size)
            if len(head) < frames.HEADER.size:
                return
            found = frames.header(head)
            envelope = codec.decode("ttrpc.Request", peer.recv(found.size))
            seen.append((envelope["method"], codec.decode(CALLS[envelope["method"]][1], envelope.get("payload", b""))))
            code, message, reply = answers.get(envelope["method"], (0, "", {}))
            body = codec.encode(
                "ttrpc.Response",
                {
                    "status": {"code": code, "message": message},
                    "payload": codec.encode(CALLS[envelope["method"]][2], reply),
                },
            )
            peer.sendall(frames.HEADER.pack(len(body), found.stream, frames.RESPONSE, 0) + body)

    path = str(tmp_path / "agent")
    with listening(path, serve), agent.Agent(parse(path), timeout=2) as session:
        yield session, answers, seen


def test_calls_with_dictionaries(told):
    session, answers, seen = told
    answers["WaitProcess"] = (0, "", {"status": 3})
    answers["UpdateContainer"] = (3, '"invalid container id"', {})
    assert session.call("WaitProcess", {"container_id": "box"}) == {"status": 3}
    assert session.full("Check") == {"status": "UNKNOWN"}
    reply, error = session.ask("UpdateContainer", {"container_id": "box"})
    assert reply is None and isinstance(error, errors.NotFound)
    assert "UpdateContainer" in error.endpoint
    assert [method for method, _request in seen] == ["WaitProcess", "Check", "UpdateContainer"]


def test_a_foreign_agent_keeps_what_is_not_ours(told):
    session, answers, seen = told
    session.foreign = True
    for method in agent.CONSUMING:
        with pytest.raises(errors.Refused) as caught:
            session.call(method, {"container_id": "box", "exec_id": "e"} if "Process" in method else {})
        assert "allow_foreign" in str(caught.value)
    assert seen == []
    answers["ExecProcess"] = (13, "exec_id 'e' already exists", {})
    with pytest.raises(errors.InUse):
        session.call("ExecProcess", {"container_id": "box", "exec_id": "e"})
    with pytest.raises(errors.Refused):
        session.call("WaitProcess", {"container_id": "box", "exec_id": "e"})
    del answers["ExecProcess"]
    session.call("ExecProcess", {"container_id": "box", "exec_id": "e"})
    assert session.call("WaitProcess", {"container_id": "box", "exec_id": "e"}) == {}


def test_a_broken_connection_is_opened_anew(told):
    session, _answers, _seen = told
    session.call("Check")
    first = session.connection()
    first.close()
    assert session.call("Check") == {}
    assert isinstance(session.connection(), connection.Connection) and session.connection() is not first
