# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fabrics of a real Open vSwitch with real namespaces and real packets, and a controller that is not ours."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.openvswitch import comm

from .conftest import free_port, run_module
from .onos import wait
from .sdn import ROW, connected, fabric, ground, ok, openvswitch, ping, shell, switches

__all__ = ["ground", "openvswitch"]  # fixtures


def kill(*names):
    """End daemons as a crash does."""
    processes = [int(Path(f"/run/openvswitch/{name}.pid").read_text()) for name in names]
    for process in processes:
        os.kill(process, signal.SIGKILL)
    wait(lambda: not any(comm(process) for process in processes))


def test_what_is_predicted_is_done_and_done_once(ground):
    for options in ({}, {"down": ["nfvt-s1-nfvt-s2"]}, {"size": 2}, {"fail_mode": "standalone"}):
        predicted, done = ok(fabric(check=True, **options)), ok(fabric(**options))
        assert predicted["changed"] and done["changed"]
        assert predicted["diff"] == done["diff"] and predicted["fabric"] == done["fabric"]
        assert [dict(entry, sent=True) for entry in predicted["actions"]] == done["actions"]
        for check in (True, False):
            again = ok(fabric(check=check, **options))
            assert not again["changed"] and again["actions"] == [] and again["diff"]["before"] == {}


def test_standalone_switches_forward_secure_ones_without_a_controller_do_not(ground):
    ok(fabric(fail_mode="standalone"))
    assert ok(ping("all", wait=5))["reached"] == 6
    ok(fabric(fail_mode="standalone", down=["nfvt-s1-nfvt-s2"]))
    cut = ping("any")
    assert cut["reached"] == 2 and cut["matrix"]["nfvt-h1"] == {"nfvt-h2": None, "nfvt-h3": None}
    ok(fabric(fail_mode="standalone"))
    ok(ping("all", wait=5))
    ok(fabric())
    ok(ping("none"))
    refused = ping("all", count=1)
    assert refused["failure"]["kind"] == "operation_failed" and "nfvt-h1 -> nfvt-h2" in refused["msg"]


