# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write plugins/module_utils/_incus/device_table.py: which options each type of device takes, and which values.

    PYTHONPATH=build/collections python tools/devices.py

The API lists the options of a few types only (C(/1.0/metadata/configuration)), so the daemon of this host is tried: in
a profile of its own, each option is offered to each type with values of several sorts. What it took is written down;
what the table has from other daemons stays, so running this on Incus and on LXD adds up.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import textwrap
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import device_table
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, discover_socket

TABLE = pathlib.Path(__file__).resolve().parent.parent / "plugins/module_utils/_incus/device_table.py"
PROFILE = "nfvlab-devices"

# A device of each sort that every daemon takes, and what may be left out of none. "a|b" is one of both.
SORTS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "disk": ({"source": "/tmp", "path": "/mnt"}, ("source|path",)),
    "disk/root": ({"path": "/", "pool": "{pool}"}, ("pool",)),
    "gpu": ({}, ()),
    "gpu/physical": ({"gputype": "physical"}, ()),
    "gpu/mdev": ({"gputype": "mdev", "mdev": "x"}, ("mdev",)),
    "gpu/mig": ({"gputype": "mig", "mig.gi": "1", "mig.ci": "1"}, ("mig.uuid|mig.gi",)),
    "gpu/sriov": ({"gputype": "sriov"}, ()),
    "infiniband": ({"nictype": "physical", "parent": "x"}, ("nictype",)),
    "infiniband/physical": ({"nictype": "physical", "parent": "x"}, ("parent",)),
    "infiniband/sriov": ({"nictype": "sriov", "parent": "x"}, ("parent",)),
    "nic": ({"nictype": "bridged", "parent": "x"}, ("nictype|network",)),
    "nic/bridged": ({"nictype": "bridged", "parent": "x"}, ("parent",)),
    "nic/ipvlan": ({"nictype": "ipvlan", "parent": "x"}, ("parent",)),
    "nic/macvlan": ({"nictype": "macvlan", "parent": "x"}, ("parent",)),
    "nic/p2p": ({"nictype": "p2p"}, ()),
    "nic/physical": ({"nictype": "physical", "parent": "x"}, ("parent",)),
    "nic/routed": ({"nictype": "routed"}, ()),
    "nic/sriov": ({"nictype": "sriov", "parent": "x"}, ("parent",)),
    "none": ({}, ()),
    "pci": ({"address": "0000:00:00.0"}, ("address",)),
    "proxy": ({"listen": "tcp:127.0.0.1:80", "connect": "tcp:127.0.0.1:80"}, ("listen", "connect")),
    "tpm": ({"path": "/dev/tpm0", "pathrm": "/dev/tpmrm0"}, ()),
    "unix-block": ({"path": "/dev/x"}, ("source|path",)),
    "unix-char": ({"path": "/dev/x"}, ("source|path",)),
    "unix-hotplug": ({"vendorid": "1234"}, ("vendorid|productid",)),
    "usb": ({}, ()),
}

# Everything that the reference documents of both brands name, over all types.
OPTIONS = """
acceleration address attached bind boot.priority busnum ceph.cluster_name ceph.user_name connect devnum gid gputype
gvrp host_name hwaddr id initial.* io.bus io.cache io.threads ipv4.address ipv4.address.external ipv4.gateway
ipv4.host_address ipv4.host_table ipv4.host_tables ipv4.neighbor_probe ipv4.routes ipv4.routes.anycast
ipv4.routes.external ipv6.address ipv6.address.external ipv6.gateway ipv6.host_address ipv6.host_table ipv6.host_tables
ipv6.neighbor_probe ipv6.routes ipv6.routes.anycast ipv6.routes.external limits.egress limits.ingress limits.max
limits.priority limits.read limits.write listen maas.subnet.ipv4 maas.subnet.ipv6 major mdev mig.ci mig.gi mig.uuid
minor mode mtu name nat nested network nictype parent path pathrm pci pool productid propagation proxy_protocol
queue.tx.length raw.mount.options readonly recursive required security.acls security.acls.default.egress.action
security.acls.default.egress.logged security.acls.default.ingress.action security.acls.default.ingress.logged
security.gid security.ipv4_filtering security.ipv6_filtering security.mac_filtering security.port_isolation
security.promiscuous security.trusted security.uid serial shift size size.state source subsystem uid vendorid vlan
vlan.tagged
"""
# What only a network of the type ovn takes, which cannot be tried without one (reference document "Type: nic").
UNTRIED = {
    "nic": """
        acceleration ipv4.address.external ipv4.routes.external ipv6.address.external ipv6.routes.external nested
        security.acls security.acls.default.egress.action security.acls.default.egress.logged
        security.acls.default.ingress.action security.acls.default.ingress.logged security.promiscuous
    """
}

NUMBERS = (-1, 0, 1, 7, 1500, 100_000)
LARGEST = 2**63 - 1


class Daemon:
    """Takes devices, or says why not."""

    def __init__(self, client: Client, pool: str) -> None:
        self.client = client
        self.pool = pool

    def refusal(self, device: t.Mapping[str, str]) -> str:
        """What the daemon has against a device; empty where it takes it."""
        whole = {key: value.format(pool=self.pool) for key, value in device.items()}
        body = {"config": {}, "devices": {"tried": whole}}
        try:
            self.client.perform(Request("PUT", f"/1.0/profiles/{PROFILE}", body=body))
        except FleetError as error:
            return error.text or str(error)
        return ""


