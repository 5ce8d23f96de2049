# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Snapshots of instances and of custom volumes."""

from __future__ import annotations

import datetime
import typing as t
from fnmatch import fnmatchcase

from .._core.errors import FleetError, InUse, InvalidOption, NotFound, did_you_mean
from .._core.fields import Field, Flag, Params, Spec, Text
from .._core.http import Request
from .._core.resource import Plan, Task
from .client import Client
from .names import check_snapshot
from .owned import OWNER, check_owner, owner_label, owner_path, owner_references
from .record import Record, Reference
from .schedule import NEVER, later, moment, said_of, stamp


class Moment(Field):
    """A time, compared in UTC to the second. Null is never."""

    def read(self, have: Params) -> str:
        return moment(have.get(self.name) or NEVER)

    def merge(self, now: t.Any, want: t.Any, params: Params) -> str:
        return moment(want) if want else ""


class Snapshot(Record):
    """A snapshot. To restore it is what is done to its owner, and done at every run."""

    states = ("present", "restored", "absent")

    def __init__(self) -> None:
        super().__init__(
            "snapshot",
            "",
            scope=("project",),
            fields=(Moment("expires_at"), Text("description"), Flag("stateful", immutable=True)),
        )
        self.others: dict[str, str] = {}  # when each snapshot beside this one was made, where that matters

    def spec(self) -> Spec:
        return {
            **super().spec(),
            **OWNER,
            "rename_from": {"type": "str"},
            "keep": {"type": "int"},
            "keep_pattern": {"type": "str"},
        }

    def label(self, params: Params) -> str:
        return f"snapshot '{params['name']}' of {owner_label(params)}"

    def collection_path(self, params: Params) -> str:
        return owner_path(params) + "/snapshots"

    def prepare(self, session: Client, task: Task) -> None:
        super().prepare(session, task)
        params, given = task.params, task.given
        check_owner(params, self.title)
        wrong = None
        if params["instance"] and "description" in given:
            wrong = "only a snapshot of a volume has a 'description'"
        elif params["volume"] and "stateful" in given:
            wrong = "only a snapshot of an instance can be 'stateful'"
        elif params["rename_from"] == params["name"]:
            wrong = "'rename_from' is its own 'name'"
        elif (params["keep"] is None) != (params["keep_pattern"] is None):
            wrong = "'keep' and 'keep_pattern' are given together or not at all"
        elif params["keep"] is not None and (params["keep"] < 1 or task.state != "present"):
            wrong = "'keep' is a number above 0, and only for the state 'present'"
        if wrong:
            raise InvalidOption(wrong, obj=self.label(params), next_step="correct that, or leave it out")
        if task.state == "present":
            check_snapshot(params["name"], self.label(params), of_instance=bool(params["instance"]))
        if given.get("expires_at"):
            with said_of("expires_at", given["expires_at"]):
                _end(given["expires_at"])

    # -- reading

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        params = task.params
        have = super().read(session, task)
        if have is None and params["rename_from"]:
            have = super().read(session, task.but(name=params["rename_from"]))
        if params["keep"] is not None or (have is None and task.state == "restored"):
            where = {**self.query(params), "recursion": "1"}
            found = session.find(self.collection_path(params), where) or ()
            # In a list, the snapshots of volumes have the volume's name before their own.
            self.others = {entry["name"].rpartition("/")[2]: entry.get("created_at") or "" for entry in found}
            self.others.pop(have["name"] if have else params["name"], None)
        return have

    # -- planning

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is None and task.state == "restored":
            raise NotFound(
                "there is no such snapshot",
                obj=label,
                next_step=did_you_mean(task.params["name"], self.others) or "give the name of one",
            )
        expiry = task.given.get("expires_at")
        if expiry and _is_length(expiry):
            given = {name: value for name, value in task.given.items() if name != "expires_at"}
            plan = super()._present(label, have, task.but(given=given))
            if have is None:  # one that is there keeps the time that it has
                plan.then["expires_at"], plan.after["expires_at"] = _end(expiry), expiry
                plan.changed.append("expires_at")
        else:
            plan = super()._present(label, have, task)
        if have is not None and have["name"] != task.params["name"]:
            plan.changed.insert(0, "name")
            plan.before["name"], plan.after["name"] = have["name"], task.params["name"]
        if task.state == "restored":
            plan.changed.append("state")
            plan.before["state"], plan.after["state"] = "present", "restored"
        leaving = self._leaving(task)
        if leaving:
            matching = sorted(name for name in self.others if fnmatchcase(name, task.params["keep_pattern"]))
            plan.before["others"] = matching
            plan.after["others"] = [name for name in matching if name not in leaving]
        return plan

    def _leaving(self, task: Task) -> list[str]:
        """The snapshots of the pattern that are too many, the oldest first. The named one is never among them."""
        keep, pattern = task.params["keep"], task.params["keep_pattern"]
        if keep is None:
            return []
        matching = [name for name in self.others if fnmatchcase(name, pattern)]
        matching.sort(key=lambda name: self.others[name])
        return matching[: max(0, len(matching) - keep + fnmatchcase(task.params["name"], pattern))]

    # -- what is sent

    def steps(self, plan: Plan, task: Task) -> list[Request]:
        steps = super().steps(plan, task)
        if plan.then is not None:
            for name in self._leaving(task):
                steps += super().delete_steps(plan, task.but(name=name))
        return steps

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        query = self.query(task.params)
        body: dict[str, t.Any] = {"name": task.params["name"]}
        if plan.then.get("expires_at"):
            body["expires_at"] = plan.then["expires_at"]
        if plan.then.get("stateful"):
            body["stateful"] = True
        steps = [Request("POST", self.collection_path(task.params), query, body, list(body))]
        if plan.then.get("description"):  # which daemons take no notice of in a new one
            text = {"description": plan.then["description"]}
            steps.append(Request("PATCH", self.path(task.params), query, text, list(text)))
        return steps

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        params, query = task.params, self.query(task.params)
        steps = []
        if "name" in plan.changed:
            former = self.path({**params, "name": plan.have["name"]})
            steps.append(Request("POST", former, query, {"name": params["name"]}, ["name"]))
        body = {name: plan.then[name] for name in ("expires_at", "description") if name in plan.changed}
        if "expires_at" in body:
            body["expires_at"] = body["expires_at"] or NEVER
        if body:
            steps.append(Request("PATCH", self.path(params), query, body, list(body)))
        if task.state == "restored":
            restore: dict[str, t.Any] = {"restore": params["name"]}
            if params["stateful"]:
                restore["stateful"] = True
            steps.append(Request("PUT", owner_path(params), query, restore, list(restore)))
        return steps

    def repeated(self, task: Task) -> Task:
        """It is restored once; afterwards it is just to be there."""
        return task.but(state="present") if task.state == "restored" else task

    # -- what it cannot do without, and what is said where that is missing

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        yield from owner_references(task.params, self.query(task.params))

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        if isinstance(error, InUse) and task.state == "restored":
            owner = session.find(owner_path(task.params), self.query(task.params)) or {}
            error.next_step = f"stop what uses it first: {', '.join(owner.get('used_by') or ['unknown'])}"
            return error
        return super().explain(session, error, plan, task)


def _is_length(expiry: str) -> bool:
    """Whether an expiry is a length of time, counted from when the snapshot is made, and no moment."""
    return "-" not in expiry


def _end(expiry: str) -> str:
    """The moment at which a snapshot that is made now expires."""
    if _is_length(expiry):
        return stamp(later(datetime.datetime.now(datetime.timezone.utc), expiry))
    return moment(expiry)
