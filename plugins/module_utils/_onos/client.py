# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A client of the controller's REST interface (C(/onos/v1), HTTP basic authentication)."""

from __future__ import annotations

import base64
import json
import socket
import time
import typing as t

from .._core.errors import NotFound, Starting, TimedOut, no_connection
from .._core.http import Request, Transport
from .._core.wire import Response
from .answers import content, failure

BASE = "/onos/v1"
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two looks at something that is awaited

T = t.TypeVar("T")


class TCPEndpoint(t.NamedTuple):
    """A TCP port."""

    name: str
    port: int
    headers: t.Mapping[str, str] = {}

    @property
    def host(self) -> str:
        return f"{self.name}:{self.port}"

    def __str__(self) -> str:
        return f"http://{self.host}"

    def connect(self, timeout: float) -> socket.socket:
        try:
            return socket.create_connection((self.name.strip("[]"), self.port), timeout)
        except ConnectionRefusedError as error:
            raise Starting(
                "nothing listens there",
                endpoint=str(self),
                code=error.errno,
                next_step="start the controller, wait until it is ready ('ready_timeout'), or correct 'url'",
            ) from None
        except (OSError, UnicodeError) as error:
            raise no_connection(error, self, "check 'url', and the way there") from None


class Client:
    """Talks to one controller.

    :param timeout: seconds that a call may take; a change may keep the controller silent for two
    """

    def __init__(self, endpoint: TCPEndpoint, username: str, password: str, timeout: float = 30.0) -> None:
        self.transport = Transport(endpoint, timeout)
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        # Without Accept, half of the errors come as text/plain.
        self._headers = {"Authorization": f"Basic {token}", "Accept": "application/json"}

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *reason: object) -> None:
        self.transport.close()

    @property
    def endpoint(self) -> str:
        """Where the controller is, for messages."""
        return str(self.transport.endpoint)

    def get(self, path: str, query: t.Mapping[str, str] | None = None) -> t.Any:
        """The JSON of a GET.

        :raises NotFound: there is no such object
        """
        request = Request("GET", path, query or {})
        return content(self._send(request), self.where(request))

    def find(self, path: str) -> t.Any:
        """The JSON of a GET, or null where there is no such object."""
        try:
            return self.get(path)
        except NotFound:
            return None

    def items(self, path: str, name: str) -> list[dict[str, t.Any]]:
        """The objects of a collection; none where it does not exist."""
        found = self.find(path)
        return list((found or {}).get(name) or ())

    def raw(self, path: str) -> bytes:
        """The bytes of a GET."""
        request = Request("GET", path)
        response = self._send(request)
        if response.status != 200:
            raise failure(response, self.where(request))
        return response.body

    def perform(self, step: t.Any) -> t.Any:
        """Send a change; the JSON of its answer."""
        if not isinstance(step, Request):
            return step.perform(self)
        return content(self._send(step), self.where(step))

    def where(self, request: Request) -> str:
        """The endpoint and the request, for messages."""
        return f"{self.endpoint} {request.method} {BASE}{request.target}"

    def _send(self, request: Request) -> Response:
        headers = {**self._headers, **request.headers}
        body = request.content
        if request.body is not None:
            body = json.dumps(request.body).encode()
            headers["Content-Type"] = "application/json"
        return self.transport.request(request.method, BASE + request.target, body, headers)

    def ready(self, timeout: float) -> None:
        """Wait until every node of the controller's cluster is READY; with 0 seconds, nothing is asked.

        While it starts, the port is closed, then there is no application, then single services are missing.
        """
        if timeout > 0:
            await_(self._all_ready, timeout, "the controller is not ready", self.endpoint)

    def _all_ready(self) -> tuple[bool, str]:
        try:
            nodes = self.get("/cluster")["nodes"]
        except (Starting, TimedOut) as error:
            return False, str(error.text or error.what)
        late = [f"node {node['id']} is {node['status']}" for node in nodes if node["status"] != "READY"]
        return not late, ", ".join(late)


class NoController(Client):
    """Stands for the controller that an earlier task of a check run would have started: it is empty."""

    def get(self, path: str, query: t.Mapping[str, str] | None = None) -> t.Any:
        raise NotFound("there is no controller yet")

    def ready(self, timeout: float) -> None:
        """It never will be."""


def await_(look: t.Callable[[], tuple[bool, str]], timeout: float, what: str, endpoint: str) -> None:
    """Look until something is so.

    :param look: whether it is, and what is missing
    :raises TimedOut: it is not within the time allowed
    """
    end, pause = time.monotonic() + timeout, FIRST_PAUSE
    while True:
        done, missing = look()
        if done:
            return
        if time.monotonic() + pause > end:
            raise TimedOut(
                f"{what} after {timeout:g} s: {missing}",
                endpoint=endpoint,
                text=missing,
                next_step="look at the controller's log (data/log/karaf.log), or allow more time",
            )
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
