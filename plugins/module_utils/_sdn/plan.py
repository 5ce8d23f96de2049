# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""From what is there and what is declared to the difference and the steps. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import Conflict, FleetError, MissingReference
from . import ovsdb
from .netlink import NAMED, Device
from .topology import Host, Link, Topology

MARK = "nfvlab.fleet sdn "  # before the fabric's name in the alias of an interface; a namespace carries it on its lo
INSIDE = "eth0"  # a host's interface in its namespace

Json = dict[str, t.Any]


class Nic(t.NamedTuple):
    """The end of a veth in somebody else's namespace.

    :param path: a file that stands for the namespace
    """

    path: str
    device: str
    found: Device


class Seen(t.NamedTuple):
    """What is there.

    :param devices: this namespace's interfaces, by name
    :param spaces: the interfaces of each named namespace; none where only its file is left
    :param nics: for interfaces of others, where their other ends are
    :param checksums: hosts (by namespace or interface) that leave checksums to a driver
    """

    bridges: dict[str, ovsdb.Bridge]
    devices: dict[str, Device]
    spaces: dict[str, dict[str, Device]]
    nics: dict[str, Nic]
    checksums: set[str]


class Ip(t.NamedTuple):
    """One C(ip -batch).

    :param path: the namespace in which it runs, empty for the machine's own
    :param host: whose it is, for people
    """

    lines: list[str]
    path: str = ""
    host: str = ""

    def describe(self) -> Json:
        """As C(actions) shows it."""
        return {"ip": self.lines, **({"host": self.host} if self.host else {})}


class Vsctl(t.NamedTuple):
    """One transaction on the database."""

    commands: list[list[str]]

    def describe(self) -> Json:
        """As C(actions) shows it."""
        return {"ovs-vsctl": [" ".join(command) for command in self.commands]}


class Checksums(t.NamedTuple):
    """Have the kernel compute checksums of what a host sends: a userspace datapath does not make up for them."""

    path: str
    device: str
    host: str

    def describe(self) -> Json:
        """As C(actions) shows it."""
        return {"ethtool": f"-K {self.device} tx off", "host": self.host}


def wanted(topology: Topology, settings: ovsdb.Settings) -> Json:
    """The declared fabric, as a diff shows it."""
    return {
        "switches": {
            name: {**settings.shown(switch.dpid), "ports": {port.name: port.number for port in switch.ports}}
            for name, switch in topology.switches.items()
        },
        "links": {label: _link_shown(link, link.up) for label, link in topology.links.items()},
        "hosts": {name: _host_shown(host, host.mac, host.ip) for name, host in topology.hosts.items()},
    }


def _link_shown(link: Link, up: bool) -> Json:
    return {"ends": [link.a, link.b], "state": "up" if up else "down"}


def _host_shown(host: Host, mac: str, ip: str) -> Json:
    found = {"interface": host.port, "kind": "namespace" if host.namespace else "nic"}
    found.update({key: value for key, value in (("mac", mac), ("ip", ip)) if value})
    return found


def present(seen: Seen, topology: Topology, settings: ovsdb.Settings) -> Json:
    """The fabric that is there, in the shape of `wanted`; empty where there is none."""
    mark = MARK + settings.fabric
    found: Json = {"switches": {}, "links": {}, "hosts": {}}
    for name, bridge in seen.bridges.items():
        if bridge.mark == settings.fabric or name in topology.switches:
            ports = {port.name for port in topology.switches[name].ports} if name in topology.switches else set()
            found["switches"][name] = {
                **ovsdb.shown(bridge),
                "ports": ovsdb.ports_of(bridge, settings.fabric, ports),
            }
    for label, link in topology.links.items():
        if _paired(seen, link):
            up = [seen.devices[end].up for end in (link.a, link.b)]
            found["links"][label] = _link_shown(link, link.up if up == [link.up] * 2 else not link.up)
    for name in _stray(seen, topology, mark):
        found["links"][name] = {"ends": [name], "state": "stray"}
    for name, host in topology.hosts.items():
        inner = _inner(seen, host)
        if inner and _joined(seen, host):
            mac = inner.mac if host.mac else ""
            found["hosts"][name] = _host_shown(host, mac, _shown_ip(inner, host))
    for name, devices in seen.spaces.items():
        if _mark(devices) == mark and not _declared(topology, name):
            inside = devices.get(INSIDE)
            found["hosts"][name] = {"kind": "namespace", "ip": ", ".join(inside.addresses) if inside else ""}
    return {section: entries for section, entries in found.items() if entries}


def _declared(topology: Topology, name: str) -> bool:
    return name in topology.hosts and topology.hosts[name].namespace


def _shown_ip(inner: Device, host: Host) -> str:
    if not host.ip:
        return ""
    return host.ip if host.ip in inner.addresses else ", ".join(inner.addresses)


def _mark(devices: t.Mapping[str, Device]) -> str:
    return devices["lo"].mark if "lo" in devices else ""