def test_tcp_arrives_too_because_hosts_compute_their_checksums(ground):
    ok(fabric(fail_mode="standalone"))
    ok(ping("all", wait=5))
    inside = ["ip", "netns", "exec"]
    serve = (
        "import socket; s = socket.create_server(('', 7)); print('up', flush=True); c, _ = s.accept(); print(c.recv(9))"
    )
    ask = "import socket; socket.create_connection(('10.98.0.3', 7), 5).send(b'packets')"
    server = subprocess.Popen([*inside, "nfvt-h3", "python3", "-c", serve], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline() == "up\n"
        shell(*inside, "nfvt-h1", "python3", "-c", ask)
        assert server.stdout.readline() == "b'packets'\n"
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize("lost", ["processes", "database", "interfaces"])
def test_it_comes_back_after_everything_was_killed(ground, lost):
    ok(fabric(fail_mode="standalone"))
    kill("ovs-vswitchd", "ovsdb-server")
    assert "tun" in shell("ip", "-details", "link", "show", "nfvt-s1")  # what a killed switch leaves
    if lost == "database":
        Path("/etc/openvswitch/conf.db").unlink()
    if lost == "interfaces":
        shell("ip", "link", "del", "nfvt-s1-eth1")
        shell("ip", "netns", "del", "nfvt-h2")
    dead = fabric(fail_mode="standalone")
    assert dead["failure"]["kind"] in ("unreachable", "no_socket") and "sdn_openvswitch" in dead["msg"]
    assert ok(run_module("sdn_openvswitch", {}))["changed"]
    ok(fabric(fail_mode="standalone"))
    assert ok(ping("all", wait=10))["reached"] == 6
    assert not ok(run_module("sdn_openvswitch", {}))["changed"] and not ok(fabric(fail_mode="standalone"))["changed"]


def test_removal_needs_no_open_vswitch_that_runs(ground):
    ok(fabric())
    kill("ovs-vswitchd", "ovsdb-server")
    assert ok(run_module("sdn_fabric", {"name": "nfvt", "state": "absent"}))["changed"]
    assert "nfvt-" not in shell("ip", "-brief", "link") + shell("ip", "netns")
    ok(run_module("sdn_openvswitch", {}))
    ok(run_module("sdn_fabric", {"name": "nfvt", "state": "absent"}))  # what the database still has
    assert "nfvt-" not in shell("ovs-vsctl", "list-br")
    ok(fabric())
    kill("ovs-vswitchd")
    dead = fabric()
    assert dead["failure"]["kind"] == "unreachable" and "ovs-vswitchd does not run" in dead["msg"]
    assert ok(run_module("sdn_fabric", {"name": "nfvt", "state": "absent"}))["changed"]
    assert "nfvt-" not in shell("ip", "-brief", "link") + shell("ovs-vsctl", "list-br")


def test_what_others_have_is_an_error_and_stays(ground):
    shell("ovs-vsctl", "add-br", "nfvt-s2", "--", "set", "bridge", "nfvt-s2", "datapath_type=netdev")
    shell("ip", "netns", "add", "nfvt-h1")
    shell("ip", "-n", "nfvt-h1", "link", "add", "a0", "type", "veth", "peer", "name", "b0")
    try:
        taken = fabric()
        assert taken["failure"]["kind"] == "conflict" and "nfvt-s2" in taken["msg"]
        shell("ovs-vsctl", "del-br", "nfvt-s2")
        taken = fabric()
        assert taken["failure"]["kind"] == "conflict" and "'nfvt-h1'" in taken["msg"]
        assert "nfvt-s1" not in shell("ovs-vsctl", "list-br")
    finally:
        shell("ovs-vsctl", "--if-exists", "del-br", "nfvt-s2")
        shell("ip", "netns", "del", "nfvt-h1")


def test_the_mere_file_of_a_namespace_is_in_nobody_s_way(ground):
    files = [Path("/run/netns", name) for name in ("nfvt-h1", "nfvt-elsewhere")]
    files[0].parent.mkdir(exist_ok=True)
    for path in files:
        path.touch(mode=0o000)
    try:
        assert ok(fabric())["changed"] and not ok(fabric())["changed"]
        assert ok(run_module("sdn_fabric", {"name": "nfvt", "state": "absent"}))["changed"]
        assert [path.exists() for path in files] == [False, True]
    finally:
        files[1].unlink()


def test_ports_of_others_stay_and_a_switch_has_one_fabric(ground):
    ok(fabric())
    shell("ovs-vsctl", "add-port", "nfvt-s1", "nfvt-own", "--", "set", "interface", "nfvt-own", "type=internal")
    assert not ok(fabric())["changed"]
    assert [port["name"] for port in switches()[0]["ports"] if port["foreign"]] == ["nfvt-own"]
    second = fabric(name="nfvt-2")
    assert second["failure"]["kind"] == "conflict" and "the fabric 'nfvt's" in second["msg"]


def test_an_interface_of_somebody_else_is_a_host(ground):
    nic = {"name": "guest", "switch": "nfvt-s1", "interface": "nfvt-nic", "ip": "10.98.0.9/24"}
    missing = fabric(hosts=[nic], fail_mode="standalone")
    assert missing["failure"]["kind"] == "missing_reference" and "nfvt-nic" in missing["msg"]
    shell("ip", "link", "add", "nfvt-nic", "type", "veth", "peer", "name", "nfvt-in")
    left = Path("/run/netns/nfvt-left")  # the mere file of a namespace that is gone
    left.touch()
    # A namespace without a name, as an instance has one.
    guest = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    try:
        wait(lambda: os.readlink(f"/proc/{guest.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        shell("ip", "link", "set", "nfvt-in", "netns", str(guest.pid))
        done = ok(fabric(hosts=[nic], fail_mode="standalone"))
        assert done["fabric"]["hosts"]["guest"] == {"interface": "nfvt-nic", "kind": "nic", "ip": "10.98.0.9/24"}
        assert not ok(fabric(hosts=[nic], fail_mode="standalone"))["changed"]
        found = ok(ping("all", wait=5))
        assert found["reached"] == 12 and "guest" in found["matrix"]
        ok(fabric(fail_mode="standalone"))
        assert "nfvt-nic" in shell("ip", "-brief", "link") and ok(ping("all"))["reached"] == 6
    finally:
        left.unlink()
        guest.kill()
        guest.wait()


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"controllers": ["127.0.0.1:6653"]}, "invalid_option", "write it as tcp:127.0.0.1:6653"),
        ({"protocols": ["OpenFlow9"]}, "invalid_option", "'OpenFlow9' is no protocol"),
        ({"name": "n v"}, "invalid_option", "is no name for a fabric"),
        ({"swiches": []}, "invalid_option", "did you mean 'switches'?"),
        ({"db": "unix:/run/nfvt-none.sock"}, "no_socket", "/run/nfvt-none.sock"),
        ({"switches": [{"name": n, "dpid": 9} for n in ("nfvt-x", "nfvt-y")]}, "invalid_option", "same dpid"),
    ],
)
def test_bad_input_is_named_with_what_to_do(ground, options, kind, says):
    refused = fabric(**options)
    assert refused["failure"]["kind"] == kind and says in refused["msg"]
    assert "nfvt-" not in shell("ip", "-brief", "link")


