# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What a daemon has exactly one of."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, Refused
from .._core.fields import Spec
from .._core.http import Request
from .._core.resource import Plan, Task
from .client import Client
from .record import Record


class Singleton(Record):
    """A record without a name that is neither created nor deleted. PATCH leaves hidden values alone.

    :param unread: attributes that are too long to be of use in a result
    """

    states = ()

    def __init__(self, kind: str, collection: str, *, unread: t.Sequence[str] = (), **rest: t.Any) -> None:
        super().__init__(kind, collection, **rest)
        self.unread = frozenset(unread)

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task) or {}
        return {name: value for name, value in have.items() if name not in self.unread}

    def spec(self) -> Spec:
        merged = super().spec()
        del merged["name"]
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return self.title

    def path(self, params: t.Mapping[str, t.Any]) -> str:
        return self.collection_path(params)

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        body: dict[str, t.Any] = {}
        for position in plan.changed:
            name, dot, key = position.partition(".")
            if dot:
                body.setdefault(name, {})[key] = plan.then[name].get(key, "")
            else:
                body[name] = plan.then[name]
        return [Request("PATCH", self.path(task.params), self.query(task.params), body, plan.changed)]

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        explained = super().explain(session, error, plan, task)
        if isinstance(error, Refused):
            self._restore(session, plan, task)
        return explained

    def _restore(self, session: Client, plan: Plan, task: Task) -> None:
        """Put back what the daemon forgets when it refuses a change: Incus 6.0.4 then loses C(core.https_address)."""
        path, query = self.path(task.params), self.query(task.params)
        now = session.get(path, query).get("config") or {}
        before = ((plan.have or {}).get("config") or {}).items()
        # A value that is hidden is no text.
        lost = {key: value for key, value in before if key not in now and isinstance(value, str)}
        if lost:
            session.perform(Request("PATCH", path, query, {"config": lost}, [f"config.{key}" for key in sorted(lost)]))
