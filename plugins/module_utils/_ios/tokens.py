# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The kinds of words that Cisco IOS commands consist of besides their keywords: addresses, masks, numbers, interfaces.

A kind is a function from the words of a line and a position to (value, how many words it took), or null where the words
are of another kind. A value is the text (or number) as the running-config prints it.
"""

from __future__ import annotations

import re
import typing as t

# Name as the running-config prints it, as `show` abbreviates it, what its number looks like, whether it is hardware.
# Sources: published captures of `show interfaces description`; CSR and IOL configurations.
PORT, UNIT = r"\d+(?:/\d+){0,3}(?:\.\d+)?", r"\d+"


class InterfaceType(t.NamedTuple):
    """A type of interface: its name, its short name in shows, its number's form, and whether it is hardware."""

    name: str
    short: str
    number: str
    physical: bool


INTERFACE_TYPES = (
    InterfaceType("Ethernet", "Et", PORT, True),
    InterfaceType("FastEthernet", "Fa", PORT, True),
    InterfaceType("GigabitEthernet", "Gi", PORT, True),
    InterfaceType("TenGigabitEthernet", "Te", PORT, True),
    InterfaceType("HundredGigE", "Hu", PORT, True),
    InterfaceType("Serial", "Se", PORT, True),
    InterfaceType("Loopback", "Lo", UNIT, False),
    InterfaceType("Tunnel", "Tu", UNIT, False),
    InterfaceType("Vlan", "Vl", UNIT, False),
    InterfaceType("Port-channel", "Po", UNIT + r"(?:\.\d+)?", False),
    InterfaceType("Dialer", "Di", UNIT, False),
    InterfaceType("BVI", "BV", UNIT, False),
    InterfaceType("Null", "Nu", UNIT, False),
)
_BY_NAME = {kind.name: kind for kind in INTERFACE_TYPES}
_SPLIT = re.compile(r"([A-Za-z-]+)([\d/.]*)\Z")
_FULL = re.compile("(?:" + "|".join(f"{kind.name}{kind.number}" for kind in INTERFACE_TYPES) + r")\Z")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}\Z")
_RANGE = re.compile(r"(\d+)-(\d+)\Z")
_NUMBER = re.compile(r"\d{1,10}\Z")

Words = t.Sequence[str]
Taken = t.Optional[tuple[t.Any, int]]
Kind = t.Callable[[Words, int], Taken]


def interface_types(prefix: str) -> list[InterfaceType]:
    """The types whose name begins like this, in any case; an exact name or short name is the only one."""
    low = prefix.lower()
    exact = [kind for kind in INTERFACE_TYPES if low in (kind.name.lower(), kind.short.lower())]
    return exact or [kind for kind in INTERFACE_TYPES if kind.name.lower().startswith(low)]


def interface_name(text: str) -> str | None:
    """The interface as the running-config names it ("f0/0", "fa 0/0" -> "FastEthernet0/0"), or null."""
    if _FULL.match(text):
        return text
    taken = _interface(text.split(), 0)
    return taken[0] if taken and taken[1] == len(text.split()) else None


def short_interface(name: str) -> str:
    """The interface as shows abbreviate it ("FastEthernet0/0" -> "Fa0/0")."""
    kind, number = split_interface(name)
    return kind.short + number if kind else name


def split_interface(name: str) -> tuple[InterfaceType | None, str]:
    """The type and the number of a full interface name; an unknown type is null."""
    parts = _SPLIT.match(name)
    return (_BY_NAME.get(parts[1]), parts[2]) if parts else (None, "")


def is_physical(name: str) -> bool:
    """Whether the interface is hardware: it can be reset, and never be made or removed. A subinterface is not."""
    kind, number = split_interface(name)
    return bool(kind and kind.physical and "." not in number)


def interface_order(name: str) -> tuple[t.Any, ...]:
    """The sort key by which the running-config orders interfaces: logical ones, then by slot, then Vlan and BVI."""
    kind, number = split_interface(name)
    numbers = tuple(int(part) for part in re.findall(r"\d+", number))
    place = 2 if kind and kind.name in ("Vlan", "BVI") else int(bool(kind and kind.physical))
    return (place, kind.name if kind else name, numbers)


def _interface(words: Words, at: int) -> Taken:
    parts = _SPLIT.match(words[at])
    if not parts:
        return None
    if _FULL.match(words[at]):
        return words[at], 1
    number, took = parts[2], 1
    if not number and at + 1 < len(words):
        number, took = words[at + 1], 2
    kinds = interface_types(parts[1])
    if len(kinds) != 1 or not re.fullmatch(kinds[0].number, number):
        return None
    return kinds[0].name + number, took


def _ipv4(words: Words, at: int) -> Taken:
    word = words[at]
    return (word, 1) if _IPV4.match(word) else None


