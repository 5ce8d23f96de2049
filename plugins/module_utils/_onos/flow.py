# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Flow rules. The controller finds a rule by device, selector, priority and table; its treatment is no part of that.

A rule that was accepted is PENDING_ADD until the switch was asked again (2.4 to 7 s on 2.7.0), and one for an unknown
device is accepted as well.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import no_such
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Resource, Task
from .client import Client, await_

REST_APP = "org.onosproject.rest"


class Flow(Resource):
    """One flow rule."""

    def spec(self) -> Spec:
        return {
            "device": {"type": "str", "required": True},
            "priority": {"type": "int", "required": True},
            "table": {"type": "int", "default": 0},
            "selector": {"type": "list", "elements": "dict", "default": []},
            "treatment": {"type": "list", "elements": "dict", "default": []},
            "idle_timeout": {"type": "int", "default": 0},
            "app": {"type": "str", "default": REST_APP},
            "added_timeout": {"type": "float", "default": 30.0},
            **super().spec(),
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"flow with priority {params['priority']} of {params['device']}"

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        found = session.items(join("flows", task.params["device"]), "flows")
        return next((flow for flow in found if _same_rule(flow, task.params)), None)

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        params = task.params
        plan = Plan(self.label(params), have, None)
        plan.before = _owned(have) if have else {"state": "absent"}
        where = join("flows", params["device"])
        if task.state == "absent":
            plan.after = {"state": "absent"}
            if have:
                plan.changed = ["state"]
                plan.steps = [Request("DELETE", where + join(str(have["id"])))]
            return plan
        body = _body(params)
        plan.after = _owned(body)
        plan.then = {**(have or {}), **body}
        plan.changed = [name for name, value in plan.after.items() if plan.before.get(name) != value]
        if plan.changed:
            plan.steps = [Request("POST", where, {"appId": params["app"]}, body, plan.changed)]
        return plan

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if task.state == "absent":
            return
        present = [device["id"] for device in session.items("/devices", "devices")]
        if task.params["device"] not in present:
            error = no_such("device", task.params["device"], present, "wait until the switch is connected")
            if not task.check_mode:
                raise error
            task.warn(str(error))

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        if task.check_mode or task.state == "absent":
            return

        def look() -> tuple[bool, str]:
            outcome.object = self.read(session, task)
            state = (outcome.object or {}).get("state", "gone")
            return state == "ADDED", f"its state is {state}"

        await_(
            look, task.params["added_timeout"], f"the switch does not have the {outcome.plan.label}", session.endpoint
        )


def _same_rule(flow: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> bool:
    """Whether a flow is the one that the controller would take the wanted one for."""
    return (
        flow.get("appId") == params["app"]
        and flow["priority"] == params["priority"]
        and int(flow.get("tableId") or 0) == params["table"]
        and _criteria(flow["selector"]["criteria"]) == _criteria(params["selector"])
    )


def _criteria(criteria: t.Iterable[t.Mapping[str, t.Any]]) -> list[t.Any]:
    return sorted((canonical(entry) for entry in criteria), key=str)


def canonical(value: t.Any) -> t.Any:
    """A value in one spelling: the controller turns C(0x0800) into C(0x800), "1" into 1, and addresses to capitals."""
    if isinstance(value, t.Mapping):
        return {str(key): canonical(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [canonical(inner) for inner in value]
    if isinstance(value, str):
        if re.fullmatch(r"0x[0-9a-fA-F]+", value):
            return int(value, 16)
        return int(value) if re.fullmatch(r"\d+", value) else value.upper()
    return value


def _owned(flow: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of a flow that a task owns, in one spelling."""
    return {
        "state": "present",
        "treatment": canonical(flow["treatment"].get("instructions", [])) or [{"type": "NOACTION"}],
        "idle_timeout": 0 if flow["isPermanent"] else int(flow["timeout"]),
    }


def _body(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "priority": params["priority"],
        "timeout": params["idle_timeout"],
        "isPermanent": params["idle_timeout"] == 0,
        "deviceId": params["device"],
        "tableId": params["table"],
        "selector": {"criteria": params["selector"]},
        "treatment": {"instructions": params["treatment"] or [{"type": "NOACTION"}]},
    }
