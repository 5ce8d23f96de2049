#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_backup
short_description: Export instances and custom volumes of an Incus or LXD daemon to files, and import them
version_added: 0.1.0
description:
  - Writes an instance or a custom storage volume to a file on the managed host, or makes one from such a file.
  - The file is streamed and has its name only when all of it is there, so a file of that name is always whole. Only its
    owner may read it.
  - The daemon makes the backup on its own disk first (C(storage.backups_volume) of the server). It is deleted from
    there when it has been fetched, and also when that failed.
options:
  instance:
    description: The instance.
    type: str
  volume:
    description: The custom volume, instead of O(instance).
    type: str
  pool:
    description:
      - The storage pool that O(volume) is in.
      - With O(state=imported), the pool that O(instance) shall be in. Without it, it is the one that it came from.
    type: str
  path:
    description: Path of the file on the managed host. Its directory must be there.
    type: path
    required: true
  compression_algorithm:
    description:
      - The command that compresses the backup, such as V(gzip), V(zstd -3), V(xz) or V(none). Without it, what
        C(backups.compression_algorithm) of the project or server says.
    type: str
  instance_only:
    description: Leave the snapshots of the instance out.
    type: bool
    default: false
  volume_only:
    description: Leave the snapshots of the volume out.
    type: bool
    default: false
  optimized_storage:
    description: Use the storage driver's own format, which is smaller and faster, but can only be imported into a pool
      of the same driver.
    type: bool
    default: false
  max_age:
    description:
      - Seconds after which a file that is there is replaced by a new export. With V(0), it is at every run.
      - Without it, a file that is there is left alone, whatever is in it.
    type: int
  checksum:
    description: With O(state=imported), the SHA-256 that the file must have, such as V(sha256:3b5d...).
    type: str
  state:
    description:
      - With V(exported), the file is there.
      - With V(imported), the instance or volume is there. One that is there already is left alone, whatever it is made
        of; nothing is ever written over. An imported instance is stopped, and has all the configuration that it had,
        hardware addresses included.
    type: str
    choices: [exported, imported]
    default: exported
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
attributes:
  idempotent:
    support: partial
    details: O(max_age=0) always exports anew.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A backup that is a day old at most
  nfvlab.fleet.incus_backup:
    project: lab
    instance: app-1
    path: /var/backups/lab/app-1.tar.gz
    max_age: 86400

- name: A volume without its snapshots
  nfvlab.fleet.incus_backup:
    project: lab
    pool: lab
    volume: captures
    volume_only: true
    compression_algorithm: zstd
    path: /var/backups/lab/captures.tar.zst

- name: The instance is there again, in another pool
  nfvlab.fleet.incus_backup:
    project: lab
    instance: app-1
    pool: fast
    path: /var/backups/lab/app-1.tar.gz
    state: imported
"""

RETURN = r"""
backup:
  description: The file. Its SHA-256 is told when it was written, or read to import it.
  returned: success
  type: dict
  sample:
    path: /var/backups/lab/app-1.tar.gz
    size: 918420
    sha256: 54c8caac1f61901ed86c68f24af5f5d3672bdc62c71d04f06df3a59e95684473
summary:
  description: What the callback C(nfvlab.fleet.summary) shows of an exported file.
  returned: with O(state=exported), when the file is there
  type: list
  elements: list
  sample:
    - - backup of instance 'app-1' of project 'lab'
      - exported
      - 918420 bytes of 2026-11-21T21:56:14Z in /var/backups/lab/app-1.tar.gz
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - method: POST
      path: "/1.0/instances/app-1/backups?project=lab"
      keys: [name, expires_at]
      sent: true
    - method: DELETE
      path: "/1.0/instances/app-1/backups/nfvlab-8e6dca2c5e2a?project=lab"
      keys: []
      sent: true
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.backup import Backup
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Backup())


if __name__ == "__main__":
    main()
