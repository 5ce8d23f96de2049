# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The database of Open vSwitch: what C(ovs-vsctl) prints, and the one transaction that changes it. Pure."""

from __future__ import annotations

import json
import typing as t

from .._core.errors import Malformed
from .topology import Port, Topology

MARK = "nfvlab-fleet"  # the key in external_ids under which a bridge or interface names its fabric
TABLES = {
    "Bridge": "_uuid,name,datapath_type,fail_mode,protocols,ports,controller,external_ids,other_config",
    "Port": "_uuid,name,interfaces",
    "Interface": "_uuid,name,ofport,ofport_request,error,link_state,external_ids",
    "Controller": "_uuid,target,is_connected,role,status",
}
HOST = "nfvlab-host"  # the key under which an interface names its host
MAX_BACKOFF = 1000  # milliseconds between attempts to reach a controller

Row = dict[str, t.Any]


class Bridge(t.NamedTuple):
    """A bridge as the database has it.

    :param ports: its interfaces by name, each with C(request), C(number), C(up), C(error) and C(mark)
    :param controllers: by target, each with C(connected), C(role) and C(why)
    """

    dpid: str
    datapath: str
    fail_mode: str
    protocols: list[str]
    controllers: dict[str, Row]
    ports: dict[str, Row]
    mark: str
    in_band: bool


def list_all() -> list[str]:
    """The arguments with which C(ovs-vsctl) prints everything that counts, one document for each table."""
    words = ["--format=json"]
    for table, columns in TABLES.items():
        words += ["--", f"--columns={columns}", "list", table]
    return words


