#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_forward
short_description: Manage network forwards of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes and deletes a forward, an address whose traffic a network sends on to addresses in its subnet,
    all of it or that to certain ports.
  - Networks of the types V(bridge) and V(ovn) have them.
options:
  listen_address:
    description: The address that is listened on, which tells one forward of a network from another.
    type: str
    required: true
  network:
    description: The network that the traffic is sent into.
    type: str
    required: true
  ports:
    description:
      - What happens to the traffic to certain ports. All other traffic goes to C(target_address) of O(config), where
        that is set.
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
      target_port:
        description: Ports at the target, as many as in O(ports[].listen_port), or one for all. Without it, they are
          the same.
        type: str
      target_address:
        description: The address that the traffic goes to.
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
- name: The web server behind a public address
  nfvlab.fleet.incus_network_forward:
    network: labbr0
    listen_address: 203.0.113.10
    description: Web
    ports:
      - {listen_port: "80,443", target_address: 10.77.0.10}
      - {protocol: udp, listen_port: "5000-5010", target_port: "6000-6010", target_address: 10.77.0.11}

- name: A whole address for one instance
  nfvlab.fleet.incus_network_forward:
    network: labbr0
    listen_address: 203.0.113.11
    config:
      target_address: 10.77.0.12

- name: The forward is gone
  nfvlab.fleet.incus_network_forward:
    network: labbr0
    listen_address: 203.0.113.11
    state: absent
"""

RETURN = r"""
network_forward:
  description: The forward as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    listen_address: 203.0.113.10
    description: Web
    config: {}
    ports:
      - {description: "", protocol: tcp, listen_port: "80,443", target_port: "", target_address: 10.77.0.10}
    location: none
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: "/1.0/networks/labbr0/forwards?project=default", keys: [listen_address, ports], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Items, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.spelling import address, ports

NETWORK_FORWARD = Record(
    "network_forward",
    "networks/{network}/forwards",
    scope=("project", "network"),
    key="listen_address",
    form=address,
    extension="network_forward",
    fields=(
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
        Items(
            "ports",
            {
                "description": {"type": "str"},
                "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
                "listen_port": {"type": "str", "required": True},
                "target_port": {"type": "str"},
                "target_address": {"type": "str", "required": True},
            },
            forms={"listen_port": ports, "target_port": ports, "target_address": address},
        ),
    ),
)


def main() -> None:
    run(NETWORK_FORWARD)


if __name__ == "__main__":
    main()
