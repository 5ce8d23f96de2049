# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Properties of components, many components in one reading.

All values are text. A component is there only while its app is active; its values outlive that. A component is told of
a change later than the store shows it (0.3 s on 2.7.0, at most 1 s by its source).
"""

from __future__ import annotations

import time
import typing as t

from .._core.errors import InvalidOption, MissingReference, did_you_mean
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Resource, Task
from .._core.secrets import mask_pair
from .client import Client
from .known import FWD, KNOWN, advice, check_name, check_value, same

TELLING = 1.0  # seconds until a component surely knows

Values = dict[str, dict[str, t.Any]]


class ComponentConfig(Resource):
    """The wanted properties of some components."""

    states = ()

    def spec(self) -> Spec:
        return {
            "component": {"type": "str"},
            "properties": {"type": "dict"},
            "components": {"type": "dict"},
            "preset": {"type": "bool", "default": False},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"configuration of {params['component'] or 'components'}"

    def prepare(self, session: Client, task: Task) -> None:
        for component, properties in wanted(task.params).items():
            for name, value in properties.items():
                if value is not None:
                    check_value(component, name, value)

    def read(self, session: Client, task: Task) -> dict[str, t.Any]:
        return session.find("/configuration") or {}

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        now: Values = have or {}
        plan = Plan(self.label(task.params), now, {})
        for component, properties in wanted(task.params).items():
            if component in now or not task.params.get("preset_done"):
                self._component(plan, component, properties, now.get(component), task)
        return plan

    def _component(
        self, plan: Plan, component: str, properties: dict[str, t.Any], now: dict[str, str] | None, task: Task
    ) -> None:
        preset = now is None and task.params["preset"]
        if now is None and not preset and properties:
            problem = _not_registered(component, plan.have)
            if not task.check_mode:
                raise problem
            task.warn(str(problem))
        before, after = dict(now or {}), dict(now or {})
        for name, value in properties.items():
            _check_name(component, name, now)
            if value is None and now is None and not preset:
                continue  # a component that an earlier task would have brought has its defaults
            new = default_of(component, name) if value is None else check_value(component, name, value)
            if name not in before or not same(before[name], new):
                after[name] = new
        changed = sorted(name for name in properties if before.get(name) != after.get(name))
        plan.changed += [f"{component}.{name}" for name in changed]
        plan.then[component] = after
        owned = [(name, *self._shown(name, before.get(name), after.get(name), task)) for name in sorted(properties)]
        plan.before[component] = {name: old for name, old, _new in owned}
        plan.after[component] = {name: new for name, _old, new in owned}
        where = join("configuration", component)
        # Only what is registered can be unset; else the default is stored as any other value.
        setting = {name: after[name] for name in changed if properties[name] is not None or preset}
        unsetting = [name for name in changed if name not in setting]
        if setting:
            query = {"preset": "true"} if preset else {}
            plan.steps.append(Request("POST", where, query, setting, sorted(setting)))
        if unsetting:
            plan.steps.append(Request("DELETE", where, body=dict.fromkeys(unsetting, ""), keys=unsetting))

    @staticmethod
    def _shown(name: str, old: str | None, new: str | None, task: Task) -> tuple[str | None, str | None]:
        return mask_pair(old, new) if task.secrets.holds(name) else (old, new)

    def repeated(self, task: Task) -> Task:
        # The value of a component that is not registered cannot be read back before its app is active.
        return task.but(preset_done=True)

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        components = wanted(task.params)
        outcome.object = {name: values for name, values in (outcome.object or {}).items() if name in components}
        for sentence in advice(outcome.object.get(FWD, {})) if FWD in components else ():
            task.warn(sentence)
        if outcome.sent:
            time.sleep(TELLING)


def wanted(params: t.Mapping[str, t.Any]) -> Values:
    """The wanted properties by component, however the task gives them.

    :raises InvalidOption: they are not dictionaries
    """
    found = dict(params["components"] or {})
    if params["component"]:
        found[params["component"]] = params["properties"] or {}
    for component, properties in found.items():
        if not isinstance(properties, dict):
            raise InvalidOption(f"'{component}' must be a dictionary of properties, not a {type(properties).__name__}")
    return {component: dict(properties) for component, properties in found.items()}


def _check_name(component: str, name: str, now: t.Mapping[str, str] | None) -> None:
    """Raise where a component has no such property; unless it is registered, only reactive forwarding is judged.

    :param now: its properties, where it is registered
    """
    if now is not None:
        check_name(component, name, now)
    elif component == FWD:
        check_name(component, name, KNOWN[FWD])


def default_of(component: str, name: str) -> str:
    """A property's default.

    :raises InvalidOption: it is not known
    """
    known = KNOWN.get(component, {}).get(name)
    if known is None:
        raise InvalidOption(
            f"the default of '{name}' of {component} is not known here, and the REST interface does not show it",
            next_step="give the value itself; 'cfg -j get' on the controller's CLI shows the defaults",
        )
    return known.default


def _not_registered(component: str, present: t.Iterable[str]) -> MissingReference:
    names = list(present)
    return MissingReference(
        f"component '{component}' is not registered: its app is inactive, dead or not installed",
        next_step=did_you_mean(component, names) or "activate its app first (nfvlab.fleet.onos_app), or set 'preset'",
    )
