# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ONOS modules against a controller: a SIMULATOR with the lies of a real one, or a real one."""

from __future__ import annotations

import functools
import http.server
import json
import signal
import sys
import tempfile
import threading
import time

import pytest

from .conftest import playbook, run_module
from .onos import ORG, archive, free_port, in_process, ok, onos, paths, real, sha256, simulator, wait

__all__ = ["onos", "real"]  # fixtures

FWD = ORG + "fwd.ReactiveForwarding"
ONE, TWO = "of:0000000000000001", "of:0000000000000002"
LLDP = ORG + "provider.lldp.impl.LldpLinkProvider"


@pytest.fixture
def sim(tmp_path):
    """A simulated controller with openflow, proxyarp and fwd active: for what a real one cannot be made to do."""
    with simulator(tmp_path / "onos", "--apps", "openflow,proxyarp,fwd") as controller:
        yield controller


def twice(onos, module, /, **options):
    """Predict, do, and do again: the same diff and actions, then nothing to do."""
    predicted = ok(onos.run(module, check=True, **options))
    done = ok(onos.run(module, **options))
    assert paths(predicted) == paths(done) and predicted["diff"] == done["diff"]
    assert predicted["changed"] is True and done["changed"] is True
    assert not any(action["sent"] for action in predicted["actions"]) and all(a["sent"] for a in done["actions"])
    for check in (True, False):
        again = ok(onos.run(module, check=check, **options))
        assert not again["changed"] and again["actions"] == []
    return done


def fails(result, kind, *words):
    """The result is a failure of this kind that says these words."""
    assert result.failed and result["failure"]["kind"] == kind, result
    for word in words:
        assert word in result["msg"], result["msg"]
    assert "Traceback" not in result["msg"] and "rocks" not in json.dumps(result)
    return result


