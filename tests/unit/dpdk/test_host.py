# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dpdk_hugepages, dpdk_bind, dpdk_facts and dpdk_budget on a host of files."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import budget, devices, hugepages, info

from tests.unit.dpdk.fake_host import FakeHost

PORT = "0000:3b:00.1"


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def task(check=False, **params):
    return Task(params, params, check_mode=check)


def pages(host, monkeypatch, *rows, check=False, **rest):
    monkeypatch.setattr(hugepages, "Host", lambda root: host)
    rows = [{"node": None, "match": "exactly", **row} for row in rows]
    params = {"pages": rows, "boot": None, "mounts": None, "root": host.root, **rest}
    return hugepages.work(task(check, **params))


# Hugepages


def test_pages_are_set_on_one_node_and_then_nothing_changes(host, monkeypatch):
    row = {"size": "2M", "node": 1, "count": 8}
    predicted = pages(host, monkeypatch, row, check=True)
    done = pages(host, monkeypatch, row)
    assert predicted["changed"] and done["changed"]
    assert (
        predicted["diff"]
        == done["diff"]
        == {
            **dict.fromkeys(("before_header", "after_header"), "hugepages"),
            "before": {"2M on node 1": 0},
            "after": {"2M on node 1": 8},
        }
    )
    assert [{**action, "sent": True} for action in predicted["actions"]] == done["actions"]
    assert {(pool["size_kb"], pool["node"]): pool["nr"] for pool in done["hugepages"]}[2048, 1] == 8
    assert not pages(host, monkeypatch, row)["changed"]


def test_pages_without_a_node_are_spread(host, monkeypatch):
    done = pages(host, monkeypatch, {"size": "2M", "count": 5})
    assert [pool["nr"] for pool in done["hugepages"] if pool["size_kb"] == 2048] == [3, 2]


@pytest.mark.parametrize(("match", "then"), [("at_least", 8), ("free", 11), ("exactly", 7)])
def test_ways_to_match(host, monkeypatch, match, then):
    host.pool(2048, 0, nr=8, free=4)
    done = pages(host, monkeypatch, {"size": "2M", "node": 0, "count": 7, "match": match})
    assert done["hugepages"][0]["nr"] == then


def test_a_short_grant_is_taken_back_and_says_what_was_free(tmp_path, monkeypatch):
    host = FakeHost(tmp_path, grants=3)
    with pytest.raises(errors.NotKept) as caught:
        pages(host, monkeypatch, {"size": "2M", "node": 0, "count": 8})
    assert "3 of 8 pages of 2M on node 0: 4000 MiB are free there, the largest piece has 2048 kB" in str(caught.value)
    assert host.pools()[0]["nr"] == 0


@pytest.mark.parametrize(
    ("row", "kind", "says"),
    [
        ({"size": "2M", "node": 2, "count": 1}, errors.NotFound, "no NUMA node 2"),
        ({"size": "16M", "count": 1}, errors.Unsupported, "has 2M, 1G"),
        ({"size": "2", "count": 1}, errors.InvalidOption, "with its unit"),
        ({"size": "2M", "count": -1}, errors.InvalidOption, "0 or more"),
        ({"size": "1G", "node": 0, "count": 1}, errors.InUse, "2 pages of 1G on node 0 are in use"),
    ],
)
def test_pages_that_cannot_be(host, monkeypatch, row, kind, says):
    host.pool(1048576, 0, nr=3, free=1)
    with pytest.raises(kind) as caught:
        pages(host, monkeypatch, row)
    assert says in str(caught.value)


def test_pools_that_are_asked_for_twice_are_refused(host, monkeypatch):
    with pytest.raises(errors.InvalidOption, match="twice"):
        pages(host, monkeypatch, {"size": "2M", "count": 2}, {"size": "2048K", "node": 1, "count": 2})


@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("quiet", "quiet default_hugepagesz=1G hugepagesz=1G hugepages=4"),
        (
            "a=1 default_hugepagesz=2M hugepagesz=2M hugepages=8 quiet hugepages=9",
            "a=1 default_hugepagesz=1G hugepagesz=1G hugepages=4 quiet",
        ),
        ("", "default_hugepagesz=1G hugepagesz=1G hugepages=4"),
    ],
)
def test_the_order_of_the_kernels_command_line_stays(line, then):
    assert hugepages.boot_line(line, [{"size": "1GB", "count": 4}], "1G") == then
    assert hugepages.boot_pages(then) == {"1G": 4}


