#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_guest_config
short_description: Take over in an instance the configuration that its host hands in
version_added: 0.1.0
description:
  - Reads keys C(user.*) and C(cloud-init.*) of an instance from inside, as values or into files, and waits until they
    are there. The host sets them on the instance or on its profiles.
  - A file is written beside its place and renamed, so nobody ever sees half of it. Everything is read and found
    possible before the first file is written, and each file is read back.
options:
  keys:
    description:
      - Keys to read, or shell patterns of keys. V(*) stands for all.
      - One of O(keys), O(files) and O(wait_for) is required.
    type: list
    elements: str
  required:
    description:
      - Whether a key that is named in O(keys) or O(files) must have a value. Patterns need not stand for anything.
      - With V(false), a key without a value is left out, and its file stays as it is.
    type: bool
    default: true
  fact:
    description: Name of a fact that gets the values of O(keys) and O(wait_for), by key. Secrets are stars in it.
    type: str
  files:
    description: Files that have the value of a key as their content, byte for byte. The folders must be there.
    type: list
    elements: dict
    suboptions:
      key:
        description: The key.
        type: str
        required: true
      path:
        description: Path of the file.
        type: str
        required: true
      mode:
        description:
          - Permissions as octal digits in quotes, such as V('0640').
          - Without it a new file gets V('0644'), or V('0600') if the key is a secret. A file that is there keeps its
            own.
        type: raw
      owner:
        description: Name or number of the owner. Without it a new file belongs to the module's user.
        type: str
      group:
        description: Name or number of the group. Without it a new file belongs to the module's group.
        type: str
  wait_for:
    description:
      - Keys to wait for, with the value that each must have. Null stands for any value, the empty text for none.
      - Changes are followed by events, so that waiting costs next to nothing. Only keys C(user.*) have events; others
        are looked at each second.
      - In check mode nothing is waited for.
    type: dict
  wait_timeout:
    description: Seconds to wait for O(wait_for). Then the task fails and says what the key has instead.
    type: float
    default: 60.0
extends_documentation_fragment:
  - nfvlab.fleet.guest
  - nfvlab.fleet.guest.attributes
  - nfvlab.fleet.guest.secrets
notes:
  - To the daemon a key with an empty value is a key without one.
seealso:
  - module: nfvlab.fleet.incus_guest_events
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Values for the tasks that follow
  nfvlab.fleet.incus_guest_config:
    keys: [user.app.port, "user.site.*"]
    fact: site

- name: Use one
  ansible.builtin.debug:
    msg: "The port is {{ site['user.app.port'] }}."

- name: Files, once the host has set their keys
  nfvlab.fleet.incus_guest_config:
    wait_for:
      user.app.config: null
      user.app.generation: "3"
    wait_timeout: 120
    files:
      - key: user.app.config
        path: /etc/app/app.conf
      - key: user.app.token
        path: /etc/app/token
        owner: app
        mode: "0400"
  register: handed_in
"""

RETURN = r"""
config:
  description: The values of O(keys) and O(wait_for) by key, secrets masked.
  returned: success
  type: dict
  sample: {user.app.port: "8080", user.site.name: north}
results:
  description:
    - One entry for each of O(files), in order, with what became of it. The first that fails is the last.
    - C(file) is what is at the path afterwards.
  returned: when it came to writing files
  type: list
  elements: dict
  sample:
    - key: user.app.config
      path: /etc/app/app.conf
      changed: true
      failed: false
      file:
        path: /etc/app/app.conf
        sha256: 4ac2ac4b1b3ad7aa9bd3f4b4a0a3bd3ee2ecab6b8f54c2bdf6ccb1ae10b1c4d0
        size: 22
        mode: "0644"
        owner: root
        group: root
actions:
  description: What was written, with its path and the parts that were given, in order; in check mode what would be.
  returned: when it came to writing files
  type: list
  elements: dict
  sample:
    - {method: write, path: /etc/app/app.conf, keys: [content], sent: true}
ansible_facts:
  description: The fact that O(fact) names.
  returned: when O(fact) is given
  type: dict
  sample: {site: {user.app.port: "8080", user.site.name: north}}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.config import run_config


def main() -> None:
    run_config()


if __name__ == "__main__":
    main()
