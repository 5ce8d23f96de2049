# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the new instances of a fleet go in a cluster."""

from __future__ import annotations

import re

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.spread import candidates, place


def member(name, status="Online", groups=("default",), scheduler=None):
    config = {"scheduler.instance": scheduler} if scheduler else {}
    return {"server_name": name, "status": status, "groups": list(groups), "config": config}


MEMBERS = [
    member("c", groups=["default", "edge"]),
    member("a"),
    member("b", status="Evacuated"),
    member("d", scheduler="manual", groups=["edge"]),
    member("e", scheduler="group", groups=["edge"]),
]


@pytest.mark.parametrize(
    ("over", "found"),
    [
        ([], ["a", "c"]),
        (["d", "a"], ["a", "d"]),
        (["@edge"], ["c", "e"]),
        (["@edge", "a", "b"], ["a", "c", "e"]),
    ],
)
def test_who_is_in_service_and_wanted_gets_instances(over, found):
    assert candidates(MEMBERS, over) == found


@pytest.mark.parametrize(
    ("over", "says"),
    [
        (["aa"], "cluster member 'aa' does not exist.*did you mean 'a'"),
        (["@edeg"], "cluster group 'edeg' does not exist.*did you mean 'edge'"),
        (["b"], "no member of b takes instances now"),
    ],
)
def test_nobody_to_take_them_is_an_error(over, says):
    with pytest.raises(errors.FleetError) as refused:
        candidates(MEMBERS, over)
    assert re.search(says, str(refused.value))


def test_one_after_the_other_by_the_order_of_declaration():
    names = [f"i{number}" for number in range(7)]
    whole = place(names, names, [], ["a", "b", "c"], "round_robin")
    assert list(whole.values()) == ["a", "b", "c", "a", "b", "c", "a"]
    # Whoever is already there does not shift the others.
    rest = {"i1", "i5"}
    assert place(names, rest, ["c"], ["a", "b", "c"], "round_robin") == {name: whole[name] for name in rest}


def test_each_goes_where_fewest_are():
    located = ["a", "a", "a", "b", "elsewhere"]
    assert place(["i", "j", "k", "l"], {"i", "j", "k", "l"}, located, ["a", "b", "c"], "least_loaded") == {
        "i": "c",
        "j": "b",
        "k": "c",
        "l": "b",
    }


def test_nothing_is_placed_twice():
    assert place(["i"], set(), ["a"], ["a", "b"], "least_loaded") == {}
