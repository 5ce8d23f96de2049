# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""An instance from one daemon to another, which talk to each other directly (rest-api document, "migration").

One of the two makes an operation with secrets for its websockets; the other one is told the operation's address, the
secrets and the certificate that it must find there. With C(pull) that is the source's operation, with C(push) the
target's. Each daemon takes away what it made where a migration fails, before its operation ends.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, OperationFailed
from .._core.http import Request
from .._core.turns import in_turn
from . import operations
from .answers import Envelope
from .client import Client
from .sources import Origin

# The daemon could not even reach the other one, so another address of that may do.
_NO_WAY = r"\bdial\b|connection refused|no route|i/o timeout|no such host|network is unreachable|x509"


def addresses(session: Client) -> list[str]:
    """The addresses at which another daemon can reach this one: that of the connection first, then what it listens on.

    :raises InvalidOption: it listens on none
    """
    found = [str(session.transport.endpoint)]
    found += [f"https://{address}" for address in session.server.get("environment", {}).get("addresses") or ()]
    reachable = [address for address in dict.fromkeys(found) if address.startswith("https:")]
    if not reachable:
        raise InvalidOption(
            "no other daemon can reach it: it listens on no address",
            endpoint=str(session.transport.endpoint),
            next_step="set its 'core.https_address'",
        )
    return reachable


class Migrate(t.NamedTuple):
    """Makes an instance from one of another daemon.

    :param request: what makes it here, but for its source
    :param origin: what it is made from, with its daemon
    :param wanted: the option that names that
    """

    request: Request
    origin: Origin
    wanted: t.Mapping[str, t.Any]

    def describe(self) -> dict[str, t.Any]:
        """As the request that makes it, with the daemon that it comes from."""
        return {**self.request.describe(), "daemon": str(self._there.transport.endpoint)}

    def perform(self, session: Client) -> None:
        """Have the two daemons do it, and wait for both."""
        push = self.wanted.get("mode") == "push"
        attempt, called = (self._push, session) if push else (self._pull, self._there)
        try:
            in_turn(addresses(called), lambda address: attempt(session, address), goes_on=_cannot_reach)
        except (NotFound, OperationFailed) as error:
            error.what, error.text = _plain(error.what), _plain(error.text or "")
            error.next_step = f"{self.origin.label} is as it was; mend that and run the task again"
            raise
        finally:
            self._there.transport.close()

    @property
    def _there(self) -> Client:
        return _daemon_of(self.origin)

    def _pull(self, session: Client, address: str) -> None:
        """This daemon gets it from there."""
        offer = self._offer({})
        operation, secrets = _operation(operations.start(self._there, offer))
        try:
            session.perform(self._creation({"mode": "pull", **_meeting(address, operation, secrets, self._there)}))
        except FleetError:
            operations.cancel(self._there, operation)
            raise
        operations.wait(self._there, operation, self._there.where(offer))

    def _push(self, session: Client, address: str) -> None:
        """The other daemon sends it here."""
        make = self._creation({"mode": "push"})
        operation, secrets = _operation(operations.start(session, make))
        error: FleetError | None = None
        try:
            self._there.perform(self._offer({"target": _meeting(address, operation, secrets, session)}))
        except FleetError as refused:
            error = refused
        try:
            operations.wait(session, operation, session.where(make))  # until nothing half is there any more
        except FleetError as failed:
            raise error or failed from None
        if error:
            raise error

    def _offer(self, more: t.Mapping[str, t.Any]) -> Request:
        """What has the other daemon send the original."""
        name = self.origin.snapshot or self.origin.name
        body = {"name": name, "migration": True, "live": False, **self._options(), **more}
        snapshot = f"/snapshots/{self.origin.snapshot}" if self.origin.snapshot else ""
        return Request("POST", self.origin.path + snapshot, self.origin.query, body)

    def _creation(self, more: t.Mapping[str, t.Any]) -> Request:
        """What has this daemon make the instance."""
        image = (self.origin.content.get("config") or {}).get("volatile.base_image", "")
        source = {"type": "migration", "base-image": image, **self._options(), **more}
        return self.request._replace(body={**self.request.body, "source": source})

    def _options(self) -> dict[str, bool]:
        return {key: True for key in ("instance_only", "allow_inconsistent") if self.wanted.get(key)}


class Elsewhere(t.NamedTuple):
    """A request to another daemon."""

    session: Client
    request: Request

    def describe(self) -> dict[str, t.Any]:
        return {**self.request.describe(), "daemon": str(self.session.transport.endpoint)}

    def perform(self, session: Client) -> t.Any:
        return self.session.perform(self.request)


def elsewhere(origin: Origin, requests: t.Iterable[Request]) -> list[Elsewhere]:
    """Requests to the daemon of an original."""
    return [Elsewhere(_daemon_of(origin), request) for request in requests]


def _daemon_of(origin: Origin) -> Client:
    """The daemon of an original that is another one's."""
    if origin.session is None:
        raise AssertionError("an original of this daemon is copied by it, and comes from nowhere else")
    return origin.session


def _operation(answer: Envelope) -> tuple[str, dict[str, str]]:
    """The path of an operation that waits for the other daemon, and the secrets of its websockets."""
    return (answer.operation or "").split("?")[0], answer.metadata["metadata"]


def _meeting(address: str, operation: str, secrets: t.Mapping[str, str], session: Client) -> dict[str, t.Any]:
    """Where the two daemons meet, in the API's words."""
    return {
        "operation": address + operation,
        "certificate": session.server["environment"]["certificate"],
        "secrets": dict(secrets),
    }


def _plain(text: str) -> str:
    """What a daemon says of the other one, in one line and without the secret in an address."""
    return re.sub(r"secret=\w+", "secret=********", " ".join(text.split()))


def _cannot_reach(error: FleetError) -> bool:
    return bool(re.search(_NO_WAY, error.text or "", re.IGNORECASE))
