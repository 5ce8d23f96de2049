# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A client of the daemon API that Incus and LXD share.

Nothing is keyed on a version: the brand comes from C(environment.server) and every feature from C(api_extensions).
A POST is never sent twice. A PUT, PATCH or DELETE carries the ETag under which the object was read in C(If-Match).
"""

from __future__ import annotations

import os
import typing as t
from urllib.parse import unquote

from .._core.errors import Forbidden, Malformed, MissingReference, NotFound, Unsupported, no_such
from .._core.http import Endpoint, Request, Transport, UnixEndpoint
from .._core.wire import Response
from .answers import Envelope, envelope

# Where the daemons of both brands listen, in the order in which their own clients look.
SOCKETS = (
    "/run/incus/unix.socket",
    "/var/lib/incus/unix.socket",
    "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
)
SOCKET_VARIABLES = (("INCUS_SOCKET", ""), ("INCUS_DIR", "unix.socket"), ("LXD_SOCKET", ""), ("LXD_DIR", "unix.socket"))

# The members of a cluster.
MEMBERS = "/1.0/cluster/members"

Query = t.Mapping[str, str]


def discover_socket(environ: t.Mapping[str, str], exists: t.Callable[[str], bool] = os.path.exists) -> str:
    """The socket of this host's daemon: what the environment names, else the first that exists, else Incus's own."""
    for variable, file in SOCKET_VARIABLES:
        if environ.get(variable):
            return os.path.join(environ[variable], file) if file else environ[variable]
    return next((candidate for candidate in SOCKETS if exists(candidate)), SOCKETS[1])


class Client:
    """Talks to one daemon.

    :param timeout: seconds that reading may take
    :param operation_timeout: seconds that a change, or the operation that it starts, may take
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0, operation_timeout: float = 600.0) -> None:
        self.transport = Transport(endpoint, timeout)
        self.operation_timeout = operation_timeout
        self._etags: dict[str, str] = {}
        self._server: dict[str, t.Any] | None = None
        self._names: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *reason: object) -> None:
        self.transport.close()

    # -- what the daemon is

    @property
    def server(self) -> dict[str, t.Any]:
        """C(GET /1.0), read once."""
        if self._server is None:
            self._server = self.get("/1.0")
        return self._server

    @property
    def brand(self) -> str:
        """C(incus) or C(lxd)."""
        return str(self.server.get("environment", {}).get("server", "")).lower()

    @property
    def clustered(self) -> bool:
        """Whether the daemon was part of a cluster when it was first asked."""
        return bool((self.server.get("environment") or {}).get("server_clustered"))

    def has(self, extension: str) -> bool:
        """Whether the daemon has an API extension."""
        return extension in self.server.get("api_extensions", ())

    def require(self, extension: str, feature: str) -> None:
        """Raise where the daemon lacks an API extension.

        :param feature: what needs it, as a person would say
        """
        if not self.has(extension):
            version = self.server.get("environment", {}).get("server_version", "")
            which = f" ({self.brand} {version})" if version else ""  # strangers are not told
            raise Unsupported(
                f"this daemon{which} cannot do {feature}: it lacks the API extension '{extension}'",
                endpoint=str(self.transport.endpoint),
                next_step="leave that out, or use a daemon that has it",
            )

    # -- reading

    def get(self, path: str, query: Query | None = None) -> t.Any:
        """The metadata of a GET; its ETag is remembered for the next write to the same place.

        :raises NotFound: there is no such object
        """
        request = Request("GET", path, query or {})
        response = self.send(request, None, {}, self.transport.timeout)
        metadata = self.judge(response, request).metadata
        etag = response.headers.get("etag")
        if etag:
            self._etags[request.target] = etag
        return metadata

    def find(self, path: str, query: Query | None = None) -> t.Any:
        """The metadata of a GET, or null where there is no such object."""
        try:
            return self.get(path, query)
        except NotFound:
            return None

    def text(self, path: str, query: Query | None = None) -> str:
        """The text of a file that the daemon hands out without an envelope (logs, the console).

        :raises FleetError: it is not there
        """
        request = Request("GET", path, query or {})
        response = self.send(request, None, {}, self.transport.timeout)
        if response.status != 200:
            self.judge(response, request)
        return response.body.decode(errors="replace")

    def names(self, collection: str, query: Query | None = None) -> list[str] | None:
        """The names in a collection, in one request that looks at no object; null where there is no daemon to ask."""
        key = (collection, tuple(sorted((query or {}).items())))
        if self._names is not None and key in self._names:
            return self._names[key]
        names = [unquote(url.split("?")[0].rsplit("/", 1)[-1]) for url in self.get(collection, query) or ()]
        if self._names is not None:
            self._names[key] = names
        return names

    def missing_project(self, name: str) -> MissingReference | None:
        """The error of a project that is not there; null where it is, or where there is no daemon to ask."""
        projects = self.names("/1.0/projects")
        if projects is None or name in projects:
            return None
        error = no_such("project", name, projects, "create it with nfvlab.fleet.incus_project")
        error.endpoint = str(self.transport.endpoint)
        return error

    def remember_names(self) -> None:
        """From now on, ask for the names in a collection once: many objects of one task refer to the same others."""
        self._names = {}

    # -- writing

    def perform(self, step: t.Any) -> t.Any:
        """Send a change and wait until it has taken effect; the metadata of the answer or of the ended operation.

        A step that is more than one request performs itself.
        """
        if not isinstance(step, Request):
            return step.perform(self)
        from .operations import perform  # most runs change nothing

        return perform(self, step)

    def etag(self, target: str) -> str | None:
        """The ETag under which an object was last read, once."""
        return self._etags.pop(target, None)

    # -- sending

    def send(self, request: Request, body: t.Any, headers: dict[str, str], timeout: float) -> Response:
        """Send a request as it is and read its answer, whatever it says."""
        return self.transport.request(request.method, request.target, body, headers, timeout)

    def judge(self, response: Response, request: Request) -> Envelope:
        """The content of an answer, or the error that it stands for."""
        try:
            return envelope(response.status, response.body, self.where(request))
        except Forbidden as error:
            if "Authorization" in self.transport.endpoint.headers and self.server.get("auth") != "trusted":
                self.require("auth_tls_jwt", "tokens in a header")
                error.next_step = (
                    "give another 'bearer_token': this one has expired, or no certificate that the daemon trusts "
                    "belongs to the key that signed it"
                )
            raise

    def where(self, request: Request) -> str:
        """The endpoint and the request, for messages."""
        return f"{self.transport.endpoint} {request.method} {request.target}"


class NoDaemon(Client):
    """Stands for the daemon that an earlier task of a check run would have installed: it is empty."""

    def __init__(self) -> None:
        super().__init__(UnixEndpoint(SOCKETS[1]))
        self._server = {"environment": {"server": "incus"}, "api_extensions": (), "config": {}}

    def has(self, extension: str) -> bool:
        return True

    def get(self, path: str, query: Query | None = None) -> t.Any:
        if path == "/1.0":
            return self.server
        raise NotFound("there is no daemon yet")

    def names(self, collection: str, query: Query | None = None) -> list[str] | None:
        return None

    def perform(self, step: t.Any) -> t.Any:
        raise Malformed("nothing can be sent to a daemon that is not there")
