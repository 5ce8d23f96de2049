#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_fleet
short_description: Push configuration to many Cisco IOS devices in one task
version_added: 0.1.0
description:
  - One event loop on the controller configures all devices, O(concurrency) at a time, each as
    M(nfvlab.fleet.ios_config) would, with a result for each.
  - A device that fails stops no other, until O(max_failed) is reached.
options:
  hosts:
    description: Hosts of the inventory. Default are all of the play. Run it once (C(run_once)).
    type: list
    elements: str
  lines:
    description: Lines for every device, as with M(nfvlab.fleet.ios_config).
    type: list
    elements: str
  block:
    description: A text for every device, as with M(nfvlab.fleet.ios_config).
    type: str
  intended:
    description: The whole configuration, or that of O(section), of every device.
    type: str
  section:
    description: Header of the section, or headers from the outside in.
    type: list
    elements: str
  variable:
    description:
      - Variable of the hosts that holds what differs by device, a dictionary of C(lines), C(block), C(intended),
        C(section) and C(state). It wins over the task's options. A host without it gets these alone.
      - An error in a host's variable fails that device only.
    type: str
    default: ios_config
  state:
    description: As with M(nfvlab.fleet.ios_config).
    type: str
    choices: [merged, replaced]
    default: merged
  purge_unknown:
    description: With O(state=replaced), also take away lines that the grammar does not know.
    type: bool
    default: false
  concurrency:
    description: Devices that are worked on at a time.
    type: int
    default: 50
  max_failed:
    description: The number of failed devices at which no further one is begun. V(0) goes on to the end.
    type: int
    default: 0
  progress:
    description: Show every second how far the fleet is, on stderr. Default is E(NFVLAB_FLEET_PROGRESS), else V(true).
    type: bool
  diff_limit:
    description: Devices whose difference is returned. RV(counts) are always those of all.
    type: int
    default: 100
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A banner for all
  nfvlab.fleet.ios_fleet:
    lines: ["banner motd #Authorised access only#"]
  run_once: true

- name: Each device becomes what its variable says, and the third failure is the last
  nfvlab.fleet.ios_fleet:
    hosts: "{{ groups.edge }}"
    variable: edge_intent
    state: replaced
    max_failed: 3
  run_once: true
"""

RETURN = r"""
results:
  description: One entry for each device, with what M(nfvlab.fleet.ios_config) returns for it.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample: [{host: r1, changed: true, failed: false, actions: []}]
counts:
  description: How many devices there are, changed, failed, and were not begun.
  returned: always, once the options are accepted
  type: dict
  sample: {devices: 2, changed: 1, failed: 0, not_begun: 0}
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
