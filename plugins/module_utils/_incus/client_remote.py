# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Remotes in the configuration of the command line client: the state module beside what `remotes` reads.

What is not ours in C(config.yml) stays as it is: other remotes, other keys, aliases. Comments go, as they do when the
client itself writes the file.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
import typing as t

from .._core import files
from .._core.errors import FleetError, Forbidden, InvalidOption, Unreachable, Unsupported, Untrusted
from .._core.fields import Choice, Flag, Text
from .._core.module import SECRET_KEYS, FleetModule
from .._core.pem import first
from .._core.resource import Plan, Resource, Task
from .._core.tls import TLSEndpoint, fingerprint_of, fingerprint_of_pem
from . import operations, remotes, tokens
from .client import Client
from .image_server import REMOTES
from .options import fingerprint, host_and_port
from .plainyaml import dump
from .trust_token import SPENT, Token, decode, redemption, refused

SIMPLESTREAMS = "simplestreams"
_FIELDS = ("addr", "protocol", "project", "public")  # of the entry, as the clients spell them
_REQUEST = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = client
[name]
O = Linux Containers
CN = {name}
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
"""
YEARS = 10  # that a client certificate is good for, as the clients have it


class Folder(t.NamedTuple):
    """The client's own folder, in which everything is written."""

    own: str

    def perform(self, step: t.Any) -> None:
        """Take one step."""
        try:
            step.perform(self)
        except OSError as error:
            raise InvalidOption(
                f"cannot write '{error.filename or self.own}': {error.strerror}",
                next_step="use 'become_user', or name another folder in 'conf'",
            ) from None


