# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules, expiries and moments. What is right and wrong here was tried on Incus 6.0.4."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import schedule


@pytest.mark.parametrize(
    "text",
    [
        "@daily",
        "@daily, @weekly",
        "@daily, 0 6 * * *",
        "0 6 * * *",
        "0 6 ? * *",
        "*/5 1-4 * jan mon",
        "0 0 1 JAN SUN",
        "0 0 * * MON-FRI",
        "0/15 * * * *",
        "1,2,3-5/2 * * * *",
        "0 0 * * 0-6",
        "@startup",
        "@never",
    ],
)
def test_right_schedules(text):
    schedule.check_schedule(text, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@daly", "'@daly' is no time; did you mean '@daily'"),
        ("@reboot", "it can be @hourly, @daily"),
        ("@daily,@hourly", "write ', ' between two times"),
        ("@yearly @daily", "write ', ' between two times"),
        ("@every 5m", "is no time"),
        ("0 6 * *", "has not five fields"),
        ("0 6 * * * *", "has not five fields"),
        ("0  6 * * *", "with one blank between them"),
        ("TZ=UTC 0 6 * * *", "has not five fields"),
        ("61 * * * *", "the minute '61' is not one from 0 to 59"),
        ("0 24 * * *", "the hour '24' is not one from 0 to 23"),
        ("0 0 0 * *", "the day of the month '0' is not one from 1 to 31"),
        ("0 0 1 0 *", "the month '0' is not one from 1 to 12"),
        ("0 0 1 janu *", "the month 'janu'"),
        ("0 6 * * 7", "the day of the week '7' is not one from 0 to 6"),
        ("0 6 31-3 * *", "'31-3' ends before it begins"),
        ("0 0 * * FRI-MON", "'FRI-MON' ends before it begins"),
        ("*/0 * * * *", "the step in '*/0' is not a number above 0"),
        ("1- * * * *", "the minute '' is not"),
        ("L * * * *", "the minute 'L' is not"),
    ],
)
def test_wrong_schedules(text, says):
    with pytest.raises(InvalidOption) as raised:
        schedule.check_schedule(text, True)
    assert says in str(raised.value)


def test_volumes_neither_start_nor_have_what_to_switch_off():
    for text in ("@startup", "@never"):
        with pytest.raises(InvalidOption):
            schedule.check_schedule(text, False)


@pytest.mark.parametrize("text", ["7d", "1M 2H", "0d", "7d ", "3S", "1y 2m 3w"])
def test_right_expiries(text):
    assert schedule.durations(text)


@pytest.mark.parametrize("text", ["7", "7D", "7x", "1M,2H", "1d 1d", "1y2w", "-1d"])
def test_wrong_expiries(text):
    with pytest.raises(InvalidOption, match="no time to keep something"):
        schedule.durations(text)


def test_an_expiry_counts_calendar_months():
    now = datetime.datetime.fromisoformat("2026-10-31T12:30:00+00:00")
    assert schedule.stamp(schedule.later(now, "4m")) == "2027-02-28T12:30:00Z"
    assert schedule.stamp(schedule.later(now, "1y 2m 1w 1d 1H 1M 1S")) == "2028-01-08T13:31:01Z"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2030-12-31T23:00:00Z", "2030-12-31T23:00:00Z"),
        ("2030-01-01T00:00:00+01:00", "2029-12-31T23:00:00Z"),
        ("2026-11-21T21:56:14.987273345Z", "2026-11-21T21:56:14Z"),
        ("2030-01-01 00:00", "2030-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", ""),
    ],
)
def test_a_moment_is_the_same_in_every_zone(text, same):
    assert schedule.moment(text) == same


@pytest.mark.parametrize(("minutes", "over"), [(-1, True), (1, False)])
@pytest.mark.parametrize("hours", [-9, 0, 5])
def test_a_time_is_over_wherever_it_was_written(minutes, over, hours):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    until = datetime.datetime.now(zone) + datetime.timedelta(minutes=minutes)
    assert schedule.over(until.isoformat()) is over


def test_no_time_is_never_over():
    assert not any(map(schedule.over, (None, "", schedule.NEVER)))


@pytest.mark.parametrize("text", ["tomorrow", "2030-13-01T00:00:00Z", "2030-01-01"])
def test_what_is_no_moment_is_said(text):
    with pytest.raises(InvalidOption, match="is no time"):
        schedule.moment(text)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("snapshots.schedule", "@daly", "'config.snapshots.schedule' is '@daly': '@daly' is no time"),
        ("snapshots.expiry", "7", "'config.snapshots.expiry' is '7'"),
        ("snapshots.pattern", "{{ creation_dat }}", "did you mean 'creation_date'"),
        ("snapshots.pattern", "{{ creation_date", "its braces are not closed"),
        ("volume.snapshots.schedule", "x", "'config.volume.snapshots.schedule' is 'x'"),
    ],
)
def test_keys_are_checked_where_they_change(key, value, says):
    with pytest.raises(InvalidOption) as raised:
        schedule.check_keys({key: value}, [f"config.{key}"], True)
    assert says in str(raised.value)
    schedule.check_keys({key: value}, ["config.user.x"], True)
