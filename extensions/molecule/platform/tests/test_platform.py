# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform by its behaviour: what runs, who reaches whom."""

from __future__ import annotations

import json

import pytest

PROJECT = "nfvt-molecule"


def instances(host):
    """The instances of the scenario's project, by name."""
    listed = json.loads(host.check_output("incus list --project %s --format json", PROJECT))
    return {entry["name"]: entry for entry in listed}


def address(instance):
    """The first global IPv4 address of a running instance."""
    found = instance["state"]["network"]["eth0"]["addresses"]
    return next(entry["address"] for entry in found if entry["family"] == "inet")


def test_exactly_the_declared_instances_are_there(host):
    found = {name: entry["status"] for name, entry in instances(host).items()}
    assert found == {
        "nfvt-given-1": "Running",
        "nfvt-given-2": "Running",
        "nfvt-made-1": "Running",
        "nfvt-made-2": "Stopped",
    }


@pytest.mark.parametrize("source", ["nfvt-given-1", "nfvt-made-1"])
def test_running_instances_reach_each_other_and_their_gateway(host, source):
    everything = instances(host)
    targets = [address(everything["nfvt-given-2"]), "10.118.0.1"]
    for target in targets:
        ping = host.run("incus exec --project %s %s -- ping -c 1 -W 5 %s", PROJECT, source, target)
        assert ping.succeeded, ping.stdout


def test_configuration_arrived(host):
    assert host.check_output("incus config get --project %s nfvt-made-1 user.role", PROJECT) == "client"


def test_the_network_hands_out_its_own_addresses(host):
    leases = json.loads(host.check_output("incus network list-leases nfvtmol0 --project default --format json"))
    assert all(lease["address"].startswith("10.118.0.") for lease in leases) and leases
