# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Images from servers: what a server offers, asked from this host, and the step that makes the daemon get it.

Only loaded where an image is really to be got.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import typing as t
import urllib.error
from urllib.parse import quote, urlsplit

from ansible.module_utils.urls import open_url

from .._core.errors import (
    Conflict,
    FleetError,
    InvalidOption,
    Malformed,
    MissingReference,
    NotFound,
    OperationFailed,
    Refused,
    Stale,
    TimedOut,
    Unreachable,
    Unsupported,
    Untrusted,
    did_you_mean,
)
from .._core.http import Endpoint, Request, Transport
from .._core.http import path as join
from .._core.tls import TLSEndpoint, fingerprint_of_pem
from .._core.turns import in_turn
from . import operations, simplestreams
from .client import Client

Source = t.Mapping[str, t.Any]
Access = t.Optional[t.Mapping[str, t.Any]]
Fetch = t.Callable[[str], bytes]


# -- what a server offers


class Offer(t.NamedTuple):
    """An image as a server has it now.

    :param source: the image at the address that told so
    """

    source: Source
    fingerprint: str


def _server(source: Source) -> str:
    return str(source["server"])


def offered(sources: t.Sequence[Source], image_type: str | None, session: Client, access: Access = None) -> Offer:
    """The image that the first address which knows it has under the wanted name now.

    :param sources: the same image at each address of its server, from `image_sources`
    :param access: the options of the server, with our certificate for it
    :raises FleetError: no address can be asked, or none has the image
    """
    return in_turn(sources, lambda source: Offer(source, _offered(source, image_type, session, access)), name=_server)


def _offered(source: Source, image_type: str | None, session: Client, access: Access) -> str:
    """The fingerprint of the image that a source names, as its server says now.

    :param source: from `image_source`
    :param image_type: C(container) or C(virtual-machine), or null where either will do
    :param session: the daemon that shall get the image: its kind, its architectures and its time-out count
    :raises MissingReference: the server has no such image
    :raises FleetError: the server cannot be asked
    """
    if "secret" in source:
        return str(source["fingerprint"])  # a secret is for one use, which is the daemon's
    timeout = session.transport.timeout
    if source["protocol"] != "simplestreams":
        return _by_daemon(Client(_endpoint(source, access), timeout=timeout), source, image_type)
    environment = session.server.get("environment") or {}
    try:
        fetch = _pinned(source, timeout) if "certificate" in source else _fetcher(source["server"], timeout)
        index = _json(fetch, simplestreams.INDEX)
        files = [_json(fetch, path) for path in simplestreams.product_files(index)]
        return simplestreams.choose(
            simplestreams.images(files, session.brand), source, image_type, environment.get("architectures") or _local()
        )
    except FleetError as error:
        error.endpoint = error.endpoint or source["server"]
        raise


def _local() -> list[str]:
    """The architecture of this host, where there is no daemon yet that would say its own."""
    import os

    return [os.uname().machine]


def _json(fetch: Fetch, path: str) -> t.Any:
    try:
        return json.loads(fetch(path))
    except ValueError:
        raise Malformed(
            f"it is no simplestreams server: its {path} is not JSON",
            next_step="check 'image_server.url' and 'image_server.protocol'",
        ) from None


def _status(status: int, path: str) -> FleetError:
    """The error for an answer other than 200."""
    if status == 404:
        return Malformed(
            f"it is no simplestreams server: there is no {path}",
            code=status,
            next_step="check 'image_server.url' and 'image_server.protocol'",
        )
    return Unreachable(f"the image server answers {status} for {path}", code=status, next_step="try again later")


def _fetcher(server: str, timeout: float) -> Fetch:
    """Gets files as any client does: the host's certification authorities, the proxies of the environment."""

    def fetch(path: str) -> bytes:
        try:
            with open_url(f"{server}/{quote(path)}", timeout=timeout) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise _status(error.code, path) from None
        except http.client.HTTPException as error:
            raise Unreachable(
                f"the image server's answer for {path} is cut short, or not HTTP",
                text=str(error),
                next_step="try again",
            ) from None
        except OSError as error:
            raise _unreachable(getattr(error, "reason", error), timeout) from None

    return fetch


