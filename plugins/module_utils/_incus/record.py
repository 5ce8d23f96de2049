# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Objects of the daemon API as declarations: `Record` for what comes and goes, `Singleton` for what is just there.

A module is one of these and `run`. The object is read with its ETag, written as a whole with only the declared fields
changed, so attributes that this release does not know stay as they are.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._core.errors import Conflict, FleetError, NotFound, UnknownKey, did_you_mean, near, no_such
from .._core.fields import Field, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Plan, Resource, Task
from . import keys
from .client import Client
from .options import CONNECTION, connect

# Keys whose content is a secret although their name does not say so.
SECRETS = ("cloud-init.user-data", "cloud-init.vendor-data", "user.user-data", "user.vendor-data")

# Options that say where an object lives. They are part of its address and of its label, never of its body.
SCOPES: dict[str, Spec] = {
    "project": {"project": {"type": "str", "default": "default"}},
    "pool": {"pool": {"type": "str", "required": True}},
}


@dataclass(frozen=True)
class Reference:
    """The name of another object that an object cannot do without."""

    what: str
    collection: str
    name: str
    query: t.Mapping[str, str]


class Record(Resource):
    """A named object in a collection of the daemon.

    :param collection: its path below C(/1.0), where C({pool}) stands for the option of that name
    :param scope: the options that say where it lives, from `SCOPES`
    :param extension: the API extension that it needs, if it is not in every daemon
    :param entity: its name in the daemon's own list of configuration keys, for hints
    """

    def __init__(
        self,
        kind: str,
        collection: str,
        *,
        fields: t.Sequence[Field],
        scope: t.Sequence[str] = (),
        extension: str | None = None,
        entity: str | None = None,
        options: Spec | None = None,
    ) -> None:
        super().__init__(kind, fields=fields, options=options, secrets=SECRETS)
        self.collection = collection
        self.scope = tuple(scope)
        self.extension = extension
        self.entity = entity or kind

    # -- where it is

    @property
    def title(self) -> str:
        """The kind as a person writes it."""
        return self.kind.replace("_", " ")

    def spec(self) -> Spec:
        merged: Spec = {"name": {"type": "str", "required": True}}
        for scope in self.scope:
            merged.update(SCOPES[scope])
        merged.update(super().spec())
        merged.update(SECRET_KEYS)
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        scopes = "".join(f" of {scope} '{params[scope]}'" for scope in reversed(self.scope))
        return f"{self.title} '{params['name']}'{scopes}"

    def collection_path(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of the collection that the object is in."""
        segments = (segment.format(**params) for segment in self.collection.split("/") if segment)
        return join("1.0", *segments)

    def path(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of the object."""
        return self.collection_path(params) + join(params["name"])

    def query(self, params: t.Mapping[str, t.Any]) -> dict[str, str]:
        """The query that selects the project."""
        return {"project": params["project"]} if "project" in self.scope else {}

    # -- the hooks of the base

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = session.find(self.path(task.params), self.query(task.params))
        if have is not None and have.get("managed") is False:
            raise Conflict(
                "the name belongs to a network interface of the host that the daemon does not manage",
                obj=self.label(task.params),
                endpoint=str(session.transport.endpoint),
                next_step="choose another name",
            )
        return have

    def steps(self, plan: Plan, task: Task) -> list[Request]:
        if plan.then is None:
            return self.delete_steps(plan, task) if plan.have is not None else []
        if plan.have is None:
            return self.create_steps(plan, task)
        return self.update_steps(plan, task) if plan.changed else []

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What creates the object."""
        body = {"name": task.params["name"], **plan.then}
        return [Request("POST", self.collection_path(task.params), self.query(task.params), body, _names(body))]

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What changes the object."""
        return [Request("PUT", self.path(task.params), self.query(task.params), plan.then, plan.changed)]

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What deletes the object."""
        return [Request("DELETE", self.path(task.params), self.query(task.params))]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        """The other objects that must be there for the plan to work."""
        for scope in self.scope:
            yield Reference(scope, join("1.0", _SCOPE_COLLECTIONS[scope]), task.params[scope], {})
        for device in ((plan.then or {}).get("devices") or {}).values():
            for option, (what, collection) in _DEVICE_REFERENCES.get(device.get("type"), {}).items():
                if device.get(option):
                    yield Reference(what, join("1.0", collection), device[option], self.query(task.params))

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if plan.then is None:
            return
        if self.extension:
            session.require(self.extension, f"{self.title}s")
        present: dict[t.Any, list[str] | None] = {}
        for reference in self.references(plan, task):
            where = (reference.collection, tuple(reference.query.items()))
            if where not in present:
                try:
                    present[where] = session.names(reference.collection, reference.query)
                except NotFound:
                    present[where] = []
            names = present[where]
            if names is None or reference.name in names:
                continue
            error = no_such(reference.what, reference.name, names, "create it first")
            error.endpoint = str(session.transport.endpoint)
            if not task.check_mode:
                raise error.about(plan.label)
            task.warn(f"check mode: {error.about(plan.label)}")
        if task.check_mode:
            self._suspect(session, plan, task)

    def _suspect(self, session: Client, plan: Plan, task: Task) -> None:
        """Only the daemon knows its keys for sure, and a check run cannot ask it: a probable slip is a warning."""
        known = keys.known(self.entity, session)
        for position in plan.changed:
            key = position.partition(".")[2]
            hint = near(key, known, 0.85) if key and key not in known and not key.startswith(keys.FREE) else None
            if hint:
                task.warn(f"check mode: {plan.label}: the daemon may refuse '{position}'; did you mean '{hint}'?")

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        """The daemon names a wrong key and nothing else: add the near one it has. Say who uses what is in use."""
        text = error.text or ""
        if plan.have is None and isinstance(error, Conflict):
            error.next_step = "the name is taken by something that is not visible here; choose another"
        if error.kind == "in_use" and plan.have is not None:
            users = [url for url in plan.have.get("used_by") or () if not url.startswith("/1.0/profiles/default?")]
            error.next_step = f"it is used by {', '.join(users[:5])}; remove those first" if users else error.next_step
        if _UNKNOWN_KEY.search(text):
            known = keys.known(self.entity, session)
            for name in _leaves(task.given) - known:
                quoted = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)
                hint = did_you_mean(name, known) if quoted else None
                if hint:
                    return UnknownKey(error.what, endpoint=error.endpoint, code=error.code, text=text, next_step=hint)
        return error


class Singleton(Record):
    """A record without a name that is neither created nor deleted. PATCH leaves hidden values alone.

    :param unread: attributes that are too long to be of use in a result
    """

    states = ()

    def __init__(self, kind: str, collection: str, *, unread: t.Sequence[str] = (), **rest: t.Any) -> None:
        super().__init__(kind, collection, **rest)
        self.unread = frozenset(unread)

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task) or {}
        return {name: value for name, value in have.items() if name not in self.unread}

    def spec(self) -> Spec:
        merged = super().spec()
        del merged["name"]
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return self.title

    def path(self, params: t.Mapping[str, t.Any]) -> str:
        return self.collection_path(params)

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        body: dict[str, t.Any] = {}
        for position in plan.changed:
            name, dot, key = position.partition(".")
            if dot:
                body.setdefault(name, {})[key] = plan.then[name].get(key, "")
            else:
                body[name] = plan.then[name]
        return [Request("PATCH", self.path(task.params), self.query(task.params), body, plan.changed)]


_SCOPE_COLLECTIONS = {"project": "projects", "pool": "storage-pools"}

# Device options that name another object (devices document: nic "network", disk "pool").
_DEVICE_REFERENCES: dict[t.Any, dict[str, tuple[str, str]]] = {
    "nic": {"network": ("network", "networks")},
    "disk": {"pool": ("storage pool", "storage-pools")},
}

_UNKNOWN_KEY = re.compile(r"unknown|invalid|unsupported|not supported|not allowed", re.IGNORECASE)


def _names(body: t.Mapping[str, t.Any]) -> list[str]:
    """What a body sets, by name."""
    names: list[str] = []
    for name, value in body.items():
        names += [f"{name}.{key}" for key in sorted(value)] if isinstance(value, dict) and value else [name]
    return names


def _leaves(value: t.Any) -> set[str]:
    """All keys in a declaration, at every depth."""
    if isinstance(value, dict):
        return set(map(str, value)).union(*(_leaves(inner) for inner in value.values()))
    return set()


def run(resource: Record) -> t.NoReturn:
    """The main function of a state module."""
    module = FleetModule({**CONNECTION, **resource.spec()}, resource.secrets)

    def work() -> dict[str, t.Any]:
        with connect(module.task()) as session:
            return module.converge(resource, session)

    module.run(work)
