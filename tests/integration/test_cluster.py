# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real cluster of three daemons on this host, brought up by the playbook, worked with, broken, mended, and removed.

The tests build on each other. What a run that was cut off would leave is there before the playbook first runs.
test_brands.py runs most of these with LXD as well.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, playbook, run_module
from .test_modules import sent

FOLDER = Path("/var/lib/nfvt-cluster")
NODES = {"nfvt1": "10.219.201.11", "nfvt2": "10.219.201.12", "nfvt3": "10.219.201.13"}
DISKS = FOLDER / "disks"  # where the pool is on the first member
INVENTORY = {
    "all": {
        "vars": {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "cluster_daemon": False,
        },
    },
    "incus_nodes": {
        "hosts": {"nfvtlab": None},
        "vars": {
            "incus_nodes_directory": str(FOLDER),
            "incus_nodes_brand": "BRAND",
            "incus_nodes_bridge": "nfvtc0",
            "incus_nodes_address": "10.219.201.1/24",
            "incus_nodes_nodes": [{"name": name, "address": address} for name, address in NODES.items()],
        },
    },
    "incus_cluster_hosts": {
        "hosts": {name: {"incus_cluster_address": address} for name, address in NODES.items()},
        "vars": {
            "incus_cluster_socket": f"{FOLDER}/{{{{ inventory_hostname }}}}/unix.socket",
            "incus_cluster_member": {"description": "A node of the tests"},
            "incus_cluster_groups": [{"name": "edge", "members": ["nfvt2", "nfvt3"]}],
            "incus_platform_storage_pools": [
                {"name": "local", "driver": "dir", "members": {"nfvt1": {"source": str(DISKS)}}}
            ],
            "incus_platform_networks": [
                {"name": "nfvtbr", "config": {"ipv4.address": "10.219.202.1/24", "ipv6.address": "none"}}
            ],
            "incus_platform_profiles": [
                {
                    "name": "default",
                    "devices": {
                        "root": {"type": "disk", "path": "/", "pool": "local"},
                        "eth0": {"type": "nic", "name": "eth0", "network": "nfvtbr"},
                    },
                }
            ],
        },
    },
}
TAGS = ("--tags", "incus_nodes,incus_cluster,incus_platform")


def socket_of(node: str) -> str:
    return str(FOLDER / node / "unix.socket")


def module(kind: str, node: str = "nfvt1", /, *, check: bool = False, **options: t.Any) -> Result:
    """Run a module against a node."""
    return run_module(kind, {"socket": socket_of(node), **options}, check=check)


def done(result: Result) -> Result:
    assert not result.failed, result["msg"]
    return result


def refused(result: Result, kind: str, says: str) -> None:
    assert result.failed and result["failure"]["kind"] == kind, result
    assert re.search(says, result["msg"]) and "\n" not in result["msg"], result["msg"]


def changed(said: str) -> int:
    return sum(int(count) for count in re.findall(r"changed=(\d+)", said))


