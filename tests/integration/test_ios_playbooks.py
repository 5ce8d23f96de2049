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
import yaml

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


def test_a_fleet_is_one_task_for_the_whole_play(tmp_path: Path) -> None:
    tasks = [{"nfvlab.fleet.ios_fleet": {"lines": ["ntp master"]}}]
    with Lab([router("r1"), router("r2", "classic", 2)]) as lab:
        call = write(tmp_path, lab, tasks)
        first, second = (playbook(*call).stdout.split("PLAY RECAP")[1] for _time in range(2))
        assert all("ntp master" in lab.export(name)["running"] for name in ("r1", "r2"))
    assert first.count("ok=1") == 1 and "changed=1" in first
    assert "changed=0" in second and "changed=1" not in second


LAB = Path(__file__).resolve().parents[2] / "inventories" / "lab"
# What somebody changes in the variables of the default lab, for all routers and for the first one.
CHANGED: dict[str, t.Any] = {
    "ios_baseline_domain_name": "other.example",
    "ios_baseline_banners": [{"banner": "login", "text": "Authorised access only.\nEverything is recorded."}],
    "ios_baseline_acls": [
        {
            "name": "MANAGEMENT",
            "kind": "standard",
            "entries": ["deny 198.51.100.66", "permit 198.51.100.0 0.0.0.255", "permit 203.0.113.7"],
        }
    ],
    "ios_services_cdp": {"enabled": True, "timer": 20, "holdtime": 60},
    "ios_services_logging_hosts": ["198.51.100.9", "198.51.100.10"],
}
CHANGED_FIRST: dict[str, t.Any] = {
    "ios_baseline_routes": [
        {"prefix": "192.168.20.0/24", "next_hop": "172.16.0.2", "distance": 5},
        {"prefix": "203.0.113.0/24", "interface": "Null0"},
    ],
    "ios_services_dhcp_excluded": ["192.168.10.1-192.168.10.20"],
    "ios_services_ntp_servers": [{"address": "198.51.100.9", "prefer": True}],
}


def default_lab(folder: Path, lab: Lab, **changed: t.Any) -> list[str]:
    """The routers of the default lab, reached where they listen here; what ansible-playbook is called with."""
    routers = yaml.safe_load((LAB / "hosts.yml").read_text())["ios_routers"]
    group = yaml.safe_load((LAB / "group_vars" / "ios_routers.yml").read_text())
    for name, variables_ in routers["hosts"].items():
        variables_ |= {"ansible_port": lab.port(name), "ios_baseline_console_port": lab.console(name)}
        variables_ |= changed.pop(name, {})
        del variables_["ios_known_hosts"]
    routers["vars"] = {
        **group,
        "ansible_host_key_checking": False,
        "ansible_python_interpreter": sys.executable,
        "ios_lab_folder": str(folder),
        **changed,
    }
    (folder / "hosts.json").write_text(json.dumps({"ios_routers": routers}))
    return ["-i", str(folder / "hosts.json"), "--forks", "1", "--skip-tags", "ios_lab", "nfvlab.fleet.ios"]


def differences(output: str) -> list[str]:
    """The lines that a run with C(--diff) shows as going or coming, each with its task, in their order."""
    found, task = [], ""
    for line in output.splitlines():
        task = line if line.startswith("TASK [") else task
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            found.append(f"{task.split('*')[0].strip()} {line}")
    return found


def test_a_check_run_of_the_playbook_shows_what_the_run_then_does(tmp_path: Path) -> None:
    described = yaml.safe_load((LAB / "group_vars" / "all" / "ios.yml").read_text())
    names = ("name", "dialect", "management")
    devices = [{name: device[name] for name in names} for device in described["ios_lab_devices"]]
    with Lab(devices, described["ios_lab_links"]) as lab:
        playbook(*default_lab(tmp_path, lab))
        before = [lab.export(name)["running"] for name in lab.served]
        call = default_lab(tmp_path, lab, **CHANGED, r1=CHANGED_FIRST)
        predicted = differences(playbook("--check", "--diff", *call).stdout)
        assert [lab.export(name)["running"] for name in lab.served] == before
        done = differences(playbook("--diff", *call).stdout)
        again = differences(playbook("--diff", *call).stdout)
    assert predicted == done
    for line in ("+ip route 203.0.113.0 255.255.255.0 Null0", "-ip domain name lab.example", "+cdp timer 20"):
        assert any(one.endswith(f"] {line}") for one in done), (line, done)
    assert len(done) > 20
    assert again == []
