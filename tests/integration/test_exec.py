# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_exec in a real instance, through both doors: what comes back and is left behind, what check mode sends."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, run_module, sweep
from .proxy import Door, Proxy
from .test_ansible import run as play

PLACE = {"project": "nfvt-a", "name": "nfvt-1"}
ROOT_DISK = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}


@pytest.fixture(scope="module")
def guest(client: Client, image: str, door: Door) -> t.Iterator[None]:
    """A running instance."""
    sweep(client)
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_image", {"project": "nfvt-a", "alias": "nfvt-i", "path": image}),
        ("incus_instance", {**PLACE, "image": "nfvt-i", "profiles": [], "devices": ROOT_DISK}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    yield
    sweep(client)


def execute(check: bool = False, **args: t.Any) -> Result:
    return run_module("incus_exec", {**PLACE, **args}, check=check)


def recorded(client: Client) -> list[str]:
    """The outputs that the daemon keeps."""
    path = "/1.0/instances/nfvt-1/logs" + ("/exec-output" if client.brand == "incus" else "")
    return [name for name in client.names(path, {"project": "nfvt-a"}) or () if name.startswith("exec_")]


def test_output_exit_code_user_directory_and_environment(guest: None, client: Client) -> None:
    script = "id -u; id -g; pwd; echo $GREETING; echo oops >&2; exit 3"
    done = execute(
        command=["sh", "-c", script],
        user=1000,
        group=1001,
        cwd="/tmp",
        environment={"GREETING": "hello"},
        success_codes=[3],
    )
    assert not done.failed, done["msg"]
    assert done["changed"] and done["rc"] == 3
    told = done["results"][0]
    assert told["stdout_lines"] == ["1000", "1001", "/tmp", "hello"] and told["stderr_lines"] == ["oops"]
    assert 0 < done["duration"] < 30
    assert recorded(client) == []


@pytest.mark.parametrize(
    ("args", "kind", "said", "rc"),
    [
        ({"command": ["false"]}, "operation_failed", "the command 'false' ended with 1", 1),
        ({"command": ["nope"]}, "not_found", "there is no command 'nope' in the instance", 127),
        ({"command": ["id -u"]}, "not_found", "a command is a list of words", 127),
        ({"command": ["sh", "-c", "nope"]}, "operation_failed", "nope: not found", 127),
        ({"command": ["/etc/passwd"]}, "operation_failed", "ended with 126", 126),
        ({"command": ["pwd"], "cwd": "/nope"}, "missing_reference", "there is no directory '/nope'", None),
    ],
)
def test_failures_are_one_sentence_and_leave_nothing(
    guest: None, client: Client, args: dict[str, t.Any], kind: str, said: str, rc: int | None
) -> None:
    failed = execute(**args)
    assert failed.failed and failed["failure"]["kind"] == kind, failed["msg"]
    assert said in failed["msg"] and "\n" not in failed["msg"]
    assert failed["rc"] == rc and failed["results"][0]["failed"]
    assert recorded(client) == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"name": "nfvt-2"}, "it does not exist"),
        ({"name": "nfvt-2"}, "did you mean 'nfvt-1'?"),
        ({"project": "nfvt-b"}, "project 'nfvt-b' does not exist"),
    ],
)
def test_a_missing_place_is_named(guest: None, door: Door, place: dict[str, str], said: str) -> None:
    failed = execute(command=["true"], **place)
    assert failed.failed and failed["failure"]["kind"] == "missing_reference" and said in failed["msg"]
    assert door.get("url", "unix:") in failed["msg"]
    foretold = execute(check=True, command=["true"], **place)
    assert foretold["changed"] and len(foretold.warned) == 1


