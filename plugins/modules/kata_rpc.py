#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_rpc
short_description: Call anything of a Kata agent
version_added: 0.1.0
description:
  - Sends any of the 44 calls of C(grpc.AgentService) and C(grpc.Health), one or a list over one connection, with a
    dictionary in and a dictionary out, in the field names of the protocol.
  - Knows what an agent cannot take and refuses it with the reason. Some of it is learnt from the request alone (words
    of which a handler dies without an answer), some is asked of the agent first, with calls that change nothing.
  - "C(CreateSandbox): refused where there is a sandbox, whose root file systems it would erase."
  - "C(CreateContainer): refused where the id exists, whose container it would kill. The specification is held
    against the
    lists of the runtime specification."
  - "C(StartContainer): refused unless the container was created, never started, and still has its init: otherwise it
    hangs the agent for ever. To know that, C(ResumeContainer) is asked first, so a paused container goes on."
  - "C(RemoveContainer): a paused container is resumed first."
  - "C(SetPolicy): refused without the package line, with brackets that do not pair, or where the agent lacks the
    feature: a policy that does not parse leaves none behind. It replaces the whole policy."
  - "C(SetIPTables): with C(is_ipv6) refused up to 4.1.0, which starts the wrong program. C(GetIPTables) is repeated
    where
    the agent has lost its helper process."
  - "C(GetVolumeStats): refused for an C(exec.fifo), which blocks a thread of the agent; with O(force) it frees an agent
    that hangs in C(StartContainer)."
  - "C(UpdateContainer): refused with limits that have no effect (C(Pids.Limit), C(Memory.Limit) below 1)."
  - "C(UpdateEphemeralMounts): ephemeral storage only; options such as C(size) are ignored by the agent."
  - "C(DestroySandbox): the agent ends with it."
options:
  method:
    description: Name of the call, such as V(GetGuestDetails).
    type: str
  request:
    description:
      - The request. Bytes are a text, or a dictionary with C(base64) or C(hex). Enumerations are names or numbers.
    type: dict
  call_timeout:
    description: Seconds that the call may take, in place of O(timeout).
    type: float
  force:
    description: Send the call even where it is known to do harm. What cannot be encoded is refused all the same.
    type: bool
    default: false
  calls:
    description: Several calls, one after the other over one connection, in place of O(method).
    type: list
    elements: dict
    suboptions:
      name:
        description: A name for the result.
        type: str
      method:
        description: As O(method).
        type: str
        required: true
      request:
        description: As O(request).
        type: dict
      call_timeout:
        description: As O(call_timeout).
        type: float
      force:
        description: As O(force).
        type: bool
        default: false
  max_failed:
    description: Calls that may fail before the rest is not sent any more. The task fails if any did.
    type: int
    default: 0
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: Sends the calls that change nothing, and shows the others in RV(actions). Whether these would change
      something is not known, so RV(predicted) says so.
  diff_mode:
    support: none
    details: What a call changes is not known.
  idempotent:
    support: none
    details: A call is sent each time, and counts as a change where one was sent that does more than read.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: How full a volume in the guest is, and what the agent can do
  nfvlab.fleet.kata_rpc:
    address: vsock://3:1024
    calls:
      - method: GetVolumeStats
        request: {volume_guest_path: /run/kata-containers}
      - method: GetGuestDetails
        request: {mem_block_size: true}

- name: The packet filter of the guest, replaced as a whole
  nfvlab.fleet.kata_rpc:
    runtime_sandbox: "{{ sandbox_id }}"
    method: SetIPTables
    request:
      data: |
        *filter
        :INPUT DROP [0:0]
        -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
        COMMIT

- name: The guest's clock, entropy, plugged memory and swap
  nfvlab.fleet.kata_rpc:
    address: hvsock:///run/kata/lab/ch-vm.sock:1024
    calls:
      - method: SetGuestDateTime
        request: {Sec: "{{ now(utc=true).timestamp() | int }}"}
      - method: ReseedRandomDev
        request: {data: {base64: "{{ lookup('file', 'seed.b64') }}"}}
      - method: OnlineCPUMem
        request: {nb_cpus: 2, cpu_only: true}
        call_timeout: 15
      - method: AddSwap
        request: {PCIPath: [16, 0]}

- name: A policy, which replaces the present one
  nfvlab.fleet.kata_rpc:
    address: unix:///run/agent.sock
    method: SetPolicy
    request:
      policy: "{{ lookup('file', 'policy.rego') }}"
"""

RETURN = r"""
results:
  description: One entry for each call, in order, also for those that were not sent and when the task failed.
  returned: always, once the options are accepted
  type: list
  elements: dict
  contains:
    name:
      description: The call's name.
      type: str
    method:
      description: The call.
      type: str
    sent:
      description: Whether it was sent and the agent answered.
      type: bool
    changed:
      description: Whether it does more than read.
      type: bool
    failed:
      description: Whether it failed.
      type: bool
    response:
      description: The answer with every field that it can have. Bytes that are no text are a dictionary with C(base64).
      type: dict
    code:
      description: The status code, as gRPC numbers it; null where there was no answer.
      type: int
    status:
      description: The name of the status code.
      type: str
    msg:
      description: Why it failed or was not sent.
      type: str
    duration:
      description: Seconds that it took.
      type: float
  sample:
    - name: WaitProcess
      method: WaitProcess
      sent: true
      changed: true
      failed: false
      response: {status: 0}
      code: 0
      status: OK
      msg: ""
      duration: 0.002
method:
  description: The call.
  returned: when there is a single call
  type: str
  sample: GetMetrics
response:
  description: Its answer, as in RV(results[].response).
  returned: when there is a single call
  type: dict
  sample: {status: 0}
code:
  description: Its status code.
  returned: when there is a single call
  type: int
  sample: 0
status:
  description: The name of its status code.
  returned: when there is a single call
  type: str
  sample: OK
duration:
  description: Seconds that it took.
  returned: when there is a single call
  type: float
  sample: 0.001
predicted:
  description: V(unknown) in check mode, where a call was not sent.
  returned: in check mode
  type: str
  sample: unknown
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: SetIPTables, keys: [data], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.rpc import OPTIONS, RULES, work


def main() -> None:
    run(OPTIONS, work, **RULES)


if __name__ == "__main__":
    main()
