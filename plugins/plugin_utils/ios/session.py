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
import datetime
import os
import re
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
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
from .lines import END, MARK, Dialogue, Failure, Outcome, Sent, check, row_of, wire
from .push import Push
from .stream import Attribution, Exchange, Prompt, Screen
from .target import Target

__all__ = ["Failure", "Outcome", "Sent", "Session", "Target"]

CONTROL_C = "\x03"
NUDGE = 2.0  # seconds of silence after which a RETURN may bring a prompt back
QUIET = 0.3  # seconds after which a question that nobody expected counts as one
LOCK_TRIES, LOCK_PAUSE = 3, 2.0
# Answers that hold free text, in which a row may look like a prompt: the echo of a comment line marks their end.
FREE_TEXT = re.compile(r"(do )?(sh(o|ow)? +(run|start|conf|arch|bann|tech|deriv)|more )", re.IGNORECASE)
WRITTEN = re.compile(
    r"Error writing|open failed|No space left|not enough space|Error opening|Overwrite the previous", re.IGNORECASE
)


class Session:
    """A device, logged in.

    :ivar hostname: as the prompt shows it
    :ivar transcript: what was sent and received, secrets masked; null unless asked for
    :ivar messages: what came in between by itself, as log messages do
    :ivar mode: what the prompt has in brackets; empty in EXEC
    :ivar screen, track, pipe: what the answers are made of, for `Push`
    """

    def __init__(self, target: Target, pipe: transport.Pipe, *, transcript: bool = False) -> None:
        self.target = target
        self.transcript: list[str] | None = [] if transcript else None
        self.hostname = ""
        self.privileged = False
        self.messages: list[str] = []
        self.pipe = pipe
        self.screen = Screen()
        self.track = Attribution("")
        self.mode = ""
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
            self.write(CONTROL_C + "end" + END + "exit" + END if self.mode else "exit" + END)
            await asyncio.sleep(0)
        await self.pipe.close()

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
            await console.log_in(self.write, self.look, target=self.target)
        prompt = await self._first_prompt()
        self.hostname, self.privileged, self.mode = prompt.name, prompt.privileged, prompt.mode
        self.track = Attribution(prompt.name)
        if self.mode:
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
        while not wanted(self.screen.tail):
            silence = await self._look_on(what, nudge, silence)
        return self.screen.tail

    async def _look_on(self, what: str, nudge: str, silence: float) -> float:
        """Take in what arrives, or nudge; returns how long the device has been silent."""
        if nudge and silence < self.target.timeout:
            try:
                data = await self.pipe.read(NUDGE)
            except TimeoutError:
                self.write(nudge)
                return silence + NUDGE
            except ConnectionError:
                data = await self._read(what)  # says it in our words
        else:
            data = await self._read(what)
        rows = self.screen.feed(data)
        for row in rows:
            self._note("<", row)
        self._seen = [row for row in rows if row.strip() and not answers.is_log(row)] or self._seen
        return 0.0

    async def _first_prompt(self) -> Prompt:
        """The first prompt. A banner may end like one, so it counts only when it comes again, right after a RETURN."""
        await self.look(lambda tail: _prompt(tail) is not None, "a prompt", END)
        self._seen = []
        self.write(END)
        await self.look(
            lambda tail: bool(_prompt(tail) and self._seen and self._seen[-1].rstrip() == tail.rstrip()),
            "a prompt",
            END,
        )
        return t.cast(Prompt, _prompt(self.screen.tail))

    async def _enable(self) -> None:
        self.track.sent("enable")
        self.write("enable" + END)
        rows = await self.until(lambda: self.track.idle or bool(answers.QUESTION.search(self.screen.tail)))
        if not self.track.idle:
            self.write((self.target.become_password or "") + END, shown=MASK + END)
            # Asked again, the password was wrong: two empty ones more bring the prompt back.
            for _try in range(3):
                self.screen.feed(b"\n")
                await self.until(lambda: self.track.idle or bool(answers.QUESTION.search(self.screen.tail)))
                if self.track.idle:
                    break
                self.write(END)
        done = self.track.done.popleft()
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
        check(text)
        self.track.keep_log = bool(re.match(r"sh\w* +log", text))
        free = bool(FREE_TEXT.match(text)) and not dialogue
        exchange = self.track.sent(text, free=free)
        self.write(wire(text) + END)
        if free:
            self.track.sent(MARK)
            self.write(MARK + END)
        await self.answered(exchange, dialogue)
        if not self.track.idle:
            await self.until(lambda: self.track.idle)
        self.track.done.clear()
        self.track.keep_log = False
        prompt = t.cast(Prompt, exchange.prompt)
        self.mode = prompt.mode
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
        if self.mode:
            return
        for attempt in range(LOCK_TRIES):
            if attempt:
                await asyncio.sleep(LOCK_PAUSE)
            rows = await self._command(how)
            if self.mode:
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
        if self.mode:
            await self._command("end")

    async def push(self, lines: t.Iterable[t.Any], window: int | None = None, *, leave: bool = True) -> Outcome:
        """Enter configuration mode, send lines, and leave it.

        :param lines: texts, or lines of a plan (C(text), C(masked), C(dialogue), C(alone))
        :param window: how many may be under way at a time; null for the target's
        :param leave: whether to leave configuration mode afterwards
        :raises InvalidOption: a line cannot be sent as one; nothing was sent

        The first line that is not taken ends the push; those that were under way behind it are accounted for.
        """
        rows = [row_of(number, line) for number, line in enumerate(lines, 1)]
        await self.configure()
        outcome = await Push(self, rows, window or self.target.window).run()
        if outcome.error is None and leave:
            await self.leave()
        return outcome

    # The wire

    def write(self, text: str, shown: str | None = None) -> None:
        self._note(">", shown if shown is not None else text)
        self.pipe.write(text.encode("latin-1"))

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
            return await self.pipe.read(self.target.timeout)
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

    async def step(self, what: str = "an answer") -> list[str]:
        """Take in what arrives next; returns the rows."""
        return self.take(await self._read(what))

    def take(self, data: bytes) -> list[str]:
        """Attribute what has arrived."""
        rows = self.screen.feed(data)
        for row in rows:
            self._note("<", MASK if self.track.in_echo else row)
            self.track.row(row)
        self.track.tail(self.screen.tail)
        self.messages += self.track.messages
        self.track.messages.clear()
        return rows

    async def until(self, done: t.Callable[[], bool], what: str = "an answer") -> list[str]:
        rows: list[str] = []
        while not done():
            rows += await self.step(what)
        return rows

    async def answered(self, exchange: Exchange, dialogue: Dialogue) -> None:
        """Wait for a command's answer, and answer its questions."""
        answered = None
        while exchange.prompt is None:
            tail = self.screen.tail
            place = (len(exchange.answer), tail)
            if place != answered and self.track.current is exchange:
                replies = [reply for question, reply in dialogue if re.search(question, tail)]
                if replies:
                    answered = place
                    self.write(replies[0] + END)
                elif answers.QUESTION.search(tail) and not exchange.free and await self.quiet():
                    await self.refuse_to_answer(exchange, tail)
            if exchange.prompt is None:
                await self.step(f"the answer to '{mask_line(exchange.echo)}'")
        exchange.answer[:] = [row for row in exchange.answer if not _asked(row, dialogue)]

    async def quiet(self) -> bool:
        """Whether the device has really stopped."""
        before = self.screen.tail
        try:
            data = await self.pipe.read(QUIET)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        self.take(data)
        return self.screen.tail == before

    async def refuse_to_answer(self, exchange: Exchange, question: str) -> None:
        """Abandon a question that nobody has an answer for."""
        self.write(CONTROL_C)
        with contextlib.suppress(TimedOut):
            await self.until(lambda: exchange.prompt is not None)
        raise OperationFailed(
            f"the device asked '{question.strip()}' after '{mask_line(exchange.echo)}'",
            obj=self.hostname,
            endpoint=self.endpoint,
            next_step="nothing was answered; please report the question, so that the grammar learns it",
            text=question.strip(),
        )


def _prompt(tail: str) -> Prompt | None:
    """Any prompt that is the whole row."""
    found = re.fullmatch(r"([^\s#>()]+)(\([^()\s]+\))?([#>]) ?", tail)
    return Prompt(found[1], (found[2] or "")[1:-1], found[3] == "#", "") if found else None


def _asked(row: str, dialogue: Dialogue) -> bool:
    return any(re.search(question.rstrip("$"), row) for question, _reply in dialogue)
