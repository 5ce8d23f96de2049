#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_command
short_description: Run show commands on Cisco IOS, with structured output
version_added: 0.1.0
description:
  - Runs commands that change nothing, until all conditions of O(wait_for) hold.
  - What changes a device (copy, erase, clear, reload, configure, and the pipes redirect, append and tee) is refused;
    the error names the module for it.
options:
  commands:
    description: Commands, abbreviated or not, with any of the pipes begin, count, exclude, format, include and section.
    type: list
    elements: str
    required: true
  wait_for:
    description:
      - Conditions as JMESPath expressions on the result, whose RV(stdout) and RV(structured) are lists in the order of
        O(commands). Each must be true.
    type: list
    elements: str
    default: []
  retries:
    description: How often the commands are run at most while a condition does not hold.
    type: int
    default: 10
  interval:
    description: Seconds between two runs.
    type: float
    default: 1.0
  structured:
    description:
      - Return the data of outputs that have a parser. A command without one has null in RV(structured).
      - Those are C(show version), C(show interfaces), C(show interfaces description), C(show ip interface brief),
        C(show protocols), C(show controllers), C(show ip route), C(show ip dhcp pool), C(show ip dhcp binding),
        C(show ip dhcp conflict), C(show ip dhcp server statistics), C(show ntp status), C(show ntp associations),
        C(show cdp), C(show cdp neighbors), C(show cdp neighbors detail), C(show cdp entry), C(show ip ssh),
        C(show line) and C(show users).
    type: bool
    default: true
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Neighbours and addresses
  nfvlab.fleet.ios_command:
    commands: [show cdp neighbors, sh ip int br]

- name: Wait until the clock is right
  nfvlab.fleet.ios_command:
    commands: [show ntp status]
    wait_for: ["structured[0].synchronized"]
    retries: 60
"""

RETURN = r"""
stdout:
  description: What each command printed. Secrets of configurations are stars.
  returned: success
  type: list
  elements: str
  sample: ["SSH Enabled - version 2.0"]
structured:
  description: The same as data; null for a command without a parser.
  returned: success, with O(structured=true)
  type: list
  elements: raw
  sample: [{enabled: true, version: "2.0"}]
actions:
  description: Commands that were sent.
  returned: success
  type: list
  elements: dict
  sample: [{line: show ip ssh, sent: true}]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
