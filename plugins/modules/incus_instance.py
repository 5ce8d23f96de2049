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
  - What it is made from and where (O(image), O(empty), O(copy_from), O(target), O(instance_type)) matters at creation
    only; an existing instance keeps its own, unless O(rebuild) or O(move) say otherwise.
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
  move_from:
    description:
      - Where the instance has been until now, under another name, in another project or at another daemon. When there
        is none of this name here, that one is moved, with its snapshots. When there is one, nothing is moved and nobody
        asked.
      - Only a stopped instance can be moved; with O(restart=if_needed) a running one is stopped for it and started
        again.
      - From another daemon, the instance is deleted there once it is here whole. A move that breaks off leaves it as it
        was, stopped, and nothing here.
    type: dict
    suboptions:
      name:
        description: Its name there. Without it, it has O(name).
        type: str
      project:
        description: Its project there. Without it, it is O(project).
        type: str
      daemon: &daemon
        description:
          - The daemon that has it, where that is another one. It is named as the module's own options name theirs, and
            nothing is taken from the environment.
          - Both daemons talk to each other directly, and the one that connects knows the other's certificate. Either
            may be Incus or LXD.
        type: dict
        suboptions:
          remote:
            description: A remote of the command line client on the managed host, as in O(remote). Its project is that
              of the original where none is given.
            type: str
          socket:
            description: Path of its unix socket on the managed host.
            type: path
          url:
            description: Its address, as in O(url).
            type: str
          client_cert:
            description: Path of the client certificate on the managed host.
            type: path
          client_key:
            description: Path of the client certificate's key on the managed host.
            type: path
          bearer_token:
            description: A signed JSON Web Token instead of a client certificate.
            type: str
          server_cert:
            description: Path of the server's certificate on the managed host, which is pinned.
            type: path
          server_fingerprint:
            description: SHA-256 fingerprint of the server's certificate, instead.
            type: str
      mode: &mode
        description:
          - Which of two daemons connects to the other. With V(pull) that is this one, with V(push) the one that has the
            original.
          - It does so at the address by which the module reaches the other one, where that is https, else at those that
            it listens on, in turn.
        type: str
        choices: [pull, push]
        default: pull
  copy_from:
    description:
      - The instance that a new one is a copy of, running or not. The copy has the original's configuration, devices,
        profiles and description; what the task gives is put on top, and null or V(replace) take away.
      - An existing instance is left alone, and the original not asked for. No daemon tells whether the files of a copy
        still are those of its original, so there is nothing here that brings one up to date; C(incus copy --refresh)
        does so each time.
    type: dict
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      snapshot:
        description: The snapshot to copy, instead of the instance as it is now.
        type: str
      project:
        description: Its project. Without it, it is O(project).
        type: str
      instance_only:
        description: Leave its snapshots out.
        type: bool
        default: false
      allow_inconsistent:
        description: Copy even though files of a running original change meanwhile.
        type: bool
        default: false
      daemon: *daemon
      mode: *mode
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
      - That of an existing instance is changed with O(move) only.
    type: str
  network:
    description: Network of its interface C(eth0), short for the device C(eth0) in O(devices).
    type: str
  target:
    description:
      - Member of the daemon's cluster on which a new instance is made, or V(@GROUP) for a group of members.
      - With O(move=if_needed), an existing instance goes to this member, which has to be in service and to have the
        custom volumes that the instance uses. A group is for new instances only.
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
      - With V(if_needed), an instance that runs is stopped for such a change and started again. So it is for another
        name, place or image.
      - With V(never), the change is stored and acts at the next start. A virtual machine refuses some of them then.
    type: str
    choices: [never, if_needed]
    default: never
  move:
    description:
      - With V(if_needed), an instance that is in another pool than O(storage_pool) or on another member than O(target)
        is moved there.
      - With V(never), another pool is an error and another member is left alone.
      - Only a stopped instance can be moved; O(restart) says whether a running one is stopped for it and started again.
    type: str
    choices: [never, if_needed]
    default: never
  rebuild:
    description:
      - With V(if_needed), an instance that was made from another image than the one that O(image) names now is made
        anew from that. B(All data on its root disk is lost.) Its configuration and devices stay.
      - Which image it was made from is told by C(volatile.base_image). An image at a server is asked for each time.
      - Only a stopped instance without snapshots can be rebuilt; O(restart) says whether a running one is stopped for
        it and started again.
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

- name: A copy of it as it was at night
  nfvlab.fleet.incus_instance:
    name: web-test
    copy_from:
      name: web
      snapshot: nightly
    config:
      user.stage: test

- name: It moves to a faster pool
  nfvlab.fleet.incus_instance:
    name: web
    storage_pool: nvme
    move: if_needed
    restart: if_needed

- name: It moves to this daemon from another one
  nfvlab.fleet.incus_instance:
    name: web
    move_from:
      daemon:
        url: https://old.example.com:8443
        client_cert: /etc/nfvlab/client.crt
        client_key: /etc/nfvlab/client.key
        server_cert: /etc/nfvlab/old.crt
    restart: if_needed

- name: It is made anew whenever the alias names a newer image, and its data is lost
  nfvlab.fleet.incus_instance:
    name: worker
    image: worker
    rebuild: if_needed
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
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be. One that
    involves another daemon tells that as C(daemon).
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
