# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Kata modules against the test agent (a SIMULATOR), which has the traps of a real one."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import socket
import stat
import sys
import threading
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from tests.integration.conftest import playbook, run_module
from tests.integration.kata import ROOTFS, agent, play_of, template, test_agent

__all__ = ["agent", "template"]  # fixtures

SHARE = "run/kata-containers/shared/containers"


@pytest.fixture
def run(agent):
    """Runs a module against the test agent."""

    def go(name, check=False, **options):
        return run_module(name, {"address": agent.address, "timeout": 5, **options}, check=check)

    return go


@pytest.fixture
def box(run):
    """The options of a running container in a sandbox."""
    assert run("kata_sandbox", sandbox_id="pod", hostname="pod")["changed"]
    options = {"container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"]}
    assert run("kata_container", **options)["changed"]
    return options


def rpcs(result):
    return [action["rpc"] for action in result["actions"]]


def ok(result):
    assert not result.failed, result["msg"]
    return result


# The sandbox


def test_sandbox_is_made_once_and_ends_with_its_agent(agent, run):
    predicted = ok(run("kata_sandbox", check=True, hostname="pod", dns=["nameserver 192.0.2.53"]))
    assert predicted["changed"] and predicted["actions"][0]["sent"] is False
    made = ok(run("kata_sandbox", hostname="pod", dns=["nameserver 192.0.2.53"]))
    assert made["diff"] == predicted["diff"] and rpcs(made) == ["CreateSandbox"]
    assert (agent.guest / "etc/resolv.conf").read_text() == "nameserver 192.0.2.53"
    for check in (False, True):
        assert not ok(run("kata_sandbox", check=check, hostname="pod"))["changed"]
    assert ok(run("kata_sandbox", check=True, state="absent"))["changed"]
    assert rpcs(ok(run("kata_sandbox", state="absent"))) == ["DestroySandbox"]
    assert agent.process.wait(5) == 0
    assert not ok(run("kata_sandbox", state="absent"))["changed"]


def test_sandbox_in_check_mode_without_an_agent(tmp_path):
    result = run_module("kata_sandbox", {"address": f"unix://{tmp_path}/none"}, check=True)
    assert result["changed"] and "counts as new" in result.warned[0]
    result = run_module("kata_sandbox", {"address": f"unix://{tmp_path}/none"})
    assert result.failed and result["failure"]["kind"] == "no_socket"


# Containers


def test_container_from_nothing_to_started_and_away(agent, run):
    run("kata_sandbox")
    options = {"container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"], "environment": {"A": 1}}
    predicted = ok(run("kata_container", check=True, **options))
    assert predicted["changed"] and rpcs(predicted) == ["CreateContainer", "StartContainer"]
    assert not agent.there("box")
    made = ok(run("kata_container", **options))
    assert rpcs(made) == rpcs(predicted) and made["diff"] == predicted["diff"]
    assert made["container"] == {"container_id": "box", "state": "started", "exit_code": None}
    assert not ok(run("kata_container", **options))["changed"]
    unsure = ok(run("kata_container", check=True, **options))
    assert not unsure["changed"] and unsure["predicted"] == "unknown" and "cannot tell" in unsure.warned[0]
    assert ok(run("kata_container", check=True, container_id="box", state="absent"))["changed"]
    assert rpcs(ok(run("kata_container", container_id="box", state="absent"))) == ["RemoveContainer"]
    assert not agent.there("box")
    assert not ok(run("kata_container", container_id="box", state="absent"))["changed"]


def test_container_present_is_started_later_and_only_once(agent, run):
    run("kata_sandbox")
    options = {"container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"]}
    assert rpcs(ok(run("kata_container", state="present", **options))) == ["CreateContainer"]
    assert not ok(run("kata_container", state="present", **options))["changed"]
    assert rpcs(ok(run("kata_container", **options))) == ["StartContainer"]
    for _turn in range(3):
        assert not ok(run("kata_container", **options))["changed"]
    with agent.session() as session:
        assert session.call("ListInterfaces")["Interfaces"]  # the agent's lock is free


def test_container_paused_and_resumed(run, box):
    assert rpcs(ok(run("kata_container", **{**box, "state": "paused"}))) == ["PauseContainer"]
    assert not ok(run("kata_container", **{**box, "state": "paused"}))["changed"]
    assert run("kata_container", check=True, **{**box, "state": "paused"})["predicted"] == "unknown"
    resumed = ok(run("kata_container", **box))
    assert resumed["changed"] and rpcs(resumed) == ["ResumeContainer"]
    assert not ok(run("kata_container", **box))["changed"]


def test_paused_container_is_resumed_before_it_is_removed(agent, run, box):
    run("kata_container", **{**box, "state": "paused"})
    assert ok(run("kata_container", container_id="box", state="absent"))["changed"]
    assert not agent.there("box")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["/bin/sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"], 7),
        (["/bin/sleep", "1000"], 137),
    ],
)
def test_container_stopped_and_started_anew(run, command, code):
    run("kata_sandbox")
    options = {"container_id": "box", "rootfs": ROOTFS, "command": command}
    run("kata_container", **options)
    time.sleep(0.2)
    stopped = ok(run("kata_container", state="stopped", **options))
    assert stopped["container"]["exit_code"] == code and stopped["changed"]
    assert not ok(run("kata_container", state="stopped", **options))["changed"]
    predicted = ok(run("kata_container", check=True, **options))
    again = ok(run("kata_container", **options))
    assert rpcs(again) == rpcs(predicted) == ["RemoveContainer", "CreateContainer", "StartContainer"]


def test_stubborn_container_is_killed(run):
    run("kata_sandbox")
    options = {
        "container_id": "box",
        "rootfs": ROOTFS,
        "command": ["/bin/sh", "-c", "trap '' TERM; sleep 1000; sleep 1000"],
    }
    run("kata_container", **options)
    time.sleep(0.2)
    stopped = ok(run("kata_container", state="stopped", stop_timeout=0.3, **options))
    assert rpcs(stopped) in (["SignalProcess"], ["SignalProcess", "SignalProcess"])
    assert stopped["container"]["exit_code"] == 137


