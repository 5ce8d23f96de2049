# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import NotKept
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows, tokens
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import exchange, sent

_SLACK = 5  # seconds between the device's clock ticks and ours


class ActionModule(IosAction):
    """Clears counters and looks whether they are."""

    SPEC: t.ClassVar = SPECS["ios_clear"]

    async def work(self, call: Call) -> Result:
        names = [tokens.interface_name(name) or name for name in call.options["interfaces"] or ()]
        commands = [f"clear counters {name}" for name in names] or ["clear counters"]
        result: Result = {"changed": True, "actions": [sent(command, not call.check_mode) for command in commands]}
        async with call.session() as session:
            if not call.check_mode:
                begun = time.monotonic()
                for command in commands:
                    await exchange(session, command)
                shown = shows.parse("show interfaces", await session.command("show interfaces"))
                result["counters"] = self._cleared(shown, names, time.monotonic() - begun)
        result["device"] = {"hostname": session.hostname}
        return result

    @staticmethod
    def _cleared(shown: t.Sequence[t.Mapping[str, t.Any]], names: t.Sequence[str], seconds: float) -> Result:
        """The counters of what was cleared.

        :raises NotKept: the device says that they were cleared long ago or never
        """
        found = {one["interface"]: one for one in shown if not names or one["interface"] in names}
        old = [name for name, one in found.items() if _age(one.get("last_clearing")) > seconds + _SLACK]
        missing = [name for name in names if name not in found]
        if old or missing:
            raise NotKept(
                f"the counters of {', '.join(old + missing)} are not cleared", next_step="look at show interfaces"
            )
        return {name: one["counters"] for name, one in found.items()}


def _age(cleared: str | None) -> float:
    """Seconds since the last clearing as IOS prints it, C(HH:MM:SS); older ones and C(never) are very old."""
    parts = (cleared or "").split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return float("inf")
    return float(sum(int(part) * unit for part, unit in zip(parts, (3600, 60, 1), strict=True)))
