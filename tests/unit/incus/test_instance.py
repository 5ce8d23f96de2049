# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_instance: the record and its power state, planned without a daemon."""

from __future__ import annotations

import re

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    Immutable,
    InvalidOption,
    NotFound,
    Refused,
    Unsupported,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Plan
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance, Rewrite

from .helpers import sends, task

WHERE = "/1.0/instances/i?project=default"
STATE = "/1.0/instances/i/state?project=default"


def instance(at_once=True):
    made = Instance()
    made.starts_on_creation = at_once
    return made


def running(code=103, **rest):
    return {
        "name": "i",
        "status": "Running",
        "status_code": code,
        "config": {},
        "devices": {},
        "profiles": ["default"],
        **rest,
    }


def actions(plan):
    return [(method, target, (body or {}).get("action")) for method, target, body in sends(plan)]


@pytest.mark.parametrize("name", ["a b", "ünï", "-a", "a-", "a_b", "a.b", "123", "a" * 64])
@pytest.mark.parametrize("former", [None, "old"])
def test_a_name_that_no_instance_can_have_is_said_before_it_is_sent(name, former):
    have = running(102, name="old") if former else None
    with pytest.raises(InvalidOption, match="no instance can be called"):
        instance().plan(have, task(Instance(), {"name": name, "image": "busybox", "rename_from": former}))


@pytest.mark.parametrize("name", ["a", "1abc", "A-b", "a" * 63])
def test_other_names_are_taken(name):
    assert instance().plan(None, task(Instance(), {"name": name, "image": "busybox"})).steps


def test_a_former_name_that_is_not_there_either_is_said():
    with pytest.raises(NotFound, match="neither it nor 'odl'.* correct 'rename_from'"):
        instance().plan(None, task(Instance(), {"name": "i", "rename_from": "odl"}))


def test_creating_and_starting_is_one_request_where_the_daemon_can():
    plan = instance().plan(None, task(Instance(), {"name": "i", "image": "busybox", "profiles": ["a"]}))
    assert sends(plan) == [
        (
            "POST",
            "/1.0/instances?project=default",
            {
                "name": "i",
                "type": "container",
                "profiles": ["a"],
                "source": {"type": "image", "alias": "busybox"},
                "start": True,
            },
        )
    ]
    assert plan.then["status"] == "Running" and plan.after["state"] == "started"


def test_and_two_where_it_cannot():
    plan = instance(at_once=False).plan(None, task(Instance(), {"name": "i", "image": "0123456789ab"}))
    assert sends(plan)[0][2]["source"] == {"type": "image", "fingerprint": "0123456789ab"}
    assert actions(plan)[1] == ("PUT", STATE, "start")


def test_a_new_frozen_instance_is_started_first():
    wanted = task(Instance(), {"name": "i", "image": "x", "state": "frozen"})
    assert actions(instance().plan(None, wanted))[1:] == [("PUT", STATE, "freeze")]
    assert actions(instance(at_once=False).plan(None, wanted))[1:] == [
        ("PUT", STATE, "start"),
        ("PUT", STATE, "freeze"),
    ]


@pytest.mark.parametrize("state", ["stopped", "present"])
def test_a_new_instance_need_not_start(state):
    plan = instance().plan(None, task(Instance(), {"name": "i", "image": "x", "state": state}))
    assert len(plan.steps) == 1 and "start" not in plan.steps[0].body


def test_a_new_instance_needs_an_image():
    with pytest.raises(InvalidOption, match="a new instance needs an 'image'"):
        instance().plan(None, task(Instance(), {"name": "i"}))


@pytest.mark.parametrize(
    ("code", "state", "expected"),
    [
        (103, "started", []),
        (113, "started", []),
        (102, "started", ["start"]),
        (110, "started", ["unfreeze"]),
        (103, "stopped", ["stop"]),
        (113, "stopped", ["stop"]),
        (110, "stopped", ["unfreeze", "stop"]),
        (102, "stopped", []),
        (113, "frozen", ["freeze"]),
        (102, "frozen", ["start", "freeze"]),
        (110, "frozen", []),
        (102, "present", []),
        (113, "present", []),
    ],
)
def test_power_states(code, state, expected):
    plan = instance().plan(running(code), task(Instance(), {"name": "i", "state": state}))
    assert actions(plan) == [("PUT", STATE, action) for action in expected]
    assert plan.changed == (["state"] if expected else [])


