# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""What the parsers of show commands share: lines cut by patterns. Pure."""

from __future__ import annotations

import re
import typing as t

Found = dict[str, t.Any]


_COUNTS = re.compile(r"\(\?P<(\w+)>\\d\+\)")


def first(pattern: str, text: str) -> Found:
    """The named groups of the pattern's first place in the text; empty where there is none.

    A group that the pattern allows digits only is a number, the rest is stripped text; what did not match is left out.
    """
    found = re.search(pattern, text, re.MULTILINE)
    return _plain(found, pattern) if found else {}


def every(pattern: str, text: str) -> list[Found]:
    """The same of every place, in order."""
    return [_plain(found, pattern) for found in re.finditer(pattern, text, re.MULTILINE)]


def _plain(found: re.Match[str], pattern: str) -> Found:
    counts = _COUNTS.findall(pattern)
    groups = {name: value.strip() for name, value in found.groupdict().items() if value is not None}
    return {name: int(value) if name in counts else value for name, value in groups.items()}


def texts(pattern: str, text: str) -> list[str]:
    """Each place of the pattern's one group."""
    return [str(found).strip() for found in re.findall(pattern, text, re.MULTILINE)]


def blocks(starts: str, text: str) -> list[str]:
    """The text cut before each line that the pattern matches; what comes before the first is left out."""
    places = [found.start() for found in re.finditer(starts, text, re.MULTILINE)]
    return [text[start:end] for start, end in zip(places, [*places[1:], len(text)])]
