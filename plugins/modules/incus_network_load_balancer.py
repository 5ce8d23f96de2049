#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_load_balancer
short_description: Manage network load balancers of an Incus daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a load balancer, an address whose traffic a network shares out among backends.
  - Only networks of the type V(ovn) have them.
options:
  listen_address:
    description: The address that is listened on, which tells one load balancer of a network from another.
    type: str
    required: true
  network:
    description: The network that the backends are in.
    type: str
    required: true
  backends:
    description:
      - Where traffic can go.
      - A list that is given replaces the one that is there, in its order. Null empties it.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the backend, for O(ports[].target_backend).
        type: str
        required: true
      description:
        description: What the backend is for.
        type: str
      target_address:
        description: Address of the backend.
        type: str
        required: true
      target_port:
        description: Ports at the backend. Without it, they are those that are listened on.
        type: str
  ports:
    description:
      - Which ports are listened on, and for which backends.
      - A list that is given replaces the one that is there, in its order. Null empties it.
    type: list
    elements: dict
    suboptions:
      description:
        description: What the entry is for.
        type: str
      protocol:
        description: Protocol of the traffic.
        type: str
        choices: [tcp, udp]
        default: tcp
      listen_port:
        description: Ports and ranges of ports, such as V(80) or V(80,8000-8010).
        type: str
        required: true
      target_backend:
        description: Names of the backends among which the traffic is shared out.
        type: list
        elements: str
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
- name: Two web servers behind one address
  nfvlab.fleet.incus_network_load_balancer:
    network: overlay
    listen_address: 203.0.113.20
    config:
      healthcheck: true
    backends:
      - {name: web1, target_address: 10.78.0.10}
      - {name: web2, target_address: 10.78.0.11}
    ports:
      - {listen_port: "80", target_backend: [web1, web2]}

- name: The load balancer is gone
  nfvlab.fleet.incus_network_load_balancer:
    network: overlay
    listen_address: 203.0.113.20
    state: absent
"""

RETURN = r"""
network_load_balancer:
  description: The load balancer as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    listen_address: 203.0.113.20
    description: ""
    config: {healthcheck: "true"}
    backends:
      - {name: web1, description: "", target_port: "", target_address: 10.78.0.10}
    ports:
      - {description: "", protocol: tcp, listen_port: "80", target_backend: [web1]}
    location: none
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: DELETE, path: "/1.0/networks/overlay/load-balancers/203.0.113.20?project=default", keys: [], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Items, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.spelling import address, ports

NETWORK_LOAD_BALANCER = Record(
    "network_load_balancer",
    "networks/{network}/load-balancers",
    scope=("project", "network"),
    key="listen_address",
    form=address,
    extension="network_load_balancer",
    fields=(
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
        Items(
            "backends",
            {
                "name": {"type": "str", "required": True},
                "description": {"type": "str"},
                "target_address": {"type": "str", "required": True},
                "target_port": {"type": "str"},
            },
            forms={"target_address": address, "target_port": ports},
        ),
        Items(
            "ports",
            {
                "description": {"type": "str"},
                "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
                "listen_port": {"type": "str", "required": True},
                "target_backend": {"type": "list", "elements": "str", "required": True},
            },
            forms={"listen_port": ports},
        ),
    ),
)


def main() -> None:
    run(NETWORK_LOAD_BALANCER)


if __name__ == "__main__":
    main()
