# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows how far a module is that writes it to a small file on its host, while the module runs."""

from __future__ import annotations

import copy
import json
import secrets
import shlex
import threading
import typing as t

from ansible.errors import AnsibleError

FOLDER = "/run/lock"  # where the fleets' locks are; it is emptied when the host starts
PERIOD = 1.0  # seconds between two looks
_LONGEST = 4096  # bytes

# Connections that start a process of their own for every command, so that a second one does not disturb the first.
PARALLEL = {
    "ssh",
    "community.docker.docker",
    "community.docker.nsenter",
    "containers.podman.buildah",
    "containers.podman.podman",
    "kubernetes.core.kubectl",
}

Read = t.Callable[[], str]


def new_file() -> str:
    """A file that nobody else has or guesses."""
    return f"{FOLDER}/nfvlab-fleet-progress-{secrets.token_hex(8)}"


def reader(connection: t.Any, path: str) -> Read | None:
    """How to read a file of the connection's host while a module runs there; nothing where that cannot be done.

    What it returns is empty while there is no such file. It raises OSError or AnsibleError when there is no use in
    trying again.
    """
    if connection.transport == "local":
        return lambda: _read_here(path)
    if connection.transport not in PARALLEL:
        return None
    second = copy.copy(connection)  # what a connection notes while it runs a command is not for two
    command = f"cat {shlex.quote(path)} 2>/dev/null || true"

    def read() -> str:
        code, out, _err = second.exec_command(command, in_data=None, sudoable=False)
        if code:
            raise AnsibleError(f"'{command}' ended with {code}")
        text: str = out[:_LONGEST].decode("utf-8", "replace")
        return text

    return read


def _read_here(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST)
    except FileNotFoundError:
        return ""


class Watch:
    """Looks once in a period and shows what is new, while the C(with) statement lasts.

    The first look is after the first period: a run that is over by then costs nothing.

    :param read: from `reader`
    :param show: shows a line
    :param host: whose fleet it is, where there are several
    :param period: seconds
    """

    def __init__(self, read: Read, show: t.Callable[[str], None], host: str = "", period: float = PERIOD) -> None:
        self._read = read
        self._show = show
        self._host = host
        self._period = period
        self._over = threading.Event()
        self._showing = threading.Lock()

    def __enter__(self) -> Watch:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *reason: object) -> None:
        with self._showing:  # from here on nothing is shown; a look that still lasts is not waited for
            self._over.set()

    def _watch(self) -> None:
        shown = None
        while not self._over.wait(self._period):
            try:
                seen = parse(self._read())
            except (OSError, AnsibleError):
                return  # it cannot be seen from here
            with self._showing:
                if seen and not self._over.is_set() and (shown is None or seen._replace(rate=shown.rate) != shown):
                    self._show(seen.line(self._host))
                    shown = seen


class Seen(t.NamedTuple):
    """What the module wrote (`_incus.progress`)."""

    fleet: str
    phase: str
    total: int
    done: int
    failed: int
    rate: float
    wave: int
    waves: int
    waiting: int
    waiting_for: str
    doing: tuple[tuple[str, int, int], ...]  # what, of how many, percent

    def line(self, host: str = "") -> str:
        """The same for a person."""
        parts = []
        if self.total:
            doing = _PHASES.get(self.phase)
            parts += [doing] if doing else []
            parts += [f"{self.done} of {self.total} done"]
        parts += [f"{_STAGES[what]} {count} ({percent} %)" for what, count, percent in self.doing if what in _STAGES]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.rate:.1f}/s"] if self.rate and self.phase in _PHASES else []
        parts += [f"wave {self.wave} of {self.waves}"] if self.waves > 1 else []
        parts += [f"waiting for {self.waiting_for} of {self.waiting}"] if self.waiting else []
        return f"fleet {self.fleet}{' on ' + host if host else ''}: {', '.join(parts) or 'nothing to do'}"


_STAGES = {"download": "downloading", "unpack": "unpacking"}
_PHASES = {"create": "creating", "change": "changing", "delete": "deleting"}


def parse(text: str) -> Seen | None:
    """What a file tells, or nothing where it is no whole snapshot. It comes from a managed host and is not trusted."""
    try:
        told = json.loads(text)
        numbers = {name: int(told[name]) for name in ("total", "done", "failed", "wave", "waves", "waiting")}
        return Seen(
            fleet=_plain(told["fleet"]),
            phase=_plain(told["phase"]),
            rate=float(told["rate"]),
            waiting_for=" and ".join(map(_plain, told["waiting_for"])),
            doing=tuple((_plain(what), int(count), int(percent)) for what, (count, percent) in told["doing"].items()),
            **numbers,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _plain(text: t.Any) -> str:
    return "".join(character for character in str(text)[:100] if character.isprintable())
