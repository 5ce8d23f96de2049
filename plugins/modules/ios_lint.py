#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ios_lint
short_description: Find what is wrong with a Cisco IOS configuration, without a device
version_added: 0.1.0
description:
  - "Reads a configuration as a person writes it (abbreviated, flat or indented) and names each line that a device would
    not take, with what it may have been meant as: unknown, ambiguous and incomplete commands, values out of range,
    control characters, lines that are too long."
  - Names contradictions within the text as well, such as overlapping addresses, secondary addresses without a primary
    one, access lists that are applied and not there, lines that let nobody in, and secrets that can be read.
  - Lines that begin with a word of IOS which this collection does not model are no finding.
options:
  text:
    description: The configuration. Exactly one of O(text) and O(path) is needed.
    type: str
  path:
    description: A file with the configuration, on the host that the module runs on.
    type: path
  dialect:
    description:
      - Whose commands these are. V(classic) is IOS 12.4 to 15, V(xe) is IOS XE 16 to 17.
      - V(auto) goes by the text's C(version), and takes V(classic) where there is none.
    type: str
    choices: [auto, classic, xe]
    default: auto
  unverified:
    description: Note each line whose meaning this collection has from general knowledge and not from a document or
      a captured device.
    type: bool
    default: false
  fail_on:
    description: From which severity on the task fails.
    type: str
    choices: [error, warning, note, never]
    default: error
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: none
    details: It changes nothing.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates
      no change.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: posix
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The intent is fit to be pushed
  nfvlab.fleet.ios_lint:
    path: "{{ playbook_dir }}/intents/{{ inventory_hostname }}.cfg"
  delegate_to: localhost

- name: Findings without a failure
  nfvlab.fleet.ios_lint:
    dialect: xe
    fail_on: never
    text: |
      ip subset-zero
      interface gi1
       ip address 10.0.0.1 255.255.255.0 secondary
  register: linted
"""

RETURN = r"""
findings:
  description: What was found, in the order of the text. Secrets in it are masked.
  returned: always
  type: list
  elements: dict
  contains:
    line:
      description: The line, from 1.
      type: int
    column:
      description: Where in the line, from 1, without its indentation.
      type: int
    severity:
      description: C(error) (a device would refuse or misread it), C(warning) or C(note).
      type: str
    rule:
      description: The kind of finding, such as C(unknown), C(ambiguous), C(overlap) or C(reference).
      type: str
    message:
      description: What is wrong, with what it may have been meant as.
      type: str
    text:
      description: The line.
      type: str
  sample:
    - line: 1
      column: 7
      severity: error
      rule: unknown
      message: unknown at 'subset-zero'; did you mean 'subnet-zero'?
      text: ip subset-zero
counts:
  description: How many findings there are of each severity.
  returned: always
  type: dict
  sample: {error: 1, note: 0, warning: 2}
dialect:
  description: Whose commands were looked for.
  returned: always
  type: str
  sample: classic
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.lint import OPTIONS, work


def main() -> None:
    either = [("text", "path")]
    module = FleetModule(OPTIONS, Secrets(["text"]), mutually_exclusive=either, required_one_of=either)
    module.run(lambda: work(module.task()))


if __name__ == "__main__":
    main()
