# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A terminal as IOS drives it: the echo, the line editor, paging, and questions in between.

It reads and writes a `Wire`, whatever carries the bytes, and knows nothing of commands.
"""

from __future__ import annotations

import asyncio
import collections
import re
import typing as t

from .faults import Faults

SPECIAL = re.compile(rb"[\x00-\x1f\x7f?]")
MORE = b" --More-- "
ERASE_MORE = b"\b" * 9 + b" " * 8 + b"\b" * 9
KEEP = 4096  # bytes gathered before they are written
BELL = b"\a"

Completer = t.Callable[[str], str]
Helper = t.Callable[[str], list[str]]


class Gone(Exception):
    """Nobody is at the other end any more."""


class Wire:
    """The bytes between device and user, with the link's delay.

    :param write: sends bytes to the user
    :param close: ends the connection
    """

    def __init__(self, faults: Faults, write: t.Callable[[bytes], None], close: t.Callable[[], None]) -> None:
        self.faults = faults
        self._write = write
        self._close = close
        self._queues: dict[str, collections.deque[bytes]] = {"in": collections.deque(), "out": collections.deque()}
        self.inbox = bytearray()
        self.closed = False
        self._arrived: asyncio.Future[None] | None = None

    def fed(self, data: bytes) -> None:
        """The user's bytes enter the link."""
        self._later("in", data, self._arrive)

    def send(self, data: bytes) -> None:
        """The device's bytes enter the link."""
        if self.faults.split:
            for byte in data:
                self._later("out", bytes([byte]), self._leave)
        else:
            self._later("out", data, self._leave)

    def end(self) -> None:
        """The user has gone."""
        self.closed = True
        self._wake()

    def cut(self) -> None:
        """The device ends it."""
        if not self.closed:
            self.end()
            if self.faults.rtt:
                asyncio.get_running_loop().call_later(self.faults.rtt / 2 + 0.001, self._close)
            else:
                self._close()

    def mute(self) -> None:
        """Say nothing more, and keep the connection."""
        self._write = lambda _data: None

    async def more(self) -> None:
        """Wait until there is input."""
        while not self.inbox:
            if self.closed:
                raise Gone
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived

    def _later(self, way: str, data: bytes, then: t.Callable[[bytes], None]) -> None:
        delay, queue = self.faults.rtt / 2, self._queues[way]
        if not delay and not queue:
            then(data)
            return
        # Timers that are due together may fire in any order: each takes the oldest.
        queue.append(data)
        asyncio.get_running_loop().call_later(delay, lambda: then(queue.popleft()))

    def _arrive(self, data: bytes) -> None:
        room = self.faults.input_buffer
        self.inbox += data if room is None else data[: max(0, room - len(self.inbox))]
        self._wake()

    def _leave(self, data: bytes) -> None:
        if not self.closed:
            self._write(data)

    def _wake(self) -> None:
        if self._arrived and not self._arrived.done():
            self._arrived.set_result(None)


