# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_image: images that are made of an instance or a snapshot."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Conflict, Refused, Stale
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image import Image
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.publish import ORIGIN, Publish, made_of

from .helpers import task

OLD, NEW = "a" * 64, "b" * 64
GIVEN = {"alias": "x", "instance": "c1", "snapshot": "s", "project": "p"}
BORN = "2026-11-21T21:56:14Z"


class Daemon(Client):
    """Has what it is given, by path, and makes the new image."""

    def __init__(self, **objects):
        super().__init__(UnixEndpoint("/s"))
        self.objects = {f"/1.0/{path}": value for path, value in objects.items()}
        self.error = None

    def find(self, path, query=None):
        return self.objects.get(path)

    def names(self, collection, query=None):
        return [path.rpartition("/")[2] for path in self.objects] + ["p"]

    def perform(self, step):
        if self.error:
            raise self.error
        return {"fingerprint": NEW}


def image(origin, fingerprint=OLD):
    return {
        "fingerprint": fingerprint,
        "aliases": [{"name": "x"}],
        "properties": {ORIGIN: origin, "os": "y"},
        "public": False,
    }


def looked(daemon, **given):
    made = Image()
    wanted = task(made, {**GIVEN, **given})
    made.published = {"type": "snapshot", "name": "c1/s"}
    return made, made.plan(made.read(daemon, wanted), wanted)


def daemon(origin=None, born=BORN):
    there = {"instances/c1/snapshots/s": {"created_at": born}} if born else {}
    if origin:
        there.update({"images/aliases/x": {"target": OLD}, f"images/{OLD}": image(origin)})
    return Daemon(**there)


def test_a_new_one_is_made_and_named_with_where_it_came_from():
    made, plan = looked(daemon(), properties={"os": "z"}, compression_algorithm="none")
    (publish,) = plan.steps
    assert publish.request.body == {
        "source": {"type": "snapshot", "name": "c1/s"},
        "properties": {"os": "z", ORIGIN: f"c1/s of {BORN}"},
        "compression_algorithm": "none",
        "aliases": [{"name": "x"}],
    }
    publish.perform(daemon())
    assert made.fingerprint == NEW and plan.after["made_of"] == f"c1/s of {BORN}"


def test_the_alias_moves_to_what_was_made():
    _made, plan = looked(daemon("c1/t of 1"))
    publish, name = plan.steps
    assert "aliases" not in publish.request.body and name.target() is None
    publish.perform(daemon())
    assert (name.request.method, name.request.path, name.target()) == ("PUT", "/1.0/images/aliases/x", NEW)


@pytest.mark.parametrize(
    ("born", "given", "again"),
    [
        (BORN, {}, False),
        ("2027-01-01T00:00:00Z", {}, True),  # another one of the same name
        (None, {}, False),  # the snapshot is gone, the image stays
        (BORN, {"refresh": True}, True),
    ],
)
def test_it_is_made_again_when_its_source_is_another(born, given, again):
    plan = looked(daemon(f"c1/s of {BORN}", born), **given)[1]
    methods = [step.describe()["method"] for step in plan.steps]
    assert methods == (["POST", "PUT"] if again else [])


def test_no_image_is_made_of_an_instance_that_runs():
    there = Daemon(**{"instances/c1": {"created_at": BORN, "status_code": 103}})
    given = {"alias": "x", "instance": "c1", "project": "p"}
    made = Image()
    wanted = task(made, given)
    made.prepare(there, wanted)
    plan = made.plan(made.read(there, wanted), wanted)
    with pytest.raises(Refused, match="'c1' is started, and no image is made of one that runs; make it of a snapshot"):
        made.check(there, plan, wanted)
    there.objects["/1.0/instances/c1"]["status_code"] = 102
    made.check(there, plan, wanted)


def test_what_it_replaces_is_pruned():
    plan = looked(daemon("c1/t of 1"), prune=True)[1]
    assert [step.describe()["path"] for step in plan.steps][2:] == [f"/1.0/images/{OLD}?project=p"]


def test_the_mark_outlives_a_replacement_of_all_properties():
    plan = looked(daemon(f"c1/s of {BORN}"), properties={"a": "b"}, properties_mode="replace")[1]
    assert plan.steps[0].body["properties"] == {"a": "b", ORIGIN: f"c1/s of {BORN}"}


@pytest.mark.parametrize(
    ("told", "wanted", "same"),
    [("c1 of 1", "c1 of 1", True), ("c1 of 1", "c1", True), ("c1/s of 1", "c1", False), ("", "c1", False)],
)
def test_where_an_image_came_from(told, wanted, same):
    assert made_of({"properties": {ORIGIN: told}}, wanted) is same


def test_an_image_that_the_daemon_has_already_is_taken():
    got = []
    there = daemon()
    there.error = Conflict("no", text=f"The image already exists: {NEW}")
    Publish(Request("POST", "/1.0/images", body={}), OLD, got.append).perform(there)
    assert got == [NEW]
    with pytest.raises(Stale):
        Publish(Request("POST", "/1.0/images", body={}), NEW, got.append).perform(there)
    there.error = Conflict("no", text="Alias already exists: x")
    with pytest.raises(Conflict):
        Publish(Request("POST", "/1.0/images", body={}), OLD, got.append).perform(there)
