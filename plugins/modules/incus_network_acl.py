#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_network_acl
short_description: Manage network ACLs of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Creates, changes, renames and deletes a network ACL, a list of rules for the traffic of the instances whose network
    or network interface names it in C(security.acls).
options:
  name:
    description: Name of the ACL.
    type: str
    required: true
  ingress:
    description:
      - Rules for traffic into an instance.
      - A list that is given replaces the one that is there, in its order. Null empties it.
      - The order is kept and shown, but it is the actions that decide. V(drop) comes first, then V(reject), then
        V(allow).
    type: list
    elements: dict
    suboptions: &rule
      action:
        description: What happens to the traffic. V(allow-stateless) needs a newer daemon and a network of the type
          V(ovn).
        type: str
        choices: [allow, allow-stateless, reject, drop]
        required: true
      state:
        description: Whether the rule is in force, and whether its traffic is logged as well.
        type: str
        choices: [enabled, disabled, logged]
        default: enabled
      description:
        description: What the rule is for.
        type: str
      source:
        description: Addresses, ranges, subnets or, with V(ovn), names of ACLs and C(@internal) or C(@external), with
          commas. Without it, all.
        type: str
      destination:
        description: The same for where the traffic goes.
        type: str
      protocol:
        description: Protocol of the traffic. Without it, all.
        type: str
        choices: [tcp, udp, icmp4, icmp6]
      source_port:
        description: Ports and ranges of ports with commas, for V(tcp) and V(udp).
        type: str
      destination_port:
        description: The same for where the traffic goes.
        type: str
      icmp_type:
        description: Number of the ICMP type. Without it, all.
        type: str
      icmp_code:
        description: Number of the ICMP code. Without it, all.
        type: str
  egress:
    description:
      - Rules for traffic out of an instance.
      - A list that is given replaces the one that is there, in its order. Null empties it.
      - The order is kept and shown, but it is the actions that decide. V(drop) comes first, then V(reject), then
        V(allow).
    type: list
    elements: dict
    suboptions: *rule
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.project
  - nfvlab.fleet.incus.rename
  - nfvlab.fleet.incus.record
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Only SSH and echo requests come in, and everything else is logged
  nfvlab.fleet.incus_network_acl:
    name: management
    description: Management access
    ingress:
      - {action: allow, protocol: tcp, destination_port: "22", source: 10.77.0.0/24}
      - {action: allow, protocol: icmp4, icmp_type: "8"}
      - {action: reject, state: logged, protocol: udp}

- name: It gets another name
  nfvlab.fleet.incus_network_acl:
    name: ssh-only
    rename_from: management

- name: A network that obeys it
  nfvlab.fleet.incus_network:
    name: labbr0
    config:
      security.acls: ssh-only
"""

RETURN = r"""
network_acl:
  description: The ACL as the daemon gives it; null when absent.
  returned: success
  type: dict
  sample:
    name: management
    description: Management access
    ingress:
      - {action: allow, state: enabled, protocol: tcp, destination_port: "22", source: 10.77.0.0/24}
    egress: []
    config: {}
    used_by: [/1.0/networks/labbr0]
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: PUT, path: "/1.0/network-acls/management?project=default", keys: [ingress], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Items, KeyValues, Spec, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record, run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.spelling import listed, ports

RULE: Spec = {
    "action": {"type": "str", "choices": ["allow", "allow-stateless", "reject", "drop"], "required": True},
    "state": {"type": "str", "choices": ["enabled", "disabled", "logged"], "default": "enabled"},
    "description": {"type": "str"},
    "source": {"type": "str"},
    "destination": {"type": "str"},
    "protocol": {"type": "str", "choices": ["tcp", "udp", "icmp4", "icmp6"]},
    "source_port": {"type": "str"},
    "destination_port": {"type": "str"},
    "icmp_type": {"type": "str"},
    "icmp_code": {"type": "str"},
}
FORMS = {"source": listed, "destination": listed, "source_port": ports, "destination_port": ports}

NETWORK_ACL = Record(
    "network_acl",
    "network-acls",
    scope=("project",),
    extension="network_acl",
    renames=True,
    fields=(
        Text("description"),
        KeyValues("config", protected=("volatile.",)),
        Items("ingress", RULE, forms=FORMS),
        Items("egress", RULE, forms=FORMS),
    ),
)


def main() -> None:
    run(NETWORK_ACL)


if __name__ == "__main__":
    main()
