# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Waiting until instances are what a task needs them to be, for one or for many at once.

What a single request tells of all instances is asked once for all: their status, and the leases of a bridge. What only
the instance itself can tell (IPv6 and other addresses, the agent, cloud-init, ports) is asked of each, several at a
time, once the rest is there.
"""

from __future__ import annotations

import re
import time
import typing as t

from .._core.errors import (
    FleetError,
    InvalidOption,
    MissingReference,
    OperationFailed,
    Refused,
    TimedOut,
    Transient,
    did_you_mean,
)
from .._core.http import path as join
from .._core.report import REPORT, why
from .answers import STATUS_READY, STATUS_RUNNING
from .client import Client

KINDS = ("running", "ready", "agent", "ipv4", "ipv6", "cloud-init", "port")
FAMILIES = {"ipv4": "inet", "ipv6": "inet6"}
AGENT_TIMES = 3  # an agent that has just come up may go once more (canonical/lxd #8148)
PAUSE = 0.2  # seconds between two looks
READINGS = 4  # of all instances, while one that is just going away spoils them
WORKERS = 8  # instances that are asked at a time
CONNECTING = 1.0  # seconds that a port may take to answer


class Want(t.NamedTuple):
    """One thing to wait for.

    :param nic: the interface, as the guest names it, where an address has to be on a certain one
    :param port: the TCP port that has to take connections
    """

    text: str
    kind: str
    nic: str = ""
    port: int = 0


def parse(texts: t.Iterable[str]) -> list[Want]:
    """What O(wait_for) names: C(ipv4), C(ipv6:eth1), C(port:22) and so on.

    :raises InvalidOption: naming the near one
    """
    return [_parse(text) for text in texts]


def _parse(text: str) -> Want:
    kind, _colon, rest = text.partition(":")
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"write one of {', '.join(KINDS)}"
        raise InvalidOption(f"'wait_for' has '{text}', which nothing can wait for", next_step=hint)
    if kind == "port":
        if not rest.isdigit() or not 0 < int(rest) < 65536:
            raise InvalidOption(f"'wait_for' has '{text}'", next_step="write port:N, with N from 1 to 65535")
        return Want(text, kind, port=int(rest))
    if rest and kind not in FAMILIES or _colon and not rest:
        raise InvalidOption(
            f"'wait_for' has '{text}'", next_step="an interface belongs to ipv4 and ipv6 only, as in ipv4:eth1"
        )
    return Want(text, kind, nic=rest)


class Seen(t.NamedTuple):
    """What is known of an instance at one moment.

    :param addresses: global addresses by interface and family
    :param processes: how many run in it, or -1 where that is not known, which in a virtual machine means no agent
    """

    status_code: int
    addresses: t.Mapping[tuple[str, str], t.Sequence[str]] = {}
    processes: int = -1

    @property
    def running(self) -> bool:
        """Whether it runs. A guest that has reported Ready is running."""
        return self.status_code in (STATUS_RUNNING, STATUS_READY)

    def of(self, family: str, nic: str = "") -> list[str]:
        """Its global addresses of a family, on one interface or on all."""
        return [
            address
            for (name, kind), found in self.addresses.items()
            if kind == family and nic in ("", name)
            for address in found
        ]


def seen(state: t.Mapping[str, t.Any]) -> Seen:
    """What an instance's own state tells; the instance itself tells its status only."""
    found: dict[tuple[str, str], list[str]] = {}
    for nic, link in (state.get("network") or {}).items():
        for address in link.get("addresses") or ():
            if nic != "lo" and address["scope"] == "global":
                found.setdefault((nic, address["family"]), []).append(address["address"])
    return Seen(state.get("status_code", 0), found, state.get("processes", -1))