def killed_at(sim, request, times):
    """Kill a simulator as soon as it was asked something for so many times."""

    def kill():
        wait(lambda: sim.requests().count(request) >= times, 60)
        sim.stop(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    return killer


def stored(tmp_path, **content):
    """An archive on disk, and its options."""
    oar = tmp_path / "app.oar"
    oar.write_bytes(archive(**content))
    return {"name": content.get("name", "org.example.app"), "src": str(oar)}


# Applications


def test_app_is_activated_until_it_works(onos):
    done = twice(onos, "onos_app", name=ORG + "fwd", state="inactive")
    assert paths(done) == [f"DELETE /applications/{ORG}fwd/active"]
    assert done["diff"]["before"] == {ORG + "fwd": {"state": "ACTIVE", "version": "2.7.0"}}
    done = twice(onos, "onos_app", name=ORG + "fwd")
    assert paths(done) == [f"POST /applications/{ORG}fwd/active"]
    assert done["apps"][0]["state"] == "ACTIVE"
    assert FWD in ok(onos.run("onos_component_config", component=FWD, properties={}))["component_config"]


def test_app_from_an_archive_is_replaced_when_its_bytes_differ(onos, tmp_path):
    options = stored(tmp_path)
    done = twice(onos, "onos_app", **options)
    assert paths(done) == ["POST /applications", "POST /applications/org.example.app/active"]
    assert done["apps"][0]["version"] == "1.0.SNAPSHOT"
    options = stored(tmp_path, text="other bytes of the same version")
    done = twice(onos, "onos_app", **options)
    assert paths(done)[0] == "DELETE /applications/org.example.app" and len(paths(done)) == 3
    assert done["diff"]["before"]["org.example.app"]["archive"] == "another"
    done = twice(onos, "onos_app", name="org.example.app", state="absent")
    assert done["diff"]["after"] == {"org.example.app": {"state": "absent"}} and done["apps"] == []


def test_plain_descriptor_is_an_app_too(onos, tmp_path):
    descriptor = tmp_path / "app.xml"
    descriptor.write_text('<app name="org.example.plain" version="2.0" origin="x" category="x" features="x"/>')
    twice(onos, "onos_app", name="org.example.plain", src=str(descriptor), state="present")
    twice(onos, "onos_app", name="org.example.plain", state="absent")


def test_app_from_an_address_is_only_downloaded_when_it_differs(onos, tmp_path):
    options = stored(tmp_path)
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/app.oar"
        fails(onos.run("onos_app", name=options["name"], src=url), "invalid_option", "'checksum' is not given")
        wrong = "0" * 64
        fails(onos.run("onos_app", name=options["name"], src=url, checksum=wrong), "invalid_option", "SHA-256")
        checksum = "sha256:" + sha256((tmp_path / "app.oar").read_bytes())
        assert ok(onos.run("onos_app", name=options["name"], src=url, checksum=checksum))["changed"]
        asked.clear()
        assert not ok(onos.run("onos_app", name=options["name"], src=url, checksum=checksum))["changed"]
        assert asked == []
        server.shutdown()
    twice(onos, "onos_app", name=options["name"], state="absent")


def test_many_apps_are_one_task(onos, tmp_path):
    base = stored(tmp_path, name="org.example.base")["src"]
    above = tmp_path / "above.oar"
    above.write_bytes(archive(name="org.example.above", needs="org.example.base"))
    apps = [
        {"name": "org.example.above", "src": str(above)},
        {"name": "org.example.base", "src": base},
        {"name": ORG + "fwd"},
    ]
    done = twice(onos, "onos_app", apps=apps)
    assert paths(done)[:2] == ["POST /applications", "POST /applications"]
    assert [app["state"] for app in done["apps"]] == ["ACTIVE"] * 3
    twice(onos, "onos_app", apps=[{"name": f"org.example.{name}", "state": "absent"} for name in ("base", "above")])


def test_what_others_need_is_refused_before_anything_starts(onos):
    name = ORG + "optical-model"
    for state, verb in (("inactive", "deactivating"), ("absent", "uninstalling")):
        result = fails(onos.run("onos_app", name=name, state=state), "in_use", verb, ORG + "openflow", "'force'")
        assert result.get("actions", []) == []
    done = twice(onos, "onos_app", name=name, state="inactive", force=True)
    assert done["diff"]["after"][ORG + "openflow"]["state"] == "INSTALLED"
    done = twice(onos, "onos_app", name=ORG + "openflow")
    assert done["diff"]["after"][ORG + "openflow"]["state"] == "ACTIVE"


def test_dependents_come_back_with_what_they_need(onos, tmp_path):
    base = stored(tmp_path, name="org.example.base")
    ok(onos.run("onos_app", **base))
    above = tmp_path / "above.oar"
    above.write_bytes(archive(name="org.example.above", needs="org.example.base"))
    ok(onos.run("onos_app", name="org.example.above", src=str(above)))
    done = twice(onos, "onos_app", **stored(tmp_path, name="org.example.base", text="new"))
    assert paths(done)[:3] == ["DELETE /applications/org.example.base", "POST /applications", "POST /applications"]
    assert not ok(onos.run("onos_app", name="org.example.above", src=str(above)))["changed"]
    ok(onos.run("onos_app", name="org.example.base", state="absent", force=True))
    fails(onos.run("onos_app", name="org.example.above", state="inactive"), "not_found", "not installed")


def test_dead_app_is_told_from_a_working_one(sim, tmp_path):
    options = {**stored(tmp_path, imports='org.onlab.packet;version="[3.0,4)"'), "working_timeout": 1.0}
    result = fails(sim.run("onos_app", **options, log=str(sim.log)), "operation_failed", "is dead")
    assert "no bundle exports the package org.onlab.packet from version 3.0.0" in result["msg"]
    assert "missing requirement" in result["failure"]["text"] and result["changed"]
    assert [action["sent"] for action in result["actions"]] == [True, True]
    result = fails(sim.run("onos_app", **options, log="/nonexistent"), "operation_failed", "health is 'pending'")
    assert "'log'" in result["msg"]


def test_failed_replacement_puts_back_what_was_there(sim, tmp_path):
    old = stored(tmp_path)
    ok(sim.run("onos_app", **old))
    before = (tmp_path / "app.oar").read_bytes()
    new = stored(tmp_path, imports="org.example.nowhere", version="2.0")
    result = fails(sim.run("onos_app", **new, working_timeout=1.0, log=str(sim.log)), "operation_failed", "is dead")
    assert "org.example.app was put back" in result["msg"]
    (tmp_path / "app.oar").write_bytes(before)
    assert not ok(sim.run("onos_app", **new))["changed"]


def test_what_cannot_be_put_back_is_kept(sim, tmp_path, monkeypatch):
    ok(sim.run("onos_app", **stored(tmp_path)))
    old = (tmp_path / "app.oar").read_bytes()
    new = stored(tmp_path, imports="org.example.nowhere", version="2.0")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    killer = killed_at(sim, "POST /onos/v1/applications/org.example.app/active", 2)
    result = fails(sim.run("onos_app", **new), "interrupted", "went away", "could not be put back")
    killer.join()
    kept = next(tmp_path.glob("onos-apps-*/org.example.app.oar"))
    assert kept.read_bytes() == old and str(kept.parent) in result["msg"]


def test_stopped_bundle_is_repaired(sim):
    ok(sim.shell("onos_cli", command=f"bundle:stop {ORG}onos-apps-fwd"))
    shown = sim.run("onos_info", gather=["applications"], query="")
    assert next(app for app in shown["objects"]["applications"] if app["name"] == ORG + "fwd")["state"] == "ACTIVE"
    result = fails(sim.run("onos_app", name=ORG + "fwd", repair=False), "operation_failed", "is dead", FWD)
    assert not result["changed"]
    done = twice(sim, "onos_app", name=ORG + "fwd")
    assert paths(done) == [f"DELETE /applications/{ORG}fwd/active", f"POST /applications/{ORG}fwd/active"]
    assert done["diff"]["before"][ORG + "fwd"]["state"] == "ACTIVE, but dead"


def test_app_above_a_dead_one_is_repaired_with_it(sim):
    ok(sim.shell("onos_cli", command=f"bundle:stop {ORG}onos-apps-openflow-base"))
    done = twice(sim, "onos_app", name=ORG + "openflow")
    assert paths(done) == [
        f"DELETE /applications/{ORG}openflow-base/active",
        f"POST /applications/{ORG}openflow-base/active",
        f"POST /applications/{ORG}openflow/active",
    ]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"name": "fwd"}, "not_found", ["did you mean 'org.onosproject.fwd'?"]),
        ({"name": "org.onosproject.fwdd"}, "not_found", ["did you mean 'org.onosproject.fwd'?"]),
        ({"name": "org.example.app", "src": "/nonexistent.oar"}, "not_found", ["on the managed host"]),
        ({"name": "org.example.app", "checksum": "12", "src": "x"}, "invalid_option", ["64 hexadecimal digits"]),
        ({}, "invalid_option", ["one of the following is required: name, apps"]),
    ],
)
def test_bad_apps(onos, options, kind, words):
    fails(onos.run("onos_app", **options), kind, *words)


