#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_app
short_description: Install, activate and remove applications of an ONOS controller
version_added: 0.1.0
description:
  - Brings one application, or many with O(apps), into a state, and waits until those that are active really work.
  - The controller calls an application ACTIVE whose bundles could not be started, and its health "ready" although it is
    inactive or stopped. Here, an application works if it and all that it requires are ACTIVE and ready and, for the
    known ones, their component and packet processor are registered. One that is dead is started anew.
  - An installed application is replaced only if the SHA-256 of its archive differs. What requires it goes with it in
    the controller, and is brought back as it was; if the new archive does not work, so is the old one.
options:
  name:
    description: Full name of one application, such as V(org.onosproject.fwd).
    type: str
  src:
    description:
      - What to install the application from, an C(.oar), a bundle C(.jar) with an C(app.xml), or an C(app.xml).
      - A path on the managed host, or an address, which the managed host downloads from only if what is installed has
        another O(checksum).
    type: str
  checksum:
    description: SHA-256 of the archive, with or without C(sha256:) before it. An address needs it.
    type: str
  state:
    description:
      - With V(active), the application is installed if O(src) is given, activated with all that it requires, and works.
      - With V(inactive), it is installed and not active.
      - With V(present), it is installed; whether it is active stays as it is.
      - With V(absent), it is not installed.
    type: str
    choices: [active, inactive, present, absent]
    default: active
  force:
    description:
      - Take along what requires the application, where it is uninstalled or deactivated.
      - Without it, that is refused before anything is sent.
    type: bool
    default: false
  repair:
    description: Start an application anew that is ACTIVE and does not work. With it, those that require it are started
      anew too.
    type: bool
    default: true
  apps:
    description: Many applications, each with these options. The controller is read once for all of them.
    type: list
    elements: dict
    suboptions:
      name:
        description: Full name of the application.
        type: str
        required: true
      src:
        description: What to install it from.
        type: str
      checksum:
        description: SHA-256 of the archive.
        type: str
      state:
        description: Its state, as above.
        type: str
        choices: [active, inactive, present, absent]
        default: active
      force:
        description: Take along what requires it.
        type: bool
        default: false
      repair:
        description: Start it anew where it is ACTIVE and does not work.
        type: bool
        default: true
  working_timeout:
    description: Seconds that an application may take from its activation until it works.
    type: float
    default: 60.0
  log:
    description: Path of the controller's C(karaf.log) on the managed host, from which a failure shows lines. By default
      it is looked for where the role C(onos) installs (C(/opt/onos)).
    type: path
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Reactive forwarding with what it needs
  nfvlab.fleet.onos_app:
    apps:
      - name: org.onosproject.openflow
      - name: org.onosproject.proxyarp
      - name: org.onosproject.fwd

- name: An application of one's own
  nfvlab.fleet.onos_app:
    name: org.example.router
    src: /root/router-1.0.oar

- name: Take it away
  nfvlab.fleet.onos_app:
    name: org.example.router
    state: absent
"""

RETURN = r"""
apps:
  description: The named applications that are installed, as the controller shows them.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: org.onosproject.fwd, version: 2.7.0, state: ACTIVE, requiredApps: []}
actions:
  description: Method and path of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /applications/org.onosproject.fwd/active, keys: [], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.app import Apps
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import run


def main() -> None:
    run(Apps(), mutually_exclusive=[("name", "apps"), ("src", "apps")], required_one_of=[("name", "apps")])


if __name__ == "__main__":
    main()
