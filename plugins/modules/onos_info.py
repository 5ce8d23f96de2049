#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_info
short_description: Read what an ONOS controller knows
version_added: 0.1.0
description:
  - Reads collections of a controller, each with one request.
  - Only what changes nothing is asked; C(GET /mastership) of this controller, for one, moves switches between nodes.
options:
  gather:
    description:
      - The collections. V(components) are the properties of all components, V(statistics) those of ports, V(paths) the
        shortest paths from O(source) to O(destination).
    type: list
    elements: str
    choices: [applications, components, devices, ports, links, hosts, flows, paths, topology, intents, statistics,
      network_config, cluster, system]
    default: [system, cluster, applications]
  device:
    description: Only this switch, for V(devices), V(ports) and V(flows).
    type: str
  app:
    description: Only the V(flows) of this application.
    type: str
  source:
    description: Id of a host (V(00:00:00:00:00:01/None)) or switch, where V(paths) begin.
    type: str
  destination:
    description: Where V(paths) end.
    type: str
  query:
    description:
      - A JMESPath expression. What it makes of RV(objects) is returned as RV(result).
      - It is evaluated on the controller of Ansible, which needs the Python library C(jmespath).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Wait for the controller, and see which switches it has
  nfvlab.fleet.onos_info:
    ready_timeout: 180
    gather: [cluster, devices]
    query: "devices[?available].id"
  register: switches

- name: The way between two hosts
  nfvlab.fleet.onos_info:
    gather: [paths]
    source: 00:00:00:00:00:01/None
    destination: 00:00:00:00:00:02/None
"""

RETURN = r"""
objects:
  description: For each collection a list of its objects as the controller gives them; secrets masked.
  returned: success
  type: dict
  sample:
    devices:
      - {id: "of:0000000000000001", available: true, mfr: "Nicira, Inc."}
result:
  description: What O(query) made of the objects.
  returned: when O(query) is given
  type: raw
  sample: ["of:0000000000000001"]
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.info import run_info


def main() -> None:
    run_info()


if __name__ == "__main__":
    main()
