# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Any call of the API, one or a list over one connection."""

from __future__ import annotations

import time
import typing as t

from .._core.errors import Busy, FleetError, Interrupted, InvalidOption, UnknownKey, did_you_mean
from .._core.fields import Spec
from .._core.resource import Task
from . import probes, traps
from .agent import Agent
from .codec import complete, plain
from .messages import CALLS
from .module import Work
from .status import code_name

ONE: Spec = {
    "method": {"type": "str"},
    "request": {"type": "dict"},
    "call_timeout": {"type": "float"},
    "force": {"type": "bool", "default": False},
}
OPTIONS: Spec = {
    **ONE,
    "calls": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str"}, **ONE, "method": {"type": "str", "required": True}},
    },
    "max_failed": {"type": "int", "default": 0},
}
RULES = {"mutually_exclusive": [("method", "calls")], "required_one_of": [("method", "calls")]}
# What a task with a single call returns directly, beside its entry in C(results).
FLAT = ("method", "response", "code", "status", "duration")


class Call:
    """One call of a task, its options checked."""

    def __init__(self, given: t.Mapping[str, t.Any]) -> None:
        self.method = str(given["method"])
        if self.method not in CALLS:
            raise UnknownKey(
                f"an agent has no call '{self.method}'",
                next_step=did_you_mean(self.method, CALLS) or "see the list in the documentation",
            )
        self.name = given.get("name") or self.method
        self.request: dict[str, t.Any] = given.get("request") or {}
        self.timeout: float | None = given.get("call_timeout")
        self.force = bool(given.get("force"))
        from .codec import encode

        encode(CALLS[self.method][1], self.request)  # what cannot be sent is said before anything is
        self.warnings = traps.check(self.method, self.request) if not self.force else []


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Send the calls of a task, one after the other."""
    given = task.given.get("calls")
    calls = [Call(item) for item in ([task.params] if given is None else given)]
    if not calls:
        raise InvalidOption("'calls' is empty", next_step="give at least one call, or leave the task out")
    for call in calls:
        for warning in call.warnings:
            task.warn(f"{call.name}: {warning}")
    record = Work(agent, task, f"agent at {agent.endpoint}")
    results: list[dict[str, t.Any]] = []
    errors: list[FleetError] = []
    for call in calls:
        if len(errors) > task.params["max_failed"]:
            results.append(_entry(call, msg="not sent, because something failed before it"))
            continue
        results.append(_send(record, call, errors))
    changed = any(entry["changed"] for entry in results)
    result = {**record.result(), "changed": changed, "results": results, "failed": bool(errors)}
    if len(results) == 1:
        result.update({key: results[0][key] for key in FLAT})
    if errors:
        result["error"] = errors[0].about(record.plan.label)
    return result


def _send(record: Work, call: Call, errors: list[FleetError]) -> dict[str, t.Any]:
    """Send one call, and its entry in the result."""
    agent, task = record.agent, record.task
    quiet = traps.harmless(call.method, call.request)
    if task.check_mode and not quiet:
        record.do(call.method, call.request)
        record.predicted_unknown = True
        return _entry(call, msg="not sent in check mode", changed=call.method not in traps.READING)
    began = time.monotonic()
    try:
        if not call.force:
            traps.guard(agent, call.method, call.request)
        answer = _answer(record, call, quiet)
    except FleetError as error:
        errors.append(error)
        code = error.code
        return _entry(
            call,
            msg=str(error),
            failed=True,
            sent=code is not None,
            code=code,
            status=None if code is None else code_name(code),
            duration=time.monotonic() - began,
        )
    return _entry(
        call,
        sent=True,
        changed=call.method not in traps.READING and not quiet,
        response=plain(complete(CALLS[call.method][2], answer)),
        code=0,
        status="OK",
        duration=time.monotonic() - began,
    )


def _answer(record: Work, call: Call, quiet: bool) -> dict[str, t.Any]:
    agent = record.agent
    if call.method == "GetIPTables":
        return probes.retry_lost_child(lambda: agent.call(call.method, call.request, call.timeout))
    if quiet:
        return agent.call(call.method, call.request, call.timeout)
    try:
        return record.do(call.method, call.request, call.timeout)
    except Busy:
        if call.method != "SetIPTables" or not _rules_are_there(agent, call.request):
            raise
        return {}
    except Interrupted:
        if call.method != "DestroySandbox":
            raise
        return {}  # an agent that ends may hang up before it has answered


def _rules_are_there(agent: Agent, request: t.Mapping[str, t.Any]) -> bool:
    """Whether a SetIPTables whose answer was lost has taken effect: every rule, as the agent's listing spells it."""
    from .codec import as_bytes

    wanted = as_bytes(request.get("data") or b"", "data").decode(errors="replace")
    asked = {"is_ipv6": bool(request.get("is_ipv6"))}
    now = probes.retry_lost_child(lambda: agent.call("GetIPTables", asked)).get("data", b"")
    listed = set(str(now, errors="replace").splitlines())
    rules = [line for line in wanted.splitlines() if line.startswith("-A")]
    return bool(rules) and all(line in listed for line in rules)


def _entry(call: Call, **known: t.Any) -> dict[str, t.Any]:
    """A call's entry in the result, the same keys whether it was sent or not."""
    return {
        "name": call.name,
        "method": call.method,
        "sent": False,
        "changed": False,
        "failed": False,
        "response": None,
        "code": None,
        "status": None,
        "msg": "",
        "duration": 0.0,
        **known,
    }
