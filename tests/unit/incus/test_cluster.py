# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters without one: incus_cluster, incus_cluster_member, incus_cluster_group, and the tokens for joining."""

from __future__ import annotations

import base64
import json
import re

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors, tls
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import converge
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import cluster
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, NoDaemon

from .helpers import sends, task

TOLD = {
    "serverName": "n2",
    "secret": "s3cr3t",
    "fingerprint": "ab" * 32,
    "addresses": ["192.0.2.11:8443"],
    "expiresAt": "2999-11-22T00:58:09.19062326Z",
}
TOKEN = cluster.encode(TOLD)
MEMBER = {
    "server_name": "n2",
    "status": "Online",
    "description": "",
    "config": {"user.x": "1"},
    "failure_domain": "default",
    "groups": ["default"],
    "roles": ["database-standby", "event-hub"],
}


def token_operation(**more):
    return {"id": "o1", "class": "token", "status_code": 103, "metadata": TOLD, **more}


class Daemon(Client):
    """Answers by path."""

    def __init__(self, *extensions, clustered=True, brand="incus", **answers):
        super().__init__(UnixEndpoint("/s"))
        environment = {"server": brand, "server_version": "5.0.2", "server_clustered": clustered}
        self._server = {"environment": environment, "api_extensions": extensions, "config": {}}
        self.answers = {"/1.0": self._server, **answers}

    def get(self, path, query=None):
        if path not in self.answers:
            raise errors.NotFound("not found")
        return self.answers[path]


# Tokens


def test_a_token_is_what_the_command_line_takes():
    assert json.loads(base64.b64decode(TOKEN)) == {
        "server_name": "n2",
        "fingerprint": "ab" * 32,
        "addresses": ["192.0.2.11:8443"],
        "secret": "s3cr3t",
        "expires_at": "2999-11-22T00:58:09.19062326Z",
    }
    assert cluster.decode(TOKEN)["secret"] == "s3cr3t"


@pytest.mark.parametrize("wrong", ["", "x", "bnVsbA==", "e30=", base64.b64encode(b'{"secret": 1}').decode()])
def test_what_is_no_token_is_said_to_be_none(wrong):
    with pytest.raises(errors.InvalidOption, match="'token' is not a join token"):
        cluster.decode(wrong)


def test_a_daemon_joins_by_the_first_address_that_answers(monkeypatch):
    def certificate_of(host, port, fingerprint, timeout):
        assert fingerprint == TOLD["fingerprint"]
        if host != answering:
            raise errors.Unreachable("cannot connect: no route")
        return "PEM"

    class Joining(Daemon):
        def perform(self, step):
            return step.body

    answering = "2001:db8::1"
    monkeypatch.setattr(tls, "certificate_of", certificate_of)
    join = cluster.Join(Request("PUT", "/1.0/cluster", body={"server_name": "n2"}), TOLD)
    told = {**TOLD, "addresses": ["192.0.2.1:8443", "[2001:db8::1]:8443"]}
    assert join._replace(token=told).perform(Joining()) == {
        "server_name": "n2",
        "cluster_address": "[2001:db8::1]:8443",
        "cluster_certificate": "PEM",
    }
    answering = ""
    with pytest.raises(
        errors.Unreachable, match=r"no member .* reached: at 192.0.2.1:8443: .*; at \[2001:db8::1\]:8443"
    ):
        join._replace(token=told).perform(Joining())
    with pytest.raises(errors.InvalidOption, match="'token' is 'https://here:there'"):
        join._replace(token={**TOLD, "addresses": ["here:there"]}).perform(Joining())


def test_the_token_that_is_out_is_found():
    operations = {"running": [{"class": "task", "metadata": None}, token_operation()]}
    assert cluster.pending(operations, "n2")["id"] == "o1"
    assert cluster.pending(operations, "n3") is None
    assert cluster.pending({"cancelled": [token_operation(status_code=401)]}, "n2") is None
    assert cluster.pending(None, "n2") is None
    over = {**TOLD, "expiresAt": "2026-11-21T23:30:00+23:00"}
    assert cluster.pending({"running": [token_operation(metadata=over)]}, "n2") is None


# One daemon


def have(**more):
    return {"server_name": "n1", "enabled": True, "address": "192.0.2.11:8443", "members": [1, 2], **more}


def test_a_daemon_founds_a_cluster_and_listens_first():
    founder = cluster.Cluster()
    plan = founder.plan(None, task(founder, {"name": "n1", "address": "192.0.2.11"}))
    listening = {"cluster.https_address": "192.0.2.11:8443", "core.https_address": "192.0.2.11:8443"}
    assert sends(plan) == [
        ("PATCH", "/1.0", {"config": listening}),
        ("PUT", "/1.0/cluster", {"server_name": "n1", "enabled": True}),
    ]


def test_where_it_listens_for_clients_stays():
    founder = cluster.Cluster()
    founder.config = {"core.https_address": ":8443", "cluster.https_address": "192.0.2.11:8443"}
    assert len(founder.plan(None, task(founder, {"name": "n1", "address": "192.0.2.11"})).steps) == 1