def test_grub(host, monkeypatch):
    before = '# mine\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_TIMEOUT=5\n'
    host.put("etc/default/grub", before)
    boot = {"boot": [{"size": "1G", "count": 4}], "boot_default_size": None, "grub_file": "/etc/default/grub"}
    done = pages(host, monkeypatch, **boot, update_grub=["true"])
    assert done["changed"] and done["reboot_required"] and done["actions"][1] == {"command": "true", "sent": True}
    again = pages(host, monkeypatch, **boot, update_grub=["true"])
    assert not again["changed"] and again["reboot_required"]
    host.put("proc/cmdline", "quiet hugepagesz=1G hugepages=4")
    assert not pages(host, monkeypatch, **boot, update_grub=[])["reboot_required"]
    pages(host, monkeypatch, **{**boot, "boot": []}, update_grub=[])
    with open(host.path("etc/default/grub"), encoding="utf-8") as stream:
        assert stream.read() == before


def test_grub_that_the_shell_builds_is_left_alone():
    with pytest.raises(errors.Unsupported, match="by hand"):
        hugepages.grub_change('GRUB_CMDLINE_LINUX_DEFAULT="$X quiet"\n', [{"size": "1G", "count": 4}], None)
    assert hugepages.grub_change("A=1", [], None) == 'A=1\nGRUB_CMDLINE_LINUX_DEFAULT=""\n'


# Devices


def bind(host, monkeypatch, check=False, **params):
    monkeypatch.setattr(devices, "Host", lambda root: host)
    defaults = {"devices": [PORT], "driver": "vfio-pci", "group": "refuse", "no_iommu": False, "protect": []}
    return devices.work(task(check, **{**defaults, "root": host.root, **params}))


def test_a_device_gets_its_driver_and_gives_it_back(host, monkeypatch):
    host.device(PORT, driver="i40e", group=42)
    predicted = bind(host, monkeypatch, check=True)
    assert predicted["changed"] and host.link(f"sys/bus/pci/devices/{PORT}/driver") == "i40e"
    done = bind(host, monkeypatch)
    assert done["diff"]["before"] == {PORT: "i40e"} and done["diff"]["after"] == {PORT: "vfio-pci"}
    assert done["devices"][0]["driver"] == "vfio-pci" and not bind(host, monkeypatch)["changed"]
    assert host.read(f"sys/bus/pci/devices/{PORT}/driver_override") == ""
    assert bind(host, monkeypatch, driver="none", devices=["3B:00.1"])["devices"][0]["driver"] is None
    assert bind(host, monkeypatch, driver="i40e")["changed"]


def test_a_driver_that_does_not_take_the_device_is_an_error_and_the_old_one_comes_back(host, monkeypatch):
    host.device(PORT, driver="i40e")
    with pytest.raises(errors.NotKept, match="has the driver none"):
        bind(host, monkeypatch, driver="uio_pci_generic")
    assert host.link(f"sys/bus/pci/devices/{PORT}/driver") == "i40e"


def test_the_whole_group_has_to_go(host, monkeypatch):
    host.device(PORT, driver="i40e", group=42)
    host.device("0000:3b:00.0", driver="i40e", group=42)
    host.device("0000:3a:00.0", driver="pcieport", group=42, kind="0x060400")
    with pytest.raises(errors.InUse, match=r"0000:3b:00\.0 \(i40e\)"):
        bind(host, monkeypatch)
    assert sorted(bind(host, monkeypatch, group="bind")["diff"]["after"]) == ["0000:3b:00.0", PORT]


def test_no_iommu_only_where_it_is_allowed(host, monkeypatch):
    host.device(PORT, driver="i40e")
    host.put("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N")
    with pytest.raises(errors.Unsupported, match="no IOMMU"):
        bind(host, monkeypatch)
    done = bind(host, monkeypatch, no_iommu=True)
    assert [action["value"] for action in done["actions"]] == ["1", PORT]


