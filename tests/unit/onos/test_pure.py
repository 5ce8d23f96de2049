# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pure halves: archives, properties, network configuration, flows, accounts, counters, the log, the shell."""

from __future__ import annotations

import io
import zipfile

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    InvalidOption,
    Malformed,
    MissingReference,
    NotFound,
    Starting,
    UnknownKey,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos import (
    archive,
    cli,
    flow,
    known,
    metrics,
    user,
    working,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.component_config import ComponentConfig
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.network_config import NetworkConfig, leaves, merged

FWD = known.FWD
DESCRIPTOR = b'<app name="a.b" version="1.0-SNAPSHOT" apps="x, y"/>'


def zipped(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name.replace("_", "."), text)
    return target.getvalue()


def test_archives():
    found = archive.read(zipped(app_xml=DESCRIPTOR), "x.oar")
    assert (found.name, found.version, found.required) == ("a.b", "1.0.SNAPSHOT", ("x", "y"))
    # For a bundle, the controller gives back only the descriptor.
    assert archive.digest(DESCRIPTOR) in found.digests and archive.digest(found.bits) in found.digests
    assert archive.read(DESCRIPTOR, "app.xml").digests == {archive.digest(DESCRIPTOR)}


@pytest.mark.parametrize(
    "bits",
    [
        b"", b"garbage", b"<app name='x'/>", b"<other name='x' version='1'/>", zipped(other_xml="x"),
        zipped(app_xml=DESCRIPTOR)[:-30], b'<!DOCTYPE a [<!ENTITY b "c">]><app name="&b;" version="1"/>',
    ],
)  # fmt: skip
def test_what_is_no_archive(bits):
    with pytest.raises(InvalidOption):
        archive.read(bits, "x")


def test_damaged_member_is_found():
    bits = bytearray(zipped(app_xml=DESCRIPTOR))
    bits[45] ^= 1
    with pytest.raises(InvalidOption, match="damaged"):
        archive.read(bytes(bits), "x")


def test_checksums():
    digest = archive.digest(b"")
    assert archive.wanted_digest(f"sha256:{digest.upper()}") == archive.wanted_digest(digest) == digest
    assert archive.wanted_digest(None) is None
    with pytest.raises(InvalidOption):
        archive.wanted_digest("md5:12")


# Properties


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("flowTimeout", 30, "30"), ("flowTimeout", "30", "30"), ("packetOutOnly", True, "true"),
        ("packetOutOnly", "TRUE", "true"), ("unknownToUs", "any text", "any text"),
    ],
)  # fmt: skip
def test_values_as_stored(name, value, stored):
    assert known.check_value(FWD, name, value) == stored


def test_reactive_forwarding_has_sixteen_properties():
    assert len(known.KNOWN[FWD]) == 16
    with pytest.raises(UnknownKey, match=r"came with ONOS 2\.5\.0"):  # as an older controller shows it
        known.check_name(FWD, "inheritFlowTreatment", [name for name in known.KNOWN[FWD] if name[0] != "i"])


def test_advice():
    assert known.advice({"matchIcmpFields": "true", "matchIpv6Address": "true"}) == []
    assert "matchIpv4Address" in known.advice({"matchIcmpFields": "true"})[0]
    overridden = known.advice({"matchDstMacOnly": "true", "matchVlanId": "True"})
    assert overridden == ["'matchDstMacOnly' makes matchVlanId do nothing"]


def component_plan(have, components, **params):
    task = Task({"component": None, "properties": None, "components": components, "preset": False, **params}, {})
    return ComponentConfig("component_config").plan(have, task)


def test_component_plan():
    have = {FWD: {"flowTimeout": "20", "packetOutOnly": "True", "flowPriority": "10"}, "other": {"x": "1"}}
    plan = component_plan(have, {FWD: {"packetOutOnly": True, "flowPriority": None}})
    assert plan.steps == [] and plan.before == plan.after
    plan = component_plan(have, {FWD: {"flowTimeout": None}, "other": {"x": 2}})
    assert [(step.method, step.path, step.body) for step in plan.steps] == [
        ("DELETE", f"/configuration/{FWD}", {"flowTimeout": ""}),
        ("POST", "/configuration/other", {"x": "2"}),
    ]
    assert plan.before == {FWD: {"flowTimeout": "20"}, "other": {"x": "1"}}
    assert plan.after == {FWD: {"flowTimeout": "10"}, "other": {"x": "2"}}
    with pytest.raises(InvalidOption, match="default of 'x'"):
        component_plan(have, {"other": {"x": None}})
    with pytest.raises(InvalidOption, match="dictionary of properties"):
        component_plan(have, {"other": 1})


def test_null_of_a_component_that_is_not_registered():
    with pytest.raises(MissingReference, match="not registered"):
        component_plan({}, {FWD: {"flowTimeout": None}})
    plan = component_plan({}, {FWD: {"flowTimeout": None, "flowPriority": 5}}, preset=True)
    assert [(step.method, step.query, step.body) for step in plan.steps] == [
        ("POST", {"preset": "true"}, {"flowPriority": "5", "flowTimeout": "10"})
    ]
    assert plan.after == {FWD: {"flowPriority": "5", "flowTimeout": "10"}}
    assert component_plan({}, {FWD: {}}).steps == []
    with pytest.raises(InvalidOption, match="default of 'x'"):
        component_plan({}, {"other": {"x": None}}, preset=True)


@pytest.mark.parametrize("value", [None, 5])
def test_a_misspelt_property_is_refused(value):
    with pytest.raises(UnknownKey, match="did you mean 'flowTimeout'"):
        component_plan({FWD: {"flowTimeout": "10"}}, {FWD: {"flowTimeOut": value}})
    with pytest.raises(UnknownKey, match="did you mean 'flowTimeout'"):
        component_plan({}, {FWD: {"flowTimeOut": value}}, preset=True)


