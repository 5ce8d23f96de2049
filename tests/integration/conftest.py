# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the integration tests share: a real daemon, an image, a recording proxy, and a clean house before and after.

Everything the tests make is called C(nfvt...), and nothing else is touched.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket as sockets
import subprocess
import sys
import typing as t
from pathlib import Path
from urllib.parse import unquote

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, NotFound
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path as join
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import fingerprint_of
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, discover_socket

from .proxy import Door, Proxy, certificate, recording
from .sidebyside import Table

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "nfvt"
DOOR = "nfvt-client"  # the certificate that opens the daemon's second door
IMAGES = "/var/cache/nfvlab-fleet/images"
MARKER = Path("/var/lib/nfvlab-fleet/incus_daemon.json")
PARENT = "nfvtparent"  # a bridge of the host, for networks that stand on one
LISTENS = "user.nfvt-listens"  # the key of a daemon that listens because a test wants it to


TABLE = Table()
DAEMON = pytest.StashKey[Client]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "incus_only(reason): what LXD does not offer, and why")


@pytest.fixture(autouse=True)
def daemon_of_the_test(request: pytest.FixtureRequest) -> None:
    """Remember which daemon a test is about."""
    for name in ("client", "cluster"):
        if name in request.fixturenames:
            request.node.stash[DAEMON] = request.getfixturevalue(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: pytest.CallInfo[None]) -> t.Iterator[None]:
    """Take down what became of a test, for the table of both brands."""
    report = yield
    if call.when == "call" and DAEMON in item.stash:
        with contextlib.suppress(FleetError):  # a daemon that is not there has no column
            note(item, item.stash[DAEMON], report.passed)
    return report


def note(item: pytest.Function, client: Client, passed: bool) -> None:
    """Take down what became of one test."""
    TABLE.versions[client.brand] = client.server["environment"]["server_version"]
    values = item.callspec.params if hasattr(item, "callspec") else {}
    feature = values["path"].stem if "step" in values else item.function.__module__.rpartition(".test_")[2]
    told = dict(item.user_properties).get("not_offered")
    if told:
        TABLE.lacks(feature, values["step"]["name"], told)
    else:
        TABLE.note(feature, client.brand, passed)
    only = item.get_closest_marker("incus_only")
    if only:
        TABLE.lacks(feature, item.originalname.removeprefix("test_").replace("_", " "), only.args[0])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = TABLE.lines()
    if lines:
        terminalreporter.section("both brands")
        terminalreporter.write("\n".join(lines) + "\n")


def environment(**more: str) -> dict[str, str]:
    """The environment of Ansible's programs: their own first in the path, and the checkout's own collection."""
    return {
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **more,
    }


def playbook(
    *arguments: str, cwd: Path | None = None, check: bool = True, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook as a user would, with the checkout's own collection."""
    command = ["ansible-playbook", *arguments]
    run = subprocess.run(
        command,
        cwd=cwd or ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if check and run.returncode:
        # The reason stands before the recap and a long summary.
        start = run.stdout.find("[ERROR]")
        said = run.stdout[start : start + 3000] if start >= 0 else run.stdout[-6000:]
        pytest.fail(f"{' '.join(command)} ended with {run.returncode}:\n{said}\n{run.stderr[-2000:]}")
    return run


class Result(dict[str, t.Any]):
    """What a module returned, and the warnings that it gave."""

    @property
    def failed(self) -> bool:
        return bool(self.get("failed"))

    warned: list[str]


def run_module(name: str, args: t.Mapping[str, t.Any], *, check: bool = False) -> Result:
    """Run a module's own main function in this process, with options as Ansible hands them over."""
    module = importlib.import_module(f"ansible_collections.nfvlab.fleet.plugins.modules.{name}")
    printed: list[str] = []
    warned: list[str] = []
    with (
        pytest.MonkeyPatch.context() as patch,
        patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}),
        pytest.raises(SystemExit),
    ):
        patch.setattr("builtins.print", lambda *values, **rest: printed.append(str(values[0])))
        patch.setattr(FleetModule, "warn", lambda self, message: warned.append(message))
        module.main()
    result = Result(json.loads("".join(printed)))
    result.warned = warned
    return result


