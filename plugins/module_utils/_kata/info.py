# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an agent says about itself and its guest, with its mistakes set right."""

from __future__ import annotations

import math
import re
import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .._core.resource import Task
from . import probes
from .agent import Agent

PARTS = ("health", "version", "guest", "sandbox", "interfaces", "routes", "metrics")
OPTIONS: Spec = {
    "gather": {"type": "list", "elements": "str", "choices": [*PARTS], "default": [*PARTS]},
    "query": {"type": "str"},
}

# One sample of the Prometheus text format: name, labels, value.
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")


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
        found["metrics"] = metrics(agent.call("GetMetrics").get("metrics", ""))
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


def metrics(text: str) -> dict[str, dict[str, t.Any]]:
    """Metrics in the text format of Prometheus: for each family its help, its type and its samples."""
    families: dict[str, dict[str, t.Any]] = {}
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            _mark, kind, name, rest = (*line.split(" ", 3), "")[:4]
            _family(families, name)[kind.lower()] = rest
            continue
        sample = _SAMPLE.match(line.strip())
        if line.startswith("#") or sample is None:
            continue
        name, labels, value = sample.groups()
        number = _number(value)
        if number is not None:
            shown = {label: _ESCAPE.sub(_unescape, inner) for label, inner in _LABEL.findall(labels or "")}
            _family(families, name)["samples"].append({"labels": shown, "value": number})
    return families


def _family(families: dict[str, dict[str, t.Any]], name: str) -> dict[str, t.Any]:
    return families.setdefault(name, {"help": "", "type": "untyped", "samples": []})


def _unescape(found: re.Match[str]) -> str:
    return "\n" if found.group(1) == "n" else found.group(1)


def _number(text: str) -> float | int | None:
    """A value; what is no number for JSON is left out."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
