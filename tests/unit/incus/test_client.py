# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against scripted answers: the three ways in which waiting ends badly, ETags, discovery, extensions."""

from __future__ import annotations

import json

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import (
    SOCKETS,
    Client,
    NoDaemon,
    discover_socket,
)

OPERATION = "/1.0/operations/u"


class Script:
    """A transport that gives prepared answers in order and notes what was asked."""

    endpoint = UnixEndpoint("/s")
    timeout = 30.0

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def request(self, method, target, body=None, headers=None, timeout=None):
        self.asked.append((method, target, dict(headers or {})))
        status, answer, *etag = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Response(status, {"etag": etag[0]} if etag else {}, json.dumps(answer).encode())


def client(*answers):
    made = Client(UnixEndpoint("/s"), operation_timeout=5)
    made.transport = Script(*answers)
    return made


def sync(metadata):
    return {"type": "sync", "metadata": metadata}


def error(text, code):
    return {"type": "error", "error": text, "error_code": code}


STARTED = (202, {"type": "async", "operation": OPERATION, "metadata": {}})
POST = Request("POST", "/1.0/instances", body={})


@pytest.mark.parametrize(
    ("server", "kind", "said"),
    [
        ({"auth": "untrusted", "api_extensions": ["auth_tls_jwt"]}, "forbidden", "give another 'bearer_token': "),
        ({"auth": "untrusted", "api_extensions": []}, "unsupported", r"this daemon cannot do tokens .* 'auth_tls_jwt'"),
        ({"auth": "trusted", "api_extensions": ["auth_tls_jwt"]}, "forbidden", "and its projects extended"),
    ],
    ids=["a token that does not count", "a daemon without tokens", "a token with too few rights"],
)
def test_a_token_that_is_refused_is_told_from_one_that_has_too_few_rights(server, kind, said):
    made = client((403, error("not authorized", 403)), (200, sync(server)))
    made.transport.endpoint = UnixEndpoint("/s", headers={"Authorization": "Bearer a.b.c"})
    with pytest.raises(errors.FleetError, match=said) as caught:
        made.get("/1.0/profiles/p")
    assert caught.value.kind == kind and "a.b.c" not in str(caught.value)


def test_an_operation_is_waited_for_at_once():
    made = client(STARTED, (200, sync({"status_code": 200, "metadata": {"return": 0}})))
    assert made.perform(POST) == {"return": 0}
    assert [asked[:2] for asked in made.transport.asked] == [
        ("POST", "/1.0/instances"),
        ("GET", f"{OPERATION}/wait?timeout=5"),
    ]


@pytest.mark.parametrize(
    "answers",
    [
        [(500, error("Failed to run: x", 500)), (404, error("not found", 404))],
        [(200, error("Failed to run: x", 400)), (200, sync({"status_code": 400, "err": "Failed to run: x"}))],
        [(200, sync({"status_code": 400, "err": "Failed to run: x"}))],
    ],
    ids=["LXD: HTTP 500", "Incus before 6.12: HTTP 200, then an error", "Incus since 6.12: a failed operation"],
)
def test_the_three_shapes_of_a_failed_operation_are_one(answers):
    with pytest.raises(errors.OperationFailed, match="the daemon's operation failed: Failed to run: x"):
        client(STARTED, *answers).perform(POST)


def test_an_operation_that_ended_just_when_the_waiting_did_succeeded():
    late = (200, sync({"status_code": 200, "metadata": {"a": 1}}))
    assert client(STARTED, (200, error("context deadline exceeded", 400)), late).perform(POST) == {"a": 1}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(200, sync({"status_code": 103}))], "goes on; it cannot be cancelled"),
        ([(200, error("context deadline exceeded", 400)), (200, sync({"status_code": 103}))], "goes on"),
        ([(0, errors.TimedOut("no answer"))], "goes on"),
    ],
    ids=["LXD: still running", "Incus 6.0: an error of the waiting", "no answer"],
)
def test_waiting_ends_in_time_and_says_what_goes_on(answers, said):
    made = client(STARTED, *answers, (200, sync({"status_code": 103, "may_cancel": False})))
    with pytest.raises(errors.TimedOut, match=said):
        made.perform(POST)


def test_what_can_be_cancelled_is_cancelled():
    going_on = (200, sync({"status_code": 103, "may_cancel": True}))
    made = client(STARTED, going_on, going_on, (200, sync({})))
    with pytest.raises(errors.TimedOut, match="was cancelled"):
        made.perform(POST)
    assert made.transport.asked[-1][:2] == ("DELETE", OPERATION)


def test_an_operation_that_was_forgotten_is_left_to_reading_back():
    gone = (404, error("not found", 404))
    assert client(STARTED, gone, gone).perform(POST) is None


def test_an_operation_that_misses_something_is_not_one_that_was_forgotten():
    missing = (404, error('Image "x" not found', 404))
    ended = (200, sync({"status_code": 400, "err": 'Image "x" not found'}))
    made = client(STARTED, missing, ended, ended)
    with pytest.raises(errors.NotFound, match='Image "x" not found'):
        made.perform(POST)


def test_a_write_carries_the_etag_under_which_the_object_was_read_once():
    made = client((200, sync({}), "tag"), (200, sync({})), (200, sync({})))
    made.get("/1.0/profiles/p", {"project": "a"})
    put = Request("PUT", "/1.0/profiles/p", {"project": "a"}, {})
    made.perform(put)
    made.perform(put)
    assert made.transport.asked[1][2]["If-Match"] == "tag"
    assert "If-Match" not in made.transport.asked[2][2]


def test_names_are_unquoted_and_freed_from_their_project():
    made = client((200, sync(["/1.0/profiles/a%20b?project=x", "/1.0/profiles/default"])))
    assert made.names("/1.0/profiles") == ["a b", "default"]


def test_a_missing_extension_is_named_with_what_needs_it():
    server = {"environment": {"server": "lxd", "server_version": "5.0.2"}, "api_extensions": ["etag"]}
    made = client((200, sync(server)))
    made.require("etag", "tags")
    with pytest.raises(errors.Unsupported, match=r"\(lxd 5\.0\.2\) cannot do buckets: .* 'storage_buckets'"):
        made.require("storage_buckets", "buckets")


@pytest.mark.parametrize(
    ("environ", "present", "found"),
    [
        ({"INCUS_SOCKET": "/a", "INCUS_DIR": "/b"}, [], "/a"),
        ({"INCUS_DIR": "/b"}, [], "/b/unix.socket"),
        ({"LXD_DIR": "/c"}, SOCKETS, "/c/unix.socket"),
        ({}, ["/var/lib/lxd/unix.socket"], "/var/lib/lxd/unix.socket"),
        ({}, [], "/var/lib/incus/unix.socket"),
    ],
)
def test_the_socket_is_what_the_environment_says_or_the_first_that_is_there(environ, present, found):
    assert discover_socket(environ, lambda path: path in present) == found


def test_a_daemon_that_is_not_there_yet_is_empty_and_takes_nothing():
    nothing = NoDaemon()
    assert nothing.find("/1.0/profiles/x") is None and nothing.names("/1.0/profiles") is None
    with pytest.raises(errors.Malformed):
        nothing.perform(POST)