def test_init_that_died_before_the_start_does_not_hang_the_agent(agent, run):
    run("kata_sandbox")
    options = {"container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"]}
    run("kata_container", state="present", **options)
    run("kata_process", container_id="box", signal="KILL")
    time.sleep(0.1)
    result = ok(run("kata_container", **options))
    assert rpcs(result) == ["RemoveContainer", "CreateContainer", "StartContainer"]
    assert result["container"]["exit_code"] == 137
    assert not ok(run("kata_container", **options))["changed"]


def test_memory_limit_is_read_back(run, box):
    for check in (True, False):
        result = ok(run("kata_container", check=check, **{**box, "state": "present", "memory_limit": 67108864}))
        assert rpcs(result) == ["UpdateContainer"]
        assert result["diff"]["after"] == {"memory_limit": 67108864}
    assert not ok(run("kata_container", **{**box, "memory_limit": 67108864, "cpu_shares": 512}))["changed"]
    assert ok(run("kata_container", **{**box, "cpu_shares": 512, "update_cpu": True}))["changed"]


def test_left_over_of_a_wrong_root_file_system(run):
    run("kata_sandbox")
    options = {"container_id": "box", "command": ["/bin/sleep", "9"]}
    wrong = run("kata_container", rootfs="/run/none", **options)
    assert wrong.failed and "failed to mount" in wrong["msg"]
    right = ok(run("kata_container", rootfs=ROOTFS, **options))
    assert rpcs(right) == ["CreateContainer", "StartContainer"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"container_id": "-x"}, "an id has two or more"),
        ({"rootfs": None}, "'Root.Path' is missing"),
        ({"capabilities": ["CAP_NOSUCH"]}, "there is no capability"),
        ({"environment": {"A=B": "c"}}, "a name has no '='"),
        ({"memory_limit": -1}, "'memory_limit' is -1"),
        ({"cpuset_cpus": "abc"}, "write numbers and ranges"),
        ({"stop_signal": "TREM"}, "there is no signal 'TREM'"),
        ({"spec": {"Root": {"Path": "/x"}}}, "is a whole specification"),
        ({"devices": [{"type": "blk"}]}, "'devices[0].container_path' is missing"),
        ({"comand": ["x"]}, "did you mean 'command'?"),
        ({"command": ["/bin/none"]}, "the file /bin/none was not found"),
    ],
)
def test_bad_containers_change_nothing(agent, run, options, says):
    run("kata_sandbox")
    result = run("kata_container", **{"container_id": "box", "rootfs": ROOTFS, "command": ["sleep", "9"], **options})
    assert result.failed and says in result["msg"], result["msg"]
    assert "Traceback" not in str(result) and not agent.there("box")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"Process": {"Capabilities": {"Bounding": ["CAP_KIL"]}}}, "did you mean 'KILL'?"),
        ({"Process": {"Rlimits": [{"Type": "RLIMIT_NOSUCH"}]}}, "Process.Rlimits[0].Type"),
        ({"Linux": {"Devices": [{"Type": "q"}]}}, "Linux.Devices[0].Type"),
        ({"Linux": {"Seccomp": {"DefaultAction": "SCMP_ACT_NO"}}}, "of which an agent would die"),
    ],
)
def test_words_that_an_agent_dies_of_are_never_sent(agent, run, spec, says):
    run("kata_sandbox")
    result = run("kata_container", container_id="box", spec={"Root": {"Path": ROOTFS}, **spec})
    assert result.failed and says in result["msg"]
    assert not agent.there("box")


# Commands


