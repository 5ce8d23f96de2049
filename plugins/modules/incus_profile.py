#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_profile
short_description: Manage profiles of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a profile, which is configuration and devices that instances share.
  - The profile V(default) goes with its project only. O(state=absent) empties it.
options:
  name:
    description: Name of the profile.
    type: str
    required: true
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
  - nfvlab.fleet.incus.devices
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A profile for small edge instances
  nfvlab.fleet.incus_profile:
    project: lab
    name: edge
    description: Small instances at the edge
    config:
      limits.cpu: 1
      limits.memory: 128MiB
    devices:
      root:
        type: disk
        path: /
        pool: lab
      eth0:
        type: nic
        network: labbr0

- name: Take the memory limit away again, and leave everything else alone
  nfvlab.fleet.incus_profile:
    project: lab
    name: edge
    config:
      limits.memory: null
"""

RETURN = r"""
profile:
  description: The profile as the daemon gives it, secrets masked; null when absent.
  returned: success
  type: dict
  sample:
    name: edge
    description: Small instances at the edge
    config:
      limits.cpu: "1"
    devices:
      root: {type: disk, path: /, pool: lab}
    used_by: ["/1.0/instances/edge-001?project=lab"]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: PUT, path: "/1.0/profiles/edge?project=lab", keys: [config.limits.memory], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.profile import Profile
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Profile())


if __name__ == "__main__":
    main()
