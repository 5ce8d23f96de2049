# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""From one configuration to another: the lines to send, in order, and the running-config that will be there then.

How a change is said comes from the command table: a value is overwritten and not removed first; what goes back to a
known default is sent as that default; only what has none gets a C(no). When it is sent: new before old (users, secrets,
access lists and routes are added early and removed late), and on a vty line the login comes before the transport.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from . import acl, secrets, tokens
from .commands import Command, Dialect
from .grammar import per_dialect
from .grammar import printed as printed_syntax
from .management import Management, lockouts
from .syntax import compile_syntax, print_values
from .tree import (
    ACL_KINDS,
    UNTYPEABLE,
    VTY,
    Config,
    Entry,
    Slot,
    entries_in_order,
    masked_line,
    negated_text,
    parse,
    same,
    slots_of,
    state,
)

CONSOLE_LIMIT = 254
DELIMITERS = "#~@%&|+=*_$!"


class Line(t.NamedTuple):
    """One line to send from the configuration mode, or from the mode that the lines before it entered.

    text: with secrets; a banner has several lines; masked: for people; path: the section's headers, outermost first
    dialogue: questions (patterns) and their answers; alone: nothing is sent behind it before its prompt is back
    """

    text: str
    path: tuple[str, ...]
    masked: str
    dialogue: tuple[tuple[str, str], ...]
    alone: bool


class Problem(t.NamedTuple):
    """What speaks against the change. C(kind): lockout, overlap, refused, too_long; C(text): a sentence."""

    kind: str
    text: str


@dataclasses.dataclass
class Plan:
    """What to do: C(lines) in order, and C(predicted), the configuration afterwards.

    unmanaged: what replaced leaves alone; problems speak against carrying it out, warnings do not
    """

    before: Config
    predicted: Config
    lines: tuple[Line, ...]
    unmanaged: tuple[str, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self.lines)

    def diff(self) -> dict[str, str]:
        """The running-config before and after, secrets masked."""
        return {"before": self.before.masked(), "after": self.predicted.masked()}


def plan(
    running: Config,
    wanted: Config,
    *,
    mode: str = "merged",
    section: t.Sequence[str] | None = None,
    purge_unknown: bool = False,
    management: Management | None = None,
    allow_lockout: bool = False,
    restoring: bool = False,
) -> Plan:
    """The way from C(running) to C(wanted).

    :param mode: merged adds and changes; replaced also removes what is not wanted, in the whole or in C(section)
    :param section: the headers of the section that is replaced, outermost first
    :param purge_unknown: replaced also removes lines that the grammar does not know
    :param management: what this session came in by; null: nobody is (an offline plan)
    :param allow_lockout: lockouts are warnings
    :param restoring: C(wanted) was printed by this device: also what it does not print is known, and set back
    """
    planner = _Planner(running, wanted, mode == "replaced", purge_unknown, management)
    planner.restoring = restoring
    planner.work(tuple(section or ()))
    return planner.result(allow_lockout)


class _Change(t.NamedTuple):
    """One line within a section, with its place in the order."""

    phase: int
    order: int
    text: str
    masked: str
    dialogue: tuple[tuple[str, str], ...] = ()
    alone: bool = False


@dataclasses.dataclass
class _Block:
    """The changes of one section (or one global line), sent together."""

    phase: int
    order: int
    path: tuple[str, ...]
    changes: list[_Change]
    vty: int | None = None


class _Purge(t.NamedTuple):
    """What is removed where it is not wanted: everything from here on, or only what the path to a section names."""

    all: bool
    path: list[list[Slot]]

    def under(self, slot: Slot) -> _Purge:
        """The same for one entry under this one."""
        if not self.path:
            return self
        here = slot in self.path[0]
        return _Purge(here and len(self.path) == 1, self.path[1:] if here else [])


class _Place(t.NamedTuple):
    """Where changes are made: the predicted entry, the headers that lead to it, and the changes under it."""

    predicted: Entry
    path: tuple[str, ...]
    changes: list[_Change]