def test_guards_and_check_mode(guest: None, doorman: Proxy) -> None:
    guarded = {"command": ["touch", "/tmp/made"], "creates": "/tmp/made", **doorman.door}
    doorman.clear()
    foretold = execute(check=True, unless=["false"], **guarded)
    assert foretold["changed"] and doorman.changes() == []
    done = execute(**guarded)
    assert done["changed"] and [action["sent"] for action in done["actions"]] == [True]
    doorman.clear()
    again = execute(**guarded)
    assert not again["changed"] and again["msg"] == "not run, because '/tmp/made' exists" and doorman.changes() == []
    assert not execute(command=["true"], unless=["test", "-e", "/tmp/made"])["changed"]
    assert execute(command=["true"], unless=["test", "-e", "/tmp/other"])["changed"]
    assert not execute(command=["true"], unless=["sh", "-c", "true"])["changed"]
    assert execute(command=["true"], unless=["sh", "-c", "nope"])["changed"]
    assert execute(command=["rm", "/tmp/made"], removes="/tmp/made")["changed"]
    assert not execute(command=["rm", "/tmp/made"], removes="/tmp/made")["changed"]
    assert not execute(command=["true"], removes="/etc/passwd/below")["changed"]


def test_several_commands_have_an_entry_each(guest: None) -> None:
    commands = [
        {"name": "first", "command": ["true"]},
        {"command": ["sh", "-c", "echo why; exit 4"]},
        {"command": ["true"]},
    ]
    failed = execute(commands=commands)
    assert failed.failed and failed["changed"] and "ended with 4: why" in failed["msg"]
    assert [(entry["ran"], entry["failed"], entry["rc"]) for entry in failed["results"]] == [
        (True, False, 0),
        (True, True, 4),
        (False, False, None),
    ]
    assert failed["results"][0]["name"] == "first" and "rc" not in failed
    assert execute(commands=commands, max_failed=1)["results"][2]["ran"]


def test_a_command_whose_time_is_over_is_killed_with_all_that_it_started(guest: None, client: Client) -> None:
    failed = execute(command=["sh", "-c", "echo begun; (sleep 4711 &); sleep 4712"], command_timeout=1)
    assert failed.failed and failed["failure"]["kind"] == "timed_out"
    assert "did not end within 1 s and was killed" in failed["msg"]
    assert failed["rc"] == 137 and failed["stdout"] == "begun\n" and failed["duration"] < 10
    assert "sleep" not in execute(command=["ps"])["stdout"]
    assert recorded(client) == []


def test_an_instance_that_does_not_run_says_so(guest: None) -> None:
    stopped = run_module("incus_instance", {**PLACE, "state": "stopped", "force": True})
    assert not stopped.failed, stopped["msg"]
    failed = execute(command=["true"])
    assert failed["failure"]["kind"] == "refused" and "it is Stopped" in failed["msg"]
    assert "start it with nfvlab.fleet.incus_instance" in failed["msg"]
    foretold = execute(check=True, command=["true"])
    assert foretold["changed"] and "it is Stopped" in foretold.warned[0]
    assert not execute(command=["true"], creates="/etc/passwd")["changed"]
    started = run_module("incus_instance", {**PLACE, "state": "started"})
    assert not started.failed, started["msg"]


@pytest.mark.parametrize("verbosity", ["-v", "-vvvv"])
def test_secrets_in_the_environment_and_in_files_show_nowhere(
    guest: None, socket: str, tmp_path: Path, verbosity: str
) -> None:
    environment = {"API_TOKEN": "s3cr3t-one", "PIN": "s3cr3t-two"}
    tasks: list[dict[str, t.Any]] = [
        {
            "nfvlab.fleet.incus_exec": {
                **PLACE,
                "commands": [{"command": ["sh", "-c", 'test "$PIN" = s3cr3"t-two"'], "environment": environment}],
                "secret_keys": ["PIN"],
            }
        },
        {"nfvlab.fleet.incus_file": {**PLACE, "path": "/root/key", "content": "s3cr3t-three", "secret": True}},
    ]
    shown = play(tmp_path, tasks, verbosity, "--diff")
    assert "s3cr3t" not in shown.stdout + shown.stderr and "********" in shown.stdout