def test_exec_returns_codes_and_both_streams(run, box):
    result = run("kata_exec", container_id="box", command=["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert result.failed and result["rc"] == 3 and result["failure"]["kind"] == "operation_failed"
    assert (result["stdout"], result["stderr"]) == ("out\n", "err\n")
    result = ok(run("kata_exec", container_id="box", command=["sh", "-c", "exit 3"], success_codes=[3]))
    assert result["changed"] and result["rc"] == 3


def test_exec_in_check_mode_runs_nothing(agent, run, box):
    result = ok(run("kata_exec", check=True, container_id="box", command=["touch", "/data/x"]))
    assert result["changed"] and not result["results"][0]["ran"]
    assert not (agent.guest / ROOTFS.lstrip("/") / "data/x").exists()


def test_exec_list_guards_environment_and_stdin(run, box):
    result = ok(
        run(
            "kata_exec",
            container_id="box",
            environment={"NAME": "x", "NUMBER": 7, "NO": None},
            commands=[
                {"command": ["sh", "-c", "echo $NAME $NUMBER $NO"]},
                {"command": ["cat"], "stdin": "line\n" * 100_000},
                {"command": ["false"], "unless": ["true"]},
                {"command": ["pwd"], "cwd": "/data", "unless": ["false"]},
            ],
        )
    )
    out = [entry["stdout"] for entry in result["results"]]
    assert out == ["x 7\n", "line\n" * 100_000, "", "/data\n"]
    assert [entry["ran"] for entry in result["results"]] == [True, True, False, True]


def test_exec_guard_that_the_agent_refuses(run, box):
    result = run("kata_exec", container_id="box", command=["true"], unless=["/no/such"])
    assert result.failed and "/no/such" in result["msg"] and result["actions"] == []


def test_exec_stops_after_a_failure(run, box):
    result = run("kata_exec", container_id="box", commands=[{"command": ["false"]}, {"command": ["true"]}])
    assert result.failed and [entry["ran"] for entry in result["results"]] == [True, False]
    result = run(
        "kata_exec", container_id="box", commands=[{"command": ["false"]}, {"command": ["true"]}], max_failed=1
    )
    assert result.failed and [entry["ran"] for entry in result["results"]] == [True, True]


def test_exec_timeout_kills(run, box):
    began = time.monotonic()
    result = run("kata_exec", container_id="box", command=["sh", "-c", "echo begun; sleep 1000"], command_timeout=0.5)
    assert result.failed and result["failure"]["kind"] == "timed_out" and result["stdout"] == "begun\n"
    assert time.monotonic() - began < 8
    assert not run("kata_exec", container_id="box", command=["true"]).failed


def test_exec_child_that_keeps_the_pipe(run, box):
    began = time.monotonic()
    result = ok(run("kata_exec", container_id="box", command=["sh", "-c", "echo started; sleep 1000 & exit 0"]))
    assert (result["rc"], result["stdout"]) == (0, "started\n")
    assert time.monotonic() - began < 10


def test_exec_large_and_binary_output(run, box):
    result = ok(
        run(
            "kata_exec",
            container_id="box",
            command=["sh", "-c", "head -c 100000000 /dev/zero | tr '\\0' a; printf '\\377' >&2"],
            output_limit=1000,
        )
    )
    assert result["stdout"] == "a" * 1000 and result["truncated"]
    assert result["stderr"] == "\ufffd"


def test_exec_terminal(run, box):
    result = ok(
        run("kata_exec", container_id="box", command=["sh", "-c", "test -t 1 && echo tty; echo err >&2"], terminal=True)
    )
    assert result["stdout"] == "tty\r\nerr\r\n"
    assert ok(run("kata_exec", container_id="box", command=["cat"], stdin="typed\n", terminal=True))["rc"] == 0


def test_exec_hundred_commands_over_one_connection(run, box):
    result = ok(run("kata_exec", container_id="box", commands=[{"command": ["true"]}] * 100))
    assert len(result["results"]) == 100 and all(entry["rc"] == 0 for entry in result["results"])


def test_exec_secrets_do_not_show(run, box):
    options = {"environment": {"API_TOKEN": "hunter2"}, "stdin": "hunter3"}
    result = ok(run("kata_exec", container_id="box", command=["true"], **options))
    assert "hunter" not in str(result)
    result = ok(run("kata_copy", content="hunter4", dest="x"))
    assert "hunter" not in str(result) and result["dest"].endswith("/containers/x")
    request = {"container_id": "box", "exec_id": "e", "process": {"Args": ["true"], "Cwd": "/", "Env": ["A=hunter5"]}}
    assert "hunter" not in str(ok(run("kata_rpc", method="ExecProcess", request=request)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"container_id": "none"}, "there is no container 'none'"),
        ({"command": []}, "a command is empty"),
        ({"command": ["/bin/none"]}, "the file /bin/none was not found"),
        ({"command": ["true"], "cwd": "/none"}, "ENOENT"),
        ({"command": ["true"], "capabilities": ["X"]}, "there is no capability"),
        ({"command": ["true"], "command_timeout": 0}, "above 0"),
    ],
)
def test_bad_commands(run, box, options, says):
    result = run("kata_exec", **{"container_id": "box", "command": ["true"], **options})
    assert result.failed and says in result["msg"], result["msg"]
    assert not result["changed"]


def test_exec_in_a_paused_container_does_not_hold_the_agent(run, box):
    run("kata_container", **{**box, "state": "paused"})
    result = run("kata_exec", container_id="box", command=["true"], timeout=0.5)
    assert result.failed and "may be paused" in result["msg"]
    assert ok(run("kata_container", **box))["changed"]


# Processes


def test_process_signal_and_wait(run, box):
    assert ok(run("kata_process", container_id="box", signal=0))["signal"] == 0
    result = ok(run("kata_process", container_id="box", signal="sigterm", wait=True, wait_timeout=5))
    assert result["exit_code"] == 137  # no handler: the agent makes it SIGKILL
    result = run("kata_process", container_id="box", signal="TERM")
    assert result.failed and result["failure"]["kind"] == "not_found"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "nothing to do"),
        ({"signal": "KIL"}, "did you mean"),
        ({"signal": "65"}, "there is no signal"),
        ({"signal": "TERM", "container_id": "none"}, "there is no container"),
        ({"wait": True, "wait_timeout": 0.2}, "did not end within 0.2 s"),
        ({"signal": "TERM", "exec_id": "none"}, "InvalidExecId"),
    ],
)
def test_bad_processes(run, box, options, says):
    result = run("kata_process", **{"container_id": "box", **options})
    assert result.failed and says in result["msg"], result["msg"]


# Files


@pytest.fixture
def shared(agent, run):
    """A running container that sees the folder 'data' of the share at /data."""
    (agent.guest / SHARE / "data").mkdir(parents=True)
    run("kata_sandbox")
    (agent.guest / SHARE / "data").mkdir(parents=True, exist_ok=True)
    options = {"container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"]}
    ok(run("kata_container", **options, mounts=[{"destination": "/data", "source": f"/{SHARE}/data"}]))
    return agent.guest / SHARE / "data"


