#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_image
short_description: Import images from local files into an Incus or LXD daemon
version_added: 0.1.0
description:
  - Imports an image from files on the managed host and gives it an alias. It is imported again only when its content
    differs, which is told by its fingerprint, the SHA-256 of its files.
  - When the content differs, the alias moves to the new image; instances keep what they were made from.
options:
  alias:
    description: Name of the image.
    type: str
    required: true
  path:
    description:
      - Path of a unified tarball, or of the metadata tarball of a split image, on the managed host.
      - Without it, the image must be there already, and only its properties are managed.
    type: path
  rootfs_path:
    description: Path of the root file system (tarball, squashfs or disk image) of a split image, on the managed host.
    type: path
  properties:
    description:
      - Properties of the image. Null removes one.
    type: dict
  properties_mode:
    description:
      - With V(merge), only the properties in O(properties) are touched.
      - With V(replace), all others are removed.
    type: str
    choices: [merge, replace]
    default: merge
  public:
    description: Whether clients that are not trusted may have the image.
    type: bool
  prune:
    description: When the alias moves to a new image, delete the one that it named before, unless that has another
      alias.
    type: bool
    default: false
  state:
    description:
      - Whether the image is there.
      - With V(absent), the image goes as well, unless it has another alias; then only this one goes.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A split image
  nfvlab.fleet.incus_image:
    project: lab
    alias: debian12
    path: /var/cache/images/debian12/incus.tar.xz
    rootfs_path: /var/cache/images/debian12/rootfs.squashfs
    properties:
      os: Debian
      release: bookworm

- name: A unified image that replaces the one before it
  nfvlab.fleet.incus_image:
    project: lab
    alias: busybox
    path: /var/cache/images/busybox.tar.gz
    prune: true
"""

RETURN = r"""
image:
  description: The image as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    fingerprint: 54c8caac1f61901ed86c68f24af5f5d3672bdc62c71d04f06df3a59e95684473
    aliases:
      - {name: busybox, description: ""}
    architecture: x86_64
    properties: {os: BusyBox}
    public: false
    size: 918420
    type: container
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/images?project=lab", keys: [fingerprint], sent: true}
    - {method: POST, path: "/1.0/images/aliases?project=lab", keys: [name, target], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image import Image
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Image())


if __name__ == "__main__":
    main()