def _unreachable(reason: t.Any, timeout: float) -> FleetError:
    """Why a server cannot be asked."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Untrusted(
            f"this host does not trust the image server's certificate: {reason.verify_message}",
            next_step="give the right one in 'image_server.certificate'",
        )
    if isinstance(reason, socket.timeout):
        return TimedOut(
            f"the image server did not answer within {timeout:g} s", next_step="try again, or give a longer 'timeout'"
        )
    return Unreachable(
        f"cannot reach the image server: {getattr(reason, 'strerror', None) or reason}",
        code=getattr(reason, "errno", None),
        next_step="check 'image_server.url', and that this host can reach it",
    )


def _pinned(source: Source, timeout: float) -> Fetch:
    """Gets files from a server that has exactly the given certificate."""
    transport = Transport(_endpoint(source), timeout)
    folder = urlsplit(source["server"]).path

    def fetch(path: str) -> bytes:
        answer = transport.request("GET", f"{quote(folder)}/{quote(path)}")
        if answer.status != 200:
            raise _status(answer.status, path)
        return answer.body

    return fetch


class TrustedEndpoint(t.NamedTuple):
    """A TLS server that this host's certification authorities vouch for."""

    host: str
    port: int
    headers: t.Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"https://{self.host}:{self.port}"

    def connect(self, timeout: float) -> socket.socket:
        try:
            sock = socket.create_connection((self.host, self.port), timeout)
            return ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        except (OSError, UnicodeError) as error:
            failed = _unreachable(error, timeout)
            failed.endpoint = str(self)
            raise failed from None


def _endpoint(source: Source, access: Access = None) -> Endpoint:
    """Where a server listens, which certificate it must have, and which one we show it."""
    cert, key = ((access or {}).get(option) for option in ("client_cert", "client_key"))
    parts = urlsplit(source["server"])
    host, port = parts.hostname or "", parts.port or 443  # no port is that of https, also for a daemon's address
    if "certificate" not in source:
        if cert:
            raise InvalidOption(
                "'image_server.client_cert' is given without 'image_server.certificate'",
                next_step="the daemon that shall know us has to be known itself",
            )
        return TrustedEndpoint(host, port)
    try:
        return TLSEndpoint(host, port, fingerprint_of_pem(source["certificate"]), cert, key)
    except ValueError as error:
        raise InvalidOption(
            f"'image_server.certificate' is no certificate: {error}", next_step="give one in PEM"
        ) from None


def _by_daemon(server: Client, source: Source, image_type: str | None) -> str:
    """The same from an Incus or LXD daemon, which shows its public images to everybody."""
    with server:
        name = source.get("fingerprint") or source["alias"]
        if "alias" in source:
            alias = server.find(join("1.0", "images", "aliases", name))
            if alias is None:
                raise _no_alias(server, name)
            if image_type not in (None, alias.get("type") or "container"):
                raise MissingReference(
                    f"the server has '{name}' as a {alias['type']} only",
                    endpoint=source["server"],
                    next_step="leave 'image_type' out, or correct it",
                )
            return str(alias["target"])
        image = server.find(join("1.0", "images", name))
        if image is None:
            raise MissingReference(
                f"the server has no public image with the fingerprint '{name}'",
                endpoint=source["server"],
                next_step="correct it, or give 'image_server.secret' if the image is private",
            )
        return str(image["fingerprint"])


def _no_alias(server: Client, name: str) -> MissingReference:
    names = {
        alias["name"] for image in server.get("/1.0/images", {"recursion": "1"}) for alias in image["aliases"] or ()
    }
    return MissingReference(
        f"the server has no public image '{name}'",
        endpoint=str(server.transport.endpoint),
        next_step=did_you_mean(name, names) or "correct it, or make the image public there",
    )


# -- getting it

# What the daemon says of a download that failed, and what that means. A download that fails leaves nothing behind.
_FAULTS: tuple[tuple[str, type[FleetError], str, str], ...] = (
    (
        r"UNIQUE constraint failed",
        Stale,
        "another cluster member got the same image at the same moment",
        "run the task again",
    ),
    (
        r"(unsupported|invalid) protocol",
        Unsupported,
        "this daemon does not speak the protocol of the image server",
        "set 'image_server.protocol' to one that it speaks",
    ),
    (
        r"x509|certificate",
        Untrusted,
        "the daemon does not trust the image server's certificate",
        "give the right one in 'image_server.certificate'",
    ),
    (
        r"hash mismatch|sha256|checksum|fingerprint.*match",
        Malformed,
        "what the image server sent is not the image that its list names",
        "the server may be in the middle of an update: try again later",
    ),
    (
        r"couldn't be found|not found|doesn't exist|404",
        MissingReference,
        "the image server does not have the image, or not any more",
        "correct 'image', or try again later; the secret of a private image is good for one download",
    ),
    (
        r"no space left|quota|budget|bugdget|disk space",
        Refused,
        "the image does not fit",
        "make room, or raise 'limits.disk' of the project",
    ),
    (
        r"decoding|invalid character",
        Malformed,
        "the daemon got no list of images from the image server",
        "check 'image_server.url' and 'image_server.protocol'",
    ),
    (
        r"\bEOF\b|reset by peer|broken pipe|connection (was )?(closed|aborted)|unexpected end",
        Unreachable,
        "the download broke off",
        "try again",
    ),
    (
        r"dial|connect|timeout|time-?out|timed out|no such host|no route|unable to fetch|deadline",
        Unreachable,
        "the daemon cannot reach the image server",
        "the daemon gets the image by itself: check that its host can reach the server",
    ),
)


