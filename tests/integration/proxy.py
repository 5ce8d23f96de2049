# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recording proxy at a daemon's door: it proves what is sent, and it can be told to break things."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import typing as t
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import fingerprint_of

READING = ("GET", "HEAD")
PASSED_ON = ("content-type", "etag", "location")
ABOUT_FILES = ("x-incus-", "x-lxd-")


Door = t.Mapping[str, str]  # connection options of the modules: 'socket', or 'url' and the certificates


def certificate(folder: Path, name: str) -> dict[str, str]:
    """A new certificate, signed by itself, with its key, as a client has it."""
    cert, key = str(folder / f"{name}.crt"), str(folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return {"client_cert": cert, "client_key": key}


def bearer(client: Door, lasts: float = 600) -> str:
    """A JSON Web Token (RFC 7519) for the client with a certificate, signed with its key.

    Incus 6.0 writes the content anew before it looks at the signature, so blanks and another order make it a bad one.
    """

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": fingerprint_of(client["client_cert"]), "exp": now + int(lasts), "nbf": now - 3600}
    written = (json.dumps(one, separators=(",", ":")).encode() for one in ({"alg": "ES256", "typ": "JWT"}, claims))
    signed = b".".join(part(one) for one in written)
    command = ["openssl", "dgst", "-sha256", "-sign", client["client_key"]]
    der = subprocess.run(command, input=signed, check=True, capture_output=True).stdout
    first = 4 + der[3]  # two whole numbers, each after a tag and its length
    numbers = der[4:first], der[first + 2 :]
    signature = b"".join(int.from_bytes(number, "big").to_bytes(32, "big") for number in numbers)
    return b".".join((signed, part(signature))).decode()


class Upstream(http.client.HTTPConnection):
    """Plain `http.client` through a door; over TLS, both sides must show the certificates that the door names."""

    def __init__(self, door: Door) -> None:
        super().__init__("localhost")
        self._door = door

    def connect(self) -> None:
        if "socket" in self._door:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.connect(self._door["socket"])
            return
        context = ssl.create_default_context(cafile=self._door["server_cert"])
        context.check_hostname = False  # no other certificate is trusted
        context.load_cert_chain(self._door["client_cert"], self._door["client_key"])
        address = urlsplit(self._door["url"])
        self.sock = context.wrap_socket(socket.create_connection((address.hostname, address.port)))


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

    :param door: how modules reach it, as they would reach the daemon
    :param fault: looks at each request first; returns C(None) to pass it on, a status and a body to answer instead,
        C("hang up") to break the connection before passing it on, C("hang up after") to do so after, or
        C("hang up halfway") in the middle of the answer
    """

    door: Door
    seen: list[Seen] = field(default_factory=list)
    fault: Fault = lambda request: None

    @property
    def path(self) -> str:
        """Its socket."""
        return self.door["socket"]

    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something, in order."""
        return [(request.method, request.target) for request in self.seen if request.method not in READING]

    def clear(self) -> None:
        """Forget what was seen and break nothing more."""
        self.seen.clear()
        self.fault = lambda request: None


@contextlib.contextmanager
def recording(daemon: Door, folder: Path) -> t.Iterator[Proxy]:
    """Run a proxy behind a door of the same kind as the daemon's: a socket, or an address with a pinned certificate.

    Over TLS it lets in nobody but the client that the daemon trusts, and goes on to the daemon as that client.
    """

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
            if "upgrade" in request.headers:
                self.reply(501, {}, b"no WebSocket goes through this proxy")
                return
            if isinstance(verdict, tuple):
                self.reply(verdict[0], {"content-type": "application/json"}, verdict[1])
                return
            upstream = Upstream(daemon)
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

    class Quiet(socketserver.ThreadingMixIn):
        daemon_threads = True

        def handle_error(self, request: t.Any, client_address: t.Any) -> None:
            """A client that hangs up is part of the tests."""

    class UnixServer(Quiet, socketserver.UnixStreamServer):
        def get_request(self) -> tuple[t.Any, t.Any]:
            connection, _address = super().get_request()
            return connection, ("proxy", 0)

    class TLSServer(Quiet, socketserver.TCPServer):
        context: ssl.SSLContext

        def finish_request(self, request: t.Any, client_address: t.Any) -> None:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    server: UnixServer | TLSServer
    if "socket" in daemon:
        proxy = Proxy({"socket": str(folder / "unix.socket")})
        server = UnixServer(proxy.path, Handler)
    else:
        cert, key = certificate(folder, "nfvt-proxy").values()
        server = TLSServer(("127.0.0.1", 0), Handler)
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.minimum_version = ssl.TLSVersion.TLSv1_3
        server.context.load_cert_chain(cert, key)
        server.context.load_verify_locations(daemon["client_cert"])
        server.context.verify_mode = ssl.CERT_REQUIRED
        host, port = server.server_address[:2]
        proxy = Proxy({**daemon, "url": f"https://{host!s}:{port}", "server_cert": cert})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        if "socket" in daemon:
            os.unlink(proxy.path)
