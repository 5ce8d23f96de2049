# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show ip route. Pure."""

from __future__ import annotations

import re

from .cut import Found, first

_CODE = r"(?P<code>[A-Za-z][A-Z0-9a-z]?)(?P<flags>[*+%& ]*?(?:E1|E2|N1|N2|IA|L1|L2|ia|su|EX)?[*+%& ]*)"
_VIA = (
    r"(?: \[(?P<distance>\d+)/(?P<metric>\d+)\])?(?: via (?P<next_hop>[\d.]+))?(?:, (?P<age>[\dwdhy:]+))?"
    r"(?:, (?P<interface>[A-Z]\S+))?"
)
_ROUTE = re.compile(rf"^{_CODE} +(?P<prefix>[\d.]+(?:/\d+)?)(?P<direct> is directly connected)?{_VIA}")
_MORE = re.compile(rf"^ {{10,}}{_VIA}$")
_PARENT = re.compile(r"^ {5,8}(?P<prefix>[\d.]+)/(?P<length>\d+) is (?P<kind>variably )?subnetted")
_GATEWAY = r"^Gateway of last resort is (?:(?P<none>not set)|(?P<next_hop>[\d.]+) to network (?P<network>[\d.]+))"


def ip_route(text: str) -> Found | None:
    """C(show ip route): the gateway of last resort, and each route with its ways.

    A prefix without a length, as older trains print it below its network, gets that network's.
    """
    gateway = first(_GATEWAY, text)
    if not gateway:
        return None
    routes: list[Found] = []
    length: str | None = None
    for line in text.splitlines():
        parent = _PARENT.match(line)
        if parent:
            length = None if parent["kind"] else parent["length"]
            continue
        found = _ROUTE.match(line)
        if found:
            routes.append(_route(found, length))
            continue
        more = _MORE.match(line)
        if more and routes and (more["next_hop"] or more["interface"]):
            routes[-1]["ways"].append(_way(more, routes[-1]))
    return {"gateway": gateway.get("next_hop"), "gateway_network": gateway.get("network"), "routes": routes}


def _route(found: re.Match[str], length: str | None) -> Found:
    prefix = found["prefix"]
    if "/" not in prefix and length:
        prefix = f"{prefix}/{length}"
    flags = found["flags"].split()
    route: Found = {
        "prefix": prefix,
        "code": found["code"],
        "flags": flags,
        "default": "*" in found["flags"],
        "connected": bool(found["direct"]),
        "distance": int(found["distance"]) if found["distance"] else None,
        "metric": int(found["metric"]) if found["metric"] else None,
        "ways": [],
    }
    if found["next_hop"] or found["interface"]:
        route["ways"].append(_way(found, route))
    return route


def _way(found: re.Match[str], route: Found) -> Found:
    if found["distance"] and route["distance"] is None:  # a route whose ways begin on the next line
        route["distance"], route["metric"] = int(found["distance"]), int(found["metric"])
    return {"next_hop": found["next_hop"], "interface": found["interface"], "age": found["age"]}
