# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command lines: golden lines for each release, devices, testpmd's and Pktgen's arguments, lines of tutorials."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import apps, eal, translate, units, vdev

GENERATOR = {
    "lcores": "0@1,1@1",
    "main_lcore": 0,
    "memory_channels": 2,
    "numa_mem": [512],
    "single_file_segments": True,
    "proc_type": "primary",
    "file_prefix": "generator",
    "allow": ["0000:3b:00.1"],
    "vdevs": ["virtio_user0,path=/run/v/0.sock"],
}
GOLDEN = {
    "19.08": "--lcores=0@1,1@1 --master-lcore=0 -n 2 --socket-mem=512 --single-file-segments --proc-type=primary "
    "--file-prefix=generator -w 0000:3b:00.1 --vdev net_virtio_user0,path=/run/v/0.sock",
    "20.11": "--lcores=0@1,1@1 --main-lcore=0 -n 2 --socket-mem=512 --single-file-segments --proc-type=primary "
    "--file-prefix=generator -a 0000:3b:00.1 --vdev net_virtio_user0,path=/run/v/0.sock",
    "22.11": "--lcores=0@1,1@1 --main-lcore=0 -n 2 --socket-mem=512 --single-file-segments --proc-type=primary "
    "--file-prefix=generator -a 0000:3b:00.1 --vdev net_virtio_user0,path=/run/v/0.sock",
    "25.11": "--lcores=0@1,1@1 --main-lcore=0 -n 2 --numa-mem=512 --single-file-segments --proc-type=primary "
    "--file-prefix=generator -a 0000:3b:00.1 --vdev net_virtio_user0,path=/run/v/0.sock",
}
FORWARDER = {
    "lcores": "(0,2)@(1,3)",
    "no_telemetry": False,
    "in_memory": True,
    "iova_mode": "va",
    "no_pci": True,
    "drivers": ["/usr/lib/pmds"],
    "vdevs": [{"name": "net_vhost0", "args": {"iface": "/run/v/0.sock", "queues": 2, "client": False}}],
}
TUTORIAL_TESTPMD = (
    "testpmd -l 0-1 -n 1 --socket-mem 1024,1024 --vdev 'eth_vhost0,iface=/tmp/virtio/sock0' "
    "--vdev 'eth_vhost1,iface=/tmp/virtio/sock1' --file-prefix=test --no-pci -- -i --forward-mode=io --auto-start"
)
TUTORIAL_PKTGEN = (
    "sudo pktgen -l 2,3,4 -n 2 --vdev=virtio_user0,path=/tmp/virtio/sock0 "
    '--vdev=virtio_user1,path=/tmp/virtio/sock1 -- -P -m "3.0,4.1"'
)


@pytest.mark.parametrize("release", GOLDEN)
def test_each_release_has_its_spelling(release):
    assert " ".join(eal.render(GENERATOR, release)) == GOLDEN[release]


def test_order_is_that_of_the_table_and_false_is_left_out():
    assert eal.render(FORWARDER) == [
        "--lcores=(0,2)@(1,3)",
        "--in-memory",
        "--iova-mode=va",
        "--no-pci",
        "-d",
        "/usr/lib/pmds",
        "--vdev",
        "net_vhost0,iface=/run/v/0.sock,queues=2,client=0",
    ]


