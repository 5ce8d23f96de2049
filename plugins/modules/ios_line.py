#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_line
short_description: Lines (console, auxiliary, terminal) of a Cisco IOS device
version_added: 0.1.0
description:
  - Lines whose settings are alike are one block in the configuration, others are apart; a range may cross them.
options:
  name:
    description: Kind and numbers, for example V(con 0), V(aux 0) or V(vty 0 15).
    type: str
    required: true
  password:
    description: Password of O(login=line).
    type: str
  login:
    description: Whether nothing is asked, the line's password, or a local user.
    type: str
    choices: [none, line, local]
  exec_timeout:
    description: Seconds after which an idle session ends. V(0) is never.
    type: int
  logging_synchronous:
    description: Whether messages leave what is typed alone.
    type: bool
  access_class:
    description: Access list that decides who may connect.
    type: str
  privilege_level:
    description: Privilege level of a session.
    type: int
  transport_input:
    description: Protocols that may come in, V(all) or V(none) alone.
    type: list
    elements: str
    choices: [all, none, ssh, telnet]
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: SSH only, with users
  nfvlab.fleet.ios_line:
    name: vty 0 15
    login: local
    transport_input: [ssh]
    exec_timeout: 600

- name: The console
  nfvlab.fleet.ios_line:
    name: con 0
    password: "{{ console_password }}"
    login: line
    logging_synchronous: true
"""

RETURN = r"""
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
