# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""PCI devices and their drivers, through sysfs: what is bound to what, and binding it to something else.

A device whose IOMMU group has other devices is usable only when these have a driver of VFIO or none, so binding it to
C(vfio-pci) names them, and takes them along where the task says so. The interface of the default route, and the one
that the connection to the host comes over, are never taken away.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import typing as t

from .._core.errors import FleetError, InUse, InvalidOption, MissingReference, NotFound, NotKept, Unsupported
from .._core.fields import Spec
from .._core.resource import Task
from .host import Host
from .hugepages import Write
from .module import Work

OPTIONS: Spec = {
    "devices": {"type": "list", "elements": "str", "required": True},
    "driver": {"type": "str", "required": True},
    "group": {"type": "str", "choices": ["refuse", "bind"], "default": "refuse"},
    "no_iommu": {"type": "bool", "default": False},
    "protect": {"type": "list", "elements": "str", "default": []},
    "root": {"type": "path", "default": "/"},
}
PCI = "sys/bus/pci"
VFIO = "vfio-pci"
UIO = ("uio_pci_generic", "igb_uio")
NONE = "none"
BRIDGE = "0x06"  # class of bridges, which stay in a group as they are
NETWORK = "0x02"
NO_IOMMU = "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
_ADDRESS = re.compile(r"(?:([0-9a-f]{4}):)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", re.IGNORECASE)


def full_address(text: str) -> str:
    """An address with its domain.

    :raises InvalidOption: it is none
    """
    found = _ADDRESS.fullmatch(text.strip())
    if not found:
        raise InvalidOption(f"'{text}' is no PCI address", next_step="write it as 0000:3b:00.1")
    return f"{found.group(1) or '0000'}:{found.group(2)}".lower()


def device(host: Host, address: str) -> dict[str, t.Any] | None:
    """One device, or null where there is none."""
    folder = f"{PCI}/devices/{address}"
    if not host.names(folder):
        return None
    node = host.read(f"{folder}/numa_node", "-1")
    group = host.link(f"{folder}/iommu_group")
    return {
        "address": address,
        "class": host.read(f"{folder}/class"),
        "vendor": host.read(f"{folder}/vendor"),
        "device": host.read(f"{folder}/device"),
        "driver": host.link(f"{folder}/driver"),
        "numa_node": max(0, int(node or -1)),
        "iommu_group": int(group) if group and group.isdigit() else None,
        "interfaces": host.names(f"{folder}/net"),
    }


def network_devices(host: Host) -> list[dict[str, t.Any]]:
    """The network devices of the host."""
    found = [device(host, address) for address in host.names(f"{PCI}/devices")]
    return [row for row in found if row and row["class"].startswith(NETWORK)]


def group_members(host: Host, group: int) -> list[dict[str, t.Any]]:
    """The devices of an IOMMU group."""
    found = [device(host, address) for address in host.names(f"sys/kernel/iommu_groups/{group}/devices")]
    return [row for row in found if row]


def carrying(host: Host, client: str | None) -> dict[str, str]:
    """The interfaces that must stay, each with the reason.

    :param client: the address that the connection to this host comes from, or null
    """
    routes = _routes(host.read("proc/net/route"))
    found = {name: "carries the default route" for network, name in routes if network.prefixlen == 0}
    if client:
        try:
            source = ipaddress.ip_address(client)
        except ValueError:
            return found
        fitting = [(network.prefixlen, name) for network, name in routes if source in network]
        if fitting:
            found[max(fitting)[1]] = f"carries the connection from {client}"
    return found


