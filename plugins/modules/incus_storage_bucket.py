#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_storage_bucket
short_description: Manage storage buckets of an Incus daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a storage bucket, which is used over the S3 protocol.
  - Pools of the driver V(cephobject) keep buckets in Ceph. Local pools need MinIO and its client C(mc) on the daemon's
    host, and the server's C(core.storage_buckets_address), see M(nfvlab.fleet.incus_server).
  - A new bucket comes with a key of the name V(admin), which M(nfvlab.fleet.incus_storage_bucket_key) can tell.
options:
  name:
    description: Name of the bucket, 3 to 63 lowercase letters, numbers, periods and hyphens.
    type: str
    required: true
  pool:
    description: The storage pool that the bucket is in.
    type: str
    required: true
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A bucket for results of at most 5 GiB
  nfvlab.fleet.incus_storage_bucket:
    project: lab
    pool: fast
    name: results
    config:
      size: 5GiB

- name: The bucket is gone, with what is in it
  nfvlab.fleet.incus_storage_bucket:
    project: lab
    pool: fast
    name: results
    state: absent
"""

RETURN = r"""
storage_bucket:
  description: The bucket as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: results
    description: ""
    config: {size: 5GiB}
    s3_url: https://192.0.2.1:8555/results
    location: none
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/storage-pools/fast/buckets?project=lab", keys: [name, config.size], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

STORAGE_BUCKET = Record(
    "storage_bucket",
    "storage-pools/{pool}/buckets",
    scope=("project", "pool"),
    extension="storage_buckets",
    fields=(Text("description"), KeyValues("config", protected=("volatile.", "size"))),
)


def main() -> None:
    run(STORAGE_BUCKET)


if __name__ == "__main__":
    main()
