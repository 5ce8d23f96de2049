# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Images from local files, from image servers or made of instances, under an alias."""

from __future__ import annotations

import hashlib
import os
import typing as t
from urllib.parse import urlencode

from .._core.errors import InvalidOption, MissingReference, Refused, TimedOut, Unreachable, Untrusted
from .._core.fields import Flag, KeyValues, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Plan, Task
from .client import Client
from .image_server import IMAGE_SERVER, image_sources, is_fingerprint, is_remote
from .power import power
from .publish import ORIGIN, Name, Publish, made_of, origin, published
from .record import Record, Reference


class Image(Record):
    """An alias and the image that it names, compared by fingerprint: the SHA-256 of its files in order.

    An image that came from the wanted source, as the daemon keeps it in C(update_source), is compared with what the
    server has now only where the task says so. Then it is got anew under its own fingerprint, and the alias moves: the
    daemon's own refresh would move all aliases of the image, delete it, and call a failed download a success.

    One that is made of an instance is known by a property, see `publish`.
    """

    def __init__(self) -> None:
        super().__init__(
            "image",
            "images",
            scope=("project",),
            fields=(KeyValues("properties", protected=(ORIGIN,)), Flag("public"), Flag("auto_update")),
        )
        self.files: dict[str, str] = {}
        self.sources: list[t.Mapping[str, t.Any]] = []  # where a remote image comes from, at each address
        self.published: dict[str, t.Any] | None = None  # what it is made of
        self.origin = ""  # the same as the image's property
        self.outdated = False  # whether it is to be made of that, or made again
        self.fingerprint: str | None = None
        self.stored: dict[str, t.Any] | None = None  # the wanted content, where the daemon has it already
        self.previous: str | None = None  # what the alias named before
        self.description = ""  # that of the alias
        self.leftover: dict[str, t.Any] | None = None  # the same as long as it is there, with prune

    def spec(self) -> Spec:
        merged = super().spec()
        del merged["name"]
        merged["alias"] = {"type": "str", "required": True}
        merged["path"] = {"type": "path"}
        merged["rootfs_path"] = {"type": "path"}
        merged.update(IMAGE_SERVER)
        merged.update({name: {"type": "str"} for name in ("instance", "snapshot", "compression_algorithm")})
        merged["image_type"] = {"type": "str", "choices": ["container", "virtual-machine"]}
        merged["refresh"] = {"type": "bool", "default": False}
        merged["prune"] = {"type": "bool", "default": False}
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"image '{params['alias']}' of project '{params['project']}'"

    def prepare(self, session: Client, task: Task) -> None:
        """Digest the files, or say what the daemon has to get."""
        super().prepare(session, task)
        if not task.params["alias"]:
            raise InvalidOption("'alias' is empty", obj=self.title, next_step="give a name")
        given = {"metadata": task.params["path"], "rootfs": task.params["rootfs_path"]}
        self.files = {name: path for name, path in given.items() if path}
        if "rootfs" in self.files and "metadata" not in self.files:
            raise InvalidOption("'rootfs_path' is only half an image", next_step="give its metadata tarball in 'path'")
        _check(task)
        if task.state == "absent":
            return
        if task.params["image"]:
            self.sources = list(image_sources(task.params, session.brand))
        if task.params["instance"]:
            self.published = published(task.params)
        if not self.files:
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

        def image(fingerprint: str | None) -> dict[str, t.Any] | None:
            return session.find(join("1.0", "images", fingerprint), query) if fingerprint else None

        alias = session.find(join("1.0", "images", "aliases", task.params["alias"]), query)
        have = image(alias["target"]) if alias else None
        self.description = alias.get("description") or "" if alias else ""
        if self.sources and self.fingerprint is None and self._asks(have, task):
            self.fingerprint = self._offered(session, task)
        if self.published:
            self.origin = origin(session, self.published, query)
            self.outdated = self.fingerprint is None and (
                have is None or task.params["refresh"] or not made_of(have, self.origin)
            )
            if have and self.outdated:
                self.previous = have["fingerprint"]
        self.stored = image(self.fingerprint)
        if have and self.fingerprint not in (None, have["fingerprint"]):
            self.previous = have["fingerprint"]
        if self.previous == self.fingerprint:
            self.previous = None  # it turned out to be what there is to have
        self.leftover = image(self.previous) if task.params["prune"] else None
        return have

    def _asks(self, have: dict[str, t.Any] | None, task: Task) -> bool:
        """Whether it takes the server to say which image is wanted."""
        if have is None:
            return True
        wanted = self.sources[0].get("fingerprint")
        if wanted:
            return not have["fingerprint"].startswith(wanted)
        return task.params["refresh"] or not self._from_source(have, task)

    def _from_source(self, have: t.Mapping[str, t.Any], task: Task) -> bool:
        """Whether an image came from where the wanted one does."""
        origin = have.get("update_source") or {}
        same = {**origin, "server": (origin.get("server") or "").rstrip("/")}
        wanted = (None, have.get("type"))
        return task.params["image_type"] in wanted and any(
            all(same.get(key) == source.get(key) for key in ("alias", "server", "protocol")) for source in self.sources
        )

    def _offered(self, session: Client, task: Task) -> str | None:
        """The fingerprint of what the server has, null in check mode where that cannot be known yet."""
        from .image_pull import offered  # the ssl module takes its time

        try:
            offer = offered(self.sources, task.params["image_type"], session, task.params["image_server"])
        except (MissingReference, TimedOut, Unreachable) as error:
            error.about(self.label(task.params))
            if not task.check_mode or isinstance(error, Untrusted):
                raise
            task.warn(f"check mode: {error}; so the image's content is not compared")
            return None
        # Who could tell what it has is asked for it first.
        self.sources.sort(key=lambda source: source is not offer.source)
        return offer.fingerprint

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        """What the alias names will be the content of the files, or of the source; fields are compared with what is
        stored of that.
        """
        if have is None and not self.files and not self.sources and not self.published:
            raise MissingReference(
                "there is no such image",
                obj=label,
                next_step="give 'path' to import it, 'image' to get it from a server or 'instance' to make it of one, "
                "or correct the alias",
            )
        before = have["fingerprint"] if have else None
        after = None if self.outdated else self.fingerprint or before
        plan = super()._present(label, have if before == after else have and (self.stored or {}), task)
        plan.have = have
        if have is not None and before != after:
            plan.changed.insert(0, "fingerprint")
        if self.files or self.fingerprint or self.outdated:
            plan.before.update({"fingerprint": before} if before else {})
            plan.after.update({"fingerprint": after} if after else {})
        if self.outdated:
            plan.after["made_of"] = self.origin
        plan.then["fingerprint"] = after
        return plan

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        super().check(session, plan, task)
        if plan.then is not None and self.published and self.outdated and not task.params["snapshot"]:
            place = join("1.0", "instances", task.params["instance"])
            now = power(session.find(place, self.query(task.params)))
            if now != "stopped":
                error = Refused(
                    f"instance '{task.params['instance']}' is {now}, and no image is made of one that runs",
                    obj=plan.label,
                    next_step="make it of a snapshot ('snapshot'), or stop the instance first",
                )
                task.refuse(error)
        if self.stored and task.given.get("auto_update") and not self.stored.get("update_source"):
            task.warn(
                f"{plan.label}: the daemon has this image already and does not know where it came from, so it will not "
                "update it; delete the image first if it shall"
            )

    def steps(self, plan: Plan, task: Task) -> list[t.Any]:
        steps = super().steps(plan, task)
        if plan.then is not None and self.leftover and not _others(self.leftover, task):
            steps.append(self._delete_image(self.leftover, task))
        return steps

    def create_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        if self.published:
            return [self._publish(plan, task)]
        if self.sources and self.stored is None:
            return [self._pull(plan, task)]  # which names it as well
        alias = {"name": task.params["alias"], "target": plan.then["fingerprint"] or ""}
        create = Request("POST", join("1.0", "images", "aliases"), self.query(task.params), alias, list(alias))
        return [*self._content_steps(plan, task), create]

    def update_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        if "fingerprint" not in plan.changed:
            return [self._fields_step(plan.have, plan, task)]
        # LXD 5.0 never answers a PATCH.
        alias = {"target": plan.then["fingerprint"], "description": self.description}
        where = join("1.0", "images", "aliases", task.params["alias"])
        move = Request("PUT", where, self.query(task.params), alias, ["target"])
        if self.published:
            return [self._publish(plan, task), Name(move, lambda: self.fingerprint)]
        return [*self._content_steps(plan, task), move]

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        if _others(plan.have, task):
            return [Request("DELETE", join("1.0", "images", "aliases", task.params["alias"]), self.query(task.params))]
        return [self._delete_image(plan.have, task)]

    def _content_steps(self, plan: Plan, task: Task) -> list[Request]:
        """Bring the content, unless the daemon has it under another name."""
        if self.stored is not None:
            again = super()._present(plan.label, self.stored, task)
            return [self._fields_step(self.stored, again, task)] if again.changed else []
        if self.sources:
            return [self._pull(plan, task)]
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

    def _publish(self, plan: Plan, task: Task) -> Publish:
        """The step that has the daemon make the image, and name a new one."""
        properties = {**plan.then.get("properties", {}), ORIGIN: self.origin}
        body: dict[str, t.Any] = {"source": self.published, "properties": properties}
        if plan.then.get("public"):
            body["public"] = True
        if task.params["compression_algorithm"]:
            body["compression_algorithm"] = task.params["compression_algorithm"]
        if plan.have is None:
            body["aliases"] = [{"name": task.params["alias"]}]
        keys = [*(name for name in body if name != "properties"), *(f"properties.{key}" for key in sorted(properties))]
        request = Request("POST", join("1.0", "images"), self.query(task.params), body, keys)
        return Publish(request, plan.have["fingerprint"] if plan.have else None, self._got)

    def _got(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        if self.published and self.outdated:
            query = self.query(task.params)
            place = join("1.0", "instances")
            yield Reference("instance", place, task.params["instance"], query)
            if task.params["snapshot"]:
                place += f"{join(task.params['instance'])}/snapshots"
                yield Reference("snapshot", place, task.params["snapshot"], query)

    def _pull(self, plan: Plan, task: Task) -> t.Any:
        """The step that has the daemon get the image."""
        from .image_pull import Pull

        source = {**self.sources[0]}
        if task.params["image_type"]:
            source["image_type"] = task.params["image_type"]
        # An image that succeeds one from the same source stays as public and as automatic as that one.
        kept = plan.have if plan.have and self._from_source(plan.have, task) else {}
        body: dict[str, t.Any] = {"source": source}
        for flag in ("public", "auto_update"):
            body[flag] = bool(plan.then.get(flag) if flag in task.given else kept.get(flag))
        if task.given.get("properties"):
            body["properties"] = plan.then["properties"]
        if plan.have is None:
            body["aliases"] = [{"name": task.params["alias"]}]
        keys = [name for name in body if name != "properties"]
        keys += [f"properties.{key}" for key in sorted(body.get("properties") or ())]
        request = Request("POST", join("1.0", "images"), self.query(task.params), body, keys)
        present = plan.have["fingerprint"] if plan.have else None

        def got(fingerprint: str) -> None:
            why = "the daemon goes by a list of the server's images that is up to an hour old"
            if source["protocol"] != "simplestreams":
                why = "the server's image changed while the daemon got it"
            expected = (self.fingerprint or "")[:12]
            task.warn(f"{plan.label}: {why}, so it has {fingerprint[:12]}, while {expected} was seen there")
            self.fingerprint = fingerprint

        return Pull(request, self.sources, task.params["image_server"], self.fingerprint, present, got)

    def _fields_step(self, image: dict[str, t.Any], plan: Plan, task: Task) -> Request:
        body = {
            **image,
            **{entry.name: (plan.then or {}).get(entry.name) for entry in self.fields if entry.name in task.given},
        }
        changed = [name for name in plan.changed if name.split(".")[0] in self._field_names]
        return Request("PUT", join("1.0", "images", image["fingerprint"]), self.query(task.params), body, changed)

    @property
    def _field_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.fields)

    def _delete_image(self, image: dict[str, t.Any], task: Task) -> Request:
        return Request("DELETE", join("1.0", "images", image["fingerprint"]), self.query(task.params))


