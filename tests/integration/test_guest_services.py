# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles that install services in a guest (incus_guest_agent): it says by itself that it is ready, and its files
follow what the host says.
"""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import playbook, run_module
from .test_guest import NAME, NO_STATE, PLACE, PROJECT, READY, RUNNING, VARIABLES, Inside, inside

__all__ = ["inside"]  # a fixture

CHECKS = [
    {"name": "always", "command": "true"},
    {"name": "flag", "command": "echo there is no flag; test -e /run/flag"},
]
FILES = [
    {
        "path": "/etc/site.conf",
        "content": "site ${user.site}\nport ${user.port}\n",
        "mode": "0640",
        "reload": "echo x >>/run/reloads",
    }
]


def recap(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith(NAME))


def role(tmp_path: Path, name: str, *more: str, check: bool = True, **variables: t.Any) -> str:
    """Run a role in the guest; the output."""
    play = {"hosts": NAME, "gather_facts": False, "vars": {**VARIABLES, **variables}}
    path = tmp_path / f"{name}.yml"
    path.write_text(yaml.safe_dump([{**play, "roles": [f"nfvlab.fleet.{name}"]}]))
    return playbook(str(path), "-i", f"{NAME},", *more, check=check).stdout


def until(condition: t.Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.incus_only(NO_STATE)
def test_a_guest_reports_itself_ready_while_its_checks_succeed(inside: Inside, tmp_path: Path) -> None:
    options = {"incus_guest_ready_checks": CHECKS, "incus_guest_ready_interval": 0.5}
    assert "changed=1 " in recap(role(tmp_path, "incus_guest_ready", "--check", **options))
    assert "changed=2 " in recap(role(tmp_path, "incus_guest_ready", **options))
    late = run_module("incus_instance", {**PLACE, "wait_for": ["ready"], "wait_timeout": 3})
    assert late.failed and late["failure"]["kind"] == "timed_out"
    assert "not ready after 3 s" in late["msg"]
    assert "its check 'flag': it ended with 1: there is no flag" in late["msg"]
    inside.sh("touch /run/flag")
    ready = run_module("incus_instance", {**PLACE, "wait_for": ["ready"]})
    assert not ready.failed and ready["changed"] is False, ready["msg"]
    assert "changed=0 " in recap(role(tmp_path, "incus_guest_ready", **options))
    inside.sh("rm /run/flag")
    inside.until_status(RUNNING)
    # It comes back after a restart, where the flag is a file of a file system in memory.
    inside.sh("systemd-tmpfiles --version >/dev/null; echo 'f /run/flag' >/etc/tmpfiles.d/flag.conf")
    again = run_module(
        "incus_instance", {**PLACE, "state": "restarted", "stop_timeout": 60, "wait_for": ["ready"], "wait_timeout": 60}
    )
    assert not again.failed, again["msg"]


@pytest.mark.incus_only(NO_STATE)
def test_a_guest_that_is_reported_no_more_only_runs(inside: Inside, tmp_path: Path) -> None:
    inside.until_status(READY)
    gone = role(tmp_path, "incus_guest_ready", incus_guest_ready_state="absent")
    assert "failed=0" in recap(gone) and "changed=2 " in recap(gone)
    inside.until_status(RUNNING)
    assert inside.sh("ls /usr/local/lib /etc /etc/systemd/system | grep -c nfvlab || true").strip() == "0"
    assert "changed=0 " in recap(role(tmp_path, "incus_guest_ready", incus_guest_ready_state="absent"))


def test_a_file_follows_what_the_host_says(inside: Inside, tmp_path: Path) -> None:
    options = {"incus_guest_config_files": FILES, "incus_guest_config_defaults": {"user.port": "80"}}
    inside.set({"user.site": "north"})
    assert "changed=2 " in recap(role(tmp_path, "incus_guest_config", **options))
    until(lambda: inside.sh("cat /etc/site.conf 2>/dev/null || true") == "site north\nport 80\n")
    assert inside.sh("stat -c %a /etc/site.conf").strip() == "640"
    assert "changed=0 " in recap(role(tmp_path, "incus_guest_config", **options))
    inside.set({"user.site": "south", "user.port": "8080"})
    until(lambda: inside.sh("cat /etc/site.conf") == "site south\nport 8080\n")
    until(lambda: inside.sh("wc -l </run/reloads").strip() >= "2")
    inside.set({"user.site": None})
    until(lambda: "the host has set no user.site" in inside.sh("cat /run/nfvlab-fleet/config.json"))
    assert inside.sh("cat /etc/site.conf") == "site south\nport 8080\n"
    assert "changed=2 " in recap(role(tmp_path, "incus_guest_config", incus_guest_config_state="absent"))
    assert inside.sh("cat /etc/site.conf") == "site south\nport 8080\n"
    inside.set({"user.port": None})


@pytest.mark.parametrize("name", ["incus_guest_ready", "incus_guest_config"])
def test_a_guest_without_python_is_told_what_to_do(inside: Inside, tmp_path: Path, name: str) -> None:
    disk = {"root": {"type": "disk", "path": "/", "pool": "nfvt-gpool"}}
    plain = {"project": PROJECT, "name": "nfvt-plain", "image": "plain", "profiles": [], "devices": disk}
    made = run_module("incus_instance", plain)
    assert not made.failed, made["msg"]
    path = tmp_path / "plain.yml"
    play = {"hosts": "nfvt-plain", "gather_facts": False, "vars": VARIABLES, "roles": [f"nfvlab.fleet.{name}"]}
    path.write_text(yaml.safe_dump([play]))
    refused = playbook(str(path), "-i", "nfvt-plain,", check=False)
    assert refused.returncode and "nfvt-plain has no Python: install it there first" in refused.stdout


@pytest.mark.parametrize("configuration", [{"files": [{"path": "/x"}]}, {}])
def test_a_configuration_that_makes_no_sense_is_refused(inside: Inside, configuration: dict[str, t.Any]) -> None:
    refused = inside("agent", name="config", configuration=configuration)
    assert refused["failed"] and refused["failure"]["kind"] == "invalid_option"
    assert "'configuration' cannot be read" in refused["msg"]
