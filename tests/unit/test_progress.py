# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress of a fleet, as the controller sees and shows it."""

from __future__ import annotations

import json
import threading

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.nfvlab.fleet.plugins.plugin_utils import progress

TOLD = {
    "fleet": "lab/edge",
    "phase": "create",
    "total": 200,
    "done": 57,
    "changed": 56,
    "failed": 1,
    "rate": 24.13,
    "wave": 2,
    "waves": 4,
    "waiting": 0,
    "waiting_for": [],
    "doing": {},
}


def line(host="", **more):
    return progress.parse(json.dumps({**TOLD, **more})).line(host)


def test_lines():
    assert line() == "fleet lab/edge: creating, 57 of 200 done, 1 failed, 24.1/s, wave 2 of 4"
    assert line(host="h1", failed=0, rate=0, waves=1) == "fleet lab/edge on h1: creating, 57 of 200 done"
    doing = {"download": [1, 40], "unpack": [3, 70], "dance": [1, 1]}
    assert line(doing=doing, failed=0, rate=0, waves=1) == (
        "fleet lab/edge: creating, 57 of 200 done, downloading 1 (40 %), unpacking 3 (70 %)"
    )
    waiting = {"phase": "wait", "waiting": 12, "waiting_for": ["ipv4", "running"], "waves": 1}
    assert line(**waiting) == "fleet lab/edge: 57 of 200 done, 1 failed, waiting for ipv4 and running of 12"
    assert line(**waiting, total=0, failed=0) == "fleet lab/edge: waiting for ipv4 and running of 12"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        json.dumps({**TOLD, "done": "x"}),
        json.dumps({**TOLD, "done": None}),
        json.dumps({**TOLD, "doing": []}),
        '{"fleet": "x"}',
    ],
)
def test_what_is_no_whole_snapshot_is_not_shown(text):
    assert progress.parse(text) is None


def test_a_managed_host_cannot_write_to_the_terminal():
    shown = line(fleet="\x1b[2J\n" + "x" * 5000, waiting=1, waiting_for=["\x07ipv4"])
    assert shown.isprintable() and len(shown) < 250


class Files:
    """A file that changes from look to look, and what was shown of it."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.shown = []
        self.over = threading.Event()

    def read(self):
        if not self.texts:
            self.over.set()
            return json.dumps(TOLD)
        text = self.texts.pop(0)
        if isinstance(text, Exception):
            self.over.set()
            raise text
        return text

    def watch(self, period=0.001):
        return progress.Watch(self.read, self.shown.append, period=period)


def test_only_what_is_new_is_shown():
    slower = {**TOLD, "rate": 11.0}
    files = Files("", json.dumps(TOLD), json.dumps(slower), json.dumps({**TOLD, "done": 99}), json.dumps(TOLD))
    with files.watch():
        assert files.over.wait(30)
    assert [shown.split()[3] for shown in files.shown] == ["57", "99", "57"]


@pytest.mark.parametrize("error", [PermissionError(), AnsibleError("no"), AnsibleConnectionFailure("gone")])
def test_what_cannot_be_read_ends_the_watch_and_nothing_else(error):
    files = Files(error, json.dumps(TOLD))
    with files.watch():
        assert files.over.wait(30)
    assert files.shown == [] and len(files.texts) == 1


def test_a_short_run_has_no_look_at_all():
    files = Files()
    with files.watch(period=60):
        files.shown.append("the run")
    assert files.shown == ["the run"] and not files.over.is_set()


def test_nothing_is_shown_after_the_end_even_by_a_look_that_lasts():
    looking, release, shown = threading.Event(), threading.Event(), []

    def read():
        looking.set()
        release.wait(30)
        return json.dumps(TOLD)

    with progress.Watch(read, shown.append, period=0.001):
        assert looking.wait(30)
    watcher = next(thread for thread in threading.enumerate() if thread.name.endswith("(_watch)"))
    release.set()
    watcher.join(30)
    assert not watcher.is_alive() and shown == []


# How it is read


class Connection:
    """A connection that runs commands as told."""

    def __init__(self, transport, *answer):
        self.transport = transport
        self.answer = answer
        self.commands = []

    def exec_command(self, command, in_data=None, sudoable=True):
        self.commands.append((command, sudoable))
        self.by = self  # what a real one would note
        return self.answer


def test_on_this_host_the_file_is_read_without_a_command(tmp_path):
    path = tmp_path / "progress"
    connection = Connection("local")
    read = progress.reader(connection, str(path))
    assert read() == ""
    path.write_text("told")
    assert read() == "told" and connection.commands == []


def test_over_ssh_it_is_read_by_a_second_command():
    connection = Connection("ssh", 0, b"told", b"")
    read = progress.reader(connection, "/run/lock/x y")
    assert read() == "told"
    assert connection.commands == [("cat '/run/lock/x y' 2>/dev/null || true", False)]
    assert not hasattr(connection, "by")


def test_a_second_command_that_fails_is_the_last():
    read = progress.reader(Connection("ssh", 255, b"", b"refused"), "/run/lock/x")
    with pytest.raises(AnsibleError):
        read()


@pytest.mark.parametrize("transport", ["paramiko_ssh", "winrm", "nfvlab.fleet.incus", "community.general.lxd"])
def test_a_connection_that_may_not_do_two_things_at_once_is_left_alone(transport):
    assert progress.reader(Connection(transport), "/run/lock/x") is None


def test_files_have_names_of_their_own():
    assert progress.new_file() != progress.new_file()