class ClientRemote(Resource):
    """A remote: its entry, its server's pinned certificate, and the trust that the server has in this client."""

    def __init__(self) -> None:
        super().__init__(
            "remote",
            fields=(
                Text("addr"),
                Choice("protocol", ["incus", "lxd", SIMPLESTREAMS]),
                Text("project"),
                Flag("public"),
                Flag("default"),
            ),
            options={
                "name": {"type": "str", "required": True},
                "server_cert": {"type": "str"},
                "server_fingerprint": {"type": "str"},
                "accept_certificate": {"type": "bool", "default": False},
                "token": {"type": "str", "no_log": True},
                "client": {"type": "str", "choices": ["incus", "lxd"], "default": "incus"},
                "conf": {"type": "path"},
                "timeout": {"type": "float", "default": 30.0},
                **SECRET_KEYS,
            },
        )
        self.token: Token | None = None
        self.pem: str | None = None  # the server's certificate, where the task gives it
        self.pin: str | None = None  # the fingerprint that it must have, where the task says so
        self.address = ""
        self.client: dict[str, str | None] = {}  # the client's certificate, as a result shows it
        self.missing: dict[str, t.Any] = {}  # what there is to do beside the entry, as a diff shows it

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"remote '{params['name']}'"

    def prepare(self, session: Folder, task: Task) -> None:
        params, label = task.params, self.label(task.params)
        if not re.fullmatch(r"[^\s:/]+", params["name"]) or params["name"] in (".", "..", remotes.LOCAL):
            raise InvalidOption(
                f"'name' is '{params['name']}', which no remote can have",
                next_step="give one without ':', '/' and spaces; 'local' is the client's own",
            )
        if params["timeout"] <= 0:
            raise InvalidOption(f"'timeout' is {params['timeout']:g}", next_step="give a number of seconds above 0")
        if task.state == "absent":
            return
        told = [option for option in ("token", "server_cert", "server_fingerprint") if params[option]]
        if told and params["protocol"] == SIMPLESTREAMS:
            raise InvalidOption(f"'{told[0]}' means nothing to a simplestreams server", obj=label)
        if params["token"] and params["public"]:
            raise InvalidOption("'token' means nothing to a public remote", obj=label)
        if params["token"]:
            self.token = decode(params["token"])
            self.pin = self.token.fingerprint
        if params["server_cert"]:
            self.pem, self.pin = first("server_cert", params["server_cert"])
        if params["server_fingerprint"]:
            self.pin = fingerprint(params["server_fingerprint"])

    # -- what is there

    def read(self, session: Folder, task: Task) -> dict[str, t.Any] | None:
        name = task.params["name"]
        config = remotes.configuration(session.own)
        entry = (config.get("remotes") or {}).get(name)
        certificate = remotes.client_cert(session.own, name) + ".crt"
        self.client = {"client_cert": certificate, "client_fingerprint": _fingerprint(certificate)}
        have = {
            **(entry or {}),
            "default": config.get("default-remote") == name,
            "server_fingerprint": _fingerprint(remotes.server_cert(session.own, name)),
            **self.client,
        }
        self.missing = {}
        if task.state == "present":
            self._look(have, entry or {}, task)
        return have if entry is not None else None

    def _look(self, have: dict[str, t.Any], entry: dict[str, t.Any], task: Task) -> None:
        """See what there is to do beside the entry. The server is asked only where the files do not say it."""
        params = task.params
        protocol = params["protocol"] or entry.get("protocol") or params["client"]
        self.address = _address(params["addr"] or entry.get("addr") or self._named(task), protocol)
        if protocol == SIMPLESTREAMS or self.address.startswith("unix:"):
            if self.token:
                raise InvalidOption(f"'token' means nothing to '{self.address}'", obj=self.label(params))
            return
        public = entry.get("public") if params["public"] is None else params["public"]
        if not (public or have["client_fingerprint"]):
            self.missing["client_cert"] = have["client_cert"]
        try:
            shown = self._server(have, entry, task)
            if shown:
                self.missing["server_fingerprint"] = fingerprint_of_pem(shown)
            if self.token and not self._trusted(have, task):
                self.missing["trusted"] = True
        except Unreachable as error:
            if not task.check_mode or isinstance(error, Untrusted):
                raise
            task.warn(f"check mode: {error}; so it is not known whether the server's certificate and trust will change")

    def _named(self, task: Task) -> str:
        """The first of the token's addresses at which the daemon answers that has issued it.

        :raises Unreachable: there is none
        """
        if self.token is None:
            raise InvalidOption("it does not exist, and a new one needs its 'addr' or a 'token'")
        address, *others = self.token.addresses or ("",)
        if not address:
            raise InvalidOption("the 'token' names no address", next_step="give 'addr'")
        if others:
            try:
                address, pem = tokens.answering((address, *others), self.token.fingerprint, task.params["timeout"])
                self.pem = self.pem or pem
            except Unreachable as error:
                if not task.check_mode:  # where an earlier task may bring the daemon up
                    error.what = f"the daemon answers at none of the addresses that the token names: {error.what}"
                    error.next_step = "give the right one in 'addr'"
                    raise
        return f"https://{address}"

    def _server(self, have: dict[str, t.Any], entry: dict[str, t.Any], task: Task) -> str | None:
        """The server's certificate, where it is not the one that is pinned already."""
        accepts, stored = task.params["accept_certificate"], have["server_fingerprint"]
        moved = bool(entry) and entry.get("addr") != self.address
        if stored and (stored == self.pin if self.pin else not (moved and accepts)):
            return None
        if self.pem is None or fingerprint_of_pem(self.pem) != self.pin:
            self.pem = self._endpoint(self.pin or "").certificate(task.params["timeout"])
        seen = fingerprint_of_pem(self.pem)
        if self.pin and seen != self.pin:
            raise Untrusted(
                f"the server's certificate has the fingerprint {seen}, but it should be {self.pin}",
                endpoint=self.address,
                next_step="nothing was written; find out which is right before you change the pin or the token",
            )
        if not (self.pin or accepts):
            raise Untrusted(
                f"the server's certificate has the fingerprint {seen}, and nothing says that this is right",
                endpoint=self.address,
                next_step="compare it with what 'incus info' shows there, and give it in 'server_fingerprint', or give"
                " a 'token'",
            )
        return self.pem

    def _trusted(self, have: dict[str, t.Any], task: Task) -> bool:
        """Whether the server trusts this client already.

        :raises Forbidden: it does not, and the token is too old to change that
        """
        if have["client_fingerprint"]:
            pinned = self.missing.get("server_fingerprint") or have["server_fingerprint"] or ""
            with Client(self._endpoint(pinned, have["client_cert"]), timeout=task.params["timeout"]) as client:
                if client.server.get("auth") == "trusted":
                    return True
        if self.token and self.token.expired:
            raise Forbidden("the token has expired", endpoint=self.address, next_step=SPENT)
        return False

    def _endpoint(self, pinned: str, certificate: str | None = None) -> TLSEndpoint:
        key = certificate[: -len(".crt")] + ".key" if certificate else None
        return TLSEndpoint(*host_and_port("addr", self.address), pinned, certificate, key)

    # -- what is to be done

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        given = {option: value for option, value in task.given.items() if value or option not in ("addr", "protocol")}
        if have is None or "addr" in given:
            given["addr"] = self.address
        if have is None:
            given.setdefault("protocol", task.params["client"])
        if have is None and given.get("protocol") == SIMPLESTREAMS:
            given.setdefault("public", True)
        plan = super()._present(label, have, task.but(given=given))
        plan.then.update(self.client)
        for name, value in self.missing.items():
            plan.changed.append(name)
            plan.then[name] = plan.after[name] = value
            if have is not None:
                plan.before[name] = have[name] if name == "server_fingerprint" else None
        return plan

    def steps(self, plan: Plan, task: Task) -> list[t.Any]:
        name = task.params["name"]
        if plan.then is None:
            return [Configure(name, None, False, task.params["client"], ("remotes",)), Unpin(name)] if plan.have else []
        steps: list[t.Any] = []
        pinned = plan.then.get("server_fingerprint") or (plan.have or {}).get("server_fingerprint")
        if "client_cert" in self.missing:
            steps.append(Generate())
        if "trusted" in self.missing:
            steps.append(Redeem(name, self._endpoint(pinned or ""), task.params["token"], task.params["timeout"]))
        if "server_fingerprint" in self.missing:
            steps.append(Pin(name, self.pem or ""))
        written = tuple(one for one in plan.changed if one not in self.missing)
        if written:
            entry = {one: plan.then[one] for one in _FIELDS if one in plan.then}
            steps.append(Configure(name, entry, plan.then.get("default"), task.params["client"], written))
        return steps

    def check(self, session: Folder, plan: Plan, task: Task) -> None:
        if plan.then is None or "client_cert" not in self.missing or shutil.which("openssl"):
            return
        error = Unsupported(
            "this client has no certificate yet, and this host has no program 'openssl' to make one",
            obj=plan.label,
            next_step=f"install it, or put 'client.crt' and 'client.key' into '{session.own}'",
        )
        task.refuse(error)


