# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Profiles: a record whose V(default) one is always there."""

from __future__ import annotations

from .._core.fields import Devices, KeyValues, Text
from .._core.http import Request
from .._core.resource import Plan, Task
from .record import Record


class Profile(Record):
    """A profile. The one named C(default) goes with its project only, so its absence is its emptiness."""

    def __init__(self) -> None:
        super().__init__(
            "profile",
            "profiles",
            scope=("project",),
            fields=(Text("description"), KeyValues("config"), Devices("devices")),
        )

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        if task.params["name"] != "default":
            return super().delete_steps(plan, task)
        filled = [field.name for field in self.fields if field.read(plan.have)]
        if not filled:
            return []
        body = {**plan.have, **{field.name: field.empty for field in self.fields}}
        return [Request("PUT", self.path(task.params), self.query(task.params), body, filled)]
