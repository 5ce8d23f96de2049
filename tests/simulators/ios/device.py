# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A device: hardware, files, keys, clock and timers around a configuration, and what happens to it."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import hashlib
import random
import typing as t

from . import configure, render, state
from .faults import Faults

if t.TYPE_CHECKING:
    from .shell import Shell

DEFAULT_PORTS = {
    "classic": ("FastEthernet0/0", "FastEthernet0/1", "Ethernet1/0", "Serial1/0"),
    "xe": ("GigabitEthernet1", "GigabitEthernet2", "GigabitEthernet3"),
}
LOG_LINES = 200


class DiskFull(Exception):
    """The file does not fit."""


@dataclasses.dataclass
class Port:
    """An interface's hardware and its counters."""

    name: str
    mac: str
    link: bool = False
    packets_in: int = 0
    packets_out: int = 0
    cleared: datetime.datetime | None = None


@dataclasses.dataclass
class KeyPair:
    """An RSA key pair in private NVRAM."""

    name: str
    bits: int
    made: datetime.datetime
    data: bytes  # the public key, SubjectPublicKeyInfo in DER


@dataclasses.dataclass
class Timer:
    """Something that will happen: a scheduled reload, or a rollback.

    :param minutes: as it was set
    """

    kind: str
    minutes: int
    user: str
    handle: asyncio.TimerHandle
    warning: asyncio.TimerHandle | None = None
    saved: state.Config | None = None

    def cancel(self) -> None:
        self.handle.cancel()
        if self.warning:
            self.warning.cancel()


@dataclasses.dataclass
class Event:
    """One configuration line and what came of it.

    :ivar reachable: whether a new session can still come in by the way that is used for management
    :ivar config: the whole configuration after the line, where the device keeps those
    """

    line: str
    mode: str
    answer: tuple[str, ...]
    by: str
    reachable: bool
    config: dict[str, t.Any] | None = None


def public_key(modulus: int, bits: int) -> bytes:
    """An RSA public key (RFC 3279) with exponent 65537, in DER. Its modulus is random: nobody encrypts with it."""
    number = _der(2, b"\0" + modulus.to_bytes((bits + 7) // 8, "big")) + bytes.fromhex("0203010001")
    return _der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + _der(3, b"\0" + _der(0x30, number)))


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    width = (size.bit_length() + 7) // 8
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | width]) + size.to_bytes(width, "big")) + body