class _Planner:
    def __init__(
        self, running: Config, wanted: Config, purge: bool, purge_unknown: bool, management: Management | None
    ) -> None:
        self.running = running
        self.wanted = wanted
        self.dialect: Dialect = running.dialect
        self.purge = purge
        self.purge_unknown = purge_unknown
        self.management = management
        self.restoring = False
        self.predicted = running.copy()
        self.blocks: list[_Block] = []
        self.unmanaged: list[str] = []
        self.problems: list[Problem] = []

    # -- comparing ---------------------------------------------------------------------------------------------------

    def work(self, section: tuple[str, ...]) -> None:
        """Compare everything; only what is in the section is purged."""
        path = list(self._section_slots(section))
        self._level(self.running.root, self.wanted.root, self.predicted.root, (), _Purge(self.purge and not path, path))
        self._vacate()

    def _section_slots(self, section: tuple[str, ...]) -> t.Iterator[list[Slot]]:
        mode: str | None = "config"
        for depth, text in enumerate(section, 1):
            yield slots_of(self.dialect, mode, text)
            found = self.wanted.find(section[:depth]) or self.running.find(section[:depth])
            mode = found.mode if found else None

    def _level(self, running: Entry, wanted: Entry, predicted: Entry, path: tuple[str, ...], purge: _Purge) -> None:
        """Bring everything under one entry to what is wanted."""
        place = _Place(predicted, path, [])
        for slot, entry in wanted.children.items():
            if not entry.untouched:
                self._one(running.children.get(slot), entry, place, purge.under(slot))
        for slot, entry in running.children.items():
            if slot not in wanted.children and purge.under(slot).all:
                self._purge(entry, place)
        self._emit(path, place.changes, running)

    def _one(self, running: Entry | None, wanted: Entry, place: _Place, purge: _Purge) -> None:
        """Bring one slot to what is wanted."""
        if wanted.negated and (wanted.mode or state(self.dialect, wanted) is None):
            self._absent(running, wanted, place)
        elif wanted.mode in ACL_KINDS.values():
            self._access_list(running, wanted, place.predicted, purge.all)
        elif wanted.mode or wanted.children or (running is not None and running.children):
            self._section(running, wanted, place, purge)
        elif running is None or not same(self.dialect, running, wanted):
            self._set(running, wanted, place)

    def _absent(self, running: Entry | None, wanted: Entry, place: _Place) -> None:
        """C(no ...) in an intent: what the slot holds goes; so does what the command clears besides."""
        cleared = wanted.command.clears if wanted.command else ()
        for slot, entry in list(place.predicted.children.items()):
            if slot[0] in cleared:
                self._remove(entry, place)
        if running is not None:
            self._remove(running, place)

    def _section(self, running: Entry | None, wanted: Entry, place: _Place, purge: _Purge) -> None:
        if running is None or running.negated:
            if wanted.slot[0] == "interface" and tokens.is_physical(str(wanted.slot[1])) and self._has_interfaces():
                self.problems.append(Problem("refused", f"{wanted.text} does not exist on the device"))
            running = _new(self.dialect, wanted)
            place.predicted.children[wanted.slot] = running.copy()
            self._block(wanted, place.path, [])
        after = place.predicted.children[wanted.slot]
        self._level(running, wanted, after, (*place.path, wanted.text), purge)

    def _has_interfaces(self) -> bool:
        return any(slot[0] == "interface" for slot in self.running.root.children)

    def _purge(self, entry: Entry, place: _Place) -> None:
        """Take away what is not wanted, unless that is not known, or belongs to the device."""
        if entry.untouched or state(self.dialect, entry) is None:
            return
        unknown = entry.command is None
        if entry.command and entry.command.keeps_no and self.restoring:
            self._default(entry, entry.command, place)
            return
        if (unknown and not self.purge_unknown) or (entry.command and entry.command.keeps_no):
            self.unmanaged.append(" / ".join([*place.path, masked_line(entry)]))
            return
        self._remove(entry, place)

    def _remove(self, entry: Entry, place: _Place) -> None:
        """Take one entry away, or empty what can only be emptied."""
        if entry.command and entry.mode and self._stays(entry):
            self._empty(entry, place)
            return
        text = self._removal(entry)
        if entry.slot not in place.predicted.children or text == entry.written:
            return
        command = entry.command
        order, phase, dialogue = (command.order, command.phase, command.no_dialogue) if command else (500, 20, ())
        gone = command.gone if command and command.gone is not None else 200 - phase
        alone = bool(dialogue or entry.mode)
        masked = text if command else secrets.mask_line(text)  # what removes a command of ours holds no secret
        place.changes.append(_Change(gone, order, text, masked, dialogue, alone))
        self._forget(entry, place.predicted)

    def _default(self, entry: Entry, command: Command, place: _Place) -> None:
        """Set a switch back to what it was without being printed."""
        text = f"default {negated_text(self.dialect, command, entry.values)}"
        place.changes.append(_Change(200 - command.phase, command.order, text, text))
        del place.predicted.children[entry.slot]

    def _empty(self, entry: Entry, place: _Place) -> None:
        empty = Entry(entry.text, entry.slot, entry.command, entry.mode)
        if tokens.is_physical(entry.text.partition(" ")[2]):
            empty.children = _factory(self.dialect)
        after = place.predicted.children[entry.slot]
        self._level(entry, empty, after, (*place.path, entry.text), _Purge(True, []))

    def _forget(self, entry: Entry, predicted: Entry) -> None:
        if entry.command and entry.command.keeps_no:
            after = entry.copy()
            after.negated, after.text = True, negated_text(self.dialect, entry.command, entry.values)
            predicted.children[entry.slot] = after
        else:
            del predicted.children[entry.slot]

    def _stays(self, entry: Entry) -> bool:
        """Whether a section can only be emptied: hardware, lines, and sections of which there is one."""
        if entry.slot[0] == "interface":
            return tokens.is_physical(str(entry.slot[1]))
        if entry.slot[0] == VTY:
            return not self._vty_goes(entry.slot[1])
        return entry.slot[0] in ("line con", "line aux") or not t.cast(Command, entry.command).key

    def _vty_goes(self, number: int) -> bool:
        """vty lines from 5 on go, if all behind them go as well."""
        wanted = [slot[1] for slot, entry in self.wanted.root.children.items() if slot[0] == VTY and not entry.negated]
        return number > max([4, *wanted])

    def _removal(self, entry: Entry) -> str:
        """The line that removes an entry."""
        command = entry.command
        if command is None:
            return entry.text if entry.negated else f"no {entry.text}"
        default = per_dialect(command.default, self.dialect.name)
        if default is not None:
            return str(default)
        if entry.slot[0] == VTY:
            return f"no {VTY} {entry.slot[1]}"
        return f"no {negated_text(self.dialect, command, entry.values)}"

    def _set(self, running: Entry | None, wanted: Entry, place: _Place) -> None:
        """Type the wanted line; it overwrites what is there."""
        said = state(self.dialect, wanted)
        if running is None and said is None:
            return
        command = wanted.command
        wanted_syntax = command.syntax if command else None
        other = running is not None and running.command is not None and running.command.syntax != wanted_syntax
        if running is not None and command is not None and other and not command.overwrites:
            self._remove(running, place)
            place.changes[-1] = place.changes[-1]._replace(phase=command.phase, order=command.order - 1)
        if wanted.slot == ("ip address",) and "address" in wanted.values:
            self._promote(str(wanted.values["address"]), place)
        order = command.order if command else 500
        phase = command.phase if command else 20
        text = self._typed(running, wanted)
        if UNTYPEABLE.search(text if wanted.body is None else wanted.body):
            self.problems.append(Problem("refused", f"'{masked_line(wanted)[:40]}' contains control characters"))
        if len(text) > CONSOLE_LIMIT and wanted.body is None:
            self.problems.append(Problem("too_long", f"'{masked_line(wanted)[:40]}...' has more than 254 characters"))
        dialogue = command.dialogue if command else ()
        alone = bool(dialogue) or wanted.body is not None or wanted.slot[0].startswith(("hostname", "aaa "))
        after = wanted.copy()
        after.fresh = bool(command and command.secret)
        place.changes.append(_Change(phase, order, text, self._shown(wanted, text, after), dialogue, alone))
        if said is None:
            place.predicted.children.pop(wanted.slot, None)
        else:
            place.predicted.children[wanted.slot] = after

    def _promote(self, address: str, place: _Place) -> None:
        """A secondary address that becomes the primary one goes first."""
        second = place.predicted.children.get(("ip address secondary", address))
        if second is not None:
            self._remove(second, place)

    def _shown(self, wanted: Entry, text: str, after: Entry) -> str:
        if wanted.body is not None:
            return text
        command = wanted.command
        if command and command.secret and command.secret in wanted.values:
            secret = wanted.values[command.secret]
            return text[: len(text) - len(secret)] + secrets.NEW_MASK
        return masked_line(after)

    def _typed(self, running: Entry | None, wanted: Entry) -> str:
        if wanted.body is not None:
            delimiter = next((one for one in DELIMITERS if one not in wanted.body), "\x03")
            return f"{wanted.text} {delimiter}{wanted.body}{delimiter}"
        command = wanted.command
        if command is None or running is None or not command.sticky:
            return wanted.written
        stuck = [name for name in command.sticky if name in running.values and name not in wanted.values]
        if not stuck:
            return wanted.written
        values = {**wanted.values, **{name: command.implied[name] for name in stuck}}
        implied = {name: value for name, value in command.implied.items() if name not in stuck}
        return print_values(compile_syntax(printed_syntax(self.dialect.name, command)), values, implied)

    # -- access lists ------------------------------------------------------------------------------------------------

    def _access_list(self, running: Entry | None, wanted: Entry, predicted: Entry, purge: bool) -> None:
        old = [child.text for child in entries_in_order(running)] if running else []
        new = entries_in_order(wanted) if purge else self._merged_list(running, wanted)
        if running is None and wanted.children and not new:
            return  # there is nothing to take entries out of
        if self._other_kind(wanted):
            self.problems.append(Problem("refused", f"{wanted.text}: a list of the other kind has this name"))
        flow = self.management.flow() if self.management else None
        edits = acl.edit(str(wanted.slot[1]), old, [child.text for child in new], flow)
        if running is not None and not edits:
            return
        after = Entry(wanted.text, wanted.slot, wanted.command, wanted.mode)
        after.values = wanted.values
        for number, child in enumerate(new):
            after.children["ace", number] = child
        predicted.children[wanted.slot] = after
        command = t.cast(Command, wanted.command)
        changes = [_Change(0, at, edit.text, edit.text) for at, edit in enumerate(edits) if edit.in_list]
        for edit in edits[:1] if edits and not edits[0].in_list else []:
            self.blocks.append(_Block(command.phase, command.order, (), [_Change(0, 0, edit.text, edit.text)]))
        self.blocks.append(_Block(command.phase, command.order, (wanted.text,), changes))
        for edit in edits[-1:] if edits and not edits[-1].in_list else []:
            self.blocks.append(_Block(command.phase, command.order, (), [_Change(0, 0, edit.text, edit.text)]))

    def _other_kind(self, wanted: Entry) -> bool:
        return any((kind, wanted.slot[1]) in self.running.root.children for kind in ACL_KINDS if kind != wanted.slot[0])

    def _merged_list(self, running: Entry | None, wanted: Entry) -> list[Entry]:
        """What typing the entries would make of the list: numbered ones at their number, others at the end."""
        numbered: dict[int, Entry] = {}
        for at, child in enumerate(running.children.values() if running else (), 1):
            numbered[int(child.values.get("sequence", at * 10))] = child
        places = {one.text: number for number, one in numbered.items()}
        last = max(numbered, default=0)
        for child in wanted.children.values():
            number, known = child.values.get("sequence"), places.get(child.text)
            if child.negated:
                numbered.pop(int(known or 0) if number is None else number, None)
                continue
            if number is None and known is None:
                last += 10
            elif number is not None:
                numbered.pop(int(known or 0), None)
                last = max(last, number)
            place = number or known or last
            numbered[place] = child
            places[child.text] = place
        return [numbered[key] for key in sorted(numbered)]

    # -- order -------------------------------------------------------------------------------------------------------

    def _emit(self, path: tuple[str, ...], changes: list[_Change], header: Entry) -> None:
        if not changes:
            return
        if path:
            self._block(header, path[:-1], changes)
            return
        for change in changes:
            self.blocks.append(_Block(change.phase, change.order, (), [change]))

    def _block(self, header: Entry, path: tuple[str, ...], changes: list[_Change]) -> None:
        top = self.predicted.find(path[:1]) if path else None
        command = (top or header).command
        vty = header.slot[1] if header.slot[0] == VTY and not path else None
        order, phase = (command.order, command.phase) if command else (500, 20)
        self.blocks.append(_Block(phase, order, (*path, header.text), changes, vty))

    def _vacate(self) -> None:
        """An address that another interface will get has to go from its old one first."""
        coming = [
            (slot, number, mask)
            for slot, entry in self.predicted.root.children.items()
            for number, mask in _networks(entry)
            if (number, mask) not in _networks(self.running.root.children.get(slot))
        ]
        for slot, entry in list(self.running.root.children.items()):
            after = self.predicted.root.children.get(slot)
            if slot[0] != "interface" or after is None or not coming:
                continue
            leaving = [one for one in _networks(entry) if one not in _networks(after)]
            others = [(number, mask) for other, number, mask in coming if other != slot]
            if any(_overlap(one, other) for one in leaving for other in others):
                self._free(entry, after)
        self._overlaps()

    def _free(self, entry: Entry, after: Entry) -> None:
        """Take addresses from an interface before others get them, and give it those that it has then.

        Where the primary address stays, only secondary ones go: what a session came in by is not touched.
        """
        primary, then = entry.children.get(("ip address",)), after.children.get(("ip address",))
        stays = primary is not None and then is not None and primary.text == then.text
        seconds = [child for child in entry.children.values() if child.slot[0] == "ip address secondary"]
        gone = [child for child in seconds if child.slot not in after.children] if stays else []
        lines = [f"no {child.text}" for child in gone] or ["no ip address"]
        if not stays and self.management and self.management.interface == entry.slot[1]:
            text = f"{entry.text}, which this session came in by, would be without an address for a moment"
            self.problems.append(Problem("lockout", text))
        for block in self.blocks:
            if block.path == (entry.text,):
                block.changes[:] = [
                    one for one in block.changes if one.text not in lines and (stays or not _is_address(one))
                ]
        self.blocks.append(_Block(38, 0, (entry.text,), [_Change(0, 0, line, line) for line in lines]))
        again = [
            _Change(t.cast(Command, one.command).phase, one.order(), one.text, one.text)
            for one in after.children.values()
            if one.slot[0] in ("ip address", "ip address secondary")
        ]
        if again and not stays:
            self.blocks.append(_Block(40, 200, (entry.text,), again))

    def _overlaps(self) -> None:
        known = overlaps(self.running)
        for one, other in overlaps(self.predicted):
            if (one, other) not in known:  # what the device has accepted before is none of ours
                text = f"the addresses of interface {one} and interface {other} overlap"
                self.problems.append(Problem("overlap", text))

    # -- the result --------------------------------------------------------------------------------------------------

    def result(self, allow_lockout: bool) -> Plan:
        """Order the blocks and write the lines."""
        self._routes_first()
        blocks = _vty_ranges(self.blocks)
        lines = _written(blocks, f"interface {self.management.interface}" if self.management else None)
        locked = lockouts(self.running, self.predicted, [line.text for line in lines], self.management)
        warnings = [remark.message for remark in self.wanted.remarks if remark.near and remark.kind == "unknown"]
        problems = list(self.problems)
        for text in locked if lines else ():
            if allow_lockout:
                warnings.append(text)
            else:
                problems.append(Problem("lockout", text))
        self._secondaries(problems)
        return Plan(self.running, self.predicted, tuple(lines), tuple(self.unmanaged), tuple(problems), tuple(warnings))

    def _routes_first(self) -> None:
        """IOS takes the routes of an interface away with it: they are removed before."""
        going = [
            block.changes[0].text[len("no interface ") :]
            for block in self.blocks
            if block.changes and block.changes[0].text.startswith("no interface ")
        ]
        for block in self.blocks:
            first = block.changes[0].text.split() if block.changes and not block.path else []
            if first[:3] == ["no", "ip", "route"] and set(first[5:]) & set(going):
                block.phase = 37

    def _secondaries(self, problems: list[Problem]) -> None:
        """A secondary address needs a primary one, and another one."""
        for slot, entry in self.predicted.root.children.items():
            if slot[0] != "interface":
                continue
            primary = entry.children.get(("ip address",))
            seconds = [child for child in entry.children.values() if child.slot[0] == "ip address secondary"]
            if seconds and (primary is None or primary.negated):
                problems.append(Problem("refused", f"{entry.text}: a secondary address needs a primary one"))
            elif primary and any(one.values["address"] == primary.values.get("address") for one in seconds):
                problems.append(Problem("refused", f"{entry.text}: the secondary address is the primary one"))


