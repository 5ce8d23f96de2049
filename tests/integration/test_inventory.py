# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin against a real daemon, through both of its doors: what it lists, and tasks in that."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import environment, run_module, sweep
from .proxy import Door, Proxy

PROJECT = {"project": "nfvt-a"}


@pytest.fixture(scope="module")
def fleet(client: Client, image: str) -> t.Iterator[None]:
    """Two instances that run and one that does not, in two projects."""
    sweep(client)
    root = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}
    nic = {"eth0": {"type": "nic", "network": "nfvt0", "name": "eth0"}}
    isolated = {"features.images": False, "features.profiles": False}
    options = {"lab": "nfvt", "name": "edge", "defaults": {"image": "nfvt-i", "profiles": [], "wait_for": ["ipv4"]}}
    options["defaults"].update({"devices": {**root, **nic}, "config": {"user.site": "north", "user.token": "s3cret"}})
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": isolated}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_network", {"name": "nfvt0", "config": {"ipv4.address": "10.121.0.1/24", "ipv6.address": "none"}}),
        ("incus_image", {"alias": "nfvt-i", "path": image}),
        ("incus_fleet", {**PROJECT, **options, "instances": [{"name": "nfvt-[1:2]"}]}),
        (
            "incus_instance",
            {"name": "nfvt-1", "image": "nfvt-i", "profiles": [], "devices": root, "state": "stopped"},
        ),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    yield
    sweep(client)


@pytest.fixture
def source(fleet: None, tmp_path: Path) -> t.Callable[..., str]:
    """Writes an inventory file; its path."""

    def write(daemons: list[dict[str, t.Any]], **options: t.Any) -> str:
        path = tmp_path / "nfvt.incus.yml"
        path.write_text(yaml.safe_dump({"plugin": "nfvlab.fleet.incus", "daemons": daemons, **options}))
        return str(path)

    return write


def run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs."""
    settings = environment(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1")
    return subprocess.run([program, *arguments], env=settings, capture_output=True, text=True, check=check)


def listed(path: str) -> dict[str, t.Any]:
    """The hosts of an inventory and their variables. Texts of the daemon are marked as such: nobody evaluates them."""
    said = run("ansible-inventory", "-i", path, "--list").stdout
    found: dict[str, t.Any] = json.loads(said, object_hook=lambda entry: entry.get("__ansible_unsafe", entry))
    return found


def test_what_is_there_is_listed_in_groups_with_its_addresses(
    source: t.Callable[..., str], doorman: Proxy, door: Door
) -> None:
    way = {**door, **doorman.door}
    doorman.clear()
    path = source([{**way, "projects": ["nfvt-a"]}], keyed_groups=[{"key": "incus_fleet", "separator": ""}])
    found = listed(path)
    assert sorted(found["edge"]["hosts"]) == ["nfvt-1", "nfvt-2"]
    told = found["_meta"]["hostvars"]["nfvt-2"]
    assert told["incus_status"] == "Running" and told["incus_ipv4"][0].startswith("10.121.0.")
    assert told["incus_config"]["user.site"] == "north" and told["incus_config"]["user.token"] == "********"
    assert [request.target.partition("?")[0] for request in doorman.seen] == [
        "/1.0/instances",
        "/1.0/networks/nfvt0/leases",
    ]
    assert doorman.changes() == []


def test_tasks_run_in_what_is_listed(source: t.Callable[..., str], door: Door) -> None:
    path = source([{**door, "projects": ["nfvt-a"], "filter": "status eq Running"}])
    done = run("ansible", "all", "-i", path, "-m", "ansible.builtin.raw", "-a", "hostname")
    assert "nfvt-1 | CHANGED" in done.stdout and "nfvt-2 | CHANGED" in done.stdout


def test_all_projects_filters_and_names(source: t.Callable[..., str], socket: str) -> None:
    everything = {"socket": socket, "all_projects": True}
    named = source([everything], hostname="incus_project ~ '-' ~ incus_name")
    hosts = set(listed(named)["_meta"]["hostvars"])
    assert {"nfvt-a-nfvt-1", "nfvt-a-nfvt-2", "default-nfvt-1"} <= hosts
    stopped = source([{"socket": socket, "filter": "status eq Stopped and name eq nfvt-1"}])
    assert set(listed(stopped)["_meta"]["hostvars"]) == {"nfvt-1"}
    refused = run("ansible-inventory", "-i", source([everything]), "--list", check=False)
    assert refused.returncode and "two instances make a host 'nfvt-1'" in refused.stderr


def test_a_daemon_that_is_down_is_a_warning_or_a_failure(source: t.Callable[..., str], socket: str) -> None:
    daemons = [{"name": "gone", "socket": "/nonexistent/nfvt"}, {"socket": socket, "projects": ["nfvt-a"]}]
    warned = run("ansible-inventory", "-i", source(daemons), "--list")
    assert "The daemon 'gone' is left out" in warned.stderr and "nfvt-2" in warned.stdout
    refused = run("ansible-inventory", "-i", source(daemons, strict=True), "--list", check=False)
    assert refused.returncode and "the daemon 'gone'" in refused.stderr


def test_what_was_read_is_remembered(source: t.Callable[..., str], proxy: Proxy, tmp_path: Path) -> None:
    remembers = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    path = source([{"socket": proxy.path, "projects": ["nfvt-a"]}], **remembers)
    first = listed(path)
    proxy.clear()
    assert listed(path) == first and proxy.seen == []
    assert "s3cret" not in "".join(file.read_text() for file in (tmp_path / "cache").iterdir())
