#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_user
short_description: Manage the accounts of an ONOS controller
version_added: 0.1.0
description:
  - Writes one account into C(etc/users.properties) of a controller on the managed host. The controller reads the file
    anew at each request, so nothing has to be restarted.
  - A release ships the accounts C(onos), C(karaf) and C(guest) with passwords that everybody knows.
options:
  name:
    description: Name of the account.
    type: str
    required: true
  password:
    description: Its password, without commas, spaces and backslashes. The file holds it as it is.
    type: str
  group:
    description: V(admin) may do everything, V(viewer) may read over the REST interface.
    type: str
    choices: [admin, viewer]
    default: admin
  remove_shipped:
    description: Remove the shipped accounts that still have their shipped passwords, other than O(name).
    type: bool
    default: false
  path:
    description: Path of the file. By default it is looked for where the role C(onos) installs (C(/opt/onos)).
    type: path
  state:
    description: Whether the account is there. The last one of the admin group is not removed.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.onos.local
  - nfvlab.fleet.onos.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: An account of one's own instead of those that everybody knows
  nfvlab.fleet.onos_user:
    name: ops
    password: "{{ vault_onos_password }}"
    remove_shipped: true

- name: Take an account away
  nfvlab.fleet.onos_user:
    name: trainee
    state: absent
"""

RETURN = r"""
accounts:
  description: All accounts, with their groups as the file names them.
  returned: success
  type: dict
  sample: {ops: admingroup}
actions:
  description: The file that was written, with the names of the changed accounts; in check mode what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {write: /opt/onos/apache-karaf-4.2.9/etc/users.properties, keys: [guest, karaf, onos, ops], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.user import run


def main() -> None:
    run()


if __name__ == "__main__":
    main()
