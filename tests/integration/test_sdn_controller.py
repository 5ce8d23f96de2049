# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller over a real fabric: pings that fail before, work while fwd is active, and fail after.

The controller is the SIMULATOR; its OpenFlow, the switches and the packets are real.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time

import pytest

from .conftest import run_module
from .onos import ORG, simulator, wait
from .sdn import RING, ROW, connected, fabric, flows, ground, ok, openvswitch, ping, shell

__all__ = ["ground", "openvswitch"]  # fixtures

RULES = ORG + "provider.of.flow.impl.OpenFlowRuleProvider"
FORWARDING = ORG + "fwd.ReactiveForwarding"


@pytest.fixture(params=["sim"])
def controller(request, tmp_path):
    """A controller with openflow and proxyarp active, and fwd not, that looks at flows each second."""
    with simulator(tmp_path / "onos", "--apps", "openflow,proxyarp") as started:
        started.stop()
        openflow(started)
        ok(started.run("onos_component_config", component=RULES, properties={"flowPollFrequency": 1}))
        yield started


def openflow(controller):
    """Start it with a port for switches."""
    controller.start("--openflow", f"127.0.0.1:{controller.openflow_port}")


def forwarding(controller, state):
    """Switch fwd on or off."""
    return ok(controller.run("onos_app", name="org.onosproject.fwd", state=state))


def info(controller, resource):
    """One collection of the controller."""
    return ok(controller.run("onos_info", gather=[resource]))["objects"][resource]


def under(controller, **options):
    """Bring up a fabric with this controller and wait until it has seen all of it."""
    done = ok(fabric(controllers=[f"tcp:127.0.0.1:{controller.openflow_port}"], **options))
    links = sum(link["state"] == "up" for link in done["fabric"]["links"].values())
    wait(lambda: all(connected()) and len(info(controller, "links")) == 2 * links)
    return done


def forwarded(bridge="nfvt-s1"):
    """The flows of fwd in a switch."""
    return [line for line in flows(bridge) if "priority=10," in line]


def test_a_ping_fails_works_and_fails_again(ground, controller):
    under(controller)
    ok(ping("none"))
    wait(lambda: len(info(controller, "hosts")) == 3)  # learned although nothing is forwarded
    forwarding(controller, "active")
    ok(
        controller.run(
            "onos_component_config", component=FORWARDING, properties={"recordMetrics": True, "flowTimeout": 3}
        )
    )
    time.sleep(1)
    assert ok(ping("all", wait=10))["reached"] == 6
    assert len(forwarded("nfvt-s2")) == 6 and "dl_dst=00:00:00:00:00:01" in "".join(forwarded())
    wait(lambda: {flow["state"] for flow in info(controller, "flows")} == {"ADDED"})
    wait(lambda: not forwarded())  # idle: the controller expires them
    metrics = ok(controller.shell("onos_fwd_metrics"))
    assert "00:00:00:00:00:01" in str(metrics).lower()
    forwarding(controller, "inactive")
    ok(ping("none"))
    assert forwarded() == []
    forwarding(controller, "active")
    ok(ping("all", wait=10))


def test_a_link_goes_down_and_traffic_takes_the_other_way(ground, controller):
    forwarding(controller, "active")
    shape = {"topology": "ring"}
    under(controller, **shape)
    ok(ping("all", wait=10))
    under(controller, **shape, down=["nfvt-s1-nfvt-s2"])
    assert ok(ping("all", wait=10))["reached"] == 6
    under(controller, **shape)
    ok(ping("all", wait=10))
    assert RING["topology"] == "ring" and len(info(controller, "links")) == 6


def test_a_row_that_is_cut_loses_what_is_behind_and_gets_it_back(ground, controller):
    forwarding(controller, "active")
    under(controller)
    ok(ping("all", wait=10))
    before = len(forwarded("nfvt-s3"))
    under(controller, down=["nfvt-s2-nfvt-s3"])
    wait(lambda: len(forwarded("nfvt-s3")) < before)  # paths over the link are invalid
    assert ping("any")["reached"] == 2
    under(controller)
    ok(ping("all", wait=10))


