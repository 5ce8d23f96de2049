#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sdn_fabric
short_description: Manage a fabric of Open vSwitch bridges, links and hosts
version_added: 0.1.0
description:
  - Makes switches with stable datapath ids and port numbers, links between them, and hosts, and connects the switches
    to their controllers. The shapes, names and numbers are those of Mininet.
  - All of Open vSwitch's part is one transaction of its database, all interfaces and namespaces one batch.
  - A fabric owns what carries its name. What of it is no longer declared goes; what others made is never touched, and a
    name that is taken is an error. Ports that others add to its switches stay.
  - Hosts compute their checksums themselves, because a userspace datapath does not make up for what is left to a
    driver; otherwise pings arrive and TCP does not.
options:
  name:
    description: Name of the fabric.
    type: str
    required: true
  topology:
    description:
      - With V(single), one switch. With V(linear), O(size) switches in a row. With V(ring), the row is closed.
      - With V(tree), switches down to O(depth), each with O(fanout) below it, and hosts below the last.
      - With V(listed), only what O(switches), O(links) and O(hosts) list. They add to the other topologies.
    type: str
    choices: [listed, single, linear, ring, tree]
    default: listed
  size:
    description: Number of switches of O(topology=linear) and O(topology=ring).
    type: int
    default: 1
  hosts_per_switch:
    description: Number of hosts at each switch, but for a tree, which has O(fanout) at each of the last.
    type: int
    default: 1
  depth:
    description: Levels of switches in a tree.
    type: int
    default: 1
  fanout:
    description: What each switch of a tree has below it.
    type: int
    default: 2
  prefix:
    description:
      - Text before the names of a topology's switches and hosts, V(s1) and V(h1). Interfaces are called V(s1-eth1) and
        may have 15 characters.
    type: str
    default: ""
  subnet:
    description: Where a topology's hosts have their addresses, the first host the first.
    type: str
    default: 10.0.0.0/8
  switches:
    description: Switches.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name, which is that of its bridge.
        type: str
        required: true
      dpid:
        description: Datapath id in up to 16 hexadecimal digits; the first free number where not given.
        type: str
  links:
    description: Links between switches, each the two ends of a veth.
    type: list
    elements: dict
    default: []
    suboptions:
      a:
        description: One switch.
        type: str
        required: true
      b:
        description: The other switch.
        type: str
        required: true
      a_port:
        description:
          - Port number at the one; the first free one where not given. First come the hosts of O(topology), then links,
            then O(hosts).
        type: int
      b_port:
        description: Port number at the other.
        type: int
  hosts:
    description: Hosts.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name, which is that of its network namespace.
        type: str
        required: true
      switch:
        description: Its switch.
        type: str
        required: true
      port:
        description: Port number at the switch.
        type: int
      mac:
        description: Hardware address.
        type: str
      ip:
        description: Address with its prefix length.
        type: str
      interface:
        description:
          - An interface of this machine that somebody else made, in place of a network namespace. As a rule that is the
            C(host_name) of an instance's NIC of C(nictype) V(p2p).
          - The other end of such a veth gets the address and the checksums, wherever it is.
        type: str
  down:
    description: Links that are down, by the names of their switches such as V(s1-s2). All others are up.
    type: list
    elements: str
    default: []
  controllers:
    description: Controllers of all switches.
    type: list
    elements: str
    default: []
  fail_mode:
    description:
      - What a switch without a controller does with packets that it has no flow for. With V(secure), nothing; with
        V(standalone), it learns addresses and forwards.
    type: str
    choices: [secure, standalone]
    default: secure
  protocols:
    description: Versions of OpenFlow that the switches speak.
    type: list
    elements: str
    default: [OpenFlow13]
  datapath:
    description:
      - Where packets are switched, in the kernel (V(system)) or by Open vSwitch itself (V(netdev)). With V(auto), in
        the kernel where its module is loaded.
    type: str
    choices: [auto, netdev, system]
    default: auto
  state:
    description: Whether the fabric is there. V(absent) needs only its name, and no Open vSwitch that runs.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.sdn
seealso:
  - module: nfvlab.fleet.sdn_ping
  - module: nfvlab.fleet.sdn_openvswitch
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Three switches in a row with a host each, as of mn --topo linear,3 --mac
  nfvlab.fleet.sdn_fabric:
    name: lab
    topology: linear
    size: 3
    controllers: ["tcp:127.0.0.1:6653"]

- name: The same with its first link down
  nfvlab.fleet.sdn_fabric:
    name: lab
    topology: linear
    size: 3
    controllers: ["tcp:127.0.0.1:6653"]
    down: [s1-s2]

- name: Two switches with an instance's NIC and a namespace
  nfvlab.fleet.sdn_fabric:
    name: edge
    switches:
      - {name: north, dpid: "a1"}
      - {name: south, dpid: "a2"}
    links:
      - {a: north, b: south}
    hosts:
      - {name: edge-01, switch: north, interface: edge-01-sdn, ip: 10.99.0.1/24}
      - {name: probe, switch: south, ip: 10.99.0.2/24}
    fail_mode: standalone

- name: All of it away
  nfvlab.fleet.sdn_fabric:
    name: lab
    state: absent
"""

RETURN = r"""
fabric:
  description: The fabric afterwards, null where there is none.
  returned: success
  type: dict
  sample:
    switches:
      s1: {dpid: "0000000000000001", datapath: netdev, fail_mode: secure, protocols: [OpenFlow13],
           controllers: ["tcp:127.0.0.1:6653"], fabric: lab, ports: {s1-eth1: 1, s1-eth2: 2}}
    links:
      s1-s2: {ends: [s1-eth2, s2-eth2], state: up}
    hosts:
      h1: {interface: s1-eth1, kind: namespace, mac: "00:00:00:00:00:01", ip: 10.0.0.1/8}
actions:
  description: What was done, in order; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {ip: [netns add h1, link add s1-eth1 type veth peer name eth0 netns h1], sent: true}
    - {ovs-vsctl: [--may-exist add-br s1, add-port s1 s1-eth1], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.module import converge_fabric


def main() -> None:
    converge_fabric()


if __name__ == "__main__":
    main()
