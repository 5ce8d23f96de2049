#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_host
short_description: Tell an ONOS controller of hosts
version_added: 0.1.0
description:
  - Adds a host that the controller need not learn, with its addresses and where it is attached.
options:
  mac:
    description: MAC address.
    type: str
    required: true
  vlan:
    description: VLAN, 1 to 4094. Without it, the host's frames have no tag.
    type: int
  ip_addresses:
    description: All IP addresses. Not given, they stay as they are.
    type: list
    elements: str
  locations:
    description: Where it is attached, as V(of:0000000000000001/2). A new host needs one.
    type: list
    elements: str
  state:
    description: Whether the controller knows the host.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A host that never speaks first
  nfvlab.fleet.onos_host:
    mac: 00:00:00:00:00:01
    ip_addresses: [192.0.2.1]
    locations: ["of:0000000000000001/1"]

- name: Forget it
  nfvlab.fleet.onos_host:
    mac: 00:00:00:00:00:01
    state: absent
"""

RETURN = r"""
host:
  description: The host as the controller shows it, or null.
  returned: success
  type: dict
  sample:
    {id: "00:00:00:00:00:01/None", ipAddresses: [192.0.2.1]}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /hosts, keys: [state, ip_addresses, locations], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.host import Host
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import run


def main() -> None:
    run(Host("host"))


if __name__ == "__main__":
    main()
