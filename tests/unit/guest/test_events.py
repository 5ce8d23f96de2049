# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events as lines and as messages, over connections that break, and the module incus_guest_events."""

from __future__ import annotations

import json
import threading
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.events import CONNECTED, TICK, awaited, event
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK, Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest import events
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.collect import BELONGS
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.events import (
    Follower,
    connect,
    matches,
    shown,
)

from tests.unit.guest.helpers import BUSY, EVENTS, FORBIDDEN, messages, peer, run_module

BOTH = "GET /1.0/events?type=config%2Cdevice"
CONFIG = "GET /1.0/events?type=config"


def changed(key, value, old=""):
    return {"type": "config", "timestamp": "t", "metadata": {"key": key, "old_value": old, "value": value}}


def plugged(name, action="added", **config):
    return {"type": "device", "timestamp": "t", "metadata": {"name": name, "action": action, "config": config}}


def line(found):
    return json.dumps(found).encode() + b"\n"


def lines(*found, then=False, cut=0):
    """A peer's side of a connection: these events, in small pieces; then it goes on in silence, or hangs up."""

    def write(connection, headers):
        content = EVENTS + b"".join(map(line, found))
        content = content[: len(content) - cut]
        for start in range(0, len(content), 7):
            connection.sendall(content[start : start + 7])
        return then

    return write


def follow(guest, seconds=5.0, **rest):
    return Follower(guest, events.TYPES, time.monotonic() + seconds, **rest)


def test_events_come_as_lines_in_pieces_of_any_size(tmp_path):
    sent = [changed("user.x", "1"), plugged("eth1", type="nic"), changed("user.nl", "a\nb")]
    with peer(tmp_path, {BOTH: lines(*sent, then=True)}) as (_server, guest):
        follower = iter(follow(guest))
        assert [next(follower) for _sign in range(4)] == [CONNECTED, *sent]


@pytest.mark.parametrize("protocol", ["auto", "websocket"])
def test_a_daemon_with_websockets_only_has_them_as_messages(tmp_path, protocol):
    sent = [changed("user.x", "x" * 200), plugged("eth1", type="nic" * 50)]
    with peer(tmp_path, {BOTH: messages(*sent)}) as (_server, guest):
        follower = iter(follow(guest, protocol=protocol))
        assert [next(follower) for _sign in range(3)] == [CONNECTED, *sent]


def test_a_stream_is_not_replaced_where_it_is_asked_for(tmp_path):
    with (
        peer(tmp_path, {BOTH: messages()}) as (_server, guest),
        pytest.raises(errors.Refused, match="HTTP 400: Bad Request"),
    ):
        connect(guest, events.TYPES, "stream")


@pytest.mark.parametrize("protocol", ["auto", "stream", "websocket"])
def test_a_refusal_is_the_same_in_every_protocol(tmp_path, protocol):
    with (
        peer(tmp_path, {BOTH: FORBIDDEN}) as (_server, guest),
        pytest.raises(errors.Forbidden, match=r"set 'security\.guestapi'"),
    ):
        next(iter(follow(guest, protocol=protocol)))


def test_trouble_of_the_daemon_is_waited_for(tmp_path):
    with peer(tmp_path, {BOTH: [BUSY, lines(changed("user.x", "1"))]}) as (server, guest):
        assert next(iter(follow(guest))) == CONNECTED
        assert server.asked == [BOTH, BOTH]


def test_a_daemon_that_is_restarted_is_followed_again(tmp_path):
    first, second = changed("user.x", "1"), changed("user.x", "2")
    answers = {BOTH: [lines(first, then=True), lines(second, then=True)]}
    with peer(tmp_path, answers) as (server, guest):
        follower = follow(guest)
        signs = iter(follower)
        assert [next(signs), next(signs)] == [CONNECTED, first]
        server.stop()
        threading.Timer(0.3, server.start).start()
        assert [next(signs), next(signs)] == [CONNECTED, second]
        assert follower.connections == 2 and follower.lost is None


def test_an_event_that_was_cut_is_not_half_an_event(tmp_path):
    whole = changed("user.x", "1")
    answers = {BOTH: [lines(whole, whole, cut=10), lines(whole, then=True)]}
    with peer(tmp_path, answers) as (_server, guest):
        signs = iter(follow(guest))
        assert [next(signs) for _sign in range(4)] == [CONNECTED, whole, CONNECTED, whole]


