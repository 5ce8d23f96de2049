# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The module incus_events: collects events of the daemon until the awaited ones have come, or the time is over."""

from __future__ import annotations

import collections
import contextlib
import os
import typing as t
from fnmatch import fnmatchcase

from .._core.errors import Conflict, Forbidden, InvalidOption, MissingReference
from .._core.events import Collector, Event, awaited, check_limits
from .._core.fields import Spec, seconds
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Client, NoDaemon
from .events import follow, open_channel, sources
from .options import CONNECTION, connect
from .record import SCOPES, SECRETS

TYPES = ("lifecycle", "operation")
STATUSES = ("Pending", "Running", "Cancelling", "Success", "Failure", "Cancelled")
# The parts of an awaited event that only events of one type have.
BELONGS = {"action": "lifecycle", "description": "operation", "status": "operation"}
# Those that are shell patterns, beside the type and the status, which are words.
PATTERNS = ("action", "description", "source", "project")
# Beside keys whose name says so: who executes a command hands its environment over in the open.
MASKED = Secrets((*SECRETS, "environment"))

OPTIONS: Spec = {
    **SCOPES["project"],
    "all_projects": {"type": "bool", "default": False},
    "types": {"type": "list", "elements": "str", "choices": list(TYPES), "default": list(TYPES)},
    "actions": {"type": "list", "elements": "str", "default": []},
    "sources": {"type": "list", "elements": "str", "default": []},
    "progress": {"type": "bool", "default": False},
    "until": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": list(TYPES)},
            "action": {"type": "str"},
            "source": {"type": "str"},
            "project": {"type": "str"},
            "description": {"type": "str"},
            "status": {"type": "str", "choices": list(STATUSES)},
        },
    },
    "count": {"type": "int", "default": 1},
    "wait_timeout": {"type": "float", "default": 60.0},
    "max_events": {"type": "int", "default": 1000},
    "listening_file": {"type": "path"},
    **SECRET_KEYS,
}


def parts(found: Event) -> dict[str, list[str]]:
    """What an awaited event is compared with, by option. A part that the event does not have has no values."""
    about = found["metadata"]
    whole = {"type": [found["type"]], "source": sources(found)}
    whole["project"] = [str(found.get("project") or about.get("project") or "")]
    for name in BELONGS:
        whole[name] = [str(about[name])] if BELONGS[name] == found["type"] and name in about else []
    return whole


def matches(found: Event, wanted: t.Mapping[str, str]) -> bool:
    """Whether an event is an awaited one: each given part has to fit, those of `PATTERNS` as shell patterns."""
    have = parts(found)
    return all(
        any(fnmatchcase(value, want) if name in PATTERNS else value == want for value in have[name])
        for name, want in wanted.items()
    )


def named(found: Event) -> str:
    """What an event is, in a few words."""
    about = found["metadata"]
    if found["type"] == "operation":
        return f"{about.get('description')} {about.get('status')}"
    return str(about.get("action"))


class Sieve:
    """What is kept of the events.

    :param actions: patterns of the actions of lifecycle events; an empty list takes each
    :param about: patterns of the objects; an empty list takes each
    :param progress: whether an operation is kept whose status is the same as before
    """

    def __init__(self, actions: t.Sequence[str], about: t.Sequence[str], progress: bool, secrets: Secrets) -> None:
        self._actions = actions
        self._about = about
        self._progress = progress
        self._secrets = secrets
        self._status: dict[str, str] = {}  # by operation

    def __call__(self, found: Event) -> Event | None:
        """The event as it may be returned, or null."""
        have = parts(found)
        if not _one(have["source"], self._about) or have["action"] and not _one(have["action"], self._actions):
            return None
        if found["type"] == "operation" and not self._progress:
            number, status = str(found["metadata"].get("id")), str(found["metadata"].get("status"))
            if self._status.get(number) == status:
                return None
            self._status[number] = status
        shown: Event = self._secrets.mask(found)
        return shown


def _one(values: t.Sequence[str], patterns: t.Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def tally(events: t.Sequence[Event]) -> str:
    """What came and how often, the most frequent first."""
    return ", ".join(f"{name} ({count})" for name, count in collections.Counter(map(named, events)).most_common(5))


# -- the module


def collect(client: Client, task: Task) -> dict[str, t.Any]:
    """The module's result; with C(failed) when the awaited events did not come."""
    params = task.params
    until = awaited(params["until"], params["types"], BELONGS)
    patience = seconds("wait_timeout", params["wait_timeout"])
    check_limits(params["types"], TYPES, params["max_events"])
    if not 1 <= params["count"] <= params["max_events"]:
        raise InvalidOption(f"'count' is {params['count']}", next_step="give 1 or more, and not above 'max_events'")
    if not params["project"]:
        raise InvalidOption("'project' is empty", next_step="give a name, or leave the option out")
    check_sources("sources", params["sources"])
    if until and "source" in until:
        check_sources("until.source", [until["source"]])
    query = {"all-projects": "true"} if params["all_projects"] else {"project": params["project"]}
    result: dict[str, t.Any] = {"changed": False, "events": [], "matches": [], "reconnects": 0}
    if task.check_mode:
        if not isinstance(client, NoDaemon):
            try:
                open_channel(client, params["types"], query).close()
            except MissingReference as missing:  # an earlier task may make the project
                task.warn(f"check mode: {missing}")
        task.warn("check mode: events are not waited for")
        return result
    sieve = Sieve(params["actions"], params["sources"], params["progress"], task.secrets)
    fits = None if until is None else lambda found: matches(found, until)
    collected = Collector(params["max_events"], fits, params["count"], sieve)
    follower = follow(client, params["types"], query, patience)
    with marked(params["listening_file"]) as connected:
        follower.feed(collected, task.warn, connected)
    result.update(events=collected.events, matches=collected.matches, reconnects=follower.reconnects)
    seen = tally(collected.events)
    error = collected.missed(follower, patience, seen and f"what came was {seen}")
    if error is not None:
        result.update(failed=True, msg=str(error), failure=error.failure())
    return result


def check_sources(option: str, patterns: t.Iterable[str]) -> None:
    """Raise where the path of no object fits a pattern."""
    for pattern in patterns:
        if pattern[:1] not in ("/", "*", "?", "["):
            raise InvalidOption(
                f"'{option}' has '{pattern}', which fits no path", next_step=f"did you mean '*/{pattern}'?"
            )


@contextlib.contextmanager
def marked(path: str | None) -> t.Iterator[t.Callable[[], None]]:
    """Hands out what makes a file that says that events are heard now. It goes at the end.

    :raises Conflict: there is one already: another task listens, or one that was killed has left it
    """
    if path is not None and os.path.lexists(path):
        raise Conflict(
            f"there is a '{path}' already",
            obj="'listening_file'",
            next_step="name another one, or remove it if no task listens any more",
        )
    made = False

    def mark() -> None:
        nonlocal made
        if path is None or made:
            return
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        except OSError as error:
            raise Forbidden(
                f"'{path}' cannot be made: {error.strerror}",
                obj="'listening_file'",
                code=error.errno,
                next_step="name a file in a folder that this user may write to",
            ) from None
        made = True

    try:
        yield mark
    finally:
        if made:
            os.unlink(str(path))


def run_events() -> t.NoReturn:
    """The main function of the module."""
    module = FleetModule({**CONNECTION, **OPTIONS}, MASKED)

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as client:
            return collect(client, task)

    module.run(work)