def test_copy_a_tree_that_a_container_verifies(run, shared, tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub/empty").mkdir(parents=True)
    (tree / "sub/big.bin").write_bytes(os.urandom(2_500_000))
    (tree / "sub/big.tmp").write_text("not ours")
    (tree / "name with space").write_text("x")
    (tree / "empty.txt").touch()
    (tree / "link").symlink_to("sub/big.bin")
    (tree / "run.sh").write_text("#!/bin/sh\n")
    (tree / "run.sh").chmod(0o755)
    options = {"src": str(tree), "dest": "data", "verify_in": "box", "verify_path": "/data"}
    predicted = ok(run("kata_copy", check=True, **options))
    assert predicted["predicted"] == "unknown"
    result = ok(run("kata_copy", **options))
    assert result["changed"] and result["verified"] and result["copied"] == result["files"] - 1  # data itself is there
    assert (shared / "sub/big.bin").read_bytes() == (tree / "sub/big.bin").read_bytes()
    assert (shared / "sub/big.tmp").read_text() == "not ours"
    assert os.readlink(shared / "link") == "sub/big.bin" and (shared / "sub/empty").is_dir()
    assert stat.S_IMODE((shared / "run.sh").stat().st_mode) == 0o755
    assert not ok(run("kata_copy", **options))["changed"]
    (tree / "sub/big.bin").write_bytes(b"small")
    result = ok(run("kata_copy", **options))
    assert result["diff"]["after"]["files"] == [f"/{SHARE}/data/sub/big.bin", f"/{SHARE}/data/sub/big.tmp"]
    assert (shared / "sub/big.tmp").read_text() == "not ours"


def test_copy_content(run, shared):
    result = ok(run("kata_copy", content="hello\n", dest="data/d/greeting", mode="0600"))
    assert result["changed"] and not result["verified"]
    assert (shared / "d/greeting").read_text() == "hello\n"
    assert stat.S_IMODE((shared / "d/greeting").stat().st_mode) == 0o600
    verify = {"verify_in": "box", "verify_path": "/data/d/greeting", "mode": "0600", "dest": "data/d/greeting"}
    assert not ok(run("kata_copy", content="hello\n", **verify))["changed"]
    result = run("kata_copy", content="other\n", **{**verify, "dest": "data/d/elsewhere"})
    assert result.failed and result["failure"]["kind"] == "not_kept"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"dest": "/etc/passwd"}, "agents write nowhere else"),
        ({"dest": "../x"}, "agents write nowhere else"),
        ({"dest": ""}, "agents write nowhere else"),
        ({"mode": "0999"}, "'mode' is '0999'"),
        ({"content": None, "src": "/none/there"}, "cannot be read"),
        ({"verify_in": "box", "verify_path": "x"}, "absolute path"),
        ({"verify_in": "none", "verify_path": "/x"}, "'verify_in' must name a running container"),
    ],
)
def test_bad_copies(run, options, says):
    given = {"content": "x", "dest": "x", **options}
    result = run("kata_copy", **{name: value for name, value in given.items() if value is not None})
    assert result.failed and says in result["msg"], result["msg"]


# Network


def test_network_is_additive_and_idempotent(run):
    options = {
        "interfaces": [
            {
                "name": "lan0",
                "hwaddr": "02:00:00:00:00:01",
                "mtu": 1400,
                "addresses": ["192.0.2.10/24", "2001:db8::10/64"],
            }
        ],
        "routes": [
            {"dest": "default", "gateway": "192.0.2.1", "device": "lan0"},
            {"dest": "203.0.113.0/24", "device": "lan0"},
        ],
    }
    predicted = ok(run("kata_network", check=True, **options))
    made = ok(run("kata_network", **options))
    assert rpcs(made) == rpcs(predicted) == ["UpdateInterface", "UpdateRoutes"]
    assert made["diff"] == predicted["diff"]
    link = next(one for one in made["interfaces"] if one["name"] == "lan0")
    assert [address["family"] for address in link["IPAddresses"]] == ["v4", "v6"]
    assert not ok(run("kata_network", **options))["changed"]
    near = ok(
        run("kata_network", neighbours=[{"address": "192.0.2.77", "lladdr": "02:00:00:00:00:77", "device": "lan0"}])
    )
    assert rpcs(near) == ["AddARPNeighbors"]
    options["interfaces"][0]["addresses"] = ["192.0.2.11/24"]
    again = run("kata_network", **options)
    assert "2001:db8::10/64" in again.warned[0]
    link = next(one for one in ok(again)["interfaces"] if one["name"] == "lan0")
    assert [address["address"] for address in link["IPAddresses"]] == ["192.0.2.10", "192.0.2.11"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "nothing to do"),
        ({"interfaces": [{"name": "x", "hwaddr": "zz"}]}, "write 02:00:00:00:00:01"),
        ({"interfaces": [{"name": "x", "hwaddr": "02:00:00:00:00:99"}]}, "no interface with the address"),
        ({"interfaces": [{"name": "x", "hwaddr": "02:00:00:00:00:01", "addresses": ["192.0.2.1"]}]}, "with its length"),
        ({"interfaces": [{"name": "x", "hwaddr": "02:00:00:00:00:01", "mtu": 0}]}, "'mtu'"),
        ({"routes": [{"dest": "bad", "device": "eth0"}]}, "'dest' of a route"),
        ({"routes": [{"dest": "192.0.2.0/24", "device": "eth9"}]}, "did you mean 'eth0'?"),
        ({"routes": [{"dest": "default", "device": "eth0", "gateway": "10.9.9.9"}]}, "Network is unreachable"),
        ({"neighbours": [{"address": "x", "device": "eth0", "lladdr": "y"}]}, "'address' of a neighbour"),
    ],
)
def test_bad_networks(run, options, says):
    result = run("kata_network", **options)
    assert result.failed and says in result["msg"], result["msg"]


# Reading


def test_agent_info(run):
    found = ok(run("kata_agent_info"))["objects"][0]
    assert (found["status"], found["agent_version"], found["sandbox_present"]) == ("SERVING", "4.0.0", False)
    assert found["guest"]["mem_block_size_bytes"] == 134217728
    assert found["guest"]["agent_details"]["storage_handlers"] == sorted(
        found["guest"]["agent_details"]["storage_handlers"]
    )
    assert found["interfaces"][0]["IPAddresses"][0] == {"address": "127.0.0.1", "mask": "8", "family": "v4"}
    assert found["metrics"]["kata_agent_scrape_count"]["samples"] == [{"labels": {}, "value": 1}]
    assert found["metrics"]["kata_guest_load"]["samples"][0]["labels"] == {"item": "load1"}
    assert set(ok(run("kata_agent_info", gather=["version"]))["objects"][0]) == {
        "address",
        "grpc_version",
        "agent_version",
    }


