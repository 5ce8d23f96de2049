# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a fabric, against a world that is only values: what is sent, what is left alone, what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Conflict
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn import ovsdb, plan
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.netlink import Device
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn.topology import build

MARK = plan.MARK + "lab"
SETTINGS = ovsdb.Settings("lab", "netdev", "secure", ["OpenFlow13"], ["tcp:127.0.0.1:6653"])
ROW = build({"topology": "linear", "size": 2})


def device(number, name, *, peer=0, peer_ns=-1, mark=MARK, up=True, kind="veth", mac="", addresses=()):
    return Device(number, name, kind, mac, up, mark, peer, peer_ns, list(addresses))


def bridge(number, *ports, mark="lab", **rest):
    entries = {
        name: {
            "request": at,
            "number": at,
            "up": True,
            "error": "",
            "mark": mark,
            "host": f"h{number}" if at == 1 else "",
        }
        for at, name in enumerate(ports, 1)
    }
    controllers = {"tcp:127.0.0.1:6653": {"connected": True, "role": "master", "why": ""}}
    fields = {"dpid": f"{number:016x}", "datapath": "netdev", "fail_mode": "secure", "protocols": ["OpenFlow13"]}
    return ovsdb.Bridge(
        **{**fields, "controllers": controllers, "ports": entries, "mark": mark, "in_band": False, **rest}
    )


def space(number, address):
    inner = device(
        2, "eth0", peer=number, peer_ns=0, mark="", mac=f"00:00:00:00:00:0{address[-3]}", addresses=[address]
    )
    return {"lo": device(1, "lo", kind="", mark=MARK), "eth0": inner}


def world(**changes):
    """The row as it should be."""
    parts = {
        "bridges": {"s1": bridge(1, "s1-eth1", "s1-eth2"), "s2": bridge(2, "s2-eth1", "s2-eth2")},
        "devices": {
            entry.name: entry
            for entry in (
                device(10, "s1", kind="tun"),
                device(11, "s2", kind="tun"),
                device(12, "s1-eth1", peer=2, peer_ns=1),
                device(13, "s2-eth1", peer=2, peer_ns=2),
                device(14, "s1-eth2", peer=15),
                device(15, "s2-eth2", peer=14),
            )
        },
        "spaces": {"h1": space(12, "10.0.0.1/8"), "h2": space(13, "10.0.0.2/8")},
        "nics": {},
        "checksums": set(),
    }
    return plan.Seen(**{**parts, **changes})


def sent(seen, topology=ROW):
    plan.refuse(seen, topology, "lab")
    return [step.describe() for step in plan.steps(seen, topology, SETTINGS)]


def without(section, *names):
    kept = {name: entry for name, entry in getattr(world(), section).items() if name not in names}
    return world(**{section: kept})


def changed(name, **fields):
    devices = dict(world().devices)
    devices[name] = devices[name]._replace(**fields)
    return world(devices=devices)


def test_what_is_as_declared_needs_nothing_and_shows_no_difference():
    assert sent(world()) == []
    assert plan.present(world(), ROW, SETTINGS) == plan.wanted(ROW, SETTINGS)


def test_an_empty_machine_gets_one_batch_one_transaction_and_its_marks():
    nothing = plan.Seen({}, {}, {}, {}, set())
    steps = plan.steps(nothing, ROW, SETTINGS)
    assert [type(step).__name__ for step in steps] == ["Ip", "Ip", "Checksums", "Ip", "Checksums", "Vsctl", "Ip"]
    assert "link add s1-eth2 type veth peer name s2-eth2" in steps[0].lines
    assert "link add s1-eth1 type veth peer name eth0 address 00:00:00:00:00:01 netns h1" in steps[0].lines
    assert steps[1] == plan.Ip(
        [f'link set lo alias "{MARK}"', "link set lo up", "addr add 10.0.0.1/8 dev eth0", "link set eth0 up"],
        "/run/netns/h1",
        "h1",
    )
    words = ovsdb.words(steps[5].commands)
    assert words[:4] == ["--", "--may-exist", "add-br", "s1"]
    assert "ofport_request=2" in words and 'target="tcp:127.0.0.1:6653"' in words
    assert plan.present(nothing, ROW, SETTINGS) == {}


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (changed("s1-eth2", up=False), {"ip": ["link set s1-eth2 up"]}),
        (changed("s1-eth1", up=False), {"ip": ["link set s1-eth1 up"]}),
        (changed("s1", mark=""), {"ip": [f'link set s1 alias "{MARK}"']}),
        (world(checksums={"h2"}), {"ethtool": "-K eth0 tx off", "host": "h2"}),
    ],
)
def test_one_thing_that_differs_is_one_step(seen, line):
    assert sent(seen) == [line]


def test_another_address_replaces_the_old_one():
    topology = build({"topology": "linear", "size": 2, "subnet": "192.0.2.0/24"})
    lines = [step["ip"] for step in sent(world(), topology)]
    assert lines[0] == ["addr del 10.0.0.1/8 dev eth0", "addr add 192.0.2.1/24 dev eth0"]


