#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_facts
short_description: What a host has for a DPDK data plane
version_added: 0.1.0
description:
  - CPUs with their nodes and siblings and whether a process here may use them, hugepages, network devices with their
    drivers and IOMMU groups, and the kernel's command line. Nothing is changed.
options:
  root:
    description: Folder that holds C(sys) and C(proc), for a host that is looked at from outside.
    type: path
    default: /
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
- name: What is there
  nfvlab.fleet.dpdk_facts:
  register: host

- name: Ask inside a container, which may use some of the CPUs only
  nfvlab.fleet.dpdk_facts:
  delegate_to: dpdk-1
  register: guest
"""

RETURN = r"""
dpdk_host:
  description: The host.
  returned: success
  type: dict
  sample:
    cpu_model: Example CPU
    cpu_mhz: 2600.0
    cpus:
      - {cpu: 0, node: 0, siblings: [0], allowed: true}
    nodes: [0]
    hugepages:
      - {size_kb: 2048, node: 0, nr: 512, free: 512, surplus: 0}
    hugepage_mounts:
      - {path: /dev/hugepages, state: present, size: 2M, uid: 0, gid: 0, mode: "0755", max_size: none,
         persistent: false}
    kernel: 6.1.0
    kernel_command_line: root=/dev/vda1
    one_gib_pages: true
    iommu: false
    devices:
      - {address: "0000:3b:00.1", class: "0x020000", vendor: "0x8086", device: "0x1572", driver: i40e, numa_node: 0,
         iommu_group: 42, interfaces: [ens1f1]}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.info import FACTS, facts
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(FACTS, facts)


if __name__ == "__main__":
    main()
