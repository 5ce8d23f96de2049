# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules of the fabric: their options as documented, the daemons' plan, and what sdn_ping says."""

from __future__ import annotations

import importlib
import os

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.doc_fragments.sdn import ModuleDocFragment
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn import fabric, info, openvswitch, ovsdb, ping, plan

SPECS = {
    "sdn_fabric": fabric.Fabric().spec(),
    "sdn_fabric_info": info.OPTIONS,
    "sdn_openvswitch": openvswitch.OpenVSwitch().spec(),
    "sdn_ping": ping.OPTIONS,
}


def described(options):
    """Options as an argument specification has them."""
    found = {}
    for name, entry in options.items():
        kept = {key: value for key, value in entry.items() if key not in ("description", "suboptions", "version_added")}
        if "suboptions" in entry:
            kept["options"] = described(entry["suboptions"])
        found[name] = kept
    return found


@pytest.mark.parametrize("module", SPECS)
def test_what_is_documented_is_what_is_taken(module):
    code = importlib.import_module(f"ansible_collections.nfvlab.fleet.plugins.modules.{module}")
    documented = yaml.safe_load(code.DOCUMENTATION)
    part = "LOCAL" if "nfvlab.fleet.sdn.local" in documented["extends_documentation_fragment"] else "DOCUMENTATION"
    shared = yaml.safe_load(getattr(ModuleDocFragment, part))["options"]
    assert described({**shared, **documented["options"]}) == SPECS[module]


PARAMS = {
    "rundir": "/r",
    "database": "/d/conf.db",
    "logdir": "/l",
    "schema": "/s",
    "timeout": 1,
}
RUNNING = {
    "pids": {"ovsdb-server": 7, "ovs-vswitchd": 8},
    "database": True,
    "socket": True,
    "folders": ["/r", "/d", "/l"],
    "interface": True,
}
KILLED = {**RUNNING, "pids": {"ovsdb-server": 0, "ovs-vswitchd": 0}}
BARE = {**KILLED, "database": False, "socket": False, "folders": [], "interface": False}


def planned(have, state):
    made = openvswitch.OpenVSwitch().plan(have, Task({**PARAMS, "state": state}, {}))
    return [next(iter(step.describe().values())).split(" --")[0] for step in made.steps], made


def test_a_bare_host_gets_folders_a_database_and_both_daemons():
    steps, made = planned(BARE, "started")
    assert steps == ["/r", "/l", "/d", "ovsdb-tool create /d/conf.db /s", "ovsdb-server /d/conf.db", "ovs-vsctl"] + [
        "ovs-vswitchd unix:/r/db.sock"
    ]
    assert made.before == {"ovsdb-server": "stopped", "ovs-vswitchd": "stopped"} != made.after


def test_killed_daemons_start_over_their_stale_socket_and_one_that_lives_is_left_alone():
    assert planned(KILLED, "started")[0] == [
        "/r/db.sock", "ovsdb-server /d/conf.db", "ovs-vsctl", "ovs-vswitchd unix:/r/db.sock",
    ]  # fmt: skip
    half = {**RUNNING, "pids": {"ovsdb-server": 7, "ovs-vswitchd": 0}}
    assert planned(half, "started")[0] == ["ovs-vswitchd unix:/r/db.sock"]
    assert planned(RUNNING, "started")[0] == [] and planned(BARE, "stopped")[0] == []


def test_what_is_stopped_takes_its_interfaces_along_and_what_was_killed_has_them_removed():
    steps, made = planned(RUNNING, "stopped")
    assert [step.gone for step in made.steps] == [8, 7] and steps == ["ovs-appctl", "ovs-appctl"]
    assert planned(KILLED, "stopped")[0] == ["ip link del ovs-netdev"]


def test_a_process_is_known_by_its_pid_file_and_its_name(tmp_path):
    file = tmp_path / "ovs-vswitchd.pid"
    assert openvswitch.running(str(tmp_path), "ovs-vswitchd") == 0
    for text in ("", "none", "1", "999999999"):
        file.write_text(text)
        assert openvswitch.running(str(tmp_path), "ovs-vswitchd") == 0
    name = openvswitch.comm(os.getpid())
    (tmp_path / f"{name}.pid").write_text(f"{os.getpid()}\n")
    assert openvswitch.running(str(tmp_path), name) > 0


def test_fabrics_that_are_there_are_shown_with_their_switches_and_hosts():
    port = {"request": 1, "number": 1, "up": True, "error": "", "mark": "lab", "host": "h1"}
    other = {**port, "mark": "", "host": "", "number": None}
    bridge = ovsdb.Bridge("1", "netdev", "secure", ["OpenFlow13"], {}, {"a": port, "b": other}, "lab", False)
    seen = plan.Seen({"s1": bridge, "br0": bridge._replace(mark="")}, {}, {}, {}, set())
    found = info.fabric(seen, "lab")
    assert [switch["name"] for switch in found["switches"]] == ["s1"]
    assert [(entry["name"], entry["foreign"]) for entry in found["switches"][0]["ports"]] == [("b", True), ("a", False)]
