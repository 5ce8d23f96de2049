#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_state
short_description: Report from inside an instance that it is ready
version_added: 0.1.0
description:
  - Reports the state of an instance to its Incus or LXD daemon, which shows it to everybody who asks there.
  - What was reported is read back. A daemon without states for guests would answer with success and forget the report;
    then the module fails and says so.
  - The state is lost when the instance restarts, and when the daemon does.
options:
  state:
    description:
      - V(ready) reports that the instance does what it is there for, V(started) that it only runs.
    type: str
    choices: [ready, started]
    default: ready
  hold:
    description:
      - Seconds to see after a change that the state is kept. A write on the host that had read the instance before the
        report would take the report back; then it is given again.
      - It is given again three times at most.
    type: float
    default: 0.5
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The service answers
  ansible.builtin.uri:
    url: http://localhost:8080/health

- name: So the instance is ready
  nfvlab.fleet.incus_guest_state:
    state: ready

- name: It runs, but is not ready any more
  nfvlab.fleet.incus_guest_state:
    state: started
"""

RETURN = r"""
guest:
  description: The instance as the guest API shows it afterwards.
  returned: success
  type: dict
  sample: {state: Ready, api_version: "1.0", instance_type: container, location: edge-site}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: PATCH, path: "/1.0", keys: [state], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.state import run_state


def main() -> None:
    run_state()


if __name__ == "__main__":
    main()
