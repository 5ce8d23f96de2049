# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random configurations, pushed into the simulator: it ends where the plan says, with nobody locked out."""

from __future__ import annotations

import collections

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, guard, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, XE

from . import pairs

DIALECTS = {"classic": CLASSIC, "xe": XE}


def push(seed, dialect_name, mode):
    """One pair: a device that has the first configuration gets the second; returns what speaks against the plan.

    The push is taken back afterwards by its inverse lines.
    """
    dialect = DIALECTS[dialect_name]
    router = pairs.device(pairs.Draw(f"{seed} before", dialect_name).text(), dialect_name)
    wanted = tree.parse(pairs.Draw(f"{seed} after", dialect_name).text(), dialect)
    before = tree.parse(pairs.running(router), dialect)
    assert wanted.remarks == []
    assert router.reachable()
    way = pairs.way(dialect_name)
    plan = diff.plan(before, wanted, mode=mode, management=way)
    if plan.problems:
        return plan.problems[0].kind
    assert pairs.type_in(router, plan.lines) == []
    after = tree.parse(pairs.running(router), dialect)
    assert tree.differences(after, plan.predicted) == []
    assert diff.plan(after, wanted, mode=mode, management=way).lines == ()
    back = guard.inverse(after, before, way)
    assert bool(back) == plan.changed
    assert pairs.type_in(router, back) == []
    assert tree.differences(tree.parse(pairs.running(router), dialect), before) == []
    return None


@pytest.mark.parametrize("mode", ["merged", "replaced"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_device_ends_where_the_plan_says(dialect, mode):
    seen = collections.Counter(push(seed, dialect, mode) for seed in range(40))
    assert set(seen) <= {None, "overlap"}
    assert seen[None] >= 20
