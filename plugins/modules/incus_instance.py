#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_instance
short_description: Manage an instance (container or virtual machine) of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates a container or a virtual machine, changes it, renames it, starts, stops and restarts it, and deletes it.
  - What it is made from and where (O(image), O(empty), O(target), O(instance_type)) matters at creation only; an
    existing instance keeps its own.
  - A guest that has reported itself ready counts as running.
options:
  name:
    description:
      - Name of the instance.
      - Without it a new instance is created each time, under a name that is made up and returned.
    type: str
  rename_from:
    description:
      - The name that the instance has had until now. When there is none of the new name, that one is renamed.
      - Only a stopped instance can be renamed; with O(restart=if_needed) a running one is stopped for it and started
        again.
    type: str
  type:
    description:
      - A container, or a virtual machine. A host that cannot run virtual machines says why.
      - A new instance without it is a container. It cannot be changed afterwards.
    type: str
    choices: [container, virtual-machine]
  empty:
    description: Make the instance without an image. An empty container has nothing to start, so it needs
      O(state=stopped) or O(state=present).
    type: bool
    default: false
  profiles:
    description:
      - Profiles in the order in which they are applied. An empty list is none.
      - A new instance without it gets the profile V(default), as the daemon decides.
    type: list
    elements: str
  ephemeral:
    description: Whether the instance is deleted when it stops. It cannot be changed afterwards.
    type: bool
  storage_pool:
    description:
      - Storage pool of its root disk, short for the device C(root) in O(devices).
      - The pool of an existing instance cannot be changed this way.
    type: str
  network:
    description: Network of its interface C(eth0), short for the device C(eth0) in O(devices).
    type: str
  target:
    description: Member of the daemon's cluster on which a new instance is made, or V(@GROUP) for a group of members.
    type: str
  instance_type:
    description: Size of a new instance as the public clouds call them (V(aws:t2.micro)), or as CPUs and gibibytes
      (V(c2-m4)). The daemon turns it into C(limits.cpu) and C(limits.memory).
    type: str
  description:
    description: What the instance is for. Null empties it.
    type: str
  state:
    description:
      - V(started), V(stopped) and V(frozen) create the instance where it is not there. The first two thaw a frozen one.
      - V(restarted) restarts it every time, so it always is a change.
      - V(present) leaves the power state alone; a new instance is not started.
      - V(absent) stops it first. One that is protected by C(security.protection.delete) stays as it is, running.
    type: str
    choices: [started, stopped, restarted, frozen, present, absent]
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
  restart:
    description:
      - Some keys of O(config) act after a restart only. RV(restart_required) tells which of the changed ones.
      - With V(if_needed), an instance that runs is stopped for such a change and started again.
      - With V(never), the change is stored and acts at the next start. A virtual machine refuses some of them then.
    type: str
    choices: [never, if_needed]
    default: never
  wait_for:
    description:
      - What to wait for before the task ends. All of it has to be true.
      - V(running) is up, V(ready) is a guest that has reported itself ready on its guest API.
      - V(agent) is a guest that tells of its processes, three times in a row.
      - V(ipv4) and V(ipv6) are global addresses on any interface, V(ipv4:eth1) on a certain one.
      - V(port:22) is a TCP port that takes connections on any of its addresses, from the host where the module runs.
      - V(cloud-init) is the end of cloud-init in the guest; its errors fail the task.
      - When O(wait_timeout) is over, the task fails and says what state, interfaces, addresses and console the
        instance has.
    type: list
    elements: str
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
  - nfvlab.fleet.incus.image_server
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

- name: One from an image server, as the command line's launch makes it
  nfvlab.fleet.incus_instance:
    name: web
    image: images:debian/12
    storage_pool: fast
    network: incusbr0
    instance_type: c2-m4
    wait_for: [ipv4, "port:22"]
    wait_timeout: 300

- name: A key that acts after a restart only
  nfvlab.fleet.incus_instance:
    project: lab
    name: edge-001
    config:
      linux.sysctl.net.ipv4.ip_forward: 1
    restart: if_needed

- name: Another name
  nfvlab.fleet.incus_instance:
    name: frontend
    rename_from: web
    restart: if_needed

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
restart_required:
  description: The changed keys that act after a restart only, where it was not restarted; otherwise empty.
  returned: when the instance is to be there
  type: list
  elements: str
  sample: [security.privileged]
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
