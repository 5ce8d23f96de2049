# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a device is: its hardware, and its configuration as typed objects, one per line or interface.

Nothing here knows how a command is spelled or how running-config prints it.
"""

from __future__ import annotations

import copy
import dataclasses
import re
import typing as t

from .secrets import Secret

VTY_LINES = {"classic": 16, "xe": 16}
PHYSICAL = ("Ethernet", "FastEthernet", "GigabitEthernet", "TenGigabitEthernet", "Serial")
RANKS = (
    "Loopback",
    "Tunnel",
    "Port-channel",
    "Ethernet",
    "FastEthernet",
    "GigabitEthernet",
    "TenGigabitEthernet",
    "Serial",
    "Vlan",
)


class Address(t.NamedTuple):
    """An IPv4 address and its mask, dotted."""

    ip: str
    mask: str


@dataclasses.dataclass
class Interface:
    """One interface's configuration. ``settings`` are the single values that need nothing but a word or number."""

    name: str
    description: str | None = None
    primary: Address | None = None
    secondaries: list[Address] = dataclasses.field(default_factory=list)
    dhcp: bool = False
    shutdown: bool = False
    helpers: list[str] = dataclasses.field(default_factory=list)
    cdp: bool = True
    groups: dict[str, str] = dataclasses.field(default_factory=dict)  # direction -> access list
    settings: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    foreign: list[str] = dataclasses.field(default_factory=list)

    @property
    def kind(self) -> str:
        return re.match(r"[A-Za-z-]+", self.name)[0]

    @property
    def physical(self) -> bool:
        return self.kind in PHYSICAL and "." not in self.name

    @property
    def addresses(self) -> list[Address]:
        return ([self.primary] if self.primary else []) + self.secondaries


@dataclasses.dataclass
class Line:
    """One terminal line: ``con 0``, ``aux 0``, or one of the vty lines.

    :ivar login: ``line`` asks the line's password, ``local`` a user, ``none`` nobody
    """

    kind: str
    number: int
    password: Secret | None = None
    login: str = "none"
    timeout: tuple[int, int] = (10, 0)
    synchronous: bool = False
    transport: tuple[str, ...] = ("all",)
    transport_given: bool = False
    access: dict[str, str] = dataclasses.field(default_factory=dict)
    privilege: int = 1
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    foreign: list[str] = dataclasses.field(default_factory=list)

    def same_as(self, other: Line) -> bool:
        """Whether the two are configured alike, so that running-config prints them as one range."""
        return dataclasses.replace(self, number=0) == dataclasses.replace(other, number=0)


@dataclasses.dataclass
class User:
    name: str
    privilege: int = 1
    secret: Secret | None = None
    password: Secret | None = None
    free: bool = False  # nopassword


@dataclasses.dataclass
class Pool:
    name: str
    network: Address | None = None
    routers: list[str] = dataclasses.field(default_factory=list)
    dns: list[str] = dataclasses.field(default_factory=list)
    domain: str | None = None
    lease: tuple[int, ...] | None = None  # days[, hours[, minutes]]; empty for infinite
    foreign: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class AccessList:
    """An access list: its entries by sequence number. ``named`` ones have a mode of their own."""

    name: str
    kind: str
    named: bool
    entries: dict[int, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Archive:
    path: str | None = None
    maximum: int = 10
    write_memory: bool = False
    period: int | None = None
    log: bool = False
    log_settings: dict[str, t.Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Config:
    """Everything that running-config prints, as it takes effect."""

    dialect: str
    hostname: str = "Router"
    encryption: bool = False
    timestamps: dict[str, str] = dataclasses.field(default_factory=dict)
    enable_secret: Secret | None = None
    enable_password: Secret | None = None
    enable_levels: dict[tuple[str, int], Secret] = dataclasses.field(default_factory=dict)  # below 15
    aaa: list[str] = dataclasses.field(default_factory=list)
    subnet_zero: bool = True
    lookup: bool = True
    domain: str | None = None
    excluded: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    pools: dict[str, Pool] = dataclasses.field(default_factory=dict)
    users: dict[str, User] = dataclasses.field(default_factory=dict)
    archive: Archive | None = None
    interfaces: dict[str, Interface] = dataclasses.field(default_factory=dict)
    routes: dict[str, str] = dataclasses.field(default_factory=dict)  # by prefix, mask and next hop
    lists: dict[str, AccessList] = dataclasses.field(default_factory=dict)
    logging: dict[str, str] = dataclasses.field(default_factory=dict)
    logging_hosts: list[str] = dataclasses.field(default_factory=list)
    cdp: bool = True
    cdp_timer: int = 60
    cdp_holdtime: int = 180
    banners: dict[str, str] = dataclasses.field(default_factory=dict)
    lines: list[Line] = dataclasses.field(default_factory=list)
    ntp_servers: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    ntp_master: int | None = None
    switches: dict[str, bool] = dataclasses.field(default_factory=dict)  # plain on/off services, where not the default
    settings: dict[str, str] = dataclasses.field(default_factory=dict)  # plain single values, where not the default
    foreign: list[str] = dataclasses.field(default_factory=list)  # whole blocks that the grammar does not know

    def copy(self) -> Config:
        return copy.deepcopy(self)

    def vty(self, number: int) -> Line:
        return next(line for line in self.lines if (line.kind, line.number) == ("vty", number))

    def export(self) -> dict[str, t.Any]:
        """The whole configuration as plain data, secrets as stored."""
        plain = dataclasses.asdict(self)
        plain["enable_levels"] = {f"{kind} {level}": one for (kind, level), one in self.enable_levels.items()}
        return plain


def factory(dialect: str, interfaces: t.Iterable[str]) -> Config:
    """The configuration of a device out of its box."""
    config = Config(dialect)
    for name in interfaces:
        config.interfaces[name] = Interface(name, shutdown=True)
    config.lines = [Line("con", 0, transport=()), Line("aux", 0, transport=())]
    first = 5 if dialect == "classic" else VTY_LINES[dialect]
    config.lines += [new_vty(dialect, number) for number in range(first)]
    return config


def new_vty(dialect: str, number: int) -> Line:
    """A vty line that nobody configured: a password is asked for, and there is none, so nobody gets in."""
    return Line("vty", number, login="line", transport=("all",) if dialect == "classic" else ("ssh",))


def rank(name: str) -> tuple[t.Any, ...]:
    """Where running-config prints an interface."""
    kind = re.match(r"[A-Za-z-]+", name)[0]
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", name))
    return (RANKS.index(kind) if kind in RANKS else len(RANKS), numbers)
