# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bytes of a terminal to answers, each with the line that it answers. Pure.

A device prints its prompt, echoes what it read, prints the answer, and prints its prompt again. So an answer stands
between two echoes, and many lines can be under way at a time without any doubt about which line an answer belongs to.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t

from . import answers

NAME = r"[^\s#>()]+"
PROMPT = re.compile(rf"({NAME})(\([^()\s]+\))?([#>]) ?")
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-B0-2]|[=>78])")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SCROLLED = 8  # characters that are at least left of a line that has been moved to the left


class Prompt(t.NamedTuple):
    """A prompt, and what stands behind it.

    :param mode: what it has in brackets; empty in EXEC
    :param privileged: whether it ends with C(#)
    """

    name: str
    mode: str
    privileged: bool
    rest: str


def clean(text: str) -> str:
    """A row as it looks on a screen: backspaces, returns and escape sequences carried out."""
    if not CONTROL.search(text):
        return text
    cells: list[str] = []
    at = 0
    for character in ESCAPES.sub("", text):
        if character == "\b":
            at = max(at - 1, 0)
        elif character == "\r":
            at = 0
        elif character >= " ":
            cells[at : at + 1] = [character]
            at += 1
    return "".join(cells)


def _is_end_of(wanted: str, text: str) -> bool:
    """Whether a row shows the end of a line that is longer than the screen is wide: IOS puts a C($) before it."""
    return len(text) > SCROLLED and text[0] == "$" and wanted.rstrip().endswith(text[1:].rstrip())


class Screen:
    """Splits what arrives into rows, wherever it is split."""

    def __init__(self) -> None:
        self._raw = ""

    def feed(self, data: bytes) -> list[str]:
        """The rows that have ended."""
        *rows, self._raw = (self._raw + data.decode("latin-1")).split("\n")
        return [clean(row.rstrip("\r\0")) for row in rows]

    @property
    def tail(self) -> str:
        """The row that has not ended."""
        return clean(self._raw)


@dataclasses.dataclass
class Exchange:
    """A line under way.

    :ivar echo: what the device is to echo
    :ivar answer: the rows that it answered
    :ivar prompt: the prompt after the answer, once it is there
    :ivar free: whether the answer may hold rows that look like prompts: only the next line's echo ends it
    """

    echo: str
    free: bool = False
    answer: list[str] = dataclasses.field(default_factory=list)
    prompt: Prompt | None = None


class Attribution:
    """Tells which row answers which line.

    :param name: the hostname in the prompts
    :ivar diverged: what was echoed instead of the line that was sent, once that has happened
    :ivar messages: log messages that came in between
    """

    def __init__(self, name: str, *, keep_log: bool = False) -> None:
        self.names = [name]
        self.keep_log = keep_log
        self.waiting: collections.deque[Exchange] = collections.deque()
        self.current: Exchange | None = None
        self.done: collections.deque[Exchange] = collections.deque()
        self.diverged: str | None = None
        self.messages: list[str] = []
        self._held: str | None = None  # the beginning of an echo that a message has interrupted

    def sent(self, echo: str, *, free: bool = False) -> Exchange:
        """A line was sent."""
        exchange = Exchange(echo, free)
        self.waiting.append(exchange)
        return exchange

    @property
    def in_echo(self) -> bool:
        """Whether the next row goes on with an echo that a message has interrupted."""
        return bool(self._held)

    @property
    def idle(self) -> bool:
        return not self.waiting and self.current is None

    def prompt(self, text: str) -> Prompt | None:
        """The prompt at the beginning of a row, or null."""
        found = PROMPT.match(text)
        if not found or not self._is_name(found[1], bool(found[2])):
            return None
        return Prompt(found[1], (found[2] or "")[1:-1], found[3] == "#", text[found.end() :])

    def _is_name(self, name: str, configuring: bool) -> bool:
        if name in self.names:
            return True
        return configuring and any(
            len(full) > len(name) >= 1 and full.startswith(name) for full in self.names if len(full) > 8
        )

    def row(self, text: str) -> None:
        """A row has ended."""
        if answers.is_log(text) and not (self.keep_log and self.current):
            self.messages.append(text)
            self._interrupted()
            return
        prompt = self.prompt(text)
        if prompt and not self._is_free_text(prompt):
            self._prompted(prompt)
        elif self._held is not None and self.waiting:
            self._echoed(self._held + text)
        elif self.current is not None:
            self.current.answer.append(text)
        elif text.strip():
            self.messages.append(text)

    def tail(self, text: str) -> None:
        """A row that has not ended: the device may be waiting at its prompt."""
        prompt = self.prompt(text)
        if prompt and not prompt.rest.strip() and self.current is not None and not self.current.free:
            self._close(prompt)

    def _interrupted(self) -> None:
        """A message came while a prompt stood there, perhaps with the beginning of the echo that ends a free text."""
        exchange = self.current
        if exchange is None or not exchange.free or not exchange.answer or not self.waiting:
            return
        prompt = self.prompt(exchange.answer[-1])
        if prompt and self.waiting[0].echo.startswith(prompt.rest):
            exchange.answer.pop()
            self._close(prompt)
            self._held = prompt.rest

    def _is_free_text(self, prompt: Prompt) -> bool:
        """Whether a row that looks like a prompt belongs to an answer."""
        return bool(self.current and self.current.free and not (self.waiting and prompt.rest == self.waiting[0].echo))

    def _prompted(self, prompt: Prompt) -> None:
        if self.current is not None:
            self._close(prompt)
        rest = prompt.rest
        if answers.is_log(rest):
            self.messages.append(rest)
            rest = ""
        self._echoed(rest)

    def _close(self, prompt: Prompt) -> None:
        exchange = self.current
        self.current = None
        if exchange is not None:
            exchange.prompt = prompt
            self.done.append(exchange)

    def _echoed(self, text: str) -> None:
        """The echo of the next line, or its beginning."""
        self._held = None
        if not self.waiting:
            return
        wanted = self.waiting[0].echo
        if (text.rstrip() == wanted.rstrip() and (text or not wanted)) or _is_end_of(wanted, text):
            self.current = self.waiting.popleft()
        elif wanted.startswith(text):
            self._held = text
        else:
            self.diverged = self.diverged or text
            self.current = self.waiting.popleft()
