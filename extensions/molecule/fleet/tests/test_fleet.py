# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleets after somebody has meddled with them and the role has run again: from outside, and from inside."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

NODES = [f"nfvt-node-{number:02d}" for number in range(1, 13)]
EVERYBODY = ["nfvt-app", *NODES, "nfvt-stranger"]


@pytest.fixture
def instances(host):
    """What the daemon says of the instances of the scenario's project, by name."""
    listed = json.loads(host.check_output("incus list --project nfvt-molfleet --format json"))
    return {entry["name"]: entry for entry in listed}


def address(instance):
    """The IPv4 address of a running instance."""
    found = instance["state"]["network"]["eth0"]["addresses"]
    return next(entry["address"] for entry in found if entry["family"] == "inet")


def test_exactly_what_was_broken_has_been_mended():
    done = json.loads((pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "done.json").read_text())
    assert done == {"nfvt-node-03": "change", "nfvt-node-07": "create", "nfvt-node-11": "change"}


def test_exactly_the_declared_instances_run(instances):
    assert {name: entry["status"] for name, entry in instances.items()} == dict.fromkeys(EVERYBODY, "Running")


def test_who_belongs_to_which_fleet(instances):
    marks = {name: entry["config"].get("user.nfvlab.fleet") for name, entry in instances.items()}
    assert marks == {**dict.fromkeys(NODES, "molfleet/node"), "nfvt-app": "molfleet/app", "nfvt-stranger": None}


def test_configuration_is_as_declared_and_what_others_added_stays(instances):
    assert {instances[name]["config"]["user.release"] for name in NODES} == {"1"}
    assert instances["nfvt-node-11"]["config"]["user.note"] == "somebody was here"
    assert instances["nfvt-stranger"]["config"]["user.release"] == "mine"


def test_every_instance_reaches_the_next_one_and_the_gateway(instances, guest):
    addresses = [address(instances[name]) for name in EVERYBODY]
    assert len(set(addresses)) == len(EVERYBODY) and all(found.startswith("10.118.1.") for found in addresses)
    for name, following in zip(EVERYBODY, [*addresses[1:], addresses[0]], strict=True):
        guest(name).check_output("ping -c 1 -W 5 %s", following)
    guest("nfvt-app").check_output("ping -c 1 -W 5 10.118.1.1")


@pytest.mark.parametrize("name", ["nfvt-node-01", "nfvt-node-03", "nfvt-node-07"])
def test_the_limits_of_the_profile_hold_inside(name, guest):
    inside = guest(name)
    assert inside.check_output("hostname") == name
    assert inside.file("/proc/meminfo").contains("^MemTotal: *65536 kB")
    assert inside.check_output("nproc") == "1"


def test_the_debian_is_a_whole_system(host, guest):
    inside = guest("nfvt-app")
    assert inside.check_output("systemctl is-system-running --wait") == "running"
    assert inside.system_info.codename == host.system_info.codename
    assert inside.service("systemd-networkd").is_running and inside.service("systemd-networkd").is_enabled
    assert inside.package("python3").is_installed
