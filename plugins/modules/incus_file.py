#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_file
short_description: Manage files, directories and links in an instance of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a file, a directory or a link inside an instance. Content, mode and owner are compared
    and brought to what is wanted, and read back. Neither Python nor an address is needed in the instance.
  - In a running instance, new content is written beside the file and renamed over it, so nobody ever sees half of it.
    This takes the command C(mv) in the instance; a change of mode or owner alone takes C(chmod) and C(chown).
  - In an instance that does not run, an existing file is deleted and made anew with all it should have. A directory
    there keeps its mode and owner.
  - With O(state=fetched), a file of the instance is brought to the controller, as M(ansible.builtin.fetch) does with
    one of a host. It gets its name there when all of it has arrived and is as it was sent.
  - A file that is replaced is a new file. It loses hard links, extended attributes and access control lists.
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  path:
    description: Where the file, directory or link is in the instance. C(/dev), C(/proc) and C(/sys) are no such places.
    type: str
    required: true
  state:
    description:
      - V(file) is a regular file with O(content) or the content of O(src). Without both, it must be there already, and
        only its mode and owner are managed.
      - V(directory) is a directory, V(link) is a symbolic link to O(target).
      - With V(absent), there is nothing at O(path). A directory must be empty.
      - With V(fetched), the file at O(path) is also at O(dest) on the controller. Links are followed. A directory is
        refused. The instance need not run.
    type: str
    choices: [file, directory, link, absent, fetched]
    default: file
  content:
    description: The content of the file.
    type: str
  src:
    description:
      - Path of a file on the controller that has the wanted content. A relative one is looked for as
        M(ansible.builtin.copy) does, in C(files) of the role and beside the playbook. What Ansible Vault has encrypted
        is decrypted.
      - With O(remote_src), it is on the managed host.
      - A file of more than 32 KiB is only carried to the managed host where the instance has another content.
    type: path
  remote_src:
    description: O(src) is on the managed host.
    type: bool
    default: false
  dest:
    description:
      - Where O(state=fetched) puts the file on the controller. A relative path begins where the playbook is.
      - The file is C(DEST/HOST/PROJECT/NAME/PATH), with the managed host's name in the inventory, so that files of many
        instances do not meet. With O(flat), O(dest) is the file itself, or with a slash at its end the folder that it
        is put into.
      - Missing folders are created.
    type: str
  flat:
    description: See O(dest).
    type: bool
    default: false
  mode:
    description:
      - Permissions as octal digits in quotes, such as V('0644'). The daemon knows no bits beyond these nine.
      - A new file gets V('0644') and a new directory V('0755') without it.
      - With O(state=fetched), it is that of the file on the controller. Without it, one that is there keeps its mode; a
        new one gets what the umask leaves, and nothing for others where it is a O(secret).
    type: raw
  uid:
    description: Number of the owner, as the instance sees it. What is new belongs to V(0) without it.
    type: int
  gid:
    description: Number of the group, as the instance sees it. What is new belongs to V(0) without it.
    type: int
  target:
    description:
      - Where the link leads. It need not be there.
      - The daemon shows where a link leads as an absolute path only, so a relative target and the same place written as
        an absolute one count as equal.
    type: str
  parents:
    description: Create missing directories above O(path), with mode V('0755') and owner V(0).
    type: bool
    default: false
  force:
    description: Replace what is at O(path) and is something else than O(state) says. A directory must be empty.
    type: bool
    default: false
  secret:
    description: The content is a secret. It and its digest are shown as stars.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A configuration file
  nfvlab.fleet.incus_file:
    project: lab
    name: edge-001
    path: /etc/app/app.conf
    content: |
      listen = 0.0.0.0:8080
    parents: true

- name: A key that only its owner may read
  nfvlab.fleet.incus_file:
    project: lab
    name: edge-001
    path: /etc/app/key.pem
    src: edge-001.pem
    mode: "0600"
    uid: 1000
    gid: 1000
    secret: true

- name: A link
  nfvlab.fleet.incus_file:
    project: lab
    name: edge-001
    path: /etc/app/current.conf
    state: link
    target: app.conf

- name: A capture, to captures/edge-001.pcap beside the playbook
  nfvlab.fleet.incus_file:
    project: lab
    name: edge-001
    path: /var/tmp/eth0.pcap
    state: fetched
    dest: captures/edge-001.pcap
    flat: true
"""

RETURN = r"""
file:
  description:
    - What is at the path; null when there is nothing. With O(state=fetched), C(path) is where its links lead.
    - C(sha256) and C(size) are there when the content was looked at, C(target) is that of a link as an absolute path.
  returned: success
  type: dict
  sample:
    path: /etc/app/app.conf
    type: file
    mode: "0644"
    uid: 0
    gid: 0
    sha256: 4ac2ac4b1b3ad7aa9bd3f4b4a0a3bd3ee2ecab6b8f54c2bdf6ccb1ae10b1c4d0
    size: 22
dest:
  description: Path of the file on the controller.
  returned: with O(state=fetched)
  type: str
  sample: /home/me/lab/captures/edge-001.pcap
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - method: POST
      path: "/1.0/instances/edge-001/files?project=lab&path=%2Fetc%2Fapp%2F.app.conf.nfvlab-fleet"
      keys: [type, mode, uid, gid, content]
      sent: true
    - {method: POST, path: "/1.0/instances/edge-001/exec?project=lab", keys: [command], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.files import run_file


def main() -> None:
    run_file()


if __name__ == "__main__":
    main()
