# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: what is meant, what is seen, and what is asked of whom, against a daemon that plays a script."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    InvalidOption,
    NotFound,
    Refused,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import waits
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.waits import (
    Seen,
    Waiting,
    Want,
    Watch,
    cloud_init,
    parse,
    seen,
)


def state(code=103, processes=5, **nics):
    """A state as the daemon gives it, with addresses by interface."""
    network = {
        name: {
            "state": "up",
            "addresses": [
                {"family": "inet6" if ":" in address else "inet", "scope": "global", "address": address}
                for address in addresses
            ],
        }
        for name, addresses in nics.items()
    }
    return {"status": "Running", "status_code": code, "network": network, "processes": processes}


class Daemon(NoDaemon):
    """Answers from a script: for each path the answers in turn, the last one again and again."""

    def __init__(self, **script):
        super().__init__()
        self.script = {path.replace("__", "/"): list(answers) for path, answers in script.items()}
        self.asked = []

    def find(self, path, query=None):
        short = path.removeprefix("/1.0/")
        self.asked.append(short)
        answers = self.script.get(short, [None])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def text(self, path, query=None):
        raise NotFound("no console")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(waits, "PAUSE", 0)


def waiting(*texts, name="i", patience=5.0):
    return Waiting(name, f"instance '{name}'", parse(texts), patience)


def results(daemon, *all_of):
    return {one.name: error for one, error in Watch(daemon, "default").wait(all_of)}


# -- what is meant


def test_an_interface_and_a_port():
    assert parse(["ready", "ipv6:eth1", "port:22"]) == [
        Want("ready", "ready"),
        Want("ipv6:eth1", "ipv6", "eth1"),
        Want("port:22", "port", port=22),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ipv5", "did you mean 'ipv"),
        ("redy", "did you mean 'ready'"),
        ("port", "write port:N"),
        ("port:0", "write port:N"),
        ("port:ssh", "write port:N"),
        ("ready:eth0", "an interface belongs to ipv4 and ipv6 only"),
        ("ipv4:", "an interface belongs to ipv4 and ipv6 only"),
    ],
)
def test_anything_else_is_refused_with_a_hint(text, says):
    with pytest.raises(InvalidOption) as refused:
        parse([text])
    assert says in str(refused.value) and f"'{text}'" in str(refused.value)


# -- what is seen


def test_addresses_are_global_and_not_of_the_loopback():
    now = state(eth0=["10.0.0.2", "fd00::2"], eth1=["10.1.0.2"])
    now["network"]["lo"] = {"addresses": [{"family": "inet", "scope": "local", "address": "127.0.0.1"}]}
    now["network"]["eth0"]["addresses"].append({"family": "inet6", "scope": "link", "address": "fe80::1"})
    assert seen(now).of("inet") == ["10.0.0.2", "10.1.0.2"]
    assert seen(now).of("inet", "eth1") == ["10.1.0.2"]
    assert seen(now).of("inet6") == ["fd00::2"]
    assert seen({"status_code": 103, "network": None}).of("inet") == []


@pytest.mark.parametrize(("code", "ready", "running"), [(113, True, True), (103, False, True), (102, False, False)])
def test_a_ready_guest_runs_and_a_running_one_need_not_be_ready(code, ready, running):
    one = waiting("ready", "running")
    missing = [want.kind for want in one.missing(Seen(code))]
    assert missing == [kind for kind, there in (("ready", ready), ("running", running)) if not there]


def test_an_agent_has_to_answer_several_times_in_a_row():
    one = waiting("agent")
    looks = [bool(one.missing(Seen(103, {}, count))) for count in (5, 5, -1, 5, 5, 5)]
    assert looks == [True, True, True, True, True, False]


# -- one instance


def test_one_instance_is_asked_itself_until_all_is_true():
    daemon = Daemon(instances__i__state=[state(102), state(), state(eth0=["10.0.0.2"])])
    one = waiting("running", "ipv4")
    assert results(daemon, one) == {"i": None}
    assert daemon.asked == ["instances/i/state"] * 3
    assert seen(one.state).of("inet") == ["10.0.0.2"]


def test_an_overdue_one_fails_with_what_is_known():
    daemon = Daemon(instances__i__state=[state(eth0=[])])
    error = results(daemon, waiting("ipv4", "ready", patience=0))["i"]
    told = str(error)
    assert error.kind == "timed_out" and "not ipv4 and ready after 0 s" in told
    assert "it is Running" in told and "eth0 is up" in told and "has not reported Ready" in told


def test_one_that_is_gone_is_told_so_at_once():
    assert "it is gone" in str(results(Daemon(), waiting("ipv4"))["i"])


