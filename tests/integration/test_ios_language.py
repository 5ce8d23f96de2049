# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random changes of whole configurations on simulated routers (SIMULATOR), and the offline linter as a module."""

from __future__ import annotations

import collections

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import differences, parse
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import guarded

from tests.simulators.ios import Lab
from tests.unit.ios import pairs
from tests.unit.ios.test_pairs import push

from . import ios
from .conftest import run_module

PAIRS = 2000  # that are pushed; those with overlapping addresses are refused before, and do not count
OVER_SSH = 20


def test_after_2000_pushes_the_device_has_what_was_predicted_and_nobody_was_locked_out():
    """Each push is typed line by line, compared with the prediction, planned again, taken back, and compared again."""
    seen: collections.Counter[str | None] = collections.Counter()
    seed = 0
    while seen[None] < PAIRS:
        mode, dialect = ("replaced", "merged")[seed % 2], ("classic", "xe")[seed // 2 % 2]
        seen[push(f"integration {seed}", dialect, mode)] += 1
        seed += 1
    print(f"{seen[None]} pushes as predicted and taken back, {seen['overlap']} refused before: overlapping addresses")
    assert set(seen) <= {None, "overlap"}


@pytest.mark.parametrize("dialect", ["classic", "xe"])
def test_pushes_over_ssh_end_as_predicted_with_the_way_open_after_every_line(dialect):
    pushed = 0
    for seed in range(10 * OVER_SSH):
        startup = pairs.Draw(f"ssh {seed} before", dialect).text()
        intent = pairs.Draw(f"ssh {seed} after", dialect).text()
        device = {
            "name": "r1",
            "dialect": dialect,
            "startup": startup,
            "management": (pairs.PORTS[dialect], pairs.PEER),
        }
        with Lab([device]) as lab:
            pushed += _change(lab, intent, dialect)
        if pushed == OVER_SSH:
            return
    pytest.fail(f"only {pushed} of the pairs could be pushed")


def _change(lab: Lab, intent: str, dialect: str) -> bool:
    """Replace the whole configuration; returns whether there was anything to push that the plan allows."""
    way = ios.target(lab, user="ops", password="cisco", management_address=pairs.ADDRESS)

    async def work(session):
        before = parse(await session.command("show running-config"), ios.DIALECTS[dialect])
        management = await guarded.management(session, before)
        assert management.found
        plan = diff.plan(before, parse(intent, ios.DIALECTS[dialect]), mode="replaced", management=management)
        if plan.problems:
            return plan, None
        return plan, await guarded.apply(session, plan, before, guard="inverse")

    plan, report = ios.on(way, work)
    if report is None:
        return False
    assert report.ok, report.error
    assert differences(ios.running(lab), plan.predicted) == []
    assert [event.line for event in lab["r1"].journal if not event.reachable] == []
    return True


def test_ios_lint_names_every_mistake_with_its_line_and_changes_nothing(tmp_path):
    path = tmp_path / "r1.cfg"
    path.write_text("hostname r1\nip subset-zero\nint lo0\n ip addr 10.0.0.1 255.255.255.0 secondary\n")
    result = run_module("ios_lint", {"path": str(path)})
    assert result["failed"]
    assert not result["changed"]
    found = [(one["line"], one["rule"]) for one in result["findings"]]
    assert found == [(2, "unknown"), (4, "secondary")]
    assert "did you mean 'subnet-zero'?" in result["msg"]
    fine = run_module("ios_lint", {"text": "hostname r1\n", "dialect": "xe", "fail_on": "note"})
    assert (fine["findings"], fine["dialect"]) == ([], "xe")


def test_ios_lint_prints_no_text_that_it_was_given():
    result = run_module("ios_lint", {"text": "enable secret hunter2\nusername x secrt hunter2\n", "fail_on": "never"})
    assert "hunter2" not in str(result)
    assert result["counts"]["error"] == 1
