# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What instances stand on: the role that makes it and takes it away, and a volume that one of them uses."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, run_module
from .test_ansible import run

BRIDGE = {"ipv4.address": "10.117.0.1/24", "ipv4.nat": False, "ipv6.address": "none"}
PLATFORM: dict[str, list[dict[str, t.Any]]] = {
    "projects": [{"name": "nfvt-a", "config": {"features.storage.volumes": True}}],
    "storage_pools": [{"name": "nfvt-pool", "driver": "dir"}],
    "network_integrations": [{"name": "nfvt-sites"}],
    "network_acls": [{"name": "nfvt-acl", "ingress": [{"action": "allow", "protocol": "tcp", "destination_port": 22}]}],
    "network_zones": [{"name": "nfvt.example.net"}],
    "networks": [
        {
            "name": "nfvt0",
            "config": {**BRIDGE, "security.acls": "nfvt-acl", "dns.zone.forward": "nfvt.example.net"},
        }
    ],
    "network_zone_records": [
        {"zone": "nfvt.example.net", "name": "www", "entries": [{"type": "A", "value": "192.0.2.10"}]}
    ],
    "network_forwards": [
        {
            "network": "nfvt0",
            "listen_address": "192.0.2.10",
            "ports": [{"listen_port": 80, "target_address": "10.117.0.10"}],
        }
    ],
    "storage_volumes": [{"project": "nfvt-a", "pool": "nfvt-pool", "name": "nfvt-v", "content_type": "block"}],
    "profiles": [{"name": "nfvt-p", "devices": {"eth0": {"type": "nic", "network": "nfvt0"}}}],
}
OBJECTS = sum(map(len, PLATFORM.values()))


def platform(state: str) -> dict[str, t.Any]:
    variables = {f"incus_platform_{name}": value for name, value in PLATFORM.items()}
    role = {"name": "nfvlab.fleet.incus_platform"}
    return {"ansible.builtin.import_role": role, "vars": {**variables, "incus_platform_state": state}}


def changed(said: str) -> int:
    found = re.search(r"changed=(\d+)", said)
    assert found, said
    return int(found.group(1))


def test_the_role_makes_all_of_it_once_and_takes_it_away_once(house: Client, tmp_path: Path) -> None:
    made = run(tmp_path, [platform("present")]).stdout
    lists = len(PLATFORM)  # a task counts once, however many objects its list has
    assert changed(made) == lists == OBJECTS
    assert house.get("/1.0/network-acls/nfvt-acl")["used_by"] == ["/1.0/networks/nfvt0"]
    assert house.names("/1.0/networks/nfvt0/forwards") == ["192.0.2.10"]
    again = run(tmp_path, [platform("present"), platform("absent")]).stdout
    assert changed(again) == lists
    for collection in (
        "network-acls",
        "network-zones",
        "network-integrations",
        "networks",
        "storage-pools",
        "projects",
    ):
        assert not [name for name in house.names(f"/1.0/{collection}") or () if name.startswith("nfvt")]


def test_a_volume_that_an_instance_uses_stays_until_it_is_detached(house: Client, image: str) -> None:
    def ok(module: str, **args: t.Any) -> Result:
        done = run_module(module, args)
        assert not done.failed, done["msg"]
        return done

    for pool in ("nfvt-pool", "nfvt-pool2"):
        ok("incus_storage_pool", name=pool, driver="dir")
    ok("incus_image", alias="nfvt-image", path=image)
    volume = {"pool": "nfvt-pool", "name": "nfvt-data"}
    ok("incus_storage_volume", **volume)
    disk = {"type": "disk", "pool": "nfvt-pool", "source": "nfvt-data", "path": "/srv/data"}
    devices = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}, "data": disk}
    ok("incus_instance", name="nfvt-1", image="nfvt-image", profiles=[], devices=devices)
    ok("incus_file", name="nfvt-1", path="/srv/data/file", content="kept")

    moved = {"pool": "nfvt-pool2", "name": "nfvt-moved", "rename_from": "nfvt-data", "move_from": {"pool": "nfvt-pool"}}
    for args in ({**volume, "state": "absent"}, moved):
        refused = run_module("incus_storage_volume", args)
        assert refused["failure"]["kind"] == "in_use", refused["msg"]
        assert "it is used by /1.0/instances/nfvt-1" in refused["msg"] and "\n" not in refused["msg"]
    assert house.get("/1.0/storage-pools/nfvt-pool/volumes/custom/nfvt-data")["used_by"] == ["/1.0/instances/nfvt-1"]

    ok("incus_instance", name="nfvt-1", state="stopped", force=True, devices={"data": None})
    assert ok("incus_storage_volume", **moved)["storage_volume"]["used_by"] == []
    attached = {**disk, "pool": "nfvt-pool2", "source": "nfvt-moved"}
    ok("incus_instance", name="nfvt-1", devices={"data": attached})
    assert ok("incus_exec", name="nfvt-1", command=["cat", "/srv/data/file"])["stdout"] == "kept"
    assert ok("incus_file", name="nfvt-1", path="/srv/data/file", state="absent")["changed"]
