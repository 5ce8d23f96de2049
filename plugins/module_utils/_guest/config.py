# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Configuration that the host hands in: keys of the instance, as values or as files of the guest."""

from __future__ import annotations

import hashlib
import keyword
import time
import typing as t
from fnmatch import fnmatchcase

from .._core.errors import FleetError, InvalidOption, NotFound, TimedOut, Unreachable, did_you_mean
from .._core.fields import Spec, scalar, seconds
from .._core.module import SECRET_KEYS, FleetModule, outcome_result
from .._core.resource import Outcome, Plan, Resource, Task, converge
from .._core.secrets import MASK, Secrets, mask_pair
from .client import Guest
from .localfile import ACCESS, Adjust, Write, absolute, access, compare, folder_of, look, wanted
from .options import CONNECTION, SECRETS, run

OPTIONS: Spec = {
    "keys": {"type": "list", "elements": "str", "no_log": False},
    "required": {"type": "bool", "default": True},
    "fact": {"type": "str"},
    "files": {
        "type": "list",
        "elements": "dict",
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "path": {"type": "str", "required": True},
            **ACCESS,
        },
    },
    "wait_for": {"type": "dict"},
    "wait_timeout": {"type": "float", "default": 60.0},
    **SECRET_KEYS,
}

SHOWN = 32 * 1024  # bytes of text that a diff shows
# Seconds between two looks at awaited keys without any event. Keys of cloud-init change without one.
TICK, TICK_WITHOUT_EVENTS = 10.0, 1.0

Values = dict[str, t.Optional[bytes]]


# -- keys


def is_pattern(key: str) -> bool:
    """Whether a key stands for several."""
    return any(sign in key for sign in "*?[")


def expand(keys: t.Iterable[str], names: t.Callable[[], list[str]]) -> list[str]:
    """The keys that are meant, each once: patterns by the names that there are."""
    found: dict[str, None] = {}
    present: list[str] | None = None
    for key in keys:
        if not is_pattern(key):
            found[key] = None
            continue
        present = names() if present is None else present
        found.update(dict.fromkeys(name for name in present if fnmatchcase(name, key)))
    return list(found)


def text(value: bytes | None) -> str | None:
    """A value as text, as results show it."""
    return None if value is None else value.decode(errors="replace")


def satisfied(value: bytes | None, wanted: str | None) -> bool:
    """Whether a key has what is awaited: any value for null, none for the empty text."""
    if wanted is None:
        return value is not None
    return (text(value) or "") == wanted


def missing(guest: Guest, key: str) -> NotFound:
    """The error for a key that has no value."""
    return NotFound(
        f"the key '{key}' has no value",
        endpoint=f"{guest.endpoint} GET /1.0/config",
        next_step=did_you_mean(key, guest.names()) or f"set '{key}' of this instance or of its profiles on the host",
    )


def await_keys(guest: Guest, awaited: t.Mapping[str, str | None], patience: float, secrets: Secrets) -> None:
    """Wait until each key has what is awaited of it.

    :raises TimedOut: saying what the first that has not is now
    """
    values: Values = {}

    def look_again() -> bool:
        for key, want in awaited.items():
            if key not in values or not satisfied(values[key], want):
                values[key] = guest.value(key)
        return all(satisfied(values[key], want) for key, want in awaited.items())

    if look_again():
        return
    from .events import Follower  # mostly everything is there

    deadline = time.monotonic() + patience
    quiet = all(key.startswith("user.") for key in awaited)
    follower = Follower(guest, ["config"], deadline, tick=TICK if quiet else TICK_WITHOUT_EVENTS)
    trouble: FleetError | None = None
    for sign in follower:
        if isinstance(sign, dict) and sign["metadata"].get("key") not in awaited:
            continue
        try:
            if look_again():
                return
            trouble = None
        except (Unreachable, TimedOut) as error:
            trouble = error  # the daemon may come back
    raise _overdue(guest, awaited, values, patience, secrets, trouble or follower.lost)