@functools.cache
def _bare(dialect: Dialect) -> Config:
    return parse("interface Ethernet0\n shutdown", dialect)


def _factory(dialect: Dialect) -> dict[Slot, Entry]:
    """What is under a physical interface that nobody has configured."""
    return _bare(dialect).copy().root.children["interface", "Ethernet0"].children


def _new(dialect: Dialect, wanted: Entry) -> Entry:
    """A section as IOS makes it: a vty line asks for a password from the start."""
    made = Entry(wanted.text, wanted.slot, wanted.command, wanted.mode)
    made.values = wanted.values
    if wanted.slot[0] == VTY:
        made.children = parse(f"{wanted.text}\n login", dialect).root.children[wanted.slot].children
    return made


def _in_vrf(entry: Entry) -> bool:
    return any(child.text.startswith(("vrf ", "ip vrf ")) for child in entry.children.values())


def _networks(entry: Entry | None) -> list[tuple[int, int]]:
    """The networks of an interface's addresses, as (number of the address, mask)."""
    found = []
    for child in entry.children.values() if entry else ():
        if child.slot[0] in ("ip address", "ip address secondary") and "address" in child.values and not child.negated:
            found.append((tokens.address_number(child.values["address"]), tokens.address_number(child.values["mask"])))
    return found


