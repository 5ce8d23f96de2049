# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of the SDN controller share."""

    # How to reach the controller, and what every module of this system does.
    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the controller's REST interface, as the managed host reaches it.
      - The connection is not encrypted, and carries the password; use the controller's own host, or a network that
        nobody else is on.
      - Taken from E(ONOS_URL) where not given.
    type: str
    default: http://127.0.0.1:8181
  username:
    description:
      - An account of the controller. Changes need one of the admin group.
      - Taken from E(ONOS_WEB_USER) where not given.
    type: str
  password:
    description:
      - Its password.
      - Taken from E(ONOS_WEB_PASS) where not given.
    type: str
  timeout:
    description: Seconds that one call may take. Changes of applications may keep the controller silent for two, and a
      starting controller for more than five.
    type: float
    default: 30.0
  ready_timeout:
    description:
      - Seconds to wait until every node of the controller's cluster is READY, before anything else is asked.
      - With V(0), a controller that is still starting is an error.
    type: float
    default: 0.0
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
    description: Use C(group/nfvlab.fleet.onos) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.onos
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
notes:
  - For ONOS 2.x, as 2.7.0 was seen to answer; 1.13 is spoken to without what it lacks (the health of applications).
  - In check mode, a controller that does not listen yet counts as a new and empty one.
"""

    SECRETS = r"""
options:
  secret_keys:
    description:
      - Names or shell patterns of keys whose values are secrets. They are shown as stars in results, diffs and logs.
      - Keys whose name says so (password, passphrase, secret, token, credential, private key) always are.
    type: list
    elements: str
    default: []
"""

    # The controller's shell, which is on the host of O(url).
    SHELL = r"""
options:
  ssh_port:
    description: Port of the controller's shell.
    type: int
    default: 8101
  known_hosts:
    description: File with the controller's host key, instead of that of the user on the managed host. The key is always
      checked, but for a loopback address without this option.
    type: path
requirements:
  - The OpenSSH client on the managed host
"""

    # Modules that write files of the controller and talk to none.
    LOCAL = r"""
options: {}
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
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
"""
