# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Certificates that a daemon trusts.

The daemon knows them by their fingerprint and lets several have one name. Here a name belongs to one certificate.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import Conflict, InvalidOption
from .._core.fields import Choice, Flag, Names, Spec, Text
from .._core.http import Request
from .._core.http import path as join
from .._core.pem import encoded, first
from .._core.resource import Plan, Task
from .client import Client
from .record import Record, Reference

SHORT = 12  # digits of a fingerprint that tell it from others


def projects_of(plan: Plan) -> t.Iterator[Reference]:
    """The projects that must be there for a certificate or a token to be restricted to them."""
    for project in (plan.then or {}).get("projects") or ():
        yield Reference("project", join("1.0", "projects"), project, {})


class Certificate(Record):
    """A trusted certificate, known by its content, its fingerprint or its name, in that order."""

    def __init__(self) -> None:
        super().__init__(
            "certificate",
            "certificates",
            fields=(
                Text("name", required=True),
                Choice("type", ["client", "metrics", "server"], default="client", immutable=True),
                Flag("restricted"),
                Names("projects"),
                Text("description"),
            ),
        )
        self.pem = ""
        self.fingerprint = ""  # the whole one once it is known, else what the task gives of it

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "name": {"type": "str"},
            "certificate": {"type": "str"},
            "fingerprint": {"type": "str"},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"certificate '{params['name'] or self.fingerprint[:SHORT]}'"

    def path(self, params: t.Mapping[str, t.Any]) -> str:
        return self.collection_path(params) + join(self.fingerprint)

    def prepare(self, session: Client, task: Task) -> None:
        params = task.params
        super().prepare(session, task)
        self.fingerprint = (params["fingerprint"] or "").replace(":", "").lower()
        if self.fingerprint and not re.fullmatch(rf"[0-9a-f]{{{SHORT},64}}", self.fingerprint):
            raise InvalidOption(
                f"'fingerprint' is '{params['fingerprint']}'", next_step=f"give {SHORT} to 64 of its hexadecimal digits"
            )
        if params["certificate"]:
            self.pem, fingerprint = first("certificate", params["certificate"])
            if not fingerprint.startswith(self.fingerprint):
                raise InvalidOption(
                    f"'certificate' has the fingerprint {fingerprint}, and 'fingerprint' says another",
                    obj=self.label(params),
                    next_step="leave one of the two out",
                )
            self.fingerprint = fingerprint
        if not (self.fingerprint or params["name"]):
            raise InvalidOption(
                "none of 'certificate', 'fingerprint' and 'name' is given", next_step="say which certificate is meant"
            )

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        listed = session.find(self.collection_path(task.params), {"recursion": "1"}) or ()
        if self.fingerprint:
            found = [entry for entry in listed if entry["fingerprint"].startswith(self.fingerprint)]
        else:
            found = [entry for entry in listed if entry["name"] == task.params["name"]]
        if len(found) > 1:
            several = ", ".join(entry["fingerprint"][:SHORT] for entry in found)
            raise Conflict(
                f"there are {len(found)} of them: {several}",
                obj=self.label(task.params),
                next_step="say in 'fingerprint' which one is meant",
            )
        if found:
            self.fingerprint = found[0]["fingerprint"]
            return session.find(self.path(task.params))
        for entry in listed:
            if self.pem and entry["name"] == task.params["name"] and task.state == "present":
                raise Conflict(
                    f"the name belongs to another certificate, {entry['fingerprint'][:SHORT]}, and this one has"
                    f" {self.fingerprint[:SHORT]}",
                    obj=self.label(task.params),
                    next_step="remove that one first ('state: absent' with its 'fingerprint'), or give another name",
                )
        return None

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is None and not self.pem:
            raise InvalidOption("it does not exist, and a new one needs its 'certificate'", obj=label)
        plan = super()._present(label, have, task)
        if have is None:
            plan.then.update({"certificate": self.pem, "fingerprint": self.fingerprint})
            plan.after["fingerprint"] = self.fingerprint
        return plan

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        body = {entry.name: plan.then[entry.name] for entry in self.fields if entry.name in plan.then}
        # The API takes the encoded certificate without the lines around it (CertificatesPost).
        body["certificate"] = encoded(self.pem)
        return [Request("POST", self.collection_path(task.params), {}, body, list(body))]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        return projects_of(plan)

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if plan.then is not None and plan.then.get("description"):
            session.require("certificate_description", "descriptions of certificates")
        super().check(session, plan, task)