class Terminal:
    """One user's screen and keyboard.

    :ivar length: rows of a page, 0 for no paging
    :ivar width: columns, 0 for no limit
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.length = 24
        self.width = 80
        self.synchronous = False
        self.noise: t.Callable[[], str | None] = lambda: None
        self.history: list[str] = []
        self._out = bytearray()
        self._reading: tuple[str, bytearray] | None = None
        self._skip_newline = False

    # Output

    def write(self, text: str | bytes) -> None:
        """Put text on the screen as it is."""
        self._out += text if isinstance(text, bytes) else text.encode("latin-1", "replace")
        if len(self._out) > KEEP:
            self.flush()

    def line(self, text: str = "") -> None:
        """Put a line on the screen."""
        self.write(text + "\r\n")

    def flush(self) -> None:
        if self._out:
            self.wire.send(bytes(self._out))
            self._out.clear()

    def interrupt(self, message: str) -> None:
        """A log line comes in between whatever is on the screen."""
        self.write(f"\r\n{message}\r\n")
        if self._reading and self.synchronous:
            self.write(self._reading[0].encode() + bytes(self._reading[1]))
        self.flush()

    async def page(self, lines: list[str]) -> None:
        """Show lines, a page at a time where the terminal has a length."""
        shown = 0
        for number, text in enumerate(lines):
            if self.length and shown >= self.length - 1 and number < len(lines):
                key = await self._more()
                if key in b"qQ\x03":
                    return
                shown = self.length - 2 if key in b"\r\n" else 0
            self.line(text)
            shown += 1

    async def _more(self) -> bytes:
        self.write(MORE)
        key = await self.key()
        self.write(ERASE_MORE)
        return key

    # Input

    async def key(self) -> bytes:
        """The next byte typed."""
        if not self.wire.inbox:
            self.flush()
            await self.wire.more()
        byte = bytes(self.wire.inbox[:1])
        del self.wire.inbox[:1]
        if self._skip_newline and byte in b"\n\0":
            self._skip_newline = False
            return await self.key()
        self._skip_newline = byte == b"\r"
        return byte

    async def ask(self, question: str, *, echo: bool = True) -> str:
        """An answer to a question, without the line editor's help and completion."""
        return await self.edit(question, echo=echo, editor=False)

    async def confirm(self, question: str) -> bool:
        """A ``[confirm]`` question: RETURN or y is yes."""
        self.write(question + " [confirm]" if not question.endswith("]") else question)
        key = await self.key()
        self.line(key.decode("latin-1") if key in b"yYnN" else "")
        return key in b"\r\nyY"

    async def row(self) -> str:
        """A row of text that nobody interprets, as inside a banner."""
        return await self.edit("", editor=False)

    async def edit(
        self,
        prompt: str,
        *,
        echo: bool = True,
        editor: bool = True,
        complete: Completer | None = None,
        help: Helper | None = None,
    ) -> str:
        """A line as the user leaves it: ``\\x1a`` at its end for ^Z, ``\\x03`` alone for ^C."""
        self.write(prompt)
        typed = Typed(self, echo, len(prompt))
        self._reading = (prompt, typed.text)
        try:
            while True:
                if not self.wire.inbox:
                    self.flush()
                    await self.wire.more()
                found = SPECIAL.search(self.wire.inbox)
                run = bytes(self.wire.inbox[: found.start() if found else len(self.wire.inbox)])
                if run:
                    del self.wire.inbox[: len(run)]
                    self._skip_newline = False
                    self._echo(typed, run)
                    continue
                done = await self._control(prompt, typed, editor, complete, help)
                if done is not None:
                    return done
        finally:
            self._reading = None

    def _echo(self, typed: Typed, run: bytes) -> None:
        """Take what was typed, perhaps with a message in its middle."""
        message = self.noise()
        half = len(run) // 2 if message else len(run)
        typed.insert(run[:half])
        if message:
            self.interrupt(message)
            typed.insert(run[half:])

    async def _control(
        self, prompt: str, typed: Typed, editor: bool, complete: Completer | None, help: Helper | None
    ) -> str | None:
        byte = await self.key()
        if byte in b"\r\n":
            self.line()
            return typed.string
        if byte == b"\x03":
            self.line("^C" if editor else "")
            return "\x03"
        if byte == b"\x1a" and editor:
            self.line("^Z")
            return typed.string + "\x1a"
        if byte == b"\x16":  # ^V: the next one as it is
            typed.insert(await self.key())
        elif byte == b"?" and help is not None:
            self.line("?")
            for text in help(typed.string):
                self.line(text)
            typed.repaint(prompt)
        elif byte == b"?" or (byte == b"\t" and not editor):
            typed.insert(byte)
        elif byte == b"\t" and complete is not None:
            typed.replace(complete(typed.string), prompt)
        elif byte == b"\x1b":
            await self._escape(typed, prompt)
        elif byte in EDITS:
            EDITS[byte](typed)
        elif byte in (b"\x10", b"\x0e"):
            typed.recall(-1 if byte == b"\x10" else 1, prompt)
        elif byte == b"\x12":
            self.line()
            typed.repaint(prompt)
        return None

    async def _escape(self, typed: Typed, prompt: str) -> None:
        """Arrow keys."""
        if await self.key() == b"[":
            key = await self.key()
            arrows = {b"D": lambda: typed.move(-1), b"C": lambda: typed.move(1)}
            arrows |= {b"A": lambda: typed.recall(-1, prompt), b"B": lambda: typed.recall(1, prompt)}
            if key in arrows:
                arrows[key]()


