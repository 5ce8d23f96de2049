#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_interface
short_description: Interfaces of a Cisco IOS device
version_added: 0.1.0
description:
  - V(absent) removes a logical interface and resets a physical one, which cannot be removed.
options:
  name:
    description: Name, abbreviated or not.
    type: str
    required: true
  description:
    description: Description.
    type: str
  address:
    description: Primary address with its prefix length, for example V(192.0.2.1/24).
    type: str
  secondary_addresses:
    description: All secondary addresses.
    type: list
    elements: str
  access_group_in:
    description: Access list for what comes in.
    type: str
  access_group_out:
    description: Access list for what goes out.
    type: str
  helper_addresses:
    description: All addresses that broadcasts of DHCP clients are sent on to.
    type: list
    elements: str
  cdp:
    description: Whether CDP runs on it.
    type: bool
  enabled:
    description: Whether it is up (C(no shutdown)).
    type: bool
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
- name: An interface that is up
  nfvlab.fleet.ios_interface:
    name: f0/0
    description: to the core
    address: 172.16.0.1/16
    secondary_addresses: [172.17.0.1/24]
    enabled: true

- name: No description and no relay any more
  nfvlab.fleet.ios_interface:
    name: f0/0
    description: null
    helper_addresses: []
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
