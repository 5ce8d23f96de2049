# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host below a folder: files as the kernel has them, for dpdk_bind, dpdk_facts and dpdk_hugepages."""

from __future__ import annotations

import os

from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.host import Host

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
"""


class FakeHost(Host):
    """A kernel of files that reacts to what is written.

    :param grants: at most so many pages the kernel gives to each pool; null for all that are asked for
    """

    def __init__(self, root, *, nodes=2, grants=None):
        super().__init__(str(root))
        self.grants = grants
        self.put("sys/devices/system/node/online", f"0-{nodes - 1}" if nodes > 1 else "0")
        self.put("sys/devices/system/cpu/online", "0-3")
        self.put("proc/self/status", "Cpus_allowed_list:\t0-1\n")
        self.put("proc/cpuinfo", "model name\t: Example\ncpu MHz\t\t: 2600.000\nflags\t\t: pse pdpe1gb\n")
        self.put("proc/cmdline", "root=/dev/vda1 quiet")
        self.put("proc/buddyinfo", "Node 0, zone   Normal   4 3 2 1 0 0 0 0 0 1 0\n")
        for cpu in range(4):
            self.put(f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", str(cpu))
            self.put(f"sys/devices/system/cpu/cpu{cpu}/node{cpu % nodes}/x", "")
        for size in (2048, 1048576):
            self.put(f"sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages", "0")
            for node in range(nodes):
                self.pool(size, node)
                self.put(f"sys/devices/system/node/node{node}/meminfo", f"Node {node} MemFree: 4096000 kB\n")
        self.put("proc/net/route", ROUTES)
        for driver in ("i40e", "vfio-pci", "uio_pci_generic"):
            os.makedirs(self.path(f"sys/bus/pci/drivers/{driver}"))
            for name in ("bind", "unbind"):
                self.put(f"sys/bus/pci/drivers/{driver}/{name}", "")

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def pool(self, size, node, nr=0, free=None):
        folder = f"sys/devices/system/node/node{node}/hugepages/hugepages-{size}kB"
        values = {"nr": nr, "free": nr if free is None else free, "surplus": 0}
        for name, value in values.items():
            self.put(f"{folder}/{name}_hugepages", str(value))

    def device(self, address, *, driver=None, group=None, interfaces=(), kind="0x020000"):
        folder = f"sys/bus/pci/devices/{address}"
        for name, text in (("class", kind), ("vendor", "0x8086"), ("device", "0x1572"), ("numa_node", "-1")):
            self.put(f"{folder}/{name}", text)
        self.put(f"{folder}/driver_override", "")
        for name in interfaces:
            self.put(f"{folder}/net/{name}/x", "")
        if driver:
            os.symlink(f"../../drivers/{driver}", self.path(f"{folder}/driver"))
        if group is not None:
            os.makedirs(self.path(f"sys/kernel/iommu_groups/{group}/devices/{address}"))
            os.symlink(f"../../../kernel/iommu_groups/{group}", self.path(f"{folder}/iommu_group"))
            os.makedirs(self.path("sys/class/iommu/dmar0"), exist_ok=True)

    def write(self, name, text):
        super().write(name, text)
        *_rest, parent, last = name.split("/")
        if last == "nr_hugepages":
            wanted = int(text)
            self.put(name, str(wanted if self.grants is None else min(wanted, self.grants)))
        elif last == "driver_override":
            self.put(name, text.strip())
        elif last in ("bind", "unbind"):
            link = self.path(f"sys/bus/pci/devices/{text}/driver")
            if last == "unbind":
                os.unlink(link)
            elif parent != "uio_pci_generic":  # the one that does not take the device, without an error
                os.symlink(f"../../drivers/{parent}", link)
