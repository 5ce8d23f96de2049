#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_agent_info
short_description: Read what a Kata agent says about itself and its guest
version_added: 0.1.0
description:
  - Health, version, details of the guest, interfaces, routes and metrics, and whether there is a sandbox. Nothing is
    changed, and nothing is taken away from a runtime.
  - Mistakes of agents are set right. Each address has the family that its text has, for agents say the other one; a
    route through a gateway has no destination, for agents lose it.
options:
  gather:
    description: What to read. V(sandbox) is whether CreateSandbox was done, null where a policy hides it.
    type: list
    elements: str
    choices: [health, version, guest, sandbox, interfaces, routes, metrics]
    default: [health, version, guest, sandbox, interfaces, routes, metrics]
  query:
    description:
      - A JMESPath expression. What it makes of the list of objects is returned as RV(result).
      - It is evaluated on the controller, which needs the Python library C(jmespath).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The version of the agent of a pod
  nfvlab.fleet.kata_agent_info:
    runtime_sandbox: "{{ sandbox_id }}"
    gather: [version, guest]
    query: "[0].agent_version"
  register: agent

- name: The load of a guest
  nfvlab.fleet.kata_agent_info:
    address: vsock://3:1024
    gather: [metrics]
    query: "[0].metrics.kata_guest_load.samples[?labels.item=='load1'].value | [0]"
"""

RETURN = r"""
objects:
  description: A list with one object, which holds what was asked for.
  returned: success
  type: list
  elements: dict
  sample:
    - address: vsock://3:1024
      status: SERVING
      agent_version: 4.0.0
      grpc_version: 0.0.1
      sandbox_present: true
      guest: {mem_block_size_bytes: 134217728, support_mem_hotplug_probe: false, agent_details: {version: 4.0.0}}
      interfaces:
        - {name: eth0, hwAddr: "02:00:00:00:00:01", mtu: 1500,
           IPAddresses: [{address: 192.0.2.10, mask: "24", family: v4}]}
      routes:
        - {dest: 192.0.2.0/24, gateway: "", device: eth0, source: "", scope: 253, family: v4}
      metrics:
        kata_guest_load: {help: Guest system load., type: gauge, samples: [{labels: {item: load1}, value: 0.1}]}
result:
  description: What O(query) made of the objects.
  returned: when O(query) is given
  type: raw
  sample: 4.0.0
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.info import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
