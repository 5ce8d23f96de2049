# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The molecule scenarios. A run counts only if every step had a playbook and its tests were run."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from .conftest import ROOT, environment

MOLECULE = ROOT / "extensions" / "molecule"
SCENARIOS = sorted(path.parent.name for path in MOLECULE.glob("*/molecule.yml"))
ALONE = ("ios", "kata")  # need no daemon: `make test` runs them beside the others
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def sequence(scenario: str) -> list[str]:
    """The steps of a scenario: its own, or those that all share."""
    shared, own = (
        yaml.safe_load(path.read_text()) for path in (MOLECULE / "config.yml", MOLECULE / scenario / "molecule.yml")
    )
    steps: list[str] = {**shared["scenario"], **own.get("scenario", {})}["test_sequence"]
    return steps


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, request: pytest.FixtureRequest) -> None:
    if scenario not in ALONE:
        request.getfixturevalue("prepared")
    run = subprocess.run(
        ["molecule", "test", "-s", scenario],
        cwd=ROOT,
        env=environment(NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    output = COLOUR.sub("", run.stdout)
    assert run.returncode == 0, output[-6000:]
    recap = re.search(rf"{scenario}\s*: actions=\d+ .*missing=(\d+) .*failed=(\d+)", output)
    assert recap and recap.groups() == ("0", "0"), output[-1000:]
    steps = re.findall(rf"^{scenario} > (\w+): Executed: Successful$", output, re.MULTILINE)
    assert steps == sequence(scenario), output[-1000:]
    assert {"create", "converge", "idempotence", "verify", "destroy"} <= set(steps)
    assert re.search(r"\b[1-9]\d* passed", output), "verify ran no test"
