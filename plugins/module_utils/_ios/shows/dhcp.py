# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show ip dhcp pool, binding, conflict and server statistics. Pure."""

from __future__ import annotations

import re

from .cut import Found, blocks, every, first

_BINDING = (
    r"^(?P<address>\d+\.\d+\.\d+\.\d+) +(?P<client>[0-9a-fA-F.]+) +"
    r"(?P<expires>Infinite|[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d [AP]M) +(?P<kind>Automatic|Manual|Relay|On-demand)"
    r"(?: +(?P<state>\w+) +(?P<interface>\S+))? *$"
)
_CONTINUED = re.compile(r"^ {8,}(?P<more>[0-9a-fA-F.]+) *$")


def pool(text: str) -> list[Found] | None:
    """C(show ip dhcp pool): marks, counts and ranges of each. C(excluded) is null where a train has no such count."""
    found = []
    for block in blocks(r"^Pool \S+ :", text):
        one = first(r"^Pool (?P<name>\S+) :", block)
        one["name"] = str(one["name"])
        one.update(first(r"^ Utilization mark \(high/low\) +: (?P<mark_high>\d+) / (?P<mark_low>\d+)", block))
        one.update(first(r"^ Total addresses +: (?P<total>\d+)", block))
        one.update(first(r"^ Leased addresses +: (?P<leased>\d+)", block))
        one["excluded"] = first(r"^ Excluded addresses +: (?P<it>\d+)", block).get("it")
        one.update(first(r"^ Pending event +: (?P<pending>.+)$", block))
        one["ranges"] = every(
            r"^ (?P<index>[\d.]+) +(?P<first>[\d.]+) +- (?P<last>[\d.]+) +(?P<leased>\d+)"
            r"(?: +/ (?P<excluded>\d+) +/ (?P<total>\d+))?",
            block,
        )
        found.append(one)
    return found if found or not text.strip() else None


def binding(text: str) -> list[Found] | None:
    """C(show ip dhcp binding): an identifier that goes on below is put together, as the router prints it."""
    if not re.search(r"^IP address +Client-ID/", text, re.MULTILINE):
        return None
    rows: list[Found] = []
    for line in text.splitlines():
        found = every(_BINDING, line)
        if found:
            rows.append({"state": None, "interface": None, **found[0], "client": line.split()[1]})
            continue
        more = _CONTINUED.match(line)
        if more and rows:
            rows[-1]["client"] += more["more"]
    return rows


def conflict(text: str) -> list[Found] | None:
    """C(show ip dhcp conflict): addresses that somebody else was found to have."""
    if text.strip() and not re.search(r"^IP address +Detection method", text, re.MULTILINE):
        return None
    row = (
        r"^(?P<address>\d[\d.]+) +(?P<method>Ping|Gratuitous ARP|\S+) +"
        r"(?P<time>[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d [AP]M)(?: +(?P<vrf>\S+))? *$"
    )
    return [{"vrf": None, **one} for one in every(row, text)]


_STATISTICS = {
    "Memory usage": "memory",
    "Address pools": "pools",
    "Database agents": "database_agents",
    "Automatic bindings": "automatic",
    "Manual bindings": "manual",
    "Expired bindings": "expired",
    "Malformed messages": "malformed",
    "Secure arp entries": "secure_arp",
}


def statistics(text: str) -> Found | None:
    """C(show ip dhcp server statistics): counts, and messages received and sent by their name."""
    if not re.search(r"^Address pools +\d+", text, re.MULTILINE):
        return None
    found: Found = {}
    for label, name in _STATISTICS.items():
        found.update(first(rf"^{label} +(?P<{name}>\d+)", text))
    _head, _received, rest = text.partition("Received")
    received, _sent, sent = rest.partition("Sent")
    for name, part in (("received", received), ("sent", sent)):
        found[name] = {
            one["message"].lower(): one["count"] for one in every(r"^(?P<message>[A-Z]{4,}) +(?P<count>\d+)", part)
        }
    return found
