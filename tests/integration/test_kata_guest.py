# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the test agent (a SIMULATOR) has beside its calls: ports behind a hypervisor, limits, a policy."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import time

import pytest

from tests.integration.conftest import run_module
from tests.integration.kata import ROOTFS, template, test_agent
from tests.integration.test_kata_agent import policy

__all__ = ["template"]  # a fixture

HUNGRY = ["/bin/sh", "-c", "x=$(dd if=/dev/zero bs=1M count=60 2>/dev/null | tr '\\000' a); echo ${#x}"]


@pytest.fixture
def guest(tmp_path, template):
    """A test agent behind a hypervisor's socket, with everything that it can have."""
    with test_agent(tmp_path, template, "--log", "--console") as running:
        yield running


def ask(guest, module, **options):
    """What a module returns, asked over hybrid vsock."""
    return run_module(module, {"address": guest.hybrid, "timeout": 5, **options})


def ok(result):
    assert not result.failed, result["msg"]
    return result


def started(guest, name, **options):
    """A container that runs, in a sandbox that is made where there is none."""
    ok(ask(guest, "kata_sandbox", sandbox_id="pod"))
    return ok(ask(guest, "kata_container", container_id=name, rootfs=ROOTFS, **options))


def test_the_console_has_a_shell_for_each_connection(guest):
    first = ok(ask(guest, "kata_console", command="cd /run && pwd; exit 3", success_codes=[3]))
    assert (first["rc"], first["stdout"]) == (3, "/run\n")
    assert ok(ask(guest, "kata_console", command="pwd"))["stdout"] == "/\n"


def test_the_log_is_kept_until_the_first_client_and_given_once(guest):
    ok(ask(guest, "kata_agent_info", gather=["version"]))
    first = ok(ask(guest, "kata_log", duration=1.0))
    assert first["entries"][0]["msg"].startswith("a SIMULATOR of the Kata agent")
    assert {entry["subsystem"] for entry in first["entries"]} == {"root", "rpc"}
    again = ok(ask(guest, "kata_log", duration=0.5))
    assert again["entries"] == []


def test_a_second_reader_of_the_log_is_refused(guest):
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(guest.hybrid.removeprefix("hvsock://").rsplit(":", 1)[0])
        first.sendall(b"CONNECT 1025\n")
        assert first.recv(100).startswith(b"OK 1025\n")
        second = ask(guest, "kata_log", duration=1.0, connect_timeout=1.0)
    assert second.failed and second["failure"]["kind"] in ("unreachable", "timed_out")


@pytest.mark.parametrize("asked", [b"CONNECT 1027\n", b"CONNECT\n", b"CONNECT abc\n", b"HELLO 1024\n"])
def test_a_handshake_that_is_none_is_closed_without_a_byte(guest, asked):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(guest.hybrid.removeprefix("hvsock://").rsplit(":", 1)[0])
        client.sendall(asked)
        client.settimeout(5)
        assert client.recv(100) == b""


def test_memory_runs_out_and_somebody_who_waits_is_told(guest):
    ok(ask(guest, "kata_sandbox", sandbox_id="pod"))
    with guest.session() as agent:
        event = agent.start("GetOOMEvent", timeout=20)
        started(guest, "hungry", command=HUNGRY, memory_limit=16 << 20)
        ended = ok(ask(guest, "kata_process", container_id="hungry", wait=True))
        assert ended["exit_code"] == 137
        assert agent.result(event) == {"container_id": "hungry"}


def test_what_a_container_uses_is_what_its_processes_use(guest):
    started(guest, "box", command=["/bin/sleep", "1700"], memory_limit=64 << 20)
    until(lambda: sleeping("1700"))  # until then it is still a copy of the agent
    stats = ok(ask(guest, "kata_rpc", method="StatsContainer", request={"container_id": "box"}))
    memory = stats["response"]["cgroup_stats"]["memory_stats"]["usage"]
    assert 0 < memory["usage"] < memory["limit"] == 64 << 20
    assert stats["response"]["cgroup_stats"]["pids_stats"]["current"] == 1


def test_first_version_of_control_groups_keeps_the_processes_of_a_paused_container(tmp_path, template):
    """The trap that the module goes round: it resumes before it removes."""
    with test_agent(tmp_path, template, "--cgroups", "1") as guest:
        for name, seconds in (("first", "1500"), ("second", "1600")):
            started(guest, name, command=["/bin/sleep", seconds])
            until(lambda wanted=seconds: sleeping(wanted))
            started(guest, name, command=["/bin/sleep", seconds], state="paused")
        ok(ask(guest, "kata_rpc", method="RemoveContainer", request={"container_id": "first"}, force=True))
        ok(ask(guest, "kata_container", container_id="second", state="absent"))
        until(lambda: not sleeping("1600"))
        assert sleeping("1500")


def sleeping(seconds):
    """Whether a process sleeps so long."""
    wanted = f"/bin/sleep\0{seconds}\0".encode()
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if entry.read_bytes() == wanted:
                return True
    return False


def until(met):
    """Wait for something that takes a moment."""
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


