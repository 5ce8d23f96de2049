# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Which switches, ports, links and hosts a fabric has, from the options of a task. Pure.

Shapes, names and port numbers are those of Mininet: switches s1, s2, ..., hosts h1, h2, ...; the ports of a switch are
numbered from 1 and are called s1-eth1, s1-eth2, ...: first the hosts of the shape, then links, then hosts that are
listed besides, so that one more of those moves nothing.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._core.errors import InvalidOption, did_you_mean

NAME_LENGTH = 15  # characters of a network interface's name
TOPOLOGIES = ("listed", "single", "linear", "ring", "tree")
MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$")
MARK_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*$")


class Port(t.NamedTuple):
    """A port of a switch.

    :param name: the network interface
    :param number: the OpenFlow port
    :param host: the host at it, empty where a link ends
    """

    name: str
    number: int
    host: str = ""


class Host(t.NamedTuple):
    """A host at a port.

    :param port: the interface at the switch: ours for a namespace, somebody else's for a NIC
    :param mac: the hardware address, or empty where it is not ours
    :param ip: the address with its prefix, or empty
    :param namespace: whether it is a network namespace that the fabric makes
    """

    name: str
    switch: str
    port: str
    mac: str
    ip: str
    namespace: bool


class Link(t.NamedTuple):
    """A link between two ports, the two ends of one veth pair."""

    label: str
    a: str
    b: str
    up: bool


class Switch(t.NamedTuple):
    """A switch.

    :param dpid: the datapath id, 16 hexadecimal digits
    """

    name: str
    dpid: str
    ports: list[Port]


class Topology(t.NamedTuple):
    """A whole fabric, by names."""

    switches: dict[str, Switch]
    hosts: dict[str, Host]
    links: dict[str, Link]


Json = dict[str, t.Any]


def build(options: t.Mapping[str, t.Any]) -> Topology:
    """The fabric that a task declares.

    :raises InvalidOption: two things have the same name, id, port or address, or something named is not there
    """
    prefix = options.get("prefix") or ""
    switches, links, places = _shape(options, prefix)
    listed = options.get("switches") or []
    switches += [{"name": entry["name"], "dpid": entry.get("dpid")} for entry in listed]
    _unique("switch", [entry["name"] for entry in switches])
    links += [dict(entry) for entry in options.get("links") or []]
    first = _generated_hosts(places, prefix, options.get("subnet") or "10.0.0.0/8")
    hosts = first + [dict(entry) for entry in options.get("hosts") or []]
    _unique("host", [entry["name"] for entry in hosts])
    dpids = _dpids(switches)
    _refer(dpids, hosts, links)
    of_hosts, of_links = _numbers(dpids, hosts, links, len(first))
    return _assemble(dpids, list(zip(hosts, of_hosts)), list(zip(links, of_links)), options.get("down") or [])


def _shape(options: t.Mapping[str, t.Any], prefix: str) -> tuple[list[Json], list[Json], list[str]]:
    """Switches, links and the switch of each generated host, for the topologies that Mininet has, and a ring."""
    shape = options.get("topology") or "listed"
    count, each = options.get("size") or 1, options.get("hosts_per_switch")
    each = 1 if each is None else each
    if shape == "listed":
        return [], [], []
    if shape == "tree":
        return _tree(options.get("depth") or 1, options.get("fanout") or 2, prefix)
    if shape == "single":
        count = 1
    if shape == "ring" and count < 3:
        raise InvalidOption(f"a ring has three switches or more, and 'size' is {count}", next_step="make it larger")
    names = [f"{prefix}s{number}" for number in range(1, count + 1)]
    pairs = list(zip(names, names[1:]))
    if shape == "ring":
        pairs.append((names[-1], names[0]))
    # Each switch gets its first host before any gets its second.
    return (
        [{"name": name} for name in names],
        [{"a": a, "b": b} for a, b in pairs],
        [name for _turn in range(each) for name in names],
    )


