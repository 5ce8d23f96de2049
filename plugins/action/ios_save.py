# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import (
    SAVE,
    device,
    differs,
    read,
    saved,
    sent,
)


class ActionModule(IosAction):
    """Saves where the saved configuration is not the running one."""

    SPEC: t.ClassVar = SPECS["ios_save"]

    async def work(self, call: Call) -> Result:
        async with call.session() as session:
            running = await read(session)
            stored = await saved(session, running.dialect)
            unsaved = differs(running, stored)
            if unsaved and not call.check_mode:
                await session.save()
        return {
            "changed": unsaved,
            "actions": [sent(SAVE, not call.check_mode)] if unsaved else [],
            "diff": {
                "before_header": "startup-config",
                "after_header": "running-config",
                "before": stored.masked() if stored else "",
                "after": running.masked(),
            },
            "device": device(session, running),
        }