def test_a_port_is_tried_on_every_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        daemon = Daemon(instances__i__state=[state(eth0=["127.0.0.1"])])
        assert results(daemon, waiting(f"port:{port}")) == {"i": None}
    error = results(daemon, waiting(f"port:{port}", patience=0))["i"]
    assert f"not port:{port} after 0 s" in str(error) and f"port {port} on 127.0.0.1: " in str(error)


def test_a_port_needs_an_address():
    daemon = Daemon(instances__i__state=[state()])
    assert "it has no address on which port 22" in str(results(daemon, waiting("port:22", patience=0))["i"])


# -- many


def entry(name, code=103, network="br0", hwaddr="00:16:3e:00:00:01"):
    nics = {"eth0": {"type": "nic", "network": network}} if network else {}
    return {
        "name": name,
        "status": "Running",
        "status_code": code,
        "config": {"volatile.eth0.hwaddr": hwaddr},
        "expanded_devices": nics,
    }


def test_of_many_the_leases_of_a_bridge_are_asked_once():
    leases = [{"hwaddr": f"m{number}", "address": f"10.0.0.{number}"} for number in (1, 2)]
    daemon = Daemon(
        instances=[[entry("a", hwaddr="m1"), entry("b", hwaddr="m2")]],
        networks__br0__leases=[[{"hwaddr": "m1", "address": "fd00::1"}], leases],
    )
    assert results(daemon, waiting("ipv4", name="a"), waiting("ipv4:eth0", name="b")) == {"a": None, "b": None}
    assert daemon.asked == ["instances", "networks/br0/leases"] * 2


def test_what_only_the_instance_knows_is_asked_of_it_once_it_runs():
    daemon = Daemon(
        instances=[[entry("a", 102), entry("b")], [entry("a"), entry("b")]],
        networks__br0__leases=[[]],
        instances__a__state=[state(eth0=["fd00::2"])],
    )
    assert results(daemon, waiting("ipv6", name="a"), waiting("running", name="b")) == {"a": None, "b": None}
    assert daemon.asked.count("instances/a/state") == 1


def test_of_many_one_that_is_late_fails_alone():
    daemon = Daemon(
        instances=[[entry("a"), entry("b", 113)]], networks__br0__leases=[[]], instances__a__state=[state()]
    )
    found = results(daemon, waiting("ready", name="a", patience=0), waiting("ready", name="b"))
    assert found["b"] is None and "not ready after 0 s" in str(found["a"])


def test_an_address_that_no_lease_tells_of_is_found_all_the_same():
    daemon = Daemon(
        instances=[[entry("a"), entry("b")]],
        networks__br0__leases=[[{"hwaddr": "00:16:3e:00:00:02", "address": "10.0.0.9"}]],
        instances__a__state=[state(eth0=["10.0.0.7"])],
        instances__b__state=[state(eth0=["10.0.0.8"])],
    )
    assert results(daemon, waiting("ipv4", name="a"), waiting("ipv4", name="b")) == {"a": None, "b": None}


@pytest.mark.parametrize("text", ["peer node 192.0.2.13:8443 is down", "failed to notify peer 192.0.2.13:8443: Get"])
def test_where_a_member_is_down_the_others_are_asked_themselves(text):
    class Cluster(Daemon):
        def find(self, path, query=None):
            if path.endswith("/leases"):
                raise Refused("refused", text=text)
            return super().find(path, query)

    daemon = Cluster(instances__a__state=[state(eth0=["10.0.0.7"])])
    found = Watch(daemon, "default").looked_up({"a": entry("a"), "b": entry("b", 112)})
    assert found["a"].of("inet") == ["10.0.0.7"] and not found["b"].running


def test_a_broken_question_is_no_answer():
    class Broken(Daemon):
        def find(self, path, query=None):
            raise FleetError("cut")

    with pytest.raises(FleetError, match="cut"):
        results(Broken(), waiting("ipv4"))


# -- cloud-init


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status: done\nboot_status_code: enabled-by-generator\ndetail:\nDataSourceLXD\n", ("done", "DataSourceLXD")),
        ("status: running\n", ("running", "")),
        ("status: not run\ndetail:\n", ("not run", "")),
        (
            "status: error\nextended_status: error - done\ndetail: DataSourceLXD\nerrors:\n\t- one\n\t- two\n",
            ("error", "- one - two"),
        ),
        (
            "status: error\ndetail:\n('scripts_user', RuntimeError('x'))\n",
            ("error", "('scripts_user', RuntimeError('x'))"),
        ),
        ("", ("", "")),
    ],
)
def test_the_status_of_cloud_init(text, expected):
    assert cloud_init(text) == expected
