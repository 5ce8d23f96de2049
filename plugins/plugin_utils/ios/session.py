# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session with a Cisco IOS device: prompts, privileged EXEC, commands with their questions, and pushed configuration.

.. code-block:: python

    async with Session.open(Target("192.0.2.1", user="admin", password="...")) as session:
        text = await session.command("show running-config")
        outcome = await session.push(["interface Loopback0", "description for test"])
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import os
import re
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    FleetError,
    Forbidden,
    Interrupted,
    InvalidOption,
    OperationFailed,
    Refused,
    TimedOut,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import mask_line

from . import answers, console, transport
from .stream import Attribution, Exchange, Prompt, Screen
from .target import Target

__all__ = ["Failure", "Outcome", "Sent", "Session", "Target"]

Dialogue = t.Sequence[tuple[str, str]]
END = "\r"
CONTROL_V = "\x16"
CONTROL_C = "\x03"
CONTROL_U = "\x15"
BYTES = 4096  # of lines under way at a time: the input buffers of devices are small
NUDGE = 2.0  # seconds of silence after which a RETURN may bring a prompt back
QUIET = 0.3  # seconds after which a question that nobody expected counts as one
STALLED = 5.0  # seconds at a prompt, with lines under way, after which the device has lost them
SETTLED = 0.5  # seconds of silence after which a device that lost input is done
LOCK_TRIES, LOCK_PAUSE = 3, 2.0
DELIMITERS = "#@%~+=|!&*^$_;0123456789"
# Answers that hold free text, in which a row may look like a prompt: the echo of a comment line marks their end.
FREE_TEXT = re.compile(r"(do )?(sh(o|ow)? +(run|start|conf|arch|bann|tech|deriv)|more )", re.IGNORECASE)
MARK = "!end of answer"
# These change the prompt, ask, or may cut the way that they came by: nothing is sent behind them before their answer.
ALONE = re.compile(r"(do|default|crypto|hostname|banner|no +username|no +hostname|end|exit)\b", re.IGNORECASE)
BANNER = re.compile(r"(banner +(?:\w+ +)?)(\^C|\S)(.*)", re.IGNORECASE | re.DOTALL)
WRITTEN = re.compile(
    r"Error writing|open failed|No space left|not enough space|Error opening|Overwrite the previous", re.IGNORECASE
)


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
class _Row:
    """A line of a push on its way."""

    sent: Sent
    wire: str
    echo: str
    alone: bool
    dialogue: Dialogue
    new_names: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()  # rows behind the first, which nobody interprets
    exchange: Exchange | None = None


