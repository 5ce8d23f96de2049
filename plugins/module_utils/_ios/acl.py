# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Access lists: what happens to a packet, and how a list is changed in place so that it is never empty and never wrong.

A list is a sequence of entries of which the first that fits decides; their numbers only say their order. So lists are
compared by order, and after a change the entries are numbered 10, 20, 30. Changing in place: the list is renumbered
with room between the entries, new entries are put into it, others taken out by number, and it is renumbered again.
"""

from __future__ import annotations

import bisect
import typing as t

from . import tokens

ROOM = 1000


class Flow(t.NamedTuple):
    """The packets of a session as they arrive at the device: the peer's address, the device's, and its port."""

    source: str
    destination: str | None
    port: int


class Edit(t.NamedTuple):
    """One line of an edit; C(in_list) is false for those of the configuration mode."""

    text: str
    in_list: bool


def decides(entry: str) -> bool:
    """Whether the entry decides anything: a remark does not."""
    return not entry.startswith("remark ")


def first_match(entries: t.Sequence[str], flow: Flow) -> int | None:
    """The index of the entry that decides for the flow; null where none fits (then the end of the list denies it)."""
    for at, entry in enumerate(entries):
        if decides(entry) and _fits(entry.split(), flow):
            return at
    return None


def permits(entries: t.Sequence[str], flow: Flow) -> bool:
    """Whether the list lets the flow pass. A list without entries does, in all trains."""
    if not any(decides(entry) for entry in entries):
        return True
    at = first_match(entries, flow)
    return at is not None and entries[at].startswith("permit")


def _fits(words: list[str], flow: Flow) -> bool:
    """Whether an entry applies to the flow. What cannot be decided here counts as not permitting: a denial applies."""
    condition = _condition(words[1:], flow)
    return words[0] == "deny" if condition is None else condition


def _condition(words: list[str], flow: Flow) -> bool | None:
    """Whether the conditions of an entry hold; null where they are not understood."""
    if words and (words[0] in ("any", "host") or tokens.KINDS["ipv4"](words, 0)):
        taken = tokens.KINDS["source"](words, 0)
        return _covers(taken[0], flow.source) if taken else None
    if not words or words[0] not in ("ip", "tcp"):
        return False
    source, at = _endpoint(words, 1, flow.source)
    ports, at = _ports(words, at)
    there, at = _endpoint(words, at, flow.destination)
    wanted, at = _ports(words, at)
    if source is None or there is None or set(words[at:]) - {"log", "log-input"}:
        return None if source is not False and there is not False else False
    if not (source and there and _port(wanted, flow.port)):
        return False
    return True if ports is None else None


def _endpoint(words: list[str], at: int, address: str | None) -> tuple[bool | None, int]:
    """Whether the endpoint at a place covers an address (null: not understood), and where the next word is."""
    taken = tokens.KINDS["endpoint"](words, at) if at < len(words) else None
    return (_covers(taken[0], address), at + taken[1]) if taken else (None, at)


def _ports(words: list[str], at: int) -> tuple[str | None, int]:
    taken = tokens.KINDS["ports"](words, at) if at < len(words) else None
    return (taken[0], at + taken[1]) if taken else (None, at)


def _covers(endpoint: str, address: str | None) -> bool | None:
    """Whether an endpoint in normal form covers an address. An address that is not known is covered."""
    first, _blank, second = endpoint.partition(" ")
    if first == "object-group":
        return None
    if address is None or first == "any":
        return True
    if first == "host" or not second:
        return address == (second or first)
    care = ~tokens.address_number(second) & 0xFFFFFFFF
    return tokens.address_number(address) & care == tokens.address_number(first) & care


_PORTS = {name: int(number) for number, name in tokens.PORT_NAMES.items()}


def _port(condition: str | None, port: int) -> bool:
    """Whether a condition on a port holds; without one it does."""
    if condition is None:
        return True
    operator, *names = condition.split()
    numbers = [_PORTS.get(name) or int(name) for name in names if name in _PORTS or name.isdigit()]
    if not numbers:
        return False
    if operator == "range":
        return numbers[0] <= port <= numbers[-1]
    return {
        "eq": port == numbers[0],
        "neq": port != numbers[0],
        "gt": port > numbers[0],
        "lt": port < numbers[0],
    }[operator]


def edit(name: str, old: t.Sequence[str], new: t.Sequence[str], flow: Flow | None = None) -> list[Edit]:
    """The lines that turn one list into another, in an order in which the flow is let through all the time.

    That holds where both lists permit the flow. The entry that will decide for the flow is never moved.
    """
    if list(old) == list(new):
        return []
    if flow and not (permits(old, flow) and permits(new, flow)):
        flow = None  # nothing to keep
    decider = first_match(new, flow) if flow else None
    old, new = _told_apart(old), _told_apart(new)
    if not old:
        return _written(new, decider)
    room = max(ROOM, len(new) + 1)
    kept = _kept(old, new, decider)
    numbers = _numbers(old, new, kept, room)
    where = {entry: (at + 1) * room for at, entry in enumerate(old)}
    added = [entry for entry in new if entry not in where]
    moved = [entry for entry in new if entry in where and entry not in kept]
    gone = sorted((entry for entry in old if entry not in numbers), key=lambda one: not one.startswith("deny"))
    changes = [
        *((_put(numbers[entry], entry),) for entry in added if not entry.startswith("deny")),
        *((_no(where[entry]), _put(numbers[entry], entry)) for entry in moved),
        *((_no(where[entry]),) for entry in gone),
        *((_put(numbers[entry], entry),) for entry in added if entry.startswith("deny")),
    ]
    state = _State({number: entry for entry, number in where.items()}, flow, any(decides(entry) for entry in new))
    return [_renumber(name, room), *state.in_order(changes), _renumber(name, 10)]


class _State:
    """A list while it is being changed, as far as it decides for a flow.

    :param entries: all entries by number; flow: what has to be let through, null where that does not matter
    :param never_empty: whether the list may not be without deciding entries, which would permit everything
    """

    def __init__(self, entries: dict[int, str], flow: Flow | None, never_empty: bool) -> None:
        self.flow = flow
        self.never_empty = never_empty
        self.count = sum(decides(entry) for entry in entries.values())
        self.entries = entries
        self.fitting = {number: entry for number, entry in entries.items() if self._fits(entry)}

    def _fits(self, entry: str) -> bool:
        return self.flow is not None and decides(entry) and _fits(entry.split(), self.flow)

    def in_order(self, changes: list[tuple[Edit, ...]]) -> list[Edit]:
        """The changes one after the other, each time the first that keeps the list right; else simply the first."""
        pending = list(changes)
        done: list[Edit] = []
        while pending:
            at = next((at for at, change in enumerate(pending) if self._allows(change)), 0)
            change = pending.pop(at)
            self._apply(change)
            done += change
        return done

    def _allows(self, change: tuple[Edit, ...]) -> bool:
        fitting, count = dict(self.fitting), self.count
        for edit in change:
            count += self._change(edit, fitting)
            if not self._right(fitting, count):
                return False
        return True

    def _right(self, fitting: dict[int, str], count: int) -> bool:
        if not count:
            return not self.never_empty
        return self.flow is None or bool(fitting and fitting[min(fitting)].startswith("permit"))

    def _change(self, edit: Edit, fitting: dict[int, str]) -> int:
        """Apply one line to the entries that decide; returns by how much the deciding entries become more."""
        word, _blank, entry = edit.text.partition(" ")
        if word == "no":
            fitting.pop(int(entry), None)
            return -int(decides(self.entries[int(entry)]))
        if self._fits(entry):
            fitting[int(word)] = entry
        return int(decides(entry))

    def _apply(self, change: tuple[Edit, ...]) -> None:
        for edit in change:
            self.count += self._change(edit, self.fitting)


def _written(new: list[str], decider: int | None) -> list[Edit]:
    """A new list: in its order, but first what decides for the flow, because the first entry ends "permit all"."""
    numbered = [_put((at + 1) * 10, entry) for at, entry in enumerate(new)]
    if not decider:
        return numbered
    return [numbered[decider], *numbered[:decider], *numbered[decider + 1 :]]


def _told_apart(entries: t.Sequence[str]) -> list[str]:
    """Remarks may repeat; a blank at the end tells the second from the first."""
    seen: dict[str, int] = {}
    found = []
    for entry in entries:
        found.append(entry + " " * seen.get(entry, 0))
        seen[entry] = seen.get(entry, 0) + 1
    return found


def _renumber(name: str, step: int) -> Edit:
    return Edit(f"ip access-list resequence {name} {step} {step}", False)


def _put(number: int, entry: str) -> Edit:
    return Edit(f"{number} {entry.rstrip()}", True)


def _no(number: int) -> Edit:
    return Edit(f"no {number}", True)


def _kept(old: t.Sequence[str], new: t.Sequence[str], anchor: int | None) -> set[str]:
    """The entries that stay where they are: the longest run in the same order, through the anchor."""
    place = {entry: at for at, entry in enumerate(old)}
    if anchor is None or new[anchor] not in place:
        return set(_longest_run([entry for entry in new if entry in place], place))
    middle = place[new[anchor]]
    before = [entry for entry in new[:anchor] if place.get(entry, middle) < middle]
    after = [entry for entry in new[anchor + 1 :] if place.get(entry, middle) > middle]
    return {*_longest_run(before, place), new[anchor], *_longest_run(after, place)}


def _longest_run(entries: list[str], place: dict[str, int]) -> list[str]:
    """The longest subsequence in the order of the old list: patience sorting, n log n."""
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for at, entry in enumerate(entries):
        pile = bisect.bisect_left(tails, place[entry])
        back.append(ends[pile - 1] if pile else -1)
        tails[pile : pile + 1] = [place[entry]]
        ends[pile : pile + 1] = [at]
    run: list[str] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(entries[at])
        at = back[at]
    return run[::-1]


def _numbers(old: t.Sequence[str], new: t.Sequence[str], kept: set[str], room: int) -> dict[str, int]:
    """The number of every entry of the new list while it is being changed."""
    place = {entry: (at + 1) * room for at, entry in enumerate(old)}
    numbers: dict[str, int] = {}
    last = 0
    for entry in new:
        last = place[entry] if entry in kept else last + 1
        numbers[entry] = last
    return numbers
