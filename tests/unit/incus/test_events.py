# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of the daemon: which are kept and which are awaited, connections that break, and the module incus_events."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.events import awaited
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK, Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import collect
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.events import open_channel, sources

from tests.unit.guest.helpers import answer, messages, peer, run_module

ASKED = "GET /1.0/events?type=lifecycle%2Coperation&project=default"
SERVER = answer({"type": "sync", "metadata": {"environment": {"server": "incus"}, "api_extensions": []}})
PROJECTS = answer({"type": "sync", "metadata": ["/1.0/projects/default", "/1.0/projects/lab"]})
NO_PROJECT = answer({"type": "error", "error": "Project not found", "error_code": 404}, 404)


def happened(action, path="/1.0/instances/web-1", project="default", **more):
    about = {"action": action, "source": path, **more}
    return {"type": "lifecycle", "timestamp": "t", "project": project, "metadata": about}


def operation(status="Running", description="Creating instance", number="1", told=None, path="/1.0/instances/web-1"):
    about = {"id": number, "description": description, "status": status, "metadata": told}
    about["resources"] = {"instances": [path]}
    return {"type": "operation", "timestamp": "t", "project": "default", "metadata": about}


STARTED = happened("instance-started")
CREATING, CREATED = operation(), operation("Success")


def test_the_objects_of_an_event_have_no_project_in_their_path():
    assert sources(happened("x", "/1.0/profiles/a?project=lab")) == ["/1.0/profiles/a"]
    assert sources(operation(path="/1.0/instances/a?project=lab")) == ["/1.0/instances/a"]
    nothing = operation()
    nothing["metadata"]["resources"] = None
    assert sources(nothing) == []


def test_a_volume_is_known_by_its_name_and_by_the_one_that_its_pool_has_for_it():
    pool = "/1.0/storage-pools/p/volumes/custom"
    found = {"type": "lifecycle", "project": "lab", "metadata": {"source": f"{pool}/lab_traces?project=lab"}}
    assert sources(found) == [f"{pool}/lab_traces", f"{pool}/traces"]
    assert sources({**found, "project": "other"}) == [f"{pool}/lab_traces"]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"action": "instance-*"}, [True, False, False]),
        ({"action": "instance-stopped"}, [False, False, False]),
        ({"source": "/1.0/instances/web-*"}, [True, True, True]),
        ({"type": "operation"}, [False, True, True]),
        ({"description": "Creating*", "status": "Success"}, [False, False, True]),
        ({"status": "Succ*"}, [False, False, False]),
        ({"project": "def*"}, [True, True, True]),
        ({"project": "lab"}, [False, False, False]),
    ],
)
def test_an_event_is_the_awaited_one_when_all_that_is_given_fits(wanted, fits):
    assert [collect.matches(found, wanted) for found in (STARTED, CREATING, CREATED)] == fits


@pytest.mark.parametrize(
    ("actions", "about", "progress", "kept"),
    [
        ([], [], False, [STARTED, CREATING, CREATED]),
        ([], [], True, [STARTED, CREATING, CREATING, CREATED]),
        (["network-*"], [], False, [CREATING, CREATED]),
        (["network-*", "*-started"], [], False, [STARTED, CREATING, CREATED]),
        ([], ["/1.0/networks/*"], False, []),
        ([], ["/1.0/networks/*", "/1.0/instances/web-?"], False, [STARTED, CREATING, CREATED]),
    ],
)
def test_what_is_kept(actions, about, progress, kept):
    sieve = collect.Sieve(actions, about, progress, Secrets())
    assert [found for found in map(sieve, (STARTED, CREATING, CREATING, CREATED)) if found] == kept


def test_secrets_of_operations_are_stars():
    told = {"fds": {"0": "s3cret"}, "secret": "s3cret", "environment": {"TOKEN": "s3cret"}, "command": ["id"]}
    kept = collect.Sieve([], [], False, collect.MASKED)(operation(told=told))
    assert kept["metadata"]["metadata"] == {"fds": MASK, "secret": MASK, "environment": MASK, "command": ["id"]}


def test_what_no_event_can_be_is_refused():
    with pytest.raises(errors.InvalidOption, match="'lifecycle' has 'action', 'operation' has 'description' and 'st"):
        awaited({"action": "a", "status": "Success"}, collect.TYPES, collect.BELONGS)
    with pytest.raises(errors.InvalidOption, match="waits for the type 'operation', which is not in 'types'"):
        awaited({"status": "Success"}, ["lifecycle"], collect.BELONGS)


# -- over a connection


def run(server, *, check=False, **args):
    return run_module("incus_events", {"socket": server.path, **args}, check=check)


def test_as_many_as_awaited_end_the_collecting(tmp_path):
    sent = [CREATING, happened("instance-created"), STARTED, CREATED, STARTED, STARTED]
    with peer(tmp_path, {ASKED: messages(*sent, then=True)}) as (server, _guest):
        result = run(server, until={"action": "instance-started"}, count=2)
    assert result["matches"] == [STARTED, STARTED] and len(result["events"]) == 5 and not result["changed"]
    assert result["reconnects"] == 0 and result["warned"] == []


