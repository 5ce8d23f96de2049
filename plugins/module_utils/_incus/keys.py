# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Configuration keys by entity, for hints. The daemon decides what is valid; these only say what was probably meant."""

from __future__ import annotations

from .._core.errors import FleetError
from .client import Client
from .device_table import OPTIONS, options

# What C(/1.0/metadata/configuration) of Incus 6.0 does not list, and what LXD 5.0 lacks altogether: networks and
# storage (reference documents "Bridge network", "Storage drivers").
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
    "network_forward": "target_address",
    "storage_bucket": "size",
}

# What LXD 5.0 takes, each tried on one, since it lists nothing of its own.
_UNLISTED: dict[str, str] = {
    "instance": """
        agent.nic_config boot.autostart boot.autostart.delay boot.autostart.priority
        boot.host_shutdown_timeout boot.stop.priority cloud-init.network-config cloud-init.user-data
        cloud-init.vendor-data cluster.evacuate limits.cpu limits.cpu.allowance limits.cpu.priority
        limits.disk.priority limits.hugepages.1GB limits.hugepages.1MB limits.hugepages.2MB
        limits.hugepages.64KB limits.memory limits.memory.enforce limits.memory.hugepages limits.memory.swap
        limits.memory.swap.priority limits.network.priority limits.processes linux.kernel_modules
        migration.incremental.memory migration.incremental.memory.goal
        migration.incremental.memory.iterations migration.stateful nvidia.driver.capabilities
        nvidia.require.cuda nvidia.require.driver nvidia.runtime raw.apparmor raw.idmap raw.lxc raw.qemu
        raw.qemu.conf raw.seccomp security.agent.metrics security.devlxd security.devlxd.images
        security.idmap.base security.idmap.isolated security.idmap.size security.nesting security.privileged
        security.protection.delete security.protection.shift security.secureboot security.syscalls.allow
        security.syscalls.deny security.syscalls.deny_compat security.syscalls.deny_default
        security.syscalls.intercept.bpf security.syscalls.intercept.bpf.devices
        security.syscalls.intercept.mknod security.syscalls.intercept.mount
        security.syscalls.intercept.mount.allowed security.syscalls.intercept.mount.fuse
        security.syscalls.intercept.mount.shift security.syscalls.intercept.sched_setscheduler
        security.syscalls.intercept.setxattr snapshots.expiry snapshots.pattern snapshots.schedule
        snapshots.schedule.stopped
    """,
    "project": """
        backups.compression_algorithm features.images features.networks features.profiles
        features.storage.volumes images.auto_update_cached images.auto_update_interval
        images.compression_algorithm images.default_architecture images.remote_cache_expiry
        limits.containers limits.cpu limits.disk limits.instances limits.memory limits.networks
        limits.processes limits.virtual-machines restricted restricted.backups restricted.cluster.groups
        restricted.cluster.target restricted.containers.interception restricted.containers.lowlevel
        restricted.containers.nesting restricted.containers.privilege restricted.devices.disk
        restricted.devices.disk.paths restricted.devices.gpu restricted.devices.infiniband
        restricted.devices.nic restricted.devices.pci restricted.devices.proxy restricted.devices.unix-block
        restricted.devices.unix-char restricted.devices.unix-hotplug restricted.devices.usb
        restricted.idmap.gid restricted.idmap.uid restricted.networks.access restricted.networks.subnets
        restricted.networks.uplinks restricted.networks.zones restricted.snapshots
        restricted.virtual-machines.lowlevel
    """,
    "server": """
        backups.compression_algorithm candid.api.key candid.api.url candid.domains candid.expiry
        cluster.https_address cluster.images_minimal_replica cluster.join_token_expiry cluster.max_standby
        cluster.max_voters cluster.offline_threshold core.bgp_address core.bgp_asn core.bgp_routerid
        core.debug_address core.dns_address core.https_address core.https_allowed_credentials
        core.https_allowed_headers core.https_allowed_methods core.https_allowed_origin
        core.https_trusted_proxy core.metrics_address core.metrics_authentication core.proxy_http
        core.proxy_https core.proxy_ignore_hosts core.remote_token_expiry core.shutdown_timeout
        core.trust_ca_certificates core.trust_password images.auto_update_cached images.auto_update_interval
        images.compression_algorithm images.default_architecture images.remote_cache_expiry maas.api.key
        maas.api.url maas.machine network.ovn.integration_bridge network.ovn.northbound_connection
        rbac.agent.private_key rbac.agent.public_key rbac.agent.url rbac.agent.username rbac.api.expiry
        rbac.api.key rbac.api.url rbac.expiry storage.backups_volume storage.images_volume
    """,
    "network_zone": "dns.nameservers network.nat peers.NAME.address peers.NAME.key",
}

# Name spaces in which everybody may make up keys.
FREE = ("user.", "environment.", "volatile.", "image.", "linux.sysctl.", "limits.kernel.")


def known(entity: str, session: Client) -> set[str]:
    """The keys that an entity may have: the daemon's own list, where it has one, and the shipped tables."""
    found = set(_SHIPPED.get(entity, "").split())
    if entity in ("instance", "profile"):
        entity = "instance"
        found |= {"type", *(name for sort in OPTIONS for name in options(sort))}
    try:
        listed = session.find("/1.0/metadata/configuration")
    except FleetError:
        return found  # this is on the way to an error message; a second one would hide the first
    if listed is None:
        return found | set(_UNLISTED.get(entity, "").split())
    for section in listed.get("configs", {}).get(entity, {}).values():
        for entry in section.get("keys", ()):
            found |= set(entry)
    return found
