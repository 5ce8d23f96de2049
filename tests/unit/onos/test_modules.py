# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the ONOS modules decide without a controller: onos_app, onos_cli, onos_component_config, onos_flow,
onos_fwd_metrics, onos_host, onos_info, onos_network_config, onos_user.
"""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    InvalidOption,
    NotFound,
    OperationFailed,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task, converge
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos import cli, info, metrics
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.app import Apps
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.component_config import ComponentConfig
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.flow import Flow
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.host import Host
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.network_config import NetworkConfig
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.user import User

FWD = "org.onosproject.fwd"


class Told:
    """A controller that answers from a table by path, and remembers what it was sent."""

    endpoint = "http://c:8181"

    def __init__(self, **answers):
        self.answers = {"/" + path.replace("__", "/"): answer for path, answer in answers.items()}
        self.sent = []

    def get(self, path, query=None):
        if path not in self.answers:
            raise NotFound("not there", text="HTTP 404 Not Found")
        return self.answers[path]

    def find(self, path):
        return self.answers.get(path)

    def items(self, path, name):
        return list((self.find(path) or {}).get(name) or ())

    def raw(self, path):
        return str(self.get(path)).encode().replace(b"'", b'"')

    def perform(self, step):
        self.sent.append(step.describe())


def task(resource, check=False, **options):
    """A task of a module, with the defaults of its options."""
    defaults = {name: option.get("default") for name, option in resource.spec().items()}
    return Task({**defaults, "timeout": 5.0, **options}, options, check_mode=check, warn=lambda message: None)


def app(name, state="ACTIVE", *required):
    return {"name": name, "state": state, "version": "2.7.0", "requiredApps": list(required)}


def predicted(resource, client, **options):
    """The requests of a check run, which sends nothing."""
    outcome = converge(resource, client, task(resource, check=True, **options))
    assert client.sent == []
    return [f"{action['method']} {action['path']}" for action in outcome.actions()]


def test_app():
    component = {f"{FWD}.ReactiveForwarding": {}}
    processors = {"x": f"{FWD}.ReactiveForwarding$ReactivePacketProcessor"}
    there = {"applications": {"applications": [app(FWD)]}, "configuration": component, "packet__processors": processors}
    assert predicted(Apps(), Told(**there), name=FWD) == []
    there["applications"] = {"applications": [app(FWD, "INSTALLED")]}
    assert predicted(Apps(), Told(**there), name=FWD) == [f"POST /applications/{FWD}/active"]
    assert predicted(Apps(), Told(**there), name=FWD, state="absent") == [f"DELETE /applications/{FWD}"]


def test_component_and_network_config():
    there = Told(configuration={"c": {"a": "1"}})
    assert predicted(ComponentConfig("x"), there, components={"c": {"a": 1}}) == []
    assert predicted(ComponentConfig("x"), there, component="c", properties={"a": 2}) == ["POST /configuration/c"]
    assert predicted(ComponentConfig("x"), there, components={"d": {"a": 2}}, preset=True) == [
        "POST /configuration/d?preset=true"
    ]
    assert predicted(NetworkConfig("x"), Told(), config={"devices": {"d": {"basic": {}}}}) == [
        "POST /network/configuration"
    ]


def test_flow():
    flow = {
        "id": "7", "appId": "org.onosproject.rest", "priority": 5, "tableId": 0, "isPermanent": True, "timeout": 0,
        "selector": {"criteria": [{"type": "IN_PORT", "port": 1}]}, "state": "ADDED",
        "treatment": {"instructions": [{"type": "OUTPUT", "port": "2"}], "deferred": []},
    }  # fmt: skip
    client = Told(flows__d={"flows": [flow]}, devices={"devices": [{"id": "d"}]})
    same = {
        "device": "d",
        "priority": 5,
        "selector": [{"port": "1", "type": "IN_PORT"}],
        "treatment": [{"type": "OUTPUT", "port": 2}],
    }
    assert predicted(Flow("flow"), client, **same) == []
    assert predicted(Flow("flow"), client, **{**same, "treatment": []}) == ["POST /flows/d?appId=org.onosproject.rest"]
    assert predicted(Flow("flow"), client, **same, state="absent") == ["DELETE /flows/d/7"]
    assert predicted(Flow("flow"), client, **{**same, "priority": 6}, state="absent") == []


def test_host():
    host = {"ipAddresses": ["192.0.2.1"], "locations": [{"elementId": "of:0000000000000001", "port": "2"}]}
    where = "/hosts/0A%3A00%3A00%3A00%3A00%3A01/None"
    client = Told()
    client.answers[where] = host
    options = {"mac": "0a:00:00:00:00:01", "ip_addresses": ["192.0.2.1"]}
    assert predicted(Host("host"), client, **options) == []
    assert predicted(Host("host"), client, **options, locations=["of:0000000000000001/3"]) == [
        f"DELETE {where}", "POST /hosts",
    ]  # fmt: skip
    with pytest.raises(InvalidOption, match="needs 'locations'"):
        predicted(Host("host"), Told(), **options)


def test_user(tmp_path):
    file = tmp_path / "users.properties"
    file.write_text("onos = rocks,_g_:admingroup\n")
    resource = User("user")
    wanted = task(resource, check=True, path=str(file), name="ops", password="p", remove_shipped=True)
    plan = resource.plan(resource.read(None, wanted), wanted)
    assert [step.describe() for step in plan.steps] == [{"write": str(file), "keys": ["onos", "ops"]}]
    assert plan.before["onos"] == {"password": "********", "group": "admingroup"}
    with pytest.raises(InvalidOption, match="no account of the admin group"):
        resource.plan(resource.read(None, wanted), wanted.but(name="onos", state="absent"))


def test_info():
    client = Told(flows__application__a={"flows": [1]}, devices={"devices": [2]}, system={"version": "2.7.0"})
    options = {"device": None, "app": "a", "source": None, "destination": None}
    chosen = Task({**options, "gather": ["flows", "devices", "system"]}, {})
    assert info.read(client, chosen) == {"flows": [1], "devices": [2], "system": [{"version": "2.7.0"}]}
    with pytest.raises(InvalidOption, match="'source' and 'destination'"):
        info.read(client, Task({**options, "gather": ["paths"]}, {}))


class Shell:
    """A shell that prints what it is told."""

    endpoint = "ssh://c:8101"

    def __init__(self, **printed):
        self.printed = printed

    def run(self, command):
        found = self.printed[command.split(" ")[0].split("-")[0]]
        if isinstance(found, FleetError):
            raise found
        return cli.Printed(found, "", 0)


def test_fwd_metrics(monkeypatch):
    row = " 00:00:00:00:00:01 \t\t\t ReactiveForwardMetrics{inpktCounter =1, replypktCounter =2}\n"

    def read(mac=None, **printed):
        monkeypatch.setattr(metrics, "Shell", lambda params: Shell(**printed))
        return metrics.read({"mac": mac})

    assert read(reactive=row)["metrics"] == {"00:00:00:00:00:01": {"received": 1, "replied": 2}}
    with pytest.raises(NotFound, match="those of 00:00:00:00:00:01"):
        read("00:00:00:00:00:02", reactive=row)
    assert "is false" in read(reactive="", cfg="    recordMetrics=false\n")["reason"]
    with pytest.raises(NotFound, match="activate"):
        read(reactive=OperationFailed("x", text="Command not found: reactive-fwd-metrics"))


def test_cli_in_check_mode():
    class Module:
        check_mode = True
        params = {"command": "wipe-out please", "changes": True, "output": "text"}

    assert cli.work(Module()) == {"changed": True, "actions": [{"cli": "wipe-out please", "sent": False}]}
