# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters behind ``|``."""

from __future__ import annotations

import re
import typing as t

Filter = t.Callable[[list[str]], list[str]]
NAMES = ("append", "begin", "count", "exclude", "format", "include", "redirect", "section", "tee")
HELP = [
    "  append    Append redirected output to URL (URLs supporting append operation",
    "            only)",
    "  begin     Begin with the line that matches",
    "  count     Count number of lines which match regexp",
    "  exclude   Exclude lines that match",
    "  format    Format the output using the specified spec file",
    "  include   Include lines that match",
    "  redirect  Redirect output to URL",
    "  section   Filter a section of output",
    "  tee       Copy output to URL",
]


def parse(text: str) -> Filter | None:
    """The filter that is asked for, or null."""
    word, _space, pattern = text.strip().partition(" ")
    near = [name for name in NAMES if word and name.startswith(word)]
    pattern = pattern.strip()
    if len(near) != 1 or not pattern:
        return None
    return FILTERS.get(near[0], lambda _pattern: None)(pattern)


def _section(pattern: str) -> Filter:
    pattern = re.sub(r"^include +", "", pattern)

    def kept(lines: list[str]) -> list[str]:
        chosen, depth = [], None
        for line in lines:
            indent = len(line) - len(line.lstrip(" "))
            if depth is not None and indent <= depth:
                depth = None
            if depth is None and re.search(pattern, line):
                depth = indent
            if depth is not None:
                chosen.append(line)
        return chosen

    return kept


def _begin(pattern: str) -> Filter:
    def kept(lines: list[str]) -> list[str]:
        first = next((at for at, line in enumerate(lines) if re.search(pattern, line)), len(lines))
        return lines[first:]

    return kept


FILTERS: dict[str, t.Callable[[str], Filter]] = {
    "include": lambda pattern: lambda lines: [line for line in lines if re.search(pattern, line)],
    "exclude": lambda pattern: lambda lines: [line for line in lines if not re.search(pattern, line)],
    "count": lambda pattern: (
        lambda lines: [f"Number of lines which match regexp = {sum(1 for line in lines if re.search(pattern, line))}"]
    ),
    "begin": _begin,
    "section": _section,
}
