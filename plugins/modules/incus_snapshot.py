#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_snapshot
short_description: Manage snapshots of instances and custom volumes of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Makes, renames, changes, restores and deletes a snapshot of an instance, or of a custom storage volume.
  - Snapshots that the daemon makes by itself follow keys of the instance, profile or volume (C(snapshots.schedule),
    C(snapshots.pattern), C(snapshots.expiry)), which M(nfvlab.fleet.incus_instance), M(nfvlab.fleet.incus_profile) and
    M(nfvlab.fleet.incus_storage_volume) set, and hold against what the daemon understands before they are sent.
options:
  name:
    description: Name of the snapshot.
    type: str
    required: true
  instance:
    description: The instance that it is of.
    type: str
  volume:
    description: The custom volume that it is of, instead of O(instance).
    type: str
  pool:
    description: The storage pool that O(volume) is in.
    type: str
  description:
    description: What it is for. Only snapshots of volumes have one. Null empties it.
    type: str
  expires_at:
    description:
      - When the daemon deletes it, as a moment (V(2030-12-31T23:00:00Z); without a zone it is UTC). Null is never.
      - Or how long it is kept, as in C(snapshots.expiry) (V(7d), V(1m 12H)), counted from when it is made. A snapshot
        that is there keeps the moment that it has then.
      - A new snapshot without it has what C(snapshots.expiry) of its instance or volume says.
    type: str
  stateful:
    description:
      - Whether the running state of the instance is in it. Containers need CRIU on the host for that, virtual machines
        C(migration.stateful). It cannot be changed afterwards.
      - With O(state=restored), whether that state is restored as well.
    type: bool
  rename_from:
    description: The name that it had, where it is not there under O(name) yet.
    type: str
  keep:
    description:
      - How many snapshots whose names match O(keep_pattern) there may be. The oldest ones beyond that are deleted, but
        never the one called O(name).
    type: int
  keep_pattern:
    description: Shell pattern of the names that O(keep) counts, such as V(nightly-*).
    type: str
  state:
    description:
      - Whether the snapshot is there.
      - With V(restored), the instance or volume is set back to it, at every run. What was changed since is lost. A
        running instance is stopped for that and started again by the daemon. A volume that a running instance uses is
        refused.
    type: str
    choices: [present, restored, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.secrets
attributes:
  idempotent:
    support: partial
    details: O(state=restored) always changes something.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A snapshot before the upgrade, for a week
  nfvlab.fleet.incus_snapshot:
    project: lab
    instance: app-1
    name: before-upgrade
    expires_at: 7d

- name: One of each day, and no more than five of them
  nfvlab.fleet.incus_snapshot:
    project: lab
    pool: lab
    volume: captures
    name: "daily-{{ now(utc=true, fmt='%Y-%m-%d') }}"
    keep: 5
    keep_pattern: daily-*

- name: The upgrade went wrong
  nfvlab.fleet.incus_snapshot:
    project: lab
    instance: app-1
    name: before-upgrade
    state: restored
"""

RETURN = r"""
snapshot:
  description: The snapshot as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: before-upgrade
    created_at: "2026-11-21T21:56:14.987273345Z"
    expires_at: "2026-11-28T21:56:14Z"
    stateful: false
    size: -1
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - method: POST
      path: "/1.0/instances/app-1/snapshots?project=lab"
      keys: [name, expires_at]
      sent: true
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.snapshot import Snapshot


def main() -> None:
    run(Snapshot())


if __name__ == "__main__":
    main()
