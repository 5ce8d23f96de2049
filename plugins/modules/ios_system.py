#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_system
short_description: Names, passwords and services of a Cisco IOS device
version_added: 0.1.0
description:
  - The C(enable secret) wins over the C(enable password) where both are set.
options:
  hostname:
    description: Host name.
    type: str
  domain_name:
    description: Domain name.
    type: str
  domain_lookup:
    description: Whether unknown words are looked up as names.
    type: bool
  subnet_zero:
    description: Whether the subnet zero may be used (C(ip subnet-zero)).
    type: bool
  password_encryption:
    description: Whether passwords are obscured in the configuration (C(service password-encryption), type 7).
    type: bool
  enable_secret:
    description: Secret of the privileged mode, in clear or as a hash of type 5, 8 or 9.
    type: str
  enable_password:
    description: Password of the privileged mode, where there is no secret.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Names
  nfvlab.fleet.ios_system:
    hostname: r1
    domain_name: lab.example

- name: Passwords
  nfvlab.fleet.ios_system:
    enable_secret: "{{ enable_secret }}"
    enable_password: null
    password_encryption: true
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