class Waiting:
    """One instance that is waited for.

    :param name: its name
    :param label: the same as a person would name it
    :param wants: what has to be true of it
    :param patience: seconds until it has failed
    """

    def __init__(self, name: str, label: str, wants: t.Sequence[Want], patience: float) -> None:
        self.name = name
        self.label = label
        self.wants = list(wants)
        self.patience = patience
        self.state: dict[str, t.Any] = {}  # as the daemon last gave it
        self.reasons: list[str] = []  # why it is not there yet
        self._agent = 0

    def missing(self, now: Seen) -> list[Want]:
        """What is not true yet, of that which a look can tell."""
        self._agent = self._agent + 1 if now.processes >= 0 and now.running else 0
        return [want for want in self.wants if not self._holds(want, now)]

    def _holds(self, want: Want, now: Seen) -> bool:
        if want.kind == "running":
            return now.running
        if want.kind == "ready":
            return now.status_code == STATUS_READY
        if want.kind == "agent":
            return self._agent >= AGENT_TIMES
        if want.kind in FAMILIES:
            return bool(now.of(FAMILIES[want.kind], want.nic))
        return now.running  # the rest is asked inside


class Watch:
    """Waits for instances of one project."""

    def __init__(self, session: Client, project: str) -> None:
        self.session = session
        self.query = {"project": project}
        self._known: dict[str, t.Any] | None = None  # the last reading, as long as nothing has happened since

    # -- looking

    def forget(self) -> None:
        """The last reading is true no more: something was changed, or time has passed."""
        self._known = None

    def state(self, name: str) -> dict[str, t.Any] | None:
        """What the daemon and the guest itself tell of an instance; null where it is gone."""
        found: dict[str, t.Any] | None = self.session.find(join("1.0", "instances", name, "state"), self.query)
        return found

    def instances(self) -> dict[str, t.Any]:
        """All instances of the project by name, in one request; a project that is not there yet has none."""
        for _attempt in range(READINGS):
            try:
                return self._instances()
            except Transient:
                time.sleep(PAUSE)
        return self._instances()

    def _instances(self) -> dict[str, t.Any]:
        found = self.session.find("/1.0/instances", {**self.query, "recursion": "1"}) or ()
        self._known = {entry["name"]: entry for entry in found}
        return self._known

    def everything(self) -> tuple[dict[str, t.Any], dict[str, Seen]]:
        """All instances of the project and what is seen of each. What has just been read is not read again."""
        have = self.instances() if self._known is None else self._known
        return have, self.looked_up(have)

    def looked_up(self, have: t.Mapping[str, t.Any]) -> dict[str, Seen]:
        """What is seen of instances that were read, with one request for each bridge in use.

        An instance without an interface in a network of the daemon's own has no addresses here.
        """
        owners: dict[str, dict[str, tuple[str, str]]] = {}  # by network and hardware address: instance and interface
        for name, entry in have.items():
            if Seen(entry["status_code"]).running:
                for network, address, nic in leased(entry):
                    owners.setdefault(network, {})[address] = (name, nic)
        found: dict[str, dict[tuple[str, str], list[str]]] = {}
        asked: dict[str, Seen] = {}
        for network, by_address in owners.items():
            try:
                leases = self.session.find(join("1.0", "networks", network, "leases"), self.query) or ()
            except Refused as error:
                if not re.search("peer.* is down|failed to notify peer", error.text or ""):
                    raise
                # A cluster tells no leases at all while one of its members does not answer.
                asked.update({name: seen(self.state(name) or have[name]) for name, _nic in by_address.values()})
                continue
            for lease in leases:
                if lease.get("hwaddr") in by_address and ":" not in lease["address"]:
                    name, nic = by_address[lease["hwaddr"]]
                    found.setdefault(name, {}).setdefault((nic, "inet"), []).append(lease["address"])
        known = {name: Seen(entry["status_code"], found.get(name, {})) for name, entry in have.items()}
        return {**known, **asked}

    # -- waiting

    def wait(self, all_of: t.Iterable[Waiting]) -> t.Iterator[tuple[Waiting, FleetError | None]]:
        """Yield each instance once: when all is true of it, or with the reason why that will not come.

        One instance is asked itself; of many, what can be is learnt from requests for all of them.
        """
        waiting = {one.name: one for one in all_of}
        begun = time.monotonic()
        together = len(waiting) > 1
        round_number = 0
        while waiting:
            have, bulk = self.everything() if together else ({}, {})
            apart = []
            for name, one in list(waiting.items()):
                if together and name in have and _in_bulk(one, have[name]):
                    # Whoever has an address that no lease tells of is asked itself now and then.
                    if not one.missing(bulk[name]):
                        del waiting[name]
                        yield one, None
                    elif round_number % 10 == 9:
                        apart.append(one)
                elif not together or name not in have or bulk[name].running:
                    apart.append(one)
            for one, done, error in self._ask(apart):
                if done or error is not None:
                    del waiting[one.name]
                    yield one, error
            for name, one in list(waiting.items()):
                if time.monotonic() - begun >= one.patience:
                    del waiting[name]
                    yield one, self._overdue(one)
            round_number += 1
            if waiting or apart:
                self.forget()
            if waiting:
                time.sleep(PAUSE)

    def _ask(self, waiting: list[Waiting]) -> t.Iterator[tuple[Waiting, bool, FleetError | None]]:
        """Ask each instance itself; whether all is true of it, or the reason why that will not come."""
        from .._core.pool import each

        if len(waiting) == 1:
            yield self._one(waiting[0])
            return

        def work(one: Waiting) -> tuple[Waiting, bool, FleetError | None]:
            try:
                return self._one(one)
            finally:
                self.session.transport.close()

        for one, answer, error in each(work, waiting, workers=WORKERS):
            if isinstance(error, FleetError):
                yield one, False, error
            elif error is not None or answer is None:
                raise error or FleetError("nobody answered")
            else:
                yield answer

    def _one(self, one: Waiting) -> tuple[Waiting, bool, FleetError | None]:
        state = self.state(one.name)
        if state is None:
            return one, False, self._gone(one)
        one.state = state
        now = seen(state)
        missing = one.missing(now)
        one.reasons = []
        try:
            for want in [] if missing else one.wants:
                reason = ""
                if want.kind == "port":
                    reason = _port(now, want.port)
                elif want.kind == "cloud-init":
                    reason = self._cloud_init(one)
                if reason:
                    one.reasons.append(reason)
        except FleetError as error:
            return one, False, error.about(one.label)
        return one, not missing and not one.reasons, None

    def _cloud_init(self, one: Waiting) -> str:
        """Why cloud-init has not ended yet, or nothing.

        :raises OperationFailed: it ended with errors, which are told
        :raises MissingReference: the guest has none
        """
        from .inside import NOT_FOUND, Exec

        path = join("1.0", "instances", one.name)
        ended = Exec(path, self.query, ("cloud-init", "status", "--long"), limit=30).perform(self.session)
        if ended.rc == NOT_FOUND:
            raise MissingReference(
                "the guest has no cloud-init",
                next_step="use an image that has it, or leave 'cloud-init' out of 'wait_for'",
            )
        status, errors = cloud_init(ended.stdout)
        if status == "error":
            raise OperationFailed(
                f"cloud-init ended with errors: {errors or 'it does not say which'}",
                text=errors or None,
                next_step="see /var/log/cloud-init-output.log in the instance, and mend its cloud-init.user-data",
            )
        return "" if status in ("done", "disabled") else f"cloud-init is '{status or ended.last_line}'"

    # -- telling why

    def _gone(self, one: Waiting) -> FleetError:
        return MissingReference(
            "it is gone", obj=one.label, endpoint=str(self.session.transport.endpoint), next_step="see who deletes it"
        )

    def _overdue(self, one: Waiting) -> FleetError:
        """What is known of an instance whose time is over."""
        state = self.state(one.name)
        if state is None:
            return self._gone(one)
        now = seen(state)
        missing = [want.text for want in one.missing(now)]
        parts = [f"it is {state['status']}", f"its IPv4 addresses are {', '.join(now.of('inet')) or 'none'}"]
        if any(want.kind == "ipv6" for want in one.wants):
            parts.append(f"its IPv6 addresses are {', '.join(now.of('inet6')) or 'none'}")
        links = [f"{name} is {nic['state']}" for name, nic in (state.get("network") or {}).items() if name != "lo"]
        parts.append(f"its interfaces: {', '.join(links) or 'none'}")
        parts += one.reasons
        if "ready" in missing and now.running:
            parts.append(self._why(one) or "its guest has not reported Ready (PATCH /1.0 on its guest API)")
        console = self._console(one)
        if console:
            parts.append(f"its console ends with: {console}")
        late = missing or [want.text for want in one.wants if want.kind in ("port", "cloud-init")]
        return TimedOut(
            f"not {' and '.join(late)} after {one.patience:g} s",
            obj=one.label,
            endpoint=str(self.session.transport.endpoint),
            next_step="; ".join(parts),
        )

    def _why(self, one: Waiting) -> str:
        """What the service of the role incus_guest_ready says in the guest, where there is one."""
        path = join("1.0", "instances", one.name, "files")
        try:
            return why(self.session.text(path, {**self.query, "path": REPORT}))
        except FleetError:
            return ""  # there is none; this only adds to another message

    def _console(self, one: Waiting) -> str:
        return tail(self.session, join("1.0", "instances", one.name, "console"), self.query, 3)