@pytest.mark.parametrize(("brand", "field"), [("incus", "cluster_token"), ("lxd", "cluster_password")])
def test_both_brands_have_their_own_name_for_the_token(brand, field):
    joining = cluster.Cluster()
    joining.brand = brand
    values = [{"entity": "storage-pool", "name": "p", "key": "source", "value": "/dev/sdb"}]
    given = {"name": "n2", "address": "[2001:db8::2]:9443", "token": TOKEN, "member_config": values}
    (step,) = joining.plan(None, task(joining, given)).steps
    body = {"server_name": "n2", "enabled": True, "server_address": "[2001:db8::2]:9443", field: TOKEN}
    assert step.request.body == {**body, "member_config": values}
    assert step.describe() == {"method": "PUT", "path": "/1.0/cluster", "keys": [*body, "member_config"]}


def test_a_token_for_somebody_else_is_refused():
    joining = cluster.Cluster()
    with pytest.raises(errors.InvalidOption, match="'token' is for a member 'n2'"):
        joining.plan(None, task(joining, {"name": "n3", "address": "x", "token": TOKEN}))


@pytest.mark.parametrize(
    ("given", "says"),
    [({"name": "n9"}, "in a cluster already, as 'n1'"), ({"name": "n1", "address": "x"}, "cannot be changed")],
)
def test_a_member_stays_what_it_is(given, says):
    with pytest.raises(errors.Immutable, match=says):
        cluster.Cluster().plan(have(), task(cluster.Cluster(), given))


def test_a_member_needs_no_token_and_one_that_leaves_says_so_itself():
    here = cluster.Cluster()
    assert here.plan(have(), task(here, {"name": "n1", "address": "192.0.2.11", "token": TOKEN})).steps == []
    (step,) = here.plan(have(), task(here, {"name": "n1", "state": "absent"})).steps
    assert step.describe() == {"method": "DELETE", "path": "/1.0/cluster/members/n1", "keys": []}
    steps = here.plan(have(), task(here, {"name": "n1", "state": "absent", "force": True})).steps
    assert [step.describe() for step in steps] == [
        {"method": "DELETE", "path": "/1.0/cluster/members/n1?force=1", "keys": []},
        {"method": "PUT", "path": "/1.0/cluster", "keys": ["enabled"]},
    ]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            {"/1.0/instances": ["/1.0/instances/i"], "/1.0/storage-pools": ["/1.0/storage-pools/p"]},
            "instances i and its",
        ),
        ({"/1.0/networks": [{"name": "n", "managed": True}, {"name": "eth0", "managed": False}]}, "its networks n$"),
    ],
)
def test_a_daemon_that_has_something_does_not_join(told, says):
    joining = cluster.Cluster()
    plan = joining.plan(None, task(joining, {"name": "n2", "address": "x", "token": TOKEN}))
    empty = {"/1.0/instances": [], "/1.0/storage-pools": [], "/1.0/networks": []}
    daemon = Daemon("clustering", "clustering_join_token", clustered=False, **{**empty, **told})
    with pytest.raises(errors.InUse) as refused:
        joining.check(daemon, plan, task(joining, {"name": "n2", "address": "x", "token": TOKEN}))
    assert re.search(says, refused.value.what)


def test_the_last_member_cannot_leave():
    wanted = task(cluster.Cluster(), {"name": "n1", "state": "absent"})
    plan = cluster.Cluster().plan(have(members=[1]), wanted)
    with pytest.raises(errors.InUse, match="last member"):
        cluster.Cluster().check(Daemon("clustering"), plan, wanted)


def test_a_check_run_on_a_bare_host_founds_a_cluster():
    wanted = task(cluster.Cluster(), {"name": "n1", "address": "x"}, check_mode=True)
    assert len(converge(cluster.Cluster(), NoDaemon(), wanted).plan.steps) == 2


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("No matching cluster join operation found", "was used or revoked, or has expired, at 2999-11-22"),
        ("Failed during search for join token operation: Token has expired", "; the token has expired, at 2999-11-22"),
    ],
)
def test_a_token_that_the_cluster_does_not_take_is_explained(text, fate):
    joining = cluster.Cluster()
    wanted = task(joining, {"name": "n2", "address": "x", "token": TOKEN})
    told = joining.explain(Daemon(), errors.OperationFailed("no", text=text), joining.plan(None, wanted), wanted)
    assert fate in str(told) and str(told).endswith("issue a new one")


@pytest.mark.parametrize(
    ("extensions", "way_out"),
    [(["clustering_evacuation_mode"], "use 'mode: stop'"), ([], "set the instance's 'cluster.evacuate' to 'stop'")],
)
def test_the_way_out_of_an_evacuation_that_fails_is_one_that_the_daemon_has(extensions, way_out):
    resource = cluster.Member()
    wanted = task(resource, {"name": "n2", "state": "evacuated"})
    error = errors.OperationFailed("failed", text="no")
    told = resource.explain(Daemon(*extensions), error, resource.plan(MEMBER, wanted), wanted)
    assert str(told).endswith(f"is elsewhere; mend that, or {way_out}")


# Members


