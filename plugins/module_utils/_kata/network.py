# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The guest's network: interfaces, routes and neighbours. An agent can add and change, and takes nothing away."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._core.errors import InvalidOption, MissingReference, NotKept, did_you_mean
from .._core.fields import Spec
from .._core.resource import Task
from . import info
from .agent import Agent
from .module import Work

OPTIONS: Spec = {
    "interfaces": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "hwaddr": {"type": "str", "required": True},
            "mtu": {"type": "int", "default": 1500},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "device_path": {"type": "str"},
        },
    },
    "routes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "dest": {"type": "str", "required": True},
            "device": {"type": "str", "required": True},
            "gateway": {"type": "str"},
            "source": {"type": "str"},
            "scope": {"type": "int"},
            "mtu": {"type": "int"},
        },
    },
    "neighbours": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "address": {"type": "str", "required": True},
            "lladdr": {"type": "str", "required": True},
            "device": {"type": "str", "required": True},
            "state": {"type": "int", "default": 0},
        },
    },
}

SCOPE_LINK = 253
DEFAULTS = {"default": "0.0.0.0/0", "default6": "::/0"}
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Bring interfaces, routes and neighbours into the wanted state, in this order."""
    links = [interface(one) for one in task.params["interfaces"]]
    wanted = [route(one) for one in task.params["routes"]]
    near = [neighbour(one) for one in task.params["neighbours"]]
    if not links and not wanted and not near:
        raise InvalidOption("there is nothing to do", next_step="give 'interfaces', 'routes' or 'neighbours'")
    record = Work(agent, task, f"network at {agent.endpoint}")
    before = info.interfaces(agent)
    coming = list(before)
    for link in links:
        _bring_up(record, link, coming)
    for one in [*wanted, *near]:
        if one["device"] not in {link["name"] for link in coming}:
            names = [link["name"] for link in coming]
            raise record.failed(
                MissingReference(
                    f"there is no interface '{one['device']}' in the guest",
                    next_step=did_you_mean(one["device"], names) or f"it has {', '.join(names)}",
                )
            )
    missing = missing_routes(wanted, info.routes(agent))
    if missing:
        record.change(
            {"routes": []}, {"routes": [f"{one['dest']} {one.get('gateway', '')}".strip() for one in missing]}
        )
        record.do("UpdateRoutes", {"routes": {"Routes": missing}})
    if near:
        record.change({}, {"neighbours": [one["toIPAddress"]["address"] for one in near]})
        record.do("AddARPNeighbors", {"neighbors": {"ARPNeighbors": near}})
    if task.check_mode:
        return record.result(interfaces=before, routes=info.routes(agent))
    after, table = info.interfaces(agent), info.routes(agent)
    for link in links:
        if differences(link, after):
            raise record.failed(NotKept(f"interface '{link['name']}' did not stay as written"))
    left = missing_routes(wanted, table)
    if left:
        raise record.failed(NotKept(f"the route to {left[0]['dest']} did not stay"))
    return record.result(interfaces=after, routes=table)


# -- what is wanted, as the API has it


def interface(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An interface."""
    address = given["hwaddr"].lower().replace("-", ":")
    if not _MAC.fullmatch(address):
        raise InvalidOption(
            f"'hwaddr' of interface '{given['name']}' is '{given['hwaddr']}'", next_step="write 02:00:00:00:00:01"
        )
    if not 0 < len(given["name"].encode()) <= 15 or "/" in given["name"]:
        raise InvalidOption(f"'{given['name']}' is no name of an interface", next_step="it has at most 15 bytes")
    if not 68 <= given["mtu"] <= 65536:
        raise InvalidOption(f"'mtu' of interface '{given['name']}' is {given['mtu']}", next_step="give 68 to 65536")
    addresses = []
    for text in given["addresses"]:
        try:
            found = ipaddress.ip_interface(text)
        except ValueError:
            found = None
        if found is None or "/" not in text:
            raise InvalidOption(
                f"address '{text}' of interface '{given['name']}'", next_step="write it with its length: 192.0.2.10/24"
            )
        addresses.append(
            {"family": f"v{found.version}", "address": str(found.ip), "mask": str(found.network.prefixlen)}
        )
    made = {
        "device": given["name"],
        "name": given["name"],
        "IPAddresses": addresses,
        "mtu": given["mtu"],
        "hwAddr": address,
    }
    if given.get("device_path"):
        made["devicePath"] = given["device_path"]
    return made


