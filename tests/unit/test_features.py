# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of features in docs/features.md: what it claims for this collection is tested."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

TESTS = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "docs" / "features.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ ", line)
]


def names_in(path):
    """The names of the tests in a file, or of the steps in a module's case."""
    if path.suffix == ".yml":
        return {step["name"] for step in yaml.safe_load(path.read_text(encoding="utf-8"))["steps"]}
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):  # a test of another file that is run here too
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_every_feature_has_a_row_with_all_columns():
    assert [int(row[0]) for row in ROWS] == list(range(1, 54))
    assert {len(row) for row in ROWS} == {13}


@pytest.mark.parametrize(("number", "here", "proof"), [(row[0], row[2], row[3]) for row in ROWS])
def test_what_is_claimed_is_proven_by_tests_that_exist(number, here, proof):
    named = re.findall(r"`([^`]+)::([^`]+)`", proof)
    assert here.startswith(("yes", "part", "no")) and bool(named) is not here.startswith("no")
    for file, name in named:
        assert name in names_in(TESTS / file)