def test_a_failure_says_what_came_instead(tmp_path):
    sent = [CREATING, STARTED, STARTED]
    with peer(tmp_path, {ASKED: messages(*sent, then=True)}) as (server, _guest):
        result = run(server, until={"source": "/1.0/instances/db"}, max_events=3)
        few = run(server, until={"action": "instance-started"}, count=3, max_events=3)
    assert result["failed"] and result["failure"]["kind"] == "timed_out" and len(result["events"]) == 3
    assert "no such event among the 3 that came before 'max_events' (3)" in result["msg"]
    assert "what came was instance-started (2), Creating instance Running (1)" in result["msg"]
    assert "2 of 3 such events among the 3 that came" in few["msg"]


def test_the_time_ends_where_nothing_comes(tmp_path):
    with peer(tmp_path, {ASKED: messages(then=True)}) as (server, _guest):
        result = run(server, until={"action": "x"}, wait_timeout=0.2)
    assert "no event at all, not even other ones within 0.2 s" in result["msg"]


def test_a_daemon_that_is_restarted_is_followed_again(tmp_path):
    busy = answer({"type": "error", "error": "Daemon is starting up", "error_code": 503}, 503)
    answers = {ASKED: [messages(CREATING), busy, messages(STARTED, then=True)]}
    with peer(tmp_path, answers) as (server, _guest):
        result = run(server, until={"action": "instance-started"})
    assert result["matches"] == [STARTED] and result["events"] == [CREATING, STARTED] and result["reconnects"] == 1
    assert "events in between are not known" in result["warned"][0]


def test_a_silent_daemon_is_asked_for_a_sign_of_life_and_then_given_up(tmp_path):
    with peer(tmp_path, {ASKED: [messages(then=True), messages(STARTED, then=True)]}) as (server, _guest):
        result = run(server, until={"action": "instance-started"}, timeout=1)
    assert result["matches"] == [STARTED] and result["reconnects"] == 1


@pytest.mark.parametrize("check", [False, True])
def test_a_project_that_is_not_there(tmp_path, check):
    answers = {"GET /1.0/events?type=lifecycle%2Coperation&project=leb": NO_PROJECT, "GET /1.0/projects": PROJECTS}
    with peer(tmp_path, {**answers, "GET /1.0": SERVER}) as (server, _guest):
        result = run(server, check=check, project="leb")
    told = result["warned"][0] if check else result["msg"]
    assert "project 'leb' does not exist" in told and "did you mean 'lab'?" in told
    assert bool(result.get("failed")) is not check


def test_a_refusal_is_told_in_the_daemons_words(tmp_path):
    refused = answer({"type": "error", "error": "not authorized", "error_code": 403}, 403)
    with peer(tmp_path, {"GET /1.0/events?type=operation": refused}) as (server, _guest):
        client = Client(UnixEndpoint(server.path))
        with client, pytest.raises(errors.Forbidden, match="not authorized"):
            open_channel(client, ["operation"], {})


def test_the_file_that_says_that_events_are_heard_comes_and_goes(tmp_path):
    path = tmp_path / "listening"
    seen = []

    def write(connection, headers):
        messages()(connection, headers)
        while not path.exists():
            time.sleep(0.01)
        seen.append(path.stat().st_size)
        payload = json.dumps(STARTED).encode()
        connection.sendall(b"\x81" + bytes([126]) + len(payload).to_bytes(2, "big") + payload)
        return True

    with peer(tmp_path, {ASKED: write}) as (server, _guest):
        done = run(server, until={"action": "instance-started"}, listening_file=str(path))
        assert done["matches"] == [STARTED] and seen == [0] and not path.exists()
        path.touch()
        refused = run(server, listening_file=str(path))
        nowhere = run(server, listening_file=str(tmp_path / "none" / "x"))
    assert refused["failure"]["kind"] == "conflict" and path.exists()
    assert nowhere["failure"]["kind"] == "forbidden" and "cannot be made" in nowhere["msg"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"types": []}, "'types' is empty"),
        ({"count": 0}, "'count' is 0"),
        ({"count": 9, "max_events": 8}, "'count' is 9"),
        ({"max_events": 0}, "'max_events' is 0"),
        ({"wait_timeout": -1}, "'wait_timeout' is -1"),
        ({"project": ""}, "'project' is empty"),
        ({"until": {}}, "'until' is empty"),
        ({"until": {"actoin": "x"}}, "did you mean 'action'?"),
        (
            {"sources": ["instances/a*"]},
            "'sources' has 'instances/a*', which fits no path; did you mean '*/instances/a*'?",
        ),
        ({"until": {"source": "a"}}, "'until.source' has 'a', which fits no path"),
    ],
)
def test_the_module_refuses_what_cannot_be(tmp_path, args, said):
    result = run_module("incus_events", {"socket": str(tmp_path / "none"), **args})
    assert result["failed"] and said in result["msg"] and result["failure"]["kind"] == "invalid_option"


def test_check_mode_connects_and_waits_for_nothing(tmp_path):
    with peer(tmp_path, {ASKED: messages(then=True), "GET /1.0": SERVER}) as (server, _guest):
        checked = run(server, check=True, until={"action": "x"})
        assert server.asked[-1] == ASKED
    bare = run_module("incus_events", {"socket": str(tmp_path / "none")}, check=True)
    assert checked["events"] == [] and "not waited for" in checked["warned"][0]
    assert not bare.get("failed") and "counts as new and empty" in bare["warned"][0]
