#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_trust_token
short_description: Issue and revoke trust tokens of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Issues a token with which a client has its certificate trusted by itself, once, and revokes tokens that nobody has
    redeemed.
  - A token that waits under the same name is issued no second time, and neither is one for a name under which a
    certificate is trusted already. Where one waits with other rights, a new one takes its place.
  - The daemon has to listen for clients, see C(core.https_address) in M(nfvlab.fleet.incus_server).
  - Who has the token has the rights. It is shown in no result and no log unless O(reveal) says so.
options:
  name:
    description: Name that the certificate will have.
    type: str
    required: true
  restricted:
    description: Whether it will open nothing but O(projects).
    type: bool
  projects:
    description: Names of the projects that a restricted certificate opens.
    type: list
    elements: str
  path:
    description:
      - File on the managed host that gets the token, with mode 0600. It is written again where it holds anything else.
      - It stays when the token is redeemed or revoked, when it is worth nothing any more.
    type: path
  reveal:
    description: Return the token in RV(token). Set C(no_log) for the task that does so.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
notes:
  - How long a token is good is the daemon's C(core.remote_token_expiry). Tokens that wait are listed by
    M(nfvlab.fleet.incus_info) in the collection C(operations), with stars in the place of their secret.
seealso:
  - module: nfvlab.fleet.incus_certificate
  - module: nfvlab.fleet.incus_remote
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A token for the operator of one project
  nfvlab.fleet.incus_trust_token:
    name: edge-operator
    restricted: true
    projects: [edge]
    path: /root/edge-operator.token

- name: A token that another host redeems in this play
  nfvlab.fleet.incus_trust_token:
    name: "{{ inventory_hostname }}"
    reveal: true
  delegate_to: daemon-host
  register: issued
  no_log: true

- name: Nobody is to come any more
  nfvlab.fleet.incus_trust_token:
    name: edge-operator
    state: absent
"""

RETURN = r"""
trust_token:
  description: The token that waits, without its secret; null when there is none, as when it has been redeemed.
  returned: success
  type: dict
  sample:
    name: edge-operator
    description: ""
    restricted: true
    projects: [edge]
    addresses: ["192.0.2.1:8443"]
    fingerprint: 6ed99e246e9ffea6269e77bbca91c682edf8271d4177853badd08a9481caa9a1
    expires_at: null
    operation: 65221b1a-4411-42cd-a2f9-1aa143278a86
token:
  description: The token itself with O(reveal=true), else null.
  returned: success
  type: str
  sample: null
trusted:
  description: Whether a certificate of that name is trusted already.
  returned: success
  type: bool
  sample: false
actions:
  description: Method, path and keys of what was sent and written, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /1.0/certificates, keys: [name, type, token, restricted, projects], sent: true}
    - {method: write, path: /root/edge-operator.token, keys: [token], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.trust_token import run_trust_token


def main() -> None:
    run_trust_token()


if __name__ == "__main__":
    main()
