# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The way that this session came in by, and what would cut it.

Everything is found from the device: its users (C(show users)), its addresses and routes, and its configuration. Where
the way is not found, every change that might cut it counts as one that does.
"""

from __future__ import annotations

import re
import typing as t

from . import acl, tokens
from .tree import ACL_KINDS, VTY, Config, Entry


class Management(t.NamedTuple):
    """What this session came in by.

    found: whether the way is known; console: whether it is a console, which no address leads to
    peer, address: both ends; interface: where it arrives; vty: the line it is on; user: its name
    protocol: ssh or telnet; port: the device's port
    """

    found: bool = False
    console: bool = False
    peer: str | None = None
    address: str | None = None
    interface: str | None = None
    vty: int | None = None
    user: str | None = None
    protocol: str = "ssh"
    port: int = 22

    def flow(self) -> acl.Flow | None:
        """The packets of the session, for access lists; null where they are not known."""
        return acl.Flow(self.peer, self.address, self.port) if self.peer else None


_USER_LINE = re.compile(
    r"^\*\s*(?P<abs>\d+)\s+(?P<kind>con|aux|vty)\s+(?P<number>\d+)\s*(?P<user>\S+)?.*?(?P<peer>\d+\.\d+\.\d+\.\d+)?\s*$",
    re.MULTILINE,
)


def find(
    running: Config, users: str, *, address: str | None = None, protocol: str = "ssh", port: int = 22
) -> Management:
    """The way of this session.

    :param users: what C(show users) printed: the line with the star is ours
    :param address: the address of the device that the session was opened to, if it is one
    """
    ours = _USER_LINE.search(users)
    if not ours:
        return Management(False, address=address, protocol=protocol, port=port)
    user = ours["user"] if ours["user"] and not re.match(r"idle|\d+:|\d+\.\d+\.", ours["user"]) else None
    if ours["kind"] != "vty":
        return Management(True, True, user=user, protocol="console")
    peer, vty = ours["peer"], int(ours["number"])
    interface = interface_of(running, address) if address and tokens.KINDS["ipv4"]([address], 0) else None
    return Management(bool(interface and peer), False, peer, address, interface, vty, user, protocol, port)


def interface_of(config: Config, address: str | None) -> str | None:
    """The interface that has an address."""
    for slot, entry in config.root.children.items():
        if slot[0] == "interface" and address in _addresses(entry):
            return str(slot[1])
    return None


def _addresses(entry: Entry) -> list[str]:
    return [
        child.values["address"]
        for child in entry.children.values()
        if child.slot[0] in ("ip address", "ip address secondary") and "address" in child.values and not child.negated
    ]


# What might cut a session whose way is not known.
_RISKY = re.compile(
    r"(?:no )?(?:ip address|transport|login|aaa |enable |access-class |ip access-group |ip routing)"
    r"|shutdown$|no (?:interface|ip route|username|ip access-list|access-list|line|password)"
)


def lockouts(running: Config, after: Config, lines: t.Sequence[str], way: Management | None) -> list[str]:
    """What the change would cut, as sentences; nothing where nobody is connected, or over a console."""
    if way is None:
        return []
    if way.console:
        return _login_cut(running, after, ("line con", 0), way)[:1]
    if not way.found:
        risky = [line for line in lines if _RISKY.match(line)]
        return [f"the way of this session is not known, and '{line}' might cut it" for line in risky[:3]]
    return [*_interface_cut(after, way), *_route_cut(running, after, way), *_line_cut(running, after, way)]


def _interface_cut(after: Config, way: Management) -> t.Iterator[str]:
    entry = after.root.children.get(("interface", way.interface))
    if entry is None:
        yield f"interface {way.interface}, which this session came in by, would go"
        return
    if way.address not in _addresses(entry):
        yield f"the address {way.address} of {way.interface}, which this session came in by, would go"
    shutdown = entry.children.get(("shutdown",))
    if shutdown is not None and not shutdown.negated:
        yield f"interface {way.interface}, which this session came in by, would be shut down"
    group = entry.children.get(("ip access-group", "in"))
    if group is not None and not _let_through(after, str(group.values["name"]), way):
        yield f"access list {group.values['name']} on {way.interface} would not let {way.peer} in"


def _let_through(config: Config, name: str, way: Management) -> bool:
    flow = way.flow()
    for kind in ACL_KINDS:
        entry = config.root.children.get((kind, name))
        if entry is not None and flow is not None:
            return acl.permits([child.text for child in entry.children.values()], flow)
    return True


def _route_cut(running: Config, after: Config, way: Management) -> t.Iterator[str]:
    """The peer has to be reachable by a route if it was, and it is not on the interface's own network."""
    if way.peer is None or _connected(after, way.peer):
        return
    if _routed(running, way.peer) and not _routed(after, way.peer):
        yield f"the route to {way.peer}, where this session comes from, would go"