class Session:
    """A device, logged in.

    :ivar hostname: as the prompt shows it
    :ivar transcript: what was sent and received, secrets masked; null unless asked for
    """

    def __init__(self, target: Target, pipe: transport.Pipe, *, transcript: bool = False) -> None:
        self.target = target
        self.transcript: list[str] | None = [] if transcript else None
        self.hostname = ""
        self.privileged = False
        self.messages: list[str] = []
        self._pipe = pipe
        self._screen = Screen()
        self._track = Attribution("")
        self._mode = ""
        self._seen: list[str] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, target: Target, *, transcript: bool = False) -> t.AsyncIterator[Session]:
        """Connect, log in, and prepare the terminal.

        :raises FleetError: that failed
        """
        session = cls(target, await transport.opened(target), transcript=transcript or bool(target.transcript))
        try:
            await session._begin()
            yield session
        finally:
            await session.close()
            session._keep_transcript()

    @property
    def endpoint(self) -> str:
        return self.target.endpoint

    async def close(self) -> None:
        """End the session; a device that is gone already is no error."""
        if self.target.transport == "console" and self.hostname:
            # A console stays logged in when the connection ends.
            self._write(CONTROL_C + "end" + END + "exit" + END if self._mode else "exit" + END)
            await asyncio.sleep(0)
        await self._pipe.close()

    def _keep_transcript(self) -> None:
        """Append the transcript to the device's file."""
        if not self.target.transcript or self.transcript is None:
            return
        name = re.sub(r"[^\w.-]", "_", self.target.name or self.target.host)
        stamp = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        file = os.path.join(self.target.transcript, f"{name}.txt")
        try:
            os.makedirs(self.target.transcript, exist_ok=True)
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as stream:
                stream.write("\n".join([f"# {stamp} {self.endpoint}", *self.transcript, ""]))
        except OSError as error:
            raise InvalidOption(f"ios_transcript: {file} cannot be written: {error.strerror}", obj=name) from error

    # Beginning

    async def _begin(self) -> None:
        if self.target.transport == "console":
            await console.log_in(self._write, self.look, target=self.target)
        prompt = await self._first_prompt()
        self.hostname, self.privileged, self._mode = prompt.name, prompt.privileged, prompt.mode
        self._track = Attribution(prompt.name)
        if self._mode:
            await self.leave()
        if self.target.become and not self.privileged:
            await self._enable()
        await self.command("terminal length 0")
        for width in (0, 511):
            with contextlib.suppress(Refused):  # then long lines are echoed in part, which the attribution knows
                await self.command(f"terminal width {width}")
                break

    async def look(self, wanted: t.Callable[[str], bool], what: str, nudge: str = "") -> str:
        """Wait until the row that has not ended is wanted; returns it.

        :param what: what is waited for, for the error
        :param nudge: what to type whenever the device is silent for a while
        """
        silence = 0.0
        while not wanted(self._screen.tail):
            silence = await self._look_on(what, nudge, silence)
        return self._screen.tail

    async def _look_on(self, what: str, nudge: str, silence: float) -> float:
        """Take in what arrives, or nudge; returns how long the device has been silent."""
        if nudge and silence < self.target.timeout:
            try:
                data = await self._pipe.read(NUDGE)
            except TimeoutError:
                self._write(nudge)
                return silence + NUDGE
            except ConnectionError:
                data = await self._read(what)  # says it in our words
        else:
            data = await self._read(what)
        rows = self._screen.feed(data)
        for row in rows:
            self._note("<", row)
        self._seen = [row for row in rows if row.strip() and not answers.is_log(row)] or self._seen
        return 0.0

    async def _first_prompt(self) -> Prompt:
        """The first prompt. A banner may end like one, so it counts only when it comes again, right after a RETURN."""
        await self.look(lambda tail: _prompt(tail) is not None, "a prompt", END)
        self._seen = []
        self._write(END)
        await self.look(
            lambda tail: bool(_prompt(tail) and self._seen and self._seen[-1].rstrip() == tail.rstrip()),
            "a prompt",
            END,
        )
        return t.cast(Prompt, _prompt(self._screen.tail))

    async def _enable(self) -> None:
        self._track.sent("enable")
        self._write("enable" + END)
        rows = await self._until(lambda: self._track.idle or bool(answers.QUESTION.search(self._screen.tail)))
        if not self._track.idle:
            self._write((self.target.become_password or "") + END, shown=MASK + END)
            # Asked again, the password was wrong: two empty ones more bring the prompt back.
            for _try in range(3):
                self._screen.feed(b"\n")
                await self._until(lambda: self._track.idle or bool(answers.QUESTION.search(self._screen.tail)))
                if self._track.idle:
                    break
                self._write(END)
        done = self._track.done.popleft()
        self.privileged = bool(done.prompt and done.prompt.privileged)
        if not self.privileged:
            said = " ".join(row.strip() for row in [*rows, *done.answer] if row.strip())
            raise Forbidden(
                "privileged EXEC was refused",
                obj=self.hostname,
                endpoint=self.endpoint,
                next_step="check ansible_become_password against the device's enable secret",
                text=said or None,
            )

    # Commands

    async def command(self, text: str, dialogue: Dialogue = ()) -> str:
        """Run a command of EXEC and return its output.

        :param dialogue: questions, as regular expressions for the end of a row, and their answers
        :raises Refused: the device does not know or allow the command
        :raises OperationFailed: it asked what nobody has an answer for
        """
        await self.leave()
        rows = await self._command(text, dialogue)
        why = answers.refusal(rows)
        if why:
            raise Refused(
                f"the device refused '{mask_line(text)}': {why}", obj=self.hostname, endpoint=self.endpoint, text=why
            )
        return "\n".join(rows)

    async def _command(self, text: str, dialogue: Dialogue = ()) -> list[str]:
        _check(text)
        self._track.keep_log = bool(re.match(r"sh\w* +log", text))
        free = bool(FREE_TEXT.match(text)) and not dialogue
        exchange = self._track.sent(text, free=free)
        self._write(_wire(text) + END)
        if free:
            self._track.sent(MARK)
            self._write(MARK + END)
        await self._answered(exchange, dialogue)
        if not self._track.idle:
            await self._until(lambda: self._track.idle)
        self._track.done.clear()
        self._track.keep_log = False
        prompt = t.cast(Prompt, exchange.prompt)
        self._mode = prompt.mode
        rows = exchange.answer
        while rows and not rows[-1].strip():
            rows.pop()
        return rows

    async def save(self) -> None:
        """Write the running-config to the startup-config.

        :raises OperationFailed: the device could not
        """
        questions = ((r"\[startup-config\]\? *$", ""), (r"\[running-config\]\? *$", ""), (r"\[confirm\] *$", ""))
        said = await self.command("copy running-config startup-config", questions)
        if "open failed" in said:  # another session was writing
            await asyncio.sleep(1)
            said = await self.command("copy running-config startup-config", questions)
        problem = next((row.strip() for row in said.splitlines() if WRITTEN.search(row)), None)
        if problem or "[OK]" not in said and "bytes copied" not in said:
            raise OperationFailed(
                f"the configuration was not saved: {problem or 'the device did not say OK'}",
                obj=self.hostname,
                endpoint=self.endpoint,
                next_step="make room in NVRAM; the running-config is as pushed, the startup-config as it was before",
                text=said,
            )

    # Configuration

    async def configure(self, how: str = "configure terminal") -> None:
        """Enter configuration mode.

        :raises Busy: another session has locked it
        """
        if self._mode:
            return
        for attempt in range(LOCK_TRIES):
            if attempt:
                await asyncio.sleep(LOCK_PAUSE)
            rows = await self._command(how)
            if self._mode:
                return
            if not any(answers.LOCKED.search(row) for row in rows):
                break
        said = " ".join(row.strip() for row in rows if row.strip())
        where: dict[str, t.Any] = {"obj": self.hostname, "endpoint": self.endpoint, "text": said}
        if answers.LOCKED.search(said):
            raise Busy(
                "another session has locked the configuration", next_step="end it ('show users', 'clear line')", **where
            )
        if not self.privileged:
            raise Forbidden(
                "configuration needs privileged EXEC",
                next_step="set ansible_become and ansible_become_password",
                **where,
            )
        raise Refused(f"'{how}' did not enter configuration mode: {said}", **where)

    async def leave(self) -> None:
        """Go back to EXEC."""
        if self._mode:
            await self._command("end")

    async def push(self, lines: t.Iterable[t.Any], window: int | None = None, *, leave: bool = True) -> Outcome:
        """Enter configuration mode, send lines, and leave it.

        :param lines: texts, or lines of a plan (C(text), C(masked), C(dialogue), C(alone))
        :param window: how many may be under way at a time; null for the target's
        :param leave: whether to leave configuration mode afterwards
        :raises InvalidOption: a line cannot be sent as one; nothing was sent

        The first line that is not taken ends the push; those that were under way behind it are accounted for.
        """
        rows = [_row(number, line) for number, line in enumerate(lines, 1)]
        await self.configure()
        outcome = await _Push(self, rows, window or self.target.window).run()
        if outcome.error is None and leave:
            await self.leave()
        return outcome

    # The wire

    def _write(self, text: str, shown: str | None = None) -> None:
        self._note(">", shown if shown is not None else text)
        self._pipe.write(text.encode("latin-1"))

    def _note(self, way: str, text: str) -> None:
        if self.transcript is not None:
            self.transcript += [f"{way} {mask_line(row)}" for row in re.split(r"[\r\n]+", text.strip("\r\n"))]

    async def _read(self, what: str) -> bytes:
        """The next bytes.

        :raises TimedOut: the device says nothing
        :raises Interrupted: it has gone
        """
        where: dict[str, t.Any] = {"obj": self.hostname or self.target.host, "endpoint": self.endpoint}
        try:
            return await self._pipe.read(self.target.timeout)
        except TimeoutError:
            raise TimedOut(
                f"the device said nothing for {self.target.timeout:g} s while waiting for {what}",
                next_step="see whether it hangs, or raise ansible_command_timeout",
                **where,
            ) from None
        except ConnectionError as error:
            raise Interrupted(
                f"the session broke while waiting for {what}",
                next_step="run again: it reads first",
                text=str(error),
                **where,
            ) from None

    async def _step(self, what: str = "an answer") -> list[str]:
        """Take in what arrives next; returns the rows."""
        return self._take(await self._read(what))

    def _take(self, data: bytes) -> list[str]:
        """Attribute what has arrived."""
        rows = self._screen.feed(data)
        for row in rows:
            self._note("<", MASK if self._track.in_echo else row)
            self._track.row(row)
        self._track.tail(self._screen.tail)
        self.messages += self._track.messages
        self._track.messages.clear()
        return rows

    async def _until(self, done: t.Callable[[], bool], what: str = "an answer") -> list[str]:
        rows: list[str] = []
        while not done():
            rows += await self._step(what)
        return rows

    async def _answered(self, exchange: Exchange, dialogue: Dialogue) -> None:
        """Wait for a command's answer, and answer its questions."""
        answered = None
        while exchange.prompt is None:
            tail = self._screen.tail
            place = (len(exchange.answer), tail)
            if place != answered and self._track.current is exchange:
                replies = [reply for question, reply in dialogue if re.search(question, tail)]
                if replies:
                    answered = place
                    self._write(replies[0] + END)
                elif answers.QUESTION.search(tail) and not exchange.free and await self._quiet():
                    await self._refuse_to_answer(exchange, tail)
            if exchange.prompt is None:
                await self._step(f"the answer to '{mask_line(exchange.echo)}'")
        exchange.answer[:] = [row for row in exchange.answer if not _asked(row, dialogue)]

    async def _quiet(self) -> bool:
        """Whether the device has really stopped."""
        before = self._screen.tail
        try:
            data = await self._pipe.read(QUIET)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        self._take(data)
        return self._screen.tail == before

    async def _refuse_to_answer(self, exchange: Exchange, question: str) -> None:
        """Abandon a question that nobody has an answer for."""
        self._write(CONTROL_C)
        with contextlib.suppress(TimedOut):
            await self._until(lambda: exchange.prompt is not None)
        raise OperationFailed(
            f"the device asked '{question.strip()}' after '{mask_line(exchange.echo)}'",
            obj=self.hostname,
            endpoint=self.endpoint,
            next_step="nothing was answered; please report the question, so that the grammar learns it",
            text=question.strip(),
        )


