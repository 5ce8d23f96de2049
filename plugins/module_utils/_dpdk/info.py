# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The modules that read: dpdk_facts, dpdk_budget, dpdk_telemetry_info."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .._core.resource import Task
from . import apps, budget, eal, mounts, translate
from .devices import network_devices
from .host import Host
from .telemetry import GATHERED, Telemetry, sockets

FACTS: Spec = {"root": {"type": "path", "default": "/"}}
TELEMETRY: Spec = {
    "socket": {"type": "path"},
    "runtime_dir": {"type": "path", "default": "/var/run"},
    "gather": {"type": "list", "elements": "str", "choices": list(GATHERED), "default": ["arguments", "ports"]},
    "query": {"type": "str"},  # evaluated on the controller
}
BUDGET: Spec = {
    "command_line": {"type": "str"},
    "application": {"type": "str", "choices": ["testpmd", "pktgen"]},
    "lcores": {"type": "int", "default": 1},
    "total_num_mbufs": {"type": "int"},
    "port_queues": {"type": "int", "default": 2},
    "pktgen_release": {"type": "str", "default": "23.03.0"},
    "numa_mem": {"type": "list", "elements": "int", "default": []},
    "nodes": {"type": "list", "elements": "int", "default": [0]},
    "pools": {
        "type": "list",
        "elements": "dict",
        "options": {
            "size_kb": {"type": "int", "required": True},
            "node": {"type": "int", "default": 0},
            "free": {"type": "int", "required": True},
        },
    },
}


def facts(task: Task) -> dict[str, t.Any]:
    """The module dpdk_facts."""
    host = Host(task.params["root"])
    found = {**host.facts(), "hugepage_mounts": mounts.rows(host), "devices": network_devices(host)}
    return {"changed": False, "dpdk_host": found}


def telemetry(task: Task) -> dict[str, t.Any]:
    """The module dpdk_telemetry_info."""
    given = task.params["socket"]
    paths = [given] if given else sockets(task.params["runtime_dir"])
    objects = []
    for path in paths:
        with Telemetry(path) as connection:
            objects.append(connection.gather(task.params["gather"]))
    return {"changed": False, "objects": objects}


def budgeted(task: Task) -> dict[str, t.Any]:
    """The module dpdk_budget."""
    params, host = task.params, Host()
    pools = params["pools"] if params["pools"] is not None else host.pools()
    application, lcores, mbufs = params["application"], params["lcores"], params["total_num_mbufs"]
    queues, asked, changes = params["port_queues"], params["numa_mem"], []
    if params["command_line"]:
        found = translate.read(params["command_line"], nodes=len(params["nodes"]))
        application, changes = found.application, found.changes
        lcores = len(eal.lcore_map(found.eal.get("lcores") or "0")) - 1
        mbufs = found.options.get("total_num_mbufs")
        asked = found.eal.get("numa_mem") or []
        entries = apps.pktgen_map(found.options.get("map") or [])
        queues = sum(max(len(entry["rx"]), len(entry["tx"])) for entry in entries)
    if application is None:
        raise InvalidOption("neither an application nor a command line", next_step="give one of them")
    needs = (
        budget.testpmd(lcores, mbufs) if application == "testpmd" else budget.pktgen(queues, params["pktgen_release"])
    )
    rows = budget.plan(needs, params["nodes"], pools, asked)
    return {
        "changed": False,
        "application": application,
        "needs": [need._asdict() for need in needs],
        "nodes": rows,
        "enough": budget.shortage(rows) is None,
        "shortage": budget.shortage(rows),
        "translated": changes,
    }
