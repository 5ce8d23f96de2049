#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_facts
short_description: Gather facts of Cisco IOS devices
version_added: 0.1.0
description:
  - Asks only what O(gather) names, each with one show command.
options:
  gather:
    description: What to ask.
    type: list
    elements: str
    choices: [version, interfaces, addresses, routes, neighbors, ntp, ssh, dhcp, lines, users, config]
    default: [version, interfaces, addresses]
  query:
    description: A JMESPath expression on the gathered facts; what it gives is in RV(result).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: What it is
  nfvlab.fleet.ios_facts:
    gather: [version, ssh]

- name: Names of the neighbours
  nfvlab.fleet.ios_facts:
    gather: [neighbors]
    query: "neighbors[].device"
"""

RETURN = r"""
facts:
  description: What was asked, by its name in O(gather). The configuration is a text with stars for secrets.
  returned: success
  type: dict
  sample: {version: {version: 12.4(15)T14, hostname: r1}}
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
  sample: [r2]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