def sweep(client: Client) -> None:
    """Delete everything that the tests could have made, in the order in which it depends on each other."""

    def ours(collection: str, **query: str) -> list[str]:
        return [name for name in client.names(collection, query) or () if name.startswith(PREFIX)]

    projects = ["default", *ours("/1.0/projects")]
    for project in projects:
        query = {"project": project}
        everything = project != "default"
        for name in client.names("/1.0/instances", query) or ():
            if everything or name.startswith(PREFIX):
                path = join("1.0", "instances", name)
                if client.get(path, query)["status_code"] != 102:
                    client.perform(Request("PUT", path + "/state", query, {"action": "stop", "force": True}))
                if client.find(path, query):
                    client.perform(Request("DELETE", path, query))
        if everything:
            for name in client.names("/1.0/images", query) or ():
                client.perform(Request("DELETE", join("1.0", "images", name), query))
        for name in client.names("/1.0/profiles", query) or ():
            if name.startswith(PREFIX) or everything and name != "default":
                client.perform(Request("DELETE", join("1.0", "profiles", name), query))
            elif everything:
                client.perform(Request("PUT", join("1.0", "profiles", name), query, {"config": {}, "devices": {}}))
    for pool in client.names("/1.0/storage-pools") or ():
        for volume in client.get(join("1.0", "storage-pools", pool, "volumes", "custom"), {"all-projects": "true"}):
            path, _mark, query_text = unquote(volume).partition("?")
            if "/snapshots/" in path:  # which goes with its volume
                continue
            query = dict(part.split("=", 1) for part in query_text.split("&") if part)
            if query.get("project", "default").startswith(PREFIX) or path.rsplit("/", 1)[-1].startswith(PREFIX):
                client.perform(Request("DELETE", path, query))
    for name in ours("/1.0/networks"):
        with contextlib.suppress(NotFound):  # interfaces that are not the daemon's are listed as well
            client.perform(Request("DELETE", join("1.0", "networks", name)))
    if Path("/sys/class/net", PARENT).exists():
        subprocess.run(["ip", "link", "delete", PARENT], check=True)
    for collection in ("/1.0/network-acls", "/1.0/network-zones", "/1.0/network-integrations"):
        with contextlib.suppress(NotFound):  # LXD has no integrations
            for name in ours(collection):
                client.perform(Request("DELETE", collection + join(name)))
    for name in ours("/1.0/storage-pools"):
        client.perform(Request("DELETE", join("1.0", "storage-pools", name)))
    for trusted in client.get("/1.0/certificates", {"recursion": "1"}) or ():
        if trusted["name"].startswith(PREFIX) and trusted["name"] != DOOR:
            client.perform(Request("DELETE", join("1.0", "certificates", trusted["fingerprint"])))
    for operation in (client.get("/1.0/operations", {"recursion": "1"}) or {}).get("running") or ():
        if ((operation["metadata"] or {}).get("request") or {}).get("name", "").startswith(PREFIX):  # a token
            client.perform(Request("DELETE", join("1.0", "operations", operation["id"])))
    for name in projects[1:]:
        client.perform(Request("DELETE", join("1.0", "projects", name)))
    if LISTENS in client.get("/1.0")["config"]:
        client.perform(Request("PATCH", "/1.0", body={"config": {"core.https_address": "", LISTENS: ""}}))


def listen(client: Client) -> None:
    """Have a daemon listen on loopback, until the next sweep, unless it does so already."""
    if not client.get("/1.0")["config"].get("core.https_address"):
        config = {"core.https_address": f"127.0.0.1:{free_port()}", LISTENS: "true"}
        client.perform(Request("PATCH", "/1.0", body={"config": config}))


@pytest.fixture(scope="session")
def prepared() -> t.Iterator[None]:
    """A daemon that answers and a built image, made by the roles; each goes again if it was not here before."""
    had, had_images = MARKER.exists(), Path(IMAGES).exists()
    playbook("tests/integration/prepare.yml")
    yield
    if not had_images:
        playbook("tests/integration/prepare.yml", "-e", "incus_images_state=absent")
    if not had:
        playbook("tests/integration/prepare.yml", "-e", "incus_daemon_state=absent")


@pytest.fixture(scope="session")
def socket(prepared: None) -> str:
    """The daemon's socket."""
    return discover_socket(os.environ)


@pytest.fixture(scope="session")
def client(socket: str) -> t.Iterator[Client]:
    """A client of the daemon, with a clean house before and after."""
    client = Client(UnixEndpoint(socket))
    sweep(client)
    yield client
    sweep(client)


@pytest.fixture
def house(client: Client) -> t.Iterator[Client]:
    """The same for a single test."""
    sweep(client)
    yield client
    sweep(client)


@pytest.fixture(scope="session")
def image(prepared: None) -> str:
    """The path of a built image."""
    return str(next(Path(IMAGES).glob("busybox-*.tar")))


@pytest.fixture(scope="session")
def newer(image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same image with another fingerprint: zeros after the end of a tarball mean nothing."""
    path = tmp_path_factory.mktemp("newer") / "newer.tar"
    path.write_bytes(Path(image).read_bytes() + bytes(512))
    return str(path)


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with sockets.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def remote(client: Client, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Door]:
    """The daemon's second door: it listens on loopback and trusts a certificate of ours; its own is pinned."""
    folder = tmp_path_factory.mktemp("tls")
    config = client.get("/1.0")["config"]
    before = None if LISTENS in config else config.get("core.https_address")
    address = f"127.0.0.1:{free_port()}"
    mine = certificate(folder, DOOR)
    server_cert = folder / "server.crt"
    server_cert.write_text(client.get("/1.0")["environment"]["certificate"])  # learnt over the unix socket
    fingerprint = fingerprint_of(mine["client_cert"])
    try:
        listening = run_module("incus_server", {"config": {"core.https_address": address, LISTENS: None}})
        assert not listening.failed, listening["msg"]
        pem = Path(mine["client_cert"]).read_text()
        body = {"name": DOOR, "type": "client", "certificate": "".join(pem.splitlines()[1:-1])}
        client.perform(Request("POST", "/1.0/certificates", body=body))
        yield {"url": f"https://{address}", "server_cert": str(server_cert), **mine}
    finally:
        if client.find(f"/1.0/certificates/{fingerprint}"):
            client.perform(Request("DELETE", f"/1.0/certificates/{fingerprint}"))
        closed = run_module("incus_server", {"config": {"core.https_address": before}})
        assert not closed.failed, closed["msg"]


@pytest.fixture(scope="module", params=["unix", "https"])
def door(request: pytest.FixtureRequest, socket: str) -> t.Iterator[Door]:
    """A door of the daemon, first its socket, then its address. Tests that ask for it go through both.

    Every module that they run finds it in the environment, also in other processes.
    """
    if request.param == "unix":
        yield {"socket": socket}
        return
    remote: Door = request.getfixturevalue("remote")
    with pytest.MonkeyPatch.context() as patch:
        for option, value in remote.items():
            patch.setenv(f"INCUS_{option.upper()}", value)
        yield remote


@pytest.fixture(scope="module")
def proxy(socket: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Proxy]:
    """A recording proxy in front of the daemon's socket."""
    with recording({"socket": socket}, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def doorman(door: Door, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Proxy]:
    """A recording proxy in front of the door."""
    with recording(door, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy
