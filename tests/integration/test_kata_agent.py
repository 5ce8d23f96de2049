# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test agent (a SIMULATOR) against the recordings of a real one: the same calls have the same answers."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec, frames, status
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from tests.integration.kata import ROOT, ROOTFS, agent, template, test_agent
from tests.unit.kata.recordings import known, request_of, transcripts

__all__ = ["agent", "template"]  # fixtures

# Scenarios whose calls the test agent answers as the real one did.
SCENARIOS = (
    "health",
    "before_sandbox",
    "lifecycle",
    "signals",
    "second_create",
    "second_create_unstarted",
    "no_sandbox",
    "destroy_plain",
    "tty",
    "streams",
    "exec_errors",
    "create_errors",
    "fast_exit",
    "network",
    "copy_file",
    "paused_end",
    "panics",
    "retry_after_bad_rootfs",
    "start_after_kill",
    "oom",
    "vm_oom",
    "policy",
    "set_policy",
    "policy_allow_all",
    "destroy",
    "destroy_blocked",
    "second_start_timeout",
    "second_start_rescue",
    "second_start_one_cpu",
    "paused_exec",
    "sandbox",
    "misc",
    "vm_log_port",
    "second_start",
    "shared_pidns",
    "disconnect",
    "exec_more",
    "limits_and_waiters",
    "vm_one_cpu_hang",
    "vm_destroy",
    "policy_prints",
    "defaults",
)
# The others, and why not.
LEFT_OUT = {
    "protocol": "sent as it was, byte by byte, below",
    "vm_lifecycle": "runs commands as another user, which a namespace of one user cannot",
    "vm_lifecycle_cgroup1": "runs commands as another user, which a namespace of one user cannot",
    "vm_guest": "changes the kernel of a machine",
    "vm_swap": "a disk is plugged in",
    "vm_block_device": "a disk is plugged in",
    "vm_hybrid_vsock": "handshakes, not calls",
}
# How the recorded agent was started, where that matters.
STARTED = {
    "oom": ("--cgroups", "1"),
    "vm_oom": ("--cgroups", "2"),
    "second_start_one_cpu": ("--cpus", "1"),
    "vm_one_cpu_hang": ("--cpus", "1"),
    "policy": ("--policy", "policy.rego"),
    "set_policy": ("--policy", "policy.rego"),
    "policy_allow_all": ("--policy", "policy.rego"),
    "policy_prints": ("--policy", "policy.rego"),
}
HUNG = 2000  # milliseconds from which on a call did not end by itself
REQUESTS = sorted({takes for _service, takes, _gives in CALLS.values()})
# The policies that the agents were started with: which requests they deny, and of which they do not speak.
DENIED = {"policy": ("PauseContainerRequest", "ExecProcessRequest", "ReadStreamRequest", "GetOOMEventRequest")}
UNSPOKEN = {
    "policy": ("StatsContainerRequest",),
    "policy_prints": ("GetMetricsRequest",),
    "policy_allow_all": (
        *("GetIPTablesRequest", "SetIPTablesRequest", "AddSwapPathRequest", "VolumeStatsRequest"),
        "ResizeVolumeRequest",
    ),
}
# What the rules of a policy that denies print.
PRINTS = {
    "policy_prints": {
        "PauseContainerRequest": 'print("pause:", input.container_id)',
        "CreateContainerRequest": 'print("args", input.OCI.Process.Args)',
    }
}
# What depends on the machine, the moment or the order in a hash map.
VARIES = {
    "GetGuestDetails",
    "GetMetrics",
    "GetVolumeStats",
    "GetIPTables",
    "StatsContainer",
    "ListInterfaces",
    "ListRoutes",
    "UpdateRoutes",
}
# The guest of the recordings was a machine, ours is a directory: nothing is plugged in, no clock is set.
OTHER_GUEST = {"SetGuestDateTime", "OnlineCPUMem", "AddSwap", "MemHotplugByProbe", "SetIPTables"}


