# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1000 instances as an inventory: C(ansible-inventory --list) from start to end, against the inventory plugin
C(community.general.lxd) on the same daemon, which asks for each instance by itself and so is measured once only.

Budget: 2 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from daemon import connect, room
from harness import BUILD, AtMost, Row, Skip, alternate, benchmark, compare
from peers import community_general
from playbook import play

COUNT = 1000
ROUNDS = 5
WORKERS = 4  # while they are made


@benchmark
def inventory() -> Row:
    client, socket_path = connect()
    note = f"ansible-inventory --list, {COUNT} instances"
    folder = BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with room(client) as project:
        fleet = {
            "project": project,
            "name": "bench",
            "workers": WORKERS,
            "defaults": {"empty": True, "state": "stopped"},
            "instances": [{"name": f"bench-[0001:{COUNT:04d}]"}],
        }
        play([{"name": "make", "nfvlab.fleet.incus_fleet": fleet}])
        own = folder / "bench.incus.yml"
        own.write_text(
            json.dumps({"plugin": "nfvlab.fleet.incus", "daemons": [{"socket": socket_path, "projects": [project]}]})
        )
        row = compare(
            "inventory", alternate({"ours": _listing(own, [])}, ROUNDS), unit="s", budget=AtMost(2, of="ours")
        )
        try:
            peer = folder / "bench.lxd.yml"
            plugin = {"plugin": "community.general.lxd", "url": f"unix:{socket_path}", "project": project}
            peer.write_text(json.dumps({**plugin, "type_filter": "both"}))
            row.peer = _listing(peer, [community_general()])()
            row.ratio = row.ours / row.peer
        except Skip as skip:
            note += f", without the peer: {skip}"
    row.note = note
    return row


def _listing(path: Path, collections: t.Sequence[Path]) -> t.Callable[[], float]:
    """A measurement of one listing, in seconds."""
    own = os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(BUILD / "collections"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")} | {
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([*map(str, collections), own]),
        "ANSIBLE_INVENTORY_ENABLED": "auto",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    }
    command = [sys.executable, "-m", "ansible", "inventory", "-i", str(path), "--list"]

    def measure() -> float:
        start = time.perf_counter()
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
        if run.returncode or len(json.loads(run.stdout)["_meta"]["hostvars"]) != COUNT:
            raise RuntimeError(f"not all {COUNT} instances were listed: {run.stderr[-500:]}")
        return took

    return measure
