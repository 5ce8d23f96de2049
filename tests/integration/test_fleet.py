# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets in trouble, through both doors: killed in the middle, run twice at once, partly broken, limited."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import ROOT, playbook, run_module
from .proxy import Door, Proxy, Seen

SIZE = 24
NAMES = [f"nfvt-{number:02d}" for number in range(1, SIZE + 1)]
PROJECT = {"project": "nfvt-a"}


@pytest.fixture
def fleet(house: Client, image: str, door: Door) -> dict[str, t.Any]:
    """The options of a fleet in a project of its own."""
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True, "features.profiles": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_image", {**PROJECT, "alias": "nfvt-i", "path": image}),
        (
            "incus_profile",
            {**PROJECT, "name": "nfvt-p", "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}},
        ),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    defaults = {"image": "nfvt-i", "profiles": ["nfvt-p"], "wait_for": ["running"]}
    return {
        **PROJECT,
        "name": "edge",
        "defaults": defaults,
        "instances": [{"name": f"nfvt-[01:{SIZE}]"}],
        "force": True,
    }


def start(options: dict[str, t.Any], module: str = "incus_fleet") -> subprocess.Popen[str]:
    """Run a module in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.one_module", module, json.dumps(options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def until(client: Client, count: t.Callable[[int], bool]) -> None:
    """Wait until the number of instances is as wanted."""
    deadline = time.monotonic() + 60
    while not count(len(client.names("/1.0/instances", PROJECT) or ())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_that_is_killed_is_completed_by_the_next(fleet: dict[str, t.Any], house: Client) -> None:
    for point in (1, SIZE // 3, 2 * SIZE // 3):  # while it creates
        run = start(fleet)
        until(house, lambda number, point=point: number >= point)
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = run_module("incus_fleet", fleet)
    assert not done.failed, done["msg"]
    assert sorted(house.names("/1.0/instances", PROJECT) or ()) == NAMES
    assert {host["status"] for host in done["hosts"]} == {"Running"}
    assert run_module("incus_fleet", fleet)["changed"] is False

    changed = {**fleet, "defaults": {**fleet["defaults"], "config": {"user.release": 2}}}
    run = start(changed)
    time.sleep(0.35)  # somewhere while it changes, or before, or after
    run.send_signal(signal.SIGKILL)
    run.wait()
    done = run_module("incus_fleet", changed)
    assert not done.failed, done["msg"]
    entries = house.get("/1.0/instances", {**PROJECT, "recursion": "1"})
    assert {entry["config"]["user.release"] for entry in entries} == {"2"}

    gone = {**fleet, "state": "absent"}
    run = start(gone)
    until(house, lambda number: number < SIZE)  # while it deletes
    run.send_signal(signal.SIGKILL)
    run.wait()
    done = run_module("incus_fleet", gone)
    assert not done.failed, done["msg"]
    assert house.names("/1.0/instances", PROJECT) == []


def test_a_second_run_is_told_who_works_on_the_fleet(fleet: dict[str, t.Any], house: Client) -> None:
    run = start(fleet)
    until(house, lambda number: number > 0)
    second = run_module("incus_fleet", fleet)
    assert second.failed and second["failure"]["kind"] == "busy"
    assert f"another run works on it: process {run.pid} since" in second["msg"]
    first = json.loads(run.communicate()[0])
    assert not first.get("failed"), first.get("msg")


def test_a_daemon_that_goes_away_leaves_a_result_for_each(fleet: dict[str, t.Any], doorman: Proxy) -> None:
    doorman.clear()
    created = []

    def vanish(request: Seen) -> str | None:
        if request.method == "POST":
            created.append(request)
        return "hang up" if len(created) > SIZE // 2 else None

    doorman.fault = vanish
    result = run_module("incus_fleet", {**fleet, **doorman.door})
    doorman.clear()
    assert result.failed and "Traceback" not in result["msg"]
    assert len(result["results"]) == SIZE
    assert {entry["failure"]["kind"] for entry in result["results"] if entry["failed"]} <= {"interrupted"}
    assert any(entry["changed"] and not entry["failed"] for entry in result["results"])
    again = run_module("incus_fleet", fleet)
    assert not again.failed, again["msg"]


def test_one_broken_definition_stops_no_other(fleet: dict[str, t.Any], house: Client) -> None:
    broken = {"name": "nfvt-broken", "config": {"limits.cpuu": 1}}
    result = run_module("incus_fleet", {**fleet, "instances": [broken, *fleet["instances"]]})
    assert result.failed and f"1 of {SIZE + 1} instances failed" in result["msg"]
    assert "did you mean 'limits.cpu'?" in result["msg"]
    assert result["counts"] == {"declared": SIZE + 1, "changed": SIZE, "unchanged": 0, "failed": 1, "skipped": 0}
    assert [entry["name"] for entry in result["results"] if entry["failed"]] == ["nfvt-broken"]
    assert sorted(house.names("/1.0/instances", PROJECT) or ()) == NAMES


def test_too_many_failures_stop_the_rest(fleet: dict[str, t.Any], house: Client) -> None:
    broken = [{"name": f"nfvt-bad{number}", "config": {"limits.cpuu": 1}} for number in range(3)]
    result = run_module("incus_fleet", {**fleet, "instances": [*broken, *fleet["instances"]], "workers": 1, "batch": 3})
    assert result.failed and result["counts"]["skipped"] >= SIZE
    assert f"{result['counts']['skipped']} were not tried" in result["msg"]
    assert house.names("/1.0/instances", PROJECT) == []


def test_purging_is_refused_while_the_play_is_limited(prepared: None, tmp_path: Path) -> None:
    task = {"nfvlab.fleet.incus_fleet": {"name": "edge", "purge": True, "instances": [{"name": "nfvt-1"}]}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play]))
    refused = playbook(str(path), "-i", "localhost,", "--limit", "localhost", check=False)
    assert refused.returncode and "'purge' is refused while the play is limited to 'localhost'" in refused.stdout
