# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the IOS actions share, without a device: masking, options, how ios_fleet goes through its devices, ios_facts."""

from __future__ import annotations

import asyncio

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import CLASSIC
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import base, tasks
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.fleet import Fleet, Limits
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import FACTS, SPECS


def test_what_is_shown_of_options_has_no_secret():
    options = {"name": "bob", "secret": "s3cret", "secrte": "s3cret", "privilege": 15}
    assert base.hidden(options, SPECS["ios_user"]) == {
        "name": "bob",
        "secret": "********",
        "secrte": "********",
        "privilege": 15,
    }
    shown = base.hidden({"lines": ["enable secret 0 s3cret"], "block": "a\nb\n"}, SPECS["ios_config"])
    assert shown == {"lines": "<1 lines>", "block": "<2 lines>"}


def test_secrets_of_options_and_of_lines_are_known():
    assert base.secret_values({"secret": "s3cret", "name": "bob"}, SPECS["ios_user"]) == {"s3cret"}
    lines = ["hostname r1", "enable secret 0 one1", "username bob password 7 0822455D0A16"]
    assert base.secret_values({"lines": lines}, SPECS["ios_config"]) == {"one1", "0822455D0A16"}


def test_a_failure_does_not_repeat_a_secret():
    error = Refused("the device refused 'x': s3cret is bad", text="s3cret is bad")
    error.outcome = {"applied": ["hostname r1"], "changed": True}
    result = base.failed_result(error, {"s3cret"})
    assert "s3cret" not in str(result) and result["failed"] and result["changed"] is True


def test_every_fact_has_a_parser_but_the_configuration():
    assert {name for name, command in FACTS.items() if shows.parser_of(command) is None} == {"config"}


@pytest.mark.parametrize("options", [{"guard_minutes": 0}, {"guard_minutes": 121}])
def test_a_guard_has_as_many_minutes_as_ios_takes(options):
    with pytest.raises(InvalidOption, match="guard_minutes"):
        tasks.How.of({"guard": "auto", "allow_lockout": False, "save": False, **options})


@pytest.mark.parametrize(
    ("options", "section", "text"),
    [
        ({"lines": ["hostname r1"], "state": "merged"}, (), "hostname r1\n"),
        ({"lines": ["desc x"], "section": ["int f0/0"], "state": "merged"}, (), "int f0/0\n desc x\n"),
        (
            {"intended": "desc x\n", "section": ["int f0/0"], "state": "replaced"},
            ("int f0/0",),
            "int f0/0\n desc x\n",
        ),
        ({"block": "a\n b\n", "section": ["x", "y"], "state": "merged"}, (), "x\n y\n  a\n   b\n"),
    ],
)
def test_lines_stand_below_their_section(options, section, text):
    wanted = tasks.wanted_of(options)
    assert wanted.section == section and wanted.text(None) == text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cdp timer 3", "unknown at '3'"),
        ("interface", "incomplete"),
        ("hostnmae r1", "did you mean 'hostname'"),
        ("do reload", "EXEC command"),
    ],
)
def test_an_intent_with_an_error_is_refused_with_its_line(line, message):
    with pytest.raises(InvalidOption, match=message) as caught:
        tasks.understood(f"ntp master\n{line}\n", CLASSIC, [])
    assert "line 2" in str(caught.value)


def test_a_line_that_may_be_right_is_a_warning():
    warnings: list[str] = []
    tasks.understood("ip nhrp holdtime 3\n", CLASSIC, warnings)
    assert len(warnings) == 1 and "nhrp" in warnings[0]


def test_what_changes_by_itself_is_no_part_of_a_backup():
    head = "Building configuration...\n\nCurrent configuration : 99 bytes\n!\n! Last configuration change at 1\n"
    assert tasks.steady(f"{head}hostname r1\nend\n") == "!\nhostname r1\nend\n"


class Work:
    """Devices that answer, fail, or are awaited: what was under way at a time."""

    def __init__(self, failing=()):
        self.failing = failing
        self.now = self.most = 0

    async def __call__(self, name):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if name in self.failing:
            return {"host": name, "changed": False, "failed": True, "msg": "no", "failure": {"kind": "refused"}}
        return {"host": name, "changed": True, "failed": False, "diff": {"before": "a", "after": "b"}}


def run(names, work, concurrency=2, max_failed=0, diff_limit=100):
    return asyncio.run(Fleet(names, work, Limits(concurrency, max_failed, diff_limit), None).run())


def test_a_fleet_is_gone_through_so_many_at_a_time_and_told_in_order():
    work = Work()
    names = [f"r{number}" for number in range(9)]
    result = run(names, work, concurrency=3, diff_limit=2)
    assert work.most == 3
    assert [one["host"] for one in result["results"]] == names
    assert result["counts"] == {"devices": 9, "changed": 9, "failed": 0, "not_begun": 0}
    assert [one["before_header"] for one in result["diff"]] == ["r0", "r1"]


def test_a_fleet_ends_at_max_failed():
    result = run(["r0", "r1", "r2", "r3"], Work(failing=("r1",)), concurrency=1, max_failed=1)
    assert result["failed"] and result["counts"] == {"devices": 4, "changed": 1, "failed": 1, "not_begun": 2}
    assert result["failure"] == {"kind": "refused"}


def test_an_empty_fleet_changes_nothing():
    result = run([], Work())
    assert result["changed"] is False and result["counts"]["devices"] == 0
