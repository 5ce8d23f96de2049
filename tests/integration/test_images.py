# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image that the builder debian makes: built once, the same each time, and a guest that boots, runs and stops."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import playbook, run_module

PROJECT = "nfvt-i"
PROGRAMS = Path("/opt/nfvt-programs")  # not below /tmp, which a guest empties when it starts
BUILD = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: nfvlab.fleet.incus_images
"""


class Images:
    """The role, with a cache of its own.

    :param programs: folders of the host that come along
    """

    def __init__(self, folder: Path, *programs: Path) -> None:
        self.programs = programs
        self.cache = folder / "cache"
        self.play = folder / "build.yml"
        self.play.write_text(BUILD)

    def __call__(self, *arguments: str) -> int:
        """Run the role; how many tasks changed something."""
        variables = {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "incus_images_cache": str(self.cache),
            "incus_images_project": PROJECT,
            "incus_images": [{"alias": "debian", "build": "debian"}],
            "incus_images_debian_folders": [str(path) for path in self.programs],
        }
        recap = playbook(str(self.play), "-e", json.dumps(variables), *arguments).stdout
        found = re.search(r"localhost +: .*changed=(\d+) ", recap)
        assert found, recap
        return int(found[1])

    @property
    def built(self) -> Path:
        """The image in the cache."""
        (image,) = self.cache.glob("debian-*.tar.zst")
        return image


@pytest.fixture(scope="module")
def images(client: Client, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Images]:
    """The image, built; checking before has built nothing."""
    run_module("incus_project", {"name": PROJECT})
    images = Images(tmp_path_factory.mktemp("images"), PROGRAMS)
    program = PROGRAMS / "bin" / "hello"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    try:
        assert images("--check") > 0
        assert not images.cache.exists()
        assert images() > 0
        yield images
    finally:
        shutil.rmtree(PROGRAMS)


@pytest.fixture(scope="module")
def guest(images: Images, client: Client) -> t.Iterator[t.Callable[..., str]]:
    """A running instance, as a function that runs a command in it."""
    run_module("incus_storage_pool", {"name": "nfvt-ipool", "driver": "dir"})
    run_module("incus_network", {"name": "nfvti0", "config": {"ipv4.address": "10.123.0.1/24", "ipv6.address": "none"}})
    made = run_module(
        "incus_instance",
        {
            "name": "nfvt-i1",
            "project": PROJECT,
            "image": "debian",
            "devices": {
                "root": {"type": "disk", "path": "/", "pool": "nfvt-ipool"},
                "eth0": {"type": "nic", "network": "nfvti0", "name": "eth0"},
            },
            "wait_for": ["ipv4"],
        },
    )
    assert not made.failed, made

    def run(*command: str) -> str:
        result = run_module("incus_exec", {"name": "nfvt-i1", "project": PROJECT, "command": list(command)})
        assert not result.failed, result
        return str(result["stdout"]).strip()

    yield run
    client.perform(
        Request("PUT", "/1.0/instances/nfvt-i1/state", {"project": PROJECT}, {"action": "stop", "force": True})
    )


def test_it_is_built_once(images: Images) -> None:
    before = images.built.stat()
    assert images() == 0
    assert images("--check") == 0
    assert images.built.stat().st_mtime_ns == before.st_mtime_ns


def test_it_is_the_same_each_time(images: Images) -> None:
    before = hashlib.sha256(images.built.read_bytes()).hexdigest()
    images.built.write_bytes(b"damaged")
    assert images() > 0
    assert hashlib.sha256(images.built.read_bytes()).hexdigest() == before


def test_folders_of_the_host_come_along_and_make_it_another_one(guest: t.Callable[..., str], images: Images) -> None:
    program = PROGRAMS / "bin" / "hello"
    assert guest(str(program)) == "hello"
    text = program.read_text()
    program.write_text(text.replace("hello", "goodbye"))
    assert images("--check") > 0
    program.write_text(text)
    assert images("--check") == 0


def test_it_is_a_whole_system_without_anything_failed(guest: t.Callable[..., str]) -> None:
    assert guest("systemctl", "is-system-running", "--wait") == "running"
    assert guest("python3", "-c", "import http.client, ssl; print('there')") == "there"
    assert guest("hostname") == "nfvt-i1"


def test_it_has_nothing_that_instances_must_not_share(guest: t.Callable[..., str], images: Images) -> None:
    packed = subprocess.run(["tar", "-tvf", str(images.built)], capture_output=True, text=True, check=True).stdout
    (machine_id,) = re.findall(r"^-\S+ +\S+ +(\d+) .* rootfs/etc/machine-id$", packed, re.MULTILINE)
    assert machine_id == "0"
    left = r"rootfs/(etc/hostname|etc/ssh/|var/lib/apt/lists/.*_|var/cache/apt/.*\.(deb|bin)$)"
    assert not re.search(left, packed, re.MULTILINE)
    assert re.fullmatch("[0-9a-f]{32}", guest("cat", "/etc/machine-id"))


def test_it_finds_names(guest: t.Callable[..., str]) -> None:
    assert guest("getent", "hosts", "nfvt-i1")
    assert "nameserver 127.0.0.53" in guest("cat", "/etc/resolv.conf")


def test_it_stops_when_it_is_asked_to(guest: t.Callable[..., str], client: Client) -> None:
    guest("systemctl", "is-system-running", "--wait")
    state = {"project": PROJECT}
    begun = time.monotonic()
    client.perform(Request("PUT", "/1.0/instances/nfvt-i1/state", state, {"action": "stop", "timeout": 30}))
    assert time.monotonic() - begun < 20
    assert client.get("/1.0/instances/nfvt-i1", state)["status"] == "Stopped"
    client.perform(Request("PUT", "/1.0/instances/nfvt-i1/state", state, {"action": "start"}))