class Typed:
    """The line being typed, its cursor, and how the screen follows."""

    def __init__(self, terminal: Terminal, echo: bool, indent: int) -> None:
        self.terminal = terminal
        self.echo = echo
        self.indent = indent
        self.cells = 0  # that are in use behind the prompt, once the line has been moved to the left
        self.text = bytearray()
        self.at = 0
        self.recalled = 0

    @property
    def string(self) -> str:
        return self.text.decode("latin-1")

    def show(self, data: bytes) -> None:
        if self.echo:
            self.terminal.write(data)

    def insert(self, run: bytes) -> None:
        rest = bytes(self.text[self.at :])
        self.text[self.at : self.at] = run
        self.at += len(run)
        room = self.terminal.width - self.indent - 1
        if self.terminal.width and len(self.text) > room and not rest:
            self._move_left(run, room)
        else:
            self.show(run + rest + b"\b" * len(rest))

    def _move_left(self, run: bytes, room: int) -> None:
        """Show the end of a line that is longer than the screen is wide, behind a ``$``."""
        self.cells = self.cells or len(self.text) - len(run)
        while run:
            fits = room - self.cells
            self.show(run[:fits])
            run, self.cells = run[fits:], self.cells + len(run[:fits])
            if run:
                kept = bytes(self.text[: len(self.text) - len(run)])[-(room // 2) :]
                gap = self.cells - len(kept) - 1
                self.show(b"\b" * self.cells + b"$" + kept + b" " * gap + b"\b" * gap)
                self.cells = len(kept) + 1

    def move(self, by: int) -> None:
        to = min(max(self.at + by, 0), len(self.text))
        self.show(b"\b" * (self.at - to) if to < self.at else bytes(self.text[self.at : to]))
        self.at = to

    def erase(self, count: int) -> None:
        """Take away characters before the cursor."""
        count = min(count, self.at)
        rest = bytes(self.text[self.at :])
        del self.text[self.at - count : self.at]
        self.at -= count
        self.show(b"\b" * count + rest + b" " * count + b"\b" * (count + len(rest)))

    def cut(self) -> None:
        """Take away what is behind the cursor."""
        gone = len(self.text) - self.at
        del self.text[self.at :]
        self.show(b" " * gone + b"\b" * gone)

    def word(self) -> None:
        head = bytes(self.text[: self.at]).rstrip(b" ")
        self.erase(self.at - (head.rfind(b" ") + 1))

    def replace(self, text: str, prompt: str) -> None:
        self.text[:] = text.encode("latin-1")
        self.at = len(self.text)
        self.terminal.line()
        self.repaint(prompt)

    def repaint(self, prompt: str) -> None:
        self.terminal.write(prompt)
        self.show(bytes(self.text) + b"\b" * (len(self.text) - self.at))

    def recall(self, step: int, prompt: str) -> None:
        history = self.terminal.history
        self.recalled = min(max(self.recalled + step, -len(history)), 0)
        text = history[self.recalled] if self.recalled else ""
        self.erase(self.at)
        self.cut()
        self.insert(text.encode("latin-1"))


EDITS: dict[bytes, t.Callable[[Typed], None]] = {
    b"\x01": lambda typed: typed.move(-len(typed.text)),
    b"\x05": lambda typed: typed.move(len(typed.text)),
    b"\x02": lambda typed: typed.move(-1),
    b"\x06": lambda typed: typed.move(1),
    b"\x15": lambda typed: typed.erase(typed.at),
    b"\x18": lambda typed: typed.erase(typed.at),
    b"\x0b": lambda typed: typed.cut(),
    b"\x17": lambda typed: typed.word(),
    b"\x08": lambda typed: typed.erase(1),
    b"\x7f": lambda typed: typed.erase(1),
}
