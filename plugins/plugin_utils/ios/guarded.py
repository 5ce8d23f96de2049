# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change that is confirmed, or rolled back: the guard, the push, the look at the device over a new session.

The ladder, by what the device can do: its own revert timer; C(configure replace) of a copy made before; the way back,
planned from what the device then has. C(reload) restarts the device unless the change is confirmed, and is used only
where asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import time
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    FleetError,
    Interrupted,
    InUse,
    NotKept,
    OperationFailed,
    Refused,
    TimedOut,
    Unsupported,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import guard as rules
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import management as ways
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.diff import Plan, plan
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.guard import INVERSE, RELOAD, REPLACE
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.guard import REVERT_TIMER as REVERT
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import Config, differences, parse

from .session import Failure, Outcome, Sent, Session
from .target import Target

NONE = "none"
COPY = "nfvlab-guard.cfg"
# What the ladder depends on, in the order of the parameters of abilities().
ABILITIES = ("show archive", "show file systems", "show archive config rollback timer")
NO_TIMER = re.compile(r"No Rollback Confirmed Change pending")
CONFIRM: tuple[tuple[str, str], ...] = ((r"\[confirm\] *$", ""),)
PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds between two attempts to reach a device that is away
GRACE = 60  # seconds beyond the timer that a device may take to be back


@dataclasses.dataclass
class Report:
    """What became of a change.

    :ivar applied: lines that the device took, also where they were taken back later
    :ivar unknown: lines that were under way when the session broke
    :ivar guard: the rung of the ladder that was used
    :ivar verified: whether the device, asked over a new session, has exactly the predicted configuration
    :ivar rolled_back: true or false after a failure, null without one
    :ivar mismatch: where the device differs from the prediction, or after a failure from what it had before
    """

    guard: str
    applied: list[Sent] = dataclasses.field(default_factory=list)
    failed: list[Failure] = dataclasses.field(default_factory=list)
    not_sent: list[Sent] = dataclasses.field(default_factory=list)
    unknown: list[Sent] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)
    mismatch: list[str] = dataclasses.field(default_factory=list)
    verified: bool = False
    rolled_back: bool | None = None
    error: FleetError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


async def management(session: Session, running: Config) -> ways.Management:
    """What this session came in by, found from the device."""
    users = await session.command("show users")
    if session.target.transport == "console":
        return ways.Management(found=True, console=True, protocol="console")
    found = ways.find(running, users, address=session.target.management_address or session.target.host)
    if found.found:
        return found
    try:
        connections = await session.command("show tcp brief")
    except Refused:
        return found
    ours = [row.split() for row in connections.splitlines() if found.peer and f" {found.peer}." in row]
    address, _dot, port = ours[0][1].rpartition(".") if ours else ("", "", "22")
    return ways.find(running, users, address=address or None, port=int(port)) if len(ours) == 1 else found


async def apply(
    session: Session,
    change: Plan,
    running: Config,
    *,
    way: ways.Management | None = None,
    guard: str = "auto",
    minutes: int = 5,
) -> Report:
    """Carry a plan out under a guard.

    :param running: what the device has now
    :param way: what the session came in by, which the way back keeps open after every line too
    :param guard: a rung of the ladder, C(none), or C(auto)
    :param minutes: after how long a timer of the device fires
    :raises FleetError: the guard cannot be set up; nothing was changed
    """
    return await _Guarded(session, change, running, way, minutes).run(guard)


