#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_save
short_description: Save the running configuration of Cisco IOS, if it differs
version_added: 0.1.0
description:
  - Compares the running configuration with the saved one and copies only where they differ. Volatile lines, such as the
    time of the last change, make no difference.
options: {}
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Save
  nfvlab.fleet.ios_save:

- name: Say whether somebody changed the device and did not save
  nfvlab.fleet.ios_save:
  check_mode: true
  register: unsaved
"""

RETURN = r"""
actions:
  description: The command that was sent; in check mode the one that would be.
  returned: success
  type: list
  elements: dict
  sample: [{line: copy running-config startup-config, sent: true}]
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