def overlaps(config: Config) -> list[tuple[str, str]]:
    """The pairs of interfaces whose networks overlap, which IOS refuses; those in a VRF are not compared."""
    networks = sorted(
        (number & mask, -mask, str(slot[1]))
        for slot, entry in config.root.children.items()
        if slot[0] == "interface" and not _in_vrf(entry)
        for number, mask in _networks(entry)
    )
    found: dict[tuple[str, str], None] = {}
    around: list[tuple[int, int, str]] = []
    for number, negative, name in networks:
        while around and number & around[-1][1] != around[-1][0]:
            around.pop()
        for _number, _mask, outer in around:
            if outer != name:
                found[min(outer, name), max(outer, name)] = None
        around.append((number, -negative, name))
    return list(found)


def _is_address(change: _Change) -> bool:
    return change.text.startswith(("ip address ", "no ip address"))


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    mask = one[1] & other[1]
    return one[0] & mask == other[0] & mask


def _vty_ranges(blocks: list[_Block]) -> list[_Block]:
    """Equal changes of vty lines in a row are one block with a range."""
    found: list[_Block] = []
    lines = sorted((block for block in blocks if block.vty is not None), key=lambda one: t.cast(int, one.vty))
    merged: dict[int, _Block] = {}
    for block in lines:
        number = t.cast(int, block.vty)
        if number in merged:
            merged[number].changes.extend(block.changes)
        else:
            merged[number] = block
    last: _Block | None = None
    for number, block in merged.items():
        block.changes.sort()
        if last is not None and last.vty == number - 1 and last.changes == block.changes:
            first = last.path[0].split()[2]
            last.path, last.vty = (f"{VTY} {first} {number}",), number
            continue
        last = block
        block.path = (f"{VTY} {number}",)
        found.append(block)
    return [*(block for block in blocks if block.vty is None), *found]


