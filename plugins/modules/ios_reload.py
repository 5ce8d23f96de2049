#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Runs as an action plugin on the controller; here is its documentation.

DOCUMENTATION = r"""
module: ios_reload
short_description: Restart a Cisco IOS device
version_added: 0.1.0
description:
  - Restarts the device, and waits until it answers again. Changes that are not saved are lost, so they must be saved,
    or O(discard) be set.
options:
  confirm:
    description: Must be V(true).
    type: bool
    default: false
  discard:
    description: Restart although the running configuration is not the saved one.
    type: bool
    default: false
  wait:
    description: Wait until the device answers again.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most.
    type: float
    default: 600.0
extends_documentation_fragment:
  - nfvlab.fleet.ios
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Restart
  nfvlab.fleet.ios_reload:
    confirm: true

- name: Restart as it was saved, without what was changed since
  nfvlab.fleet.ios_reload:
    confirm: true
    discard: true
"""

RETURN = r"""
actions:
  description: The command that was sent; in check mode the one that would be.
  returned: success
  type: list
  elements: dict
  sample: [{line: reload, sent: true}]
uptime:
  description: What the device says of its uptime afterwards.
  returned: success, with O(wait=true)
  type: str
  sample: 0 minutes
device:
  description: The device as it calls itself.
  returned: once it was reached
  type: dict
  sample: {hostname: r1, dialect: classic}
"""
