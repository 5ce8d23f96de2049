# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Metrics in the text format of Prometheus, which OpenMetrics has made a standard of. Pure."""

from __future__ import annotations

import math
import re
import typing as t

_SAMPLE = re.compile(r'([A-Za-z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})?[ \t]+(\S+)(?:[ \t]+\S+)?$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")


class Family(t.TypedDict):
    """All samples of one name: C(labels) and C(value) of each.

    :param type: C(counter), C(gauge) and so on; C(unknown) where nothing says so
    """

    help: str
    type: str
    samples: list[dict[str, t.Any]]


def families(text: str) -> dict[str, Family]:
    """The samples by their names, in their order. Lines that are none are left out, and so are times of samples."""
    found: dict[str, Family] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            _mark, what, name, rest = (*line.split(" ", 3), "", "", "")[:4]
            if what == "HELP":
                _family(found, name)["help"] = rest
            elif what == "TYPE":
                _family(found, name)["type"] = rest
            continue
        sample = _SAMPLE.match(line.strip())
        value = _number(sample[3]) if sample else None
        if sample and value is not None:
            labels = {label: _ESCAPE.sub(_unescaped, inner) for label, inner in _LABEL.findall(sample[2] or "")}
            _family(found, sample[1])["samples"].append({"labels": labels, "value": value})
    return found


def _family(found: dict[str, Family], name: str) -> Family:
    return found.setdefault(name, {"help": "", "type": "unknown", "samples": []})


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def _number(text: str) -> int | float | str | None:
    """A value; those that JSON has no number for (C(NaN), C(+Inf)) stay text."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
