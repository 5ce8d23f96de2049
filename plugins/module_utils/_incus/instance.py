# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Instances: a record with a power state."""

from __future__ import annotations

import re
import time
import typing as t

from .._core.errors import Busy, FleetError, InvalidOption, TimedOut
from .._core.fields import Devices, Flag, KeyValues, Spec, Text, Texts
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Task
from .answers import STATUS_FROZEN, STATUS_READY, STATUS_RUNNING, STATUS_STOPPED
from .client import Client
from .record import Record, Reference

# What to do, in order, to get from one power state to another. A guest that has reported Ready is running.
TRANSITIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("stopped", "started"): ("start",),
    ("frozen", "started"): ("unfreeze",),
    ("started", "stopped"): ("stop",),
    ("frozen", "stopped"): ("unfreeze", "stop"),
    ("started", "frozen"): ("freeze",),
    ("stopped", "frozen"): ("start", "freeze"),
    ("error", "frozen"): ("start", "freeze"),
    ("error", "started"): ("start",),
    ("error", "stopped"): ("stop",),
}
_POWER = {
    STATUS_RUNNING: "started",
    STATUS_READY: "started",
    STATUS_FROZEN: "frozen",
    STATUS_STOPPED: "stopped",
    112: "error",
}
_FINGERPRINT = re.compile(r"[0-9a-f]{12,64}")
_POLL = 0.2  # seconds


class Instance(Record):
    """A container made from a local image."""

    states = ("started", "stopped", "frozen", "present", "absent")

    def __init__(self) -> None:
        super().__init__(
            "instance",
            "instances",
            scope=("project",),
            fields=(
                Text("description"),
                Texts("profiles"),
                KeyValues("config", protected=("volatile.", "image.")),
                Devices("devices"),
                Flag("ephemeral", immutable=True),
            ),
        )
        self.starts_on_creation = False

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "image": {"type": "str"},
            "force": {"type": "bool", "default": False},
            "stop_timeout": {"type": "int", "default": 30},
            "wait_for": {"type": "list", "elements": "str", "choices": ["running", "ipv4"], "default": []},
            "wait_timeout": {"type": "float", "default": 60.0},
        }

    def prepare(self, session: Client, task: Task) -> None:
        super().prepare(session, task)
        if task.params["wait_for"] and task.state not in ("started", "present"):
            raise InvalidOption(
                f"'wait_for' cannot be had together with the state '{task.state}'",
                obj=self.label(task.params),
                next_step="leave one of the two out",
            )

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        if have is None or half_created(have):
            self.starts_on_creation = session.has("instance_create_start")
        else:
            check_settled(have, self.label(task.params))
        return have

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is not None and half_created(have):
            plan = self._present(label, None, task)
            plan.before["state"] = HALF_CREATED
            return plan
        if have is None and not task.given.get("image"):
            raise InvalidOption("it does not exist, and a new instance needs an 'image'", obj=label)
        plan = super()._present(label, have, task)
        wanted = task.state
        if wanted != "present":
            now = power(have)
            if have is not None:
                if wanted == "stopped" and now != wanted and have.get("ephemeral"):
                    raise InvalidOption(
                        "it is ephemeral: stopping deletes it", obj=label, next_step="use 'state: absent'"
                    )
                plan.before["state"] = now
                if now != wanted:
                    plan.changed.append("state")
            plan.after["state"] = wanted
            plan.then["status"], plan.then["status_code"] = _STATUS[wanted]
        return plan

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        image = task.params["image"]
        body = {field.name: plan.then[field.name] for field in self.fields if field.name in plan.then}
        body["name"] = task.params["name"]
        body["type"] = "container"
        body["source"] = {"type": "image", "fingerprint" if _FINGERPRINT.fullmatch(image) else "alias": image}
        if task.state in ("started", "frozen") and self.starts_on_creation:
            body["start"] = True
        extra = ["name", "type", "source", *(["start"] if "start" in body else [])]
        keys = extra + [name for name in plan.changed if name != "state"]
        first = super().delete_steps(plan, task) if plan.before["state"] == HALF_CREATED else []
        create = Request("POST", self.collection_path(task.params), self.query(task.params), body, keys)
        then = self._power_steps("started" if body.get("start") else "stopped", task.state, task)
        return [*first, create, *then]

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        fields = [name for name in plan.changed if name != "state"]
        steps = []
        if fields:
            steps.append(Request("PUT", self.path(task.params), self.query(task.params), plan.then, fields))
        return steps + self._power_steps(power(plan.have), task.state, task)

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        now = power(plan.have)
        stop = self._power_steps(now, "stopped", task)
        if plan.have and plan.have.get("ephemeral") and stop:
            return stop  # it goes by itself when it stops
        return [*stop, *super().delete_steps(plan, task)]

    def _power_steps(self, now: str, wanted: str, task: Task) -> list[Request]:
        return [
            Request(
                "PUT",
                self.path(task.params) + "/state",
                self.query(task.params),
                {"action": action, **(self._stopping(task) if action == "stop" else {})},
                ["action"],
            )
            for action in TRANSITIONS.get((now, wanted), ())
        ]

    def _stopping(self, task: Task) -> dict[str, t.Any]:
        """How to stop. The daemon takes a time-out of 0 for force, so at least a second is given."""
        return {"force": task.params["force"], "timeout": max(1, task.params["stop_timeout"])}

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        query = self.query(task.params)
        for profile in task.given.get("profiles") or ():
            yield Reference("profile", join("1.0", "profiles"), profile, query)
        image = task.params["image"]
        if plan.have is None and not _FINGERPRINT.fullmatch(image):
            yield Reference("image", join("1.0", "images", "aliases"), image, query)

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        explained = super().explain(session, error, plan, task)
        if explained.next_step is None and error.kind == "operation_failed":
            lines = self._log_tail(session, task)
            explained.next_step = f"its log says: {lines}" if lines else None
        return explained

    # -- waiting

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        """Wait for what `wait_for` names, or fail with what is known."""
        if not task.params["wait_for"] or outcome.object is None:
            return
        deadline = time.monotonic() + task.params["wait_timeout"]
        while True:
            state = session.get(self.path(task.params) + "/state", self.query(task.params))
            missing = [want for want in task.params["wait_for"] if not _REACHED[want](state)]
            if not missing or task.check_mode:
                break
            if time.monotonic() >= deadline:
                raise self.diagnosis(session, task, state, missing)
            time.sleep(_POLL)
        outcome.object["state"] = state
        outcome.object["status"], outcome.object["status_code"] = state["status"], state["status_code"]

    def diagnosis(self, session: Client, task: Task, state: dict[str, t.Any], missing: list[str]) -> TimedOut:
        """Why an instance that was waited for may not be there yet."""
        parts = [f"it is {state['status']}", f"its addresses are {', '.join(addresses(state, 'inet')) or 'none'}"]
        links = [f"{name} is {nic['state']}" for name, nic in (state.get("network") or {}).items() if name != "lo"]
        parts.append(f"its interfaces: {', '.join(links) or 'none'}")
        console = self._tail(session, self.path(task.params) + "/console", task, 3)
        if console:
            parts.append(f"its console ends with: {console}")
        return TimedOut(
            f"not {' and '.join(missing)} after {task.params['wait_timeout']:g} s",
            obj=self.label(task.params),
            endpoint=str(session.transport.endpoint),
            next_step="; ".join(parts),
        )

    def _log_tail(self, session: Client, task: Task) -> str:
        return self._tail(session, self.path(task.params) + "/logs/lxc.log", task, 2, only="ERROR")

    def _tail(self, session: Client, path: str, task: Task, count: int, only: str = "") -> str:
        try:
            text = session.text(path, self.query(task.params))
        except FleetError:
            return ""  # there may be none yet; this only adds to another message
        lines = [line.strip() for line in text.splitlines() if line.strip() and only in line]
        return " | ".join(lines[-count:])


