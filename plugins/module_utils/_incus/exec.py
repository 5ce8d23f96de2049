# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Commands in an instance: guards, one after the other, and a result for each."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, Interrupted, InvalidOption, MissingReference, NotFound, OperationFailed, TimedOut
from .._core.fields import Spec, scalar
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Client
from .inside import NOT_FOUND, Ended, Exec, Inside, absolute
from .options import CONNECTION, connect
from .record import SCOPES, SECRETS

# What a task with a single command returns directly, beside its entry in C(results).
# Ansible itself adds the lines of both streams to these.
FLAT = ("cmd", "rc", "stdout", "stderr", "duration", "msg")

GUARDS: Spec = {
    "creates": {"type": "str"},
    "removes": {"type": "str"},
    "unless": {"type": "list", "elements": "str"},
}
# Options of one command that all commands of a task may share.
SHARED: Spec = {
    "environment": {"type": "dict"},
    "user": {"type": "int"},
    "group": {"type": "int"},
    "cwd": {"type": "str"},
    "success_codes": {"type": "list", "elements": "int"},
    "command_timeout": {"type": "int"},
}
OPTIONS: Spec = {
    "name": {"type": "str", "required": True},
    **SCOPES["project"],
    "command": {"type": "list", "elements": "str"},
    "commands": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "command": {"type": "list", "elements": "str", "required": True},
            **GUARDS,
            **SHARED,
        },
    },
    "max_failed": {"type": "int", "default": 0},
    **GUARDS,
    **SHARED,
    **SECRET_KEYS,
    "success_codes": {"type": "list", "elements": "int", "default": [0]},
}


class Command:
    """One command of a task, its options checked.

    :param given: its options
    :param shared: the options of the task, for those of `SHARED` that it does not have
    """

    def __init__(self, given: t.Mapping[str, t.Any], shared: t.Mapping[str, t.Any]) -> None:
        option = {**{name: shared.get(name) for name in SHARED}, **given}
        self.words: list[str] = option.get("command") or []
        self.name = option.get("name") or _brief(self.words)
        self.creates, self.removes = (
            absolute(guard, option[guard]) if option.get(guard) else None for guard in ("creates", "removes")
        )
        if option.get("cwd"):
            absolute("cwd", option["cwd"])
        self.unless: list[str] = option.get("unless") or []
        self.environment = {
            key: scalar(f"environment.{key}", value)
            for key, value in (option["environment"] or {}).items()
            if value is not None
        }
        self.options = {name: option[name] for name in ("user", "group", "cwd") if option[name] is not None}
        self.success = option["success_codes"] or [0]
        self.limit: int | None = option["command_timeout"]
        if self.limit is not None and self.limit < 1:
            raise InvalidOption(f"'command_timeout' is {self.limit}", next_step="give at least 1 second")

    def step(self, inside: Inside, words: t.Sequence[str], record: bool = True) -> Exec:
        """The command, or its guard, as a step."""
        return Exec(inside.path, inside.query, words, self.environment, self.options, record, self.limit)

    def result(self, ended: Ended | None, msg: str, *, failed: bool = False) -> dict[str, t.Any]:
        """The command's entry in the result, the same keys whether it ran or not."""
        out, err = (ended.stdout, ended.stderr) if ended else ("", "")
        return {
            "name": self.name,
            "cmd": self.words,
            "ran": ended is not None,
            "failed": failed,
            "rc": ended.rc if ended else None,
            "stdout": out,
            "stderr": err,
            "stdout_lines": out.splitlines(),
            "stderr_lines": err.splitlines(),
            "duration": ended.seconds if ended else 0.0,
            "msg": msg,
        }


