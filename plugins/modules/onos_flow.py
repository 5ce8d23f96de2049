#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_flow
short_description: Manage flow rules of an ONOS controller
version_added: 0.1.0
description:
  - Adds, changes or removes one flow rule, and waits until the switch has it. The controller accepts rules for switches
    that it does not know, and shows a rule before the switch has it.
options:
  device:
    description: Id of the switch, such as V(of:0000000000000001).
    type: str
    required: true
  priority:
    description: Priority of the rule. With O(device), O(table), O(selector) and O(app), it is the rule's identity.
    type: int
    required: true
  table:
    description: Number of the table.
    type: int
    default: 0
  selector:
    description:
      - Criteria in the controller's own form, each a dictionary with a C(type), as in the examples.
      - None matches everything.
    type: list
    elements: dict
    default: []
  treatment:
    description:
      - Instructions in the controller's own form, each a dictionary with a C(type), as in the examples.
      - None drops.
    type: list
    elements: dict
    default: []
  idle_timeout:
    description: Seconds after which an unused rule goes. With V(0), it is permanent.
    type: int
    default: 0
  app:
    description: Name of the application that the rule belongs to.
    type: str
    default: org.onosproject.rest
  added_timeout:
    description: Seconds until the switch must have the rule. The controller looks every five seconds.
    type: float
    default: 30.0
  state:
    description: Whether the rule is there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: What comes in at port 1 goes out at port 2
  nfvlab.fleet.onos_flow:
    device: of:0000000000000001
    priority: 100
    selector:
      - {type: IN_PORT, port: 1}
    treatment:
      - {type: OUTPUT, port: 2}

- name: No longer
  nfvlab.fleet.onos_flow:
    device: of:0000000000000001
    priority: 100
    selector:
      - {type: IN_PORT, port: 1}
    state: absent
"""

RETURN = r"""
flow:
  description: The rule as the controller shows it, or null.
  returned: success
  type: dict
  sample:
    {id: "4222126452964671", deviceId: "of:0000000000000001", priority: 100, state: ADDED}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/flows/of%3A0000000000000001?appId=org.onosproject.rest", keys: [state], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.flow import Flow
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import run


def main() -> None:
    run(Flow("flow"))


if __name__ == "__main__":
    main()
