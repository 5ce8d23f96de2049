# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an instance is made from, beside an image: another instance, a snapshot, one of another daemon.

The copy has everything of its original that the task does not give itself. `read_origin` and `image_now` ask daemons
and image servers; the rest is pure.
"""

from __future__ import annotations

import copy
import os
import typing as t

from .._core.errors import FleetError, InvalidOption, MissingReference, TimedOut, Unreachable, Untrusted, no_such
from .._core.fields import Field, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Task
from .client import Client
from .image_server import image_sources
from .options import CONNECTION, endpoint_for, reached

# Another daemon is named as a module names its own, but for what the environment says of that.
_DAEMON: Spec = {
    "daemon": {
        "type": "dict",
        "options": {
            name: {key: value for key, value in option.items() if key != "fallback"}
            for name, option in CONNECTION.items()
            if name not in ("timeout", "operation_timeout")
        },
    },
    "mode": {"type": "str", "choices": ["pull", "push"], "default": "pull"},
}
ORIGINS: Spec = {
    "copy_from": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "snapshot": {"type": "str"},
            "project": {"type": "str"},
            "instance_only": {"type": "bool", "default": False},
            "allow_inconsistent": {"type": "bool", "default": False},
            **_DAEMON,
        },
    },
    "move_from": {
        "type": "dict",
        "options": {"name": {"type": "str"}, "project": {"type": "str"}, **_DAEMON},
    },
}

BASE_IMAGE = "volatile.base_image"  # the only key of the daemon's own that tells of the content


class Origin(t.NamedTuple):
    """An instance that another one is made from.

    :param option: the option that names it, C(copy_from) or C(move_from)
    :param path: the instance's path at its daemon
    :param query: selects its project
    :param content: the instance, or its snapshot, as its daemon gives it; empty where a check run cannot know it yet
    :param session: its daemon, where that is another one
    """

    option: str
    name: str
    snapshot: str | None
    path: str
    query: t.Mapping[str, str]
    content: t.Mapping[str, t.Any]
    session: Client | None

    @property
    def label(self) -> str:
        """The original, as a person would name it."""
        snapshot = f"snapshot '{self.snapshot}' of " if self.snapshot else ""
        where = f" at {self.session.transport.endpoint}" if self.session else ""
        return f"{snapshot}instance '{self.name}' of project '{self.query['project']}'{where}"


def origin_option(params: t.Mapping[str, t.Any]) -> str | None:
    """Which option names an instance to copy: C(move_from) does so where it comes from another daemon only."""
    if params.get("copy_from"):
        return "copy_from"
    return "move_from" if _elsewhere(params.get("move_from")) else None


def _elsewhere(wanted: t.Mapping[str, t.Any] | None) -> bool:
    """Whether an option names an instance of another daemon, be that one named right or not."""
    return (wanted or {}).get("daemon") is not None


def former(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options that say where an instance of this daemon has been until now: C(name) and C(project)."""
    moved = params.get("move_from") or {}
    if _elsewhere(moved):
        moved = {}
    name = moved.get("name") or params.get("rename_from") or params["name"]
    return {"name": name, "project": moved.get("project") or params["project"]}


_EXCLUDE = (
    ("image", "empty"),
    ("image", "copy_from"),
    ("empty", "copy_from"),
    ("copy_from", "move_from"),
    ("rename_from", "move_from"),
)


def check_origins(params: t.Mapping[str, t.Any]) -> None:
    """Raise where options that say what an instance is made from, or where it has been, do not go together."""
    for one, other in _EXCLUDE:
        if params.get(one) and params.get(other):
            raise InvalidOption(f"'{one}' and '{other}' exclude each other", next_step="leave one of them out")
    if params["rebuild"] == "if_needed" and not params["image"]:
        raise InvalidOption("'rebuild' is given without 'image'", next_step="say in 'image' what it is to be made from")
    moved = params.get("move_from") or {}
    here = {"name": params["name"], "project": params["project"]}
    if (params.get("rename_from") or moved) and not _elsewhere(moved) and former(params) == here:
        option, place = ("move_from", "place") if moved else ("rename_from", "'name'")
        raise InvalidOption(f"'{option}' is its own {place}", next_step="say where it has been until now")
    for option in ("copy_from", "move_from"):
        wanted = params.get(option) or {}
        if wanted.get("mode") == "push" and not _elsewhere(wanted):
            raise InvalidOption(
                f"'{option}.mode' is given without '{option}.daemon'",
                next_step="it is about two daemons; leave it out",
            )


