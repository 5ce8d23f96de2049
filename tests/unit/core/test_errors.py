# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error catalogue and its sentences."""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, Refused, near, no_such


def test_a_sentence_says_what_where_and_what_to_do():
    error = Refused("it said no", endpoint="unix:/s GET /x", next_step="ask again", code=400, text="no").about(
        "profile 'p'"
    )
    assert str(error) == "profile 'p': it said no (unix:/s GET /x); ask again"
    assert error.failure() == {
        "kind": "refused",
        "code": 400,
        "object": "profile 'p'",
        "endpoint": "unix:/s GET /x",
        "text": "no",
    }


def test_the_object_is_named_once_and_the_first_to_name_it_wins():
    error = FleetError("profile 'p' is odd", obj="profile 'p'").about("network 'n'")
    assert str(error) == "profile 'p' is odd"


def test_near_misses_are_found_and_far_ones_are_not():
    assert near("limits.cpuu", ["limits.cpu", "limits.memory"]) == "limits.cpu"
    assert near("zzz", ["limits.cpu"]) is None


def test_a_missing_name_suggests_the_near_one_or_the_remedy():
    assert str(no_such("pool", "lba", ["lab"], "create it")) == "pool 'lba' does not exist; did you mean 'lab'?"
    assert str(no_such("pool", "lba", ["x"], "create it")) == "pool 'lba' does not exist; create it"
