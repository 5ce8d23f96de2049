# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies, moves and rebuilds of instances, planned without a daemon."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Immutable,
    InvalidOption,
    MissingReference,
    OperationFailed,
    Refused,
    Unreachable,
    Unsupported,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import migration, sources
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.answers import Envelope
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fleet import Definition
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fleet import plan as plan_fleet
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance, Rewrite
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.placement import check_possible

from .helpers import sends, task

OLD, NEW = "a" * 64, "b" * 64
DAEMON = {"url": "https://there:8443", "server_fingerprint": "0" * 64}
DISK = {"type": "disk", "path": "/", "pool": "slow"}
ORIGINAL = {
    "name": "o",
    "type": "container",
    "architecture": "x86_64",
    "status_code": 103,
    "description": "An original",
    "profiles": ["edge"],
    "config": {"user.a": "1", "volatile.base_image": OLD, "volatile.last_state.power": "STOPPED"},
    "devices": {"root": DISK},
    "ephemeral": False,
}


class Session(NoDaemon):
    """A daemon with some objects by path, and all API extensions but those that it lacks."""

    def __init__(self, objects=None, lacks=(), names=()):
        super().__init__()
        self.objects = objects or {}
        self.lacks = lacks
        self.listed = names
        self.asked = []

    def has(self, extension):
        return extension not in self.lacks

    def get(self, path, query=None):
        self.asked.append(path)
        if path not in self.objects:
            return super().get(path, query)
        return self.objects[path]

    def names(self, collection, query=None):
        return ["default"] if collection == "/1.0/projects" else list(self.listed)


def planned(given, have=None, objects=None, **rest):
    """The plan of one instance that is called C(i)."""
    made = Instance()
    made.starts_on_creation = True
    wanted = task(made, {"name": "i", **given}, **rest)
    made.look_up(Session(objects), have, wanted)
    return made.plan(have, wanted)


def there(**rest):
    """An instance of this daemon as it is."""
    return {
        **ORIGINAL,
        "name": "i",
        "project": "default",
        "location": "node1",
        "expanded_devices": {"root": DISK},
        "status_code": 102,
        **rest,
    }


AT_O = {"/1.0/instances/o": ORIGINAL, "/1.0/instances/o/snapshots/s": {**ORIGINAL, "name": "s", "config": {}}}


# -- copies


def test_a_copy_has_what_its_original_has_and_what_the_task_gives():
    (step,) = planned({"copy_from": {"name": "o"}, "config": {"user.b": 2}}, objects=AT_O).steps
    assert step.body == {
        "name": "i",
        "type": "container",
        "architecture": "x86_64",
        "description": "An original",
        "profiles": ["edge"],
        "config": {"user.a": "1", "user.b": "2", "volatile.base_image": OLD},
        "devices": {"root": DISK},
        "ephemeral": False,
        "start": True,
        "source": {"type": "copy", "source": "o", "project": "default"},
    }


def test_what_is_taken_away_is_written_before_the_start():
    plan = planned({"copy_from": {"name": "o", "snapshot": "s"}, "config": {"user.a": None}}, objects=AT_O)
    assert len(plan.steps) == 1, "the snapshot has no such key"
    plan = planned({"copy_from": {"name": "o", "instance_only": True}, "config": {"user.a": None}}, objects=AT_O)
    create, write, start = plan.steps
    assert isinstance(write, Rewrite) and "user.a" not in write.request.body["config"]
    assert "start" not in create.body and start.body == {"action": "start"}
    assert create.body["source"]["instance_only"] is True and "source" not in write.request.body
    assert plan.after["source"] == "instance 'o' of project 'default'"


def test_an_existing_instance_is_no_copy_any_more():
    session = Session()
    made = Instance()
    wanted = task(made, {"name": "i", "copy_from": {"name": "o"}, "state": "present"})
    made.look_up(session, there(), wanted)
    assert made.plan(there(), wanted).steps == [] and session.asked == []


