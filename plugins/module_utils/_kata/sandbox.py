# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The sandbox of an agent: there is one or none, and it cannot be changed."""

from __future__ import annotations

import typing as t

from .._core.errors import Interrupted, NoSocket, NotKept, Refused, Unreachable
from .._core.fields import Spec
from .._core.resource import Task
from . import probes, traps
from .agent import Agent
from .module import Work

FIELDS = ("hostname", "sandbox_id", "dns", "sandbox_pidns", "guest_hook_path", "kernel_modules", "storages")
OPTIONS: Spec = {
    "hostname": {"type": "str"},
    "sandbox_id": {"type": "str"},
    "dns": {"type": "list", "elements": "str"},
    "sandbox_pidns": {"type": "bool"},
    "guest_hook_path": {"type": "str"},
    "kernel_modules": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "parameters": {"type": "list", "elements": "str"},
        },
    },
    "storages": {"type": "list", "elements": "dict"},
    "force": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


ENDING = 5.0  # seconds; an agent that has answered DestroySandbox hangs up within 0.13


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Bring the sandbox into the wanted state."""
    record = Work(agent, task, f"sandbox at {agent.endpoint}")
    if task.state == "absent":
        return _absent(record)
    request = {name: task.given[name] for name in FIELDS if task.given.get(name) is not None}
    traps.check("CreateSandbox", request)
    present = _present(record)
    if present is None and not task.params["force"]:
        raise Refused(
            "the agent's policy hides whether there is a sandbox, and a second CreateSandbox erases root file systems",
            endpoint=agent.endpoint,
            next_step="allow GetVolumeStats in the policy, or set 'force: true' if there is certainly none",
        )
    if not present:
        record.change({"state": "absent"}, {"state": "present", **request})
        record.do("CreateSandbox", request)
        if not task.check_mode and present is False and not probes.sandbox_present(agent):
            raise record.failed(NotKept("the agent said that it made a sandbox, and there is none"))
    return record.result(sandbox={"state": "present"})


def _present(record: Work) -> bool | None:
    """Whether there is a sandbox; in check mode an agent that is not there yet has none."""
    try:
        return probes.sandbox_present(record.agent)
    except NoSocket as error:
        if not record.task.check_mode:
            raise
        record.task.warn(f"check mode: {error.what} ({error.endpoint}), so the agent counts as new")
        return False


def _absent(record: Work) -> dict[str, t.Any]:
    try:
        present = probes.sandbox_present(record.agent)
    except Unreachable:
        # An agent ends with its sandbox, and then nobody answers.
        return record.result(sandbox={"state": "absent"})
    if present is False:
        return record.result(sandbox={"state": "absent"})
    record.change({"state": "present"}, {"state": "absent"})
    try:
        record.do("DestroySandbox")
    except Interrupted:
        """It may hang up before it has answered."""
    else:
        if not record.task.check_mode:
            record.agent.gone(ENDING)
    return record.result(sandbox={"state": "absent"})
