# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's session: login, prompts, modes, and the way of each line to what it does."""

from __future__ import annotations

import asyncio
import re
import typing as t

from . import configure, dialogues, filters, shows, spelling
from .commands import Found
from .terminal import Gone, Terminal, Wire

if t.TYPE_CHECKING:
    from .device import Device

PROMPT_WIDTH = 20  # of a configuration prompt; a longer hostname is cut
LOCKED = "Configuration mode locked exclusively by user '{0}' process '3' from terminal '{1}'. Please try later."
TRIES = 3


class Cut(Exception):
    """A fault, or the line's own effect, ends the session."""


class Shell:
    """One session on one terminal line.

    :param kind: C(con) or C(vty)
    :param user: who has logged in already (SSH), or null
    :param peer: the address that the user comes from
    :param secure: whether the session came in by SSH
    """

    def __init__(
        self,
        device: Device,
        wire: Wire,
        kind: str,
        number: int,
        user: str | None = None,
        peer: str = "",
        *,
        secure: bool = False,
    ) -> None:
        self.device = device
        self.wire = wire
        self.terminal = Terminal(wire)
        self.kind = kind
        self.number = number
        self.user = user or ""
        self.peer = peer
        self.secure = secure
        self.came_to = device.management_address() if peer else None
        self.busy_until = 0.0
        self.level = 1
        self.monitors = kind == "con"
        self.over = False
        self.modes: list[configure.Context] = []
        self.line_text = ""
        self.terminal.noise = self._noise_inside
        self.echoes = 0

    @property
    def title(self) -> str:
        """The line as log messages and C(show users) name it."""
        return f"{self.kind}{self.number}" + (f" ({self.peer})" if self.peer else "")

    @property
    def line(self) -> t.Any:
        """The terminal line's configuration."""
        return next(
            (one for one in self.device.config.lines if (one.kind, one.number) == (self.kind, self.number)), None
        )

    @property
    def absolute(self) -> int:
        """The line's number among all lines."""
        return {"con": 0, "aux": 1, "vty": 2}[self.kind] + self.number

    # Prompts

    def prompt(self) -> str:
        host = self.device.config.hostname
        if not self.modes:
            return host + ("#" if self.level > 1 else ">")
        mode = f"({self.modes[-1].prompt})#"
        return host[: max(PROMPT_WIDTH - len(mode) - 1, 1)] + mode if len(host) > PROMPT_WIDTH else host + mode

    # Life

    async def run(self) -> None:
        """Serve the session to its end."""
        self.device.shells.append(self)
        try:
            await self._serve()
        except (Gone, Cut):
            self.over = True
        finally:
            if self in self.device.shells:
                self.device.shells.remove(self)
            if self.device.lock is self:
                self.device.lock = None
            self.wire.cut()

    def end(self) -> None:
        """Throw the user out."""
        self.over = True
        if self in self.device.shells:
            self.device.shells.remove(self)
        self.wire.cut()

    async def _serve(self) -> None:
        if self.kind == "con":
            await self._console()
        elif not self.user:
            await self._telnet_login()
        else:
            self._banner("motd")
            self._banner("exec")
        self._start_line()
        while not self.over:
            self.terminal.synchronous = bool(self.line and self.line.synchronous)
            idle = self._idle()
            text = await self.terminal.edit(self.prompt(), complete=self._complete, help=self._help)
            if idle:
                idle.cancel()
            await self.line_done(text)
        self.terminal.flush()

    def _idle(self) -> asyncio.TimerHandle | None:
        """The timer that ends a session in which nobody types; C(exec-timeout 0 0) has none."""
        minutes, seconds = self.line.timeout if self.line else (0, 0)
        patience = (minutes + seconds / 60) * self.device.minute
        return asyncio.get_running_loop().call_later(patience, self.end) if patience else None

    def _start_line(self) -> None:
        line = self.line
        if line:
            self.level = max(self.level, line.privilege)
        user = self.device.config.users.get(self.user)
        if user:
            self.level = max(self.level, user.privilege)

    def _banner(self, kind: str) -> None:
        text = self.device.config.banners.get(kind)
        if text is not None:
            self.terminal.line()
            for row in text.split("\n"):
                self.terminal.line(row)

    async def _console(self) -> None:
        if self.device.startup is None and not self.device.journal:
            await self._initial_dialog()
        while not self.user:
            self.terminal.write("\r\n\r\nPress RETURN to get started!\r\n\r\n")
            while await self.terminal.key() not in b"\r\n":
                continue
            self.terminal.line()
            self._banner("motd")
            if await self._login():
                break
        self._banner("exec")

    async def _initial_dialog(self) -> None:
        self.terminal.write("\r\n         --- System Configuration Dialog ---\r\n\r\n")
        question = "Would you like to enter the initial configuration dialog? [yes/no]: "
        while (await self.terminal.ask(question)).lower()[:1] not in ("y", "n"):
            self.terminal.line("% Please answer 'yes' or 'no'.")
        self.terminal.line()
        if self.device.faults.first_secret:
            await self._first_secret()

    async def _first_secret(self) -> None:
        """Both entries and the selection; every selection but 0 is for people."""
        first, second, selection = "", "-", ""
        while first != second:
            first = await self.terminal.ask("  Enter enable secret: ", echo=False)
            while len(first) < 10:
                self.terminal.line("%Password validation failed" if first else "Please enter a secret")
                first = await self.terminal.ask("  Enter enable secret: ", echo=False)
            second = await self.terminal.ask("  Confirm enable secret: ", echo=False)
        self.terminal.line("\r\n[0] Go to the IOS command prompt without saving this config.\r\n")
        while selection != "0":
            selection = await self.terminal.ask("Enter your selection [2]: ")

    async def _telnet_login(self) -> None:
        self._banner("motd")
        if not await self._login():
            raise Gone
        self._banner("exec")

    async def _login(self) -> bool:
        line = self.line
        if line.login == "none":
            return True
        self._banner("login")
        if line.login == "line" and line.password is None:
            self.terminal.line("\r\nPassword required, but none set")
            raise Gone
        self.terminal.write("\r\nUser Access Verification\r\n\r\n")
        for _try in range(TRIES):
            name = await self._name() if line.login == "local" else ""
            word = await self.terminal.ask("Password: ", echo=False)
            if admits(self.device, name, word) if name else bool(line.password and line.password.admits(word)):
                self.user = name
                return True
            self.terminal.line(
                "% Login invalid\r\n" if line.login == "local" else "% Bad passwords\r\n" if _try == 2 else ""
            )
        return False

    async def _name(self) -> str:
        name = ""
        while not name:
            name = await self.terminal.ask("Username: ")
        return name

    async def enable(self) -> None:
        config = self.device.config
        wanted = config.enable_secret or config.enable_password
        if wanted is None:
            if self.kind == "con":
                self.level = 15
            else:
                self.terminal.line("% No password set")
            return
        if self.level == 15:
            return
        for _try in range(TRIES):
            word = await self.terminal.ask("Password: ", echo=False)
            if wanted.admits(word):
                self.level = 15
                return
        self.terminal.line("% Bad secrets" if config.enable_secret else "% Bad passwords")
        self.terminal.line()

    # Lines

    async def line_done(self, text: str) -> None:
        """Work off what the user typed."""
        ends = text.endswith("\x1a")
        text = text.rstrip("\x1a")
        if text.strip() and text != "\x03":
            self.terminal.history = [*self.terminal.history[-20:], text]
        if text != "\x03":
            await self._pace()
            await self.execute(text)
        elif self.modes:
            self.leave_configuration()
        if ends and self.modes:
            self.leave_configuration()

    async def _pace(self) -> None:
        """Take the time that a line takes. A device that fell behind goes on without a pause."""
        need = self.device.faults.per_line
        if need:
            loop = asyncio.get_running_loop()
            self.busy_until = max(loop.time(), self.busy_until) + need
            self.terminal.flush()
            await asyncio.sleep(self.busy_until - loop.time())

    async def execute(self, text: str) -> None:
        """One line, in whatever mode the session is."""
        if not text.strip() or text.lstrip().startswith("!"):
            return
        self._noise()
        if self.modes:
            await self._configure(text)
        else:
            self.device.commands.append(text.strip())
            await self.exec(text)

    async def exec(self, text: str, offset: int = 0) -> None:
        """A line of user or privileged EXEC."""
        line, piped, pipe = text.partition("|")
        found = shows.EXEC.find(line, self.level)
        if not isinstance(found, Found):
            self._reject(found.why, text, found.column + offset)
            return
        self.line_text = line.strip()
        if not piped:
            await found.handler(self, *found.arguments)
            return
        chosen = filters.parse(pipe)
        if chosen is None:
            self.invalid(len(line) + 1 + offset)
            return
        lines = await self.captured(found)
        await self.terminal.page(chosen(lines))

    async def captured(self, found: Found) -> list[str]:
        """What a command would page."""
        lines: list[str] = []
        real = self.terminal.page

        async def page(more: list[str]) -> None:
            lines.extend(more)

        self.terminal.page = page  # type: ignore[method-assign]
        try:
            await found.handler(self, *found.arguments)
        finally:
            self.terminal.page = real  # type: ignore[method-assign]
        return lines

    def _reject(self, why: str, text: str, column: int) -> None:
        if why == "invalid" and not self.modes and " " not in text.strip():
            if self.device.config.lookup:
                self.terminal.line(f'Translating "{text.strip()}"...domain server (255.255.255.255)')
            self.terminal.line("% Unknown command or computer name, or unable to find computer address")
        elif why == "invalid":
            self.invalid(column)
        elif why == "ambiguous":
            self.terminal.line(f'% Ambiguous command:  "{text.strip()}"')
        else:
            self.terminal.line("% Incomplete command.")
            self.terminal.line()

    def invalid(self, column: int) -> None:
        """Point at what was not understood."""
        self.terminal.line(" " * (len(self.prompt()) + column) + "^")
        self.terminal.line("% Invalid input detected at '^' marker.")
        self.terminal.line()

    def interface(self, name: str) -> str | None:
        """The full name of an interface that this device has."""
        full = spelling.interface(self.device.dialect, name)
        return full if full in self.device.config.interfaces else None

    def _complete(self, text: str) -> str:
        return text if self.modes else shows.EXEC.complete(text, self.level)

    def _help(self, text: str) -> list[str]:
        if self.modes:
            return spelling.options(self.device.dialect, self.modes[-1].mode, text)
        if "|" in text:
            return filters.HELP
        return shows.EXEC.options(text, self.level)

    # Configuration

    async def enter_configuration(self) -> bool:
        """C(configure terminal)."""
        device = self.device
        if self.level < 15:
            self.invalid(0)
            return False
        if device.lock and device.lock is not self:
            self.terminal.line(LOCKED.format(device.lock.user or "unknown", device.lock.number))
            return False
        self.terminal.line("Enter configuration commands, one per line.  End with CNTL/Z.")
        self.modes = [configure.Context("config", "config")]
        return True

    def leave_configuration(self) -> None:
        self.modes = []
        if self.device.lock is self:
            self.device.lock = None
        source = f"{self.user or 'console'} on {self.title}" if self.kind == "vty" else "console by console"
        self.device.log(f"%SYS-5-CONFIG_I: Configured from {source}")

    async def _configure(self, text: str) -> None:
        self._faults(text)
        word = text.strip().lower()
        refused = self.device.faults.refuse.get(text.strip())
        if refused is not None:
            self.terminal.line(refused)
            self._record(text, (refused,))
        elif word == "end":
            self.leave_configuration()
        elif word in ("exit", "exi", "ex"):
            self.modes.pop()
            if not self.modes:
                self.leave_configuration()
        elif word.startswith("do "):
            self.device.commands.append(text.strip())
            await self.exec(text.lstrip()[3:].lstrip(), len(text) - len(text.lstrip()[3:].lstrip()))
        elif word.startswith("configure "):
            self.invalid(0)
        else:
            await self._apply(text)

    async def _apply(self, text: str) -> None:
        spelled = spelling.spell(self.device.dialect, self.modes[-1].mode, text)
        if isinstance(spelled, spelling.Wrong):
            self._reject(spelled.why, text, spelled.column)
            self._record(text, (spelled.why,))
            return
        change = configure.Change(self.device, self.device.config, self.modes[-1], spelled)
        change.user = self.user or "console"
        asking = dialogues.DIALOGUES.get(change.handler)
        if asking:
            await asking(self, change)
        if not change.abandoned:
            change.apply()
        for line in change.answer:
            self.terminal.line(line)
        if change.context is not self.modes[-1]:
            self.modes = [self.modes[0]]
            if change.context.mode != "config":
                self.modes += [*change.context.above, change.context]
        if change.done:
            self.device.changed(change.user)
        self._record(text, change.answer)
        self.check_reachable()

    def _record(self, text: str, answer: t.Sequence[str]) -> None:
        self.device.record(self.title, text.strip(), self.modes[-1].mode if self.modes else "exec", answer)

    def check_reachable(self) -> None:
        """A session whose way in is gone hears nothing more."""
        if self.kind != "vty" or not self.peer:
            return
        device = self.device
        if device.management and (device.management_address() != self.came_to or not device.address_up()):
            raise Cut

    def _faults(self, text: str) -> None:
        faults, device = self.device.faults, self.device
        if re.match(r"(end|exit)\b", text.strip()):
            return
        device.lines_seen += 1
        if faults.cut_after is not None and device.lines_seen > faults.cut_after:
            faults.cut_after = None
            self.terminal.flush()
            raise Cut
        if faults.reload_after is not None and device.lines_seen > faults.reload_after:
            faults.reload_after = None
            device.reload()
            raise Cut
        if faults.hang_after is not None and device.lines_seen > faults.hang_after:
            faults.hang_after = None
            self.terminal.flush()
            self.wire.mute()

    def _noise(self) -> None:
        message = None if self.device.faults.noise_inside else self._message()
        if message:
            self.terminal.interrupt(message)

    def _noise_inside(self) -> str | None:
        return self._message() if self.device.faults.noise_inside else None

    def _message(self) -> str | None:
        """A log message, before or inside every so many lines."""
        every = self.device.faults.noise_every
        self.echoes += 1
        if not every or self.echoes % every:
            return None
        return f"*Mar  1 00:00:{self.echoes % 60:02d}.123: %LINK-3-UPDOWN: Interface Loopback99, changed state to up"


def admits(device: Device, name: str, word: str) -> bool:
    """Whether that user has that password."""
    user = device.config.users.get(name)
    known = (user.secret or user.password) if user else None
    return bool(known and known.admits(word))
