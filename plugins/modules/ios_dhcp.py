#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_dhcp
short_description: DHCP server of a Cisco IOS device
version_added: 0.1.0
description:
  - Pools that are not named stay as they are.
options:
  excluded:
    description: All addresses that are not leased, C(LOW) or C(LOW-HIGH).
    type: list
    elements: str
  pools:
    description: Pools.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the pool.
        type: str
        required: true
      network:
        description: Network with its prefix length, for example V(192.168.10.0/24).
        type: str
      default_router:
        description: Default routers of the clients, up to eight.
        type: list
        elements: str
      dns_server:
        description: DNS servers of the clients, up to eight.
        type: list
        elements: str
      domain_name:
        description: Domain name of the clients.
        type: str
      lease:
        description: Days, hours and minutes, for example V(3 12 15), or V(infinite).
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A pool
  nfvlab.fleet.ios_dhcp:
    excluded: [192.168.10.1-192.168.10.10]
    pools:
      - name: MyNetwork
        network: 192.168.10.0/24
        default_router: [192.168.10.1]
        dns_server: [8.8.8.8]
        lease: 3 12 15

- name: No pool of that name
  nfvlab.fleet.ios_dhcp:
    pools:
      - name: Old
        state: absent
"""

RETURN = r"""
actions:
  description: Lines that were sent, in order, with the section they stand in; in check mode those that would be.
  returned: always, once the device was read
  type: list
  elements: dict
  sample:
    - {line: ip address 172.16.0.1 255.255.0.0, path: [interface FastEthernet0/0], sent: true}
applied:
  description: Lines that the device took.
  returned: when something was sent
  type: list
  elements: str
  sample: [interface FastEthernet0/0, ip address 172.16.0.1 255.255.0.0]
rejected:
  description: Lines that the device refused, with its answer.
  returned: when something was sent
  type: list
  elements: dict
  sample: []
not_sent:
  description: Lines that were not sent any more.
  returned: when something was sent
  type: list
  elements: str
  sample: []
unknown:
  description: Lines that were under way when the session broke.
  returned: when something was sent
  type: list
  elements: str
  sample: []
mismatch:
  description: Where the configuration came out other than predicted.
  returned: when something was sent
  type: list
  elements: str
  sample: []
rolled_back:
  description: Whether the guard took back what had been applied.
  returned: when something was sent
  type: bool
  sample: false
guard:
  description: What guarded the change.
  returned: when something was sent
  type: str
  sample: inverse
saved:
  description: Whether the running configuration was saved.
  returned: when something was sent
  type: bool
  sample: false
unmanaged:
  description: Lines of the device that are not in the intent, and that stayed because the grammar does not know them.
  returned: always, once the device was read
  type: list
  elements: str
  sample: []
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
