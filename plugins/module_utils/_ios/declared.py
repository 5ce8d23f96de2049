# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""The declarative IOS modules as tables: from options to lines of configuration. Pure.

Every module has one C(Declared): its options, and the intent that they stand for, which then goes the way of any
configuration: one tree, one diff. An option that is not given is not ours; null takes its lines away; a list is all
there is to be of its kind.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .grammar import Match, parse_line
from .tree import Config, ordered, slots_of

Given = t.Mapping[str, t.Any]


class Have:
    """The configuration that is there."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def lines(self, header: str) -> list[str]:
        """The lines of a section (of all that a range of lines names), or the global ones for an empty header."""
        root = self._config.root
        slots = slots_of(self._config.dialect, "config", header) if header else []
        entries = [root.children[slot] for slot in slots if slot in root.children] if header else [root]
        found = [child.written for entry in entries for child in ordered(entry)]
        return list(dict.fromkeys(found))

    def spell(self, header: str, line: str) -> str:
        """A line of such a section as running-config prints it; as it is where the grammar does not know it."""
        dialect, mode = self._config.dialect, "config"
        if header:
            opened = parse_line(dialect, "config", header)
            mode = (opened.enters if isinstance(opened, Match) else None) or mode
        parsed = parse_line(dialect, mode, line)
        return parsed.canonical if isinstance(parsed, Match) else line


@dataclass(frozen=True)
class Row:
    """One option of a section.

    :param rules: a pattern of the lines that it stands for, in running-config
    :param lines: the lines for a value that is not null
    :param many: whether each value has a line of its own, so that those which are not declared go
    """

    option: str
    rules: str
    lines: t.Callable[[t.Any], list[str]]
    many: bool = False

    def render(self, value: t.Any, have: Have, header: str = "") -> list[str]:
        """The lines of intent, with a C(no) for each line that is there and not to be."""
        wanted = [] if value is None else self.lines(value)
        if wanted and not self.many:
            return wanted
        spelt = {have.spell(header, line) for line in wanted}
        present = [line for line in have.lines(header) if re.match(self.rules, line)]
        return [*(f"no {line}" for line in present if line not in spelt), *wanted]


def one(option: str, keyword: str) -> Row:
    """An option whose value follows its keyword."""
    return Row(option, f"{keyword} ", lambda value: [f"{keyword} {word(option, value)}"])


def flag(option: str, line: str) -> Row:
    """An option that is a line, or its negation."""
    return Row(option, line, lambda value: [line if value else f"no {line}"])


def word(option: str, value: t.Any) -> str:
    """A value as it may stand in a line.

    :raises InvalidOption: it has a line end or another control character, which would end the line or edit it
    """
    text = str(value)
    if not text or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InvalidOption(
            f"'{option}' is empty or has a control character", next_step="a line of configuration can hold neither"
        )
    return text


def bare(option: str, value: t.Any) -> str:
    """A value that is one word.

    :raises InvalidOption: it has a space
    """
    text = word(option, value)
    if " " in text:
        raise InvalidOption(f"'{option}' has a space", next_step="IOS takes one word there")
    return text


def section(header: str, rows: t.Sequence[Row], given: Given, have: Have) -> list[str]:
    """The lines of a section, below its header; without a header they are global. Nothing where nothing is given."""
    lines = [line for row in rows if row.option in given for line in row.render(given[row.option], have, header)]
    return [header, *(f" {line}" for line in lines)] if header else lines


_HASH = re.compile(r"\$([189])\$[./0-9A-Za-z$]+")


def secret(option: str, value: str) -> str:
    """The words for a secret: a hash of type 5, 8 or 9 with its type, everything else as plain text (type 0)."""
    text = bare(option, value)
    found = _HASH.fullmatch(text)
    kind = "0" if found is None else {"1": "5"}.get(found[1], found[1])
    return f"{kind} {text}"


def address(option: str, value: str) -> str:
    """C(192.0.2.1/24) as IOS writes it, with a mask.

    :raises InvalidOption: it is no IPv4 address with a prefix length
    """
    try:
        found = ipaddress.IPv4Interface(value)
    except ValueError:
        raise InvalidOption(f"'{option}': '{value}' is no IPv4 address", next_step="write 192.0.2.1/24") from None
    if "/" not in value:
        raise InvalidOption(f"'{option}': '{value}' has no prefix length", next_step=f"write {value}/24, for example")
    return f"{found.ip} {found.netmask}"


def network(option: str, value: str) -> str:
    """C(192.0.2.0/24) as IOS writes a network, with a mask.

    :raises InvalidOption: it is no IPv4 network, or has bits beyond its length
    """
    try:
        found = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise InvalidOption(
            f"'{option}': '{value}' is no IPv4 network: {error}", next_step="write 192.0.2.0/24"
        ) from None
    return f"{found.network_address} {found.netmask}"


def words(option: str, values: t.Sequence[t.Any]) -> str:
    """Several values in one line."""
    return " ".join(bare(option, value) for value in values)


@dataclass(frozen=True)
class Declared:
    """A declarative module.

    :param spec: its options
    :param intent: the configuration that they stand for, given what is there
    :param replaces: the section that the intent is the whole of; empty where it is merged
    """

    spec: Spec
    intent: t.Callable[[Given, Have], list[str]]
    replaces: t.Callable[[Given], tuple[str, ...]] = field(default=lambda _given: ())


# ios_system

_SYSTEM = (
    one("hostname", "hostname"),
    Row("domain_name", "ip domain", lambda value: [f"ip domain name {bare('domain_name', value)}"]),
    flag("domain_lookup", "ip domain lookup"),
    flag("subnet_zero", "ip subnet-zero"),
    flag("password_encryption", "service password-encryption"),
    Row("enable_secret", "enable secret ", lambda value: [f"enable secret {secret('enable_secret', value)}"]),
    Row("enable_password", "enable password ", lambda value: [f"enable password 0 {bare('enable_password', value)}"]),
)

SYSTEM = Declared(
    {
        "hostname": {"type": "str"},
        "domain_name": {"type": "str"},
        "domain_lookup": {"type": "bool"},
        "subnet_zero": {"type": "bool"},
        "password_encryption": {"type": "bool"},
        "enable_secret": {"type": "str", "no_log": True},
        "enable_password": {"type": "str", "no_log": True},
    },
    lambda given, have: section("", _SYSTEM, given, have),
)

# ios_banner

_DELIMITERS = "#@~%!|+="


def banner_lines(kind: str, text: str) -> list[str]:
    """A banner with a delimiter that is not in its text.

    :raises InvalidOption: the text has a control character, or every delimiter
    """
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise InvalidOption("'text' has a control character", next_step="a banner may have tabs and line ends")
    if "^C" in text:
        raise InvalidOption(
            "'text' has ^C, which the configuration shows for the banner's end", next_step="leave it out"
        )
    delimiter = next((mark for mark in _DELIMITERS if mark not in text), None)
    if delimiter is None:
        raise InvalidOption(f"'text' has all of {_DELIMITERS}", next_step="leave one out for the delimiter")
    return [f"banner {kind} {delimiter}{text.rstrip(chr(10))}{delimiter}"]


def _banner(given: Given, _have: Have) -> list[str]:
    if given.get("state") == "absent":
        return [f"no banner {given['banner']}"]
    if not given.get("text"):
        raise InvalidOption("'text' is missing", next_step="give it, or state: absent")
    return banner_lines(given["banner"], given["text"])


BANNER = Declared(
    {
        "banner": {"type": "str", "choices": ["exec", "login", "motd"], "default": "motd"},
        "text": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    _banner,
)

# ios_line

_LOGIN = {"none": "no login", "line": "login", "local": "login local"}


def _timeout(seconds: int) -> list[str]:
    if seconds < 0:
        raise InvalidOption(f"'exec_timeout' is {seconds}", next_step="give seconds, 0 for never")
    return [f"exec-timeout {seconds // 60} {seconds % 60}"]


_LINE = (
    Row("password", "password ", lambda value: [f"password 0 {bare('password', value)}"]),
    Row("login", "login", lambda value: [_LOGIN[value]]),
    Row("exec_timeout", "exec-timeout ", _timeout),
    flag("logging_synchronous", "logging synchronous"),
    Row("access_class", r"access-class \S+ in", lambda value: [f"access-class {bare('access_class', value)} in"]),
    one("privilege_level", "privilege level"),
    Row("transport_input", "transport input ", lambda value: [f"transport input {words('transport_input', value)}"]),
)

LINE = Declared(
    {
        "name": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "login": {"type": "str", "choices": list(_LOGIN)},
        "exec_timeout": {"type": "int"},
        "logging_synchronous": {"type": "bool"},
        "access_class": {"type": "str"},
        "privilege_level": {"type": "int"},
        "transport_input": {"type": "list", "elements": "str", "choices": ["all", "none", "ssh", "telnet"]},
    },
    lambda given, have: section(f"line {word('name', given['name'])}", _LINE, given, have),
)

# ios_user


def _user(given: Given, _have: Have) -> list[str]:
    line = f"username {bare('name', given['name'])}"
    if given.get("state") == "absent":
        return [f"no {line}"]
    if given.get("privilege") is not None:
        line += f" privilege {given['privilege']}"
    if given.get("secret") is None:
        raise InvalidOption("'secret' is missing", next_step="a user needs one; or give state: absent")
    return [f"{line} secret {secret('secret', given['secret'])}"]


USER = Declared(
    {
        "name": {"type": "str", "required": True},
        "privilege": {"type": "int"},
        "secret": {"type": "str", "no_log": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    _user,
)

# ios_interface


def _access_group(direction: str) -> Row:
    option = f"access_group_{direction}"
    return Row(
        option,
        rf"ip access-group \S+ {direction}$",
        lambda value: [f"ip access-group {bare(option, value)} {direction}"],
    )


_INTERFACE = (
    one("description", "description"),
    # A new primary address overwrites, and secondaries stay below it.
    Row("address", r"ip address (?!.* secondary$)", lambda value: [f"ip address {address('address', value)}"]),
    Row(
        "secondary_addresses",
        r"ip address .* secondary$",
        lambda value: [f"ip address {address('secondary_addresses', each)} secondary" for each in value],
        many=True,
    ),
    _access_group("in"),
    _access_group("out"),
    Row(
        "helper_addresses",
        "ip helper-address ",
        lambda value: [f"ip helper-address {bare('helper_addresses', each)}" for each in value],
        many=True,
    ),
    flag("cdp", "cdp enable"),
    Row("enabled", "shutdown", lambda value: ["no shutdown" if value else "shutdown"]),
)


def _interface(given: Given, have: Have) -> list[str]:
    header = f"interface {word('name', given['name'])}"
    return [f"no {header}"] if given.get("state") == "absent" else section(header, _INTERFACE, given, have)


INTERFACE = Declared(
    {
        "name": {"type": "str", "required": True},
        "description": {"type": "str"},
        "address": {"type": "str"},
        "secondary_addresses": {"type": "list", "elements": "str"},
        "access_group_in": {"type": "str"},
        "access_group_out": {"type": "str"},
        "helper_addresses": {"type": "list", "elements": "str"},
        "cdp": {"type": "bool"},
        "enabled": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    _interface,
)

# ios_dhcp


def _excluded(ranges: t.Sequence[str]) -> list[str]:
    """C(LOW) or C(LOW-HIGH) as IOS writes ranges."""
    return [
        f"ip dhcp excluded-address {' '.join(part.strip() for part in bare('excluded', each).split('-'))}"
        for each in ranges
    ]


_EXCLUDED = Row("excluded", "ip dhcp excluded-address ", _excluded, many=True)
_POOL = (
    Row("network", "network ", lambda value: [f"network {network('network', value)}"]),
    Row("default_router", "default-router ", lambda value: [f"default-router {words('default_router', value)}"]),
    Row("dns_server", "dns-server ", lambda value: [f"dns-server {words('dns_server', value)}"]),
    one("domain_name", "domain-name"),
    one("lease", "lease"),
)


def _dhcp(given: Given, have: Have) -> list[str]:
    lines = section("", (_EXCLUDED,), given, have)
    for pool in given.get("pools") or ():
        header = f"ip dhcp pool {bare('name', pool['name'])}"
        if pool.get("state") == "absent":
            lines.append(f"no {header}")
        else:
            lines += section(header, _POOL, pool, have)
    return lines


DHCP = Declared(
    {
        "excluded": {"type": "list", "elements": "str"},
        "pools": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "network": {"type": "str"},
                "default_router": {"type": "list", "elements": "str"},
                "dns_server": {"type": "list", "elements": "str"},
                "domain_name": {"type": "str"},
                "lease": {"type": "str"},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            },
        },
    },
    _dhcp,
)

# ios_ntp


def _server(server: t.Mapping[str, t.Any]) -> str:
    line = f"ntp server {bare('address', server['address'])}"
    for option in ("version", "key", "source"):
        if server.get(option) is not None:
            line += f" {option} {word(option, server[option])}"
    return line + (" prefer" if server.get("prefer") else "")


_NTP = (
    Row("servers", "ntp server ", lambda value: [_server(server) for server in value], many=True),
    Row("master", "ntp master", lambda value: ["ntp master" if value == 8 else f"ntp master {value}"]),
)

NTP = Declared(
    {
        "servers": {
            "type": "list",
            "elements": "dict",
            "options": {
                "address": {"type": "str", "required": True},
                "version": {"type": "int"},
                "key": {"type": "int", "no_log": False},
                "source": {"type": "str"},
                "prefer": {"type": "bool"},
            },
        },
        "master": {"type": "int"},
    },
    lambda given, have: section("", _NTP, given, have),
)

# ios_cdp

_CDP = (flag("enabled", "cdp run"), one("timer", "cdp timer"), one("holdtime", "cdp holdtime"))


def _cdp(given: Given, have: Have) -> list[str]:
    lines = section("", _CDP, given, have)
    for interface in given.get("interfaces") or ():
        lines += section(
            f"interface {word('name', interface['name'])}", (flag("enabled", "cdp enable"),), interface, have
        )
    return lines


CDP = Declared(
    {
        "enabled": {"type": "bool"},
        "timer": {"type": "int"},
        "holdtime": {"type": "int"},
        "interfaces": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "enabled": {"type": "bool", "required": True},
            },
        },
    },
    _cdp,
)

# ios_ssh

_SSH = (
    one("version", "ip ssh version"),
    one("authentication_timeout", "ip ssh time-out"),
    one("retries", "ip ssh authentication-retries"),
)

SSH = Declared(
    {
        "version": {"type": "int", "choices": [1, 2]},
        "authentication_timeout": {"type": "int"},
        "retries": {"type": "int"},
    },
    lambda given, have: section("", _SSH, given, have),
)

# ios_static_route


def _route(route: t.Mapping[str, t.Any]) -> str:
    line = f"ip route {network('prefix', route['prefix'])}"
    if route.get("interface") is None and route.get("next_hop") is None:
        raise InvalidOption(f"the route to {route['prefix']} has no way", next_step="give 'next_hop' or 'interface'")
    for option in ("interface", "next_hop", "distance"):
        if route.get(option) is not None:
            line += f" {bare(option, route[option])}"
    return line


def _routes(given: Given, have: Have) -> list[str]:
    wanted = [_route(route) for route in given["routes"]]
    if given.get("state") == "absent":
        return [f"no {line}" for line in wanted]
    if given.get("purge"):
        return Row("routes", "ip route ", lambda _value: wanted, many=True).render(wanted, have)
    return wanted


STATIC_ROUTE = Declared(
    {
        "routes": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "prefix": {"type": "str", "required": True},
                "next_hop": {"type": "str"},
                "interface": {"type": "str"},
                "distance": {"type": "int"},
            },
        },
        "purge": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    _routes,
)

# ios_acl


def _acl_header(given: Given) -> str:
    return f"ip access-list {given['kind']} {bare('name', given['name'])}"


def _acl(given: Given, _have: Have) -> list[str]:
    if given.get("state") == "absent":
        return [f"no {_acl_header(given)}"]
    if not given.get("entries"):
        raise InvalidOption(
            f"the access list '{given['name']}' has no entries",
            next_step="an empty list permits everything on IOS; give 'entries', or state: absent",
        )
    return [_acl_header(given), *(f" {word('entries', entry)}" for entry in given["entries"])]


ACL = Declared(
    {
        "name": {"type": "str", "required": True},
        "kind": {"type": "str", "choices": ["standard", "extended"], "default": "extended"},
        "entries": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    _acl,
    replaces=lambda given: () if given.get("state") == "absent" else (_acl_header(given),),
)

DECLARED = {
    "ios_system": SYSTEM,
    "ios_banner": BANNER,
    "ios_line": LINE,
    "ios_user": USER,
    "ios_interface": INTERFACE,
    "ios_dhcp": DHCP,
    "ios_ntp": NTP,
    "ios_cdp": CDP,
    "ios_ssh": SSH,
    "ios_static_route": STATIC_ROUTE,
    "ios_acl": ACL,
}
