# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LXD beside Incus on one host: brought by the role, used by the modules, taken away again without a trace.

What Incus has passed before, LXD passes here: every step of every module's case, and what is asked from inside a guest.
At the end of a run with both, a table tells what each brand was seen to do.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, discover_socket

from . import test_a_site as site
from . import test_cluster as clusters
from . import test_events as events
from . import test_guest as guest
from . import test_guest_lab as guest_lab
from . import test_guest_services as services
from . import test_inventory as inventory
from . import test_modules as modules
from . import test_trust as trust
from .conftest import MARKER, free_port, playbook, run_module, sweep
from .proxy import Proxy, recording

LXD = "/var/lib/lxd/unix.socket"
LXD_MARKER = MARKER.with_name("incus_daemon_lxd.json")
RANGES = ("/etc/subuid", "/etc/subgid")
PLAY = "tests/integration/brands.yml"


def role(*arguments: str, check: bool = True, **variables: t.Any) -> str:
    """Run the role for both brands, or for the one in its tags; what it said."""
    return playbook(PLAY, "-e", json.dumps(variables), *arguments, check=check).stdout


def machine() -> dict[str, set[str]]:
    """What a daemon could leave behind on a host."""
    return {
        **site.machine(),
        "ranges": {f"{path}: {line}" for path in RANGES for line in Path(path).read_text().splitlines()},
        "accounts": site.lines("getent", "passwd") | site.lines("getent", "group"),
        "tables": site.lines("nft", "list", "tables") if shutil.which("nft") else set(),
    }


def incus_starts_a_container(image: str) -> None:
    """A container of Incus starts, of which a second id-map range for root would keep it."""
    place = {"socket": discover_socket({})}
    incus = Client(UnixEndpoint(place["socket"]))
    assert incus.brand == "incus"
    sweep(incus)
    disk = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}
    for module, args in (
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_image", {"alias": "nfvt-image", "path": image}),
        ("incus_instance", {"name": "nfvt-1", "image": "nfvt-image", "profiles": [], "devices": disk}),
    ):
        made = run_module(module, {**place, **args})
        assert not made.failed, made["msg"]
    assert run_module("incus_exec", {**place, "name": "nfvt-1", "command": ["true"]})["rc"] == 0
    sweep(incus)


@pytest.fixture(scope="module")
def before(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, set[str]]]:
    """The machine before LXD, and no LXD afterwards, whatever happened."""
    if LXD_MARKER.exists():  # what an earlier run may have left
        role("--tags", "lxd", lxd_state="absent")
    if os.path.exists(LXD):
        pytest.skip("this host has an LXD that is not ours")
    incus = Client(UnixEndpoint(discover_socket({})))
    guest.build(tmp_path_factory.mktemp("images"))  # what building an image installs is no trace of LXD
    sweep(incus)  # bridges of two daemons cannot have one name
    before = machine()
    yield before
    if LXD_MARKER.exists():
        role("--tags", "lxd", lxd_state="absent")


