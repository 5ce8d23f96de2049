#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_events
short_description: Collect events of an Incus or LXD daemon, or wait for some
version_added: 0.1.0
description:
  - Collects what the daemon tells of its objects (V(lifecycle), such as C(instance-started)) and of its operations,
    over a WebSocket, until the events have come that are waited for, or the time is over.
  - The daemon keeps no events. To see what a later task causes, begin to listen before it, as in the examples.
  - When the daemon goes, the module connects again as soon as it is back. Events in between are lost, which
    RV(reconnects) and a warning say.
options:
  project:
    description: The project whose events are collected.
    type: str
    default: default
  all_projects:
    description: Collects those of all projects instead.
    type: bool
    default: false
  types:
    description: The types of events to collect.
    type: list
    elements: str
    choices: [lifecycle, operation]
    default: [lifecycle, operation]
  actions:
    description: Shell patterns. Of the lifecycle events, only those whose action fits one of them are collected.
    type: list
    elements: str
    default: []
  sources:
    description:
      - Shell patterns. Only events about an object whose path fits one of them are collected, such as
        V(/1.0/instances/edge-*). The path has no query.
    type: list
    elements: str
    default: []
  progress:
    description:
      - Whether an operation is collected each time that its progress moves, too.
      - By default it is only when its status changes.
    type: bool
    default: false
  until:
    description:
      - The event to wait for, of those that are collected. All that is given has to fit.
      - The task fails when it does not come. Without O(until), events are collected until the time is over.
    type: dict
    suboptions:
      type:
        description: The type of the event.
        type: str
        choices: [lifecycle, operation]
      action:
        description: Shell pattern of what happened, such as V(instance-started) or V(network-*).
        type: str
      source:
        description: Shell pattern of the path of the object, or of one of the objects of an operation.
        type: str
      project:
        description: Shell pattern of the project, with O(all_projects).
        type: str
      description:
        description: Shell pattern of what an operation does, such as V(Creating instance).
        type: str
      status:
        description: The status of an operation.
        type: str
        choices: [Pending, Running, Cancelling, Success, Failure, Cancelled]
  count:
    description: How many events that fit O(until) are waited for.
    type: int
    default: 1
  wait_timeout:
    description: Seconds to collect, or to wait for O(until).
    type: float
    default: 60.0
  max_events:
    description: The collecting ends when there are as many.
    type: int
    default: 1000
  listening_file:
    description:
      - Path of an empty file on the managed host that is made once events are heard, and that goes when the task ends.
        Whoever finds it knows that nothing is missed from then on.
      - A file that is there already is an error. A task that was killed leaves it.
    type: path
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.secrets
attributes:
  check_mode:
    support: partial
    details: Connects, and waits for nothing.
  diff_mode:
    support: none
    details: Nothing is changed.
  idempotent:
    support: N/A
    details: Nothing is changed.
notes:
  - To wait for a state that an instance may have already, use O(nfvlab.fleet.incus_instance#module:wait_for).
  - The environment of commands that others execute, and the secrets of their streams, are shown as stars.
seealso:
  - module: nfvlab.fleet.incus_guest_events
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Listen for the start of three instances, whatever starts them
  nfvlab.fleet.incus_events:
    types: [lifecycle]
    until:
      action: instance-started
      source: /1.0/instances/edge-*
    count: 3
    wait_timeout: 300
    listening_file: /run/edge-listening
  async: 320
  poll: 0
  register: listening

- name: Nothing is missed from here on
  ansible.builtin.wait_for:
    path: /run/edge-listening

- name: Cause it
  ansible.builtin.command:
    argv: [/usr/local/bin/failover, edge]
  changed_when: true

- name: All three have started
  ansible.builtin.async_status:
    jid: "{{ listening.ansible_job_id }}"
  register: started
  until: started is finished
  retries: 150
  delay: 2

- name: Until somebody's copy has ended, in whatever project
  nfvlab.fleet.incus_events:
    all_projects: true
    types: [operation]
    until:
      description: Copying *
      status: Success
    wait_timeout: 3600

- name: Whatever happens to networks within a minute
  nfvlab.fleet.incus_events:
    types: [lifecycle]
    actions: [network-*]
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
    - type: lifecycle
      timestamp: "2026-11-21T21:55:19.832344124Z"
      location: none
      project: default
      metadata: {action: instance-started, source: /1.0/instances/edge-1, name: edge-1, project: default,
                 requestor: {username: root, protocol: unix, address: "@"}}
matches:
  description: Those of them that were waited for.
  returned: always
  type: list
  elements: dict
  sample:
    - type: lifecycle
      timestamp: "2026-11-21T21:55:19.832344124Z"
      location: none
      project: default
      metadata: {action: instance-started, source: /1.0/instances/edge-1, name: edge-1, project: default,
                 requestor: {username: root, protocol: unix, address: "@"}}
reconnects:
  description: How many times the connection was made anew.
  returned: always
  type: int
  sample: 0
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.collect import run_events


def main() -> None:
    run_events()


if __name__ == "__main__":
    main()