def test_bad_archives(onos, tmp_path):
    oar = tmp_path / "app.oar"
    oar.write_bytes(archive()[:-40])
    fails(onos.run("onos_app", name="org.example.app", src=str(oar)), "invalid_option", "not whole")
    oar.write_bytes(archive(needs="org.onosproject.fwdd"))
    result = fails(onos.run("onos_app", name="org.example.app", src=str(oar)), "missing_reference", "requires")
    assert "did you mean 'org.onosproject.fwd'?" in result["msg"]
    result = onos.run("onos_app", name="org.example.other", src=str(stored(tmp_path)["src"]))
    fails(result, "invalid_option", "is the application 'org.example.app'")


# Component configuration


def test_component_config_is_set_and_unset(onos):
    options = {"component": FWD, "properties": {"flowTimeout": 60, "packetOutOnly": True, "flowPriority": "17"}}
    done = twice(onos, "onos_component_config", **options)
    assert paths(done) == [f"POST /configuration/{FWD}"]
    assert done["actions"][0]["keys"] == ["flowPriority", "flowTimeout", "packetOutOnly"]
    assert done["diff"]["after"][FWD] == {"flowPriority": "17", "flowTimeout": "60", "packetOutOnly": "true"}
    reset = dict.fromkeys(options["properties"])
    done = twice(onos, "onos_component_config", component=FWD, properties=reset)
    assert paths(done) == [f"DELETE /configuration/{FWD}"]
    assert done["component_config"][FWD]["flowTimeout"] == "10"


