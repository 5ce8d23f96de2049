# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_fleet: what is declared, what is there, what to do; planned without a daemon."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Busy, Conflict, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import fleet
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance

from .helpers import task

MARK = "lab/edge"
DEFAULTS = {"image": "busybox", "profiles": ["base"], "config": {"user.a": "1", "user.b": "2"}}


def there(name, mark=MARK, code=103, **config):
    marked = {fleet.MARK: mark} if mark else {}
    return {
        "name": name,
        "status": "Running",
        "status_code": code,
        "profiles": ["base"],
        "config": {**marked, "user.a": "1", "user.b": "2", **config},
        "devices": {},
    }


def plan(have, entries, adopt=False, state="present"):
    declared = fleet.definitions(DEFAULTS, entries)
    base = task(Instance(), {"name": ""})
    present = {entry["name"]: entry for entry in have}
    return fleet.plan(Instance(), present, declared, base, mark=MARK, adopt=adopt, state=state)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("edge", ["edge"]),
        ("e-[8:11]", ["e-8", "e-9", "e-10", "e-11"]),
        ("e-[008:010]-x", ["e-008-x", "e-009-x", "e-010-x"]),
        ("r[1:2]-s[1:2]", ["r1-s1", "r1-s2", "r2-s1", "r2-s2"]),
        ("e-[3:3]", ["e-3"]),
    ],
)
def test_patterns(pattern, names):
    assert fleet.expand(pattern) == names


def test_a_range_that_runs_backwards_is_turned_round_in_the_hint():
    with pytest.raises(InvalidOption, match=r"the range in 'e-\[3:1\]' runs backwards; write \[1:3\]"):
        fleet.expand("e-[3:1]")


def test_own_options_win_and_dictionaries_are_put_together():
    own = {"name": "x", "profiles": [], "config": {"user.b": None, "user.c": "3"}}
    assert fleet.combine(DEFAULTS, own) == {
        "name": "x",
        "image": "busybox",
        "profiles": [],
        "config": {"user.a": "1", "user.b": None, "user.c": "3"},
    }
    assert fleet.combine(DEFAULTS, {"config": None})["config"] is None
    assert DEFAULTS["config"] == {"user.a": "1", "user.b": "2"}


@pytest.mark.parametrize(
    ("entries", "said"),
    [([{"name": "a-[1:2]"}, {"name": "a-2"}], "'a-2' is declared twice"), ([{"name": ""}], "empty 'name'")],
)
def test_definitions_that_cannot_be(entries, said):
    with pytest.raises(InvalidOption, match=said):
        fleet.definitions({}, entries)


def test_only_what_differs_has_something_to_do():
    members = plan([there("e-1"), there("e-2", **{"user.a": "old"})], [{"name": "e-[1:3]"}])
    assert [member.changes for member in members] == [False, True, True]
    assert members[1].plan.changed == ["config.user.a"]
    assert members[2].plan.steps[0].body["config"][fleet.MARK] == MARK


def test_a_broken_definition_stops_no_other():
    members = plan([], [{"name": "e-1"}, {"name": "e-2", "config": {"user.x": []}}, {"name": "e-3"}])
    assert [bool(member.plan) for member in members] == [True, False, True]
    assert str(members[1].error).startswith("instance 'e-2' of project 'default': 'config.user.x' must be")


def test_an_instance_that_is_just_starting_is_an_error_of_its_own():
    starting = {**there("e-1", code=106), "status": "Starting"}
    busy, fine = plan([starting, there("e-2")], [{"name": "e-[1:2]"}])
    assert isinstance(busy.error, Busy) and "it is Starting just now" in str(busy.error)
    assert fine.error is None


def test_an_instance_of_which_a_cluster_knows_only_the_place_is_an_error_of_its_own():
    lost = {"name": "e-1", "status": "Error", "status_code": 112, "config": None, "location": "n3"}
    (member,) = plan([lost], [{"name": "e-1"}])
    assert "cluster member 'n3', which it is on, does not answer" in str(member.error)


