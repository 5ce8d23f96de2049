#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_ssh
short_description: SSH server of a Cisco IOS device
version_added: 0.1.0
description:
  - Version 2 needs an RSA key of 768 bits or more, see M(nfvlab.fleet.ios_rsa_key). IOS only prints a remark where it
    is missing and goes on without SSH; here it is an error.
options:
  version:
    description: Version of the protocol.
    type: int
    choices: [1, 2]
  authentication_timeout:
    description: Seconds for the login.
    type: int
  retries:
    description: Tries for the login.
    type: int
extends_documentation_fragment:
  - nfvlab.fleet.ios
  - nfvlab.fleet.ios.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Version 2 only
  nfvlab.fleet.ios_ssh:
    version: 2

- name: Little patience
  nfvlab.fleet.ios_ssh:
    version: 2
    authentication_timeout: 30
    retries: 2
"""

RETURN = r"""
ssh:
  description: What C(show ip ssh) says.
  returned: success
  type: dict
  sample: {enabled: true, version: "2.0", timeout: 120, retries: 3}
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