def route(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A route."""
    text = DEFAULTS.get(given["dest"], given["dest"])
    try:
        dest = ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidOption(f"'dest' of a route is '{text}': {error}", next_step="write 198.51.100.0/24") from None
    made: dict[str, t.Any] = {"dest": str(dest), "device": given["device"], "family": f"v{dest.version}"}
    for name in ("gateway", "source"):
        if given.get(name):
            try:
                made[name] = str(ipaddress.ip_address(given[name]))
            except ValueError:
                raise InvalidOption(f"'{name}' of the route to {dest} is '{given[name]}'") from None
    if given.get("scope") is not None:
        made["scope"] = given["scope"]
    elif not made.get("gateway") and dest.version == 4:
        made["scope"] = SCOPE_LINK
    if given.get("mtu"):
        made["mtu"] = given["mtu"]
    return made


def neighbour(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A neighbour."""
    try:
        address = ipaddress.ip_address(given["address"])
    except ValueError:
        raise InvalidOption(f"'address' of a neighbour is '{given['address']}'") from None
    if not _MAC.fullmatch(given["lladdr"].lower()):
        raise InvalidOption(
            f"'lladdr' of neighbour {address} is '{given['lladdr']}'", next_step="write 02:00:00:00:00:01"
        )
    return {
        "toIPAddress": {"family": f"v{address.version}", "address": str(address)},
        "device": given["device"],
        "lladdr": given["lladdr"].lower(),
        "state": given["state"],
    }


# -- what is there


def differences(wanted: t.Mapping[str, t.Any], links: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """In what an interface differs: name, mtu, and each address that it lacks. Further addresses are left alone."""
    now = next((link for link in links if link["hwAddr"] == wanted["hwAddr"]), None)
    if now is None:
        return ["hwAddr"]
    said = [name for name in ("name", "mtu") if now[name] != wanted[name]]
    there = {(entry["address"], entry["mask"]) for entry in now["IPAddresses"]}
    return said + [
        f"{entry['address']}/{entry['mask']}"
        for entry in wanted["IPAddresses"]
        if (entry["address"], entry["mask"]) not in there
    ]


def _bring_up(record: Work, link: dict[str, t.Any], coming: list[dict[str, t.Any]]) -> None:
    """Change one interface where it differs; what the guest will then have goes into C(coming)."""
    now = next((one for one in coming if one["hwAddr"] == link["hwAddr"]), None)
    if now is None:
        raise record.failed(
            MissingReference(
                f"the guest has no interface with the address {link['hwAddr']}",
                next_step="it has " + ", ".join(f"{one['hwAddr']} ({one['name']})" for one in coming),
            )
        )
    if not differences(link, coming):
        return
    kept = [f"{entry['address']}/{entry['mask']}" for entry in now["IPAddresses"]]
    wanted = [f"{entry['address']}/{entry['mask']}" for entry in link["IPAddresses"]]
    # The agent takes the link down, and IPv6 addresses that are not given again are gone.
    going = [text for text in kept if ":" in text and not text.startswith("fe80:") and text not in wanted]
    if going:
        record.task.warn(f"interface '{link['name']}': the agent will drop {', '.join(going)}")
    stays = [text for text in kept if text not in going]
    record.change(
        {link["hwAddr"]: {"name": now["name"], "mtu": now["mtu"], "addresses": kept}},
        {
            link["hwAddr"]: {
                "name": link["name"],
                "mtu": link["mtu"],
                "addresses": stays + [text for text in wanted if text not in stays],
            }
        },
    )
    record.do("UpdateInterface", {"interface": link})
    coming[coming.index(now)] = {**now, "name": link["name"], "mtu": link["mtu"]}


def missing_routes(
    wanted: t.Sequence[dict[str, t.Any]], there: t.Sequence[t.Mapping[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """The routes that are to be added.

    An agent does not tell where a route through a gateway leads, so these are counted: as many as are wanted through
    the same gateway and device must be there.
    """
    direct = {(one["dest"], one["device"]) for one in there if not one["gateway"]}
    missing = [one for one in wanted if not one.get("gateway") and (one["dest"], one["device"]) not in direct]
    through: dict[tuple[str, str], list[dict[str, t.Any]]] = {}
    for one in wanted:
        if one.get("gateway"):
            through.setdefault((one["gateway"], one["device"]), []).append(one)
    for (gateway, device), group in through.items():
        count = sum(1 for one in there if (one["gateway"], one["device"]) == (gateway, device))
        if count < len(group):
            missing += group
    return missing
