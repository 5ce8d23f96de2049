# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Clusters: a daemon that founds, joins or leaves one, its members, its groups of members, and its join tokens."""

from __future__ import annotations

import time
import typing as t

from .._core.errors import (
    FleetError,
    Immutable,
    InUse,
    InvalidOption,
    OperationFailed,
    TimedOut,
    Unreachable,
)
from .._core.fields import KeyValues, Names, Params, Spec, Text
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Task
from . import tokens
from .answers import STATUS_RUNNING
from .client import MEMBERS, Client, NoDaemon
from .record import Record, Reference
from .schedule import over

# What the daemon gives and takes by itself as it needs databases.
_OWN_ROLES = "database"
# What a cluster says of a token that it does not take, and what has become of that.
_LOST_TOKENS = {
    "No matching cluster join operation": "was used or revoked, or has expired",
    "Token has expired": "has expired",
}
_POLL = 0.2  # seconds


# -- join tokens


def encode(told: t.Mapping[str, t.Any]) -> str:
    """The token that stands for what the daemon tells of it, as its command line writes it."""
    names = {"server_name": "serverName", "expires_at": "expiresAt"}
    fields = ("server_name", "fingerprint", "addresses", "secret", "expires_at")
    return tokens.pack({field: told.get(names.get(field, field)) for field in fields})


def decode(token: str) -> dict[str, t.Any]:
    """What a token says.

    :raises InvalidOption: it is none
    """
    try:
        told = tokens.unpack(token)
        whole = all(told[field] for field in ("server_name", "fingerprint", "addresses", "secret"))
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InvalidOption("'token' is not a join token", next_step="issue one with nfvlab.fleet.incus_cluster_member")
    return dict(told)


def pending(operations: t.Any, name: str) -> dict[str, t.Any] | None:
    """The operation that holds the token for a new member, if one is out and still good.

    :param operations: all of them, by status
    """
    for running in (operations or {}).values():
        for operation in running or ():
            told = operation.get("metadata") or {}
            good = operation.get("class") == "token" and operation.get("status_code") == STATUS_RUNNING
            if good and told.get("serverName") == name and not over(told.get("expiresAt")):
                return dict(operation)
    return None


# -- one daemon


class Join(t.NamedTuple):
    """The entry into a cluster: its certificate is got from one of its members and held against the token first."""

    request: Request
    token: t.Mapping[str, t.Any]

    def describe(self) -> dict[str, t.Any]:
        return self.request.describe()

    def perform(self, client: Client) -> t.Any:
        """Join by the first address that answers."""
        told, timeout = self.token, client.transport.timeout
        try:
            address, pem = tokens.answering(told["addresses"], told["fingerprint"], timeout)
        except Unreachable as error:
            error.what = f"no member of the cluster can be reached: {error.what}"
            error.next_step = "see that one of them answers, or issue a new token"
            raise
        known = {"cluster_address": address, "cluster_certificate": pem}
        return client.perform(self.request._replace(body={**self.request.body, **known}))


class Leave(t.NamedTuple):
    """The last step of a daemon out of its cluster, after which it starts anew, empty."""

    request: Request

    def describe(self) -> dict[str, t.Any]:
        return self.request.describe()

    def perform(self, client: Client) -> None:
        """Do it, and wait until the daemon answers as one of its own."""
        client.perform(self.request)
        deadline = time.monotonic() + client.operation_timeout
        while True:
            try:
                if not client.get("/1.0/cluster")["enabled"]:
                    return
            except FleetError as error:  # it is just starting
                last: object = error
            else:
                last = "it is still a member"
            if time.monotonic() > deadline:
                raise TimedOut(f"the daemon did not start anew after it had left its cluster: {last}")
            time.sleep(_POLL)


