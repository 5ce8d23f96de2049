#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_remote
short_description: Manage the remotes of the Incus or LXD command line client
version_added: 0.1.0
description:
  - Adds, changes and removes a remote in the configuration of the command line client of the managed host's user. The
    client itself need not be installed. Every module that reaches a daemon takes the name of a remote in its option
    C(remote).
  - The server is trusted by its own certificate, which O(server_fingerprint), O(server_cert) or O(token) pin, or which
    O(accept_certificate) takes as it is. It is kept in C(servercerts), and asked for no second time.
  - A remote that is no image server and not public gets a client certificate, if the user has none. It is made with
    C(openssl), which has to be on the managed host then.
  - Other remotes, aliases and keys in C(config.yml) stay as they are. Comments go, as they do when the client itself
    writes the file.
options:
  name:
    description: Name of the remote.
    type: str
    required: true
  addr:
    description:
      - Where it is, V(https://HOST:8443) or V(unix:///path/to/unix.socket), or for O(protocol=simplestreams) the
        folder of the image server.
      - A new remote without it has the first address that the O(token) names.
    type: str
  protocol:
    description: What it speaks. A new remote without it has that of O(client).
    type: str
    choices: [incus, lxd, simplestreams]
  project:
    description: The project that is used there. Null makes it V(default) again.
    type: str
  public:
    description: Whether it gives its images to everybody and is opened without a client certificate.
    type: bool
  default:
    description: Whether the client uses it where no remote is named. With V(false), that is V(local) again.
    type: bool
  server_cert:
    description: The server's certificate in PEM, or the path of its file on the managed host.
    type: str
  server_fingerprint:
    description: SHA-256 fingerprint of the server's certificate. The server is asked for the certificate itself.
    type: str
  accept_certificate:
    description: Pin the certificate that the server shows now, where none is pinned yet or the remote gets another
      address. Whoever answers in its place is believed.
    type: bool
    default: false
  token:
    description:
      - Trust token of M(nfvlab.fleet.incus_trust_token), with which the daemon is made to trust the client's
        certificate unless it does so already. It also says which certificate the daemon has.
      - A token that was used for this client already is no failure.
    type: str
  client:
    description: Whose command line client it is.
    type: str
    choices: [incus, lxd]
    default: incus
  conf:
    description: The folder of the client's configuration. Without it, E(INCUS_CONF) or C(~/.config/incus), with
      O(client=lxd) E(LXD_CONF), C(~/snap/lxd/common/config) or C(~/.config/lxc).
    type: path
  timeout:
    description: Seconds that the server may be silent.
    type: float
    default: 30.0
  state:
    description: Whether the remote is there. With V(absent), the certificate of its server goes, too, and the client's
      own stays. What the daemon trusts is a matter of M(nfvlab.fleet.incus_certificate).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.incus.files
  - nfvlab.fleet.incus.secrets
seealso:
  - module: nfvlab.fleet.incus_trust_token
  - module: nfvlab.fleet.incus_certificate
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The edge site, with a token that its daemon has issued
  nfvlab.fleet.incus_remote:
    name: edge-site
    addr: https://edge-site.example:8443
    project: edge
    token: "{{ issued.token }}"

- name: A daemon that trusts this client's certificate already, by its fingerprint
  nfvlab.fleet.incus_remote:
    name: north
    addr: https://192.0.2.1:8443
    server_fingerprint: 6ed99e246e9ffea6269e77bbca91c682edf8271d4177853badd08a9481caa9a1
    default: true

- name: An image server of one's own
  nfvlab.fleet.incus_remote:
    name: mirror
    addr: https://images.example
    protocol: simplestreams

- name: A profile at the edge site
  nfvlab.fleet.incus_profile:
    remote: edge-site
    name: edge

- name: The site is gone
  nfvlab.fleet.incus_remote:
    name: edge-site
    state: absent
"""

RETURN = r"""
remote:
  description: The remote as C(config.yml) has it, whether it is the default one, the fingerprint of the server's
    certificate, and the file and the fingerprint of the client's certificate; null when absent.
  returned: success
  type: dict
  sample:
    addr: https://edge-site.example:8443
    protocol: incus
    project: edge
    public: false
    default: false
    server_fingerprint: 6ed99e246e9ffea6269e77bbca91c682edf8271d4177853badd08a9481caa9a1
    client_cert: /root/.config/incus/client.crt
    client_fingerprint: b569579b65abf5d5ed1e959fe7433305d1134d24ef28b1b6fd516e9dc4620b19
actions:
  description: What was sent and which files in the client's folder were written, in order; in check mode what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: write, path: client.crt, keys: [client_cert, client_key], sent: true}
    - method: POST
      path: https://edge-site.example:8443/1.0/certificates
      keys: [type, certificate]
      sent: true
    - {method: write, path: servercerts/edge-site.crt, keys: [server_fingerprint], sent: true}
    - {method: write, path: config.yml, keys: [state, addr, protocol, project], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client_remote import run_remote


def main() -> None:
    run_remote()


if __name__ == "__main__":
    main()
