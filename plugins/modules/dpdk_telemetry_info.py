#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_telemetry_info
short_description: Read counters and state of running DPDK applications
version_added: 0.1.0
description:
  - Reads ports, counters, heaps, memory pools and command lines from the telemetry sockets of DPDK applications, 20.05
    and newer. Nothing is changed.
options:
  socket:
    description: Telemetry socket of one application.
    type: path
  runtime_dir:
    description: Folder below which the sockets of all applications are looked for, where O(socket) is not given.
    type: path
    default: /var/run
  gather:
    description: What to read; what a release does not have is left out. V(xstats) adds extended counters of each port.
    type: list
    elements: str
    choices: [arguments, ports, xstats, heaps, mempools, lcores]
    default: [arguments, ports]
  query:
    description:
      - A JMESPath expression. What it makes of the list of objects is returned as RV(result).
      - It is evaluated on the controller, which needs the Python library C(jmespath).
    type: str
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
- name: All applications of the host
  nfvlab.fleet.dpdk_telemetry_info:

- name: What one port has received
  nfvlab.fleet.dpdk_telemetry_info:
    socket: /run/nfvlab-fleet/dpdk/generator/dpdk/generator/dpdk_telemetry.v2
    query: "[0].ports[0].stats.ipackets"
  register: received
"""

RETURN = r"""
objects:
  description: One object for each application.
  returned: success
  type: list
  elements: dict
  sample:
    - socket: /var/run/dpdk/rte/dpdk_telemetry.v2
      version: DPDK 22.11.11
      pid: 4711
      eal_arguments: ["--lcores=0@0,1@0"]
      arguments: ["-i"]
      ports:
        - {port: 0, name: net_vhost0, state: "1", mac_addr: "56:48:4F:53:54:00", mtu: 1500, numa_node: 0,
           link: {status: UP, speed: 10000, duplex: full-duplex}, stats: {ipackets: 100, opackets: 100}}
result:
  description: What O(query) made of the objects.
  returned: when O(query) is given
  type: raw
  sample: 100
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.info import TELEMETRY, telemetry
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(TELEMETRY, telemetry)


if __name__ == "__main__":
    main()
