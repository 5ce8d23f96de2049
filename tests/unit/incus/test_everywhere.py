# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storage pools and networks of a cluster: two phases, and keys that belong to one member."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Choice, KeyValues, Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.everywhere import Everywhere

from .helpers import sends, task


def pool(*members):
    """A kind of storage pool, as a cluster of these members has it."""
    made = Everywhere(
        "storage_pool",
        "storage-pools",
        specific=("source", "size"),
        fields=(
            Choice("driver", ["dir", "zfs"], immutable=True, required=True),
            Text("description"),
            KeyValues("config", fixed=("source",), origin={"source": "volatile.initial_source"}),
        ),
    )
    made.members = list(members)
    return made


def plan(given, have=None, members=("a", "b"), **rest):
    resource = pool(*members)
    return resource.plan(have, task(resource, {"name": "p", **given}, **rest))


def there(status="Created", **more):
    return {
        "name": "p",
        "driver": "dir",
        "description": "",
        "config": {},
        "status": status,
        "locations": ["a", "b"],
        **more,
    }


def test_a_daemon_alone_makes_it_at_once():
    body = {"name": "p", "driver": "dir", "config": {"source": "/x"}}
    assert sends(plan({"driver": "dir", "config": {"source": "/x"}}, members=())) == [
        ("POST", "/1.0/storage-pools", body)
    ]
    with pytest.raises(errors.InvalidOption, match="not part of a cluster"):
        plan({"driver": "dir", "members": {"a": {}}}, members=())


def test_a_cluster_has_it_defined_for_each_member_and_then_made():
    given = {"driver": "dir", "config": {"x": 1, "size": 5}, "members": {"b": {"source": "/b"}}}
    assert sends(plan(given)) == [
        ("POST", "/1.0/storage-pools?target=a", {"name": "p", "driver": "dir", "config": {"size": "5"}}),
        (
            "POST",
            "/1.0/storage-pools?target=b",
            {"name": "p", "driver": "dir", "config": {"size": "5", "source": "/b"}},
        ),
        ("POST", "/1.0/storage-pools", {"name": "p", "driver": "dir", "config": {"x": "1"}}),
    ]


def test_what_was_cut_off_is_completed():
    given = {"driver": "dir", "members": {"a": {"source": "/a"}}}
    half = there("Pending", locations=["a"], members={"a": {"source": "/a"}})
    made = plan(given, half)
    assert [step.target for step in made.steps] == ["/1.0/storage-pools?target=b", "/1.0/storage-pools"]
    assert made.before == {"state": "half created"} and made.after["state"] == "present"
    assert [step.target for step in plan(given, there("Errored", members={"a": {"source": "/a"}})).steps] == [
        "/1.0/storage-pools"
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [({"driver": "zfs"}, "'driver'"), ({"driver": "dir", "members": {"a": {"source": "/x"}}}, "'members.a.source'")],
)
def test_what_was_defined_otherwise_has_to_go_first(given, says):
    with pytest.raises(errors.Immutable, match=f"half created, with another value of {says}"):
        plan(given, there("Pending", members={"a": {"source": "/a"}}))


def test_a_key_of_a_member_is_written_to_that_member_alone():
    have = there(members={"a": {"size": "1"}, "b": {"size": "2"}})
    both = plan({"members": {"a": {"size": 3}, "b": {"size": 2}}, "description": "d"}, have)
    assert both.changed == ["description", "members.a.size"]
    assert [(step.method, step.target) for step in both.steps] == [
        ("PATCH", "/1.0/storage-pools/p?target=a"),
        ("PUT", "/1.0/storage-pools/p"),
    ]
    assert both.steps[0].body == {"description": "", "config": {"size": "3"}} and "members" not in both.steps[1].body
    assert both.before["members"] == {"a": {"size": "1"}, "b": {"size": "2"}}


def test_a_key_of_members_in_config_holds_for_all_of_them():
    have = there(members={"a": {"size": "1"}, "b": {"size": "1"}})
    assert plan({"config": {"size": 1}}, have).steps == []
    assert [step.target for step in plan({"config": {"size": 2}}, have).steps] == [
        "/1.0/storage-pools/p?target=a",
        "/1.0/storage-pools/p?target=b",
    ]


def test_what_the_daemon_made_of_a_source_is_still_what_was_asked_for():
    have = there(members={"a": {"source": "uuid", "volatile.initial_source": "/dev/x"}})
    assert plan({"members": {"a": {"source": "/dev/x"}}}, have).steps == []
    with pytest.raises(errors.Immutable, match="on member 'a': key 'source'"):
        plan({"members": {"a": {"source": "/dev/y"}}}, have)


@pytest.mark.parametrize(
    ("members", "says"),
    [({"a": {"sorce": "x"}}, "'members.a.sorce' is the same for all members"), ({"a": "x"}, "must be a dictionary")],
)
def test_what_cannot_be_a_members_own_is_refused(members, says):
    with pytest.raises(errors.InvalidOption, match=says):
        plan({"driver": "dir", "members": members})


def test_it_goes_from_all_members_at_once():
    assert sends(plan({"state": "absent"}, there())) == [("DELETE", "/1.0/storage-pools/p", None)]