def test_what_somebody_else_made_is_not_ours():
    with_no_mark, of_another = plan([there("e-1", None), there("e-2", "lab/other")], [{"name": "e-[1:2]"}])
    assert isinstance(with_no_mark.error, Conflict) and "adopt: true" in str(with_no_mark.error)
    assert isinstance(of_another.error, Conflict) and "belongs to the fleet 'lab/other'" in str(of_another.error)


def test_adopting_marks_what_has_no_mark_and_takes_nothing_from_others():
    with_no_mark, of_another = plan([there("e-1", None), there("e-2", "x")], [{"name": "e-[1:2]"}], adopt=True)
    assert with_no_mark.plan.changed == [f"config.{fleet.MARK}"]
    assert of_another.error is not None


def test_taking_the_fleet_away_spares_what_is_not_ours():
    mine, foreign = plan([there("e-1"), there("e-2", None)], [{"name": "e-[1:2]"}], state="absent")
    assert [step.method for step in mine.plan.steps] == ["PUT", "DELETE"]
    assert foreign.error is not None and foreign.plan is None


def test_orphans_carry_exactly_the_mark():
    have = {entry["name"]: entry for entry in (there("a"), there("b"), there("c", None), there("d", "lab/edge2"))}
    assert fleet.orphans(have, fleet.definitions({}, [{"name": "a"}]), MARK) == ["b"]


@pytest.mark.parametrize(
    ("maximum", "count", "limit"),
    [("0", 50, 0), ("5", 50, 5), ("10%", 50, 5), ("10%", 5, 1), ("0%", 50, 0), (" 3 ", 1, 3)],
)
def test_limits_are_numbers_or_shares(maximum, count, limit):
    assert fleet.allowed(maximum, count, "purge_max") == limit


def test_a_limit_that_is_neither_is_refused():
    with pytest.raises(InvalidOption, match="'max_failed' is 'many'"):
        fleet.allowed("many", 1, "max_failed")


def test_the_brakes_of_purging():
    params = {"purge_max": "10%", "purge_force": False}
    fleet.check_purge([], 0, 0, params)
    fleet.check_purge(["a"], 9, 10, params)
    fleet.check_purge(["a", "b"], 8, 10, {**params, "purge_force": True})
    with pytest.raises(InvalidOption, match="would delete 2 instances, more than the 1 .*: a, b"):
        fleet.check_purge(["a", "b"], 8, 10, params)
    with pytest.raises(InvalidOption, match="with an empty list"):
        fleet.check_purge(["a"], 0, 1, {**params, "purge_force": True})


def test_waves():
    members = list(range(5))
    assert list(fleet.waves(members, 2)) == [[0, 1], [2, 3], [4]]
    assert list(fleet.waves(members, 0)) == [members]
    assert list(fleet.waves([], 0)) == []


def test_what_the_defaults_wait_for_is_for_those_that_run():
    entries = [{"name": "a"}, {"name": "b", "state": "stopped"}, {"name": "c", "state": "frozen", "wait_for": ["ipv4"]}]
    found = fleet.definitions({**DEFAULTS, "wait_for": ["ipv4"]}, entries)
    assert [one.given.get("wait_for") for one in found] == [["ipv4"], None, ["ipv4"]]


def test_an_image_of_a_server_is_got_by_one_before_all_others():
    remote = {"image": "images:debian/12"}
    members = plan(
        [there("e-0")],
        [{"name": "e-0"}, {"name": "e-1", **remote}, {"name": "e-2", **remote}, {"name": "e-3"},
         {"name": "e-4", "image": "debian/12", "image_server": {"url": "https://images.example"}}],
    )  # fmt: skip
    groups = fleet.images_first([member for member in members if member.changes])
    assert [[member.name for member in group] for group in groups] == [["e-1", "e-4"], ["e-2", "e-3"]]
    assert fleet.images_first([]) == []
