# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""From a declaration to a plan: the pure half of every state module.

A `Resource` declares an object's fields. `Resource.plan` compares what is there with what a task wants and returns a
`Plan`: what changes, the two sides of the diff, and the steps that bring it about. `converge` reads, plans and, outside
check mode, performs the steps. Only a session does I/O.
"""

from __future__ import annotations

import random
import time
import typing as t

from .errors import (
    Conflict,
    FleetError,
    Interrupted,
    InvalidOption,
    NotFound,
    NotKept,
    OperationFailed,
    TimedOut,
    Transient,
)
from .fields import Field, Spec
from .secrets import Secrets


class Step(t.Protocol):
    """One thing that is sent: a request, a remote call, a line, a write."""

    def describe(self) -> dict[str, t.Any]:
        """What may be shown of it in C(actions): names, never values."""


class Session(t.Protocol):
    """A connection to the system, the only place where something is sent."""

    def perform(self, step: t.Any) -> t.Any:
        """Send one step and wait until it has taken effect."""


class Task:
    """What a task asks for.

    :param params: all options, with their defaults
    :param given: only what the task really gave, nulls included
    :param secrets: which keys hold secrets
    """

    def __init__(
        self,
        params: dict[str, t.Any],
        given: dict[str, t.Any],
        *,
        check_mode: bool = False,
        secrets: Secrets | None = None,
        warn: t.Callable[[str], None] = lambda message: None,
    ) -> None:
        self.params = params
        self.given = given
        self.check_mode = check_mode
        self.secrets = secrets or Secrets()
        self.warn = warn

    @property
    def state(self) -> str:
        """The wanted state; objects without a state option are simply there."""
        return self.params.get("state") or "present"

    def refuse(self, error: FleetError) -> None:
        """Raise what an earlier task may mend. A check run, where that has only been predicted, warns of it."""
        if not self.check_mode:
            raise error
        self.warn(f"check mode: {error}")

    def but(self, given: dict[str, t.Any] | None = None, **options: t.Any) -> Task:
        """The same task with other options.

        :param given: what it gives instead, if that is something else
        """
        return Task(
            {**self.params, **options},
            self.given if given is None else given,
            check_mode=self.check_mode,
            secrets=self.secrets,
            warn=self.warn,
        )


class Plan:
    """What a task will do to one object.

    :param label: the object, as a person would name it
    :param have: the object as it is, or null
    :param then: the object as it will be, or null
    """

    def __init__(self, label: str, have: t.Any, then: t.Any) -> None:
        self.label = label
        self.have = have
        self.then = then
        self.changed: list[str] = []  # names of the changed fields and keys ("config.limits.cpu")
        self.before: dict[str, t.Any] = {}  # the owned part of the object now, secrets masked
        self.after: dict[str, t.Any] = {}  # the same then
        self.steps: list[t.Any] = []  # what is sent, in order
        self.facts: dict[str, t.Any] = {}  # what the result tells beyond that


class Outcome:
    """What became of a plan.

    :param plan: the first plan that was made
    :param object: the object afterwards, or null
    :param sent: the steps that were sent
    """

    def __init__(self, plan: Plan, object: t.Any, sent: t.Sequence[t.Any] = ()) -> None:
        self.plan = plan
        self.object = object
        self.sent = list(sent)

    def actions(self) -> list[dict[str, t.Any]]:
        """The steps in order, each marked with whether it was sent."""
        begun = self.sent == self.plan.steps[: len(self.sent)]
        waiting = self.plan.steps[len(self.sent) :] if begun else []
        return [{**step.describe(), "sent": True} for step in self.sent] + [
            {**step.describe(), "sent": False} for step in waiting
        ]


class Resource:
    """The declaration of one kind of object.

    :param kind: its name, which is also the key of the object in the result ("storage_pool")
    :param fields: its attributes
    :param options: further options that are not fields
    :param secrets: names or patterns of keys that hold secrets, beside those whose name gives them away
    """

    states: t.Sequence[str] = ("present", "absent")

    def __init__(
        self,
        kind: str,
        *,
        fields: t.Sequence[Field] = (),
        options: Spec | None = None,
        secrets: t.Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.fields = tuple(fields)
        self.options = dict(options or {})
        self.secrets = Secrets(secrets)

    # -- what a system's own resource fills in

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        """The object, as a person would name it."""
        raise NotImplementedError

    def read(self, session: t.Any, task: Task) -> dict[str, t.Any] | None:
        """The object as the system gives it, or null."""
        raise NotImplementedError

    def steps(self, plan: Plan, task: Task) -> list[t.Any]:
        """What to send so that C(plan.have) becomes C(plan.then)."""
        raise NotImplementedError

    def prepare(self, session: t.Any, task: Task) -> None:
        """Look up what the plan needs beside the object itself."""

    def check(self, session: t.Any, plan: Plan, task: Task) -> None:
        """Raise where the plan cannot work, before anything is sent; in check mode only warn."""

    def explain(self, session: t.Any, error: FleetError, plan: Plan, task: Task) -> FleetError:
        """The error of a refused step, with what this kind of object can add to it."""
        return error

    def repeated(self, task: Task) -> Task:
        """The task as it is looked at again once its steps were sent: what it does unconditionally is done once."""
        return task

    def settle(self, session: t.Any, outcome: Outcome, task: Task) -> None:
        """Wait for what the task wants beyond the object itself; in check mode only look. Nothing is sent any more."""

    # -- the rest is common

    def spec(self) -> Spec:
        """The C(argument_spec) of the module."""
        merged: Spec = {}
        for entry in self.fields:
            merged.update(entry.spec())
        merged.update(self.options)
        if self.states:
            merged["state"] = {"type": "str", "choices": list(self.states), "default": self.states[0]}
        return merged

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        """Compare and decide. Pure: nothing is sent or read."""
        label = self.label(task.params)
        if task.state == "absent":
            plan = Plan(label, have, None)
            if have is not None:
                plan.changed = ["state"]
                plan.before = {"state": "present", **self._everything(have, task)}
                plan.after = {"state": "absent"}
        else:
            plan = self._present(label, have, task)
        plan.steps = self.steps(plan, task)
        if plan.then is None and not plan.steps:
            plan.before = plan.after = {}
        return plan

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        now = have or {}
        plan = Plan(label, have, dict(now))
        for entry in self.fields:
            value = entry.read(now)
            if entry.name not in task.given:
                if have is None and entry.required:
                    raise InvalidOption(f"it does not exist, and a new one needs '{entry.name}'", obj=label)
                if have is None and entry.default is not None:
                    plan.then[entry.name] = plan.after[entry.name] = entry.default
                continue
            want = task.given[entry.name]
            merged = entry.merge(value, want, task.params)
            changed = entry.differs(value, merged)
            if have is not None:
                entry.check_mutable(value, changed, label)
            plan.then[entry.name] = merged
            plan.changed += changed
            before, after = entry.owned(value, merged, want, task.params, task.secrets)
            if have is not None:
                plan.before[entry.name] = before
            plan.after[entry.name] = after
        if have is None:
            plan.changed = ["state", *plan.changed]
            plan.before = {"state": "absent"}
            plan.after = {"state": "present", **plan.after}
        return plan

    def _everything(self, have: dict[str, t.Any], task: Task) -> dict[str, t.Any]:
        """All fields of an object that will go, so that a diff shows what is lost."""
        return {entry.name: task.secrets.mask(entry.read(have)) for entry in self.fields if entry.read(have)}


ATTEMPTS = 8  # plans made for one task
WRITES = 3  # complete writes of one object
FIRST_PAUSE = 0.1  # seconds; doubled after each further attempt


def converge(
    resource: Resource, session: Session, task: Task, *, pause: t.Callable[[float], None] = time.sleep
) -> Outcome:
    """Read, plan and, outside check mode, perform, until a reading shows nothing left to do.

    A plan that was overtaken (HTTP 412) or that met a running operation is made again from a fresh reading; so is one
    whose write was accepted but does not show: daemons can lose a write to another one, although both carry the right
    ETag. The diff always is that of the first plan, so a check run and a real run show the same.
    """
    resource.prepare(session, task)
    sent: list[t.Any] = []
    writes = 0
    first = plan = _look(resource, session, task, pause)
    for attempt in range(ATTEMPTS):
        if not plan.steps or writes == WRITES:
            break
        try:
            resource.check(session, plan, task)
            if task.check_mode:
                return Outcome(plan, plan.then)
            for step in plan.steps:
                session.perform(step)
                sent.append(step)
            writes += 1
            task = resource.repeated(task)
        except FleetError as error:
            if isinstance(error, (OperationFailed, TimedOut, Interrupted)):
                sent.append(step)  # it went out; what it did is not known, or not enough
            if attempt == ATTEMPTS - 1 or not _overtaken(error, plan, attempt):
                raise _partly(resource.explain(session, error, plan, task), plan.label, first, sent) from None
            pause(_pause(attempt))
        try:
            plan = _look(resource, session, task, pause)
        except FleetError as error:
            raise _partly(error, plan.label, first, sent) from None
        if not sent:
            first = plan
    if plan.steps:
        raise _partly(_not_kept(plan), plan.label, first, sent)
    outcome = Outcome(first, plan.have, sent)
    try:
        resource.settle(session, outcome, task)
    except FleetError as error:
        raise _partly(error, first.label, first, sent) from None
    return outcome


def _overtaken(error: FleetError, plan: Plan, attempt: int) -> bool:
    """Whether somebody else was faster, so that a plan from a fresh reading may do.

    A name that appeared or an object that went is looked at again once or twice; then it is an error. What was to go
    anyway may go by somebody else's hand at any time.
    """
    if isinstance(error, Conflict) and plan.have is None:
        return attempt == 0
    if isinstance(error, NotFound) and plan.have is not None:
        return attempt <= 1 or plan.then is None
    return isinstance(error, Transient)


def _look(resource: Resource, session: Session, task: Task, pause: t.Callable[[float], None]) -> Plan:
    """A plan from a reading. An object that is just changing its state is read again a little later."""
    for attempt in range(ATTEMPTS):
        try:
            return resource.plan(resource.read(session, task), task)
        except InvalidOption as error:
            raise error.about(resource.label(task.params)) from None
        except Transient:
            if attempt == ATTEMPTS - 1:
                raise
            pause(_pause(attempt))
    raise AssertionError("the last round returns or raises")


def _pause(attempt: int) -> float:
    """Seconds until the next attempt, spread so that two that met do not meet again."""
    return FIRST_PAUSE * 2.0**attempt * (0.5 + random.random())


def _partly(error: FleetError, label: str, plan: Plan, sent: list[t.Any]) -> FleetError:
    """The error, carrying what had already been sent when it happened."""
    error.outcome = Outcome(plan, None, sent)
    return error.about(label)


def _not_kept(plan: Plan) -> NotKept:
    """A system may accept a write and drop it: only what is read back counts."""
    reads = {name: value for name, value in plan.before.items() if value != plan.after.get(name)}
    return NotKept(
        f"{', '.join(plan.changed)} did not stay as written",
        next_step=f"it reads {reads}; either the system does not keep such a value, or somebody else writes it too",
    )
