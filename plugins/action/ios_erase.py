# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result, confirmed
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import device, exchange, read, saved, sent

ERASE = "erase startup-config"


class ActionModule(IosAction):
    """Erases the saved configuration where there is one."""

    SPEC: t.ClassVar = SPECS["ios_erase"]

    async def work(self, call: Call) -> Result:
        confirmed(call, "erasing the saved configuration")
        async with call.session() as session:
            running = await read(session)
            stored = await saved(session, running.dialect)
            if stored and not call.check_mode:
                await exchange(session, ERASE)
        return {
            "changed": stored is not None,
            "actions": [sent(ERASE, not call.check_mode)] if stored else [],
            "diff": {
                "before_header": "startup-config",
                "after_header": "startup-config",
                "before": stored.masked() if stored else "",
                "after": "",
            },
            "device": device(session, running),
        }
