#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_cluster
short_description: Found, join and leave a cluster of Incus or LXD daemons
version_added: 0.1.0
description:
  - Makes a daemon the first member of a new cluster, makes it join one, or takes it out.
  - Without O(token), a daemon that is in no cluster founds one. With O(token), it joins the one that issued it.
  - A daemon that is a member already stays what it is, whatever the token.
options:
  name:
    description:
      - Name of the daemon as a member. A token is for one name.
      - It cannot be changed afterwards.
    type: str
    required: true
  address:
    description:
      - Where the other members reach this daemon, as V(HOST) or V(HOST:PORT); the port is 8443 without one. A new
        member needs it.
      - It cannot be changed afterwards.
      - A daemon that has not listened for clients so far listens there from then on.
    type: str
  token:
    description:
      - The join token that M(nfvlab.fleet.incus_cluster_member) with V(state=invited) has issued for O(name). It is
        good for one time.
      - The cluster's certificate is got from one of the addresses in it, and has to be the one that the token names.
    type: str
  member_config:
    description:
      - Values of the keys that belong to this member alone, of the storage pools and networks that the cluster has.
      - What is not given is as the daemon chooses, such as a directory of its own.
    type: list
    elements: dict
    default: []
    suboptions:
      entity:
        description: What has the key.
        type: str
        choices: [storage-pool, network]
        required: true
      name:
        description: Name of the storage pool or network.
        type: str
        required: true
      key:
        description: The configuration key, such as V(source) or V(parent).
        type: str
        required: true
      value:
        description: Its value on this member.
        type: str
        required: true
  state:
    description:
      - V(present) is a member, V(absent) is none.
      - V(absent) leaves the cluster, after which the daemon starts anew and empty. A member that still has instances or
        volumes is refused by the daemon, and so is the last member by this module.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: Leave although the daemon has instances, images or volumes, which are lost then.
    type: bool
    default: false
notes:
  - Joining makes a daemon forget its own instances, storage pools and networks, so one that has any is refused.
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The first member
  nfvlab.fleet.incus_cluster:
    name: n1
    address: 192.0.2.11

- name: A token for the second
  nfvlab.fleet.incus_cluster_member:
    name: n2
    state: invited
  delegate_to: n1
  register: invitation
  no_log: true

- name: The second member, whose part of the pool 'disks' is on another disk
  nfvlab.fleet.incus_cluster:
    name: n2
    address: 192.0.2.12
    token: "{{ invitation.token }}"
    member_config:
      - {entity: storage-pool, name: disks, key: source, value: /dev/sdb}

- name: It leaves again
  nfvlab.fleet.incus_cluster:
    name: n2
    state: absent
"""

RETURN = r"""
cluster:
  description: The daemon's place in its cluster and all members as the daemon gives them; null when it is in none.
  returned: success
  type: dict
  sample:
    server_name: n1
    enabled: true
    address: 192.0.2.11:8443
    members:
      - server_name: n1
        url: https://192.0.2.11:8443
        status: Online
        roles: [database-leader, database]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: PATCH, path: /1.0, keys: [config.cluster.https_address, config.core.https_address], sent: true}
    - {method: PUT, path: /1.0/cluster, keys: [server_name, enabled], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.cluster import Cluster
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Cluster())


if __name__ == "__main__":
    main()
