# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Fleets: many instances of one declaration. The pure half: what is declared, what is there, what to do.

Every instance is planned by `Instance` itself, so a fleet of one and a single instance are the same.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import Conflict, FleetError, InvalidOption
from .._core.fields import Spec
from .._core.module import checked
from .._core.resource import Plan, Task
from .image_server import is_remote
from .instance import Instance
from .power import AWAITED, check_reached, check_settled

MARK = "user.nfvlab.fleet"  # holds the fleet's full name in every instance that it made

_RANGE = re.compile(r"\[(\d+):(\d+)\]")


class Definition(t.NamedTuple):
    """One declared instance: its name and what the task gives for it, defaults included."""

    name: str
    given: dict[str, t.Any]


class Member:
    """One instance of a fleet, with its plan where there is something to do, or the reason why it cannot be planned."""

    def __init__(self, name: str, task: Task, plan: Plan | None = None, error: FleetError | None = None) -> None:
        self.name = name
        self.task = task
        self.plan = plan
        self.error = error

    @property
    def changes(self) -> bool:
        """Whether there is something to do."""
        return bool(self.plan and self.plan.steps)


def expand(pattern: str) -> list[str]:
    """The names that a pattern stands for: C(edge-[001:200]) is edge-001 to edge-200, with as many digits as written.

    :raises InvalidOption: the range runs backwards
    """
    found = _RANGE.search(pattern)
    if not found:
        return [pattern]
    first, last = found.groups()
    if int(first) > int(last):
        raise InvalidOption(f"the range in '{pattern}' runs backwards", next_step=f"write [{last}:{first}]")
    width = len(first) if first.startswith("0") else 0
    before, after = pattern[: found.start()], pattern[found.end() :]
    rests = expand(after)
    return [f"{before}{number:0{width}d}{rest}" for number in range(int(first), int(last) + 1) for rest in rests]


