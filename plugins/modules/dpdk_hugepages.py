#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_hugepages
short_description: Reserve and mount hugepages, now and for the next boot
version_added: 0.1.0
description:
  - Sets the pools of each size and NUMA node at run time, and reads them back. When the kernel gives fewer pages than
    asked for, the pool is set to what it was, and the task fails with how much memory was free and in how large pieces.
  - Sets the pages that the kernel reserves when it boots, in the configuration of GRUB. Every other word of the
    kernel's command line keeps its place.
  - Mounts hugetlbfs only where O(mounts) asks for it. Applications that run with
    O(nfvlab.fleet.dpdk_testpmd#module:eal.in_memory) need no mount.
options:
  pages:
    description: The pools at run time. Pools that are not named stay as they are.
    type: list
    elements: dict
    suboptions:
      size:
        description: Size of the pages with its unit, such as V(2M) or V(1G).
        type: str
        required: true
      node:
        description: NUMA node. Without one, the count is spread over the nodes that are online.
        type: int
      count:
        description: How many pages.
        type: int
        required: true
      match:
        description:
          - V(exactly) makes the pool as large as that. It never becomes smaller than what is in use.
          - V(at_least) only makes it larger.
          - V(free) makes it larger until so many pages are free.
        type: str
        choices: [exactly, at_least, free]
        default: exactly
  boot:
    description: The pages that the kernel reserves when it boots. An empty list removes them from its command line.
    type: list
    elements: dict
    suboptions:
      size:
        description: Size of the pages with its unit.
        type: str
        required: true
      count:
        description: How many pages. The kernel spreads them over the nodes.
        type: int
        required: true
  boot_default_size:
    description: Size of the pages where none is named, C(default_hugepagesz).
    type: str
  mounts:
    description:
      - Mounts of hugetlbfs. Others stay as they are, and so do the options of a mount that are not given.
      - The kernel cannot change the options of a mount, so one that has others is taken away and mounted anew. One that
        is in use is refused, with the processes that hold it as far as they can be seen.
    type: list
    elements: dict
    suboptions:
      path:
        description: The folder. It is made where there is none, and has to be empty.
        type: path
        required: true
      state:
        description:
          - Whether it is mounted now. With V(absent), files of hugepages that nobody holds go along; the folder stays.
        type: str
        choices: [present, absent]
        default: present
      size:
        description: Size of the pages with its unit. Without one, a new mount has the kernel's default.
        type: str
      uid:
        description: Owner of its root, 0 for a new mount.
        type: int
      gid:
        description: Group of its root, 0 for a new mount.
        type: int
      mode:
        description: Mode of its root in octal digits, V(0755) for a new mount.
        type: str
      max_size:
        description:
          - At most so much memory, with its unit, a whole number of pages; V(none) for no limit, as a new mount has.
        type: str
      persistent:
        description: Whether fstab has it. Where this is not given, fstab stays as it is.
        type: bool
  grub_file:
    description: The configuration of GRUB.
    type: path
    default: /etc/default/grub
  update_grub:
    description: Command that makes GRUB's menu from it. An empty list runs none.
    type: list
    elements: str
    default: [update-grub]
  root:
    description: Folder that holds C(sys), C(proc) and C(etc), for a host that is looked at from outside.
    type: path
    default: /
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: 512 pages of 2 MiB, at least, on each host's nodes together
  nfvlab.fleet.dpdk_hugepages:
    pages:
      - {size: 2M, count: 512, match: at_least}

- name: Four pages of 1 GiB on node 1 now, and on the next boot
  nfvlab.fleet.dpdk_hugepages:
    pages:
      - {size: 1G, node: 1, count: 4}
    boot:
      - {size: 1G, count: 4}
    boot_default_size: 1G
  register: pages

- name: A mount for one user's applications, now and after each start
  nfvlab.fleet.dpdk_hugepages:
    mounts:
      - {path: /mnt/huge, size: 2M, uid: 1000, mode: "0700", max_size: 512M, persistent: true}

- name: Start again where the running kernel has others
  ansible.builtin.reboot:
  when: pages.reboot_required
"""

RETURN = r"""
hugepages:
  description: The pools, by size in kB and node.
  returned: success
  type: list
  elements: dict
  sample:
    - {size_kb: 2048, node: 0, nr: 512, free: 512, surplus: 0}
mounts:
  description: Mounts of hugetlbfs, now (V(present)) or in fstab alone (V(absent)), in the words of O(mounts).
  returned: success
  type: list
  elements: dict
  sample:
    - {path: /dev/hugepages, state: present, size: 2M, uid: 0, gid: 0, mode: "0755", max_size: none, persistent: false}
reboot_required:
  description: Whether the running kernel was started with other pages than those of O(boot).
  returned: when O(boot) is given
  type: bool
  sample: false
actions:
  description: What was done, in order; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {write: /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages, value: "512", sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.hugepages import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