def _stray(seen: Seen, topology: Topology, mark: str) -> list[str]:
    """Our interfaces that nothing declares any more; bridges that the database has forgotten are among them."""
    declared = {end for link in topology.links.values() for end in (link.a, link.b)}
    declared |= {host.port for host in topology.hosts.values()} | set(topology.switches)
    return [
        name
        for name, device in seen.devices.items()
        if device.mark == mark and name not in seen.bridges and (name not in declared or name in topology.switches)
    ]


def _inner(seen: Seen, host: Host) -> Device | None:
    """A host's own interface."""
    if host.namespace:
        return seen.spaces.get(host.name, {}).get(INSIDE)
    nic = seen.nics.get(host.port)
    return nic.found if nic else None


def _joined(seen: Seen, host: Host) -> bool:
    """Whether a host's own interface is there and is the other end of its port."""
    port, inner = seen.devices.get(host.port), _inner(seen, host)
    return port is not None and inner is not None and port.peer == inner.number and port.peer_ns >= 0


def _paired(seen: Seen, link: Link) -> bool:
    """Whether the two ends of a link are there and are each other's."""
    a, b = seen.devices.get(link.a), seen.devices.get(link.b)
    return a is not None and b is not None and a.peer == b.number and a.peer_ns < 0


def refuse(seen: Seen, topology: Topology, fabric: str) -> None:
    """Raise where a name is taken by something that is not this fabric's.

    What a run made that was cut off before it could mark it counts as this fabric's: it is just as declared.

    :raises Conflict: a bridge, interface or namespace of somebody else
    """
    step = "choose another 'prefix' or other names, or remove it yourself"
    mark = MARK + fabric
    for name in topology.switches:
        bridge, device = seen.bridges.get(name), seen.devices.get(name)
        if bridge and bridge.mark != fabric:
            raise Conflict(f"there is a bridge '{name}' that is {_whose(bridge.mark)}", next_step=step)
        if bridge is None and device and device.mark != mark and device.kind != "tun":
            raise Conflict(f"there is an interface '{name}' of another kind", next_step=step)
    ours = {end: _paired(seen, link) for link in topology.links.values() for end in (link.a, link.b)}
    ours.update((host.port, _joined(seen, host)) for host in topology.hosts.values() if host.namespace)
    for name, as_declared in ours.items():
        device = seen.devices.get(name)
        if device and device.mark != mark and (device.mark or not as_declared):
            raise Conflict(f"there is an interface '{name}' that is not this fabric's", next_step=step)
    for name, host in topology.hosts.items():
        devices = seen.spaces.get(name) if host.namespace else None
        if devices is None or _mark(devices) == mark or (not _mark(devices) and _joined(seen, host)):
            continue
        if _mark(devices) or set(devices) - {"lo"}:
            raise Conflict(f"there is a network namespace '{name}' that is not this fabric's", next_step=step)


def _whose(mark: str) -> str:
    return f"the fabric '{mark}'s" if mark else "not this fabric's"


def missing(seen: Seen, topology: Topology) -> FleetError | None:
    """The error for a host whose interface is not there, or whose other end is nowhere to be set."""
    step = "start the instance whose NIC has this 'host_name' first"
    for name, host in topology.hosts.items():
        if host.namespace:
            continue
        if host.port not in seen.devices:
            return MissingReference(
                f"host '{name}' has the interface '{host.port}', which does not exist", next_step=step
            )
        if host.port not in seen.nics and (host.ip or host.mac):
            return MissingReference(
                f"host '{name}' has the interface '{host.port}', whose other end is in no process's namespace",
                next_step=f"{step}; an interface that is no veth takes neither 'ip' nor 'mac'",
            )
    return None


def steps(seen: Seen, topology: Topology, settings: ovsdb.Settings) -> list[t.Any]:
    """What to do, in order: interfaces and namespaces, what is inside them, then the one transaction."""
    mark = MARK + settings.fabric
    hosts, links = topology.hosts.values(), topology.links.values()
    remade = [host for host in hosts if host.namespace and not _joined(seen, host)]
    obsolete = [
        name for name, devices in seen.spaces.items() if _mark(devices) == mark and not _declared(topology, name)
    ]
    gone = _stray(seen, topology, mark) + [host.port for host in remade]
    gone += [end for link in links if not _paired(seen, link) for end in (link.a, link.b)]
    lines = _deletions(seen, gone)
    lines += [f"netns delete {name}" for name in (*obsolete, *(host.name for host in remade)) if name in seen.spaces]
    for link in links:
        lines += _link_lines(seen, link, mark)
    for host in hosts:
        lines += _outside_lines(seen, host, mark)
    inner = [step for host in hosts for step in _inside_steps(seen, host, mark)]
    commands = ovsdb.transaction(seen.bridges, topology, settings)
    marks = [
        f'link set {name} alias "{mark}"'
        for name in topology.switches
        if name not in seen.bridges or name not in seen.devices or seen.devices[name].mark != mark
    ]
    return [
        *([Ip(lines)] if lines else []),
        *inner,
        *([Vsctl(commands)] if commands else []),
        *([Ip(marks)] if marks else []),
    ]


