# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small tasks in a guest through C(nfvlab.fleet.incus), against C(community.general.incus), which starts the daemon's
command line client for every command and every file.

Method: one playbook in which tasks of both take turns, and the time from a task's start to its result as a callback
sees it. C(connection_raw) is one command in the guest; C(connection_script) makes a directory, puts a file, makes it
executable, runs it and cleans up, which is what every module does where pipelining is off. The guest is BusyBox, so
that no Python starts in it.

Budget: 1, so that nobody waits longer for doing without the client.
"""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, path
from daemon import IMAGE, connect, workplace
from harness import BUILD, AtMost, Row, Skip, Times, benchmark, compare
from peers import community_general
from playbook import play

RAW = 100  # tasks of each
SCRIPTS = 20
INSTANCE = "bench-guest"

PLUGINS = {"ours": "nfvlab.fleet.incus", "peer": "community.general.incus"}


def _task(subject: str, project: str, socket_path: str, action: dict[str, t.Any]) -> dict[str, t.Any]:
    variables = {
        "ansible_connection": PLUGINS[subject],
        "ansible_incus_host": INSTANCE,
        "ansible_incus_project": project,
        "ansible_executable": "/bin/sh",
    }
    if subject == "ours":
        variables["ansible_incus_socket"] = socket_path
    return {"name": subject, "vars": variables, "changed_when": False, **action}


@benchmark
def connection() -> list[Row]:
    client, socket_path = connect()
    subjects = ["ours", "peer"]
    collections: list[Path] = []
    note = ""
    try:
        if not shutil.which("incus"):
            raise Skip("there is no 'incus' for the peer; the package incus-client has it")
        collections = [community_general()]
    except Skip as skip:
        subjects, note = ["ours"], f", {skip}"
    script = BUILD / "bench" / "script.sh"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    kinds = {
        "connection_raw": (RAW, {"ansible.builtin.raw": "true"}, "one command in BusyBox"),
        "connection_script": (SCRIPTS, {"ansible.builtin.script": {"cmd": str(script)}}, "a file put and run"),
    }
    rows = []
    with workplace(client) as project:
        source = {"type": "image", "alias": IMAGE}
        body = {"name": INSTANCE, "source": source, "start": True}
        client.perform(Request("POST", path("1.0", "instances"), {"project": project}, body))
        for name, (count, action, what) in kinds.items():
            tasks = [
                _task(subject, project, socket_path, action)
                for turn in range(count + 1)
                for subject in subjects[:: 1 if turn % 2 else -1]
            ]
            times: Times = {subject: [] for subject in subjects}
            for task in play(tasks, collections=collections)[len(subjects) :]:  # the first turn loads the plugins
                times[task.name].append(task.seconds)
            rows.append(
                compare(name, times, unit="ms", budget=AtMost(1.0), note=f"{what}, {count} tasks of each{note}")
            )
    return rows
