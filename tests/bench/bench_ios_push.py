# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines per second pushed to a simulated router (SIMULATOR), beside the simulator's own rate and netmiko's.

C(ios_push): loopback, nothing in the way. C(ios_push_latency): 25 ms round trip and 5 ms for each line, from the first
line sent to the last prompt; the budget is against the floor, which is what the device itself can do.
C(ios_push_ansible): cisco.ios.ios_config instead of netmiko: the time of its longer playbook less that of a
playbook with one line, for the release that C(pip install ansible) brings here and for the newest.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session, Target
from harness import AtLeast, Row, Skip, benchmark
from ios import NETMIKO, PASSWORD, blast, cisco_ios, lines, oracle, routers
from peers import newest_cisco_ios

LINES, ROUNDS = 2000, 5
LATENCY_LINES, PEER_LINES, ANSIBLE_LINES = 2000, 200, 61


async def ours(port: int, texts: list[str]) -> float:
    """Seconds from the first line sent to the last prompt."""
    target = Target("127.0.0.1", port, "bench", PASSWORD, host_key_checking=False)
    async with Session.open(target) as session:
        await session.configure()
        start = time.perf_counter()
        outcome = await session.push(texts, leave=False)
        taken = time.perf_counter() - start
    if not outcome.ok:
        raise RuntimeError(f"the push failed: {outcome.failed[:1]} {outcome.error}")
    return taken


def netmiko(port: int, salt: int) -> float | None:
    """Its seconds per line, null where it is not there."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(lines(PEER_LINES, salt), file)
        file.flush()
        try:
            return oracle(NETMIKO, str(port), file.name) / PEER_LINES
        except Skip:
            return None


def rates(name: str, count: int, rounds: int, budget: AtLeast, note: str, **faults: float) -> Row:
    """Ours, the floor and the peer in turns, as lines per second."""
    mine, floor, quotients = [], [], []
    with routers(**faults) as (port,):
        for salt in range(rounds + 1):
            pair = asyncio.run(ours(port, lines(count, 2 * salt))), asyncio.run(blast(port, lines(count, 2 * salt + 1)))
            if salt or rounds == 1:  # the first turn is not counted, unless it is the only one
                mine.append(count / pair[0])
                floor.append(count / pair[1])
                quotients.append(pair[1] / pair[0])
            if rounds == 1:
                break
        peer = netmiko(port, 99)
    row = Row(name, unit="lines/s", budget=budget, note=note)
    row.ours, row.floor, row.ratio = (sorted(values)[len(values) // 2] for values in (mine, floor, quotients))
    row.peer = 1 / peer if peer else None
    return row


@benchmark
def ios_push() -> Row:
    return rates("ios_push", LINES, ROUNDS, AtLeast(1000, of="ours"), "SIMULATOR on loopback; peer: netmiko")


@benchmark
def ios_push_latency() -> Row:
    note = "SIMULATOR, 25 ms round trip, 5 ms a line; peer: netmiko; the floor is the device's own rate"
    return rates("ios_push_latency", LATENCY_LINES, 1, AtLeast(0.9), note, rtt=0.025, per_line=0.005)


def against(name: str, note: str, collections: Path | None = None) -> Row:
    """Ours and cisco.ios.ios_config of one release, as lines per second."""
    with routers() as (port,):
        short = cisco_ios(port, lines(ANSIBLE_LINES, 7)[:1], collections)
        long = cisco_ios(port, lines(ANSIBLE_LINES, 8), collections)
        mine = asyncio.run(ours(port, lines(LINES, 9)))
    row = Row(name, unit="lines/s", note=f"SIMULATOR on loopback; peer: cisco.ios.ios_config with src, {note}")
    row.ours, row.peer = LINES / mine, (ANSIBLE_LINES - 1) / (long - short)
    row.ratio = row.ours / row.peer
    return row


@benchmark
def ios_push_ansible() -> Row:
    return against("ios_push_ansible", "the release that pip brings here")


@benchmark
def ios_push_ansible_newest() -> Row:
    folder = newest_cisco_ios()
    release = json.loads((folder / "ansible_collections/cisco/ios/MANIFEST.json").read_text())["collection_info"]
    return against("ios_push_ansible_newest", f"the newest, {release['version']}", folder)
