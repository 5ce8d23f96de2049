# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices held against the table of their types."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, UnknownKey
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import devices
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.device_table import (
    EXTENSIONS,
    NEEDS,
    OPTIONS,
    options,
)

ROOT = {"type": "disk", "path": "/", "pool": "lab"}
BRIDGED = {"type": "nic", "nictype": "bridged", "parent": "br0"}


@pytest.mark.parametrize(
    "device",
    [
        ROOT,
        {**ROOT, "size": "10GiB", "initial.zfs.reserve_space": "true", "boot.priority": "1"},
        {"type": "disk", "source": "pages", "pool": "lab", "path": "/srv", "readonly": "Yes"},
        {"type": "nic", "network": "lab0", "hwaddr": "00:16:3E:aa:bb:cc", "ipv4.address": "10.0.0.2"},
        {**BRIDGED, "vlan": "none", "mtu": "9000"},
        {**BRIDGED, "vlan.tagged": "100,200-210"},
        {"type": "nic", "nictype": "macvlan", "parent": "eth0", "mode": "passthru"},
        {"type": "nic", "nictype": "ovn", "network": "ovn1", "security.acls": "web", "nested": "eth0"},
        {"type": "nic", "nictype": "p2p", "name": "sdn0", "host_name": "lab-e1"},
        {"type": "proxy", "listen": "tcp:0.0.0.0:80", "connect": "tcp:127.0.0.1:80", "bind": "host"},
        {"type": "unix-char", "path": "/dev/vfio/vfio", "mode": "0660", "required": "false"},
        {"type": "unix-hotplug", "vendorid": "1d6b"},
        {"type": "usb"},
        {"type": "none"},
    ],
)
def test_right_devices_pass(device):
    devices.check(device)


@pytest.mark.parametrize(
    ("device", "sort", "says"),
    [
        ({}, InvalidOption, "it has no 'type'; give one of disk, gpu"),
        ({"type": "dsik"}, UnknownKey, "there is no type 'dsik'; did you mean 'disk'"),
        ({"type": "printer"}, UnknownKey, "there is no type 'printer'; it can be disk, gpu"),
        ({**BRIDGED, "nmae": "x"}, UnknownKey, "type 'nic/bridged' has no option 'nmae'; did you mean 'name'"),
        ({**BRIDGED, "gvrp": "true"}, UnknownKey, "has no option 'gvrp'; only other sorts of 'nic' have it"),
        ({"type": "usb", "colour": "red"}, UnknownKey, "type 'usb' has no option 'colour'"),
        ({"type": "nic", "nictype": "bridged"}, InvalidOption, "type 'nic/bridged' needs 'parent'"),
        ({"type": "nic", "name": "eth0"}, InvalidOption, "type 'nic' needs 'nictype' or 'network'"),
        ({"type": "disk", "path": "/"}, InvalidOption, "type 'disk/root' needs 'pool'"),
        ({"type": "disk"}, InvalidOption, "type 'disk' needs 'source' or 'path'"),
        ({"type": "proxy", "listen": "tcp:0.0.0.0:80"}, InvalidOption, "type 'proxy' needs 'connect'"),
        ({**ROOT, "readonly": "maybe"}, InvalidOption, "its 'readonly' is 'maybe'; it is true or false"),
        ({**ROOT, "size": "10 gigs"}, InvalidOption, "its 'size' is '10 gigs'; it is a size in bytes"),
        ({**ROOT, "boot.priority": "-1"}, InvalidOption, "it is a number from 0 to 4294967295"),
        ({**BRIDGED, "vlan": "4095"}, InvalidOption, "it is a number from 0 to 4094 or 'none'"),
        ({**BRIDGED, "hwaddr": "0016.3eaa.bbcc"}, InvalidOption, "it is six bytes as"),
        ({"type": "unix-char", "path": "/dev/x", "mode": "rw"}, InvalidOption, "it is an octal mode"),
        ({"type": "usb", "vendorid": "0x1d6b"}, InvalidOption, "four hexadecimal digits"),
        ({**ROOT, "io.cache": "unsave"}, InvalidOption, "its 'io.cache' is 'unsave'; did you mean 'unsafe'"),
        ({**ROOT, "io.cache": "fast"}, InvalidOption, "it is one of none, metadata"),
    ],
)
def test_wrong_devices_are_one_sentence(device, sort, says):
    with pytest.raises(sort) as raised:
        devices.check(device)
    assert says in str(raised.value)


def test_a_newer_daemon_decides_by_itself():
    assert devices.known("incus", ["x"] * EXTENSIONS["incus"])
    assert not devices.known("incus", ["x"] * (EXTENSIONS["incus"] + 1))
    assert not devices.known("another", ["x"])


def test_the_table_can_be_read_whole():
    for sort in OPTIONS:
        for values in options(sort).values():
            assert devices._wrong("\0", values) or not values
    assert all(name in options(sort) for sort, needs in NEEDS.items() for name in needs.replace("|", " ").split())
