# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of 90 over a cluster of three nodes, created and started, against C(incus-benchmark launch) on one daemon.

The nodes are those of the role C(incus_nodes), so they share this machine with each other, and a cluster cannot
be faster than one daemon here. What is measured is what the cluster costs: its databases, the requests that are handed
on, and ours. Both take turns; the peer runs with whichever of 2, 4 and 8 threads was best in a turn before, ours with
its default.
"""

from __future__ import annotations

import contextlib
import functools
import statistics
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint, path
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from daemon import IMAGE, IMAGES, connect, workplace
from harness import AtLeast, Row, benchmark
from peers import incus_benchmark
from playbook import play

COUNT = 90
THREADS = (2, 4, 8)
RUNS = 3
PATIENCE = 300  # seconds that one run of incus-benchmark may take
FOLDER = Path("/var/lib/nfvbench-cluster")
NODES = {"nfvbench1": "10.219.203.11", "nfvbench2": "10.219.203.12", "nfvbench3": "10.219.203.13"}
LAB = {
    "incus_nodes_directory": str(FOLDER),
    "incus_nodes_bridge": "nfvbenchc0",
    "incus_nodes_address": "10.219.203.1/24",
    "incus_nodes_nodes": [{"name": name, "address": address} for name, address in NODES.items()],
}
FIRST = next(iter(NODES))


def _socket(node: str) -> str:
    return str(FOLDER / node / "unix.socket")


def _lab(state: str) -> dict[str, t.Any]:
    return {
        "name": "the nodes",
        "ansible.builtin.import_role": {"name": "nfvlab.fleet.incus_nodes"},
        "vars": {**LAB, "incus_nodes_state": state},
    }


def _ours_at(node: str, module: str, **options: t.Any) -> dict[str, t.Any]:
    return {f"nfvlab.fleet.{module}": {"socket": _socket(node), **options}, "name": module}


@contextlib.contextmanager
def _cluster() -> t.Iterator[Client]:
    """The three nodes as one cluster with a pool and the image, gone afterwards."""
    image = str(min(IMAGES.glob("busybox-*.tar")))
    root = {"root": {"type": "disk", "path": "/", "pool": "local"}}
    joins = [
        task
        for node, address in list(NODES.items())[1:]
        for task in (
            {**_ours_at(FIRST, "incus_cluster_member", name=node, state="invited"), "register": "invited"},
            _ours_at(node, "incus_cluster", name=node, address=address, token="{{ invited.token }}"),
        )
    ]
    try:
        play(
            [
                _lab("present"),
                _ours_at(FIRST, "incus_cluster", name=FIRST, address=NODES[FIRST]),
                *joins,
                _ours_at(FIRST, "incus_storage_pool", name="local", driver="dir"),
                _ours_at(FIRST, "incus_profile", name="default", devices=root),
                _ours_at(FIRST, "incus_image", alias=IMAGE, path=image),
            ]
        )
        client = Client(UnixEndpoint(_socket(FIRST)))
        yield client
        client.transport.close()
    finally:
        play([_lab("absent")])


def _ours(client: Client) -> float:
    """Instances a second, spread evenly over the nodes."""
    fleet = {"name": "bench", "instances": [{"name": f"bench-[01:{COUNT}]"}]}
    wanted = {**fleet, "spread": "round_robin", "defaults": {"image": IMAGE}}
    seconds = play([_ours_at(FIRST, "incus_fleet", **wanted)])[0].seconds
    places = [entry["location"] for entry in client.get("/1.0/instances", {"recursion": "1"})]
    if sorted(places.count(node) for node in NODES) != [COUNT // len(NODES)] * len(NODES):
        raise RuntimeError(f"the fleet is not spread evenly: {places}")
    play([_ours_at(FIRST, "incus_fleet", **fleet, state="absent", force=True)])
    return COUNT / seconds


def _peer(program: str, project: str, image: str, threads: int) -> float:
    rate = 0.0
    for command in (["launch", f"local:{image}", "--count", str(COUNT)], ["delete"]):
        line = [program, *command, "--parallel", str(threads), "--project", project]
        start = time.perf_counter()
        run = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, check=False)
        rate = rate or COUNT / (time.perf_counter() - start)
        if run.returncode:
            raise RuntimeError(f"incus-benchmark {command[0]} failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return rate


@benchmark
def cluster_spread() -> Row:
    program = incus_benchmark()
    single, _socket_path = connect()
    with workplace(single) as project, _cluster() as cluster:
        image = single.get(path("1.0", "images", "aliases", IMAGE), {"project": project})["target"]
        peer_run = functools.partial(_peer, program, project, image)
        _ours(cluster)  # the first of all brings the image to every node
        trials = {threads: peer_run(threads) for threads in THREADS}
        best = max(THREADS, key=lambda threads: trials[threads])
        ours, peer = [], []
        for number in range(RUNS):
            turns = [lambda: ours.append(_ours(cluster)), lambda: peer.append(peer_run(best))]
            for turn in turns[:: 1 if number % 2 else -1]:
                turn()
    single.transport.close()
    return Row(
        "cluster_spread",
        ours=statistics.median(ours),
        peer=statistics.median(peer),
        unit="1/s",
        ratio=statistics.median(mine / theirs for mine, theirs in zip(ours, peer)),
        budget=AtLeast(0.7),
        note=f"{COUNT} busybox containers over three nodes of this machine; the peer on one daemon, {best} threads",
    )
