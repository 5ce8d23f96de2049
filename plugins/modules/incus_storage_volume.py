#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_storage_volume
short_description: Manage custom storage volumes of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a custom storage volume. Volumes of instances and images belong to those and are not
    managed here.
options:
  name:
    description: Name of the volume.
    type: str
    required: true
  pool:
    description: The storage pool that the volume is in.
    type: str
    required: true
  content_type:
    description: What is in it, files or blocks. A new volume without it has a V(filesystem). It cannot be changed
      afterwards.
    type: str
    choices: [filesystem, block]
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A volume for captures
  nfvlab.fleet.incus_storage_volume:
    project: lab
    pool: lab
    name: captures
    description: Packet captures
    config:
      snapshots.expiry: 7d

- name: The volume is gone
  nfvlab.fleet.incus_storage_volume:
    project: lab
    pool: lab
    name: captures
    state: absent
"""

RETURN = r"""
storage_volume:
  description: The volume as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: captures
    type: custom
    content_type: filesystem
    description: Packet captures
    config:
      snapshots.expiry: 7d
    location: none
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: DELETE, path: "/1.0/storage-pools/lab/volumes/custom/captures?project=lab", keys: [], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

STORAGE_VOLUME = Record(
    "storage_volume",
    "storage-pools/{pool}/volumes/custom",
    scope=("project", "pool"),
    fields=(
        Choice("content_type", ["filesystem", "block"], default="filesystem", immutable=True),
        Text("description"),
        KeyValues("config", protected=("volatile.", "size", "block.")),
    ),
)


def main() -> None:
    run(STORAGE_VOLUME)


if __name__ == "__main__":
    main()