def _overdue(
    guest: Guest,
    awaited: t.Mapping[str, str | None],
    values: Values,
    patience: float,
    secrets: Secrets,
    trouble: FleetError | None,
) -> TimedOut:
    key, want = next((key, want) for key, want in awaited.items() if not satisfied(values.get(key), want))
    have = text(values.get(key))

    def quoted(value: str) -> str:
        return MASK if secrets.holds(key) else f"'{value}'"

    state = "has no value" if have is None else f"is {quoted(have)}"
    if want is not None:
        state += f" and not {quoted(want)}" if want else " and not empty"
    if trouble is not None:
        next_step: str | None = f"at last there was no connection: {trouble.what}"
    else:
        present = guest.names()
        next_step = None if key in present else did_you_mean(key, present)
    return TimedOut(
        f"after {patience:g} s the key '{key}' {state}",
        endpoint=f"{guest.endpoint} GET /1.0/config",
        next_step=next_step or "see what sets it on the host",
    )


# -- files


class KeyFile(Resource):
    """A file whose content is a key's value.

    :param given: the entry of the task
    :param content: the value
    """

    def __init__(self, given: t.Mapping[str, t.Any], content: bytes, secrets: Secrets) -> None:
        super().__init__("file")
        self.key: str = given["key"]
        self.path = absolute("path", given["path"])
        self.access = access(given)
        self.content = content
        self.secret = secrets.holds(self.key)
        self.present: bytes | None = None  # the beginning of what the file has now

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"'{self.path}'"

    def prepare(self, session: t.Any, task: Task) -> None:
        try:
            folder_of(self.path)
        except NotFound as error:
            if not task.check_mode:
                raise
            task.warn(f"check mode: {error}")

    def read(self, session: t.Any, task: Task) -> dict[str, t.Any] | None:
        have = look(self.path)
        self.present = None
        if have is not None and have["size"] <= SHOWN:
            with open(self.path, "rb") as file:
                self.present = file.read(SHOWN + 1)
        return have

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        want = {"sha256": hashlib.sha256(self.content).hexdigest(), **wanted(self.access)}
        plan = Plan(self.label(task.params), have, {"path": self.path, **(have or {}), **want})
        compare(plan, have, want)
        if have is None or "sha256" in plan.changed:
            plan.steps = [Write(self.path, self.content, self.access, 0o600 if self.secret else 0o644)]
            self._show(plan)
        elif plan.changed:
            plan.steps = [Adjust(self.path, self.access)]
        if self.secret:
            before, after = mask_pair(plan.before.get("sha256"), plan.after["sha256"])
            plan.before.update({"sha256": before} if before else {})
            plan.after["sha256"] = after
        return plan

    def _show(self, plan: Plan) -> None:
        """Add the texts themselves, where they are texts, short, and no secret."""
        before = b"" if plan.have is None else self.present
        if self.secret or before is None or len(self.content) > SHOWN or b"\0" in before + self.content:
            return
        if plan.have is not None:
            plan.before["content"] = before.decode(errors="replace")
        plan.after["content"] = self.content.decode(errors="replace")


# -- the module


def hand_in(guest: Guest, task: Task) -> dict[str, t.Any]:
    """Wait, read and write, in this order; nothing is written before everything has been read and found possible."""
    params = task.params
    fact = _fact(params)
    awaited = {
        key: None if value is None else scalar(f"wait_for.{key}", value)
        for key, value in (params["wait_for"] or {}).items()
    }
    _plain([*awaited, *(entry["key"] for entry in params["files"] or ())])
    patience = seconds("wait_timeout", params["wait_timeout"])
    if awaited and not task.check_mode:
        await_keys(guest, awaited, patience, task.secrets)
    values: Values = {}

    def value(key: str, required: bool) -> bytes | None:
        if key not in values:
            values[key] = guest.value(key)
        if values[key] is None and required:
            error = missing(guest, key)
            if not task.check_mode:
                raise error
            task.warn(f"check mode: {error}")
        return values[key]

    config = {}
    for key in [*expand(params["keys"] or (), guest.names), *awaited]:
        found = text(value(key, params["required"] and key not in awaited))
        if found is not None:
            config[key] = found
    early = [key for key, want in awaited.items() if not satisfied(values[key], want)]
    if early and task.check_mode:
        task.warn(f"check mode: {', '.join(early)} would be waited for")
    files = _files(params["files"] or (), value, task)
    shown = task.secrets.mask(config)
    result: dict[str, t.Any] = {"changed": False, "config": shown, **_written(guest, files, task)}
    if fact:
        hidden = [key for key in config if task.secrets.holds(key)]
        if hidden:
            task.warn(f"{', '.join(hidden)} in the fact '{fact}' are stars: a secret is handed on in a file only")
        result["ansible_facts"] = {fact: shown}
    return result


