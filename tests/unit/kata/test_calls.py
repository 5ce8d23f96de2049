# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of all calls and their tests (docs/kata_calls.md) is true."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from tests.unit.kata.recordings import known, transcripts

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| (\w+) \| (.*) \| (.*) \|$", re.MULTILINE)
FILES = ("test_kata_modules.py", "test_kata_guest.py")
ROWS = {name: (recordings, tests) for name, recordings, tests in ROW.findall((ROOT / "docs/kata_calls.md").read_text())}
ROWS.pop("call")


def tree(name):
    return ast.parse((ROOT / "tests/integration" / name).read_text())


def constant(name):
    """A tuple or set that the test of the recordings has under a name."""
    for node in tree("test_kata_agent.py").body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def test_every_call_has_its_row():
    assert set(ROWS) == set(CALLS) and len(CALLS) == 44


@pytest.mark.parametrize("call", sorted(CALLS))
def test_what_the_row_names_is_there(call):
    recordings, tests = ROWS[call]
    functions = {node.name for name in FILES for node in tree(name).body if isinstance(node, ast.FunctionDef)}
    named = re.findall(r"`(\w+)`", tests)
    assert named and set(named) <= functions
    for scenario in [] if recordings == "-" else recordings.split(", "):
        assert scenario in constant("SCENARIOS") and call not in constant("OTHER_GUEST")
        assert any(known(sent) and sent["method"] == call for sent in transcripts()["scenarios"][scenario]["calls"])
