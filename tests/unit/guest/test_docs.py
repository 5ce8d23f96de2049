# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/guest.md: every row of the API's own document, with tests that are there and say the same."""

from __future__ import annotations

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
TESTS = ROOT / "tests/integration/test_guest.py"

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
    """The rows of the table: the modules and the tests of each."""
    rows = {}
    for line in (ROOT / "docs/guest.md").read_text().splitlines():
        cells = [re.findall("`([^`]+)`", cell) for cell in line.split("|")[1:-1]]
        if line.startswith("| `") and len(cells) == 3:
            rows[cells[0][0]] = (cells[1], set(cells[2]))
    return rows


def covered():
    """The tests of each row, as they say themselves."""
    rows = {}
    for node in ast.parse(TESTS.read_text()).body:
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "covers":
                for row in decorator.args:
                    rows.setdefault(ast.literal_eval(row), set()).add(node.name)
    return rows


def test_the_table_has_every_row_of_the_document_and_every_status():
    assert set(table()) >= DOCUMENTED
    assert {row[:3] for row in table() if row[:3].isdigit()} == STATUSES


def test_each_row_names_the_tests_that_cover_it():
    assert {row: tests for row, (_modules, tests) in table().items()} == covered()


def test_each_module_has_a_row():
    named = {module for modules, _tests in table().values() for module in modules}
    # The one that installs services does not ask the API itself.
    assert named == {path.stem for path in ROOT.glob("plugins/modules/incus_guest_*.py")} - {"incus_guest_agent"}