# Any call


def test_rpc_reads_without_a_change(run):
    result = ok(run("kata_rpc", method="Version"))
    assert result["response"] == {"grpc_version": "0.0.1", "agent_version": "4.0.0"} and not result["changed"]
    checked = ok(
        run(
            "kata_rpc", check=True, calls=[{"method": "Check"}, {"method": "ReseedRandomDev", "request": {"data": "x"}}]
        )
    )
    assert [entry["sent"] for entry in checked["results"]] == [True, False]
    assert checked["predicted"] == "unknown" and checked["changed"]


# Every call of the API, and what it needs; those with a trap are below.
EVERY = {
    "Check": {},
    "Version": {},
    "GetGuestDetails": {"mem_block_size": True},
    "GetMetrics": {},
    "ListInterfaces": {},
    "ListRoutes": {},
    "GetVolumeStats": {"volume_guest_path": "/run"},
    "StatsContainer": {"container_id": "box"},
    "UpdateContainer": {"container_id": "box", "resources": {"CPU": {"Shares": 512}}},
    "PauseContainer": {"container_id": "box"},
    "ResumeContainer": {"container_id": "box"},
    "ExecProcess": {
        "container_id": "box",
        "exec_id": "e",
        "process": {"Args": ["cat"], "Cwd": "/", "Env": ["PATH=/bin"]},
    },
    "WriteStdin": {"container_id": "box", "exec_id": "e", "data": {"base64": "/wo="}},
    "ReadStdout": {"container_id": "box", "exec_id": "e", "len": 10},
    "CloseStdin": {"container_id": "box", "exec_id": "e"},
    "ReadStderr": {"container_id": "box", "exec_id": "e", "len": 10},
    "SignalProcess": {"container_id": "box", "exec_id": "e", "signal": 0},
    "WaitProcess": {"container_id": "box", "exec_id": "e"},
    "UpdateInterface": {"interface": {"name": "eth0", "hwAddr": "02:00:00:00:00:01", "mtu": 1500}},
    "UpdateRoutes": {"routes": {}},
    "AddARPNeighbors": {"neighbors": {}},
    "GetIPTables": {},
    "SetIPTables": {"data": "*filter\nCOMMIT\n"},
    "CopyFile": {"path": f"/{SHARE}/x", "file_size": 1, "file_mode": 33188, "data": "x"},
    "ReseedRandomDev": {"data": "x"},
    "SetGuestDateTime": {"Sec": 1},
    "OnlineCPUMem": {"nb_cpus": 1},
    "MemHotplugByProbe": {},
    "AddSwap": {"PCIPath": [2]},
    "UpdateEphemeralMounts": {},
    "RemoveStaleVirtiofsShareMounts": {},
}
# What the agent of the tests refuses, as a real one does without the feature or the thing.
REFUSED = {
    "TtyWinResize": ({"container_id": "box", "row": 1}, "no tty"),
    "ResizeVolume": ({"volume_guest_path": "/x"}, "not implemented"),
    "AddSwapPath": ({"path": "/none"}, "No such file"),
    "GetDiagnosticData": ({"log_type": "termination_log", "container_id": "box"}, "terminationMessagePath"),
    "MemAgentMemcgSet": ({"disabled": True}, "mem-agent is disabled"),
    "MemAgentCompactSet": ({"disabled": True}, "mem-agent is disabled"),
    "SetPolicy": ({"policy": "package agent_policy"}, "without the policy feature"),
    "CreateSandbox": ({}, "there is a sandbox already"),
    "CreateContainer": (
        {"container_id": "box", "OCI": {"Root": {"Path": "/x"}}},
        "exists: a second CreateContainer kills it",
    ),
    "StartContainer": ({"container_id": "box"}, "would hang the whole agent"),
    "GetOOMEvent": ({}, "did not finish"),
}


def test_every_call_is_sent_and_answered(run, box):
    calls = [{"method": method, "request": request} for method, request in EVERY.items()]
    result = ok(run("kata_rpc", calls=calls))
    assert [entry["status"] for entry in result["results"]] == ["OK"] * len(EVERY)
    by_name = {entry["method"]: entry for entry in result["results"]}
    assert by_name["ReadStdout"]["response"] == {"data": {"base64": "/wo="}}
    assert by_name["WaitProcess"]["response"] == {"status": 0}
    last = {"RemoveContainer", "DestroySandbox"}
    assert {*EVERY, *REFUSED, *last} == set(CALLS)
    result = ok(
        run(
            "kata_rpc",
            calls=[{"method": "RemoveContainer", "request": {"container_id": "box"}}, {"method": "DestroySandbox"}],
        )
    )
    assert result["changed"]


@pytest.mark.parametrize("method", sorted(REFUSED))
def test_calls_that_are_refused(agent, run, box, method):
    request, says = REFUSED[method]
    result = run("kata_rpc", method=method, request=request, call_timeout=0.5)
    assert result.failed and says in result["msg"], result["msg"]
    assert agent.there("box")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"method": "SignalProces"}, "did you mean 'SignalProcess'?"),
        ({"method": "SignalProcess", "request": {"signl": 9}}, "did you mean 'signal'?"),
        ({"method": "SignalProcess", "request": {"signal": 65}}, "there is no signal 65"),
        (
            {"method": "ExecProcess", "request": {"container_id": "box", "process": {"Args": ["x"]}}},
            "'exec_id' is empty",
        ),
        ({"method": "ReadStdout", "request": {"container_id": "box"}}, "'len' is missing"),
        ({"method": "CopyFile", "request": {"path": "/etc/x"}}, "'path' is '/etc/x'"),
        (
            {"method": "CopyFile", "request": {"path": f"/{SHARE}/x", "data": "abc", "file_size": 1}},
            "reaches to byte 3",
        ),
        (
            {"method": "UpdateContainer", "request": {"container_id": "box", "resources": {"Pids": {"Limit": 5}}}},
            "no effect",
        ),
        ({"method": "UpdateInterface", "request": {"interface": {"name": "eth0"}}}, "'interface.hwAddr' is missing"),
        ({"method": "SetGuestDateTime", "request": {"Usec": 2000000}}, "'Usec' is 2000000"),
        ({"method": "AddSwap", "request": {"PCIPath": [99]}}, "'PCIPath' is [99]"),
        ({"method": "ReseedRandomDev"}, "'data' is empty"),
        ({"method": "SetPolicy", "request": {"policy": "package agent_policy\nx { y"}}, "1 '{' and 0 '}'"),
        ({"method": "SetPolicy", "request": {"policy": "package other"}}, "package agent_policy"),
        (
            {"method": "GetVolumeStats", "request": {"volume_guest_path": "/run/kata-containers/box/exec.fifo"}},
            "blocks a thread",
        ),
        ({"method": "SetIPTables", "request": {"is_ipv6": True, "data": "*filter"}}, "cannot set ip6tables"),
    ],
)
def test_traps_of_calls(run, call, says):
    result = run("kata_rpc", **call)
    assert result.failed and says in result["msg"], result["msg"]


