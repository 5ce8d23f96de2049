#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_zone_record
short_description: Manage records of network zones of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a record of a network zone, a name that it has beside those of its networks'
    addresses.
options:
  name:
    description: Name of the record in its zone. V(@) is the zone itself.
    type: str
    required: true
  zone:
    description: The zone that the record is in.
    type: str
    required: true
  entries:
    description:
      - What a resolver is told about the name.
      - A list that is given replaces the one that is there, in its order. Null empties it.
    type: list
    elements: dict
    suboptions:
      type:
        description: Type of the entry, such as V(A), V(AAAA), V(CNAME), V(MX), V(SRV) or V(TXT).
        type: str
        required: true
      value:
        description: Its value, as in a zone file.
        type: str
        required: true
      ttl:
        description: Seconds that it may be kept. Without it, the daemon's own.
        type: int
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
- name: A name with an address and a mail server
  nfvlab.fleet.incus_network_zone_record:
    zone: lab.example.net
    name: gateway
    entries:
      - {type: A, value: 203.0.113.1, ttl: 300}
      - {type: MX, value: 10 mail.example.net.}

- name: The name is gone
  nfvlab.fleet.incus_network_zone_record:
    zone: lab.example.net
    name: gateway
    state: absent
"""

RETURN = r"""
network_zone_record:
  description: The record as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: gateway
    description: ""
    config: {}
    entries:
      - {type: A, value: 203.0.113.1, ttl: 300}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/network-zones/example.net/records?project=default", keys: [name, entries], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Items, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run

NETWORK_ZONE_RECORD = Record(
    "network_zone_record",
    "network-zones/{zone}/records",
    scope=("project", "zone"),
    extension="network_dns_records",
    fields=(
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
        Items(
            "entries",
            {
                "type": {"type": "str", "required": True},
                "value": {"type": "str", "required": True},
                "ttl": {"type": "int"},
            },
        ),
    ),
)


def main() -> None:
    run(NETWORK_ZONE_RECORD)


if __name__ == "__main__":
    main()
