# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the daemon counts, from the OpenMetrics text that it hands out (C(/1.0/metrics)). Pure."""

from __future__ import annotations

import math
import re
import typing as t

from .._core.errors import Malformed

_SAMPLE = re.compile(r'(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>(?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (?P<value>\S+)')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


def parse(text: str) -> list[dict[str, t.Any]]:
    """Each sample as a dictionary of its name, type, labels and value.

    :raises Malformed: naming the line that is no sample
    """
    kinds: dict[str, str] = {}
    samples = []
    for line in text.splitlines():
        words = line.split(" ")
        if words[:2] == ["#", "TYPE"] and len(words) == 4:
            kinds[words[2]] = words[3]
        if line.startswith("#") or not line.strip():
            continue
        found = _SAMPLE.match(line)
        if not found:
            raise Malformed(f"'{line[:80]}' is no sample of a metric")
        name = found["name"]
        labels = {label: re.sub(r"\\.", _unescaped, value) for label, value in _LABEL.findall(found["labels"] or "")}
        samples.append(
            {"name": name, "type": kinds.get(name, "unknown"), "labels": labels, "value": _number(found["value"])}
        )
    return samples


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found.group(), found.group())


def _number(text: str) -> int | float | str:
    """A value; those that JSON has no number for (C(NaN), C(+Inf)) stay text."""
    try:
        value = float(text)
    except ValueError:
        raise Malformed(f"'{text}' is no value of a metric") from None
    if not math.isfinite(value):
        return text
    return int(value) if value.is_integer() else value