def _address(given: str, protocol: str) -> str:
    """An address as the client writes it.

    :raises InvalidOption: it is none
    """
    if given.startswith("unix:") or (protocol == SIMPLESTREAMS and re.match(r"https?://\S+$", given)):
        return given
    host, port = host_and_port("addr", given)
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _fingerprint(path: str) -> str | None:
    """That of the certificate in a file, or null where there is none."""
    return fingerprint_of(path) if os.path.exists(path) else None


class Configure(t.NamedTuple):
    """Writes the entry of a remote into C(config.yml), and nothing else.

    :param entry: what it has now, or null for none
    :param default: whether it is the default remote
    :param client: the brand, for what a new file has
    :param keys: what changes, for C(actions)
    """

    name: str
    entry: dict[str, t.Any] | None
    default: bool
    client: str
    keys: tuple[str, ...]

    def describe(self) -> dict[str, t.Any]:
        """The file and the keys."""
        return {"method": "write", "path": remotes.CONFIG, "keys": list(self.keys)}

    def perform(self, session: Folder) -> None:
        """Write it, on what the file says by now."""
        config = remotes.configuration(session.own) or first_configuration(self.client)
        os.makedirs(session.own, 0o750, exist_ok=True)
        files.replace(os.path.join(session.own, remotes.CONFIG), dump(self.applied(config)))

    def applied(self, config: dict[str, t.Any]) -> dict[str, t.Any]:
        """The configuration with the entry as it shall be."""
        listed = dict(config.get("remotes") or {})
        if self.entry is None:
            listed.pop(self.name, None)
        else:
            entry = {**listed.get(self.name, {}), **self.entry}
            listed[self.name] = {key: value for key, value in entry.items() if key != "project" or value}
        default = config.get("default-remote") or remotes.LOCAL
        if self.default:
            default = self.name
        elif default == self.name:
            default = remotes.LOCAL
        return {**config, "default-remote": default, "remotes": listed}


