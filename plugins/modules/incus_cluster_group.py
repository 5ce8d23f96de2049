#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_cluster_group
short_description: Manage groups of the members of a cluster of Incus or LXD daemons
version_added: 0.1.0
description:
  - Creates, changes, renames and deletes a cluster group. C(@NAME) as the O(nfvlab.fleet.incus_instance#module:target)
    of an instance means any member of it.
  - Every member has to be in one group at least, which is V(default) for a new one.
options:
  name:
    description: Name of the group.
    type: str
    required: true
  members:
    description: Names of all members of the group. Their order does not count.
    type: list
    elements: str
  rename_from:
    description: The name that the group had. It is renamed where there is none called O(name).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The members with fast disks
  nfvlab.fleet.incus_cluster_group:
    name: fast
    description: NVMe disks
    members: [n1, n2]

- name: No such group any more
  nfvlab.fleet.incus_cluster_group:
    name: fast
    state: absent
"""

RETURN = r"""
cluster_group:
  description: The group as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: fast
    description: NVMe disks
    members: [n1, n2]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/cluster/groups, keys: [name, description, members], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.cluster import Group
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Group())


if __name__ == "__main__":
    main()