def machine() -> dict[str, set[str]]:
    """What the nodes could leave behind on this host."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    processes = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return {
        "links": set(re.findall(r"^\d+: ([^:@]+)", links, re.MULTILINE)),
        "namespaces": set(os.listdir("/run/netns")) if Path("/run/netns").exists() else set(),
        "processes": {line for line in processes.splitlines() if str(FOLDER) in line},
        "groups": {str(path) for path in Path("/sys/fs/cgroup").glob("*/lxc.*.nfvtc-*")},
        "mounts": {line for line in Path("/proc/mounts").read_text().splitlines() if str(FOLDER) in line},
        "folders": {path.name for path in FOLDER.parent.glob("nfvt*")},
    }


def inventory_of(brand: str, folder: Path) -> str:
    """The inventory of nodes that run one of the daemons."""
    path = folder / "hosts.yml"
    path.write_text(yaml.safe_dump(INVENTORY).replace("BRAND", brand))
    return str(path)


def without_nodes(inventory: str) -> t.Iterator[dict[str, set[str]]]:
    """This host before the nodes, and no nodes afterwards, whatever happened."""
    if FOLDER.exists():
        playbook("nfvlab.fleet.destroy_cluster", "-i", inventory)
    before = machine()
    yield before
    if FOLDER.exists():
        playbook("nfvlab.fleet.destroy_cluster", "-i", inventory)


def brought_up(inventory: str, image: str) -> Client:
    """The cluster, and what its first member says; made by a first run, and what that could not finish by a second."""
    playbook("nfvlab.fleet.cluster", "-i", inventory, "--tags", "incus_nodes")
    DISKS.mkdir()
    done(module("incus_cluster", name="nfvt1", address=NODES["nfvt1"]))
    done(module("incus_cluster_member", name="nfvt2", state="invited"))
    client = Client(UnixEndpoint(socket_of("nfvt1")))
    pool = {"name": "local", "driver": "dir", "config": {"source": str(DISKS)}}
    client.perform(Request("POST", "/1.0/storage-pools", {"target": "nfvt1"}, pool))
    playbook("nfvlab.fleet.cluster", "-i", inventory, "--tags", "incus_cluster,incus_platform")
    done(module("incus_image", alias="busybox", path=image))
    return client


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> str:
    return inventory_of("incus", tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def bare(prepared: None, inventory: str) -> t.Iterator[dict[str, set[str]]]:
    yield from without_nodes(inventory)


@pytest.fixture(scope="module")
def cluster(bare: dict[str, set[str]], inventory: str, image: str) -> Client:
    return brought_up(inventory, image)


def members(client: Client) -> dict[str, str]:
    """The status of each member."""
    return {entry["server_name"]: entry["status"] for entry in client.get("/1.0/cluster/members", {"recursion": "1"})}


def instances(client: Client) -> dict[str, tuple[str, str]]:
    """Where each instance is, and its status."""
    found = client.get("/1.0/instances", {"recursion": "1"})
    return {entry["name"]: (entry["location"], entry["status"]) for entry in found}


def test_the_playbook_makes_one_cluster_and_the_second_run_changes_nothing(cluster: Client, inventory: str) -> None:
    assert members(cluster) == dict.fromkeys(NODES, "Online")
    pool = cluster.get("/1.0/storage-pools/local")
    assert pool["status"] == "Created" and sorted(pool["locations"]) == list(NODES)
    sources = [cluster.get("/1.0/storage-pools/local", {"target": node})["config"]["source"] for node in NODES]
    assert sources[0] == str(DISKS) and len(set(sources)) == 3
    assert cluster.get("/1.0/cluster/groups/edge")["members"] == ["nfvt2", "nfvt3"]
    assert changed(playbook("nfvlab.fleet.cluster", "-i", inventory, *TAGS).stdout) == 0


def test_keys_that_belong_to_a_member_are_its_own(cluster: Client) -> None:
    pool = {"name": "local", "driver": "dir"}
    refused(module("incus_storage_pool", **pool, members={"nfvt1": {"source": "/srv"}}), "immutable", "'nfvt1'.*source")
    refused(module("incus_storage_pool", **pool, members={"nfvt2": {"sorce": "/srv"}}), "invalid_option", "sorce")
    wanted = {"name": "nfvtbr", "members": {"nfvt2": {"bridge.external_interfaces": "nfvtx"}}}
    predicted = done(module("incus_network", "nfvt3", check=True, **wanted))
    made = done(module("incus_network", "nfvt3", **wanted))
    assert predicted["diff"] == made["diff"] and sent(predicted, False) == sent(made, True)
    assert done(module("incus_network", **wanted))["changed"] is False
    assert "bridge.external_interfaces" not in cluster.get("/1.0/networks/nfvtbr", {"target": "nfvt1"})["config"]
    done(module("incus_network", name="nfvtbr", members={"nfvt2": None}, config={"user.x": 1}, description="Ours"))
    done(module("incus_network", name="nfvtbr", members={"nfvt2": {"bridge.external_interfaces": None}}))
    kept = cluster.get("/1.0/networks/nfvtbr", {"target": "nfvt2"})
    assert kept["config"] == {"ipv4.address": "10.219.202.1/24", "ipv6.address": "none", "user.x": "1"}
    assert kept["description"] == "Ours"


def test_a_member_leaves_and_joins_by_a_token_that_is_good_once(cluster: Client) -> None:
    gone = {"name": "nfvt3", "state": "absent"}
    predicted = done(module("incus_cluster", "nfvt3", check=True, **gone))
    left = done(module("incus_cluster", "nfvt3", **gone))
    assert predicted["diff"] == left["diff"] and sent(predicted, False) == sent(left, True)
    assert left["cluster"] is None and done(module("incus_cluster", "nfvt3", **gone))["changed"] is False
    assert sorted(members(cluster)) == ["nfvt1", "nfvt2"]
    invited = {"name": "nfvt3", "state": "invited"}
    revoked = done(module("incus_cluster_member", **invited))["token"]
    assert done(module("incus_cluster_member", "nfvt2", **invited))["token"] == revoked
    assert done(module("incus_cluster_member", "nfvt2", **gone))["changed"] is True
    wanted = {"name": "nfvt3", "address": NODES["nfvt3"]}
    refused(
        module("incus_cluster", "nfvt3", **wanted, token=revoked), "operation_failed", "used or revoked.*issue a new"
    )
    done(module("incus_server", config={"cluster.join_token_expiry": "1S"}))
    expired = done(module("incus_cluster_member", **invited))["token"]
    done(module("incus_server", config={"cluster.join_token_expiry": None}))
    time.sleep(1)
    refused(
        module("incus_cluster", "nfvt3", **wanted, token=expired),
        "operation_failed",
        "token has expired, at .*new one$",
    )
    token = done(module("incus_cluster_member", **invited))["token"]
    assert token not in (revoked, expired)
    refused(module("incus_cluster", "nfvt3", name="nfvt9", address="x", token=token), "invalid_option", "'nfvt3'")
    refused(module("incus_cluster", "nfvt3", **wanted, token="eA=="), "invalid_option", "not a join token")
    done(module("incus_storage_pool", "nfvt3", name="mine", driver="dir"))
    refused(module("incus_cluster", "nfvt3", **wanted, token=token), "in_use", "forget its storage pools mine")
    done(module("incus_storage_pool", "nfvt3", name="mine", state="absent"))
    predicted = done(module("incus_cluster", "nfvt3", check=True, **wanted, token=token))
    joined = done(module("incus_cluster", "nfvt3", **wanted, token=token))
    assert predicted["diff"] == joined["diff"] and sent(predicted, False) == sent(joined, True)
    assert done(module("incus_cluster", "nfvt3", **wanted, token=token))["changed"] is False
    assert token not in str(joined)
    refused(module("incus_cluster", "nfvt1", name="nfvt8"), "immutable", "in a cluster already, as 'nfvt1'")
    assert members(cluster) == dict.fromkeys(NODES, "Online")


def test_members_and_groups_are_what_is_declared(cluster: Client) -> None:
    for name, wanted in (
        (
            "incus_cluster_member",
            {"name": "nfvt3", "roles": ["event-hub"], "failure_domain": "b", "config": {"user.x": 1}},
        ),
        ("incus_cluster_member", {"name": "nfvt3", "roles": None, "failure_domain": None, "config": None}),
        ("incus_cluster_group", {"name": "edge", "description": "Edge", "members": ["nfvt3", "nfvt2"]}),
        ("incus_cluster_group", {"name": "rim", "rename_from": "edge"}),
        ("incus_cluster_group", {"name": "rim", "state": "absent"}),
        ("incus_cluster_group", {"name": "edge", "members": ["nfvt2", "nfvt3"]}),
    ):
        predicted = done(module(name, check=True, **wanted))
        made = done(module(name, **wanted))
        assert made["changed"] and predicted["diff"] == made["diff"] and sent(predicted, False) == sent(made, True)
        assert done(module(name, **wanted))["changed"] is False
    refused(module("incus_cluster_group", name="edge", members=["nfvt22"]), "missing_reference", "did you mean 'nfvt2'")
    refused(module("incus_cluster_group", name="default", state="absent"), "invalid_option", "every cluster has")
    refused(module("incus_cluster_member", name="nfvt3", groups=["egde"]), "missing_reference", "did you mean 'edge'")
    refused(module("incus_cluster_member", name="nfvt7"), "invalid_option", "no such member")
    refused(module("incus_cluster_member", name="nfvt3", mode="stop"), "invalid_option", "'mode' cannot")


def fleet(**options: t.Any) -> Result:
    defaults = {"image": "busybox", "force": True}
    return module("incus_fleet", name="wide", defaults=defaults, spread="round_robin", **options)


def test_instances_are_placed_where_they_are_declared_and_spread(cluster: Client) -> None:
    made = done(module("incus_instance", name="nfvtc-one", image="busybox", target="@edge"))
    assert made["instance"]["location"] in ("nfvt2", "nfvt3")
    done(module("incus_instance", name="nfvtc-one", state="absent", force=True))
    six = [{"name": "nfvtc-[1:6]"}]
    predicted = done(fleet(instances=six))
    places = {result["name"]: result["location"] for result in predicted["results"]}
    assert list(places.values()) == [*NODES, *NODES]
    assert done(fleet(instances=six))["changed"] is False
    assert {host["instance"]: host["location"] for host in predicted["hosts"]} == places
    refused(fleet(instances=[{"name": "nfvtc-7"}], spread_over=["@egde"]), "missing_reference", "did you mean 'edge'")


def moved(**options: t.Any) -> None:
    """Have an instance moved as was predicted, once."""
    wanted = {"name": "nfvtc-mover", "move": "if_needed", "force": True, **options}
    predicted = done(module("incus_instance", check=True, **wanted))
    made = done(module("incus_instance", **wanted))
    assert predicted["diff"] == made["diff"] and sent(predicted, False) == sent(made, True)
    assert made["diff"]["after"]["target"] == made["instance"]["location"] == options["target"]
    assert done(module("incus_instance", **wanted))["changed"] is False


def test_an_instance_moves_between_members_with_what_it_has(cluster: Client) -> None:
    """Stopped, and running where that is allowed. What cannot be there is said before anything is stopped."""
    name = {"name": "nfvtc-mover"}
    done(module("incus_profile", name="nfvtc", config={"user.kept": "profile"}))
    profiles = {"profiles": ["default", "nfvtc"], "config": {"user.own": "own"}}
    done(module("incus_instance", **name, image="busybox", target="nfvt1", **profiles))
    done(module("incus_exec", **name, command=["sh", "-c", "echo kept > /root/kept"]))
    done(module("incus_snapshot", instance="nfvtc-mover", name="early"))
    assert done(module("incus_instance", **name, target="nfvt2"))["changed"] is False
    wanted = {**name, "target": "nfvt2", "move": "if_needed"}
    refused(module("incus_instance", **wanted), "invalid_option", "only a stopped.*'restart: if_needed'")
    moved(target="nfvt2", restart="if_needed")
    read = {**name, "command": ["cat", "/root/kept"]}
    assert done(module("incus_exec", "nfvt3", **read))["stdout"] == "kept\n"
    moved(target="nfvt3", state="stopped")
    away = {**name, "move": "if_needed", "restart": "if_needed"}
    done(module("incus_instance", **name))
    refused(module("incus_instance", **away, target="nfvt33"), "missing_reference", "did you mean 'nfvt3'")
    volume = {"name": "nfvtc-volume", "config": {}}
    volumes = "/1.0/storage-pools/local/volumes/custom"
    cluster.perform(Request("POST", volumes, {"target": "nfvt3"}, volume))
    disk = {"type": "disk", "path": "/more", "pool": "local", "source": "nfvtc-volume"}
    done(module("incus_instance", "nfvt2", **name, devices={"more": disk}))
    stays = module("incus_instance", **away, target="nfvt1")
    refused(stays, "refused", "'nfvtc-volume' of the pool 'local' is not on cluster member 'nfvt1'")
    assert instances(cluster)["nfvtc-mover"] == ("nfvt3", "Running")
    assert done(module("incus_exec", **read))["stdout"] == "kept\n"
    found = cluster.get("/1.0/instances/nfvtc-mover", {"recursion": "1"})
    assert found["profiles"] == profiles["profiles"] and found["config"]["user.own"] == "own"
    assert found["expanded_config"]["user.kept"] == "profile" and "more" in found["devices"]
    assert cluster.names("/1.0/instances/nfvtc-mover/snapshots") == ["early"]
    done(module("incus_instance", **name, state="absent", force=True))
    cluster.perform(Request("DELETE", f"{volumes}/nfvtc-volume", {"target": "nfvt3"}))
    done(module("incus_profile", name="nfvtc", state="absent"))


def holder(node: str) -> int:
    return int((FOLDER / f"{node}.pid").read_text())


def test_a_member_that_dies_during_a_run_costs_its_own_instances_only(cluster: Client, inventory: str) -> None:
    """Those on the dead member fail with a sentence that names it; once it is back, another run makes the rest."""
    started = threading.Event()

    def kill() -> None:
        watcher = Client(UnixEndpoint(socket_of("nfvt1")))
        while len(watcher.get("/1.0/instances")) < 8:
            time.sleep(0.05)
        os.kill(holder("nfvt3"), signal.SIGKILL)
        started.set()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    many = [{"name": "nfvtc-[1:18]"}]
    broken = fleet(instances=many)
    assert started.wait(60)
    assert broken.failed
    failed = {result["name"]: result["msg"] for result in broken["results"] if result["failed"]}
    assert failed and all(int(name.rpartition("-")[2]) % 3 == 0 for name in failed), failed
    again = fleet(instances=many)
    lost = {result["name"]: result["msg"] for result in again["results"] if result["failed"]}
    assert {"nfvtc-3", "nfvtc-6"} <= set(lost)
    told = [re.search("cluster member 'nfvt3'.* does not answer", message) for message in lost.values()]
    assert all(told), lost
    assert not any("\n" in message for message in [*failed.values(), *lost.values()])
    assert {host["name"]: host for host in again["hosts"]}["nfvtc-1"]["addresses"]
    wait_for(cluster, lambda: members(cluster)["nfvt3"] == "Offline")
    there = {"target": "nfvt3", "move": "if_needed", "restart": "if_needed"}
    refused(module("incus_instance", name="nfvtc-1", **there), "refused", "'nfvt3' is offline; bring it back")
    assert instances(cluster)["nfvtc-1"] == ("nfvt1", "Running")
    playbook("nfvlab.fleet.cluster", "-i", inventory, "--tags", "incus_nodes")
    # It answers before it is ready to make anything, or to be asked about what it has.
    wait_for(cluster, lambda: not fleet(instances=many).failed)
    wait_for(cluster, lambda: cluster.find("/1.0/instances/nfvtc-3") is not None)
    found = instances(cluster)
    assert len(found) == 18 and {status for _place, status in found.values()} == {"Running"}
    assert found["nfvtc-3"][0] == found["nfvtc-6"][0] == "nfvt3"


def wait_for(client: Client, is_so: t.Callable[[], bool]) -> None:
    """Wait until the cluster has noticed something; a minute is much more than it needs."""
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(FleetError):
            if is_so():
                return
        assert time.monotonic() < deadline, (members(client), instances(client))
        time.sleep(0.3)


def test_a_member_is_evacuated_and_restored_and_nothing_is_lost(cluster: Client) -> None:
    done(fleet(instances=[{"name": "nfvtc-[1:6]"}], purge=True, purge_force=True))
    before = instances(cluster)
    assert len(before) == 6
    # It listens at an address that only its member has, so it cannot start anywhere else.
    proxy = {"type": "proxy", "listen": f"tcp:{NODES['nfvt3']}:1999", "connect": "tcp:127.0.0.1:19"}
    done(module("incus_instance", name="nfvtc-3", devices={"here": proxy}))
    evacuated = {"name": "nfvt3", "state": "evacuated"}
    stuck = module("incus_cluster_member", **evacuated, mode="migrate")
    way_out = "'mode: stop'"
    if not cluster.has("clustering_evacuation_mode"):
        refused(stuck, "unsupported", "'clustering_evacuation_mode'")
        done(module("incus_instance", name="nfvtc-3", config={"cluster.evacuate": "migrate"}))
        stuck = module("incus_cluster_member", **evacuated)
        way_out = "set the instance's 'cluster.evacuate' to 'stop'"
    refused(stuck, "operation_failed", f"starting proxy device.*the member stays in service.*{way_out}")
    assert members(cluster)["nfvt3"] == "Online" and set(instances(cluster)) == set(before)
    done(module("incus_instance", name="nfvtc-3", devices={"here": None}, config={"cluster.evacuate": None}))
    predicted = done(module("incus_cluster_member", check=True, **evacuated))
    moved = done(module("incus_cluster_member", **evacuated))
    assert predicted["diff"] == moved["diff"] and sent(predicted, False) == sent(moved, True)
    assert done(module("incus_cluster_member", **evacuated))["changed"] is False
    assert members(cluster)["nfvt3"] == "Evacuated"
    assert "nfvt3" not in {place for place, _status in instances(cluster).values()}
    there = {"target": "nfvt3", "move": "if_needed", "restart": "if_needed"}
    refused(module("incus_instance", name="nfvtc-1", **there), "refused", "'nfvt3' is evacuated; bring it back")
    new = module("incus_instance", name="nfvtc-new", image="busybox", target="nfvt3")
    refused(new, "forbidden", "evacuated.*; restore it with nfvlab.fleet.incus_cluster_member")
    assert done(fleet(instances=[{"name": "nfvtc-[1:7]"}]))["results"][6]["location"] in ("nfvt1", "nfvt2")
    restored = {"name": "nfvt3", "state": "restored"}
    assert done(module("incus_cluster_member", **restored))["cluster_member"]["status"] == "Online"
    assert done(module("incus_cluster_member", **restored))["changed"] is False
    done(fleet(instances=[{"name": "nfvtc-[1:6]"}], purge=True, purge_force=True))
    assert instances(cluster) == before


def test_a_member_with_instances_leaves_by_force_only(cluster: Client) -> None:
    gone = {"name": "nfvt3", "state": "absent"}
    refused(module("incus_cluster", "nfvt3", **gone), "refused", "nfvtc-")
    assert members(cluster) == dict.fromkeys(NODES, "Online")
    predicted = done(module("incus_cluster", "nfvt3", check=True, **gone, force=True))
    left = done(module("incus_cluster", "nfvt3", **gone, force=True))
    assert predicted["diff"] == left["diff"] and sent(predicted, False) == sent(left, True)
    assert done(module("incus_cluster", "nfvt3", **gone))["changed"] is False
    assert sorted(members(cluster)) == ["nfvt1", "nfvt2"]


def test_the_nodes_leave_nothing_behind(cluster: Client, bare: dict[str, set[str]], inventory: str) -> None:
    cluster.transport.close()
    playbook("nfvlab.fleet.destroy_cluster", "-i", inventory)
    assert {kind: now - bare[kind] for kind, now in machine().items()} == {kind: set() for kind in bare}


# What test_brands.py runs with LXD as well. What happens when a member dies is no matter of brand.
ON_LXD = (
    test_the_playbook_makes_one_cluster_and_the_second_run_changes_nothing,
    test_keys_that_belong_to_a_member_are_its_own,
    test_a_member_leaves_and_joins_by_a_token_that_is_good_once,
    test_members_and_groups_are_what_is_declared,
    test_an_instance_moves_between_members_with_what_it_has,
    test_instances_are_placed_where_they_are_declared_and_spread,
    test_a_member_is_evacuated_and_restored_and_nothing_is_lost,
    test_a_member_with_instances_leaves_by_force_only,
    test_the_nodes_leave_nothing_behind,
)
