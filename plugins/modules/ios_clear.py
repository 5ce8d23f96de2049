#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_clear
short_description: Clear the counters of Cisco IOS interfaces
version_added: 0.1.0
description:
  - Clears counters and proves it by C(show interfaces). It is always a change.
options:
  interfaces:
    description: Interfaces. Default are all.
    type: list
    elements: str
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: All counters
  nfvlab.fleet.ios_clear:

- name: Those of one interface
  nfvlab.fleet.ios_clear:
    interfaces: [FastEthernet0/0]
"""

RETURN = r"""
counters:
  description: The counters afterwards, by interface.
  returned: success, not in check mode
  type: dict
  sample: {FastEthernet0/0: {input_packets: 0, output_packets: 0}}
actions:
  description: The commands that were sent; in check mode those that would be.
  returned: success
  type: list
  elements: dict
  sample: [{line: clear counters FastEthernet0/0, sent: true}]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
