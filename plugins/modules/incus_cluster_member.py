#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_cluster_member
short_description: Manage the members of a cluster of Incus or LXD daemons
version_added: 0.1.0
description:
  - Sets what a member is for, takes it out of service and back, issues and revokes join tokens, and removes members.
  - Any member of the cluster can be asked. A daemon becomes a member with M(nfvlab.fleet.incus_cluster).
options:
  name:
    description: Name of the member.
    type: str
    required: true
  failure_domain:
    description: The failure domain that the member is in. Databases are spread over these.
    type: str
  groups:
    description: All cluster groups that the member is in, one at least. Their order does not count.
    type: list
    elements: str
  roles:
    description:
      - All roles of the member, such as V(event-hub) or V(ovn-chassis), but for those of the database, which are the
        daemon's own business. Their order does not count.
    type: list
    elements: str
  state:
    description:
      - V(present) is a member, in service or not.
      - V(evacuated) is out of service, its instances moved or stopped; V(restored) is back in service with its
        instances.
      - V(invited) is a daemon that is still to join. A token for it is issued where none is out, and returned as
        RV(token). One that is out and has not expired is returned again. A member needs none.
      - V(absent) is neither a member nor invited, so it revokes a token that is out.
    type: str
    choices: [present, evacuated, restored, invited, absent]
    default: present
  mode:
    description:
      - What happens to instances with V(state=evacuated), V(auto), V(stop), V(migrate), V(live-migrate),
        V(stateful-stop) or V(force-stop), as far as the daemon knows them. Without it, C(cluster.evacuate) of each
        instance decides.
      - With V(state=restored), newer daemons know V(skip), which leaves all instances where they are.
      - It needs the API extension C(clustering_evacuation_mode).
    type: str
  force:
    description: Remove a member although it does not answer, or has instances, images or volumes, which are lost then.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A member in a rack, for what is asked for by name only
  nfvlab.fleet.incus_cluster_member:
    name: n3
    failure_domain: rack-b
    groups: [default, spare]
    config:
      scheduler.instance: manual

- name: Out of service for a new kernel
  nfvlab.fleet.incus_cluster_member:
    name: n3
    state: evacuated
    mode: migrate

- name: Back in service
  nfvlab.fleet.incus_cluster_member:
    name: n3
    state: restored

- name: A token for a daemon that is to join
  nfvlab.fleet.incus_cluster_member:
    name: n4
    state: invited
  register: invitation
  no_log: true
"""

RETURN = r"""
cluster_member:
  description: The member as the daemon gives it; null when there is none.
  returned: success
  type: dict
  sample:
    server_name: n3
    url: https://192.0.2.13:8443
    status: Online
    message: Fully operational
    description: ""
    failure_domain: rack-b
    groups: [default, spare]
    roles: [database]
    config:
      scheduler.instance: manual
token:
  description: The join token; null where the daemon is a member already, and in check mode where none is out. Whoever
    has it can join once, so register it with C(no_log).
  returned: when O(state=invited)
  type: str
  sample: eyJzZXJ2ZXJfbmFtZSI6Im40In0=
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/cluster/members/n3/state, keys: [action, mode], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.cluster import Member
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Member())


if __name__ == "__main__":
    main()
