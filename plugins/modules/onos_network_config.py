#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_network_config
short_description: Set the network configuration of an ONOS controller
version_added: 0.1.0
description:
  - Sets what is under the keys that the task names, and leaves everything else alone; the controller writes keys of its
    own, which a comparison of the whole would take for differences.
  - All changes go out in one request.
options:
  config:
    description:
      - The wanted part of the tree, by class (V(apps), V(devices), V(ports), V(hosts), V(links), V(regions),
        V(layouts)), subject and key, as in the files of C(onos-netcfg).
      - Null for a key removes it, null for a subject removes all its keys, and with O(mode=merge) null for a field
        removes the field.
    type: dict
    required: true
  mode:
    description:
      - With V(merge), fields that are under a named key and not given stay. The controller would drop them.
      - With V(replace), what is under a named key is exactly what is given.
    type: str
    choices: [merge, replace]
    default: merge
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
attributes:
  idempotent:
    support: partial
    details: What no subsystem of the controller takes is only queued. It cannot be read back, so each run sends it
      again; a warning and RV(queued) say so.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Name a switch and where it stands
  nfvlab.fleet.onos_network_config:
    config:
      devices:
        of:0000000000000001:
          basic: {name: edge-1, latitude: 52.5, longitude: 13.4}

- name: Forget a link's configuration
  nfvlab.fleet.onos_network_config:
    config:
      links:
        of:0000000000000001/1-of:0000000000000002/1: {basic: null}
"""

RETURN = r"""
network_config:
  description: What is under the named keys, as the controller shows it; secrets masked.
  returned: success
  type: dict
  sample:
    devices: {"of:0000000000000001": {basic: {name: edge-1}}}
queued:
  description: Named keys that the controller accepted and does not show, because no subsystem takes them now.
  returned: success
  type: list
  elements: str
  sample: [apps/org.example.router/router]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /network/configuration, keys: ["devices/of:0000000000000001/basic"], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.network_config import NetworkConfig
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import run


def main() -> None:
    run(NetworkConfig("network_config"))


if __name__ == "__main__":
    main()
