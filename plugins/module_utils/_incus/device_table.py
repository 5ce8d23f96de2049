# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What devices take, as daemons did when they were tried. Written by tools/devices.py.

C(EXTENSIONS) is how many API extensions the tried release of each brand has: one with more may know more. C(NEEDS) is
what a device cannot do without (C(a|b): one of both). C(OPTIONS) has the options of each type, and of its sorts
(C(nic/bridged)), each with its values where not any text will do: C(bool), C(size), C(mac), C(octal), C(hex4), a choice
(C(a|b)), or a range of numbers (C(0..4094), C(0..4094|none)).
"""

from __future__ import annotations


def options(sort: str) -> dict[str, str]:
    """The options of a type, or of a sort of it, with their values."""
    parts = (word.partition(":") for word in OPTIONS.get(sort, "").split())
    return {name: values for name, _colon, values in parts}


EXTENSIONS: dict[str, int] = {"incus": 450, "lxd": 318}

NEEDS: dict[str, str] = {
    "disk": "source|path",
    "disk/root": "pool",
    "gpu/mdev": "mdev",
    "gpu/mig": "mig.uuid|mig.gi",
    "infiniband": "nictype",
    "infiniband/physical": "parent",
    "infiniband/sriov": "parent",
    "nic": "nictype|network",
    "nic/bridged": "parent",
    "nic/ipvlan": "parent",
    "nic/macvlan": "parent",
    "nic/physical": "parent",
    "nic/sriov": "parent",
    "pci": "address",
    "proxy": "listen connect",
    "unix-block": "source|path",
    "unix-char": "source|path",
    "unix-hotplug": "vendorid|productid",
}

OPTIONS: dict[str, str] = {
    "disk": """
        bind boot.priority:0..4294967295 ceph.cluster_name ceph.user_name initial.*
        io.bus:nvme|virtio-blk|virtio-scsi|auto|9p|virtiofs|usb io.cache:none|metadata|writeback|unsafe limits.max
        limits.read limits.write path pool propagation raw.mount.options readonly:bool recursive:bool required:bool
        shift:bool size:size size.state:size source
    """,
    "disk/root": """
        bind boot.priority:0..4294967295 ceph.cluster_name ceph.user_name initial.*
        io.bus:nvme|virtio-blk|virtio-scsi|auto|9p|virtiofs|usb io.cache:none|metadata|writeback|unsafe limits.max
        limits.read limits.write path pool propagation raw.mount.options readonly:bool recursive:bool required:bool
        shift:bool size:size size.state:size source
    """,
    "gpu": """
        gid:0..4294967295 gputype id initial.* mdev mig.ci:0..255 mig.gi:0..255 mig.uuid mode:octal pci productid:hex4
        uid:0..4294967295 vendorid:hex4
    """,
    "gpu/mdev": """
        gputype id initial.* mdev pci productid:hex4 vendorid:hex4
    """,
    "gpu/mig": """
        gputype id initial.* mig.ci:0..255 mig.gi:0..255 mig.uuid pci productid:hex4 vendorid:hex4
    """,
    "gpu/physical": """
        gid:0..4294967295 gputype id initial.* mode:octal pci productid:hex4 uid:0..4294967295 vendorid:hex4
    """,
    "gpu/sriov": """
        gputype id initial.* pci productid:hex4 vendorid:hex4
    """,
    "infiniband": """
        hwaddr initial.* mtu:1280..16384 name nictype parent
    """,
    "infiniband/physical": """
        hwaddr initial.* mtu:1280..16384 name nictype parent
    """,
    "infiniband/sriov": """
        hwaddr initial.* mtu:1280..16384 name nictype parent
    """,
    "nic": """
        acceleration boot.priority:0..4294967295 gvrp:bool host_name hwaddr:mac initial.* io.bus ipv4.address
        ipv4.address.external ipv4.gateway ipv4.host_address ipv4.host_table:0..4294967295 ipv4.neighbor_probe:bool
        ipv4.routes ipv4.routes.external ipv6.address ipv6.address.external ipv6.gateway ipv6.host_address
        ipv6.host_table:0..4294967295 ipv6.neighbor_probe:bool ipv6.routes ipv6.routes.external limits.egress
        limits.ingress limits.max limits.priority:0..4294967295 maas.subnet.ipv4 maas.subnet.ipv6 mode mtu:1280..16384
        name nested network nictype parent queue.tx.length:0..4294967295 security.acls
        security.acls.default.egress.action:allow|allow-stateless|drop|reject security.acls.default.egress.logged:bool
        security.acls.default.ingress.action:allow|allow-stateless|drop|reject security.acls.default.ingress.logged:bool
        security.ipv4_filtering security.ipv6_filtering security.mac_filtering security.port_isolation:bool
        security.promiscuous vlan vlan.tagged
    """,
    "nic/bridged": """
        boot.priority:0..4294967295 host_name hwaddr:mac initial.* io.bus ipv4.address ipv4.routes ipv4.routes.external
        ipv6.address ipv6.routes ipv6.routes.external limits.egress limits.ingress limits.max
        limits.priority:0..4294967295 maas.subnet.ipv4 maas.subnet.ipv6 mtu:1280..16384 name network nictype parent
        queue.tx.length:0..4294967295 security.acls
        security.acls.default.egress.action:allow|allow-stateless|drop|reject security.acls.default.egress.logged:bool
        security.acls.default.ingress.action:allow|allow-stateless|drop|reject security.acls.default.ingress.logged:bool
        security.ipv4_filtering security.ipv6_filtering security.mac_filtering security.port_isolation:bool
        vlan:0..4094|none vlan.tagged
    """,
    "nic/ipvlan": """
        gvrp:bool hwaddr:mac initial.* ipv4.address ipv4.gateway ipv4.host_table:0..4294967295 ipv6.address ipv6.gateway
        ipv6.host_table:0..4294967295 mode:l3s|l2 mtu:1280..16384 name network nictype parent vlan:0..4094
    """,
    "nic/macvlan": """
        boot.priority:0..4294967295 gvrp:bool hwaddr:mac initial.* io.bus maas.subnet.ipv4 maas.subnet.ipv6
        mode:bridge|vepa|passthru|private mtu:1280..16384 name network nictype parent vlan:0..4094
    """,
    "nic/p2p": """
        boot.priority:0..4294967295 host_name hwaddr:mac initial.* io.bus ipv4.routes ipv6.routes limits.egress
        limits.ingress limits.max limits.priority:0..4294967295 mtu:1280..16384 name network nictype
        queue.tx.length:0..4294967295
    """,
    "nic/physical": """
        boot.priority:0..4294967295 gvrp:bool hwaddr:mac initial.* maas.subnet.ipv4 maas.subnet.ipv6 mtu:1280..16384
        name network nictype parent vlan:0..4094
    """,
    "nic/routed": """
        gvrp:bool host_name hwaddr:mac initial.* io.bus ipv4.address ipv4.gateway ipv4.host_address
        ipv4.host_table:0..4294967295 ipv4.neighbor_probe:bool ipv4.routes ipv6.address ipv6.gateway ipv6.host_address
        ipv6.host_table:0..4294967295 ipv6.neighbor_probe:bool ipv6.routes limits.egress limits.ingress limits.max
        limits.priority:0..4294967295 mtu:1280..16384 name network nictype parent queue.tx.length:0..4294967295
        vlan:0..4094
    """,
    "nic/sriov": """
        boot.priority:0..4294967295 hwaddr:mac initial.* maas.subnet.ipv4 maas.subnet.ipv6 mtu:1280..16384 name network
        nictype parent security.mac_filtering vlan:0..4094
    """,
    "none": """
        initial.*
    """,
    "pci": """
        address initial.*
    """,
    "proxy": """
        bind connect gid:0..4294967295 initial.* listen mode:octal nat:bool proxy_protocol:bool
        security.gid:0..4294967295 security.uid:0..4294967295 uid:0..4294967295
    """,
    "tpm": """
        initial.* path pathrm
    """,
    "unix-block": """
        gid:0..4294967295 initial.* major:0..4294967295 minor:0..4294967295 mode:octal path required:bool source
        uid:0..4294967295
    """,
    "unix-char": """
        gid:0..4294967295 initial.* major:0..4294967295 minor:0..4294967295 mode:octal path required:bool source
        uid:0..4294967295
    """,
    "unix-hotplug": """
        gid:0..4294967295 initial.* mode:octal productid:hex4 required:bool uid:0..4294967295 vendorid:hex4
    """,
    "usb": """
        busnum:0..4294967295 devnum:0..4294967295 gid:0..4294967295 initial.* mode:octal productid:hex4 required:bool
        serial uid:0..4294967295 vendorid:hex4
    """,
}
