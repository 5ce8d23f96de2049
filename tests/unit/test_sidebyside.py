# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of what both brands were seen to do."""

from __future__ import annotations

from tests.integration.sidebyside import Table


def test_both_brands_stand_side_by_side_with_what_one_does_not_offer():
    table = Table()
    table.versions = {"lxd": "5.0.2", "incus": "6.0.4"}
    for brand, works in (("incus", True), ("incus", True), ("lxd", True), ("lxd", False)):
        table.note("incus_info", brand, works)
    table.note("guest", "incus", True)
    table.note("guest", "lxd", True)
    table.lacks("guest", "ready", "no state")
    assert table.lines()[0].startswith("feature")
    assert table.rows() == [
        ("guest", "works (1)", "works (1)", ""),
        ("  ready", "not offered", "works", "no state"),
        ("incus_info", "FAILS (1 of 2)", "works (2)", ""),
    ]
    assert "LXD 5.0.2" in table.lines()[0] and "Incus 6.0.4" in table.lines()[0]


def test_one_brand_alone_makes_no_table():
    table = Table()
    table.note("incus_info", "incus", True)
    table.lacks("incus_info", "x", "y")
    assert table.lines() == []
