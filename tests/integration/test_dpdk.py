# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two testpmd of Debian over real vhost-user sockets with real hugepages, driven by the modules as users call them.

Traffic runs for fractions of a second; what polls is stopped at once.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from .conftest import ROOT, Result, playbook, run_module

FOLDER = Path("/run/nfvt-dpdk")
STATE = Path("/run/nfvlab-fleet/dpdk")
PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
FORWARDER = "/run/nfvlab-fleet/dpdk/nfvt-forwarder/dpdk/nfvt-forwarder/dpdk_telemetry.v2"
EAL = {"in_memory": True, "single_file_segments": True, "iova_mode": "va", "no_pci": True}


def pages(name: str) -> int:
    """How many pages of 2 MiB there are, or are free."""
    return int((PAGES / f"{name}_hugepages").read_text())


@pytest.fixture(scope="module", autouse=True)
def host() -> t.Iterator[None]:
    """Packages and hugepages, which go again unless somebody had them before."""
    cpus = os.sched_getaffinity(0)
    if len(cpus) < 2:
        pytest.skip(f"two processes that poll need two CPUs, and this process may use {len(cpus)}")
    if not PAGES.is_dir():
        pytest.skip("this kernel has no hugepages of 2 MiB")
    mine = not Path("/var/lib/nfvlab-fleet/dpdk_host.json").exists()
    playbook("tests/integration/dpdk.yml", cwd=ROOT)
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    yield
    for name in ("nfvt-generator", "nfvt-forwarder", "nfvt-other"):
        run_module("dpdk_testpmd", {"name": name, "state": "stopped"})
    subprocess.run(["rm", "-rf", str(FOLDER)], check=True)
    if mine:
        playbook("tests/integration/dpdk.yml", "-e", "dpdk_host_state=absent", cwd=ROOT)


def cpus() -> tuple[int, int]:
    first, second = sorted(os.sched_getaffinity(0))[-2:]
    return first, second


def forwarder(**changes: t.Any) -> dict[str, t.Any]:
    """The forwarder's options: two vhost-user ports."""
    cpu = cpus()[1]
    vdevs = [f"eth_vhost{port},iface={FOLDER}/{port}.sock" for port in (0, 1)]
    eal = {**EAL, "lcores": f"0@{cpu},1@{cpu}", "vdevs": vdevs, **changes.pop("eal", {})}
    return {
        "name": "nfvt-forwarder",
        "eal": eal,
        "testpmd": {"total_num_mbufs": 16384, **changes.pop("testpmd", {})},
        **changes,
    }


def generator(**changes: t.Any) -> dict[str, t.Any]:
    """The generator's options: the other ends."""
    cpu = cpus()[0]
    vdevs = [
        {"name": f"net_virtio_user{port}", "args": {"path": f"{FOLDER}/{port}.sock", "speed": 10000}} for port in (0, 1)
    ]
    eal = {**EAL, "lcores": f"0@{cpu},1@{cpu}", "vdevs": vdevs}
    return {"name": "nfvt-generator", "eal": eal, "testpmd": {"total_num_mbufs": 16384}, **changes}


def ok(name: str, options: t.Mapping[str, t.Any], *, check: bool = False) -> Result:
    result = run_module(name, options, check=check)
    assert not result.failed, result["msg"]
    return result


@pytest.fixture
def linked() -> None:
    """Both run, linked and idle."""
    changed = ok("dpdk_testpmd", forwarder())["changed"]
    down = {
        port["link"]["status"]
        for port in ok("dpdk_telemetry_info", {"socket": FORWARDER, "gather": ["ports"]})["objects"][0]["ports"]
    } != {"UP"}
    ok("dpdk_testpmd", generator(state="restarted" if changed or down else "started"))


