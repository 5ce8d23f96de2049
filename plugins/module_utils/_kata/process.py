# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Signals and exit codes."""

from __future__ import annotations

import signal
import typing as t

from .._core.errors import InvalidOption, NotFound, TimedOut, did_you_mean
from .._core.fields import Spec
from .._core.resource import Task
from . import probes, spec
from .agent import Agent
from .module import Work

OPTIONS: Spec = {
    "container_id": {"type": "str", "required": True},
    "exec_id": {"type": "str", "default": ""},
    "signal": {"type": "str"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 60.0},
}


def signal_number(given: str) -> int:
    """A signal by its name, with or without SIG, or by its number."""
    text = str(given).upper()
    if text.isascii() and text.isdigit():
        if int(text) <= 64:
            return int(text)
        raise InvalidOption(f"there is no signal {given}", next_step="give a number from 0 to 64, or a name")
    name = text if text.startswith("SIG") else f"SIG{text}"
    names = {one.name: int(one) for one in signal.Signals}
    if name not in names:
        raise InvalidOption(f"there is no signal '{given}'", next_step=did_you_mean(name, names) or "see signal(7)")
    return names[name]


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Send a signal to a process, or wait for its end, or both."""
    params = task.params
    container, process = spec.container_id(params["container_id"]), params["exec_id"]
    number = None if params["signal"] is None else signal_number(params["signal"])
    if number is None and not params["wait"]:
        raise InvalidOption("there is nothing to do", next_step="give 'signal', 'wait' or both")
    if not 0 < params["wait_timeout"] <= 86400 * 30:
        raise InvalidOption(f"'wait_timeout' is {params['wait_timeout']:g}", next_step="give seconds above 0")
    name = f"process '{process}' of container '{container}'" if process else f"container '{container}'"
    record = Work(agent, task, name)
    target = {"container_id": container, "exec_id": process}
    if not probes.container_present(agent, container):
        raise NotFound(f"there is no container '{container}'", obj=name, endpoint=agent.endpoint)
    if number is not None:
        record.do("SignalProcess", {**target, "signal": number})
    code: int | None = None
    if params["wait"] and not task.check_mode:
        code = probes.ended(agent, container, process, params["wait_timeout"])
        if code is None:
            raise record.failed(
                TimedOut(
                    f"it did not end within {params['wait_timeout']:g} s",
                    next_step="give a longer 'wait_timeout', or another 'signal'",
                )
            )
    return record.result(exit_code=code, signal=number)
