# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One configuration key on 200 instances: one C(incus_fleet) task.

The peer is C(community.general.lxd_container) in a loop over 20 of the same instances, with another value of the same
key. Those run, because it cannot change a container that has never been started. The row compares task with task, each
by its instances: the start of C(ansible-playbook) is in neither. Budget: 10 times as fast.
"""

from __future__ import annotations

import itertools
import statistics
import typing as t

from daemon import IMAGE, connect, workplace
from harness import AtLeast, Row, Skip, benchmark
from peers import community_general
from playbook import play

COUNT = 200
LOOP = 20
RUNS = 3


@benchmark
def fleet_change() -> Row:
    client, socket_path = connect()
    row = Row("fleet_change", ours=0.0, unit="ms", budget=AtLeast(10))
    collections = None
    try:
        collections = [community_general()]
    except Skip as skip:
        row.note = f"per instance, without the peer: {skip}"
    release = itertools.count(1)
    ours: list[float] = []
    loop: list[float] = []
    with workplace(client) as project:
        names = [f"bench-{number:03d}" for number in range(1, COUNT + 1)]

        def fleet() -> dict[str, t.Any]:
            defaults = {"image": IMAGE, "state": "stopped", "config": {"user.release": next(release)}}
            options = {"project": project, "name": "bench", "defaults": defaults}
            entries = [
                {"name": f"bench-[001:{LOOP:03d}]", "state": "started"},
                {"name": f"bench-[{LOOP + 1:03d}:{COUNT}]"},
            ]
            return {"name": "ours", "nfvlab.fleet.incus_fleet": {**options, "instances": entries}}

        def container() -> dict[str, t.Any]:
            options = {
                "name": "{{ item }}",
                "project": project,
                "url": f"unix:{socket_path}",
                "state": "started",
                "ignore_volatile_options": False,
                "config": {"user.release": str(next(release))},
            }
            return {"name": "peer", "community.general.lxd_container": options, "loop": names[:LOOP]}

        play([fleet()])
        for _run in range(RUNS):
            ours.append(_changed(play([fleet()])) / COUNT)
            if collections:
                loop.append(_changed(play([container()], collections=collections)) / LOOP)
    client.transport.close()
    row.ours = statistics.median(ours) * 1e3
    if loop:
        ratios = [other / own for own, other in zip(ours, loop)]
        quartiles = statistics.quantiles(ratios)
        row.peer = statistics.median(loop) * 1e3
        row.ratio, row.spread = statistics.median(ratios), (quartiles[0], quartiles[2])
        row.note = f"per instance of {COUNT}, how many times as fast as lxd_container in a loop over {LOOP}"
    return row


def _changed(tasks: list[t.Any]) -> float:
    """The seconds that the only task took."""
    if not all(task.changed for task in tasks):
        raise RuntimeError("a task changed nothing; it must have changed every instance")
    return float(tasks[0].seconds)
