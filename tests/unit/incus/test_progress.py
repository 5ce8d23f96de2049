# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_fleet: how far a run is, and the file that says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Interrupted
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Plan, Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import progress
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fleet import Member

WANTED = {"wait_for": ["ipv4"], "config": {"user.password": "s3cr3t"}}


def member(name, have=None, then=None):
    plan = Plan(f"instance '{name}'", have, then=then)
    return Member(name, Task(WANTED, {}), plan)


@pytest.fixture
def run():
    """Four instances, three to be created and one to be deleted, and what became of them: nothing yet."""
    members = [member(name, then={"name": name}) for name in "abc"] + [member("d", have={"name": "d"})]
    results = {each.name: {"changed": False, "failed": False, "skipped": True} for each in members}
    results["e"] = {"changed": False, "failed": False}
    told = progress.Progress("lab/edge", results)
    told.plans(members, 2)
    return told, members, results


def did(results, name, failed=False):
    results[name] = {"changed": not failed, "failed": failed}


def test_what_a_plan_does():
    made, gone = member("a", then={}), member("a", have={})
    assert [progress.what(plan) for plan in (made.plan, gone.plan, member("a", {}, {}).plan)] == [
        "create",
        "delete",
        "change",
    ]


def test_a_snapshot_counts_what_is_done(run):
    told, members, results = run
    told.works(members[:3], 1)
    begun = told.snapshot(100.0)
    assert (begun["total"], begun["done"], begun["failed"], begun["rate"]) == (4, 0, 0, 0.0)
    did(results, "a")
    did(results, "b", failed=True)
    seen = told.snapshot(104.0)
    assert seen == {
        "fleet": "lab/edge",
        "phase": "create",
        "total": 4,
        "done": 2,
        "changed": 1,
        "failed": 1,
        "doing": {},
        "rate": 0.5,
        "wave": 1,
        "waves": 2,
        "waiting": 0,
        "waiting_for": [],
    }


def test_a_wave_of_several_kinds_is_a_change(run):
    told, members, _results = run
    told.works(members, 1)
    assert told.snapshot(0.0)["phase"] == "change"
    told.works(members[3:], 2)
    assert told.snapshot(0.0)["phase"] == "delete"


def test_the_rate_is_that_of_the_last_seconds(run):
    told, members, results = run
    told.works(members, 1)
    did(results, "a")
    for second in range(12):
        seen = told.snapshot(float(second))
    assert seen["rate"] == 0.0


def test_who_is_waited_for(run):
    told, members, results = run
    for name in "abc":
        did(results, name)
    told.waits(members[:3])
    results["a"]["waited"] = True
    results["b"]["failed"] = True
    seen = told.snapshot(0.0)
    assert (seen["phase"], seen["waiting"], seen["waiting_for"]) == ("wait", 1, ["ipv4"])
    told.works(members[3:], 2)
    assert told.snapshot(0.0)["waiting"] == 0


def operation(name, status=103, number=1, **told):
    """An event of the operation that creates an instance."""
    about = {
        "id": f"{number:036}",
        "status_code": status,
        "resources": {"instances": [f"/1.0/instances/{name}?project=x"]},
    }
    return {"type": "operation", "metadata": {**about, "metadata": told or None}}


UNPACK, DOWNLOAD = "create_instance_from_image_unpack_progress", "download_progress"


def test_how_far_operations_are_is_told_of_our_own_instances_until_they_end():
    operations = progress.Operations({"a", "b"})
    operations.note(operation("a"))
    assert operations.doing() == {}
    operations.note(operation("a", **{DOWNLOAD: "rootfs: 57% (3.2MB/s)"}))
    operations.note(operation("foreign", number=2, **{DOWNLOAD: "rootfs: 99% (3.2MB/s)"}))
    assert operations.doing() == {"download": (1, 50)}
    both = {DOWNLOAD: "rootfs: 100% (3.2MB/s)", UNPACK: "Unpacking image: 31% (150MB/s)"}
    operations.note(operation("a", **both))
    operations.note(operation("b", number=3, **{UNPACK: "Unpacking image: 72% (150MB/s)"}))
    assert operations.doing() == {"unpack": (2, 50)}
    operations.note(operation("a", **{**both, UNPACK: "Unpacking image: 100% (150MB/s)"}))
    operations.note(operation("b", status=200, number=3, **{UNPACK: "Unpacking image: 72% (150MB/s)"}))
    assert operations.doing() == {}


