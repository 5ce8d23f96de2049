# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_exec: guards, results and failures against a daemon of a few lines."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import only_given
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.exec import OPTIONS, Run

PLACES = {"incus": "/1.0/instances/i/logs/exec-output/exec_{}.{}", "lxd": "/1.0/instances/i/logs/exec_{}.{}"}


class Daemon:
    """A transport with an instance in which some commands have known ends and some paths are there.

    :param ends: exit code, standard output and standard error by the first word of a command
    """

    endpoint = UnixEndpoint("/s")
    timeout = 30.0

    def __init__(self, ends=None, paths=(), status=103, brand="incus", hangs=(), kind="file"):
        self.ends = {"/bin/sh": (0, "", ""), **(ends or {})}
        self.paths = paths
        self.status = status
        self.place = PLACES[brand]
        self.hangs = set(hangs)
        self.kind = kind
        self.started = []
        self.files = {}
        self.asked = []

    def request(self, method, target, body=None, headers=None, timeout=None):
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.asked.append((method, path))
        if path.startswith("/1.0/instances/i/logs/"):
            if method == "DELETE":
                del self.files[path]
                return self.sync({})
            return Response(200, {}, self.files[path].encode())
        if path == "/1.0/instances/i/exec":
            self.started.append(json.loads(body))
            return self.answer(202, type="async", operation=f"/1.0/operations/{len(self.started) - 1}?project=p")
        if path.startswith("/1.0/operations/"):
            return self.sync(self.operation(int(path.split("/")[3])))
        if path == "/1.0/instances/i/files":
            return Response(200 if query["path"][0] in self.paths else 404, {"x-incus-type": self.kind}, b"")
        if path == "/1.0/instances/i":
            return self.sync({"name": "i", "status": "Some", "status_code": self.status})
        if path in ("/1.0/instances", "/1.0/projects"):
            return self.sync([f"{path}/{name}" for name in ("i", "p")])
        return self.answer(404, type="error", error="not found", error_code=404)

    def operation(self, number):
        command = self.started[number]["command"]
        if command[0] == "/bin/sh":
            self.hangs.clear()
        if command[0] in self.hangs:
            return {"status_code": 103, "may_cancel": False}
        rc, out, err = self.ends[command[0]]
        metadata = {"return": rc}
        if self.started[number]["record-output"]:
            metadata["output"] = {"1": self.place.format(number, "stdout"), "2": self.place.format(number, "stderr")}
            self.files.update(zip(metadata["output"].values(), (out, err)))
        if rc == 127:
            return {"status_code": 400, "err": "Command not found", "metadata": metadata}
        return {"status_code": 200, "metadata": metadata}

    def sync(self, metadata):
        return self.answer(200, type="sync", metadata=metadata)

    def answer(self, status, **content):
        return Response(status, {}, json.dumps(content).encode())


def run(daemon, check=False, warned=None, **given):
    """The result of a task; where options or the place are wrong, what is said about them."""
    given = {"name": "i", "project": "p", **given}
    params = {name: option.get("default") for name, option in OPTIONS.items()} | given
    task = Task(params, only_given(params, given, OPTIONS), check_mode=check, warn=(warned or []).append)
    client = Client(UnixEndpoint("/s"), operation_timeout=5)
    client.transport = daemon
    try:
        return Run(client, task, lambda error: error)()
    except errors.FleetError as error:
        return {"failed": True, "msg": str(error), "failure": error.failure()}


@pytest.mark.parametrize("brand", PLACES)
def test_output_is_read_where_the_daemon_says_and_then_deleted(brand):
    daemon = Daemon({"id": (0, "uid=0\nx", "hm\n")}, brand=brand)
    done = run(daemon, command=["id"])
    assert (done["changed"], done["rc"], done["stdout"], done["stderr"]) == (True, 0, "uid=0\nx", "hm\n")
    assert done["results"][0]["ran"] and done["cmd"] == ["id"]
    assert daemon.files == {} and [method for method, path in daemon.asked].count("DELETE") == 2


