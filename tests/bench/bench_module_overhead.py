# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A state module with nothing to change, against an empty module that is given the same options.

Ours is C(incus_profile) on a profile that already is as declared: description, three configuration keys, two devices.
The floor is an `AnsibleModule` that reads the same options and ends. The difference is what our imports, the reading
of the object over the socket and the comparison cost on the managed host.

Method: one playbook in which tasks of both kinds take turns, each looping over a few items, and the time from a task's
start to its result as a callback sees it. That is steadier than comparing whole runs: the interpreter's start and the
parsing of the playbook (longer than several items, and different in each run) are outside, nothing is subtracted, and
a slow moment of the machine hits neighbours. The first task of each kind also packs the module, which Ansible does once
in a run; it is the row of its own C(module_first_use), from several runs and with a single item.

Budget: 1.15, so that a user pays for the work and not for our house; module_utils are compiled anew in every task,
because Ansible sends them as one archive, so every line that a module imports counts.
"""

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, path
from daemon import connect, project
from harness import AtMost, Row, Times, benchmark, compare
from playbook import play

RUNS = 3
TURNS = 8  # in each run
ITEMS = 4  # in each task

PROFILE: dict[str, t.Any] = {
    "name": "nfvlab-bench-edge",
    "description": "Small instances at the edge",
    "config": {"limits.cpu": "1", "limits.memory": "128MiB", "user.lab": "bench"},
    "devices": {
        "data": {"type": "disk", "source": "/srv", "path": "/srv", "optional": "true"},
        "eth0": {"type": "nic", "nictype": "p2p", "name": "eth0"},
    },
}
MODULES = {"ours": "nfvlab.fleet.incus_profile", "floor": "bench.floor.noop"}


def _task(subject: str, project_name: str, items: int) -> dict[str, t.Any]:
    options = {**PROFILE, "project": project_name}
    return {"name": subject, MODULES[subject]: options, "loop": list(range(items))}


@benchmark
def module_overhead() -> list[Row]:
    client, _socket_path = connect()
    each: Times = {subject: [] for subject in MODULES}
    first: Times = {subject: [] for subject in MODULES}
    with project(client) as name:
        client.perform(Request("POST", path("1.0", "profiles"), {"project": name}, PROFILE))
        for run in range(RUNS):
            order = list(MODULES)[:: 1 if run % 2 else -1]
            tasks = [_task(subject, name, 1) for subject in order]
            for turn in range(TURNS):
                tasks += [_task(subject, name, ITEMS) for subject in order[:: 1 if turn % 2 else -1]]
            for number, task in enumerate(play(tasks)):
                if task.changed:
                    raise RuntimeError(f"the task '{task.name}' changed something; it must have nothing to change")
                if number < len(order):
                    first[task.name].append(task.seconds)
                else:
                    each[task.name].append(task.seconds / ITEMS)
    return [
        compare("module_overhead", each, unit="ms", budget=AtMost(1.15), note="per item, nothing to change"),
        compare("module_first_use", first, unit="ms", note="first task of a run, packing the module included"),
    ]
