# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""HTTP/1.1 over kept connections. Standard library only.

One `Transport` per endpoint; every thread gets a connection of its own, kept alive. A request is sent once: a kept
connection that the peer has meanwhile closed is noticed before sending, and only reading is ever repeated.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import typing as t
from urllib.parse import quote, urlencode

from .errors import (
    FleetError,
    Forbidden,
    Interrupted,
    InvalidOption,
    Malformed,
    NoSocket,
    TimedOut,
    Unreachable,
    no_connection,
)
from .wire import Body, Connection, ProtocolError, Response, Sink, TooLong

CONNECT_TIMEOUT = 10.0  # seconds


class Request(t.NamedTuple):
    """One request as data, so that a plan can be shown before it is sent.

    :param path: the path, already quoted, without the query
    :param query: query parameters
    :param body: a JSON object, or null
    :param keys: the names of what it sets ("config.limits.cpu"), for C(actions)
    :param headers: further headers
    :param upload: paths of files to stream as the body instead, by their multipart field's name
    :param content: bytes as the body instead
    """

    method: str
    path: str
    query: t.Mapping[str, str] = {}
    body: t.Any = None
    keys: t.Sequence[str] = ()
    headers: t.Mapping[str, str] = {}
    upload: t.Mapping[str, str] = {}
    content: bytes | None = None

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def describe(self) -> dict[str, t.Any]:
        """The request as C(actions) shows it: method, path and keys, never a value."""
        return {"method": self.method, "path": self.target, "keys": list(self.keys)}


def path(*segments: str) -> str:
    """A path from segments, each quoted, so that no name can reach outside its place."""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise InvalidOption(f"'{segment}' is no name", next_step="give a name that says something")
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


class Endpoint(t.Protocol):
    """Where a daemon listens; its text is how messages name it."""

    @property
    def host(self) -> str:
        """The name for the Host header."""

    @property
    def headers(self) -> t.Mapping[str, str]:
        """What every request to it carries beside that."""

    def connect(self, timeout: float) -> socket.socket:
        """A connected socket, its peer known to be the right one."""


class UnixEndpoint(t.NamedTuple):
    """A unix socket."""

    socket_path: str
    host: str = "localhost"
    headers: t.Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"unix:{self.socket_path}"

    def connect(self, timeout: float) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(self.socket_path)
        except OSError as error:
            sock.close()
            raise self._explain(error) from None
        return sock

    def _explain(self, error: OSError) -> FleetError:
        """Why a socket cannot be used, and what to do about it."""
        if isinstance(error, FileNotFoundError):
            return NoSocket(
                "there is no such socket", endpoint=str(self), next_step="start the daemon, or name its socket"
            )
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(
                "the socket exists but no daemon listens on it", endpoint=str(self), next_step="start the daemon"
            )
        if isinstance(error, PermissionError):
            return Forbidden(
                "this user may not open the daemon's socket",
                endpoint=str(self),
                code=error.errno,
                next_step=f"use 'become: true', or add the user to the group '{_group(self.socket_path)}'",
            )
        return no_connection(error, self)


def _group(socket_path: str) -> str:
    """The group that may use a socket, as far as this user can see."""
    import grp

    try:
        return grp.getgrgid(os.stat(socket_path).st_gid).gr_name
    except (OSError, KeyError):
        return "incus-admin"


class Transport:
    """Sends requests to one endpoint.

    :param timeout: seconds that the peer may be silent while it answers
    :param limit: bytes that an answer may have which is held in memory
    """

    def __init__(self, endpoint: Endpoint, timeout: float = 30.0, limit: int | None = None) -> None:
        self.endpoint = endpoint
        self.timeout = timeout
        self.limit = limit
        self._local = threading.local()

    def request(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: t.Mapping[str, str] | None = None,
        timeout: float | None = None,
        sink: Sink | None = None,
    ) -> Response:
        """Send one request and read its whole answer.

        :param target: path and query
        :param body: bytes, or an iterable of bytes when the headers give its length
        :param sink: takes the content of an answer of success block by block; it must not raise an C(OSError)
        :raises TimedOut: naming the request, so that a hanging object is found
        :raises Interrupted: the connection broke after sending; what became of the request is not known
        """
        patience = timeout or self.timeout
        where = f"{self.endpoint} {method} {target}"
        for repeatable in (method in ("GET", "HEAD") and sink is None, False):
            kept, connection = self._connection(patience)
            try:
                response = connection.exchange(method, target, headers or {}, body, sink, self.limit)
                if not connection.reusable:
                    self.close()
                return response
            except socket.timeout:
                self.close()
                raise TimedOut(
                    f"no answer within {patience:g} s",
                    endpoint=where,
                    next_step="look at the daemon's log, or give a longer 'timeout'",
                ) from None
            except OSError as error:
                self.close()
                if kept and repeatable:
                    continue
                refused = "certificate" in str(error).lower()
                raise Interrupted(
                    "the daemon closed the connection before it had answered",
                    endpoint=where,
                    text=str(error),
                    next_step="check 'client_cert': the daemon wants another one"
                    if refused
                    else "see whether it is still running; run the task again, it reads before it writes",
                ) from None
            except ProtocolError as error:
                self.close()
                raise Malformed(
                    str(error) if isinstance(error, TooLong) else f"the answer is not HTTP: {error}",
                    endpoint=where,
                    next_step="check that the address is that of the daemon",
                ) from None
            except BaseException:
                self.close()
                raise
        raise AssertionError("the second round always returns or raises")

    def close(self) -> None:
        """Close this thread's connection; the next request opens a new one."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _connection(self, timeout: float) -> tuple[bool, Connection]:
        """This thread's connection, and whether it had been used before."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            ready = select.poll()
            ready.register(connection.sock, select.POLLIN)
            if not ready.poll(0):
                connection.sock.settimeout(timeout)
                return True, connection
            self.close()  # readable without a request: the peer has hung up
        sock = self.endpoint.connect(min(timeout, CONNECT_TIMEOUT))
        connection = Connection(sock, self.endpoint.host, self.endpoint.headers)
        connection.sock.settimeout(timeout)
        self._local.connection = connection
        return False, connection
