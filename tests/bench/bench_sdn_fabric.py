# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""50 switches in a row with 100 hosts: one C(sdn_fabric) task, the whole C(ansible-playbook) from start to end.

Budgets: 30 s to bring it up, 3 s for a second run that has nothing to change. Open vSwitch must be there and is not
installed by a benchmark. The peer is Mininet, C(mn --topo linear,50,2 --switch ovs,datapath=user --test none) up and
down again, where it is installed.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time

from harness import AtMost, Row, Skip, benchmark
from playbook import play

SHAPE = {"name": "nfvt-bench", "prefix": "nfvt-", "topology": "linear", "size": 50, "hosts_per_switch": 2}
SHAPE |= {"fail_mode": "standalone", "subnet": "10.96.0.0/16"}
RUNS = 5
MININET = ["mn", "--topo", "linear,50,2", "--switch", "ovs,datapath=user", "--controller", "none", "--test", "none"]


@benchmark
def sdn_fabric() -> list[Row]:
    there = shutil.which("ovs-vsctl")
    if not there or subprocess.run([there, "show"], capture_output=True, check=False).returncode:
        raise Skip("no Open vSwitch runs here: the role sdn_fabric installs and starts it")
    made = {"name": "made", "nfvlab.fleet.sdn_fabric": SHAPE}
    gone = {"name": "gone", "nfvlab.fleet.sdn_fabric": {"name": SHAPE["name"], "state": "absent"}}
    up: list[float] = []
    again: list[float] = []
    peer: list[float] = []
    try:
        for _run in range(RUNS):
            play([gone])
            up.append(_timed(made, changes=True))
            again.append(_timed(made, changes=False))
            play([gone])
            if shutil.which("mn"):
                start = time.perf_counter()
                subprocess.run(MININET, capture_output=True, check=True)
                peer.append(time.perf_counter() - start)
    finally:
        play([gone])
    first = Row("sdn_fabric", ours=statistics.median(up), unit="s", budget=AtMost(30, of="ours"))
    first.note = "whole playbook, 50 switches and 100 hosts, brought up"
    if peer:
        first.peer = statistics.median(peer)
        first.ratio = statistics.median(own / other for own, other in zip(up, peer))
        first.note += "; Mininet up and down again"
    else:
        first.note += "; without the peer: Mininet is not installed"
    second = Row("sdn_fabric_again", ours=statistics.median(again), unit="s", budget=AtMost(3, of="ours"))
    second.note = "the same with nothing to change"
    return [first, second]


def _timed(task: dict[str, object], changes: bool) -> float:
    start = time.perf_counter()
    done = play([task])
    took = time.perf_counter() - start
    if any(entry.changed is not changes for entry in done):
        raise RuntimeError("the task changed nothing" if changes else "the task changed something")
    return took
