# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command's streams, with a daemon that does what a test tells it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.websocket import accept_for
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.session import Command, Process

OPERATION = "/1.0/operations/7"
FDS = {"0": "in", "1": "out", "2": "err", "control": "ctl"}
STARTED = {"type": "async", "operation": OPERATION, "metadata": {"metadata": {"fds": FDS}}}
END = b"\x81\x00"  # an empty text


def ended(rc, code=200, err=""):
    """The answer to waiting for an operation."""
    return {"type": "sync", "metadata": {"status_code": code, "err": err, "metadata": {"return": rc}}}


def error(text, code=500):
    return {"type": "error", "error": text, "error_code": code}


def binary(payload):
    return bytes((0x82, len(payload))) + payload


class Daemon:
    """Serves the requests of one command. Streams are raw sockets, once their WebSockets are open.

    :param answers: by method and path; a callable is asked each time, and None hangs up
    """

    def __init__(self, where, answers):
        self.answers = answers
        self.seen = []
        self.streams = {}
        self.accepted = []
        self.complete = threading.Event()
        self.over = threading.Event()  # set, and waiting for the operation is answered
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(where)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.accepted.append(self.listener.accept()[0])
                threading.Thread(target=self.serve, args=self.accepted[-1:], daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while self.answer(connection, stream):
                """The next request on the same connection."""

    def answer(self, connection, stream):
        line = stream.readline().decode().split()
        if not line:
            return False
        rows = (row.decode().strip().split(": ", 1) for row in iter(stream.readline, b"\r\n"))
        headers = {name.lower(): value for name, value in rows}
        stream.read(int(headers.get("content-length", 0)))
        path, _mark, query = line[1].partition("?")
        self.seen.append(f"{line[0]} {path}")
        if path == f"{OPERATION}/websocket":
            return self.upgrade(connection, query.partition("=")[2], headers)
        if path == f"{OPERATION}/wait":
            self.over.wait(10)
        answer = self.answers[f"{line[0]} {path}"]
        answer = answer(self) if callable(answer) else answer
        if answer is None:
            connection.shutdown(socket.SHUT_RDWR)
            return False
        return self.reply(connection, answer)

    def reply(self, connection, answer):
        body = json.dumps(answer).encode()
        status = answer.get("error_code") or 200
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        return True

    def upgrade(self, connection, secret, headers):
        refusal = self.answers.get(f"{secret} refused")
        if refusal:
            return self.reply(connection, refusal)
        agreed = accept_for(headers["sec-websocket-key"])
        head = f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {agreed}\r\n\r\n"
        connection.sendall(head.encode())
        connection.settimeout(5)
        self.streams[secret] = connection
        if len(self.streams) == len(FDS):
            self.complete.set()
        return False

    def hear(self, name):
        """The next message of a stream: its opcode and its payload."""
        head = self.exactly(name, 2)
        size = head[1] & 0x7F
        if size > 125:
            size = int.from_bytes(self.exactly(name, 2 if size == 126 else 8), "big")
        mask = self.exactly(name, 4)
        return head[0] & 0xF, bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.exactly(name, size)))

    def exactly(self, name, size):
        data = b""
        while len(data) < size:
            more = self.streams[name].recv(size - len(data))
            assert more, "the client hung up"
            data += more
        return data

    def hang_up(self, *names):
        for name in names or list(self.streams):
            self.streams[name].shutdown(socket.SHUT_RDWR)
            self.streams[name].close()


@pytest.fixture
def daemon(tmp_path):
    """Makes a daemon that follows a script in a thread, once all streams are there, and a client of it."""
    made = []

    def make(script=lambda daemon: None, timeout=5, **answers):
        where = str(tmp_path / "s")
        named = {"POST /1.0/instances/x/exec": STARTED, f"GET {OPERATION}/wait": ended(0), **answers}
        made.append(Daemon(where, named))
        failed = []

        def act():
            try:
                if made[0].complete.wait(10):
                    script(made[0])
            except Exception as found:  # shown by the test, not by the thread
                failed.append(found)

        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        client = Client(UnixEndpoint(where), timeout=timeout)
        made.append((client, thread, failed))
        return client, made[0]

    yield make
    daemon, (client, thread, failed) = made
    client.transport.close()
    daemon.over.set()
    daemon.listener.shutdown(socket.SHUT_RDWR)
    daemon.listener.close()
    if daemon.complete.is_set():
        thread.join(5)
    for connection in daemon.accepted:
        connection.close()
    assert failed == []


