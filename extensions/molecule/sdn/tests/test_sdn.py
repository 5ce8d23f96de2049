# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network by its behaviour, asked with tools that are not ours: ovs-vsctl, ip and curl, and packets."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request

import pytest

URL = "http://127.0.0.1:8181/onos/v1/"


def ask(path, login):
    """What the controller answers to an account."""
    token = base64.b64encode(login.encode()).decode()
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Basic {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def controller(path):
    """What it answers to ours."""
    return ask(path, "nfvt:nfvt-molecule")


def test_three_switches_are_connected_with_stable_ids(host):
    assert host.check_output("ovs-vsctl list-br").split() == ["nfvm-s1", "nfvm-s2", "nfvm-s3"]
    for number in (1, 2, 3):
        bridge = f"nfvm-s{number}"
        assert host.check_output("ovs-vsctl get bridge %s datapath_id", bridge) == f'"{number:016x}"'
        assert host.check_output("ovs-vsctl get controller %s is_connected", bridge) == "true"


def test_the_controller_sees_them_and_their_links():
    assert {entry["id"] for entry in controller("devices")["devices"]} == {f"of:{number:016x}" for number in (1, 2, 3)}
    assert len(controller("links")["links"]) == 6


@pytest.mark.parametrize(("source", "target"), [(1, 2), (2, 3), (3, 1)])
def test_a_namespace_reaches_the_next_over_tcp(host, source, target):
    inside = "ip netns exec nfvm-h%s python3 -c %s"
    serve = "import socket; s = socket.create_server(('', 7)); c, _ = s.accept(); c.sendall(c.recv(9))"
    ask = (
        "import socket, time\n"
        "for _ in range(50):\n"
        "  try:\n"
        f"    s = socket.create_connection(('10.97.0.{target}', 7), 5); break\n"
        "  except OSError: time.sleep(0.2)\n"
        "s.sendall(b'packets'); print(s.recv(9))"
    )
    host.check_output("ip netns exec nfvm-h%s setsid --fork python3 -c %s >/dev/null 2>&1", str(target), serve)
    assert host.check_output(inside, str(source), ask) == "b'packets'"


def test_the_shipped_accounts_are_gone():
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask("cluster", "onos:rocks")
    assert refused.value.code == 401
