# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two IOS configurations of 10 000 lines: read both, plan the way from one to the other, predict, write the difference.

Every tenth description, every fiftieth entry of an access list and every twentieth route differ. The growth is the time
for 20 000 lines against that for 10 000, measured in turns: what is linear takes twice as long.
"""

from __future__ import annotations

import statistics
import time

from harness import AtMost, Row, benchmark

LINES = 10_000
ROUNDS = 5


def configuration(lines: int, version: int) -> str:
    """A router with interfaces, one long access list, routes, servers and exclusions: about so many lines."""
    tenth = lines // 10
    text = [f"hostname r{version}"]
    for at in range(tenth):
        text += [
            f"interface Loopback{at}",
            f" description number {at} of {version if at % 10 == 0 else 0}",
            f" ip address 10.{at // 65536}.{at // 256 % 256}.{at % 256} 255.255.255.255",
            " no ip proxy-arp",
        ]
    text.append("ip access-list extended LONG")
    for at in range(2 * tenth):
        port = 22 + (version if at % 50 == 0 else 0)
        text.append(f" permit tcp host 10.1.{at // 256 % 256}.{at % 256} any eq {port}")
    for at in range(2 * tenth):
        hop = 1 + (version if at % 20 == 0 else 0)
        text.append(f"ip route 172.{at // 256 % 256}.{at % 256}.0 255.255.255.0 192.0.2.{hop}")
    text += [f"ntp server 10.9.{at // 256 % 256}.{at % 256}" for at in range(tenth)]
    text += [f"ip dhcp excluded-address 10.8.{at // 256 % 256}.{at % 256}" for at in range(tenth)]
    return "\n".join(text) + "\n"


def seconds(lines: int, run: int) -> float:
    """One difference, of texts that nobody has read before."""
    from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, tree
    from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import XE

    before, after = (configuration(lines, 1000 * run + version) for version in (1, 2))
    start = time.perf_counter()
    made = diff.plan(tree.parse(before, XE), tree.parse(after, XE), mode="replaced")
    text = made.diff()
    taken = time.perf_counter() - start
    if not made.lines or made.problems or text["before"] == text["after"]:
        raise RuntimeError("there is no difference")
    return taken


@benchmark
def ios_diff() -> list[Row]:
    times = [(seconds(LINES, run), seconds(2 * LINES, run)) for run in range(1, ROUNDS + 1)]
    ours = statistics.median(one for one, _two in times)
    growth = statistics.median(two / one for one, two in times)
    return [
        Row("ios_diff", ours=ours, unit="s", budget=AtMost(1, of="ours"), note="two configurations of 10 000 lines"),
        Row("ios_diff_growth", ours=growth, unit="x", budget=AtMost(2.5, of="ours"), note="for 20 000 lines"),
    ]
