# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Hosts that are told to the controller instead of being learned.

A posted host is only added to, so one that differs is deleted first.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Plan, Resource, Task
from .client import Client

_MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_LOCATION = re.compile(r"(of:[0-9a-f]{16})/(\d+)")


class Host(Resource):
    """One host."""

    def spec(self) -> Spec:
        return {
            "mac": {"type": "str", "required": True},
            "vlan": {"type": "int"},
            "ip_addresses": {"type": "list", "elements": "str"},
            "locations": {"type": "list", "elements": "str"},
            **super().spec(),
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"host {params['mac']}"

    def prepare(self, session: Client, task: Task) -> None:
        params = task.params
        if not _MAC.fullmatch(params["mac"].upper()):
            raise InvalidOption(f"'mac' is '{params['mac']}'", next_step="give it as 00:00:00:00:00:01")
        if params["vlan"] is not None and not 0 < params["vlan"] < 4095:
            raise InvalidOption(f"'vlan' is {params['vlan']}", next_step="give 1 to 4094, or leave it out for none")
        for place in params["locations"] or ():
            if not _LOCATION.fullmatch(place):
                raise InvalidOption(f"'{place}' is no location", next_step="give it as of:0000000000000001/2")

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        return session.find(_where(task.params))

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        params = task.params
        plan = Plan(self.label(params), have, None)
        plan.before = _owned(have, params) if have else {"state": "absent"}
        delete = Request("DELETE", _where(params))
        if task.state == "absent":
            plan.after = {"state": "absent"}
            plan.changed, plan.steps = (["state"], [delete]) if have else ([], [])
            return plan
        wanted = {
            "ipAddresses": sorted(params["ip_addresses"] or (have or {}).get("ipAddresses", [])),
            "locations": [_split(place) for place in params["locations"] or ()]
            or [_place(place) for place in (have or {}).get("locations", [])],
        }
        if not wanted["locations"]:
            raise InvalidOption("a new host needs 'locations'", obj=plan.label, next_step="say where it is attached")
        vlan = _vlan(params)
        plan.then = {**(have or {}), "mac": params["mac"].upper(), "vlan": vlan, **wanted}
        plan.after = _owned(plan.then, params)
        plan.changed = [name for name, value in plan.after.items() if plan.before.get(name) != value]
        if plan.changed:
            body = {"mac": params["mac"].upper(), "vlan": "-1" if vlan == "None" else vlan, **wanted}
            plan.steps = [*([delete] if have else []), Request("POST", "/hosts", body=body, keys=plan.changed)]
        return plan


def _vlan(params: t.Mapping[str, t.Any]) -> str:
    return "None" if params["vlan"] is None else str(params["vlan"])


def _where(params: t.Mapping[str, t.Any]) -> str:
    return join("hosts", params["mac"].upper(), _vlan(params))


def _split(place: str) -> dict[str, str]:
    element, _slash, port = place.partition("/")
    return {"elementId": element, "port": port}


def _place(place: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {"elementId": str(place["elementId"]), "port": str(place["port"])}


def _owned(host: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of a host that the task gives."""
    shown: dict[str, t.Any] = {"state": "present"}
    if params["ip_addresses"] is not None:
        shown["ip_addresses"] = sorted(host.get("ipAddresses", []))
    if params["locations"] is not None:
        shown["locations"] = sorted(f"{place['elementId']}/{place['port']}" for place in host.get("locations", []))
    return shown
