# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: control groups, as a model: what containers use is read from their processes, limits are kept by killing.

No control group is made, so it works where none may be. The kernel's own would kill sooner.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import signal
import typing as t

from .processes import is_copy

PAUSE = 0.02  # seconds between two looks
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = 10**9 // os.sysconf("SC_CLK_TCK")  # nanoseconds
UNLIMITED = 2**63 - PAGE


class Member(t.NamedTuple):
    """A process of a container: nanoseconds in user mode and in the kernel, bytes of memory."""

    pid: int
    user: int
    kernel: int
    memory: int


def members(sessions: t.Collection[int]) -> list[Member]:
    """The processes of some sessions, read from C(/proc); those that have not become their command yet are left out."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions and fields[0] not in "ZX" and not is_copy(int(folder.name)):
                user, kernel, pages = int(fields[11]), int(fields[12]), int(fields[21])
                found.append(Member(int(folder.name), user * TICK, kernel * TICK, pages * PAGE))
    return found


class Group:
    """The limits of one container and what it has used.

    :param sessions: gives the sessions that its processes lead
    """

    def __init__(self, resources: dict, sessions: t.Callable[[], t.Collection[int]]) -> None:
        self.sessions = sessions
        self.memory = UNLIMITED
        self.cpu: dict[str, int] = {}
        self.peak = self.failures = 0
        self.update(resources)

    def update(self, resources: dict) -> None:
        """Take limits over. Of processors and of the number of processes none is, as with the real agent."""
        limit = resources.get("Memory", {}).get("Limit", 0)
        if limit > 0:
            self.memory = limit
        cpu = resources.get("CPU", {})
        self.cpu.update({key: value for key, value in cpu.items() if key not in ("Cpus", "Mems")})

    @property
    def limited(self) -> bool:
        """Whether there is a limit to be kept."""
        return self.memory != UNLIMITED

    def usage(self) -> int:
        """Bytes of memory in use."""
        used = sum(member.memory for member in members(self.sessions()))
        self.peak = max(self.peak, used)
        return used

    def stats(self) -> dict:
        """C(cgroup_stats) of the container."""
        found = members(self.sessions())
        used = sum(member.memory for member in found)
        self.peak = max(self.peak, used)
        user, kernel = sum(member.user for member in found), sum(member.kernel for member in found)
        return {
            "cpu_stats": {
                "cpu_usage": {
                    "total_usage": user + kernel,
                    "usage_in_usermode": user,
                    "usage_in_kernelmode": kernel,
                },
                "throttling_data": {},
            },
            "memory_stats": {
                "usage": {"usage": used, "max_usage": self.peak, "failcnt": self.failures, "limit": self.memory}
            },
            "pids_stats": {"current": len(found)},
            "blkio_stats": {},
        }

    def keep(self) -> int | None:
        """Kill the largest process where there is too much; which one that was."""
        found = members(self.sessions())
        used = sum(member.memory for member in found)
        self.peak = max(self.peak, used)
        if used <= self.memory:
            return None
        self.failures += 1
        largest = max(found, key=lambda member: member.memory).pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(largest, signal.SIGKILL)
        return largest


async def watch(groups: t.Callable[[], t.Iterable[tuple[str, Group]]], tell: t.Callable[[str, int], None]) -> None:
    """Keep the limits of all containers.

    :param groups: gives containers with their groups
    :param tell: is told in which container which process had to be killed
    """
    while True:
        for name, group in list(groups()):
            killed = group.keep() if group.limited else None
            if killed is not None:
                tell(name, killed)
        await asyncio.sleep(PAUSE)
