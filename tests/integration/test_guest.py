# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guest API from inside a real Debian container, over the connection plugin.

Each row of the API's own documentation is covered by the test that says so; docs/guest.md has them as a table.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import tarfile
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.answers import PERMISSIONS
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.client import SOCKETS, Guest, GuestEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import IMAGES, ROOT, environment, playbook, run_module, sweep
from .test_images import Images

PROJECT, NAME = "nfvt-i", "nfvt-guest"  # the project is that of `Images`
PLACE = {"project": PROJECT, "name": NAME}
QUERY = {"project": PROJECT}
PATH = f"/1.0/instances/{NAME}"
RUNNING, READY = 103, 113  # status codes
NO_STATE = "the API extension 'instance_ready_state': no guest reports a state"

VARIABLES = {
    "ansible_connection": "nfvlab.fleet.incus",
    "ansible_incus_project": PROJECT,
    "ansible_python_interpreter": "/usr/bin/python3",
}


ON_LXD: dict[str, t.Any] = {}  # the tests that test_brands.py runs there as well


def covers(*rows: str) -> t.Callable[[t.Any], t.Any]:
    """Names the rows of docs/guest.md that a test covers; tests/unit/guest/test_docs.py holds the table against it."""

    def mark(test: t.Any) -> t.Any:
        if not any(mark.name == "incus_only" for mark in getattr(test, "pytestmark", ())):
            ON_LXD[test.__name__] = test
        return test

    return mark


class Inside:
    """Runs modules in the guest, as Ansible does."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.count = 0
        self.brand = client.brand
        self.permission = PERMISSIONS[client.brand]
        self.socket = SOCKETS[client.brand == "lxd"]

    def start(self, module: str, args: dict[str, t.Any], *more: str) -> tuple[subprocess.Popen[str], Path]:
        """Begin to run a module; the process, and where its result will be."""
        self.count += 1
        tree = self.folder / str(self.count)
        command = ["ansible", NAME, "-i", f"{NAME},", "-t", str(tree), *more]
        command += ["-e", json.dumps(VARIABLES), "-m", module, "-a", json.dumps(args) if args else ""]
        settings = environment(ANSIBLE_LIBRARY=str(Path(__file__).with_name("library")))
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, env=settings, text=True, **pipes), tree / NAME

    def end(self, process: subprocess.Popen[str], tree: Path) -> dict[str, t.Any]:
        """Wait for a module's result."""
        output, _nothing = process.communicate()
        assert tree.exists(), output
        return {**json.loads(tree.read_text()), "failed": process.returncode != 0}

    def __call__(self, module: str, *more: str, **args: t.Any) -> dict[str, t.Any]:
        """Run a module of ours; its result."""
        return self.end(*self.start(f"nfvlab.fleet.incus_guest_{module}", args, *more))

    def ask(self, method: str, path: str, body: t.Any = None, *more: str) -> dict[str, t.Any]:
        """Send a request that no module of ours sends."""
        return self.end(*self.start("guest_ask", {"method": method, "path": path, "body": body}, *more))

    def sh(self, script: str) -> str:
        """What a command in the guest says."""
        done = run_module("incus_exec", {**PLACE, "command": ["sh", "-c", script]})
        assert not done.failed, done["msg"]
        return str(done["stdout"])

    def config(self, **keys: str | None) -> None:
        """Set keys on the host; an underscore stands for a point."""
        config = {name.replace("_", "."): value for name, value in keys.items()}
        self.set(config)

    def set(self, config: dict[str, str | None], devices: t.Any = None) -> None:
        """The same for any key, and for devices."""
        args = {**PLACE, "config": config, **({} if devices is None else {"devices": devices})}
        done = run_module("incus_instance", args)
        assert not done.failed, done["msg"]

    def until_waiting(self, module: str, sockets: int = 4) -> None:
        """Wait until a module that was begun has so many sockets: the log's, its helper's, and its connections."""
        script = f"""
            for process in $(grep -l AnsiballZ_incus_guest_{module} /proc/[0-9]*/cmdline); do
                ls -l ${{process%cmdline}}fd 2>/dev/null | grep -c socket:
            done
            true  # what was listed may be gone
        """
        deadline = time.monotonic() + 30
        while not any(int(count) >= sockets for count in self.sh(script).split()):
            assert time.monotonic() < deadline, "it never waited"
            time.sleep(0.2)

    def until_status(self, code: int, seconds: float = 20) -> None:
        """Wait until the host sees the instance in a state."""
        deadline = time.monotonic() + seconds
        while self.client.get(PATH, QUERY)["status_code"] != code:
            assert time.monotonic() < deadline, f"it never became {code}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def inside(client: Client, image: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Inside]:
    """A guest of Incus."""
    yield from debian(client, image, tmp_path_factory.mktemp("inside"))