COMMAND = Command("/1.0/instances/x", {"project": "p"}, ["sh", "-c", "s3cr3t"], {"A": "1"}, {"user": 5})


def test_the_request_names_keys_and_no_values():
    request = COMMAND.request()
    assert request.body["wait-for-websocket"] is True and request.body["interactive"] is False
    assert request.body["user"] == 5 and request.body["environment"] == {"A": "1"}
    assert request.describe() == {
        "method": "POST",
        "path": "/1.0/instances/x/exec?project=p",
        "keys": ["command", "environment.A", "user"],
    }


def test_streams_are_kept_apart_and_the_code_comes_last(daemon):
    def script(daemon):
        assert daemon.hear("in") == (2, b"in\0put")
        assert daemon.hear("in") == (1, b"")
        for stream, data in (("out", binary(b"a\0")), ("err", binary(b"oops")), ("out", binary(b"b") + END)):
            daemon.streams[stream].sendall(data)
        daemon.streams["ctl"].close()  # the daemon does so as soon as the command has ended
        daemon.streams["err"].sendall(END)
        daemon.hang_up("in", "out", "err")
        daemon.over.set()

    client, seen = daemon(script, **{f"GET {OPERATION}/wait": ended(3)})
    assert COMMAND.run(client, b"in\0put") == (3, b"a\0b", b"oops")
    assert seen.seen.count("POST /1.0/instances/x/exec") == 1


def test_a_long_input_goes_in_parts_while_output_comes(daemon):
    much = bytes(range(256)) * 1000

    def script(daemon):
        got = b""
        while True:
            opcode, payload = daemon.hear("in")
            if opcode == 1:
                break
            assert len(payload) <= 65536
            got += payload
        assert got == much
        daemon.streams["out"].sendall(END)
        daemon.streams["err"].sendall(END)
        daemon.over.set()

    client, _seen = daemon(script)
    assert COMMAND.run(client, much).rc == 0


def test_an_input_that_nobody_reads_any_more_is_no_error(daemon):
    def script(daemon):
        daemon.streams["in"].shutdown(socket.SHUT_RDWR)
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END)
        daemon.over.set()

    client, _seen = daemon(script)
    assert COMMAND.run(client, bytes(4 << 20)).rc == 0


@pytest.mark.parametrize("tail", [b"", binary(b"part"), binary(b"part")[:-1]])
def test_an_output_that_breaks_off_is_an_error_and_nothing_is_repeated(daemon, tail):
    def script(daemon):
        daemon.streams["out"].sendall(tail)
        daemon.hang_up("out")
        with contextlib.suppress(AssertionError):
            while daemon.hear("ctl"):
                """Until the client lets go of it, for which the daemon kills the command."""
        daemon.over.set()

    client, seen = daemon(script, **{f"GET {OPERATION}/wait": ended(137)})
    with pytest.raises(errors.Interrupted, match="the connection to the command broke") as caught:
        COMMAND.run(client)
    assert "s3cr3t" not in str(caught.value) and "secret" not in str(caught.value)
    assert seen.seen.count("POST /1.0/instances/x/exec") == 1


def test_a_daemon_that_is_gone_with_everything(daemon):
    def script(daemon):
        daemon.over.set()
        daemon.hang_up()

    client, _seen = daemon(script, **{f"GET {OPERATION}/wait": None})
    with pytest.raises(errors.Interrupted, match="what the command had done by then is not known"):
        COMMAND.run(client)


def test_a_command_that_could_not_begin_says_why(daemon):
    def script(daemon):
        daemon.over.set()
        daemon.hang_up()

    begun = {f"GET {OPERATION}/wait": error("Failed to retrieve PID"), f"GET {OPERATION}": ended(-1, 400)}
    client, _seen = daemon(script, **begun)
    with pytest.raises(errors.OperationFailed, match="Failed to retrieve PID"):
        COMMAND.run(client)


