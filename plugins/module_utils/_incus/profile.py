# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Profiles: a record whose V(default) one is always there."""

from __future__ import annotations

import typing as t

from .._core.fields import Devices, KeyValues, Text
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

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if task.state == "absent" and task.params["name"] == "default" and have is not None:
            nothing: dict[str, t.Any] = {field.name: None for field in self.fields}
            task = task.but(nothing, **nothing, state="present")
        return super().plan(have, task)
