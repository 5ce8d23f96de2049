# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base: plan from a declaration, check mode, retries, read-back, what a failure carries."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    Conflict,
    Interrupted,
    NotFound,
    NotKept,
    OperationFailed,
    Refused,
    Stale,
    TimedOut,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import ATTEMPTS, Resource, Task, converge


class Thing(Resource):
    """A resource kept in a dictionary."""

    def __init__(self):
        super().__init__(
            "thing", fields=(Text("description"), Choice("type", ["a", "b"], default="a"), KeyValues("config"))
        )

    def label(self, params):
        return f"thing '{params['name']}'"

    def read(self, session, task):
        return session.read()

    def steps(self, plan, task):
        if plan.then is None:
            return [Request("DELETE", "/thing")] if plan.have is not None else []
        if plan.have is None:
            return [Request("POST", "/thing", body=plan.then)]
        return [Request("PUT", "/thing", body=plan.then, keys=plan.changed)] if plan.changed else []


class Store:
    """A session on a dictionary; C(troubles) are raised, in order, instead of performing."""

    def __init__(self, thing=None, troubles=(), keep=True):
        self.thing = thing
        self.troubles = list(troubles)
        self.keep = keep
        self.performed = []

    def read(self):
        return None if self.thing is None else dict(self.thing)

    def perform(self, step):
        if self.troubles:
            trouble = self.troubles.pop(0)
            if callable(trouble):
                trouble(self)
            else:
                raise trouble
        self.performed.append(step)
        if self.keep:
            self.thing = None if step.method == "DELETE" else step.body


def task(given, state="present", check_mode=False):
    params = {"name": "x", "state": state, "config_mode": "merge", **given}
    return Task(params=params, given=given, check_mode=check_mode)


def go(store, wanted):
    return converge(Thing(), store, wanted, pause=lambda seconds: None)


def test_creating_fills_in_defaults_and_updating_never_does():
    outcome = go(Store(), task({"description": "d"}))
    assert outcome.object == {"description": "d", "type": "a"}
    assert outcome.plan.before == {"state": "absent"}
    assert outcome.plan.after == {"state": "present", "description": "d", "type": "a"}
    store = Store({"type": "b", "description": ""})
    assert go(store, task({"description": "d"})).object == {"type": "b", "description": "d"}


def test_a_second_run_sends_nothing():
    store = Store()
    go(store, task({"description": "d", "config": {"k": 1}}))
    again = go(store, task({"description": "d", "config": {"k": 1}}))
    assert len(store.performed) == 1
    assert again.sent == [] and again.plan.changed == []
    assert again.plan.before == again.plan.after


@pytest.mark.parametrize("have", [None, {"description": "old", "config": {"k": "1"}}])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_sends_nothing_and_predicts_everything(have, state):
    wanted = {"description": "new", "config": {"k": None}}
    predicted = go(Store(have), task(wanted, state, check_mode=True))
    store = Store(have)
    real = go(store, task(wanted, state))
    assert predicted.sent == []
    assert (predicted.plan.before, predicted.plan.after) == (real.plan.before, real.plan.after)
    assert [{**action, "sent": True} for action in predicted.actions()] == real.actions()
    assert bool(predicted.plan.steps) == bool(store.performed)


def test_what_is_lost_by_deleting_shows():
    outcome = go(Store({"description": "d", "config": {"a.password": "x"}}), task({}, "absent"))
    assert outcome.plan.before == {"state": "present", "description": "d", "config": {"a.password": "********"}}
    assert outcome.plan.after == {"state": "absent"} and outcome.object is None


@pytest.mark.parametrize("trouble", [Stale("changed"), Busy("busy")])
def test_a_plan_that_was_overtaken_is_made_again_from_a_fresh_reading(trouble):
    def overtake(store):
        store.thing["config"] = {"other": "1"}
        raise trouble

    store = Store({"description": "old", "config": {}}, [overtake])
    assert go(store, task({"description": "new"})).object["config"] == {"other": "1"}


