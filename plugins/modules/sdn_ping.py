#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sdn_ping
short_description: Ping between all hosts of a fabric, and hold the result against what is expected
version_added: 0.1.0
description:
  - Sends echo requests from each host to each other one, all at once and without a program in any of them, so it works
    for namespaces and for instances whatever their image has.
  - That nothing arrives can be expected too. Without that control a ping proves no controller, see the role
    M(nfvlab.fleet.sdn_fabric) and its verification.
options:
  name:
    description: Name of the fabric.
    type: str
    required: true
  hosts:
    description: Only these hosts; all that have an IPv4 address where not given.
    type: list
    elements: str
  expect:
    description: Which pairs are to reach each other. With V(any), the task succeeds whatever is found.
    type: str
    choices: [all, none, any]
    default: all
  count:
    description: Requests to each host before it counts as not reached, 0.3 seconds apart.
    type: int
    default: 3
  wait:
    description: Seconds within which the result is to become what is expected.
    type: float
    default: 0.0
extends_documentation_fragment:
  - nfvlab.fleet.sdn
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
seealso:
  - module: nfvlab.fleet.sdn_fabric
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: While the forwarding is inactive nobody reaches anybody
  nfvlab.fleet.sdn_ping:
    name: lab
    expect: none

- name: Within ten seconds from its activation everybody reaches everybody
  nfvlab.fleet.sdn_ping:
    name: lab
    wait: 10
"""

RETURN = r"""
matrix:
  description: For each host and each other one the milliseconds to the first answer, null where there was none.
  returned: success
  type: dict
  sample: {h1: {h2: 0.412}, h2: {h1: 0.388}}
pairs:
  description: Number of pairs.
  returned: success
  type: int
  sample: 2
reached:
  description: Number of those that reach each other.
  returned: success
  type: int
  sample: 2
summary:
  description: What the summary of a site shows.
  returned: success
  type: list
  elements: list
  sample: [["fabric 'lab'", "2 of 2 pairs", "reach each other"]]
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.module import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.ping import OPTIONS, work


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