def address_number(address: str) -> int:
    """An IPv4 address as a number."""
    a, b, c, d = address.split(".")
    return (int(a) << 24) | (int(b) << 16) | (int(c) << 8) | int(d)


def _mask(words: Words, at: int) -> Taken:
    if not _IPV4.match(words[at]):
        return None
    inverted = address_number(words[at]) ^ 0xFFFFFFFF
    return (words[at], 1) if inverted & (inverted + 1) == 0 else None


def _word(words: Words, at: int) -> Taken:
    return words[at], 1


def _line(words: Words, at: int) -> Taken:
    return " ".join(words[at:]), len(words) - at


def _endpoint(words: Words, at: int) -> Taken:
    """A source or destination of an extended entry: any, host A, A wildcard."""
    word = words[at]
    if word == "any":
        return "any", 1
    if at + 1 >= len(words):
        return None
    other = words[at + 1]
    if len(word) > 1 and "host".startswith(word) and _IPV4.match(other):
        return f"host {other}", 2
    if word == "object-group":
        return f"object-group {other}", 2
    if not (_IPV4.match(word) and _IPV4.match(other)):
        return None
    special = {"0.0.0.0": f"host {word}", "255.255.255.255": "any"}
    return special.get(other, f"{_masked(word, other)} {other}"), 2


def _masked(address: str, wildcard: str) -> str:
    """IOS clears the bits of an address that its wildcard does not look at."""
    number = address_number(address) & ~address_number(wildcard) & 0xFFFFFFFF
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _source(words: Words, at: int) -> Taken:
    """The source of a standard entry: any, A (one host), A wildcard."""
    if _IPV4.match(words[at]) and (at + 1 >= len(words) or not _IPV4.match(words[at + 1])):
        return words[at], 1
    taken = _endpoint(words, at)
    return (taken[0].replace("host ", ""), taken[1]) if taken else None


def _ports(words: Words, at: int) -> Taken:
    """A port condition of an extended entry: eq 22, range 1 1023, gt, lt, neq."""
    takes = {"eq": 1, "neq": 1, "gt": 1, "lt": 1, "range": 2}.get(words[at], 0)
    ports = words[at + 1 : at + 1 + takes]
    if not takes or len(ports) < takes:
        return None
    return " ".join([words[at], *(PORT_NAMES.get(port, port) for port in ports)]), 1 + takes


# The running-config prints well-known ports by name.
PORT_NAMES = {
    "20": "ftp-data",
    "21": "ftp",
    "22": "22",
    "23": "telnet",
    "25": "smtp",
    "53": "domain",
    "67": "bootps",
    "68": "bootpc",
    "69": "tftp",
    "80": "www",
    "110": "pop3",
    "123": "ntp",
    "161": "snmp",
    "162": "snmptrap",
    "179": "bgp",
    "514": "syslog",
}


def _hostname(words: Words, at: int) -> Taken:
    """Letters, digits and hyphens, at most 63, beginning with a letter (RFC 1178 as IOS applies it)."""
    return (words[at], 1) if re.fullmatch(r"[A-Za-z][\w.-]{0,62}", words[at]) else None


def _next_hop(words: Words, at: int) -> Taken:
    """Where a static route leads: an address, an interface, or both."""
    direct = _ipv4(words, at)
    if direct:
        return direct
    out = _interface(words, at)
    if not out:
        return None
    behind = _ipv4(words, at + out[1]) if at + out[1] < len(words) else None
    return (f"{out[0]} {behind[0]}", out[1] + 1) if behind else out


KINDS: dict[str, Kind] = {
    "ipv4": _ipv4,
    "mask": _mask,
    "word": _word,
    "line": _line,
    "interface": _interface,
    "endpoint": _endpoint,
    "source": _source,
    "ports": _ports,
    "hostname": _hostname,
    "nexthop": _next_hop,
}
# How `?` names them.
HELP = {
    "ipv4": "A.B.C.D",
    "mask": "A.B.C.D",
    "word": "WORD",
    "line": "LINE",
    "interface": "WORD",
    "endpoint": "A.B.C.D",
    "source": "A.B.C.D",
    "ports": "eq",
    "hostname": "WORD",
    "nexthop": "A.B.C.D",
}


def is_range(spec: str) -> bool:
    """Whether the kind is a whole number within a range."""
    return bool(_RANGE.match(spec))


def kind_of(spec: str) -> Kind:
    """The kind by its name in the command table, or "low-high" for a whole number within a range."""
    bounds = _RANGE.match(spec)
    if not bounds:
        return KINDS[spec]
    low, high = int(bounds[1]), int(bounds[2])

    def number(words: Words, at: int) -> Taken:
        word = words[at]
        return (int(word), 1) if _NUMBER.match(word) and low <= int(word) <= high else None

    return number


def help_of(spec: str) -> str:
    """How the device's help names the kind: A.B.C.D, WORD, LINE, <1-4>."""
    return HELP.get(spec) or f"<{spec}>"
