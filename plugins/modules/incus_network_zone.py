#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_zone
short_description: Manage network zones of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a network zone, a DNS zone that the daemon makes of the addresses of networks and hands
    to name servers by zone transfer. Networks name theirs in C(dns.zone.forward), C(dns.zone.reverse.ipv4) and
    C(dns.zone.reverse.ipv6).
  - Where the zones are served is said by C(core.dns_address) of the server, see M(nfvlab.fleet.incus_server).
  - A zone that is deleted takes its records along.
options:
  name:
    description: Name of the zone, which is its domain. All projects share these names.
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
- name: A zone that a name server may transfer
  nfvlab.fleet.incus_network_zone:
    name: lab.example.net
    description: The lab
    config:
      dns.nameservers: ns1.example.net
      peers.ns1.address: 203.0.113.53
      peers.ns1.key: "{{ vault_transfer_key }}"

- name: The zone is gone
  nfvlab.fleet.incus_network_zone:
    name: lab.example.net
    state: absent
"""

RETURN = r"""
network_zone:
  description: The zone as the daemon gives it, keys of transfers masked; null when absent.
  returned: success
  type: dict
  sample:
    name: lab.example.net
    description: The lab
    config: {dns.nameservers: ns1.example.net, peers.ns1.address: 203.0.113.53, peers.ns1.key: "********"}
    used_by: []
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/network-zones?project=default", keys: [name, description], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

NETWORK_ZONE = Record(
    "network_zone",
    "network-zones",
    scope=("project",),
    extension="network_dns",
    fields=(Text("description"), KeyValues("config", protected=("volatile.",))),
)


def main() -> None:
    run(NETWORK_ZONE)


if __name__ == "__main__":
    main()