@pytest.mark.parametrize(
    ("options", "release", "kind", "says"),
    [
        ({"remap_lcore_ids": True}, "22.11", errors.Unsupported, "25.11"),
        ({"huge_unlink": "never"}, "19.08", errors.Unsupported, "22.07"),
        ({"in_memory": True, "legacy_mem": True}, "22.11", errors.InvalidOption, "cannot be had together"),
        ({"iova_mode": "xa"}, "22.11", errors.InvalidOption, "pa, va"),
        ({"lcore": "0"}, "22.11", errors.UnknownKey, "did you mean 'lcores'"),
        ({"lcores": "0,1", "main_lcore": 2}, "22.11", errors.InvalidOption, "main lcore 2"),
        ({"lcores": "0@1,0@2"}, "22.11", errors.InvalidOption, "comes twice"),
        ({"lcores": "3-1"}, "22.11", errors.InvalidOption, "backwards"),
        ({"lcores": "130"}, "22.11", errors.InvalidOption, "1@130"),
        ({"lcores": "(0,1@2"}, "22.11", errors.InvalidOption, "not a list of lcores"),
        ({"vdevs": ["net_vhost0,ifaces=/x"]}, "22.11", errors.UnknownKey, "did you mean 'iface'"),
        ({"vdevs": ["net_vhost0,queues=1"]}, "22.11", errors.InvalidOption, "path of its socket"),
        ({"vdevs": ["net_vhost0,iface"]}, "22.11", errors.InvalidOption, "KEY=VALUE"),
        ({"vdevs": ["net_vhost0,iface=/" + "x" * 107]}, "22.11", errors.InvalidOption, "108 bytes"),
        ({"vdevs": ["net_virtio_user0,path=/x,speed=fast"]}, "22.11", errors.InvalidOption, "Mb/s"),
        ({"vdevs": ["net_virtio_user0,path=/x,speed=10000"]}, "19.08", errors.Unsupported, "no argument 'speed'"),
    ],
)
def test_what_cannot_be_is_refused(options, release, kind, says):
    with pytest.raises(kind, match=".") as caught:
        eal.render(options, release)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "lcores"),
    [
        ("0-2,5", {0: [0], 1: [1], 2: [2], 5: [5]}),
        ("0@1,1@1", {0: [1], 1: [1]}),
        ("(0,2)@(1,3)", {0: [1, 3], 2: [1, 3]}),
        ("(1-2)", {1: [1, 2], 2: [1, 2]}),
        ("1@130", {1: [130]}),
    ],
)
def test_lcores_are_read(text, lcores):
    assert eal.lcore_map(text) == lcores


def test_lcores_that_share_a_cpu_are_said():
    assert eal.oversubscribed(eal.lcore_map("0@0,1@0"))
    assert eal.oversubscribed(eal.lcore_map("0-1"), eal.lcore_map("0@1"))
    assert not eal.oversubscribed(eal.lcore_map("0-1"), eal.lcore_map("2-3"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lcores": "0-3"}, "lcore 2 is on CPU 2"),
        ({"numa_mem": [512, 512]}, "512 MB on node 1"),
        ({}, "no hugepages"),
    ],
)
def test_what_the_host_cannot_give_is_refused(options, says):
    sizes = [] if not options else [2048]
    with pytest.raises(errors.FleetError, match=says):
        eal.check_host(options, allowed=[0, 1], nodes=[0], sizes=sizes)


def test_devices_know_their_sockets():
    assert vdev.socket_path("eth_vhost0,iface=/a") == "/a" and vdev.makes_socket("eth_vhost0,iface=/a")
    assert vdev.socket_path("virtio_user1,path=/a") == "/a" and not vdev.makes_socket("virtio_user1,path=/a")
    assert not vdev.makes_socket("net_vhost0,iface=/a,client=1")
    assert vdev.makes_socket("net_virtio_user0,path=/a,server=1")
    assert vdev.socket_path("net_null0") is None
    assert vdev.vdev_text("net_tap0,iface=x", (22, 11)) == "net_tap0,iface=x"
    with pytest.raises(errors.InvalidOption, match="is no device"):
        vdev.normalised({"name": "net_vhost0", "arguments": {}})


def test_testpmd_arguments():
    options = {"forward_mode": "mac", "auto_start": True, "total_num_mbufs": 4096, "burst": None, "extra": ["--x=1"]}
    assert apps.testpmd(options) == ["-i", "--forward-mode=mac", "--total-num-mbufs=4096", "--auto-start", "--x=1"]
    for wrong in ({"burst": 513}, {"total_num_mbufs": 1024}):
        with pytest.raises(errors.InvalidOption):
            apps.testpmd(wrong)
    for wrong in ({"record_core_cycles": True}, {"forward_mode": "5tswap"}):
        with pytest.raises(errors.Unsupported):
            apps.testpmd(wrong, "19.08")
    with pytest.raises(errors.InvalidOption, match="does not forward"):
        apps.check_testpmd({}, {"lcores": "1"})
    with pytest.raises(errors.InvalidOption, match="there are 1"):
        apps.check_testpmd({"nb_cores": 2}, {"lcores": "0-1"})