def member(given, *present, invitation=None, **rest):
    resource = cluster.Member()
    resource.invitation = invitation
    return resource.plan(present[0] if present else MEMBER, task(resource, {"name": "n2", **given}, **rest))


def test_the_roles_of_the_database_are_the_daemons_own():
    plan = member({"roles": ["ovn-chassis"]})
    assert plan.before["roles"] == ["event-hub"] and plan.after["roles"] == ["ovn-chassis"]
    assert plan.steps[0].body["roles"] == ["database-standby", "ovn-chassis"]
    assert member({"roles": ["event-hub"], "groups": ["default"], "failure_domain": None}).steps == []


def test_a_member_goes_out_of_service_and_back():
    evacuate = ("POST", "/1.0/cluster/members/n2/state", {"action": "evacuate", "mode": "migrate"})
    assert sends(member({"state": "evacuated", "mode": "migrate"})) == [evacuate]
    away = {**MEMBER, "status": "Evacuated"}
    assert member({"state": "evacuated"}, away).steps == []
    back = member({"state": "restored", "config": {"user.x": 2}}, away)
    assert [step.method for step in back.steps] == ["PUT", "POST"] and back.changed == ["config.user.x", "status"]
    assert (
        member({"state": "restored"}).steps == []
        and member({"state": "restored"}, {**MEMBER, "status": "Offline"}).steps == []
    )


def test_a_token_is_issued_once_and_revoked_once():
    (invite,) = member({"state": "invited"}, None).steps
    assert invite.describe() == {"method": "POST", "path": "/1.0/cluster/members", "keys": ["server_name"]}
    assert member({"state": "invited"}, None, invitation=token_operation()).steps == []
    assert sends(member({"state": "absent"}, None, invitation=token_operation())) == [
        ("DELETE", "/1.0/operations/o1", None)
    ]
    assert member({"state": "absent"}, None).steps == [] and member({"state": "invited"}).steps == []


def test_who_is_no_member_has_no_attributes():
    with pytest.raises(errors.InvalidOption, match="no such member"):
        member({"description": "x"}, None)
    assert len(member({"description": "x"}, None, check_mode=True).steps) == 1
    with pytest.raises(errors.InvalidOption, match="'mode' cannot be had"):
        member({"mode": "stop"})


@pytest.mark.parametrize(
    ("given", "extension"),
    [
        ({"state": "evacuated"}, "clustering_evacuation"),
        ({"state": "evacuated", "mode": "stop"}, "clustering_evacuation_mode"),
    ],
)
def test_what_a_daemon_cannot_do_with_a_member_is_said(given, extension):
    offered = {"clustering_evacuation", "clustering_evacuation_mode"} - {extension}
    wanted = task(cluster.Member(), {"name": "n2", **given})
    with pytest.raises(errors.Unsupported, match=f"lacks the API extension '{extension}'"):
        cluster.Member().check(Daemon(*offered), cluster.Member().plan(MEMBER, wanted), wanted)


@pytest.mark.parametrize("resource", [cluster.Member(), cluster.Group()])
def test_a_daemon_alone_has_neither_members_nor_groups(resource):
    wanted = {"name": "x", "state": "present"}
    with pytest.raises(errors.InvalidOption, match="not part of a cluster"):
        resource.read(Daemon(clustered=False), task(resource, wanted))
    warned = []
    check = task(resource, wanted, check_mode=True, warn=warned.append)
    assert resource.read(Daemon(clustered=False), check) is None and "not part of a cluster" in warned[0]


# Groups

GROUP = {"name": "g", "description": "", "members": ["n2", "n1"]}


def group(given, *present):
    return cluster.Group().plan(present[0] if present else GROUP, task(cluster.Group(), {"name": "g", **given}))


def test_the_order_of_members_does_not_count():
    assert group({"members": ["n1", "n2"]}).steps == []
    assert group({"members": ["n1"]}).steps[0].body == {"description": "", "members": ["n1"]}


def test_a_group_is_renamed_before_it_is_changed():
    assert sends(group({"name": "h", "description": "d"})) == [
        ("POST", "/1.0/cluster/groups/g", {"name": "h"}),
        ("PUT", "/1.0/cluster/groups/h", {"description": "d", "members": ["n2", "n1"]}),
    ]


def test_a_group_is_emptied_before_it_goes():
    assert [step.method for step in group({"state": "absent"}).steps] == ["PUT", "DELETE"]
    assert [step.method for step in group({"state": "absent"}, {"name": "g", "members": []}).steps] == ["DELETE"]
    with pytest.raises(errors.InvalidOption, match="every cluster has this group"):
        group({"name": "default", "state": "absent"})


def test_a_leaving_daemon_is_awaited_until_it_is_one_of_its_own():
    class Restarting(Daemon):
        seen = [errors.Starting("starting"), {"enabled": True}, {"enabled": False}]

        def perform(self, step):
            assert step.method == "DELETE"

        def get(self, path, query=None):
            answer = self.seen.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    daemon = Restarting()
    cluster.Leave(Request("DELETE", "/1.0/cluster/members/n1")).perform(daemon)
    assert daemon.seen == []
