#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_console
short_description: Run a command on the debug console of a Kata agent
version_added: 0.1.0
description:
  - Runs one shell command in the guest itself, beside the containers, and returns its exit code, which the console by
    itself does not tell.
  - The agent must have been started with C(agent.debug_console) and C(agent.debug_console_vport=1026), and the
    guest must
    have bash. Anybody who reaches the console is root in the guest.
options:
  command:
    description: The command, for C(sh -c). It has no standard input.
    type: str
    required: true
  console_port:
    description: Port of the console in the machine of O(address).
    type: int
    default: 1026
  console_address:
    description: Address of the console, where it is not another port of O(address).
    type: str
  success_codes:
    description: Exit codes that are no failure.
    type: list
    elements: int
    default: [0]
  command_timeout:
    description: Seconds that the command may take. When they are over, the task fails; the command goes on.
    type: float
    default: 60.0
  output_limit:
    description: Bytes of output that are kept.
    type: int
    default: 1048576
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: Runs nothing and counts as a change.
  diff_mode:
    support: none
    details: What a command changes is not known.
  idempotent:
    support: none
    details: The command runs each time.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: What hangs in the guest
  nfvlab.fleet.kata_console:
    address: hvsock:///run/kata/lab/ch-vm.sock:1024
    command: ps -eo pid,stat,wchan,args
  register: processes
  changed_when: false

- name: The same through the runtime
  nfvlab.fleet.kata_console:
    runtime_sandbox: "{{ sandbox_id }}"
    command: dmesg | tail -n 20
"""

RETURN = r"""
rc:
  description: Exit code; null in check mode.
  returned: always, once the options are accepted
  type: int
  sample: 0
stdout:
  description: What came on the terminal, both streams in one.
  returned: always, once the options are accepted
  type: str
  sample: "kata\n"
stdout_lines:
  description: Its lines.
  returned: always, once the options are accepted
  type: list
  elements: str
  sample: [kata]
truncated:
  description: Whether more came than was kept.
  returned: always, once the options are accepted
  type: bool
  sample: false
actions:
  description: The console that was used.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {console: "hvsock:///run/kata/lab/ch-vm.sock:1026", sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.console import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
