# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The commands of a task, one after the other, with a result for each."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound
from .._core.fields import Spec
from .._core.resource import Task
from . import probes, spec
from .agent import Agent
from .module import Work
from .running import Ended, execute

# What a task with a single command returns directly, beside its entry in C(results).
FLAT = ("cmd", "rc", "stdout", "stderr", "stdout_lines", "stderr_lines", "truncated", "duration", "msg")

# Options of one command that all commands of a task may share.
SHARED: Spec = {
    "environment": {"type": "dict"},
    "user": {"type": "int"},
    "group": {"type": "int"},
    "groups": {"type": "list", "elements": "int"},
    "cwd": {"type": "str"},
    "capabilities": {"type": "list", "elements": "str"},
    "terminal": {"type": "bool"},
    "stdin": {"type": "str"},
    "unless": {"type": "list", "elements": "str"},
    "success_codes": {"type": "list", "elements": "int"},
    "command_timeout": {"type": "float"},
    "output_limit": {"type": "int"},
}
OPTIONS: Spec = {
    "container_id": {"type": "str", "required": True},
    "command": {"type": "list", "elements": "str"},
    "commands": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "command": {"type": "list", "elements": "str", "required": True},
            **SHARED,
        },
    },
    "max_failed": {"type": "int", "default": 0},
    **SHARED,
}
RULES = {"mutually_exclusive": [("command", "commands")], "required_one_of": [("command", "commands")]}
LIMIT = 60.0  # seconds that a command may take
OUTPUT = 2**24  # bytes of each stream that are kept


class Command:
    """One command of a task, its options checked."""

    def __init__(self, given: t.Mapping[str, t.Any], shared: t.Mapping[str, t.Any]) -> None:
        option = {name: given[name] if given.get(name) is not None else shared.get(name) for name in SHARED}
        self.words: list[str] = given.get("command") or []
        if not self.words or not self.words[0]:
            raise InvalidOption("a command is empty", next_step="give its words as a list")
        self.name = given.get("name") or " ".join(self.words)[:80]
        self.process = spec.process(option, self.words)
        self.guard = option["unless"] and spec.process({**option, "terminal": False}, option["unless"])
        spec.check_process(self.process, "command")
        self.stdin = (option["stdin"] or "").encode("utf-8", "surrogateescape")
        self.success = option["success_codes"] or [0]
        self.limit: float = LIMIT if option["command_timeout"] is None else option["command_timeout"]
        self.output: int = OUTPUT if option["output_limit"] is None else option["output_limit"]
        if self.limit <= 0:
            raise InvalidOption(f"'command_timeout' is {self.limit:g}", next_step="give seconds above 0")
        if self.output < 0:
            raise InvalidOption(f"'output_limit' is {self.output}", next_step="give bytes from 0 on")

    def entry(self, ended: Ended | None, msg: str = "", *, failed: bool = False) -> dict[str, t.Any]:
        """The command's entry in the result, the same keys whether it ran or not."""
        out = ended.stdout.decode(errors="replace") if ended else ""
        err = ended.stderr.decode(errors="replace") if ended else ""
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
            "truncated": bool(ended and ended.truncated),
            "duration": ended.seconds if ended else 0.0,
            "msg": msg,
        }


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Run the commands of a task."""
    container = spec.container_id(task.params["container_id"])
    listed = task.given.get("commands")
    given = [{"command": task.params["command"]}] if listed is None else listed
    commands = [Command(item, task.params) for item in given]
    if not commands:
        raise InvalidOption("'commands' is empty", next_step="give at least one command, or leave the task out")
    record = Work(agent, task, f"container '{container}'")
    if not probes.container_present(agent, container):
        raise NotFound(
            f"there is no container '{container}'",
            endpoint=agent.endpoint,
            next_step="create it with nfvlab.fleet.kata_container",
        )
    results: list[dict[str, t.Any]] = []
    errors: list[FleetError] = []
    actions: list[dict[str, t.Any]] = []
    for command in commands:
        if len(errors) > task.params["max_failed"]:
            results.append(command.entry(None, "not run, because something failed before it"))
            continue
        results.append(_one(agent, task, container, command, errors, actions))
    result: dict[str, t.Any] = {
        "changed": any(action["rpc"] == "ExecProcess" for action in actions),
        "actions": actions,
        "results": results,
    }
    if len(results) == 1:
        result.update({key: results[0][key] for key in FLAT})
    result["failed"] = bool(errors)
    if errors:
        error = errors[0].about(record.plan.label)
        error.outcome = None
        result["error"] = error
    return result


def _one(
    agent: Agent,
    task: Task,
    container: str,
    command: Command,
    errors: list[FleetError],
    actions: list[dict[str, t.Any]],
) -> dict[str, t.Any]:
    """Run one command, and its entry in the result."""
    action = {"rpc": "ExecProcess", "container_id": container, "keys": sorted(command.process), "sent": False}
    if task.check_mode:
        actions.append(action)
        return command.entry(None, "not run in check mode")
    try:
        if command.guard:
            done = execute(agent, container, command.guard, limit=command.limit, output_limit=0)
            if done.rc == 0:
                return command.entry(None, "not needed: 'unless' ended with 0")
        actions.append(action)
        action["sent"] = True
        ended = execute(
            agent,
            container,
            command.process,
            stdin=command.stdin,
            limit=command.limit,
            output_limit=command.output,
        )
    except FleetError as error:
        errors.append(error)
        if action["sent"] and error.code is not None and str(error.endpoint).endswith(" ExecProcess"):
            actions.remove(action)  # the agent has refused: nothing ran
        partly = error.outcome if isinstance(error.outcome, Ended) else None
        return command.entry(partly, str(error), failed=True)
    if ended.rc is None:
        msg = "its container went before the exit code could be read"
    elif ended.rc in command.success:
        return command.entry(ended)
    else:
        msg = f"the command ended with {ended.rc}"
    tail = ended.stderr.decode(errors="replace").strip().splitlines()
    errors.append(
        NotFound(msg)
        if ended.rc is None
        else _ended_badly(f"'{command.name}' ended with {ended.rc}", tail[-1] if tail else "")
    )
    return command.entry(ended, msg, failed=True)


def _ended_badly(what: str, said: str) -> FleetError:
    from .._core.errors import OperationFailed

    return OperationFailed(
        what + (f": {said[:200]}" if said else ""), next_step="see its output, or list the code in 'success_codes'"
    )