class Run:
    """The commands of one task, one after the other.

    :param clean: takes the secrets out of an error
    """

    def __init__(self, session: Client, task: Task, clean: t.Callable[[FleetError], FleetError]) -> None:
        self.task = task
        self.clean = clean
        self.whole = Command({**task.params, "name": None}, task.params)  # the task's name is the instance's
        listed = task.given.get("commands")
        self.commands = [self.whole] if listed is None else [Command(item, task.params) for item in listed]
        if not self.commands or not all(command.words and command.words[0] for command in self.commands):
            raise InvalidOption("a command is empty", next_step="give its words as a list")
        if task.params["max_failed"] < 0:
            raise InvalidOption(f"'max_failed' is {task.params['max_failed']}", next_step="give 0 or more")
        self.inside = Inside(session, task)
        self.actions: list[dict[str, t.Any]] = []
        self.results: list[dict[str, t.Any]] = []
        self.errors: list[FleetError] = []
        self.changed = False

    def __call__(self) -> dict[str, t.Any]:
        """The result of the module, with one entry for each command; when something failed, with its error."""
        failed: FleetError | None = None
        try:
            reason = self._guarded(self.whole) if self.commands != [self.whole] else ""
            for command in self.commands:
                if len(self.errors) > self.task.params["max_failed"]:
                    break
                self.results.append(self._one(command, reason))
            failed = self.errors[0] if self.errors else None
        except FleetError as error:
            failed = self.clean(error)
        results = self._complete()
        result = {"changed": self.changed, "actions": self.actions, "results": results}
        if len(results) == 1:
            result.update({key: results[0][key] for key in FLAT})
        # Ansible takes a missing "failed" beside an "rc" that is not 0, null included, for a failure.
        result["failed"] = False
        if failed:
            failed.about(self.inside.label)
            result.update(failed=True, msg=str(failed), failure=failed.failure())
        return result

    def _complete(self) -> list[dict[str, t.Any]]:
        """One entry for each command, also for those that nobody came to."""
        left = self.commands[len(self.results) :]
        return self.results + [command.result(None, "not run, because something failed before it") for command in left]

    def _guarded(self, command: Command) -> str:
        """Why a command need not run, or nothing. A guard that is a command itself does not run in check mode."""
        if self.inside.have is None:
            return ""
        if command.creates and self.inside.look(command.creates):
            return f"not run, because '{command.creates}' exists"
        if command.removes and not self.inside.look(command.removes):
            return f"not run, because '{command.removes}' does not exist"
        if command.unless:
            ended = self._perform(command.step(self.inside, command.unless, record=False))
            if ended and ended.overdue:
                raise _overdue(f"the guard of '{command.name}'", ended, command)
            if ended and ended.rc == 0:
                return "not run, because its 'unless' command succeeded"
        return ""

    def _one(self, command: Command, reason: str) -> dict[str, t.Any]:
        """Run a command, unless there is a reason not to; its entry in the result."""
        ended: Ended | None = None
        try:
            reason = reason or self._guarded(command)
            if reason:
                return command.result(None, reason)
            ended = self._perform(command.step(self.inside, command.words))
            if ended is None:
                self.changed = True
                return command.result(None, "would run")
            error = _judge(ended, command, self.inside)
            self.changed = self.changed or not isinstance(error, NotFound)
        except FleetError as raised:
            # Where it went out and nobody knows what it did, it counts as a change.
            self.changed = self.changed or isinstance(raised, (OperationFailed, TimedOut, Interrupted))
            error = raised
        if error:
            self.errors.append(self.clean(error))
        return command.result(ended, error.what if error else "", failed=bool(error))

    def _perform(self, step: Exec) -> Ended | None:
        """Perform a step and note it; in check mode only note it."""
        self.inside.require_running()
        self._require_directory(step.options.get("cwd"))
        self.actions.append({**step.describe(), "sent": not self.task.check_mode})
        return None if self.task.check_mode else step.perform(self.inside.session)

    def _require_directory(self, cwd: str | None) -> None:
        """The daemon runs a command in C(/) where its directory is not there, and says nothing."""
        if cwd is None or self.inside.have is None:
            return
        entry = self.inside.look(cwd)
        if entry is None or entry.kind == "file":
            self.task.refuse(
                MissingReference(
                    f"there is no directory '{cwd}' in the instance",
                    obj=self.inside.label,
                    endpoint=str(self.inside.session.transport.endpoint),
                    next_step="create it first, or correct 'cwd'",
                )
            )


def _judge(ended: Ended, command: Command, inside: Inside) -> FleetError | None:
    """The error that an exit code stands for, or null where it is one of success."""
    if ended.overdue:
        return _overdue(f"the command '{command.name}'", ended, command)
    if ended.rc in command.success:
        return None
    where = str(inside.session.transport.endpoint)
    if ended.rc == NOT_FOUND and not (ended.stdout or ended.stderr):
        return NotFound(
            f"there is no command '{command.words[0]}' in the instance",
            endpoint=where,
            code=ended.rc,
            next_step="a command is a list of words, each by itself"
            if " " in command.words[0]
            else "install it there, give its full path, or correct it",
        )
    said = ended.last_line
    return OperationFailed(
        f"the command '{command.name}' ended with {ended.rc}" + (f": {said}" if said else ""),
        endpoint=where,
        code=ended.rc,
        text=said or None,
        next_step="see 'results' for all that it said; 'success_codes' names further codes that are no failure",
    )


def _overdue(what: str, ended: Ended, command: Command) -> TimedOut:
    fate = "goes on, because nothing in the instance could kill it" if ended.rc is None else "was killed"
    limit = f"{command.limit} s" if command.limit else "'operation_timeout'"
    return TimedOut(
        f"{what} did not end within {limit} and {fate}",
        next_step="give a longer 'command_timeout', or mend the command",
    )


def _brief(words: t.Sequence[str], width: int = 60) -> str:
    """A command as one short line."""
    line = " ".join(" ".join(words).split())
    return line if len(line) <= width else line[: width - 3] + "..."


def run_exec() -> t.NoReturn:
    """The main function of the module."""
    module = FleetModule(
        {**CONNECTION, **OPTIONS},
        Secrets(SECRETS),
        mutually_exclusive=[["command", "commands"]],
        required_one_of=[["command", "commands"]],
    )

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as session:
            return Run(session, task, module.clean)()

    module.run(work)
