# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the host says of itself in sysfs and procfs. The root can be another folder, for tests."""

from __future__ import annotations

import os
import re
import typing as t

from .._core.errors import Forbidden, NotFound, OperationFailed
from .units import cpu_list

HUGEPAGES = "sys/kernel/mm/hugepages"
NODES = "sys/devices/system/node"
CPUS = "sys/devices/system/cpu"


class Host:
    """Reads and writes the kernel's files.

    :param root: the folder that holds C(sys) and C(proc)
    """

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def path(self, name: str) -> str:
        """The full path of a file below the root."""
        return os.path.join(self.root, name)

    def read(self, name: str, default: str = "") -> str:
        """A file's text without the white space around it; the default where it cannot be read."""
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read().strip()
        except OSError:
            return default

    def write(self, name: str, text: str) -> None:
        """Write to a file of the kernel's, in one write.

        :raises NotFound: no such file
        :raises Forbidden: not allowed
        :raises OperationFailed: the kernel refused the value
        """
        try:
            descriptor = os.open(self.path(name), os.O_WRONLY)
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise NotFound(f"there is no {self.path(name)}", code=error.errno) from None
        except PermissionError as error:
            raise Forbidden(
                f"{self.path(name)} cannot be written", next_step="become root on the host itself", code=error.errno
            ) from None
        except OSError as error:
            raise OperationFailed(
                f"the kernel refused '{text}' in {self.path(name)}: {error.strerror}", code=error.errno
            ) from None

    def names(self, folder: str) -> list[str]:
        """What is in a folder, sorted; nothing where there is none."""
        try:
            return sorted(os.listdir(self.path(folder)))
        except OSError:
            return []

    def link(self, name: str) -> str | None:
        """The last part of where a link leads, or null."""
        try:
            return os.path.basename(os.readlink(self.path(name)))
        except OSError:
            return None

    def nodes(self) -> list[int]:
        """The NUMA nodes that are online. A kernel without NUMA has node 0."""
        return cpu_list(self.read(f"{NODES}/online", "0"))

    def allowed_cpus(self) -> list[int]:
        """The CPUs that this process may run on: those of a container inside one."""
        found = re.search(r"^Cpus_allowed_list:\s*(\S+)", self.read("proc/self/status"), re.MULTILINE)
        return cpu_list(found.group(1)) if found else self.online_cpus()

    def online_cpus(self) -> list[int]:
        """The CPUs of the host."""
        return cpu_list(self.read(f"{CPUS}/online", "0"))

    def cpu_node(self, cpu: int) -> int:
        """The NUMA node of a CPU."""
        for name in self.names(f"{CPUS}/cpu{cpu}"):
            if re.fullmatch(r"node\d+", name):
                return int(name[4:])
        return 0

    def cpus(self) -> list[dict[str, t.Any]]:
        """Each CPU with its node, and the CPUs that share its core."""
        allowed = set(self.allowed_cpus())
        rows = []
        for cpu in self.online_cpus():
            siblings = self.read(f"{CPUS}/cpu{cpu}/topology/thread_siblings_list", str(cpu))
            rows.append(
                {"cpu": cpu, "node": self.cpu_node(cpu), "siblings": cpu_list(siblings), "allowed": cpu in allowed}
            )
        return rows

    def cpuinfo(self) -> dict[str, t.Any]:
        """Model, frequency in MHz as far as the kernel says, and the flags of the first CPU."""
        text = self.read("proc/cpuinfo")

        def first(key: str) -> str:
            found = re.search(rf"^{key}\s*:\s*(.*)$", text, re.MULTILINE)
            return found.group(1).strip() if found else ""

        mhz = first("cpu MHz")
        return {"model": first("model name"), "mhz": float(mhz) if mhz else None, "flags": first("flags").split()}

    def page_sizes(self) -> list[int]:
        """The sizes of hugepages that the kernel offers, in kB."""
        found = [re.fullmatch(r"hugepages-(\d+)kB", name) for name in self.names(HUGEPAGES)]
        return sorted(int(match.group(1)) for match in found if match)

    def pools(self) -> list[dict[str, t.Any]]:
        """The pool of each size and node: pages in all, free, and beyond what was asked for."""
        rows = []
        for size in self.page_sizes():
            for node in self.nodes():
                folder = pool_folder(size, node)
                if not self.names(folder):  # a kernel without NUMA has only the global pool
                    folder = f"{HUGEPAGES}/hugepages-{size}kB"
                values = {
                    name: int(self.read(f"{folder}/{name}_hugepages", "0") or 0) for name in ("nr", "free", "surplus")
                }
                rows.append({"size_kb": size, "node": node, **values, "folder": folder})
        return rows

    def free_memory(self, node: int) -> int:
        """Free memory of a node in kB."""
        text = self.read(f"{NODES}/node{node}/meminfo") or self.read("proc/meminfo")
        found = re.search(r"MemFree:\s*(\d+) kB", text)
        return int(found.group(1)) if found else 0

    def largest_block(self, node: int) -> int:
        """The largest piece of free memory in one part on a node, in kB; the kernel makes hugepages of such."""
        largest = 0
        for line in self.read("proc/buddyinfo").splitlines():
            found = re.match(r"Node (\d+), zone\s+\S+\s+(.*)$", line)
            if found and int(found.group(1)) == node:
                counts = [int(count) for count in found.group(2).split()]
                largest = max([largest, *(4 << order for order, count in enumerate(counts) if count)])
        return largest

    def facts(self) -> dict[str, t.Any]:
        """What a run has to remember to be repeated."""
        info = self.cpuinfo()
        return {
            "cpu_model": info["model"],
            "cpu_mhz": info["mhz"],
            "cpus": self.cpus(),
            "nodes": self.nodes(),
            "hugepages": [{key: pool[key] for key in pool if key != "folder"} for pool in self.pools()],
            "kernel": self.read("proc/sys/kernel/osrelease"),
            "kernel_command_line": self.read("proc/cmdline"),
            "one_gib_pages": "pdpe1gb" in info["flags"],
            "iommu": bool(self.names("sys/class/iommu")),
        }


def pool_folder(size: int, node: int) -> str:
    """Where the kernel keeps the pool of a size, in kB, on a node."""
    return f"{NODES}/node{node}/hugepages/hugepages-{size}kB"