class Cluster(Record):
    """The place of one daemon in a cluster."""

    def __init__(self) -> None:
        super().__init__("cluster", "cluster", fields=(Text("address", required=True, immutable=True),))
        self.config: dict[str, t.Any] = {}
        self.brand = "incus"

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "token": {"type": "str", "no_log": True},
            "member_config": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "entity": {"type": "str", "choices": ["storage-pool", "network"], "required": True},
                    "name": {"type": "str", "required": True},
                    "key": {"type": "str", "required": True, "no_log": False},
                    "value": {"type": "str", "required": True},
                },
            },
            "force": {"type": "bool", "default": False},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"cluster member '{params['name']}'"

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        if isinstance(session, NoDaemon):
            return None
        have = session.get("/1.0/cluster")
        server = session.get("/1.0")
        self.config, self.brand = server.get("config") or {}, session.brand
        if not have["enabled"]:
            return None
        members = session.get(MEMBERS, {"recursion": "1"})
        address = self.config.get("cluster.https_address") or self.config.get("core.https_address") or ""
        return {**have, "address": address, "members": sorted(members, key=lambda member: str(member["server_name"]))}

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        address = task.given.get("address")
        if address:
            task = task.but({**task.given, "address": with_port(address)})
        if have is not None and have["server_name"] != task.params["name"]:
            raise Immutable(
                f"the daemon is in a cluster already, as '{have['server_name']}'",
                obj=self.label(task.params),
                next_step="give it that 'name', or take it out of its cluster first",
            )
        return super().plan(have, task)

    def create_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        """What founds a cluster, or joins one where there is a token."""
        body = {"server_name": task.params["name"], "enabled": True}
        address = plan.then["address"]
        if not task.params["token"]:
            return [*self._listening(address), Request("PUT", "/1.0/cluster", {}, body, list(body))]
        token = decode(task.params["token"])
        if token["server_name"] != task.params["name"]:
            raise InvalidOption(
                f"'token' is for a member '{token['server_name']}'",
                obj=plan.label,
                next_step="give that 'name', or issue a token for this one",
            )
        secret = "cluster_password" if self.brand == "lxd" else "cluster_token"
        body.update({"server_address": address, secret: task.params["token"]})
        body["member_config"] = list(task.params["member_config"])
        return [Join(Request("PUT", "/1.0/cluster", {}, body, list(body)), token)]

    def _listening(self, address: str) -> list[Request]:
        """The daemon has to listen where the others will reach it; where it listens for clients stays."""
        wanted = {"cluster.https_address": address}
        if not self.config.get("core.https_address"):
            wanted["core.https_address"] = address
        missing = {key: value for key, value in wanted.items() if self.config.get(key) != value}
        keys = [f"config.{key}" for key in missing]
        return [Request("PATCH", "/1.0", {}, {"config": missing}, keys)] if missing else []

    def delete_steps(self, plan: Plan, task: Task) -> list[t.Any]:
        """A member that goes by force is not told by the others, so it has to be told here."""
        member = MEMBERS + join(task.params["name"])
        if not task.params["force"]:
            return [Leave(Request("DELETE", member))]
        body = {"enabled": False}
        return [Request("DELETE", member, {"force": "1"}), Leave(Request("PUT", "/1.0/cluster", {}, body, list(body)))]

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if isinstance(session, NoDaemon):
            return
        session.require("clustering", "clusters")
        if plan.have is None and plan.then is not None and task.params["token"]:
            session.require("clustering_join_token", "join tokens")
            self._check_empty(session, plan)
        if plan.then is None and len(plan.have["members"]) == 1:
            raise InUse(
                "it is the last member: the cluster cannot be left, only given up with all that it has",
                obj=plan.label,
                next_step="remove the daemon's data with the daemon",
            )

    def _check_empty(self, session: Client, plan: Plan) -> None:
        """A daemon that joins forgets what it has, so it must have nothing."""
        networks = session.get("/1.0/networks", {"recursion": "1"})
        has = {
            "instances": session.names("/1.0/instances", {"all-projects": "true"}),
            "storage pools": session.names("/1.0/storage-pools"),
            "networks": [network["name"] for network in networks if network["managed"]],
        }
        named = [f"{what} {', '.join(sorted(names)[:5])}" for what, names in has.items() if names]
        if named:
            raise InUse(
                f"joining a cluster would make it forget its {' and its '.join(named)}",
                obj=plan.label,
                next_step="move or delete these first",
            )

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        for words, fate in _LOST_TOKENS.items():
            if words in (error.text or ""):
                until = decode(task.params["token"]).get("expires_at")
                error.next_step = f"the token {fate}, at {until}; issue a new one"
        return error


