# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_backup: what is sent, and what becomes of the file."""

from __future__ import annotations

import errno
import hashlib
import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Interrupted, OperationFailed, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.files import Growing
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.backup import Backup, Download
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .helpers import sends, task

REMOVE = Request("DELETE", "/1.0/instances/c1/backups/b", {"project": "p"})


class Daemon(Client):
    """Streams blocks, perhaps breaks off, and remembers what it was told."""

    def __init__(self, *blocks, breaks=False):
        super().__init__(UnixEndpoint("/s"))
        self.blocks, self.breaks, self.told = blocks, breaks, []
        self.transport.request = self.stream

    def stream(self, method, target, sink=None, **rest):
        self.told.append((method, target))
        for block in self.blocks:
            sink(block)
        if self.breaks:
            raise Interrupted("the daemon closed the connection")
        return Response(200, {}, b"")

    def perform(self, step):
        self.told.append((step.method, step.path))


def plan(given, have=None, leftover=None):
    made = Backup()
    made.leftover = leftover
    return made.plan(have, task(made, given))


def test_an_export_is_made_fetched_and_deleted(tmp_path):
    path = str(tmp_path / "c1.tar")
    given = {"instance": "c1", "project": "p", "path": path, "instance_only": True, "compression_algorithm": "zstd"}
    (make, fetch) = plan(given).steps
    assert make.path == "/1.0/instances/c1/backups" and make.body["instance_only"] is True
    assert make.body["compression_algorithm"] == "zstd" and make.body["expires_at"].endswith("Z")
    assert fetch.describe()["path"] == f"/1.0/instances/c1/backups/{make.body['name']}?project=p"
    assert plan({**given, "path": f"{tmp_path}/other"}).steps[0].body["name"] != make.body["name"]


def test_what_an_earlier_run_left_goes_first(tmp_path):
    made = plan({"volume": "v", "pool": "lab", "project": "p", "path": f"{tmp_path}/v"}, leftover={"name": "x"})
    methods = [step.describe()["method"] for step in made.steps]
    assert methods == ["DELETE", "POST", "DELETE"]


@pytest.mark.parametrize(("max_age", "exports"), [(None, False), (3600, False), (60, True), (0, True)])
def test_a_file_is_replaced_when_it_is_too_old(tmp_path, max_age, exports):
    path = tmp_path / "c1.tar"
    path.write_text("x")
    os.utime(path, (path.stat().st_mtime - 600,) * 2)
    given = {"instance": "c1", "project": "p", "path": str(path), "max_age": max_age}
    made = plan(given, have={"path": str(path)})
    assert bool(made.steps) is exports
    assert made.before == ({"state": "outdated"} if exports else {})


def test_an_import_names_what_it_makes(tmp_path):
    given = {"instance": "c2", "pool": "fast", "project": "p", "path": "/b.tar", "state": "imported"}
    made = plan(given)
    assert sends(made) == [("POST", "/1.0/instances?project=p", None)]
    assert made.steps[0].headers["X-Incus-name"] == made.steps[0].headers["X-LXD-name"] == "c2"
    assert made.steps[0].headers["X-Incus-pool"] == "fast" and made.steps[0].upload == {"backup": "/b.tar"}
    of_volume = plan({"volume": "v", "pool": "lab", "project": "p", "path": "/b.tar", "state": "imported"})
    assert of_volume.steps[0].path == "/1.0/storage-pools/lab/volumes/custom"
    assert plan(given, have={"path": "/b.tar"}).steps == []


def test_a_download_is_whole_and_gone_from_the_daemon(tmp_path):
    digests = []
    daemon = Daemon(b"one", b"two")
    Download(REMOVE, str(tmp_path / "b"), digests.append).perform(daemon)
    assert (tmp_path / "b").read_bytes() == b"onetwo" and digests == [hashlib.sha256(b"onetwo").hexdigest()]
    assert daemon.told == [("GET", f"{REMOVE.path}/export?project=p"), ("DELETE", REMOVE.path)]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_broken_download_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "b").write_text("old")
    daemon = Daemon(b"one", breaks=True)
    with pytest.raises(Interrupted):
        Download(REMOVE, str(tmp_path / "b"), lambda digest: None).perform(daemon)
    assert daemon.told[-1] == ("DELETE", REMOVE.path)
    assert (tmp_path / "b").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    def full(descriptor, block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Refused) as raised, Growing(str(tmp_path / "b"), "make room") as file:
        monkeypatch.setattr(os, "write", full)
        file(b"x")
    monkeypatch.undo()
    assert str(raised.value) == (f"cannot write '{tmp_path}/b' on the managed host: No space left on device; make room")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Refused, match="No such file or directory"):
        Growing(str(tmp_path / "none" / "b"), "make room")


@pytest.mark.parametrize("text", ["write /x: no space left on device", "io: read/write on closed pipe"])
def test_a_daemon_without_room_says_where(tmp_path, text):
    made = Backup()
    wanted = task(made, {"instance": "c1", "project": "p", "path": f"{tmp_path}/b"})
    error = OperationFailed("it failed", text=text)
    assert "storage.backups_volume" in made.explain(Daemon(), error, made.plan(None, wanted), wanted).next_step
