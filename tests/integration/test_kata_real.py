# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules against a real agent, whose binary is given in the environment variable C(KATA_AGENT_BINARY).

It runs as root in namespaces of its own (mounts, network, IPC, host name, processes, control groups), with its own
C(/run) and without the right to set a clock, load a module or reboot. What it would do to a kernel is not asked.
"""

from __future__ import annotations

import os
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import run_module
from tests.integration.kata import listens
from tests.simulators.kata_agent.rootfs import rootfs

BINARY = os.environ.get("KATA_AGENT_BINARY", "")
# An agent that is process 1 takes the machine for its own and switches it off: here a shell is.
NAMESPACES = "unshare --mount --propagation private --net --ipc --uts --cgroup --pid --fork --kill-child --mount-proc"
SCRIPT = """
mount -t tmpfs tmpfs /run
ip link set lo up
setpriv --bounding-set -sys_time,-sys_module,-sys_boot env KATA_AGENT_SERVER_ADDR="unix://$1" "$2" &
wait $!
"""

pytestmark = pytest.mark.skipif(not BINARY, reason="KATA_AGENT_BINARY is not given: no real Kata agent to test with")


@pytest.fixture
def agent(tmp_path: Path) -> t.Iterator[str]:
    """The address of a fresh agent."""
    path = tmp_path / "agent.sock"
    command = [*NAMESPACES.split(), "sh", "-c", SCRIPT, "sh", str(path), BINARY]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not listens(path):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, "the agent did not start"
            time.sleep(0.05)
        yield f"unix://{path}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def run(agent):
    """Runs a module against the agent; it must succeed unless said otherwise."""

    def go(name, fails=False, **options):
        result = run_module(name, {"address": agent, "timeout": 30, **options})
        assert result.failed == fails, result.get("msg")
        return result

    return go


@pytest.fixture
def box(run, tmp_path):
    """The options of a running container in a sandbox."""
    options = {"container_id": "box", "rootfs": str(rootfs(tmp_path / "rootfs")), "command": ["/bin/sleep", "1000"]}
    assert run("kata_sandbox", sandbox_id="pod", hostname="pod")["changed"]
    assert run("kata_container", **options)["changed"]
    return options


def test_it_says_what_it_is(run):
    found = run("kata_agent_info")["objects"][0]
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
    assert f"kata-agent version {found['agent_version']} " in said
    assert found["status"] == "SERVING" and found["sandbox_present"] is False


def test_a_second_time_nothing_changes(run, box):
    assert not run("kata_sandbox", sandbox_id="pod", hostname="pod")["changed"]
    assert not run("kata_container", **box)["changed"]
    assert run("kata_container", **{**box, "state": "paused"})["changed"]
    assert run("kata_container", **box)["changed"]
    assert run("kata_container", container_id="box", state="absent")["changed"]
    assert not run("kata_container", container_id="box", state="absent")["changed"]


def test_commands_give_their_codes_and_both_streams(run, box):
    done = run(
        "kata_exec", container_id="box", command=["sh", "-c", "cat; echo err >&2; exit 3"], stdin="in\n", fails=True
    )
    assert (done["rc"], done["stdout"], done["stderr"]) == (3, "in\n", "err\n")
    many = run("kata_exec", container_id="box", commands=[{"command": ["true"]}] * 20)
    assert [entry["rc"] for entry in many["results"]] == [0] * 20


def test_a_second_start_is_not_sent(run, box):
    refused = run("kata_rpc", method="StartContainer", request={"container_id": "box"}, fails=True)
    assert "would hang the whole agent" in refused["msg"]
    assert run("kata_exec", container_id="box", command=["true"])["rc"] == 0


def test_the_agent_ends_with_its_sandbox(run, box):
    assert run("kata_sandbox", state="absent")["changed"]
    assert not run("kata_sandbox", state="absent")["changed"]
