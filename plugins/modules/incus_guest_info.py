#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_info
short_description: Read what an instance is told about itself by its Incus or LXD daemon
version_added: 0.1.0
description:
  - Reads the guest API from inside an instance. That is the API and its version, the state, location and type of the
    instance, the configuration that is meant for it, its devices, and its cloud-init meta-data.
options:
  gather:
    description:
      - What to read beside the instance itself.
      - V(config) takes one request for each key.
    type: list
    elements: str
    choices: [config, devices, meta_data]
    default: [config, devices, meta_data]
  query:
    description:
      - A JMESPath expression. What it makes of the list with the one object is returned as RV(result).
      - It is evaluated on the controller, which needs the Python library C(jmespath).
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
  - nfvlab.fleet.guest.secrets
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
seealso:
  - module: nfvlab.fleet.incus_guest_config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: All that an instance can know of itself
  nfvlab.fleet.incus_guest_info:
  register: guest

- name: Where it runs, and the addresses of its interfaces' hardware
  nfvlab.fleet.incus_guest_info:
    gather: [devices]
    query: "[0].{location: location, hardware: devices.*.hwaddr}"
  register: place
"""

RETURN = r"""
objects:
  description:
    - A list of one object, this instance.
    - C(api_version), C(instance_type), C(location) and C(state) are as the daemon gives them. C(state) is null where
      the daemon keeps none; C(location) is the cluster member or the host's name.
    - C(config), C(devices) and C(meta_data) are there when O(gather) has them, secrets masked.
  returned: success
  type: list
  elements: dict
  sample:
    - socket: /dev/incus/sock
      brand: incus
      apis: [/1.0]
      api_version: "1.0"
      instance_type: container
      location: edge-site
      state: Started
      config: {user.app.port: "8080"}
      devices:
        eth0: {type: nic, network: lab0, name: eth0, hwaddr: "00:16:3e:00:00:01"}
      meta_data: "#cloud-config\ninstance-id: af6a01c7-f847-4688-a2a4-37fddd744625\nlocal-hostname: app-1\n"
result:
  description: What O(query) made of the list.
  returned: when O(query) is given
  type: raw
  sample: {location: edge-site, hardware: ["00:16:3e:00:00:01"]}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.info import run_info


def main() -> None:
    run_info()


if __name__ == "__main__":
    main()