def test_pktgen_arguments_follow_the_release():
    options = {"promiscuous": True, "map": [{"port": 0, "lcores": [3]}, {"port": 1, "rx": [4], "tx": [5]}]}
    assert apps.pktgen(options, "3.7.2") == ["-P", "-m", "3.0,[4:5].1"]
    assert apps.pktgen(options, "24.05.1", "/x.pkt") == ["-P", "-m", "3.0", "-m", "[4:5].1", "-f", "/x.pkt"]
    with pytest.raises(errors.Unsupported, match="--rxd"):
        apps.pktgen({**options, "rxd": 512}, "3.7.2")


@pytest.mark.parametrize(
    ("dpdk", "pktgen"), [("22.11.11", ["23.03.0", "23.06.1"]), ("19.08", ["3.7.2"]), ("24.11", ["24.10.3"])]
)
def test_pairs(dpdk, pktgen):
    assert apps.pktgen_for(dpdk) == pktgen
    apps.check_pair(pktgen[0], dpdk)
    with pytest.raises(errors.Unsupported, match=pktgen[0]):
        apps.check_pair("22.07.1", dpdk)


def test_testpmd_of_a_tutorial_is_translated():
    read = translate.read(TUTORIAL_TESTPMD)
    assert read.application == "testpmd"
    assert " ".join(eal.render(read.eal)) == (
        "--lcores=0-1 -n 1 --socket-mem=1024 --file-prefix=test --no-pci "
        "--vdev net_vhost0,iface=/tmp/virtio/sock0 --vdev net_vhost1,iface=/tmp/virtio/sock1"
    )
    assert apps.testpmd(read.options) == ["-i", "--forward-mode=io", "--auto-start"]
    assert read.changes == [
        "1024,1024 asks for memory on 2 nodes, and this host has 1: the rest is left out",
        "eth_vhost0 is net_vhost0 today",
        "eth_vhost1 is net_vhost1 today",
    ]
    assert translate.read(TUTORIAL_TESTPMD, nodes=2, release="25.11").changes[0] == "--socket-mem is --numa-mem today"


def test_pktgen_of_a_tutorial_is_translated():
    read = translate.read(TUTORIAL_PKTGEN)
    assert read.application == "pktgen"
    assert eal.render(read.eal) == [
        *("--lcores=2,3,4", "-n", "2"),
        *("--vdev", "net_virtio_user0,path=/tmp/virtio/sock0", "--vdev", "net_virtio_user1,path=/tmp/virtio/sock1"),
    ]
    assert apps.pktgen(read.options, "23.03.0") == ["-P", "-m", "3.0,4.1"]
    assert apps.pktgen(read.options, "26.02.4") == ["-P", "-m", "3.0", "-m", "4.1"]
    assert read.changes[-1].startswith("-m takes one port")


def test_dangerous_and_old_arguments_are_said():
    read = translate.read("pktgen -c 0x16 -w 0000:03:00.0 -- -T -g localhost:22022 -G -m 2.0")
    assert read.eal == {"lcores": "1,2,4", "allow": ["0000:03:00.0"]}
    assert [change.split()[0] for change in read.changes] == ["-c", "-w", "-T", "-g", "-G"]
    assert "without a password" in read.changes[3]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "empty"),
        ("l3fwd -l 0", "neither testpmd nor pktgen"),
        ("testpmd --lcore 0", "did you mean '--lcores'"),
        ("testpmd -l", "has no value"),
        ("testpmd -c zz", "no mask"),
        ("pktgen -l 0 -- -z", "not known here"),
        ("pktgen -l 0 -- -m 3", "LCORES.PORT"),
    ],
)
def test_lines_that_cannot_be_read(line, says):
    with pytest.raises(errors.FleetError) as caught:
        translate.read(line)
    assert says in str(caught.value)


def test_units():
    assert units.cpu_list("0-2,5") == [0, 1, 2, 5] and units.cpu_list("") == []
    assert units.cpu_text([5, 0, 2, 1]) == "0-2,5"
    assert [units.page_size(text) for text in ("2M", "1GB", "64k", "2 MiB")] == [2048, 1048576, 64, 2048]
    assert [units.page_text(size) for size in (2048, 1048576, 64)] == ["2M", "1G", "64K"]
    assert units.version("DPDK 22.11.11") == (22, 11)
    for wrong in (units.cpu_list, units.page_size, units.version):
        with pytest.raises(errors.InvalidOption):
            wrong("x-y")