def with_port(address: str) -> str:
    """An address with its port, 8443 where it names none."""
    bare = address.endswith("]") or ":" not in address
    return f"{address}:8443" if bare else address


# -- all daemons


class OfCluster(Record):
    """A record that only a cluster has."""

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        if not session.clustered:
            error = InvalidOption(
                "this daemon is not part of a cluster",
                obj=self.label(task.params),
                endpoint=str(session.transport.endpoint),
                next_step="found or join one with nfvlab.fleet.incus_cluster",
            )
            task.refuse(error)
            return None
        return super().read(session, task)

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if session.clustered:  # else an earlier task has only predicted the cluster
            super().check(session, plan, task)


class FailureDomain(Text):
    """The failure domain of a member. There is always one."""

    empty = "default"


class Roles(Names):
    """The roles of a member. Those of the database are the daemon's own business."""

    def read(self, have: Params) -> list[str]:
        return [role for role in super().read(have) if not role.startswith(_OWN_ROLES)]


class Invite(t.NamedTuple):
    """The issue of a join token, which is an operation that runs until the token is used."""

    request: Request

    def describe(self) -> dict[str, t.Any]:
        return self.request.describe()

    def perform(self, client: Client) -> t.Any:
        """Issue it, and do not wait."""
        from .operations import start

        return start(client, self.request).metadata


