# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A client of the guest API, as an instance sees it: C(/dev/incus/sock), C(/dev/lxd/sock) (dev-incus document)."""

from __future__ import annotations

import json
import os
import socket
import time
import typing as t

from .._core.errors import (
    FleetError,
    Forbidden,
    NoSocket,
    NotFound,
    Refused,
    Transient,
    UnknownKey,
    Unreachable,
    near,
)
from .._core.http import Request, Transport, UnixEndpoint
from .._core.http import path as join
from .._core.wire import Response, Sink
from .adopted import Helper, helped
from .answers import NAMESPACES, PERMISSIONS, error_for, key_names, parsed

# The agent of a virtual machine with Incus makes the second as a link to the first, so the order counts.
SOCKETS = ("/dev/incus/sock", "/dev/lxd/sock")
VARIABLE = "INCUS_GUEST_SOCKET"
LIMIT = 16 << 20  # bytes of an answer that is held in memory; the largest is somebody's cloud-init data

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.6  # seconds before a further attempt, doubled each time

Answer = t.TypeVar("Answer")


def discover_socket(environ: t.Mapping[str, str], exists: t.Callable[[str], bool] = os.path.exists) -> str:
    """The guest API's socket: what the environment names, else the first that exists, else Incus's own."""
    return environ.get(VARIABLE) or next((place for place in SOCKETS if exists(place)), SOCKETS[0])


class GuestEndpoint(UnixEndpoint):
    """The guest API's socket."""

    helper: Helper | None = None  # where connecting ourselves would be slow
    looked = False  # whether it has been decided who connects

    def connect(self, timeout: float) -> socket.socket:
        if not self.looked:
            self.looked, self.helper = True, helped(self.socket_path)
        sock = self.helper.connect() if self.helper else None
        if sock is None:
            return super().connect(timeout)
        sock.settimeout(timeout)
        return sock

    def close(self) -> None:
        """Let the helper go, if there is one."""
        if self.helper is not None:
            self.helper.close()
        self.looked, self.helper = False, None

    @property
    def brand(self) -> str:
        """C(incus) or C(lxd), as the place of the socket says; the API itself does not."""
        return "lxd" if "/lxd/" in self.socket_path else "incus"

    def _explain(self, error: OSError) -> FleetError:
        where = str(self)
        if isinstance(error, FileNotFoundError):
            names = " (with LXD ".join(f"'{name}'" for name in PERMISSIONS.values())
            return NoSocket(
                "there is no socket of a guest API here",
                endpoint=where,
                next_step=f"run this inside an instance, and set {names}) of it to 'true' on its host",
            )
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(
                "nobody listens on the guest API's socket",
                endpoint=where,
                next_step="start the daemon on the host, or, in a virtual machine, the agent",
            )
        if isinstance(error, PermissionError):
            return Forbidden(
                "only root of the instance may open the guest API's socket",
                endpoint=where,
                code=error.errno,
                next_step="use 'become: true'",
            )
        return super()._explain(error)


def patiently(attempt: t.Callable[[], Answer], patience: float) -> Answer:
    """What an attempt gives, made again while the daemon has trouble of its own.

    To find out who asks, it may look at every instance of the host, and answers with 500 when it meets one that is just
    stopping (C(findContainerForPID)). It has done nothing by then, so even a change may be sent again.

    :param patience: seconds for all attempts
    """
    deadline, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return attempt()
        except Transient as error:
            if time.monotonic() + pause > deadline:
                raise Refused(
                    error.what, endpoint=error.endpoint, next_step=error.next_step, code=error.code, text=error.text
                ) from None
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class Guest:
    """Talks to the guest API.

    :param timeout: seconds that it may be silent
    """

    def __init__(self, endpoint: GuestEndpoint, timeout: float = 30.0) -> None:
        self.endpoint = endpoint
        self.transport = Transport(endpoint, timeout, limit=LIMIT)

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *reason: object) -> None:
        self.transport.close()
        self.endpoint.close()

    # -- reading

    def apis(self) -> list[str]:
        """C(GET /): the paths of the APIs, of which there is one, C(/1.0)."""
        return self._document("/", list)

    def server(self) -> dict[str, t.Any]:
        """C(GET /1.0): C(api_version), C(location), C(instance_type), and C(state) where the daemon has one."""
        return self._document("/1.0", dict)

    def names(self) -> list[str]:
        """The keys of the instance's configuration that a guest may see, sorted."""
        return key_names(self._document("/1.0/config", list))

    def value(self, key: str) -> bytes | None:
        """The value of a key, or null where it has none.

        :raises UnknownKey: guests cannot see such a key
        """
        try:
            return self.ask(Request("GET", join("1.0", "config", key))).body
        except NotFound:
            return None
        except Forbidden as error:
            if error.code != 403 or key.startswith(NAMESPACES):
                raise
            keys = " and ".join(f"'{namespace}*'" for namespace in NAMESPACES)
            hint = near(f"user.{key}", self.names())
            raise UnknownKey(
                f"no guest can see the key '{key}', only {keys}",
                endpoint=error.endpoint,
                code=error.code,
                text=error.text,
                next_step=f"did you mean '{hint}'?" if hint else "let the host hand it in under a key 'user.*'",
            ) from None

    def devices(self) -> dict[str, t.Any]:
        """The instance's devices by name, with what comes from profiles, and the addresses of its interfaces."""
        return self._document("/1.0/devices", dict)

    def meta_data(self) -> str:
        """What cloud-init gets to read: instance-id, local-hostname, and C(user.meta-data)."""
        return self.ask(Request("GET", "/1.0/meta-data")).body.decode(errors="replace")

    def ask(self, request: Request, sink: Sink | None = None) -> Response:
        """Send a request as it is and read its answer.

        :param sink: takes the content of an answer of success block by block
        :raises FleetError: what another answer stands for
        """

        def once() -> Response:
            response = self._send(request, sink)
            if response.status != 200:
                raise self.judge(response, request)
            return response

        return patiently(once, self.transport.timeout)

    def head(self, request: Request) -> Response:
        """The status and the headers that a request would get. Why it would be refused, they do not say."""

        def once() -> Response:
            response = self._send(request._replace(method="HEAD"))
            if response.status >= 500:
                raise self.judge(response, request)
            return response

        return patiently(once, self.transport.timeout)

    def _send(self, request: Request, sink: Sink | None = None) -> Response:
        body = None if request.body is None else json.dumps(request.body).encode()
        return self.transport.request(request.method, request.target, body, request.headers, sink=sink)

    def judge(self, response: Response, request: Request) -> FleetError:
        """The error that an answer without success stands for."""
        return error_for(response.status, response.body, self.where(request), self.endpoint.brand)

    def where(self, request: Request) -> str:
        """The endpoint and the request, for messages."""
        return f"{self.endpoint} {request.method} {request.target}"

    def _document(self, path: str, kind: type) -> t.Any:
        request = Request("GET", path)
        return parsed(self.ask(request).body, kind, self.where(request))

    # -- writing

    def perform(self, step: t.Any) -> t.Any:
        """Send a change. What is not a request, such as a file that is written here, performs itself."""
        return self.ask(step) if isinstance(step, Request) else step.perform(self)
