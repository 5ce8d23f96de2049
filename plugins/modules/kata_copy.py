#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_copy
short_description: Copy files into the guest of a Kata agent
version_added: 0.1.0
description:
  - Copies a file, a link or a whole tree from the managed host into the guest, in pieces of 1 MiB.
  - An agent writes below C(/run/kata-containers/shared/containers/) only and has no call that reads a file. Where a
    running
    container has the place mounted, its C(stat), C(sha256sum) and C(readlink) say what is there, before and after.
  - Nothing is deleted, but a directory or link that stands where a file is to go.
options:
  src:
    description: File, link or directory on the managed host. Links in a tree are copied as links.
    type: path
  content:
    description: Content of a file, in place of O(src).
    type: str
  dest:
    description: Where to, absolute or relative to the shared directory. For a directory, its content goes there.
    type: str
    required: true
  mode:
    description: Permissions of files as an octal text. Without it, those that they have, and V(0644) for O(content).
    type: raw
  directory_mode:
    description: Permissions of directories that the agent makes on the way.
    type: raw
    default: "0755"
  owner:
    description: Number of the user that the innermost directory will belong to.
    type: int
    default: 0
  group:
    description: Number of the group that the innermost directory will belong to.
    type: int
    default: 0
  verify_in:
    description:
      - Id of a running container that sees the copies, at O(verify_path). Only what differs is copied, and read back.
      - Without it, everything is copied each time, which always is a change.
    type: str
  verify_path:
    description: Where that container sees O(dest), as an absolute path.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.kata
  - nfvlab.fleet.kata.secrets
attributes:
  check_mode:
    support: partial
    details: With O(verify_in) a command would have to run, so what differs is not known; RV(predicted) says so, and
      everything is listed in RV(actions).
  idempotent:
    support: partial
    details: With O(verify_in) only.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A configuration file
  nfvlab.fleet.kata_copy:
    address: unix:///run/agent.sock
    content: "{{ lookup('template', 'app.conf.j2') }}"
    dest: web-config/app.conf
    mode: "0640"

- name: A tree that the container 'web' sees at /srv
  nfvlab.fleet.kata_copy:
    address: unix:///run/agent.sock
    src: /opt/site
    dest: web-data
    verify_in: web
    verify_path: /srv
"""

RETURN = r"""
dest:
  description: Where the copies went.
  returned: success
  type: str
  sample: /run/kata-containers/shared/containers/web-data
files:
  description: Files, links and directories that there are to copy.
  returned: success
  type: int
  sample: 12
copied:
  description: Those of them that were copied.
  returned: success
  type: int
  sample: 1
verified:
  description: Whether a container has read them back.
  returned: success
  type: bool
  sample: true
predicted:
  description: V(unknown) in check mode with O(verify_in).
  returned: in check mode, where it is so
  type: str
  sample: unknown
actions:
  description: Calls that were sent, in order, with the ids and the names of what they set; in check mode those that
    would be.
  returned: always, once the options are accepted
  type: list
  elements: dict
  sample:
    - {rpc: CopyFile, keys: [data, file_mode, file_size, path], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.files import OPTIONS, RULES, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.module import run


def main() -> None:
    run(OPTIONS, work, **RULES)


if __name__ == "__main__":
    main()
