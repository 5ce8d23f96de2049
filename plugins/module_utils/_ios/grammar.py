# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Spelling of Cisco IOS: what a typed line means in a mode, with abbreviations, aliases, C(no), C(default), C(do).

It knows nothing of what a command does to a configuration: the simulator uses it, and nothing else of this system.
"""

from __future__ import annotations

import functools
import os.path
import re
import typing as t

from .._core.errors import near
from . import tokens
from .commands import (
    CLASSIC,
    COMMANDS,
    KNOWN,
    MODES,
    OTHER_WORDS,
    XE,
    Both,
    Command,
    Dialect,
)
from .syntax import Argument, Step, compile_syntax, print_values, sequences

__all__ = [
    "CLASSIC",
    "COMMANDS",
    "KNOWN",
    "MODES",
    "XE",
    "Ambiguous",
    "Command",
    "Dialect",
    "Incomplete",
    "Match",
    "Unknown",
    "canonical",
    "choices",
    "dialect_of",
    "parse_line",
    "tokens",
]

_WORD = re.compile(r"\S+")
_BANNER = re.compile(r"banner\s+(?:(exec|login|motd)\s+)?(\S)", re.IGNORECASE)


class Match(t.NamedTuple):
    """A line that the grammar knows.

    text: as it was typed; mode: where it was understood (a sub-mode understands global commands: then it is "config")
    canonical: as the running-config spells it, with its C(no), C(default) or C(do)
    enters: the mode that it opens, or null; values: its arguments by name
    exact: whether no word was abbreviated; pipe: what follows C(|): the filter and its argument
    banner: for C(banner): the delimiter and the text that follows it on this line
    """

    text: str
    mode: str
    command: Command
    canonical: str
    values: dict[str, t.Any]
    enters: str | None
    negated: bool
    defaulted: bool
    do: bool
    exact: bool
    pipe: tuple[str, str] | None
    banner: tuple[str, str] | None


class Unknown(t.NamedTuple):
    """A line with a word that cannot stand where it stands. C(column) counts from 0; C(near): words it may be meant as.

    modelled: false where the first word is IOS's, but not in the table; expected: what could stand there
    """

    text: str
    mode: str
    column: int
    near: tuple[str, ...]
    modelled: bool
    expected: tuple[str, ...] = ()


class Ambiguous(t.NamedTuple):
    """A line with an abbreviation of several words."""

    text: str
    mode: str
    column: int
    candidates: tuple[str, ...]


class Incomplete(t.NamedTuple):
    """A line that ends too early. C(expected): what could follow."""

    text: str
    mode: str
    column: int
    expected: tuple[str, ...]


Parsed = t.Union[Match, Unknown, Ambiguous, Incomplete]


class _Node:
    """A place in a mode's tree of commands."""

    __slots__ = ("arguments", "ends", "words")

    def __init__(self) -> None:
        self.words: dict[str, list[tuple[tuple[str, t.Any] | None, _Node]]] = {}
        self.arguments: list[tuple[str, str, tokens.Kind, _Node]] = []
        self.ends: Command | None = None

    def follow(self, step: Step) -> _Node:
        """The node behind a step, made where it is not there yet."""
        if step.kind is None:
            edges = self.words.setdefault(step.word, [])
            for sets, node in edges:
                if sets == step.sets:
                    return node
            edges.append((step.sets, _Node()))
            return edges[-1][1]
        name = step.sets[0] if step.sets else ""
        for known, kind, _take, node in self.arguments:
            if (known, kind) == (name, step.kind):
                return node
        self.arguments.append((name, step.kind, tokens.kind_of(step.kind), _Node()))
        return self.arguments[-1][3]