def test_a_link_that_is_declared_down_goes_down_at_both_ends():
    topology = build({"topology": "linear", "size": 2, "down": ["s1-s2"]})
    assert sent(world(), topology) == [{"ip": ["link set s1-eth2 down", "link set s2-eth2 down"]}]


def test_what_is_no_longer_declared_goes_and_ports_of_others_stay():
    one = build({"topology": "single"})
    foreign = dict(bridge(1, "s1-eth1", "s1-eth2").ports)
    foreign["tap7"] = {"request": None, "number": 7, "up": True, "error": "", "mark": "", "host": ""}
    seen = world(bridges={"s1": bridge(1)._replace(ports=foreign), "s2": bridge(2, "s2-eth1", "s2-eth2")})
    assert sent(seen, one) == [
        {"ip": ["link del s2-eth1", "link del s1-eth2", "netns delete h2"]},
        {"ovs-vsctl": ["--if-exists del-port s1 s1-eth2", "--if-exists del-br s2"]},
    ]


def test_a_database_that_was_lost_is_written_anew_over_the_interfaces_that_a_killed_switch_left():
    steps = sent(world(bridges={}))
    assert steps[0] == {"ip": ["link del s1", "link del s2"]}
    assert [next(iter(step)) for step in steps] == ["ip", "ovs-vsctl", "ip"]


def test_namespaces_that_are_gone_are_made_with_their_links():
    steps = sent(without("spaces", "h1"))
    assert steps[0]["ip"][:2] == ["link del s1-eth1", "netns add h1"]
    assert [step.get("host") for step in steps] == [None, "h1", "h1"]


def test_a_run_that_was_cut_off_before_its_marks_goes_on():
    devices = {name: entry for name, entry in world().devices.items() if name != "s1-eth1"}
    for left in ({"lo": device(1, "lo", kind="", mark="")}, {}):  # a new namespace, or the mere file of one
        seen = world(spaces={"h1": left, "h2": world().spaces["h2"], "foreign": {}}, devices=devices)
        assert sent(seen)[0]["ip"][:2] == ["netns delete h1", "netns add h1"]
    assert sent(changed("s1-eth2", mark=""))[0]["ip"][1] == f'link set s1-eth2 alias "{MARK}"'


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (world(bridges={"s1": bridge(1, mark="other")}), "the fabric 'other's"),
        (world(bridges={"s1": bridge(1, mark="")}), "a bridge 's1' that is not this fabric's"),
        (changed("s1-eth2", mark="somebody"), "an interface 's1-eth2'"),
        (changed("s1-eth2", mark="", peer=99), "an interface 's1-eth2'"),
        (
            world(bridges={}, devices={"s1": device(3, "s1", mark="", kind="dummy")}),
            "an interface 's1' of another kind",
        ),
        (
            world(spaces={"h1": {"lo": device(1, "lo", mark=""), "wg0": device(2, "wg0", mark="")}}),
            "a network namespace 'h1'",
        ),
    ],
)
def test_what_is_somebody_elses_is_never_touched(seen, says):
    with pytest.raises(Conflict, match=says):
        plan.refuse(seen, ROW, "lab")


def test_an_instances_interface_gets_a_port_an_address_and_checksums():
    topology = build(
        {
            "switches": [{"name": "s1"}],
            "hosts": [{"name": "e", "switch": "s1", "interface": "veth9", "ip": "10.9.0.1/24"}],
        }
    )
    other = device(7, "sdn0", peer=20, peer_ns=0, mark="", up=False)
    seen = plan.Seen(
        {},
        {"veth9": device(20, "veth9", peer=7, peer_ns=4, mark="")},
        {},
        {"veth9": plan.Nic("/proc/9/ns/net", "sdn0", other)},
        {"veth9"},
    )
    steps = sent(seen, topology)
    assert steps[0] == {"ip": ["addr add 10.9.0.1/24 dev sdn0", "link set sdn0 up"], "host": "e"}
    assert steps[1] == {"ethtool": "-K sdn0 tx off", "host": "e"}
    assert "external-ids:nfvlab-host=e" in steps[2]["ovs-vsctl"][-1]
    assert plan.missing(seen, topology) is None
    assert "does not exist" in str(plan.missing(plan.Seen({}, {}, {}, {}, set()), topology))
    assert "no veth takes" in str(plan.missing(seen._replace(nics={}), topology))


def test_removal_takes_what_carries_the_name_and_nothing_else():
    devices = {**world().devices, "eth9": device(50, "eth9", mark="")}
    steps = [step.describe() for step in plan.removal(world(devices=devices), "lab")]
    assert steps == [
        {"ovs-vsctl": ["--if-exists del-br s1", "--if-exists del-br s2"]},
        {"ip": ["link del s1-eth1", "link del s2-eth1", "link del s1-eth2", "netns delete h1", "netns delete h2"]},
    ]
    assert plan.removal(world(devices=devices), "other") == []