def test_an_original_that_is_not_there_is_only_warned_about_in_check_mode():
    given, said = {"copy_from": {"name": "o", "snapshot": "t"}}, []
    with pytest.raises(MissingReference, match="instance 'i' of project 'default': snapshot 't' does not exist"):
        planned(given, objects=AT_O)
    plan = planned(given, objects=AT_O, check_mode=True, warn=said.append)
    assert len(plan.steps) == 1 and "what it is made from is not known" in said[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"image": "x", "copy_from": {"name": "o"}}, "'image' and 'copy_from' exclude each other"),
        ({"copy_from": {"name": "o"}, "move_from": {"name": "o"}}, "'copy_from' and 'move_from' exclude"),
        ({"rename_from": "o", "move_from": {"name": "o"}}, "'rename_from' and 'move_from' exclude"),
        ({"move_from": {"name": "i"}}, "'move_from' is its own place"),
        ({"copy_from": {"name": "o", "mode": "push"}}, "'copy_from.mode' is given without 'copy_from.daemon'"),
        ({"copy_from": {"name": "o", "daemon": {}}}, "'copy_from.daemon' names no daemon"),
        ({"copy_from": {"name": "o", "daemon": {"url": None}}}, "'copy_from.daemon' names no daemon"),
        ({"copy_from": {"name": "o"}, "type": "virtual-machine"}, "leave 'type' out"),
        ({"rebuild": "if_needed"}, "'rebuild' is given without 'image'"),
    ],
)
def test_options_that_do_not_go_together(given, says):
    with pytest.raises(InvalidOption, match=says):
        planned(given, objects=AT_O)


def test_the_copies_of_a_fleet_have_one_original_that_is_asked_for_once():
    made, session = Instance(), Session(AT_O)
    base = task(made, {})
    declared = [Definition(name, {"name": name, "copy_from": {"name": "o"}}) for name in ("a", "b")]
    declared.append(Definition("c", {"name": "c", "copy_from": {"name": "p"}}))
    members = plan_fleet(
        made, {}, declared, base, mark="m", adopt=False, state="present",
        look_up=lambda present, wanted: made.look_up(session, present, wanted),
    )  # fmt: skip
    assert [bool(member.plan) for member in members] == [True, True, False]
    assert "instance 'c' of project 'default': instance 'p' does not exist" in str(members[2].error)
    assert session.asked == ["/1.0/instances/o", "/1.0/instances/p"]


# -- other places


def paths(plan):
    return [(step.describe()["method"], step.describe()["path"].split("?")[0]) for step in plan.steps]


def test_another_pool_is_no_surprise():
    with pytest.raises(Immutable, match="in the storage pool 'slow' and not in 'fast'; use 'move: if_needed'"):
        planned({"storage_pool": "fast"}, there())
    with pytest.raises(InvalidOption, match="'i' is started, and only a stopped instance can be moved"):
        planned({"storage_pool": "fast", "move": "if_needed"}, there(status_code=103))


@pytest.mark.parametrize("own", [True, False])
def test_a_move_to_another_pool_writes_the_rest_before(own):
    have = there() if own else there(devices={})
    given = {"storage_pool": "fast", "move": "if_needed", "state": "stopped"}
    plan = planned(given, have)
    assert sends(plan) == [
        ("POST", "/1.0/instances/i?project=default", {"name": "i", "migration": True, "pool": "fast"})
    ]
    assert plan.then["devices"]["root"]["pool"] == "fast"
    assert (plan.before["storage_pool"], plan.after["storage_pool"]) == ("slow", "fast")
    write, move = planned({**given, "config": {"user.b": 2}}, have).steps
    assert write.keys == ["config.user.b"] and write.body["devices"] == have["devices"]
    assert move.body["pool"] == "fast"


def test_a_member_matters_only_where_moving_is_allowed():
    assert planned({"target": "node2", "state": "stopped"}, there()).steps == []
    (move,) = planned({"target": "node2", "move": "if_needed", "state": "stopped"}, there()).steps
    assert move.query == {"project": "default", "target": "node2"} and move.body == {"name": "i", "migration": True}
    assert planned({"target": "@edge", "move": "if_needed", "state": "stopped"}, there()).steps == []


def test_a_move_to_another_project_brings_the_profiles_of_that():
    given = {
        "project": "b",
        "move_from": {"project": "default", "name": "j"},
        "profiles": ["p"],
        "config": {"user.b": 1},
    }
    plan = planned({**given, "restart": "if_needed"}, there(name="j", status_code=103))
    assert paths(plan) == [
        ("PUT", "/1.0/instances/j/state"),
        ("PUT", "/1.0/instances/j"),
        ("POST", "/1.0/instances/j"),
        ("PUT", "/1.0/instances/i/state"),
    ]
    assert plan.steps[1].request.body["profiles"] == ["edge"]
    assert plan.steps[2].body == {"name": "i", "migration": True, "project": "b", "profiles": ["p"]}
    assert plan.steps[3].query == {"project": "b"}


