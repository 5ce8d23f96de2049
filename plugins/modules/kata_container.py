#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_container
short_description: Manage a container of a Kata agent
version_added: 0.1.0
description:
  - Creates, starts, pauses, stops and removes a container, although an agent has no call that lists or shows one. What
    is there is learnt from harmless questions, and no call that must not be repeated is ever repeated.
  - What a container was made of cannot be read back. The options that make one count when it is made; of an
    existing one
    only the limits can change.
  - Whether a container was started is learnt from ResumeContainer, which lets a paused one go on. So O(state=started)
    resumes a paused container, and check mode cannot tell paused, created and running apart.
options:
  container_id:
    description: Id of the container.
    type: str
    required: true
  state:
    description:
      - With V(started), it is there and its init runs. One whose init has ended is made anew.
      - With V(present), it is there, in whatever state.
      - With V(paused), it is frozen. A container that was made and never started is frozen as it is.
      - With V(stopped), its init has ended. An absent container counts as stopped.
      - With V(absent), it is not there.
    type: str
    choices: [started, present, paused, stopped, absent]
    default: started
  rootfs:
    description: Directory of the root file system in the guest.
    type: str
  command:
    description: Words of the command. An agent starts C(sh) where there are none.
    type: list
    elements: str
  environment:
    description: Environment variables. Numbers and booleans are spelled out; null leaves a variable out.
    type: dict
  user:
    description: Number of the user.
    type: int
  group:
    description: Number of the group.
    type: int
  groups:
    description: Numbers of further groups.
    type: list
    elements: int
  cwd:
    description: Working directory, V(/) where not given.
    type: str
  hostname:
    description: Host name, the id where not given.
    type: str
  terminal:
    description: Whether the init has a terminal.
    type: bool
  readonly:
    description: Whether the root file system is read-only.
    type: bool
  no_new_privileges:
    description: Whether the processes can gain no further privileges.
    type: bool
  capabilities:
    description: Capabilities, with or without C(CAP_). Without the option, the usual choice of container engines.
    type: list
    elements: str
  mounts:
    description: Mounts beside C(/proc), C(/dev) and C(/dev/pts).
    type: list
    elements: dict
    suboptions:
      destination:
        description: Where, in the container.
        type: str
        required: true
      source:
        description: What, in the guest.
        type: str
      type:
        description: The kind, V(bind) where not given.
        type: str
      options:
        description: Its options; V([rbind, rw]) for a bind mount where not given.
        type: list
        elements: str
  annotations:
    description: Annotations.
    type: dict
  cgroup:
    description: Path of the control group, V(/ID) where not given.
    type: str
  memory_limit:
    description: Bytes of memory. On an existing container it is read back and changed where it differs.
    type: int
  cpu_shares:
    description: CPU shares. See O(update_cpu) for existing containers, here and for the next four.
    type: int
  cpu_quota:
    description: Microseconds of CPU in each period.
    type: int
  cpu_period:
    description: Microseconds of a period.
    type: int
  cpuset_cpus:
    description: The CPUs, such as V(0-2,4).
    type: str
  cpuset_mems:
    description: The memory nodes, such as V(0).
    type: str
  spec:
    description:
      - A whole OCI specification in the field names of the protocol (C(Process.Args), C(Root.Path), ...), in place of
        the options from O(rootfs) to O(cgroup). It is held against what an agent takes before it is sent.
    type: dict
  devices:
    description: Devices in the field names of the protocol (C(id), C(type), C(vm_path), C(container_path), C(options)).
    type: list
    elements: dict
  storages:
    description: Storages in the field names of the protocol.
    type: list
    elements: dict
  sandbox_pidns:
    description: Whether the container is in the PID namespace of the sandbox.
    type: bool
  update_cpu:
    description: Send the CPU limits to an existing container too. They cannot be read back, so this always is a change.
    type: bool
    default: false
  stop_signal:
    description: The signal of O(state=stopped), by name or number.
    type: str
    default: SIGTERM
  stop_timeout:
    description: Seconds after which SIGKILL follows it.
    type: float
    default: 10.0
  remove_timeout:
    description: Seconds that the agent may take for the removal; 0 for as long as it takes.
    type: int
    default: 0
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: Creation, removal and memory limits are predicted. Where a container is there, check mode cannot tell
      whether
      it was started or is paused; then RV(predicted) says so, with a warning.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A container
  nfvlab.fleet.kata_container:
    address: unix:///run/agent.sock
    container_id: web
    rootfs: /run/kata-containers/shared/containers/web/rootfs
    command: [/usr/sbin/nginx, -g, "daemon off;"]
    environment:
      API_TOKEN: "{{ token }}"
    memory_limit: 134217728

- name: Take it away
  nfvlab.fleet.kata_container:
    address: unix:///run/agent.sock
    container_id: web
    state: absent
"""

RETURN = r"""
container:
  description: The container; C(exit_code) is that of its init, where this task learnt it, for it can be had once only.
  returned: success
  type: dict
  sample: {container_id: web, state: started, exit_code: null}
predicted:
  description: V(unknown) in check mode, where the state cannot be known without a side effect.
  returned: in check mode, where it is so
  type: str
  sample: unknown
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: CreateContainer, keys: [OCI, container_id, exec_id], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.container import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