class Device:
    """One simulated router.

    :param name: what the test calls it; not its hostname
    :param dialect: C(classic) for 12.4/15, C(xe) for IOS XE 17
    :param management: the interface whose address SSH clients come in by, and the address they seem to come from
    :param filesystems: those that can be written; without any, C(configure replace) has nowhere to read from
    :param minute: seconds that a minute of the device's timers lasts
    :param faults: mishaps, by the names of `Faults`
    :param keep: keep the whole configuration in every `Event`
    """

    def __init__(
        self,
        name: str,
        dialect: str = "xe",
        *,
        interfaces: t.Sequence[str] | None = None,
        startup: str | None = None,
        management: tuple[str, str] | None = None,
        filesystems: t.Sequence[str] = ("flash:", "nvram:"),
        key_bits: int | None = 2048,
        minute: float = 60.0,
        seed: int = 0,
        keep: bool = False,
        serial: str | None = None,
        faults: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        self.name = name
        self.dialect = dialect
        self.faults = Faults(**(faults or {}))
        self.random = random.Random(f"{seed}/{name}")
        self.serial = serial or f"9SIM{self.random.randrange(10**7):07d}"
        self.management = (management[0], management[1]) if management else None
        self.filesystems = tuple(filesystems)
        self.files: dict[str, str] = {}
        self.minute = minute
        self.keep = keep
        self.ports = {port: self._port(port, at) for at, port in enumerate(interfaces or DEFAULT_PORTS[dialect])}
        if management:
            self.ports[management[0]].link = True
        self.startup: str | None = startup
        self.saved_at: datetime.datetime | None = None
        self.changed_at: datetime.datetime | None = None
        self.changed_by = "console"
        self.booted = self.now()
        self.keys: dict[str, KeyPair] = {}
        self.shells: list[Shell] = []
        self.lock: Shell | None = None
        self.timers: dict[str, Timer] = {}
        self.journal: list[Event] = []
        self.commands: list[str] = []
        self.logged: list[str] = []
        self.salt = seed
        self.lines_seen = 0
        self.reloads = 0
        self.neighbours: t.Callable[[], list[tuple[str, Device, str]]] = list
        self._heard: dict[tuple[str, str, str], tuple[Device, datetime.datetime]] = {}
        self.rekeyed: t.Callable[[], None] = lambda: None
        self.config = state.factory(dialect, self.ports)
        self.boot_errors: list[str] = []
        self.boot()
        if startup:  # what a device has saved is written in its own way
            self.startup = "\n".join(render.body(self)) + "\n"
        if key_bits and self.config.domain:
            self.make_key(key_bits)

    def _port(self, name: str, number: int) -> Port:
        digest = hashlib.sha256(f"{self.serial}/{name}".encode()).hexdigest()
        return Port(name, f"aabb.cc{digest[:2]}.{number:02x}{digest[2:4]}")

    @staticmethod
    def now() -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    # Configuration

    def boot(self) -> None:
        """Start from the startup-config, or as out of the box."""
        self.config, self.boot_errors = self.loaded(self.startup or "")
        self.changed_at = None
        self.booted = self.now()

    def loaded(self, text: str) -> tuple[state.Config, list[str]]:
        """The configuration that a text makes of a fresh device, and the lines that were refused."""
        config = state.factory(self.dialect, self.ports)
        if text:  # An interface in a saved configuration is up unless it says otherwise.
            for interface in config.interfaces.values():
                interface.shutdown = False
        errors = configure.load(config, text, self)
        return config, errors

    def running(self, *, everything: bool = False) -> list[str]:
        """The running-config's lines as ``show running-config`` prints them, without its first two."""
        return render.running(self, everything=everything)

    def changed(self, by: str) -> None:
        self.changed_at, self.changed_by = self.now(), by

    def save(self) -> None:
        """Write the running-config to NVRAM.

        :raises DiskFull: it does not fit
        """
        if self.faults.nvram_full:
            raise DiskFull
        self.saved_at = self.now()
        self.startup = "\n".join(render.body(self)) + "\n"

    @property
    def dirty(self) -> bool:
        """Whether the running-config differs from the startup-config."""
        return render.plain(self.startup or "") != render.plain("\n".join(render.body(self)))

    def write_file(self, url: str, text: str) -> None:
        if not any(url.startswith(system) for system in self.filesystems):
            raise FileNotFoundError(url)
        if self.faults.nvram_full:
            raise DiskFull
        self.files[url] = text

    def next_salt(self) -> int:
        self.salt += 1
        return self.salt

    # Keys

    def make_key(self, bits: int) -> KeyPair:
        name = f"{self.config.hostname}.{self.config.domain}"
        drawn = random.Random(f"{self.serial}/{name}/{self.next_salt()}").getrandbits(bits)
        self.keys = {name: KeyPair(name, bits, self.now(), public_key(drawn | 1 << bits - 1 | 1, bits))}
        self.rekeyed()
        return self.keys[name]

    @property
    def ssh_version(self) -> str | None:
        """What SSH is offered, null without a key: 1.5 with a key too small for version 2."""
        if not self.keys:
            return None
        if max(key.bits for key in self.keys.values()) < 768:
            return "1.5"
        return "2.0" if self.config.settings.get("ip ssh version") == "2" else "1.99"

    # Reaching it

    def reachable(self) -> bool:
        """Whether SSH from outside can come in: the address is up, a line takes SSH, somebody can log in."""
        return self.address_up() and self.ssh_version not in (None, "1.5") and bool(self.open_lines())

    def management_address(self) -> str | None:
        """The address that clients have come to, or null where that does not matter."""
        interface = self.config.interfaces.get(self.management[0]) if self.management else None
        return interface.primary.ip if interface and interface.primary else None

    def address_up(self) -> bool:
        """Whether the address that clients come to is there and its interface up."""
        if not self.management:
            return True
        interface = self.config.interfaces.get(self.management[0])
        return bool(interface and interface.primary and not interface.shutdown)

    def open_lines(self, protocol: str = "ssh") -> list[state.Line]:
        """The vty lines that take that protocol and on which somebody can log in."""
        return [line for line in self.config.lines if line.kind == "vty" and self._takes(line, protocol)]

    def _takes(self, line: state.Line, protocol: str) -> bool:
        if not {"all", protocol} & set(line.transport) or not self._permitted(line):
            return False
        if line.login == "line" and not self.config.aaa:
            return protocol == "telnet"  # SSH knows no line passwords
        return protocol == "telnet" or any(user.secret or user.password for user in self.config.users.values())

    def _permitted(self, line: state.Line) -> bool:
        name = line.access.get("in", "").partition(" ")[0]
        chosen = self.config.lists.get(name)
        if chosen is None:
            return True
        return configure.permits(chosen, self.management[1] if self.management else "127.0.0.1")

    def free_vty(self, protocol: str = "ssh") -> int | None:
        """The vty line that the next session gets."""
        taken = {shell.number for shell in self.shells if shell.kind == "vty"}
        return next((line.number for line in self.open_lines(protocol) if line.number not in taken), None)

    # CDP

    def heard(self) -> list[tuple[str, Device, str, int]]:
        """The neighbours that CDP knows: own interface, device, its interface, seconds left. Silent ones age out."""
        now = self.now()
        for here, far, there in self.neighbours():
            if self.sends_cdp(here) and far.sends_cdp(there):
                self._heard[here, far.name, there] = (far, now)
        found = []
        for (here, name, there), (far, when) in list(self._heard.items()):
            left = far.config.cdp_holdtime - int((now - when).total_seconds() * 60 / self.minute)
            if left <= 0 or not self.sends_cdp(here):
                del self._heard[here, name, there]
            else:
                found.append((here, far, there, left))
        return sorted(found, key=lambda one: state.rank(one[0]))

    def forget_neighbours(self) -> None:
        """Empty CDP's table; whoever still speaks is in it again."""
        self._heard.clear()

    def sends_cdp(self, name: str) -> bool:
        """Whether the interface is up and speaks CDP."""
        interface = self.config.interfaces[name]
        return self.config.cdp and interface.cdp and not interface.shutdown

    # What happens

    def record(self, shell_name: str, line: str, mode: str, answer: t.Sequence[str]) -> None:
        """A configuration line was worked off."""
        config = self.config.export() if self.keep else None
        self.journal.append(Event(line, mode, tuple(answer), shell_name, self.reachable(), config))

    def log(self, text: str) -> None:
        """A log message: to the buffer, the console, and terminals that monitor."""
        stamp = self.now().strftime("%b %e %H:%M:%S.%f")[:-3]
        message = f"*{stamp}: {text}"
        self.logged = [*self.logged[-LOG_LINES:], message]
        for shell in list(self.shells):
            if shell.monitors:
                shell.terminal.interrupt(message)

    def schedule(self, kind: str, minutes: int, user: str, then: t.Callable[[], None]) -> Timer:
        """Set a timer of the device."""
        loop = asyncio.get_running_loop()
        self.cancel(kind)
        timer = Timer(kind, minutes, user, loop.call_later(minutes * self.minute, then))
        self.timers[kind] = timer
        return timer

    def cancel(self, kind: str) -> Timer | None:
        timer = self.timers.pop(kind, None)
        if timer:
            timer.cancel()
        return timer

    def rollback_later(self, minutes: int, user: str, kind: str = "absolute") -> None:
        """Begin a change that comes undone unless it is confirmed."""
        previous = self.timers.get("rollback")
        saved = previous.saved if previous else self.config.copy()
        timer = self.schedule("rollback", minutes, user, self.roll_back)
        timer.saved = saved
        if minutes > 1:
            loop = asyncio.get_running_loop()
            timer.warning = loop.call_later((minutes - 1) * self.minute, self._warn)
        name = "ABSTIMER" if kind == "absolute" else "IDLETIMER"
        self.log("%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: Backing up current running config to flash:archive-1")
        self.log(
            f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_START_{name}: User: {user}: Scheduled to rollback to config "
            f"flash:archive-1 in {minutes} minutes"
        )

    def _warn(self) -> None:
        for shell in list(self.shells):
            shell.terminal.interrupt(
                "Rollback Confirmed Change: Rollback will begin in one minute.\r\n"
                'Enter "configure confirm" if you wish to '
                "keep what you've configured"
            )

    def roll_back(self) -> None:
        """The rollback timer fired, or somebody asked for it."""
        timer = self.cancel("rollback")
        if timer and timer.saved:
            self.config = timer.saved
            self.changed("rollback")
            self.log("%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling to: flash:archive-1")

    def reload(self) -> None:
        """Restart: all sessions end, what was not saved is gone."""
        for kind in list(self.timers):
            self.cancel(kind)
        self.lock = None
        self.reloads += 1
        for shell in list(self.shells):
            shell.end()
        self.boot()

    def export(self) -> dict[str, t.Any]:
        """The device's state as plain data, for assertions."""
        return {
            "simulator": True,
            "name": self.name,
            "dialect": self.dialect,
            "config": self.config.export(),
            "running": render.body(self),
            "startup": self.startup,
            "dirty": self.dirty,
            "keys": {key.name: key.bits for key in self.keys.values()},
            "timers": {kind: timer.minutes for kind, timer in self.timers.items()},
            "sessions": [shell.title for shell in self.shells],
            "reachable": self.reachable(),
            "reloads": self.reloads,
            "commands": self.commands,
            "boot_errors": self.boot_errors,
            "journal": [dataclasses.asdict(event) for event in self.journal],
        }