def test_a_daemon_that_forgets_one_of_two_places_is_asked_twice():
    made = Instance()
    made.moves_at_once = False
    given = {"name": "i", "project": "b", "move_from": {"project": "default", "name": "j"}, "profiles": ["p"]}
    wanted = task(made, {**given, "storage_pool": "fast", "move": "if_needed", "state": "stopped"})
    assert sends(made.plan(there(name="j"), wanted))[1:] == [
        ("POST", "/1.0/instances/j?project=default", {"name": "i", "migration": True, "project": "b"}),
        ("POST", "/1.0/instances/i?project=b", {"name": "i", "migration": True, "pool": "fast"}),
    ]


def test_what_the_daemon_cannot_do_is_said_before_anything_is_sent():
    plan = planned({"storage_pool": "fast", "move": "if_needed", "state": "stopped"}, there())
    with pytest.raises(Unsupported, match="lacks the API extension 'instance_pool_move'"):
        check_possible(Session(lacks=["instance_pool_move"]), plan)
    made, session = Instance(), Session(IMAGES, lacks=["instances_rebuild"])
    for image in ("x", "y"):
        wanted = task(made, {"name": "i", "image": image, "rebuild": "if_needed"})
        if image == "x":
            with pytest.raises(Unsupported, match="lacks the API extension 'instances_rebuild'"):
                made.look_up(session, there(), wanted)
        else:
            made.look_up(session, there(), wanted)


# -- another image

IMAGES = {"/1.0/images/aliases/x": {"target": NEW}, "/1.0/images/aliases/y": {"target": OLD}}


def test_an_instance_is_rebuilt_from_the_fingerprint_that_was_seen():
    given = {"image": "x", "rebuild": "if_needed", "restart": "if_needed"}
    plan = planned(given, there(status_code=103), objects=IMAGES)
    assert paths(plan) == [
        ("PUT", "/1.0/instances/i/state"),
        ("POST", "/1.0/instances/i/rebuild"),
        ("PUT", "/1.0/instances/i/state"),
    ]
    assert plan.steps[1].body == {"source": {"type": "image", "fingerprint": NEW}}
    assert (plan.before["image"], plan.after["image"]) == (OLD, NEW)


@pytest.mark.parametrize("given", [{"image": "y", "rebuild": "if_needed"}, {"image": "x"}, {"image": OLD[:12]}])
def test_but_only_where_it_is_another_one_and_the_task_says_so(given):
    assert planned({**given, "state": "stopped"}, there(), objects=IMAGES).steps == []


def test_an_image_that_the_daemon_lacks_is_said_unless_the_instance_has_it():
    given = {"image": OLD[:12], "rebuild": "if_needed", "state": "stopped"}
    assert planned(given, there()).steps == []
    with pytest.raises(MissingReference, match=f"image '{NEW[:12]}' does not exist; import it first"):
        planned({**given, "image": NEW[:12]}, there())


def test_one_with_snapshots_is_not_stopped_for_what_the_daemon_refuses():
    plan = planned({"image": "x", "rebuild": "if_needed", "restart": "if_needed"}, there(), objects=IMAGES)
    with pytest.raises(Refused, match="it has 2 snapshots"):
        check_possible(Session(names=["a", "b"]), plan)


# -- from another daemon


def test_a_move_from_another_daemon_ends_with_the_deletion_there(monkeypatch):
    monkeypatch.setattr(sources, "_content", lambda session, origin: ORIGINAL)
    given = {"move_from": {"name": "o", "daemon": DAEMON}}
    with pytest.raises(InvalidOption, match="'o' is started, and only a stopped instance can be moved"):
        planned(given)
    plan = planned({**given, "restart": "if_needed"})
    assert paths(plan) == [
        ("PUT", "/1.0/instances/o/state"),
        ("POST", "/1.0/instances"),
        ("DELETE", "/1.0/instances/o"),
        ("PUT", "/1.0/instances/i/state"),
    ]
    assert [step.describe().get("daemon") for step in plan.steps] == [*["https://there:8443"] * 3, None]
    assert "start" not in plan.steps[1].request.body
    assert planned({**given, "state": "present", "restart": "if_needed"}).steps[-1].body == {"action": "start"}
    monkeypatch.setattr(
        sources, "_content", lambda *_: {**ORIGINAL, "expanded_config": {"security.protection.delete": "true"}}
    )
    with pytest.raises(Refused, match="protected from deletion"):
        planned({**given, "restart": "if_needed"})