def takes(daemon: Daemon, base: t.Mapping[str, str], option: str, value: str) -> tuple[bool, str]:
    """Whether the option may have the value, whatever else the daemon finds wrong with the device; and what it said."""
    said = daemon.refusal({**base, option: value})
    return f'device option "{option}"' not in said, said


def values(daemon: Daemon, base: t.Mapping[str, str], option: str) -> str | None:
    """The values of an option in the table's notation; null where the type has no such option."""
    option = option.replace("*", "tried")
    word, said = takes(daemon, base, option, "nfvlab-x")
    if f'Invalid device option "{option}"' in said:
        return None
    if word:
        return ""
    choices = re.search(r"not one of \[(.+?)\]|[Mm]ust be one of: (.+)", said)
    if choices:
        return "|".join(re.split(r",? ", choices.group(1) or choices.group(2)))
    if takes(daemon, base, option, "on")[0]:
        return "bool"
    if takes(daemon, base, option, "1MiB")[0]:
        return "size"
    if takes(daemon, base, option, "00:16:3e:01:02:03")[0]:
        return "mac"
    if takes(daemon, base, option, "1a2b")[0] and not takes(daemon, base, option, "1A2B")[0]:
        return "hex4"
    numbers = [number for number in NUMBERS if takes(daemon, base, option, str(number))[0]]
    if not numbers or takes(daemon, base, option, "1,2")[0]:
        return ""
    if takes(daemon, base, option, "0660")[0] and not takes(daemon, base, option, "0880")[0]:
        return "octal"
    none = "|none" if takes(daemon, base, option, "none")[0] else ""
    return f"{edge(daemon, base, option, numbers[0], -1)}..{edge(daemon, base, option, numbers[-1], 1)}{none}"


def edge(daemon: Daemon, base: t.Mapping[str, str], option: str, inside: int, sign: int) -> str:
    """The last number that an option takes, in one direction; empty where there is none."""
    outside = sign * LARGEST
    if takes(daemon, base, option, str(outside))[0]:
        return ""
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        if takes(daemon, base, option, str(middle))[0]:
            inside = middle
        else:
            outside = middle
    return str(inside)


def tried(daemon: Daemon) -> t.Iterator[tuple[str, dict[str, str]]]:
    """The options of each sort of device that the daemon knows."""
    for sort, (base, needs) in SORTS.items():
        device = {"type": sort.split("/")[0], **base}
        refused = daemon.refusal(device)
        if refused:
            print(f"{sort}: {refused}")
            continue
        for need in needs:
            rest = {key: value for key, value in device.items() if key not in need.split("|")}
            if not daemon.refusal(rest):
                raise SystemExit(f"{sort}: the daemon gets by without '{need}'")
        found = {option: values(daemon, device, option) for option in OPTIONS.split()}
        yield sort, {option: value for option, value in found.items() if value is not None}


def merged(old: t.Mapping[str, str], new: t.Mapping[str, str]) -> dict[str, str]:
    """Options of two daemons, or of two sorts. Where they differ in an option's values, nothing is said of those."""
    return {
        option: new[option]
        if option in new and old.get(option, new[option]) == new[option]
        else old.get(option, "")
        if option not in new
        else ""
        for option in sorted({*old, *new})
    }


def written(options: t.Mapping[str, t.Mapping[str, str]], extensions: t.Mapping[str, int]) -> str:
    """The table's file."""
    head = TABLE.read_text().split("\nEXTENSIONS: ", 1)[0]
    lines = [f"EXTENSIONS: dict[str, int] = {json.dumps(extensions, sort_keys=True)}", "", "NEEDS: dict[str, str] = {"]
    lines += [
        f"    {json.dumps(sort)}: {json.dumps(' '.join(needs))}," for sort, (_base, needs) in SORTS.items() if needs
    ]
    lines += ["}", "", "OPTIONS: dict[str, str] = {"]
    for sort in sorted(options):
        words = " ".join(f"{name}:{value}" if value else name for name, value in options[sort].items())
        block = textwrap.fill(words, 112, break_long_words=False, break_on_hyphens=False)
        lines += [f'    "{sort}": """', textwrap.indent(block, " " * 8), '    """,']
    return "\n".join([head, *lines, "}", ""])


def main() -> None:
    with Client(UnixEndpoint(discover_socket(os.environ))) as client:
        pools = client.names("/1.0/storage-pools")
        if not pools:
            raise SystemExit("the daemon has no storage pool")
        client.perform(Request("POST", "/1.0/profiles", body={"name": PROFILE}))
        try:
            found = dict(tried(Daemon(client, pools[0])))
        finally:
            client.perform(Request("DELETE", f"/1.0/profiles/{PROFILE}"))
        options = {sort: merged(device_table.options(sort), found.get(sort, {})) for sort in SORTS}
        for sort in SORTS:
            kind = sort.split("/")[0]
            if sort != kind:
                options[kind] = merged(options[kind], options[sort])
        for kind, names in UNTRIED.items():
            options[kind] = merged(options[kind], {name: options[kind].get(name, "") for name in names.split()})
        count = {client.brand: len(client.server["api_extensions"])}
        TABLE.write_text(written(options, {**device_table.EXTENSIONS, **count}))


if __name__ == "__main__":
    main()
