# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show ntp status and associations. Pure."""

from __future__ import annotations

import re

from .cut import Found, every, first

_OFF = re.compile(r"^% ?NTP is not enabled", re.MULTILINE)
_MARKS = {"*": "system peer", "#": "selected", "+": "candidate", "-": "outlier", "x": "falseticker"}


def status(text: str) -> Found | None:
    """C(show ntp status): whether synchronised, to what; offset, delay and dispersion in milliseconds."""
    if _OFF.search(text):
        return {"enabled": False, "synchronized": False}
    found = first(
        r"^Clock is (?P<state>synchronized|unsynchronized), stratum (?P<stratum>\d+),"
        r" (?:reference is (?P<reference>\S+)|no reference clock)",
        text,
    )
    if not found:
        return None
    synchronized = found.pop("state") == "synchronized"
    found.setdefault("reference", None)
    for name, unit in (
        ("clock offset", "offset"),
        ("root delay", "root_delay"),
        ("root dispersion", "root_dispersion"),
    ):
        value = first(rf"\b{name} is (?P<it>-?[\d.]+) msec", text).get("it")
        found[unit] = None if value is None else float(value)
    return {"enabled": True, "synchronized": synchronized, **found}


def associations(text: str) -> list[Found] | None:
    """C(show ntp associations): C(role) is null for one that was not chosen; times are in milliseconds.

    C(when) and C(poll) stay text where they carry a unit, C(reach) is octal.
    """
    if _OFF.search(text) or not text.strip():
        return []
    if not re.search(r"^ +address +ref clock +st +when +poll +reach", text, re.MULTILINE):
        return None
    row = (
        r"^(?P<role>[*#+x -])(?P<configured>~| )(?P<address>[\w.-]+) +(?P<reference>\S+) +"
        r"(?P<stratum>\d+) +(?P<when>\S+) +(?P<poll>\S+) +(?P<reach>\d+) +(?P<delay>-?[\d.]+) +"
        r"(?P<offset>-?[\d.]+) +(?P<dispersion>[\d.]+)"
    )
    rows = every(row, text)
    for one in rows:
        one["role"] = _MARKS.get(one["role"])
        one["configured"] = one["configured"] == "~"
        one["reach"] = int(str(one["reach"]), 8)
        one["when"] = None if one["when"] == "-" else one["when"]
        for name in ("delay", "offset", "dispersion"):
            one[name] = float(one[name])
    return rows
