# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A configuration as a tree: read from a running-config or from an intent as a person writes it.

Every line is an entry in a slot: what the line configures. Lines that the grammar does not know are opaque entries:
kept word by word, with what is indented under them. Nothing is dropped but comments and headers.

What the running-config only prints in other words is one thing here: each vty line is an entry of its own, numbered
access lists are the same as named ones, aliases and abbreviations are written out.
"""

from __future__ import annotations

import functools
import re
import typing as t

from . import secrets, tokens
from .commands import COMMANDS, MODES, Command, Dialect
from .grammar import Incomplete, Match, Parsed, Unknown, canonical, negation, parse_line, per_dialect
from .syntax import compile_syntax, print_values

Slot = tuple[t.Any, ...]

VTY = "line vty"
ACL_KINDS = {"ip access-list standard": "std-nacl", "ip access-list extended": "ext-nacl"}
# Blocks of vty lines with equal settings are printed as one, but never over this boundary.
VTY_BOUNDARY = 5
# What belongs to the device: read, shown, and neither compared nor changed.
UNTOUCHED = re.compile(
    r"version |boot-(start|end)-marker$|boot |license |ntp clock-period |crypto pki (certificate chain|trustpoint) "
    r"|control-plane|platform |diagnostic |memory free |spanning-tree |redundancy$|subscriber templating$"
)
_HEADER = re.compile(
    r"Building configuration\.\.\.|Current configuration ?:|Using \d+ out of \d+ bytes|Uncompressed configuration"
)
_FROM_DEVICE = re.compile(
    r"^(?:Building configuration\.\.\.|Current configuration ?: \d|Using \d+ out of \d)", re.MULTILINE
)

# What a terminal takes for a command of its own, or the end of a line.
UNTYPEABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Entry:
    """One line with what is under it.

    text: the line in normal form, without C(no); slot: what it configures; command: its row, null if it is opaque
    negated: whether it says C(no) (or C(default)); body: the text of a banner, without its delimiters
    children: the entries under it by slot; mode: the mode that it opens, null if the grammar does not know it
    fresh: whether its secret was typed rather than read, so that its diff says so; line: where it stood in the text
    """

    __slots__ = ("body", "children", "command", "fresh", "line", "mode", "negated", "slot", "text", "values")

    def __init__(self, text: str, slot: Slot, command: Command | None = None, mode: str | None = None) -> None:
        self.text = text
        self.slot = slot
        self.command = command
        self.mode = mode
        self.values: t.Mapping[str, t.Any] = {}
        self.negated = False
        self.body: str | None = None
        self.children: dict[Slot, Entry] = {}
        self.fresh = False
        self.line = 0

    def copy(self) -> Entry:
        """A copy whose children can be changed without changing these."""
        other = Entry(self.text, self.slot, self.command, self.mode)
        other.values, other.negated, other.body = self.values, self.negated, self.body
        other.fresh, other.line = self.fresh, self.line
        other.children = {slot: child.copy() for slot, child in self.children.items()}
        return other

    @property
    def written(self) -> str:
        """The line as it is typed."""
        return f"no {self.text}" if self.negated else self.text

    @property
    def untouched(self) -> bool:
        """Whether it belongs to the device."""
        return bool(UNTOUCHED.match(self.text))

    def order(self) -> int:
        """Where the running-config prints it; opaque entries are where they were."""
        return self.command.order if self.command else -1


class Remark(t.NamedTuple):
    """Something about one line of a text.

    kind: unknown, ambiguous, incomplete, misplaced, not_configuration; near: the words it may be meant as
    """

    line: int
    column: int
    kind: str
    text: str
    message: str
    near: tuple[str, ...] = ()


class Config:
    """A whole configuration. remarks: what was noticed while reading it; from_device: whether a device printed it."""

    def __init__(self, dialect: Dialect, from_device: bool = False) -> None:
        self.dialect = dialect
        self.from_device = from_device
        self.root = Entry("", (), None, "config")
        self.remarks: list[Remark] = []

    def copy(self) -> Config:
        """A copy that can be changed."""
        other = Config(self.dialect, self.from_device)
        other.root = self.root.copy()
        return other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and not differences(self, other)

    def render(self) -> str:
        """The normal form as the running-config prints it, with secrets."""
        return "\n".join(_lines(self, False)) + "\n"

    def masked(self) -> str:
        """The same with secrets masked by their position."""
        return "\n".join(_lines(self, True)) + "\n"

    def find(self, path: t.Sequence[str]) -> Entry | None:
        """The entry at a path of lines, abbreviated or not ("int f0/0"); null where it is not."""
        entry = self.root
        for text in path:
            slots = slots_of(self.dialect, entry.mode, text)
            found = entry.children.get(slots[0]) if slots else None
            if found is None:
                return None
            entry = found
        return entry

    def section(self, path: t.Sequence[str]) -> Config:
        """The configuration that consists of nothing but one section (and the lines that lead to it)."""
        part = Config(self.dialect, self.from_device)
        here, there = self.root, part.root
        for text in path:
            for slot in slots_of(self.dialect, here.mode, text):
                if slot in here.children:
                    there.children[slot] = here.children[slot].copy()
            if not there.children:
                return part
            last = next(iter(there.children.values()))
            if text is not path[-1]:
                here, there = here.children[last.slot], last
                there.children = {}
        return part


def slots_of(dialect: Dialect, mode: str | None, text: str) -> list[Slot]:
    """The slots that a line of a mode fills: several for a range of lines."""
    parsed = parse_line(dialect, mode, text) if mode else None
    if not isinstance(parsed, Match):
        return [("?", text.strip(), 0)]
    return [entry.slot for entry in entries_of(dialect, parsed)]


def slot_of(command: Command, values: t.Mapping[str, t.Any]) -> Slot:
    """What a command with these values configures."""
    name = command.slot or _keywords(command.syntax)
    return (name, *(values.get(key) for key in command.key))


_KEYWORDS: dict[str, str] = {}


def _keywords(syntax: str) -> str:
    known = _KEYWORDS.get(syntax)
    if known is None:
        known = _KEYWORDS[syntax] = re.sub(r"\s*[<\[{].*", "", syntax)
    return known


def parse(text: str, dialect: Dialect) -> Config:
    """The tree of a running-config, a startup-config or an intent.

    An intent may be abbreviated, use other spellings, be flat (without indentation) and contain C(exit) and C(end).
    What is wrong in it is in C(remarks) of the tree, and the line is kept as an opaque one.
    """
    return _Reader(text, dialect).read()


class _Open(t.NamedTuple):
    """An open section: the indentation of its header, its entries (several for a range of lines), its mode."""

    indent: int
    entries: list[Entry]
    mode: str | None


class _Reader:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self.dialect = dialect
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.config = Config(dialect, bool(_FROM_DEVICE.search(text[:4096])))
        self.stack = [_Open(-1, [self.config.root], "config")]
        self.last = self.stack
        self.at = 0

    def read(self) -> Config:
        """Read all lines."""
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip()
            self.at += 1
            text = line.lstrip()
            if text and text[0] != "!" and not _HEADER.match(text):
                self._take(text, len(line) - len(text))
        return self.config

    def _remark(self, kind: str, text: str, message: str, column: int = 0, near: tuple[str, ...] = ()) -> None:
        if not self.config.from_device:
            self.config.remarks.append(Remark(self.at, column, kind, text, message, near))

    def _take(self, text: str, indent: int) -> None:
        while self.stack[-1].indent >= indent:
            self.stack = self.stack[:-1]
        if text in ("end", "exit") and self.stack[-1].mode is not None:
            self._leave(text)
            return
        parsed = self._understand(text, indent)
        if not isinstance(parsed, Match):
            self._opaque(text, indent, parsed)
        elif parsed.do or parsed.mode in ("exec", "user"):
            self._remark("not_configuration", text, "an EXEC command is not configuration")
        elif parsed.command.order >= 990:
            self._not_kept(parsed, text)
        else:
            self._known(parsed, text, indent)

    def _leave(self, text: str) -> None:
        """C(exit) goes up from the section that was open last, C(end) out of all."""
        self.stack = self.stack[:1] if text == "end" else self.last[: max(1, len(self.last) - 1)]
        self.last = self.stack

    def _not_kept(self, parsed: Match, text: str) -> None:
        if parsed.command.syntax in ("end", "exit"):
            self._leave(parsed.command.syntax)
        else:
            self._remark("not_configuration", text, "is carried out, but is no part of the configuration")

    def _understand(self, text: str, indent: int) -> Parsed | None:
        """What a line means under the section that its indentation says, or (in a flat text) in the last open one."""
        here = self.stack[-1]
        if here.mode is None:
            return None
        parsed = parse_line(self.dialect, here.mode, text)
        if self.config.from_device:
            return parsed if isinstance(parsed, Match) and parsed.exact and parsed.mode == here.mode else None
        if isinstance(parsed, Match) and (parsed.mode == here.mode or parsed.do):
            return parsed
        flat = self._in_last(text, indent)
        if flat is not None:
            return flat
        if isinstance(parsed, Match):
            self._remark("misplaced", text, f"is a command of mode '{parsed.mode}', and stands under another section")
            modes = [level.mode for level in self.stack]
            self.stack = self.stack[: modes.index(parsed.mode) + 1] if parsed.mode in modes else self.stack[:1]
        return parsed

    def _in_last(self, text: str, indent: int) -> Match | None:
        for level in range(len(self.last) - 1, 0, -1):
            mode = self.last[level].mode
            if mode is None or self.last[level].indent < indent:
                continue
            parsed = parse_line(self.dialect, mode, text)
            if isinstance(parsed, Match) and parsed.mode == mode:
                self.stack = self.last[: level + 1]
                return parsed
        return None

    def _known(self, parsed: Match, text: str, indent: int) -> None:
        entries = entries_of(self.dialect, parsed)
        if parsed.banner:
            entries[0].body = self._banner(parsed.banner)
        parents, added = self.stack[-1].entries, []
        for parent in parents:
            for entry in entries:
                own = entry if len(parents) == 1 else entry.copy()
                own.line = self.at
                added.append(self._put(parent, own))
        mode = parsed.enters or (parsed.command.enters if parsed.negated else None)
        if mode and not parsed.negated:
            self._open(_Open(indent, added, mode))
        elif not mode:
            self.last = self.stack

    def _put(self, parent: Entry, entry: Entry) -> Entry:
        known = parent.children.get(entry.slot)
        if known is not None and known.mode and entry.mode and not entry.negated and not known.negated:
            for child in entry.children.values():
                self._put(known, child)
            return known
        if entry.command and entry.slot == ("login",) and parent.slot[0] != VTY:
            entry.command = _unsecured(entry.command)
        if entry.slot[0] == "ace":
            entry.slot = ("ace", len(parent.children))
        parent.children[entry.slot] = entry
        return entry

    def _open(self, level: _Open) -> None:
        self.stack = [*self.stack, level]
        self.last = self.stack

    def _opaque(self, text: str, indent: int, parsed: Parsed | None) -> None:
        negated = text.startswith("no ") and self.stack[-1].mode is not None
        shown = text[3:].strip() if negated else text
        added = []
        for parent in self.stack[-1].entries:
            slot = ("?", shown, 0)
            while not negated and slot in parent.children and parent.mode is None:
                slot = ("?", shown, slot[2] + 1)
            entry = Entry(shown, slot)
            entry.negated, entry.line = negated, self.at
            added.append(parent.children.setdefault(slot, entry))
        self.stack = [*self.stack, _Open(indent, added, None)]
        self._complain(text, parsed)

    def _complain(self, text: str, parsed: Parsed | None) -> None:
        if isinstance(parsed, Unknown) and parsed.modelled:
            start = text.rfind(" ", 0, parsed.column + 1) + 1
            word, _blank, rest = text[start:].partition(" ")
            shown = text[: start + len(word)] + (" ..." if rest else "")  # the rest may be a secret
            hint = f"did you mean '{parsed.near[0]}'?" if parsed.near else _one_of(parsed.expected)
            self._remark("unknown", shown, f"unknown at '{word}'; {hint}", parsed.column, parsed.near)
        elif isinstance(parsed, Incomplete):
            self._remark("incomplete", text, f"incomplete; {_one_of(parsed.expected)}", parsed.column)
        elif parsed is not None and not isinstance(parsed, (Match, Unknown)):
            several = ", ".join(parsed.candidates)
            self._remark("ambiguous", text, f"ambiguous: {several}", parsed.column, parsed.candidates)

    def _banner(self, start: tuple[str, str]) -> str:
        """The text up to the delimiter, over as many lines as it takes; an open end is the end of the text."""
        delimiter, rest = start
        found: list[str] = []
        while delimiter not in rest:
            found.append(rest)
            if self.at >= len(self.lines):
                self._remark("incomplete", "banner", f"the closing delimiter '{delimiter}' is missing")
                return "\n".join(found)
            rest = self.lines[self.at]
            self.at += 1
        body, _delimiter, after = rest.partition(delimiter)
        if after.strip():
            self._remark("misplaced", after, "what follows the closing delimiter is ignored by the device")
        return "\n".join([*found, body])


@functools.cache
def _unsecured(login: Command) -> Command:
    """On the console, unlike on vty lines, C(no login) is what holds anyway."""
    return login._replace(keeps_no=False)


def _one_of(expected: tuple[str, ...]) -> str:
    shown = ", ".join(expected[:8])
    return f"possible here: {shown}{', ...' if len(expected) > 8 else ''}"


def entries_of(dialect: Dialect, parsed: Match) -> list[Entry]:
    """The entries that a line stands for: one, or one for each line of a range and each of several values."""
    command, values = parsed.command, parsed.values
    negated = parsed.negated or parsed.defaulted
    if parsed.negated and command.no_means:
        return entries_of(dialect, t.cast(Match, parse_line(dialect, parsed.mode, command.no_means)))
    name = command.slot or _keywords(command.syntax)
    if name == VTY:
        last = values["first"] if values.get("last") is None else values["last"]
        numbers = range(values["first"], last + 1)
        entries = [_vty_line(command, number) for number in numbers]
    elif name == "access-list":
        entries = [_numbered_list(dialect, parsed)]
        negated = False if entries[0].children else negated
    elif command.each and isinstance(values.get(command.each), tuple):
        entries = [
            _single(dialect, command, {**values, command.each: value}, negated) for value in values[command.each]
        ]
    else:
        entries = [_single(dialect, command, values, negated)]
    for entry in entries:
        entry.negated = negated
    return entries


def _vty_line(command: Command, number: int) -> Entry:
    entry = Entry(f"{VTY} {number}", (VTY, number), command, "line")
    entry.values = {"first": number}
    return entry


def _single(dialect: Dialect, command: Command, values: t.Mapping[str, t.Any], negated: bool) -> Entry:
    for name in command.sticky:  # typed, it takes back what was typed before; it is not printed
        if name in values and values[name] == command.implied.get(name):
            values = {key: value for key, value in values.items() if key != name}
    text = canonical(dialect, command, values, negated)
    if negated and command.keeps_no:
        text = negated_text(dialect, command, values)
    if command.mode in ACL_KINDS.values() and "sequence" in values:
        text = text[len(str(values["sequence"])) + 1 :] or text
    entry = Entry(text, slot_of(command, values), command, command.enters)
    entry.values = values
    return entry


def negated_text(dialect: Dialect, command: Command, values: t.Mapping[str, t.Any]) -> str:
    """What follows the C(no) that removes the command with these values."""
    return print_values(compile_syntax(negation(command)), values, command.implied)


def entries_in_order(entry: Entry) -> list[Entry]:
    """The entries of an access list in the order of their numbers; what has none stays behind what it follows."""
    last, keyed = 0, []
    for child in entry.children.values():
        last = int(child.values.get("sequence", last))
        keyed.append((last, child))
    keyed.sort(key=lambda one: one[0])
    return [child for _number, child in keyed if not child.negated]


def _numbered_list(dialect: Dialect, parsed: Match) -> Entry:
    """C(access-list 10 permit ...) is an entry of the list named 10."""
    number = parsed.values["number"]
    kind = "ip access-list standard" if number < 100 else "ip access-list extended"
    header = t.cast(Match, parse_line(dialect, "config", f"{kind} {number}"))
    entry = _single(dialect, header.command, header.values, False)
    line = re.sub(r"^(no |default )?access-list \d+ ?", "", parsed.canonical)
    inner = parse_line(dialect, ACL_KINDS[kind], line) if line else None
    if isinstance(inner, Match):
        child = _single(dialect, inner.command, inner.values, False)
        child.negated = parsed.negated
        entry.children[child.slot] = child
    return entry


def state(dialect: Dialect, entry: Entry) -> str | None:
    """What the running-config prints for an entry; null where it is what holds anyway, and nothing is printed."""
    command = entry.command
    written = entry.written
    if command is None:
        return None if entry.negated else written
    if entry.mode and not entry.children and _empty_is_nothing(dialect, entry):
        return None
    if entry.mode and not command.key and not _says_something(dialect, entry):
        return None
    if written == per_dialect(command.default, dialect.name) or written == command.always:
        return None
    if not entry.negated:
        return written
    switch = command.syntax == entry.text == per_dialect(command.default, dialect.name)
    return written if command.keeps_no or switch else None


def _empty_is_nothing(dialect: Dialect, entry: Entry) -> bool:
    """A numbered access list without entries is not there where lists are printed entry by entry."""
    return entry.mode in ACL_KINDS.values() and not dialect.ace_numbers and str(entry.slot[1]).isdigit()


def _says_something(dialect: Dialect, entry: Entry) -> bool:
    """Whether anything is under a section of which there is only one: an empty one is not printed."""
    return any(state(dialect, child) is not None for child in entry.children.values())


def same(dialect: Dialect, one: Entry, other: Entry) -> bool:
    """Whether two entries of a slot say the same, apart from what is under them."""
    if (one.body or "").strip("\n") != (other.body or "").strip("\n"):
        return False  # whether the text begins on the delimiter's line is not kept by all trains
    first, second = state(dialect, one), state(dialect, other)
    if first == second:
        return True
    command = one.command
    if first is None or second is None or command is None or command.secret is None or command != other.command:
        return False
    name = command.secret
    if name not in one.values or name not in other.values or not _same_but_secret(command, one, other):
        return False
    return secrets.same(
        str(one.values.get("type", "0")), one.values[name], str(other.values.get("type", "0")), other.values[name]
    )


def _same_but_secret(command: Command, one: Entry, other: Entry) -> bool:
    known = set(one.values) | set(other.values)
    return all(
        one.values.get(name, command.implied.get(name)) == other.values.get(name, command.implied.get(name))
        for name in known - {"type", command.secret}
    )


def differences(one: Config, other: Config) -> list[str]:
    """The paths of the entries in which two configurations differ, as they are printed (secrets masked)."""
    return list(_differences(one.dialect, one.root, other.root, ""))


def _differences(dialect: Dialect, one: Entry, other: Entry, path: str) -> t.Iterator[str]:
    if one.mode in ACL_KINDS.values():
        if [child.text for child in entries_in_order(one)] != [child.text for child in entries_in_order(other)]:
            yield path
        return
    for slot in {**one.children, **other.children}:
        mine, theirs = one.children.get(slot), other.children.get(slot)
        present = mine or theirs
        if present is None or present.untouched:
            continue
        here = f"{path} / {masked_line(present)}" if path else masked_line(present)
        if mine is None or theirs is None:
            if state(dialect, present) is not None:
                yield here
        elif not same(dialect, mine, theirs):
            yield here
        else:
            yield from _differences(dialect, mine, theirs, here)


def masked_line(entry: Entry) -> str:
    """The line as it is typed, without its secret."""
    command = entry.command
    if command is None:
        return secrets.mask_line(entry.written)
    if command.secret is None or command.secret not in entry.values:
        return entry.written
    secret = entry.values[command.secret]
    mask = secrets.NEW_MASK if entry.fresh else secrets.MASK
    return entry.written[: len(entry.written) - len(secret)] + mask


def _lines(config: Config, masked: bool) -> t.Iterator[str]:
    waiting = True
    for entry in ordered(config.root):
        if waiting and entry.order() > _VTY_ORDER:
            waiting = False
            yield from _vty_lines(config, masked)
        if entry.slot[0] == VTY:
            continue
        block = list(_block(config.dialect, entry, 0, masked))
        yield from block
        if len(block) > 1 or (block and entry.mode):
            yield "!"
    if waiting:
        yield from _vty_lines(config, masked)


def ordered(entry: Entry) -> list[Entry]:
    """The entries under one, in the order of the running-config; opaque ones stay behind the one they followed."""
    keyed = []
    behind: tuple[t.Any, ...] = (0, ())
    for child in entry.children.values():
        if child.command is not None:
            name = child.values.get("name", "") if child.slot[0] == "interface" else ""
            behind = (child.order(), tokens.interface_order(name) if name else ())
        keyed.append((behind, child))
    keyed.sort(key=lambda one: one[0])
    return [child for _key, child in keyed]


def _block(dialect: Dialect, entry: Entry, depth: int, masked: bool) -> t.Iterator[str]:
    said = state(dialect, entry)
    if said is None:
        return
    line = masked_line(entry) if masked else said
    if entry.body is not None:
        yield f"{' ' * depth}{line} ^C{entry.body}^C"
        return
    if entry.mode in ACL_KINDS.values():
        yield from _access_list(dialect, entry)
        return
    yield " " * depth + line
    yield from _children(dialect, entry, depth + 1, masked)


def _children(dialect: Dialect, entry: Entry, depth: int, masked: bool) -> t.Iterator[str]:
    printed = {child.slot[0] for child in entry.children.values() if state(dialect, child) is not None}
    always = [line for line in ALWAYS.get(entry.mode or "", ()) if line[1] not in printed]
    for child in ordered(entry):
        while always and always[0][0] < child.order():
            yield " " * depth + always.pop(0)[2]
        yield from _block(dialect, child, depth, masked)
    for _order, _slot, line in always:
        yield " " * depth + line


def _access_list(dialect: Dialect, entry: Entry) -> t.Iterator[str]:
    name = str(entry.slot[1])
    if not dialect.ace_numbers and name.isdigit():
        yield from (f"access-list {name} {child.text}" for child in entries_in_order(entry))
        return
    yield entry.text
    for number, child in enumerate(entries_in_order(entry), 1):
        yield f" {number * 10} {child.text}" if dialect.ace_numbers else f" {child.text}"


def vty_blocks(config: Config) -> list[tuple[int, int, Entry]]:
    """The vty lines as they are printed: (first, last, settings) where lines in a row have equal settings."""
    blocks: list[tuple[int, int, Entry]] = []
    numbers = sorted(slot[1] for slot, entry in config.root.children.items() if slot[0] == VTY and not entry.negated)
    for number in numbers:
        entry = config.root.children[VTY, number]
        if blocks and number != VTY_BOUNDARY and blocks[-1][1] == number - 1:
            first, _last, known = blocks[-1]
            if not any(_differences(config.dialect, known, entry, "")):
                blocks[-1] = (first, number, known)
                continue
        blocks.append((number, number, entry))
    return blocks


def _vty_lines(config: Config, masked: bool) -> t.Iterator[str]:
    for first, last, entry in vty_blocks(config):
        yield f"{VTY} {first} {last}" if last > first else f"{VTY} {first}"
        yield from _children(config.dialect, entry, 1, masked)
        yield "!"


def always_printed(table: t.Iterable[Command]) -> dict[str, list[tuple[int, str, str]]]:
    """What is printed where nothing is configured, by mode: (order, slot, line)."""
    found: dict[str, list[tuple[int, str, str]]] = {mode: [] for mode in MODES}
    for command in table:
        one = (command.order, command.slot or _keywords(command.syntax), command.always or "")
        if command.always and one not in found[command.mode]:
            found[command.mode].append(one)
    return found


ALWAYS = always_printed(COMMANDS)
_VTY_ORDER = next(command.order for command in COMMANDS if command.slot == VTY)
