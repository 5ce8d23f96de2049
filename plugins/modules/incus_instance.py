#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_instance
short_description: Manage an instance of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates a container from an image of the daemon, changes it, starts and stops it, and deletes it.
  - The image matters at creation only; an existing instance keeps its own.
  - A guest that has reported itself ready counts as running.
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  image:
    description: Alias or fingerprint (at least 12 hexadecimal digits) of the image that a new instance is made from.
    type: str
  profiles:
    description:
      - Profiles in the order in which they are applied. An empty list is none.
      - A new instance without it gets the profile V(default), as the daemon decides.
    type: list
    elements: str
  ephemeral:
    description: Whether the instance is deleted when it stops. It cannot be changed afterwards.
    type: bool
  description:
    description: What the instance is for. Null empties it.
    type: str
  state:
    description:
      - V(started), V(stopped) and V(frozen) create the instance where it is not there. The first two thaw a frozen one.
      - V(present) leaves the power state alone; a new instance is not started.
      - V(absent) stops it first.
    type: str
    choices: [started, stopped, frozen, present, absent]
    default: started
  force:
    description: Stop by force instead of asking the guest to shut down.
    type: bool
    default: false
  stop_timeout:
    description: Seconds that the guest may take to shut down. An instance that takes longer is an error and goes on
      running.
    type: int
    default: 30
  wait_for:
    description:
      - What to wait for before the task ends, V(running) or V(ipv4), a global IPv4 address on any interface.
      - When O(wait_timeout) is over, the task fails and says what state, interfaces, addresses and console the
        instance has.
    type: list
    elements: str
    choices: [running, ipv4]
    default: []
  wait_timeout:
    description: Seconds to wait for O(wait_for).
    type: float
    default: 60.0
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
  - nfvlab.fleet.incus.devices
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A running instance with an address
  nfvlab.fleet.incus_instance:
    project: lab
    name: edge-001
    image: busybox
    profiles: [default, edge]
    config:
      user.site: north
    wait_for: [ipv4]

- name: More memory for it, and nothing else
  nfvlab.fleet.incus_instance:
    project: lab
    name: edge-001
    config:
      limits.memory: 256MiB

- name: The instance is gone, even if it does not want to shut down
  nfvlab.fleet.incus_instance:
    project: lab
    name: edge-001
    state: absent
    force: true
"""

RETURN = r"""
instance:
  description:
    - The instance as the daemon gives it, secrets masked; null when absent.
    - With O(wait_for), it has the C(state) that was waited for, with addresses.
  returned: success
  type: dict
  sample:
    name: edge-001
    type: container
    status: Running
    status_code: 103
    profiles: [default, edge]
    config:
      user.site: north
    devices: {}
    state:
      network:
        eth0:
          addresses:
            - {family: inet, address: 10.77.0.23, netmask: "24", scope: global}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/instances?project=lab", keys: [name, type, source, start, profiles], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Instance())


if __name__ == "__main__":
    main()