def _tree(depth: int, fanout: int, prefix: str) -> tuple[list[Json], list[Json], list[str]]:
    """A tree of switches with hosts at its leaves, numbered depth first as Mininet does."""
    switches: list[Json] = []
    links: list[Json] = []
    places: list[str] = []

    def grow(level: int) -> str:
        name = f"{prefix}s{len(switches) + 1}"
        switches.append({"name": name})
        if level == 1:
            places.extend([name] * fanout)
        else:
            links.extend([{"a": name, "b": grow(level - 1)} for _child in range(fanout)])
        return name

    if depth < 1 or fanout < 1 or fanout**depth > 4096:
        raise InvalidOption(
            f"a tree of depth {depth} and fanout {fanout} has no size that fits", next_step="change them"
        )
    grow(depth)
    return switches, links, places


def _generated_hosts(places: t.Sequence[str], prefix: str, subnet: str) -> list[Json]:
    try:
        network = ipaddress.ip_network(subnet)
    except ValueError as error:
        raise InvalidOption(f"'subnet' is '{subnet}': {error}", next_step="write it as 10.0.0.0/24") from None
    if len(places) > network.num_addresses - 2:
        raise InvalidOption(
            f"the subnet {subnet} has no addresses for {len(places)} hosts", next_step="choose a larger 'subnet'"
        )
    return [
        {
            "name": f"{prefix}h{number}",
            "switch": switch,
            "mac": ":".join(f"{byte:02x}" for byte in number.to_bytes(6, "big")),
            "ip": f"{network.network_address + number}/{network.prefixlen}",
        }
        for number, switch in enumerate(places, 1)
    ]


def dpid(value: t.Any, switch: str) -> str:
    """A datapath id in 16 hexadecimal digits, from a number, digits, or what ONOS writes (of:...)."""
    text = str(value).strip().lower()
    digits = text[3:] if text.startswith("of:") else text[2:] if text.startswith("0x") else text.replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{1,16}", digits) or not int(digits, 16):
        raise InvalidOption(
            f"the dpid of switch '{switch}' is '{value}'", next_step="write up to 16 hexadecimal digits, not all zero"
        )
    return digits.rjust(16, "0")


def _dpids(switches: t.Sequence[Json]) -> dict[str, str]:
    given = {entry["name"]: dpid(entry["dpid"], entry["name"]) for entry in switches if entry.get("dpid")}
    free = (text for text in (f"{number:016x}" for number in range(1, 2**32)) if text not in given.values())
    found: dict[str, str] = {}
    for entry in switches:
        name = entry["name"]
        found[name] = given.get(name) or next(free)
        twin = next((other for other, text in found.items() if text == found[name] and other != name), None)
        if twin:
            raise InvalidOption(
                f"the switches '{twin}' and '{name}' have the same dpid {found[name]}", next_step="give each its own"
            )
    return found


def _refer(dpids: t.Mapping[str, str], hosts: t.Sequence[Json], links: t.Sequence[Json]) -> None:
    named = [(f"host '{entry['name']}'", entry["switch"]) for entry in hosts]
    named += [("a link", end) for entry in links for end in (entry["a"], entry["b"])]
    for what, switch in named:
        if switch not in dpids:
            raise InvalidOption(
                f"{what} names the switch '{switch}', which the fabric does not have",
                next_step=did_you_mean(switch, dpids) or "declare it in 'switches'",
            )
    for entry in links:
        if entry["a"] == entry["b"]:
            raise InvalidOption(f"a link joins the switch '{entry['a']}' to itself", next_step="name two switches")