class _Push:
    """One push: lines under way, acknowledged one by one."""

    def __init__(self, session: Session, rows: list[_Row], window: int) -> None:
        self.session = session
        self.todo = rows[::-1]
        self.window = max(window, 1)
        self.flying: dict[int, _Row] = {}
        self.size = 0
        self.outcome = Outcome()
        self.stopped = False

    async def run(self) -> Outcome:
        track = self.session._track
        try:
            while (self.todo and not self.stopped) or self.flying:
                self._fill()
                await self._wait()
                self._acknowledge()
                if track.diverged is not None:
                    await self._settle(track.diverged)
        except FleetError as error:
            self.outcome.error = error
            self.outcome.unknown = [row.sent for row in self.flying.values()]
        self.outcome.not_sent = [row.sent for row in reversed(self.todo)]
        return self.outcome

    def _fill(self) -> None:
        """Send what fits into the window, in one write."""
        batch: list[str] = []
        while self.todo and not self.stopped and self._fits(self.todo[-1]):
            row = self.todo.pop()
            row.exchange = self.session._track.sent(row.echo, free=bool(row.typed))
            self.session._track.names += row.new_names
            self.flying[id(row.exchange)] = row
            self.size += len(row.wire) + 1
            batch.append(row.wire)
            if row.typed:
                self.session._track.sent(MARK)
                batch.append(MARK)
        if batch:
            self.session._write(
                END.join(batch) + END, END.join(row.sent.text for row in list(self.flying.values())[-len(batch) :])
            )

    def _fits(self, row: _Row) -> bool:
        if not self.flying:
            return True
        if row.alone or any(other.alone for other in self.flying.values()):
            return False
        return len(self.flying) < self.window and self.size + len(row.wire) < BYTES

    async def _wait(self) -> None:
        """Until at least one line is answered."""
        session, track = self.session, self.session._track
        only = next(iter(self.flying.values())) if len(self.flying) == 1 else None
        if only and only.alone and only.exchange:
            await session._answered(only.exchange, only.dialogue)
            await session._until(lambda: track.idle)
            return
        while not track.done and track.diverged is None:
            if (
                not track.done
                and answers.QUESTION.search(session._screen.tail)
                and track.current
                and await session._quiet()
            ):
                await session._refuse_to_answer(track.current, session._screen.tail)
            else:
                await self._listen()

    async def _listen(self) -> None:
        """Take in what comes next. A device that waits at its prompt while lines are under way has lost them."""
        session, track = self.session, self.session._track
        at_prompt = track.prompt(session._screen.tail) is not None
        if at_prompt and session.target.timeout > STALLED:
            try:
                data = await session._pipe.read(STALLED)
            except TimeoutError:
                track.diverged = "nothing"
                session._write(CONTROL_U)  # what is left of a line must not become part of the next
                return
            except ConnectionError:
                data = b""  # the next read says it in our words
            if data:
                session._take(data)
                return
        await session._step("the answer to a configuration line")

    def _acknowledge(self) -> None:
        track = self.session._track
        while track.done:
            exchange = track.done.popleft()
            row = self.flying.pop(id(exchange), None)
            if row is None:
                continue
            self.size -= len(row.wire) + 1
            prompt = t.cast(Prompt, exchange.prompt)
            self.session._mode = prompt.mode
            if row.new_names:
                self.session.hostname = _renamed(prompt.name, (*row.new_names, self.session.hostname))
                track.names = [self.session.hostname]
            self._judge(row, exchange)

    def _judge(self, row: _Row, exchange: Exchange) -> None:
        typed = "\n".join(row.typed)  # which is echoed, perhaps in pieces
        said = answers.judge([one for one in exchange.answer if one not in typed])
        self.outcome.remarks += [f"{row.sent.text}: {mask_line(remark)}" for remark in said.remarks]
        error = said.error
        if error is None and not self.session._mode and not re.match(r"end|exit", row.echo):
            error = "the device left configuration mode"
        if error is None:
            self.outcome.applied.append(row.sent)
        else:
            self.stopped = True
            self.outcome.failed.append(Failure(row.sent.number, row.sent.text, mask_line(error)))

    async def _settle(self, echoed: str) -> None:
        """The device read another line than was sent: wait until it is done, and account for every line."""
        self.stopped = True
        self.outcome.diverged = True
        session, track = self.session, self.session._track
        with contextlib.suppress(TimeoutError):
            while True:
                session._take(await session._pipe.read(SETTLED))
        self._acknowledge()
        for row in self.flying.values():
            why = (
                "the device lost what was typed ahead"
                if row.exchange in track.waiting
                else f"the device read '{mask_line(echoed)}'"
            )
            self.outcome.failed.append(Failure(row.sent.number, row.sent.text, why))
        self.flying.clear()
        track.waiting.clear()
        track.done.clear()
        track.diverged, track.current = None, None


