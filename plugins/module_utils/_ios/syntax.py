# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The notation in which the command table writes syntax, compiled for parsing and for printing.

word                a keyword, which may be cut to a unique prefix
<name:kind>         an argument of a kind of C(tokens.py), or a whole number ("<size:1-64>")
<name:a|b|c>        one of several keywords
<name:kind>*8       up to eight of them
[ ... ]             what may be left out; one that holds only keywords sets a value named by them
{ [a] [b] }         what may be left out and comes in any order; it is printed in this order
"""

from __future__ import annotations

import functools
import itertools
import re
import typing as t

from . import tokens

_LEXER = re.compile(r"<([\w-]+):([^>]+)>(?:\*(\d+))?|([\[\]{}])|([^\s\[\]{}<>]+)")


class Keyword(t.NamedTuple):
    """A fixed word."""

    word: str


class Argument(t.NamedTuple):
    """A value; C(most) is how many of them may stand here."""

    name: str
    kind: str
    most: int


class Optional(t.NamedTuple):
    """What may be left out."""

    parts: tuple[t.Any, ...]

    @property
    def flag(self) -> str | None:
        """The name of the value that it sets: only where it holds nothing but keywords."""
        words = [part.word for part in self.parts if isinstance(part, Keyword)]
        return " ".join(words) if len(words) == len(self.parts) else None


class AnyOrder(t.NamedTuple):
    """Optional parts in any order."""

    options: tuple[Optional, ...]


class Step(t.NamedTuple):
    """One word on the way through a command: a keyword (no C(kind)) or an argument; C(sets) is the value it leaves."""

    word: str
    kind: str | None
    sets: tuple[str, t.Any] | None


@functools.cache
def compile_syntax(text: str) -> tuple[t.Any, ...]:
    """The parts of a syntax."""
    stack: list[list[t.Any]] = [[]]
    for name, kind, most, bracket, word in _LEXER.findall(text):
        if bracket in ("[", "{"):
            stack.append([])
        elif bracket == "]":
            parts = tuple(stack.pop())
            stack[-1].append(Optional(parts))
        elif bracket == "}":
            options = tuple(stack.pop())
            stack[-1].append(AnyOrder(options))
        else:
            stack[-1].append(Keyword(word) if word else Argument(name, kind, int(most or 1)))
    return tuple(stack[0])


def sequences(parts: t.Sequence[t.Any]) -> list[tuple[Step, ...]]:
    """Every way through the parts, as flat sequences of steps."""
    ways: list[tuple[Step, ...]] = [()]
    for part in parts:
        ways = [way + more for way in ways for more in _ways(part)]
    return ways


def _ways(part: t.Any) -> list[tuple[Step, ...]]:
    if isinstance(part, Keyword):
        return [(Step(part.word, None, None),)]
    if isinstance(part, Argument):
        return _argument_ways(part)
    if isinstance(part, Optional):
        inner = sequences(part.parts)
        if part.flag:
            inner = [(*way[:-1], way[-1]._replace(sets=(part.flag, True))) for way in inner]
        return [(), *inner]
    orders = [order for size in range(len(part.options) + 1) for order in itertools.permutations(part.options, size)]
    return [way for order in orders for way in sequences_of(order)]


def sequences_of(options: t.Sequence[Optional]) -> list[tuple[Step, ...]]:
    """Every way through options none of which is left out."""
    ways: list[tuple[Step, ...]] = [()]
    for option in options:
        ways = [way + more for way in ways for more in _ways(option) if more]
    return ways


def _argument_ways(part: Argument) -> list[tuple[Step, ...]]:
    if part.kind in tokens.KINDS or tokens.is_range(part.kind):
        step = Step(f"<{part.name}>", part.kind, (part.name, None))
        return [(step,) * count for count in range(1, part.most + 1)]
    choices = part.kind.split("|")
    single = [Step(choice, None, (part.name, choice)) for choice in choices]
    return [way for count in range(1, part.most + 1) for way in itertools.permutations(single, count)]


def print_values(parts: t.Sequence[t.Any], values: t.Mapping[str, t.Any], implied: t.Mapping[str, t.Any]) -> str:
    """The text of a command with these values; optional parts whose values are all implied are left out."""
    words = []
    for part in parts:
        if isinstance(part, Keyword):
            words.append(part.word)
        elif isinstance(part, Argument):
            words.append(_text(part, values[part.name] if part.name in values else implied[part.name]))
        else:
            options = part.options if isinstance(part, AnyOrder) else (part,)
            words += [print_values(one.parts, values, implied) for one in options if _says(one, values, implied)]
    return " ".join(words)


def _says(part: Optional, values: t.Mapping[str, t.Any], implied: t.Mapping[str, t.Any]) -> bool:
    """Whether an optional part has something to say."""
    if part.flag:
        return bool(values.get(part.flag))
    return any(values[name] != implied.get(name) for name in names(part.parts) if name in values)


def _text(part: Argument, value: t.Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    choices = part.kind.split("|")
    ordered = sorted(value, key=choices.index) if len(choices) > 1 else value
    return " ".join(str(one) for one in ordered)


def names(parts: t.Sequence[t.Any]) -> list[str]:
    """The names of all values that the parts can leave."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, Argument):
            found.append(part.name)
        elif isinstance(part, Optional):
            found += [part.flag] if part.flag else names(part.parts)
        elif isinstance(part, AnyOrder):
            found += [name for option in part.options for name in names((option,))]
    return found
