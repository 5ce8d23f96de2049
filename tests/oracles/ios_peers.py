# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other tools would send for the 28 changes, recorded into tests/data/ios/peers.json.

It runs in an environment of its own, which has what it is held against:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install hier_config==3.7.1 annet==4.8.3 ansible-core
    /tmp/peers/bin/pip download --no-deps --python-version 3.12 --only-binary :all: -d /tmp/peers ansible
    unzip -q -d /tmp/peers/wheel /tmp/peers/ansible-*.whl
    PYTHONPATH=/tmp/peers/wheel /tmp/peers/bin/python tests/oracles/ios_peers.py tests/data/ios/peers.json

`tests/unit/ios/test_peers.py` types the recorded lines into the simulator and holds the outcome against the table of
decisions. `cisco.ios` here is what the module C(ios_config) does with a text: it adds lines and removes none.
"""

from __future__ import annotations

import json
import pathlib
import runpy
import subprocess
import sys
import tempfile

from ansible_collections.ansible.netcommon.plugins.module_utils.network.common.config import NetworkConfig, dumps
from hier_config import Platform, WorkflowRemediation, get_hconfig

HERE = pathlib.Path(__file__).resolve()
ANNET = pathlib.Path(sys.executable).with_name("annet")


def scenarios():
    """The changes, without the package around them, which needs more than this environment has."""
    return runpy.run_path(str(HERE.parents[1] / "unit/ios/scenarios.py"))["SCENARIOS"]


def hier_config(running, wanted):
    """The remediation of hier_config."""
    here, there = (get_hconfig(Platform.CISCO_IOS, text) for text in (running, wanted))
    remediation = WorkflowRemediation(here, there).remediation_config
    return [line.cisco_style_text().strip() for line in remediation.all_children_sorted()]


def annet(running, wanted):
    """The patch of annet."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("old.cfg", "new.cfg")]
        for path, text in zip(paths, (running, wanted), strict=True):
            path.write_text(text)
        command = [ANNET, "file-patch", "--no-color", "--no-label", "--hw", "Cisco.Catalyst", *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines() if line.strip() and not line.startswith("# ---")]


def cisco_ios(running, wanted):
    """The lines of C(ios_config) with C(src): those that are not in the running-config, and their parents."""
    here, there = (NetworkConfig(indent=1, contents=text, ignore_lines=None) for text in (running, wanted))
    found = there.difference(here, match="line", replace="line")
    return [line.strip() for line in dumps(found, "commands").splitlines() if line.strip()]


def main():
    tools = {"hier_config": hier_config, "annet": annet, "cisco.ios": cisco_ios}
    found = {one.name: {name: tool(one.running, one.wanted) for name, tool in tools.items()} for one in scenarios()}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
