# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Objects of the daemon API as declarations: `Record`, a named object in a collection.

A module is one of these and `run`. The object is read with its ETag, written as a whole with only the declared fields
changed, so attributes that this release does not know stay as they are.
"""

from __future__ import annotations

import typing as t

from .._core.errors import Conflict, FleetError, InvalidOption, Refused
from .._core.fields import Field, Form, Params, Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Plan, Resource, Task
from .client import Client
from .options import CONNECTION, connect

# Keys whose content is a secret although their name does not say so.
SECRETS = (
    "cloud-init.user-data",
    "cloud-init.vendor-data",
    "user.user-data",
    "user.vendor-data",
    "fds",
    "peers.*.key",
)

# Options that say where an object lives. They are part of its address and of its label, never of its body.
SCOPES: dict[str, Spec] = {
    "project": {"project": {"type": "str", "default": "default"}},
    "pool": {"pool": {"type": "str", "required": True}},
    "network": {"network": {"type": "str", "required": True}},
    "zone": {"zone": {"type": "str", "required": True}},
    "bucket": {"bucket": {"type": "str", "required": True}},
}

# What they are called, and their collections. Those of the whole daemon come without a project.
_SCOPE_COLLECTIONS = {
    "project": ("project", "projects"),
    "pool": ("pool", "storage-pools"),
    "network": ("network", "networks"),
    "zone": ("network zone", "network-zones"),
    "bucket": ("storage bucket", "storage-pools/{pool}/buckets"),
}
_UNSCOPED = ("project", "pool")
HALF_CREATED = "half created"  # what a diff says of an object whose creation was cut off

# Device options that name another object (devices document: nic "network", disk "pool").
_DEVICE_REFERENCES: dict[t.Any, dict[str, tuple[str, str]]] = {
    "nic": {"network": ("network", "networks")},
    "disk": {"pool": ("storage pool", "storage-pools")},
}


class Reference(t.NamedTuple):
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
    :param key: the option that tells it from others of its collection
    :param form: how the value of that option is spelled
    :param renames: whether the daemon can give it another name
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
        key: str = "name",
        form: Form | None = None,
        renames: bool = False,
    ) -> None:
        super().__init__(kind, fields=fields, options=options, secrets=SECRETS)
        self.collection = collection
        self.scope = tuple(scope)
        self.extension = extension
        self.entity = entity or kind
        self.key = key
        self.form = form
        self.renames = renames
        self.place: Params | None = None  # the options that would name it where it was found, if not where it belongs

    # -- where it is

    @property
    def title(self) -> str:
        """The kind as a person writes it."""
        return self.kind.replace("_", " ")

    def spec(self) -> Spec:
        merged: Spec = {self.key: {"type": "str", "required": True}}
        if self.renames:
            merged["rename_from"] = {"type": "str"}
        for scope in self.scope:
            merged.update(SCOPES[scope])
        merged.update(super().spec())
        merged.update(SECRET_KEYS)
        return merged

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        scopes = "".join(f" of {scope} '{params[scope]}'" for scope in reversed(self.scope))
        return f"{self.title} '{params[self.key]}'{scopes}"

    def collection_path(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of the collection that the object is in."""
        return _fill(self.collection, params)

    def path(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of the object."""
        return self.collection_path(params) + join(params[self.key])

    def query(self, params: t.Mapping[str, t.Any]) -> dict[str, str]:
        """The query that selects the project."""
        return {"project": params["project"]} if "project" in self.scope else {}

    # -- the hooks of the base

    def prepare(self, session: Client, task: Task) -> None:
        for option in (self.key, *self.scope):
            if task.params.get(option) == "":
                raise InvalidOption(f"'{option}' is empty", obj=self.title, next_step="give a name")
        if self.form:
            task.params[self.key] = self.form(self.key, task.params[self.key])

    def former(self, params: Params) -> Params | None:
        """The options that would name the object where it may still be, or null."""
        if not self.renames or not params["rename_from"]:
            return None
        return {**params, self.key: params["rename_from"]}

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        self.place = None
        try:
            have = session.find(self.path(task.params), self.query(task.params))
        except Refused as error:
            raise error.about(self.label(task.params)) from None
        former = self.former(task.params)
        if have is None and former is not None and task.state != "absent":
            have = session.find(self.path(former), self.query(former))
            self.place = former if have is not None else None
        if have is not None and have.get("managed") is False:
            raise Conflict(
                "the name belongs to a network interface of the host that the daemon does not manage",
                obj=self.label(task.params),
                endpoint=str(session.transport.endpoint),
                next_step="choose another name",
            )
        return have

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = super()._present(label, have, task)
        if have is not None:
            for option, now in self._moved(task.params).items():
                plan.changed.insert(0, option)
                plan.before[option], plan.after[option] = now, task.params[option]
                if option in plan.then:
                    plan.then[option] = task.params[option]
        return plan

    def _moved(self, params: Params) -> dict[str, str]:
        """Where the object was found, as far as that is not where it belongs."""
        place = self.place
        if place is None:
            return {}
        return {option: place[option] for option in (*self.scope, self.key) if place[option] != params[option]}

    def steps(self, plan: Plan, task: Task) -> list[Request]:
        if plan.then is None:
            return self.delete_steps(plan, task) if plan.have is not None else []
        if plan.have is None:
            return self.create_steps(plan, task)
        return self.update_steps(plan, task) if plan.changed else []

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What creates the object."""
        body = {self.key: task.params[self.key], **plan.then}
        return [Request("POST", self.collection_path(task.params), self.query(task.params), body, _names(body))]

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What changes the object, where it is, and then brings it where it belongs."""
        place = self.place or task.params
        moved = self._moved(task.params)
        changed = [name for name in plan.changed if name not in moved]
        steps = [Request("PUT", self.path(place), self.query(place), plan.then, changed)] if changed else []
        if moved:
            body = {option: task.params[option] for option in dict.fromkeys((self.key, *moved))}
            steps.append(Request("POST", self.path(place), self.query(place), body, list(body)))
        return steps

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        """What deletes the object."""
        return [Request("DELETE", self.path(task.params), self.query(task.params))]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        """The other objects that must be there for the plan to work."""
        for scope in self.scope:
            yield self.reference(scope, task.params)
        for device in ((plan.then or {}).get("devices") or {}).values():
            for option, (what, collection) in _DEVICE_REFERENCES.get(device.get("type"), {}).items():
                if device.get(option):
                    yield Reference(what, join("1.0", collection), device[option], self.query(task.params))

    def reference(self, scope: str, params: Params) -> Reference:
        """What an option that says where an object lives refers to."""
        what, collection = _SCOPE_COLLECTIONS[scope]
        query = {} if scope in _UNSCOPED else self.query(params)
        return Reference(what, _fill(collection, params), params[scope], query)

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        from .checks import check  # most runs change nothing

        if self.extension and plan.then is not None:
            session.require(self.extension, f"{self.title}s")
        check(self, session, plan, task)

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        from .checks import explain

        return explain(self, session, error, plan, task)


def _fill(collection: str, params: Params) -> str:
    """The path of a collection below C(/1.0), where C({pool}) stands for the option of that name."""
    return join("1.0", *(segment.format(**params) for segment in collection.split("/") if segment))


def _names(body: t.Mapping[str, t.Any]) -> list[str]:
    """What a body sets, by name."""
    names: list[str] = []
    for name, value in body.items():
        names += [f"{name}.{key}" for key in sorted(value)] if isinstance(value, dict) and value else [name]
    return names


def run(resource: Record) -> t.NoReturn:
    """The main function of a state module."""
    module = FleetModule({**CONNECTION, **resource.spec()}, resource.secrets)

    def work() -> dict[str, t.Any]:
        with connect(module.task()) as session:
            return module.converge(resource, session)

    module.run(work)
