#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network
short_description: Manage networks of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a network, that is a bridge of its own, or a macvlan, sriov, physical or ovn network
    on what the host has.
  - In a cluster, a new network is defined for each member and then made on all. What was cut off in between is
    completed by the next run.
  - An interface of the host that the daemon does not manage is never touched; its name is an error.
options:
  name:
    description: Name of the network. For a bridge it is also the interface's name, so it has at most 15 characters.
    type: str
    required: true
  type:
    description: Type of the network. A new network without it is a V(bridge). It cannot be changed afterwards.
    type: str
    choices: [bridge, macvlan, sriov, physical, ovn]
  members:
    description:
      - In a cluster, the keys that belong to one member, by the member's name. These are C(parent),
        C(bridge.external_interfaces), C(bgp.ipv4.nexthop) and C(bgp.ipv6.nexthop).
      - Such a key in O(config) holds for every member that does not have it here.
    type: dict
notes:
  - V(auto) for C(ipv4.address) and C(ipv6.address) lets the daemon choose when the network is created. Whatever it
    has chosen, or somebody has set, satisfies V(auto) from then on; only V(none) does not.
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
- name: A bridge with DHCP and NAT
  nfvlab.fleet.incus_network:
    name: labbr0
    type: bridge
    config:
      ipv4.address: 10.77.0.1/24
      ipv4.nat: true
      ipv6.address: none

- name: Instances straight on the host's second interface
  nfvlab.fleet.incus_network:
    name: uplink
    type: macvlan
    config:
      parent: eth1

- name: The same in a cluster whose members have different interfaces
  nfvlab.fleet.incus_network:
    name: uplink
    type: macvlan
    members:
      n1: {parent: eth1}
      n2: {parent: enp3s0}
"""

RETURN = r"""
network:
  description: The network as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: labbr0
    type: bridge
    managed: true
    status: Created
    description: ""
    config:
      ipv4.address: 10.77.0.1/24
      ipv4.nat: "true"
      ipv6.address: none
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/networks?project=default", keys: [name, type, config.ipv4.address], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.everywhere import Everywhere
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run

NETWORK = Everywhere(
    "network",
    "networks",
    specific=("bgp.ipv4.nexthop", "bgp.ipv6.nexthop", "bridge.external_interfaces", "parent"),
    scope=("project",),
    fields=(
        Choice("type", ["bridge", "macvlan", "sriov", "physical", "ovn"], default="bridge", immutable=True),
        Text("description"),
        KeyValues(
            "config",
            protected=("volatile.", "ipv4.address", "ipv4.nat", "ipv6.address", "ipv6.nat"),
            auto=("ipv4.address", "ipv6.address"),
        ),
    ),
)


def main() -> None:
    run(NETWORK)


if __name__ == "__main__":
    main()
