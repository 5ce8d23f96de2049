#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_sandbox
short_description: Create or end the sandbox of a Kata agent
version_added: 0.1.0
description:
  - An agent has one sandbox or none. Whether there is one is asked with a call that changes nothing, and a second
    creation, which would erase the root file system of every container, is never sent.
  - A sandbox cannot be read back or changed, so the other options count when it is made.
options:
  hostname:
    description: Host name of the sandbox.
    type: str
  sandbox_id:
    description: Id of the sandbox.
    type: str
  dns:
    description: Lines of the guest's C(resolv.conf).
    type: list
    elements: str
  sandbox_pidns:
    description: Whether the containers share a PID namespace.
    type: bool
  guest_hook_path:
    description: Folder in the guest whose hooks run for each container.
    type: str
  kernel_modules:
    description: Kernel modules that are loaded first.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the module.
        type: str
        required: true
      parameters:
        description: Its parameters.
        type: list
        elements: str
  storages:
    description: Storages that are mounted first, in the field names of the protocol (C(driver), C(source),
      C(mount_point), ...).
    type: list
    elements: dict
  force:
    description: Create a sandbox although a policy hides whether there is one. If there is, its containers lose their
      files.
    type: bool
    default: false
  state:
    description:
      - Whether there is a sandbox.
      - With V(absent), the agent ends too; as the first process of a virtual machine, it powers that off. An address
        where nobody listens any more counts as absent.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A sandbox
  nfvlab.fleet.kata_sandbox:
    address: unix:///run/agent.sock
    hostname: pod
    sandbox_id: pod-1
    dns: [nameserver 192.0.2.53]

- name: End the sandbox with everything in it
  nfvlab.fleet.kata_sandbox:
    address: unix:///run/agent.sock
    state: absent
"""

RETURN = r"""
sandbox:
  description: The sandbox.
  returned: success
  type: dict
  sample: {state: present}
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: CreateSandbox, keys: [hostname, sandbox_id], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.sandbox import OPTIONS, work


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
