#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_cli
short_description: Run a command in the shell of an ONOS controller
version_added: 0.1.0
description:
  - Runs one command in the controller's own shell over SSH, with the OpenSSH client of the managed host.
  - The shell ends with 0 also where a command did nothing (an unknown application, a value that it refuses), so what it
    prints is looked at as well.
  - Prefer the other modules for changes; this one cannot tell what a command does.
options:
  command:
    description: The command, such as V(summary) or V(apps -j -s).
    type: str
    required: true
  output:
    description: With V(json), what the command prints is returned as RV(json) too. The command itself has to ask for
      JSON, mostly with C(-j).
    type: str
    choices: [text, json]
    default: text
  changes:
    description:
      - Whether the command changes something. It is not run in check mode then, and the result is always changed.
      - Set V(false) for commands that only read.
    type: bool
    default: true
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.shell
  - nfvlab.fleet.onos.secrets
attributes:
  check_mode:
    support: partial
    details: A command that changes something is only named.
  diff_mode:
    support: none
    details: What a command does is not known.
  idempotent:
    support: none
    details: The command runs each time.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Types and defaults of a component's properties, which only the shell shows
  nfvlab.fleet.onos_cli:
    command: cfg -j get org.onosproject.fwd.ReactiveForwarding
    output: json
    changes: false

- name: Forget everything but applications
  nfvlab.fleet.onos_cli:
    command: wipe-out please
"""

RETURN = r"""
stdout:
  description: What the command printed, without colours.
  returned: when it was run
  type: str
  sample: "    flowTimeout=30\n"
json:
  description: The same as JSON.
  returned: when it was run, with O(output=json)
  type: raw
  sample: {componentName: org.onosproject.fwd.ReactiveForwarding}
actions:
  description: The command, if it changes something.
  returned: always
  type: list
  elements: dict
  sample:
    - {cli: wipe-out please, sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import SECRET_KEYS, FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.cli import OPTIONS, SHELL, work


def main() -> None:
    module = FleetModule({**SHELL, **OPTIONS, **SECRET_KEYS})
    module.run(lambda: work(module))


if __name__ == "__main__":
    main()