def test_force_frees_an_agent_that_hangs(agent, run, box):
    """The way out of a second StartContainer, which another client has sent."""
    with agent.session(1.0) as other:
        hung = other.start("StartContainer", {"container_id": "box"}, 30)
        stuck = run("kata_rpc", method="ListInterfaces", call_timeout=0.3)
        assert stuck.failed and stuck["failure"]["kind"] == "timed_out"
        path = "/run/kata-containers/box/exec.fifo"
        run("kata_rpc", method="GetVolumeStats", request={"volume_guest_path": path}, force=True)
        assert other.ask("Check")[1] is None
        with contextlib.suppress(Exception):
            other.result(hung)
    assert not run("kata_rpc", method="ListInterfaces").failed


def test_rpc_stops_after_a_failure(run):
    calls = [{"method": "StatsContainer", "request": {"container_id": "no"}}, {"method": "Check"}]
    result = run("kata_rpc", calls=calls)
    assert result.failed and [entry["sent"] for entry in result["results"]] == [True, False]
    assert result["results"][0]["status"] == "INVALID_ARGUMENT" and result["failure"]["kind"] == "not_found"


# Both versions, faults, console and log


def test_an_agent_of_the_next_version(tmp_path, template):
    with test_agent(tmp_path, template, "--agent-version", "4.1.0") as newer:
        common = {"address": newer.address, "timeout": 5}
        ok(run_module("kata_sandbox", common))
        options = {**common, "container_id": "box", "rootfs": ROOTFS, "command": ["/bin/sleep", "9"]}
        assert ok(run_module("kata_container", options))["changed"]
        assert not ok(run_module("kata_container", options))["changed"]
        assert run_module("kata_exec", {**common, "container_id": "box", "command": ["sh", "-c", "exit 4"]})["rc"] == 4
        result = run_module("kata_process", {**common, "container_id": "box", "exec_id": "none", "signal": "TERM"})
        assert result["failure"]["kind"] == "not_found" and result["failure"]["code"] == 5


@pytest.mark.parametrize("serve", ["silent", "closing", "http", "half"])
def test_peers_that_are_no_agent(tmp_path, serve):
    path = str(tmp_path / "s")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    answers = {"http": b"HTTP/1.1 400 Bad Request\r\n\r\n", "half": b"\0\0\0\x20\0\0\0\x01\x02\0abc"}

    def work():
        with contextlib.suppress(OSError):
            peer, _where = server.accept()
            peer.recv(1000)
            if serve in answers:
                peer.sendall(answers[serve])
            if serve != "closing":
                peer.recv(1000)
            peer.close()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    began = time.monotonic()
    result = run_module("kata_container", {"address": path, "timeout": 0.2, "container_id": "box", "rootfs": "/r"})
    assert result.failed and time.monotonic() - began < 5
    kinds = {"silent": "timed_out", "closing": "interrupted", "http": "malformed", "half": "timed_out"}
    assert result["failure"]["kind"] == kinds[serve]
    assert path in result["msg"]
    server.close()


def test_an_agent_that_dies_within_a_task(agent, run, box):
    with agent.session(5.0) as session:
        waiting = session.start("WaitProcess", {"container_id": "box"}, 5)
        agent.process.kill()
        agent.process.wait()
        with pytest.raises(Exception, match="closed the connection"):
            session.result(waiting)
    deadline = time.monotonic() + 20
    while True:  # its namespace may outlive it for a moment
        result = run("kata_exec", container_id="box", command=["true"])
        assert result.failed
        if result["failure"]["kind"] in ("unreachable", "no_socket") or time.monotonic() > deadline:
            break
    assert "start it again" in result["msg"]


