#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_pktgen
short_description: Run Pktgen
version_added: 0.1.0
description:
  - Starts, stops and restarts Pktgen, as M(nfvlab.fleet.dpdk_testpmd) does testpmd.
  - The map of lcores to ports is written in the grammar of its release, and checked before, which Pktgen does not.
  - Whether its release goes with the release of DPDK is checked too.
  - A task without O(eal), O(command_line) and O(pktgen) leaves one that runs as it is, and only sends O(commands).
  - Its remote prompt, which has neither a password nor an address that it could be limited to, is never opened.
options:
  pktgen_release:
    description: Pktgen's release.
    type: str
    default: 23.03.0
  pktgen:
    description: Pktgen's own options.
    type: dict
    suboptions:
      map:
        description: Which lcores serve which port. The main lcore, the lowest, cannot be among them.
        type: list
        elements: dict
        required: true
        suboptions:
          port:
            description: The port, counted from 0.
            type: int
            required: true
          lcores:
            description: Lcores that receive and send.
            type: list
            elements: int
          rx:
            description: Lcores that receive, instead of O(pktgen.map[].lcores).
            type: list
            elements: int
          tx:
            description: Lcores that send, instead of O(pktgen.map[].lcores).
            type: list
            elements: int
      promiscuous:
        description: Receive what is meant for others.
        type: bool
      numa:
        description: Support of several nodes.
        type: bool
      jumbo:
        description: Frames of up to 9600 bytes.
        type: bool
      rxd:
        description: Descriptors of a receive queue.
        type: int
      txd:
        description: Descriptors of a send queue.
        type: int
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
  - nfvlab.fleet.dpdk.application
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A generator for two ports
  nfvlab.fleet.dpdk_pktgen:
    name: generator
    program: /opt/pktgen/bin/pktgen
    eal:
      lcores: 0@0,1@1,2@1
      single_file_segments: true
      no_pci: true
      vdevs:
        - {name: net_virtio_user0, args: {path: /run/vhost/0.sock, speed: 10000}}
        - {name: net_virtio_user1, args: {path: /run/vhost/1.sock, speed: 10000}}
    pktgen:
      promiscuous: true
      map:
        - {port: 0, lcores: [1]}
        - {port: 1, lcores: [2]}

- name: A tenth of the rate, a hundred packets
  nfvlab.fleet.dpdk_pktgen:
    name: generator
    program: /opt/pktgen/bin/pktgen
    command_line: >-
      pktgen -l 2,3,4 -n 2 --vdev=virtio_user0,path=/tmp/sock0 --vdev=virtio_user1,path=/tmp/sock1 -- -P -m "3.0,4.1"
    commands: [set all rate 10, set 0 count 100, start 0]
"""

RETURN = r"""
application:
  description: The application; null when it is stopped. In check mode without what only a running one shows.
  returned: success
  type: dict
  sample:
    name: forwarder
    command: [pktgen, "--lcores=0@0,1@0", "--", "-i"]
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

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.applications import PKTGEN, RULES, pktgen
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(PKTGEN, pktgen, **RULES)


if __name__ == "__main__":
    main()