class _Guarded:
    def __init__(
        self, session: Session, change: Plan, running: Config, way: ways.Management | None, minutes: int
    ) -> None:
        self.session = session
        self.change = change
        self.before = running
        self.way = way
        self.minutes = minutes
        self.copy: str | None = None
        self.report = Report(NONE)

    async def run(self, guard: str) -> Report:
        report = self.report
        report.guard = await self._arm(guard)
        try:
            outcome = await self._push()
        except FleetError:
            await self._stand_down(self.session)
            raise
        for name in ("applied", "failed", "not_sent", "unknown", "remarks"):
            setattr(report, name, getattr(outcome, name))
        report.error = outcome.error or _refused(outcome, self.session)
        if report.error is None:
            await self._verify()
        if report.error is not None:
            await self._roll_back()
        return report

    # Before

    async def _arm(self, guard: str) -> str:
        """Set the guard up; returns the rung."""
        if guard in (NONE, INVERSE):
            return guard
        archive, filesystems, rollback = [await self._said(command) for command in ABILITIES]
        able = rules.abilities(archive, filesystems, rollback, guard == RELOAD)
        if able.pending:
            raise InUse(
                "another change waits for its confirmation on the device",
                obj=self.session.hostname,
                endpoint=self.session.endpoint,
                next_step="confirm it ('configure confirm') or revert it ('configure revert now')",
            )
        problem: FleetError | None = None
        for rung in rules.ladder(able) if guard == "auto" else (guard,):
            try:
                await self._ARM[rung](self, able)
            except (Unsupported, Refused, OperationFailed) as error:
                problem = error
            else:
                return rung
        raise t.cast(FleetError, problem)

    async def _said(self, command: str) -> str:
        """What a command prints; nothing where the device does not have it."""
        try:
            return await self.session.command(command)
        except Refused:
            return ""

    async def _arm_revert(self, able: rules.Abilities) -> None:
        if not able.archive:
            raise self._unsupported("no archive is configured, so the device has no revert timer")
        await self.session.configure(f"configure terminal revert timer {self.minutes}")

    async def _arm_replace(self, able: rules.Abilities) -> None:
        if able.filesystem is None:
            raise self._unsupported("the device has no filesystem that could hold a copy of its configuration")
        copy = f"{able.filesystem}{COPY}"
        questions = ((r"\]\? *$", ""), (r"\[confirm\] *$", ""))
        said = await self.session.command(f"copy running-config {copy}", questions)
        if "bytes copied" not in said:
            raise self._unsupported(f"the copy {copy} could not be written", said)
        self.copy = copy

    async def _arm_reload(self, _able: rules.Abilities) -> None:
        session = self.session
        startup = await session.command("show startup-config")
        if differences(parse(startup, self.before.dialect), self.before):
            raise self._unsupported(
                "its startup-config is not its running-config, so a restart would lose more than this change"
            )
        await session.command(f"reload in {self.minutes}", ((r"Save\? \[yes/no\]: *$", "no"), *CONFIRM))

    async def _arm_nothing(self, _able: rules.Abilities) -> None:
        """Nothing to set up."""

    def _unsupported(self, why: str, text: str | None = None) -> Unsupported:
        return Unsupported(
            f"this guard cannot be used: {why}",
            obj=self.session.hostname,
            endpoint=self.session.endpoint,
            next_step="choose another guard, or auto",
            text=text,
        )

    _ARM: t.ClassVar[dict[str, t.Callable[[_Guarded, rules.Abilities], t.Awaitable[None]]]] = {
        REVERT: _arm_revert,
        REPLACE: _arm_replace,
        INVERSE: _arm_nothing,
        RELOAD: _arm_reload,
    }

    # The change

    async def _push(self) -> Outcome:
        outcome = await self.session.push(self.change.lines)
        if not outcome.diverged or outcome.error:
            return outcome
        # The device lost input that was typed ahead. Go on from what it has, one line at a time.
        now = await read(self.session, self.before)
        again = plan(now, self.change.predicted, mode="replaced", purge_unknown=True, management=self.way)
        second = await self.session.push(again.lines, window=1)
        second.remarks += ["the device loses what is typed ahead: the lines were sent one at a time (ios_window: 1)"]
        if second.ok:
            second.applied = [Sent(number, line.masked) for number, line in enumerate(self.change.lines, 1)]
        return second

    async def _verify(self) -> None:
        """Compare the device with the prediction, over a new session, and take the guard away."""
        report = self.report
        try:
            async with self._another(_credentials(self.session.target, self.change)) as other:
                report.mismatch = differences(self.change.predicted, await read(other, self.before))
                if self.report.guard == REVERT:
                    await self._still_armed(other)
                if not report.mismatch:
                    await self._stand_down(other)
                    report.verified = True
                    return
        except FleetError as error:
            report.error = error
            error.what = f"after the change, {error.what}"
            return
        report.error = NotKept(
            f"the device has another configuration than predicted: {'; '.join(report.mismatch[:3])}",
            obj=self.session.hostname,
            endpoint=self.session.endpoint,
            next_step="see mismatch; the change was taken back as far as rolled_back says",
        )

    @contextlib.asynccontextmanager
    async def _another(self, target: Target) -> t.AsyncIterator[Session]:
        """A new session; a console has only one."""
        if target.transport == "console":
            yield self.session
        else:
            async with Session.open(target) as other:
                yield other

    async def _still_armed(self, session: Session) -> None:
        """Make sure that the revert timer has not fired meanwhile."""
        pending = await session.command("show archive config rollback timer")
        if NO_TIMER.search(pending):
            raise _fired(session, pending)

    async def _stand_down(self, session: Session) -> None:
        """Take the guard away; nothing of it stays on the device."""
        if self.report.guard == REVERT:
            said = await session.command("configure confirm")
            if NO_TIMER.search(said):
                raise _fired(session, said)
            pending = await session.command("show archive config rollback timer")
            if not NO_TIMER.search(pending):
                raise OperationFailed("the revert timer could not be stopped", obj=session.hostname, text=pending)
        if self.report.guard == RELOAD:
            await session.command("reload cancel")
        if self.copy:
            await session.command(f"delete /force {self.copy}", ((r"\]\? *$", ""), *CONFIRM))
            self.copy = None

    # Back

    async def _roll_back(self) -> None:
        """Bring back what was there before, and say whether it is."""
        report = self.report
        if report.guard == NONE:
            report.rolled_back = False
            return
        try:
            async with self._again() as session:
                await self._return(session)
                left = differences(self.before, await read(session, self.before))
        except FleetError as error:
            report.rolled_back = False
            report.mismatch = [str(error)]
            return
        report.rolled_back = not left
        report.mismatch = left or report.mismatch

    @contextlib.asynccontextmanager
    async def _again(self) -> t.AsyncIterator[Session]:
        """The session, or where it is gone a new one, which may come only when the device's timer has fired."""
        if not isinstance(self.report.error, (Interrupted, TimedOut)) and await _alive(self.session):
            yield self.session
            return
        async with contextlib.AsyncExitStack() as stack:
            yield await self._reconnected(stack)

    async def _reconnected(self, stack: contextlib.AsyncExitStack) -> Session:
        """A new session, as soon as the device takes one: it may restart, or its timer may have to fire first."""
        deadline = time.monotonic() + self.minutes * 60 + GRACE
        # Who may log in depends on how much of the change the device has.
        targets = list(dict.fromkeys([self.session.target, _credentials(self.session.target, self.change)]))
        pause = PAUSE
        while True:
            for target in targets:
                try:
                    return await stack.enter_async_context(Session.open(target))
                except FleetError:
                    if time.monotonic() > deadline:
                        raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)  # many wrong logins in a row make a device refuse all of them

    async def _return(self, session: Session) -> None:
        """Undo, on a session that works."""
        guard = self.report.guard
        done = False
        if guard == REVERT:
            said = await session.command("configure revert now")
            done = "Rollback Done" in said or bool(NO_TIMER.search(said))
        elif guard == REPLACE and self.copy:
            said = await session.command(f"configure replace {self.copy} force")
            done = "Rollback Done" in said
        now = await read(session, self.before)
        if not done or differences(self.before, now):
            await session.push(rules.inverse(now, self.before, self.way), window=1)
        if guard == RELOAD:
            await session.command("reload cancel")
        if self.copy:
            await session.command(f"delete /force {self.copy}", ((r"\]\? *$", ""), *CONFIRM))
            self.copy = None


