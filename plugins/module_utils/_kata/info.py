# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an agent says about itself and its guest, with its mistakes set right."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .._core.metrics import families
from .._core.resource import Task
from . import probes
from .agent import Agent

PARTS = ("health", "version", "guest", "sandbox", "interfaces", "routes", "metrics")
OPTIONS: Spec = {
    "gather": {"type": "list", "elements": "str", "choices": [*PARTS], "default": [*PARTS]},
    "query": {"type": "str"},
}


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Read what was asked for."""
    wanted = set(task.params["gather"])
    if not wanted:
        raise InvalidOption("'gather' is empty", next_step=f"name some of {', '.join(PARTS)}")
    found: dict[str, t.Any] = {"address": agent.endpoint}
    if "health" in wanted:
        found["status"] = agent.full("Check")["status"]
    if "version" in wanted:
        found.update(agent.full("Version"))
    if "guest" in wanted:
        found["guest"] = guest(agent)
    if "sandbox" in wanted:
        found["sandbox_present"] = probes.sandbox_present(agent)
    if "interfaces" in wanted:
        found["interfaces"] = interfaces(agent)
    if "routes" in wanted:
        found["routes"] = routes(agent)
    if "metrics" in wanted:
        found["metrics"] = families(agent.call("GetMetrics").get("metrics", ""))
    return {"changed": False, "objects": [found]}


def guest(agent: Agent) -> dict[str, t.Any]:
    """The guest's details; the handlers in order, which the agent gives in another one after each start."""
    details = agent.call("GetGuestDetails", {"mem_block_size": True, "mem_hotplug_probe": True})
    from .codec import complete

    full = complete("GuestDetailsResponse", details)
    for name in ("device_handlers", "storage_handlers", "extra_features"):
        if full["agent_details"]:
            full["agent_details"][name] = sorted(full["agent_details"][name])
    return full


def interfaces(agent: Agent) -> list[dict[str, t.Any]]:
    """The interfaces; each address with the family that its text has, for agents say the other one."""
    found = []
    for link in agent.call("ListInterfaces").get("Interfaces", ()):
        addresses = [
            {
                "address": entry.get("address", ""),
                "mask": entry.get("mask", ""),
                "family": "v6" if ":" in entry.get("address", "") else "v4",
            }
            for entry in link.get("IPAddresses", ())
        ]
        found.append(
            {
                "name": link.get("name", ""),
                "hwAddr": link.get("hwAddr", "").lower(),
                "mtu": link.get("mtu", 0),
                "IPAddresses": addresses,
            }
        )
    return found


def routes(agent: Agent) -> list[dict[str, t.Any]]:
    """The routes of the main table. One through a gateway has lost its destination on the way, so it has none here."""
    found = []
    for route in agent.call("ListRoutes").get("Routes", ()):
        gateway = route.get("gateway", "")
        found.append(
            {
                "dest": None if gateway else route.get("dest", ""),
                "gateway": gateway,
                "device": route.get("device", ""),
                "source": route.get("source", ""),
                "scope": route.get("scope", 0),
                "family": "v6" if ":" in (gateway or route.get("dest", "")) else "v4",
            }
        )
    return found
