# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that go from one real daemon to another one, and what is left where that breaks off."""

from __future__ import annotations

import contextlib
import socket as sockets
import threading
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, run_module, sweep
from .peer import Peer, peer
from .proxy import Door

__all__ = ["peer"]  # a fixture

POOL = "nfvt-pool"


class Relay:
    """Stands before an address and passes on what comes, until it is told to cut.

    :param allows: how many bytes a connection may carry in either direction, or null for all
    """

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self.behind = (host, int(port))
        self.allows: int | None = None
        self.server = sockets.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _from = self.server.accept()
                other = sockets.create_connection(self.behind)
                for pair in ((one, other), (other, one)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: sockets.socket, sink: sockets.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                passed += len(block)
                if self.allows is not None and passed > self.allows:
                    break
                sink.sendall(block)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(sockets.SHUT_RDWR)

    def close(self) -> None:
        self.server.close()


class There(t.NamedTuple):
    """The other daemon, with a running instance that has a snapshot.

    :param door: how modules reach it, through the relay
    """

    client: Client
    door: dict[str, str]
    relay: Relay
    socket: str

    def has(self, name: str) -> bool:
        return self.client.find(f"/1.0/instances/{name}") is not None

    def status(self, name: str) -> str:
        return str(self.client.get(f"/1.0/instances/{name}")["status"])


@pytest.fixture(scope="module")
def there(client: Client, peer: Peer, image: str, remote: Door) -> t.Iterator[There]:
    sweep(client)
    sweep(peer.client)
    peer.trust(remote["client_cert"])
    for where in ({}, {"socket": peer.socket}):
        made = run_module("incus_storage_pool", {"name": POOL, "driver": "dir", **where})
        assert not made.failed, made["msg"]
    relay = Relay(peer.address)
    door = {
        "url": relay.url,
        "server_cert": peer.certificate,
        "client_cert": remote["client_cert"],
        "client_key": remote["client_key"],
    }
    made = run_module("incus_image", {"alias": "nfvt-image", "path": image, **door})
    assert not made.failed, made["msg"]
    launch = {"name": "nfvt-m1", "image": "nfvt-image", "profiles": [], "storage_pool": POOL, "config": {"user.a": 1}}
    made = run_module("incus_instance", {**launch, **door})
    assert not made.failed, made["msg"]
    snapshots = Request("POST", "/1.0/instances/nfvt-m1/snapshots", body={"name": "nfvt-s"})
    peer.client.perform(snapshots)
    yield There(peer.client, door, relay, peer.socket)
    relay.close()
    sweep(client)
    sweep(peer.client)


def brings(**args: t.Any) -> Result:
    """It makes an instance here as it was predicted, and nothing the next time."""
    predicted = run_module("incus_instance", args, check=True)
    assert not predicted.failed, predicted["msg"]
    done = run_module("incus_instance", args)
    assert not done.failed, done["msg"]
    assert predicted["changed"] is done["changed"] is True
    assert predicted["diff"] == done["diff"]
    assert [{**action, "sent": True} for action in predicted["actions"]] == done["actions"]
    again = run_module("incus_instance", args)
    assert not again.failed and again["changed"] is False, again
    return done


@pytest.mark.parametrize("mode", ["pull", "push"])
def test_a_copy_from_another_daemon(mode: str, client: Client, there: There) -> None:
    name = f"nfvt-{mode}"
    origin = {"name": "nfvt-m1", "daemon": there.door, "mode": mode}
    done = brings(name=name, copy_from=origin, config={"user.b": 2})
    assert done["instance"]["status"] == "Running" and there.status("nfvt-m1") == "Running"
    assert done["instance"]["config"].items() >= {"user.a": "1", "user.b": "2"}.items()
    assert client.names(f"/1.0/instances/{name}/snapshots") == ["nfvt-s"]
    assert done["actions"][0]["daemon"] == there.door["url"]
    ran = run_module("incus_exec", {"name": name, "command": ["true"]})
    assert not ran.failed and ran["rc"] == 0
    origin["snapshot"] = "nfvt-s"
    done = brings(name=f"{name}-s", copy_from=origin, state="stopped", config={"user.a": None})
    assert "user.a" not in done["instance"]["config"]


def test_what_is_not_there_is_said_with_the_near_name(client: Client, there: There) -> None:
    wrong = {"name": "nfvt-m", "daemon": there.door}
    failed = run_module("incus_instance", {"name": "nfvt-x", "copy_from": wrong})
    assert failed["failure"]["kind"] == "missing_reference" and "did you mean 'nfvt-m1'?" in failed["msg"]
    checked = run_module("incus_instance", {"name": "nfvt-x", "copy_from": wrong}, check=True)
    assert checked["changed"] is True and any("did you mean 'nfvt-m1'?" in warning for warning in checked.warned)
    pinned = {key: value for key, value in there.door.items() if key != "server_cert"}
    failed = run_module(
        "incus_instance",
        {"name": "nfvt-x", "copy_from": {"name": "nfvt-m1", "daemon": {**pinned, "server_fingerprint": "0" * 64}}},
    )
    assert failed["failure"]["kind"] == "untrusted" and "is pinned" in failed["msg"]
    assert client.find("/1.0/instances/nfvt-x") is None


@pytest.mark.parametrize("mode", ["pull", "push"])
def test_a_migration_that_is_cut_leaves_nothing_half_and_the_source_as_it_was(
    mode: str, client: Client, there: There, remote: Door
) -> None:
    gate = there.relay if mode == "pull" else Relay(remote["url"].removeprefix("https://"))
    daemon = there.door if mode == "pull" else {"socket": there.socket}
    here = {} if mode == "pull" else {**remote, "url": gate.url}
    name = f"nfvt-cut-{mode}"
    wanted = {"name": name, "copy_from": {"name": "nfvt-m1", "daemon": daemon, "mode": mode}, **here}
    gate.allows = 200_000
    try:
        failed = run_module("incus_instance", wanted)
    finally:
        gate.allows = None
    assert failed.failed and failed["failure"]["kind"] == "operation_failed", failed["msg"]
    assert "instance 'nfvt-m1' of project 'default'" in failed["msg"] and "is as it was" in failed["msg"]
    assert "\n" not in failed["msg"]
    assert client.find(f"/1.0/instances/{name}") is None and there.status("nfvt-m1") == "Running"
    done = run_module("incus_instance", {**wanted, "state": "stopped"})
    assert not done.failed and done["changed"] is True, done["msg"]


def test_a_move_stops_the_source_only_where_that_is_allowed_and_takes_it_away(client: Client, there: There) -> None:
    wanted = {"name": "nfvt-m2", "move_from": {"name": "nfvt-m1", "daemon": there.door}}
    failed = run_module("incus_instance", wanted)
    assert failed["failure"]["kind"] == "invalid_option" and "only a stopped instance can be moved" in failed["msg"]
    assert there.status("nfvt-m1") == "Running"
    done = brings(**wanted, restart="if_needed", force=True)
    assert done["instance"]["status"] == "Running" and not there.has("nfvt-m1")
    assert [(action["method"], "daemon" in action) for action in done["actions"]] == [
        ("PUT", True), ("POST", True), ("DELETE", True), ("PUT", False)
    ]  # fmt: skip
    assert client.names("/1.0/instances/nfvt-m2/snapshots") == ["nfvt-s"]