class _Line:
    """One line on its way through the tree: its words, and the furthest place that it failed at."""

    __slots__ = ("exact", "failure", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(_WORD.finditer(text))
        self.words = [word[0] for word in found]
        self.starts = [word.start() for word in found]
        self.failure: tuple[int, _Node] | None = None
        self.exact = True

    def fail(self, at: int, node: _Node) -> None:
        """Remember the furthest failure."""
        if self.failure is None or at > self.failure[0]:
            self.failure = (at, node)


class _AmbiguousWord(Exception):
    def __init__(self, at: int, candidates: tuple[str, ...]) -> None:
        super().__init__()
        self.at = at
        self.candidates = candidates


def parse_line(dialect: Dialect, mode: str, text: str) -> Parsed:
    """What a typed line means in a mode of C(MODES). Surrounding blanks and control characters at its end do not count.

    A global command that is typed in a sub-mode is understood as such: its match says C(mode="config").
    """
    return _parse(dialect.name, mode, text.strip())


@functools.lru_cache(maxsize=1 << 16)
def _parse(dialect: str, mode: str, text: str) -> Parsed:
    first = _parse_in(dialect, mode, text)
    parent = MODES[mode].parent
    if not isinstance(first, Unknown) or parent in (None, "exec"):
        return first
    second = _parse(dialect, parent, text)
    return second if isinstance(second, Match) or first.column == 0 else first


def _parse_in(dialect: str, mode: str, text: str) -> Parsed:
    prefix, _blank, rest = text.partition(" ")
    configuring = MODES[mode].parent is not None
    if configuring and prefix in ("do", "no", "default") and rest.strip():
        return _prefixed(dialect, mode, text, prefix)
    if mode == "config":
        banner = _banner(text)
        if banner:
            return banner
    shown, pipe, piped = text.partition("|") if mode in ("user", "exec") else (text, "", "")
    found = _walk(dialect, mode, shown.rstrip(), False)
    if pipe and isinstance(found, Match):
        return _with_pipe(dialect, found, text, piped, len(shown) + 1)
    return found


def _prefixed(dialect: str, mode: str, text: str, prefix: str) -> Parsed:
    rest = text[len(prefix) :]
    offset = len(prefix) + len(rest) - len(rest.lstrip())
    rest = rest.lstrip()
    found = _parse_in(dialect, "exec", rest) if prefix == "do" else _walk(dialect, mode, rest, True)
    if not isinstance(found, Match):
        return found._replace(text=text, column=found.column + offset)
    return found._replace(
        text=text,
        canonical=f"{prefix} {found.canonical}",
        enters=None,
        negated=prefix == "no",
        defaulted=prefix == "default",
        do=prefix == "do",
    )


def _with_pipe(dialect: str, found: Match, text: str, piped: str, offset: int) -> Parsed:
    filtered = _walk(dialect, "pipe", piped.strip(), False)
    if not isinstance(filtered, Match):
        return filtered._replace(text=text, column=filtered.column + offset + 1)
    name, _blank, argument = filtered.canonical.partition(" ")
    return found._replace(
        text=text, canonical=f"{found.canonical} | {filtered.canonical}", pipe=(name, argument), exact=False
    )


def _banner(text: str) -> Match | None:
    """C(banner motd #text): the delimiter is the first character, whatever it is; a plain C(banner) is motd."""
    parts = _BANNER.match(text)
    if not parts:
        return None
    kind = (parts[1] or "motd").lower()
    command = _BANNERS[kind]
    delimiter, start = parts[2], parts.end()
    if text.startswith("^C", parts.start(2)):  # how the running-config writes the character 3
        delimiter, start = "^C", start + 1
    return Match(
        text, "config", command, f"banner {kind}", {}, None, False, False, False, True, None, (delimiter, text[start:])
    )


def _walk(dialect: str, mode: str, text: str, negated: bool) -> Parsed:
    line = _Line(text)
    root = _root(dialect, mode, negated)
    if not line.words:
        return Unknown(text, mode, 0, (), True)
    values: list[tuple[str, t.Any]] = []
    try:
        command = _step(line, root, 0, values)
    except _AmbiguousWord as error:
        return Ambiguous(text, mode, line.starts[error.at], error.candidates)
    if command is None:
        return _why_not(line, mode)
    gathered = _gather(values)
    printed = _print(dialect, command, gathered, negated)
    enters = None if negated else command.enters
    return Match(text, mode, command, printed, gathered, enters, False, False, False, line.exact, None, None)


def _step(line: _Line, node: _Node, at: int, values: list[tuple[str, t.Any]]) -> Command | None:
    """Go on from a node with the word at C(at); returns the command in which the line ends."""
    if at == len(line.words):
        if node.ends is None:
            line.fail(at, node)
        return node.ends
    edges = node.words.get(line.words[at])
    if edges:
        return _by_keyword(line, edges, at, values)
    found = _abbreviated(line, node, at, values) if node.words else None
    return found or _by_argument(line, node, at, values)


def _by_keyword(
    line: _Line, edges: list[tuple[t.Any, _Node]], at: int, values: list[tuple[str, t.Any]]
) -> Command | None:
    mark = len(values)
    for sets, after in edges:
        if sets is not None:
            values.append(sets)
        found = _step(line, after, at + 1, values)
        if found:
            return found
        del values[mark:]
    return None


def _abbreviated(line: _Line, node: _Node, at: int, values: list[tuple[str, t.Any]]) -> Command | None:
    low = line.words[at].lower()
    if node.words.get(low):
        return _by_keyword(line, node.words[low], at, values)
    fitting = [low] if low in node.words else [word for word in node.words if word.lower().startswith(low)]
    if len(fitting) > 1:
        raise _AmbiguousWord(at, tuple(sorted(fitting)))
    if not fitting:
        return None
    found = _by_keyword(line, node.words[fitting[0]], at, values)
    if found:
        line.exact = False
    return found


def _by_argument(line: _Line, node: _Node, at: int, values: list[tuple[str, t.Any]]) -> Command | None:
    mark = len(values)
    for name, kind, take, after in node.arguments:
        if kind == "line":
            taken: tokens.Taken = (line.text[line.starts[at] :], len(line.words) - at)
        else:
            taken = take(line.words, at)
        if taken is None:
            continue
        values.append((name, taken[0]))
        found = _step(line, after, at + taken[1], values)
        if found:
            return found
        del values[mark:]
    line.fail(at, node)
    return None


def _why_not(line: _Line, mode: str) -> Parsed:
    """The furthest failure, as the device would tell it."""
    at, node = t.cast("tuple[int, _Node]", line.failure)
    expected = _expected(node)
    if at >= len(line.words):
        return Incomplete(line.text, mode, len(line.text), expected)
    word = line.words[at]
    if at == 0 and any(one.startswith(word.lower()) for one in _other_words(mode)):
        return Unknown(line.text, mode, line.starts[at], (), False)
    shared = max((len(os.path.commonprefix([word, one])) for one in node.words), default=0)
    alike = near(word.lower(), node.words)
    return Unknown(line.text, mode, line.starts[at] + shared, (alike,) if alike else (), True, expected)


def _expected(node: _Node) -> tuple[str, ...]:
    return (*sorted(node.words), *dict.fromkeys(tokens.help_of(kind) for _name, kind, _take, _node in node.arguments))


def _gather(values: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Values by name; one that was given several times is a tuple."""
    gathered: dict[str, t.Any] = {}
    for name, value in values:
        if name in gathered:
            known = gathered[name]
            gathered[name] = (*known, value) if isinstance(known, tuple) else (known, value)
        else:
            gathered[name] = value
    return gathered


def _print(dialect: str, command: Command, values: t.Mapping[str, t.Any], negated: bool) -> str:
    if negated and not set(_needed(dialect, command)) <= set(values):
        return print_values(compile_syntax(negation(command)), values, {})
    said = {name: value for name, value in command.implied.items() if name not in command.sticky}
    return print_values(compile_syntax(printed(dialect, command)), values, said if command.sticky else command.implied)


def canonical(dialect: Dialect, command: Command, values: t.Mapping[str, t.Any], negated: bool = False) -> str:
    """The command with these values as the dialect's running-config prints it; negated: what follows its C(no)."""
    return _print(dialect.name, command, values, negated)


@functools.cache
def _needed(dialect: str, command_: t.Any) -> tuple[str, ...]:
    parts = compile_syntax(printed(dialect, command_))
    return tuple(part.name for part in parts if isinstance(part, Argument) and part.name not in command_.implied)


def printed(dialect: str, command: Command) -> str:
    """The syntax in which a dialect prints the command."""
    return t.cast(str, per_dialect(command.prints, dialect)) or command.syntax


def per_dialect(column: t.Any, dialect: str) -> t.Any:
    """A column's value for a dialect."""
    return getattr(column, dialect) if isinstance(column, Both) else column


@functools.cache
def negation(command: Command) -> str:
    """The syntax of what follows C(no): up to the last value that tells it apart, or its leading keywords."""
    if command.negate is not None:
        return command.negate
    parts = command.syntax.split(" ")
    last = -1
    for at, part in enumerate(parts):
        if part.lstrip("[").startswith("<"):
            if not any(part.lstrip("[").startswith(f"<{name}:") for name in command.key):
                break
            last = at
        elif part[0] in "[{":
            break
        else:
            last = at
    return _balanced(" ".join(parts[: last + 1]))


def _balanced(text: str) -> str:
    return text + "]" * (text.count("[") - text.count("]"))


@functools.cache
def _root(dialect: str, mode: str, negated: bool) -> _Node:
    """The tree of a mode's commands; after C(no) the shorter forms are understood as well."""
    root = _Node()
    for command in COMMANDS:
        if command.mode != mode or dialect not in command.dialects:
            continue
        spellings = [command.syntax, *command.aliases]
        if negated:
            spellings.append(negation(command))
        for spelling in spellings:
            for way in sequences(compile_syntax(spelling)):
                node = root
                for step in way:
                    node = node.follow(step)
                node.ends = node.ends or command
    for word in _other_words(mode):
        root.words.setdefault(word, [])
    if mode in ("config", *(name for name, one in MODES.items() if one.parent == "config")):
        root.words.setdefault("no", [])
    return root


@functools.cache
def _other_words(mode: str) -> frozenset[str]:
    return frozenset(OTHER_WORDS.get(mode, "").split())


def choices(dialect: Dialect, mode: str, text: str) -> tuple[str, ...] | None:
    """What the help offers where C(?) is typed after C(text); null where the text before is not understood.

    Words that begin with the last word of the text, or what may follow where the text ends with a blank; "<cr>" where
    the line may end.
    """
    line = _Line(text)
    whole = line.words if not text or text.endswith(" ") else line.words[:-1]
    start = "" if len(whole) == len(line.words) else line.words[-1]
    nodes = [_root(dialect.name, mode, False)]
    at = 0
    while at < len(whole):
        nodes, took = _advance(nodes, whole, at)
        if not nodes:
            return None
        at += took
    offered = sorted({word for node in nodes for word in node.words if word.startswith(start.lower())})
    if not start:
        offered += dict.fromkeys(tokens.help_of(kind) for node in nodes for _name, kind, _take, _next in node.arguments)
        offered += ["<cr>"] if any(node.ends for node in nodes) else []
    return tuple(offered)


def _advance(nodes: list[_Node], words: list[str], at: int) -> tuple[list[_Node], int]:
    word = words[at].lower()
    fitting = {name for node in nodes for name in node.words if name.lower().startswith(word)}
    if word in fitting or len(fitting) == 1:
        name = word if word in fitting else fitting.pop()
        return [after for node in nodes for _sets, after in node.words.get(name, ())], 1
    for node in nodes:
        for _name, _kind, take, after in node.arguments:
            taken = take(words, at)
            if taken:
                return [after], taken[1]
    return [], 1


def dialect_of(text: str) -> Dialect:
    """The dialect of a device by its C(show version) or running-config; what names neither is classic."""
    if re.search(r"IOS[- ]XE|CSR1000V|Cisco IOS Software \[", text):
        return XE
    version = re.search(r"^version (\d+)\.", text, re.MULTILINE)
    return XE if version and int(version[1]) >= 16 else CLASSIC


_BANNERS = {command.syntax.split()[1]: command for command in COMMANDS if command.syntax.startswith("banner ")}
