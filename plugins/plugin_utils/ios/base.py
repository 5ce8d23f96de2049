# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all IOS actions share: options that are checked, secrets that are masked, failures that are one sentence.

These modules run on the controller only, and Ansible does none of that for action plugins.
"""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass, field

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Bug, FleetError, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Spec
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import checked
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK, scrub
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import mask_line
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.target import VARIABLES, Target
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.query import plain

Result = dict[str, t.Any]
CONNECTION: Spec = {"timeout": {"type": "float"}}
# Texts of configuration may hold secrets in any line; of these options only the number of lines is shown.
TEXTS = ("lines", "block", "intended", "running_config")
# All inventory variables that say how to reach a device; SSH's arguments may name a jump host.
NAMES = (
    *(name for names in VARIABLES.values() for name in names),
    "ansible_libssh_proxy_command",
    "ansible_paramiko_proxy_command",
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
)


@dataclass
class Call:
    """One task, with its options checked.

    :param options: all options, defaults filled in
    :param given: those that the task gave
    :param variables: the connection variables of the task's host, as the inventory has them
    """

    options: dict[str, t.Any]
    given: dict[str, t.Any]
    variables: dict[str, t.Any]
    check_mode: bool
    warnings: list[str] = field(default_factory=list)

    def target(self) -> Target:
        """The device of the task's host."""
        return target_of(self.variables, self.options.get("timeout"))

    def session(self) -> t.AsyncContextManager[Session]:
        """A session with that device."""
        return Session.open(self.target())


def target_of(variables: t.Mapping[str, t.Any], timeout: float | None) -> Target:
    """The device that a host's variables name."""
    named = {**variables, **({} if timeout is None else {"ansible_command_timeout": timeout})}
    return Target.from_vars(named)


def all_options(given: t.Mapping[str, t.Any], spec: Spec) -> dict[str, t.Any]:
    """The options with the defaults of those that were not given."""
    return {name: given.get(name, option.get("default")) for name, option in spec.items()}


def hidden(value: t.Any, spec: Spec) -> t.Any:
    """Options as they may be shown."""
    if not isinstance(value, dict):
        return value
    shown = {}
    for name, inner in value.items():
        option = spec.get(name, {})
        if option.get("no_log"):
            shown[name] = inner and MASK
        elif name in TEXTS and inner:
            count = len(inner.splitlines()) if isinstance(inner, str) else len(inner)
            shown[name] = f"<{count} lines>"
        elif "options" in option and isinstance(inner, list):
            shown[name] = [hidden(each, option["options"]) for each in inner]
        elif name in spec:
            shown[name] = inner
        else:
            shown[name] = MASK  # not an option of ours: nobody knows what it holds
    return shown


def secret_values(value: t.Any, spec: Spec) -> set[str]:
    """The secrets among the options, for the device's own words that may repeat them."""
    found: set[str] = set()
    if not isinstance(value, dict):
        return found
    for name, inner in value.items():
        option = spec.get(name, {})
        if option.get("no_log") and isinstance(inner, str):
            found.add(inner)
        elif name in TEXTS and inner:
            found |= _secrets_of(inner if isinstance(inner, str) else "\n".join(map(str, inner)))
        elif "options" in option and isinstance(inner, list):
            found |= set().union(*(secret_values(each, option["options"]) for each in inner))
    return found - {""}


def _secrets_of(text: str) -> set[str]:
    """The last words of the lines that have a secret, which is where IOS has them."""
    return {line.split()[-1] for line in text.splitlines() if line.strip() and mask_line(line) != line}


class IosAction(ActionBase):
    """An IOS module. A module declares its C(SPEC) and its C(work)."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True
    SPEC: t.ClassVar[Spec] = {}
    PRIVILEGED: t.ClassVar[bool] = True  # whether it needs privileged EXEC, where the inventory does not say

    async def work(self, call: Call) -> Result:
        """Do what the task asks for; the result without C(invocation).

        :raises FleetError: it failed; C(outcome) of the error, where there is one, is part of the result
        """
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        spec = {**CONNECTION, **self.SPEC}
        raw = plain(self._task.args)
        call: Call | None = None
        try:
            given = checked(raw, spec)
            call = Call(all_options(given, spec), given, self.variables(task_vars or {}), bool(self._task.check_mode))
            result = asyncio.run(self.work(call))
        except FleetError as error:
            result = failed_result(error, secret_values(raw, spec))
        except Exception as error:  # nobody should meet a traceback
            result = failed_result(bug(error), secret_values(raw, spec))
        result.setdefault("changed", False)
        result["invocation"] = {"module_args": hidden(raw, spec)}
        if call and call.warnings:
            result["warnings"] = call.warnings
        return result

    def variables(self, task_vars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The connection variables of the task's host; what it has none of is as the play and the command line say."""
        host = str(task_vars.get("inventory_hostname", ""))
        found = connection_variables(task_vars, host)
        found = {name: self._templar.template(value) for name, value in found.items()}
        found.setdefault("ansible_become", self.PRIVILEGED)
        play = self._play_context
        for name, value in (
            ("user", play.remote_user),
            ("password", play.password),
            ("become_password", play.become_pass),
        ):
            if value and not any(found.get(alias) for alias in VARIABLES[name]):
                found[VARIABLES[name][0]] = value
        return plain(found)


def connection_variables(variables: t.Mapping[str, t.Any], host: str) -> dict[str, t.Any]:
    """Those of a host's variables that say how to reach it."""
    return {"inventory_hostname": host, **{name: variables[name] for name in NAMES if name in variables}}


def bug(error: Exception) -> Bug:
    """What nobody expected, as an error of ours."""
    return Bug(
        f"unexpected {type(error).__name__}: {error}",
        next_step="this is an error in nfvlab.fleet, please report it with the task that caused it",
    )


def failed_result(error: FleetError, secrets: t.Iterable[str]) -> Result:
    """The result of a failure, without the secrets that the device's words may repeat."""
    error.what = scrub(error.what, secrets)
    error.text = scrub(error.text, secrets) if error.text else error.text
    told: Result = error.outcome if isinstance(error.outcome, dict) else {}
    return {**told, "failed": True, "msg": str(error), "failure": error.failure()}


def confirmed(call: Call, what: str) -> None:
    """Nothing, if the task says that it means it.

    :raises Refused: it does not
    """
    if call.options["confirm"] is not True:
        raise Refused(f"{what} is refused without confirmation", next_step="give confirm: true")


def show(line: str) -> None:
    """A line for a person, on stderr: on stdout there may be JSON."""
    Display().display(line, stderr=True)
