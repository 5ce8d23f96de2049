# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Trust tokens: with one, a client has its certificate trusted by itself, once.

A token that waits to be redeemed is an operation of the daemon (class C(token)), from which its text can be made at any
time: base64 of the JSON that `encode` writes (C(CertificateAddToken)).
"""

from __future__ import annotations

import os
import re
import typing as t

from .._core import files
from .._core.errors import FleetError, Forbidden, InvalidOption, Refused
from .._core.fields import Flag, Spec, Text
from .._core.http import Request, UnixEndpoint
from .._core.http import path as join
from .._core.module import FleetModule
from .._core.resource import Plan, Task
from . import operations, tokens
from .certificate import Projects
from .client import Client
from .options import CONNECTION, connect
from .record import Record, Reference
from .schedule import NEVER, moment, over

SPENT = "have a new one issued with nfvlab.fleet.incus_trust_token"


# -- the text of a token


class Token(t.NamedTuple):
    """What a token says.

    :param name: the name that the certificate will have
    :param fingerprint: that of the daemon's own certificate
    :param addresses: where the daemon listens, as C(HOST:PORT)
    :param expires_at: when it ends, as the daemon writes it
    """

    name: str
    fingerprint: str
    addresses: tuple[str, ...]
    secret: str
    expires_at: str = NEVER

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return over(self.expires_at)


def encode(token: Token) -> str:
    """The text of a token as the command line shows it."""
    return tokens.pack(
        {
            "client_name": token.name,
            "fingerprint": token.fingerprint,
            "addresses": list(token.addresses),
            "secret": token.secret,
            "expires_at": token.expires_at,
        }
    )


def decode(text: str) -> Token:
    """What a token's text says.

    :raises InvalidOption: it is none
    """
    try:
        content = tokens.unpack(text.strip())
        token = Token(
            content["client_name"],
            content["fingerprint"],
            tuple(map(str, content["addresses"] or ())),
            content["secret"],
            str(content.get("expires_at") or NEVER),
        )
        moment(token.expires_at)
        if not re.fullmatch(r"[0-9a-f]{64}", token.fingerprint):
            raise ValueError(token.fingerprint)
    except (ValueError, KeyError, TypeError, InvalidOption):
        raise InvalidOption("'token' is no trust token", next_step=SPENT) from None
    return token


# -- redeeming one


def redemption(client: Client, text: str) -> Request:
    """What has a daemon trust the client's own certificate.

    LXD takes a token where it takes a password, until C(explicit_trust_token). A daemon does not tell a stranger what
    it is, but which extensions it has.
    """
    knows = client.has("explicit_trust_token") or client.has("dev_incus_events")
    body = {"type": "client", "trust_token" if knows else "password": text.strip()}
    return Request("POST", "/1.0/certificates", body=body, keys=["type", "certificate"])


def refused(error: FleetError) -> FleetError:
    """What the daemon's refusal of a token means; other errors stay."""
    if not isinstance(error, Refused):
        return error
    expired = "expired" in (error.text or "")
    what = "the token has expired" if expired else "the daemon does not take the token: it was used, revoked or expired"
    return Forbidden(what, endpoint=error.endpoint, code=error.code, text=error.text, next_step=SPENT)


# -- issuing one


