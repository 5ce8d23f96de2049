# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots, backups, published images and console logs of one running container, where a case file does not reach."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.backup import Backup
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, run_module, sweep
from .proxy import Proxy, Seen

PROJECT = {"project": "nfvt-a"}
INSTANCE = {**PROJECT, "instance": "nfvt-1"}
VOLUME = {**PROJECT, "volume": "nfvt-v", "pool": "nfvt-pool"}
NAMED = {**PROJECT, "name": "nfvt-1"}
FILE = {**NAMED, "path": "/srv/state"}


@pytest.fixture(scope="module")
def stage(client: Client, image: str) -> t.Iterator[Client]:
    """A running container with a volume."""
    sweep(client)
    volume = {"type": "disk", "pool": "nfvt-pool", "source": "nfvt-v", "path": "/data"}
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True, "features.storage.volumes": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_storage_volume", {**PROJECT, "pool": "nfvt-pool", "name": "nfvt-v"}),
        ("incus_image", {**PROJECT, "alias": "nfvt-image", "path": image}),
        (
            "incus_instance",
            {
                **NAMED,
                "image": "nfvt-image",
                "profiles": [],
                "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}, "data": volume},
            },
        ),
        ("incus_file", {**FILE, "content": "before"}),
    ):
        done(module, args)
    yield client
    sweep(client)


def done(module: str, args: t.Mapping[str, t.Any], **rest: t.Any) -> Result:
    """What a module returned that had to succeed."""
    result = run_module(module, args, **rest)
    assert not result.failed, result["msg"]
    return result


def failed(module: str, args: t.Mapping[str, t.Any], says: str) -> Result:
    """What a module returned that had to fail in one sentence."""
    result = run_module(module, args)
    assert result.failed and says in result["msg"] and "\n" not in result["msg"], result.get("msg")
    return result


def content(client: Client) -> str:
    return client.text("/1.0/instances/nfvt-1/files", {**PROJECT, "path": FILE["path"]})


def left(client: Client) -> list[str]:
    """The backups of the instance that are on the daemon's disk."""
    return client.names("/1.0/instances/nfvt-1/backups", PROJECT) or []


# -- snapshots


def test_what_is_restored_is_as_it_was_each_time(stage: Client) -> None:
    done("incus_snapshot", {**INSTANCE, "name": "nfvt-s"})
    restore = {**INSTANCE, "name": "nfvt-s", "state": "restored"}
    for _number in range(2):
        done("incus_file", {**FILE, "content": "after"})
        predicted = done("incus_snapshot", restore, check=True)
        assert content(stage) == "after"
        restored = done("incus_snapshot", restore)
        assert content(stage) == "before"
        assert restored["diff"] == predicted["diff"] and restored["diff"]["after"] == {"state": "restored"}
        assert [action["path"] for action in restored["actions"]] == ["/1.0/instances/nfvt-1?project=nfvt-a"]
        assert stage.get("/1.0/instances/nfvt-1", PROJECT)["status"] == "Running"
    # The daemon would stop the instance first, and refuse then.
    failed("incus_snapshot", {**restore, "stateful": True}, "field 'stateful' is False")
    assert stage.get("/1.0/instances/nfvt-1", PROJECT)["status"] == "Running"


def test_a_volume_in_use_is_not_restored(stage: Client) -> None:
    done("incus_snapshot", {**VOLUME, "name": "nfvt-s"})
    restore = {**VOLUME, "name": "nfvt-s", "state": "restored"}
    failed("incus_snapshot", restore, "stop what uses it first: /1.0/instances/nfvt-1")
    done("incus_instance", {**NAMED, "state": "stopped", "force": True})
    assert done("incus_snapshot", restore)["changed"]
    done("incus_instance", {**NAMED, "state": "started"})


def test_somebody_else_takes_the_name_in_between(stage: Client, proxy: Proxy) -> None:
    def meddle(request: Seen) -> None:
        if request.method == "POST" and not stage.find("/1.0/instances/nfvt-1/snapshots/nfvt-t", PROJECT):
            stage.perform(Request("POST", "/1.0/instances/nfvt-1/snapshots", PROJECT, {"name": "nfvt-t"}))

    proxy.fault = meddle
    made = done("incus_snapshot", {**INSTANCE, "name": "nfvt-t", "socket": proxy.path})
    proxy.clear()
    assert made["snapshot"]["name"] == "nfvt-t" and made["changed"] is False


# -- images


def test_an_image_follows_its_instance_when_asked_to(stage: Client) -> None:
    options = {**INSTANCE, "alias": "nfvt-made", "compression_algorithm": "none", "prune": True}
    failed("incus_image", options, "make it of a snapshot ('snapshot'), or stop the instance first")
    made = done("incus_image", {**options, "snapshot": "nfvt-s"})["image"]
    assert made["properties"]["nfvlab.source"].startswith("nfvt-1/nfvt-s of ")
    # Another snapshot of the same name is another source.
    done("incus_snapshot", {**INSTANCE, "name": "nfvt-s", "state": "absent"})
    done("incus_image", {**options, "snapshot": "nfvt-s"})
    done("incus_file", {**FILE, "content": "published"})
    done("incus_snapshot", {**INSTANCE, "name": "nfvt-s"})
    newer = done("incus_image", {**options, "snapshot": "nfvt-s"})
    assert newer["changed"] and newer["image"]["fingerprint"] != made["fingerprint"]
    assert made["fingerprint"] not in (stage.names("/1.0/images", PROJECT) or ())
    assert not done("incus_image", {**options, "snapshot": "nfvt-s"})["changed"]


