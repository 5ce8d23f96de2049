#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_image
short_description: Bring images from local files, image servers or instances into an Incus or LXD daemon
version_added: 0.1.0
description:
  - Gives a daemon an image under an alias, from files on the managed host, from an image server, or made of an instance
    of its own.
  - Files are imported again only when their content differs, which is told by their fingerprint, the SHA-256 of them.
  - An image from a server is left alone as long as the alias names one that came from the same server under the same
    name; the server is then not asked at all. With O(refresh=true) it is, and the alias moves where the server has
    something newer.
  - An image of an instance or snapshot is left alone as long as that is the one that it was made of, whatever has been
    written to the instance since. With O(refresh=true) it is made anew at every run. What it was made of is in its
    property C(nfvlab.source).
  - When the content differs, the alias moves to the new image; instances keep what they were made from.
options:
  alias:
    description: Name of the image.
    type: str
    required: true
  path:
    description:
      - Path of a unified tarball, or of the metadata tarball of a split image, on the managed host.
      - Without it, O(image) and O(instance), the image must be there already, and only its properties are managed.
    type: path
  rootfs_path:
    description: Path of the root file system (tarball, squashfs or disk image) of a split image, on the managed host.
    type: path
  instance:
    description: The instance that the image is made of, in the same project. It must not run, unless O(snapshot) is
      given.
    type: str
  snapshot:
    description: The snapshot of O(instance) that the image is made of, instead of the instance as it is.
    type: str
  compression_algorithm:
    description: The command that compresses an image made of an instance, such as V(gzip), V(zstd) or V(none). Without
      it, what C(images.compression_algorithm) of the project or server says.
    type: str
  image_type:
    description:
      - Which kind of image is meant where a server has both under one name. Without it, a container wins.
    type: str
    choices: [container, virtual-machine]
  refresh:
    description:
      - Whether O(alias) is brought to what the server has now.
      - The server is asked from the managed host, which must reach it as well; the proxies of the task's environment
        are used for that.
      - A daemon keeps the list of a simplestreams server for up to an hour. What is newer than its list it cannot get
        yet; then nothing changes, and a warning says so.
      - An image named by its fingerprint never changes.
      - An image of an O(instance) is made anew at every run.
    type: bool
    default: false
  auto_update:
    description:
      - Whether the daemon itself brings the image up to date from time to time, see C(images.auto_update_interval) of
        the server. It needs an O(image) named by its alias.
      - An image that succeeds one from the same server keeps this, and O(public), where they are not given.
    type: bool
  properties:
    description:
      - Properties of the image, besides those that it brings along. Null removes one.
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
  - nfvlab.fleet.incus.image_server
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

- name: An image from a public server, which the daemon keeps up to date
  nfvlab.fleet.incus_image:
    project: lab
    alias: debian
    image: images:debian/12
    auto_update: true

- name: An image from another daemon, the newest that it has
  nfvlab.fleet.incus_image:
    project: lab
    alias: router
    image: router/stable
    image_server:
      url: https://images.example.com:8443
      protocol: incus
      certificate: /etc/ssl/images.example.com.crt
    refresh: true
    prune: true

- name: An image made of what has been installed in an instance
  nfvlab.fleet.incus_image:
    project: lab
    alias: router
    instance: build-1
    snapshot: installed
    properties:
      description: Debian with FRR
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
    auto_update: true
    update_source:
      alias: debian/12
      server: https://images.linuxcontainers.org
      protocol: simplestreams
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/images?project=lab", keys: [fingerprint], sent: true}
    - {method: PUT, path: "/1.0/images/aliases/busybox?project=lab", keys: [target], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image import Image
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Image())


if __name__ == "__main__":
    main()