def parse(text: str) -> dict[str, Bridge]:
    """All bridges, by name."""
    tables: dict[str, list[Row]] = {}
    decoder = json.JSONDecoder()
    at = 0
    for table in TABLES:
        while at < len(text) and text[at].isspace():
            at += 1
        try:
            found, at = decoder.raw_decode(text, at)
            rows = [dict(zip(found["headings"], map(_value, row))) for row in found["data"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed(f"the table {table} cannot be read: {error}", text=text[at : at + 200]) from None
        tables[table] = rows
    by_id = {row["_uuid"]: row for rows in tables.values() for row in rows}
    return {row["name"]: _bridge(row, by_id) for row in tables["Bridge"]}


def _bridge(row: Row, by_id: t.Mapping[str, Row]) -> Bridge:
    interfaces = [by_id[name] for port in _many(row["ports"]) for name in _many(by_id[port]["interfaces"])]
    other = row["other_config"]
    return Bridge(
        dpid=other.get("datapath-id", ""),
        datapath=row["datapath_type"] or "system",
        fail_mode=_one(row["fail_mode"]) or "standalone",
        protocols=sorted(_many(row["protocols"])),
        controllers={
            by_id[name]["target"]: {
                "connected": by_id[name]["is_connected"],
                "role": _one(by_id[name]["role"]),
                "why": by_id[name]["status"].get("last_error", ""),
            }
            for name in _many(row["controller"])
        },
        ports={
            entry["name"]: {
                "request": _one(entry["ofport_request"]),
                "number": _one(entry["ofport"]),
                "up": _one(entry["link_state"]) == "up",
                "error": _one(entry["error"]) or "",
                "mark": entry["external_ids"].get(MARK, ""),
                "host": entry["external_ids"].get(HOST, ""),
            }
            for entry in interfaces
            if entry["name"] != row["name"]
        },
        mark=row["external_ids"].get(MARK, ""),
        in_band=other.get("disable-in-band") != "true",
    )


def _value(atom: t.Any) -> t.Any:
    """A value as Python has it: a set is a list, a map a dictionary, an id its text."""
    if isinstance(atom, list) and len(atom) == 2 and atom[0] in ("uuid", "named-uuid"):
        return atom[1]
    if isinstance(atom, list) and len(atom) == 2 and atom[0] == "set":
        return [_value(entry) for entry in atom[1]]
    if isinstance(atom, list) and len(atom) == 2 and atom[0] == "map":
        return {_value(key): _value(value) for key, value in atom[1]}
    return atom


def _many(value: t.Any) -> list[t.Any]:
    """A column that holds any number: one alone is printed without a set around it."""
    return value if isinstance(value, list) else [value]


def _one(value: t.Any) -> t.Any:
    """A column that holds one or none."""
    return (value[0] if value else None) if isinstance(value, list) else value


class Settings(t.NamedTuple):
    """What all bridges of a fabric have in common.

    :param controllers: targets such as C(tcp:127.0.0.1:6653)
    """

    fabric: str
    datapath: str
    fail_mode: str
    protocols: list[str]
    controllers: list[str]

    def matches(self, have: Bridge, dpid: str) -> bool:
        """Whether a bridge, but for its ports, is as it should be."""
        return not have.in_band and self.shown(dpid) == shown(have)

    def shown(self, dpid: str) -> Row:
        """A bridge without its ports, as a diff shows it."""
        return {
            "dpid": dpid,
            "datapath": self.datapath,
            "fail_mode": self.fail_mode,
            "protocols": sorted(self.protocols),
            "controllers": sorted(self.controllers),
            "fabric": self.fabric,
        }


def shown(have: Bridge) -> Row:
    """A bridge that is there, in the same shape."""
    return {
        "dpid": have.dpid,
        "datapath": have.datapath,
        "fail_mode": have.fail_mode,
        "protocols": have.protocols,
        "controllers": sorted(have.controllers),
        "fabric": have.mark,
    }


def ports_of(have: Bridge, fabric: str, wanted: t.Container[str]) -> dict[str, t.Any]:
    """The ports that are ours or wanted, with their numbers: what others added stays theirs."""
    return {name: port["request"] for name, port in have.ports.items() if port["mark"] == fabric or name in wanted}


def transaction(have: t.Mapping[str, Bridge], topology: Topology, settings: Settings) -> list[list[str]]:
    """The commands of the one transaction that makes the database what is declared; empty where it is."""
    fabric = settings.fabric
    commands: list[list[str]] = []
    for name, bridge in have.items():
        if bridge.mark == fabric and name not in topology.switches:
            commands.append(["--if-exists", "del-br", name])
            continue
        wanted = {port.name for port in topology.switches[name].ports} if name in topology.switches else set()
        gone = [port for port, entry in bridge.ports.items() if entry["mark"] == fabric and port not in wanted]
        commands += [["--if-exists", "del-port", name, port] for port in gone]
    for name, switch in topology.switches.items():
        now = have.get(name)
        if now is None or not settings.matches(now, switch.dpid):
            commands += _bridge_commands(name, switch.dpid, settings)
        for port in switch.ports:
            entry = now.ports.get(port.name, {}) if now else {}
            if (entry.get("request"), entry.get("host"), entry.get("mark")) != (port.number, port.host, fabric):
                commands += _port_commands(name, port, fabric)
    return commands


def _port_commands(bridge: str, port: Port, fabric: str) -> list[list[str]]:
    wanted = [f"ofport_request={port.number}", f"external-ids:{MARK}={fabric}"]
    wanted += [f"external-ids:{HOST}={port.host}"] if port.host else []
    lines = [["--may-exist", "add-port", bridge, port.name], ["set", "interface", port.name, *wanted]]
    return lines if port.host else [*lines, ["remove", "interface", port.name, "external-ids", HOST]]


def _bridge_commands(name: str, dpid: str, settings: Settings) -> list[list[str]]:
    commands = [
        ["--may-exist", "add-br", name],
        [
            "set",
            "bridge",
            name,
            f"datapath_type={settings.datapath}",
            f"fail_mode={settings.fail_mode}",
            f"protocols={','.join(settings.protocols)}",
            f"other-config:datapath-id={dpid}",
            "other-config:disable-in-band=true",
            f"external-ids:{MARK}={settings.fabric}",
        ],
        ["del-controller", name],
    ]
    ids = [f"@{name.replace('-', '_').replace('.', '_')}_{number}" for number in range(len(settings.controllers))]
    for ident, target in zip(ids, settings.controllers):
        commands.append(
            [
                f"--id={ident}",
                "create",
                "controller",
                f'target="{target}"',
                "connection_mode=out-of-band",
                f"max_backoff={MAX_BACKOFF}",
            ]
        )
    if ids:
        commands.append(["set", "bridge", name, f"controller=[{','.join(ids)}]"])
    return commands


def removal(have: t.Mapping[str, Bridge], fabric: str) -> list[list[str]]:
    """The commands that take a fabric's bridges out of the database."""
    return [["--if-exists", "del-br", name] for name, bridge in have.items() if bridge.mark == fabric]


def words(commands: t.Sequence[t.Sequence[str]]) -> list[str]:
    """Commands as the arguments of one C(ovs-vsctl)."""
    joined: list[str] = []
    for command in commands:
        joined += ["--", *command]
    return joined