def traffic(*trials: dict[str, t.Any], **options: t.Any) -> Result:
    """Trials; the forwarder polls only meanwhile."""
    ok("dpdk_testpmd", {"name": "nfvt-forwarder", "commands": ["start"]})
    try:
        return run_module(
            "dpdk_traffic",
            {"generator": "nfvt-generator", "forwarder_telemetry": FORWARDER, "trials": list(trials), **options},
        )
    finally:
        run_module("dpdk_testpmd", {"name": "nfvt-forwarder", "commands": ["stop"]})


def test_each_packet_is_accounted_for(linked: None, tmp_path: Path) -> None:
    report = tmp_path / "run.json"
    result = traffic(
        {"size": 64, "mode": "closed_loop", "duration": 0.2, "max_loss": 0},
        {"size": 1518, "mode": "closed_loop", "duration": 0.2, "max_loss": 0},
        {"size": 64, "mode": "max", "duration": 0.2},
        report=str(report),
    )
    assert not result.failed, result["msg"]
    assert result["changed"] is False
    closed, large, fast = result["trials"]
    assert closed["sent"] == closed["forwarded"] > 64 and closed["lost"] == 0
    assert large["bytes"] in (large["sent"] * 1514, large["sent"] * 1518)
    assert fast["unexplained"] == [] and fast["lost"] == fast["dropped_by_forwarder"]
    assert [row[1] for row in result["summary"]] == ["accounted for"] * 3
    assert result["circumstances"]["oversubscribed"] and "22.11" in report.read_text()
    for side in ("generator", "forwarder"):
        told = result["circumstances"][side]
        assert told["program"] == "/usr/bin/dpdk-testpmd" and told["page_sizes_kb"] == [2048]
        assert told["instruction_set"]["machine"] == "corei7" and list(told["lcores"]) == ["0", "1"]


def test_a_second_run_changes_nothing_and_check_mode_predicts(linked: None) -> None:
    for options in (forwarder(), generator()):
        for check in (True, False):
            again = ok("dpdk_testpmd", options, check=check)
            assert not again["changed"] and again["actions"] == []
    predicted = ok("dpdk_testpmd", generator(testpmd={"total_num_mbufs": 8192}), check=True)
    assert [list(action)[0] for action in predicted["actions"]] == ["stop", "file", "start"]
    assert "--total-num-mbufs=8192" in predicted["diff"]["after"]["command"]
    assert "--total-num-mbufs=16384" in predicted["diff"]["before"]["command"]


def test_exactly_the_packets_of_one_burst_arrive(linked: None) -> None:
    def counters() -> list[dict[str, int]]:
        seen = ok("dpdk_telemetry_info", {"socket": FORWARDER, "gather": ["ports"]})["objects"][0]["ports"]
        return [port["stats"] for port in seen]

    ok("dpdk_testpmd", {"name": "nfvt-forwarder", "commands": ["stop", "set fwd rxonly", "start"]})
    before = counters()
    ok("dpdk_testpmd", {"name": "nfvt-generator", "commands": ["set fwd rxonly", "start tx_first 3", "stop"]})
    ok("dpdk_testpmd", {"name": "nfvt-forwarder", "commands": ["stop", "set fwd io"]})
    assert [now["ipackets"] - then["ipackets"] for now, then in zip(counters(), before)] == [96, 96]