def _numbers(
    dpids: t.Mapping[str, str], hosts: t.Sequence[Json], links: t.Sequence[Json], first: int
) -> tuple[list[int], list[tuple[int, int]]]:
    """The port numbers of all hosts, and of the two ends of all links.

    :param first: how many of the hosts come before the links
    """
    ends: list[tuple[str, t.Any]] = [(entry["switch"], entry.get("port")) for entry in hosts[:first]]
    for entry in links:
        ends += [(entry["a"], entry.get("a_port")), (entry["b"], entry.get("b_port"))]
    ends += [(entry["switch"], entry.get("port")) for entry in hosts[first:]]
    taken: dict[str, set[int]] = {name: set() for name in dpids}
    for switch, number in ends:
        if number is None:
            continue
        if not 0 < number < 0xFF00:
            raise InvalidOption(f"switch '{switch}' has a port {number}", next_step="number ports from 1 to 65279")
        if number in taken[switch]:
            raise InvalidOption(f"switch '{switch}' has two ports {number}", next_step="give each its own number")
        taken[switch].add(number)
    numbers = []
    for switch, number in ends:
        if number is None:
            number = next(free for free in range(1, 0xFF00) if free not in taken[switch])
            taken[switch].add(number)
        numbers.append(number)
    last = first + 2 * len(links)
    return numbers[:first] + numbers[last:], list(zip(numbers[first:last:2], numbers[first + 1 : last : 2]))


def _assemble(
    dpids: t.Mapping[str, str],
    hosts: t.Sequence[tuple[Json, int]],
    links: t.Sequence[tuple[Json, tuple[int, int]]],
    down: t.Sequence[str],
) -> Topology:
    switches = {name: Switch(name, text, []) for name, text in dpids.items()}
    built = {}
    for entry, number in hosts:
        host = built[entry["name"]] = _host(entry, number)
        switches[host.switch].ports.append(Port(host.port, number, host.name))
    joined: dict[str, Link] = {}
    for entry, numbers in links:
        ends = list(zip((entry["a"], entry["b"]), numbers))
        label = f"{entry['a']}-{entry['b']}"
        if label in joined:  # a second link between the same two
            label += f":{numbers[0]}"
        names = [f"{switch}-eth{number}" for switch, number in ends]
        joined[label] = Link(label, names[0], names[1], label not in down)
        for (switch, number), name in zip(ends, names):
            switches[switch].ports.append(Port(name, number))
    for label in down:
        if label not in joined:
            raise InvalidOption(
                f"'down' names the link '{label}', which the fabric does not have",
                next_step=did_you_mean(label, joined) or f"it has {', '.join(joined) or 'none'}",
            )
    _check_names(switches, built)
    return Topology(switches, built, joined)


def _host(entry: Json, number: int) -> Host:
    name, mac, ip = entry["name"], (entry.get("mac") or "").lower(), entry.get("ip") or ""
    if mac and (not MAC.match(mac) or int(mac[:2], 16) & 1):
        raise InvalidOption(
            f"the mac of host '{name}' is '{mac}'", next_step="write a unicast address as 02:00:00:00:00:01"
        )
    if ip:
        try:
            if "/" not in ip:
                raise ValueError("it has no prefix length")
            ip = str(ipaddress.ip_interface(ip))
        except ValueError as error:
            raise InvalidOption(
                f"the ip of host '{name}' is '{ip}': {error}", next_step="write it as 10.0.0.1/24"
            ) from None
    interface = entry.get("interface")
    return Host(name, entry["switch"], interface or f"{entry['switch']}-eth{number}", mac, ip, not interface)


def _check_names(switches: t.Mapping[str, Switch], hosts: t.Mapping[str, Host]) -> None:
    devices = [name for switch in switches.values() for name in (switch.name, *(port.name for port in switch.ports))]
    _unique("interface", devices)
    _unique("hardware address", [host.mac for host in hosts.values() if host.mac])
    _unique("address", [host.ip.split("/")[0] for host in hosts.values() if host.ip])
    for name in devices:
        if len(name) > NAME_LENGTH or re.search(r"[\s/:]", name) or name in (".", "..", ""):
            raise InvalidOption(
                f"'{name}' is no name for a network interface, which has up to {NAME_LENGTH} characters",
                next_step="choose a shorter 'prefix' or shorter names",
            )
    for name in hosts:
        if not MARK_SAFE.match(name):
            raise InvalidOption(f"'{name}' is no name for a host", next_step="use letters, digits, '-', '_' and '.'")


def _unique(what: str, names: t.Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidOption(f"the {what} '{name}' is declared twice", next_step="give each its own")
        seen.add(name)