def test_values_outlive_their_app(onos):
    ok(onos.run("onos_component_config", component=FWD, properties={"flowTimeout": 33}))
    ok(onos.run("onos_app", name=ORG + "fwd", state="inactive"))
    fails(
        onos.run("onos_component_config", component=FWD, properties={"flowTimeout": 34}),
        "missing_reference", "not registered", "onos_app",
    )  # fmt: skip
    null = {"component": FWD, "properties": {"flowTimeout": None}}
    fails(onos.run("onos_component_config", **null), "missing_reference", "not registered")
    assert ok(onos.run("onos_component_config", **null, preset=True))["diff"]["after"][FWD] == {"flowTimeout": "10"}
    ok(onos.run("onos_app", name=ORG + "fwd"))
    assert not ok(onos.run("onos_component_config", **null))["changed"]
    ok(onos.run("onos_app", name=ORG + "fwd", state="inactive"))
    preset = ok(onos.run("onos_component_config", component=FWD, properties={"flowTimeout": 35}, preset=True))
    assert preset["changed"] and paths(preset) == [f"POST /configuration/{FWD}?preset=true"]
    ok(onos.run("onos_app", name=ORG + "fwd"))
    assert not ok(onos.run("onos_component_config", component=FWD, properties={"flowTimeout": 35}))["changed"]
    ok(onos.run("onos_component_config", component=FWD, properties={"flowTimeout": None}))


@pytest.mark.parametrize(
    ("properties", "kind", "words"),
    [
        ({"flowTimeOut": 1}, "unknown_key", ["did you mean 'flowTimeout'?"]),
        ({"matchTcpUdpPort": True}, "unknown_key", ["did you mean 'matchTcpUdpPorts'?"]),
        ({"flowTimeout": "abc"}, "invalid_option", ["whole number from 1 to 65535"]),
        ({"flowTimeout": -5}, "invalid_option", ["whole number from 1 to 65535"]),
        ({"flowPriority": 65536}, "invalid_option", ["from 0 to 65535"]),
        ({"packetOutOnly": "yes"}, "invalid_option", ["true or false"]),
        ({"packetOutOnly": ""}, "invalid_option", ["null returns it to its default"]),
        ({"flowTimeout": {"a": 1}}, "invalid_option", ["must be a text, a number or a boolean"]),
    ],
)
def test_bad_properties_are_not_sent(onos, properties, kind, words):
    good = {"ignoreIPv4Multicast": True}
    result = onos.run("onos_component_config", component=FWD, properties={**good, **properties})
    fails(result, kind, *words)
    now = ok(onos.run("onos_info", gather=["components"]))["objects"]["components"][0]
    assert now[FWD]["ignoreIPv4Multicast"] == "false"


def test_properties_that_do_nothing_are_warned_of(onos):
    done = ok(onos.run("onos_component_config", component=FWD, properties={"matchTcpUdpPorts": True}))
    assert "does nothing unless 'matchIpv4Address'" in done.warned[0]
    ok(onos.run("onos_component_config", component=FWD, properties={"matchTcpUdpPorts": None}))


def test_refusal_of_a_part_is_a_failure(onos):
    component = ORG + "net.flow.impl.FlowRuleManager"  # its types are not known beforehand
    result = onos.run("onos_component_config", component=component, properties={"fallbackFlowPollFrequency": "x"})
    fails(result, "operation_failed", "207", "Invalid INTEGER value", "the rest was done")


# Network configuration


