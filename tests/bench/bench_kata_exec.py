# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hundred commands in one C(kata_exec), over one connection.

Ours is the task's time as a callback sees it, less what the commands take by themselves: the same hundred programs run
one after the other by C(subprocess). Budget: 3 s. The agent is the test agent, a SIMULATOR with real processes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import REPOSITORY, AtMost, Row, Skip, benchmark
from playbook import play

COMMANDS = 100
RUNS = 3


@benchmark
def kata_exec() -> Row:
    sys.path.insert(0, str(REPOSITORY))
    from tests.integration.kata import ROOTFS, can_unshare, rootfs, test_agent

    if not can_unshare():
        raise Skip("no user namespaces: the test agent refuses to start without one of its own")
    times, alone = [], []
    with tempfile.TemporaryDirectory(prefix="nfvlab-bench-") as folder:
        template = rootfs(Path(folder) / "template")
        with test_agent(Path(folder), template) as agent:
            common = {"address": agent.address}
            container = {**common, "container_id": "bench", "rootfs": ROOTFS, "command": ["sleep", "10000"]}
            play(
                [
                    {"name": "up", "nfvlab.fleet.kata_sandbox": common},
                    {"name": "box", "nfvlab.fleet.kata_container": container},
                ]
            )
            options = {**common, "container_id": "bench", "commands": [{"command": ["true"]}] * COMMANDS}
            for _run in range(RUNS):
                times.append(play([{"name": "exec", "nfvlab.fleet.kata_exec": options}])[0].seconds)
                began = time.perf_counter()
                for _command in range(COMMANDS):
                    subprocess.run(["true"], check=True)
                alone.append(time.perf_counter() - began)
    ours = statistics.median(whole - bare for whole, bare in zip(times, alone))
    note = f"{COMMANDS} commands in one task, less their own {statistics.median(alone):.2f} s"
    return Row("kata_exec", ours=ours, unit="s", budget=AtMost(3, of="ours"), note=note)
