# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Backups of instances and of custom volumes: files on the managed host.

The daemon makes a backup on its own disk. From there it is streamed into the file, and then deleted. What a broken run
leaves there has a name that follows from the file's, so that the next run finds it; else it ends by itself.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import time
import typing as t

from .._core.errors import FleetError, InvalidOption, Malformed
from .._core.fields import Params, Spec
from .._core.files import Growing
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Task
from .client import Client
from .names import check_instance
from .owned import OWNER, check_owner, owner_label, owner_path, owner_references, owners_path
from .record import Record, Reference
from .schedule import stamp

# What each kind of owner needs of its daemon, and the option that leaves its snapshots out.
_EXTENSIONS = {"instance": "container_backup", "volume": "custom_volume_backup"}
_ALONE = {"instance": "instance_only", "volume": "volume_only"}
_LEFT_FOR = datetime.timedelta(days=1)  # what a broken run leaves on the daemon's disk


class Backup(Record):
    """A file that an instance or a volume was written to, or shall be made from."""

    states = ("exported", "imported")

    def __init__(self) -> None:
        super().__init__("backup", "", scope=("project",), fields=())
        self.leftover: dict[str, t.Any] | None = None  # of an earlier run, on the daemon's disk
        self.digest: str | None = None

    def spec(self) -> Spec:
        merged = super().spec()
        del merged["name"]
        return {
            **merged,
            **OWNER,
            "path": {"type": "path", "required": True},
            "compression_algorithm": {"type": "str"},
            "instance_only": {"type": "bool", "default": False},
            "volume_only": {"type": "bool", "default": False},
            "optimized_storage": {"type": "bool", "default": False},
            "max_age": {"type": "int"},
            "checksum": {"type": "str"},
        }

    def label(self, params: Params) -> str:
        return f"backup of {owner_label(params)}"

    def path(self, params: Params) -> str:
        name = "nfvlab-" + hashlib.sha256(os.path.realpath(params["path"]).encode()).hexdigest()[:12]
        return f"{owner_path(params)}/backups{join(name)}"

    def prepare(self, session: Client, task: Task) -> None:
        super().prepare(session, task)
        params = task.params
        check_owner(params, self.title)
        label, path = self.label(params), params["path"]
        for kind, option in _ALONE.items():
            if params[option] and not params[kind]:
                raise InvalidOption(f"'{option}' is given without '{kind}'", obj=label, next_step="leave it out")
        if params["max_age"] is not None and params["max_age"] < 0:
            raise InvalidOption(f"'max_age' is {params['max_age']}", obj=label, next_step="give a number of seconds")
        if task.state == "imported" and params["instance"]:
            check_instance(params["instance"], label)
        if os.path.isdir(path):
            raise InvalidOption(f"'{path}' is a directory", obj=label, next_step="give the path of a file in it")
        missing = path if task.state == "imported" else os.path.dirname(os.path.abspath(path))
        if not os.path.exists(missing):
            error = InvalidOption(
                f"there is no '{missing}' on the managed host", obj=label, next_step="make it first, or correct 'path'"
            )
            task.refuse(error)

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        if task.state == "imported":
            there = session.find(owner_path(task.params), self.query(task.params))
            return self._file(task.params["path"]) if there is not None else None
        have = self._file(task.params["path"]) if os.path.exists(task.params["path"]) else None
        self.leftover = None
        if have is None or self._old(task):
            self.leftover = session.find(self.path(task.params), self.query(task.params))
        return have

    def _file(self, path: str) -> dict[str, t.Any]:
        """What is told of the file, which need not be there once something was made from it."""
        size = os.path.getsize(path) if os.path.exists(path) else None
        return {"path": path, "size": size, **({"sha256": self.digest} if self.digest else {})}

    def _old(self, task: Task) -> bool:
        """Whether the file is older than it may be."""
        limit = task.params["max_age"]
        return limit is not None and time.time() - os.path.getmtime(task.params["path"]) >= limit

    # -- planning

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = Plan(label, have, have or self._file(task.params["path"]))
        old = have is not None and task.state == "exported" and self._old(task)
        if have is None or old:
            plan.changed = ["state"]
            plan.before = {"state": "outdated" if old else "absent"}
            plan.after = {"state": task.state}
        return plan

    def create_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        return self._import_steps(task) if task.state == "imported" else self._export_steps(task)

    def update_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        return self._export_steps(task)

    def _export_steps(self, task: Task) -> list[t.Any]:
        params, query = task.params, self.query(task.params)
        place = self.path(params)
        end = stamp(datetime.datetime.now(datetime.timezone.utc) + _LEFT_FOR)
        body: dict[str, t.Any] = {"name": place.rpartition("/")[2], "expires_at": end}
        for option in ("compression_algorithm", *_ALONE.values(), "optimized_storage"):
            if params[option]:
                body[option] = params[option]
        make = Request("POST", f"{owner_path(params)}/backups", query, body, list(body))
        remove = Request("DELETE", place, query)
        return [*([remove] if self.leftover else []), make, Download(remove, params["path"], self._got)]

    def _got(self, digest: str) -> None:
        self.digest = digest

    def _import_steps(self, task: Task) -> list[t.Any]:
        params = task.params
        headers = {"name": params["instance"] or params["volume"]}
        if params["instance"] and params["pool"]:
            headers["pool"] = params["pool"]
        return [
            Request(
                "POST",
                owners_path(params),
                self.query(params),
                keys=list(headers),
                headers={f"X-{brand}-{name}": value for brand in ("Incus", "LXD") for name, value in headers.items()},
                upload={"backup": params["path"]},
            )
        ]

    def repeated(self, task: Task) -> Task:
        """What is too old is exported once."""
        return task.but(max_age=None)

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        """Put the file into the summary of the run."""
        have = outcome.object
        if have is not None and task.state == "exported":
            made = datetime.datetime.fromtimestamp(os.path.getmtime(have["path"]), datetime.timezone.utc)
            told = f"{have['size']} bytes of {stamp(made)} in {have['path']}"
            outcome.plan.facts["summary"] = [[outcome.plan.label, "exported", told]]

    # -- what it cannot do without, and what is said where that is missing

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        for reference in owner_references(task.params, self.query(task.params)):
            if reference.what == "pool" or task.state == "exported":
                yield reference

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        kind = "instance" if task.params["instance"] else "volume"
        session.require(_EXTENSIONS[kind], f"backups of {kind}s")
        super().check(session, plan, task)
        if task.state == "imported" and os.path.exists(task.params["path"]):
            self._check_content(task)

    def _check_content(self, task: Task) -> None:
        """Raise where the file is not what it should be."""
        path, wanted = task.params["path"], task.params["checksum"]
        digest = hashlib.sha256()
        try:
            with open(path, "rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
        except OSError as error:
            raise InvalidOption(f"cannot read '{path}': {error.strerror}", next_step="use 'become: true'") from None
        self.digest = digest.hexdigest()
        if wanted and re.sub(r"^sha256:", "", wanted.lower()) != self.digest:
            raise InvalidOption(
                f"the SHA-256 of '{path}' is {self.digest}, and not 'checksum'",
                obj=self.label(task.params),
                next_step="get the file once more from where it is whole",
            )

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        # A compressor that finds the disk full goes, and the daemon tells of its pipe only.
        if re.search("no space left|out of disk space|closed pipe", error.text or "") and error.next_step is None:
            place = "its pool" if task.state == "imported" else "its own disk, from where it is fetched"
            error.next_step = f"the daemon makes that on {place}, which is most likely full: make room there"
            if task.state == "exported":
                error.next_step += ", or set 'storage.backups_volume' of the server"
        return super().explain(session, error, plan, task)


class Download(t.NamedTuple):
    """Brings a backup from the daemon's disk into the file, and deletes it there, whatever came of that."""

    remove: Request
    path: str
    got: t.Callable[[str], None]

    def describe(self) -> dict[str, t.Any]:
        """As what it changes in the daemon."""
        return self.remove.describe()

    def perform(self, session: Client) -> None:
        """Stream it, under another name until it is whole."""
        request = Request("GET", f"{self.remove.path}/export", self.remove.query)
        try:
            with Growing(self.path, "make room there, or choose another 'path'") as file:
                response = session.transport.request(request.method, request.target, sink=file)
                if response.status != 200:
                    session.judge(response, request)
                    raise Malformed("the daemon gave no backup", endpoint=session.where(request))
        except BaseException:
            with contextlib.suppress(FleetError):  # the first error says more, and the backup ends by itself
                session.perform(self.remove)
            raise
        self.got(file.digest.hexdigest())
        session.perform(self.remove)
