# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guest API that does what a test wants, and modules on it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib
import json
import os
import socket
import threading

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.client import Guest, GuestEndpoint

STARTED = {"state": "Started", "api_version": "1.0", "instance_type": "container", "location": "host"}
HANG_UP = b""


def answer(body=b"", status=200, **headers):
    """An answer as the daemon writes it."""
    if not isinstance(body, bytes):
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode() + b"\n"
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


NOT_FOUND = answer("not found\n", 404)
FORBIDDEN = answer("not authorized\n", 403)
NO_PAGE = answer("404 page not found\n", 404)
BUSY = answer("readlink /proc/-1/ns/pid: no such file or directory\n", 500)
# The head of events has no carriage returns.
EVENTS = b"HTTP/1.1 200 OK\nConnection: keep-alive\nContent-Type: application/json\n\n"


class Peer:
    """A server on a unix socket.

    :param answers: by method and target ("GET /1.0"): bytes, which end the connection when they are none; a list of
        answers, of which the last stays; or a function of the connection and the request's body, which answers by
        itself and returns whether the connection goes on
    """

    def __init__(self, path, answers):
        self.path = str(path)
        self.answers = dict(answers)
        self.asked = []
        self.connections = 0
        self._open = []
        self._listener = self._listen()

    def _listen(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener):
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            stream = connection.makefile("rb")
            while True:
                first = stream.readline().decode(errors="replace").split()
                if not first:
                    return
                headers = {}
                for line in iter(stream.readline, b"\r\n"):
                    name, _colon, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", 0)))
                asked = " ".join(first[:2])
                self.asked.append(asked)
                if not self._answer(connection, asked, body, headers):
                    return

    def _answer(self, connection, asked, body, headers):
        reply = self.answers.get(asked, NO_PAGE)
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if callable(reply):
            return reply(connection, body or headers)
        connection.sendall(reply)
        return bool(reply)

    def stop(self):
        """As a daemon that goes: nobody listens any more, and what was open is cut."""
        with contextlib.suppress(OSError):  # it may be stopped already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def start(self):
        """As a daemon that comes back: it makes the socket anew."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        self._listener = self._listen()


@contextlib.contextmanager
def peer(tmp_path, answers, place="sock"):
    """A peer, and a client of it."""
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    server = Peer(tmp_path / place, answers)
    try:
        with Guest(GuestEndpoint(server.path), timeout=5) as guest:
            yield server, guest
    finally:
        server.stop()


def run_module(name, args, *, check=False):
    """Run a module as Ansible does; its result, and the warnings that it gave."""
    module = importlib.import_module(f"ansible_collections.nfvlab.fleet.plugins.modules.{name}")
    printed, warned = [], []
    with (
        pytest.MonkeyPatch.context() as patch,
        patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}),
        pytest.raises(SystemExit),
    ):
        patch.setattr("builtins.print", lambda *values, **rest: printed.append(str(values[0])))
        patch.setattr(FleetModule, "warn", lambda self, message: warned.append(message))
        module.main()
    return {**json.loads("".join(printed)), "warned": warned}


def messages(*found, then=False):
    """A peer's side of a WebSocket: these events, then it hangs up, or goes on in silence.

    Other requests are refused as by a daemon that has nothing else.
    """

    def write(connection, headers):
        if "sec-websocket-key" not in headers:
            connection.sendall(answer("Bad Request\n", 400))
            return True
        key = headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
        head = f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        connection.sendall(head.encode())
        for one in found:
            payload = json.dumps(one).encode()
            connection.sendall(b"\x81" + bytes([126]) + len(payload).to_bytes(2, "big") + payload)
        return then

    return write
