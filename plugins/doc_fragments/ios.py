# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of Cisco IOS share."""

    # How to reach the device, and what every module of this system does.
    DOCUMENTATION = r"""
options:
  timeout:
    description: Seconds of silence after which the device counts as hanging. Default is the inventory's
      C(ansible_command_timeout), else V(30).
    type: float
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
    description: Use C(group/nfvlab.fleet.ios) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.ios
  platform:
    description: Devices that the module speaks with. It runs on the controller and needs C(asyncssh) there.
    support: full
    platforms: Cisco IOS 12.4 to 15, Cisco IOS XE 16 to 17
notes:
  - Runs on the controller, as an action of its own. The device is reached by the inventory variables that
    C(ansible.netcommon.network_cli) reads, among them C(ansible_host), C(ansible_port), C(ansible_user),
    C(ansible_password), C(ansible_ssh_private_key_file), C(ansible_become_password) and
    C(ansible_host_key_checking); see C(docs/ios.md) for all. C(ansible_connection) may stay what it is.
  - Secrets are stars in results, differences, actions and at every verbosity.
"""

    # Modules that change the configuration.
    CONFIG = r"""
options:
  guard:
    description:
      - What takes a change back when it fails, cuts the session off, or comes out other than predicted.
      - V(auto) takes the first that the device can do of V(revert_timer) (it needs an archive that is configured
        already), V(replace) (C(configure replace) with a file system that can be written) and V(inverse) (the lines
        that undo what was applied).
      - V(reload) restarts the device when nobody confirms. It is for devices whose running configuration is the saved
        one, and never chosen by itself.
      - V(none) leaves what was applied.
    type: str
    choices: [auto, revert_timer, replace, inverse, reload, none]
    default: auto
  guard_minutes:
    description: Minutes after which the timer of V(revert_timer) or V(reload) takes the change back.
    type: int
    default: 5
  allow_lockout:
    description: Allow lines that change the path that this session came in by, or may do so where it was not found.
    type: bool
    default: false
  save:
    description: Save the running configuration after a change that was verified.
    type: bool
    default: false
"""