def test_a_killed_backend_leaves_a_down_link_and_everything_comes_back(linked: None) -> None:
    pid = int((STATE / "nfvt-forwarder/pid").read_text())
    os.kill(int((STATE / "nfvt-forwarder/supervisor").read_text()), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/fd/0").is_fifo():
        time.sleep(0.02)
    assert (FOLDER / "0.sock").is_socket()  # stale: a backend without our launcher could not bind it
    failed = run_module(
        "dpdk_traffic",
        {"generator": "nfvt-generator", "forwarder_telemetry": FORWARDER, "trials": [{"duration": 0.1}]},
    )
    assert failed.failed and "start" in failed["msg"]
    assert failed["failure"]["kind"] in ("unreachable", "no_socket", "interrupted")
    assert ok("dpdk_testpmd", forwarder())["changed"]
    ok("dpdk_testpmd", generator(state="restarted"))
    result = traffic({"size": 64, "mode": "closed_loop", "duration": 0.1, "max_loss": 0})
    assert not result.failed, result["msg"]


def test_a_killed_generator_gives_its_pages_back(linked: None) -> None:
    free = pages("free")
    os.kill(int((STATE / "nfvt-generator/supervisor").read_text()), signal.SIGKILL)
    os.kill(int((STATE / "nfvt-generator/pid").read_text()), signal.SIGKILL)
    end = time.monotonic() + 60
    while pages("free") <= free and time.monotonic() < end:
        time.sleep(0.05)
    assert pages("free") > free
    ok("dpdk_testpmd", {"name": "nfvt-generator", "state": "stopped"})
    assert not (STATE / "nfvt-generator").exists()


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        (
            {"name": "nfvt-other", "eal": {"vdevs": []}, "runtime_dir": str(STATE / "nfvt-forwarder")},
            "in_use",
            "file prefix",
        ),
        ({"name": "nfvt-other", "eal": {"file_prefix": "nfvt-other"}}, "in_use", "listens at the socket"),
        ({"name": "nfvt-other", "eal": {"lcores": "0@0,1@99"}}, "invalid_option", "lcore 1 is on CPU 99"),
        ({"name": "nfvt-other", "eal": {"numa_mem": [64] * 9}}, "invalid_option", "on node "),
        ({"name": "nfvt-other", "testpmd": {"total_num_mbufs": 4_000_000}}, "not_found", "not enough hugepages"),
        ({"name": "nfvt-other", "program": "nfvt-nothing"}, "missing_reference", "there is no 'nfvt-nothing'"),
        ({"name": "nfvt-other", "eal": {"vdevs": ["net_nothing0"]}}, "missing_reference", "net_nothing0"),
    ],
)
def test_what_cannot_start_says_why_and_leaves_nothing(
    linked: None, changes: dict[str, t.Any], kind: str, says: str
) -> None:
    eal = dict(changes.get("eal", {}))
    if changes.get("runtime_dir"):
        eal["file_prefix"] = "nfvt-forwarder"
    before = set(FOLDER.iterdir())
    failed = run_module("dpdk_testpmd", forwarder(**{**changes, "eal": eal}))
    assert failed.failed and failed["failure"]["kind"] == kind and says in failed["msg"], failed["msg"]
    assert set(FOLDER.iterdir()) == before
    assert ok("dpdk_telemetry_info", {"socket": FORWARDER})["objects"][0]["ports"]
    ok("dpdk_testpmd", {"name": "nfvt-other", "state": "stopped"})


def test_frontends_of_small_files_are_told_the_option(linked: None) -> None:
    eal = {**generator()["eal"], "single_file_segments": False}
    ok("dpdk_testpmd", {"name": "nfvt-generator", "state": "stopped"})
    failed = run_module("dpdk_testpmd", generator(eal=eal))
    if failed.failed:
        assert "single_file_segments" in failed["msg"] or "other end" in failed["msg"], failed["msg"]
    ok("dpdk_testpmd", {"name": "nfvt-generator", "state": "stopped"})


def test_stale_files_at_the_socket_do_not_stop_a_start() -> None:
    ok("dpdk_testpmd", {**forwarder(), "state": "stopped"})
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(FOLDER / "0.sock"))
    assert ok("dpdk_testpmd", forwarder())["changed"]
    ok("dpdk_testpmd", {**forwarder(), "state": "stopped"})
    assert list(FOLDER.iterdir()) == [] and not (STATE / "nfvt-forwarder").exists()