def test_network_config_keeps_what_is_not_named(onos):
    device = "of:0000000000000001"
    one = {"devices": {device: {"basic": {"name": "s1", "latitude": 1.5}}}}
    done = twice(onos, "onos_network_config", config=one)
    assert paths(done) == ["POST /network/configuration"]
    assert done["actions"][0]["keys"] == [f"devices/{device}/basic"]
    merge = {"devices": {device: {"basic": {"name": None, "longitude": 2}}}}
    done = twice(onos, "onos_network_config", config=merge)
    assert done["network_config"]["devices"][device]["basic"] == {"latitude": 1.5, "longitude": 2}
    replace = {"devices": {device: {"basic": {"name": "only"}}}}
    done = twice(onos, "onos_network_config", config=replace, mode="replace")
    assert done["network_config"]["devices"][device]["basic"] == {"name": "only"}
    done = twice(onos, "onos_network_config", config={"devices": {device: None}})
    assert paths(done) == ["DELETE /network/configuration/devices/of%3A0000000000000001/basic"]
    tree = ok(onos.run("onos_info", gather=["network_config"]))["objects"]["network_config"][0]
    assert "suppression" in tree["apps"]["org.onosproject.provider.lldp"]


def test_queued_network_config_is_said_to_be(onos):
    config = {"devices": {"of:0000000000000001": {"nokey": {"a": 1}}}}
    done = ok(onos.run("onos_network_config", config=config))
    assert done["queued"] == ["devices/of:0000000000000001/nokey"] and "only queued" in done.warned[0]


@pytest.mark.parametrize(
    ("config", "kind", "words"),
    [
        ({"device": {}}, "unknown_key", ["did you mean 'devices'?"]),
        ({"devices": {"of:0000000000000001": "x"}}, "invalid_option", ["must be a dictionary"]),
        ({"hosts": {"00:00:00:00:00:01": {"basic": {}}}}, "invalid_option", ["MAC/VLAN"]),
        ({"devices": {"of:0000000000000001": {"basic": {"bogus": 1}}}}, "operation_failed", ['"bogus" is invalid']),
    ],
)
def test_bad_network_config(onos, config, kind, words):
    fails(onos.run("onos_network_config", config=config), kind, *words)


# Hosts, flows, accounts


def test_static_host(onos):
    host = {"mac": "0a:00:00:00:00:01", "ip_addresses": ["192.0.2.1"], "locations": ["of:0000000000000001/1"]}
    done = twice(onos, "onos_host", **host)
    assert paths(done) == ["POST /hosts"] and done["host"]["id"] == "0A:00:00:00:00:01/None"
    done = twice(onos, "onos_host", **{**host, "ip_addresses": ["192.0.2.2"]})
    assert paths(done) == ["DELETE /hosts/0A%3A00%3A00%3A00%3A00%3A01/None", "POST /hosts"]
    done = twice(onos, "onos_host", mac=host["mac"], state="absent")
    assert done["host"] is None
    for wrong, word in (({"mac": "x"}, "'mac'"), ({"vlan": 4095}, "1 to 4094"), ({"locations": ["s1"]}, "no location")):
        fails(onos.run("onos_host", **{**host, **wrong}), "invalid_option", word)


def test_flow_of_an_unknown_switch_is_refused(onos):
    result = onos.run("onos_flow", device="of:00000000000000ff", priority=1)
    fails(result, "missing_reference", "device 'of:00000000000000ff' does not exist")
    assert not ok(onos.run("onos_flow", device="of:00000000000000ff", priority=1, state="absent"))["changed"]


@pytest.fixture
def switched(tmp_path):
    """A simulated controller of two linked switches, without OpenFlow."""
    with in_process(tmp_path) as (controller, state):
        for device in (ONE, TWO):
            state.devices[device] = {"id": device, "available": True}
        ends = [{"device": device, "port": "1"} for device in (ONE, TWO)]
        state.links.append({"src": ends[0], "dst": ends[1], "type": "DIRECT"})
        yield controller