class Found:
    """What was found out about the originals and images that the instances of one task name. Each is asked for once,
    as many instances may name the same.
    """

    def __init__(self) -> None:
        self._origins: dict[str, Origin | FleetError] = {}
        self._images: dict[str, dict[str, t.Any] | FleetError | None] = {}

    def look_for_origin(self, session: Client, task: Task, label: str) -> None:
        """Find out about the instance that a new one is made from; one that moves may have changed since."""
        key = _origin_key(task.params)
        if task.params["move_from"] or key not in self._origins:
            self._origins[key] = _tried(lambda: read_origin(session, task))
        _failed(self._origins[key], label)

    def look_for_image(self, session: Client, have: t.Mapping[str, t.Any], task: Task, label: str) -> None:
        """Find out about the image that an existing instance shall be made from."""
        key = _image_key(task.params, have)
        if key not in self._images:
            self._images[key] = _tried(lambda: image_now(session, task, have))
        found = self._images[key]
        _failed(found, label)
        if isinstance(found, dict) and not is_made_from(have, found["fingerprint"]):
            session.require("instances_rebuild", "rebuilding an instance")

    def origin(self, params: t.Mapping[str, t.Any]) -> Origin | None:
        """What a new instance is made from, if that is another one."""
        found = self._origins.get(_origin_key(params)) if self._origins else None
        return found if isinstance(found, Origin) else None

    def image(self, params: t.Mapping[str, t.Any], have: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
        """The API's source for the image that an existing instance shall be made from, if it shall be."""
        found = self._images.get(_image_key(params, have)) if self._images else None
        return found if isinstance(found, dict) and params["rebuild"] == "if_needed" else None


def _tried(ask: t.Callable[[], t.Any]) -> t.Any:
    """What asking leads to, be it an error."""
    try:
        return ask()
    except FleetError as error:
        return error


def _failed(found: t.Any, label: str) -> None:
    """Raise where asking led to an error, which several objects may share."""
    if isinstance(found, FleetError):
        raise copy.copy(found).about(label)


def _origin_key(params: t.Mapping[str, t.Any]) -> str:
    """What tells the originals of one task apart."""
    own = params["name"] if params.get("move_from") else None
    return repr([params.get("copy_from"), params.get("move_from"), params["project"], own])


def _image_key(params: t.Mapping[str, t.Any], have: t.Mapping[str, t.Any]) -> str:
    """What tells the images of one task apart."""
    made_from = (have.get("config") or {}).get(BASE_IMAGE)
    return repr([params["image"], params["image_server"], params["project"], have.get("type"), made_from])


def read_origin(session: Client, task: Task) -> Origin:
    """The instance that the task copies, as it is now.

    :raises MissingReference: there is none; a check run only warns, as an earlier task may make it
    """
    option = origin_option(task.params) or ""
    wanted = task.params[option]
    name = wanted.get("name") or task.params["name"]
    there, project = _client(option, wanted, session) if _elsewhere(wanted) else (session, wanted.get("project"))
    query = {"project": project or task.params["project"]}
    path = join("1.0", "instances", name)
    origin = Origin(option, name, wanted.get("snapshot"), path, query, {}, None if there is session else there)
    try:
        return origin._replace(content=_content(there, origin))
    except (MissingReference, TimedOut, Unreachable) as error:
        if not task.check_mode or isinstance(error, Untrusted):
            raise
        task.warn(f"check mode: {error}; so what it is made from is not known")
        return origin


def _client(option: str, wanted: t.Mapping[str, t.Any], session: Client) -> tuple[Client, str | None]:
    """A client of another daemon, as patient as that of the own one, and the project there, if one is named."""
    daemon = {**wanted["daemon"], "project": wanted.get("project")}
    if not any(daemon.get(way) for way in ("remote", "url", "socket")):
        raise InvalidOption(
            f"'{option}.daemon' names no daemon", next_step="give its 'remote', its 'url' or its 'socket'"
        )
    endpoint = endpoint_for(reached(daemon, dict(daemon), os.environ), {})
    client = Client(endpoint, timeout=session.transport.timeout, operation_timeout=session.operation_timeout)
    return client, daemon["project"]


def _content(there: Client, origin: Origin) -> dict[str, t.Any]:
    """The original itself; a snapshot has no type of its own."""
    found = there.find(origin.path, origin.query)
    if found is None:
        names = there.names("/1.0/instances", origin.query) or ()
        missing = no_such("instance", origin.name, names, f"correct '{origin.option}'")
        raise there.missing_project(origin.query["project"]) or missing
    if not origin.snapshot:
        return dict(found)
    snapshots = origin.path + "/snapshots"
    snapshot = there.find(snapshots + join(origin.snapshot), origin.query)
    if snapshot is None:
        names = there.names(snapshots, origin.query) or ()
        raise no_such("snapshot", origin.snapshot, names, f"correct '{origin.option}.snapshot'")
    return {**snapshot, "type": found["type"], "status_code": found["status_code"]}


def inherited(fields: t.Iterable[Field], origin: Origin, task: Task) -> dict[str, t.Any]:
    """The fields of a copy: its original's, with what the task gives on top.

    :raises InvalidOption: it is to be of another type than its original
    """
    content = {**origin.content, "config": _portable(origin.content.get("config") or {})}
    whole: dict[str, t.Any] = {}
    for entry in fields:
        value = entry.read(content)
        if entry.name in task.given:
            value = entry.merge(value, task.given[entry.name], task.params)
        whole[entry.name] = value
    whole["type"] = content.get("type") or whole["type"] or "container"
    if task.given.get("type") not in (None, whole["type"]):
        raise InvalidOption(
            f"'type' is '{task.given['type']}', and {origin.label} is a {whole['type']}",
            next_step="leave 'type' out",
        )
    if content.get("architecture"):
        whole["architecture"] = content["architecture"]
    return whole


def _portable(config: t.Mapping[str, str]) -> dict[str, str]:
    """A configuration without what the daemon keeps of the original itself."""
    return {key: value for key, value in config.items() if key == BASE_IMAGE or not key.startswith("volatile.")}


def loses(origin: Origin, whole: t.Mapping[str, t.Any]) -> bool:
    """Whether a copy lacks a key or a device of its original. A daemon that copies by itself leaves nothing out."""
    content = origin.content
    keys = set(_portable(content.get("config") or {})) - set(whole["config"])
    return bool(keys or set(content.get("devices") or {}) - set(whole["devices"]))


def local_source(origin: Origin, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The API's source for a copy in the same daemon (rest-api document, "POST /1.0/instances").

    :param wanted: the option that names the original
    """
    name = f"{origin.name}/{origin.snapshot}" if origin.snapshot else origin.name
    source: dict[str, t.Any] = {"type": "copy", "source": name, "project": origin.query["project"]}
    source.update({key: True for key in ("instance_only", "allow_inconsistent") if wanted.get(key)})
    return source


# -- a newer image for an instance that is there


def image_now(session: Client, task: Task, have: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """The API's source for the image that the task names, by its fingerprint now: what is got is what was seen.

    :param have: the instance
    :raises MissingReference: there is none; a check run only warns and knows none
    """
    choices = image_sources(task.params, session.brand)
    source: t.Mapping[str, t.Any] = choices[0]
    query = {"project": task.params["project"]}
    try:
        if "server" in source:
            from .image_pull import offered  # the ssl module takes its time

            source, fingerprint = offered(choices, have["type"], session, task.params["image_server"])
        elif "alias" in source:
            aliases = "/1.0/images/aliases"
            alias = session.find(aliases + join(source["alias"]), query)
            if alias is None:
                raise no_such("image", source["alias"], session.names(aliases, query) or (), "import it first")
            fingerprint = alias["target"]
        else:
            fingerprint = source["fingerprint"]
            if not is_made_from(have, fingerprint):  # it may have been deleted since
                image = session.find(join("1.0", "images", fingerprint), query)
                if image is None:
                    raise no_such("image", fingerprint, (), "import it first")
                fingerprint = image["fingerprint"]
    except (MissingReference, TimedOut, Unreachable) as error:
        if not task.check_mode or isinstance(error, Untrusted):
            raise
        task.warn(f"check mode: {error}; so its image is not compared")
        return None
    named = {key: value for key, value in source.items() if key != "alias"}
    return {**named, "fingerprint": fingerprint}


def launch(request: Request, choices: t.Sequence[dict[str, t.Any]], type_: str, params: t.Mapping[str, t.Any]) -> t.Any:
    """What makes an instance from one of some sources; that of an image at a server can fail in ways of its own."""
    if "server" not in choices[0]:
        return request
    from .image_pull import Launch

    return Launch(request, choices, type_, params["image_server"])


def is_made_from(have: t.Mapping[str, t.Any], fingerprint: str) -> bool:
    """Whether an instance was made from the image with this fingerprint, or with this beginning of one."""
    return bool((have.get("config") or {}).get(BASE_IMAGE, "").startswith(fingerprint))