class TrustToken(Record):
    """A token that waits to be redeemed, known by the name that the certificate will have.

    Where a certificate of that name is trusted, there is nothing left to issue.
    """

    def __init__(self) -> None:
        super().__init__(
            "trust_token",
            "operations",
            fields=(
                Flag("restricted"),
                Projects("projects"),
                Text("description"),
            ),
            options={"path": {"type": "path"}, "reveal": {"type": "bool", "default": False}},
        )
        self.pending: list[str] = []  # the operations of all tokens of the name, also of expired ones
        self.trusted = False
        self.text: str | None = None

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        name = task.params["name"]
        listed = session.find("/1.0/operations", {"recursion": "1"}) or {}
        waiting = [entry for entry in listed.get("running") or () if _requested(entry).get("name") == name]
        self.pending = [entry["id"] for entry in waiting]
        trusted = session.find("/1.0/certificates", {"recursion": "1"}) or ()
        self.trusted = any(entry["name"] == name for entry in trusted)
        for entry in waiting:
            token = token_of(entry)
            if token.expired:
                continue
            self.text = encode(token)
            request = _requested(entry)
            return {
                "name": name,
                **{one.name: one.read(request) for one in self.fields},
                "addresses": list(token.addresses),
                "fingerprint": token.fingerprint,
                "expires_at": None if token.expires_at == NEVER else token.expires_at,
                "operation": entry["id"],
            }
        return None

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if task.state == "present" and self.trusted and have is None:
            plan = Plan(self.label(task.params), None, None)
        else:
            plan = super().plan(have, task)
        plan.facts["trusted"] = self.trusted
        return plan

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = super()._present(label, have, task)
        if task.params["path"]:
            now = _kept(task.params["path"], None if plan.changed else self.text)
            plan.before["path"], plan.after["path"] = now, "the token, for its owner only"
            plan.changed += ["path"] if now != plan.after["path"] else []
        return plan

    def create_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        # Tokens are for clients only, but both daemons want to be told so.
        body = {"name": task.params["name"], "type": "client", "token": True}
        body.update({entry.name: plan.then[entry.name] for entry in self.fields if plan.then.get(entry.name)})
        issue = Issue(Request("POST", "/1.0/certificates", body=body, keys=list(body)), self)
        return [issue, *self._revoke(self.pending), *self._keep(task)]

    def update_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        """A token cannot be changed: another one takes its place."""
        return self._keep(task) if plan.changed == ["path"] else self.create_steps(plan, task)

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        return self._revoke(self.pending)

    def _keep(self, task: Task) -> list[t.Any]:
        return [Keep(task.params["path"], self)] if task.params["path"] else []

    @staticmethod
    def _revoke(pending: t.Iterable[str]) -> list[Request]:
        return [Request("DELETE", join("1.0", "operations", operation)) for operation in pending]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        return Projects.references(plan)

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        super().check(session, plan, task)
        if plan.then is None:
            return
        if plan.then.get("description"):
            session.require("certificate_description", "descriptions of certificates")
        folder = os.path.dirname(os.path.abspath(task.params["path"] or ""))
        if not os.path.isdir(folder):
            task.refuse(InvalidOption(f"there is no folder '{folder}'", obj=plan.label, next_step="make it first"))
        config = session.server.get("config") or {}
        listens = config.get("core.https_address") or config.get("cluster.https_address")
        # Who comes over TLS proves it, and may not see the configuration.
        if not listens and isinstance(session.transport.endpoint, UnixEndpoint):
            error = Refused(
                "the daemon does not listen for clients ('core.https_address' is empty), so nobody could use a token",
                obj=plan.label,
                next_step="set it with nfvlab.fleet.incus_server",
            )
            task.refuse(error)


def _requested(operation: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a token will have the daemon trust; empty for operations of another kind."""
    metadata = operation.get("metadata") or {}
    return (metadata.get("request") or {}) if operation.get("class") == "token" else {}


def token_of(operation: t.Mapping[str, t.Any]) -> Token:
    """The token that an operation stands for."""
    metadata = operation["metadata"]
    return Token(
        _requested(operation).get("name", ""),
        metadata["fingerprint"],
        tuple(metadata.get("addresses") or ()),
        metadata["secret"],
        metadata.get("expiresAt") or NEVER,
    )


def _kept(path: str, token: str | None) -> str:
    """What is in the file for a token.

    :param token: the text that should be there, or null for one that is still to be issued
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            same = file.read().strip() == token
            mode = os.fstat(file.fileno()).st_mode & 0o777
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        raise _unwritable(path, error) from None
    return "the token, for its owner only" if same and mode == 0o600 else "something else"


def _unwritable(path: str, error: OSError) -> InvalidOption:
    return InvalidOption(
        f"cannot use the file '{path}': {error.strerror}", next_step="correct 'path', or use 'become: true'"
    )


class Issue(t.NamedTuple):
    """Has the daemon issue a token. Its operation ends when the token is redeemed, so it is not waited for."""

    request: Request
    resource: TrustToken

    def describe(self) -> dict[str, t.Any]:
        """As the request that it is."""
        return self.request.describe()

    def perform(self, session: Client) -> None:
        """Send it, and remember the token."""
        self.resource.text = encode(token_of(operations.start(session, self.request).metadata))


class Keep(t.NamedTuple):
    """Writes the token that was issued into a file that its owner alone can read."""

    path: str
    resource: TrustToken

    def describe(self) -> dict[str, t.Any]:
        """Where, and nothing of what."""
        return {"method": "write", "path": self.path, "keys": ["token"]}

    def perform(self, session: Client) -> None:
        """Write it."""
        try:
            files.replace(self.path, f"{self.resource.text}\n", 0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from None


def run_trust_token() -> t.NoReturn:
    """The main function of the module."""
    resource = TrustToken()
    spec: Spec = {**CONNECTION, **resource.spec()}
    module = FleetModule(spec, resource.secrets)

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as session:
            result = module.converge(resource, session)
        there = result["trust_token"] is not None and not task.check_mode
        return {**result, "token": resource.text if task.params["reveal"] and there else None}

    module.run(work)
