#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_image
short_description: Export an image of the host to a file in an instance
version_added: 0.1.0
description:
  - Exports an image that the Incus or LXD daemon lets its guests have to a file, or two, inside an instance.
  - The fingerprint of an image is the digest of its content. What is at O(path) is compared with it, and what comes is
    checked against it before it gets that name, so there is never half an image at O(path).
  - This takes a permission of its own. The host sets C(security.guestapi.images), or with LXD
    C(security.devlxd.images), of the instance to V(true). Only images that are public, or cached, are for guests.
options:
  fingerprint:
    description: The image's fingerprint, all 64 digits.
    type: str
    required: true
  path:
    description:
      - Path of the file. Its folder must be there. Of an image that consists of two files, this is the metadata.
    type: str
    required: true
  rootfs_path:
    description: Path of the second file, for an image that consists of two.
    type: str
  project:
    description: The project of the host that has the image. Without it, this is V(default).
    type: str
  max_size:
    description: MiB that the image may have. A larger one is refused, or given up when it turns out to be larger.
    type: int
    default: 10240
  mode:
    description:
      - Permissions as octal digits in quotes, such as V('0640').
      - Without it a new file gets V('0644'), and a file that is there keeps its own.
    type: raw
  owner:
    description: Name or number of the owner. Without it a new file belongs to the module's user.
    type: str
  group:
    description: Name or number of the group. Without it a new file belongs to the module's group.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
notes:
  - Containers only. The agent of a virtual machine has no such call.
  - In check mode, an image that the host does not hand out is a warning.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: An image of a single file
  nfvlab.fleet.incus_guest_image:
    fingerprint: 83cdd768ecc41427e5f8b110536390ce4e9a118e5684f7d4f52480a4a87b26b9
    project: lab
    path: /srv/images/busybox.tar

- name: An image of two files, for its owner only
  nfvlab.fleet.incus_guest_image:
    fingerprint: c3cf55e1cf68d1ed697062ff11ead7f40dcfd22921426494a02bb9caf6c16624
    path: /srv/images/debian.tar.xz
    rootfs_path: /srv/images/debian.squashfs
    mode: "0600"
"""

RETURN = r"""
image:
  description: The image's fingerprint, its size in bytes, and the files with their digests, modes and owners.
  returned: success
  type: dict
  sample:
    fingerprint: 83cdd768ecc41427e5f8b110536390ce4e9a118e5684f7d4f52480a4a87b26b9
    size: 2150400
    files:
      - path: /srv/images/busybox.tar
        sha256: 83cdd768ecc41427e5f8b110536390ce4e9a118e5684f7d4f52480a4a87b26b9
        size: 2150400
        mode: "0644"
        owner: root
        group: root
actions:
  description: The request whose content was written, with the paths as keys, or the change of a mode; in check mode
    what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - method: GET
      path: /1.0/images/83cdd768ecc41427e5f8b110536390ce4e9a118e5684f7d4f52480a4a87b26b9/export?project=lab
      keys: [/srv/images/busybox.tar]
      sent: true
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.image import run_image


def main() -> None:
    run_image()


if __name__ == "__main__":
    main()
