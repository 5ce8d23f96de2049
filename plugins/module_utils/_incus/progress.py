# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How far a fleet's run has come, in a small file that the action plugin reads while the module runs: numbers only."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import re
import signal
import threading
import time
import typing as t

from .._core.errors import FleetError
from .answers import unfinished

if t.TYPE_CHECKING:
    from .._core.events import Event, Messages
    from .._core.resource import Plan
    from .fleet import Member

VARIABLE = "NFVLAB_FLEET_PROGRESS_FILE"  # names the file, where somebody wants to see it
PERIOD = 0.5  # seconds between two writes
_RECENT = 10  # periods that the rate is measured over
# What we do, and the daemon's key of how far that is: a text with percent and speed. What comes later is first.
STAGES = {
    "unpack": re.compile(r"create_(instance|container)_from_image_unpack_progress"),
    "download": re.compile(r"download_progress"),
}
STEP = 10  # percent
_ID, _ID_LENGTH = b'"id":"', 36  # of an operation, in the text of its event


class Operations:
    """How far the daemon's operations on some instances are, from its events.

    :param names: the instances
    """

    def __init__(self, names: t.Collection[str]) -> None:
        self.names = names
        self._running: dict[str, tuple[str, int]] = {}

    def note(self, found: Event) -> None:
        """Take down what an event of an operation says."""
        from .events import sources

        about = found["metadata"]
        ours = any(path.rpartition("/")[2] in self.names for path in sources(found))
        reached = _reached(about.get("metadata")) if ours and unfinished(about) else None
        if reached is not None:
            self._running[str(about.get("id"))] = reached
        else:
            self._running.pop(str(about.get("id")), None)

    def doing(self) -> dict[str, tuple[int, int]]:
        """For each stage how many are in it, and percent on average, in steps: it is for a person."""
        rows: dict[str, list[int]] = collections.defaultdict(list)
        for stage, percent in self._running.values():
            rows[stage].append(percent)
        return {stage: (len(row), sum(row) // len(row) // STEP * STEP) for stage, row in sorted(rows.items())}


class Progress:
    """What is known of a run at any time.

    :param mark: the fleet's full name
    :param results: what became of each instance so far, by name; the engine fills it
    """

    def __init__(self, mark: str, results: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
        self.mark = mark
        self._results = results
        self._changing: t.Sequence[Member] = ()
        self._waiting: t.Sequence[Member] = ()
        self._phase = ""
        self._wave = self._waves = 0
        self._seen: list[tuple[float, int]] = []
        self._operations = Operations(())

    def plans(self, changing: t.Sequence[Member], waves: int) -> None:
        """What is going to be done."""
        self._changing, self._waves = changing, waves
        # Only what is made takes long enough, and says how far it is.
        self._operations = Operations(
            {member.name for member in changing if member.plan and what(member.plan) == "create"}
        )

    def works(self, wave: t.Sequence[Member], number: int) -> None:
        """A wave begins; the first one is 1."""
        phases = {what(member.plan) for member in wave if member.plan}
        self._wave, self._phase = number, phases.pop() if len(phases) == 1 else "change"

    def waits(self, members: t.Sequence[Member]) -> None:
        """Waiting begins."""
        self._waiting, self._phase = members, "wait"

    def snapshot(self, now: float) -> dict[str, t.Any]:
        """How far it is.

        :param now: seconds, for the rate
        """
        results = [self._results[member.name] for member in self._changing]
        done = sum(not result.get("skipped") for result in results)
        self._seen = [*self._seen[-_RECENT:], (now, done)]
        (then, before) = self._seen[0]
        left = [
            member
            for member in (self._waiting if self._phase == "wait" else ())
            if not (self._results[member.name].get("waited") or self._results[member.name]["failed"])
        ]
        return {
            "fleet": self.mark,
            "phase": self._phase,
            "total": len(results),
            "done": done,
            "changed": sum(result["changed"] for result in results),
            "failed": sum(result["failed"] for result in list(self._results.values())),
            "doing": self._operations.doing(),
            "rate": round((done - before) / (now - then), 1) if now > then else 0.0,
            "wave": self._wave,
            "waves": self._waves,
            "waiting": len(left),
            "waiting_for": sorted({want for member in left for want in member.task.params["wait_for"]}),
        }

    @contextlib.contextmanager
    def told(self, path: str | None, listen: t.Callable[[], Messages]) -> t.Iterator[None]:
        """While this lasts, the file always holds a snapshot that is not much older than `PERIOD`, then it is gone.

        It also goes with a process that is told to end. Where it cannot be written, there is nothing to see.

        :param path: the file, or nothing where nobody looks
        :param listen: connects to the events of the daemon's operations; only called once a run that creates something
            has lasted for a period
        """
        if not path:
            yield
            return
        over, writing = threading.Event(), threading.Lock()

        def tell() -> None:
            with contextlib.closing(Ear(listen)) as ear:
                while not over.wait(PERIOD):
                    with writing:
                        if over.is_set() or not _replace(path, json.dumps(self.snapshot(time.monotonic()))):
                            return
                    if self._operations.names:
                        ear.hear(self._operations)

        def end(number: int, frame: t.Any) -> None:
            with writing:  # never held by the thread that signals come to
                over.set()
                _remove(path)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            _remove(path)
            for number, handler in before.items():
                signal.signal(number, handler)


def _reached(told: t.Any) -> tuple[str, int] | None:
    """The stage that an operation is in and how much of that is done, from its own metadata, or null."""
    for stage, key in STAGES.items():
        for name, text in told.items() if isinstance(told, dict) else ():
            percent = re.search(r"(\d+)%", str(text)) if key.fullmatch(name) else None
            if percent:
                return (stage, int(percent.group(1))) if percent.group(1) != "100" else None
    return None


class Ear:
    """Listens to events as long as the daemon lets it: a run goes on without them.

    :param listen: connects
    """

    def __init__(self, listen: t.Callable[[], Messages]) -> None:
        self._listen: t.Callable[[], Messages] | None = listen
        self._channel: Messages | None = None

    def hear(self, operations: Operations) -> None:
        """Take down what came since the last time, without waiting."""
        from .._core.events import event

        try:
            if self._channel is None and self._listen is not None:
                listen, self._listen = self._listen, None
                self._channel = listen()
            texts = self._channel.ready() if self._channel else ()
            # Of the many texts about one operation the last one counts: reading them all would cost more.
            for text in {text.partition(_ID)[2][:_ID_LENGTH]: text for text in texts}.values():
                operations.note(event(text, "events"))
        except FleetError:
            self.close()

    def close(self) -> None:
        """Listen no more."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None


def what(plan: Plan) -> str:
    """What a plan does, in a word."""
    if plan.then is None:
        return "delete"
    return "create" if plan.have is None else "change"


def _replace(path: str, text: str) -> bool:
    """Write a file as a whole; whoever reads it sees the old one or the new one. The folder may be one for all."""
    new = f"{path}.new"
    try:
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(number, "w", encoding="ascii") as file:
            os.fchmod(number, 0o644)  # a run as root is watched by the user who connected
            file.write(text)
        os.replace(new, path)
    except OSError:
        return False
    return True


def _remove(path: str) -> None:
    for name in (path, f"{path}.new"):
        with contextlib.suppress(OSError):
            os.unlink(name)
