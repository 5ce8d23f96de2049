#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_network
short_description: Bring up interfaces, routes and neighbours in the guest of a Kata agent
version_added: 0.1.0
description:
  - Sets interfaces, adds routes and neighbours. An agent has no call that takes one of them away, so nothing ever is,
    but for IPv6 addresses that are not given again when an interface changes; a warning names them.
  - An agent does not tell where a route through a gateway leads. Such routes count as present when there are as many
    through the same gateway and device as are wanted.
  - Neighbours cannot be read, so they are sent each time, which always is a change.
options:
  interfaces:
    description: Interfaces, each found by its hardware address.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name. Another name than the present one renames it.
        type: str
        required: true
      hwaddr:
        description: Its hardware address.
        type: str
        required: true
      mtu:
        description: Its MTU.
        type: int
        default: 1500
      addresses:
        description: Addresses with their length, such as V(192.0.2.10/24). Others that it has stay.
        type: list
        elements: str
        default: []
      device_path:
        description: PCI path of a device that is being plugged in.
        type: str
  routes:
    description: Routes of the main table.
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: The destination, such as V(198.51.100.0/24), V(default) or V(default6).
        type: str
        required: true
      device:
        description: The interface.
        type: str
        required: true
      gateway:
        description: The gateway.
        type: str
      source:
        description: The preferred source address.
        type: str
      scope:
        description: The scope by number; that of a link for IPv4 without a gateway.
        type: int
      mtu:
        description: The MTU.
        type: int
  neighbours:
    description: Neighbours.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address.
        type: str
        required: true
      lladdr:
        description: The hardware address.
        type: str
        required: true
      device:
        description: The interface.
        type: str
        required: true
      state:
        description: The state by number; 0 is permanent.
        type: int
        default: 0
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  idempotent:
    support: partial
    details: But for O(neighbours).
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: An interface with a default route
  nfvlab.fleet.kata_network:
    address: vsock://3:1024
    interfaces:
      - name: eth0
        hwaddr: 02:00:00:00:00:01
        addresses: [192.0.2.10/24, "2001:db8::10/64"]
    routes:
      - {dest: default, gateway: 192.0.2.1, device: eth0}

- name: A neighbour
  nfvlab.fleet.kata_network:
    address: vsock://3:1024
    neighbours:
      - {address: 192.0.2.77, lladdr: "02:00:00:00:00:77", device: eth0}
"""

RETURN = r"""
interfaces:
  description: The interfaces afterwards, as M(nfvlab.fleet.kata_agent_info) shows them; in check mode as they are.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: eth0, hwAddr: "02:00:00:00:00:01", mtu: 1500, IPAddresses: [{address: 192.0.2.10, mask: "24", family: v4}]}
routes:
  description: The routes afterwards; in check mode as they are.
  returned: success
  type: list
  elements: dict
  sample:
    - {dest: null, gateway: 192.0.2.1, device: eth0, source: "", scope: 0, family: v4}
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: UpdateInterface, keys: [interface], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.network import OPTIONS, work


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
