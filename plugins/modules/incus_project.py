#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_project
short_description: Manage projects of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a project, a space of its own for instances and, as its features say, images,
    profiles, networks and volumes.
  - Features can only be changed while the project is empty. A project that is not empty is not deleted.
options:
  name:
    description: Name of the project.
    type: str
    required: true
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A project with its own profiles, and the images and networks of the default project
  nfvlab.fleet.incus_project:
    name: lab
    description: The lab
    config:
      features.images: false
      features.profiles: true
      limits.instances: 500

- name: The project is gone
  nfvlab.fleet.incus_project:
    name: lab
    state: absent
"""

RETURN = r"""
project:
  description: The project as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: lab
    description: The lab
    config:
      features.images: "false"
      features.profiles: "true"
      limits.instances: "500"
    used_by: ["/1.0/profiles/default?project=lab"]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/projects, keys: [name, description, config.features.images], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

PROJECT = Record("project", "projects", fields=(Text("description"), KeyValues("config", protected=("features.",))))


def main() -> None:
    run(PROJECT)


if __name__ == "__main__":
    main()
