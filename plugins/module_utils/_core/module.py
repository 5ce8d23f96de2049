# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""`AnsibleModule` with what the result contract needs on top.

* It remembers what a task really gave, at every depth: validation fills what is missing with null.
* It masks secrets by their position in everything that leaves the module: result, invocation, log, failure.
* It turns an unknown option into a hint, and an error of ours into C(msg) and C(failure).
"""

from __future__ import annotations

import copy
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .errors import Bug, FleetError, InvalidOption, did_you_mean
from .fields import Spec
from .resource import Outcome, Resource, Session, Task, converge
from .secrets import MASK, Secrets, scrub

SECRET_KEYS: Spec = {"secret_keys": {"type": "list", "elements": "str", "default": [], "no_log": False}}


class FleetModule(AnsibleModule):
    """An Ansible module of this collection.

    :param spec: its C(argument_spec)
    :param secrets: which keys hold secrets, beside those that the task names in O(secret_keys)
    """

    def __init__(self, spec: Spec, secrets: Secrets | None = None, **rest: t.Any) -> None:
        self._secrets = secrets or Secrets()
        self._raw: dict[str, t.Any] = {}
        super().__init__(spec, supports_check_mode=True, **rest)

    def _load_params(self) -> None:
        super()._load_params()
        self._raw = copy.deepcopy(self.params)
        named = self._raw.get("secret_keys") or []
        # Before validation: its errors must be masked too. Ansible takes a text with commas for a list.
        keys = named.split(",") if isinstance(named, str) else named if isinstance(named, list) else []
        self._secrets = self._secrets + [str(key).strip() for key in keys]

    def task(self) -> Task:
        """What the task asks for."""
        return Task(
            params=self.params,
            given=only_given(self.params, self._raw, self.argument_spec),
            check_mode=self.check_mode,
            secrets=self._secrets,
            warn=self.warn,
        )

    def _masked_params(self) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = {}
        for name, option in self.argument_spec.items():
            value = self.params.get(name)
            if option.get("no_log") or (option.get("type") == "dict" and isinstance(value, str)):
                value = value and MASK  # a text that could not be parsed may hold anything
            elif isinstance(value, str) and "PRIVATE KEY-----" in value:
                value = MASK  # perhaps in one file with its certificate
            shown[name] = value if name in SECRET_KEYS else self._secrets.mask({name: value})[name]
        return shown

    def _log_invocation(self) -> None:
        names = sorted(self._masked_params())
        self.log(f"Invoked with {', '.join(names)}", log_args={})

    def _return_formatted(self, kwargs: dict[str, t.Any]) -> None:
        kwargs.setdefault("invocation", {"module_args": self._masked_params()})
        super()._return_formatted(kwargs)

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        kwargs.setdefault(
            "failure", {"kind": "invalid_option", "code": None, "object": None, "endpoint": None, "text": None}
        )
        known = {*self.argument_spec, *self.aliases}
        unknown = [name for name in self._raw if name not in known and not name.startswith("_ansible")]
        if unknown:  # most likely the cause of whatever Ansible found missing
            msg = _unknown_options(unknown, list(self.argument_spec))
        super().fail_json(msg=_with_hint(str(msg)), **kwargs)

    def clean(self, error: FleetError) -> FleetError:
        """The same error without the secrets that the system's own words may repeat."""
        secrets = self._secrets.values(self._raw) | self._secrets.values(self.params)
        if isinstance(error, Bug):
            error.what = scrub(error.what, secrets)
        if error.text:
            clean = scrub(error.text, secrets)
            error.what = error.what.replace(error.text.rstrip("."), clean.rstrip("."))
            error.text = clean
        return error

    def fail(self, error: FleetError) -> t.NoReturn:
        """End with an error of ours, and with what had been sent before it happened."""
        error = self.clean(error)
        result: dict[str, t.Any] = {"changed": False, "failure": error.failure()}
        if error.outcome is not None:
            result.update(outcome_result(error.outcome, self.check_mode))
        self.fail_json(msg=str(error), **result)

    def run(self, work: t.Callable[[], dict[str, t.Any]]) -> t.NoReturn:
        """Do the work and end with its result, or with one clear sentence."""
        try:
            result = work()
        except FleetError as error:
            self.fail(error)
        except Exception as error:  # nobody should meet a traceback
            self.fail(
                Bug(
                    f"unexpected {type(error).__name__}: {error}",
                    text=_where(error),
                    next_step="this is an error in nfvlab.fleet, please report it with the task that caused it",
                )
            )
        if result.get("failed"):
            self.fail_json(**result)
        self.exit_json(**result)

    def converge(self, resource: Resource, session: Session) -> dict[str, t.Any]:
        """Bring one object into the wanted state and return the module's result."""
        outcome = converge(resource, session, self.task())
        return {
            **outcome_result(outcome, self.check_mode),
            resource.kind: None if outcome.object is None else self._secrets.mask(outcome.object),
        }


