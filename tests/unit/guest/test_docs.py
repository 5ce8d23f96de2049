# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/guest.md: every row of the API's own document, with tests that are there and say the same."""

from __future__ import annotations

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
INTEGRATION = ROOT / "tests/integration"
INCUS, LXD = INTEGRATION / "test_guest.py", INTEGRATION / "test_brands.py"  # which runs those of the first as well

# Of the document "Communication between instance and host".
DOCUMENTED = {
    "GET /",
    "GET /1.0",
    "PATCH /1.0",
    "GET /1.0/config",
    "GET /1.0/config/<KEY>",
    "GET /1.0/devices",
    "GET /1.0/events",
    "GET /1.0/images/<FINGERPRINT>/export",
    "GET /1.0/meta-data",
}
STATUSES = {"400", "401", "403", "404", "405", "500"}


def table():
    """The rows of the table: the modules and the tests of each, and what LXD answers."""
    rows = {}
    for line in (ROOT / "docs/guest.md").read_text().splitlines():
        cells = line.split("|")[1:-1]
        if line.startswith("| `") and len(cells) == 4:
            row, modules, tests = (re.findall("`([^`]+)`", cells[column]) for column in (0, 1, 3))
            rows[row[0]] = (modules, set(tests), cells[2].strip())
    return rows


def covered(path, *, on_lxd=False):
    """The tests of each row in a file, as they say themselves.

    :param on_lxd: only those that LXD answers as well
    """
    rows = {}
    for node in ast.walk(ast.parse(path.read_text())):
        for call in getattr(node, "decorator_list", ()):
            if not isinstance(call, ast.Call) or "covers" not in ast.unparse(call.func):
                continue
            if on_lxd and any("incus_only" in ast.unparse(other) for other in node.decorator_list):
                continue
            for row in call.args:
                rows.setdefault(ast.literal_eval(row), set()).add(node.name)
    return rows


def test_the_table_has_every_row_of_the_document_and_every_status():
    assert set(table()) >= DOCUMENTED
    assert {row[:3] for row in table() if row[:3].isdigit()} == STATUSES


def test_each_row_names_the_tests_that_cover_it():
    incus, lxd = covered(INCUS), covered(LXD)
    assert {row: tests for row, (_modules, tests, _lxd) in table().items()} == {
        row: incus[row] | lxd.get(row, set()) for row in incus
    }


def test_each_row_is_asked_of_both_brands_and_says_where_lxd_differs():
    same, other = covered(INCUS, on_lxd=True), covered(LXD)
    assert set(table()) == set(same) | set(other)
    assert {row for row, (_modules, _tests, lxd) in table().items() if lxd != "the same"} == set(other) | {"GET /1.0"}


def test_each_module_has_a_row():
    named = {module for modules, _tests, _lxd in table().values() for module in modules}
    # The one that installs services does not ask the API itself.
    assert named == {path.stem for path in ROOT.glob("plugins/modules/incus_guest_*.py")} - {"incus_guest_agent"}
