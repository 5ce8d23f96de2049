# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The telemetry client against a server of the protocol that can also break it (dpdk_telemetry_info)."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import info, telemetry

GREETING = {"version": "DPDK 22.11.11", "pid": 4711, "max_output_len": 16384}
WELCOME = json.dumps(GREETING).encode()
COUNTED = {"ipackets": 7, "opackets": 9, "ibytes": 420, "obytes": 540}
ANSWERS = {
    "/": ["/", "/ethdev/info", "/ethdev/list", "/eal/heap_list"],
    "/ethdev/list": [0],
    "/ethdev/stats,0": {**COUNTED, "q_ipackets": [7, 0]},
    "/ethdev/info,0": {
        "name": "net_vhost0",
        "state": "1",
        "mac_addr": "02:00:00:00:00:01",
        "mtu": 1500,
        "dev_started": 1,
    },
    "/ethdev/link_status,0": {"status": "UP"},
    "/ethdev/xstats,0": {"rx_good_packets": 7},
    "/eal/params": ["dpdk-testpmd", "--no-pci"],
    "/eal/app_params": ["-i"],
    "/eal/heap_list": [0, 1],
    "/eal/heap_info,0": {"Name": "socket_0", "Heap_size": 2},
    "/eal/heap_info,1": {"Name": "socket_1", "Heap_size": 0},
}


class Server(threading.Thread):
    """One application's telemetry.

    :param greeting: what it sends first; bytes as they are, null to close at once
    :param broken: what it sends instead of its answers; empty bytes to close
    """

    def __init__(self, path, greeting=WELCOME, broken=None):
        super().__init__(daemon=True)
        self.greeting, self.broken = greeting, broken
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.start()

    def run(self):
        connection, _address = self.listener.accept()
        with connection:
            if self.greeting is None:
                return
            connection.send(self.greeting if isinstance(self.greeting, bytes) else json.dumps(self.greeting).encode())
            while True:
                request = connection.recv(1024).decode()
                if not request or self.broken == b"":
                    return
                name = request.split(",")[0]
                answer = json.dumps({name: ANSWERS.get(request)}).encode()
                connection.send(answer if self.broken is None else self.broken)


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "dpdk" / "rte"
    folder.mkdir(parents=True)
    return folder / telemetry.NAME


def test_counters_and_arguments(path):
    Server(path)
    with telemetry.Telemetry(str(path)) as connection:
        assert (connection.version, connection.pid) == ("DPDK 22.11.11", 4711)
        assert connection.counters() == {0: COUNTED}
        assert connection.arguments() == (["--no-pci"], ["-i"])
        with pytest.raises(errors.NotFound, match="/ethdev/stats,5"):
            connection.call("/ethdev/stats", 5)


def test_a_port_that_is_not_set_up_is_not_asked(path, monkeypatch):
    monkeypatch.setitem(ANSWERS, "/ethdev/info,0", {"name": "net_vhost0", "dev_started": 0})
    Server(path)
    with telemetry.Telemetry(str(path)) as connection, pytest.raises(errors.Busy, match="not started"):
        connection.counters()


def test_info_finds_the_sockets_and_leaves_out_what_a_release_lacks(path, tmp_path):
    Server(path)
    params = {"socket": None, "runtime_dir": str(tmp_path), "gather": list(telemetry.GATHERED)}
    [found] = info.telemetry(Task(params, params))["objects"]
    assert found["ports"][0]["stats"] == COUNTED and found["ports"][0]["xstats"]
    assert [heap["Name"] for heap in found["heaps"]] == ["socket_0"]
    assert "mempools" not in found and "lcores" not in found


def test_sockets_with_a_suffix_are_found(path, tmp_path):
    for name in (telemetry.NAME, f"{telemetry.NAME}:1", f"{telemetry.NAME}:x", "config"):
        (path.parent / name).touch()
    assert telemetry.sockets(str(tmp_path)) == [str(path), f"{path}:1"]
    assert telemetry.sockets(str(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("server", "kind", "says"),
    [
        ({"greeting": None}, errors.Busy, "10 clients"),
        ({"greeting": b"220 mail"}, errors.Malformed, "no JSON"),
        ({"greeting": {"version": "x"}}, errors.Malformed, "greeting"),
        ({"broken": b""}, errors.Interrupted, "closed instead of /ethdev/list"),
        ({"broken": b'{"/ethdev/list": [0, '}, errors.Malformed, "was cut"),
        ({"broken": b'{"/other": 1}'}, errors.Malformed, "not one to /ethdev/list"),
    ],
)
def test_a_broken_conversation_is_told(path, server, kind, says):
    Server(path, **server)
    with pytest.raises(kind) as caught, telemetry.Telemetry(str(path)) as connection:
        connection.ports()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("/ethdev/list", {"0": 1}),
        ("/ethdev/stats,0", {"ipackets": 1}),
        ("/ethdev/stats,0", [1]),
        ("/ethdev/info,0", "started"),
        ("/eal/params", "words"),
    ],
)
def test_answers_of_another_shape_are_malformed(path, monkeypatch, request_, answer):
    monkeypatch.setitem(ANSWERS, request_, answer)
    Server(path, greeting={**GREETING, "max_output_len": 10**12})
    with pytest.raises(errors.Malformed), telemetry.Telemetry(str(path)) as connection:
        assert connection.limit == telemetry.MAX_ANSWER
        connection.arguments()
        connection.counters()


def test_nobody_is_there(path):
    with pytest.raises(errors.NoSocket, match="no telemetry socket"):
        telemetry.Telemetry(str(path))
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    dead.bind(str(path))
    dead.close()
    with pytest.raises(errors.Unreachable, match="has gone"):
        telemetry.Telemetry(str(path))


@pytest.mark.parametrize(
    ("command", "parameter"), [("ethdev", None), ("/a,b", None), ("/" + "x" * 60, None), ("/a", "x" * 1030)]
)
def test_requests_that_the_protocol_does_not_carry(path, command, parameter):
    Server(path)
    with telemetry.Telemetry(str(path)) as connection, pytest.raises(errors.InvalidOption):
        connection.call(command, parameter)
