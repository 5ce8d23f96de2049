# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single instances, where a case file does not reach: what is unconditional, what has no name, and every wait."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import IMAGES, Result, playbook, run_module, sweep
from .proxy import Door

NETWORK = {"ipv4.address": "10.118.0.1/24", "ipv4.nat": False, "ipv6.address": "fd42:118::1/64", "ipv6.nat": False}

# A guest reports itself ready on its guest API (guest API document, "PATCH /1.0").
REPORT_READY = """
import socket
with socket.socket(socket.AF_UNIX) as api:
    api.connect("/dev/incus/sock")
    api.sendall(b'PATCH /1.0 HTTP/1.1\\r\\nHost: guest\\r\\nContent-Length: 17\\r\\n\\r\\n{"state":"Ready"}')
    assert b" 200 " in api.recv(4096)
"""


@pytest.fixture(scope="module")
def stage(client: Client, image: str, door: Door) -> t.Iterator[Client]:
    """A pool, a network, and an image of busybox."""
    sweep(client)
    for module, args in (
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_network", {"name": "nfvt1", "config": NETWORK}),
        ("incus_image", {"alias": "nfvt-image", "path": image}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    yield client
    sweep(client)


@pytest.fixture(scope="module")
def debian(client: Client, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[str]:
    """An image of Debian with cloud-init, built by the role."""
    play = tmp_path_factory.mktemp("debian") / "image.yml"
    play.write_text(
        """
- hosts: localhost
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.import_role:
        name: nfvlab.fleet.incus_images
      vars:
        incus_images_debian_packages: [cloud-init]
        incus_images:
          - {alias: nfvt-debian, build: debian}
        incus_images_cache: """
        + f"{Path(IMAGES).parent}/nfvt-images\n"
    )
    playbook(str(play))
    yield "nfvt-debian"
    playbook(str(play), "-e", "incus_images_state=absent")


def launch(name: str, image: str, **rest: t.Any) -> Result:
    """An instance on the stage."""
    options = {"name": name, "profiles": [], "storage_pool": "nfvt-pool", "network": "nfvt1", "stop_timeout": 60}
    return run_module("incus_instance", {**options, "image": image, **rest})


def seed(name: str, user_data: str) -> None:
    """Hand a stopped instance what cloud-init reads at its first start, as the images of the public servers do."""
    folder = "/var/lib/cloud/seed/nocloud-net"
    for path in ("/var/lib/cloud", "/var/lib/cloud/seed", folder):
        made = run_module("incus_file", {"name": name, "path": path, "state": "directory"})
        assert not made.failed, made["msg"]
    for file, content in (("meta-data", f"instance-id: {name}\n"), ("user-data", user_data)):
        made = run_module("incus_file", {"name": name, "path": f"{folder}/{file}", "content": content})
        assert not made.failed, made["msg"]


def inside(name: str, *command: str) -> str:
    ran = run_module("incus_exec", {"name": name, "command": list(command)})
    assert not ran.failed, ran["msg"]
    return str(ran["stdout"])


# -- busybox is enough


def test_a_restart_is_a_change_every_time(stage: Client) -> None:
    made = launch("nfvt-r", "nfvt-image", state="restarted", force=True)
    assert not made.failed, made["msg"]
    begun = [stage.get("/1.0/instances/nfvt-r")["last_used_at"]]
    for _number in range(2):
        predicted = run_module("incus_instance", {"name": "nfvt-r", "state": "restarted", "force": True}, check=True)
        done = run_module("incus_instance", {"name": "nfvt-r", "state": "restarted", "force": True})
        assert not done.failed, done["msg"]
        assert predicted["changed"] is done["changed"] is True
        assert predicted["diff"] == done["diff"]
        assert done["diff"]["before"] == {"state": "started"} and done["diff"]["after"] == {"state": "restarted"}
        assert done["instance"]["status"] == "Running"
        begun.append(stage.get("/1.0/instances/nfvt-r")["last_used_at"])
    assert len(set(begun)) == 3


def test_without_a_name_a_new_one_is_made_each_time_and_its_name_returned(stage: Client) -> None:
    options = {"image": "nfvt-image", "profiles": [], "storage_pool": "nfvt-pool", "state": "stopped"}
    predicted = run_module("incus_instance", options, check=True)
    assert predicted["changed"] is True and stage.names("/1.0/instances") == ["nfvt-r"]
    made = [run_module("incus_instance", options) for _number in range(2)]
    names = [one["instance"]["name"] for one in made]
    try:
        assert predicted["diff"] == made[0]["diff"]
        assert len(set(names)) == 2 and set(names) <= set(stage.names("/1.0/instances") or ())
        assert "has no network interface" in made[0].warned[0]
    finally:
        for name in names:
            stage.perform(Request("DELETE", f"/1.0/instances/{name}"))


def test_a_port_is_waited_for(stage: Client) -> None:
    made = launch("nfvt-p", "nfvt-image", wait_for=["ipv4"])
    assert not made.failed, made["msg"]
    late = launch("nfvt-p", "nfvt-image", wait_for=["port:8080"], wait_timeout=1)
    assert late.failed and late["failure"]["kind"] == "timed_out"
    assert "not port:8080 after 1 s" in late["msg"] and "Connection refused" in late["msg"]
    inside("nfvt-p", "httpd", "-p", "8080")
    found = launch("nfvt-p", "nfvt-image", wait_for=["port:8080"])
    assert not found.failed, found["msg"]
    assert found["changed"] is False


def test_a_wait_that_nothing_will_fulfil_says_what_is_known(stage: Client) -> None:
    if not stage.has("instance_ready_state"):
        pytest.skip("the guests of this daemon cannot report Ready")
    late = launch("nfvt-w", "nfvt-image", wait_for=["ready", "ipv4:eth7"], wait_timeout=2)
    assert late.failed and late["failure"]["kind"] == "timed_out"
    assert "not ready and ipv4:eth7 after 2 s" in late["msg"]
    assert "it is Running" in late["msg"] and "eth0 is up" in late["msg"] and "has not reported Ready" in late["msg"]
    assert late["changed"] is True and [action["sent"] for action in late["actions"]] == [True]


def test_a_guest_without_cloud_init_is_told_so_at_once(stage: Client) -> None:
    late = launch("nfvt-w", "nfvt-image", wait_for=["cloud-init"], wait_timeout=60)
    assert late.failed and late["failure"]["kind"] == "missing_reference"
    assert "the guest has no cloud-init" in late["msg"]


def test_a_fleet_waits_for_all_kinds_together(stage: Client) -> None:
    common = {"image": "nfvt-image", "profiles": [], "storage_pool": "nfvt-pool", "network": "nfvt1"}
    entries = [
        {"name": "nfvt-f[1:3]", "wait_for": ["ipv4", "ipv6:eth0", "agent"]},
        {"name": "nfvt-f4", "wait_for": ["port:9"], "wait_timeout": 3},
        {"name": "nfvt-f5", "wait_for": ["ipv9"]},
    ]
    done = run_module("incus_fleet", {"name": "nfvt", "defaults": common, "instances": entries})
    assert done.failed and done["counts"]["failed"] == 2
    told = {result["name"]: result.get("msg", "") for result in done["results"]}
    assert "not port:9 after 3 s" in told["nfvt-f4"] and "did you mean 'ipv" in told["nfvt-f5"]
    assert [told[f"nfvt-f{number}"] for number in (1, 2, 3)] == ["", "", ""]
    assert stage.find("/1.0/instances/nfvt-f5") is None


# -- a guest that has a guest API and cloud-init


def test_a_guest_that_reports_ready_ends_the_wait_and_changes_nothing_for_anybody(stage: Client, debian: str) -> None:
    made = launch("nfvt-d", debian, state="stopped")
    assert not made.failed, made["msg"]
    seed("nfvt-d", "#cloud-config\nlocale: false\nwrite_files:\n  - {path: /run/seen, content: done}\n")
    made = launch("nfvt-d", debian, wait_for=["ipv4", "cloud-init"], wait_timeout=120)
    assert not made.failed, made["msg"]
    assert inside("nfvt-d", "cat", "/run/seen") == "done"
    assert "status: done" in inside("nfvt-d", "cloud-init", "status")
    inside("nfvt-d", "python3", "-c", REPORT_READY)
    ready = launch("nfvt-d", debian, wait_for=["ready", "running"])
    assert not ready.failed, ready["msg"]
    assert ready["changed"] is False and ready["instance"]["status"] == "Ready"
    common = {"name": "nfvt-d", "profiles": [], "storage_pool": "nfvt-pool", "network": "nfvt1", "image": debian}
    fleet = {"name": "nfvt", "instances": [{**common, "wait_for": ["ready"]}]}
    adopted = run_module("incus_fleet", {**fleet, "adopt": True})
    assert not adopted.failed, adopted["msg"]
    assert run_module("incus_fleet", fleet)["changed"] is False
    assert run_module("incus_exec", {"name": "nfvt-d", "command": ["true"]})["rc"] == 0
    for state in ("frozen", "started", "restarted"):
        done = run_module("incus_instance", {"name": "nfvt-d", "state": state, "stop_timeout": 60})
        assert not done.failed and done["changed"] is True, done["msg"]


def test_the_errors_of_cloud_init_are_told(stage: Client, debian: str) -> None:
    made = launch("nfvt-c", debian, state="stopped")
    assert not made.failed, made["msg"]
    seed("nfvt-c", "#cloud-config\nlocale: false\nruncmd:\n  - [sh, -c, 'exit 7']\n")
    failed = launch("nfvt-c", debian, wait_for=["cloud-init"], wait_timeout=120)
    assert failed.failed and failed["failure"]["kind"] == "operation_failed", failed
    assert "cloud-init ended with errors" in failed["msg"] and "scripts" in failed["msg"]
