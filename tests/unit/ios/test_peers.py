# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other tools would send for the same changes, typed into the simulator, and what we decided about it."""

from __future__ import annotations

import json
import pathlib
import re
import types

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC

from tests.simulators.ios.device import Device

from . import pairs
from .resources import SAMPLES
from .scenarios import SCENARIOS

DATA = pathlib.Path(__file__).resolve().parents[2] / "data/ios"
RECORDED = json.loads((DATA / "peers.json").read_text())
DECIDED = yaml.safe_load((DATA / "decisions.yml").read_text())
TOOLS = ("hier_config", "annet", "cisco.ios")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def device(text):
    made = Device("r1", "classic")
    text = re.sub(r"((?:.* secondary\n)+)(.*\n)", r"\2\1", text)  # printed before the primary address, typed after it
    made.config, refused = made.loaded(text)
    assert refused == []
    return made


def joined(lines):
    """Raw lines with each banner as one text, as far as it is closed."""
    found, rows = [], iter(lines)
    for line in rows:
        if line.startswith("banner "):
            delimiter = line.split()[2][0]
            while delimiter not in line.split(None, 2)[2][1:]:
                row = next(rows, None)
                if row is None:
                    raise pairs.Refused("the banner is never closed")
                line += f"\n{row}"
        found.append(types.SimpleNamespace(text=line, masked=line))
    return found


def outcome(scenario, lines):
    """right, needless (there, but by taking away what was to stay or be overwritten) or wrong."""
    ours = device(scenario.running)
    plan = diff.plan(tree.parse(scenario.running, CLASSIC), tree.parse(scenario.wanted, CLASSIC), mode="replaced")
    pairs.type_in(ours, plan.lines)
    theirs = device(scenario.running)
    try:
        pairs.type_in(theirs, joined(lines))
    except pairs.Refused:
        return "wrong"
    reached = tree.parse(pairs.running(theirs), CLASSIC)
    if tree.differences(tree.parse(pairs.running(ours), CLASSIC), reached):
        return "wrong"
    asked = tuple(line.text for line in plan.lines if line.text.startswith("no "))
    needless = [line for line in lines if line.startswith("no ") and not line.startswith(asked)]
    return "needless" if needless else "right"


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("tool", TOOLS)
def test_every_disagreement_is_decided(name, tool):
    seen = outcome(BY_NAME[name], RECORDED[name][tool])
    decided = DECIDED.get(name, {}).get(tool, {"verdict": "right"})
    assert seen == decided["verdict"]
    assert seen == "right" or len(decided["reason"]) > 20


def test_nothing_is_decided_that_was_not_seen():
    assert set(DECIDED) <= {*BY_NAME, *(sample.name for sample in SAMPLES)}
    assert set(RECORDED) == set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_ours_is_right(name):
    assert outcome(BY_NAME[name], list(BY_NAME[name].lines)) == "right"
