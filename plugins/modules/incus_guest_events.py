#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_events
short_description: Collect events of an instance from inside
version_added: 0.1.0
description:
  - Collects what the Incus or LXD daemon tells an instance about changes of its keys C(user.*) and of its devices,
    until an event comes that is waited for, or the time is over.
  - When the daemon goes, the module connects again as soon as it is back. Events in between are lost, which
    RV(reconnects) and a warning say.
options:
  types:
    description: The types of events to collect.
    type: list
    elements: str
    choices: [config, device]
    default: [config, device]
  until:
    description:
      - The event to wait for. All that is given has to fit.
      - The task fails when it does not come. Without O(until), events are collected until the time is over.
    type: dict
    suboptions:
      type:
        description: The type of the event.
        type: str
        choices: [config, device]
      key:
        description: Name or shell pattern of the key that changes.
        type: str
      value:
        description: The new value of the key. It is empty when the key is removed.
        type: str
      name:
        description: Name or shell pattern of the device.
        type: str
      action:
        description: What is done to the device.
        type: str
        choices: [added, updated, removed]
  wait_timeout:
    description: Seconds to collect, or to wait for O(until).
    type: float
    default: 60.0
  max_events:
    description: The collecting ends when there are as many.
    type: int
    default: 1000
  protocol:
    description:
      - V(stream) is a connection on which the daemon writes events as lines, V(websocket) has them as messages.
      - V(auto) is the first of the two that the daemon has.
    type: str
    choices: [auto, stream, websocket]
    default: auto
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
  - nfvlab.fleet.guest.secrets
attributes:
  check_mode:
    support: partial
    details: Connects, and waits for nothing.
  diff_mode:
    support: none
    details: Nothing is changed.
notes:
  - Only what happens while the task runs is seen. To wait for a value that may be there already, use
    M(nfvlab.fleet.incus_guest_config).
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Until the host asks for a reload
  nfvlab.fleet.incus_guest_events:
    until:
      key: user.app.reload
    wait_timeout: 3600

- name: Until a disk is plugged in
  nfvlab.fleet.incus_guest_events:
    types: [device]
    until:
      name: data*
      action: added
  register: plugged

- name: Whatever happens within a minute
  nfvlab.fleet.incus_guest_events:
    wait_timeout: 60
  register: happened
"""

RETURN = r"""
events:
  description: The events in the order in which they came, as the daemon gives them, secrets masked.
  returned: always
  type: list
  elements: dict
  sample:
    - timestamp: "2026-11-21T14:41:35.68048569Z"
      type: config
      metadata: {key: user.app.reload, old_value: "1", value: "2"}
match:
  description: The event that was waited for, or null.
  returned: always
  type: dict
  sample:
    timestamp: "2026-11-21T14:41:35.68048569Z"
    type: config
    metadata: {key: user.app.reload, old_value: "1", value: "2"}
reconnects:
  description: How many times the connection was made anew.
  returned: always
  type: int
  sample: 0
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.collect import run_events


def main() -> None:
    run_events()


if __name__ == "__main__":
    main()