async def read(session: Session, like: Config) -> Config:
    """The device's running-config."""
    return parse(await session.command("show running-config"), like.dialect)


async def _alive(session: Session) -> bool:
    try:
        await session.command("show privilege")
    except FleetError:
        return False
    return True


def _fired(session: Session, said: str) -> NotKept:
    return NotKept(
        "the revert timer fired before the change could be confirmed",
        obj=session.hostname,
        endpoint=session.endpoint,
        next_step="raise guard_minutes",
        text=said,
    )


def _refused(outcome: Outcome, session: Session) -> FleetError | None:
    """The error that a push ended with, where a line was not taken."""
    if outcome.ok:
        return None
    first = outcome.failed[0]
    busy = "try later" in first.answer
    return (Busy if busy else Refused)(
        f"line {first.number} '{first.text}' was not taken: {first.answer}",
        obj=session.hostname,
        endpoint=session.endpoint,
        next_step="correct the line; applied says what was taken before it, rolled_back whether that was taken back",
        text=first.answer,
    )


def _credentials(target: Target, change: Plan) -> Target:
    """The login after the change, which may have given our own user another password, or the device another secret."""
    new: dict[str, str] = {}
    for line in change.lines:
        ours = re.match(r"username (\S+) .*\b(?:secret|password) (?:0 )?(\S+)$", line.text)
        if ours and ours[1] == target.user and not re.search(r" [5789] \S+$", line.text):
            new["password"] = ours[2]
        enable = re.match(r"enable secret (?:0 )?(\S+)$", line.text)
        if enable:
            new["become_password"] = enable[1]
    return dataclasses.replace(target, **new)  # type: ignore[arg-type]