def test_a_port_that_cannot_be_is_reported_with_open_vswitchs_own_words(ground):
    nic = {"name": "guest", "switch": "nfvt-s1", "interface": "lo"}
    refused = fabric(hosts=[nic], timeout=3)
    assert refused["failure"]["kind"] == "operation_failed" and "lo" in refused["msg"]


@pytest.fixture(scope="session")
def testcontroller(openvswitch, tmp_path_factory):
    """The learning switch controller of Open vSwitch's own project: not installed, so it starts no service."""
    folder = tmp_path_factory.mktemp("testcontroller")
    command = ["apt-get", "download", "-o", "APT::Sandbox::User=root", "openvswitch-testcontroller"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    shell("dpkg-deb", "--extract", str(next(folder.glob("*.deb"))), str(folder))
    return str(next(folder.glob("usr/bin/ovs-testcontroller")))


def test_a_controller_that_is_not_ours_forwards(ground, testcontroller):
    port = free_port()
    ok(fabric(controllers=[f"tcp:127.0.0.1:{port}"]))
    ok(ping("none"))
    assert connected() == [False] * 3
    controller = subprocess.Popen([testcontroller, f"ptcp:{port}:127.0.0.1"], stderr=subprocess.DEVNULL)
    try:
        assert ok(ping("all", wait=20))["reached"] == 6
        wait(lambda: all(connected()))
    finally:
        controller.kill()
        controller.wait()


def test_fifty_switches_and_a_hundred_hosts(ground):
    large = {**ROW, "topology": "linear", "size": 50, "hosts_per_switch": 2, "fail_mode": "standalone"}
    done = ok(run_module("sdn_fabric", large))
    assert len([step for step in done["actions"] if "ovs-vsctl" in step]) == 1
    assert not ok(run_module("sdn_fabric", large))["changed"]
    near = ["nfvt-h1", "nfvt-h51", "nfvt-h2"]
    assert ok(ping("all", wait=20, hosts=near))["reached"] == 6
    assert ok(run_module("sdn_fabric", {"name": "nfvt", "state": "absent"}))["changed"]
    assert "nfvt-" not in shell("ip", "-brief", "link") + shell("ip", "netns")


def test_what_is_there_can_be_read_and_names_are_checked(ground):
    ok(fabric(fail_mode="standalone"))
    found = ok(run_module("sdn_fabric_info", {}))["objects"]
    assert [entry["name"] for entry in found if entry["name"].startswith("nfvt")] == ["nfvt"]
    assert [host["addresses"] for host in found[-1]["hosts"]] == [[f"10.98.0.{number}/24"] for number in (1, 2, 3)]
    for module, options in (("sdn_fabric_info", {"name": "nfv"}), ("sdn_ping", {"name": "nfvt", "hosts": ["nfvt-h0"]})):
        missing = run_module(module, options)
        assert missing["failure"]["kind"] == "not_found" and "did you mean 'nfvt" in missing["msg"]
