#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_instance_metadata
short_description: Manage metadata and templates of an instance of an Incus or LXD daemon
version_added: 0.1.0
description:
  - An instance has a copy of its image's metadata, which also goes into an image that is made of it. Templates among it
    are files that the daemon writes into the instance when it is created, copied or started.
  - Changes properties and templates, and what the templates are made from.
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  properties:
    description: Properties, such as C(os) and C(description). Null removes one.
    type: dict
  properties_mode:
    description:
      - With V(merge), only the properties in O(properties) are touched.
      - With V(replace), all others are removed.
    type: str
    choices: [merge, replace]
    default: merge
  templates:
    description:
      - Templates by the absolute path of the file that they make in the instance. Each replaces the whole one that is
        there. Null removes one, and what only it was made from.
      - C(content) is the text that it is made from, in the language of Pongo2. Without it, the text stays as it is.
      - C(template) is the name that the text has among the metadata. Without it, it is the file's name with C(.tpl).
      - C(when) is a list of the moments at which the file is written, V(create), V(copy) and V(start).
      - C(create_only) is whether only a file that is not there is written.
      - C(properties) is a dictionary of texts that the template may use.
    type: dict
  templates_mode:
    description:
      - With V(merge), only the templates in O(templates) are touched.
      - With V(replace), all others are removed.
    type: str
    choices: [merge, replace]
    default: merge
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A file that every start writes anew
  nfvlab.fleet.incus_instance_metadata:
    project: lab
    name: edge-01
    templates:
      /etc/motd:
        when: [create, start]
        content: |
          {{ instance.name }}, site {{ config_get("user.site", "unknown") }}

- name: What an image made of it will be called, and no templates
  nfvlab.fleet.incus_instance_metadata:
    project: lab
    name: build-1
    properties:
      description: Debian with FRR
    templates: {}
    templates_mode: replace
"""

RETURN = r"""
metadata:
  description: The metadata as the daemon gives it, with the C(content) of the templates in O(templates).
  returned: success
  type: dict
  sample:
    architecture: x86_64
    creation_date: 1767225600
    expiry_date: 0
    properties: {os: BusyBox}
    templates:
      /etc/motd:
        when: [create, start]
        create_only: false
        template: motd.tpl
        properties: {}
        content: Hello
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - method: POST
      path: "/1.0/instances/edge-01/metadata/templates?project=lab&path=motd.tpl"
      keys: [content]
      sent: true
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.metadata import Metadata
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Metadata())


if __name__ == "__main__":
    main()
