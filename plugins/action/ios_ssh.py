# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import NotKept, Unsupported
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.declared import DeclaredAction

SHOW = "show ip ssh"


class ActionModule(DeclaredAction, name="ios_ssh"):
    """A table of `_ios.declared`, and what IOS only remarks on: version 2 without a key that is long enough."""

    async def work(self, call: Call) -> Result:
        async with call.session() as session:
            before = shows.parse(SHOW, await session.command(SHOW))
            self._held(before, call, session.hostname)
            result = await self.configured(call, session)
            after = before if call.check_mode else shows.parse(SHOW, await session.command(SHOW))
            if call.options["version"] == 2 and not call.check_mode and after["version"] != "2.0":
                raise NotKept(f"the server speaks version {after['version']} only", obj=session.hostname)
        return {**result, "ssh": after}

    @staticmethod
    def _held(shown: Result, call: Call, hostname: str) -> None:
        """Refuse version 2 where the key does not allow it.

        :raises Unsupported: there is no key, or one of less than 768 bits
        """
        if call.options["version"] == 2 and (not shown["enabled"] or shown["version"] == "1.5"):
            raise Unsupported(
                "there is no RSA key of 768 bits or more for version 2 of SSH",
                obj=hostname,
                next_step="make one with nfvlab.fleet.ios_rsa_key",
            )
