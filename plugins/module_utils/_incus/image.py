# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Images from local files, under an alias."""

from __future__ import annotations

import hashlib
import os
import typing as t
from urllib.parse import urlencode

from .._core.errors import InvalidOption, MissingReference
from .._core.fields import Flag, KeyValues, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Plan, Task
from .client import Client
from .record import Record


class Image(Record):
    """An alias and the image that it names, compared by fingerprint: the SHA-256 of its files in order."""

    def __init__(self) -> None:
        super().__init__(
            "image",
            "images",
            scope=("project",),
            fields=(KeyValues("properties"), Flag("public")),
        )
        self.files: dict[str, str] = {}
        self.fingerprint: str | None = None
        self.stored: dict[str, t.Any] | None = None

    def spec(self) -> Spec:
        merged = super().spec()
        del merged["name"]
        merged["alias"] = {"type": "str", "required": True}
        merged["path"] = {"type": "path"}
        merged["rootfs_path"] = {"type": "path"}
        merged["prune"] = {"type": "bool", "default": False}
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"image '{params['alias']}' of project '{params['project']}'"

    def prepare(self, session: Client, task: Task) -> None:
        """Digest the files."""
        given = {"metadata": task.params["path"], "rootfs": task.params["rootfs_path"]}
        self.files = {name: path for name, path in given.items() if path}
        if "rootfs" in self.files and "metadata" not in self.files:
            raise InvalidOption("'rootfs_path' is only half an image", next_step="give its metadata tarball in 'path'")
        if task.state == "absent" or not self.files:
            return
        missing = [path for path in self.files.values() if not os.path.isfile(path)]
        if not missing:
            self.fingerprint = _digest(self.files.values())
        elif task.check_mode:
            task.warn(f"check mode: there is no file '{missing[0]}' yet, so the image's content is not compared")
        else:
            raise InvalidOption(
                f"there is no file '{missing[0]}'",
                obj=self.label(task.params),
                next_step="build the image on the managed host first, or correct the path",
            )

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        query = self.query(task.params)
        alias = session.find(join("1.0", "images", "aliases", task.params["alias"]), query)
        self.stored = session.find(join("1.0", "images", self.fingerprint), query) if self.fingerprint else None
        return session.find(join("1.0", "images", alias["target"]), query) if alias else None

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        """What the alias names will be the content of the files; fields are compared with what is stored of that."""
        plan = super()._present(label, have, task)
        if have is None and not self.files:
            raise MissingReference(
                "there is no such image", obj=label, next_step="give 'path' to import it, or correct the alias"
            )
        before = have["fingerprint"] if have else None
        after = self.fingerprint or before
        if before != after and "state" not in plan.changed:
            plan.changed.insert(0, "fingerprint")
        if self.files:
            plan.before.update({"fingerprint": before} if before else {})
            plan.after.update({"fingerprint": after} if after else {})
        plan.then["fingerprint"] = after
        return plan

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        return [*self._content_steps(plan, task), self._alias_step("POST", plan, task)]

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        if "fingerprint" not in plan.changed:
            return [self._fields_step(plan.have, plan, task)]
        steps = [*self._content_steps(plan, task), self._alias_step("PUT", plan, task)]
        if task.params["prune"] and not _others(plan.have, task):
            steps.append(self._delete_image(plan.have, task))
        return steps

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        if _others(plan.have, task):
            return [Request("DELETE", join("1.0", "images", "aliases", task.params["alias"]), self.query(task.params))]
        return [self._delete_image(plan.have, task)]

    def _content_steps(self, plan: Plan, task: Task) -> list[Request]:
        """Upload the content, unless the daemon has it under another name."""
        if self.stored is not None:
            again = super()._present(plan.label, self.stored, task)
            return [self._fields_step(self.stored, again, task)] if again.changed else []
        headers = {"fingerprint": self.fingerprint or "", "filename": os.path.basename(task.params["path"])}
        if plan.then.get("public"):
            headers["public"] = "true"
        properties = task.given.get("properties")
        if properties:
            headers["properties"] = urlencode(plan.then["properties"])
        return [
            Request(
                "POST",
                join("1.0", "images"),
                self.query(task.params),
                keys=[
                    "fingerprint",
                    *(f"properties.{key}" for key in sorted(properties or ())),
                    *(["public"] if "public" in headers else []),
                ],
                headers={
                    f"X-{brand}-{name}": value for brand in ("Incus", "LXD") for name, value in headers.items() if value
                },
                upload=self.files,
            )
        ]

    def _fields_step(self, image: dict[str, t.Any], plan: Plan, task: Task) -> Request:
        body = {
            **image,
            **{entry.name: (plan.then or {}).get(entry.name) for entry in self.fields if entry.name in task.given},
        }
        changed = [name for name in plan.changed if name.split(".")[0] in ("properties", "public")]
        return Request("PUT", join("1.0", "images", image["fingerprint"]), self.query(task.params), body, changed)

    def _alias_step(self, method: str, plan: Plan, task: Task) -> Request:
        alias = task.params["alias"]
        where = join("1.0", "images", "aliases") + (join(alias) if method == "PUT" else "")
        body = {"name": alias, "description": "", "target": plan.then["fingerprint"] or ""}
        return Request(
            method, where, self.query(task.params), body, ["name", "target"] if method == "POST" else ["target"]
        )

    def _delete_image(self, image: dict[str, t.Any], task: Task) -> Request:
        return Request("DELETE", join("1.0", "images", image["fingerprint"]), self.query(task.params))


def _others(image: dict[str, t.Any], task: Task) -> list[str]:
    """The other aliases of an image."""
    return [entry["name"] for entry in image.get("aliases") or () if entry["name"] != task.params["alias"]]


def _digest(paths: t.Iterable[str]) -> str:
    """The fingerprint of an image (image-handling document): SHA-256 over metadata and rootfs, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
