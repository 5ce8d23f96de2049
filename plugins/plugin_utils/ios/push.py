# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration on its way: lines under way within a window, acknowledged one by one."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import mask_line

from . import answers
from .lines import END, MARK, Failure, Outcome, Row
from .stream import Exchange, Prompt

if t.TYPE_CHECKING:
    from .session import Session

CONTROL_U = "\x15"
BYTES = 4096  # of lines under way at a time: the input buffers of devices are small
STALLED = 5.0  # seconds at a prompt, with lines under way, after which the device has lost them
SETTLED = 0.5  # seconds of silence after which a device that lost input is done


class Push:
    """One push: lines under way, acknowledged one by one."""

    def __init__(self, session: Session, rows: list[Row], window: int) -> None:
        self.session = session
        self.todo = rows[::-1]
        self.window = max(window, 1)
        self.flying: dict[int, Row] = {}
        self.size = 0
        self.outcome = Outcome()
        self.stopped = False

    async def run(self) -> Outcome:
        track = self.session.track
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
            row.exchange = self.session.track.sent(row.echo, free=bool(row.typed))
            self.session.track.names += row.new_names
            self.flying[id(row.exchange)] = row
            self.size += len(row.wire) + 1
            batch.append(row.wire)
            if row.typed:
                self.session.track.sent(MARK)
                batch.append(MARK)
        if batch:
            self.session.write(
                END.join(batch) + END, END.join(row.sent.text for row in list(self.flying.values())[-len(batch) :])
            )

    def _fits(self, row: Row) -> bool:
        if not self.flying:
            return True
        if row.alone or any(other.alone for other in self.flying.values()):
            return False
        return len(self.flying) < self.window and self.size + len(row.wire) < BYTES

    async def _wait(self) -> None:
        """Until at least one line is answered."""
        session, track = self.session, self.session.track
        only = next(iter(self.flying.values())) if len(self.flying) == 1 else None
        if only and only.alone and only.exchange:
            await session.answered(only.exchange, only.dialogue)
            await session.until(lambda: track.idle)
            return
        while not track.done and track.diverged is None:
            if (
                not track.done
                and answers.QUESTION.search(session.screen.tail)
                and track.current
                and await session.quiet()
            ):
                await session.refuse_to_answer(track.current, session.screen.tail)
            else:
                await self._listen()

    async def _listen(self) -> None:
        """Take in what comes next. A device that waits at its prompt while lines are under way has lost them."""
        session, track = self.session, self.session.track
        at_prompt = track.prompt(session.screen.tail) is not None
        if at_prompt and session.target.timeout > STALLED:
            try:
                data = await session.pipe.read(STALLED)
            except TimeoutError:
                track.diverged = "nothing"
                session.write(CONTROL_U)  # what is left of a line must not become part of the next
                return
            except ConnectionError:
                data = b""  # the next read says it in our words
            if data:
                session.take(data)
                return
        await session.step("the answer to a configuration line")

    def _acknowledge(self) -> None:
        track = self.session.track
        while track.done:
            exchange = track.done.popleft()
            row = self.flying.pop(id(exchange), None)
            if row is None:
                continue
            self.size -= len(row.wire) + 1
            prompt = t.cast(Prompt, exchange.prompt)
            self.session.mode = prompt.mode
            if row.new_names:
                self.session.hostname = _renamed(prompt.name, (*row.new_names, self.session.hostname))
                track.names = [self.session.hostname]
            self._judge(row, exchange)

    def _judge(self, row: Row, exchange: Exchange) -> None:
        typed = "\n".join(row.typed)  # which is echoed, perhaps in pieces
        said = answers.judge([one for one in exchange.answer if one not in typed])
        self.outcome.remarks += [f"{row.sent.text}: {mask_line(remark)}" for remark in said.remarks]
        error = said.error
        if error is None and not self.session.mode and not re.match(r"end|exit", row.echo):
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
        session, track = self.session, self.session.track
        with contextlib.suppress(TimeoutError):
            while True:
                session.take(await session.pipe.read(SETTLED))
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