def test_flow_until_the_switch_has_it(switched):
    options = {
        "device": ONE,
        "priority": 100,
        "selector": [{"type": "ETH_TYPE", "ethType": "0x0800"}, {"type": "IN_PORT", "port": 1}],
        "treatment": [{"type": "OUTPUT", "port": "2"}],
    }
    done = twice(switched, "onos_flow", **options)
    assert paths(done) == ["POST /flows/of%3A0000000000000001?appId=org.onosproject.rest"]
    assert done["flow"]["state"] == "ADDED"
    changed = {"treatment": [{"type": "OUTPUT", "port": "3"}], "idle_timeout": 20}
    done = twice(switched, "onos_flow", **{**options, **changed})
    assert done["diff"]["before"]["treatment"] == [{"port": 2, "type": "OUTPUT"}]
    assert done["actions"][0]["keys"] == ["treatment", "idle_timeout"]
    done = twice(switched, "onos_flow", **options, state="absent")
    assert done["flow"] is None and done["diff"]["after"] == {"state": "absent"}
    wrong = switched.run("onos_flow", **{**options, "device": ONE + "1"})
    fails(wrong, "missing_reference", f"did you mean '{ONE}'?")


def test_paths_between_hosts_and_devices(switched):
    ok(switched.run("onos_host", mac="0A:00:00:00:00:02", locations=[f"{TWO}/2"]))
    found = ok(switched.run("onos_info", gather=["paths"], source=ONE, destination="0A:00:00:00:00:02/None"))
    assert [path["links"][0]["dst"]["device"] for path in found["objects"]["paths"]] == [TWO]
    assert ok(switched.run("onos_info", gather=["paths"], source=TWO, destination=ONE))["objects"]["paths"] == []


def test_accounts_are_replaced_while_it_runs(sim):
    etc = sim.home / "etc"
    etc.mkdir()
    users = etc / "users.properties"
    users.write_text(
        "# accounts\nkaraf = karaf,_g_:admingroup\nonos = rocks,_g_:admingroup\nguest = guest,_g_:guestgroup\n"
        "_g_\\:admingroup = group,admin,manager,viewer,systembundles,ssh\n"
    )
    options = {"path": str(users), "name": "ops", "password": "s3cret,", "remove_shipped": True}
    result = run_user(**options)
    assert result.failed and "comma" in result["msg"] and "s3cret" not in json.dumps(result)
    options["password"] = "s3cret"
    predicted, done = run_user(check=True, **options), run_user(**options)
    assert predicted["changed"] and done["changed"] and predicted["diff"] == done["diff"]
    assert "s3cret" not in json.dumps([predicted, done]) and "rocks" not in json.dumps([predicted, done])
    assert done["accounts"] == {"ops": "admingroup"} and users.stat().st_mode & 0o777 == 0o600
    assert not run_user(**options)["changed"]
    assert "# accounts" in users.read_text() and "guestgroup" in users.read_text()
    fails(sim.run("onos_info"), "forbidden", "does not know this user and password")
    assert not ok(sim.run("onos_info", username="ops", password="s3cret")).failed
    assert run_user(path=str(users), name="eve", password="x", group="viewer")["changed"]
    eve = {"username": "eve", "password": "x"}
    assert ok(sim.run("onos_info", **eve))["objects"]["cluster"]
    fails(sim.run("onos_app", name=ORG + "fwd", state="inactive", **eve), "forbidden", "admin group")
    last = run_user(path=str(users), name="ops", state="absent")
    assert last.failed and "no account of the admin group would be left" in last["msg"]


def run_user(check=False, **options):
    return run_module("onos_user", options, check=check)


# The shell


def test_cli_sees_failures_in_spite_of_exit_codes(onos):
    shown = ok(onos.shell("onos_cli", command=f"cfg -j get {FWD}", output="json", changes=False, check=True))
    timeout = next(entry for entry in shown["json"]["properties"] if entry["name"] == "flowTimeout")
    assert timeout["type"] == "integer" and timeout["defaultValue"] == "10"
    for command, words in (
        ("app activate nosuch", ["No such application: nosuch"]),
        (f"cfg set {FWD} flowTimeout abc", ["Invalid INTEGER value"]),
        ("nosuch", ["Command not found: nosuch"]),
    ):
        result = onos.shell("onos_cli", command=command)
        fails(result, "operation_failed", *words)
    predicted = ok(onos.shell("onos_cli", command="wipe-out please", check=True))
    assert predicted["changed"] and predicted["actions"] == [{"cli": "wipe-out please", "sent": False}]
    fails(onos.shell("onos_cli", command=f"cfg get {FWD}", output="json", changes=False), "malformed", "'-j'")
    fails(onos.shell("onos_cli", command="apps", password="wrong", changes=False), "forbidden", "admin group")


