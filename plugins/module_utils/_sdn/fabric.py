# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A fabric as a resource: one object, made of everything that carries its name."""

from __future__ import annotations

import os
import time
import typing as t

from .._core.errors import FleetError, InvalidOption, NoSocket, OperationFailed, Unreachable
from .._core.fields import Spec
from .._core.resource import Outcome, Plan, Resource, Task
from . import ovsdb, plan
from .machine import Machine
from .topology import MARK_SAFE, TOPOLOGIES, Topology, build

KERNEL_MODULE = "/sys/module/openvswitch"

CONNECTION: Spec = {
    "db": {"type": "str", "default": "unix:/run/openvswitch/db.sock"},
    "timeout": {"type": "int", "default": 30},
}
OPTIONS: Spec = {
    **CONNECTION,
    "name": {"type": "str", "required": True},
    "topology": {"type": "str", "choices": list(TOPOLOGIES), "default": "listed"},
    "size": {"type": "int", "default": 1},
    "hosts_per_switch": {"type": "int", "default": 1},
    "depth": {"type": "int", "default": 1},
    "fanout": {"type": "int", "default": 2},
    "prefix": {"type": "str", "default": ""},
    "subnet": {"type": "str", "default": "10.0.0.0/8"},
    "switches": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "dpid": {"type": "str"}},
    },
    "links": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "a": {"type": "str", "required": True},
            "b": {"type": "str", "required": True},
            "a_port": {"type": "int"},
            "b_port": {"type": "int"},
        },
    },
    "hosts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "switch": {"type": "str", "required": True},
            "port": {"type": "int"},
            "mac": {"type": "str"},
            "ip": {"type": "str"},
            "interface": {"type": "str"},
        },
    },
    "down": {"type": "list", "elements": "str", "default": []},
    "controllers": {"type": "list", "elements": "str", "default": []},
    "fail_mode": {"type": "str", "choices": ["secure", "standalone"], "default": "secure"},
    "protocols": {"type": "list", "elements": "str", "default": ["OpenFlow13"]},
    "datapath": {"type": "str", "choices": ["auto", "netdev", "system"], "default": "auto"},
}
PROTOCOLS = ("OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15")
METHODS = ("tcp:", "ssl:", "unix:")
POLL = 0.1  # seconds between two looks at ports that are to come up


class Fabric(Resource):
    """Bridges, links and hosts that belong together."""

    def __init__(self) -> None:
        super().__init__("fabric", options=OPTIONS)

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        """The fabric, as a person would name it."""
        return f"fabric '{params['name']}'"

    def read(self, session: Machine, task: Task) -> dict[str, t.Any] | None:
        """What is there of it, and beside it. A host without Open vSwitch has no bridges."""
        try:
            bridges = session.bridges()
            if task.state != "absent":
                session.need_switching()
        except (NoSocket, Unreachable) as error:
            if task.state != "absent":
                if not task.check_mode or not isinstance(error, NoSocket):
                    raise
                task.warn(f"there is no Open vSwitch yet: all of {self.label(task.params)} is taken to be new")
            bridges = {}
        topology = _topology(task)
        nics = [host.port for host in topology.hosts.values() if not host.namespace]
        return {"seen": session.look(bridges, nics)}

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        """Compare and decide."""
        seen: plan.Seen = t.cast("dict[str, t.Any]", have)["seen"]
        topology, settings = _topology(task), _settings(task)
        now = plan.present(seen, topology, settings)
        made = Plan(self.label(task.params), now or None, None)
        if task.state == "absent":
            made.steps = plan.removal(seen, settings.fabric)
            if made.steps:
                made.before, made.after = {"state": "present", **now}, {"state": "absent"}
                made.changed = ["state"]
            return made
        plan.refuse(seen, topology, settings.fabric)
        lacking = plan.missing(seen, topology)
        if lacking and not task.check_mode:
            raise lacking
        if lacking:
            task.warn(str(lacking))
        then = plan.wanted(topology, settings)
        made.then = then
        made.steps = plan.steps(seen, topology, settings)
        if made.steps:
            made.before, made.after = _differing(now, then)
            made.changed = sorted({*made.before, *made.after} - {"state"})
            if not now:
                made.before, made.after = {"state": "absent"}, {"state": "present", **made.after}
        return made

    def explain(self, session: t.Any, error: FleetError, plan: Plan, task: Task) -> FleetError:
        """What a refused step means."""
        if isinstance(error, OperationFailed) and "unknown datapath type" in (error.text or ""):
            error.next_step = "this Open vSwitch has no such datapath: use 'datapath: netdev'"
        return error

    def settle(self, session: Machine, outcome: Outcome, task: Task) -> None:
        """Wait until every port has the number that it asked for.

        :raises OperationFailed: Open vSwitch cannot open one
        """
        if task.state == "absent" or task.check_mode:
            return
        topology = _topology(task)
        until = time.monotonic() + session.timeout
        while True:
            wrong = _not_there(session.bridges(), topology)
            if not wrong:
                return
            if time.monotonic() > until:
                raise OperationFailed(
                    f"{len(wrong)} ports did not come up in Open vSwitch, the first is {wrong[0]}",
                    endpoint=session.db,
                    next_step="see its log in /var/log/openvswitch",
                )
            time.sleep(POLL)


def _not_there(bridges: t.Mapping[str, ovsdb.Bridge], topology: Topology) -> list[str]:
    """The ports whose numbers Open vSwitch has not given them, each with its reason."""
    found = []
    for name, switch in topology.switches.items():
        ports = bridges[name].ports if name in bridges else {}
        for port in switch.ports:
            entry = ports.get(port.name, {"number": None, "error": "not there"})
            if entry["number"] != port.number:
                reason = entry["error"] or f"it has the number {entry['number']} in place of {port.number}"
                found.append(f"{port.name}: {reason}")
    return found


def _topology(task: Task) -> Topology:
    if task.state == "absent":
        return Topology({}, {}, {})
    return build(task.params)


def _settings(task: Task) -> ovsdb.Settings:
    params = task.params
    if not MARK_SAFE.match(params["name"]):
        raise InvalidOption(
            f"'{params['name']}' is no name for a fabric", next_step="use letters, digits, '-', '_' and '.'"
        )
    for target in params["controllers"]:
        if not target.startswith(METHODS) or '"' in target:
            raise InvalidOption(f"'{target}' is no controller", next_step="write it as tcp:127.0.0.1:6653")
    for version in params["protocols"]:
        if version not in PROTOCOLS:
            raise InvalidOption(f"'{version}' is no protocol", next_step=f"there are {', '.join(PROTOCOLS)}")
    datapath = params["datapath"]
    if datapath == "auto":
        datapath = "system" if os.path.exists(KERNEL_MODULE) else "netdev"
    return ovsdb.Settings(
        params["name"], datapath, params["fail_mode"], list(params["protocols"]), list(params["controllers"])
    )


def _differing(now: dict[str, t.Any], then: dict[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The two sides with only those switches, links and hosts that differ."""
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for section in ("switches", "links", "hosts"):
        for name in sorted({*now.get(section, {}), *then.get(section, {})}):
            is_now, will_be = now.get(section, {}).get(name), then.get(section, {}).get(name)
            if is_now == will_be:
                continue
            if is_now is not None:
                before.setdefault(section, {})[name] = is_now
            if will_be is not None:
                after.setdefault(section, {})[name] = will_be
    return before, after