def fault(error: FleetError, server: str) -> FleetError:
    """What a failed download means, in one sentence; other errors stay."""
    text = error.text or ""
    if isinstance(error, Conflict) or not isinstance(error, (NotFound, OperationFailed, Refused)):
        return error
    for pattern, sort, what, next_step in _FAULTS:
        if re.search(pattern, text, re.IGNORECASE):
            return sort(what, endpoint=server, code=error.code, text=text, next_step=next_step)
    return error


def unlocked(source: Source, fingerprint: str | None, access: Access, timeout: float) -> Source:
    """A source that the daemon may get: that of a private image has a new secret, which its server gives to whom it
    trusts, and which is good for one download.

    :param access: the options of the server, with our certificate for it, or null
    """
    if not (access and access.get("client_cert") and fingerprint) or "secret" in source:
        return source
    with Client(_endpoint(source, access), timeout=timeout) as server:
        path = join("1.0", "images", fingerprint)
        if server.get(path)["public"]:
            return source
        token = operations.start(server, Request("POST", path + "/secret"))
    named = {key: value for key, value in source.items() if key != "alias"}
    return {**named, "fingerprint": fingerprint, "secret": token.metadata["metadata"]["secret"]}


# What the daemon says where it could not get the image of a new instance.
_NOT_GOT = r"getting (remote )?image|connect to the server|parsing stream|download|unexpected EOF"


class Launch(t.NamedTuple):
    """Makes or rebuilds an instance from an image at a server.

    :param request: what is sent, with the first address
    :param sources: the image at each address of the server
    :param image_type: the instance's type
    :param access: the options of the server, or null
    """

    request: Request
    sources: t.Sequence[Source]
    image_type: str
    access: Access

    def describe(self) -> dict[str, t.Any]:
        """As the request that it is."""
        return self.request.describe()

    def perform(self, session: Client) -> None:
        """Send it for one address after the other, until the daemon gets the image there."""
        servers = list(map(_server, self.sources))

        def attempt(source: Source) -> None:
            if self.access and self.access.get("client_cert"):
                source = self._permitted(source, session)
            try:
                session.perform(self.request._replace(body={**self.request.body, "source": source}))
            except FleetError as error:
                if not re.search(_NOT_GOT, error.text or "", re.IGNORECASE):
                    raise
                raise fault(error, _server(source)) from None

        in_turn(self.sources, attempt, name=_server, goes_on=lambda error: error.endpoint in servers)

    def _permitted(self, source: Source, session: Client) -> Source:
        """The source as the daemon may get it. What it has already takes no secret."""
        fingerprint = _offered(source, self.image_type, session, self.access)
        if session.find(join("1.0", "images", fingerprint), self.request.query):
            return {"type": "image", "fingerprint": fingerprint}
        return unlocked(source, fingerprint, self.access, session.transport.timeout)


class Pull(t.NamedTuple):
    """Has the daemon get an image from its server.

    :param request: what is sent
    :param sources: the image at each address of the server
    :param access: the options of the server, or null
    :param expected: the fingerprint that the server named, or null
    :param present: that of the image which the alias names already, or null
    :param got: is told the fingerprint where it is another one than expected
    """

    request: Request
    sources: t.Sequence[Source]
    access: Access
    expected: str | None
    present: str | None
    got: t.Callable[[str], None]

    def describe(self) -> dict[str, t.Any]:
        """As the request that it is."""
        return self.request.describe()

    def perform(self, session: Client) -> None:
        """Send it for one address after the other, and wait for the image.

        :raises Stale: the daemon got nothing new, as it goes by a list that is older than the one seen here
        """
        in_turn(
            self.sources,
            lambda source: self._get(source, session),
            name=_server,
            goes_on=lambda error: not isinstance(error, (Conflict, Stale)),
        )

    def _get(self, source: Source, session: Client) -> None:
        server = _server(source)
        source = {**self.request.body["source"], **source}
        source = unlocked(source, self.expected, self.access, session.transport.timeout)
        request = self.request._replace(body={**self.request.body, "source": source})
        answer = operations.start(session, request)
        if answer.operation is None:
            raise Malformed("the daemon did not start to get the image", endpoint=session.where(request))
        try:
            ended = operations.wait(session, answer.operation, session.where(self.request)) or {}
        except Conflict:
            # The daemon takes the names of an image that it has already for names to give, and finds them taken.
            ended = (session.find(answer.operation.split("?")[0]) or {}).get("metadata") or {}
            if "aliases" in self.request.body or not ended.get("fingerprint"):
                raise  # somebody else was faster
        except FleetError as error:
            raise fault(error, server) from None
        fingerprint = ended.get("fingerprint")
        if fingerprint and fingerprint != self.expected:
            self.got(fingerprint)
            if fingerprint == self.present:
                raise Stale("the daemon has nothing newer yet", endpoint=server)
