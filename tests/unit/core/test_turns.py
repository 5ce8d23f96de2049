# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several ways to the same end."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.turns import in_turn


def fails(*kinds):
    """An attempt that fails for the first ways, and the ways that were tried."""
    tried = []

    def attempt(way):
        tried.append(way)
        if len(tried) <= len(kinds):
            raise kinds[len(tried) - 1](f"no {way}", next_step="mend it")
        return way * 2

    return attempt, tried


def test_the_first_way_that_works_is_the_last_that_is_tried():
    attempt, tried = fails(FleetError)
    assert in_turn(["a", "b", "c"], attempt) == "bb" and tried == ["a", "b"]


def test_where_none_works_the_error_tells_of_each():
    attempt, tried = fails(FleetError, InvalidOption)
    with pytest.raises(InvalidOption) as failed:
        in_turn(["a", "b"], attempt, name=str.upper)
    assert str(failed.value) == "at A: no a; at B: no b; mend it" and tried == ["a", "b"]


def test_an_only_way_fails_with_its_own_words():
    attempt, _tried = fails(FleetError)
    with pytest.raises(FleetError, match="^no a; mend it$"):
        in_turn(["a"], attempt)


def test_an_error_that_no_other_way_can_mend_ends_it():
    attempt, tried = fails(FleetError, FleetError)
    with pytest.raises(FleetError, match="^no a; mend it$"):
        in_turn(["a", "b"], attempt, goes_on=lambda error: isinstance(error, InvalidOption))
    assert tried == ["a"]
