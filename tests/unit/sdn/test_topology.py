# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of fabrics: names, numbers, and everything that cannot be."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.topology import Port, build, dpid


def ports(fabric, switch):
    return [(port.name, port.number, port.host) for port in fabric.switches[switch].ports]


def test_a_row_is_mininets_linear():
    fabric = build({"topology": "linear", "size": 3})
    assert [switch.dpid for switch in fabric.switches.values()] == [f"{number:016x}" for number in (1, 2, 3)]
    assert ports(fabric, "s2") == [("s2-eth1", 1, "h2"), ("s2-eth2", 2, ""), ("s2-eth3", 3, "")]
    assert [(link.a, link.b) for link in fabric.links.values()] == [("s1-eth2", "s2-eth2"), ("s2-eth3", "s3-eth2")]
    host = fabric.hosts["h3"]
    assert (host.mac, host.ip, host.port) == ("00:00:00:00:00:03", "10.0.0.3/8", "s3-eth1")


def test_a_ring_is_closed_and_a_single_switch_has_all_hosts():
    assert list(build({"topology": "ring", "size": 4}).links) == ["s1-s2", "s2-s3", "s3-s4", "s4-s1"]
    single = build({"topology": "single", "size": 9, "hosts_per_switch": 4})
    assert list(single.switches) == ["s1"] and len(single.hosts) == 4


def test_a_tree_has_its_hosts_at_the_leaves():
    fabric = build({"topology": "tree", "depth": 2, "fanout": 3})
    assert len(fabric.switches) == 4 and len(fabric.links) == 3 and len(fabric.hosts) == 9
    assert {host.switch for host in fabric.hosts.values()} == {"s2", "s3", "s4"}
    deep = build({"topology": "tree", "depth": 3, "fanout": 2})
    assert list(deep.links) == ["s2-s3", "s2-s4", "s5-s6", "s5-s7", "s1-s2", "s1-s5"]


def test_listed_parts_add_to_a_shape_and_given_numbers_are_kept_free():
    fabric = build(
        {
            "topology": "linear",
            "size": 2,
            "prefix": "x-",
            "subnet": "192.0.2.0/24",
            "switches": [{"name": "core", "dpid": "of:00000000000000ff"}],
            "links": [{"a": "x-s1", "b": "core", "a_port": 1}],
            "hosts": [
                {"name": "nic", "switch": "core", "interface": "veth9", "ip": "192.0.2.9/24", "mac": None, "port": None}
            ],
            "down": ["x-s1-core"],
        }
    )
    assert fabric.switches["core"].dpid == "00000000000000ff"
    assert ports(fabric, "x-s1") == [("x-s1-eth2", 2, "x-h1"), ("x-s1-eth3", 3, ""), ("x-s1-eth1", 1, "")]
    assert fabric.switches["core"].ports[0] == Port("veth9", 2, "nic")
    assert [link.up for link in fabric.links.values()] == [True, False]
    assert not fabric.hosts["nic"].namespace and fabric.hosts["x-h1"].ip == "192.0.2.1/24"


def test_two_links_between_the_same_switches_have_two_names():
    fabric = build({"topology": "linear", "size": 2, "hosts_per_switch": 0, "links": [{"a": "s1", "b": "s2"}]})
    assert list(fabric.links) == ["s1-s2", "s1-s2:2"]


@pytest.mark.parametrize(
    ("given", "full"), [("1", "1"), (10, "10"), ("0xAB", "ab"), ("of:00ff", "ff"), ("00:00:00:ff", "ff")]
)
def test_datapath_ids_are_written_in_many_ways(given, full):
    assert dpid(given, "s1") == full.rjust(16, "0")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"topology": "ring", "size": 2}, "three switches"),
        ({"topology": "tree", "depth": 9, "fanout": 9}, "no size that fits"),
        ({"topology": "linear", "size": 300, "subnet": "10.0.0.0/28"}, "no addresses for 300 hosts"),
        ({"topology": "single", "subnet": "10.0.0.1/8"}, "'subnet'"),
        ({"switches": [{"name": "a"}, {"name": "a"}]}, "the switch 'a' is declared twice"),
        ({"switches": [{"name": "a", "dpid": "7"}, {"name": "b", "dpid": "0x7"}]}, "same dpid 0000000000000007"),
        ({"switches": [{"name": "a", "dpid": "xyz"}]}, "the dpid of switch 'a'"),
        ({"switches": [{"name": "a", "dpid": "0"}]}, "the dpid of switch 'a'"),
        ({"topology": "single", "hosts": [{"name": "x", "switch": "s11"}]}, "did you mean 's1'?"),
        ({"topology": "single", "links": [{"a": "s1", "b": "s1"}]}, "to itself"),
        ({"topology": "single", "hosts": [{"name": "x", "switch": "s1", "port": 70000}]}, "a port 70000"),
        ({"switches": [{"name": "a"}], "hosts": [{"name": n, "switch": "a", "port": 3} for n in "xy"]}, "two ports 3"),
        ({"topology": "single", "hosts": [{"name": "h1", "switch": "s1"}]}, "the host 'h1' is declared twice"),
        (
            {"topology": "single", "hosts": [{"name": "x", "switch": "s1", "mac": "01:00:00:00:00:01"}]},
            "the mac of host",
        ),
        ({"topology": "single", "hosts": [{"name": "x", "switch": "s1", "ip": "10.0.0.9"}]}, "no prefix length"),
        (
            {"topology": "single", "hosts": [{"name": "x", "switch": "s1", "ip": "10.0.0.1/8"}]},
            "address '10.0.0.1' is decl",
        ),
        ({"topology": "linear", "size": 2, "down": ["s1-s3"]}, "did you mean 's1-s2'?"),
        ({"topology": "linear", "size": 2, "prefix": "much-too-long-"}, "is no name for a network interface"),
        ({"topology": "single", "hosts": [{"name": "a b", "switch": "s1"}]}, "'a b' is no name for a host"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(options, says):
    with pytest.raises(InvalidOption, match=".+; .+") as caught:
        build(options)
    assert says in str(caught.value)
