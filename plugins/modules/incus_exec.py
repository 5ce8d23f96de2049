#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_exec
short_description: Run commands in an instance of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Runs one command, or several one after the other, in a running instance, and returns what they said. Neither Python
    nor an address is needed in the instance.
  - A command is a list of words. There is no shell; where one is wanted, it is a word as any other. Commands have no
    standard input.
  - A command runs each time, unless one of O(creates), O(removes) and O(unless) says that it need not.
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  command:
    description: The words of a single command. Either this or O(commands) is required.
    type: list
    elements: str
  commands:
    description:
      - Commands that run in this order. The first that fails ends the task, see O(max_failed).
      - O(environment), O(user), O(group), O(cwd), O(success_codes) and O(command_timeout) of the task hold for each
        command that does not have its own. O(creates), O(removes) and O(unless) of the task are looked at once, and
        guard all commands together.
    type: list
    elements: dict
    suboptions:
      name:
        description: What to call the command in results and messages. Without it, this is the command itself.
        type: str
      command:
        description: Its words.
        type: list
        elements: str
        required: true
      creates:
        description: A path in the instance. The command does not run when something is there.
        type: str
      removes:
        description: A path in the instance. The command does not run when nothing is there.
        type: str
      unless:
        description: The words of another command. When that ends with 0, the command does not run.
        type: list
        elements: str
      environment:
        description: Environment variables.
        type: dict
      user:
        description: Number of the user that the command runs as.
        type: int
      group:
        description: Number of the group that the command runs as.
        type: int
      cwd:
        description: Directory that the command runs in.
        type: str
      success_codes:
        description: Exit codes that are no failure.
        type: list
        elements: int
      command_timeout:
        description: Seconds that the command may take.
        type: int
  max_failed:
    description: How many of the O(commands) may fail before the rest is not run any more. The task fails if any did.
    type: int
    default: 0
  creates:
    description: A path in the instance. Nothing runs when something is there; a link counts, wherever it leads.
    type: str
  removes:
    description: A path in the instance. Nothing runs when nothing is there.
    type: str
  unless:
    description:
      - The words of a command that runs first, with the same environment, user and directory. When it ends with 0,
        nothing else runs.
      - In check mode it does not run, and counts as failed.
    type: list
    elements: str
  environment:
    description:
      - Environment variables, beside those in the instance's own C(environment.*) configuration. Numbers and booleans
        are spelled out; null leaves a variable out.
      - This is the place for secrets, as O(secret_keys) holds for it. The words of a command are shown as they are.
    type: dict
  user:
    description: Number of the user that commands run as. Only root has E(HOME) and E(USER) set by the daemon.
    type: int
  group:
    description: Number of the group that commands run as.
    type: int
  cwd:
    description: Directory that commands run in, which must be there. Without it, the daemon chooses.
    type: str
  success_codes:
    description: Exit codes that are no failure.
    type: list
    elements: int
    default: [0]
  command_timeout:
    description:
      - Seconds that a command may take, in place of O(operation_timeout). When they are over, the task fails, and the
        command is killed with everything that it has started, which takes C(/bin/sh), C(tr) and C(grep) in the
        instance.
      - What it is killed by is the variable E(NFVLAB_FLEET_EXEC), which every command finds in its environment.
    type: int
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
attributes:
  check_mode:
    support: partial
    details: Runs nothing. O(creates) and O(removes) are looked at, O(unless) is not, so it may predict a change that
      O(unless) would prevent.
  diff_mode:
    support: none
    details: What a command changes is not known.
  idempotent:
    support: none
    details: A command runs each time, unless O(creates), O(removes) or O(unless) says that it need not.
notes:
  - The result is held in memory several times, by Ansible too. What says hundreds of megabytes should write a file in
    the instance, which M(nfvlab.fleet.incus_file) fetches.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: What the routing table of an instance is
  nfvlab.fleet.incus_exec:
    project: lab
    name: edge-001
    command: [ip, route, show]
  register: routes
  changed_when: false

- name: A key pair, made once
  nfvlab.fleet.incus_exec:
    project: lab
    name: edge-001
    command: [wg-keygen, --out, /etc/wireguard/private.key]
    creates: /etc/wireguard/private.key
    environment:
      KEY_PASSPHRASE: "{{ passphrase }}"

- name: Several steps as a user of the instance
  nfvlab.fleet.incus_exec:
    project: lab
    name: edge-001
    user: 1000
    group: 1000
    cwd: /srv/app
    command_timeout: 60
    commands:
      - name: unpack
        command: [tar, -xf, app.tar]
        creates: /srv/app/VERSION
      - name: migrate
        command: [sh, -c, "./migrate && ./check"]
        unless: [./check]
"""

RETURN = r"""
results:
  description: One entry for each command, in order, also for those that did not run and when the task failed.
  returned: always, once the options are accepted
  type: list
  elements: dict
  contains:
    name:
      description: The command's name.
      type: str
    cmd:
      description: The words of the command.
      type: list
      elements: str
    ran:
      description: Whether it ran.
      type: bool
    failed:
      description: Whether it failed.
      type: bool
    rc:
      description: Exit code; null when it did not run, or when it went on after its time was over.
      type: int
    stdout:
      description: Standard output. Bytes that are not UTF-8 are replaced.
      type: str
    stderr:
      description: Standard error.
      type: str
    stdout_lines:
      description: The lines of the standard output.
      type: list
      elements: str
    stderr_lines:
      description: The lines of the standard error.
      type: list
      elements: str
    duration:
      description: Seconds that it took.
      type: float
    msg:
      description: Why it failed or did not run.
      type: str
  sample:
    - name: ip route show
      cmd: [ip, route, show]
      ran: true
      failed: false
      rc: 0
      stdout: "default via 10.77.0.1 dev eth0\n"
      stderr: ""
      stdout_lines: [default via 10.77.0.1 dev eth0]
      stderr_lines: []
      duration: 0.061
      msg: ""
cmd:
  description: The words of the command.
  returned: when there is a single command
  type: list
  elements: str
  sample: [ip, route, show]
rc:
  description: Exit code, as in RV(results[].rc).
  returned: when there is a single command
  type: int
  sample: 0
stdout:
  description: Standard output.
  returned: when there is a single command
  type: str
  sample: "default via 10.77.0.1 dev eth0\n"
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
  sample: [default via 10.77.0.1 dev eth0]
stderr_lines:
  description: The lines of the standard error.
  returned: when there is a single command
  type: list
  elements: str
  sample: []
duration:
  description: Seconds that it took.
  returned: when there is a single command
  type: float
  sample: 0.061
actions:
  description:
    - What was sent, in order; in check mode what would be sent. Values are never shown.
    - The daemon keeps what a command says until that is deleted, which is done after reading it and not listed here.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/instances/edge-001/exec?project=lab", keys: [command, user], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.exec import run_exec


def main() -> None:
    run_exec()


if __name__ == "__main__":
    main()