def _written(blocks: list[_Block], way: str | None) -> list[Line]:
    """The lines of the blocks in their order; a section is left before a global line.

    :param way: the header of the interface that the session came in by: its lines, and those of vty lines, go alone
    """
    lines: list[Line] = []
    inside: tuple[str, ...] = ()
    for block in sorted(blocks, key=lambda one: (one.phase, one.order)):
        if not block.path:
            lines += [Line("exit", inside, "exit", (), False) for _level in inside]
            inside = ()
        elif block.path != inside:
            lines += _way_into(block.path, inside)
            inside = block.path
        careful = bool(block.path) and (block.path[0].startswith(VTY) or block.path[0] == way)
        for change in sorted(block.changes):
            lines.append(Line(change.text, block.path, change.masked, change.dialogue, change.alone or careful))
    return _joined_vty_removals(lines)


def _way_into(path: tuple[str, ...], inside: tuple[str, ...]) -> list[Line]:
    """From one section into another. The header of a section is a global command: no way back is needed before it."""
    shared = sum(1 for one, other in zip(path, inside) if one == other) if path[:1] == inside[:1] else 0
    back = [Line("exit", inside, "exit", (), False) for _level in inside[shared:]] if shared else []
    headers = enumerate(path[shared:], shared)
    return [*back, *(Line(text, path[:at], text, (), text.startswith(VTY)) for at, text in headers)]


_NO_VTY = re.compile(rf"no {VTY} (\d+)\Z")


def _joined_vty_removals(lines: list[Line]) -> list[Line]:
    """C(no line vty 5), C(no line vty 6) ... is one C(no line vty 5 15), at the end."""
    found = [(line, _NO_VTY.match(line.text)) for line in lines]
    going = sorted(int(match[1]) for _line, match in found if match)
    if not going:
        return lines
    text = f"no {VTY} {going[0]} {going[-1]}" if len(going) > 1 else f"no {VTY} {going[0]}"
    kept = [line for line, match in found if not match]
    if kept and (kept[-1].path or kept[-1].text == "exit"):
        kept.append(Line("exit", kept[-1].path, "exit", (), False))
    return [*kept, Line(text, (), text, (), True)]
