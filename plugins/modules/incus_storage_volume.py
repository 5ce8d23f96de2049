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
  - Creates, changes, resizes, copies, renames, moves and deletes a custom storage volume. Volumes of instances and
    images belong to those and are not managed here.
  - C(size) in O(config) makes a volume larger. Whether it can become smaller depends on the pool's driver and on what
    is in it; volumes with V(block) never can, and where the daemon tells how much is in use, none below that.
  - An instance or a profile gets a volume as a device of the type C(disk), and gives it back when the device goes, see
    the examples. A volume that is used by one is not deleted, and not moved while it runs; the error says who uses it.
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
    description: What is in it, files, blocks, or the image of a disc for virtual machines. A new volume without it has
      a V(filesystem). It cannot be changed afterwards.
    type: str
    choices: [filesystem, block, iso]
  path:
    description:
      - Path of the file on the managed host that a volume with V(iso) is made from. A new one needs it, unless it is a
        copy.
      - The daemon keeps no digest of it. So a file of another size is an error, and one of the same size counts as
        that which the volume was made from.
    type: path
  move_from:
    description:
      - Where the volume was, with its snapshots. If it is still there (under O(rename_from), where that is given), and
        not yet where it belongs, it is moved.
      - It plays no part in the state V(absent).
    type: dict
    suboptions:
      pool:
        description: The pool that it was in, if another.
        type: str
      project:
        description: The project that it was in, if another.
        type: str
  copy_from:
    description:
      - The volume that a new one is a copy of. It also inherits the configuration and the description, as far as the
        task does not say otherwise. An existing volume is not made anew.
    type: dict
    suboptions:
      name:
        description: Name of that volume.
        type: str
        required: true
      pool:
        description: Its pool, if another.
        type: str
      project:
        description: Its project, if another.
        type: str
      volume_only:
        description: Whether its snapshots are left out.
        type: bool
        default: false
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.rename
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

- name: A raw disk of 20 GiB, which was smaller or not there
  nfvlab.fleet.incus_storage_volume:
    pool: fast
    name: database
    content_type: block
    config:
      size: 20GiB

- name: The disc that virtual machines are installed from
  nfvlab.fleet.incus_storage_volume:
    pool: lab
    name: installer
    content_type: iso
    path: /srv/iso/debian-12.iso

- name: A volume moves to a faster pool and gets another name
  nfvlab.fleet.incus_storage_volume:
    pool: fast
    name: traces
    rename_from: captures
    move_from:
      pool: lab
      project: lab

- name: A copy to play with
  nfvlab.fleet.incus_storage_volume:
    pool: fast
    name: traces-copy
    copy_from:
      name: traces
      volume_only: true

- name: Attach a volume (null instead of the dictionary detaches it)
  nfvlab.fleet.incus_instance:
    name: probe
    devices:
      traces:
        type: disk
        pool: fast
        source: traces
        path: /srv/traces

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

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.volume import Volume


def main() -> None:
    run(Volume())


if __name__ == "__main__":
    main()
