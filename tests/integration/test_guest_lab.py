# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet `app` of the default lab, as a single instance: a service that a guest is ready with, and values that are
handed in. test_brands.py runs these with LXD as well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import typing as t
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import playbook, run_module, sweep
from .test_a_site import LAB, NAMES, changed
from .test_guest import NO_STATE, READY, RUNNING, restart_daemon

APP = {"project": NAMES["lab_name"], "name": "app-1"}
PATH = "/1.0/instances/app-1"


class Lab:
    """The lab, with nothing but its fleet `app`."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.keeps_states = client.has("instance_ready_state")
        fleets = yaml.safe_load((LAB / "group_vars" / "all" / "fleet.yml").read_text())["incus_fleet_fleets"]
        (app,) = (fleet for fleet in fleets if fleet["name"] == "app")
        self._variables: dict[str, t.Any] = {
            **NAMES,
            "incus_fleet_fleets": [{**app, "instances": [{"name": APP["name"]}]}],
            "incus_images": [{"alias": "debian", "build": "debian"}],
            "incus_images_debian_packages": [],
            "verify_ping": False,
            # Of the other systems there is nothing.
            **dict.fromkeys(("dpdk_target", "sdn_target", "ios_target", "remote_target"), "none"),
            "ios_lab_devices": [],
            "ansible_become": False,  # sudo would lose where LXD is
        }

    def run(self, name: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a playbook in the lab's folder, as its user does, but for the daemon."""
        extra = ("-e", json.dumps(self._variables), "--skip-tags", "incus_daemon")
        return playbook(name, *extra, cwd=LAB, check=check)

    def sh(self, script: str) -> None:
        """Run a command in the guest."""
        done = run_module("incus_exec", {**APP, "command": ["sh", "-c", script]})
        assert not done.failed, done["msg"]

    def set(self, **keys: str) -> None:
        """Set keys of the application on the host."""
        done = run_module("incus_instance", {**APP, "config": {f"user.app.{name}": keys[name] for name in keys}})
        assert not done.failed, done["msg"]

    def status(self) -> int:
        """The code of the state that the host sees."""
        return int(self.client.get(PATH, {"project": APP["project"]})["status_code"])

    def page(self, port: int = 8080) -> str:
        """What the application says to the host; the reason where it says nothing."""
        state = self.client.get(f"{PATH}/state", {"project": APP["project"]})
        (address,) = (one["address"] for one in state["network"]["eth0"]["addresses"] if one["family"] == "inet")
        try:
            with build_opener(ProxyHandler({})).open(f"http://{address}:{port}/app-1.html", timeout=5) as answer:
                return str(answer.read().decode())
        except (URLError, OSError) as error:
            return str(error)


def until(look: t.Callable[[], t.Any], wanted: t.Any) -> None:
    """Look until what is wanted is seen."""
    deadline = time.monotonic() + 60
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen!r} instead of {wanted!r}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def lab(client: Client, prepared: None, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    yield from brought_up(client, tmp_path_factory.mktemp("lab"))


def brought_up(client: Client, folder: Path) -> t.Iterator[Lab]:
    """The lab, and a clean house before and after."""
    sweep(client)
    lab = Lab(client, folder)
    output = lab.run("site.yml").stdout
    assert changed(output) > 0
    summary = output.split("SUMMARY")[1]
    assert ("app-1' of project 'nfvt-lab'  Ready" in summary) is lab.keeps_states, summary
    assert ("its daemon lacks the API extension instance_ready_state" in summary) is not lab.keeps_states, summary
    yield lab
    sweep(client)
    shutil.rmtree(Path("/var/backups", NAMES["lab_name"]), ignore_errors=True)


def test_verify_reads_what_was_handed_in(lab: Lab) -> None:
    verified = lab.run("nfvlab.fleet.verify").stdout
    assert changed(verified) == 0 and ("app-1 is ready." in verified) is lab.keeps_states
    assert lab.page() == "<p>Hello from the lab, says app-1.</p>\n"


def test_a_key_that_the_host_changes_is_on_the_page_without_a_task(lab: Lab) -> None:
    lab.set(greeting="Good evening")
    until(lab.page, "<p>Good evening, says app-1.</p>\n")
    refused = lab.run("nfvlab.fleet.verify", check=False)
    assert refused.returncode and "'app-1' of project 'nfvt-lab': config.user.app.greeting" in refused.stdout
    lab.set(port="8081", greeting="Hello from the lab")  # the unit follows, and the service moves
    until(lambda: lab.page(8081), "<p>Hello from the lab, says app-1.</p>\n")
    assert "refused" in lab.page(8080)
    lab.set(port="8080")
    until(lab.page, "<p>Hello from the lab, says app-1.</p>\n")
    until(lab.status, READY if lab.keeps_states else RUNNING)


@pytest.mark.incus_only(NO_STATE)
def test_a_service_that_is_stopped_takes_the_state_away_until_it_is_back(lab: Lab) -> None:
    lab.sh("systemctl stop app.service")
    until(lab.status, RUNNING)
    assert "refused" in lab.page()
    refused = lab.run("nfvlab.fleet.verify", check=False)
    assert refused.returncode and "app-1 is Running: /run/nfvlab-fleet/ready.json in it says why." in refused.stdout
    lab.sh("systemctl start app.service")
    until(lab.status, READY)


def test_both_go_on_when_the_daemon_was_restarted(lab: Lab) -> None:
    """The daemon forgets who was ready, and keeps no connection for events."""
    restart_daemon(lab.client, lab.folder)
    until(lab.status, READY if lab.keeps_states else RUNNING)
    lab.set(greeting="Good morning")
    until(lab.page, "<p>Good morning, says app-1.</p>\n")
    lab.set(greeting="Hello from the lab")


# With LXD, whose guests have no state.
ON_LXD = (
    test_verify_reads_what_was_handed_in,
    test_a_key_that_the_host_changes_is_on_the_page_without_a_task,
    test_both_go_on_when_the_daemon_was_restarted,
)
