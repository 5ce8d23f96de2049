# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes come from files and other volumes, and move (incus_storage_volume)."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Immutable,
    InvalidOption,
    MissingReference,
    Unsupported,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.volume import Volume

from .helpers import sends, task

PLACE = {"name": "v", "pool": "p"}
WHERE = "/1.0/storage-pools/p/volumes/custom"


class Daemon(NoDaemon):
    """Has volumes by their path with the project."""

    def __init__(self, **volumes):
        super().__init__()
        self.volumes = {f"{path}?{project}": volume for (path, project), volume in volumes.get("at", {}).items()}
        self.used = volumes.get("used")

    def find(self, path, query=None):
        if path.endswith("/state"):
            return self.used
        return self.volumes.get(f"{path}?{(query or {}).get('project')}")

    def names(self, collection, query=None):
        if collection.endswith("/custom"):
            return [path.partition("?")[0].rsplit("/", 1)[-1] for path in self.volumes if path.startswith(collection)]
        return {"storage-pools": ["p", "q"], "projects": ["default", "a"]}[collection.rsplit("/", 1)[-1]]


def looked(given, at=None, used=None, **rest):
    """The plan of a task, from a reading."""
    volume, session = Volume(), Daemon(at=at or {}, used=used)
    wanted = task(volume, given, **rest)
    volume.prepare(session, wanted)
    plan = volume.plan(volume.read(session, wanted), wanted)
    volume.check(session, plan, wanted)
    return plan


def at(pool="p", name="v", project="default", **rest):
    have = {"name": name, "content_type": "filesystem", "description": "", "config": {}, "project": project, **rest}
    return {(f"/1.0/storage-pools/{pool}/volumes/custom/{name}", project): have}


def test_a_size_is_a_key_like_others():
    plan = looked({**PLACE, "config": {"size": "2GiB"}}, at(config={"size": "1GiB", "user.a": "b"}))
    assert plan.changed == ["config.size"] and plan.then["config"] == {"size": "2GiB", "user.a": "b"}


def test_a_volume_moves_between_pools_and_projects_and_may_be_renamed_on_the_way():
    given = {**PLACE, "project": "a", "rename_from": "old", "move_from": {"pool": "q", "project": "default"}}
    plan = looked(given, at("q", "old"))
    body = {"name": "v", "pool": "p", "project": "a"}
    assert sends(plan) == [("POST", "/1.0/storage-pools/q/volumes/custom/old?project=default", body)]
    assert plan.before == {"name": "old", "pool": "q", "project": "default"} and plan.after == body
    assert plan.then["project"] == "a" and plan.then["name"] == "v"


def test_a_volume_that_has_moved_stays():
    assert looked({**PLACE, "move_from": {"pool": "q"}}, {**at(), **at("q")}).steps == []


def test_only_what_differs_is_moved():
    assert sends(looked({**PLACE, "move_from": {"pool": "q"}}, at("q"))) == [
        ("POST", "/1.0/storage-pools/q/volumes/custom/v?project=default", {"name": "v", "pool": "p"})
    ]
    assert sends(looked({**PLACE, "rename_from": "old"}, at(name="old"))) == [
        ("POST", f"{WHERE}/old?project=default", {"name": "v"})
    ]


def test_without_the_source_a_moved_volume_is_a_new_one():
    assert [request[0:2] for request in sends(looked({**PLACE, "move_from": {"pool": "q"}}))] == [
        ("POST", f"{WHERE}?project=default")
    ]


def test_a_place_to_move_from_that_is_misspelt_makes_no_new_volume():
    with pytest.raises(MissingReference, match="pool 'pq' does not exist"):
        looked({**PLACE, "move_from": {"pool": "pq"}})
    with pytest.raises(MissingReference, match="project 'b' does not exist"):
        looked({**PLACE, "move_from": {"project": "b"}})


def test_a_copy_inherits_what_the_task_does_not_say():
    origin = at(
        "q",
        "o",
        "a",
        content_type="block",
        description="d",
        config={"size": "1GiB", "user.a": "b", "volatile.uuid": "u"},
    )
    given = {**PLACE, "copy_from": {"name": "o", "pool": "q", "project": "a"}, "config": {"user.a": None, "user.c": 1}}
    (sent,) = sends(looked(given, origin))
    assert sent == (
        "POST",
        f"{WHERE}?project=default",
        {
            "name": "v",
            "content_type": "block",
            "description": "d",
            "config": {"size": "1GiB", "user.c": "1"},
            "source": {"type": "copy", "volume_only": False, "name": "o", "pool": "q", "project": "a"},
        },
    )


@pytest.mark.parametrize(("config", "mode"), [({"user.c": 1}, "replace"), ({}, "replace"), (None, "merge")])
def test_a_copy_with_replaced_configuration_has_that_and_its_size(config, mode):
    given = {**PLACE, "copy_from": {"name": "o"}, "config": config, "config_mode": mode}
    then = {"size": "1GiB", **({"user.c": "1"} if config else {})}
    assert sends(looked(given, at(name="o", config={"user.a": "b", "size": "1GiB"})))[0][2]["config"] == then
    assert looked(given, at(config=then)).steps == []
    without = looked(given, at(name="o", config={"user.a": "b"})).steps[0]
    assert without.body["config"] == {key: value for key, value in then.items() if key != "size"}


