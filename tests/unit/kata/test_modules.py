# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Kata modules decide without an agent: kata_agent_info, kata_console, kata_container, kata_copy, kata_exec,
kata_log, kata_network, kata_process, kata_rpc, kata_sandbox.
"""

from __future__ import annotations

import subprocess
import types

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import (
    console,
    container,
    exec,
    files,
    info,
    log,
    network,
    probes,
    process,
    rpc,
    sandbox,
    spec,
    traps,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.codec import encode
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from tests.unit.kata.recordings import calls, known, request_of


class Told:
    """An agent that answers from a table: by method, an answer or an error; and remembers what it was sent."""

    endpoint = "unix:///s"
    timeout = 1.0
    foreign = False

    def __init__(self, **answers):
        self.answers = answers
        self.sent = []

    def call(self, method, request=None, timeout=None):
        self.sent.append(method)
        encode(CALLS[method][1], request or {})
        answer = self.answers.get(method, {})
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, method, request=None, timeout=None):
        try:
            return self.call(method, request, timeout), None
        except errors.FleetError as error:
            if error.code is None:
                raise
            return None, error


def refused(text, code=13, kind=errors.Refused):
    return kind(f"the agent refused: {text}", code=code, text=text)


ABSENT = refused("invalid container id", 3, errors.NotFound)
RUNNING = refused("container status is: Running, not paused")
CREATED = refused("container status is: Created, not paused")
ALIVE = refused("timeout", 4, errors.TimedOut)


def task(options, given, check=False):
    params = {name: option.get("default") for name, option in options.items()}
    return Task({**params, **given}, given, check_mode=check)


# Specifications


def test_a_built_specification_is_one_that_is_accepted():
    options = {
        "rootfs": "/r",
        "command": ["sh"],
        "environment": {"A": True, "N": 3, "PATH": "/bin", "NO": None},
        "capabilities": ["kill", "CAP_CHOWN"],
        "mounts": [{"destination": "/d", "source": "/s"}, {"destination": "/t", "type": "tmpfs"}],
        "memory_limit": 2**26,
        "cpuset_cpus": "0-1,3",
        "user": 5,
    }
    made = spec.build("box", options)
    assert spec.check(made) == []
    encode("Spec", made)
    assert made["Process"]["Env"] == ["A=true", "N=3", "PATH=/bin"]
    assert made["Process"]["Capabilities"]["Effective"] == ["CAP_KILL", "CAP_CHOWN"]
    assert made["Mounts"][-2]["options"] == ["rbind", "rw"] and made["Mounts"][-1]["source"] == "tmpfs"
    assert made["Linux"]["Resources"] == {"Memory": {"Limit": 2**26}, "CPU": {"Cpus": "0-1,3"}}
    assert made["Hostname"] == "box" and made["Linux"]["CgroupsPath"] == "/box"


def test_what_a_real_agent_died_of_is_refused_and_what_it_took_is_not():
    """Of the recorded requests that were never answered, each is refused; of those that were taken, none is."""
    died = took = 0
    for scenario, call in calls():
        if scenario not in ("panics", "lifecycle", "exec_errors", "exec_more") or not known(call):
            continue
        if call["method"] not in ("CreateContainer", "ExecProcess"):
            continue
        request = request_of(call)
        if not request.get("exec_id"):
            continue
        if "no_reply_ms" in call and "unknown" in call.get("note", ""):
            died += 1
            with pytest.raises(errors.InvalidOption):
                traps.check(call["method"], request)
        elif not call.get("code") and call.get("note") != "NUL in argument":  # cut short there, which nobody wants
            took += 1
            traps.check(call["method"], request)
    assert died == 7 and took > 30


def test_what_an_agent_ignores_is_said_or_refused():
    given = {"Root": {"Path": "/r"}, "Linux": {"Namespaces": [{"Type": "nosuch"}], "Resources": {"Pids": {"Limit": 5}}}}
    said = spec.check(given)
    assert len(said) == 2 and "nosuch" in said[0] and "Pids.Limit" in said[1]
    with pytest.raises(errors.InvalidOption):
        spec.check_resources({"Memory": {"Limit": -1}}, "")


@pytest.mark.parametrize("name", ["ab", "a.b-c_d", "a" * 200, "0x"])
def test_container_ids(name):
    assert spec.container_id(name) == name


@pytest.mark.parametrize("name", ["", "a", "-ab", "a b", "a/b", "..", "ab\n", "\u00e4b"])
def test_what_is_no_container_id(name):
    with pytest.raises(errors.InvalidOption):
        spec.container_id(name)


# Probes


def test_whether_there_is_a_sandbox():
    gone = refused('Os { code: 2, kind: NotFound, message: "No such file or directory" }')
    hidden = errors.Forbidden("x", code=13, text="VolumeStatsRequest: internal error policy check: y")
    assert probes.sandbox_present(Told()) is True
    assert probes.sandbox_present(Told(GetVolumeStats=gone)) is False
    assert probes.sandbox_present(Told(GetVolumeStats=hidden)) is None
    with pytest.raises(errors.Refused):
        probes.sandbox_present(Told(GetVolumeStats=refused("else")))


def test_states_of_a_container():
    assert probes.container_present(Told(), "box") and not probes.container_present(Told(UpdateContainer=ABSENT), "box")
    assert probes.resumed_state(Told(ResumeContainer=CREATED), "box") == probes.CREATED
    assert probes.resumed_state(Told(ResumeContainer=RUNNING), "box") == probes.RUNNING
    assert probes.resumed_state(Told(), "box") == probes.RESUMED
    assert probes.has_ended(Told(WaitProcess=ALIVE), "box") == (False, None)
    assert probes.has_ended(Told(WaitProcess={"status": 3}), "box") == (True, 3)
    assert probes.has_ended(Told(WaitProcess=refused("InitProcessNotFound", 5, errors.NotFound)), "box") == (True, None)
    assert probes.version(Told(Version={"agent_version": "4.1.0-rc0"})) == (4, 1, 0)


def test_a_read_that_lost_its_helper_is_repeated():
    lost = errors.Busy("lost", code=13, text="No child processes")
    told = Told(GetIPTables=[lost, lost, {"data": b"x"}])
    assert probes.retry_lost_child(lambda: told.call("GetIPTables")) == {"data": b"x"}
    with pytest.raises(errors.Busy):
        probes.retry_lost_child(lambda: Told(GetIPTables=lost).call("GetIPTables"), 3)


# What must not be sent


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"ResumeContainer": RUNNING}, "was started before"),
        ({}, "was paused and runs again"),
        ({"ResumeContainer": CREATED, "WaitProcess": {"status": 1}}, "has ended"),
        ({"UpdateContainer": ABSENT}, "there is no container"),
    ],
)
def test_a_container_that_must_not_be_started(answers, says):
    told = Told(**answers)
    with pytest.raises(errors.FleetError) as caught:
        traps.guard(told, "StartContainer", {"container_id": "box"})
    assert says in str(caught.value) and "StartContainer" not in told.sent


def test_a_container_that_may_be_started():
    told = Told(ResumeContainer=CREATED, WaitProcess=ALIVE)
    traps.guard(told, "StartContainer", {"container_id": "box"})
    assert told.sent == ["UpdateContainer", "ResumeContainer", "WaitProcess"]


def test_only_harmless_calls_are_harmless():
    assert {method for method in CALLS if traps.harmless(method, {})} == {*traps.HARMLESS, "UpdateContainer"}
    assert not traps.harmless("UpdateContainer", {"resources": {"Memory": {}}})


# kata_rpc and kata_sandbox


def test_a_lost_answer_of_set_ip_tables_is_read_back():
    lost = errors.Busy("lost", code=13, text="No child processes")
    rule = "-A INPUT -p tcp -j ACCEPT"
    wanted = {"method": "SetIPTables", "request": {"data": f"*filter\n{rule}\nCOMMIT\n"}}
    told = Told(SetIPTables=lost, GetIPTables={"data": f"# x\n*filter\n{rule}\n".encode()})
    result = rpc.work(told, task(rpc.OPTIONS, wanted))
    assert not result["failed"] and told.sent == ["SetIPTables", "GetIPTables"]
    assert rpc.work(Told(SetIPTables=lost), task(rpc.OPTIONS, wanted))["failed"]


def test_an_agent_may_hang_up_before_it_answers_destroy_sandbox():
    told = Told(DestroySandbox=errors.Interrupted("gone"))
    assert not rpc.work(told, task(rpc.OPTIONS, {"method": "DestroySandbox"}))["failed"]
    result = sandbox.work(told, task(sandbox.OPTIONS, {"state": "absent"}))
    assert result["changed"] and result["sandbox"] == {"state": "absent"}


def test_a_sandbox_that_a_policy_hides_is_not_made():
    hidden = errors.Forbidden("x", code=13, text="VolumeStatsRequest: internal error policy check: y")
    told = Told(GetVolumeStats=hidden)
    with pytest.raises(errors.Refused):
        sandbox.work(told, task(sandbox.OPTIONS, {}))
    assert told.sent == ["GetVolumeStats"]
    told = Told(GetVolumeStats=[hidden, hidden])
    assert sandbox.work(told, task(sandbox.OPTIONS, {"force": True}))["changed"]
    assert told.sent == ["GetVolumeStats", "CreateSandbox"]


# kata_container


def test_a_container_is_started_only_when_it_certainly_may_be():
    options = {"container_id": "box", "rootfs": "/r"}
    there = {"StatsContainer": {"cgroup_stats": {"pids_stats": {"current": 1}}}}
    for state, sent in ((RUNNING, False), (CREATED, True)):
        told = Told(ResumeContainer=state, WaitProcess=ALIVE, **there)
        result = container.work(told, task(container.OPTIONS, options))
        assert ("StartContainer" in told.sent) == sent == result["changed"]


def test_check_mode_sends_harmless_questions_only():
    options = {"container_id": "box", "rootfs": "/r"}
    for state in ("started", "present", "paused", "stopped", "absent"):
        for answers in ({}, {"UpdateContainer": ABSENT}, {"StatsContainer": {"cgroup_stats": {"pids_stats": {}}}}):
            told = Told(**answers)
            container.work(
                told, task(container.OPTIONS, {**options, "state": state, "memory_limit": 2**26}, check=True)
            )
            assert set(told.sent) <= {"UpdateContainer", "StatsContainer"}


# kata_process


@pytest.mark.parametrize(("given", "number"), [("TERM", 15), ("sigkill", 9), ("0", 0), ("64", 64), ("Usr1", 10)])
def test_signals(given, number):
    assert process.signal_number(given) == number


# kata_exec


def test_commands_take_what_they_lack_from_the_task():
    shared = {"environment": {"A": 1}, "cwd": "/srv", "success_codes": [2], "user": 7}
    command = exec.Command({"command": ["x"], "cwd": "/tmp"}, shared)
    assert command.process["Cwd"] == "/tmp" and command.process["User"]["UID"] == 7
    assert command.process["Env"] == [spec.DEFAULT_PATH, "A=1"]
    assert (command.success, command.limit, command.output) == ([2], exec.LIMIT, exec.OUTPUT)


# kata_copy


def test_destinations():
    assert files.destination("a/b") == files.SHARE + "a/b"
    assert files.destination(files.SHARE + "a/") == files.SHARE + "a"
    for wrong in ("", ".", "/", "a/../../b", "/run/kata-containers/box", files.SHARE):
        with pytest.raises(errors.InvalidOption):
            files.destination(wrong)


@pytest.mark.parametrize(("given", "bits"), [("0644", 0o644), (0o755, 0o755), ("4755", 0o4755), ("0", 0)])
def test_modes(given, bits):
    assert files.octal(given, "mode") == bits


def test_a_neighbour_that_the_agent_overwrites_is_sent_again():
    entries = [files.Entry(path, files.FILE, 0o644, 1, "d") for path in ("a.bin", "b.bin", "a.tmp")]
    assert [entry.path for entry in files.with_neighbours(entries, entries[:1])] == ["a.bin", "a.tmp"]
    assert [entry.path for entry in files.with_neighbours(entries, entries[1:2])] == ["b.bin"]


def test_a_listing_sends_temporary_names_last(tmp_path):
    for name in ("z.bin", "a.tmp", "m"):
        (tmp_path / name).write_text("x")
    assert [entry.path for entry in files.listing(str(tmp_path), None)] == ["", "m", "z.bin", "a.tmp"]
    assert files._stat_line("644 regular empty file /data/a b") == ("644", "regular empty file", "/data/a b")


# kata_network


def test_routes_through_a_gateway_are_counted():
    wanted = [network.route({"dest": "default", "gateway": "192.0.2.1", "device": "eth0"})]
    there = [{"dest": None, "gateway": "192.0.2.1", "device": "eth0"}]
    assert network.missing_routes(wanted, there) == []
    wanted.append(network.route({"dest": "198.51.100.0/24", "gateway": "192.0.2.1", "device": "eth0"}))
    assert network.missing_routes(wanted, there) == wanted


def test_routes_and_addresses_as_the_api_has_them():
    assert network.route({"dest": "203.0.113.0/24", "device": "eth0"})["scope"] == network.SCOPE_LINK
    assert network.route({"dest": "default6", "device": "eth0"}) == {"dest": "::/0", "device": "eth0", "family": "v6"}
    made = network.interface(
        {"name": "eth0", "hwaddr": "02-AA-00-00-00-01", "mtu": 1500, "addresses": ["2001:db8::1/64"]}
    )
    assert made["hwAddr"] == "02:aa:00:00:00:01"
    assert made["IPAddresses"] == [{"family": "v6", "address": "2001:db8::1", "mask": "64"}]
    encode("types.Interface", made)


# kata_agent_info


def test_what_agents_tell_wrong_is_set_right():
    address = {"family": "v4", "address": "2001:db8::1", "mask": "64"}
    link = {"name": "eth0", "hwAddr": "02:00:00:00:00:0A", "mtu": 1500, "IPAddresses": [address]}
    route = {"dest": "0.0.0.0", "gateway": "192.0.2.1", "device": "eth0", "family": "v6"}
    told = {
        "ListInterfaces": {"Interfaces": [link]},
        "ListRoutes": {"Routes": [route]},
        "GetMetrics": {"metrics": "# TYPE load gauge\nload 0.5\n"},
    }
    agent = types.SimpleNamespace(endpoint="unix:/a", call=told.__getitem__)
    (found,) = info.work(agent, types.SimpleNamespace(params={"gather": ["interfaces", "routes", "metrics"]}))[
        "objects"
    ]
    assert found["interfaces"] == [
        {**link, "hwAddr": "02:00:00:00:00:0a", "IPAddresses": [{**address, "family": "v6"}]}
    ]
    assert found["routes"] == [{**route, "dest": None, "source": "", "scope": 0, "family": "v4"}]
    assert found["metrics"] == {"load": {"help": "", "type": "gauge", "samples": [{"labels": {}, "value": 0.5}]}}


# kata_console and kata_log


@pytest.mark.parametrize("command", ["echo 'a b' \"c\"", "\t\u00e4\n", "x" * 1000, "%s\\n\\0"])
def test_a_command_survives_the_terminal(command):
    parts = list(console._parts(command))
    assert all(len(part) <= 1000 and "'" not in part and part.isascii() for part in parts)
    line = "".join(f"'{part}'" for part in parts)
    done = subprocess.run(["sh", "-c", f"printf %b {line}"], capture_output=True, check=True)
    assert done.stdout.decode() == command


def test_log_entries():
    assert log.entry(b'{"level": "INFO", "msg": "x"}') == {"level": "INFO", "msg": "x"}
    assert log.entry(b"plain\r") == {"msg": "plain"} and log.entry(b"[1]") == {"msg": "[1]"}
    assert log.wanted({"level": "WARN"}, "warning") and not log.wanted({"level": "DEBG"}, "info")
    assert log.wanted({"msg": "x"}, "critical")
