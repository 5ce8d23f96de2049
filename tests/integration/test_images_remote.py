# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_image with images from servers: a simplestreams server in this process, and a second real daemon.

As in test_modules, what changes something is first run in check mode and has to predict the real run exactly.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import lzma
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import ROOT, Result, free_port, playbook, run_module, sweep
from .peer import Peer, peer
from .proxy import Proxy
from .proxy import certificate as client_certificate
from .test_modules import differs, refused, sent

__all__ = ["peer"]  # a fixture

PROJECT = "nfvt-r"
DAEMON_CACHES = (Path("/var/cache/incus"), Path("/var/cache/lxd"))
HOUR = 3600

BRING = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: nfvlab.fleet.incus_images
"""


class SimpleStreams:
    """A simplestreams server on loopback.

    :param tls: certificate and key, for https
    """

    def __init__(self, tls: tuple[str, str] | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.versions: dict[str, dict[str, t.Any]] = {}
        self.asked: list[str] = []
        self.fault = ""
        self.closing = threading.Event()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, *values: t.Any) -> None:
                """The test looks at C(asked) instead."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.http.server_port}"
        self.forget()
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        path = request.path.lstrip("/")
        self.asked.append(path)
        content = self.files.get(path)
        image = path.startswith("images/")
        if self.fault == "html":
            content = b"<!DOCTYPE html><title>Welcome</title>"
        if self.fault == "silent":
            self.closing.wait()
            return
        if self.fault == "busy":
            request.send_error(503)
            return
        if content is None or (image and self.fault == "gone"):
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if image and self.fault == "other":
            content = bytes(len(content))
        if self.fault == ("cut" if image else "short"):
            request.wfile.write(content[: len(content) // 2])
            request.close_connection = True
            return
        request.wfile.write(content)

    def publish(self, serial: str, *files: tuple[str, bytes], arch: str = "amd64") -> str:
        """Add a version with one image, of one file or of two; its fingerprint."""
        items: dict[str, t.Any] = {}
        for kind, content in files:
            path = f"images/{serial}/{kind}"
            self.files[path] = content
            items[kind] = {
                "ftype": kind,
                "path": path,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        fingerprint = hashlib.sha256(b"".join(content for _kind, content in files)).hexdigest()
        if len(files) == 2:
            combined = {"root.tar.xz": "rootxz", "disk-kvm.img": "disk-kvm-img"}[files[1][0]]
            items[files[0][0]][f"combined_{combined}_sha256"] = fingerprint
        self.versions.setdefault(serial, {"items": {}})["items"].update(items)
        product = {
            "aliases": "busybox,busybox/stable",
            "arch": arch,
            "os": "BusyBox",
            "release": "stable",
            "release_title": "stable",
            "versions": self.versions,
        }
        index = {"datatype": "image-downloads", "path": "streams/v1/images.json", "products": ["busybox"]}
        self.files["streams/v1/index.json"] = json.dumps({"format": "index:1.0", "index": {"images": index}}).encode()
        self.files["streams/v1/images.json"] = json.dumps({"products": {"busybox": product}}).encode()
        return fingerprint

    @property
    def downloads(self) -> list[str]:
        """Which files of images were asked for."""
        return [path for path in self.asked if path.startswith("images/")]

    @property
    def _kept(self) -> list[Path]:
        return [cache / hashlib.sha256(self.url.encode()).hexdigest() for cache in DAEMON_CACHES]

    def age(self) -> None:
        """Make the daemon's own copy of the list two hours old."""
        for folder in self._kept:
            for file in folder.glob("*"):
                os.utime(file, (time.time() - 2 * HOUR,) * 2)

    def forget(self) -> None:
        """Take the daemon's own copy of the list away: another test may get this port again."""
        for folder in self._kept:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self.forget()


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for this host that no authority vouches for, and its key."""
    cert, key = str(folder / "server.crt"), str(folder / "server.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=nfvt-images", "-addext", "subjectAltName=DNS:nfvt-images,IP:127.0.0.1",
         "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


# -- what the tests work with


@functools.cache
def variant(image: str, number: int) -> bytes:
    """The built image with another fingerprint: zeros after the end of a tarball mean nothing."""
    return Path(image).read_bytes() + bytes(512 * number)


def split(image: str) -> tuple[bytes, bytes]:
    """The built image as metadata and root file system, each a compressed tarball."""
    meta, root = io.BytesIO(), io.BytesIO()
    with (
        tarfile.open(image) as whole,
        tarfile.open(fileobj=meta, mode="w") as one,
        tarfile.open(fileobj=root, mode="w") as two,
    ):
        for entry in whole:
            content = whole.extractfile(entry) if entry.isfile() else None
            if not entry.name.startswith("rootfs"):
                one.addfile(entry, content)
                continue
            entry.name = entry.name.removeprefix("rootfs").lstrip("/") or "."
            entry.linkname = entry.linkname.removeprefix("rootfs/") if entry.islnk() else entry.linkname
            two.addfile(entry, content)
    return tuple(lzma.compress(part.getvalue(), preset=0) for part in (meta, root))  # type: ignore[return-value]


@pytest.fixture
def house(client: Client) -> t.Iterator[Client]:
    """A clean house with a project of its own images."""
    sweep(client)
    made = run_module("incus_project", {"name": PROJECT, "config": {"features.images": True}})
    assert not made.failed, made["msg"]
    yield client
    sweep(client)


@pytest.fixture
def server() -> t.Iterator[SimpleStreams]:
    server = SimpleStreams()
    yield server
    server.close()


class Wanted:
    """Runs incus_image against the daemon, through the recording proxy."""

    def __init__(self, proxy: Proxy, **common: t.Any) -> None:
        self.proxy = proxy
        self.common = {"project": PROJECT, "alias": "nfvt-pulled", "socket": proxy.path, **common}

    def __call__(self, *, check: bool = False, **more: t.Any) -> Result:
        self.proxy.clear()
        return run_module("incus_image", {**self.common, **more}, check=check)

    def changes(self, **more: t.Any) -> Result:
        """It changes something, exactly as predicted, and nothing the next time."""
        predicted = self(check=True, **more)
        assert not predicted.failed, predicted["msg"]
        assert self.proxy.changes() == []
        done = self(**more)
        assert not done.failed, done["msg"]
        assert done["changed"] is predicted["changed"] is True and differs(done)
        assert done["diff"] == predicted["diff"]
        assert sent(predicted, False) == sent(done, True) == self.proxy.changes()
        assert [action["keys"] for action in predicted["actions"]] == [action["keys"] for action in done["actions"]]
        self.stays(**more)
        return done

    def stays(self, **more: t.Any) -> Result:
        """It changes nothing."""
        for check in (True, False):
            done = self(check=check, **more)
            assert not done.failed, done["msg"]
            assert done["changed"] is False and done["actions"] == [] and self.proxy.changes() == []
            assert not differs(done)
        return done

    def fails(self, kind: str, says: str, client: Client, **more: t.Any) -> Result:
        """It fails with one sentence, and nothing changes."""
        before = client.get("/1.0/images", {"project": PROJECT, "recursion": "1"})
        done = self(**more)
        refused(done, {"fails": kind, "says": says})
        assert done["changed"] is False
        assert client.get("/1.0/images", {"project": PROJECT, "recursion": "1"}) == before
        return done


@pytest.fixture
def pulled(proxy: Proxy, server: SimpleStreams) -> Wanted:
    """The module with the simplestreams server."""
    return Wanted(proxy, image="busybox", image_server={"url": server.url})


def unified(image: str, number: int = 0) -> tuple[str, bytes]:
    return "incus_combined.tar.gz", variant(image, number)


# -- a simplestreams server


def test_an_image_is_got_once_and_then_left_alone(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    server.publish("20250101_00:00", unified(image, 1))
    newest = server.publish("20250102_00:00", unified(image, 2))
    done = pulled.changes(properties={"site": "north"}, auto_update=True)
    assert sent(done, True) == [("POST", f"/1.0/images?project={PROJECT}")]
    assert done["diff"]["after"]["fingerprint"] == done["image"]["fingerprint"] == newest
    assert done["image"]["update_source"]["alias"] == "busybox"
    assert done["image"]["update_source"]["server"] == server.url
    assert done["image"]["auto_update"] is True and done["image"]["public"] is False
    assert done["image"]["properties"]["site"] == "north" and done["image"]["properties"]["os"] == "BusyBox"
    asked = len(server.asked)
    pulled.stays()
    assert len(server.asked) == asked, "the server was asked about an image that is there"
    server.close()
    assert pulled.stays()["image"]["fingerprint"] == newest
    pulled.changes(properties={"site": None}, public=True, auto_update=False)


def test_refresh_follows_the_server_as_soon_as_the_daemon_does(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    old = server.publish("20250101_00:00", unified(image, 1))
    pulled.changes(refresh=True, public=True, auto_update=True)
    new = server.publish("20250102_00:00", unified(image, 2))
    assert pulled.stays()["image"]["fingerprint"] == old
    # The daemon still goes by its own list: nothing changes, and it is said why.
    assert pulled(check=True, refresh=True)["changed"] is True
    early = pulled(refresh=True, prune=True)
    assert not early.failed and early["changed"] is False and early["actions"] == [] and not differs(early)
    assert early["image"]["fingerprint"] == old
    assert any("up to an hour old" in warning and new[:12] in warning for warning in early.warned)
    server.age()
    done = pulled.changes(refresh=True, prune=True)
    assert sent(done, True) == [
        ("POST", f"/1.0/images?project={PROJECT}"),
        ("PUT", f"/1.0/images/aliases/nfvt-pulled?project={PROJECT}"),
        ("DELETE", f"/1.0/images/{old}?project={PROJECT}"),
    ]
    assert done["diff"]["before"]["fingerprint"] == old and done["diff"]["after"]["fingerprint"] == new
    assert done["image"]["public"] is done["image"]["auto_update"] is True, "a successor stays what the image was"
    assert house.find(f"/1.0/images/{old}", {"project": PROJECT}) is None


def test_the_alias_moves_when_another_image_is_wanted(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    old = server.publish("20250101_00:00", unified(image, 1))
    new = server.publish("20250102_00:00", unified(image, 2))
    pulled.changes(image=old[:20])
    done = pulled.changes(image="busybox/stable")
    assert done["image"]["fingerprint"] == new
    assert house.find(f"/1.0/images/{old}", {"project": PROJECT}), "without prune the image before it stays"
    assert pulled.changes(image=old)["actions"][0]["method"] == "PUT", "what the daemon has is not got again"
    assert server.downloads.count("images/20250101_00:00/incus_combined.tar.gz") == 1


def test_a_file_of_the_same_content_is_the_same_image(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    fingerprint = server.publish("20250101_00:00", unified(image))
    assert not run_module("incus_image", {"project": PROJECT, "alias": "nfvt-file", "path": image}).failed
    done = pulled.changes(properties={"site": "north"})
    assert done["image"]["fingerprint"] == fingerprint and server.downloads == []
    said = pulled(auto_update=True)
    assert not said.failed and any("does not know where it came from" in warning for warning in said.warned)


def test_both_kinds_of_images_under_one_name(house: Client, server: SimpleStreams, pulled: Wanted, image: str) -> None:
    meta, root = split(image)
    container = server.publish("20250101_00:00", ("incus.tar.xz", meta), ("root.tar.xz", root))
    pulled.fails("missing_reference", "has 'busybox' as a container only", house, image_type="virtual-machine")
    machine = server.publish("20250102_00:00", ("incus.tar.xz", meta), ("disk-kvm.img", b"a disk"))
    server.age()
    done = pulled.changes()
    assert done["image"]["fingerprint"] == container and done["image"]["type"] == "container"
    done = pulled.changes(image_type="virtual-machine")
    assert done["image"]["fingerprint"] == machine and done["image"]["type"] == "virtual-machine"


def test_instances_run_from_a_split_image_of_a_server(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    meta, root = split(image)
    server.publish("20250101_00:00", ("incus.tar.xz", meta), ("root.tar.xz", root))
    pulled.changes()
    assert not run_module("incus_storage_pool", {"name": "nfvt-rpool", "driver": "dir"}).failed
    made = run_module(
        "incus_instance",
        {
            "name": "nfvt-r1",
            "project": PROJECT,
            "image": "nfvt-pulled",
            "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-rpool"}},
            "wait_for": ["running"],
        },
    )
    assert not made.failed, made["msg"]
    ran = run_module("incus_exec", {"name": "nfvt-r1", "project": PROJECT, "command": ["busybox", "true"]})
    assert not ran.failed and ran["rc"] == 0


def test_a_fleet_gets_an_image_of_a_server_once(house: Client, server: SimpleStreams, image: str) -> None:
    fingerprint = server.publish("20250101_00:00", unified(image, 1))
    assert not run_module("incus_storage_pool", {"name": "nfvt-rpool", "driver": "dir"}).failed
    defaults = {
        "image": "busybox",
        "image_server": {"url": server.url},
        "storage_pool": "nfvt-rpool",
        "profiles": [],
        "state": "stopped",
    }
    fleet = {"project": PROJECT, "name": "r", "defaults": defaults, "instances": [{"name": "nfvt-r[1:8]"}]}
    done = run_module("incus_fleet", fleet)
    assert not done.failed, done["msg"]
    assert server.downloads == ["images/20250101_00:00/incus_combined.tar.gz"]
    entries = house.get("/1.0/instances", {"project": PROJECT, "recursion": "1"})
    assert [entry["config"]["volatile.base_image"] for entry in entries] == [fingerprint] * 8
    assert run_module("incus_fleet", fleet)["changed"] is False


def test_two_tasks_at_once_get_an_image_once(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str, socket: str
) -> None:
    fingerprint = server.publish("20250101_00:00", unified(image, 1))
    args = json.dumps({**pulled.common, "socket": socket})
    command = [sys.executable, "-m", "tests.integration.one_module", "incus_image", args]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")}
    running = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _task in range(3)
    ]
    for process in running:
        out, err = process.communicate()
        assert process.returncode == 0, out + err
        assert json.loads(out)["image"]["fingerprint"] == fingerprint
    assert server.downloads == ["images/20250101_00:00/incus_combined.tar.gz"]
    assert len(house.get("/1.0/images", {"project": PROJECT})) == 1


def test_a_server_with_its_own_certificate(
    house: Client, proxy: Proxy, image: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cert, key = certificate(tmp_path)
    other, _key = certificate(tmp_path_factory.mktemp("other"))
    server = SimpleStreams((cert, key))
    try:
        server.publish("20250101_00:00", unified(image, 1))
        wanted = Wanted(proxy, image="busybox")
        plain = {"url": server.url}
        wanted.fails("untrusted", "does not trust the image server's certificate", house, image_server=plain)
        wanted.fails("untrusted", "is pinned", house, image_server={**plain, "certificate": other})
        text = Path(cert).read_text()
        done = wanted.changes(image_server={**plain, "certificate": text})
        assert done["image"]["update_source"]["certificate"] == text
        wanted.stays(image_server={**plain, "certificate": cert}, refresh=True)
    finally:
        server.close()


# -- its faults


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("cut", "unreachable", "the download broke off"),
        ("other", "malformed", "is not the image that its list names"),
        ("gone", "missing_reference", "does not have the image, or not any more"),
        ("html", "malformed", "no simplestreams server: its streams/v1/index.json is not JSON"),
        ("short", "unreachable", "answer for streams/v1/index.json is cut short, or not HTTP"),
        ("busy", "unreachable", "the image server answers 503 for streams/v1/index.json"),
        ("silent", "timed_out", "the image server did not answer within 0.5 s"),
    ],
)
def test_a_faulty_server_is_told_in_one_sentence(
    fault: str, kind: str, says: str, house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    fingerprint = server.publish("20250101_00:00", unified(image, 7))
    server.fault = fault
    failed = pulled.fails(kind, says, house, **({"timeout": 0.5} if fault == "silent" else {}))
    assert server.url in failed["msg"]
    assert not list(Path("/var/lib/incus/images").glob(f"{fingerprint}*")), "the daemon kept half an image"
    server.fault = ""
    assert pulled.changes()["image"]["fingerprint"] == fingerprint


def test_a_failed_refresh_leaves_the_image_as_it_was(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    old = server.publish("20250101_00:00", unified(image, 1))
    pulled.changes()
    server.publish("20250102_00:00", unified(image, 2))
    server.age()
    server.fault = "cut"
    pulled.fails("unreachable", "the download broke off", house, refresh=True, prune=True)
    server.fault = "gone"
    pulled.fails("missing_reference", "not any more", house, refresh=True, prune=True)
    assert pulled.stays()["image"]["fingerprint"] == old


def test_names_that_the_server_does_not_have(house: Client, server: SimpleStreams, pulled: Wanted, image: str) -> None:
    server.publish("20250101_00:00", unified(image, 1))
    pulled.fails("missing_reference", "has no image 'bussybox'", house, image="bussybox")
    failed = pulled.fails("missing_reference", "did you mean 'busybox/stable'?", house, image="busybox/stabel")
    assert server.url in failed["msg"]
    pulled.fails("missing_reference", "no image with the fingerprint '0000", house, image="0" * 64)
    checked = pulled(check=True, image="bussybox")
    assert not checked.failed and checked["changed"] is True
    assert any("has no image 'bussybox'" in warning for warning in checked.warned)
    server.publish("20250102_00:00", unified(image, 2), arch="s390x")
    pulled.fails("missing_reference", "for s390x only, not for", house)


def test_a_server_that_is_not_there(house: Client, pulled: Wanted, server: SimpleStreams) -> None:
    server.close()
    failed = pulled.fails("unreachable", "cannot reach the image server: Connection refused", house)
    assert server.url in failed["msg"]
    checked = pulled(check=True)
    assert not checked.failed and any("content is not compared" in warning for warning in checked.warned)


def test_an_empty_folder_is_no_image_server(house: Client, server: SimpleStreams, pulled: Wanted) -> None:
    pulled.fails("malformed", "it is no simplestreams server: there is no streams/v1/index.json", house)


# -- another daemon


@pytest.fixture
def copied(proxy: Proxy, peer: Peer) -> Wanted:
    """The module with the second daemon."""
    server = {"url": peer.url, "protocol": "incus", "certificate": peer.certificate}
    return Wanted(proxy, image="nfvt/stable", image_server=server)


@pytest.mark.parametrize("protocol", ["incus", "lxd"])
def test_a_public_image_of_another_daemon(protocol: str, house: Client, peer: Peer, copied: Wanted, image: str) -> None:
    copied.common["image_server"]["protocol"] = protocol
    old = peer.publish("nfvt/stable", variant(image, 11))
    done = copied.changes()
    assert done["image"]["fingerprint"] == old
    assert done["image"]["update_source"]["protocol"] == house.brand
    assert done["image"]["properties"]["os"] == "BusyBox"
    new = peer.publish("nfvt/stable", variant(image, 12))
    assert copied.stays()["image"]["fingerprint"] == old
    done = copied.changes(refresh=True, prune=True)
    assert done["image"]["fingerprint"] == new
    assert copied.changes(image=old[:12])["image"]["fingerprint"] == old


def test_a_private_image_needs_its_secret(house: Client, peer: Peer, copied: Wanted, image: str) -> None:
    fingerprint = peer.publish("nfvt-private", variant(image, 13), public=False)
    copied.fails("missing_reference", "has no public image 'nfvt-private'", house, image="nfvt-private")
    copied.fails("missing_reference", "if the image is private", house, image=fingerprint)
    wrong, right = "f00d" * 16, peer.secret(fingerprint)
    server = copied.common["image_server"]
    failed = copied.fails(
        "missing_reference", "good for one download", house, image=fingerprint, image_server={**server, "secret": wrong}
    )
    assert wrong not in json.dumps(failed)
    done = copied.changes(image=fingerprint, image_server={**server, "secret": right})
    assert done["image"]["fingerprint"] == fingerprint
    assert right not in json.dumps(done)


def test_a_private_image_is_had_by_whom_its_daemon_trusts(
    house: Client, peer: Peer, copied: Wanted, image: str, tmp_path: Path
) -> None:
    """With a certificate of ours the secret is asked for, once for each download."""
    mine = client_certificate(tmp_path, "nfvt-puller")
    peer.trust(mine["client_cert"])
    fingerprint = peer.publish("nfvt-locked", variant(image, 14), public=False)
    server = {**copied.common["image_server"], **mine}
    copied.fails("missing_reference", "has no public image 'nfvt-locked'", house, image="nfvt-locked")
    done = copied.changes(image="nfvt-locked", image_server=server)
    assert done["image"]["fingerprint"] == fingerprint
    assert not run_module("incus_storage_pool", {"name": "nfvt-rpool", "driver": "dir"}).failed
    unseen = peer.publish("nfvt-locked", variant(image, 15), public=False)
    common = {"project": PROJECT, "profiles": [], "storage_pool": "nfvt-rpool", "state": "stopped"}
    wanted = {**common, "name": "nfvt-r1", "image": "nfvt-locked", "image_server": server}
    made = run_module("incus_instance", wanted)
    assert not made.failed, made["msg"]
    assert made["instance"]["config"]["volatile.base_image"] == unseen
    newest = peer.publish("nfvt-locked", variant(image, 16), public=False)
    rebuilt = run_module("incus_instance", {**wanted, "rebuild": "if_needed"})
    if house.has("instances_rebuild"):
        assert not rebuilt.failed, rebuilt["msg"]
        assert rebuilt["instance"]["config"]["volatile.base_image"] == newest
        assert run_module("incus_instance", {**wanted, "rebuild": "if_needed"})["changed"] is False


def test_the_addresses_of_a_server_are_tried_in_turn_and_all_errors_told(
    house: Client, server: SimpleStreams, pulled: Wanted, image: str
) -> None:
    fingerprint = server.publish("20250101_00:00", unified(image, 1))
    dead = f"http://127.0.0.1:{free_port()}"
    both = {"url": dead, "other_urls": [server.url]}
    failed = pulled.fails("unreachable", f"at {dead}", house, image_server={**both, "other_urls": [dead + "/x"]})
    assert f"at {dead}/x: cannot reach the image server" in failed["msg"]
    done = pulled.changes(image_server=both)
    assert done["image"]["fingerprint"] == fingerprint and done["image"]["update_source"]["server"] == server.url
    assert not run_module("incus_storage_pool", {"name": "nfvt-rpool", "driver": "dir"}).failed
    common = {"project": PROJECT, "profiles": [], "storage_pool": "nfvt-rpool", "state": "stopped", "image": "busybox"}
    made = run_module("incus_instance", {**common, "name": "nfvt-r1", "image_server": both})
    assert not made.failed, made["msg"]
    failed = run_module("incus_instance", {**common, "name": "nfvt-r2", "image_server": {**both, "other_urls": [dead]}})
    assert failed["failure"]["kind"] == "unreachable" and failed["msg"].count(f"at {dead}: ") == 2


def test_names_that_the_daemon_does_not_have(house: Client, peer: Peer, copied: Wanted, image: str) -> None:
    peer.publish("nfvt/stable", variant(image, 11))
    failed = copied.fails("missing_reference", "did you mean 'nfvt/stable'?", house, image="nfvt/stabel")
    assert peer.url in failed["msg"]
    copied.fails("missing_reference", "as a container only", house, image="nfvt/stable", image_type="virtual-machine")


def test_a_daemon_is_trusted_by_its_certificate_only(house: Client, peer: Peer, copied: Wanted, tmp_path: Path) -> None:
    plain = {"url": peer.url, "protocol": "incus"}
    copied.fails("untrusted", "does not trust the image server's certificate", house, image_server=plain)
    other, _key = certificate(tmp_path)
    copied.fails("untrusted", "is pinned", house, image_server={**plain, "certificate": other})
    broken = {**plain, "certificate": "-----BEGIN CERTIFICATE-----\n???"}
    copied.fails("invalid_option", "'image_server.certificate' is no certificate", house, image_server=broken)


def test_a_server_of_the_other_kind(
    house: Client, peer: Peer, copied: Wanted, proxy: Proxy, tmp_path: Path, image: str
) -> None:
    streams = {"url": peer.url, "protocol": "simplestreams", "certificate": peer.certificate}
    copied.fails("malformed", "it is no simplestreams server", house, image_server=streams)
    cert, key = certificate(tmp_path)
    server = SimpleStreams((cert, key))
    try:
        files = {"url": server.url, "protocol": "incus", "certificate": cert}
        copied.fails("malformed", "is not that of an Incus or LXD daemon", house, image_server=files)
    finally:
        server.close()


# -- the role


def test_the_role_brings_images_of_servers(
    house: Client, server: SimpleStreams, peer: Peer, image: str, tmp_path: Path
) -> None:
    streams = server.publish("20250101_00:00", unified(image, 1))
    daemon = peer.publish("nfvt/stable", variant(image, 11))
    play = tmp_path / "bring.yml"
    play.write_text(BRING)
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "incus_images_cache": str(tmp_path / "cache"),
        "incus_images_project": PROJECT,
        "incus_images": [
            {"alias": "nfvt-one", "image": "busybox", "image_server": {"url": server.url}, "auto_update": True},
            {
                "alias": "nfvt-two",
                "image": "nfvt/stable",
                "image_server": {"url": peer.url, "protocol": "incus", "certificate": peer.certificate},
                "refresh": True,
                "prune": True,
            },
            {"alias": "nfvt-three", "path": image, "properties": {"from": "file"}},
        ],
    }

    def bring(*arguments: str) -> int:
        recap = playbook(str(play), "-e", json.dumps(variables), *arguments).stdout
        found = re.search(r"localhost +: .*changed=(\d+) ", recap)
        assert found, recap
        return int(found[1])

    assert bring("--check") == bring() == 1
    assert bring("--check") == bring() == 0
    query = {"project": PROJECT}
    assert house.get("/1.0/images/aliases/nfvt-one", query)["target"] == streams
    assert house.get("/1.0/images/aliases/nfvt-two", query)["target"] == daemon
    assert house.get(f"/1.0/images/{streams}", query)["auto_update"] is True
    variables["incus_images"] = [{"alias": "nfvt-one", "image": "busybox", "path": image}]
    failed = playbook(str(play), "-e", json.dumps(variables), check=False)
    assert failed.returncode and "needs one of build, path and image" in failed.stdout
    secret = "c0ffee" * 10 + "beef"
    private = {"url": peer.url, "protocol": "incus", "certificate": peer.certificate, "secret": secret}
    variables["incus_images"] = [{"alias": "nfvt-four", "image": "f" * 64, "image_server": private}]
    failed = playbook(str(play), "-vvv", "-e", json.dumps(variables), check=False)
    assert failed.returncode and "good for one download" in failed.stdout
    assert secret not in failed.stdout + failed.stderr
