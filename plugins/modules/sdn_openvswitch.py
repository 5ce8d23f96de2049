#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sdn_openvswitch
short_description: Run the daemons of Open vSwitch without an init system or a kernel module
version_added: 0.1.0
description:
  - Starts or ends C(ovsdb-server) and C(ovs-vswitchd). The distribution's own script refuses to start them where the
    kernel has no module for Open vSwitch, although bridges with the datapath V(netdev) need none.
  - A daemon runs if its process is there. Sockets, pid files, a database and interfaces that killed ones left behind
    are no proof and no obstacle.
  - Where systemd is, its own units are for this; the role M(nfvlab.fleet.sdn_fabric) knows which.
options:
  rundir:
    description: Folder of sockets and pid files.
    type: path
    default: /run/openvswitch
  database:
    description: The database; made where there is none.
    type: path
    default: /etc/openvswitch/conf.db
  logdir:
    description: Folder of the logs.
    type: path
    default: /var/log/openvswitch
  schema:
    description: What a new database is made from.
    type: path
    default: /usr/share/openvswitch/vswitch.ovsschema
  state:
    description:
      - Whether the daemons run. With V(stopped), interfaces of the userspace datapath go too; the database stays.
    type: str
    choices: [started, stopped]
    default: started
extends_documentation_fragment:
  - nfvlab.fleet.sdn.local
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Open vSwitch in a container without systemd
  nfvlab.fleet.sdn_openvswitch:

- name: No more
  nfvlab.fleet.sdn_openvswitch:
    state: stopped
"""

RETURN = r"""
openvswitch:
  description: The daemons' states.
  returned: success
  type: dict
  sample: {ovsdb-server: started, ovs-vswitchd: started}
actions:
  description: What was done, in order; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {command: "ovs-vswitchd unix:/run/openvswitch/db.sock --detach", sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.module import converge_daemons


def main() -> None:
    converge_daemons()


if __name__ == "__main__":
    main()