def combine(defaults: t.Mapping[str, t.Any], own: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An instance's options: its own win, and dictionaries (C(config), C(devices)) are put together key by key."""
    merged = {**defaults, **own}
    for option, value in own.items():
        base = defaults.get(option)
        if isinstance(value, dict) and isinstance(base, dict):
            merged[option] = {**base, **value}
    return merged


def definitions(defaults: t.Mapping[str, t.Any], entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[Definition]:
    """All declared instances, patterns expanded, in order.

    :raises InvalidOption: a name is empty or declared twice
    """
    found: dict[str, Definition] = {}
    for entry in entries:
        merged = combine(defaults, entry)
        if entry.get("state") not in (None, *AWAITED) and "wait_for" not in entry:
            merged.pop("wait_for", None)  # that of the defaults is for those that run
        for name in expand(entry.get("name") or ""):
            if not name:
                raise InvalidOption("a definition has an empty 'name'", next_step="give every instance a name")
            if name in found:
                raise InvalidOption(f"instance '{name}' is declared twice", next_step="declare it once")
            found[name] = Definition(name, {**merged, "name": name})
    return list(found.values())


def host_entry(told: t.Any, spec: Spec) -> tuple[dict[str, t.Any], FleetError | None]:
    """The entry of an instance that is a host of the inventory, and why its definition cannot be used, if so.

    :param told: what the action plugin found: C(host), and C(definition) or C(error)
    :param spec: the options of an instance
    :raises InvalidOption: there was no action plugin
    """
    if not isinstance(told, dict) or "host" not in told:
        raise InvalidOption("'instances_from' is evaluated by an action plugin", next_step="use the module in a task")
    definition = told.get("definition")
    own = definition.get("name") if isinstance(definition, dict) else None
    name = own if own and isinstance(own, str) else told["host"]
    try:
        if "error" in told:
            raise InvalidOption(told["error"])
        if expand(name) != [name]:
            raise InvalidOption(f"its name '{name}' is a pattern, but a host is one instance")
        return checked({**definition, "name": name} if isinstance(definition, dict) else definition, spec), None
    except FleetError as error:
        return {"name": told["host"]}, error.about(f"host '{told['host']}'")


def plan(
    instance: Instance,
    have: t.Mapping[str, dict[str, t.Any]],
    declared: t.Iterable[Definition],
    base: Task,
    *,
    mark: str,
    adopt: bool,
    state: str,
    look_up: t.Callable[[dict[str, t.Any] | None, Task], None] = lambda present, task: None,
) -> list[Member]:
    """What to do for each declared instance. One that cannot be planned carries its error and stops no other.

    :param have: the instances that are there, by name
    :param base: the fleet's task, whose options hold for all
    :param mark: the fleet's full name
    :param adopt: whether instances of the same name that nobody has marked become ours
    :param state: V(absent) takes the whole fleet away; otherwise each instance has its own state
    :param look_up: finds out what else an instance's plan depends on
    """
    members = []
    for definition in declared:
        given = _marked(definition.given, mark) if state != "absent" else {"name": definition.name, "state": state}
        task = base.but(given, **given)
        member = Member(definition.name, task)
        present = have.get(definition.name)
        try:
            if present is not None:
                check_reached(present, instance.label(task.params))
            _check_owner(instance.label(task.params), present, mark, adopt)
            if present is not None:
                check_settled(present, instance.label(task.params))
            look_up(present, task)
            planned = instance.plan(present, task)
            member.plan = planned if planned.steps else None  # of most there is nothing to keep
        except FleetError as error:
            member.error = error.about(instance.label(task.params))
        members.append(member)
    return members


def _marked(given: dict[str, t.Any], mark: str) -> dict[str, t.Any]:
    return {**given, "config": {**(given.get("config") or {}), MARK: mark}}


def _check_owner(label: str, present: t.Mapping[str, t.Any] | None, mark: str, adopt: bool) -> None:
    """An instance of the same name that somebody else made is not ours to change."""
    if present is None:
        return
    owner = (present.get("config") or {}).get(MARK)
    if owner is None and not adopt:
        raise Conflict(
            "it exists and does not belong to this fleet", obj=label, next_step="use 'adopt: true' to take it over"
        )
    if owner not in (None, mark):
        raise Conflict(
            f"it belongs to the fleet '{owner}'", obj=label, next_step="choose another name, or remove it there first"
        )


def orphans(have: t.Mapping[str, dict[str, t.Any]], declared: t.Iterable[Definition], mark: str) -> list[str]:
    """The instances that carry exactly this fleet's mark and are declared no more."""
    names = {definition.name for definition in declared}
    return [name for name, entry in have.items() if name not in names and (entry.get("config") or {}).get(MARK) == mark]


def allowed(maximum: str, count: int, option: str) -> int:
    """A limit written as a number or as a share: V(5) or V(10%), of which at least one.

    :raises InvalidOption: it is neither
    """
    number = re.fullmatch(r"(\d+)(%?)", maximum.strip())
    if not number:
        raise InvalidOption(f"'{option}' is '{maximum}'", next_step="write a number or a share, such as 5 or 10%")
    value = int(number.group(1))
    return max(1, count * value // 100) if number.group(2) and value else value


def check_purge(doomed: list[str], declared: int, present: int, params: t.Mapping[str, t.Any]) -> None:
    """The brakes of purging.

    :param present: how many instances carry the mark now
    :raises InvalidOption: there is nothing declared, or too many would go
    """
    if not doomed:
        return
    named = ", ".join(doomed[:10]) + (f" and {len(doomed) - 10} more" if len(doomed) > 10 else "")
    if not declared:
        raise InvalidOption(
            f"'purge' with an empty list of instances would delete all {len(doomed)}: {named}",
            next_step="use 'state: absent' to take the fleet away",
        )
    limit = allowed(params["purge_max"], present, "purge_max")
    if len(doomed) > limit and not params["purge_force"]:
        raise InvalidOption(
            f"'purge' would delete {len(doomed)} instances, more than the {limit} that 'purge_max' allows: {named}",
            next_step="use 'purge_force: true' if that is meant",
        )


def waves(members: list[Member], size: int) -> t.Iterator[list[Member]]:
    """The members in waves; a size of 0 is a single wave."""
    step = size or max(1, len(members))
    for start in range(0, len(members), step):
        yield members[start : start + step]


def images_first(wave: t.Sequence[Member]) -> list[list[Member]]:
    """The members in one or two groups: first one for each image that a server has, so that it is got once and there
    for all others. Daemons that get the same image several times at once can fail (terraform-provider-incus #93).
    """
    first: dict[str, Member] = {}
    rest = []
    for member in wave:
        params = member.task.params
        source = f"{params['image']} {params['image_server']}"
        creates = member.plan is not None and member.plan.have is None
        if creates and is_remote(params) and source not in first:
            first[source] = member
        else:
            rest.append(member)
    return [group for group in (list(first.values()), rest) if group]