def test_a_command_line_of_2019_runs() -> None:
    cpu = cpus()[1]
    line = (
        f"testpmd --lcores 0@{cpu},1@{cpu} -n 1 --socket-mem 64,64 --vdev eth_vhost0,iface={FOLDER}/old.sock "
        "--in-memory --no-pci -- -i --forward-mode=io --total-num-mbufs=4096"
    )
    result = ok("dpdk_testpmd", {"name": "nfvt-other", "command_line": line})
    assert "eth_vhost0 is net_vhost0 today" in result["translated"] and result["application"]["ports"]
    assert not ok("dpdk_testpmd", {"name": "nfvt-other", "command_line": line})["changed"]
    ok("dpdk_testpmd", {"name": "nfvt-other", "command_line": line, "state": "stopped"})


def test_hugepages_are_raised_read_back_and_given_back() -> None:
    before = pages("nr")
    options = {"pages": [{"size": "2M", "count": before + 2}]}
    predicted, done = ok("dpdk_hugepages", options, check=True), ok("dpdk_hugepages", options)
    assert predicted["diff"] == done["diff"] and pages("nr") == before + 2
    assert not ok("dpdk_hugepages", options)["changed"]
    ok("dpdk_hugepages", {"pages": [{"size": "2M", "count": before}]})
    assert pages("nr") == before
    failed = run_module("dpdk_hugepages", {"pages": [{"size": "2M", "count": 10**9}]})
    assert failed.failed and failed["failure"]["kind"] == "not_kept" and "MiB are free" in failed["msg"]
    assert pages("nr") == before
    failed = run_module("dpdk_hugepages", {"pages": [{"size": "2M", "node": 99, "count": 1}]})
    assert failed["failure"]["kind"] == "not_found"


def test_facts_and_budget_of_this_host() -> None:
    facts = ok("dpdk_facts", {})["dpdk_host"]
    assert {row["cpu"] for row in facts["cpus"] if row["allowed"]} == os.sched_getaffinity(0)
    assert any(pool["size_kb"] == 2048 and pool["nr"] == pages("nr") for pool in facts["hugepages"])
    found = ok("dpdk_budget", {"application": "testpmd", "total_num_mbufs": 4096})
    assert found["enough"] and found["nodes"][0]["needed"] > 4096 * 2368


def test_a_device_that_is_not_there_is_not_bound() -> None:
    failed = run_module("dpdk_bind", {"devices": ["ffff:ff:1f.7"], "driver": "vfio-pci"})
    assert failed.failed and failed["failure"]["kind"] == "not_found"


def pktgen(**changes: t.Any) -> dict[str, t.Any]:
    """Pktgen's options: the other ends of both ports."""
    cpu = cpus()[0]
    eal = {**generator()["eal"], "in_memory": False, "lcores": f"0@{cpu},1@{cpu},2@{cpu}"}
    entries = [{"port": port, "lcores": [port + 1]} for port in (0, 1)]
    return {"name": "nfvt-pktgen", "eal": eal, "pktgen": {"promiscuous": True, "map": entries}, **changes}


def test_a_map_that_pktgen_would_misread_is_refused() -> None:
    failed = run_module("dpdk_pktgen", pktgen(pktgen={"map": [{"port": 0, "lcores": [0]}]}))
    assert failed.failed and "main lcore" in failed["msg"]
    failed = run_module("dpdk_pktgen", pktgen(pktgen_release="24.10.3"))
    assert failed["failure"]["kind"] == "unsupported" and "23.03.0" in failed["msg"]


def test_pktgen_counts(linked: None) -> None:
    program = os.environ.get("NFVT_PKTGEN")
    if not program:
        pytest.skip("Pktgen is in no registry: NFVT_PKTGEN names one that was built from its source")
    ok("dpdk_testpmd", {"name": "nfvt-generator", "state": "stopped"})
    ok("dpdk_pktgen", pktgen(program=program))
    try:
        options = {"generator": "nfvt-pktgen", "generator_kind": "pktgen"}
        result = traffic({"mode": "count", "count": 100, "rate": 10.0, "max_loss": 0}, **options)
        assert not result.failed and result["trials"][0]["sent"] == 200, result
    finally:
        ok("dpdk_pktgen", pktgen(state="stopped"))