def test_the_time_ends_also_without_a_connection(tmp_path):
    with peer(tmp_path, {BOTH: lines(then=True)}) as (server, guest):
        follower = follow(guest, seconds=0.5)
        signs = iter(follower)
        assert next(signs) == CONNECTED
        server.stop()
        assert list(signs) == []
        assert isinstance(follower.lost, errors.Unreachable)


def test_quiet_is_told_by_ticks(tmp_path):
    with peer(tmp_path, {BOTH: lines(then=True)}) as (_server, guest):
        signs = list(follow(guest, seconds=0.3, tick=0.1))
        assert signs[:2] == [CONNECTED, TICK] and set(signs) == {CONNECTED, TICK}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"74\n", "this is no event of an Incus or LXD daemon"),
        (b'{"type": "config"}\n', "this is no event of an Incus or LXD daemon"),
        (b"hello\n", "this is no event of an Incus or LXD daemon"),
        (b"x" * 3000, "a line is longer than 1000 bytes"),
    ],
)
def test_what_is_no_event_is_malformed(tmp_path, monkeypatch, content, said):
    monkeypatch.setattr(events, "LIMIT", 1000)

    def write(connection, headers):
        connection.sendall(EVENTS + content)
        return True

    with peer(tmp_path, {BOTH: write}) as (_server, guest), pytest.raises(errors.Malformed, match=said):
        list(follow(guest, seconds=2))


@pytest.mark.parametrize(
    ("reply", "sort"),
    [
        (b"", errors.Interrupted),
        (b"SSH-2.0\r\n", errors.Malformed),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 40\r\n\r\nhalf", errors.Interrupted),
    ],
)
def test_no_events_at_all(tmp_path, reply, sort):
    def write(connection, headers):
        connection.sendall(reply)
        return False

    with peer(tmp_path, {BOTH: write}) as (_server, guest), pytest.raises(sort):
        connect(guest, events.TYPES, "auto")


def test_a_peer_that_does_not_answer_is_given_up(tmp_path):
    with peer(tmp_path, {BOTH: lambda connection, headers: True}) as (_server, guest):
        guest.transport.timeout = 0.2
        with pytest.raises(errors.TimedOut, match="nothing came in time .*GET /1.0/events"):
            connect(guest, events.TYPES, "auto")


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"key": "user.x"}, [True, False, False]),
        ({"key": "user.*"}, [True, True, False]),
        ({"key": "user.*", "value": "2"}, [False, True, False]),
        ({"value": ""}, [False, False, False]),
        ({"type": "device"}, [False, False, True]),
        ({"name": "*"}, [False, False, True]),
        ({"name": "eth*", "action": "removed"}, [False, False, False]),
        ({"action": "added", "key": None}, [False, False, True]),
    ],
)
def test_an_event_is_the_awaited_one_when_all_that_is_given_fits(wanted, fits):
    found = [changed("user.x", "1"), changed("user.y", "2"), plugged("eth1")]
    assert [matches(one, wanted) for one in found] == fits


def test_values_of_secrets_are_stars_and_empty_ones_stay():
    assert shown(changed("user.token", "new"), Secrets())["metadata"] == {
        "key": "user.token",
        "old_value": "",
        "value": MASK,
    }
    assert shown(plugged("d", **{"ceph.user_password": "x"}), Secrets())["metadata"]["config"] == {
        "ceph.user_password": MASK
    }
    plain = changed("user.x", "1", "0")
    assert shown(plain, Secrets()) == plain
    assert shown(plain, Secrets(["user.x"]))["metadata"]["old_value"] == MASK
    assert event(line(plain), "x") == plain


@pytest.mark.parametrize(
    ("until", "types", "said"),
    [
        ({}, events.TYPES, "'until' is empty"),
        ({"key": "user.x", "name": "eth0"}, events.TYPES, "key and name, which no single event has"),
        ({"type": "device", "value": "1"}, events.TYPES, "which no single event has"),
        ({"key": "user.x"}, ["device"], "waits for the type 'config', which is not in 'types'"),
    ],
)
def test_what_no_event_can_be_is_refused(until, types, said):
    with pytest.raises(errors.InvalidOption, match=said):
        awaited(until, types, BELONGS)


