#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_integration
short_description: Manage network integrations of an Incus daemon
version_added: 0.1.0
description:
  - Creates, changes, renames and deletes a network integration, the interconnection of this daemon's OVN with that of
    others, over which networks become peers (see M(nfvlab.fleet.incus_network_peer)).
options:
  name:
    description: Name of the integration.
    type: str
    required: true
  type:
    description: Type of the integration. A new one without it is V(ovn). It cannot be changed afterwards.
    type: str
    choices: [ovn]
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.rename
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The interconnection of two sites
  nfvlab.fleet.incus_network_integration:
    name: sites
    config:
      ovn.northbound_connection: tcp:[203.0.113.12]:6645
      ovn.southbound_connection: tcp:[203.0.113.12]:6646

- name: The integration is gone
  nfvlab.fleet.incus_network_integration:
    name: sites
    state: absent
"""

RETURN = r"""
network_integration:
  description: The integration as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: sites
    description: ""
    type: ovn
    config: {ovn.northbound_connection: "tcp:[203.0.113.12]:6645"}
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/network-integrations, keys: [name, type], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

NETWORK_INTEGRATION = Record(
    "network_integration",
    "network-integrations",
    extension="network_integrations",
    renames=True,
    fields=(
        Choice("type", ["ovn"], default="ovn", immutable=True),
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
    ),
)


def main() -> None:
    run(NETWORK_INTEGRATION)


if __name__ == "__main__":
    main()
