# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recording proxy on a daemon's socket: it proves what is sent, and it can be told to break things."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import socketserver
import threading
import typing as t
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

READING = ("GET", "HEAD")
PASSED_ON = ("content-type", "etag", "location")
ABOUT_FILES = ("x-incus-", "x-lxd-")


class UnixHTTPConnection(http.client.HTTPConnection):
    """Plain `http.client` over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


class Seen(t.NamedTuple):
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Fault = t.Callable[[Seen], tuple[int, bytes] | str | None]


@dataclass
class Proxy:
    """Stands in front of a daemon.

    :param fault: looks at each request first; returns C(None) to pass it on, a status and a body to answer instead,
        C("hang up") to break the connection before passing it on, C("hang up after") to do so after, or
        C("hang up halfway") in the middle of the answer
    """

    path: str
    seen: list[Seen] = field(default_factory=list)
    fault: Fault = lambda request: None

    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something, in order."""
        return [(request.method, request.target) for request in self.seen if request.method not in READING]

    def clear(self) -> None:
        """Forget what was seen and break nothing more."""
        self.seen.clear()
        self.fault = lambda request: None


@contextlib.contextmanager
def recording(daemon: str, path: str) -> t.Iterator[Proxy]:
    """Run a proxy on a socket of its own."""
    proxy = Proxy(path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: t.Any) -> None:
            """Requests are in the list; standard error stays quiet."""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Seen(self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            proxy.seen.append(request)
            verdict = proxy.fault(request)
            if verdict == "hang up":
                self.close_connection = True
                return
            if isinstance(verdict, tuple):
                self.reply(verdict[0], {"content-type": "application/json"}, verdict[1])
                return
            upstream = UnixHTTPConnection(daemon)
            try:
                passed = {
                    key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")
                }
                upstream.request(self.command, self.path, body or None, passed)
                response = upstream.getresponse()
                content = response.read()
            finally:
                upstream.close()
            if verdict == "hang up after":
                self.close_connection = True
                return
            headers = {key.lower(): value for key, value in response.getheaders()}
            passed = {key: value for key, value in headers.items() if key in PASSED_ON or key.startswith(ABOUT_FILES)}
            self.close_connection = verdict == "hang up halfway"
            self.reply(response.status, passed, content, len(content) // 2 if self.close_connection else None)

        def reply(self, status: int, headers: dict[str, str], content: bytes, end: int | None = None) -> None:
            self.send_response_only(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:end])

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

        def get_request(self) -> tuple[t.Any, t.Any]:
            connection, _address = super().get_request()
            return connection, ("proxy", 0)

        def handle_error(self, request: t.Any, client_address: t.Any) -> None:
            """A client that hangs up is part of the tests."""

    server = Server(path, Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        os.unlink(path)
