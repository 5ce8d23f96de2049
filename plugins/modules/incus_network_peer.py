#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_peer
short_description: Manage network peers of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes one side of a peering, by which two networks of the type V(ovn) reach each other
    without going through their uplinks.
  - A peering works once both networks have a peer for each other; until then its C(status) is V(Pending).
options:
  name:
    description: Name of the peer.
    type: str
    required: true
  network:
    description: The network that the peer belongs to.
    type: str
    required: true
  type:
    description: Whether the other network is one of the same daemon or cluster, or is reached by an integration. A new
      peer without it is V(local). It cannot be changed afterwards.
    type: str
    choices: [local, remote]
  target_project:
    description: The project of the other network. A new V(local) peer needs it. It cannot be changed afterwards.
    type: str
  target_network:
    description: The other network. A new V(local) peer needs it. It cannot be changed afterwards.
    type: str
  target_integration:
    description: The integration of a V(remote) peer, see M(nfvlab.fleet.incus_network_integration). It cannot be
      changed afterwards.
    type: str
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
- name: Both sides of a peering
  nfvlab.fleet.incus_network_peer:
    project: "{{ item.project }}"
    network: overlay
    name: "{{ item.peer }}"
    target_project: "{{ item.peer }}"
    target_network: overlay
  loop:
    - {project: red, peer: blue}
    - {project: blue, peer: red}

- name: The peer is gone
  nfvlab.fleet.incus_network_peer:
    project: red
    network: overlay
    name: blue
    state: absent
"""

RETURN = r"""
network_peer:
  description: The peer as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: blue
    description: ""
    config: {}
    type: local
    target_project: blue
    target_network: overlay
    status: Created
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: DELETE, path: "/1.0/networks/overlay/peers/blue?project=red", keys: [], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

NETWORK_PEER = Record(
    "network_peer",
    "networks/{network}/peers",
    scope=("project", "network"),
    extension="network_peer",
    fields=(
        Choice("type", ["local", "remote"], default="local", immutable=True),
        Text("target_project", immutable=True),
        Text("target_network", immutable=True),
        Text("target_integration", immutable=True),
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
    ),
)


def main() -> None:
    run(NETWORK_PEER)


if __name__ == "__main__":
    main()
