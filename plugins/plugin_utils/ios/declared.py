# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of a declarative IOS module: its table says the intent, the rest is as with ios_config."""

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.declared import DECLARED, Declared, Have
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import Config
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import How, Wanted, configure_in


class DeclaredAction(IosAction):
    """Brings a part of the configuration into the state that the options of a table say."""

    TABLE: t.ClassVar[Declared]

    def __init_subclass__(cls, name: str, **rest: t.Any) -> None:
        super().__init_subclass__(**rest)
        cls.TABLE = DECLARED[name]
        cls.SPEC = SPECS[name]

    async def work(self, call: Call) -> Result:
        async with call.session() as session:
            return await self.configured(call, session)

    async def configured(self, call: Call, session: Session) -> Result:
        """The result of the change."""
        return await configure_in(session, self.wanted(call), How.of(call.options), call.check_mode, call.warnings)

    def wanted(self, call: Call) -> Wanted:
        """The intent of the options, which depends on what is there."""
        # Defaults count here where they say what the task means, as the state does; null is what the task gave.
        given = {**{name: value for name, value in call.options.items() if value is not None}, **call.given}
        section = self.TABLE.replaces(given)

        def text(running: Config) -> str:
            return "\n".join(self.TABLE.intent(given, Have(running))) + "\n"

        return Wanted(text, "replaced" if section else "merged", section)
