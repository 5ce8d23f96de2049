# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of the guest API share."""

    # How to reach the API, and what every module of this system does.
    DOCUMENTATION = r"""
options:
  socket:
    description:
      - Path of the guest API's socket in the instance.
      - Without it, E(INCUS_GUEST_SOCKET) is looked at, then C(/dev/incus/sock) and C(/dev/lxd/sock), of which the first
        that exists is used.
    type: path
  timeout:
    description: Seconds that the guest API may be silent while it answers.
    type: float
    default: 30.0
"""

    # What is the same for all of them, with the API or without.
    ATTRIBUTES = r"""
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
    description: Use C(group/nfvlab.fleet.guest) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.guest
  platform:
    description: Instances of an Incus or LXD daemon. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
notes:
  - The module runs inside the instance, as root, over any connection that reaches it.
  - The host must let the instance use the API, which it does unless C(security.guestapi), or with LXD
    C(security.devlxd), is V(false) there.
  - Works with Incus 6.0 and later and with LXD 5.0 and later.
"""

    SECRETS = r"""
options:
  secret_keys:
    description:
      - Names or shell patterns of keys whose values are secrets. They are shown as stars in results, diffs and logs.
      - Keys whose name says so (password, passphrase, secret, token, credential, private key) and cloud-init user
        data always are.
    type: list
    elements: str
    default: []
"""
