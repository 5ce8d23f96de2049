#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_erase
short_description: Erase the saved configuration of a Cisco IOS device
version_added: 0.1.0
description:
  - The running configuration stays; after a restart the device is as new.
options:
  confirm:
    description: Must be V(true).
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Erase, whatever is saved
  nfvlab.fleet.ios_erase:
    confirm: true

- name: Show what is saved and would be lost
  nfvlab.fleet.ios_erase:
    confirm: true
  check_mode: true
  diff: true
"""

RETURN = r"""
actions:
  description: The command that was sent; in check mode the one that would be.
  returned: success
  type: list
  elements: dict
  sample: [{line: erase startup-config, sent: true}]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
