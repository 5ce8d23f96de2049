# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1000 instances that are as declared: one C(incus_fleet) task, the whole C(ansible-playbook) from start to end.

Budget: 3 s, so that a fleet can be declared in every run of a site.

The peer is C(community.general.lxd_container) in a loop over 20 of the same instances, with nothing to change. That row
compares task with task, each by its instances: the start of C(ansible-playbook) is in neither. Budget: 250 times as
fast.
"""

from __future__ import annotations

import statistics
import time
import typing as t
from pathlib import Path

from daemon import IMAGE, connect, workplace
from harness import AtLeast, AtMost, Row, Skip, benchmark
from peers import community_general
from playbook import play

COUNT = 1000
LOOP = 20
RUNS = 5
WORKERS = 4  # while they are made


@benchmark
def fleet_noop() -> list[Row]:
    client, socket_path = connect()
    whole: list[float] = []
    ours: list[float] = []
    loop: list[float] = []
    collections: list[Path] = []
    reason = None
    try:
        collections = [community_general()]
    except Skip as skip:
        reason = str(skip)
    with workplace(client) as project:
        options = {
            "project": project,
            "name": "bench",
            "defaults": {"image": IMAGE, "state": "stopped"},
            "instances": [{"name": f"bench-[0001:{COUNT:04d}]"}],
        }
        task: dict[str, t.Any] = {"name": "ours", "nfvlab.fleet.incus_fleet": options}
        play([{"name": "make", "nfvlab.fleet.incus_fleet": {**options, "workers": WORKERS}}])
        container = {
            "name": "{{ item }}",
            "project": project,
            "url": f"unix:{socket_path}",
            "state": "stopped",
            "ignore_volatile_options": True,
        }
        names = [f"bench-{number:04d}" for number in range(1, LOOP + 1)]
        other = {"name": "peer", "community.general.lxd_container": container, "loop": names}
        for _run in range(RUNS):
            start = time.perf_counter()
            done = _unchanged(play([task]))
            whole.append(time.perf_counter() - start)
            ours.append(done[0].seconds / COUNT)
            if reason is None:
                done = _unchanged(play([other], collections=collections))
                loop.append(done[0].seconds / LOOP)
    first = Row(
        "fleet_noop",
        ours=statistics.median(whole),
        unit="s",
        budget=AtMost(3, of="ours"),
        note=f"whole playbook, {COUNT} instances, nothing to change",
    )
    second = Row("fleet_noop_each", ours=statistics.median(ours) * 1e3, unit="ms", budget=AtLeast(250))
    if reason is None:
        ratios = [other / own for own, other in zip(ours, loop)]
        quartiles = statistics.quantiles(ratios)
        second.peer = statistics.median(loop) * 1e3
        second.ratio, second.spread = statistics.median(ratios), (quartiles[0], quartiles[2])
        second.note = f"per instance, how many times as fast as lxd_container in a loop over {LOOP}"
    else:
        second.note = f"per instance, without the peer: {reason}"
    return [first, second]


def _unchanged(tasks: list[t.Any]) -> list[t.Any]:
    if any(task.changed for task in tasks):
        raise RuntimeError("a task changed something; it must have nothing to change")
    return tasks