# incus_guest_events


def test_the_module_collects_until_the_match(tmp_path):
    sent = [changed("user.y", "1"), changed("user.token", "s3cret"), changed("user.x", "2"), changed("user.z", "3")]
    with peer(tmp_path, {BOTH: lines(*sent, then=True)}) as (server, _guest):
        result = run_module("incus_guest_events", {"socket": server.path, "until": {"key": "user.x", "value": "2"}})
    assert result["match"] == sent[2] and len(result["events"]) == 3 and not result["changed"]
    assert "s3cret" not in json.dumps(result) and result["reconnects"] == 0 and result["warned"] == []


def test_the_module_says_what_came_instead_and_that_some_may_be_lost(tmp_path):
    answers = {CONFIG: [lines(changed("user.y", "1")), lines(changed("user.y", "2"), then=True)]}
    args = {"types": ["config"], "until": {"key": "user.x"}, "wait_timeout": 0.5}
    with peer(tmp_path, answers) as (server, _guest):
        result = run_module("incus_guest_events", {"socket": server.path, **args})
    assert result["failed"] and result["failure"]["kind"] == "timed_out"
    assert "no such event among the 2 that came within 0.5 s" in result["msg"]
    assert len(result["events"]) == 2 and result["match"] is None and result["reconnects"] == 1
    assert "events in between are not known" in result["warned"][0]


def test_the_module_knows_which_keys_have_no_events(tmp_path):
    args = {"until": {"key": "cloud-init.user-data"}, "wait_timeout": 0.2}
    with peer(tmp_path, {BOTH: lines(then=True)}) as (server, _guest):
        result = run_module("incus_guest_events", {"socket": server.path, **args})
    assert "no event at all" in result["msg"] and "only keys 'user.*' have events" in result["msg"]


def test_the_module_says_that_the_daemon_went(tmp_path):
    args = {"until": {"key": "user.x"}, "wait_timeout": 0.5}
    with peer(tmp_path, {BOTH: lines(then=True)}) as (server, _guest):
        threading.Timer(0.1, server.stop).start()
        result = run_module("incus_guest_events", {"socket": server.path, **args})
    assert "at last there was no connection: nobody listens on the guest API's socket" in result["msg"]


def test_the_module_collects_for_a_time_and_at_most_so_many(tmp_path):
    sent = [changed("user.x", str(number)) for number in range(5)]
    with peer(tmp_path, {BOTH: lines(*sent, then=True)}) as (server, _guest):
        few = run_module("incus_guest_events", {"socket": server.path, "wait_timeout": 5, "max_events": 2})
        all_ = run_module("incus_guest_events", {"socket": server.path, "wait_timeout": 0.3})
        none = run_module(
            "incus_guest_events",
            {"socket": server.path, "wait_timeout": 5, "max_events": 2, "until": {"key": "user.z"}},
        )
    assert few["events"] == sent[:2] and all_["events"] == sent and all_["match"] is None
    assert none["failed"] and "before 'max_events' (2)" in none["msg"]


def test_the_module_waits_for_nothing_in_check_mode(tmp_path):
    with peer(tmp_path, {BOTH: [lines(then=True), FORBIDDEN]}) as (server, _guest):
        args = {"socket": server.path, "until": {"key": "user.x"}, "wait_timeout": 60}
        checked = run_module("incus_guest_events", args, check=True)
        refused = run_module("incus_guest_events", args, check=True)
    assert checked["events"] == [] and "not waited for" in checked["warned"][0]
    assert refused["failed"] and refused["failure"]["kind"] == "forbidden"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"types": []}, "'types' is empty"),
        ({"max_events": 0}, "'max_events' is 0"),
        ({"wait_timeout": 0}, "'wait_timeout' is 0"),
        ({"wait_timeout": "nan"}, "'wait_timeout' is nan"),
        ({"timeout": -1}, "'timeout' is -1"),
        ({"until": {"keys": "x"}}, "did you mean 'key'?"),
    ],
)
def test_the_module_refuses_what_cannot_be(tmp_path, args, said):
    result = run_module("incus_guest_events", {"socket": str(tmp_path / "none"), **args})
    assert result["failed"] and said in result["msg"] and result["failure"]["kind"] == "invalid_option"