def _connected(config: Config, peer: str) -> bool:
    number = tokens.address_number(peer)
    for slot, entry in config.root.children.items():
        if slot[0] != "interface":
            continue
        for child in entry.children.values():
            if "mask" in child.values and not child.negated:
                mask = tokens.address_number(child.values["mask"])
                if number & mask == tokens.address_number(child.values["address"]) & mask:
                    return True
    return False


def _routed(config: Config, peer: str) -> bool:
    number = tokens.address_number(peer)
    for slot, entry in config.root.children.items():
        if slot[0] == "ip route" and not entry.negated:
            mask = tokens.address_number(entry.values["mask"])
            if number & mask == tokens.address_number(entry.values["prefix"]) & mask:
                return True
    return ("ip default-gateway",) in config.root.children


def _line_cut(running: Config, after: Config, way: Management) -> list[str]:
    """A new session has to get in by any vty line of the new configuration; ours has to stay."""
    found = []
    if way.vty is not None and (VTY, way.vty) in running.root.children and (VTY, way.vty) not in after.root.children:
        found.append(f"line vty {way.vty}, which this session is on, would go")
    if _open(running, way, running) and not _open(after, way, running):
        accepting = [slot for slot, entry in _vty(after) if _accepts(after, entry, way, running)]
        reasons = [_login_problem(after, slot, way) for slot in accepting if not _login_problem(running, slot, way)]
        found += [reason for reason in reasons[:1] if reason]
        found += [] if found else [f"no vty line would let a new session in by {way.protocol} from {way.peer}"]
    return found


def _open(config: Config, way: Management, running: Config) -> bool:
    """Whether a new session could come in like this one."""
    return any(
        _accepts(config, entry, way, running) and not _login_problem(config, slot, way) for slot, entry in _vty(config)
    )


def _vty(config: Config) -> list[tuple[tuple[t.Any, ...], Entry]]:
    return [(slot, entry) for slot, entry in config.root.children.items() if slot[0] == VTY]


def _accepts(config: Config, line: Entry, way: Management, running: Config) -> bool:
    """Whether a line takes such a session. The default of C(transport input) differs between trains."""
    transport = line.children.get(("transport input",))
    known = running.root.children.get(line.slot)
    said = known is not None and ("transport input",) in known.children
    unsaid = "none" if said else "all"
    protocols = transport.values.get("protocol", "all") if transport is not None and not transport.negated else unsaid
    accepted = protocols if isinstance(protocols, tuple) else (protocols,)
    access = line.children.get(("access-class", "in"))
    return ("all" in accepted or way.protocol in accepted) and (
        access is None or access.negated or _let_through(config, str(access.values["name"]), way)
    )


def _login_cut(running: Config, after: Config, slot: tuple[t.Any, ...], way: Management) -> list[str]:
    """Why nobody could log in on a line any more, if somebody could before."""
    now = _login_problem(after, slot, way)
    return [now] if now and not _login_problem(running, slot, way) else []


def _login_problem(config: Config, slot: tuple[t.Any, ...], way: Management) -> str | None:
    line = config.root.children.get(slot)
    login = line.children.get(("login",)) if line else None
    name = line.text if line else "the line"
    if ("aaa new-model",) in config.root.children:
        chosen = login.values.get("list", "default") if login else "default"
        if login and "list" in login.values and ("aaa authentication", "login", chosen) not in config.root.children:
            return f"{name} would ask an authentication list '{chosen}' that is not defined"
        return None
    users = [one[1] for one in config.root.children if one[0] == "username"]
    if login is not None and login.text == "login local" and not login.negated:
        if way.user and way.user not in users:
            return f"user {way.user}, whom this session belongs to, would go"
        return None if users else f"{name} would ask for users, and there are none"
    if way.protocol == "ssh" and (login is None or login.text == "login"):
        return f"{name} would ask for its password, which SSH does not know" if _asks(login) else None
    if _asks(login) and line is not None and ("password",) not in line.children:
        return f"{name} would ask for a password, and has none"
    return None


def _asks(login: Entry | None) -> bool:
    """Whether a line asks for its own password."""
    return login is not None and login.text == "login" and not login.negated
