# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The molecule scenarios. A run counts only if every step had a playbook and its tests were run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

SCENARIOS = sorted(path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, prepared: None) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
        "NO_COLOR": "1",
    }
    run = subprocess.run(
        ["molecule", "test", "-s", scenario],
        cwd=ROOT,
        env=environment,
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
    for step in ("create", "converge", "idempotence", "verify", "destroy"):
        assert re.search(rf"{scenario}\W+{step}\W+Executed: Successful", output), f"{step} did not run"
    assert re.search(r"\b[1-9]\d* passed", output), "verify ran no test"
