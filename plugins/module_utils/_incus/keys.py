# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Configuration keys by entity, for hints. The daemon decides what is valid; these only say what was probably meant."""

from __future__ import annotations

from .._core.errors import FleetError
from .client import Client

# What C(/1.0/metadata/configuration) of Incus 6.0 does not list, and what LXD 5.0 lacks altogether: networks, storage
# and the devices beside disks (reference documents "Bridge network", "Storage drivers", "Type: nic", "Type: disk").
_SHIPPED: dict[str, str] = {
    "network": """
        bgp.peers.NAME.address bgp.peers.NAME.asn bridge.driver bridge.external_interfaces bridge.hwaddr
        bridge.mtu dns.domain dns.mode dns.search dns.zone.forward dns.zone.reverse.ipv4 dns.zone.reverse.ipv6
        gvrp ipv4.address ipv4.dhcp ipv4.dhcp.expiry ipv4.dhcp.gateway ipv4.dhcp.ranges ipv4.firewall ipv4.nat
        ipv4.nat.address ipv4.nat.order ipv4.ovn.ranges ipv4.routes ipv4.routing ipv6.address ipv6.dhcp
        ipv6.dhcp.expiry ipv6.dhcp.ranges ipv6.dhcp.stateful ipv6.firewall ipv6.nat ipv6.nat.address
        ipv6.nat.order ipv6.ovn.ranges ipv6.routes ipv6.routing mtu network parent raw.dnsmasq security.acls
        vlan
    """,
    "storage_pool": """
        btrfs.mount_options lvm.thinpool_name lvm.thinpool_metadata_size lvm.use_thinpool lvm.vg.force_reuse
        lvm.vg_name rsync.bwlimit rsync.compression size source source.wipe volume.size
        volume.block.filesystem volume.block.mount_options volume.snapshots.expiry volume.snapshots.schedule
        volume.zfs.use_refquota zfs.clone_copy zfs.export zfs.pool_name
    """,
    "storage_volume": """
        block.filesystem block.mount_options lvm.stripes lvm.stripes.size security.shared security.shifted
        security.unmapped size snapshots.expiry snapshots.pattern snapshots.schedule
    """,
    "devices": """
        boot.priority host_name hwaddr ipv4.address ipv4.routes ipv6.address ipv6.routes limits.egress
        limits.ingress limits.max limits.priority limits.read limits.write mode mtu name network nictype
        parent path pool propagation queue.tx.length raw.mount.options readonly recursive required
        security.acls security.ipv4_filtering security.ipv6_filtering security.mac_filtering
        security.port_isolation shift size source type vlan vlan.tagged listen connect bind uid gid
    """,
}

# Name spaces in which everybody may make up keys.
FREE = ("user.", "environment.", "volatile.", "image.", "linux.sysctl.", "limits.kernel.")


def known(entity: str, session: Client) -> set[str]:
    """The keys that an entity may have: the daemon's own list, where it has one, and the shipped table."""
    found = set(_SHIPPED.get(entity, "").split())
    if entity in ("instance", "profile"):
        entity = "instance"
        found |= set(_SHIPPED["devices"].split())
    try:
        listed = session.find("/1.0/metadata/configuration") or {}
    except FleetError:
        return found  # this is on the way to an error message; a second one would hide the first
    for section in listed.get("configs", {}).get(entity, {}).values():
        for entry in section.get("keys", ()):
            found |= set(entry)
    return found