def test_environment_user_and_directory_are_sent_and_only_named_in_actions():
    daemon = Daemon({"id": (0, "", "")}, paths=["/x"], kind="directory")
    done = run(daemon, command=["id"], environment={"N": 1, "B": True, "X": None}, user=5, group=6, cwd="/x")
    body = daemon.started[0]
    assert body["environment"].pop("NFVLAB_FLEET_EXEC")
    assert body == {
        "command": ["id"],
        "environment": {"N": "1", "B": "true"},
        "record-output": True,
        "user": 5,
        "group": 6,
        "cwd": "/x",
    }
    assert done["actions"] == [
        {
            "method": "POST",
            "path": "/1.0/instances/i/exec?project=p",
            "keys": ["command", "environment.B", "environment.N", "user", "group", "cwd"],
            "sent": True,
        }
    ]


@pytest.mark.parametrize(
    ("guard", "ran"),
    [
        ({"creates": "/there"}, False),
        ({"creates": "/nowhere"}, True),
        ({"removes": "/there"}, True),
        ({"removes": "/nowhere"}, False),
        ({"unless": ["true"]}, False),
        ({"unless": ["false"]}, True),
    ],
)
@pytest.mark.parametrize("as_list", [False, True])
def test_guards(guard, ran, as_list):
    daemon = Daemon({"x": (0, "", ""), "true": (0, "", ""), "false": (1, "", "")}, paths=["/there"])
    given = {"commands": [{"command": ["x"], **guard}]} if as_list else {"command": ["x"], **guard}
    done = run(daemon, **given)
    assert done["changed"] is ran and done["results"][0]["ran"] is ran and not done["results"][0]["failed"]
    assert ("not run, because" in done["msg"]) is not ran


def test_guards_of_the_task_guard_all_commands_together():
    daemon = Daemon({"x": (0, "", ""), "y": (0, "", "")}, paths=["/there"])
    commands = [{"command": ["x"]}, {"command": ["y"]}]
    done = run(daemon, commands=commands, creates="/there")
    assert not done["changed"] and daemon.started == [] and len(done["results"]) == 2
    assert run(daemon, commands=commands, creates="/nowhere")["changed"]
    assert [method for method, path in daemon.asked].count("HEAD") == 2


def test_check_mode_starts_nothing_not_even_a_guard():
    daemon = Daemon(paths=["/there"])
    done = run(daemon, check=True, command=["x"], unless=["y"])
    assert done["changed"] and done["msg"] == "would run" and daemon.started == []
    assert [action["sent"] for action in done["actions"]] == [False, False]
    assert not run(daemon, check=True, command=["x"], creates="/there")["changed"]


def test_the_first_failure_ends_the_task_and_everybody_has_an_entry():
    daemon = Daemon({"a": (0, "", ""), "b": (3, "out", "one\n two \n"), "c": (0, "", "")})
    commands = [{"command": [word]} for word in "abc"]
    failed = run(daemon, commands=commands)
    assert failed["failure"]["kind"] == "operation_failed" and failed["failure"]["code"] == 3
    assert failed["msg"].startswith("instance 'i' of project 'p': the command 'b' ended with 3: two (unix:/s)")
    assert failed["changed"] and [entry["ran"] for entry in failed["results"]] == [True, True, False]
    assert [entry["failed"] for entry in failed["results"]] == [False, True, False]
    assert failed["results"][1]["rc"] == 3 and failed["results"][1]["stdout"] == "out"
    further = run(daemon, commands=commands, max_failed=1)
    assert further["results"][2]["ran"] and further["failure"]["code"] == 3


def test_a_single_command_fails_with_its_fields():
    failed = run(Daemon({"x": (2, "o", "e")}), command=["x"])
    assert (failed["rc"], failed["stdout"], failed["stderr"]) == (2, "o", "e")


def test_codes_of_success_are_the_tasks_or_the_commands_own():
    daemon = Daemon({"x": (2, "", ""), "y": (3, "", "")})
    assert not run(daemon, command=["x"], success_codes=[0, 2])["failed"]
    commands = [{"command": ["x"]}, {"command": ["y"], "success_codes": [3]}]
    assert not run(daemon, commands=commands, success_codes=[2])["failed"]