def test_flows_outlive_a_killed_controller_and_go_when_it_is_back(ground, controller):
    forwarding(controller, "active")
    under(controller)
    ok(ping("all", wait=10))
    controller.stop(signal.SIGKILL)
    wait(lambda: not any(connected()))
    assert forwarded() and ok(ping("all"))["reached"] == 6  # a ping proves no controller
    openflow(controller)
    wait(lambda: all(connected()))
    wait(lambda: not forwarded())  # what it did not install itself
    ok(ping("all", wait=10))
    assert {app["name"] for app in info(controller, "applications") if app["state"] == "ACTIVE"} >= {ORG + "fwd"}


def test_open_vswitch_restarted_under_a_controller(ground, controller):
    forwarding(controller, "active")
    under(controller)
    ok(ping("all", wait=10))
    ok(run_module("sdn_openvswitch", {"state": "stopped"}))
    wait(lambda: not any(device["available"] for device in info(controller, "devices")))
    ok(run_module("sdn_openvswitch", {}))
    under(controller)
    ok(ping("all", wait=10))


def test_a_switch_of_openflow_1_0_is_no_device_and_says_why(ground, controller):
    ok(fabric(controllers=[f"tcp:127.0.0.1:{controller.openflow_port}"], protocols=["OpenFlow10"]))
    wait(lambda: "speaks OpenFlow version 1" in controller.log.read_text())
    assert info(controller, "devices") == [] and not all(connected())


def test_two_switches_with_one_id_are_one_device(ground, controller):
    target = f"tcp:127.0.0.1:{controller.openflow_port}"
    under(controller)
    twin = {**ROW, "name": "nfvt-2", "prefix": "nfvt2-", "topology": "single", "controllers": [target]}
    ok(run_module("sdn_fabric", twin))
    wait(lambda: "a second switch with the id of:0000000000000001" in controller.log.read_text())
    assert len(info(controller, "devices")) == 3 and all(connected())


@pytest.fixture(scope="session")
def tshark():
    """The analyser whose dissector is not ours; installed for the test and removed again where it was not there."""
    with contextlib.suppress(FileNotFoundError):
        shell("tshark", "--version")
        yield
        return
    lock = ["-o", "DPkg::Lock::Timeout=300"]
    command = ["apt-get", "--simulate", "install", "--no-install-recommends", "tshark"]
    simulated = subprocess.run(command, capture_output=True, text=True, check=False)
    new = [
        line.split()[1]
        for line in simulated.stdout.splitlines()
        if line.startswith("Inst ") and " [" not in line.split("(")[0]
    ]
    command = ["apt-get", *lock, "install", "-qy", "--no-install-recommends", "tshark"]
    done = subprocess.run(command, capture_output=True, text=True, env=QUIET, check=False)
    if done.returncode:
        pytest.skip(f"tshark cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    yield
    subprocess.run(["apt-get", *lock, "purge", "-qy", *new], capture_output=True, check=True, env=QUIET)


QUIET = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}


def test_a_foreign_dissector_finds_nothing_malformed(ground, controller, tshark, tmp_path):
    capture = tmp_path / "openflow.pcap"
    port = controller.openflow_port
    listening = ["tshark", "-i", "lo", "-f", f"tcp port {port}", "-w", str(capture), "-a", "duration:60"]
    recorder = subprocess.Popen(listening, stderr=subprocess.PIPE, text=True)
    try:
        assert any("Capturing" in line for line in recorder.stderr)
        forwarding(controller, "active")
        under(controller)
        ok(ping("all", wait=10))
        forwarding(controller, "inactive")
        time.sleep(1)
    finally:
        recorder.terminate()
        recorder.communicate()
    read = ["tshark", "-r", str(capture), "-d", f"tcp.port=={port},openflow"]
    kinds = set(shell(*read, "-T", "fields", "-e", "openflow_v4.type").replace(",", "\n").split())
    # Hello, echo, features, packet-in and -out, port status, flow mod, multipart: request and reply.
    assert kinds >= {"0", "5", "6", "10", "13", "14", "18", "19"}
    assert shell(*read, "-Y", "_ws.malformed || _ws.expert.severity == error") == ""
