#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_process
short_description: Send a signal to a process of a Kata container, or wait for its end
version_added: 0.1.0
description:
  - Signals the init of a container or a process that was started in it, waits for its end, or both.
  - Waiting takes the exit code away, which can be had once only, and closes the streams of the process; output that
    nobody has read is lost. M(nfvlab.fleet.kata_exec) does both in the right order.
options:
  container_id:
    description: Id of the container.
    type: str
    required: true
  exec_id:
    description: Id of the process; empty for the init.
    type: str
    default: ""
  signal:
    description:
      - The signal, by name with or without C(SIG), or by number. 0 only asks.
      - V(SIGKILL) to the init ends every process of the container. V(SIGTERM) to an init without a handler counts as
        V(SIGKILL); V(SIGINT) to it does nothing.
    type: str
  wait:
    description: Whether to wait for its end.
    type: bool
    default: false
  wait_timeout:
    description: Seconds after which waiting fails.
    type: float
    default: 60.0
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  diff_mode:
    support: none
    details: What a signal changes is not known.
  idempotent:
    support: none
    details: A signal is sent each time.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Let the server in a container read its configuration anew
  nfvlab.fleet.kata_process:
    address: unix:///run/agent.sock
    container_id: web
    signal: HUP

- name: How a batch job ends
  nfvlab.fleet.kata_process:
    address: unix:///run/agent.sock
    container_id: batch
    wait: true
    wait_timeout: 3600
  register: job
  failed_when: job.exit_code != 0
"""

RETURN = r"""
exit_code:
  description: Exit code, or 128 and the number of the signal that ended it; null where it was not waited for.
  returned: success
  type: int
  sample: 143
signal:
  description: The number of the signal that was sent, or null.
  returned: success
  type: int
  sample: 15
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: SignalProcess, keys: [container_id, exec_id, signal], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.process import OPTIONS, work


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
