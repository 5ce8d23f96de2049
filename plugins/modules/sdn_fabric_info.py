#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sdn_fabric_info
short_description: Read fabrics of Open vSwitch with their controllers, ports and hosts
version_added: 0.1.0
description:
  - Reads what there is of the fabrics that M(nfvlab.fleet.sdn_fabric) made, and changes nothing.
options:
  name:
    description: Name of a fabric; all where not given.
    type: str
  query:
    description: A JMESPath expression that is applied to the objects on the controller. It needs C(jmespath) there.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.sdn
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The switches whose controller does not answer
  nfvlab.fleet.sdn_fabric_info:
    name: lab
    query: "[0].switches[?!controllers[?connected]].name"
  register: lonely

- name: All fabrics
  nfvlab.fleet.sdn_fabric_info:
"""

RETURN = r"""
objects:
  description: The fabrics.
  returned: success
  type: list
  elements: dict
  sample:
    - name: lab
      switches:
        - name: s1
          dpid: "0000000000000001"
          datapath: netdev
          fail_mode: secure
          protocols: [OpenFlow13]
          controllers: [{target: "tcp:127.0.0.1:6653", connected: true, role: master, why: ""}]
          ports: [{name: s1-eth1, number: 1, up: true, error: "", host: h1, foreign: false}]
      hosts:
        - {name: h1, mac: "00:00:00:00:00:01", addresses: [10.0.0.1/8], up: true}
result:
  description: What O(query) made of the objects.
  returned: when O(query) is given
  type: raw
  sample: []
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.info import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