def test_a_guest_that_reported_ready_is_a_running_one_everywhere():
    given = {"name": "i", "state": "absent"}
    assert actions(instance().plan(running(113), task(Instance(), given))) == [
        ("PUT", STATE, "stop"),
        ("DELETE", WHERE, None),
    ]


def test_an_ephemeral_instance_goes_by_itself():
    plan = instance().plan(running(ephemeral=True), task(Instance(), {"name": "i", "state": "absent"}))
    assert actions(plan) == [("PUT", STATE, "stop")]


def test_stopping_gives_the_guest_time_because_zero_would_mean_force():
    plan = instance().plan(running(), task(Instance(), {"name": "i", "state": "stopped", "stop_timeout": 0}))
    assert plan.steps[0].body == {"action": "stop", "force": False, "timeout": 1}


def test_fields_change_before_the_power_state():
    plan = instance().plan(running(102), task(Instance(), {"name": "i", "config": {"user.a": 1}}))
    assert actions(plan) == [("PUT", WHERE, None), ("PUT", STATE, "start")]
    assert plan.before == {"config": {}, "state": "stopped"} and plan.after == {
        "config": {"user.a": "1"},
        "state": "started",
    }


def test_the_systems_keys_survive_replacing():
    have = running(config={"volatile.uuid": "u", "image.os": "x", "user.a": "1"})
    plan = instance().plan(have, task(Instance(), {"name": "i", "config": {}, "config_mode": "replace"}))
    assert plan.then["config"] == {"volatile.uuid": "u", "image.os": "x"}


def test_what_a_killed_daemon_left_half_created_is_made_anew():
    left = running(102, config={"volatile.base_image": "f", "volatile.uuid": "u"})
    plan = instance().plan(left, task(Instance(), {"name": "i", "image": "x"}))
    assert [step.method for step in plan.steps] == ["DELETE", "POST"]
    assert plan.before == {"state": "half created"}
    with pytest.raises(InvalidOption, match="needs an 'image'"):
        instance().plan(left, task(Instance(), {"name": "i"}))
    assert len(instance().plan(left, task(Instance(), {"name": "i", "state": "absent"})).steps) == 1


@pytest.mark.parametrize("sign", ["volatile.apply_template", "volatile.last_state.power"])
def test_a_stopped_instance_that_was_created_whole_stays(sign):
    whole = running(102, config={"volatile.base_image": "f", sign: "x"})
    assert actions(instance().plan(whole, task(Instance(), {"name": "i", "image": "x"}))) == [("PUT", STATE, "start")]


def test_ephemeral_cannot_change():
    with pytest.raises(Immutable):
        instance().plan(running(ephemeral=False), task(Instance(), {"name": "i", "ephemeral": True}))


def test_waiting_goes_with_running_only():
    with pytest.raises(InvalidOption, match="'wait_for' cannot be had together with the state 'stopped'"):
        instance().plan(None, task(Instance(), {"name": "i", "state": "stopped", "wait_for": ["ipv4"]}))


def test_an_instance_in_between_is_read_again():
    class Session(NoDaemon):
        def find(self, path, query=None):
            return running(106, status="Starting")

    with pytest.raises(Busy, match="it is Starting just now"):
        Instance().read(Session(), task(Instance(), {"name": "i"}))


# -- a new instance


def created(given, **rest):
    """The body that creates it."""
    return instance(**rest).plan(None, task(Instance(), {"name": "i", **given})).steps[0]


def test_an_empty_instance_has_no_source_and_is_not_started():
    assert created({"empty": True, "state": "stopped"}).body["source"] == {"type": "none"}
    with pytest.raises(InvalidOption, match="an empty container has nothing to start"):
        created({"empty": True})


def test_an_empty_virtual_machine_may_start_from_something_else():
    body = created({"empty": True, "type": "virtual-machine"}).body
    assert (body["type"], body["start"]) == ("virtual-machine", True)


def test_an_image_and_none_exclude_each_other():
    with pytest.raises(InvalidOption, match="'image' and 'empty' exclude each other"):
        created({"empty": True, "image": "x", "state": "stopped"})


def test_where_it_is_made_is_part_of_the_query_and_never_looked_at_again():
    step = created({"image": "x", "target": "@edge", "instance_type": "c2-m4"})
    assert step.query == {"project": "default", "target": "@edge"}
    assert step.body["instance_type"] == "c2-m4"
    given = {"name": "i", "image": "y", "target": "node2", "instance_type": "c1-m1"}
    assert instance().plan(running(), task(Instance(), given)).steps == []


