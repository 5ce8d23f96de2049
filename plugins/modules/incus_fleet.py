#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_fleet
short_description: Manage a fleet of instances of an Incus or LXD daemon in one task
version_added: 0.1.0
description:
  - Brings any number of instances into their declared states. All are read in one request and planned one by one as
    M(nfvlab.fleet.incus_instance) would; only those that differ are touched, several at a time.
  - One broken definition stops no other. The task fails if any instance failed, and RV(results) says which and why.
  - What a fleet makes carries its mark, the configuration key C(user.nfvlab.fleet) with O(lab) and O(name). An instance
    of the same name without the mark, or with another one, is an error.
  - Two runs on one fleet at the same time cannot be; the second is told who works on it.
options:
  name:
    description: Name of the fleet.
    type: str
    required: true
  lab:
    description: Name of the lab that the fleet belongs to. Together with O(name) it is the fleet's mark.
    type: str
    default: lab
  state:
    description: V(absent) deletes the declared instances, as far as they carry the fleet's mark.
    type: str
    choices: [present, absent]
    default: present
  defaults:
    description:
      - Options that all instances have in common. An instance's own options win; the keys of O(instances[].config) and
        O(instances[].devices) are put together.
    type: dict
    default: {}
    suboptions: &common
      image:
        description: As in M(nfvlab.fleet.incus_instance), here and below.
        type: str
      image_server:
        description: The server that has the image.
        type: dict
        suboptions:
          url:
            description: Its address.
            type: str
            required: true
          protocol:
            description: What it speaks.
            type: str
            choices: [simplestreams, incus, lxd]
            default: simplestreams
          certificate:
            description: Its own certificate in PEM, or the path of its file on the managed host.
            type: str
          other_urls:
            description: Further addresses of it, tried in turn.
            type: list
            elements: str
            default: []
          secret:
            description: Secret of a private image.
            type: str
          client_cert:
            description: Path of a client certificate that an Incus or LXD daemon gives private images for.
            type: path
          client_key:
            description: Path of its key.
            type: path
      copy_from:
        description: The instance that a new one is a copy of.
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
            description: Its project, that of the fleet without it.
            type: str
          instance_only:
            description: Leave its snapshots out.
            type: bool
            default: false
          allow_inconsistent:
            description: Copy even though files change meanwhile.
            type: bool
            default: false
          daemon:
            description: The daemon that has it, where that is another one.
            type: dict
            suboptions:
              remote:
                description: A remote of the command line client on the managed host, as in O(remote). Its project is
                  that of the original where none is given.
                type: str
              socket:
                description: Path of its unix socket on the managed host.
                type: path
              url:
                description: Its address.
                type: str
              client_cert:
                description: Path of the client certificate.
                type: path
              client_key:
                description: Path of its key.
                type: path
              bearer_token:
                description: A signed JSON Web Token instead of a client certificate.
                type: str
              server_cert:
                description: Path of the server's certificate, which is pinned.
                type: path
              server_fingerprint:
                description: Fingerprint of the server's certificate instead.
                type: str
          mode:
            description: Which of two daemons connects to the other.
            type: str
            choices: [pull, push]
            default: pull
      empty:
        description: Make the instance without an image.
        type: bool
      type:
        description: A container (as without it), or a virtual machine.
        type: str
        choices: [container, virtual-machine]
      storage_pool:
        description: Storage pool of the root disk.
        type: str
      network:
        description: Network of the interface C(eth0).
        type: str
      target:
        description: Member of the daemon's cluster on which a new instance is made, or V(@GROUP).
        type: str
      instance_type:
        description: Size of a new instance, such as V(c2-m4).
        type: str
      profiles:
        description: Profiles in the order in which they are applied. An empty list is none.
        type: list
        elements: str
      ephemeral:
        description: Whether the instance is deleted when it stops.
        type: bool
      description:
        description: What the instance is for. Null empties it.
        type: str
      config:
        description: Configuration keys and their values. Null removes a key.
        type: dict
      config_mode:
        description: Whether only the given keys are touched (V(merge), as without it), or all others are removed.
        type: str
        choices: [merge, replace]
      devices:
        description: Devices by name. Null removes one.
        type: dict
      devices_mode:
        description: Whether only the given devices are touched (V(merge), as without it), or all others are removed.
        type: str
        choices: [merge, replace]
      state:
        description: State of the instance, V(started) without it.
        type: str
        choices: [started, stopped, restarted, frozen, present, absent]
      restart:
        description: Whether an instance that runs is restarted for what needs that, V(never) without it.
        type: str
        choices: [never, if_needed]
      move:
        description: Whether an instance goes to the given storage pool and member, V(never) without it.
        type: str
        choices: [never, if_needed]
      rebuild:
        description: Whether an instance is made anew from another image, losing its data, V(never) without it.
        type: str
        choices: [never, if_needed]
      force:
        description: Stop by force instead of asking the guest to shut down.
        type: bool
      stop_timeout:
        description: Seconds that the guest may take to shut down, V(30) without it.
        type: int
      wait_for:
        description:
          - What to wait for, such as V(ipv4), V(ready) or V(port:22).
          - All instances are waited for together; V(running), V(ready) and V(ipv4) take a few requests for all of them.
        type: list
        elements: str
      wait_timeout:
        description: Seconds to wait, V(60) without it.
        type: float
  instances:
    description: The instances. A name may stand for many.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the instance, or a pattern, V(edge-[001:200]) for 200 of them. The first number's leading zeros give
            the width.
        type: str
        required: true
      <<: *common
  instances_from:
    description:
      - Names of inventory hosts that are instances of the fleet (C(ansible_play_hosts_all), say), beside those in
        O(instances). The definition of each is its variable C(incus_instance), a dictionary with the options of
        O(instances), evaluated for that host. O(instances[].name) is the host's name unless it says otherwise.
        O(defaults) hold here too, and an empty dictionary stands for them alone.
      - A host whose definition is missing or broken is an error of its own and stops no other. But as long as there is
        one, O(purge) is refused, because it is not known what it declares.
      - The task is for all of them, so it takes C(run_once) and C(delegate_to) with the daemon's host.
    type: list
    elements: raw
    default: []
  force:
    description: Stop by force what is deleted or stopped, unless an instance says otherwise.
    type: bool
    default: false
  spread:
    description:
      - In a cluster, how new instances that have no O(instances[].target) of their own are spread over its members.
      - With V(round_robin), one after the other in the order of their declaration. With V(least_loaded), each goes
        where the fewest instances of the project are.
      - What is there stays where it is.
    type: str
    choices: [round_robin, least_loaded]
  spread_over:
    description:
      - Members, and groups as V(@NAME), that O(spread) is about; without it, all members.
      - Members that are out of service get nothing, and neither do those whose C(scheduler.instance) wants them to be
        named, unless they are.
    type: list
    elements: str
    default: []
  adopt:
    description: Take over instances of the same name that carry no mark.
    type: bool
    default: false
  purge:
    description:
      - Delete instances that carry exactly this fleet's mark and are not declared any more.
      - Refused with an empty O(instances), and where the play is limited to some of its hosts.
    type: bool
    default: false
  purge_max:
    description: How many instances O(purge) may delete at most, as a number or as a share of those that carry the mark.
    type: str
    default: "10%"
  purge_force:
    description: Purge more than O(purge_max).
    type: bool
    default: false
  max_failed:
    description:
      - How many instances may fail, as a number or a share, before the rest is not tried any more.
      - Without it, all are tried; with O(batch), the first wave with a failure is the last.
      - A definition that is found broken before anything is sent does not count.
    type: str
  batch:
    description:
      - How many instances are changed together as a wave. What a wave waits for is there before the next begins.
      - V(0) is a single wave.
    type: int
    default: 0
  batch_pause:
    description: Seconds between two waves.
    type: float
    default: 0.0
  workers:
    description:
      - How many instances are worked on at a time.
      - V(0) finds out what pays. It begins with twice the CPUs of the daemon's host, for deleting with eight times as
        many, measures how many instances are finished in a second, and goes on with more or fewer between one and eight
        times the CPUs.
    type: int
    default: 0
  diff_limit:
    description: How many instances the diff shows at most. RV(counts) is always that of all.
    type: int
    default: 20
  progress:
    description:
      - Whether to show how far it is, as lines on stderr while the task runs, at most one a second and the first after
        a second. What is on stdout stays as it is, JSON for example. A check run has none.
      - Without it, the environment variable E(NFVLAB_FLEET_PROGRESS) of the controller decides, and it is shown
        without that too.
      - Seen on the controller itself, over SSH, and over connections that run a program for each command, such as those
        into containers of Docker and Podman. Over others the task runs as well, but shows nothing.
    type: bool
    default: true
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Two hundred edge instances, each with an address
  nfvlab.fleet.incus_fleet:
    project: lab
    name: edge
    defaults:
      image: busybox
      profiles: [base, edge]
      wait_for: [ipv4]
    instances:
      - name: edge-[001:199]
      - name: edge-200
        config:
          limits.memory: 256MiB