def check_settled(have: t.Mapping[str, t.Any], label: str) -> None:
    """Raise where an instance is just changing its state, so that nothing can be planned for it.

    :raises Busy: it starts, stops or freezes
    """
    if power(have) == "busy":
        raise Busy(
            f"it is {have['status']} just now",
            obj=label,
            next_step="wait until that has ended and run the task again",
        )


HALF_CREATED = "half created"


def half_created(have: t.Mapping[str, t.Any]) -> bool:
    """Whether a daemon that was killed left an instance without a root file system: it can be started, but never runs.

    Creating one from an image ends with C(volatile.apply_template), which its first start turns into a power state.
    """
    config = have.get("config") or {}
    return (
        have["status_code"] == STATUS_STOPPED
        and "volatile.base_image" in config
        and not {"volatile.apply_template", "volatile.last_state.power"} & set(config)
    )


_STATUS = {
    "started": ("Running", STATUS_RUNNING),
    "stopped": ("Stopped", STATUS_STOPPED),
    "frozen": ("Frozen", STATUS_FROZEN),
}


def power(have: t.Mapping[str, t.Any] | None) -> str:
    """The power state of an instance; one that is not there counts as stopped, and C(busy) is between two states."""
    return _POWER.get(have["status_code"], "busy") if have else "stopped"


def addresses(state: t.Mapping[str, t.Any], family: str) -> list[str]:
    """The global addresses that a running instance has.

    :param family: C(inet) or C(inet6)
    """
    return [
        address["address"]
        for name, nic in (state.get("network") or {}).items()
        if name != "lo"
        for address in nic.get("addresses") or ()
        if address["family"] == family and address["scope"] == "global"
    ]


_REACHED: dict[str, t.Callable[[t.Mapping[str, t.Any]], bool]] = {
    "running": lambda state: _POWER.get(state["status_code"]) == "started",
    "ipv4": lambda state: bool(addresses(state, "inet")),
}