def _renamed(shown: str, names: t.Sequence[str]) -> str:
    """Which name a prompt shows, which may be cut."""
    return next(
        (name for name in names if name == shown), next((name for name in names if name.startswith(shown)), shown)
    )


def _prompt(tail: str) -> Prompt | None:
    """Any prompt that is the whole row."""
    found = re.fullmatch(r"([^\s#>()]+)(\([^()\s]+\))?([#>]) ?", tail)
    return Prompt(found[1], (found[2] or "")[1:-1], found[3] == "#", "") if found else None


def _asked(row: str, dialogue: Dialogue) -> bool:
    return any(re.search(question.rstrip("$"), row) for question, _reply in dialogue)


def _check(text: str) -> None:
    """Refuse what cannot be typed as one line."""
    wrong = next((character for character in text if not " " <= character <= "~"), None)
    if wrong is not None:
        shown = mask_line(text.splitlines()[0]) if text.strip() else ""
        raise InvalidOption(
            f"the line '{shown}' holds the character {wrong!r}",
            next_step="IOS takes printable ASCII, one line at a time",
        )


def _wire(text: str) -> str:
    """A line as it is typed: C(?) would be answered with help, so it is quoted."""
    return text.replace("?", CONTROL_V + "?")


def _row(number: int, line: t.Any) -> _Row:
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
    _check(text)
    renamed = re.match(r"(no +)?hostname\b *(\S*)", text, re.IGNORECASE)
    names = ("Router" if renamed[1] else renamed[2],) if renamed else ()
    return _Row(sent, _wire(text), text, alone, dialogue, names)


def _banner(sent: Sent, found: re.Match[str]) -> _Row:
    """A banner: all its rows, with a delimiter that the text does not hold."""
    delimiter, rest = found[2], found[3]
    body, _end, _ignored = rest.partition(delimiter)
    for row in body.split("\n"):
        _check(row)
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
    return _Row(sent, END.join([_wire(head), *rows]), head, True, (), typed=(MARK, *rows))
