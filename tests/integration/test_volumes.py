# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A volume that an instance uses: what may become of it meanwhile, and what the daemon counts of its user."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, run_module, sweep

PLACE = {"project": "nfvt-a", "name": "nfvt-1"}
VOLUME = {"project": "nfvt-a", "pool": "nfvt-fast", "name": "nfvt-v"}
DISKS = {
    "root": {"type": "disk", "path": "/", "pool": "nfvt-pool"},
    "data": {"type": "disk", "path": "/data", "pool": "nfvt-fast", "source": "nfvt-v"},
}


@pytest.fixture(scope="module")
def used(client: Client, image: str) -> t.Iterator[None]:
    """A running instance with a volume that counts what is in it."""
    sweep(client)
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_storage_pool", {"name": "nfvt-fast", "driver": "btrfs", "config": {"size": "512MiB"}}),
        ("incus_storage_volume", {**VOLUME, "config": {"size": "100MiB"}}),
        ("incus_image", {"project": "nfvt-a", "alias": "nfvt-i", "path": image}),
        ("incus_instance", {**PLACE, "image": "nfvt-i", "profiles": [], "devices": DISKS}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    yield
    sweep(client)


def write(mebibytes: int, file: str) -> Result:
    script = f"dd if=/dev/zero of=/data/{file} bs=1M count={mebibytes} && sync"
    return run_module("incus_exec", {**PLACE, "command": ["sh", "-c", script]})


def test_a_volume_that_is_made_smaller_than_its_content_stays_as_it_was(used: None) -> None:
    assert not write(40, "some").failed
    small = {**VOLUME, "config": {"size": "20MiB"}}
    checked, refused = run_module("incus_storage_volume", small, check=True), run_module("incus_storage_volume", small)
    assert refused["failure"]["kind"] == "invalid_option" and "it would have 20971520 bytes, and " in refused["msg"]
    assert not checked.failed and "it would have 20971520 bytes" in checked.warned[0]
    assert not write(40, "more").failed  # the daemon itself would have ended all writing
    fits = run_module("incus_storage_volume", {**VOLUME, "config": {"size": "90MiB"}})
    assert not fits.failed and fits["storage_volume"]["config"]["size"] == "90MiB"


def test_a_volume_of_a_running_instance_is_not_moved_and_the_error_says_what_to_stop(used: None) -> None:
    moved = run_module("incus_storage_volume", {**VOLUME, "pool": "nfvt-pool", "move_from": {"pool": "nfvt-fast"}})
    assert moved["failure"]["kind"] == "in_use"
    assert "it is used by /1.0/instances/nfvt-1?project=nfvt-a; stop those first" in moved["msg"]


def test_what_the_daemon_counts_of_an_instance(used: None, client: Client) -> None:
    here, everywhere = (
        run_module("incus_info", {"collection": "metrics", **where})["objects"]
        for where in ({"project": "nfvt-a"}, {"all_projects": True})
    )
    name = f"{client.brand}_memory_RSS_bytes"
    memory = [sample for sample in here if sample["name"] == name]
    assert [sample["labels"]["name"] for sample in memory] == ["nfvt-1"] and memory[0]["value"] > 0
    assert memory[0]["type"] == "gauge" and name in [sample["name"] for sample in everywhere]


def test_a_network_of_ovn_is_refused_where_there_is_none(used: None, client: Client) -> None:
    config = {"network": "none", "ipv4.address": "10.121.9.1/24", "ipv6.address": "none"}
    refused = run_module("incus_network", {"name": "nfvt-ovn", "type": "ovn", "config": config})
    assert refused.failed and "set up OVN on the daemon's host" in refused["msg"]
    assert "nfvt-ovn" not in (client.names("/1.0/networks") or ())