@pytest.mark.parametrize("marked", [True, False])
def test_a_failed_operation_may_still_be_a_command_that_ran(daemon, marked):
    def script(daemon):
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END if marked else b"")
        daemon.over.set()
        daemon.hang_up()

    answers = {f"GET {OPERATION}/wait": error("Command not found"), f"GET {OPERATION}": ended(127, 400)}
    client, _seen = daemon(script, **answers)
    assert COMMAND.run(client).rc == 127


def test_a_request_whose_answer_got_lost_is_sent_again_for_nothing_has_run(daemon):
    asked = []

    def post(daemon):
        asked.append(1)
        return None if len(asked) == 1 else STARTED

    def script(daemon):
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END)
        daemon.over.set()

    client, _seen = daemon(script, **{"POST /1.0/instances/x/exec": post})
    assert COMMAND.run(client).rc == 0
    assert len(asked) == 2


def test_the_end_is_asked_for_again_when_only_its_connection_broke(daemon):
    asked = []

    def wait(daemon):  # a GET is repeated once by itself where its connection had been kept
        asked.append(1)
        return None if len(asked) == 1 else ended(4)

    def script(daemon):
        daemon.over.set()
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END)

    client, _seen = daemon(script, **{f"GET {OPERATION}/wait": wait})
    assert COMMAND.run(client).rc == 4
    assert len(asked) == 2


def test_an_end_that_the_daemon_has_forgotten_is_no_success(daemon):
    def script(daemon):
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END)
        daemon.over.set()

    gone = error("Operation not found", 404)
    client, _seen = daemon(script, **{f"GET {OPERATION}/wait": gone, f"GET {OPERATION}": gone})
    with pytest.raises(errors.Interrupted, match="does not know any more how the command ended"):
        COMMAND.run(client)


def test_a_command_whose_time_is_over_is_killed(daemon):
    def script(daemon):
        assert daemon.hear("ctl") == (1, b'{"command":"signal","signal":9}')
        for stream in ("out", "err"):
            daemon.streams[stream].sendall(END)
        daemon.over.set()

    client, _seen = daemon(script)
    with pytest.raises(errors.TimedOut, match=r"did not end within 0\.2 s and was killed"):
        COMMAND.run(client, limit=0.2)


def test_a_dialogue(daemon):
    def script(daemon):
        daemon.streams["err"].sendall(binary(b"Password:"))
        assert daemon.hear("in") == (2, b"open\n")
        daemon.streams["out"].sendall(binary(b"in") + END)
        assert daemon.hear("in") == (1, b"")
        daemon.streams["err"].sendall(END)
        daemon.over.set()

    client, _seen = daemon(script)
    with Process(client, COMMAND) as process:
        while b"Password:" not in process.stderr.getvalue():
            assert process.pump(1)
        process.feed(b"open\n")
        while b"in" not in process.stdout.getvalue():
            assert process.pump(1)
        process.end_input()
        assert process.finish() == (0, b"in", b"Password:")


def test_a_daemon_that_says_nothing_is_asked_and_given_up(daemon):
    def script(daemon):
        assert daemon.hear("ctl")[0] == 9

    client, _seen = daemon(script, timeout=1)
    with pytest.raises(errors.Interrupted, match="the daemon was silent for 2 s"):
        COMMAND.run(client)


def test_a_stream_that_is_refused_is_told_in_the_daemons_words(daemon):
    client, seen = daemon(**{"err refused": error("Requestor mismatch", 403)})
    with pytest.raises(errors.Forbidden, match="Requestor mismatch") as caught:
        COMMAND.run(client)
    assert "secret" not in str(caught.value)


def test_an_answer_without_streams_is_not_a_daemons(daemon):
    client, _seen = daemon(**{"POST /1.0/instances/x/exec": {"type": "sync", "metadata": {}}})
    with pytest.raises(errors.Malformed, match="did not say how to reach"):
        COMMAND.run(client)


def test_an_instance_that_is_not_running_is_told(daemon):
    client, seen = daemon(**{"POST /1.0/instances/x/exec": error("Instance is not running", 400)})
    with pytest.raises(errors.Refused, match="Instance is not running"):
        COMMAND.run(client)
    assert seen.seen == ["POST /1.0/instances/x/exec"]
