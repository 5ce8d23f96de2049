# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the DPDK modules share."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.dpdk) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.dpdk
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: linux
"""

    # testpmd and Pktgen.
    APPLICATION = r"""
options:
  name:
    description: Name of the application on its host; also its file prefix where O(eal.file_prefix) is not given.
    type: str
    required: true
  state:
    description:
      - V(started) and ready, V(stopped) with nothing of it left, or V(restarted) in any case.
    type: str
    choices: [started, stopped, restarted]
    default: started
  program:
    description: The command, or its path. By default C(dpdk-testpmd) or C(pktgen).
    type: str
  release:
    description: The release of DPDK, which decides how options are spelled.
    type: str
    default: "22.11"
  eal:
    description: Options of the EAL, in the words of today's releases.
    type: dict
    suboptions:
      lcores:
        description: Lcores and the CPUs they run on, such as V(0-2), V(0@0,1@0) or V((1-3\)@(4-6\)).
        type: str
      main_lcore:
        description: The lcore that runs the prompt, by default the lowest.
        type: int
      remap_lcore_ids:
        description: Number the lcores from 0 on.
        type: bool
      memory_channels:
        description: Channels of the memory, C(-n).
        type: int
      memory:
        description: Megabytes in all, C(-m).
        type: int
      numa_mem:
        description: Megabytes on each NUMA node, which C(--socket-mem) was called before 25.07.
        type: list
        elements: int
      numa_limit:
        description: At most so many megabytes on each node.
        type: list
        elements: int
      no_huge:
        description: Do without hugepages. Such memory cannot be shared over vhost-user.
        type: bool
      in_memory:
        description: Make no files of hugepages, so no mount is needed and nothing is left.
        type: bool
      single_file_segments:
        description: Few files for many pages. A process with C(net_virtio_user) needs it with pages of 2 MiB.
        type: bool
      legacy_mem:
        description: All memory at the start.
        type: bool
      match_allocations:
        description: Give pages back as they were taken.
        type: bool
      huge_dir:
        description: Mount of hugepages.
        type: str
      huge_unlink:
        description: When files of hugepages are removed.
        type: str
        choices: [existing, always, never]
      iova_mode:
        description: Physical or virtual addresses for devices. A process in a container sees no physical ones.
        type: str
        choices: [pa, va]
      base_virtaddr:
        description: Where memory is mapped.
        type: str
      proc_type:
        description: Primary or secondary process.
        type: str
        choices: [primary, secondary, auto]
      file_prefix:
        description: What keeps processes apart. Each primary one needs its own.
        type: str
      no_shconf:
        description: Share no files with secondary processes.
        type: bool
      no_telemetry:
        description: Do without telemetry. The module cannot watch such a process.
        type: bool
      no_pci:
        description: Leave PCI devices alone.
        type: bool
      drivers:
        description: Libraries of drivers, or folders of such.
        type: list
        elements: str
      allow:
        description: PCI devices to use.
        type: list
        elements: str
      block:
        description: PCI devices to leave alone.
        type: list
        elements: str
      vdevs:
        description:
          - Virtual devices, each a text such as V(net_vhost0,iface=/run/vhost/0.sock), or a dictionary of C(name) and
            C(args). Old names, such as V(eth_vhost0) and V(virtio_user0), become those of today.
          - Arguments of C(net_vhost) and C(net_virtio_user) are checked.
        type: list
        elements: raw
      log_levels:
        description: Log levels, such as V(lib.eal:debug).
        type: list
        elements: str
  command_line:
    description:
      - A whole command line of any release since 19.08, instead of O(eal). What has another name or meaning today is
        translated, and said in RV(translated).
      - Memory that it asks for on NUMA nodes which the host does not have is left out.
    type: str
  runtime_dir:
    description:
      - Folder for its telemetry socket, which then is C(dpdk/PREFIX/dpdk_telemetry.v2) below it. A folder that a
        container shares with its host makes the counters readable from there.
      - By default C(/run/nfvlab-fleet/dpdk/NAME).
    type: path
  start_timeout:
    description: Seconds until it has to be ready.
    type: float
    default: 60.0
  check_memory:
    description: Whether to compute before a start if the free hugepages are enough.
    type: bool
    default: true
  commands:
    description:
      - Commands for its prompt, one after the other, each time the task runs. What came of them is in the counters of
        RV(application).
    type: list
    elements: str
    default: []
"""