@pytest.fixture(scope="module")
def client(before: dict[str, set[str]]) -> t.Iterator[Client]:
    """A client of LXD, to which the environment leads the modules too."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("INCUS_SOCKET", "INCUS_DIR"):
            patch.delenv(variable, raising=False)
        patch.setenv("LXD_SOCKET", LXD)
        yield Client(UnixEndpoint(LXD))


@pytest.fixture(scope="module")
def doorman(client: Client, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Proxy]:
    """A recording proxy in front of LXD."""
    with recording({"socket": LXD}, tmp_path_factory.mktemp("lxd")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def stage(client: Client, image: str, newer: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    """Where the steps of one case stand."""
    return {"image": image, "newer": newer, "folder": str(tmp_path_factory.mktemp("stage"))}


def test_a_check_run_predicts_lxd_and_changes_nothing(before: dict[str, set[str]]) -> None:
    said = role("--tags", "lxd", "--check", "--diff")
    assert site.changed(said) > 0 and re.search("Would install .*lxd-client", said) and "Would start lxd" in said
    assert machine() == before


def test_lxd_comes_beside_incus_and_both_have_the_one_range(before: dict[str, set[str]], client: Client) -> None:
    assert site.changed(role("--tags", "lxd")) > 0
    for path in RANGES:
        assert len([line for line in Path(path).read_text().splitlines() if line.startswith("root:")]) == 1
    assert machine()["ranges"] == before["ranges"]
    assert client.brand == "lxd" and not client.has("instance_create_start")
    assert client.server["config"]["user.beside"] == "Incus"
    assert Client(UnixEndpoint(discover_socket({}))).brand == "incus"
    assert discover_socket(os.environ) == LXD


def test_a_second_run_for_both_changes_nothing(client: Client) -> None:
    assert site.changed(role()) == 0


test_step = modules.test_step
place = trust.place
test_a_stranger_becomes_a_client = trust.test_a_stranger_becomes_a_client_by_a_token_and_uses_the_remote
test_a_server_is_trusted_by_what_the_task_says = (
    trust.test_a_server_is_trusted_by_what_the_task_says_and_else_not_at_all
)
house = events.house
test_events_of_an_instance_and_of_its_operations = events.test_events_of_an_instance_and_of_its_operations


@pytest.fixture(scope="class")
def inside(client: Client, image: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[guest.Inside]:
    yield from guest.debian(client, image, tmp_path_factory.mktemp("inside"))


@pytest.fixture(scope="class")
def split(inside: guest.Inside, image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return guest.image_of_two_files(image, tmp_path_factory.mktemp("split"))


class TestInside:
    """Inside of a guest: what LXD answers as Incus does, and what it does not."""

    @guest.covers("PATCH /1.0", "400 unknown state", "405 unknown method")
    def test_a_state_that_lxd_would_forget_is_not_reported(self, inside: guest.Inside) -> None:
        for method, state in (("PATCH", "Ready"), ("PATCH", "Nope"), ("POST", "Ready")):
            assert guest.ok(inside.ask(method, "/1.0", {"state": state}))["status"] == 200  # and nothing was done
        for state in ("ready", "started"):
            guest.failed(inside("state", state=state), "unsupported", "the daemon keeps no state for its guests")
        inside.until_status(guest.RUNNING, 0)

    test_a_file_follows_what_the_host_says = staticmethod(services.test_a_file_follows_what_the_host_says)


for _name, _test in guest.ON_LXD.items():
    if not hasattr(TestInside, _name):
        setattr(TestInside, _name, staticmethod(_test))


@pytest.fixture(scope="class")
def lab(client: Client, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[guest_lab.Lab]:
    yield from guest_lab.brought_up(client, tmp_path_factory.mktemp("lab"))


class TestLab:
    """The applications of the default lab."""


for _test in guest_lab.ON_LXD:
    setattr(TestLab, _test.__name__, staticmethod(_test))


class TestCluster:
    """Three nodes that run LXD, as one cluster."""

    @pytest.fixture(scope="class")
    @classmethod
    def inventory(cls, tmp_path_factory: pytest.TempPathFactory) -> str:
        return clusters.inventory_of("lxd", tmp_path_factory.mktemp("cluster"))

    @pytest.fixture(scope="class")
    @classmethod
    def bare(cls, client: Client, inventory: str) -> t.Iterator[dict[str, set[str]]]:
        yield from clusters.without_nodes(inventory)

    @pytest.fixture(scope="class")
    @classmethod
    def cluster(cls, bare: dict[str, set[str]], inventory: str, image: str) -> Client:
        cluster = clusters.brought_up(inventory, image)
        assert cluster.brand == "lxd"
        return cluster


for _test in clusters.ON_LXD:
    setattr(TestCluster, _test.__name__, staticmethod(_test))


def test_a_container_lives_by_two_operations_and_tells_what_it_is_asked(client: Client, image: str) -> None:
    sweep(client)
    imported = run_module("incus_image", {"alias": "nfvt-image", "path": image})
    assert not imported.failed, imported["msg"]
    wanted = {"name": "nfvt-1", "image": "nfvt-image", "profiles": ["beside"], "wait_for": ["ipv4"]}
    made = run_module("incus_instance", wanted)
    assert not made.failed, made["msg"]
    assert [action["method"] for action in made["actions"]] == ["POST", "PUT"]
    written = run_module("incus_file", {"name": "nfvt-1", "path": "/root/x", "content": "x", "mode": "0640", "uid": 7})
    assert written["file"]["mode"] == "0640" and written["file"]["uid"] == 7, written
    script = "stat -c '%a %u' /root/x; echo oops >&2; exit 3"
    done = run_module("incus_exec", {"name": "nfvt-1", "command": ["sh", "-c", script], "success_codes": [3]})
    assert (done["rc"], done["stdout"], done["stderr"]) == (3, "640 7\n", "oops\n")
    assert [name for name in client.names("/1.0/instances/nfvt-1/logs") or () if name.startswith("exec_")] == []
    refused = run_module("incus_instance", {**wanted, "wait_for": ["ready"]})
    assert refused["failure"]["kind"] == "unsupported" and "'instance_ready_state'" in refused["msg"]


def test_an_instance_moves_from_lxd_to_incus(client: Client) -> None:
    """LXD is told where Incus listens and sends it there."""
    place = {"socket": discover_socket({})}
    incus = Client(UnixEndpoint(place["socket"]))
    sweep(incus)
    before = incus.get("/1.0")["config"].get("core.https_address")
    moved = {"name": "nfvt-2", "profiles": [], "storage_pool": "nfvt-pool", **place}
    moved["move_from"] = {"daemon": {"socket": LXD}, "mode": "push"}
    try:
        for module, args in (
            ("incus_instance", {"name": "nfvt-2", "image": "nfvt-image", "profiles": ["beside"]}),
            ("incus_server", {"config": {"core.https_address": f"127.0.0.1:{free_port()}"}, **place}),
            ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir", **place}),
            ("incus_instance", {**moved, "restart": "if_needed", "force": True}),
        ):
            made = run_module(module, args)
            assert not made.failed, made["msg"]
        assert made["instance"]["status"] == "Running" and client.find("/1.0/instances/nfvt-2") is None
        assert run_module("incus_exec", {"name": "nfvt-2", "command": ["true"], **place})["rc"] == 0
    finally:
        sweep(incus)
        run_module("incus_server", {"config": {"core.https_address": before}, **place})


def test_its_instances_are_hosts(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "nfvt.lxd.yml"
    daemons = [{"socket": LXD, "filter": "status eq Running"}]
    path.write_text(json.dumps({"plugin": "nfvlab.fleet.incus", "daemons": daemons}))
    told = inventory.listed(str(path))["_meta"]["hostvars"]["nfvt-1"]
    assert told["incus_ipv4"][0].startswith("10.119.200.") and told["ansible_incus_socket"] == LXD
    done = inventory.run("ansible", "nfvt-1", "-i", str(path), "-m", "ansible.builtin.raw", "-a", "hostname")
    assert "nfvt-1 | CHANGED" in done.stdout


def test_incus_still_starts_containers(client: Client, image: str) -> None:
    incus_starts_a_container(image)


def test_a_daemon_with_instances_is_not_removed(client: Client) -> None:
    said = role("--tags", "lxd", check=False, lxd_state="absent", incus_daemon_force=False)
    assert "The LXD daemon still has 1 instance(s): nfvt-1." in " ".join(said.split())
    assert client.get("/1.0/instances/nfvt-1")["status"] == "Running"


def test_removing_lxd_leaves_the_machine_as_it_was(before: dict[str, set[str]], client: Client, image: str) -> None:
    client.transport.close()
    assert site.changed(role("--tags", "lxd", lxd_state="absent")) > 0
    after = machine()
    assert {kind: after[kind] ^ before[kind] for kind in after} == {kind: set() for kind in after}
    assert not LXD_MARKER.exists() and "lxd" not in site.lines("ps", "-e", "-o", "comm=")
    incus_starts_a_container(image)
