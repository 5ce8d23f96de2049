# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pktgen's map, held against a parser of each grammar that was written from the grammars alone."""

from __future__ import annotations

import random
import re

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import pktmap

OLD, NEW = "23.03.0", "24.05.1"


def old_reader(text):
    """What releases up to 24.03 make of a map: by lcore its ports, and whether it receives and sends."""
    table = {}
    for entry in text.split(","):
        left, right = entry.split(".")
        sides = left.strip("[]{}").split(":")
        ports = {number for side in right.strip("[]{}").split(":") for number in old_numbers(side)}
        for place, side in enumerate(sides):
            for lcore in old_numbers(side):
                row = table.setdefault(lcore, [set(), False, False])
                row[0] |= ports
                row[1] |= place == 0
                row[2] |= place == len(sides) - 1
    return table


def old_numbers(side):
    found = []
    for item in side.split("/"):
        first, _dash, last = item.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def new_reader(words):
    """What releases from 24.05 on make of the options, as parse_mapping does: C(strtol) stops where a number ends."""
    table = {}
    assert words[0::2] == ["-m"] * (len(words) // 2)
    for text in words[1::2]:
        left, port = text.split(".")
        sides = left.strip("[]").split(":")
        for place, side in enumerate(sides):
            ends = [int(re.match(r"\d+", end).group()) for end in side.split("-")]
            for lcore in range(ends[0], ends[-1] + 1):
                row = table.setdefault(lcore, [set(), False, False])
                row[0].add(int(re.match(r"\d+", port).group()))
                row[1] |= place == 0
                row[2] |= place == len(sides) - 1
    return table


def meant(entries):
    """The same table from the map itself."""
    table = {}
    for entry in entries:
        for place, side in enumerate(("rx", "tx"), 1):
            for lcore in entry[side]:
                row = table.setdefault(lcore, [set(), False, False])
                row[0].add(entry["port"])
                row[place] = True
    return table


def random_map(source, *, ranges):
    """A map whose lcores all differ."""
    lcores = list(range(1, 100))
    entries = []
    for port in range(source.randint(1, 6)):
        sides = []
        for _side in range(source.randint(1, 2)):
            count = source.randint(1, 3)
            if ranges:
                start = source.randrange(len(lcores) - count)
                while lcores[start + count - 1] - lcores[start] != count - 1:
                    start = source.randrange(len(lcores) - count)
                sides.append(lcores[start : start + count])
            else:
                sides.append(sorted(source.sample(lcores, count)))
            lcores = [lcore for lcore in lcores if lcore not in sides[-1]]
        entries.append({"port": port, "rx": sides[0], "tx": sides[-1]})
    return entries


@pytest.mark.parametrize("seed", range(200))
def test_both_grammars_mean_what_the_map_says(seed):
    source = random.Random(seed)
    any_lcores, ranges = random_map(source, ranges=False), random_map(source, ranges=True)
    for entries in (any_lcores, ranges):
        text = pktmap.render(entries, OLD)[1]
        assert old_reader(text) == meant(entries)
        assert pktmap.parse([text], OLD) == entries
    words = pktmap.render(ranges, NEW)
    assert new_reader(words) == meant(ranges)
    assert pktmap.parse(words[1::2], NEW) == ranges


def test_the_map_of_tutorials_in_both_grammars():
    entries = pktmap.parse(['"3.0, 4.1"'], "3.7.2")
    assert entries == [{"port": 0, "rx": [3], "tx": [3]}, {"port": 1, "rx": [4], "tx": [4]}]
    assert pktmap.render(entries, NEW) == ["-m", "3.0", "-m", "4.1"]
    assert pktmap.parse(["{1/3:2}.0"], OLD) == [{"port": 0, "rx": [1, 3], "tx": [2]}]
    # The side of the lcores alone says who receives; ports on both sides are simply ports.
    assert [row["port"] for row in pktmap.parse(["[1:2].[0:1-2]"], OLD)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "release", "says"),
    [
        ("3.0,4.1", NEW, "a -m of its own"),
        ("2/4.0", NEW, "no lists with a slash"),
        ("1.[0-1]", NEW, "exactly one port"),
        ("[1].0", NEW, "[RX:TX]"),
        ("1.2.3", OLD, "LCORES.PORT"),
        ("5-3.0", OLD, "backwards"),
        ("128.0", OLD, "beyond 127"),
        ("1.32", OLD, "beyond 31"),
        ("a.0", OLD, "numbers and ranges"),
        ("[1:2:3].0", OLD, "[RX:TX].PORT"),
        ("[1.0", OLD, "[RX:TX].PORT"),
        ("/".join(map(str, range(34))) + ".0", OLD, "33 parts"),
        (",".join(["1.0"] * 129), OLD, "511|512|515"),
    ],
)
def test_what_pktgen_would_misread_is_refused(text, release, says):
    with pytest.raises(errors.InvalidOption) as caught:
        pktmap.parse([text], release)
    assert any(part in str(caught.value) for part in says.split("|"))


def test_limits_of_what_is_written():
    far = [{"port": 0, "rx": [1, 3], "tx": [1, 3]}]
    assert pktmap.render(far, OLD) == ["-m", "[1/3].0"]
    with pytest.raises(errors.Unsupported, match="ranges only"):
        pktmap.render(far, NEW)
    with pytest.raises(errors.InvalidOption, match="no lcore to send"):
        pktmap.render([{"port": 0, "rx": [1], "tx": []}], OLD)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"port": 0, "rx": [0], "tx": [0]}], "main lcore"),
        ([{"port": 0, "rx": [9], "tx": [9]}], "not among the EAL's"),
        ([{"port": 0, "rx": [1], "tx": [1]}, {"port": 1, "rx": [1], "tx": [1]}], "ports 0 and 1"),
        ([{"port": 1, "rx": [1], "tx": [1]}], "there are 2 devices"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(entries, says):
    with pytest.raises(errors.InvalidOption, match=says):
        pktmap.check_against(entries, lcores=[0, 1, 2], main=0, ports=2)


def test_a_map_that_fits():
    entries = [{"port": 0, "rx": [1], "tx": [1]}, {"port": 1, "rx": [2], "tx": [2]}]
    assert pktmap.check_against(entries, lcores=[0, 1, 2], main=0, ports=2) is None
