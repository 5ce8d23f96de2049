# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What a cluster has on every member: storage pools and networks.

Some of their keys belong to a member alone (documents "How to configure storage pools in a cluster" and "How to
configure networks in a cluster"). Such an object is made in two phases: it is defined for each member (C(target)) with
that member's keys, and then made everywhere, without them. What one run has not finished is finished by the next.
"""

from __future__ import annotations

import typing as t

from .._core.errors import Immutable, InvalidOption
from .._core.fields import Field, KeyValues, Params, Spec
from .._core.http import Request
from .._core.resource import Plan, Task
from .._core.secrets import Secrets
from .client import MEMBERS, Client
from .record import HALF_CREATED, Record, Reference

# How an object looks that is defined, but not made on all members yet.
_UNFINISHED = ("Pending", "Errored")
_MERGE = {"config_mode": "merge"}


class MemberConfigs(Field):
    """Configuration keys by member. Each member's are merged like C(config).

    :param config: the field of the keys that are the same everywhere
    :param specific: the keys that belong to a member
    """

    type = "dict"
    empty: t.Any = {}

    def __init__(self, config: KeyValues, specific: t.Collection[str]) -> None:
        super().__init__("members")
        self.config = config
        self.specific = frozenset(specific)

    def spec(self) -> Spec:
        return {self.name: {"type": "dict"}}

    def merge(self, now: t.Any, want: t.Any, params: Params) -> dict[str, dict[str, t.Any]]:
        merged = {member: dict(keys) for member, keys in now.items()}
        for member, keys in (want or {}).items():
            if not isinstance(keys, (dict, type(None))):
                raise InvalidOption(f"'members.{member}' must be a dictionary of keys, not a {type(keys).__name__}")
            foreign = sorted(set(keys or {}) - self.specific)
            if foreign:
                raise InvalidOption(
                    f"'members.{member}.{foreign[0]}' is the same for all members",
                    next_step=f"put it into 'config'; those of a member are {', '.join(sorted(self.specific))}",
                )
            merged[member] = self.config.merge(now.get(member, {}), keys or {}, _MERGE)
        return merged

    def differs(self, now: t.Any, then: t.Any) -> list[str]:
        return [
            f"{self.name}.{member}{position[len(self.config.name) :]}"
            for member in sorted({**now, **then})
            for position in self.config.differs(now.get(member, {}), then.get(member, {}))
        ]

    def owned(self, now: t.Any, then: t.Any, want: t.Any, params: Params, secrets: Secrets) -> tuple[t.Any, t.Any]:
        pairs = {
            member: self.config.owned(now.get(member, {}), then.get(member, {}), keys, _MERGE, secrets)
            for member, keys in (want or {}).items()
        }
        before = {member: pair[0] for member, pair in pairs.items()}
        return before, {member: pair[1] for member, pair in pairs.items()}

    def check_mutable(self, now: t.Any, changed: list[str], obj: str) -> None:
        for member, keys in now.items():
            start = f"{self.name}.{member}"
            mine = [self.config.name + name[len(start) :] for name in changed if name.startswith(f"{start}.")]
            self.config.check_mutable(keys, mine, f"{obj} on member '{member}'")


class Everywhere(Record):
    """An object that a cluster has on all its members.

    :param specific: its keys that belong to a member alone
    """

    def __init__(self, kind: str, collection: str, *, specific: t.Collection[str], **rest: t.Any) -> None:
        config = next(field for field in rest["fields"] if isinstance(field, KeyValues))
        self.by_member = MemberConfigs(config, specific)
        super().__init__(kind, collection, **{**rest, "fields": (*rest["fields"], self.by_member)})
        self.members: list[str] = []  # of the cluster, if there is one
        self._fixed = [field.name for field in self.fields if field.immutable]

    def prepare(self, session: Client, task: Task) -> None:
        super().prepare(session, task)
        self.members = sorted(session.names(MEMBERS) or ()) if session.clustered else []

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        if have is None or not self.members:
            return have
        have["locations"] = sorted(have.get("locations") or ())
        wanted = self._by_member(task).given.get("members") or {}
        for member in sorted(set(wanted) & set(self.members)):
            if task.state != "absent" and member in have["locations"]:
                there = session.get(self.path(task.params), {**self.query(task.params), "target": member})
                keys = {key: value for key, value in there["config"].items() if self._is_specific(key)}
                have.setdefault("members", {})[member] = keys
        return have

    def _is_specific(self, key: str) -> bool:
        """Whether a key belongs to a member, or tells what one was asked for."""
        return key in self.by_member.specific or key.startswith("volatile.")

    def _by_member(self, task: Task) -> Task:
        """The same task, with what O(config) says of keys that belong to a member said of each member."""
        config = task.given.get("config") or {}
        common = {key: value for key, value in config.items() if key in self.by_member.specific}
        if not self.members or not common or task.state == "absent":
            return task
        own = task.given.get("members") or {}
        given = {
            **task.given,
            "config": {key: value for key, value in config.items() if key not in common},
            "members": {member: {**common, **(own.get(member) or {})} for member in sorted({*self.members, *own})},
        }
        return task.but(given)

    # -- planning

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if task.given.get("members") and not self.members and not task.check_mode:
            raise InvalidOption(
                "'members' is given, and this daemon is not part of a cluster",
                obj=self.label(task.params),
                next_step="put the keys into 'config'",
            )
        return super().plan(have, self._by_member(task))

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is None or have.get("status") not in _UNFINISHED or not self.members:
            return super()._present(label, have, task)
        plan = super()._present(label, None, task)
        self._check_defined(label, have, plan, task)
        plan.have = have
        plan.before["state"] = HALF_CREATED
        return plan

    def _check_defined(self, label: str, have: dict[str, t.Any], plan: Plan, task: Task) -> None:
        """What was defined already has to be what is wanted: nothing can be changed until it is made."""
        wrong = [f"'{name}'" for name in self._fixed if name in plan.then and have.get(name) != plan.then[name]]
        now, given = have.get("members") or {}, task.given.get("members") or {}
        defined = {member: given[member] for member in given if member in have["locations"]}
        wrong += [f"'{name}'" for name in self.by_member.differs(now, self.by_member.merge(now, defined, {}))]
        if wrong:
            raise Immutable(
                f"it is half created, with another value of {', '.join(wrong)}",
                obj=label,
                next_step="remove it with 'state: absent', which loses nothing yet, and create it again",
            )

    # -- what is sent

    def steps(self, plan: Plan, task: Task) -> list[Request]:
        if plan.then is not None and plan.before.get("state") == HALF_CREATED:
            return self.create_steps(plan, task)
        return super().steps(plan, task)

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        if not self.members:
            return super().create_steps(self._everywhere(plan), task)
        defined = (plan.have or {}).get("locations") or ()
        fixed = {name: plan.then[name] for name in self._fixed if name in plan.then}
        steps = []
        for member in self.members:
            if member not in defined:
                keys = plan.then.get("members", {}).get(member) or {}
                body = {"name": task.params["name"], **fixed, "config": keys}
                names = ["name", *fixed, *(f"config.{key}" for key in sorted(keys))]
                where = {**self.query(task.params), "target": member}
                steps.append(Request("POST", self.collection_path(task.params), where, body, names))
        return steps + super().create_steps(self._everywhere(plan), task)

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What belongs to a member is patched: a PUT with C(target) makes LXD forget what all members have.

        Either of them empties a description that it does not name, on both brands.
        """
        steps = []
        now = plan.have.get("members") or {}
        for member, keys in plan.then.get("members", {}).items():
            changed = self.by_member.config.differs(now.get(member, {}), keys)
            if changed:
                names = [position.partition(".")[2] for position in changed]
                config = {name: keys.get(name, "") for name in names}
                body = {"description": plan.have.get("description", ""), "config": config}
                where = {**self.query(task.params), "target": member}
                steps.append(Request("PATCH", self.path(task.params), where, body, changed))
        common = self._everywhere(plan)
        common.changed = [name for name in plan.changed if not name.startswith("members.")]
        return steps + (super().update_steps(common, task) if common.changed else [])

    def _everywhere(self, plan: Plan) -> Plan:
        """The plan without what belongs to a member."""
        common = Plan(plan.label, plan.have, {name: value for name, value in plan.then.items() if name != "members"})
        common.changed = plan.changed
        return common

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        if self.members:
            for member in task.given.get("members") or ():
                yield Reference("cluster member", MEMBERS, member, {})