def tail(session: Client, path: str, query: t.Mapping[str, str], count: int, only: str = "") -> str:
    """The last lines of a log of an instance, in one; empty where there is none."""
    try:
        text = session.text(path, query)
    except FleetError:
        return ""  # there may be none yet; this only adds to another message
    lines = [line.strip() for line in text.splitlines() if line.strip() and only in line]
    return " | ".join(lines[-count:])


def leased(entry: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, str, str]]:
    """The interfaces of an instance that a network of the daemon's own gives addresses to: network, hardware address
    and the interface's name in the guest.
    """
    for device, nic in (entry.get("expanded_devices") or {}).items():
        if nic.get("type") == "nic" and nic.get("network"):
            config = entry.get("config") or {}
            name = nic.get("name") or config.get(f"volatile.{device}.name") or device
            yield nic["network"], nic.get("hwaddr") or config.get(f"volatile.{device}.hwaddr", ""), name


def _in_bulk(one: Waiting, entry: t.Mapping[str, t.Any]) -> bool:
    """Whether requests for all instances tell everything that one is waited for."""
    nics = {nic for _network, _address, nic in leased(entry)}
    return all(
        want.kind in ("running", "ready") or want.kind == "ipv4" and (want.nic in nics if want.nic else bool(nics))
        for want in one.wants
    )


def cloud_init(text: str) -> tuple[str, str]:
    """The status that C(cloud-init status --long) tells, and its errors in one line."""
    # Newer releases have a list of errors beside the detail, which then only names the data source.
    parts = dict(re.findall(r"^(status|detail|errors):(.*?)(?=^\w[\w ]*:|\Z)", text, re.MULTILINE | re.DOTALL))
    told = {name: " ".join(part.split()) for name, part in parts.items()}
    errors = told.get("errors", "")
    return told.get("status", ""), errors if errors not in ("", "[]") else told.get("detail", "")


def _port(now: Seen, port: int) -> str:
    """Why no address of an instance takes connections on a port, or nothing."""
    import socket

    found = [*now.of("inet"), *now.of("inet6")]
    if not found:
        return f"it has no address on which port {port} could answer"
    told = []
    for address in found:
        try:
            socket.create_connection((address, port), CONNECTING).close()
        except OSError as error:
            told.append(f"port {port} on {address}: {error.strerror or error}")
        else:
            return ""
    return ", ".join(told)