def _fact(params: t.Mapping[str, t.Any]) -> str | None:
    fact = params["fact"]
    if fact is None:
        return None
    if not fact.isidentifier() or not fact.isascii() or keyword.iskeyword(fact):
        raise InvalidOption(
            f"'fact' is '{fact}', which is no name of a variable", next_step="use letters, digits and _"
        )
    return str(fact)


def _plain(keys: t.Iterable[str]) -> None:
    for key in keys:
        if is_pattern(key):
            raise InvalidOption(f"'{key}' is a pattern, which only 'keys' takes", next_step="name a single key")


def _files(
    entries: t.Iterable[t.Mapping[str, t.Any]], value: t.Callable[[str, bool], bytes | None], task: Task
) -> list[KeyFile]:
    """The files to be written; one whose key has no value and need not is left as it is."""
    files: dict[str, KeyFile] = {}
    for entry in entries:
        content = value(entry["key"], task.params["required"])
        if content is None:
            absolute("path", entry["path"])
            continue
        file = KeyFile(entry, content, task.secrets)
        if file.path in files:
            raise InvalidOption(f"two of 'files' have the path '{file.path}'", next_step="leave one out")
        files[file.path] = file
    return list(files.values())


def _written(guest: Guest, files: t.Sequence[KeyFile], task: Task) -> dict[str, t.Any]:
    """The part of the result that is about files. Each is tried out before the first is written."""
    for file in files if not task.check_mode else ():
        file.prepare(guest, task)
    outcomes = [converge(file, guest, _trial(task)) for file in files]
    results: list[dict[str, t.Any]] = []
    parts: list[dict[str, t.Any]] = []
    failed: FleetError | None = None
    for file, outcome in zip(files, outcomes):
        entry: dict[str, t.Any] = {"key": file.key, "path": file.path, "changed": False, "failed": False}
        results.append(entry)
        if not task.check_mode:
            try:
                outcome = converge(file, guest, task)
            except FleetError as error:
                failed, outcome = error, error.outcome or Outcome(outcome.plan, None)
                entry.update(failed=True, msg=str(error))
        parts.append(outcome_result(outcome, task.check_mode))
        entry["changed"] = parts[-1]["changed"]
        entry["file"] = _without_secret(file, outcome)
        if failed is not None:
            break
    result: dict[str, t.Any] = {
        "changed": any(part["changed"] for part in parts),
        "actions": [action for part in parts for action in part["actions"]],
        "diff": [part["diff"] for part in parts],
        "results": results,
    }
    if failed is not None:
        result.update(failed=True, msg=str(failed), failure=failed.failure())
    return result


def _without_secret(file: KeyFile, outcome: Outcome) -> dict[str, t.Any] | None:
    if outcome.object is None:
        return None
    return {**outcome.object, **({"sha256": MASK} if file.secret else {})}


def _trial(task: Task) -> Task:
    """The same task as a check run."""
    warn = task.warn if task.check_mode else lambda message: None
    return Task(task.params, task.given, check_mode=True, secrets=task.secrets, warn=warn)


def run_config() -> t.NoReturn:
    """The main function of the module."""
    module = FleetModule({**CONNECTION, **OPTIONS}, Secrets(SECRETS), required_one_of=[["keys", "files", "wait_for"]])
    run(module, hand_in)