def test_a_local_instance_of_the_old_name_is_not_the_one_of_the_other_daemon():
    params = task(Instance(), {"name": "i", "move_from": {"name": "o", "daemon": DAEMON}}).params
    assert sources.former(params) == {"name": "i", "project": "default"}


class Peer(Session):
    """A daemon that takes part in a migration."""

    def __init__(self, *addresses):
        super().__init__()
        self._server = {"environment": {"certificate": "PEM", "addresses": addresses}}
        self.sent = []

    def perform(self, step):
        self.sent.append(step)


@pytest.fixture
def both(monkeypatch):
    """Two daemons and the migration from one to the other; every operation succeeds."""
    here, other = Peer("10.0.0.1:8443"), Peer("10.0.0.2:8443", "10.0.0.3:8443")

    def start(session, request):
        session.sent.append(request)
        return Envelope({"metadata": {"control": "c", "fs": "f"}}, "/1.0/operations/1?project=x")

    monkeypatch.setattr(migration.operations, "start", start)
    monkeypatch.setattr(migration.operations, "wait", lambda *_: None)
    monkeypatch.setattr(migration.operations, "cancel", lambda session, operation: other.sent.append("cancelled"))
    origin = sources.Origin("copy_from", "o", None, "/1.0/instances/o", {"project": "p"}, ORIGINAL, other)

    def run(**wanted):
        request = sources.Request("POST", "/1.0/instances", {}, {"name": "i"})
        migration.Migrate(request, origin, wanted).perform(here)
        return here.sent, other.sent

    return run, here, other


def test_pulling_offers_it_there_and_takes_it_here(both):
    run, _here, _other = both
    (make,), (offer,) = run(instance_only=True)
    assert offer.path == "/1.0/instances/o" and offer.body["migration"] is True and offer.body["instance_only"] is True
    assert make.body["source"] == {
        "type": "migration",
        "mode": "pull",
        "base-image": OLD,
        "instance_only": True,
        "operation": "https://10.0.0.2:8443/1.0/operations/1",
        "certificate": "PEM",
        "secrets": {"control": "c", "fs": "f"},
    }


def test_pushing_asks_here_and_sends_from_there(both):
    run, _here, _other = both
    (make,), (send,) = run(mode="push")
    assert make.body["source"] == {"type": "migration", "mode": "push", "base-image": OLD}
    assert send.body["target"]["operation"] == "https://10.0.0.1:8443/1.0/operations/1"


def test_the_next_address_is_tried_where_the_daemon_cannot_reach_one(both, monkeypatch):
    run, here, other = both
    text = ["dial tcp 10.0.0.2:8443: connect: connection refused", "no space left\non device"]

    def perform(step):
        here.sent.append(step)
        raise OperationFailed("failed: " + text[0], text=text.pop(0))

    monkeypatch.setattr(here, "perform", perform)
    with pytest.raises(OperationFailed) as failed:
        run()
    assert len(here.sent) == 2 and other.sent[1::2] == ["cancelled", "cancelled"]
    said = str(failed.value)
    assert "at https://10.0.0.2:8443: failed: dial" in said and "at https://10.0.0.3:8443: failed: no space" in said
    assert "\n" not in said and "instance 'o' of project 'p'" in said and "is as it was" in said


def test_a_daemon_that_listens_nowhere_cannot_be_reached(both):
    run, _here, other = both
    other._server["environment"]["addresses"] = []
    with pytest.raises(InvalidOption, match="set its 'core.https_address'"):
        run()


def test_another_daemon_that_does_not_answer_is_a_warning_in_check_mode(monkeypatch):
    def silent(session, origin):
        raise Unreachable("cannot connect")

    monkeypatch.setattr(sources, "_content", silent)
    given, said = {"copy_from": {"name": "o", "daemon": DAEMON}}, []
    with pytest.raises(Unreachable):
        planned(given)
    assert planned(given, check_mode=True, warn=said.append).steps and "cannot connect" in said[0]


def test_another_daemon_may_be_a_remote_with_a_project_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "config.yml").write_text("remotes:\n  site:\n    addr: unix:///x/site.socket\n    project: lab\n")
    monkeypatch.setenv("INCUS_CONF", str(tmp_path))
    own = SimpleNamespace(transport=SimpleNamespace(timeout=3.0), operation_timeout=9.0)
    for given, project in ((None, "lab"), ("other", "other")):
        wanted = {"daemon": {"remote": "site"}, "project": given}
        client, found = sources._client("copy_from", wanted, own)
        assert (client.transport.endpoint.socket_path, found) == ("/x/site.socket", project)
