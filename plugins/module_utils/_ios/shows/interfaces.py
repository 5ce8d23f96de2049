# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show interfaces, interfaces description, ip interface brief, protocols and controllers. Pure."""

from __future__ import annotations

from .cut import Found, blocks, every, first

_STATUS = (
    r"(?P<status>administratively down|up|down|reset|deleted|standby mode|\S+), line protocol is (?P<protocol>\S+)"
)
_COUNTERS = (
    r"^ +(?P<input_packets>\d+) packets input, (?P<input_bytes>\d+) bytes",
    r"^ +(?P<output_packets>\d+) packets output, (?P<output_bytes>\d+) bytes",
    r"^ +(?P<input_errors>\d+) input errors, (?P<crc>\d+) CRC",
    r"^ +(?P<output_errors>\d+) output errors, (?P<collisions>\d+) collisions",
    r"^ +(?P<resets>\d+) interface resets|(?P<resets_late>\d+) interface resets",
)


def interfaces(text: str) -> list[Found] | None:
    """C(show interfaces): state, addresses, limits and counters of each.

    Rates are in bit/s and packets/s, C(bandwidth) in kbit/s, C(mtu) in bytes.
    """
    found = [_interface(block) for block in blocks(r"^\S+ is [^\n]*, line protocol is ", text)]
    return found or None


def _interface(block: str) -> Found:
    one = first(rf"^(?P<interface>\S+) is {_STATUS}", block)
    one["description"] = first(r"^  Description: (?P<it>.*)$", block).get("it")
    one.update(
        first(
            r"^  Hardware is (?P<hardware>.+?)(?:, address is (?P<mac_address>\S+)(?: \(bia (?P<burnt_in>[^)]+)\))?)?$",
            block,
        )
    )
    one["address"] = first(r"^  Internet address is (?P<it>\S+)$", block).get("it")
    one.update(first(r"^  MTU (?P<mtu>\d+) bytes, BW (?P<bandwidth>\d+) Kbit", block))
    one.update(first(r"^  Encapsulation (?P<encapsulation>[^,\n]+)", block))
    one.update(first(r"^  (?P<duplex>\w+)[ -][Dd]uplex, (?P<speed>[^,\n]+)", block))
    one["last_clearing"] = first(r"Last clearing of \"show interface\" counters (?P<it>\S+)", block).get("it")
    one.update(first(r"input rate (?P<input_rate>\d+) bits/sec, (?P<input_packet_rate>\d+) packets/sec", block))
    one.update(first(r"output rate (?P<output_rate>\d+) bits/sec, (?P<output_packet_rate>\d+) packets/sec", block))
    counters: Found = {}
    for pattern in _COUNTERS:
        counters.update(first(pattern, block))
    if "resets_late" in counters:  # on the line of the output errors, as most trains print it
        counters["resets"] = counters.pop("resets_late")
    one["counters"] = counters
    return one


def description(text: str) -> list[Found] | None:
    """C(show interfaces description): interface (as abbreviated there), status, protocol, description."""
    if not first(r"^(?P<it>Interface +Status +Protocol +Description)", text):
        return None
    row = (
        r"^(?P<interface>\S+) +(?P<status>admin down|up|down|deleted|reset) +(?P<protocol>up|down)(?P<description>.*)$"
    )
    return every(row, text)


def brief(text: str) -> list[Found] | None:
    """C(show ip interface brief); an interface without an address has a null one."""
    if not first(r"^(?P<it>Interface +IP-Address +OK\? +Method)", text):
        return None
    row = (
        r"^(?P<interface>\S+) +(?P<address>\d[\d.]+|unassigned) +(?P<ok>YES|NO) +(?P<method>\S+) +"
        r"(?P<status>administratively down|up|down|deleted|reset) +(?P<protocol>up|down)"
    )
    rows = every(row, text)
    for one in rows:
        one["address"] = None if one["address"] == "unassigned" else one["address"]
        one["ok"] = one["ok"] == "YES"
    return rows


def protocols(text: str) -> Found | None:
    """C(show protocols): whether the router routes, and of each interface its state and address."""
    routing = first(r"^  Internet Protocol routing is (?P<it>enabled|disabled)", text).get("it")
    listed = []
    for block in blocks(r"^\S+ is [^\n]*, line protocol is ", text):
        one = first(rf"^(?P<interface>\S+) is {_STATUS}", block)
        one["address"] = first(r"^  Internet address is (?P<it>\S+)$", block).get("it")
        listed.append(one)
    return {"ip_routing": routing == "enabled", "interfaces": listed} if routing else None


def controllers(text: str) -> list[Found] | None:
    """C(show controllers): of each interface the hardware where it is named, and the text, which differs by model."""
    found = []
    for block in blocks(r"^(?:Interface \S+|\S+\d - )", text):
        one = first(r"^(?:Interface )?(?P<interface>\S+)", block)
        one["hardware"] = first(r"^ *Hardware is (?P<it>.+)$", block).get("it")
        one["text"] = block.rstrip()
        found.append(one)
    return found or None
