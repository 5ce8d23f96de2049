# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong between a module and its daemon: each a clear sentence, and nothing that existed is lost."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
import textwrap
import time
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import ROOT, run_module
from .proxy import Proxy, Seen


def answer(text: str, code: int) -> tuple[int, bytes]:
    return code, json.dumps({"type": "error", "error": text, "error_code": code}).encode()


def first(method: str, verdict: t.Any) -> t.Callable[[Seen], t.Any]:
    """A fault for the first request of a method."""
    left = [verdict]
    return lambda request: left.pop() if request.method == method and left else None


@pytest.fixture
def profile(house: Client, proxy: Proxy) -> dict[str, t.Any]:
    """Options of a profile that is there, through the proxy."""
    options = {"name": "nfvt-p", "description": "before", "config": {"user.mine": "1"}}
    made = run_module("incus_profile", options)
    assert not made.failed, made["msg"]
    proxy.clear()
    return {"name": "nfvt-p", "socket": proxy.path}


def test_a_write_carries_the_etag_of_what_was_read(profile: dict[str, t.Any], proxy: Proxy) -> None:
    assert run_module("incus_profile", {**profile, "description": "after"})["changed"]
    (put,) = [request for request in proxy.seen if request.method == "PUT"]
    assert put.headers.get("if-match")


def test_a_change_by_somebody_else_in_between_is_kept(profile: dict[str, t.Any], proxy: Proxy, house: Client) -> None:
    def meddle(request: Seen) -> None:
        if request.method == "PUT" and not [seen for seen in proxy.seen[:-1] if seen.method == "PUT"]:
            run_module("incus_profile", {"name": "nfvt-p", "config": {"user.other": "2"}})

    proxy.fault = meddle
    done = run_module("incus_profile", {**profile, "description": "after"})
    assert not done.failed, done["msg"]
    assert [method for method, _target in proxy.changes()] == ["PUT", "PUT"]  # the first met a new ETag
    stored = house.get("/1.0/profiles/nfvt-p")
    assert stored["description"] == "after"
    assert stored["config"] == {"user.mine": "1", "user.other": "2"}


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (answer("ETag doesn't match: x vs y", 412), "stale"),
        (answer('Instance is busy running a "stop" operation', 400), "busy"),
    ],
)
def test_trying_again_is_bounded(
    profile: dict[str, t.Any], proxy: Proxy, house: Client, verdict: t.Any, kind: str
) -> None:
    proxy.fault = lambda request: verdict if request.method == "PUT" else None
    refused = run_module("incus_profile", {**profile, "description": "after"})
    assert refused.failed and refused["failure"]["kind"] == kind
    assert 1 < len(proxy.changes()) < 10
    assert house.get("/1.0/profiles/nfvt-p")["description"] == "before"


def test_a_broken_connection_after_a_write_is_not_repeated_and_running_again_converges(
    profile: dict[str, t.Any], proxy: Proxy, house: Client
) -> None:
    proxy.fault = first("PUT", "hang up after")
    broken = run_module("incus_profile", {**profile, "description": "after"})
    assert broken.failed and broken["failure"]["kind"] == "interrupted"
    assert "run the task again" in broken["msg"]
    assert len(proxy.changes()) == 1
    again = run_module("incus_profile", {**profile, "description": "after"})
    assert not again.failed and again["changed"] is False  # it had been written


def test_a_post_is_never_repeated(house: Client, proxy: Proxy) -> None:
    proxy.clear()
    proxy.fault = first("POST", "hang up")
    broken = run_module("incus_profile", {"name": "nfvt-new", "socket": proxy.path})
    assert broken.failed and broken["failure"]["kind"] == "interrupted"
    assert proxy.changes() == [("POST", "/1.0/profiles?project=default")]
    assert house.find("/1.0/profiles/nfvt-new") is None


def test_a_daemon_that_accepts_and_forgets_is_not_believed(profile: dict[str, t.Any], proxy: Proxy) -> None:
    lie = (200, json.dumps({"type": "sync", "status_code": 200, "metadata": {}}).encode())
    proxy.fault = lambda request: lie if request.method == "PUT" else None
    refused = run_module("incus_profile", {**profile, "description": "after"})
    assert refused.failed and refused["failure"]["kind"] == "not_kept"
    assert "description did not stay as written" in refused["msg"]


def test_an_object_that_does_not_answer_is_named(profile: dict[str, t.Any], proxy: Proxy) -> None:
    proxy.fault = lambda request: time.sleep(1.5)
    refused = run_module("incus_profile", {**profile, "timeout": 0.3})
    assert refused.failed and refused["failure"]["kind"] == "timed_out"
    assert "GET /1.0/profiles/nfvt-p" in refused["msg"]


