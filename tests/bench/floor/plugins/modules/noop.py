# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: noop
short_description: The floor of a state module
description: Takes the options of a record with configuration and devices, does nothing and ends with C(changed=false).
options:
  project: {description: Not used., type: str}
  name: {description: Not used., type: str}
  description: {description: Not used., type: str}
  config: {description: Not used., type: dict}
  devices: {description: Not used., type: dict}
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

from ansible.module_utils.basic import AnsibleModule

OPTIONS = {
    "project": {"type": "str"},
    "name": {"type": "str"},
    "description": {"type": "str"},
    "config": {"type": "dict"},
    "devices": {"type": "dict"},
}


def main() -> None:
    """Read the options and end."""
    AnsibleModule(OPTIONS, supports_check_mode=True).exit_json(changed=False)


if __name__ == "__main__":
    main()
