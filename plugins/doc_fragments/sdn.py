# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of the fabric share."""

    DOCUMENTATION = r"""
options:
  db:
    description: Where the database of Open vSwitch listens.
    type: str
    default: unix:/run/openvswitch/db.sock
  timeout:
    description: Seconds that Open vSwitch may take to do what it is told.
    type: int
    default: 30
requirements:
  - Open vSwitch and iproute2 on the managed host (Debian packages C(openvswitch-switch), C(iproute2))
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.sdn) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.sdn
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later.
    support: full
    platforms: linux
"""

    # Without a database.
    LOCAL = r"""
options:
  timeout:
    description: Seconds that Open vSwitch may take to do what it is told.
    type: int
    default: 30
requirements:
  - Open vSwitch and iproute2 on the managed host (Debian packages C(openvswitch-switch), C(iproute2))
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later.
    support: full
    platforms: linux
"""
