#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_storage_bucket_key
short_description: Manage keys of storage buckets of an Incus daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a key of a storage bucket, that is the access key and the secret key of a user of the
    S3 protocol. What is not given is made up by the daemon.
  - The secret key is shown as stars, but for RV(credentials), which is returned only where O(return_credentials) asks
    for it.
options:
  name:
    description: Name of the key.
    type: str
    required: true
  pool:
    description: The storage pool that the bucket is in.
    type: str
    required: true
  bucket:
    description: The bucket that the key opens.
    type: str
    required: true
  role:
    description: What the key allows. A new key without it is V(read-only).
    type: str
    choices: [admin, read-only]
  access_key:
    description: The access key, C(access-key) of the API. It is no secret.
    type: str
  secret_key:
    description: The secret key, C(secret-key) of the API.
    type: str
  return_credentials:
    description: Whether RV(credentials) is returned. Use C(no_log) with it, since Ansible shows results with C(-v).
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A key for readers
  nfvlab.fleet.incus_storage_bucket_key:
    project: lab
    pool: fast
    bucket: results
    name: readers
    role: read-only
    return_credentials: true
  no_log: true
  register: readers

- name: The key that came with the bucket is gone
  nfvlab.fleet.incus_storage_bucket_key:
    project: lab
    pool: fast
    bucket: results
    name: admin
    state: absent
"""

RETURN = r"""
storage_bucket_key:
  description: The key as the daemon gives it, the secret key as stars; null when absent.
  returned: success
  type: dict
  sample:
    name: readers
    description: ""
    role: read-only
    access_key: 33UgkaIBLBIxb7O1
    secret_key: "********"
credentials:
  description: The key in plain text.
  returned: when O(return_credentials) is set and the key is there
  type: dict
  sample:
    access_key: 33UgkaIBLBIxb7O1
    secret_key: uDQD6AOgwHgQrIwb
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/storage-pools/fast/buckets/results/keys?project=lab", keys: [name, role], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.bucket_key import BucketKey
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(BucketKey())


if __name__ == "__main__":
    main()
