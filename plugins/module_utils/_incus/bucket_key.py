# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Keys of storage buckets: a record whose attributes are spelled with hyphens, and whose content is a secret."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Choice, Spec, Text
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Task
from .client import Client
from .record import Record

# Characters that MinIO takes (its documentation, "access keys").
LENGTHS = {"access_key": range(3, 21), "secret_key": range(8, 41)}
PAIR = tuple(LENGTHS)


class BucketKey(Record):
    """A key of a storage bucket. Its secret half leaves the module only where the task asks for it."""

    def __init__(self) -> None:
        super().__init__(
            "storage_bucket_key",
            "storage-pools/{pool}/buckets/{bucket}/keys",
            scope=("project", "pool", "bucket"),
            extension="storage_buckets",
            fields=(
                Text("description"),
                Choice("role", ["admin", "read-only"], default="read-only"),
                *(Text(name) for name in PAIR),
            ),
            options={"return_credentials": {"type": "bool", "default": False}},
        )

    def spec(self) -> Spec:
        merged = super().spec()
        for name in PAIR:
            merged[name]["no_log"] = False  # masked by its position
        return merged

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        return have and {name.replace("-", "_"): value for name, value in have.items()}

    def steps(self, plan: Plan, task: Task) -> list[Request]:
        return [step._replace(body=_spelled(step.body)) for step in super().steps(plan, task)]

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        """The daemon takes the old pair away before it tries the new one, so a wrong one must not reach it."""
        super().check(session, plan, task)
        wrong = [name for name in PAIR if name in plan.changed and len(task.given[name] or "") not in LENGTHS[name]]
        pool = session.find(join("1.0", "storage-pools", task.params["pool"])) if wrong else None
        if pool and pool["driver"] != "cephobject":
            lengths = LENGTHS[wrong[0]]
            raise InvalidOption(
                f"'{wrong[0]}' has {len(task.given[wrong[0]] or '')} characters",
                obj=plan.label,
                next_step=f"give it {lengths[0]} to {lengths[-1]}, or leave it to the daemon",
            )

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        if task.params["return_credentials"] and outcome.object:
            outcome.plan.facts["credentials"] = {name: outcome.object.get(name) for name in PAIR}


def _spelled(body: t.Any) -> t.Any:
    """A body with the attributes as the API has them."""
    return body and {name.replace("_", "-") if name in PAIR else name: value for name, value in body.items()}