def test_properties_that_are_not_known_here_can_be_set():
    controller = "org.onosproject.openflow.controller.impl.OpenFlowControllerImpl"
    plan = component_plan({controller: {"openflowPorts": "6653", "tlsMode": ""}}, {controller: {"tlsMode": "strict"}})
    assert plan.steps[0].body == {"tlsMode": "strict"}


def test_secret_properties_are_masked():
    plan = component_plan({"c": {"dbPassword": "old"}}, {"c": {"dbPassword": "new"}})
    assert plan.before == {"c": {"dbPassword": "********"}} and plan.after == {
        "c": {"dbPassword": "******** (changed)"}
    }
    assert plan.steps[0].body == {"dbPassword": "new"} and "new" not in str(plan.steps[0].describe())


# Network configuration


def network_plan(have, config, mode="merge"):
    return NetworkConfig("network_config").plan(have, Task({"config": config, "mode": mode}, {}))


HAVE = {"devices": {"d1": {"basic": {"name": "a", "x": {"y": 1, "z": 2}}, "theirs": {}}}, "apps": {"o": {"k": 1}}}


def test_network_plan():
    assert network_plan(HAVE, {"devices": {"d1": {"basic": {"name": "a"}}}}).steps == []
    plan = network_plan(HAVE, {"devices": {"d1": {"basic": {"x": {"y": None}}}, "d2": {"basic": {}}}})
    assert len(plan.steps) == 1
    assert plan.steps[0].body == {"devices": {"d1": {"basic": {"name": "a", "x": {"z": 2}}}, "d2": {"basic": {}}}}
    plan = network_plan(HAVE, {"devices": {"d1": {"basic": {"name": "a"}}}}, "replace")
    assert plan.steps[0].body == {"devices": {"d1": {"basic": {"name": "a"}}}}
    plan = network_plan(HAVE, {"devices": {"d1": None}})
    assert [step.path for step in plan.steps] == [
        f"/network/configuration/devices/d1/{key}" for key in ("basic", "theirs")
    ]
    assert network_plan(HAVE, {"devices": {"none": None}, "links": {}}).steps == []


def test_leaves_and_merge():
    assert leaves({"devices": {"d": {"k": 1, "l": None}}}, {}) == {
        ("devices", "d", "k"): 1,
        ("devices", "d", "l"): None,
    }
    assert merged([1], {"a": {"b": None, "c": 1}}) == {"a": {"c": 1}} and merged({"a": 1}, [2]) == [2]


# Flows, accounts


def test_one_spelling():
    one = [{"type": "ETH_TYPE", "ethType": "0x0800"}, {"type": "IN_PORT", "port": "1"}, {"mac": "aa:bb"}]
    other = [{"ethType": "0x800", "type": "ETH_TYPE"}, {"port": 1, "type": "IN_PORT"}, {"mac": "AA:BB"}]
    assert flow.canonical(one) == flow.canonical(other)
    assert flow.canonical({"port": 1}) != flow.canonical({"port": 2})


def test_accounts_file():
    text = "# x\nonos = rocks,_g_:admingroup\nodd line\n_g_\\:admingroup = group,admin\n"
    assert user.parse(text) == {"onos": ("rocks", "admingroup")}
    assert user.render(text, user.parse(text)) == text + user.GROUP_LINES[1] + "\n"
    changed = user.render(text, {"onos": ("n", "guestgroup"), "ops": ("p", "admingroup")})
    assert changed.splitlines()[1] == "onos = n,_g_:guestgroup" and "ops = p,_g_:admingroup" in changed


# Counters and the shell


def test_counters():
    text = (
        "-" * 89 + "\n MACADDRESS \t\t\t\t\t\t Metrics\n"
        " 00:00:00:00:00:01 \t\t\t ReactiveForwardMetrics{inpktCounter =5, replypktCounter =3, forwardpktCounter =2, "
        "droppktCounter =0}\n 00:00:00:00:00:99 \t\t\t null\n"
    )
    assert metrics.parse(text) == {
        "00:00:00:00:00:01": {"received": 5, "replied": 3, "forwarded": 2, "dropped": 0},
        "00:00:00:00:00:99": None,
    }
    assert metrics.parse("") == {}


def test_shell_json():
    assert cli.as_json("[1]\n", "x") == [1]
    with pytest.raises(Malformed, match="cfg -j get"):
        cli.as_json("", "cfg get -j x")


# Whether an app works


def test_missing_bundle():
    line = (
        "missing requirement [root] osgi.identity; osgi.identity=org.example.app; [caused by: Unable to resolve x/1.0: "
        'missing requirement [x/1.0] osgi.wiring.package; filter:="(&(osgi.wiring.package=org.onlab.packet)'
        '(version>=2.3.0)(!(version>=3.0.0)))"]'
    )
    assert working.missing_bundle([line]) == (
        "no bundle exports the package org.onlab.packet from version 2.3.0 to below 3.0.0"
    )
    assert working.missing_bundle(["Error resolving artifact org.example:lib:jar:1.0"]).startswith(
        "the artifact org.example"
    )
    assert working.missing_bundle(["nothing of the kind"]) == ""


class Old:
    """A controller that does not know of an app's health."""

    def __init__(self, error):
        self._error = error

    def get(self, path):
        raise self._error


def test_health_of_old_versions():
    assert working.health(Old(NotFound("x", text="HTTP 404 Not Found", code=404)), "a") == "ready"
    assert working.health(Old(Starting("x", code=404)), "a") == "ready"
    assert working.health(Old(NotFound("x", text="Application ID is not found: a")), "a") == "pending"
    with pytest.raises(FleetError):
        working.health(Old(Starting("x", code=503)), "a")
