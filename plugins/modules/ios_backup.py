#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_backup
short_description: Back up and restore the configuration of Cisco IOS
version_added: 0.1.0
description:
  - Writes the running configuration to a file on the controller, without volatile lines, so that it changes only when
    the configuration does.
  - O(state=restored) makes the configuration that of the file, as M(nfvlab.fleet.ios_config) with C(replaced) does; in
    check mode it shows what would be sent.
options:
  path:
    description: The file on the controller. Folders above it are made.
    type: path
    required: true
  redact:
    description:
      - Write stars for secrets. Such a file is not restored.
      - A file with secrets is readable for its owner only.
    type: bool
    default: true
  state:
    description: Whether to write the file, or to restore the device from it.
    type: str
    choices: [saved, restored]
    default: saved
  purge_unknown:
    description: With O(state=restored), also take away lines that the grammar does not know.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A backup to be read by anybody
  nfvlab.fleet.ios_backup:
    path: "backup/{{ inventory_hostname }}.cfg"

- name: What a restore would do
  nfvlab.fleet.ios_backup:
    path: "/var/backups/{{ inventory_hostname }}.cfg"
    state: restored
  check_mode: true
  diff: true
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: backup/r1.cfg
actions:
  description: Lines that were sent, in order, with the section they stand in; in check mode those that would be.
  returned: always, once the device was read
  type: list
  elements: dict
  sample:
    - {line: ip address 172.16.0.1 255.255.0.0, path: [interface FastEthernet0/0], sent: true}
applied:
  description: Lines that the device took.
  returned: when something was sent
  type: list
  elements: str
  sample: [interface FastEthernet0/0, ip address 172.16.0.1 255.255.0.0]
rejected:
  description: Lines that the device refused, with its answer.
  returned: when something was sent
  type: list
  elements: dict
  sample: []
not_sent:
  description: Lines that were not sent any more.
  returned: when something was sent
  type: list
  elements: str
  sample: []
unknown:
  description: Lines that were under way when the session broke.
  returned: when something was sent
  type: list
  elements: str
  sample: []
mismatch:
  description: Where the configuration came out other than predicted.
  returned: when something was sent
  type: list
  elements: str
  sample: []
rolled_back:
  description: Whether the guard took back what had been applied.
  returned: when something was sent
  type: bool
  sample: false
guard:
  description: What guarded the change.
  returned: when something was sent
  type: str
  sample: inverse
saved:
  description: Whether the running configuration was saved.
  returned: when something was sent
  type: bool
  sample: false
unmanaged:
  description: Lines of the device that are not in the intent, and that stayed because the grammar does not know them.
  returned: always, once the device was read
  type: list
  elements: str
  sample: []
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
