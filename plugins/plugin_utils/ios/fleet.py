# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many devices in one event loop: so many at a time, until too many have failed, and how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption

Result = dict[str, t.Any]
Work = t.Callable[[str], t.Awaitable[Result]]
PERIOD = 1.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Limits:
    """How a fleet is gone through.

    :param concurrency: devices at a time
    :param max_failed: failures at which no further device is begun; 0 for never
    :param diff_limit: devices whose difference is returned

    :raises InvalidOption: one is out of range
    """

    concurrency: int
    max_failed: int
    diff_limit: int

    def __post_init__(self) -> None:
        for name, least in (("concurrency", 1), ("max_failed", 0), ("diff_limit", 0)):
            if getattr(self, name) < least:
                raise InvalidOption(f"'{name}' is {getattr(self, name)}", next_step=f"give {least} or more")


class Fleet:
    """One run over many devices.

    :param work: makes one device's result, and raises nothing for what is wrong with the device
    :param show: shows a line of progress; null for none
    """

    def __init__(
        self, names: t.Sequence[str], work: Work, limits: Limits, show: t.Callable[[str], None] | None
    ) -> None:
        self._names = names
        self._work = work
        self._limits = limits
        self._show = show
        self._results: dict[str, Result] = {}
        self._failed = 0

    async def run(self) -> Result:
        """The result for all, in the order of the names."""
        waiting = iter(self._names)
        watch = asyncio.create_task(self._watch()) if self._show else None
        try:
            async with asyncio.TaskGroup() as group:
                for _worker in range(min(self._limits.concurrency, len(self._names))):
                    group.create_task(self._worker(waiting))
        finally:
            if watch:
                watch.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watch
        return self._told()

    async def _worker(self, waiting: t.Iterator[str]) -> None:
        for name in waiting:
            if self._limits.max_failed and self._failed >= self._limits.max_failed:
                self._results[name] = {"host": name, "changed": False, "failed": False, "begun": False}
                continue
            result = await self._work(name)
            self._results[name] = result
            self._failed += bool(result["failed"])

    async def _watch(self) -> None:
        begun = time.monotonic()
        while self._show:
            await asyncio.sleep(PERIOD)
            done, seconds = len(self._results), time.monotonic() - begun
            failed = f", {self._failed} failed" if self._failed else ""
            rate = f"{60 * done / seconds:.0f}/min"
            self._show(f"ios_fleet: {done} of {len(self._names)} devices done{failed}, {rate}")

    def _told(self) -> Result:
        results = [self._results[name] for name in self._names]
        changed = [result for result in results if result["changed"]]
        diffs = [
            {**result["diff"], "before_header": result["host"], "after_header": result["host"]}
            for result in changed
            if "diff" in result
        ]
        for result in results:
            result.pop("diff", None)  # it is in the list of differences, once
        failed = [result for result in results if result["failed"]]
        begun = [result for result in results if result.get("begun", True)]
        counts = {
            "devices": len(results),
            "changed": len(changed),
            "failed": len(failed),
            "not_begun": len(results) - len(begun),
        }
        told: Result = {
            "changed": bool(changed),
            "results": results,
            "counts": counts,
            "diff": diffs[: self._limits.diff_limit],
        }
        return {**told, **self._failure(failed, counts)} if failed else told

    @staticmethod
    def _failure(failed: t.Sequence[Result], counts: t.Mapping[str, int]) -> Result:
        named = "; ".join(f"{result['host']}: {result['msg']}" for result in failed[:3])
        more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
        left = f"; {counts['not_begun']} were not begun" if counts["not_begun"] else ""
        return {
            "failed": True,
            "msg": f"{len(failed)} of {counts['devices']} devices failed{left}: {named}{more}",
            "failure": failed[0]["failure"],
        }
