#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_rsa_key
short_description: Generate and remove the RSA key of a Cisco IOS device
version_added: 0.1.0
description:
  - The key is in no configuration. It is read with C(show crypto key mypubkey rsa), and generated only where there is
    none, or where it is shorter than O(modulus) and O(replace) allows another.
  - The host name and the domain name must be set, as for IOS itself. SSH version 2 needs 768 bits or more.
options:
  modulus:
    description: Bits of the key, from 360 to 4096.
    type: int
    default: 2048
  allow_weak:
    description: Allow less than 2048 bits.
    type: bool
    default: false
  replace:
    description: Replace a key that is shorter than O(modulus). Clients that know the old one must be told.
    type: bool
    default: false
  state:
    description: Whether there is a key. Without one there is no SSH, so V(absent) needs O(confirm).
    type: str
    choices: [present, absent]
    default: present
  confirm:
    description: Must be V(true) for O(state=absent).
    type: bool
    default: false
  save:
    description: Save the running configuration after a change, without which the key does not outlive a restart.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A key
  nfvlab.fleet.ios_rsa_key:
    modulus: 2048

- name: A longer one than there was
  nfvlab.fleet.ios_rsa_key:
    modulus: 4096
    replace: true
"""

RETURN = r"""
rsa_key:
  description: Name and length in bits of the key; null where there is none.
  returned: success
  type: dict
  sample: {name: r1.lab.example, modulus: 2048}
actions:
  description: The command that was sent; in check mode the one that would be.
  returned: success
  type: list
  elements: dict
  sample: [{line: crypto key generate rsa modulus 2048, sent: true}]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