@contextlib.contextmanager
def cut(agent, path, number, answered):
    """A way to the agent that is cut at a request, before or after the agent has answered it."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def frame(sock):
        head = sock.recv(10, socket.MSG_WAITALL)
        return head + sock.recv(int.from_bytes(head[:4], "big"), socket.MSG_WAITALL) if len(head) == 10 else b""

    def work():
        with contextlib.suppress(OSError):
            ours, _where = server.accept()
            with ours, socket.socket(socket.AF_UNIX) as theirs:
                theirs.connect(agent.address.removeprefix("unix://"))
                for count in range(1, 100):
                    request = frame(ours)
                    if not request or (count == number and not answered):
                        return
                    theirs.sendall(request)
                    answer = frame(theirs)
                    if count == number:
                        return
                    ours.sendall(answer)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        yield f"unix://{path}"
    finally:
        server.close()
        worker.join(5)


@pytest.mark.parametrize("answered", [False, True])
def test_a_container_whose_making_is_cut_at_any_call_converges(agent, run, tmp_path, answered):
    run("kata_sandbox")
    kinds = set()
    for number in range(1, 8):
        options = {"container_id": f"box-{number}", "rootfs": ROOTFS, "command": ["/bin/sleep", "1000"]}
        with cut(agent, tmp_path / f"cut-{number}", number, answered) as address:
            result = run_module("kata_container", {**options, "address": address, "timeout": 2})
        if result.failed:
            kinds.add(result["failure"]["kind"])
            assert "Traceback" not in str(result) and address in result["msg"]
        assert not run("kata_container", **options).failed
        assert not ok(run("kata_container", **options))["changed"]
        assert not run("kata_exec", container_id=options["container_id"], command=["true"]).failed
    assert kinds == {"interrupted"}


@pytest.mark.parametrize("answered", [False, True])
def test_a_command_that_is_cut_at_any_call_is_one_sentence(agent, run, box, tmp_path, answered):
    for number in range(1, 8):
        with cut(agent, tmp_path / f"cut-{number}", number, answered) as address:
            options = {
                "address": address,
                "timeout": 2,
                "container_id": "box",
                "command": ["true"],
                "command_timeout": 2,
            }
            result = run_module("kata_exec", options)
        if result.failed:
            assert result["failure"]["kind"] in ("interrupted", "unreachable") and "Traceback" not in str(result)
        assert not run("kata_exec", container_id="box", command=["true"]).failed


def test_a_container_that_goes_while_a_command_runs(agent, run, box):
    with agent.session(10) as other:
        timer = threading.Timer(0.4, lambda: other.call("RemoveContainer", {"container_id": "box"}))
        timer.start()
        began = time.monotonic()
        result = run("kata_exec", container_id="box", command=["sleep", "1000"], command_timeout=20)
        timer.join()
    assert result.failed and time.monotonic() - began < 15 and "Traceback" not in str(result)
    assert not agent.there("box")


@pytest.fixture
def console(tmp_path):
    """A console as an agent has it: a shell on a terminal, behind a socket."""
    path = str(tmp_path / "console")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def shell():
        with contextlib.suppress(OSError):
            peer, _where = server.accept()
            pid, ours = os.forkpty()
            if pid == 0:
                os.execv("/bin/bash", ["bash", "--norc"])

            def pump(read, write):
                with contextlib.suppress(OSError):
                    while data := read():
                        write(data)

            threading.Thread(
                target=pump, args=(lambda: peer.recv(1000), lambda data: os.write(ours, data)), daemon=True
            ).start()
            pump(lambda: os.read(ours, 1000), peer.sendall)
            peer.close()
            os.waitpid(pid, 0)

    worker = threading.Thread(target=shell, daemon=True)
    worker.start()
    yield path
    server.close()
    worker.join(5)


@pytest.mark.parametrize(
    ("command", "rc", "stdout"),
    [
        ("echo one; echo 'two words' >&2", 0, "one\ntwo words\n"),
        ("printf 'no end'; exit 3", 3, "no end"),
        ("echo 'it'\\''s'", 0, "it's\n"),
        ("true", 0, ""),
        ("printf 'a\\tb\\n' | cat -A; seq 3\nfor x in 1 2; do\n\techo $x; done", 0, "a^Ib$\n1\n2\n3\n1\n2\n"),
        ("echo " + "x" * 10_000, 0, "x" * 10_000 + "\n"),
    ],
)
def test_console(console, command, rc, stdout):
    result = run_module("kata_console", {"console_address": console, "command": command, "success_codes": [0, 3]})
    assert (ok(result)["rc"], result["stdout"]) == (rc, stdout)


def test_console_failures(console):
    result = run_module("kata_console", {"console_address": console, "command": "sleep 60", "command_timeout": 0.5})
    assert result.failed and result["failure"]["kind"] == "timed_out"
    result = run_module("kata_console", {"address": "unix:///x", "command": "true"})
    assert result.failed and "has no port 1026" in result["msg"]
    checked = run_module("kata_console", {"console_address": console, "command": "true"}, check=True)
    assert checked["changed"] and checked["actions"][0]["sent"] is False


def test_log(tmp_path):
    path = str(tmp_path / "log")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve():
        peer, _where = server.accept()
        peer.sendall(b'{"level":"INFO","msg":"one"}\n{"level":"DEBG","msg":"two"}\nplain\n{"level":"WARN"')
        peer.sendall(b',"msg":"three"}\n')
        peer.close()

    threading.Thread(target=serve, daemon=True).start()
    result = ok(run_module("kata_log", {"log_address": path, "duration": 5, "level": "info"}))
    assert [entry["msg"] for entry in result["entries"]] == ["one", "plain", "three"]
    assert result["complete"] and not result["changed"]
    server.close()
    assert run_module("kata_log", {"log_address": path}, check=True)["entries"] == []


# Configuration


def test_configuration_modules(tmp_path):
    path = tmp_path / "agent.toml"
    options = {"path": str(path), "options": {"log_level": "debug", "cdi_timeout": 5}}
    predicted = ok(run_module("kata_agent_config", options, check=True))
    made = ok(run_module("kata_agent_config", options))
    assert made["diff"] == predicted["diff"] and made["changed"] and predicted["changed"]
    assert made["kernel_parameters"] == ["agent.log=debug", "agent.cdi_timeout=5"]
    assert not ok(run_module("kata_agent_config", options))["changed"]
    wrong = run_module("kata_agent_config", {"options": {"log_levl": "x"}})
    assert wrong.failed and wrong["failure"]["kind"] == "unknown_key"
    path.write_text("[agent.kata]\nenable_debug = false\n")
    options = {"path": str(path), "options": {"enable_debug": True}}
    assert ok(run_module("kata_runtime_config", options))["options"] == {"enable_debug": True}
    assert not ok(run_module("kata_runtime_config", options))["changed"]


# As Ansible runs them


def test_the_playbook_twice_and_away(agent, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("hello")
    address = {"address": agent.address}
    share = f"/{SHARE}/web-data"
    variables = {
        "kata_target": "localhost",
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
        "kata_sandbox_sandboxes": [{**address, "hostname": "pod", "sandbox_id": "pod-1"}],
        "kata_sandbox_networks": [
            {**address, "interfaces": [{"name": "eth0", "hwaddr": "02:00:00:00:00:01", "addresses": ["192.0.2.9/24"]}]}
        ],
        "kata_sandbox_containers": [
            {
                **address,
                "container_id": f"web-{number}",
                "rootfs": ROOTFS,
                "command": ["sleep", "1000"],
                "mounts": [{"destination": "/data", "source": share}],
                "environment": {"SITE_TOKEN": "hunter2"},
            }
            for number in (1, 2)
        ],
        "kata_sandbox_files": [
            {**address, "src": str(tmp_path / "site"), "dest": "web-data", "verify_in": "web-1", "verify_path": "/data"}
        ],
    }
    path = tmp_path / "vars.json"
    path.write_text(json.dumps(variables))
    command = ("playbooks/kata.yml", "-i", "localhost,", "-c", "local", "-e", f"@{path}")
    (agent.guest / SHARE / "web-data").mkdir(parents=True)
    playbook(*command, "--check")
    assert not agent.there("web-1")
    run_module("kata_sandbox", {**variables["kata_sandbox_sandboxes"][0]})
    (agent.guest / SHARE / "web-data").mkdir(parents=True, exist_ok=True)
    first = playbook(*command, "-vvv")
    assert "hunter2" not in first.stdout
    assert (agent.guest / SHARE / "web-data/index.html").read_text() == "hello"
    assert "changed=0" in playbook(*command).stdout
    assert "failed=0" in playbook(*command, "-e", "kata_sandbox_state=absent").stdout
    assert agent.process.wait(5) == 0
    assert "changed=0" in playbook(*command, "-e", "kata_sandbox_state=absent").stdout


def test_group_of_defaults_query_and_filters(agent, tmp_path):
    tasks = [
        {"nfvlab.fleet.kata_agent_info": {"query": "[0].agent_version"}, "register": "found"},
        {
            "ansible.builtin.assert": {
                "that": ["found.result == '4.0.0'", "'a.1' | nfvlab.fleet.ap_address == '0a.0001'"]
            }
        },
        {"ansible.builtin.assert": {"that": ["'02/03' is nfvlab.fleet.pci_path", "'99' is not nfvlab.fleet.pci_path"]}},
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/nfvlab.fleet.kata": {"address": agent.address}},
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    path = tmp_path / "play.yml"
    path.write_text(json.dumps([play]))
    playbook(str(path), "-i", "localhost,")


def test_the_role_for_hosts(tmp_path):
    source = tmp_path / "source.toml"
    source.write_text("# kept\n[agent.kata]\n#debug_console_enabled = true\n\n[runtime]\nenable_debug = false\n")
    target = tmp_path / "configuration.toml"
    variables = {
        "ansible_python_interpreter": sys.executable,
        "kata_host_configuration": str(target),
        "kata_host_configuration_source": str(source),
        "kata_host_debug_console": True,
        "kata_host_options": {"kernel_modules": ["vfio-pci"]},
        "kata_host_checks": ["runtime"],
        "kata_host_runtime": "/bin/sh",
    }
    play = play_of(tmp_path, "kata_host", variables)
    assert "changed=2" in playbook(*play).stdout
    assert "changed=0" in playbook(*play).stdout
    expected = (
        '[agent.kata]\ndebug_console_enabled = true\nkernel_modules = ["vfio-pci"]\n#debug_console_enabled = true\n'
    )
    assert target.read_text() == source.read_text().replace("[agent.kata]\n#debug_console_enabled = true\n", expected)
    missing = playbook(*play, "-e", "kata_host_runtime=no-such-shim", check=False)
    assert missing.returncode and "Install Kata Containers" in missing.stdout


OLDEST = next(
    iter(sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.9*/bin/python")))), shutil.which("python3.9")
)


@pytest.mark.skipif(OLDEST is None, reason="no Python 3.9")
def test_modules_run_on_the_oldest_python(agent, tmp_path):
    (tmp_path / "file").write_text("x")
    box = {"container_id": "box"}
    tasks = [
        {"nfvlab.fleet.kata_sandbox": {"hostname": "pod"}},
        {
            "nfvlab.fleet.kata_container": {
                **box,
                "rootfs": ROOTFS,
                "command": ["sleep", "100"],
                "memory_limit": 67108864,
            }
        },
        {"nfvlab.fleet.kata_exec": {**box, "commands": [{"command": ["true"]}, {"command": ["cat"], "stdin": "x"}]}},
        {"nfvlab.fleet.kata_copy": {"src": str(tmp_path / "file"), "dest": "d/file"}},
        {"nfvlab.fleet.kata_network": {"interfaces": [{"name": "eth0", "hwaddr": "02:00:00:00:00:01"}]}},
        {"nfvlab.fleet.kata_rpc": {"method": "GetMetrics"}},
        {"nfvlab.fleet.kata_agent_info": {}},
        {"nfvlab.fleet.kata_process": {**box, "signal": "TERM", "wait": True}},
        {"nfvlab.fleet.kata_agent_config": {"path": str(tmp_path / "a.toml"), "options": {"log_level": "warn"}}},
        {"nfvlab.fleet.kata_runtime_config": {"path": str(tmp_path / "a.toml"), "options": {"enable_debug": True}}},
        {"nfvlab.fleet.kata_sandbox": {"state": "absent"}},
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/nfvlab.fleet.kata": {"address": agent.address}},
        "vars": {"ansible_python_interpreter": OLDEST},
        "tasks": tasks,
    }
    path = tmp_path / "play.yml"
    path.write_text(json.dumps([play]))
    assert f"ok={len(tasks)} " in playbook(str(path), "-i", "localhost,").stdout