def test_an_existing_volume_is_not_copied_again():
    assert looked({**PLACE, "copy_from": {"name": "o"}}, {**at(), **at(name="o", description="d")}).steps == []


def test_what_cannot_be_copied_is_told_before_anything_is_sent():
    with pytest.raises(MissingReference, match="storage volume 'o' does not exist"):
        looked({**PLACE, "copy_from": {"name": "o"}})
    with pytest.raises(
        InvalidOption, match="'content_type' is 'block', and what it is to be a copy of is 'filesystem'"
    ):
        looked({**PLACE, "copy_from": {"name": "o"}, "content_type": "block"}, at(name="o"))


@pytest.mark.parametrize("other", [{"path": "/x"}, {"rename_from": "x"}, {"move_from": {"pool": "q"}}])
def test_a_volume_comes_from_one_place(other):
    with pytest.raises(InvalidOption, match=f"'copy_from' and '{next(iter(other))}' exclude each other"):
        looked({**PLACE, "copy_from": {"name": "o"}, **other})


@pytest.fixture
def disc(tmp_path):
    path = tmp_path / "disc.iso"
    path.write_bytes(b"x" * 10000)
    return {**PLACE, "content_type": "iso", "path": str(path)}


def test_an_iso_volume_is_the_file_and_then_its_description(disc):
    plan = looked({**disc, "description": "d"})
    upload, describe = plan.steps
    assert upload.upload == {"file": disc["path"]} and upload.headers == {"X-Incus-name": "v", "X-Incus-type": "iso"}
    assert upload.describe()["keys"] == ["name", "content_type"]
    assert (describe.method, describe.path, describe.body) == ("PATCH", f"{WHERE}/v", {"description": "d"})
    assert plan.then["config"] == {"size": "10000"} and len(looked(disc).steps) == 1


@pytest.mark.parametrize("size", ["10000", "16384"])
def test_an_iso_volume_of_that_size_is_the_same_one_rounded_or_not(disc, size):
    assert looked(disc, at(content_type="iso", config={"size": size})).steps == []


def test_a_volume_of_files_never_was_an_iso_volume(disc):
    with pytest.raises(Immutable, match="field 'content_type' is 'filesystem'"):
        looked(disc, at())


def test_an_iso_volume_of_another_size_is_another_one(disc):
    with pytest.raises(Immutable, match="it has 9999 bytes and '.*disc.iso' has 10000: it was made from another file"):
        looked(disc, at(content_type="iso", config={"size": "9999"}))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"path": "/nonexistent/disc"}, "there is no file '/nonexistent/disc'"),
        ({"path": None}, "a new ISO volume needs a 'path' or 'copy_from'"),
        ({"content_type": "block"}, "only a volume of the content type 'iso' is made from a file"),
        ({"config": {"user.a": "b"}}, "the daemon takes none for a volume that is made from a file"),
    ],
)
def test_what_makes_no_iso_volume(disc, wrong, says):
    with pytest.raises(InvalidOption, match=says):
        looked({**disc, **wrong})


def test_in_check_mode_an_earlier_task_may_bring_the_file(disc):
    said = []
    plan = looked({**disc, "path": "/nonexistent/disc"}, check_mode=True, warn=said.append)
    assert plan.changed[0] == "state" and "there is no file '/nonexistent/disc' yet" in said[0]
    assert plan.steps[0].upload == {"file": "/nonexistent/disc"}


def test_a_daemon_without_iso_volumes_says_so(disc):
    class Old(Daemon):
        def has(self, extension):
            return False

    volume = Volume()
    wanted = task(volume, disc)
    volume.prepare(Old(), wanted)
    with pytest.raises(Unsupported, match="cannot do ISO volumes: it lacks the API extension 'custom_volume_iso'"):
        volume.check(Old(), volume.plan(None, wanted), wanted)


USED = {"usage": {"used": 60 << 20}}


@pytest.mark.parametrize("check", [False, True])
def test_a_volume_does_not_become_smaller_than_what_is_in_it(check):
    warned = []
    given = {**PLACE, "config": {"size": "30MiB"}}
    try:
        looked(given, at(config={"size": "1GiB"}), USED, check_mode=check, warn=warned.append)
        said = warned[0]
    except InvalidOption as error:
        said = str(error)
    assert bool(warned) is check
    assert "it would have 31457280 bytes, and 62914560 are in use" in said and "larger 'size'" in said


@pytest.mark.parametrize("used", [None, {"usage": None}, {"usage": {}}, {"usage": {"used": 30 << 20}}])
def test_what_is_in_a_volume_may_fit_or_not_be_known(used):
    plan = looked({**PLACE, "config": {"size": "30MiB"}}, at(config={"size": "1GiB"}), used)
    assert plan.changed == ["config.size"]


def test_a_volume_may_lose_its_size():
    assert looked({**PLACE, "config": {"size": None}}, at(config={"size": "1GiB"}), USED).then["config"] == {}
