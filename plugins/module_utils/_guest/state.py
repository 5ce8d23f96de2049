# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The state that an instance reports of itself: Ready, or only Started."""

from __future__ import annotations

import time
import typing as t

from .._core.errors import NotKept, Unsupported
from .._core.fields import seconds
from .._core.http import Request
from .._core.module import FleetModule
from .._core.resource import WRITES, Outcome, Plan, Resource, Task
from .client import Guest
from .options import CONNECTION, run

STATES = {"ready": "Ready", "started": "Started"}
LOOK = 0.1  # seconds between two looks at whether it is kept


class State(Resource):
    """This instance's own state."""

    states = tuple(STATES)

    def __init__(self) -> None:
        super().__init__("guest", options={"hold": {"type": "float", "default": 0.5}})

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return "this instance"

    def prepare(self, session: Guest, task: Task) -> None:
        seconds("hold", task.params["hold"], zero=True)

    def read(self, session: Guest, task: Task) -> dict[str, t.Any]:
        server = session.server()
        if not server.get("state"):
            raise Unsupported(
                "the daemon keeps no state for its guests: it would answer a report with success and forget it",
                endpoint=f"{session.endpoint} GET /1.0",
                next_step="report it in another way, or use a daemon with the extension 'instance_ready_state'",
            )
        return server

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        now, want = (have or {})["state"], STATES[task.state]
        plan = Plan(self.label(task.params), have, {**(have or {}), "state": want})
        plan.before, plan.after = {"state": now}, {"state": want}
        if now != want:
            plan.changed = ["state"]
            plan.steps = [Request("PATCH", "/1.0", body={"state": want}, keys=["state"])]
        return plan

    def settle(self, session: Guest, outcome: Outcome, task: Task) -> None:
        """See that it is kept: a write on the host that had read the instance before would take it back."""
        deadline = time.monotonic() + task.params["hold"]
        repairs = 0
        while outcome.sent and time.monotonic() < deadline:
            time.sleep(LOOK)
            plan = self.plan(self.read(session, task), task)
            for step in plan.steps:
                if repairs == WRITES:
                    raise NotKept(
                        f"it was {STATES[task.state]} {WRITES + 1} times, and each time became {plan.before['state']}",
                        endpoint=f"{session.endpoint} PATCH /1.0",
                        next_step="see what on the host or in the instance keeps writing it",
                    )
                repairs += 1
                session.perform(step)
                outcome.sent.append(step)
        if repairs:
            outcome.object = self.read(session, task)


def run_state() -> t.NoReturn:
    """The main function of the module."""
    resource = State()
    module = FleetModule({**CONNECTION, **resource.spec()})
    run(module, lambda guest, task: module.converge(resource, guest))