def test_a_collection_that_hangs_names_the_object_that_makes_it_hang(profile: dict[str, t.Any], proxy: Proxy) -> None:
    def stuck(request: Seen) -> None:
        if "recursion=1" in request.target or "/profiles/nfvt-p" in request.target:
            time.sleep(3)

    proxy.fault = stuck
    options = {"collection": "profiles", "socket": proxy.path, "timeout": 0.5}
    refused = run_module("incus_info", options)
    assert refused.failed and refused["failure"]["kind"] == "timed_out"
    assert "the daemon cannot read nfvt-p" in refused["msg"]


def test_something_else_on_the_socket_is_recognised(proxy: Proxy) -> None:
    proxy.clear()
    proxy.fault = lambda request: (200, b"<html>hello</html>")
    refused = run_module("incus_profile", {"name": "nfvt-p", "socket": proxy.path})
    assert refused.failed and refused["failure"]["kind"] == "malformed"


def test_a_secret_that_the_daemon_repeats_in_its_refusal_stays_out_of_the_message(
    profile: dict[str, t.Any], proxy: Proxy
) -> None:
    proxy.fault = first("PUT", answer('Invalid value "4711x" for "user.pin"', 400))
    options = {**profile, "config": {"user.pin": "4711x"}, "secret_keys": ["user.pin"]}
    refused = run_module("incus_profile", options)
    assert refused.failed and "4711x" not in json.dumps(refused)


def test_no_socket_is_an_error_and_in_check_mode_an_empty_daemon() -> None:
    options = {"name": "nfvt-p", "socket": "/nonexistent/unix.socket", "description": "x"}
    refused = run_module("incus_profile", options)
    assert refused.failed and refused["failure"]["kind"] == "no_socket"
    assert "there is no such socket" in refused["msg"] and "start the daemon" in refused["msg"]
    predicted = run_module("incus_profile", options, check=True)
    assert not predicted.failed and predicted["changed"] and len(predicted.warned) == 1
    assert predicted["actions"][0]["method"] == "POST" and predicted["actions"][0]["sent"] is False


def test_a_socket_that_this_user_may_not_open_says_what_to_do(socket: str) -> None:
    script = textwrap.dedent(
        f"""
        import os
        os.setgroups([]), os.setgid(65534), os.setuid(65534)
        from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Transport, UnixEndpoint
        try:
            Transport(UnixEndpoint({socket!r})).request("GET", "/1.0")
        except Exception as error:
            print(type(error).__name__, error)
        """
    )
    # Imports happen as root: the checkout may lie where others cannot read.
    preload = "import ansible_collections.nfvlab.fleet.plugins.module_utils._core.http, grp\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")}
    run = subprocess.run(
        [sys.executable, "-c", preload + script], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.startswith("Forbidden this user may not open the daemon's socket"), run.stdout + run.stderr
    assert "use 'become: true', or add the user to the group 'incus-admin'" in run.stdout


def test_two_tasks_that_create_the_same_object_both_succeed(house: Client, proxy: Proxy) -> None:
    proxy.clear()

    def meddle(request: Seen) -> None:
        if request.method == "POST":
            run_module("incus_profile", {"name": "nfvt-race", "description": "same"})

    proxy.fault = meddle
    done = run_module("incus_profile", {"name": "nfvt-race", "description": "same", "socket": proxy.path})
    assert not done.failed, done["msg"]
    assert done["changed"] is False and house.get("/1.0/profiles/nfvt-race")["description"] == "same"


def test_many_tasks_changing_one_object_all_succeed_and_converge(house: Client) -> None:
    made = run_module("incus_profile", {"name": "nfvt-busy"})
    assert not made.failed
    tasks = [{"name": "nfvt-busy", "config": {f"user.k{number}": "x"}} for number in range(8)]

    def change(args: dict[str, t.Any]) -> t.Any:
        run = subprocess.run(
            [sys.executable, "-m", "tests.integration.one_module", "incus_profile", json.dumps(args)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")},
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(run.stdout)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(change, tasks))
    assert [result.get("msg") for result in results] == [None] * 8
    # A write that the daemon loses after it could be read back is nobody's to see; running again mends it.
    for task in tasks:
        assert not run_module("incus_profile", task).failed
    assert house.get("/1.0/profiles/nfvt-busy")["config"] == {f"user.k{number}": "x" for number in range(8)}
