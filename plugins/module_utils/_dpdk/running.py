# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What a running application is made of: its program, the instruction set that DPDK was built for, its page sizes.

It may be in a container, so it is looked at through C(/proc/PID) of the host, and what is in its files is not trusted.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import typing as t

from .host import Host

# Where a build keeps what it was told, below its prefix: meson, meson of a distribution, the classic make.
HEADERS = ("include", "include/dpdk", "include/*/dpdk")
NAMES = ("rte_build_config.h", "rte_config.h")
_LIMIT = 1 << 18  # bytes of a header

# What distributions build their packages for x86-64 for, the least that DPDK takes (rte_build_config.h of libdpdk-dev
# 22.11.11 of Debian). Their headers are mostly not installed.
DISTRIBUTION = {"machine": "corei7", "flags": ["SSE", "SSE2", "SSE3", "SSSE3", "SSE4_1", "SSE4_2"]}


def program(host: Host, pid: int) -> dict[str, t.Any]:
    """What is known of a process.

    :param pid: 0 where it is not visible from here, as from inside of another container
    """
    try:
        path: str | None = os.readlink(host.path(f"proc/{pid}/exe")) if pid else None
    except OSError:
        path = None
    if path is None:
        return {"program": None, "instruction_set": None, "page_sizes_kb": []}
    return {
        "program": path,
        "instruction_set": instruction_set(host.path(f"proc/{pid}/root"), _prefix(host, pid, path)),
        "page_sizes_kb": page_sizes(host.read(f"proc/{pid}/smaps")),
    }


def _prefix(host: Host, pid: int, path: str) -> str:
    """Where the DPDK of a process was installed to: its libraries tell, or else its program, which holds them."""
    library = re.search(r"(/\S*)/lib(?:64)?/\S*librte_eal\.so", host.read(f"proc/{pid}/maps"))
    return library.group(1) if library else os.path.dirname(os.path.dirname(path))


def instruction_set(root: str, prefix: str) -> dict[str, t.Any] | None:
    """What a DPDK was built for: C(machine), C(flags) and the file that says so; null where nothing does.

    :param root: the root folder of the process
    """
    for folder in HEADERS:
        for name in NAMES:
            for path in sorted(glob.glob(f"{glob.escape(root + prefix)}/{folder}/{name}")):
                found = built_for(_text(path))
                if found:
                    return {**found, "source": path[len(root) :]}
    if prefix == "/usr" and os.uname().machine == "x86_64":
        return {**DISTRIBUTION, "source": "the distribution's packages"}
    return None


def built_for(text: str) -> dict[str, t.Any] | None:
    """What the header of a build says; null where it does not."""
    machine = re.search(r'^#define RTE_MACHINE "?([\w.+-]+)"?\s*$', text, re.MULTILINE)
    flags = re.search(r"^#define RTE_COMPILE_TIME_CPUFLAGS (.*)$", text, re.MULTILINE)
    if not machine:
        return None
    return {
        "machine": machine.group(1),
        "flags": re.findall(r"RTE_CPUFLAG_(\w+)", flags.group(1)) if flags else [],
    }


def page_sizes(smaps: str) -> list[int]:
    """The sizes of the hugepages that a process has mapped, in kB."""
    found = {int(size) for size in re.findall(r"^KernelPageSize:\s+(\d+) kB$", smaps, re.MULTILINE)}
    return sorted(size for size in found if size > min(found))


def _text(path: str) -> str:
    """The text of a regular file; empty where it is something else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LIMIT).decode(errors="replace") if stat.S_ISREG(os.fstat(descriptor).st_mode) else ""
