# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Custom storage volumes: a record that can come from a file or from another volume, and move between pools."""

from __future__ import annotations

import os
import typing as t

from .._core.errors import Immutable, InvalidOption, Refused
from .._core.fields import Choice, KeyValues, Params, Spec, Text
from .._core.http import Request
from .._core.resource import Plan, Task
from .client import Client
from .record import Record, Reference
from .spelling import size

BLOCK = 8192  # a pool may round the size of an ISO image up to a multiple of this


class Volume(Record):
    """A custom storage volume.

    What an ISO volume holds is compared by its size: the daemon keeps no digest of it, nor keys of ours in its
    configuration.
    """

    def __init__(self) -> None:
        self.config = KeyValues("config", protected=("volatile.", "size", "block."))
        super().__init__(
            "storage_volume",
            "storage-pools/{pool}/volumes/custom",
            scope=("project", "pool"),
            renames=True,
            fields=(
                Choice("content_type", ["filesystem", "block", "iso"], default="filesystem", immutable=True),
                Text("description"),
                self.config,
            ),
        )
        self.size: int | None = None  # of the file, in bytes
        self.origin: dict[str, t.Any] | None = None  # what a new volume is a copy of

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "path": {"type": "path"},
            "move_from": {"type": "dict", "options": {"pool": {"type": "str"}, "project": {"type": "str"}}},
            "copy_from": {
                "type": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "pool": {"type": "str"},
                    "project": {"type": "str"},
                    "volume_only": {"type": "bool", "default": False},
                },
            },
        }

    # -- what it is made from, and where it may still be

    def prepare(self, session: Client, task: Task) -> None:
        super().prepare(session, task)
        if task.state == "absent":
            return
        params = task.params
        for option in ("path", "rename_from", "move_from"):
            if params["copy_from"] and params[option]:
                raise InvalidOption(
                    f"'copy_from' and '{option}' exclude each other",
                    obj=self.label(params),
                    next_step="leave one of them out",
                )
        if params["path"]:
            self._prepare_file(task)

    def _prepare_file(self, task: Task) -> None:
        """See what there is to import."""
        path, label = task.params["path"], self.label(task.params)
        if task.params["content_type"] != "iso":
            raise InvalidOption(
                "'path' is given, and only a volume of the content type 'iso' is made from a file",
                obj=label,
                next_step="add 'content_type: iso', or leave 'path' out",
            )
        if task.given.get("config"):
            raise InvalidOption(
                "'config' is given, and the daemon takes none for a volume that is made from a file",
                obj=label,
                next_step="leave 'config' out",
            )
        if os.path.isfile(path):
            self.size = os.path.getsize(path)
        elif task.check_mode:
            task.warn(f"check mode: there is no file '{path}' yet, so the content of {label} is not compared")
        else:
            raise InvalidOption(
                f"there is no file '{path}'", obj=label, next_step="put it on the managed host, or correct the path"
            )

    def former(self, params: Params) -> Params | None:
        if not (params["move_from"] or params["rename_from"]):
            return None
        return {**params, "name": params["rename_from"] or params["name"], **_given(params["move_from"])}

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        if have is None and task.params["copy_from"]:
            origin = self._origin(task.params)
            self.origin = session.find(self.path(origin), self.query(origin))
        return have

    def _origin(self, params: Params) -> Params:
        """The options that would name the volume that a new one is a copy of."""
        return {**params, **_given(params["copy_from"])}

    # -- planning

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is None and task.params["copy_from"]:
            return super()._present(label, None, task.but(given=self._inherited(label, task)))
        if have is None and task.params["content_type"] == "iso" and not task.params["path"]:
            raise InvalidOption("it does not exist, and a new ISO volume needs a 'path' or 'copy_from'", obj=label)
        plan = super()._present(label, have, task)
        if have is not None and self.size is not None and not _holds(have, self.size):
            raise Immutable(
                f"it has {have['config'].get('size')} bytes and '{task.params['path']}' has {self.size}: "
                "it was made from another file",
                obj=label,
                next_step="give the new file a volume of its own, or delete this one first",
            )
        if have is None and self.size is not None:
            plan.then["config"] = {"size": str(self.size)}
        return plan

    def _inherited(self, label: str, task: Task) -> dict[str, t.Any]:
        """What a copy is given: all that its origin has, but for what the task says about it."""
        origin = self.origin or {}
        wanted, kept = task.params["content_type"], origin.get("content_type")
        if None not in (wanted, kept) and wanted != kept:
            raise InvalidOption(
                f"'content_type' is '{wanted}', and what it is to be a copy of is '{kept}'",
                obj=label,
                next_step="leave 'content_type' out",
            )
        found = {name: origin[name] for name in ("content_type", "description") if origin.get(name)}
        config = {key: value for key, value in self.config.read(origin).items() if not key.startswith("volatile.")}
        if "config" in task.given:
            config = self.config.merge(config, task.given["config"], task.params)
        return {**found, **task.given, **({"config": config} if config or "config" in task.given else {})}

    # -- what is sent

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        if task.params["path"]:
            return self._import(plan, task)
        (create,) = super().create_steps(plan, task)
        if not task.params["copy_from"]:
            return [create]
        origin = self._origin(task.params)
        source = {"type": "copy", "volume_only": origin.get("volume_only", False)}
        source.update({option: origin[option] for option in ("name", *self.scope)})
        return [create._replace(body={**create.body, "source": source}, keys=[*create.keys, "source"])]

    def _import(self, plan: Plan, task: Task) -> list[Request]:
        """What makes a volume from a file. Only its description can be changed afterwards."""
        query = self.query(task.params)
        headers = {"X-Incus-name": task.params["name"], "X-Incus-type": "iso"}
        where, files = self.collection_path(task.params), {"file": task.params["path"]}
        steps = [Request("POST", where, query, keys=["name", "content_type"], headers=headers, upload=files)]
        if plan.then.get("description"):
            body = {"description": plan.then["description"]}
            steps.append(Request("PATCH", self.path(task.params), query, body, list(body)))
        return steps

    # -- what it cannot do without

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        if plan.have is not None:
            return
        copied = task.params["copy_from"]
        origin = self._origin(task.params) if copied else self.former(task.params)
        if origin is None:
            return
        yield from (self.reference(scope, origin) for scope in self.scope)
        if copied:
            yield Reference("storage volume", self.collection_path(origin), origin["name"], self.query(origin))

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if plan.then is not None and plan.then.get("content_type") == "iso":
            session.require("custom_volume_iso", "ISO volumes")
        super().check(session, plan, task)
        self._check_room(session, plan, task)

    def _check_room(self, session: Client, plan: Plan, task: Task) -> None:
        """Raise where a volume would become smaller than what is in it.

        The btrfs driver finds out too late: it refuses, and all writing to the volume ends there and then.
        """
        if plan.have is None or "config.size" not in plan.changed:
            return
        wanted = size(plan.then["config"].get("size", ""))
        if wanted is None:
            return
        place = self.place or task.params
        try:
            usage = (session.find(f"{self.path(place)}/state", self.query(place)) or {}).get("usage") or {}
        except Refused:  # not every driver and content can tell
            return
        if wanted >= usage.get("used", 0):
            return
        error = InvalidOption(
            f"it would have {wanted} bytes, and {usage['used']} are in use",
            obj=plan.label,
            endpoint=str(session.transport.endpoint),
            next_step="delete some of its content or of its snapshots first, or give a larger 'size'",
        )
        if not task.check_mode:
            raise error
        task.warn(f"check mode: {error}")


def _given(options: Params | None) -> dict[str, t.Any]:
    """Options that have a value."""
    return {name: value for name, value in (options or {}).items() if value is not None}


def _holds(have: Params, size: int) -> bool:
    """Whether a volume can have been made from a file of this size."""
    return have["config"].get("size") in (str(size), str(-(-size // BLOCK) * BLOCK))