def _check(task: Task) -> None:
    """Raise where options do not go together."""
    params = task.params
    if params["path"] and params["image"]:
        raise InvalidOption("both 'path' and 'image' are given", next_step="an image comes from files or from a server")
    if params["instance"] and (params["path"] or params["image"]):
        raise InvalidOption(
            "'instance' is given together with 'path' or 'image'", next_step="say in one of them what it comes from"
        )
    for option in ("snapshot", "compression_algorithm"):
        if params[option] and not params["instance"]:
            raise InvalidOption(f"'{option}' is given without 'instance'", next_step="say of which instance")
    for option in ("image_server", "image_type", *(() if params["instance"] else ("refresh",))):
        if params[option] and not params["image"]:
            raise InvalidOption(f"'{option}' is given without 'image'", next_step="say in 'image' which image is meant")
    if params["image"] and not is_remote(params):
        raise InvalidOption(
            f"'image' is '{params['image']}', which names no server",
            next_step="write 'REMOTE:IMAGE', or give 'image_server'",
        )
    fixed = params["path"] or params["instance"]
    if params["auto_update"] and (fixed or is_fingerprint((params["image"] or "").rpartition(":")[2])):
        raise InvalidOption(
            "'auto_update' is given, but what the image is made of never changes",
            next_step="name the image by its alias at a server",
        )


def _others(image: dict[str, t.Any], task: Task) -> list[str]:
    """The other aliases of an image."""
    return [entry["name"] for entry in image.get("aliases") or () if entry["name"] != task.params["alias"]]


def _digest(paths: t.Iterable[str]) -> str:
    """The fingerprint of an image (image-handling document): SHA-256 over metadata and rootfs, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with open(path, "rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
        except OSError as error:
            raise InvalidOption(
                f"cannot read '{path}': {error.strerror}", next_step="use 'become: true', or correct the file"
            ) from None
    return digest.hexdigest()