def outcome_result(outcome: Outcome, check_mode: bool) -> dict[str, t.Any]:
    """The part of the result that is the same for every state module."""
    plan = outcome.plan
    return {
        "changed": bool(plan.steps if check_mode else outcome.sent),
        "actions": outcome.actions(),
        "diff": {
            "before_header": plan.label,
            "after_header": plan.label,
            "before": plan.before,
            "after": plan.after,
        },
        **plan.facts,
    }


def only_given(params: t.Mapping[str, t.Any], raw: t.Any, spec: Spec) -> dict[str, t.Any]:
    """The validated options without those that validation added, at every depth."""
    if not isinstance(raw, dict):  # written as "k=v" text: nothing can have been added below
        return dict(params)
    given = {}
    for name, option in spec.items():
        named = next((alias for alias in (name, *option.get("aliases", ())) if alias in raw), None)
        if named is None:
            continue
        value, source, inner = params.get(name), raw[named], option.get("options")
        if inner and isinstance(value, dict):
            value = only_given(value, source, inner)
        elif inner and isinstance(value, list) and isinstance(source, list):
            value = [only_given(*pair, inner) if isinstance(pair[0], dict) else pair[0] for pair in zip(value, source)]
        given[name] = value
    return given


def checked(options: t.Any, spec: Spec) -> dict[str, t.Any]:
    """Options that are no module's own, checked like those: what was really given, validated.

    :raises InvalidOption: with the sentence that a module would have failed with
    """
    if not isinstance(options, dict):
        raise InvalidOption(f"it is of type {type(options).__name__}, not a dictionary of options")
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    result = ArgumentSpecValidator(spec).validate(options)
    if result.unsupported_parameters:
        raise InvalidOption(_unknown_options(sorted(result.unsupported_parameters), list(spec)))
    if result.error_messages:
        raise InvalidOption(_with_hint(result.error_messages[0]))
    return only_given(result.validated_parameters, options, spec)


_UNSUPPORTED = re.compile(r"Unsupported parameters for \(\S+\) module: (.+?)\. Supported parameters include: (.+?)\.?$")


def _with_hint(msg: str) -> str:
    """An argument error of Ansible's, with the nearest option that there is."""
    found = _UNSUPPORTED.search(msg)
    if not found:
        return msg
    return _unknown_options(found.group(1).split(", "), re.sub(r" \([^)]*\)", "", found.group(2)).split(", "))


def _unknown_options(wrong: list[str], supported: list[str]) -> str:
    hints = []
    for name in wrong:
        hint = did_you_mean(name.rsplit(".", 1)[-1], supported)
        hints.append(f"unknown option '{name}'" + (f": {hint}" if hint else ""))
    return f"{'; '.join(hints)} (supported: {', '.join(sorted(supported))})"


def _where(error: BaseException) -> str:
    """The place of an unexpected error, in one line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