def test_a_write_that_another_one_swallowed_is_made_again():
    def swallow(store):
        store.thing = {"description": "old", "type": "b"}
        store.keep, store.troubles = False, [restore]

    def restore(store):
        store.keep = True

    store = Store({"description": "old"}, [swallow])
    outcome = go(store, task({"description": "new"}))
    assert outcome.object == {"description": "new", "type": "b"}
    assert len(store.performed) == 2 and outcome.plan.before == {"description": "old"}


def test_an_object_in_between_two_states_is_read_again():
    class Restless(Store):
        def read(self):
            if self.troubles:
                raise self.troubles.pop()
            return super().read()

    assert (
        go(Restless({"description": "d"}, [Busy("starting"), Busy("starting")]), task({"description": "d"})).sent == []
    )


def test_planning_again_is_bounded_and_changes_nothing():
    store = Store({"description": "old"}, [Busy("busy")] * ATTEMPTS)
    with pytest.raises(Busy) as failed:
        go(store, task({"description": "new"}))
    assert store.performed == []
    assert failed.value.outcome.actions()[0]["sent"] is False


def test_somebody_else_creating_the_same_thing_is_no_failure():
    def overtake(store):
        store.thing = {"description": "d", "type": "a"}
        raise Conflict("already exists")

    outcome = go(Store(None, [overtake]), task({"description": "d"}))
    assert outcome.sent == [] and outcome.plan.changed == []


def test_a_name_taken_by_something_unseen_stays_a_conflict():
    with pytest.raises(Conflict):
        go(Store(None, [Conflict("exists"), Conflict("exists")]), task({}))


def test_a_write_that_is_accepted_and_dropped_is_not_claimed():
    with pytest.raises(NotKept, match=r"description did not stay as written") as failed:
        go(Store({"description": "old"}, keep=False), task({"description": "new"}))
    assert failed.value.outcome.actions()[0]["sent"] is True


def test_dropped_writes_after_many_refusals_are_no_success():
    store = Store({"description": "old"}, [Stale("changed")] * (ATTEMPTS - 2), keep=False)
    with pytest.raises(NotKept):
        go(store, task({"description": "new"}))


def test_what_was_sent_is_told_also_when_reading_back_fails():
    class Broken(Store):
        def read(self):
            if self.performed:
                raise TimedOut("no answer")
            return super().read()

    with pytest.raises(TimedOut) as failed:
        go(Broken({"description": "old"}), task({"description": "new"}))
    assert failed.value.outcome.actions()[0]["sent"] is True


@pytest.mark.parametrize("trouble", [OperationFailed("x"), TimedOut("x"), Interrupted("x")])
def test_a_step_that_went_out_and_failed_counts_as_sent(trouble):
    with pytest.raises(type(trouble)) as failed:
        go(Store(None, [trouble]), task({}))
    assert failed.value.outcome.actions()[0]["sent"] is True


def test_an_object_that_somebody_else_deleted_is_no_failure():
    def overtake(store):
        store.thing = None
        raise NotFound("gone")

    assert go(Store({"description": "d"}, [overtake]), task({}, "absent")).object is None
    with pytest.raises(NotFound):
        go(Store({"description": "d"}, [NotFound("x")] * 9), task({}, "absent"))


def test_a_refusal_names_the_object():
    with pytest.raises(Refused, match="thing 'x': no"):
        go(Store(None, [Refused("no")]), task({}))


def test_a_task_with_other_options_is_the_same_otherwise():
    said = []
    task = Task({"name": "a", "state": None}, {"name": "a"}, check_mode=True, warn=said.append)
    other = task.but(state="absent")
    assert (other.params, other.given) == ({"name": "a", "state": "absent"}, {"name": "a"})
    assert other.check_mode and other.secrets is task.secrets and other.warn == said.append
    assert task.but({"name": "b"}, name="b").given == {"name": "b"} and task.params["name"] == "a"