def test_a_pool_and_a_network_are_the_devices_that_the_command_line_makes_of_them():
    given = {"image": "x", "storage_pool": "fast", "network": "lab0", "devices": {"root": {"size": "1GiB"}}}
    assert created(given).body["devices"] == {
        "root": {"type": "disk", "path": "/", "pool": "fast", "size": "1GiB"},
        "eth0": {"type": "nic", "name": "eth0", "network": "lab0"},
    }
    have = running(devices={"eth0": {"type": "nic", "name": "eth0", "network": "lab0"}})
    assert instance().plan(have, task(Instance(), {"name": "i", "network": "lab0"})).steps == []


def test_a_type_cannot_change():
    with pytest.raises(Immutable):
        instance().plan(running(type="container"), task(Instance(), {"name": "i", "type": "virtual-machine"}))


def test_a_name_is_made_up_where_none_is_given():
    made, wanted = Instance(), task(Instance(), {"image": "x"})
    made.prepare(None, wanted)
    assert re.fullmatch(r"instance-[a-z2-9]{8}", wanted.params["name"])
    assert made.label(wanted.params) == "new instance of project 'default'"
    other = task(Instance(), {"image": "x"})
    Instance().prepare(None, other)
    assert other.params["name"] != wanted.params["name"]


@pytest.mark.parametrize("given", [{"state": "absent"}, {"state": "restarted"}, {"rename_from": "a"}])
def test_but_not_for_an_instance_that_has_to_be_there(given):
    with pytest.raises(InvalidOption, match="'name' is missing"):
        Instance().prepare(None, task(Instance(), given))


# -- restarting


@pytest.mark.parametrize(
    ("code", "expected"), [(103, ["restart"]), (113, ["restart"]), (102, ["start"]), (110, ["unfreeze", "restart"])]
)
def test_a_restart_is_unconditional_and_done_once(code, expected):
    wanted = task(Instance(), {"name": "i", "state": "restarted"})
    assert actions(instance().plan(running(code), wanted)) == [("PUT", STATE, action) for action in expected]
    assert instance().plan(running(), instance().repeated(wanted)).steps == []


def test_a_new_instance_is_started_and_not_restarted():
    steps = instance().plan(None, task(Instance(), {"name": "i", "image": "x", "state": "restarted"})).steps
    assert len(steps) == 1 and steps[0].body["start"] is True


PRIVILEGED = {"name": "i", "config": {"security.privileged": True, "limits.memory": "1GiB"}}


def test_what_acts_after_a_restart_only_is_told():
    plan = instance().plan(running(), task(Instance(), PRIVILEGED))
    assert plan.facts == {"restart_required": ["security.privileged"]}
    assert actions(plan) == [("PUT", WHERE, None)]
    assert instance().plan(running(102), task(Instance(), {**PRIVILEGED, "state": "present"})).facts == {
        "restart_required": []
    }


@pytest.mark.parametrize(
    ("code", "state", "after"),
    [(103, "started", ["start"]), (110, "present", ["start", "freeze"]), (103, "stopped", [])],
)
def test_and_done_if_needed_while_it_is_stopped(code, state, after):
    plan = instance().plan(running(code), task(Instance(), {**PRIVILEGED, "state": state, "restart": "if_needed"}))
    before = ["unfreeze", "stop"] if code == 110 else ["stop"]
    methods = [step.describe() for step in plan.steps]
    assert [step["path"] for step in methods] == [*[STATE] * len(before), WHERE, *[STATE] * len(after)]
    assert isinstance(plan.steps[len(before)], Rewrite)
    assert plan.facts == {"restart_required": []}


def test_what_acts_at_once_needs_no_restart():
    wanted = task(Instance(), {"name": "i", "config": {"limits.memory": "1GiB", "user.a": 1}, "restart": "if_needed"})
    assert actions(instance().plan(running(), wanted)) == [("PUT", WHERE, None)]


def test_an_ephemeral_instance_is_restarted_without_stopping_it():
    have = running(ephemeral=True)
    plan = instance().plan(have, task(Instance(), {**PRIVILEGED, "restart": "if_needed"}))
    assert actions(plan) == [("PUT", WHERE, None), ("PUT", STATE, "restart")]


def test_profiles_are_judged_by_what_they_bring():
    made = instance()
    made.contents = {"default": {"config": {}}, "kernel": {"config": {"linux.sysctl.net.core.somaxconn": "9"}}}
    have = running(expanded_config={})
    plan = made.plan(have, task(Instance(), {"name": "i", "profiles": ["default", "kernel"]}))
    assert plan.facts == {"restart_required": ["linux.sysctl.net.core.somaxconn"]}


