# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an instance has written to its console."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, NotFound, Refused, no_such
from .._core.fields import Params, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Plan, Task
from .client import Client, NoDaemon
from .record import Record

COLLECTION = join("1.0", "instances")


class ConsoleLog(Record):
    """The log of an instance's console, as text."""

    states = ("read", "cleared")

    def __init__(self) -> None:
        super().__init__("console_log", "instances", scope=("project",), fields=())

    def spec(self) -> Spec:
        return {**super().spec(), "lines": {"type": "int"}}

    def label(self, params: Params) -> str:
        return f"console of instance '{params['name']}' of project '{params['project']}'"

    def path(self, params: Params) -> str:
        return super().path(params) + "/console"

    def read(self, session: Client, task: Task) -> dict[str, t.Any]:
        params, query = task.params, self.query(task.params)
        if params["lines"] is not None and params["lines"] < 0:
            raise InvalidOption(f"'lines' is {params['lines']}", next_step="give how many of the last ones to read")
        if isinstance(session, NoDaemon):
            return {"text": ""}
        try:
            text = session.text(self.path(params), query)
        except (NotFound, Refused) as refused:
            if isinstance(refused, Refused) and "no such file" not in (refused.text or ""):
                raise refused.about(self.label(params)) from None
            names = session.names(COLLECTION, query) or ()
            if params["name"] in names:
                return {"text": ""}  # it has never been started
            error = session.missing_project(params["project"]) or no_such(
                "instance", params["name"], names, "create it first"
            )
            task.refuse(error.about(self.label(params)))
            return {"text": ""}
        kept = text.splitlines(keepends=True)
        return {"text": "".join(kept if params["lines"] is None else kept[max(0, len(kept) - params["lines"]) :])}

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = Plan(label, have, {"text": ""} if task.state == "cleared" else have)
        if plan.have != plan.then:
            plan.changed = ["text"]
            plan.before, plan.after = {"text": plan.have["text"]}, {"text": ""}
        return plan

    def repeated(self, task: Task) -> Task:
        """It is cleared once; the instance goes on writing."""
        return task.but(state="read")

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        return [Request("DELETE", self.path(task.params), self.query(task.params))]