@pytest.mark.parametrize(
    ("interface", "rest", "says"),
    [
        ("eth0", {}, "default route"),
        ("eth1", {"client": "10.1.2.3"}, "connection from 10.1.2.3"),
        ("eth2", {"protect": ["eth2"]}, "protected by the task"),
    ],
)
def test_the_way_to_the_host_stays(host, monkeypatch, interface, rest, says):
    host.device(PORT, driver="i40e", group=1, interfaces=[interface])
    monkeypatch.setenv("SSH_CONNECTION", f"{rest.pop('client', '')} 5 10.0.0.1 22")
    with pytest.raises(errors.InUse, match=says):
        bind(host, monkeypatch, **rest)


@pytest.mark.parametrize(
    ("params", "kind", "says"),
    [
        ({"devices": ["eth0"]}, errors.InvalidOption, "no PCI address"),
        ({"devices": ["00:01.0"]}, errors.NotFound, "no PCI device 0000:00:01.0"),
        ({"driver": "mlx5"}, errors.MissingReference, "modprobe mlx5"),
    ],
)
def test_devices_that_cannot_be_bound(host, monkeypatch, params, kind, says):
    host.device(PORT, driver="i40e", group=1)
    with pytest.raises(kind) as caught:
        bind(host, monkeypatch, **params)
    assert says in str(caught.value)


# What is read


def test_facts(host, monkeypatch):
    host.device(PORT, driver="i40e", group=42, interfaces=["ens1f1"])
    monkeypatch.setattr(info, "Host", lambda root: host)
    found = info.facts(task(root=host.root))["dpdk_host"]
    assert found["cpu_model"] == "Example" and found["one_gib_pages"] and found["iommu"] and found["nodes"] == [0, 1]
    assert [row["allowed"] for row in found["cpus"]] == [True, True, False, False]
    assert [row["node"] for row in found["cpus"]] == [0, 1, 0, 1]
    assert found["devices"][0]["interfaces"] == ["ens1f1"] and found["devices"][0]["iommu_group"] == 42


def test_budget_of_testpmd_is_that_of_its_source():
    assert budget.testpmd(1)[0] == ("155456 mbufs", 155456 * 2368)
    assert budget.testpmd(1, 16384)[0].bytes // budget.MIB == 37


@pytest.mark.parametrize(("release", "mib"), [("3.7.2", 74), ("23.03.0", 1222), ("26.02.4", 148)])
def test_budget_of_pktgen_is_that_of_its_release(release, mib):
    assert round(budget.pktgen(1, release)[0].bytes / budget.MIB) == mib


def read_budget(**params):
    defaults = {
        **dict.fromkeys(("command_line", "application", "total_num_mbufs")),
        "lcores": 1,
        "port_queues": 2,
        "pktgen_release": "23.03.0",
        "numa_mem": [],
        "nodes": [0],
    }
    return info.budgeted(task(**{**defaults, **params}))


def test_budget_says_what_is_missing():
    pools = [{"size_kb": 2048, "node": 0, "free": 100}]
    short = read_budget(application="testpmd", pools=pools)
    assert not short["enough"] and short["shortage"].startswith(
        "node 0 needs 368 MiB in hugepages and has 200 MiB free ("
    )
    assert read_budget(application="testpmd", total_num_mbufs=16384, pools=pools)["enough"]
    assert read_budget(application="testpmd", pools=[{"size_kb": 1048576, "node": 0, "free": 2}])["enough"]
    assert not read_budget(application="pktgen", pools=[{"size_kb": 2048, "node": 0, "free": 1024}])["enough"]
    with pytest.raises(errors.InvalidOption, match="neither"):
        read_budget(pools=pools)


def test_budget_of_a_command_line_counts_what_it_asks_for():
    line = "testpmd -l 0-1 --socket-mem 1024,1024 --vdev eth_vhost0,iface=/tmp/s --no-pci -- -i"
    found = read_budget(command_line=line, pools=[{"size_kb": 2048, "node": 0, "free": 400}])
    assert not found["enough"] and found["nodes"][0]["sizes"][0]["pages"] == 512
    assert found["translated"][-1] == "eth_vhost0 is net_vhost0 today"
    pktgen = read_budget(command_line="pktgen -l 0-2 -- -m 1.0,2.1", pools=[])
    assert pktgen["needs"][0]["what"].endswith("2 queues")