# -- the console


def test_the_console_is_read_and_cleared(stage: Client) -> None:
    def say(*lines: str) -> None:
        done("incus_exec", {**NAMED, "command": ["sh", "-c", f"printf '%s\\n' {' '.join(lines)} > /dev/console"]})

    def heard(last: str, state: str) -> tuple[Result, str]:
        """What the daemon hands out up to a word, in its own time and once only; and the result that had it."""
        text = ""
        for _number in range(100):
            result = done("incus_console_log", {**NAMED, "state": state})
            text += result["console_log"]["text"] if state == "read" else result["diff"]["before"].get("text", "")
            if last in text:
                break
            time.sleep(0.1)
        return result, text

    say("one", "two", "three")
    assert heard("three", "read")[1].split()[-3:] == ["one", "two", "three"]
    say("four")
    cleared, text = heard("four", "cleared")
    assert cleared["changed"] and text.split() == ["four"]
    assert not done("incus_console_log", {**NAMED, "state": "cleared"})["changed"]


# -- backups


def test_a_backup_is_whole_and_nothing_of_it_is_left_with_the_daemon(stage: Client, tmp_path: Path) -> None:
    path = tmp_path / "nfvt.tar"
    options = {**INSTANCE, "path": str(path), "compression_algorithm": "none"}
    made = done("incus_backup", options)
    assert made["backup"] == {
        "path": str(path),
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert path.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [path]
    with tarfile.open(path) as whole:
        assert "backup/index.yaml" in whole.getnames()
    assert not done("incus_backup", options)["changed"] and left(stage) == []
    again = {**options, "max_age": 0, "instance_only": True}
    predicted = done("incus_backup", again, check=True)
    for _number in range(2):
        replaced = done("incus_backup", again)
        assert replaced["changed"] and replaced["diff"] == predicted["diff"] and left(stage) == []
    imported = {**again, "instance": "nfvt-2", "state": "imported", "checksum": replaced["backup"]["sha256"]}
    assert done("incus_backup", imported)["changed"] and not done("incus_backup", imported)["changed"]
    assert stage.get("/1.0/instances/nfvt-2/snapshots", PROJECT) == []


def test_a_backup_that_is_cut_leaves_nothing(stage: Client, proxy: Proxy, tmp_path: Path) -> None:
    path = tmp_path / "nfvt.tar"
    options = {**INSTANCE, "path": str(path), "compression_algorithm": "none", "socket": proxy.path}
    proxy.fault = lambda request: "hang up halfway" if "/export" in request.target else None
    failed("incus_backup", options, "the daemon closed the connection")
    proxy.clear()
    assert list(tmp_path.iterdir()) == [] and left(stage) == []
    done("incus_backup", options)
    before = path.read_bytes()
    proxy.fault = lambda request: "hang up halfway" if "/export" in request.target else None
    failed("incus_backup", {**options, "max_age": 0}, "the daemon closed the connection")
    proxy.clear()
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_with_the_daemon_goes(stage: Client, tmp_path: Path) -> None:
    options = {**INSTANCE, "path": str(tmp_path / "nfvt.tar"), "compression_algorithm": "none"}
    place, _slash, name = Backup().path(options).rpartition("/")
    stage.perform(Request("POST", place, PROJECT, {"name": name}))
    (tmp_path / ".nfvt.tar.nfvlab").write_text("half")
    made = done("incus_backup", options)
    assert [action["method"] for action in made["actions"]] == ["DELETE", "POST", "DELETE"]
    assert left(stage) == [] and list(tmp_path.iterdir()) == [tmp_path / "nfvt.tar"]


def test_a_full_disk_is_said_and_nothing_is_left(stage: Client, tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "nfvt-small", tmp_path], check=True)
    try:
        path = tmp_path / "nfvt.tar"
        options = {**INSTANCE, "path": str(path), "compression_algorithm": "none"}
        full = failed("incus_backup", options, "No space left on device; make room there, or choose another 'path'")
        assert full["failure"]["kind"] == "refused"
        assert list(tmp_path.iterdir()) == [] and left(stage) == []
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_of_the_daemon_is_said(stage: Client, tmp_path: Path) -> None:
    random = ["dd", "if=/dev/urandom", "of=/srv/random", "bs=1M", "count=4"]
    done("incus_exec", {**NAMED, "command": random})
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "nfvt-small", tmp_path], check=True)
    path = tmp_path.with_name("nfvt.tar.gz")
    try:
        done("incus_storage_pool", {"name": "nfvt-small", "driver": "dir", "config": {"source": str(tmp_path)}})
        done("incus_storage_volume", {"pool": "nfvt-small", "name": "nfvt-b"})
        done("incus_server", {"config": {"storage.backups_volume": "nfvt-small/nfvt-b"}})
        # With no compression at all, Incus 6.0 never ends the operation.
        options = {**INSTANCE, "path": str(path), "compression_algorithm": "gzip", "operation_timeout": 120}
        failed("incus_backup", options, "on its own disk, from where it is fetched, which is most likely full")
        assert left(stage) == [] and not path.exists()
    finally:
        run_module("incus_server", {"config": {"storage.backups_volume": None}})
        run_module("incus_storage_volume", {"pool": "nfvt-small", "name": "nfvt-b", "state": "absent"})
        run_module("incus_storage_pool", {"name": "nfvt-small", "state": "absent"})
        subprocess.run(["umount", "-l", tmp_path], check=True)
