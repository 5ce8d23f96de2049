# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How a module reaches the guest API: the options of the C(nfvlab.fleet.guest) documentation fragment."""

from __future__ import annotations

import os
import typing as t

from .._core.fields import Spec, seconds
from .._core.module import FleetModule
from .._core.resource import Task
from .client import Guest, GuestEndpoint, discover_socket

CONNECTION: Spec = {"socket": {"type": "path"}, "timeout": {"type": "float", "default": 30.0}}

# Beside keys whose name says so.
SECRETS = ("cloud-init.user-data", "cloud-init.vendor-data", "user.user-data", "user.vendor-data")


def connect(task: Task) -> Guest:
    """A client for a task."""
    seconds("timeout", task.params["timeout"])
    return Guest(GuestEndpoint(task.params["socket"] or discover_socket(os.environ)), task.params["timeout"])


def run(module: FleetModule, work: t.Callable[[Guest, Task], dict[str, t.Any]]) -> t.NoReturn:
    """Do a module's work on a connection, and end with its result."""

    def connected() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as guest:
            return work(guest, task)

    module.run(connected)
