# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the Kata agent share: the test agent (a SIMULATOR) and a root file system to run commands in."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.address import parse
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.agent import Agent

from tests.simulators.kata_agent.rootfs import rootfs

ROOT = Path(__file__).resolve().parents[2]
ROOTFS = "/run/kata-lab/rootfs"  # in the guest, as in the recordings
OWN_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def can_unshare() -> bool:
    """Whether this host lets us have a user namespace of our own."""
    return subprocess.run([*OWN_NAMESPACES, "true"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def test_agent(folder: Path, template: Path, *options: str) -> t.Iterator[Simulated]:
    """A running test agent with a copy of the root file system."""
    guest = folder / "guest"
    shutil.copytree(template, guest / ROOTFS.lstrip("/"), symlinks=True)
    for name in ("bin", "dev", "lib", "lib64", "usr"):  # so that the guest itself has a shell, for the console
        if (template / name).exists():
            (guest / name).symlink_to(ROOTFS.lstrip("/") + "/" + name)
    path, hybrid = folder / "agent.sock", folder / "vm.sock"
    command = [
        *OWN_NAMESPACES,
        sys.executable,
        "-m",
        "tests.simulators.kata_agent",
        *("--socket", str(path), "--hybrid", str(hybrid), "--root", str(guest)),
        *options,
    ]
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'build' / 'collections'}"}
    process = subprocess.Popen(command, cwd=ROOT, env=variables)
    try:
        deadline = time.monotonic() + 20
        while not (listens(path) and listens(hybrid)):
            assert process.poll() is None, "the test agent ended"
            assert time.monotonic() < deadline, "the test agent did not start"
            time.sleep(0.01)
        yield Simulated(process, f"unix://{path}", f"hvsock://{hybrid}:1024", guest)
    finally:
        process.kill()
        process.wait()


test_agent.__test__ = False


def listens(path: Path) -> bool:
    """Whether somebody takes connections on a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


class Simulated:
    """The test agent, as a test sees it.

    :param hybrid: the same agent as a hypervisor's hybrid vsock shows it
    :param guest: the directory that stands for the guest's root
    """

    def __init__(self, process: subprocess.Popen, address: str, hybrid: str, guest: Path) -> None:
        self.process = process
        self.address = address
        self.hybrid = hybrid
        self.guest = guest

    def session(self, timeout: float = 5.0) -> Agent:
        return Agent(parse(self.address), timeout=timeout)

    def there(self, container: str) -> bool:
        """Whether a container is there, asked with the harmless probe."""
        with self.session() as agent:
            try:
                agent.call("UpdateContainer", {"container_id": container})
            except FleetError:
                return False
            return True


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not can_unshare():
        pytest.skip("no user namespaces here: the test agent refuses to start without one of its own")
    return rootfs(tmp_path_factory.mktemp("kata") / "rootfs")


@pytest.fixture
def agent(tmp_path: Path, template: Path) -> t.Iterator[Simulated]:
    """A fresh test agent."""
    with test_agent(tmp_path, template) as running:
        yield running


def play_of(folder: Path, role: str, variables: dict[str, t.Any]) -> tuple[str, ...]:
    """Write a play of one role for this host; the arguments of ansible-playbook for it."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": variables,
        "tasks": [{"ansible.builtin.import_role": {"name": f"nfvlab.fleet.{role}"}}],
    }
    path = folder / "play.yml"
    path.write_text(json.dumps([play]))
    return str(path), "-i", "localhost,"
