# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    InvalidOption,
    MissingReference,
    NotKept,
    OperationFailed,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.diff import Line
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result, confirmed
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import named, read, sent

SHOW = "show crypto key mypubkey rsa"
YES = ((r"\[yes/no\]: *$", "yes"),)
STRONG = 2048  # bits


class ActionModule(IosAction):
    """Generates a key where there is none that is long enough, or removes it."""

    SPEC: t.ClassVar = SPECS["ios_rsa_key"]

    async def work(self, call: Call) -> Result:
        wanted = self._wanted(call)
        async with call.session() as session:
            before = await self._key(session)
            command = self._command(before, wanted, bool(call.options["replace"]))
            after: Result | None = before
            if command:
                after = {"name": await self._name(session), "modulus": wanted} if wanted else None
            if command and not call.check_mode:
                after = await self._carried_out(session, command, wanted)
                if call.options["save"]:
                    await session.save()
        return {
            "changed": command is not None,
            "actions": [sent(command, not call.check_mode)] if command else [],
            "diff": {
                "before_header": "rsa_key",
                "after_header": "rsa_key",
                "before": {"rsa_key": before},
                "after": {"rsa_key": after},
            },
            "rsa_key": after,
            "device": {"hostname": session.hostname},
        }

    @staticmethod
    def _wanted(call: Call) -> int | None:
        """The bits that the key is to have; null for no key."""
        if call.options["state"] == "absent":
            confirmed(call, "removing the key, which ends SSH,")
            return None
        bits = int(call.options["modulus"])
        if not 360 <= bits <= 4096:
            raise InvalidOption(f"'modulus' is {bits}", next_step="IOS makes keys from 360 to 4096 bits")
        if bits < STRONG and not call.options["allow_weak"]:
            raise InvalidOption(
                f"a key of {bits} bits is weak", next_step=f"give {STRONG} or more, or allow_weak: true"
            )
        return bits

    @staticmethod
    def _command(before: Result | None, wanted: int | None, replace: bool) -> str | None:
        """The command that leads from the key that is there to the wanted one; null where there is nothing to do."""
        if wanted is None:
            return "crypto key zeroize rsa" if before else None
        if before is None or (replace and (before["modulus"] or 0) < wanted):
            return f"crypto key generate rsa modulus {wanted}"
        return None

    @staticmethod
    async def _key(session: Session) -> Result | None:
        """The device's own key, without that which the SSH server makes for itself."""
        keys = shows.parse(SHOW, await session.command(SHOW))
        own = [key for key in keys if not key["name"].endswith(".server")]
        return {"name": own[0]["name"], "modulus": own[0]["modulus"]} if own else None

    @staticmethod
    async def _name(session: Session) -> str:
        """The name that a new key gets.

        :raises MissingReference: the device has no host name or no domain name yet, so it makes no key
        """
        running = await read(session)
        names = [named(running, "hostname"), named(running, "ip domain name")]
        missing = [what for what, name in zip(("host name", "domain name"), names, strict=True) if not name]
        if missing:
            raise MissingReference(
                f"a key needs a {' and a '.join(missing)}",
                obj=session.hostname,
                next_step="give it with nfvlab.fleet.ios_system first",
            )
        return ".".join(map(str, names))

    async def _carried_out(self, session: Session, command: str, wanted: int | None) -> Result | None:
        outcome = await session.push([Line(command, (), command, YES, True)])
        if outcome.failed:
            answer = outcome.failed[0].answer.strip()
            raise OperationFailed(f"'{command}' was refused: {answer}", obj=session.hostname, text=answer)
        after = await self._key(session)
        if (after or {}).get("modulus") != wanted:
            raise NotKept(f"after '{command}' the key is {after}", obj=session.hostname, next_step=f"look at '{SHOW}'")
        return after