class Member(OfCluster):
    """A member of a cluster: what it is for, whether it is in service, and the token of one that is still to join."""

    states = ("present", "evacuated", "restored", "invited", "absent")

    def __init__(self) -> None:
        super().__init__(
            "cluster_member",
            "cluster/members",
            fields=(
                Text("description"),
                KeyValues("config"),
                FailureDomain("failure_domain"),
                Names("groups"),
                Roles("roles"),
            ),
        )
        self.invitation: dict[str, t.Any] | None = None

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "mode": {"type": "str"},
            "force": {"type": "bool", "default": False},
        }

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        self.invitation = None
        if have is None and task.state in ("invited", "absent") and session.clustered:
            self.invitation = pending(session.get("/1.0/operations", {"recursion": "1"}), task.params["name"])
        return have

    # -- planning

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        if task.params["mode"] and task.state not in ("evacuated", "restored"):
            raise InvalidOption(
                f"'mode' cannot be had together with the state '{task.state}'", obj=self.label(task.params)
            )
        if have is None and task.state in ("evacuated", "restored", "present") and not task.check_mode:
            raise InvalidOption(
                "there is no such member",
                obj=self.label(task.params),
                next_step="a daemon becomes one with nfvlab.fleet.incus_cluster",
            )
        if have is None and task.state in ("invited", "absent"):
            return self._plan_invitation(task)
        return super().plan(have, task)

    def _plan_invitation(self, task: Task) -> Plan:
        """A daemon that is no member yet: its token is out or not."""
        plan = Plan(self.label(task.params), None, None)
        now = "invited" if self.invitation else "absent"
        if now != task.state:
            plan.changed = ["state"]
            plan.before, plan.after = {"state": now}, {"state": task.state}
            if self.invitation:
                plan.steps = [Request("DELETE", join("1.0", "operations", self.invitation["id"]))]
            else:
                body = {"server_name": task.params["name"]}
                plan.steps = [Invite(Request("POST", MEMBERS, {}, body, list(body)))]
        return plan

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = super()._present(label, have, task)
        if have is None:
            return plan
        if "roles" in plan.changed:
            own = [role for role in have.get("roles") or () if role.startswith(_OWN_ROLES)]
            plan.then["roles"] = own + plan.then["roles"]
        wanted = {"evacuated": "Evacuated", "restored": "Online"}.get(task.state)
        if wanted and (have["status"] == "Evacuated") != (wanted == "Evacuated"):
            plan.changed.append("status")
            plan.before["status"], plan.after["status"] = have["status"], wanted
            plan.then["status"] = wanted
        return plan

    # -- what is sent

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        """Only a check run, after a task that has only predicted the member, gets here."""
        return self.update_steps(plan, task)

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        fields = [name for name in plan.changed if name not in ("state", "status")]
        path = self.path(task.params)
        steps = [Request("PUT", path, {}, plan.then, fields)] if fields else []
        if "status" in plan.changed:
            body = {"action": "evacuate" if task.state == "evacuated" else "restore"}
            if task.params["mode"]:
                body["mode"] = task.params["mode"]
            steps.append(Request("POST", f"{path}/state", {}, body, list(body)))
        return steps

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        return [Request("DELETE", self.path(task.params), {"force": "1"} if task.params["force"] else {})]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        for group in task.given.get("groups") or ():
            yield Reference("cluster group", join("1.0", "cluster", "groups"), group, {})

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        if "status" in plan.changed:
            session.require("clustering_evacuation", "evacuation")
        if task.params["mode"]:
            session.require("clustering_evacuation_mode", "'mode'")
        if task.state == "invited":
            session.require("clustering_join_token", "join tokens")
        super().check(session, plan, task)

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        explained = super().explain(session, error, plan, task)
        if isinstance(explained, OperationFailed) and task.state == "evacuated":
            has_mode = session.has("clustering_evacuation_mode")
            stop = "use 'mode: stop'" if has_mode else "set the instance's 'cluster.evacuate' to 'stop'"
            explained.next_step = (
                f"the member stays in service, and what had moved by then is elsewhere; mend that, or {stop}"
            )
        return explained

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        if task.state == "invited":
            outcome.plan.facts["token"] = encode(self.invitation["metadata"]) if self.invitation else None


class Group(OfCluster):
    """A group of members."""

    def __init__(self) -> None:
        super().__init__(
            "cluster_group",
            "cluster/groups",
            fields=(Text("description"), Names("members")),
            extension="clustering_groups",
        )

    def spec(self) -> Spec:
        return {**super().spec(), "rename_from": {"type": "str"}}

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = super().read(session, task)
        former = task.params["rename_from"]
        if have is None and former and task.state == "present" and session.clustered:
            have = session.find(self.collection_path(task.params) + join(former))
        return have

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = super()._present(label, have, task)
        if have is not None and have["name"] != task.params["name"]:
            plan.changed.insert(0, "name")
            plan.before["name"], plan.after["name"] = have["name"], task.params["name"]
            plan.then["name"] = task.params["name"]
        return plan

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        steps = []
        if "name" in plan.changed:
            former = self.path({**task.params, "name": plan.have["name"]})
            steps.append(Request("POST", former, {}, {"name": task.params["name"]}, ["name"]))
        fields = [name for name in plan.changed if name != "name"]
        body = {field.name: plan.then.get(field.name) for field in self.fields}
        return [*steps, Request("PUT", self.path(task.params), {}, body, fields)] if fields else steps

    def delete_steps(self, plan: Plan, task: Task) -> list[Request]:
        """A group has to be empty before it can go."""
        if task.params["name"] == "default":
            raise InvalidOption("every cluster has this group", obj=plan.label, next_step="leave it there")
        path = self.path(task.params)
        body = {"description": plan.have.get("description", ""), "members": []}
        emptied = [Request("PUT", path, {}, body, ["members"])] if plan.have.get("members") else []
        return [*emptied, Request("DELETE", path)]

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        for member in task.given.get("members") or ():
            yield Reference("cluster member", MEMBERS, member, {})