@pytest.mark.parametrize("told", [{"fds": {"0": "x"}}, {DOWNLOAD: None}, {DOWNLOAD: "12 MB"}, {"fs_progress": "50%"}])
def test_what_says_nothing_of_a_stage_is_none(told):
    operations = progress.Operations({"a"})
    operations.note(operation("a", **told))
    assert operations.doing() == {}


class Channel:
    """A connection for events, until it is cut.

    :param looks: what it has to say, look by look
    """

    def __init__(self, *looks):
        self.looks = list(looks)
        self.cut = self.closed = False

    def ready(self):
        if self.cut:
            raise Interrupted("cut")
        found = self.looks.pop(0) if self.looks else []
        return [json.dumps(one, separators=(",", ":")).encode() for one in found]

    def close(self):
        self.closed = True


def test_events_are_listened_to_once_and_only_where_something_is_created(run, tmp_path, monkeypatch):
    told, members, _results = run
    monkeypatch.setattr(progress, "PERIOD", 0.005)
    path = tmp_path / "progress"
    late, early = (operation("a", **{UNPACK: f"Unpacking image: {percent}% (1MB/s)"}) for percent in (71, 3))
    other = operation("b", number=2, **{UNPACK: "Unpacking image: 11% (1MB/s)"})
    made = []

    def listen():
        made.append(Channel([early, other, late]))
        return made[-1]

    with told.told(str(path), listen):
        until(lambda: path.exists() and json.loads(path.read_text())["doing"] == {"unpack": [2, 40]})
        made[0].looks.append([operation("b", status=200, number=2)])
        until(lambda: json.loads(path.read_text())["doing"] == {"unpack": [1, 70]})
        made[0].cut = True
        until(lambda: made[0].closed)
    assert len(made) == 1 and os.listdir(tmp_path) == []

    told.plans(members[3:], 1)  # only something to delete
    with told.told(str(path), listen):
        until(path.exists)
        path.unlink()
        until(path.exists)
    assert len(made) == 1


def test_a_daemon_without_events_stops_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD", 0.005)
    path = tmp_path / "progress"
    asked = []

    def refused():
        asked.append(1)
        raise Interrupted("no")

    with run[0].told(str(path), refused):
        until(lambda: asked and path.exists())
        path.unlink()
        until(path.exists)
    assert asked == [1]


def nobody():
    raise Interrupted("nobody tells of operations")


def until(what):
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_file_holds_a_whole_snapshot_and_goes(run, tmp_path, monkeypatch):
    told, members, results = run
    monkeypatch.setattr(progress, "PERIOD", 0.005)
    path = tmp_path / "progress"
    handler = signal.getsignal(signal.SIGTERM)
    told.works(members, 1)
    with told.told(str(path), nobody):
        until(path.exists)
        did(results, "a")
        until(lambda: json.loads(path.read_text())["done"] == 1)
        assert path.stat().st_mode & 0o777 == 0o644
        assert "s3cr3t" not in path.read_text()
    assert os.listdir(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) is handler


def test_the_file_goes_when_the_run_fails(run, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD", 0.005)
    path = tmp_path / "progress"
    with pytest.raises(ValueError), run[0].told(str(path), nobody):
        until(path.exists)
        raise ValueError
    assert os.listdir(tmp_path) == []


def test_nobody_looks_and_nothing_is_written(run, tmp_path):
    threads = os.listdir("/proc/self/task")
    with run[0].told(None, nobody):
        assert len(os.listdir("/proc/self/task")) == len(threads)


def test_a_file_that_cannot_be_written_stops_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "PERIOD", 0.005)
    (tmp_path / "there.new").symlink_to(tmp_path / "elsewhere")  # by somebody who guessed the name
    before = set(threading.enumerate())
    for name in ("there", "none/progress"):
        with run[0].told(str(tmp_path / name), nobody):
            until(lambda: set(threading.enumerate()) <= before)  # it has given up
    assert os.listdir(tmp_path) == []


KILLED = """
import sys, time
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import progress
progress.PERIOD = 0.005
with progress.Progress("lab/edge", {}).told(sys.argv[1], lambda: None):
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_file_goes_with_a_run_that_is_told_to_end(tmp_path, number):
    path = tmp_path / "progress"
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], env=variables)
    until(path.exists)
    process.send_signal(number)
    assert process.wait(timeout=30) == -number
    assert os.listdir(tmp_path) == []