def _deletions(seen: Seen, names: t.Sequence[str]) -> list[str]:
    """Lines that delete interfaces, those that are there, and of two ends of a veth just one."""
    lines: list[str] = []
    gone: set[int] = set()
    for name in dict.fromkeys(names):
        device = seen.devices.get(name)
        if device is None or device.number in gone:
            continue
        lines.append(f"link del {name}")
        gone.add(device.number)
        if device.kind == "veth" and device.peer_ns < 0:
            gone.add(device.peer)
    return lines


def _link_lines(seen: Seen, link: Link, mark: str) -> list[str]:
    state = "up" if link.up else "down"
    lines: list[str] = []
    if not _paired(seen, link):
        lines.append(f"link add {link.a} type veth peer name {link.b}")
    for end in (link.a, link.b):
        device = seen.devices[end] if _paired(seen, link) else None
        if device is None or device.mark != mark:
            # No address of its own: what the kernel would say for itself looks like a host to a controller.
            lines += [f"link set {end} addrgenmode none", f'link set {end} alias "{mark}"']
        if device is None or device.up != link.up:
            lines.append(f"link set {end} {state}")
    return lines


def _outside_lines(seen: Seen, host: Host, mark: str) -> list[str]:
    """What a host needs outside of its namespace."""
    lines: list[str] = []
    port = seen.devices.get(host.port)
    if host.namespace:
        joined = _joined(seen, host)
        if not joined:
            address = f" address {host.mac}" if host.mac else ""
            lines += [
                f"netns add {host.name}",
                f"link add {host.port} type veth peer name {INSIDE}{address} netns {host.name}",
            ]
        if not joined or port and port.mark != mark:
            lines += [f"link set {host.port} addrgenmode none", f'link set {host.port} alias "{mark}"']
        if not joined:
            port = None
    if (port is None and host.namespace) or (port is not None and not port.up):
        lines.append(f"link set {host.port} up")
    return lines


def _inside_steps(seen: Seen, host: Host, mark: str) -> list[t.Any]:
    """What a host needs inside."""
    inner = _inner(seen, host) if _joined(seen, host) else None
    path, device, key = f"{NAMED}/{host.name}", INSIDE, host.name
    lines: list[str] = []
    if host.namespace:
        if inner is None or _mark(seen.spaces[host.name]) != mark:
            lines += [f'link set lo alias "{mark}"', "link set lo up"]
    elif inner is None:  # the other end is nowhere to be reached: nothing inside is ours to set
        return []
    else:
        path, device, key = seen.nics[host.port].path, seen.nics[host.port].device, host.port
    lines += _address_lines(host, inner, device)
    found: list[t.Any] = [Ip(lines, path, host.name)] if lines else []
    if inner is None or key in seen.checksums:
        found.append(Checksums(path, device, host.name))
    return found


def _address_lines(host: Host, inner: Device | None, device: str) -> list[str]:
    lines = []
    if inner and host.mac and inner.mac != host.mac:
        lines.append(f"link set {device} address {host.mac}")
    if inner and host.namespace:  # its other addresses are nobody else's
        lines += [f"addr del {address} dev {device}" for address in inner.addresses if address != host.ip]
    if host.ip and (inner is None or host.ip not in inner.addresses):
        lines.append(f"addr add {host.ip} dev {device}")
    if inner is None or not inner.up:
        lines.append(f"link set {device} up")
    return lines


def removal(seen: Seen, fabric: str) -> list[t.Any]:
    """What takes the whole fabric away. Interfaces of others stay as they are."""
    mark = MARK + fabric
    commands = ovsdb.removal(seen.bridges, fabric)
    ours = [name for name, device in seen.devices.items() if device.mark == mark and name not in seen.bridges]
    lines = _deletions(seen, ours)
    lines += [f"netns delete {name}" for name, devices in seen.spaces.items() if _mark(devices) == mark]
    # Bridges first: a switch whose ports vanish tells its controller so.
    return [*([Vsctl(commands)] if commands else []), *([Ip(lines)] if lines else [])]


def owned_hosts(seen: Seen, fabric: str) -> list[tuple[str, str, Device]]:
    """The hosts of a fabric that is there: name, a file that stands for the namespace, and the interface inside."""
    found = [
        (name, f"{NAMED}/{name}", devices[INSIDE])
        for name, devices in seen.spaces.items()
        if _mark(devices) == MARK + fabric and INSIDE in devices
    ]
    names = foreign_ports(seen.bridges, seen.devices, fabric)
    return found + [(names[port], nic.path, nic.found) for port, nic in seen.nics.items() if port in names]


def foreign_ports(
    bridges: t.Mapping[str, ovsdb.Bridge], devices: t.Mapping[str, Device] | None, fabric: str
) -> dict[str, str]:
    """The ports of a fabric whose interfaces somebody else made, NICs of instances, with the names of their hosts.

    :param devices: null for all ports with a host, whoever made them
    """
    return {
        name: port["host"]
        for bridge in bridges.values()
        for name, port in bridge.ports.items()
        if port["mark"] == fabric
        and port["host"]
        and (devices is None or (name in devices and devices[name].mark != MARK + fabric))
    }