def _routes(text: str) -> list[tuple[ipaddress.IPv4Network, str]]:
    """The routes of C(/proc/net/route), whose addresses are numbers with their bytes turned round."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 7:
            target, mask = (int.from_bytes(bytes.fromhex(words[at]), "little") for at in (1, 7))
            found.append((ipaddress.IPv4Network((target, bin(mask).count("1"))), words[0]))
    return found


def plan(
    host: Host, params: t.Mapping[str, t.Any], client: str | None = None
) -> list[tuple[dict[str, t.Any], str | None]]:
    """The devices that change, each with the driver that it will have, or null for none.

    :raises NotFound: there is no such device
    :raises InUse: it carries the connection, or its group has devices with other drivers
    :raises Unsupported: there is no IOMMU and the task does not allow to do without
    """
    driver = params["driver"]
    wanted: list[dict[str, t.Any]] = []
    for text in params["devices"]:
        address = full_address(text)
        row = device(host, address)
        if row is None:
            raise NotFound(f"there is no PCI device {address}", next_step="dpdk_facts lists those of the host")
        wanted.append(row)
    changing = [row for row in wanted if row["driver"] != (None if driver == NONE else driver)]
    if driver == VFIO:
        changing += _closure(host, wanted, params["group"])
        _check_iommu(host, wanted, params["no_iommu"])
    stay = {**carrying(host, client), **dict.fromkeys(params["protect"], "is protected by the task")}
    for row in changing:
        for name in row["interfaces"]:
            if name in stay:
                raise InUse(
                    f"device {row['address']} has the interface {name}, which {stay[name]}",
                    next_step="use another device, or another way to the host",
                )
    if driver != NONE and changing and not host.names(f"{PCI}/drivers/{driver}"):
        raise MissingReference(f"the driver {driver} is not loaded", next_step=f"load it: modprobe {driver}")
    return [(row, None if driver == NONE else driver) for row in changing]


def _closure(host: Host, wanted: t.Sequence[dict[str, t.Any]], what: str) -> list[dict[str, t.Any]]:
    """The other devices of the groups that have a driver which is not VFIO's."""
    addresses = {row["address"] for row in wanted}
    groups = sorted({row["iommu_group"] for row in wanted if row["iommu_group"] is not None})
    found = []
    for group in groups:
        for member in group_members(host, group):
            viable = member["driver"] in (None, VFIO, "pci-stub") or member["class"].startswith(BRIDGE)
            if member["address"] not in addresses and not viable:
                found.append(member)
    if found and what == "refuse":
        names = ", ".join(f"{row['address']} ({row['driver']})" for row in found)
        raise InUse(
            f"IOMMU group {found[0]['iommu_group']} also has {names}",
            next_step="give 'group: bind' to take them along, or unbind them",
        )
    return found


def _check_iommu(host: Host, wanted: t.Sequence[dict[str, t.Any]], allowed: bool) -> None:
    if any(row["iommu_group"] is None for row in wanted) and not allowed:
        raise Unsupported(
            "the host has no IOMMU for these devices",
            next_step="boot with intel_iommu=on or amd_iommu=on; or give 'no_iommu: true', at its risk",
        )


def bind(host: Host, row: t.Mapping[str, t.Any], driver: str | None) -> None:
    """Take a device from its driver and give it to another one.

    :raises NotKept: it has another driver afterwards
    """
    address, folder = row["address"], f"{PCI}/devices/{row['address']}"
    if row["driver"]:
        host.write(f"{PCI}/drivers/{row['driver']}/unbind", address)
    if driver:
        # The override keeps every other driver from taking it, and does not outlive the binding.
        host.write(f"{folder}/driver_override", driver)
        try:
            host.write(f"{PCI}/drivers/{driver}/bind", address)
        finally:
            host.write(f"{folder}/driver_override", "\n")
    now = host.link(f"{folder}/driver")
    if now != driver:
        raise NotKept(
            f"device {address} has the driver {now or 'none'} and not {driver or 'none'}",
            endpoint=host.path(f"{folder}/driver"),
            next_step="the kernel's log says why (dmesg)",
        )


def work(task: Task) -> dict[str, t.Any]:
    """The module dpdk_bind."""
    host, params = Host(task.params["root"]), task.params
    client = (os.environ.get("SSH_CONNECTION") or "").split(" ")[0] or None
    job = Work(task, "devices")
    changes = plan(host, params, client)
    no_iommu = params["driver"] == VFIO and params["no_iommu"] and not host.names("sys/class/iommu")
    if no_iommu and changes and host.read(NO_IOMMU) != "Y":
        job.change({"no_iommu": False}, {"no_iommu": True})
        job.do(Write(host.path(NO_IOMMU), "1"), lambda: host.write(NO_IOMMU, "1"))
    for row, driver in changes:
        job.change({row["address"]: row["driver"]}, {row["address"]: driver})
        target = f"{PCI}/drivers/{driver}/bind" if driver else f"{PCI}/drivers/{row['driver']}/unbind"
        job.do(Write(host.path(target), row["address"]), functools.partial(_bound, host, row, driver))
    addresses = [full_address(text) for text in params["devices"]]
    return job.result(devices=[device(host, address) for address in addresses])


def _bound(host: Host, row: t.Mapping[str, t.Any], driver: str | None) -> None:
    try:
        bind(host, row, driver)
    except FleetError:
        back = row["driver"]
        if back and host.link(f"{PCI}/devices/{row['address']}/driver") is None:
            bind(host, {**row, "driver": None}, back)  # as it was: a device without a driver serves nobody
        raise
