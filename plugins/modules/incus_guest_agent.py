#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_agent
short_description: Install the small services of this collection in an instance
version_added: 0.1.0
description:
  - Installs the code of a service, its configuration and its systemd unit C(nfvlab-guest-NAME.service) in the instance
    in which it runs. The roles nfvlab.fleet.incus_guest_ready and nfvlab.fleet.incus_guest_config use it and run it.
  - The code is Python without further libraries, below C(/usr/local/lib/nfvlab-fleet); the configuration is
    C(/etc/nfvlab-fleet/NAME.json), which only root may read. O(socket) and O(timeout) are those of the service.
options:
  name:
    description:
      - V(ready) runs checks and reports the instance ready while all of them succeed.
      - V(config) keeps files as the configuration keys say that the host sets.
    type: str
    choices: [ready, config]
    required: true
  configuration:
    description:
      - What the service is to do, as the role's documentation says.
      - Needed with O(state=present).
    type: dict
  state:
    description: With V(absent), the configuration goes, and with that of the last service the code.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
  - nfvlab.fleet.incus.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A service that reports this instance ready while its web server answers
  nfvlab.fleet.incus_guest_agent:
    name: ready
    configuration:
      interval: 5
      checks:
        - name: web
          command: curl --fail --silent http://localhost/

- name: Files that follow the keys of the host are followed no more
  nfvlab.fleet.incus_guest_agent:
    name: config
    state: absent
"""

RETURN = r"""
agent:
  description: The digests of the installed files by path.
  returned: success
  type: dict
  sample:
    files: {/etc/nfvlab-fleet/ready.json: 1b0c3c06a3e1a4e9c1b6f4b0a9c7d2e5f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3}
actions:
  description: What was written and deleted, in order; in check mode what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: write, path: /etc/nfvlab-fleet/ready.json, keys: [content, mode], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.agent import run_agent


def main() -> None:
    run_agent()


if __name__ == "__main__":
    main()
