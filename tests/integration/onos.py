# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller for tests: the SIMULATOR, or a real ONOS where NFVLAB_ONOS_ARCHIVE names its release archive.

With C(NFVLAB_ONOS_ARCHIVE=/path/onos-2.7.0.tar.gz), the same tests run against it, called [onos].
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT, Result, run_module

ARCHIVE = os.environ.get("NFVLAB_ONOS_ARCHIVE")
ORG = "org.onosproject."
LOGIN = {"username": "onos", "password": "rocks"}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Controller:
    """A running controller.

    :param home: a folder of its own; a simulator keeps its state and log there
    """

    kind = "sim"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.ssh_port, self.openflow_port = free_port(), free_port(), free_port()
        self.process: subprocess.Popen[str] | None = None
        self.log = home / "data" / "log" / "karaf.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *more: str) -> Controller:
        """Start it and wait until its REST interface listens."""
        command = [sys.executable, "-m", "tests.simulators.onos", "--rest", f"127.0.0.1:{self.port}"]
        command += ["--ssh", f"127.0.0.1:{self.ssh_port}", "--data", str(self.home), *more]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout and "ready" in self.process.stdout.readline()
        return self

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def requests(self) -> list[str]:
        """Method and path of all that a simulator was asked."""
        return (self.home / "requests.log").read_text().splitlines()

    def run(self, module: str, /, check: bool = False, **options: t.Any) -> Result:
        """Run a module against it."""
        return run_module(module, {"url": self.url, **LOGIN, "timeout": 10, **options}, check=check)

    def shell(self, module: str, /, check: bool = False, **options: t.Any) -> Result:
        """Run a module of its shell."""
        return self.run(module, check, ssh_port=self.ssh_port, **options)


@contextlib.contextmanager
def simulator(home: Path, *arguments: str) -> t.Iterator[Controller]:
    """A simulated controller."""
    controller = Controller(home)
    try:
        yield controller.start(*arguments)
    finally:
        controller.stop()


@pytest.fixture(
    params=[
        "sim",
        pytest.param("onos", marks=pytest.mark.skipif(not ARCHIVE, reason="NFVLAB_ONOS_ARCHIVE names no real ONOS")),
    ]
)
def onos(request: pytest.FixtureRequest, tmp_path: Path) -> t.Iterator[Controller]:
    """A controller with openflow, proxyarp and fwd active."""
    with simulator(tmp_path / "onos", "--apps", "openflow,proxyarp,fwd") as controller:
        yield controller


def archive(
    name: str = "org.example.app", version: str = "1.0-SNAPSHOT", needs: str = "", imports: str = "", text: str = ""
) -> bytes:
    """An application archive with one bundle."""
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as bundle:
        manifest = f"Manifest-Version: 1.0\nBundle-SymbolicName: {name}\n"
        bundle.writestr(
            zipfile.ZipInfo("META-INF/MANIFEST.MF"), manifest + (f"Import-Package: {imports}\n" if imports else "")
        )
    oar = io.BytesIO()
    with zipfile.ZipFile(oar, "w") as target:
        target.writestr(
            zipfile.ZipInfo("app.xml"),
            f'<app name="{name}" origin="tests" version="{version}" category="test" features="{name}" apps="{needs}">'
            f"<description>{text or name}</description></app>",
        )
        target.writestr(zipfile.ZipInfo("m2/bundle.jar"), jar.getvalue())
    return oar.getvalue()


def sha256(content: bytes) -> str:
    """The SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def paths(result: Result) -> list[str]:
    """What was sent, or would be."""
    return [f"{action['method']} {action['path']}" for action in result["actions"]]


def ok(result: Result) -> Result:
    """The result, which must not be a failure."""
    assert not result.failed, result["msg"]
    return result


def wait(true: t.Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail("it never was")
        time.sleep(0.05)
