# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show cdp, cdp neighbors (detail) and cdp entry. Pure."""

from __future__ import annotations

import re

from .cut import Found, blocks, first, texts

_OFF = re.compile(r"^% CDP is not enabled", re.MULTILINE)
# A capability is one letter, and the platform may be missing.
_NEIGHBOR = re.compile(
    r"^(?P<device>\S+)? +(?P<interface>[A-Z][A-Za-z]{1,2} ?\d[\d/.]*) +(?P<holdtime>\d+)"
    r" +(?P<capabilities>(?:[A-Za-z] )*[A-Za-z])? +(?P<platform>.*?) *(?P<port>(?:[A-Z][A-Za-z]{1,2} ?\d[\d/.]*)|\S+)$"
)


def cdp(text: str) -> Found | None:
    """C(show cdp): whether it runs; timer and hold time in seconds."""
    if _OFF.search(text):
        return {"enabled": False}
    found = first(r"Sending CDP packets every (?P<timer>\d+) seconds", text)
    found.update(first(r"Sending a holdtime value of (?P<holdtime>\d+) seconds", text))
    if not found:
        return None
    second = first(r"Sending CDPv2 advertisements is +(?P<it>not enabled|enabled)", text).get("it")
    return {"enabled": True, **found, "version2": second == "enabled"}


def neighbors(text: str) -> list[Found] | None:
    """C(show cdp neighbors): interfaces are abbreviated as printed; a long device id is taken from the line above."""
    if _OFF.search(text):
        return []
    head = re.search(r"^Device ID +Local Intrfce +Holdtme +Capability +Platform +Port ID *$", text, re.MULTILINE)
    if not head:
        return None
    rows: list[Found] = []
    device = None
    for line in text[head.end() :].splitlines():
        found = _NEIGHBOR.match(line)
        if found:
            rows.append(
                {
                    "device": found["device"] or device,
                    "interface": found["interface"],
                    "holdtime": int(found["holdtime"]),
                    "capabilities": (found["capabilities"] or "").split(),
                    "platform": found["platform"].strip() or None,
                    "port": found["port"],
                }
            )
        elif re.fullmatch(r"\S+", line.strip()):
            device = line.strip()
    return rows


def details(text: str) -> list[Found] | None:
    """C(show cdp neighbors detail) and C(show cdp entry): everything a neighbour says of itself."""
    if _OFF.search(text):
        return []
    found = [_detail(block) for block in blocks(r"^Device ID: ?", text)]
    if found or not text.strip() or "Total cdp entries displayed" in text:
        return found
    return None


def _detail(block: str) -> Found:
    one = {"device": first(r"^Device ID: ?(?P<it>.+)$", block).get("it")}
    entry = block.split("Management address", 1)
    one["addresses"] = texts(r"^ +IP(?:v4)? address: (\S+)", entry[0])
    one["management_addresses"] = texts(r"^ +IP(?:v4)? address: (\S+)", entry[1]) if len(entry) > 1 else []
    one.update(first(r"^Platform: (?P<platform>.*?), +Capabilities: (?P<capabilities>.*)$", block))
    one["capabilities"] = str(one.get("capabilities") or "").split()
    one.update(first(r"^Interface: (?P<interface>[^,]+), +Port ID \(outgoing port\): (?P<port>.+)$", block))
    one.update(first(r"^Holdtime ?: (?P<holdtime>\d+) sec", block))
    one["version"] = first(r"^Version ?:\n(?P<it>(?:.+\n?)+)", block).get("it")
    one.update(first(r"^advertisement version: (?P<advertisement_version>\d+)", block))
    one["native_vlan"] = first(r"^Native VLAN: (?P<it>\S+)", block).get("it")
    one["duplex"] = first(r"^Duplex: (?P<it>\w+)", block).get("it")
    return one
