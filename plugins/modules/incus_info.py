#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_info
short_description: Read any collection of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Reads a collection of the daemon's API with all its objects in one request, or a single object.
options:
  collection:
    description:
      - Path of the collection below C(/1.0), such as V(instances), V(profiles), V(networks),
        V(storage-pools/lab/volumes) or V(images).
      - A path that names a single object (V(networks/labbr0), V(instances/edge-001/state), V(resources)) gives a list
        of that one. The empty path is the server itself.
      - V(networks/labbr0/leases) and V(network-allocations) tell which addresses are taken, V(networks/labbr0/state)
        counts what went over a network, V(storage-pools/lab/resources) how full a pool is.
      - V(metrics) gives what the daemon counts, for each instance and for itself, as a list of samples with C(name),
        C(type), C(labels) and C(value). V(warnings) is what the daemon warns of.
    type: str
    required: true
  project:
    description: The project to look in. Collections that belong to the whole daemon ignore it.
    type: str
    default: default
  all_projects:
    description: Look in all projects, where the daemon can do that for the collection.
    type: bool
    default: false
  recursion:
    description:
      - V(0) gives the addresses of the objects, V(1) the objects, V(2) also what belongs to them; for instances these
        are their state with addresses, snapshots and backups, which takes the daemon much longer.
    type: int
    choices: [0, 1, 2]
    default: 1
  filter:
    description:
      - A filter that the daemon applies, such as V(status eq Running and config.user.site eq north).
      - Every collection has it where the daemon has the extension C(api_filtering_extended); older ones only
        instances, images and volumes. None has it for leases, allocations and metrics.
    type: str
  query:
    description:
      - A JMESPath expression. What it makes of the list of objects is returned as RV(result).
      - It is evaluated on the controller, which needs the Python library C(jmespath).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.secrets
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Names and addresses of the running instances
  nfvlab.fleet.incus_info:
    project: lab
    collection: instances
    recursion: 2
    filter: status eq Running
    query: "[].{name: name, addresses: state.network.eth0.addresses[?family=='inet'].address}"
  register: running

- name: Who has which address in a network
  nfvlab.fleet.incus_info:
    collection: networks/labbr0/leases
    query: "[].[hostname, address]"

- name: How many bytes of memory each instance uses
  nfvlab.fleet.incus_info:
    project: lab
    collection: metrics
    query: "[?name=='incus_memory_RSS_bytes'].[labels.name, value]"

- name: Everything about one network
  nfvlab.fleet.incus_info:
    collection: networks/labbr0
"""

RETURN = r"""
objects:
  description: The objects as the daemon gives them, secrets masked; with O(recursion=0) their addresses.
  returned: success
  type: list
  elements: raw
  sample:
    - name: labbr0
      type: bridge
      managed: true
result:
  description: What O(query) made of the objects.
  returned: when O(query) is given
  type: raw
  sample: [labbr0]
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import SECRET_KEYS
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.info import read, run_info

OPTIONS = {
    "collection": {"type": "str", "required": True},
    "project": {"type": "str", "default": "default"},
    "all_projects": {"type": "bool", "default": False},
    "recursion": {"type": "int", "choices": [0, 1, 2], "default": 1},
    "filter": {"type": "str"},
    "query": {"type": "str"},
    **SECRET_KEYS,
}


def main() -> None:
    run_info(OPTIONS, read)


if __name__ == "__main__":
    main()
