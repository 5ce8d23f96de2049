# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Instances: a record with a power state."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, Refused, Unsupported
from .._core.fields import Choice, Devices, Flag, KeyValues, Spec, Text, Texts
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Task
from . import names, placement, sources
from .client import Client, NoDaemon
from .image_server import IMAGE_SERVER, image_source, image_sources
from .power import AWAITED, STATUS, TRANSITIONS, check_settled, half_created, power
from .record import HALF_CREATED, Record, Reference

# What an instance that is there is not put to without a word.
ALLOWED = ("restart", "move", "rebuild")
# What a cluster says of an instance on a member that does not answer.
_MEMBER_DOWN = (
    r"isn't ready yet|unexpected EOF|Missing event connection|Target \S+( \S+)? is offline"
    r"|https://\S+/1\.0/instances\S*: "  # a request handed on
)
_GENERATED = 8  # characters of a generated name, beside its beginning


class Instance(Record):
    """A container or a virtual machine."""

    states = ("started", "stopped", "restarted", "frozen", "present", "absent")

    def __init__(self) -> None:
        super().__init__(
            "instance",
            "instances",
            scope=("project",),
            fields=(
                Choice("type", ("container", "virtual-machine"), default="container", immutable=True),
                Text("description"),
                Texts("profiles"),
                KeyValues("config", protected=("volatile.", "image.")),
                Devices("devices"),
                Flag("ephemeral", immutable=True),
            ),
        )
        self.starts_on_creation = False
        self.reports_ready = True
        self.brand = "incus"
        self.generated = False  # whether the name is ours
        self.contents: dict[str, dict[str, t.Any]] = {}  # profiles by name, where a change of them has to be judged
        self.found = sources.Found()
        self.moves_at_once = True  # whether one request can change all of its place, and its profiles with it

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "name": {"type": "str"},
            "rename_from": {"type": "str"},
            **IMAGE_SERVER,
            **sources.ORIGINS,
            "empty": {"type": "bool", "default": False},
            "storage_pool": {"type": "str"},
            "network": {"type": "str"},
            "target": {"type": "str"},
            "instance_type": {"type": "str"},
            "force": {"type": "bool", "default": False},
            "stop_timeout": {"type": "int", "default": 30},
            **{name: {"type": "str", "choices": ["never", "if_needed"], "default": "never"} for name in ALLOWED},
            "wait_for": {"type": "list", "elements": "str", "default": []},
            "wait_timeout": {"type": "float", "default": 60.0},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"new instance of project '{params['project']}'" if self.generated else super().label(params)

    def prepare(self, session: Client, task: Task) -> None:
        if task.params["name"] is None:
            self._generate(task)
        super().prepare(session, task)

    def _generate(self, task: Task) -> None:
        """Give a new instance a name, as the daemon would: nobody else can mean the same one."""
        import secrets

        if task.state in ("absent", "restarted") or task.params["rename_from"] or task.params["move_from"]:
            raise InvalidOption("'name' is missing", obj="instance", next_step="say which instance is meant")
        self.generated = True
        letters = "abcdefghijkmnpqrstuvwxyz23456789"
        task.params["name"] = "instance-" + "".join(secrets.choice(letters) for number in range(_GENERATED))

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        former = sources.former(task.params)
        if have is None and task.state != "absent" and former != {name: task.params[name] for name in former}:
            before = task.but(**former).params
            have = session.find(self.path(before), self.query(before))
            if have is not None:
                self.moves_at_once = session.has("instance_move_config")
        if have is None or half_created(have) or "ready" in task.params["wait_for"]:
            self.learn(session)
        if have is not None and not half_created(have):
            check_settled(have, self.label(task.params))
        self.look_up(session, have, task)
        return have

    def look_up(self, session: Client, have: dict[str, t.Any] | None, task: Task) -> None:
        """What else the plan depends on. What is known already is not asked for again."""
        params = task.params
        if task.state == "absent":
            return
        if have is None or half_created(have):
            if sources.origin_option(params):
                self.found.look_for_origin(session, task, self.label(params))
            return
        if not self.contents and changes_profiles(have, task.given):
            self.contents = profiles_of(session, self.query(params))
        if params["rebuild"] == "if_needed" and params["image"]:
            self.found.look_for_image(session, have, task, self.label(params))

    def learn(self, session: Client) -> None:
        """What creating and waiting depend on."""
        self.starts_on_creation = session.has("instance_create_start")
        self.reports_ready = session.has("instance_ready_state")
        self.brand = session.brand

    # -- planning

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        self._check_options(task)
        if task.state == "absent":
            self._check_protection(have, task)
        return super().plan(have, with_devices(task))

    def _check_options(self, task: Task) -> None:
        """What does not go together."""
        params = task.params
        if params["wait_for"]:
            from .waits import parse

            parse(params["wait_for"])
            if task.state not in AWAITED:
                raise InvalidOption(
                    f"'wait_for' cannot be had together with the state '{task.state}'",
                    obj=self.label(params),
                    next_step="leave one of the two out",
                )
            if "ready" in params["wait_for"] and not self.reports_ready:
                raise Unsupported(
                    "its guest cannot report Ready: this daemon lacks the API extension 'instance_ready_state'",
                    obj=self.label(params),
                    next_step="wait for an address or a port instead, or use a daemon that has it",
                )
        try:
            sources.check_origins(params)
        except InvalidOption as error:
            raise error.about(self.label(params)) from None

    def _check_protection(self, have: t.Mapping[str, t.Any] | None, task: Task) -> None:
        """The daemon would refuse to delete it, but only once it has been stopped."""
        if have and (have.get("expanded_config") or {}).get("security.protection.delete") == "true":
            raise Refused(
                "it is protected from deletion ('security.protection.delete')",
                obj=self.label(task.params),
                next_step="set that key to false first, if it is really to go",
            )

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if have is not None and half_created(have):
            plan = self._present(label, None, task)
            plan.before["state"] = HALF_CREATED
            return plan
        if have is None:
            self._check_source(label, task)
        if have is None or have["name"] != task.params["name"]:
            names.check_instance(task.params["name"], label)
        plan = super()._present(label, have, task)
        if have is None:
            self._copy(plan, task)
        else:
            self._transform(plan, task)
        wanted = task.state
        if wanted != "present":
            now = power(have)
            reached = "started" if wanted == "restarted" else wanted
            if have is not None:
                if wanted == "stopped" and now != wanted and have.get("ephemeral"):
                    raise InvalidOption(
                        "it is ephemeral: stopping deletes it", obj=label, next_step="use 'state: absent'"
                    )
                plan.before["state"] = now
                if now != wanted:
                    plan.changed.append("state")
            plan.after["state"] = wanted
            plan.then["status"], plan.then["status_code"] = STATUS[reached]
        plan.facts["restart_required"] = []
        return plan

    def _copy(self, plan: Plan, task: Task) -> None:
        """A new instance that is made from another one is planned as that with what the task gives on top."""
        origin = self.found.origin(task.params)
        if origin is not None:
            plan.then.update(sources.inherited(self.fields, origin, task))
            plan.after.update({"type": plan.then["type"], "source": origin.label})

    def _transform(self, plan: Plan, task: Task) -> None:
        """What cannot be written as a field: another place, another image."""
        params = task.params
        place = placement.differs(plan.have, plan.then, params)
        placement.check(plan.have, place, params, plan.label)
        for name, now in placement.shown(plan.have, place).items():
            plan.changed.insert(0, name)
            plan.before[name], plan.after[name] = now, place[name]
        source = self.found.image(params, plan.have)
        if source and not sources.is_made_from(plan.have, source["fingerprint"]):
            plan.changed.append("image")
            plan.before["image"] = plan.have["config"].get(sources.BASE_IMAGE, "")
            plan.after["image"] = source["fingerprint"]

    def _check_source(self, label: str, task: Task) -> None:
        """A new instance needs something to be made from."""
        params = task.params
        if not (params["image"] or params["empty"] or sources.origin_option(params)):
            if params["rename_from"]:
                raise NotFound(
                    f"there is neither it nor '{params['rename_from']}', whose name it shall take over",
                    obj=label,
                    next_step="correct 'rename_from', or say what a new instance is made from",
                )
            raise InvalidOption("it does not exist, and a new instance needs an 'image', or 'empty: true'", obj=label)
        if params["empty"] and params.get("type") != "virtual-machine" and task.state not in ("stopped", "present"):
            raise InvalidOption(
                "an empty container has nothing to start",
                obj=label,
                next_step="use 'state: stopped', and fill it first",
            )

    def _pending(self, plan: Plan, task: Task) -> list[str]:
        """The changed keys that a running instance takes up at its next start only."""
        if not plan.changed or power(plan.have) not in ("started", "frozen"):
            return []
        from .restarts import expanded, pending

        have, then = plan.have, plan.then
        before, after = have.get("config") or {}, then.get("config") or {}
        if "profiles" in plan.changed and set(then["profiles"]) <= set(self.contents):
            before, after = have.get("expanded_config") or {}, expanded(then["profiles"], self.contents, after)
        return pending(before, after, have.get("type", "container"))

    # -- what is sent

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        params = task.params
        body = {field.name: plan.then[field.name] for field in self.fields if field.name in plan.then}
        body["name"] = params["name"]
        if params["instance_type"]:
            body["instance_type"] = params["instance_type"]
        origin = self.found.origin(params)
        now, wanted = "stopped", task.state
        tidied = origin is not None and origin.session is None and sources.loses(origin, plan.then)
        moved = origin is not None and origin.option == "move_from"
        if wanted in ("started", "frozen", "restarted") and self.starts_on_creation and not (tidied or moved):
            body["start"], now = True, "started"
        extra = ["name", "type", "source", *(key for key in ("instance_type", "start") if key in body)]
        keys = extra + [name for name in plan.changed if name not in ("state", "type")]
        first = super().delete_steps(plan, task) if plan.before["state"] == HALF_CREATED else []
        where = {**self.query(params), **({"target": params["target"]} if params["target"] else {})}
        create = Request("POST", self.collection_path(params), where, body, keys)
        if origin is None:
            choices = [{"type": "none"}] if params["empty"] else image_sources(params, self.brand)
            body["source"] = choices[0]
            steps: list[t.Any] = [sources.launch(create, choices, body["type"], params)]
        else:
            steps = self._copy_steps(create, origin, plan, task)
        if moved and wanted == "present" and origin is not None:
            wanted = power(origin.content)
        then = [] if (now, wanted) == ("started", "restarted") else self._power_steps(now, wanted, task)
        return [*first, *steps, *then]

    def _copy_steps(self, create: Request, origin: sources.Origin, plan: Plan, task: Task) -> list[t.Any]:
        """What makes an instance from another one, of this daemon or of another one."""
        if "architecture" in plan.then:
            create.body["architecture"] = plan.then["architecture"]
        wanted = task.params[origin.option]
        if origin.session is None:
            create.body["source"] = sources.local_source(origin, wanted)
            lean = Request("PUT", self.path(task.params), self.query(task.params), plan.then, ["config", "devices"])
            return [create, *([Rewrite(lean)] if sources.loses(origin, plan.then) else [])]
        from .migration import Migrate, elsewhere  # few come from another daemon

        migrate = Migrate(create, origin, wanted)
        if origin.option == "copy_from":
            return [migrate]
        there = task.but(name=origin.name, project=origin.query["project"])
        self._check_protection(origin.content, task)
        self._check_stopped(plan.label, origin.content, "moved", task)
        stop = self._power_steps(power(origin.content), "stopped", there)
        return [*elsewhere(origin, stop), migrate, *elsewhere(origin, super().delete_steps(plan, there))]

    def update_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        """What changes it. What acts after a restart only is written while it is stopped, so that whoever is
        interrupted finds the rest still to do.
        """
        params, have = task.params, plan.have
        place = placement.differs(have, plan.then, params)
        rebuilt = "image" in plan.changed
        now = power(have)
        wanted = now if task.state == "present" else task.state
        if place or rebuilt:
            what = "rebuilt" if rebuilt else "renamed" if set(place) == {"name"} else "moved"
            self._check_stopped(plan.label, have, what, task)
        pending, allowed = self._pending(plan, task), _may_stop(task)
        down = now != "stopped" and bool(place or rebuilt or (pending and allowed))
        if down and have.get("ephemeral"):
            down, wanted = False, "restarted" if wanted == "started" else wanted
        plan.facts["restart_required"] = [] if allowed else pending
        there = task.but(name=have["name"], project=have.get("project", params["project"]))
        where, query = self.path(there.params), self.query(there.params)
        steps: list[t.Any] = self._power_steps(now, "stopped", there) if down else []
        body, fields = placement.written(have, plan.then, place, plan.changed)
        along: dict[str, t.Any] = {}
        if "project" in place and "profiles" in fields and self.moves_at_once:
            # Those of the new project, which the old one need not have.
            along = {"profiles": body["profiles"]}
            body = {**body, "profiles": have["profiles"]}
            fields.remove("profiles")
        if fields:
            write = Request("PUT", where, query, body, fields)
            steps.append(Rewrite(write) if down else write)
        if rebuilt:
            source = self.found.image(params, have) or {}
            rebuild = Request("POST", where + "/rebuild", query, {"source": source}, ["source"])
            steps.append(sources.launch(rebuild, [source], have.get("type", "container"), params))
        for part in placement.parts(place, self.moves_at_once):
            move = {**placement.move_body(there.params["name"], part), **along}
            member = {"target": part["target"]} if "target" in part else {}
            where, query = self.path(there.params), {**self.query(there.params), **member}
            steps.append(Request("POST", where, query, move, list(move)))
            there = task
        return steps + self._power_steps("stopped" if down else now, wanted, task)

    def _check_stopped(self, label: str, have: t.Mapping[str, t.Any], what: str, task: Task) -> None:
        """Raise where an instance would have to be stopped for something without the task's word for it."""
        now = power(have) if have else "stopped"
        if now == "stopped":
            return
        if not _may_stop(task):
            raise InvalidOption(
                f"'{have['name']}' is {now}, and only a stopped instance can be {what}",
                obj=label,
                next_step="use 'restart: if_needed', or 'state: stopped'",
            )
        if have.get("ephemeral"):
            raise InvalidOption(f"it is ephemeral: stopping it to have it {what} deletes it", obj=label)

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        now = power(plan.have)
        stop = self._power_steps(now, "stopped", task)
        if plan.have and plan.have.get("ephemeral") and stop:
            return stop  # it goes by itself when it stops
        return [*stop, *super().delete_steps(plan, task)]

    def repeated(self, task: Task) -> Task:
        """A restart is done once; afterwards it is just to run."""
        if task.state != "restarted":
            return task
        return task.but(state="started")

    def _power_steps(self, now: str, wanted: str, task: Task) -> list[Request]:
        return [
            Request(
                "PUT",
                self.path(task.params) + "/state",
                self.query(task.params),
                {"action": action, **(self._stopping(task) if action in ("stop", "restart") else {})},
                ["action"],
            )
            for action in TRANSITIONS.get((now, wanted), ())
        ]

    def _stopping(self, task: Task) -> dict[str, t.Any]:
        """How to stop. The daemon takes a time-out of 0 for force, so at least a second is given."""
        return {"force": task.params["force"], "timeout": max(1, task.params["stop_timeout"])}

    # -- what it cannot do without, and what is said where that is missing

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        query = self.query(task.params)
        for profile in task.given.get("profiles") or ():
            yield Reference("profile", join("1.0", "profiles"), profile, query)
        if plan.have is None or "target" in plan.changed:
            source = image_source(task.params, self.brand) if plan.have is None and task.params["image"] else {}
            if "alias" in source and "server" not in source:
                yield Reference("image", join("1.0", "images", "aliases"), source["alias"], query)
            target = task.params["target"] or ""
            if target.startswith("@"):
                yield Reference("cluster group", join("1.0", "cluster", "groups"), target[1:], {})
            elif target:
                yield Reference("cluster member", join("1.0", "cluster", "members"), target, {})

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if plan.then is not None and not isinstance(session, NoDaemon):
            if plan.have is None or "target" in plan.changed:
                self._check_host(session, plan, task)
            if plan.have is not None:
                placement.check_possible(session, plan)
        super().check(session, plan, task)

    def _check_host(self, session: Client, plan: Plan, task: Task) -> None:
        """Raise where this daemon cannot make such an instance at all."""
        environment = session.server.get("environment") or {}
        if task.params["target"] and not environment.get("server_clustered"):
            raise InvalidOption(
                f"'target' is '{task.params['target']}', and this daemon is not part of a cluster",
                obj=plan.label,
                next_step="leave 'target' out",
            )
        if plan.then["type"] == "virtual-machine" and "qemu" not in str(environment.get("driver")):
            raise Unsupported(
                f"this host cannot run virtual machines{_why_no_machines(session)}",
                obj=plan.label,
                endpoint=str(session.transport.endpoint),
                next_step="mend that and restart the daemon, or use 'type: container'",
            )

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        explained = super().explain(session, error, plan, task)
        if explained.next_step is None and "cannot be updated when" in (explained.text or ""):
            explained.next_step = "use 'restart: if_needed'"
        if explained.next_step is None and re.search("no space left|out of disk space", explained.text or ""):
            explained.next_step = "its storage pool is full: make that larger, or delete something from it"
        if session.clustered and re.search(_MEMBER_DOWN, explained.text or ""):
            location = None if "target" in plan.changed else (plan.have or {}).get("location")
            member = location or task.params["target"]
            explained.next_step = f"cluster member '{member}' does not answer; start it, or wait until it is back"
        if "member is evacuated" in (explained.text or ""):
            explained.next_step = "restore it with nfvlab.fleet.incus_cluster_member, or name another 'target'"
        if explained.next_step is None and error.kind == "operation_failed":
            from .waits import tail

            lines = tail(session, self.path(task.params) + "/logs/lxc.log", self.query(task.params), 2, only="ERROR")
            explained.next_step = f"its log says: {lines}" if lines else None
        return explained

    # -- waiting

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        """Wait for what `wait_for` names, or fail with what is known."""
        have = outcome.object
        if have is None:
            return
        if outcome.plan.have is None and not _nics(have):
            task.warn(f"{outcome.plan.label} has no network interface: neither its profiles nor its devices bring one")
        if not task.params["wait_for"]:
            return
        from .waits import Waiting, Watch, parse

        one = Waiting(have["name"], outcome.plan.label, parse(task.params["wait_for"]), task.params["wait_timeout"])
        watch = Watch(session, task.params["project"])
        if task.check_mode:
            one.state = watch.state(one.name) or {}
        else:
            for _one, error in watch.wait([one]):
                if error is not None:
                    raise error
        if one.state:
            have["state"] = one.state
            have["status"], have["status_code"] = one.state["status"], one.state["status_code"]


