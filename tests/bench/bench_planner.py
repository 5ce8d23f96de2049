# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a fleet of 100 000 instances, all as declared: pattern expansion, definitions, `fleet.plan`; no daemon.

It runs in a process of its own (`plan_fleet`), so that its memory is its own. The peak includes what a daemon would
have told of the 100 000; the note says how much that is. There is nothing to compare with, so the budgets bound our own
values: 10 s and 1 GB, what a controller can spare.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from harness import AtMost, Row, benchmark

COUNT = 100_000
RUNS = 3
GIGA = 1e9


@benchmark
def planner() -> list[Row]:
    command = [sys.executable, str(Path(__file__).with_name("plan_fleet.py")), str(COUNT)]
    runs = []
    for _run in range(RUNS):
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if run.returncode:
            raise RuntimeError(f"the planner failed:\n{run.stderr[-4000:]}")
        runs.append(json.loads(run.stdout))
    seconds, memory, present = (statistics.median(run[key] for run in runs) for key in ("seconds", "peak", "before"))
    told = f"peak, of which {present / GIGA:.2f} GB are the present instances"
    note = f"{COUNT} instances, nothing to change"
    return [
        Row("planner", ours=seconds, unit="s", budget=AtMost(10, of="ours"), note=note),
        Row("planner_memory", ours=memory / GIGA, unit="GB", budget=AtMost(1, of="ours"), note=told),
    ]
