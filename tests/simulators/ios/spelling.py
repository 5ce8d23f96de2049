# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a typed line is spelled: the only thing that the simulator shares with the product."""

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import (
    CLASSIC,
    XE,
    Ambiguous,
    Incomplete,
    Match,
    choices,
    parse_line,
)

DIALECTS = {dialect.name: dialect for dialect in (CLASSIC, XE)}


class Spelled(t.NamedTuple):
    """A line that was understood.

    :param mode: the mode whose command it is; a global command typed in a sub-mode has C(config)
    :param words: the command as running-config spells it, without C(no) and C(default)
    :param enters: the mode that it opens, or null
    :param banner: the delimiter of a banner, and the text that follows it
    :param foreign: a line of IOS that the table does not model; it is kept as it was typed
    """

    mode: str
    words: tuple[str, ...]
    negated: bool = False
    defaulted: bool = False
    enters: str | None = None
    banner: tuple[str, str] | None = None
    foreign: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)


class Wrong(t.NamedTuple):
    """A line that was not understood: C(invalid) with the column, C(ambiguous) or C(incomplete)."""

    why: str
    column: int = 0


def spell(dialect: str, mode: str, text: str) -> Spelled | Wrong:
    """What a line means in a configuration mode."""
    line = text.strip()
    indent = len(text) - len(text.lstrip())
    if mode == "foreign":
        found = parse_line(DIALECTS[dialect], "config", line)
        if not isinstance(found, Match) or found.mode != "config":
            return _kept("foreign", line)
    else:
        found = parse_line(DIALECTS[dialect], mode, line)
    if isinstance(found, Match):
        return _known(found)
    if isinstance(found, Ambiguous):
        return Wrong("ambiguous", found.column + indent)
    if isinstance(found, Incomplete):
        return Wrong("incomplete", found.column + indent)
    return Wrong("invalid", found.column + indent) if found.modelled else _kept(found.mode, line)


def _known(found: Match) -> Spelled:
    words = found.canonical.split(" ")  # several blanks within a description are its own
    if words[0] in ("no", "default") and (found.negated or found.defaulted):
        words = words[1:]
    return Spelled(found.mode, tuple(words), found.negated, found.defaulted, found.enters, found.banner)


def _kept(mode: str, line: str) -> Spelled:
    negated = line.startswith("no ")
    return Spelled(mode, tuple(line.split()[negated:]), negated, foreign=True)


def options(dialect: str, mode: str, text: str) -> list[str]:
    """What ``?`` shows in a configuration mode."""
    words = choices(DIALECTS[dialect], "config" if mode == "foreign" else mode, text)
    if not words:
        return ["% Unrecognized command"]
    return [f"  {word}" for word in words]


def interface(dialect: str, name: str) -> str | None:
    """An interface's full name, or null."""
    found = parse_line(DIALECTS[dialect], "config", f"interface {name}")
    return found.canonical.split()[-1] if isinstance(found, Match) else None
