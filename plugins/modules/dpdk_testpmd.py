#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_testpmd
short_description: Run testpmd
version_added: 0.1.0
description:
  - Starts, stops and restarts testpmd. It counts as started when its telemetry shows all of its ports. One that runs
    with other arguments than those declared, which its telemetry says as well, is restarted.
  - Under systemd it is a service, else a process that is watched and started again when it dies after it has run for a
    while.
  - Leftovers of a killed one (sockets, files) are cleared before a start, and nothing is left after a stop.
  - Why it did not start is told from its own words.
  - A task without O(eal), O(command_line) and O(testpmd) leaves one that runs as it is, and only sends O(commands).
options:
  testpmd:
    description: testpmd's own options. It always runs interactive, that is how O(commands) reach it.
    type: dict
    suboptions:
      forward_mode:
        description: What it does with packets.
        type: str
        choices: [io, mac, macswap, flowgen, rxonly, txonly, csum, icmpecho, ieee1588, noisy, 5tswap]
      nb_cores:
        description: How many lcores forward.
        type: int
      rxq:
        description: Receive queues of a port.
        type: int
      txq:
        description: Send queues of a port.
        type: int
      rxd:
        description: Descriptors of a receive queue.
        type: int
      txd:
        description: Descriptors of a send queue.
        type: int
      burst:
        description: Packets of a burst, 1 to 512.
        type: int
      mbcache:
        description: Packets that each lcore keeps from the pool.
        type: int
      total_num_mbufs:
        description: Packets of the pool, more than 1024. Without it there are enough for 32 ports, some 350 MiB a node.
        type: int
      portlist:
        description: Ports that forward.
        type: str
      port_topology:
        description: Which port a packet leaves by.
        type: str
        choices: [paired, chained, loop]
      txpkts:
        description: Length of packets that are made, without the FCS.
        type: str
      flowgen_flows:
        description: How many flows V(flowgen) makes.
        type: int
      auto_start:
        description: Begin to forward at once.
        type: bool
      no_mlockall:
        description: Do not lock all memory.
        type: bool
      no_lsc_interrupt:
        description: Do without interrupts of links.
        type: bool
      record_core_cycles:
        description: Count cycles.
        type: bool
      extra:
        description: Further arguments, handed on as they are.
        type: list
        elements: str
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
  - nfvlab.fleet.dpdk.application
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A forwarder between two vhost-user ports
  nfvlab.fleet.dpdk_testpmd:
    name: forwarder
    eal:
      lcores: 0@0,1@0
      in_memory: true
      single_file_segments: true
      iova_mode: va
      no_pci: true
      vdevs:
        - {name: net_vhost0, args: {iface: /run/vhost/0.sock}}
        - {name: net_vhost1, args: {iface: /run/vhost/1.sock}}
    testpmd:
      forward_mode: io
      auto_start: true
      total_num_mbufs: 16384

- name: A command line of 2019, as it stands
  nfvlab.fleet.dpdk_testpmd:
    name: forwarder
    command_line: >-
      testpmd -l 0-1 -n 1 --socket-mem 256,256 --vdev eth_vhost0,iface=/run/vhost/0.sock --no-pci -- -i --auto-start

- name: Forward
  nfvlab.fleet.dpdk_testpmd:
    name: forwarder
    commands: [start]

- name: Nothing of it is left
  nfvlab.fleet.dpdk_testpmd:
    name: forwarder
    state: stopped
"""

RETURN = r"""
application:
  description: The application; null when it is stopped. In check mode without what only a running one shows.
  returned: success
  type: dict
  sample:
    name: forwarder
    command: [dpdk-testpmd, "--lcores=0@0,1@0", "--", "-i"]
    telemetry: /run/nfvlab-fleet/dpdk/forwarder/dpdk/forwarder/dpdk_telemetry.v2
    control: /run/nfvlab-fleet/dpdk/forwarder/control
    pid: 4711
    version: DPDK 22.11.11
    socket: /run/nfvlab-fleet/dpdk/forwarder/dpdk/forwarder/dpdk_telemetry.v2
    ports:
      - {port: 0, name: net_vhost0, link: {status: UP}, stats: {ipackets: 100, opackets: 100}}
translated:
  description: What O(command_line) has that is written differently today.
  returned: when it is to run
  type: list
  elements: str
  sample: [eth_vhost0 is net_vhost0 today]
actions:
  description: What was done, in order; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {start: forwarder, sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.applications import RULES, TESTPMD, testpmd
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(TESTPMD, testpmd, **RULES)


if __name__ == "__main__":
    main()
