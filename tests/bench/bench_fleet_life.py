# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a fleet against C(incus-benchmark), Incus's own measure of how fast a daemon can be worked: instances a
second when creating (stopped), starting, and deleting them (while they run, by force).

Both do the same to as many busybox containers with the same profile, and take turns on the same daemon. The peer
runs with whichever of 2, 4 and 8 threads was best for the action in a turn before; the clock is around its process. Its
image is named by fingerprint, because it looks for an alias in the default project whatever C(--project) says. Ours are
three tasks with C(incus_fleet) and its default number of workers, each from the task's start to its result: what
Ansible does for a task, the new Python process and the packing of the module included, the start of
C(ansible-playbook) not.
What ours does in addition: it reads, compares, checks references and reads every instance back.

Budget: 1, because whoever declares a fleet should not pay for it with time. The three rows come from one measurement.
"""

from __future__ import annotations

import functools
import statistics
import subprocess
import time
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path
from daemon import IMAGE, connect, workplace
from harness import AtLeast, Row, benchmark
from peers import incus_benchmark
from playbook import play

COUNT = 100
THREADS = (2, 4, 8)
RUNS = 5
ACTIONS = {
    "create": {"defaults": {"image": IMAGE, "state": "stopped"}},
    "start": {"defaults": {"image": IMAGE, "state": "started"}},
    "delete": {"state": "absent", "force": True},
}
PATIENCE = 300  # seconds that one run of incus-benchmark may take

Rates = dict[str, float]  # instances a second, by action


def _ours(project: str) -> Rates:
    fleet = {"project": project, "name": "bench", "instances": [{"name": f"bench-[001:{COUNT:03d}]"}]}
    tasks = [{"name": action, "nfvlab.fleet.incus_fleet": {**fleet, **more}} for action, more in ACTIONS.items()]
    done = play(tasks)
    if not all(task.changed for task in done):
        raise RuntimeError("a task of ours changed nothing")
    return {task.name: COUNT / task.seconds for task in done}


def _peer(program: str, project: str, image: str, threads: t.Mapping[str, int]) -> Rates:
    commands = {"create": ["init", f"local:{image}", "--count", str(COUNT)], "start": ["start"], "delete": ["delete"]}
    rates = {}
    for action, command in commands.items():
        line = [program, *command, "--parallel", str(threads[action]), "--project", project]
        start = time.perf_counter()
        run = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, check=False)
        rates[action] = COUNT / (time.perf_counter() - start)
        if run.returncode:
            raise RuntimeError(f"incus-benchmark {action} failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return rates


@functools.cache
def _measure() -> dict[str, Row]:
    program = incus_benchmark()
    client, _socket_path = connect()
    ours: list[Rates] = []
    peer: list[Rates] = []
    with workplace(client) as project:
        image = client.get(path("1.0", "images", "aliases", IMAGE), {"project": project})["target"]
        peer_run = functools.partial(_peer, program, project, image)
        _ours(project)  # the first of all unpacks the image
        trials = {threads: peer_run(dict.fromkeys(ACTIONS, threads)) for threads in THREADS}
        best = {action: max(THREADS, key=lambda threads: trials[threads][action]) for action in ACTIONS}
        turns: list[t.Callable[[], None]] = [
            lambda: ours.append(_ours(project)),
            lambda: peer.append(peer_run(best)),
        ]
        for number in range(RUNS):
            for turn in turns[:: 1 if number % 2 else -1]:
                turn()
    client.transport.close()
    return {action: _row(action, ours, peer, best[action]) for action in ACTIONS}


def _row(action: str, ours: list[Rates], peer: list[Rates], threads: int) -> Row:
    return Row(
        f"fleet_{action}",
        ours=statistics.median(rates[action] for rates in ours),
        peer=statistics.median(rates[action] for rates in peer),
        unit="1/s",
        ratio=statistics.median(mine[action] / theirs[action] for mine, theirs in zip(ours, peer)),
        budget=AtLeast(1),
        note=f"{COUNT} busybox containers, incus-benchmark with {threads} threads",
    )


@benchmark
def fleet_create() -> Row:
    return _measure()["create"]


@benchmark
def fleet_start() -> Row:
    return _measure()["start"]


@benchmark
def fleet_delete() -> Row:
    return _measure()["delete"]
