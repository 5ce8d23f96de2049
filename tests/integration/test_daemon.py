# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon's own troubles: killed in the middle, half initialised, gone with only its files left."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import playbook, run_module

INIT = {
    "incus_daemon_config": {"user.nfvt": "x"},
    "incus_daemon_storage_pools": [{"name": "nfvt-pool", "driver": "dir"}],
    "incus_daemon_networks": [{"name": "nfvt0", "config": {"ipv4.address": "10.120.0.1/24", "ipv6.address": "none"}}],
    "incus_daemon_profiles": [
        {
            "name": "nfvt-default",
            "devices": {
                "root": {"type": "disk", "path": "/", "pool": "nfvt-pool"},
                "eth0": {"type": "nic", "network": "nfvt0"},
            },
        }
    ],
}


def daemon(*arguments: str, check: bool = True, **variables: t.Any) -> subprocess.CompletedProcess[str]:
    """Run the daemon's role; the image is not needed here."""
    extra = json.dumps({"incus_images": [], **variables})
    return playbook("tests/integration/prepare.yml", "-e", extra, *arguments, check=check)


def kill(name: str) -> None:
    subprocess.run(["pkill", f"-{signal.SIGKILL.value}", "-x", name], check=False)


@pytest.fixture
def running(house: Client) -> t.Iterator[Client]:
    """A daemon that may be killed; it runs again afterwards."""
    yield house
    daemon()
    deadline = time.monotonic() + 60
    while True:
        try:
            house.get("/1.0")
            break
        except FleetError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    run_module("incus_server", {"config": {"user.nfvt": None}})


def test_an_initialisation_that_stopped_half_way_is_completed(running: Client) -> None:
    pool_only = {"incus_daemon_storage_pools": INIT["incus_daemon_storage_pools"]}
    daemon(**pool_only)
    assert running.find("/1.0/profiles/nfvt-default") is None
    completed = daemon(**INIT)
    assert "failed=0" in completed.stdout
    assert set(running.get("/1.0/profiles/nfvt-default")["devices"]) == {"root", "eth0"}
    run_module("incus_profile", {"name": "nfvt-default", "devices": {"eth0": None}})
    assert "changed=1 " in daemon(**INIT).stdout
    assert "changed=0 " in daemon(**INIT).stdout


def test_a_bridge_without_an_explicit_subnet_is_refused(prepared: None) -> None:
    refused = daemon(incus_daemon_networks=[{"name": "nfvt0", "config": {"ipv4.address": "auto"}}], check=False)
    assert refused.returncode and "ipv4.address" in refused.stdout


def test_a_daemon_that_was_killed_is_said_to_be_so_and_comes_back(running: Client, image: str) -> None:
    made = run_module("incus_profile", {"name": "nfvt-p", "description": "kept"})
    assert not made.failed
    kill("incusd")
    kill("lxcfs")
    time.sleep(0.5)
    refused = run_module("incus_profile", {"name": "nfvt-p", "description": "lost?"})
    assert refused.failed and refused["failure"]["kind"] == "unreachable"
    assert "the socket exists but no daemon listens on it" in refused["msg"]
    assert "start the daemon" in refused["msg"]
    daemon()
    kept = run_module("incus_profile", {"name": "nfvt-p", "description": "kept"})
    assert not kept.failed and kept["changed"] is False
    Path("/var/lib/lxcfs/proc/uptime").read_text()  # lxcfs answers again


def test_a_daemon_killed_in_the_middle_of_a_task_loses_nothing(running: Client, image: str) -> None:
    environment = {
        "incus_project": {"name": "nfvt-a", "config": {"features.images": True, "features.profiles": False}},
        "incus_storage_pool": {"name": "nfvt-pool", "driver": "dir"},
        "incus_image": {"project": "nfvt-a", "alias": "nfvt-i", "path": image},
    }
    for module, args in environment.items():
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    root = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}
    wanted = {"project": "nfvt-a", "name": "nfvt-1", "image": "nfvt-i", "profiles": [], "devices": root}
    for delay in (0.02, 0.08, 0.2):
        killer = threading.Timer(delay, kill, ["incusd"])
        killer.start()
        result = run_module("incus_instance", wanted)
        killer.join()
        if result.failed:
            assert result["failure"]["kind"] in ("interrupted", "unreachable", "operation_failed"), result["msg"]
            assert "\n" not in result["msg"] and "Traceback" not in result["msg"]
        daemon()
        again = run_module("incus_instance", {**wanted, "wait_for": ["running"]})
        assert not again.failed, again["msg"]
        assert again["instance"]["status"] == "Running"
        assert run_module("incus_instance", wanted)["changed"] is False
        assert running.names("/1.0/instances", {"project": "nfvt-a"}) == ["nfvt-1"]
        gone = run_module("incus_instance", {**wanted, "state": "absent", "force": True})
        assert not gone.failed, gone["msg"]


def test_an_instance_that_cannot_get_an_address_fails_with_a_diagnosis(house: Client, image: str) -> None:
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True, "features.profiles": False}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_image", {"project": "nfvt-a", "alias": "nfvt-i", "path": image}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    devices = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}
    wanted = {"project": "nfvt-a", "name": "nfvt-1", "image": "nfvt-i", "profiles": [], "devices": devices}
    refused = run_module("incus_instance", {**wanted, "wait_for": ["running", "ipv4"], "wait_timeout": 1})
    assert refused.failed and refused["failure"]["kind"] == "timed_out"
    assert "not ipv4 after 1 s" in refused["msg"]
    assert "it is Running" in refused["msg"] and "its IPv4 addresses are none" in refused["msg"]
    assert refused["changed"] is True and refused["actions"][0]["sent"] is True


@pytest.mark.parametrize("driver", ["btrfs", "lvm"])
def test_a_pool_in_a_loop_file(house: Client, driver: str) -> None:
    options = {"name": "nfvt-loop", "driver": driver, "config": {"size": "1GiB"}}
    made = run_module("incus_storage_pool", options)
    if made.failed and driver == "lvm":
        assert made["failure"]["kind"] == "refused" and "\n" not in made["msg"]
        pytest.skip(f"this host cannot do lvm: {made['failure']['text']}")
    assert not made.failed, made["msg"]
    assert made["storage_pool"]["config"]["size"] == "1GiB"
    assert run_module("incus_storage_pool", options)["changed"] is False
    assert run_module("incus_storage_pool", {"name": "nfvt-loop", "state": "absent"})["changed"] is True
