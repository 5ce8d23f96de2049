#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_exec
short_description: Run commands in a container of a Kata agent
version_added: 0.1.0
description:
  - Runs commands in a container without a shell, one after the other over one connection, and returns their exit codes
    and output.
  - Both streams are read to their end before the command is waited for, because an agent drops what was not read. A
    child
    that stays behind and keeps a stream open does not hold the task up.
options:
  container_id:
    description: Id of the container.
    type: str
    required: true
  command:
    description: Words of the command, the first one being the program.
    type: list
    elements: str
  commands:
    description: Several commands in place of O(command). What one does not have is taken from the task.
    type: list
    elements: dict
    suboptions:
      name:
        description: A name for the result.
        type: str
      command:
        description: Words of the command.
        type: list
        elements: str
        required: true
      environment:
        description:
          - Environment variables, beside those in the container's own. Null leaves a variable out.
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
        description: Directory to run in, V(/) where not given.
        type: str
      capabilities:
        description: Capabilities; without the option those of the container.
        type: list
        elements: str
      terminal:
        description: Whether the command has a terminal. Both its streams are then one, with line ends of a terminal.
        type: bool
      stdin:
        description: Standard input. It is closed after that, also where nothing is given.
        type: str
      unless:
        description: Words of a command that runs first. When it ends with 0, nothing else runs. It does not run in
          check mode.
        type: list
        elements: str
      success_codes:
        description: Exit codes that are no failure, V([0]) where not given.
        type: list
        elements: int
      command_timeout:
        description: Seconds that the command may take, 60 where not given. Then it is killed and the task fails.
        type: float
      output_limit:
        description: Bytes of each stream that are kept, 16 MiB where not given. The rest is read and dropped.
        type: int
  max_failed:
    description: Commands that may fail before the rest does not run any more. The task fails if any did.
    type: int
    default: 0
  environment:
    description:
      - Environment variables, beside those in the container's own. Null leaves a variable out.
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
    description: Directory to run in, V(/) where not given.
    type: str
  capabilities:
    description: Capabilities; without the option those of the container.
    type: list
    elements: str
  terminal:
    description: Whether the command has a terminal. Both its streams are then one, with line ends of a terminal.
    type: bool
  stdin:
    description: Standard input. It is closed after that, also where nothing is given.
    type: str
  unless:
    description: Words of a command that runs first. When it ends with 0, nothing else runs. It does not run in check
      mode.
    type: list
    elements: str
  success_codes:
    description: Exit codes that are no failure, V([0]) where not given.
    type: list
    elements: int
  command_timeout:
    description: Seconds that the command may take, 60 where not given. Then it is killed and the task fails.
    type: float
  output_limit:
    description: Bytes of each stream that are kept, 16 MiB where not given. The rest is read and dropped.
    type: int
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: Runs nothing, O(unless) included, so it may predict a change that O(unless) would prevent.
  diff_mode:
    support: none
    details: What a command changes is not known.
  idempotent:
    support: none
    details: A command runs each time, unless O(unless) says that it need not.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The routes that a container sees
  nfvlab.fleet.kata_exec:
    address: unix:///run/agent.sock
    container_id: web
    command: [ip, route]
  register: routes
  changed_when: false

- name: A database, made once
  nfvlab.fleet.kata_exec:
    address: unix:///run/agent.sock
    container_id: db
    command_timeout: 120
    commands:
      - command: [initdb, /data]
        unless: [test, -e, /data/PG_VERSION]
      - command: [psql]
        stdin: "{{ lookup('file', 'schema.sql') }}"
"""

RETURN = r"""
results:
  description: One entry for each command, in order, also for those that did not run and when the task failed.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - name: ip route
      cmd: [ip, route]
      ran: true
      failed: false
      rc: 0
      stdout: "default via 192.0.2.1\n"
      stderr: ""
      stdout_lines: [default via 192.0.2.1]
      stderr_lines: []
      truncated: false
      duration: 0.01
      msg: ""
cmd:
  description: The words of the command.
  returned: when there is a single command
  type: list
  elements: str
  sample: [ip, route]
rc:
  description: Exit code, as in RV(results).
  returned: when there is a single command
  type: int
  sample: 0
stdout:
  description: Standard output. Bytes that are not UTF-8 are replaced.
  returned: when there is a single command
  type: str
  sample: "default via 192.0.2.1\n"
stderr:
  description: Standard error.
  returned: when there is a single command
  type: str
  sample: ""
stdout_lines:
  description: The lines of the standard output.
  returned: when there is a single command
  type: list
  elements: str
  sample: [default via 192.0.2.1]
stderr_lines:
  description: The lines of the standard error.
  returned: when there is a single command
  type: list
  elements: str
  sample: []
truncated:
  description: Whether more came than was kept.
  returned: when there is a single command
  type: bool
  sample: false
duration:
  description: Seconds that it took.
  returned: when there is a single command
  type: float
  sample: 0.01
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: ExecProcess, keys: [Args, Cwd, Env, Terminal, User], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.exec import OPTIONS, RULES, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work, **RULES)


if __name__ == "__main__":
    main()
