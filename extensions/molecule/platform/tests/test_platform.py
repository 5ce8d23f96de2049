# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform by its behaviour: what runs, who reaches whom."""

from __future__ import annotations

import json

import pytest
import testinfra
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus import register

PROJECT = "nfvt-molecule"

register()


def inside(name):
    """An instance as a host, for what is seen from inside."""
    return testinfra.get_host(f"incus://{name}?namespace={PROJECT}")


def instances(host):
    """The instances of the scenario's project, by name."""
    listed = json.loads(host.check_output("incus list --project %s --format json", PROJECT))
    return {entry["name"]: entry for entry in listed}


def test_exactly_the_declared_instances_are_there(host):
    found = {name: entry["status"] for name, entry in instances(host).items()}
    assert found == {
        "nfvt-given-1": "Running",
        "nfvt-given-2": "Running",
        "nfvt-made-1": "Running",
        "nfvt-made-2": "Stopped",
    }


@pytest.mark.parametrize("source", ["nfvt-given-1", "nfvt-made-1"])
def test_running_instances_reach_each_other_and_their_gateway(source):
    other = next(address for address in inside("nfvt-given-2").interface("eth0").addresses if "." in address)
    for target in (other, "10.118.0.1"):
        ping = inside(source).run("ping -c 1 -W 5 %s", target)
        assert ping.succeeded, ping.stdout


def test_configuration_arrived(host):
    assert host.check_output("incus config get --project %s nfvt-made-1 user.role", PROJECT) == "client"


def test_the_network_hands_out_its_own_addresses(host):
    leases = json.loads(host.check_output("incus network list-leases nfvtmol0 --project default --format json"))
    assert all(lease["address"].startswith("10.118.0.") for lease in leases) and leases
