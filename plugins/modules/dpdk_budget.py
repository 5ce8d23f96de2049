#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_budget
short_description: How much memory in hugepages a command will need
version_added: 0.1.0
description:
  - Computes what testpmd or Pktgen will take for each NUMA node, before it is started, and whether the free pages are
    enough. Works offline when O(pools) is given.
  - Takes command lines of other releases, and says what is written differently today.
options:
  command_line:
    description: A command line of testpmd or Pktgen, as tutorials have it. It wins over options of the same meaning.
    type: str
  application:
    description: The application, where there is no O(command_line).
    type: str
    choices: [testpmd, pktgen]
  lcores:
    description: How many lcores of testpmd forward.
    type: int
    default: 1
  total_num_mbufs:
    description: testpmd's C(--total-num-mbufs). Without it testpmd takes what 32 ports would need.
    type: int
  port_queues:
    description: Queues of all ports of Pktgen together.
    type: int
    default: 2
  pktgen_release:
    description: Pktgen's release.
    type: str
    default: 23.03.0
  numa_mem:
    description: Megabytes for each node that are taken at the start, whatever is used of them.
    type: list
    elements: int
    default: []
  nodes:
    description: The nodes that the process uses.
    type: list
    elements: int
    default: [0]
  pools:
    description: The pools of the host, by default those of the managed host.
    type: list
    elements: dict
    suboptions:
      size_kb:
        description: Size of the pages in kB.
        type: int
        required: true
      node:
        description: NUMA node.
        type: int
        default: 0
      free:
        description: How many pages are free.
        type: int
        required: true
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
- name: Will this start?
  nfvlab.fleet.dpdk_budget:
    application: testpmd
    total_num_mbufs: 16384

- name: A line from a tutorial of 2019, on a host that is not there yet
  nfvlab.fleet.dpdk_budget:
    command_line: >-
      testpmd -l 0-1 -n 1 --socket-mem 1024,1024 --vdev eth_vhost0,iface=/tmp/sock0 --no-pci -- -i
    pools:
      - {size_kb: 1048576, free: 8}
"""

RETURN = r"""
application:
  description: The application.
  returned: success
  type: str
  sample: testpmd
needs:
  description: What takes how many bytes on each node.
  returned: success
  type: list
  elements: dict
  sample:
    - {what: 155456 mbufs, bytes: 368119808}
nodes:
  description: For each node what is needed and free, and the pages of each size.
  returned: success
  type: list
  elements: dict
  sample:
    - {node: 0, needed: 376508416, free: 1073741824, enough: true,
       sizes: [{size_kb: 2048, pages: 180, free: 512, missing: 0}]}
enough:
  description: Whether the free pages are enough on each node.
  returned: success
  type: bool
  sample: true
shortage:
  description: What is missing, as a clause; null where nothing is.
  returned: success
  type: str
  sample: null
translated:
  description: What O(command_line) has that is written differently today.
  returned: success
  type: list
  elements: str
  sample: [eth_vhost0 is net_vhost0 today]
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.info import BUDGET, budgeted
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(BUDGET, budgeted)


if __name__ == "__main__":
    main()
