#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_console_log
short_description: Read or clear the console log of an instance of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Reads what an instance has written to its console, or empties that.
  - A daemon hands out what a running container wrote once only, so it is what was written since somebody last read it,
    also in check mode. When the container has stopped, all of it is there again.
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  lines:
    description: How many lines to read, from the end. Without it, all.
    type: int
  state:
    description:
      - With V(read), nothing changes.
      - With V(cleared), the log is empty. It is shown in the diff before it goes.
    type: str
    choices: [read, cleared]
    default: read
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The end of what it said
  nfvlab.fleet.incus_console_log:
    project: lab
    name: edge-01
    lines: 20
  register: said

- name: A fresh log before the next start
  nfvlab.fleet.incus_console_log:
    project: lab
    name: edge-01
    state: cleared
"""

RETURN = r"""
console_log:
  description: The log, as C(text).
  returned: success
  type: dict
  sample:
    text: "Welcome to Debian\n"
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: DELETE, path: "/1.0/instances/edge-01/console?project=lab", keys: [], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.console import ConsoleLog
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(ConsoleLog())


if __name__ == "__main__":
    main()