def first_configuration(client: str) -> dict[str, t.Any]:
    """What the client knows without a file, and would forget with one that does not say so."""
    listed: dict[str, t.Any] = {
        name: {"addr": url, "protocol": SIMPLESTREAMS, "public": True} for name, url in REMOTES[client].items()
    }
    listed[remotes.LOCAL] = {"addr": "unix://", "protocol": client, "public": False}
    return {"default-remote": remotes.LOCAL, "remotes": listed, "aliases": {}}


class Pin(t.NamedTuple):
    """Keeps the certificate that a remote's server must have."""

    name: str
    pem: str

    def describe(self) -> dict[str, t.Any]:
        """The file."""
        return {"method": "write", "path": f"servercerts/{self.name}.crt", "keys": ["server_fingerprint"]}

    def perform(self, session: Folder) -> None:
        """Write it."""
        path = remotes.server_cert(session.own, self.name)
        os.makedirs(os.path.dirname(path), 0o750, exist_ok=True)
        files.replace(path, self.pem.rstrip() + "\n")


class Unpin(t.NamedTuple):
    """Removes that certificate again, and what a login left."""

    name: str

    def describe(self) -> dict[str, t.Any]:
        """The file."""
        return {"method": "delete", "path": f"servercerts/{self.name}.crt", "keys": []}

    def perform(self, session: Folder) -> None:
        """Remove them where they are."""
        for path in (remotes.server_cert(session.own, self.name), f"{session.own}/oidctokens/{self.name}.json"):
            if os.path.lexists(path):
                os.unlink(path)


class Generate(t.NamedTuple):
    """Makes the client's own certificate, as the client itself would: P-384, for clients only."""

    def describe(self) -> dict[str, t.Any]:
        """The files."""
        return {"method": "write", "path": "client.crt", "keys": ["client_cert", "client_key"]}

    def perform(self, session: Folder) -> None:
        """Make it beside its place; the key is in place before the certificate is."""
        os.makedirs(session.own, 0o750, exist_ok=True)
        name = re.sub(r"[^\w@.-]", "-", f"{getpass.getuser()}@{socket.gethostname()}")
        with tempfile.TemporaryDirectory(dir=session.own, prefix=".nfvlab-") as folder:
            request, key, certificate = (os.path.join(folder, one) for one in ("request", "client.key", "client.crt"))
            with open(request, "w", encoding="utf-8") as stream:
                stream.write(_REQUEST.format(name=name[:64]))
            done = subprocess.run(
                ["openssl", "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"]
                + ["-sha384", "-nodes", "-days", str(365 * YEARS), "-config", request, "-keyout", key]
                + ["-out", certificate],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
                raise Unsupported(f"openssl could not make a client certificate: {said}", text=done.stderr)
            os.chmod(key, 0o600)
            os.chmod(certificate, 0o644)
            for path in (key, certificate):
                os.replace(path, os.path.join(session.own, os.path.basename(path)))


class Redeem(t.NamedTuple):
    """Has a daemon trust the client's certificate by a token.

    :param endpoint: where, pinned, without the certificate, which may not be there yet
    """

    name: str
    endpoint: TLSEndpoint
    token: str
    timeout: float

    def describe(self) -> dict[str, t.Any]:
        """The request, without the token."""
        return {"method": "POST", "path": f"{self.endpoint}/1.0/certificates", "keys": ["type", "certificate"]}

    def perform(self, session: Folder) -> None:
        """Send it.

        :raises Forbidden: the daemon does not take the token
        """
        certificate = remotes.client_cert(session.own, self.name)
        endpoint = self.endpoint._replace(client_cert=certificate + ".crt", client_key=certificate + ".key")
        with Client(endpoint, timeout=self.timeout) as client:
            try:
                operations.perform(client, redemption(client, self.token))
            except FleetError as error:
                raise refused(error) from None


def run_remote() -> t.NoReturn:
    """The main function of the module."""
    resource = ClientRemote()
    module = FleetModule(resource.spec(), resource.secrets)

    def work() -> dict[str, t.Any]:
        params = module.params
        own = params["conf"] or remotes.client_files(params["client"], os.environ).own
        return module.converge(resource, Folder(own))

    module.run(work)