def test_a_write_to_a_stopped_instance_keeps_what_stopping_changed():
    class Session(NoDaemon):
        def get(self, path, query=None):
            return {"config": {"volatile.last_state.power": "STOPPED", "user.old": "1"}}

        def perform(self, step):
            return step.body

    wanted = Request("PUT", "/1.0/instances/i", {}, {"config": {"user.a": "1", "volatile.last_state.power": "RUNNING"}})
    assert Rewrite(wanted).perform(Session()) == {"config": {"user.a": "1", "volatile.last_state.power": "STOPPED"}}


# -- another name


def test_renaming_a_stopped_instance():
    have = running(102, name="old")
    plan = instance().plan(have, task(Instance(), {"name": "i", "rename_from": "old", "state": "stopped"}))
    assert sends(plan) == [("POST", "/1.0/instances/old?project=default", {"name": "i"})]
    assert (plan.before["name"], plan.after["name"]) == ("old", "i")


def test_a_running_one_is_stopped_for_it_only_where_that_is_allowed():
    given = {"name": "i", "rename_from": "old", "config": {"user.a": 1}}
    with pytest.raises(InvalidOption, match="only a stopped instance can be renamed"):
        instance().plan(running(name="old"), task(Instance(), given))
    plan = instance().plan(running(name="old"), task(Instance(), {**given, "restart": "if_needed"}))
    old = "/1.0/instances/old"
    assert [step.describe()["path"].split("?")[0] for step in plan.steps] == [
        f"{old}/state", old, old, "/1.0/instances/i/state"
    ]  # fmt: skip


def test_who_has_the_new_name_already_is_left_alone():
    assert instance().plan(running(), task(Instance(), {"name": "i", "rename_from": "old"})).steps == []


def test_protection_is_seen_before_it_is_stopped():
    have = running(expanded_config={"security.protection.delete": "true"})
    with pytest.raises(Refused, match="protected from deletion"):
        instance().plan(have, task(Instance(), {"name": "i", "state": "absent"}))


def test_a_daemon_whose_guests_cannot_report_ready_is_not_waited_for():
    class Old(NoDaemon):
        def has(self, extension):
            return extension != "instance_ready_state"

        def find(self, path, query=None):
            return running(102)

    mine, wanted = Instance(), task(Instance(), {"name": "i", "wait_for": ["ready"]})
    have = mine.read(Old(), wanted)
    with pytest.raises(Unsupported, match="lacks the API extension 'instance_ready_state'; wait for an address"):
        mine.plan(have, wanted)
    plan = mine.plan(have, task(Instance(), {"name": "i", "wait_for": ["ipv4"]}))
    assert actions(plan) == [("PUT", STATE, "start")]


@pytest.mark.parametrize(
    ("target", "expected"), [("node2", ("cluster member", "node2")), ("@edge", ("cluster group", "edge")), (None, None)]
)
def test_what_a_new_instance_stands_on_is_looked_for_first(target, expected):
    wanted = task(Instance(), {"name": "i", "image": "busybox", "profiles": ["a"], "target": target})
    made = instance()
    found = [(reference.what, reference.name) for reference in made.references(made.plan(None, wanted), wanted)]
    assert found == [
        ("project", "default"), ("profile", "a"), ("image", "busybox"), *([expected] if expected else [])
    ]  # fmt: skip


def test_an_image_of_a_server_is_not_looked_for_here():
    wanted = task(Instance(), {"name": "i", "image": "images:debian/12"})
    made = instance()
    plan = made.plan(None, wanted)
    assert [reference.what for reference in made.references(plan, wanted)] == ["project"]
    assert plan.steps[0].request.body["source"]["server"] == "https://images.linuxcontainers.org"


@pytest.mark.parametrize(
    ("clustered", "text", "named"),
    [
        (True, "Server isn't ready yet", True),
        (True, "unexpected EOF", True),
        (True, 'Post "https://192.0.2.13:8443/1.0/instances?target=n3": EOF', True),
        (True, 'Get "https://images.example/streams/v1/index.json": Unable to connect to: images.example', False),
        (False, "unexpected EOF", False),
    ],
)
def test_a_cluster_member_that_does_not_answer_is_named(clustered, text, named):
    class Session:
        def __init__(self):
            self.clustered = clustered

    plan = Plan("instance 'i'", {"location": "n3"}, {})
    told = Instance().explain(Session(), Refused("refused", text=text), plan, task(Instance(), {"name": "i"}))
    assert ("cluster member 'n3' does not answer" in str(told)) is named
