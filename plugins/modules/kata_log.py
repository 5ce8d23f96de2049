#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_log
short_description: Read the log port of a Kata agent
version_added: 0.1.0
description:
  - Reads the log of an agent that was started with C(agent.log_vport=1025). It keeps its lines until the first client
    takes them; what was read is gone for everybody else.
options:
  log_port:
    description: Port of the log in the machine of O(address).
    type: int
    default: 1025
  log_address:
    description: Address of the log, where it is not another port of O(address).
    type: str
  duration:
    description: Seconds to read.
    type: float
    default: 1.0
  max_entries:
    description: Entries after which reading ends.
    type: int
    default: 10000
  level:
    description: The least grave level that is returned.
    type: str
    choices: [critical, error, warning, info, debug, trace]
    default: trace
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: Reads nothing, because what is read is gone.
  diff_mode:
    support: none
    details: Nothing is changed but the log itself.
  idempotent:
    support: none
    details: Each line can be read once.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Warnings of an agent since it was started
  nfvlab.fleet.kata_log:
    address: hvsock:///run/kata/lab/ch-vm.sock:1024
    level: warning
  register: log

- name: Ten seconds of the log of a standalone agent
  nfvlab.fleet.kata_log:
    log_address: unix:///run/agent-log.sock
    duration: 10
"""

RETURN = r"""
entries:
  description: The entries; a line that is no JSON is an entry with C(msg) only.
  returned: success
  type: list
  elements: dict
  sample:
    - {level: INFO, msg: announce, ts: "2026-11-21T10:00:00Z", source: agent}
complete:
  description: Whether the agent has closed the connection.
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.log import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
