# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_instance: the record and its power state, planned without a daemon."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Busy, Immutable, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance, addresses

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
        Instance().prepare(None, task(Instance(), {"name": "i", "state": "stopped", "wait_for": ["ipv4"]}))


def test_an_instance_in_between_is_read_again():
    class Session(NoDaemon):
        def find(self, path, query=None):
            return running(106, status="Starting")

    with pytest.raises(Busy, match="it is Starting just now"):
        Instance().read(Session(), task(Instance(), {"name": "i"}))


def test_addresses_are_global_and_not_of_the_loopback():
    nic = {"addresses": [
        {"family": "inet", "scope": "global", "address": "10.0.0.2"},
        {"family": "inet6", "scope": "link", "address": "fe80::1"},
    ]}  # fmt: skip
    loopback = {"addresses": [{"family": "inet", "scope": "local", "address": "127.0.0.1"}]}
    assert addresses({"network": {"lo": loopback, "eth0": nic}}, "inet") == ["10.0.0.2"]
    assert addresses({"network": {"eth0": nic}}, "inet6") == []
    assert addresses({"network": None}, "inet") == []
