# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_fleet as a task: its progress on stderr, and fleets whose instances are hosts of the inventory."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import environment, playbook, run_module
from .proxy import Proxy, Seen

PROJECT = {"project": "nfvt-a"}
PATIENCE = 60  # seconds
FILES = "/run/lock/nfvlab-fleet-progress-*"
LOCK = Path("/run/lock/nfvlab-fleet-nfvt-a-lab_edge")

# A callback that has nothing but JSON on stdout, like those of other collections.
JSON_CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: only_json
type: stdout
short_description: only JSON
description: only JSON
'''

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "only_json"

    def __init__(self):
        super().__init__()
        self.results = []

    def v2_runner_on_ok(self, result):
        self.results.append({"counts": result.result["counts"]})

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.results.append({"msg": result.result["msg"]})

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps(self.results, indent=1))
"""

# What the ssh plugin starts instead of ssh: it runs the command here.
NO_SSH = """#!/bin/sh
for last; do :; done
exec /bin/sh -c "$last"
"""


@pytest.fixture
def fleet(house: Client, image: str) -> dict[str, t.Any]:
    """The options of a fleet without instances, in a project of its own."""
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True, "features.profiles": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_network", {"name": "nfvt0", "config": {"ipv4.address": "10.117.0.1/24", "ipv6.address": "none"}}),
        ("incus_image", {**PROJECT, "alias": "nfvt-i", "path": image}),
        (
            "incus_profile",
            {
                **PROJECT,
                "name": "nfvt-p",
                "devices": {
                    "root": {"type": "disk", "path": "/", "pool": "nfvt-pool"},
                    "eth0": {"type": "nic", "network": "nfvt0", "name": "eth0"},
                },
            },
        ),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    defaults = {"image": "nfvt-i", "profiles": ["nfvt-p"], "state": "stopped"}
    return {**PROJECT, "name": "edge", "defaults": defaults, "force": True}


def write_play(folder: Path, options: dict[str, t.Any], **play: t.Any) -> str:
    """A playbook of one fleet task."""
    content = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, **play.pop("vars", {})},
        "tasks": [{"nfvlab.fleet.incus_fleet": options}],
        **play,
    }
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([content]))
    return str(path)


class Slow:
    """A daemon that creates the last of its instances only when it is told to, or then does not.

    :param then: what the proxy does with the last one
    """

    def __init__(self, proxy: Proxy, count: int, then: str | None = None) -> None:
        self.go_on = threading.Event()
        self._then = then
        self._left = count
        proxy.clear()
        proxy.fault = self._wait

    def _wait(self, request: Seen) -> str | None:
        if request.method == "POST":
            self._left -= 1
            if self._left == 0:
                self.go_on.wait(PATIENCE)
                return self._then
        return None


class Running:
    """A playbook that runs; its stderr is read line by line."""

    def __init__(self, path: str, *arguments: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            ["ansible-playbook", path, *arguments],
            env=environment(**variables),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def line(self, pattern: str) -> str:
        """The next line of stderr that fits."""
        assert self.process.stderr
        for line in self.process.stderr:
            if re.search(pattern, line):
                return line.strip()
        pytest.fail(f"no line like '{pattern}'; stdout: {self.process.communicate()[0][-3000:]}")

    def end(self) -> tuple[str, str]:
        return self.process.communicate(timeout=PATIENCE)


@contextlib.contextmanager
def running(path: str, *arguments: str, **environment: str) -> t.Iterator[Running]:
    """The same, gone afterwards."""
    run = Running(path, *arguments, **environment)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.end()


@pytest.fixture
def callbacks(tmp_path: Path) -> dict[str, str]:
    """The environment of a run with only JSON on stdout."""
    folder = tmp_path / "callbacks"
    folder.mkdir()
    (folder / "only_json.py").write_text(JSON_CALLBACK)
    return {"ANSIBLE_CALLBACK_PLUGINS": str(folder), "ANSIBLE_STDOUT_CALLBACK": "only_json"}


# Progress


def test_progress_is_on_stderr_and_stdout_is_still_json(
    fleet: dict[str, t.Any], proxy: Proxy, tmp_path: Path, callbacks: dict[str, str]
) -> None:
    slow = Slow(proxy, 3)
    secret = {"user.password": "s3cr3t"}
    options = {**fleet, "socket": proxy.path, "workers": 1, "instances": [{"name": "nfvt-[1:3]", "config": secret}]}
    with running(write_play(tmp_path, options), "-i", "localhost,", **callbacks) as run:
        assert run.line("^fleet ").startswith("fleet lab/edge: creating, 2 of 3 done")
        assert len(glob.glob(FILES)) == 1
        slow.go_on.set()
        out, err = run.end()
    assert run.process.returncode == 0
    assert json.loads(out) == [
        {"counts": {"declared": 3, "changed": 3, "unchanged": 0, "failed": 0, "skipped": 0}},
    ]
    assert "s3cr3t" not in out + err
    assert glob.glob(FILES) == []


def test_progress_is_seen_over_ssh(fleet: dict[str, t.Any], proxy: Proxy, tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text(NO_SSH)
    program.chmod(0o755)
    variables = {"ansible_ssh_executable": str(program), "ansible_pipelining": True, "ansible_host": "127.0.0.1"}
    slow = Slow(proxy, 3)
    options = {**fleet, "socket": proxy.path, "workers": 1, "instances": [{"name": "nfvt-[1:3]"}]}
    path = write_play(tmp_path, options, hosts="far", connection="ssh", vars=variables)
    with running(path, "-i", "far,") as run:
        assert run.line("^fleet ").startswith("fleet lab/edge: creating, 2 of 3 done")
        slow.go_on.set()
        out, _err = run.end()
    assert run.process.returncode == 0 and "changed=1" in out
    assert glob.glob(FILES) == []


@pytest.mark.parametrize("off", [{"progress": False}, {"NFVLAB_FLEET_PROGRESS": "0"}])
def test_progress_can_be_switched_off(
    fleet: dict[str, t.Any], proxy: Proxy, tmp_path: Path, off: dict[str, t.Any]
) -> None:
    proxy.clear()
    seen: list[list[str]] = []

    def look(request: Seen) -> None:
        if request.method == "POST":
            time.sleep(1.5)  # a line would have come by now
            seen.append(glob.glob(FILES))

    proxy.fault = look
    variables = {name: value for name, value in off.items() if name.isupper()}
    options = {**fleet, "socket": proxy.path, "instances": [{"name": "nfvt-1"}]}
    options.update({name: value for name, value in off.items() if name.islower()})
    done = playbook(write_play(tmp_path, options), "-i", "localhost,", **variables)
    proxy.clear()
    assert "changed=1" in done.stdout and "fleet lab/edge" not in done.stdout + done.stderr
    assert seen == [[]]


def test_a_module_that_is_killed_leaves_no_file(fleet: dict[str, t.Any], proxy: Proxy, tmp_path: Path) -> None:
    slow = Slow(proxy, 1, then="hang up")
    options = {**fleet, "socket": proxy.path, "instances": [{"name": "nfvt-1"}]}
    with running(write_play(tmp_path, options), "-i", "localhost,") as run:
        run.line("^fleet lab/edge: creating, 0 of 1 done")
        os.kill(int(LOCK.read_text().split()[1]), signal.SIGKILL)
        out, _err = run.end()
        slow.go_on.set()
    assert run.process.returncode == 2 and "failed=1" in out
    assert glob.glob(FILES) == []


def test_a_play_that_is_interrupted_leaves_no_file_and_nothing_running(
    fleet: dict[str, t.Any], proxy: Proxy, tmp_path: Path
) -> None:
    slow = Slow(proxy, 1, then="hang up")
    options = {**fleet, "socket": proxy.path, "instances": [{"name": "nfvt-1"}]}
    with running(write_play(tmp_path, options), "-i", "localhost,") as run:
        run.line("^fleet lab/edge: creating, 0 of 1 done")
        module = Path("/proc") / LOCK.read_text().split()[1]
        assert module.exists()
        run.process.send_signal(signal.SIGINT)
        run.end()
        slow.go_on.set()
    assert run.process.returncode != 0
    deadline = time.monotonic() + PATIENCE
    while module.exists() or glob.glob(FILES):
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Hosts of the inventory

INVENTORY = {
    "edge": {
        "vars": {"site": "north"},
        "hosts": {
            "nfvt-1": {"incus_instance": {"config": {"user.site": "{{ site }}-{{ inventory_hostname }}"}}},
            "second": {"incus_instance": {"name": "nfvt-2"}},
            "nfvt-3": {"incus_instance": {"config": {"user.site": "{{ nowhere }}"}}},
        },
    }
}


def inventory_run(folder: Path, fleet: dict[str, t.Any], *arguments: str, fixed: bool) -> dict[str, t.Any]:
    """A play over the hosts, and what its task and a second play over the same hosts saw."""
    inventory = folder / "hosts.yml"
    extra = ["-e", "nowhere=somewhere"] if fixed else []
    inventory.write_text(yaml.safe_dump(INVENTORY))
    out = folder / "out.json"
    interpreter = {"ansible_python_interpreter": sys.executable}
    options = {**fleet, "instances_from": "{{ ansible_play_hosts_all }}"}
    options["defaults"] = {**fleet["defaults"], "state": "started", "wait_for": ["ipv4"]}
    build = {
        "hosts": "edge",
        "gather_facts": False,
        "vars": interpreter,
        "tasks": [
            {
                "nfvlab.fleet.incus_fleet": options,
                "run_once": True,
                "delegate_to": "localhost",
                "register": "fleet",
                "ignore_errors": True,
            },
            {
                "ansible.builtin.add_host": "{{ item | combine({'groups': 'up'}) }}",
                "loop": "{{ fleet.hosts | default([]) }}",
                "loop_control": {"label": "{{ item.name }}"},
            },
        ],
    }
    use = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": interpreter,
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": "{{ {'fleet': hostvars.second.fleet, 'up': reached} | to_json }}",
                    "dest": str(out),
                },
                "check_mode": False,
                "vars": {
                    "reached": "{{ dict(groups.up | default([]) | zip(groups.up | default([]) "
                    "| map('extract', hostvars, 'ansible_host') | list)) }}"
                },
            }
        ],
    }
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([build, use]))
    playbook(str(path), "-i", str(inventory), *arguments, *extra)
    found: dict[str, t.Any] = json.loads(out.read_text())
    return found


def test_hosts_of_the_inventory_are_instances(fleet: dict[str, t.Any], house: Client, tmp_path: Path) -> None:
    predicted = inventory_run(tmp_path, fleet, "--check", fixed=False)
    assert house.names("/1.0/instances", PROJECT) == []
    assert predicted["fleet"]["counts"] == {"declared": 3, "changed": 2, "unchanged": 0, "failed": 1, "skipped": 0}

    first = inventory_run(tmp_path, fleet, fixed=False)
    assert "host 'nfvt-3': its variable 'incus_instance' cannot be evaluated" in first["fleet"]["msg"]
    assert first["fleet"]["counts"] == predicted["fleet"]["counts"]
    assert [result["name"] for result in first["fleet"]["results"] if result["failed"]] == ["nfvt-3"]
    assert house.names("/1.0/instances", PROJECT) == ["nfvt-1", "nfvt-2"]
    assert house.get("/1.0/instances/nfvt-1", PROJECT)["config"]["user.site"] == "north-nfvt-1"
    assert {host["name"]: host["instance"] for host in first["fleet"]["hosts"]} == {
        "nfvt-1": "nfvt-1",
        "second": "nfvt-2",
    }
    # What add_host was given is how the hosts are reached from then on.
    assert first["up"].keys() == {"nfvt-1", "second"}
    assert all(address.startswith("10.117.0.") for address in first["up"].values())

    second = inventory_run(tmp_path, fleet, fixed=True)
    assert second["fleet"]["counts"] == {"declared": 3, "changed": 1, "unchanged": 2, "failed": 0, "skipped": 0}
    again = inventory_run(tmp_path, fleet, fixed=True)
    assert again["fleet"]["changed"] is False and again["up"].keys() == {"nfvt-1", "second", "nfvt-3"}


def test_a_limited_play_builds_its_hosts_and_purges_none(
    fleet: dict[str, t.Any], house: Client, tmp_path: Path
) -> None:
    done = inventory_run(tmp_path, fleet, "--limit", "second,localhost", fixed=True)
    assert done["fleet"]["counts"]["declared"] == 1
    assert house.names("/1.0/instances", PROJECT) == ["nfvt-2"]
    refused = inventory_run(tmp_path, {**fleet, "purge": True}, "--limit", "second,localhost", fixed=True)
    assert "'purge' is refused while the play is limited" in refused["fleet"]["msg"]


@pytest.mark.parametrize("verbosity", ["-v", "-vvv"])
def test_secrets_of_hosts_show_at_no_verbosity(
    fleet: dict[str, t.Any], house: Client, tmp_path: Path, verbosity: str
) -> None:
    config = {"cloud-init.user-data": "s3cr3t-one", "user.api-token": "s3cr3t-two"}
    hosts = {
        "nfvt-1": {"incus_instance": {"config": config}},
        "nfvt-2": {"incus_instance": {"config": config, "confg": {"user.token": "s3cr3t-three"}}},
    }
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"edge": {"hosts": hosts}}))
    task = {
        "nfvlab.fleet.incus_fleet": {**fleet, "instances_from": "{{ ansible_play_hosts_all }}"},
        "run_once": True,
    }
    path = write_play(tmp_path, {}, hosts="edge", tasks=[task])
    done = playbook(path, "-i", str(tmp_path / "hosts.yml"), verbosity, "--diff", check=False)
    assert "unknown option 'confg'" in done.stdout + done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    assert house.get("/1.0/instances/nfvt-1", PROJECT)["config"]["user.api-token"] == "s3cr3t-two"
