#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_certificate
short_description: Manage the certificates that an Incus or LXD daemon trusts
version_added: 0.1.0
description:
  - Adds certificates to the trust store of a daemon, restricts them to projects, renames and removes them.
  - A certificate is known by O(certificate), else by O(fingerprint), else by O(name). The daemon lets several have one
    name; this module refuses to make a second one, and to guess which of several is meant.
options:
  name:
    description:
      - Name of the certificate. A new one needs it.
      - With O(certificate) or O(fingerprint), a certificate that has another name gets this one.
    type: str
  certificate:
    description: The certificate in PEM, or the path of its file on the managed host. A new one needs it.
    type: str
  fingerprint:
    description: SHA-256 fingerprint of the certificate, at least its first 12 digits.
    type: str
  type:
    description:
      - What it opens. V(client) is the API, V(metrics) are its metrics only, V(server) is for members of a cluster.
      - A new certificate without it is V(client). It cannot be changed afterwards.
    type: str
    choices: [client, metrics, server]
  restricted:
    description: Whether it opens nothing but O(projects).
    type: bool
  projects:
    description: Names of the projects that a restricted certificate opens. Their order does not matter.
    type: list
    elements: str
  description:
    description:
      - What the certificate is for. Null empties it. LXD 5.0 keeps none.
      - An option that is not given is left as it is.
    type: str
  state:
    description: Whether the daemon trusts it.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.secrets
seealso:
  - module: nfvlab.fleet.incus_trust_token
  - module: nfvlab.fleet.incus_remote
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A client that may use one project
  nfvlab.fleet.incus_certificate:
    name: edge-operator
    certificate: /etc/lab/edge-operator.crt
    restricted: true
    projects: [edge]

- name: Prometheus reads the metrics
  nfvlab.fleet.incus_certificate:
    name: prometheus
    type: metrics
    certificate: "{{ lookup('ansible.builtin.file', 'prometheus.crt') }}"

- name: The operator has left
  nfvlab.fleet.incus_certificate:
    name: edge-operator
    state: absent
"""

RETURN = r"""
certificate:
  description: The certificate as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: edge-operator
    type: client
    description: ""
    restricted: true
    projects: [edge]
    fingerprint: b569579b65abf5d5ed1e959fe7433305d1134d24ef28b1b6fd516e9dc4620b19
    certificate: "-----BEGIN CERTIFICATE-----..."
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/certificates, keys: [name, type, restricted, projects, certificate], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.certificate import Certificate
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run


def main() -> None:
    run(Certificate())


if __name__ == "__main__":
    main()
