# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A project of another daemon by its behaviour: what runs there, what is kept here, and how far the client gets."""

from __future__ import annotations

import json

import pytest
import testinfra
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus import register

NAMES = ["nfvt-branch-1", "nfvt-branch-2"]
OWNER = "INCUS_SOCKET=/var/lib/nfvt-remote/nfvt-site/unix.socket incus"

register()


@pytest.fixture
def inside():
    """A function that gives an instance, by its name, as a host of testinfra, over the remote."""
    return lambda name: testinfra.get_host(f"incus://{name}?context=nfvt-site")


def test_what_is_declared_runs_there_and_not_here(host):
    there = json.loads(host.check_output(f"{OWNER} list --project nfvt-open --format json"))
    assert {entry["name"]: entry["status"] for entry in there} == dict.fromkeys(NAMES, "Running")
    assert not set(NAMES) & set(host.check_output("incus list --all-projects --format csv --columns n").splitlines())


def test_the_instances_reach_each_other_and_have_addresses_of_their_site(inside):
    found = [next(one for one in inside(name).interface("eth0").addresses if "." in one) for name in NAMES]
    assert all(address.startswith("10.118.5.") for address in found)
    for name, other in zip(NAMES, reversed(found), strict=True):
        assert inside(name).check_output("hostname") == name
        inside(name).check_output("ping -c 1 -W 5 %s", other)


def test_the_client_of_the_command_line_gets_as_far_as_its_project(host):
    assert set(host.check_output("incus list nfvt-site: --format csv --columns n").splitlines()) == set(NAMES)
    shown = json.loads(host.check_output("incus project list nfvt-site: --format json"))
    assert [entry["name"] for entry in shown] == ["nfvt-open"]
    for beyond in ("incus list nfvt-site: --project nfvt-closed", "incus config set nfvt-site: user.mine yes"):
        assert host.run(beyond).failed
    trusted = json.loads(host.check_output(f"{OWNER} config trust list --format json"))
    assert [(entry["name"], entry["restricted"], entry["projects"]) for entry in trusted] == [
        ("localhost", True, ["nfvt-open"])
    ]


def test_nobody_else_can_read_the_key(host):
    key = host.file("/run/nfvt-remote/client.key")
    assert key.user == "root" and key.mode == 0o600


def test_the_snapshot_expires_and_the_backup_is_whole(host):
    found = json.loads(
        host.check_output(f"{OWNER} query '/1.0/instances/nfvt-branch-2/snapshots/first?project=nfvt-open'")
    )
    assert found["expires_at"] > found["created_at"]
    assert "backup/index.yaml" in host.check_output("tar -tzf /run/nfvt-remote/backups/branch.tar.gz").splitlines()
