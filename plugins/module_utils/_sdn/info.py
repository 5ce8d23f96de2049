# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Fabrics as they are: switches with their controllers and ports, and hosts."""

from __future__ import annotations

import typing as t

from .._core.errors import NotFound, did_you_mean
from .._core.fields import Spec
from .._core.module import FleetModule
from .fabric import CONNECTION
from .machine import Machine
from .ovsdb import Bridge
from .plan import Seen, owned_hosts

OPTIONS: Spec = {**CONNECTION, "name": {"type": "str"}, "query": {"type": "str"}}


def work(module: FleetModule) -> dict[str, t.Any]:
    """Read all fabrics, or the one that is named."""
    machine = Machine(module.params["db"], module.params["timeout"])
    wanted = module.params["name"]
    bridges = machine.bridges()
    names = sorted({bridge.mark for bridge in bridges.values() if bridge.mark})
    if wanted and wanted not in names:
        raise NotFound(
            f"there is no fabric '{wanted}'",
            endpoint=machine.db,
            next_step=did_you_mean(wanted, names) or f"there are {', '.join(names) or 'none'}",
        )
    return {
        "changed": False,
        "objects": [fabric(machine.look_at(name), name) for name in names if wanted in (None, name)],
    }


def fabric(seen: Seen, name: str) -> dict[str, t.Any]:
    """One fabric."""
    ours = {bridge: entry for bridge, entry in seen.bridges.items() if entry.mark == name}
    return {
        "name": name,
        "switches": [_switch(bridge, entry) for bridge, entry in sorted(ours.items())],
        "hosts": [
            {"name": host, "mac": device.mac, "addresses": device.addresses, "up": device.up}
            for host, _path, device in sorted(owned_hosts(seen, name))
        ],
    }


def _switch(name: str, bridge: Bridge) -> dict[str, t.Any]:
    ports = sorted(bridge.ports.items(), key=lambda item: (item[1]["number"] or 0, item[0]))
    return {
        "name": name,
        "dpid": bridge.dpid,
        "datapath": bridge.datapath,
        "fail_mode": bridge.fail_mode,
        "protocols": bridge.protocols,
        "controllers": [{"target": target, **entry} for target, entry in sorted(bridge.controllers.items())],
        "ports": [
            {
                "name": port,
                "number": entry["number"],
                "up": entry["up"],
                "error": entry["error"],
                "host": entry["host"],
                "foreign": entry["mark"] != bridge.mark,
            }
            for port, entry in ports
        ],
    }