class Rewrite(t.NamedTuple):
    """A write to an instance that has just been stopped, which changed the daemon's own keys in it."""

    request: Request

    def describe(self) -> dict[str, t.Any]:
        return self.request.describe()

    def perform(self, client: Client) -> t.Any:
        """Write the same, with the daemon's own keys as they are now."""
        wanted = self.request.body
        fresh = client.get(self.request.path, self.request.query)
        config = {key: value for key, value in wanted["config"].items() if not key.startswith("volatile.")}
        config.update({key: value for key, value in fresh["config"].items() if key.startswith("volatile.")})
        return client.perform(self.request._replace(body={**wanted, "config": config}))


def _may_stop(task: Task) -> bool:
    """Whether a task lets a running instance be stopped."""
    return task.params["restart"] == "if_needed" or task.state in ("stopped", "restarted")


def with_devices(task: Task) -> Task:
    """The same task with the devices that O(storage_pool) and O(network) stand for, as the command line has them."""
    pool, network = task.params.get("storage_pool"), task.params.get("network")
    if not (pool or network) or task.state == "absent":
        return task
    devices: dict[str, t.Any] = {}
    if pool:
        devices["root"] = {"type": "disk", "path": "/", "pool": pool}
    if network:
        devices["eth0"] = {"type": "nic", "name": "eth0", "network": network}
    for name, own in (task.given.get("devices") or {}).items():
        devices[name] = {**devices.get(name, {}), **own} if isinstance(own, dict) else own
    return task.but(given={**task.given, "devices": devices})


def changes_profiles(have: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> bool:
    """Whether a running instance gets other profiles, so that their content matters."""
    wanted = given.get("profiles")
    return wanted is not None and list(wanted) != have.get("profiles") and power(have) in ("started", "frozen")


def profiles_of(session: Client, query: t.Mapping[str, str]) -> dict[str, dict[str, t.Any]]:
    """All profiles of a project by name, in one request."""
    found = session.find("/1.0/profiles", {**query, "recursion": "1"}) or ()
    return {profile["name"]: profile for profile in found}


def _nics(have: t.Mapping[str, t.Any]) -> list[str]:
    devices = have.get("expanded_devices") or {}
    return [name for name, device in devices.items() if device.get("type") == "nic"]


def _why_no_machines(session: Client) -> str:
    """What the daemon itself said about it when it started."""
    try:
        warnings = session.find("/1.0/warnings", {"recursion": "1"}) or ()
    except FleetError:
        return ""  # it needs rights that a restricted client lacks; this only adds to another message
    told = [warning["last_message"] for warning in warnings if warning["type"] == "Instance type not operational"]
    return f": {told[0]}" if told else ""
