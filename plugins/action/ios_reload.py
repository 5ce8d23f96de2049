# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    Interrupted,
    Refused,
    TimedOut,
    Unreachable,
)
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result, confirmed
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session, Target
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import (
    device,
    differs,
    exchange,
    read,
    saved,
    sent,
    version,
)

RELOAD = "reload"
ANSWERS = ((r"Save\? \[yes/no\]: *$", "no"), (r"\[confirm\]", ""))
_PAUSE = 1.0  # seconds between two tries to reach the device


class ActionModule(IosAction):
    """Restarts the device and waits for it."""

    SPEC: t.ClassVar = SPECS["ios_reload"]

    async def work(self, call: Call) -> Result:
        confirmed(call, "restarting the device")
        target = call.target()
        async with Session.open(target) as session:
            running = await read(session)
            if not call.options["discard"] and differs(running, await saved(session, running.dialect)):
                raise Refused(
                    "the running configuration is not saved and would be lost",
                    obj=session.hostname,
                    next_step="save it with nfvlab.fleet.ios_save, or give discard: true",
                )
            if not call.check_mode:
                await self._send(session)
        result: Result = {
            "changed": True,
            "actions": [sent(RELOAD, not call.check_mode)],
            "device": device(session, running),
        }
        if call.options["wait"] and not call.check_mode:
            result["uptime"] = await self._uptime(target, float(call.options["wait_timeout"]))
        return result

    @staticmethod
    async def _send(session: Session) -> None:
        try:
            await exchange(session, RELOAD, ANSWERS)
        except (Interrupted, TimedOut):
            return  # it went down before it could say any more

    @staticmethod
    async def _uptime(target: Target, seconds: float) -> str:
        """What the device says of its uptime once it answers again."""
        deadline = time.monotonic() + seconds
        last: FleetError | None = None
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                async with Session.open(target) as session:
                    return str((await version(session)).get("uptime"))
            except (Unreachable, TimedOut) as error:
                last = error
            if time.monotonic() > deadline:
                raise TimedOut(f"the device does not answer {seconds:g} s after its restart: {last}") from None
