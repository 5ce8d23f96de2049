# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IOS modules as a user runs them, at the highest verbosity, against simulated routers (SIMULATOR)."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import playbook
from tests.integration.ios_actions import router, variables
from tests.simulators.ios import Lab

SECRETS = ("nfvt-secret-a", "nfvt-secret-b", "nfvt-secret-c", "nfvt-secret-d")
TASKS = [
    {"nfvlab.fleet.ios_system": {"enable_secret": SECRETS[0]}},
    {"nfvlab.fleet.ios_user": {"name": "bob", "secret": SECRETS[1]}},
    {"nfvlab.fleet.ios_config": {"section": ["line con 0"], "lines": [f"password {SECRETS[2]}", "login"]}},
    {
        "nfvlab.fleet.ios_config": {"block": f"snmp-server community {SECRETS[3]} RO\n", "guard": "none"},
        "ignore_errors": True,
    },
    {"nfvlab.fleet.ios_user": {"name": "bob", "secrte": SECRETS[1]}, "ignore_errors": True},
    {"nfvlab.fleet.ios_config": {"lines": [f"enable secrte 0 {SECRETS[0]}"]}, "ignore_errors": True},
    {"nfvlab.fleet.ios_command": {"commands": ["show running-config"]}},
    {"nfvlab.fleet.ios_facts": {"gather": ["config"]}},
    {"nfvlab.fleet.ios_config": {"state": "gathered"}},
    {"nfvlab.fleet.ios_config": {"lines": [f"enable secret 0 {SECRETS[0]}"]}},
]


def write(folder: Path, lab: Lab, tasks: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """An inventory and a playbook; what ansible-playbook is called with."""
    hosts = {name: variables(lab, name, ansible_python_interpreter=sys.executable) for name in lab.served}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    named = [{"name": f"task {at}", **task} for at, task in enumerate(tasks)]
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": named}]))
    return ["-i", str(folder / "hosts.json"), str(folder / "play.json")]


@pytest.mark.parametrize("check", [True, False])
def test_no_secret_is_shown_at_any_verbosity(tmp_path: Path, check: bool) -> None:
    with Lab([router("r1", "classic")]) as lab:
        done = playbook("-vvvv", "--diff", *(["--check"] if check else []), *write(tmp_path, lab, TASKS))
    output = done.stdout + done.stderr
    assert [secret for secret in (*SECRETS, "nfvt-pass-1") if secret in output] == []
    assert "Traceback" not in output and "failed=0" in output


def test_the_check_run_shows_the_difference_that_the_run_makes(tmp_path: Path) -> None:
    tasks = [{"nfvlab.fleet.ios_config": {"lines": ["ntp master", "ip route 198.51.100.0 255.255.255.0 Null0"]}}]
    with Lab([router("r1"), router("r2", "classic", 2)]) as lab:
        call = write(tmp_path, lab, tasks)
        shown = [
            sorted(
                line for line in playbook(*extra, "--diff", *call).stdout.splitlines() if line.startswith(("+", "-"))
            )
            for extra in (["--check"], [], [])
        ]
        assert shown[0] == shown[1] and "+ntp master" in shown[0]
        assert shown[2] == []


def test_a_file_is_linted_before_it_is_pushed(tmp_path: Path) -> None:
    (tmp_path / "intent.cfg").write_text("hostname r1\nip subset-zero\n")
    tasks = [{"nfvlab.fleet.ios_lint": {"path": str(tmp_path / "intent.cfg")}}]
    with Lab([router("r1")]) as lab:
        done = playbook(*write(tmp_path, lab, tasks), check=False)
    assert done.returncode == 2 and "subnet-zero" in done.stdout