- name: A new setting in waves of ten, no more after a wave with a failure, and away with what is not declared
  nfvlab.fleet.incus_fleet:
    project: lab
    name: edge
    batch: 10
    batch_pause: 5
    purge: true
    defaults:
      config:
        user.release: 2
    instances:
      - name: edge-[001:200]

- name: Ninety instances, thirty on each member of a cluster of three
  nfvlab.fleet.incus_fleet:
    name: wide
    spread: round_robin
    defaults: {image: busybox}
    instances:
      - name: wide-[01:90]

# Hosts of the inventory that are instances: each has a variable 'incus_instance', such as
#   edge: {vars: {incus_instance: {}}, hosts: {edge-1: , edge-2: {incus_instance: {config: {limits.memory: 256MiB}}}}}
# This is the task of a play with 'hosts: edge' and 'gather_facts: false'.
- name: One instance for each host of the play
  nfvlab.fleet.incus_fleet:
    project: lab
    name: edge
    defaults:
      image: busybox
      profiles: [base, edge]
      wait_for: [ipv4]
    instances_from: "{{ ansible_play_hosts_all }}"
  run_once: true
  delegate_to: labhost
  register: fleet

- name: From now on they are reached at the addresses that they have
  ansible.builtin.add_host: "{{ item }}"
  loop: "{{ fleet.hosts }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
