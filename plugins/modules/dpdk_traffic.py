#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_traffic
short_description: Send traffic through a forwarder and account for every packet
version_added: 0.1.0
description:
  - Runs trials between a generator of this host and a forwarder whose telemetry is reachable here. Port N of one is
    linked to port N of the other.
  - Each trial ends with a drain. Then what one side has sent has to be what the other received, exactly, and what the
    forwarder received and did not send, it dropped. Anything unexplained fails the task.
  - All numbers come from telemetry. The sizes of the frames are held against the byte counters.
  - Nothing is changed, so the task never is; in check mode nothing is sent.
options:
  generator:
    description: Name of what M(nfvlab.fleet.dpdk_testpmd) or M(nfvlab.fleet.dpdk_pktgen) has started here.
    type: str
    required: true
  generator_kind:
    description: Which of the two it is.
    type: str
    choices: [testpmd, pktgen]
    default: testpmd
  generator_telemetry:
    description: Its telemetry socket, where it has a C(runtime_dir) or C(file_prefix) of its own.
    type: path
  forwarder_telemetry:
    description: The telemetry socket of the forwarder, such as one in a folder that it shares with this host.
    type: path
    required: true
  trials:
    description: The trials, one after the other.
    type: list
    elements: dict
    required: true
    suboptions:
      size:
        description: Size of the frames with the FCS, 64 to 1518.
        type: int
        default: 64
      mode:
        description:
          - V(max) sends unpaced. What the forwarder cannot take is lost.
          - V(closed_loop) has a known number of packets go round (testpmd), so nothing has to be lost.
          - V(rate) and V(count) send at a rate, or so many for each port (Pktgen).
          - V(search) looks for the highest rate that keeps to O(trials[].loss_goal), by bisection (Pktgen).
        type: str
        choices: [max, closed_loop, rate, count, search]
        default: max
      duration:
        description: Seconds to send.
        type: float
        default: 1.0
      bursts:
        description: Bursts of 32 packets for each port that go round, with V(closed_loop).
        type: int
        default: 1
      rate:
        description: Percent of the link.
        type: float
      count:
        description: Packets for each port.
        type: int
      loss_goal:
        description: Percent that may be lost, with V(search). 0 finds the no-drop rate.
        type: float
        default: 0.0
      resolution:
        description: Percent that the found rate may be below the truth.
        type: float
        default: 0.5
      max_loss:
        description: Percent that may be lost; more fails the task.
        type: float
  report:
    description:
      - File on the host for the run with all that is needed to repeat it, as JSON. It is a log, so writing it is no
        change.
    type: path
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: As fast as it goes, and without loss
  nfvlab.fleet.dpdk_traffic:
    generator: generator
    forwarder_telemetry: /run/nfvlab-dpdk/lab/dpdk/forwarder/dpdk_telemetry.v2
    trials:
      - {size: 64, mode: max}
      - {size: 1518, mode: closed_loop, bursts: 2, max_loss: 0}

- name: The no-drop rate
  nfvlab.fleet.dpdk_traffic:
    generator: generator
    generator_kind: pktgen
    forwarder_telemetry: /run/nfvlab-dpdk/lab/dpdk/forwarder/dpdk_telemetry.v2
    trials:
      - {size: 64, mode: search, duration: 5}
    report: /var/log/dpdk-traffic.json
"""

RETURN = r"""
trials:
  description: One object for each trial, with the counters of each port; in check mode none.
  returned: always, once the trials have run
  type: list
  elements: dict
  sample:
    - {size: 64, mode: closed_loop, duration: 1.0, sent: 1000, forwarded: 1000, lost: 0, loss: 0.0,
       dropped_by_forwarder: 0, unexplained: [], mpps: 5.1, cycles_per_packet: 509.0, bytes: 60000, faults: [],
       ports: {generator: {}, forwarder: {}}}
circumstances:
  description:
    - Of both sides the version, the command line, the CPUs of each lcore, the program, the sizes of the hugepages that
      it uses, and the instruction set that its DPDK was built for, with the header that says so. Headers of a
      distribution are mostly not installed; then it is what its packages are built for.
    - Of the host its CPUs, hugepages, kernel and kernel command line, and whether two lcores share a CPU.
  returned: always, once the trials have run
  type: dict
  sample:
    oversubscribed: true
    forwarder:
      version: DPDK 22.11.11
      program: /opt/dpdk-22.11.11/bin/dpdk-testpmd
      instruction_set:
        {machine: native, flags: [SSE, SSE2, SSE3, SSSE3, SSE4_1, SSE4_2, AES, AVX, AVX2],
         source: /opt/dpdk-22.11.11/include/rte_build_config.h}
      page_sizes_kb: [2048]
      lcores: {"0": [1], "1": [1]}
summary:
  description: The trials as the summary at the end of a run shows them.
  returned: always, once the trials have run
  type: list
  elements: list
  sample:
    - ["traffic 64 bytes, max", accounted for, "1000 sent, 1000 forwarded, 0 lost, 5.10 Mpps"]
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.traffic import OPTIONS, work


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
