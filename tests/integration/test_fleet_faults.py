# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets whose ground gives way: a pool that is full, an image that vanishes, two tasks on one instance."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import run_module
from .proxy import Proxy, Seen
from .test_fleet import PROJECT, fleet, start

__all__ = ["fleet"]  # a fixture

POST = [{"name": "nfvt-[1:30]"}]


@pytest.fixture
def small(house: Client, tmp_path: Path) -> t.Iterator[Path]:
    """A file system that holds a few instances only, for a pool."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "nfvt-small", folder], check=True)
    try:
        yield folder
    finally:
        run_module("incus_fleet", {**PROJECT, "name": "full", "state": "absent", "instances": POST, "force": True})
        run_module("incus_storage_pool", {"name": "nfvt-small", "state": "absent"})
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_pool_is_said_and_costs_nothing_that_was_there(
    fleet: dict[str, t.Any], house: Client, small: Path
) -> None:
    pool = run_module("incus_storage_pool", {"name": "nfvt-small", "driver": "dir", "config": {"source": str(small)}})
    assert not pool.failed, pool["msg"]
    defaults = {**fleet["defaults"], "storage_pool": "nfvt-small", "profiles": [], "state": "stopped", "wait_for": []}
    options = {**PROJECT, "name": "full", "defaults": defaults, "force": True}
    first = run_module("incus_fleet", {**options, "instances": [{"name": "nfvt-1"}]})
    assert not first.failed, first["msg"]
    full = run_module("incus_fleet", {**options, "instances": POST})
    assert full.failed and 0 < full["counts"]["failed"] < 30
    broken = [entry for entry in full["results"] if entry["failed"]]
    assert all("its storage pool is full" in entry["msg"] and "\n" not in entry["msg"] for entry in broken)
    assert house.find("/1.0/instances/nfvt-1", PROJECT) is not None
    there = {entry["name"] for entry in full["results"] if not entry["failed"]}
    assert there <= set(house.names("/1.0/instances", PROJECT) or ())
    subprocess.run(["mount", "-o", "remount,size=400m", small], check=True)
    done = run_module("incus_fleet", {**options, "instances": POST})
    assert not done.failed, done["msg"]
    assert len(house.names("/1.0/instances", PROJECT) or ()) == 30
    assert run_module("incus_fleet", {**options, "instances": POST})["changed"] is False


def test_an_image_that_vanishes_between_plan_and_create(
    fleet: dict[str, t.Any], house: Client, doorman: Proxy, socket: str
) -> None:
    gone: list[str] = []
    fingerprint = house.get("/1.0/images/aliases/nfvt-i", PROJECT)["target"]

    def vanish(request: Seen) -> None:
        if request.method == "POST" and not gone:
            gone.append(fingerprint)
            with Client(UnixEndpoint(socket)) as other:
                other.perform(Request("DELETE", f"/1.0/images/{fingerprint}", PROJECT))

    doorman.fault = vanish
    result = run_module("incus_fleet", {**fleet, **doorman.door, "instances": [{"name": "nfvt-[1:3]"}], "workers": 1})
    doorman.clear()
    assert gone and result.failed and result["counts"]["failed"] == 3
    for entry in result["results"]:
        assert entry["failed"] and "image" in entry["msg"].lower() and "\n" not in entry["msg"], entry["msg"]
    assert house.names("/1.0/instances", PROJECT) == []


def test_two_tasks_that_change_one_instance_both_succeed(fleet: dict[str, t.Any], house: Client) -> None:
    one = {**fleet, "instances": [{"name": "nfvt-1"}]}
    made = run_module("incus_fleet", one)
    assert not made.failed, made["msg"]
    keys = [f"user.key{number}" for number in range(6)]
    runs = [start({**PROJECT, "name": "nfvt-1", "config": {key: "1"}}, "incus_instance") for key in keys]
    for run in runs:
        result = json.loads(run.communicate()[0])
        assert not result.get("failed"), result.get("msg")
    config = house.get("/1.0/instances/nfvt-1", PROJECT)["config"]
    assert {key: config.get(key) for key in keys} == dict.fromkeys(keys, "1")
