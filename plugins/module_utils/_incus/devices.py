# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Devices held against what their types take, before one is sent. Pure.

The table knows one release of each brand. A daemon that is newer decides by itself: what the table does not know may be
new. `checks.explain` then tells the near option of what it refuses.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, UnknownKey, did_you_mean
from .device_table import EXTENSIONS, NEEDS, OPTIONS, options

# What a device of each type is of a kind of, where the table tells its sorts apart.
_SORTED_BY = {"nic": "nictype", "infiniband": "nictype", "gpu": "gputype"}

_BOOLEANS = ("true", "1", "yes", "on", "false", "0", "no", "off")
# Sizes in bytes (reference document "Units for storage and network limits"); a percentage is one of memory.
_SIZE = re.compile(r"-?\d+ ?(B|[kKMGTPE]i?B|bytes)?")
_TEXTS = {
    "mac": (re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"), "six bytes as '00:16:3e:01:02:03'"),
    "hex4": (re.compile(r"[0-9a-f]{4}"), "four hexadecimal digits in lower case"),
    "octal": (re.compile(r"0?[0-7]{3,4}"), "an octal mode, as '0660'"),
    "size": (_SIZE, "a size in bytes, as '10GiB'"),
}


def known(brand: str, extensions: t.Sequence[str]) -> bool:
    """Whether a daemon is no newer than the one of its brand that the table was made from."""
    return len(extensions) <= EXTENSIONS.get(brand, 0)


def check(device: t.Mapping[str, str]) -> None:
    """Raise where a device cannot be right.

    :raises UnknownKey: its type, or one of its options, is none
    :raises InvalidOption: an option is missing, or its value is of another kind
    """
    kind = device.get("type")
    if not kind:
        raise InvalidOption("it has no 'type'", next_step=f"give one of {', '.join(_types())}")
    if kind not in OPTIONS:
        hint = did_you_mean(kind, _types()) or f"it can be {', '.join(_types())}"
        raise UnknownKey(f"there is no type '{kind}'", next_step=hint)
    sort = _sort(kind, device)
    takes = options(sort)
    for name, value in device.items():
        if name == "type":
            continue
        values = _values(name, takes)
        if values is None:
            raise _unknown(name, kind, sort, takes)
        wrong = _wrong(value, values)
        if wrong:
            raise InvalidOption(f"its '{name}' is '{value}'", next_step=wrong)
    if "network" in device:
        return  # which brings the rest along
    for need in " ".join(NEEDS.get(entry, "") for entry in (kind, sort)).split():
        names = need.split("|")
        if not set(names) & set(device):
            needed = " or ".join(f"'{name}'" for name in names)
            raise InvalidOption(f"a device of the type '{sort}' needs {needed}")


def _types() -> list[str]:
    return [sort for sort in OPTIONS if "/" not in sort]


def _sort(kind: str, device: t.Mapping[str, str]) -> str:
    """The table's entry for a device: that of its sort, or that of its type with the options of all sorts."""
    if kind == "disk":
        return "disk/root" if device.get("path") == "/" and not device.get("source") else kind
    found = f"{kind}/{device.get(_SORTED_BY.get(kind, ''))}"
    return found if found in OPTIONS else kind


def _values(name: str, takes: t.Mapping[str, str]) -> str | None:
    """The values of an option; null where there is none of that name."""
    if name in takes:
        return takes[name]
    return next((takes[free] for free in takes if free.endswith("*") and name.startswith(free[:-1])), None)


def _unknown(name: str, kind: str, sort: str, takes: t.Mapping[str, str]) -> UnknownKey:
    what = f"a device of the type '{sort}' has no option '{name}'"
    if sort != kind and name in options(kind):
        return UnknownKey(what, next_step=f"only other sorts of '{kind}' have it")
    return UnknownKey(what, next_step=did_you_mean(name, takes))


def _wrong(value: str, values: str) -> str | None:
    """What an option's value should be instead, or null where it is right."""
    if not values:
        return None
    if values == "bool":
        return None if value.lower() in _BOOLEANS else "it is true or false"
    if values in _TEXTS:
        pattern, told = _TEXTS[values]
        return None if pattern.fullmatch(value) else f"it is {told}"
    choices = values.split("|")
    bounds = re.fullmatch(r"(-?\d*)\.\.(-?\d*)", choices[0])
    if not bounds:
        return None if value in choices else did_you_mean(value, choices) or f"it is one of {', '.join(choices)}"
    low, high = bounds.groups()
    if value in choices[1:]:
        return None
    if re.fullmatch(r"-?\d+", value) and (not low or int(value) >= int(low)) and (not high or int(value) <= int(high)):
        return None
    told = f"a number from {low} to {high}" if low and high else "a whole number"
    return " or ".join([f"it is {told}", *(f"'{choice}'" for choice in choices[1:])])
