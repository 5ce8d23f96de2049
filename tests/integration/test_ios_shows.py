# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our show parsers against the templates of ntc-templates, on the same hand-written texts.

Fields that both have must be equal. Not compared is the console's row of C(show users), whose empty user the template
takes for the host, and the version of XE trains, which the template looks for in another line.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows

from tests.unit.ios.samples import SAMPLES

from .test_ios_oracles import NTC, python

__all__ = ["python"]

Row = t.Mapping[str, t.Any]


def _text(value: t.Any) -> str:
    return "" if value is None else str(value)


def _routes(found: t.Any) -> list[tuple[str, ...]]:
    return [
        (route["prefix"], _text(way["next_hop"]), _text(way["interface"]) if route["connected"] else "")
        for route in found["routes"]
        for way in route["ways"]
        if way["next_hop"] or route["connected"]
    ]


# By command: what of ours, and what of theirs, must be the same list.
COMPARED: dict[str, tuple[t.Callable[[t.Any], list[t.Any]], t.Callable[[list[Row]], list[t.Any]]]] = {
    "show version": (
        lambda ours: [(ours["hostname"], ours["uptime"], [ours["serial"]], ours["config_register"])],
        lambda rows: [(row["hostname"], row["uptime"], row["serial"], row["config_register"]) for row in rows],
    ),
    "show interfaces": (
        lambda ours: [
            (
                one["interface"],
                one["status"],
                one["protocol"],
                _text(one["description"]),
                one["mac_address"],
                str(one["mtu"]),
            )
            for one in ours
        ],
        lambda rows: [
            (
                row["interface"],
                row["link_status"],
                row["protocol_status"],
                row["description"],
                row["mac_address"],
                row["mtu"],
            )
            for row in rows
        ],
    ),
    "show interfaces description": (
        lambda ours: [(one["interface"], one["status"], one["protocol"], one["description"]) for one in ours],
        lambda rows: [(row["port"], row["status"], row["protocol"], row["description"]) for row in rows],
    ),
    "show ip interface brief": (
        lambda ours: [
            (one["interface"], one["address"] or "unassigned", one["status"], one["protocol"]) for one in ours
        ],
        lambda rows: [(row["interface"], row["ip_address"], row["status"], row["proto"]) for row in rows],
    ),
    "show ip route": (
        _routes,
        lambda rows: [
            (
                f"{row['network']}/{row['prefix_length']}",
                row["nexthop_ip"],
                "" if row["nexthop_ip"] else row["nexthop_if"],
            )
            for row in rows
            if row["nexthop_ip"] or row["nexthop_if"]
        ],
    ),
    "show cdp neighbors": (
        lambda ours: [
            (one["device"], one["interface"], one["capabilities"], one["platform"], one["port"]) for one in ours
        ],
        lambda rows: [
            (
                row["neighbor_name"],
                row["local_interface"],
                row["capabilities"].split(),
                row["platform"],
                row["neighbor_interface"],
            )
            for row in rows
        ],
    ),
    "show cdp neighbors detail": (
        lambda ours: [
            (one["device"], one["platform"], one["interface"], one["port"], one["capabilities"]) for one in ours
        ],
        lambda rows: [
            (
                row["neighbor_name"],
                row["platform"],
                row["local_interface"],
                row["neighbor_interface"],
                row["capabilities"].split(),
            )
            for row in rows
        ],
    ),
    "show users": (
        lambda ours: [(one["user"], one["host"], one["idle"], one["location"]) for one in ours if one["user"]],
        lambda rows: [(row["user"], row["hosts"], row["idle"], row["location"]) for row in rows if row["hosts"]],
    ),
}


@pytest.mark.parametrize("command", COMPARED)
def test_both_parsers_say_the_same(python: Path, command: str, tmp_path: Path) -> None:
    ours, theirs = COMPARED[command]
    for number, (text, _some) in enumerate(SAMPLES[command]):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps({command: text}))
        arguments = ["-c", NTC, "", "", "", "", str(file)]
        run = subprocess.run([python, *arguments], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-2000:]
        rows = json.loads(run.stdout)[command]
        found = ours(shows.parse(command, text))
        assert found and found == theirs(rows)
