# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many simulated routers (SIMULATOR) in one task, and a task that has nothing to change.

C(ios_fleet): a whole C(ansible-playbook) whose one task pushes 20 lines to each device, in devices per minute. The
simulators are one process on the same machine, and are measured with it.

C(ios_noop): the same when there is nothing to change, in seconds, beside a playbook of one C(debug), which shows what
Ansible itself takes. That each device was then asked for its running configuration once and for nothing else is held by
C(test_without_a_difference_one_show_running_config_is_all).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from harness import BUILD, AtLeast, AtMost, Row, benchmark
from ios import PASSWORD, lines, routers
from playbook import tree

DEVICES, LINES, ROUNDS = 60, 20, 3


def _run(folder: Path, task: t.Mapping[str, t.Any]) -> float:
    """Seconds of a playbook with one task.

    :raises RuntimeError: it failed
    """
    (folder / "play.json").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [{"name": "it", "run_once": True, **task}]}])
    )
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": f"{tree()}:{BUILD / 'collections'}",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(folder / "hosts.json"), str(folder / "play.json")]
    start = time.perf_counter()
    run = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if run.returncode:
        raise RuntimeError(f"the playbook failed:\n{run.stdout[-3000:]}{run.stderr[-1000:]}")
    return taken


def _inventory(folder: Path, ports: t.Sequence[int]) -> None:
    hosts = {
        f"r{number}": {
            "ansible_connection": "local",
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "bench",
            "ansible_password": PASSWORD,
            "ansible_host_key_checking": False,
        }
        for number, port in enumerate(ports, 1)
    }
    (folder / "ansible.cfg").write_text("")
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))


@benchmark
def ios_fleet() -> list[Row]:
    pushed, unchanged, floors = [], [], []
    with routers(DEVICES) as ports, tempfile.TemporaryDirectory(prefix="nfvt-ios-") as name:
        folder = Path(name)
        _inventory(folder, ports)
        for salt in range(ROUNDS):
            # Behind 127.0.0.1 they do not know the way of a session, so addresses might cut it as far as anybody knows.
            options = {"lines": lines(LINES, salt), "progress": False, "allow_lockout": True}
            task = {"nfvlab.fleet.ios_fleet": options}
            floors.append(_run(folder, {"ansible.builtin.debug": {"msg": "nothing"}}))
            pushed.append(_run(folder, task))
            unchanged.append(_run(folder, task))
    best = min(pushed)
    rate = 60 * DEVICES / sorted(pushed)[ROUNDS // 2]
    floor = sorted(floors)[ROUNDS // 2]
    return [
        Row(
            "ios_fleet",
            ours=rate,
            unit="devices/min",
            budget=AtLeast(500, of="ours"),
            note=f"SIMULATOR, {DEVICES} devices, {LINES} lines each, whole playbook; best {60 * DEVICES / best:.0f}",
        ),
        Row(
            "ios_noop",
            ours=sorted(unchanged)[ROUNDS // 2],
            floor=floor,
            ratio=sorted(one / other for one, other in zip(unchanged, floors, strict=True))[ROUNDS // 2],
            unit="s",
            budget=AtMost(15, of="ours"),
            note=f"SIMULATOR, {DEVICES} devices with nothing to change, whole playbook beside one of debug",
        ),
    ]