results:
  description: What became of each instance, in the order of their declaration, also when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the instance.
      type: str
    changed:
      description: Whether it was changed.
      type: bool
    failed:
      description: Whether it failed.
      type: bool
    skipped:
      description: Whether it was not tried any more because others had failed.
      type: bool
    location:
      description: The cluster member that it is on, where there is a cluster.
      type: str
    what:
      description: V(create), V(change) or V(delete), where there was something to do.
      type: str
    duration:
      description: Seconds that it took.
      type: float
    msg:
      description: Why it failed.
      type: str
    failure:
      description: The same for programs.
      type: dict
    actions:
      description: What was sent for it.
      type: list
      elements: dict
    diff:
      description: What changed of it, as far as O(diff_limit) goes.
      type: dict
  sample:
    - {name: edge-001, changed: true, failed: false, what: create, duration: 0.31, actions: []}
    - {name: edge-002, changed: false, failed: false}
counts:
  description: How many instances are declared, and how many of those and of the purged ones changed, stayed, failed or
    were skipped.
  returned: always
  type: dict
  sample: {declared: 200, changed: 1, unchanged: 199, failed: 0, skipped: 0}
hosts:
  description: The declared instances that are there. Each entry is what M(ansible.builtin.add_host) takes.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the host that the instance is in the inventory (O(instances_from)), else of the instance.
      type: str
    instance:
      description: Name of the instance.
      type: str
    ansible_host:
      description: Its first IPv4 address, where it has one.
      type: str
    addresses:
      description: Its IPv4 addresses.
      type: list
      elements: str
    status:
      description: Its status, in the daemon's own words.
      type: str
    location:
      description: The cluster member that it is on, where there is a cluster.
      type: str
  sample:
    - name: edge-001
      instance: edge-001
      ansible_host: 10.77.0.23
      addresses: [10.77.0.23]
      status: Running
actions:
  description: What was sent for all instances; in check mode what would be sent. Values are never shown.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/instances?project=lab", keys: [name, type, source, start, profiles], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.engine import run_fleet


def main() -> None:
    run_fleet()


if __name__ == "__main__":
    main()
