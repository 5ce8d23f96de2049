# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a push: how each is typed, and what became of it. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import mask_line

from .stream import Exchange

Dialogue = t.Sequence[tuple[str, str]]
END = "\r"
CONTROL_V = "\x16"
DELIMITERS = "#@%~+=|!&*^$_;0123456789"
# The echo of a comment line marks the end of text in which a row may look like a prompt.
MARK = "!end of answer"
# These change the prompt, ask, or may cut the way that they came by: nothing is sent behind them before their answer.
ALONE = re.compile(r"(do|default|crypto|hostname|banner|no +username|no +hostname|end|exit)\b", re.IGNORECASE)
BANNER = re.compile(r"(banner +(?:\w+ +)?)(\^C|\S)(.*)", re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Sent:
    """A line of a push.

    :param number: its place in the push, from 1
    :param text: the line, secrets masked
    """

    number: int
    text: str


@dataclasses.dataclass(frozen=True)
class Failure(Sent):
    """A line that was not taken.

    :param answer: what the device said
    """

    answer: str = ""


@dataclasses.dataclass
class Outcome:
    """What became of the lines of a push: each is in exactly one of the first three lists, or is C(unknown).

    :ivar unknown: under way when the session broke: taken or not, nobody has said
    :ivar remarks: what the device remarked on lines that it took
    :ivar diverged: whether the device lost some of what was typed ahead
    :ivar error: why the push ended early, where no line's answer says so
    """

    applied: list[Sent] = dataclasses.field(default_factory=list)
    failed: list[Failure] = dataclasses.field(default_factory=list)
    not_sent: list[Sent] = dataclasses.field(default_factory=list)
    unknown: list[Sent] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)
    diverged: bool = False
    error: FleetError | None = None

    @property
    def ok(self) -> bool:
        return not (self.failed or self.not_sent or self.unknown or self.error)


@dataclasses.dataclass
class Row:
    """A line of a push on its way."""

    sent: Sent
    wire: str
    echo: str
    alone: bool
    dialogue: Dialogue
    new_names: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()  # rows behind the first, which nobody interprets
    exchange: Exchange | None = None


def check(text: str) -> None:
    """Refuse what cannot be typed as one line."""
    wrong = next((character for character in text if not " " <= character <= "~"), None)
    if wrong is not None:
        shown = mask_line(text.splitlines()[0]) if text.strip() else ""
        raise InvalidOption(
            f"the line '{shown}' holds the character {wrong!r}",
            next_step="IOS takes printable ASCII, one line at a time",
        )


def wire(text: str) -> str:
    """A line as it is typed: C(?) would be answered with help, so it is quoted."""
    return text.replace("?", CONTROL_V + "?")


def row_of(number: int, line: t.Any) -> Row:
    """A line of a push, from a text or a plan's line."""
    text = line if isinstance(line, str) else line.text
    masked = mask_line(text) if isinstance(line, str) else line.masked
    dialogue = () if isinstance(line, str) else tuple(line.dialogue)
    alone = bool(ALONE.match(text.strip())) or bool(dialogue) or bool(getattr(line, "alone", False))
    found = BANNER.match(text)
    sent = Sent(number, masked)
    if found:
        return _banner(sent, found)
    text = text.strip()
    check(text)
    renamed = re.match(r"(no +)?hostname\b *(\S*)", text, re.IGNORECASE)
    names = ("Router" if renamed[1] else renamed[2],) if renamed else ()
    return Row(sent, wire(text), text, alone, dialogue, names)


def _banner(sent: Sent, found: re.Match[str]) -> Row:
    """A banner: all its rows, with a delimiter that the text does not hold."""
    delimiter, rest = found[2], found[3]
    body, _end, _ignored = rest.partition(delimiter)
    for row in body.split("\n"):
        check(row)
    chosen = next((one for one in DELIMITERS if one not in body), None)
    if chosen is None:
        raise InvalidOption(
            f"the banner '{sent.text}' holds every character that could end it",
            next_step=f"leave one of {DELIMITERS} out",
        )
    rows = f"{body}{chosen}".split("\n")
    first = rows.pop(0)
    head = f"{found[1].rstrip()} {chosen}{first}"
    # Only the first row goes through the line editor.
    return Row(sent, END.join([wire(head), *rows]), head, True, (), typed=(MARK, *rows))
