#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_bind
short_description: Bind PCI devices to drivers
version_added: 0.1.0
description:
  - Takes PCI devices from their driver and gives them to another one, through sysfs with C(driver_override), and looks
    afterwards whether they have it. Needs no C(lspci).
  - Refuses the device whose interface carries the default route or the SSH connection.
  - Knows that all devices of an IOMMU group have to go together.
options:
  devices:
    description: Addresses, with or without their domain.
    type: list
    elements: str
    required: true
  driver:
    description: The driver, such as V(vfio-pci) or V(i40e), or V(none). It has to be loaded.
    type: str
    required: true
  group:
    description: What to do about other devices of the IOMMU group that have another driver.
    type: str
    choices: [refuse, bind]
    default: refuse
  no_iommu:
    description: Use V(vfio-pci) where there is no IOMMU. The device can then write all of the host's memory.
    type: bool
    default: false
  protect:
    description: Interfaces that stay as well.
    type: list
    elements: str
    default: []
  root:
    description: Folder that holds C(sys) and C(proc).
    type: path
    default: /
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Two ports for DPDK
  nfvlab.fleet.dpdk_bind:
    devices: ["0000:3b:00.0", "3b:00.1"]
    driver: vfio-pci

- name: Give one back to the kernel
  nfvlab.fleet.dpdk_bind:
    devices: ["3b:00.1"]
    driver: i40e
"""

RETURN = r"""
devices:
  description: The devices afterwards; in check mode as they are.
  returned: success
  type: list
  elements: dict
  sample:
    - {address: "0000:3b:00.1", class: "0x020000", vendor: "0x8086", device: "0x1572", driver: vfio-pci, numa_node: 0,
       iommu_group: 42, interfaces: []}
actions:
  description: What was done, in order; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {write: /sys/bus/pci/drivers/vfio-pci/bind, value: "0000:3b:00.1", sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.devices import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
