#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_storage_pool
short_description: Manage storage pools of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a storage pool. The driver and its source cannot be changed afterwards.
  - In a cluster, a new pool is defined for each member and then made on all. What was cut off in between is completed
    by the next run.
  - Without C(source), the btrfs and lvm drivers make a loop file of C(size) of their own.
options:
  name:
    description: Name of the storage pool.
    type: str
    required: true
  driver:
    description: Storage driver, such as V(dir), V(btrfs), V(lvm), V(zfs) or V(ceph). A new pool needs it. What the
      daemon offers depends on the tools on its host.
    type: str
  members:
    description:
      - In a cluster, the keys that belong to one member, by the member's name. These are C(source), C(source.wipe),
        C(size), C(zfs.pool_name), C(lvm.vg_name), C(lvm.thinpool_name) and C(lvm.vg.force_reuse).
      - Such a key in O(config) holds for every member that does not have it here.
    type: dict
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A pool in a directory
  nfvlab.fleet.incus_storage_pool:
    name: lab
    driver: dir

- name: A btrfs pool in a loop file of 20 GiB
  nfvlab.fleet.incus_storage_pool:
    name: fast
    driver: btrfs
    config:
      size: 20GiB

- name: A pool on a disk of each member of a cluster
  nfvlab.fleet.incus_storage_pool:
    name: disks
    driver: zfs
    members:
      n1: {source: /dev/sdb}
      n2: {source: /dev/sdb}
      n3: {source: /dev/nvme0n1}
"""

RETURN = r"""
storage_pool:
  description: The storage pool as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: lab
    driver: dir
    description: ""
    status: Created
    config:
      source: /var/lib/incus/storage-pools/lab
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/storage-pools, keys: [name, driver], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.everywhere import Everywhere
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run

STORAGE_POOL = Everywhere(
    "storage_pool",
    "storage-pools",
    specific=(
        "lvm.thinpool_name",
        "lvm.vg.force_reuse",
        "lvm.vg_name",
        "size",
        "source",
        "source.wipe",
        "zfs.pool_name",
    ),
    fields=(
        Text("driver", immutable=True, required=True),
        Text("description"),
        KeyValues(
            "config",
            protected=("volatile.", "source", "size", "lvm.", "zfs."),
            fixed=("source",),
            origin={"source": "volatile.initial_source"},
        ),
    ),
)


def main() -> None:
    run(STORAGE_POOL)


if __name__ == "__main__":
    main()
