#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_config
short_description: Push configuration to Cisco IOS, predicted exactly and guarded
version_added: 0.1.0
description:
  - Compares the intent with the running configuration as trees, predicts the running configuration that comes of it,
    sends the lines that lead there in an order that locks nobody out, reads back, and takes everything back when the
    result is another one.
  - A line may be abbreviated, and a secret in clear is compared with the stored hash, so that a second run sends
    nothing.
options:
  lines:
    description: Lines to be there, below O(section) where that is given. C(no ...) and C(default ...) take lines away.
    type: list
    elements: str
  block:
    description: The same as a text with as many sections as wanted, indented as running-config prints it.
    type: str
  intended:
    description: The whole configuration, or with O(section) all that is in that section, for O(state=replaced).
    type: str
  section:
    description: Header of the section that O(lines), O(block) or O(intended) is about, or headers from the outside in.
    type: list
    elements: str
  state:
    description:
      - V(merged) adds what is not there.
      - V(replaced) makes the configuration, or its O(section), that of O(intended). Physical interfaces are reset and
        never removed; version, boot markers, licences and certificates are never touched.
      - V(rendered) returns the intent in normal form and V(parsed) the tree of O(running_config); both need no device.
      - V(gathered) returns the tree of the device's configuration.
    type: str
    choices: [merged, replaced, rendered, parsed, gathered]
    default: merged
  running_config:
    description: A running configuration to work on without a device. What would be sent is in RV(actions).
    type: str
  dialect:
    description: The dialect of what is done without a device. Default is what O(running_config) looks like.
    type: str
    choices: [classic, xe]
  purge_unknown:
    description: With O(state=replaced), also take away lines that the grammar does not know.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: An address, with the mask as IOS wants it
  nfvlab.fleet.ios_config:
    section: [interface f0/0]
    lines:
      - ip address 172.16.0.1 255.255.0.0
      - no shutdown

- name: The whole configuration is that of a template
  nfvlab.fleet.ios_config:
    intended: "{{ lookup('ansible.builtin.template', 'router.j2') }}"
    state: replaced

- name: What would be sent to a device that is not there yet
  nfvlab.fleet.ios_config:
    running_config: "{{ lookup('ansible.builtin.file', 'r1.cfg') }}"
    intended: "{{ lookup('ansible.builtin.template', 'router.j2') }}"
    state: replaced
"""

RETURN = r"""
config:
  description: The configuration as a tree of lines with their children; with O(state=rendered) the text in normal form.
  returned: with O(state=parsed), O(state=gathered) and O(state=rendered)
  type: raw
  sample: [{line: interface FastEthernet0/0, children: [{line: shutdown, children: []}]}]
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