def test_metrics_say_why_there_are_none(onos):
    none = ok(onos.shell("onos_fwd_metrics"))
    assert none["metrics"] == {} and "'recordMetrics'" in none["reason"]
    fails(onos.shell("onos_fwd_metrics", mac="00:00:00:00:00:99"), "not_found", "recordMetrics")
    ok(onos.run("onos_component_config", component=FWD, properties={"recordMetrics": True}))
    assert "send something" in ok(onos.shell("onos_fwd_metrics"))["reason"]
    ok(onos.run("onos_app", name=ORG + "fwd", state="inactive"))
    fails(onos.shell("onos_fwd_metrics"), "not_found", "activate org.onosproject.fwd")
    ok(onos.run("onos_app", name=ORG + "fwd"))
    ok(onos.run("onos_component_config", component=FWD, properties={"recordMetrics": None}))
    fails(onos.shell("onos_fwd_metrics", mac="zz"), "invalid_option", "'mac'")


# Reading


def test_info_reads_each_collection(onos):
    names = ["applications", "components", "devices", "ports", "links", "hosts", "flows", "topology", "intents"]
    names += ["statistics", "network_config", "cluster", "system"]
    found = ok(onos.run("onos_info", gather=names))["objects"]
    assert set(found) == set(names) and all(isinstance(objects, list) for objects in found.values())
    assert found["cluster"][0]["status"] == "READY" and found["system"][0]["version"].startswith("2.7.0")
    assert ok(onos.run("onos_info", gather=["flows"], app=ORG + "fwd"))["objects"]["flows"] == []
    fails(onos.run("onos_info", gather=["paths"]), "invalid_option", "'source' and 'destination'")
    fails(onos.run("onos_info", gather=["flows"], app=ORG + "fwdd"), "missing_reference", "did you mean")
    fails(onos.run("onos_info", gather=["ports"], device="of:0000000000000009"), "missing_reference", "does not exist")


# A controller that is not there, not ready, or none


def test_controller_that_is_not_there(tmp_path):
    options = {"url": f"http://127.0.0.1:{free_port()}", "username": "onos", "password": "rocks"}
    fails(run_module("onos_info", options), "starting", "nothing listens there", "'ready_timeout'")
    predicted = run_module("onos_app", {**options, "name": ORG + "fwd"}, check=True)
    assert ok(predicted)["changed"] and "counts as new and empty" in predicted.warned[0]
    config = {"component": FWD, "properties": {"flowTimeout": 30}}
    predicted = run_module("onos_component_config", {**options, **config}, check=True)
    assert ok(predicted)["changed"] and any("not registered" in warning for warning in predicted.warned)
    assert ok(run_module("onos_network_config", {**options, "config": {"hosts": {}}}, check=True))["queued"] == []
    fails(run_module("onos_info", {"url": "https://x", "username": "a", "password": "b"}), "invalid_option", "'url'")
    fails(run_module("onos_info", {"url": "http://127.0.0.1:1", "username": "a"}), "invalid_option", "'password'")


def test_controller_that_is_still_starting(tmp_path):
    stages = {("starting", 404), ("starting", 503), "ACTIVE"}
    for seconds in (3, 12, 48):  # on a busy machine a short start is over before it is looked at
        with simulator(tmp_path / f"onos-{seconds}", "--apps", "fwd", "--boot", str(seconds)) as sim:
            seen = set()
            while "ACTIVE" not in seen and "READY" not in seen:
                result = sim.run("onos_info", gather=["cluster"])
                failure = result.get("failure")
                seen.add((failure["kind"], failure["code"]) if failure else result["objects"]["cluster"][0]["status"])
                time.sleep(0.1)
            done = ok(sim.run("onos_info", gather=["cluster"], ready_timeout=120))
            assert done["objects"]["cluster"][0]["status"] == "READY"
        if seen == stages:
            break
    assert seen == stages