# Before these, what the last sandbox left in the guest was taken away.
TIDIED = {("sandbox", number) for number in (17, 20, 21, 22)}
# Before these, a file was made in the guest.
MADE = {("misc", 16): "run/kata-containers/shared/containers/tl"}
# Before these, a reader opened the fifo on which a second StartContainer hangs.
FREED = {("second_start", 11): "/run/kata-containers/box1/exec.fifo"}
# Whose client hung up when it had not been answered, and whose did so at once.
HUNG_UP = {("paused_exec", 4)}
LEFT = {("disconnect", 5), ("disconnect", 8)}
# Reads that may bring more at once than they did in the recording.
JOINED = {("exec_more", 22), ("limits_and_waiters", 4), ("limits_and_waiters", 10)}
# Which the removal of their container ends.
ENDED = {("exec_more", 4), ("exec_more", 5)}
# Whose container is specified without the key Linux.
NO_LINUX = {("defaults", 10)}
# Calls whose answer is that of the recorded guest or its commands, by scenario and number.
EXEMPT = {
    ("no_sandbox", 2): "the host name: the test agent has no UTS namespaces",
    ("sandbox", 8): "the host name: the test agent has no UTS namespaces",
    ("tty", 5): "whether both lines come in one read",
    ("tty", 8): "what the stty of busybox says",
    ("tty", 10): "what the stty of busybox says",
    ("streams", 21): "reads between are not recorded",
    ("streams", 39): "the data is not recorded",
    ("create_errors", 41): "what the guest has plugged in",
    ("tty", 11): "the read before it took less",
    ("tty", 17): "the end of a line",
    ("no_sandbox", 3): "the host name: the test agent has no UTS namespaces",
    ("second_start", 3): "the reader of the recording stayed",
    ("shared_pidns", 5): "the test agent has no PID namespaces",
    **{("exec_more", number): "the test agent keeps its capabilities" for number in (17, 18, 19)},
    **{("exec_more", number): "how much comes in one read; no further groups" for number in (23, 24, 25, 26)},
    **{("exec_more", number): "the root file system has no ps" for number in range(36, 40)},
    **{
        ("limits_and_waiters", number): "how much comes in one read; no /proc, no further groups"
        for number in (11, 12, 13)
    },
    ("limits_and_waiters", 16): "whether the process has ended by then",
    **{("limits_and_waiters", number): "which of two readers is first" for number in (25, 26)},
    ("defaults", 9): "the test agent keeps its capabilities, and its shell sets other variables",
    **{("defaults", number): "the test agent's containers have no control groups" for number in (12, 14)},
    **{("create_errors", number): "the host name, and how much comes in one read" for number in range(45, 49)},
}


def same_text(recorded, ours):
    """Whether two refusals say the same, but for what names things of the machine and lines of a policy."""
    recorded, ours = (re.sub(r"/\S+\.rego:\d+", "policy", text) for text in (recorded, ours))
    return recorded == ours or any(recorded.split(mark)[0] == ours.split(mark)[0] for mark in (" (", " Os {", " {"))


def policy(denied, unspoken=(), prints=None):
    """A policy in Rego that allows everything but some requests; what is to be printed is denied, too."""
    said = prints or {}
    denied = {*denied, *said}
    rules = [f"default {name} := {str(name not in denied).lower()}" for name in REQUESTS if name not in unspoken]
    bodies = [f"{name} {{\n{line}\nfalse\n}}" for name, line in said.items()]
    return "\n".join(["package agent_policy", *rules, *bodies, ""])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario, tmp_path, template):
    rules = policy(DENIED.get(scenario, ()), UNSPOKEN.get(scenario, ()), PRINTS.get(scenario))
    (tmp_path / "policy.rego").write_text(rules)
    options = [str(tmp_path / word) if word.endswith(".rego") else word for word in STARTED.get(scenario, ())]
    with test_agent(tmp_path, template, *options) as agent:
        replay(scenario, agent)


def test_no_scenario_is_forgotten():
    assert sorted([*SCENARIOS, *LEFT_OUT]) == sorted(transcripts()["scenarios"])


def replay(scenario, agent):
    """Send the calls of a scenario and compare the answers."""
    recorded = transcripts()["scenarios"][scenario]
    prepare(agent, recorded)
    connections, open_calls, wrong, compared = {}, [], [], 0
    for number, call in enumerate(recorded["calls"]):
        if not known(call) or call["method"] in OTHER_GUEST:
            continue
        if (scenario, number) in TIDIED:
            shutil.rmtree(agent.guest / "run/sandbox-ns", ignore_errors=True)
        if (scenario, number) in MADE:
            path = agent.guest / MADE[scenario, number]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("out of cheese\n")
        if (scenario, number) in FREED:
            with agent.session() as reader:
                reader.call("GetVolumeStats", {"volume_guest_path": FREED[scenario, number]})
        session = connections.setdefault(call["conn"], agent.session()).connection()
        service, takes, _gives = CALLS[call["method"]]
        limit = call.get("timeout_nano", 0) / 1e9
        request = asked(call)
        if (scenario, number) in NO_LINUX:
            del request["OCI"]["Linux"]
        started = session.start(service, call["method"], codec.encode(takes, request), limit or 30)
        if (scenario, number) in LEFT:
            session.close()
        if "ms" not in call and "no_reply_ms" not in call:
            continue
        # What took this long hung until a later call freed it.
        took = call.get("ms", 100)
        patience = (took * 1.5 if took < HUNG else 0) / 1000 + 0.4
        started.deadline, usual = time.monotonic() + (0.1 if "no_reply_ms" in call else patience), started.deadline
        if not answered(session, started):
            started.deadline = usual
            if (scenario, number) in EXEMPT:
                continue
            open_calls.append((number, call, session, started))
            continue
        if (scenario, number) not in EXEMPT:
            compared += 1
            wrong += differences(number, call, started.answer, (scenario, number) in JOINED)
    for number, call, session, started in open_calls:
        if (scenario, number) in ENDED:
            compared += 1
        elif "no_reply_ms" in call:
            assert not session.drain() or not started.done, call
            compared += 1
            if (scenario, number) in HUNG_UP:
                session.close()
        else:
            started.deadline = time.monotonic() + 30
            if not answered(session, started):
                wrong.append(f"{number} {call['method']}: no answer")
                continue
            compared += 1
            wrong += differences(number, call, started.answer)
    assert wrong == []
    assert compared >= len(recorded["calls"]) // 2


