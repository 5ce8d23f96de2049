# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import checked
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import (
    Call,
    IosAction,
    Result,
    bug,
    connection_variables,
    failed_result,
    secret_values,
    show,
    target_of,
)
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.fleet import Fleet, Limits
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import DEVICE, SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import How, configure, wanted_of
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.query import plain

SWITCH = "NFVLAB_FLEET_PROGRESS"


class ActionModule(IosAction):
    """Configures many devices in one event loop."""

    SPEC = SPECS["ios_fleet"]

    async def work(self, call: Call) -> Result:
        options = call.options
        names = self._hosts(options["hosts"])
        how = How.of(options)
        limits = Limits(options["concurrency"], options["max_failed"], options["diff_limit"])

        async def one(name: str) -> Result:
            return await self._device(name, call, how)

        return await Fleet(names, one, limits, show if self._watched(call) else None).run()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        self._variables = task_vars or {}
        return super().run(tmp, task_vars)

    def _hosts(self, given: t.Sequence[str] | None) -> list[str]:
        """The names of the devices.

        :raises InvalidOption: one is not in the inventory
        """
        names = list(dict.fromkeys(plain(given or self._variables.get("ansible_play_hosts_all") or [])))
        unknown = [name for name in names if name not in self._variables["hostvars"]]
        if unknown:
            raise InvalidOption(f"'hosts' names {', '.join(unknown)}, not in the inventory")
        return names

    async def _device(self, name: str, call: Call, how: How) -> Result:
        """One device's result; what is wrong with it fails itself alone."""
        secrets = secret_values(call.options, self.SPEC)
        warnings: list[str] = []
        try:
            variables = self._variables["hostvars"][name]
            own = checked(self._own(variables, call.options["variable"]), DEVICE)
            secrets |= secret_values(own, DEVICE)
            texts = ("lines", "block", "intended")
            shared = dict.fromkeys(texts) if any(own.get(key) is not None for key in texts) else {}
            wanted = wanted_of({**call.options, **shared, **own})
            connection = plain({"ansible_become": True, **connection_variables(variables, name)})
            target = target_of(connection, call.options["timeout"])
            result = await configure(Session.open(target), wanted, how, call.check_mode, warnings)
        except FleetError as error:
            result = failed_result(error, secrets)
        except AnsibleError as error:
            result = failed_result(InvalidOption(f"its variables cannot be evaluated: {error}"), secrets)
        except Exception as error:  # one device's, and no reason to leave the others
            result = failed_result(bug(error), secrets)
        return {
            "host": name,
            "changed": False,
            "failed": False,
            **result,
            **({"warnings": warnings} if warnings else {}),
        }

    @staticmethod
    def _own(variables: t.Mapping[str, t.Any], name: str) -> t.Any:
        return plain(variables[name]) if name in variables else {}

    @staticmethod
    def _watched(call: Call) -> bool:
        wanted = call.options["progress"]
        if wanted is None:
            wanted = os.environ.get(SWITCH) or True
        return boolean(wanted, strict=False) and not call.check_mode
