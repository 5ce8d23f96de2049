# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of 200, killed at twenty points of creating, changing and deleting it, and its daemon killed under it.

After each the same task is run once more: everything is as declared, nothing is there twice, nothing is left over.
C(make faults) runs it; it takes some minutes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import run_module
from .test_daemon import daemon, kill, running
from .test_fleet import PROJECT, fleet, start

__all__ = ["fleet", "running"]  # fixtures

SIZE = 200
NAMES = [f"nfvt-{number:03d}" for number in range(1, SIZE + 1)]
CREATING = (0, 1, 30, 60, 90, 120, 150, 185)
CHANGING = (0, 20, 60, 100, 140, 190)
DELETING = (0, 10, 50, 100, 150, 195)


@pytest.fixture
def large(fleet: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options of the fleet. Its instances are not started, which would only take longer."""
    defaults = {**fleet["defaults"], "state": "stopped", "wait_for": []}
    return {**fleet, "defaults": defaults, "instances": [{"name": f"nfvt-[001:{SIZE}]"}]}


def entries(client: Client) -> list[dict[str, t.Any]]:
    return list(client.get("/1.0/instances", {**PROJECT, "recursion": "1"}))


def kill_at(run: subprocess.Popen[str], reached: t.Callable[[], bool]) -> None:
    """Kill a run as soon as a point is reached, or let it end if it is faster."""
    deadline = time.monotonic() + 300
    while run.poll() is None and not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()


def complete(options: dict[str, t.Any], client: Client, names: list[str]) -> None:
    """Run the task again: it succeeds, all is there once and nothing else, and then there is nothing left to do."""
    done = run_module("incus_fleet", options)
    assert not done.failed, done["msg"]
    assert client.names("/1.0/instances", PROJECT) == names
    volumes = client.get("/1.0/storage-pools/nfvt-pool/volumes", {**PROJECT, "recursion": "1"})
    assert sorted(volume["name"] for volume in volumes if volume["type"] == "container") == names
    again = run_module("incus_fleet", options)
    assert not again.failed and again["changed"] is False


def test_killed_at_twenty_points(large: dict[str, t.Any], house: Client) -> None:
    gone = {**large, "state": "absent"}
    for point in CREATING:
        run = start(large)
        kill_at(run, lambda point=point: len(house.names("/1.0/instances", PROJECT) or ()) >= point)
        complete(large, house, NAMES)
        if point != CREATING[-1]:
            complete(gone, house, [])
    for release, point in enumerate(CHANGING):
        changed = {**large, "defaults": {**large["defaults"], "config": {"user.release": release}}}
        run = start(changed)

        def reached(release: int = release, point: int = point) -> bool:
            told = [entry["config"].get("user.release") for entry in entries(house)]
            return told.count(str(release)) >= point

        kill_at(run, reached)
        complete(changed, house, NAMES)
        assert {entry["config"]["user.release"] for entry in entries(house)} == {str(release)}
    for point in DELETING:
        run = start(gone)
        kill_at(run, lambda point=point: len(house.names("/1.0/instances", PROJECT) or ()) <= SIZE - point)
        complete(gone, house, [])
        if point != DELETING[-1]:
            done = run_module("incus_fleet", large)
            assert not done.failed, done["msg"]


def test_the_daemon_killed_and_restarted_in_the_middle(large: dict[str, t.Any], running: Client) -> None:
    run = start(large)
    while len(running.names("/1.0/instances", PROJECT) or ()) < SIZE // 4:
        assert run.poll() is None
        time.sleep(0.02)
    kill("incusd")
    told = json.loads(run.communicate()[0])
    assert told["failed"] and "Traceback" not in told["msg"] and len(told["results"]) == SIZE
    kinds = {entry["failure"]["kind"] for entry in told["results"] if entry["failed"]}
    assert kinds <= {"interrupted", "unreachable", "operation_failed"}, kinds
    daemon()
    complete(large, running, NAMES)
