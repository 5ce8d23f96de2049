# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_events on a real daemon: listening before the cause, what a fleet learns of its progress, and failures."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.progress import Operations

from .conftest import Result, run_module, sweep
from .proxy import Door
from .test_ansible import run as play

PLACE = {"project": "nfvt-a", "name": "nfvt-1"}
INSTANCE = {
    **PLACE,
    "image": "nfvt-i",
    "profiles": [],
    "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}},
}
PATIENCE = 60


def ok(module: str, args: dict[str, t.Any]) -> Result:
    result = run_module(module, args)
    assert not result.failed, result["msg"]
    return result


def listen(path: Path, until: dict[str, t.Any], cause: t.Callable[[], object], **options: t.Any) -> Result:
    """What the module returns when something is caused as soon as it listens.

    :param cause: runs in a thread, in which no module can
    """

    def work() -> None:
        while not path.exists():
            if over.wait(0.02):
                return
        cause()

    over = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        place = {"project": "nfvt-a", "listening_file": str(path), "wait_timeout": PATIENCE}
        return ok("incus_events", {**place, "until": until, **options})
    finally:
        over.set()
        thread.join()


@pytest.fixture
def house(client: Client, image: str) -> t.Iterator[Client]:
    """The daemon, with what an instance needs."""
    sweep(client)
    ok("incus_project", {"name": "nfvt-a", "config": {"features.images": True}})
    ok("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"})
    ok("incus_image", {"project": "nfvt-a", "alias": "nfvt-i", "path": image})
    yield client
    sweep(client)


def test_events_of_an_instance_and_of_its_operations(house: Client, tmp_path: Path) -> None:
    collection, path = "/1.0/instances", "/1.0/instances/nfvt-1"
    body = {"name": "nfvt-1", "source": {"type": "image", "alias": "nfvt-i"}, "devices": INSTANCE["devices"]}
    create = Request("POST", collection, {"project": "nfvt-a"}, {**body, "profiles": []})
    made = listen(
        tmp_path / "one",
        {"description": "Creating *", "status": "Success", "source": path},
        lambda: house.perform(create),
        progress=True,
    )
    assert {"/1.0/instances/nfvt-1"} == {
        found["metadata"]["source"].partition("?")[0] for found in made["events"] if found["type"] == "lifecycle"
    }
    # What the progress of a fleet makes of the same events.
    operations, stages = Operations({"nfvt-1"}), set()
    for found in made["events"]:
        if found["type"] == "operation":
            operations.note(found)
            stages |= set(operations.doing())
    assert stages == {"unpack"} and operations.doing() == {}

    def start_and_stop() -> None:
        for action in ("start", "stop"):
            house.perform(Request("PUT", f"{path}/state", {"project": "nfvt-a"}, {"action": action, "force": True}))

    both = listen(
        tmp_path / "two",
        {"action": "instance-st?*ed", "source": path},
        start_and_stop,
        count=2,
        types=["lifecycle"],
        actions=["instance-started", "instance-stopped"],
        all_projects=True,
    )
    assert [found["metadata"]["action"] for found in both["matches"]] == ["instance-started", "instance-stopped"]
    assert both["events"] == both["matches"] and both["reconnects"] == 0
    assert list(tmp_path.iterdir()) == []

    late = run_module("incus_events", {"project": "nfvt-a", "until": {"action": "instance-*"}, "wait_timeout": 0.3})
    assert late["failure"]["kind"] == "timed_out" and "had happened before" in late["msg"]
    for check in (False, True):
        missing = run_module("incus_events", {"project": "nfvt-b"}, check=check)
        told = missing.warned[0] if check else missing["msg"]
        assert missing.failed is not check and "project 'nfvt-b' does not exist" in told and "mean 'nfvt-a'?" in told


def test_a_play_listens_before_the_cause(house: Client, door: Door, tmp_path: Path) -> None:
    """As the documentation of the module has it."""
    path = str(tmp_path / "listening")
    tasks: list[dict[str, t.Any]] = [
        {
            "nfvlab.fleet.incus_events": {
                "project": "nfvt-a",
                "types": ["lifecycle"],
                "until": {"action": "instance-started", "source": "/1.0/instances/nfvt-*"},
                "listening_file": path,
                "wait_timeout": PATIENCE,
            },
            "async": 2 * PATIENCE,
            "poll": 0,
            "register": "listening",
        },
        {"ansible.builtin.wait_for": {"path": path, "sleep": 1, "timeout": PATIENCE}},
        {"nfvlab.fleet.incus_instance": INSTANCE},
        {
            "ansible.builtin.async_status": {"jid": "{{ listening.ansible_job_id }}"},
            "register": "started",
            "until": "started is finished",
            "retries": PATIENCE,
            "delay": 1,
        },
        {"ansible.builtin.assert": {"that": "started.matches[0].metadata.source is search('/nfvt-1')"}},
    ]
    play(tmp_path, tasks)
    assert not Path(path).exists()
