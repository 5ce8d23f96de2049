#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incus_server
short_description: Manage the configuration of an Incus or LXD daemon
version_added: 0.1.0
description:
  - Sets and removes keys of the server configuration. Keys that are not named are left alone.
extends_documentation_fragment:
  - nfvlab.fleet.incus
  - nfvlab.fleet.incus.secrets
  - nfvlab.fleet.incus.config
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Listen for clients
  nfvlab.fleet.incus_server:
    config:
      core.https_address: 127.0.0.1:8443

- name: Stop listening
  nfvlab.fleet.incus_server:
    config:
      core.https_address: null
"""

RETURN = r"""
server:
  description: The server as the daemon gives it, without the list of its API extensions; secrets masked.
  returned: success
  type: dict
  sample:
    api_version: "1.0"
    auth: trusted
    config:
      core.https_address: 127.0.0.1:8443
    environment:
      server: incus
      server_version: 6.0.4
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: PATCH, path: /1.0, keys: [config.core.https_address], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import KeyValues
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import run
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.singleton import Singleton

SERVER = Singleton(
    "server",
    "",
    fields=(KeyValues("config", protected=("volatile.",)),),
    unread=("api_extensions",),
)


def main() -> None:
    run(SERVER)


if __name__ == "__main__":
    main()