@pytest.mark.parametrize(
    ("words", "stderr", "kind", "said"),
    [
        (["nope"], "", "not_found", "there is no command 'nope' in the instance"),
        (["ls -l"], "", "not_found", "each by itself"),
        (["sh"], "sh: nope: not found", "operation_failed", "ended with 127: sh: nope: not found"),
    ],
)
def test_a_missing_command_is_said_to_be_so(words, stderr, kind, said):
    failed = run(Daemon({words[0]: (127, "", stderr)}), command=words)
    assert failed["failure"]["kind"] == kind and said in failed["msg"]


@pytest.mark.parametrize(("paths", "ran"), [(["/x"], True), ([], False)])
def test_a_directory_that_is_not_there_is_not_silently_another(paths, ran):
    done = run(Daemon({"x": (0, "", "")}, paths=paths, kind="directory"), command=["x"], cwd="/x")
    assert done["failed"] is not ran
    assert ran or "there is no directory '/x' in the instance" in done["msg"]


def test_a_guard_that_is_not_there_lets_the_command_run():
    assert run(Daemon({"x": (0, "", ""), "y": (127, "", "")}), command=["x"], unless=["y"])["changed"]


def test_a_command_whose_time_is_over_is_killed():
    daemon = Daemon({"sleep": (137, "began", "")}, hangs=["sleep"])
    failed = run(daemon, command=["sleep", "9"], command_timeout=1)
    assert failed["failure"]["kind"] == "timed_out"
    assert "the command 'sleep 9' did not end within 1 s and was killed" in failed["msg"]
    assert failed["rc"] == 137 and failed["stdout"] == "began" and failed["changed"]
    sleeper, killer = daemon.started
    assert killer["command"][-1] == "NFVLAB_FLEET_EXEC=" + sleeper["environment"]["NFVLAB_FLEET_EXEC"]


def test_a_command_that_cannot_be_killed_goes_on():
    daemon = Daemon(hangs=["sleep"])
    daemon.ends.pop("/bin/sh")
    daemon.operation = lambda number: {"status_code": 103}
    failed = run(daemon, command=["sleep", "9"], command_timeout=1)
    assert "goes on" in failed["msg"] and failed["rc"] is None and failed["results"][0]["ran"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"command": []}, "a command is empty"),
        ({"commands": []}, "a command is empty"),
        ({"commands": [{"command": [""]}]}, "a command is empty"),
        ({"command": ["x"], "creates": "x"}, "begins with '/'"),
        ({"command": ["x"], "command_timeout": 0}, "'command_timeout' is 0"),
        ({"command": ["x"], "name": ""}, "'name' is empty"),
        ({"command": ["x"], "max_failed": -1}, "'max_failed' is -1"),
        ({"command": ["x"], "environment": {"A": []}}, "'environment.A' must be a text"),
    ],
)
def test_wrong_options_are_named(given, said):
    assert said in run(Daemon(), **given)["msg"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"name": "ii"}, "instance 'ii' of project 'p': it does not exist"),
        ({"project": "pp"}, "project 'pp' does not exist"),
    ],
)
def test_a_missing_place_is_named_with_the_near_one_and_only_a_warning_in_check_mode(where, said):
    daemon = Daemon({"x": (0, "", "")})
    daemon.request = _without(daemon, "ii")
    if "project" in where:
        daemon.request = _without(daemon, "i")
    failed = run(daemon, command=["x"], **where)
    assert failed["failure"]["kind"] == "missing_reference" and said in failed["msg"]
    assert "did you mean" in failed["msg"]
    warned = ["check run"]
    assert run(daemon, check=True, warned=warned, command=["x"], creates="/x", **where)["changed"]
    assert said in warned[-1]


def _without(daemon, name):
    whole = daemon.request

    def request(method, target, *rest, **more):
        if urlsplit(target).path == f"/1.0/instances/{name}":
            return daemon.answer(404, type="error", error="not found", error_code=404)
        return whole(method, target, *rest, **more)

    return request


@pytest.mark.parametrize(("status", "runs"), [(103, True), (113, True), (102, False), (110, False)])
def test_only_a_running_instance_runs_commands_and_ready_is_running(status, runs):
    daemon = Daemon({"x": (0, "", "")}, status=status, paths=["/there"])
    assert run(daemon, command=["x"])["changed"] is runs
    assert len(daemon.started) == runs
    assert not run(daemon, command=["x"], creates="/there")["failed"]
    assert run(daemon, check=True, command=["x"])["changed"]
