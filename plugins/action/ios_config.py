# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import (
    How,
    configure,
    device,
    offline,
    read,
    tree,
    wanted_of,
)


class ActionModule(IosAction):
    """Merges or replaces configuration, on a device or without one."""

    SPEC = SPECS["ios_config"]

    async def work(self, call: Call) -> Result:
        options = call.options
        if options["state"] == "gathered":
            async with call.session() as session:
                running = await read(session)
            return {"changed": False, "config": tree(running), "device": device(session, running)}
        if options["state"] in ("parsed", "rendered") or options["running_config"] is not None:
            return offline(options, How.of(options), call.warnings)
        if call.given.get("dialect"):
            raise InvalidOption("'dialect' is for work without a device", next_step="leave it out: the device is asked")
        return await configure(call.session(), wanted_of(options), How.of(options), call.check_mode, call.warnings)
