# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import FACTS, SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import masked_text
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.query import compiled


class ActionModule(IosAction):
    """Asks each fact with its command."""

    SPEC: t.ClassVar = SPECS["ios_facts"]
    PRIVILEGED = False

    async def work(self, call: Call) -> Result:
        query = call.options["query"]
        expression = compiled(query, "query") if query else None
        facts: Result = {}
        async with call.session() as session:
            for name in call.options["gather"]:
                text = await session.command(FACTS[name])
                facts[name] = masked_text(text) if name == "config" else shows.parse(FACTS[name], text)
        result: Result = {"changed": False, "facts": facts, "device": {"hostname": session.hostname}}
        if expression is not None:
            result["result"] = expression.search(facts)
        return result
