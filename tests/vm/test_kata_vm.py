# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test agent (a SIMULATOR) in a virtual machine of its own, over the transport that real ones have: hybrid vsock
into a guest with a kernel, a log port and a debug console. Started with C(make test-vm)."""

from __future__ import annotations

import os
import socket
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import run_module
from tests.vm.machine import Machine, machine

ROOTFS = "/srv/rootfs"
HUNGRY = ["/bin/sh", "-c", "x=$(dd if=/dev/zero bs=1M count=60 2>/dev/null | tr '\\000' a); echo ${#x}"]


@pytest.fixture(scope="module")
def vm() -> t.Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="nfvt-vm-") as folder, machine(Path(folder)) as running:
        yield running


@pytest.fixture(scope="module")
def ask(vm):
    """Runs a module against the machine's agent; it must succeed unless said otherwise."""

    def go(name, fails=False, **options):
        result = run_module(name, {"address": vm.address, "timeout": 60, **options})
        assert result.failed == fails, result.get("msg")
        return result

    return go


def handshake(vm, asked):
    """What the hypervisor says to a line, and the connection."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(vm.socket))
    client.settimeout(60)
    client.sendall(asked)
    return client, client.recv(100)


@pytest.mark.parametrize("asked", [b"CONNECT 1024\n", b"connect 1024\n"])
def test_the_port_is_asked_for_with_one_line(vm, asked):
    client, said = handshake(vm, asked)
    with client:
        assert said.startswith(b"OK ")


@pytest.mark.parametrize("asked", [b"CONNECT 1027\n", b"CONNECT abc\n", b"HELLO 1024\n"])
def test_what_is_no_port_of_the_guest_is_closed(vm, asked):
    client, said = handshake(vm, asked)
    with client:
        assert said == b""


def test_the_agent_says_what_it_is_and_where(vm, ask):
    found = ask("kata_agent_info")["objects"][0]
    assert found["agent_version"] == "4.0.0" and found["status"] == "SERVING"
    assert found["metrics"]["kata_guest_load"]["samples"]


def test_the_log_has_been_kept_since_the_start(vm, ask):
    entries = ask("kata_log", duration=5)["entries"]
    assert entries[0]["msg"].startswith("a SIMULATOR of the Kata agent")


def test_the_console_is_a_shell_of_the_guest_and_not_of_this_host(vm, ask):
    done = ask("kata_console", command="cat /proc/cmdline; exit 7", success_codes=[7], command_timeout=120)
    assert "nfvlab.kata_test_agent" in done["stdout"] and done["rc"] == 7
    assert done["stdout"] != Path("/proc/cmdline").read_text()


def test_a_sandbox_with_two_containers_a_file_and_commands(vm, ask, tmp_path):
    """The whole way through the modules; a second time nothing changes."""
    data = os.urandom(3_000_000)  # more than a chunk
    (tmp_path / "data").write_bytes(data)
    share = "/run/kata-containers/shared/containers/pod"
    box = {"rootfs": ROOTFS, "command": ["/bin/sleep", "10000"], "mounts": [{"destination": "/data", "source": share}]}
    copy = {"src": str(tmp_path / "data"), "dest": "pod/data", "verify_in": "one", "verify_path": "/data/data"}
    tasks = (
        ("kata_sandbox", {"sandbox_id": "pod", "storages": [{"driver": "local", "mount_point": share}]}),
        ("kata_container", {"container_id": "one", **box}),
        ("kata_container", {"container_id": "two", **box}),
        ("kata_copy", copy),
    )
    assert [ask(name, **options)["changed"] for name, options in tasks] == [True] * 4
    assert [ask(name, **options)["changed"] for name, options in tasks] == [False] * 4
    size = ask("kata_exec", container_id="two", command=["/bin/sh", "-c", "wc -c </data/data; id -u"], user=1000)
    assert size["stdout_lines"] == [str(len(data)), "1000"]


def test_memory_that_runs_out_is_told_to_who_waits(vm, ask):
    from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.address import parse
    from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.agent import Agent

    with Agent(parse(vm.address)) as agent:
        event = agent.start("GetOOMEvent", timeout=120)
        ask("kata_container", container_id="hungry", rootfs=ROOTFS, command=HUNGRY, memory_limit=16 << 20)
        ended = ask("kata_process", container_id="hungry", wait=True)
        assert ended["exit_code"] == 137
        assert agent.result(event) == {"container_id": "hungry"}


def test_what_changes_a_guest_changes_this_one_as_state_only(vm, ask):
    """Clock, entropy and processors: a test agent answers for them and does nothing to a kernel, not even its own."""
    calls = [
        {"method": "SetGuestDateTime", "request": {"Sec": 4102444800}},
        {"method": "ReseedRandomDev", "request": {"data": "entropy"}},
        {"method": "OnlineCPUMem", "request": {"nb_cpus": 2, "cpu_only": True}},
    ]
    assert not ask("kata_rpc", calls=calls)["failed"]
    year = ask("kata_console", command="python3 -c 'import time; print(time.gmtime().tm_year)'", command_timeout=120)
    assert int(year["stdout"]) < 2100


def test_the_machine_is_off_when_its_sandbox_is_destroyed(vm, ask):
    assert ask("kata_sandbox", state="absent")["changed"]
    assert vm.process.wait(60) == 0
    assert not ask("kata_sandbox", state="absent")["changed"]