def asked(call):
    """A recorded request for the test agent: the policies were shortened, the machine had its files in /opt."""
    request = request_of(call)
    if "false for [" in request.get("policy", ""):
        request["policy"] = policy(re.findall("'([A-Za-z]+Request)'", request["policy"].split("false for")[1]))
    root = request.get("OCI", {}).get("Root", {})
    if root.get("Path") == "/opt/rootfs":
        root["Path"] = ROOTFS
    return request


def answered(session, call):
    """Whether the answer came before the call's deadline; the call stays open."""
    while not call.done and time.monotonic() < call.deadline:
        if not session.drain():
            break
        time.sleep(0.002)
    return call.done and call.answer is not None


def differences(number, call, answer, joined=False):
    """In what an answer differs from the recorded one.

    :param joined: whether the data may go on
    """
    expected = status.clean(call.get("code", 0), call.get("message", ""))
    ours = status.clean(answer.code, answer.message)
    if call.get("code", 0) != answer.code or not same_text(expected[1], ours[1]):
        return [f"{number} {call['method']}: {expected} is {ours}"]
    if answer.code or call["method"] in VARIES or "in_omitted" in call:
        return []
    decoded = codec.plain(codec.decode(CALLS[call["method"]][2], answer.payload))
    wanted = call.get("response") or {}
    if joined and decoded.get("data", "").startswith(wanted["data"]):
        return []
    return [] if decoded == wanted else [f"{number} {call['method']}: {wanted} is {decoded}"]


def prepare(agent, recorded):
    """What the recordings found in the guest."""
    lab = agent.guest / "run/kata-lab"
    (lab / "vol").mkdir()
    (lab / "link").symlink_to("rootfs")
    shutil.copytree(lab / "rootfs", lab / "rootfs2", symlinks=True)


def test_it_refuses_to_start_in_the_namespace_of_the_host(tmp_path):
    command = [
        sys.executable,
        "-m",
        "tests.simulators.kata_agent",
        "--socket",
        str(tmp_path / "s"),
        "--root",
        str(tmp_path),
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        pytest.skip("the tests themselves run in a user namespace that is not the host's")
    assert done.returncode == 1 and "refused" in done.stdout
    assert not (tmp_path / "s").exists()


def test_frames_as_they_were_sent(agent):
    """The edges of the protocol: the very bytes of the recording, and answers with the same status."""
    recorded = [call for call in transcripts()["scenarios"]["protocol"]["calls"] if "out" in call]
    with contextlib.ExitStack() as stack:
        peers, wrong = {}, []
        for call in recorded:
            peer = peers.get(call["conn"])
            if peer is None:
                peer = peers[call["conn"]] = stack.enter_context(socket.socket(socket.AF_UNIX))
                peer.connect(agent.address.removeprefix("unix://"))
                peer.settimeout(60)
            peer.sendall(bytes.fromhex(call["out"]))
            if "no_reply_ms" in call:  # the next call on the connection gets the first answer
                continue
            head = frames.header(receive(peer, frames.HEADER.size))
            body = receive(peer, head.size)
            answer = frames.answer(body)
            assert (head.stream, head.type) == (call["stream"], frames.RESPONSE), call
            if (answer.code, answer.message.split("\n\n")[0]) != (call.get("code", 0), call.get("message", "")):
                wrong.append((call["message"] if "message" in call else call["method"], answer.message))
            elif not answer.code and "in" in call and call["method"] in ("Check", "Version"):
                assert body == bytes.fromhex(call["in"])[frames.HEADER.size :], call
    assert wrong == []
    assert len(recorded) == 48


def receive(peer, size):
    """So many bytes of a socket."""
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        assert more, "the agent hung up"
        data += more
    return data