def test_something_else_listens(tmp_path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *words):
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = {"url": f"http://127.0.0.1:{server.server_port}", "username": "onos", "password": "rocks"}
        fails(run_module("onos_info", options), "malformed", "text/html", "'url'")
        server.shutdown()


def test_wrong_password(onos):
    result = fails(onos.run("onos_info", password="wrong"), "forbidden", "users.properties")
    assert result["failure"]["code"] == 401 and "wrong" not in json.dumps(result["invocation"])


def test_password_is_shown_nowhere(sim, tmp_path):
    users = sim.home / "etc" / "users.properties"
    users.parent.mkdir()
    users.write_text("ops = hunter-two,_g_:admingroup\n")
    login = {"url": sim.url, "username": "ops", "password": "hunter-two"}
    tasks = [
        {"nfvlab.fleet.onos_info": {**login, "query": "cluster[].id"}},
        {"nfvlab.fleet.onos_app": {**login, "name": ORG + "fwd", "state": "inactive"}},
        {"nfvlab.fleet.onos_user": {"name": "x", "password": "hunter-three", "path": str(users)}},
        {"nfvlab.fleet.onos_cli": {**login, "ssh_port": sim.ssh_port, "command": "apps -s", "changes": False}},
        {"nfvlab.fleet.onos_app": {**login, "name": "nosuch"}},
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    (tmp_path / "play.json").write_text(json.dumps([play]))
    run = playbook("-i", "localhost,", "-vvv", "--diff", str(tmp_path / "play.json"), check=False)
    assert "the application 'nosuch' is not installed" in run.stdout and "ok=4" in run.stdout
    assert "hunter" not in run.stdout + run.stderr


def test_controller_killed_during_an_activation(sim):
    ok(sim.run("onos_app", name=ORG + "fwd", state="inactive"))
    killer = killed_at(sim, f"POST /onos/v1/applications/{ORG}fwd/active", 1)
    result = sim.run("onos_app", name=ORG + "fwd")
    killer.join()
    fails(result, "interrupted", sim.url)
    assert result["changed"] and result["actions"][0]["sent"]
    sim.start()
    assert ok(sim.run("onos_app", name=ORG + "fwd"))["apps"][0]["state"] == "ACTIVE"


def test_restart_keeps_what_was_configured(sim, tmp_path):
    ok(sim.run("onos_app", **stored(tmp_path)))
    ok(sim.run("onos_component_config", component=FWD, properties={"flowTimeout": 44}))
    sim.stop(signal.SIGKILL)
    sim.start("--apps", "drivers")
    assert not ok(sim.run("onos_app", **stored(tmp_path)))["changed"]
    assert not ok(sim.run("onos_component_config", component=FWD, properties={"flowTimeout": 44}))["changed"]


def test_nothing_to_do_is_one_request_for_each_collection(sim):
    apps = [{"name": ORG + name} for name in ("openflow", "proxyarp", "fwd")]
    ok(sim.run("onos_app", apps=apps))
    before = sim.requests()
    for module, options in (
        ("onos_app", {"apps": apps}),
        ("onos_component_config", {"components": {FWD: {"flowTimeout": 10}, LLDP: {"enabled": True}}}),
        ("onos_network_config", {"config": {"devices": {}}}),
    ):
        assert not ok(sim.run(module, **options))["changed"]
    asked = [line for line in sim.requests()[len(before) :] if not line.endswith("/health")]
    assert sorted(asked) == [
        "GET /onos/v1/applications",
        "GET /onos/v1/configuration",  # of the apps' predicate
        "GET /onos/v1/configuration",
        "GET /onos/v1/network/configuration",
        "GET /onos/v1/packet/processors",
    ]
