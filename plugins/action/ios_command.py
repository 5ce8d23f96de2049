# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, TimedOut
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.reading import only_reads
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import masked_text, sent
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.query import compiled


class ActionModule(IosAction):
    """Runs commands that only read, until the conditions hold."""

    SPEC: t.ClassVar = SPECS["ios_command"]
    PRIVILEGED = False

    async def work(self, call: Call) -> Result:
        options = call.options
        for command in options["commands"]:
            only_reads(command)
        if options["retries"] < 1 or options["interval"] < 0:
            raise InvalidOption("'retries' must be 1 or more, and 'interval' 0 or more")
        conditions = [(text, compiled(text, "wait_for")) for text in options["wait_for"]]
        async with call.session() as session:
            for attempt in range(options["retries"]):
                if attempt:
                    await asyncio.sleep(options["interval"])
                result = await self._run(session, options)
                unmet = [text for text, condition in conditions if condition.search(result) is not True]
                if not unmet:
                    break
        result["actions"] = [sent(command, True) for command in options["commands"]]
        result["device"] = {"hostname": session.hostname}
        if unmet:
            error = TimedOut(
                f"after {options['retries']} runs these conditions do not hold: {'; '.join(unmet)}",
                obj=session.hostname,
                next_step="see 'stdout' and 'structured' for what the device said last",
            )
            error.outcome = result
            raise error
        return result

    @staticmethod
    async def _run(session: Session, options: t.Mapping[str, t.Any]) -> Result:
        printed = [await session.command(command) for command in options["commands"]]
        pairs = list(zip(options["commands"], printed, strict=True))
        # What has a parser is no configuration, which alone has secrets.
        shown = [text if shows.parser_of(command) else masked_text(text) for command, text in pairs]
        result: Result = {"changed": False, "stdout": shown}
        if options["structured"]:
            result["structured"] = [shows.parse(command, text) for command, text in pairs]
        return result