def restart_daemon(client: Client, folder: Path) -> None:
    """End the daemon as the system would, so that guests keep running, and start it by its role."""
    pid = client.get("/1.0")["environment"]["server_pid"]
    client.transport.close()
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "the daemon does not end"
        time.sleep(0.05)
    path = folder / "start.yml"
    role = {"name": "nfvlab.fleet.incus_daemon", "tasks_from": "start"}
    variables = {"incus_daemon_brand": client.brand, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables}
    path.write_text(yaml.safe_dump([{**play, "tasks": [{"ansible.builtin.import_role": role}]}]))
    playbook(str(path))


def build(folder: Path) -> None:
    """The image of Debian, in a project of its own and in the cache that is kept from one run to the next."""
    made = run_module("incus_project", {"name": PROJECT, "config": {"features.images": True}})
    assert not made.failed, made["msg"]
    images = Images(folder)
    images.cache = Path(IMAGES)
    images()


def debian(client: Client, image: str, folder: Path) -> t.Iterator[Inside]:
    """A running Debian in which there is a user bob."""
    sweep(client)
    build(folder)
    disk = {"root": {"type": "disk", "path": "/", "pool": "nfvt-gpool"}}
    for module, args in (
        ("incus_storage_pool", {"name": "nfvt-gpool", "driver": "dir"}),
        ("incus_image", {"project": PROJECT, "alias": "plain", "path": image}),
        ("incus_instance", {**PLACE, "image": "debian", "profiles": [], "devices": disk}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    inside = Inside(client, folder)
    # A unit that a container cannot have, such as systemd-binfmt, degrades it.
    inside.sh("until systemctl is-system-running --wait 2>&1 | grep -Eq 'running|degraded'; do sleep 0.2; done")
    inside.sh("useradd -m bob")
    yield inside
    sweep(client)


def ok(result: dict[str, t.Any]) -> dict[str, t.Any]:
    assert not result["failed"], result["msg"]
    return result


def failed(result: dict[str, t.Any], kind: str, said: str) -> dict[str, t.Any]:
    assert result["failed"], result
    assert result["failure"]["kind"] == kind and said in result["msg"], result["msg"]
    return result


@covers("GET /", "GET /1.0", "GET /1.0/config", "GET /1.0/config/<KEY>", "GET /1.0/devices", "GET /1.0/meta-data")
def test_everything_that_a_guest_is_told(inside: Inside) -> None:
    keys = {"user.app.port": "8080", "user.b/c ü?#%2F": "x\ny", "user.api-token": "s3cret"}
    inside.set({**keys, "cloud-init.network-config": "{}", "limits.memory": "1GiB"})
    result = ok(inside("info", query="[0].[state, instance_type]"))
    (about,) = result["objects"]
    server = inside.client.get("/1.0")
    assert about["apis"] == ["/1.0"] and about["api_version"] == "1.0"
    assert (about["brand"], about["socket"]) == (inside.brand, inside.socket)
    # LXD 5.0 tells nobody the state, and the place only in a cluster.
    told = {"incus": ("Started", server["environment"]["server_name"]), "lxd": (None, "none")}
    assert (about["state"], about["location"]) == told[inside.brand]
    assert result["result"] == [about["state"], "container"]
    assert about["config"] == {**keys, "user.api-token": "********", "cloud-init.network-config": "{}"}
    assert about["devices"] == {"root": {"path": "/", "pool": "nfvt-gpool", "type": "disk"}}
    assert f"\nlocal-hostname: {NAME}\n" in about["meta_data"]
    inside.set({**dict.fromkeys(keys), "cloud-init.network-config": None})


@covers("GET /1.0", "PATCH /1.0")
@pytest.mark.incus_only(NO_STATE)
def test_ready_is_what_the_host_sees(inside: Inside) -> None:
    foretold = ok(inside("state", "--check"))
    inside.until_status(RUNNING, 0)
    done = ok(inside("state"))
    inside.until_status(READY, 0)
    assert foretold["changed"] and done["changed"] and done["guest"]["state"] == "Ready"
    assert done["actions"] == [{"method": "PATCH", "path": "/1.0", "keys": ["state"], "sent": True}]
    assert not ok(inside("state", state="ready"))["changed"]
    assert ok(inside("state", state="started"))["changed"]
    inside.until_status(RUNNING, 0)


@pytest.mark.incus_only(NO_STATE)
def test_ready_is_reported_again_when_a_write_on_the_host_takes_it_back(inside: Inside) -> None:
    ok(inside("state", state="started"))
    before = inside.client.get(PATH, QUERY)
    stale = {name: before[name] for name in ("architecture", "config", "devices", "ephemeral", "profiles")}
    stale["config"]["volatile.last_state.ready"] = "false"
    running = inside.start("nfvlab.fleet.incus_guest_state", {"hold": 8})
    inside.until_status(READY)
    inside.client.etag(f"{PATH}?project={PROJECT}")  # as one that does not send If-Match
    inside.client.perform(Request("PUT", PATH, QUERY, stale))
    done = ok(inside.end(*running))
    inside.until_status(READY, 0)
    assert len(done["actions"]) > 1 and done["guest"]["state"] == "Ready"
    ok(inside("state", state="started", hold=0))


@covers("GET /1.0/config/<KEY>")
def test_the_host_hands_in_values_and_files(inside: Inside) -> None:
    inside.set({"user.app.config": "listen = 1\n", "user.app.token": "s3cret"})
    files = [
        {"key": "user.app.config", "path": "/srv/app.conf"},
        {"key": "user.app.token", "path": "/srv/token", "owner": "bob", "mode": "0400"},
    ]
    foretold = ok(inside("config", "--check", files=files))
    assert inside.sh("ls /srv") == ""
    done = ok(inside("config", "--diff", files=files, keys=["user.app.*"], fact="app"))
    assert inside.sh("cat /srv/app.conf /srv/token; stat -c '%n %a %U' /srv/*; ls -A /srv").split("\n") == [
        "listen = 1",
        "s3cret/srv/app.conf 644 root",
        "/srv/token 400 bob",
        "app.conf",
        "token",
        "",
    ]
    assert foretold["changed"] and done["changed"] and "s3cret" not in json.dumps(done)
    assert done["ansible_facts"]["app"]["user.app.config"] == "listen = 1\n"
    assert not ok(inside("config", files=files))["changed"]
    inside.set({"user.app.config": "listen = 2\n"})
    changed = ok(inside("config", "--diff", files=files))
    assert [entry["changed"] for entry in changed["results"]] == [True, False]
    assert inside.sh("cat /srv/app.conf; rm /srv/*") == "listen = 2\n"
    inside.set({"user.app.config": None, "user.app.token": None})


@covers("404 unset key", "403 key outside the namespaces")
def test_keys_that_are_not_there_and_keys_that_no_guest_sees(inside: Inside) -> None:
    inside.set({"user.app.port": "1"})
    failed(inside("config", keys=["user.app.prot"]), "not_found", "did you mean 'user.app.port'?")
    failed(inside("config", keys=["limits.memory"]), "unknown_key", "no guest can see the key 'limits.memory'")
    failed(inside("config", keys=["app.port"]), "unknown_key", "did you mean 'user.app.port'?")
    inside.set({"user.app.port": None})


def test_a_value_is_waited_for(inside: Inside) -> None:
    inside.set({"user.generation": "1", "cloud-init.vendor-data": None})
    args = {"wait_for": {"user.generation": 2, "cloud-init.network-config": None}, "wait_timeout": 60}
    running = inside.start("nfvlab.fleet.incus_guest_config", args)
    inside.until_waiting("config")
    inside.set({"user.generation": "2"})
    inside.set({"cloud-init.network-config": "{}"})
    assert ok(inside.end(*running))["config"] == {"user.generation": "2", "cloud-init.network-config": "{}"}
    late = inside("config", wait_for={"user.generation": "3"}, wait_timeout=0.5)
    failed(late, "timed_out", "after 0.5 s the key 'user.generation' is '2' and not '3'")
    inside.set({"user.generation": None, "cloud-init.network-config": None})


@covers("GET /1.0/events", "GET /1.0/events over a WebSocket")
@pytest.mark.parametrize("protocol", ["stream", "websocket"])
def test_events_of_keys_and_devices(inside: Inside, protocol: str) -> None:
    until = {"name": "nfvt-disk", "action": "added"}
    running = inside.start(
        "nfvlab.fleet.incus_guest_events", {"protocol": protocol, "until": until, "secret_keys": ["user.pin*"]}
    )
    process, _tree = running
    number = 0
    # Nobody outside knows when it listens, so it all happens until it has been heard.
    while process.poll() is None:
        number += 1
        inside.set({"user.pin": f"s3cret-{number}"}, {"nfvt-disk": {"type": "disk", "path": "/mnt", "source": "/tmp"}})
        inside.set({}, {"nfvt-disk": None})
    done = ok(inside.end(*running))
    assert done["match"]["type"] == "device" and done["match"]["metadata"]["config"]["path"] == "/mnt"
    assert done["events"][-1] == done["match"] and not done["changed"] and "s3cret" not in json.dumps(done)
    inside.set({"user.pin": None})
    nothing = inside("events", protocol=protocol, until={"key": "user.x"}, wait_timeout=0.5)
    failed(nothing, "timed_out", "within 0.5 s")


@pytest.fixture(scope="module")
def split(inside: Inside, image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return image_of_two_files(image, tmp_path_factory.mktemp("split"))


def image_of_two_files(image: str, folder: Path) -> str:
    """The fingerprint of a public image that consists of two files."""
    with tarfile.open(image) as whole, tarfile.open(folder / "meta.tar", "w") as meta:
        member = whole.getmember("metadata.yaml")
        meta.addfile(member, whole.extractfile(member))
    with tarfile.open(folder / "rootfs.tar", "w") as rootfs:
        rootfs.addfile(tarfile.TarInfo("./sbin"))
    args = {"path": str(folder / "meta.tar"), "rootfs_path": str(folder / "rootfs.tar"), "public": True}
    made = run_module("incus_image", {"project": PROJECT, "alias": "split", **args})
    assert not made.failed, made["msg"]
    return str(made["image"]["fingerprint"])


@covers("GET /1.0/images/<FINGERPRINT>/export", "403 images not allowed")
def test_images_are_exported_whole_when_the_host_allows_it(inside: Inside, image: str, split: str) -> None:
    fingerprint = hashlib.sha256(Path(image).read_bytes()).hexdigest()
    args = {"fingerprint": fingerprint, "project": PROJECT, "path": "/srv/image.tar"}
    permission = f"{inside.permission}.images"
    inside.set({permission: None})
    failed(inside("image", **args), "forbidden", f"set '{permission}' of the instance to 'true'")
    inside.set({permission: "true"})
    failed(inside("image", **args), "not_found", "only images that are public, or cached, are for guests")
    for public in (True, False):
        made = run_module("incus_image", {"project": PROJECT, "alias": "plain", "path": image, "public": public})
        assert not made.failed, made["msg"]
        if public:
            foretold = ok(inside("image", "--check", **args))
            assert foretold["changed"] and inside.sh("ls -A /srv") == ""
            done = ok(inside("image", **args))
            assert done["changed"] and done["image"]["files"][0]["sha256"] == fingerprint
    assert inside.sh("sha256sum </srv/image.tar; ls -A /srv") == f"{fingerprint}  -\nimage.tar\n"
    assert not ok(inside("image", **args))["changed"]  # it needs nobody's permission any more
    two = {"fingerprint": split, "project": PROJECT, "path": "/srv/meta.tar"}
    failed(inside("image", **two), "invalid_option", "the image consists of two files")
    assert ok(inside("image", rootfs_path="/srv/rootfs.tar", **two))["changed"]
    assert inside.sh("cat /srv/meta.tar /srv/rootfs.tar | sha256sum; rm /srv/*") == f"{split}  -\n"
    inside.set({permission: None})


@covers("401 not root in the guest")
def test_only_root_may_ask(inside: Inside) -> None:
    for module in ("info", "state", "events"):
        failed(inside(module, "-u", "bob"), "forbidden", "serves only root of the instance")


@covers("400 wrong escape", "404 unknown path")
@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [("/1.0/config/%zz", "refused", "HTTP 400"), ("/1.0/nope", "unsupported", "has no such call")],
)
def test_what_the_api_refuses_is_a_sentence(inside: Inside, path: str, kind: str, said: str) -> None:
    failed(inside.ask("GET", path), kind, said)


@covers("400 unknown state", "405 unknown method")
@pytest.mark.incus_only(NO_STATE)
@pytest.mark.parametrize(
    ("method", "body", "kind", "said"),
    [
        ("PATCH", {"state": "Nope"}, "refused", 'HTTP 400: Invalid state "Nope"'),
        ("PATCH", [], "refused", "HTTP 400"),
        ("POST", {}, "unsupported", 'method "POST" not allowed'),
    ],
)
def test_what_is_no_report_is_refused(inside: Inside, method: str, body: t.Any, kind: str, said: str) -> None:
    failed(inside.ask(method, "/1.0", body), kind, said)


@covers("500 not an instance's process")
def test_a_process_of_no_instance_is_told_so(inside: Inside) -> None:
    pid = inside.client.get(f"{PATH}/state", QUERY)["pid"]
    with (
        Guest(GuestEndpoint(f"/proc/{pid}/root{inside.socket}")) as outside,
        pytest.raises(errors.Refused, match="run it as a process of the instance itself") as caught,
    ):
        outside.server()
    assert caught.value.code == 500


@covers("403 security.guestapi=false")
def test_a_guest_that_may_not_use_the_api(inside: Inside) -> None:
    inside.set({inside.permission: "false"})
    try:
        for module in ("info", "state", "events"):
            failed(inside(module), "no_socket", "set 'security.guestapi' (with LXD 'security.devlxd') of it to 'true'")
    finally:
        inside.set({inside.permission: None})
    assert ok(inside("info"))["objects"]


@covers("403 security.guestapi=false")
def test_a_connection_that_was_open_when_the_api_was_forbidden(inside: Inside) -> None:
    """Of a container the socket goes as well; what is open is refused, as everything is in a virtual machine."""
    inside.set({"user.y": "1"})
    running = inside.start("nfvlab.fleet.incus_guest_config", {"wait_for": {"user.x": None}, "wait_timeout": 60})
    inside.until_waiting("config")
    inside.set({inside.permission: "false"})
    try:
        process, _tree = running
        while process.poll() is None:
            inside.set({"user.y": None})
            inside.set({"user.x": None, "user.y": "2"})
            inside.set({"user.x": "1"})
        result = inside.end(*running)
    finally:
        inside.set({inside.permission: None, "user.x": None, "user.y": None})
    failed(result, "forbidden", f"set '{inside.permission}' of the instance to 'true' on its host")


@covers("GET /1.0/events")
def test_events_are_followed_through_a_restart_of_the_daemon(inside: Inside) -> None:
    """The module is left to itself, a child of init that needs no helper: what runs over the connection plugin, the
    daemon ends with itself.
    """
    args = {"until": {"key": "user.later"}, "wait_timeout": 120}
    begun = ok(inside.end(*inside.start("nfvlab.fleet.incus_guest_events", args, "-B", "150", "-P", "0")))
    inside.until_waiting("events", sockets=2)
    restart_daemon(inside.client, inside.folder)
    number, done = 0, {"finished": 0}
    while not done["finished"]:
        number += 1
        inside.set({"user.later": str(number)})
        done = inside.end(*inside.start("ansible.builtin.async_status", {"jid": begun["ansible_job_id"]}))
    assert ok(done)["match"]["metadata"]["key"] == "user.later" and done["reconnects"] >= 1
    inside.set({"user.later": None})


def test_every_module_in_a_play_with_groups_of_defaults(inside: Inside, tmp_path: Path) -> None:
    inside.set({"user.app.port": "8080"})
    tasks: list[dict[str, t.Any]] = [
        {"nfvlab.fleet.incus_guest_info": {"query": "[0].state"}, "register": "info"},
        {"nfvlab.fleet.incus_guest_config": {"keys": ["user.app.port"], "fact": "app"}},
        {"nfvlab.fleet.incus_guest_state": {"state": "started"}},
        {"nfvlab.fleet.incus_guest_events": {"wait_timeout": 0.1}},
        {"nfvlab.fleet.incus_guest_image": {"fingerprint": "0" * 64, "path": "/srv/x"}, "ignore_errors": True},
        {"nfvlab.fleet.incus_guest_agent": {"name": "config", "state": "absent"}},  # asks the daemon nothing
        {"ansible.builtin.assert": {"that": ["info.result == 'Started'", "app['user.app.port'] == '8080'"]}},
    ]
    used = {name.rpartition(".")[2] for task in tasks for name in task if name.startswith("nfvlab.")}
    assert used == {path.stem for path in (ROOT / "plugins" / "modules").glob("incus_guest_*.py")}
    play = {"hosts": NAME, "gather_facts": False, "vars": VARIABLES, "tasks": tasks}
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play]))
    done = playbook(str(path), "-i", f"{NAME},")
    assert re.search(r"ok=7 +changed=0 .*ignored=1", done.stdout), done.stdout
    for group in ("guest", "all"):
        defaults = {f"group/nfvlab.fleet.{group}": {"socket": "/nonexistent/nfvt"}}
        for task in tasks[:5]:
            path.write_text(yaml.safe_dump([{**play, "module_defaults": defaults, "tasks": [task]}]))
            refused = playbook(str(path), "-i", f"{NAME},", check=False)
            assert "unix:/nonexistent/nfvt" in refused.stdout, shlex.join([group, *task])
    inside.set({"user.app.port": None})