POLICY = """package agent_policy

default CreateSandboxRequest := true
default UpdateContainerRequest := true
default VolumeStatsRequest := true
default DestroySandboxRequest := true

CreateContainerRequest if {
    print("the image is not signed:", input.OCI)
    false
}
"""


def test_a_policy_that_denies_is_one_sentence_without_the_specification(tmp_path, template):
    (tmp_path / "policy.rego").write_text(POLICY + "default CreateContainerRequest := false\n")
    with test_agent(tmp_path, template, "--policy", str(tmp_path / "policy.rego")) as guest:
        ok(ask(guest, "kata_sandbox", sandbox_id="pod"))
        denied = ask(
            guest, "kata_container", container_id="box", rootfs=ROOTFS, command=["sleep"], environment={"K": "hidden"}
        )
        assert denied.failed and denied["failure"]["kind"] == "forbidden"
        assert "CreateContainerRequest" in denied["msg"] and "the image is not signed" in denied["msg"]
        assert "hidden" not in denied["msg"] + str(denied["failure"]) and len(denied["msg"]) < 600
        unspoken = ask(guest, "kata_agent_info", gather=["metrics"])
        assert unspoken.failed and "GetMetrics" in unspoken["msg"]


def test_whether_there_is_a_sandbox_can_be_hidden(tmp_path, template):
    (tmp_path / "policy.rego").write_text(policy((), ("VolumeStatsRequest",)))
    with test_agent(tmp_path, template, "--policy", str(tmp_path / "policy.rego")) as guest:
        seen = ok(ask(guest, "kata_agent_info", gather=["sandbox"]))
        assert seen["objects"][0]["sandbox_present"] is None
        assert ask(guest, "kata_sandbox", sandbox_id="pod").failed


def test_a_policy_is_replaced_and_one_that_does_not_parse_leaves_none(tmp_path, template):
    (tmp_path / "policy.rego").write_text(policy(()))
    with test_agent(tmp_path, template, "--policy", str(tmp_path / "policy.rego")) as guest:
        narrow = policy(("PauseContainerRequest",))
        ok(ask(guest, "kata_rpc", method="SetPolicy", request={"policy": narrow}))
        denied = ask(guest, "kata_rpc", method="PauseContainer", request={"container_id": "box"})
        assert denied.failed and denied["failure"]["kind"] == "forbidden"
        wrong = ask(guest, "kata_rpc", method="SetPolicy", request={"policy": "package agent_policy\nallow all"})
        assert wrong.failed
        after = ask(guest, "kata_rpc", method="ListRoutes")
        assert after.failed and "ListRoutes" in after["msg"]


def test_an_agent_with_a_policy_that_does_not_parse_does_not_start(tmp_path, template):
    (tmp_path / "policy.rego").write_text("garbage\n")
    with (
        pytest.raises(AssertionError, match="the test agent ended"),
        test_agent(tmp_path, template, "--policy", str(tmp_path / "policy.rego")),
    ):
        """It must not come so far."""


def test_a_hang_ends_when_the_watchdog_sees_it(tmp_path, template):
    with test_agent(tmp_path, template, "--watchdog", "1") as guest:
        started(guest, "box", command=["/bin/sleep", "1000"])
        hung = ask(guest, "kata_rpc", method="StartContainer", request={"container_id": "box"}, force=True)
        assert hung.failed and "EPIPE" in hung["msg"]
        assert ok(ask(guest, "kata_exec", container_id="box", command=["pwd"]))["stdout"] == "/\n"


def test_calls_that_need_something_to_be_there(guest):
    """What the table of all calls sees refused, here with the thing that each needs."""
    (guest.guest / "swapfile").write_bytes(b"")
    (guest.guest / "srv").mkdir()
    (guest.guest / "srv/end").write_text("it ended well")
    mount = {"destination": "/end", "source": "/srv/end"}
    annotation = {"io.kubernetes.container.terminationMessagePath": "/end"}
    started(guest, "box", command=["/bin/sleep", "1000"], terminal=True, mounts=[mount], annotations=annotation)
    calls = [
        {"method": "AddSwapPath", "request": {"path": "/swapfile"}},
        {"method": "TtyWinResize", "request": {"container_id": "box", "row": 30, "column": 100}},
        {"method": "GetDiagnosticData", "request": {"container_id": "box", "log_type": "termination_log"}},
    ]
    answers = ok(ask(guest, "kata_rpc", calls=calls))["results"]
    assert [answer["status"] for answer in answers] == ["OK"] * 3
    assert answers[2]["response"] == {"data": "it ended well"}


def test_the_memory_agent_of_the_next_version_takes_its_options(tmp_path, template):
    with test_agent(tmp_path, template, "--agent-version", "4.1.0") as guest:
        methods = ("MemAgentMemcgSet", "MemAgentCompactSet")
        calls = [{"method": method, "request": {"disabled": True}} for method in methods]
        assert [answer["status"] for answer in ok(ask(guest, "kata_rpc", calls=calls))["results"]] == ["OK", "OK"]
