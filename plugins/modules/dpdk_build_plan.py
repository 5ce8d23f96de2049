#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dpdk_build_plan
short_description: How sources of DPDK or Pktgen are built
version_added: 0.1.0
description:
  - Reads sources and says how they are built, by which commands and with which options, and whether what is installed
    is already made of them. Nothing is changed. The roles P(nfvlab.fleet.dpdk_build#role) and
    P(nfvlab.fleet.pktgen_build#role) run the commands.
  - Fails before anything is compiled where that cannot work, which is an option or a driver that the release does not
    have, a missing tool, a compiler that is too new for the release, and a Pktgen that does not go with its DPDK.
options:
  application:
    description: What the sources are.
    type: str
    choices: [dpdk, pktgen]
    default: dpdk
  source:
    description: Folder of the unpacked sources.
    type: path
    required: true
  source_digest:
    description:
      - A digest of the sources, such as that of their archive; others mean another build. By default it is made of all
        files.
    type: str
  build_folder:
    description: Folder to build in.
    type: path
    required: true
  release:
    description: The release, where the sources have no file C(VERSION).
    type: str
  prefix:
    description: Folder to install into, by default C(/opt/dpdk-RELEASE) or C(/opt/pktgen-RELEASE).
    type: path
  system:
    description:
      - The tool. V(auto) is V(make) where the sources have the classic build, which DPDK had until 20.08.
    type: str
    choices: [auto, meson, make]
    default: auto
  compiler:
    description: The C compiler, a gcc.
    type: str
    default: gcc
  jobs:
    description: How many commands run at once, 0 for one on each CPU.
    type: int
    default: 0
  platform:
    description:
      - V(native), V(generic) or another platform. Where a release has the option C(machine) instead, RV(build.notes)
        says so.
    type: str
  cpu_instruction_set:
    description: An instruction set, such as V(corei7) or V(auto).
    type: str
  enable_drivers:
    description: The only drivers to build, such as V(net/vhost) or V(bus/*).
    type: list
    elements: str
    default: []
  disable_drivers:
    description: Drivers to leave out.
    type: list
    elements: str
    default: []
  enable_libs:
    description: Optional libraries to build.
    type: list
    elements: str
    default: []
  disable_libs:
    description: Optional libraries to leave out.
    type: list
    elements: str
    default: []
  enable_apps:
    description: The only applications to build, such as V(test-pmd).
    type: list
    elements: str
    default: []
  disable_apps:
    description: Applications to leave out.
    type: list
    elements: str
    default: []
  meson_options:
    description:
      - More options of DPDK's C(meson_options.txt), and of meson's own, such as C(buildtype) and C(default_library).
    type: dict
    default: {}
  target:
    description: The target of the classic build.
    type: str
    default: x86_64-native-linuxapp-gcc
  make_config:
    description:
      - Lines of the classic build's configuration, such as C(CONFIG_RTE_LIBRTE_PMD_PCAP). Booleans are V(y) and V(n).
    type: dict
    default: {}
  extra_cflags:
    description: Flags for the compiler in the classic build.
    type: str
    default: ""
  lua:
    description: Whether Pktgen gets Lua.
    type: bool
    default: false
  dpdk:
    description: Where the DPDK for Pktgen was installed. Without it, the one that pkg-config finds, the distribution's.
    type: path
extends_documentation_fragment:
  - nfvlab.fleet.dpdk
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Would these options work?
  nfvlab.fleet.dpdk_build_plan:
    source: /usr/src/dpdk-22.11
    build_folder: /var/tmp/dpdk
    platform: native
    enable_drivers: [bus/vdev, net/vhost, net/virtio, mempool/ring]
    enable_apps: [test-pmd]

- name: Does this Pktgen go with the DPDK that is installed?
  nfvlab.fleet.dpdk_build_plan:
    application: pktgen
    source: /usr/src/pktgen
    release: 23.03.0
    build_folder: /var/tmp/pktgen
"""

RETURN = r"""
build:
  description: The commands, and what they make.
  returned: success
  type: dict
  sample:
    release: 22.11.11
    system: meson
    prefix: /opt/dpdk-22.11.11
    configure: [[meson, setup, /var/tmp/dpdk, /usr/src/dpdk-22.11, --prefix=/opt/dpdk-22.11.11]]
    build: [[ninja, -C, /var/tmp/dpdk, -j2], [ninja, -C, /var/tmp/dpdk, install]]
    needed: true
  contains:
    release:
      description: The release of the sources.
      type: str
      sample: 22.11.11
    system:
      description: V(meson) or V(make).
      type: str
      sample: meson
    prefix:
      description: Where it is installed.
      type: str
      sample: /opt/dpdk-22.11.11
    environment:
      description: The environment of the commands.
      type: dict
      sample: {CC: gcc}
    configure:
      description: The commands that configure.
      type: list
      elements: list
      sample: [[meson, setup, /var/tmp/dpdk, /usr/src/dpdk-22.11, --prefix=/opt/dpdk-22.11.11]]
    config:
      description: Lines that the classic build's configuration has to have before it goes on.
      type: dict
      sample: {}
    build:
      description: The commands that build and install.
      type: list
      elements: list
      sample: [[ninja, -C, /var/tmp/dpdk, -j2], [ninja, -C, /var/tmp/dpdk, install]]
    notes:
      description: What the release has under another name.
      type: list
      elements: str
      sample: []
    dpdk_release:
      description: The release of DPDK that Pktgen is built against.
      returned: when O(application=pktgen)
      type: str
      sample: 22.11.11
    tools:
      description: The versions of the compiler and the tools.
      type: dict
      sample: {compiler: 12.2.0, meson: 1.0.1}
    marker:
      description: The file that says what an installation was made of.
      type: str
      sample: /opt/dpdk-22.11.11/.nfvlab-fleet.json
    digest:
      description: Digest of sources, commands and tools, which the marker has to have.
      type: str
      sample: 5d41402abc4b2a76b9719d911017c592
    needed:
      description: Whether it has to be built.
      type: bool
      sample: true
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.build import OPTIONS, work
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.module import run


def main() -> None:
    run(OPTIONS, work)


if __name__ == "__main__":
    main()
