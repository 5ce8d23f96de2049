# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the declarative modules: from options to lines, given what is there."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.declared import DECLARED, Have
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import CLASSIC, XE
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import parse

RUNNING = """\
version 12.4
hostname r1
enable password old
ip domain-name lab.example
ip dhcp excluded-address 192.168.10.1 192.168.10.10
ip dhcp excluded-address 192.168.20.1
ip dhcp pool LAN
 network 192.168.10.0 255.255.255.0
 dns-server 8.8.8.8
 lease 3 12 15
interface FastEthernet0/0
 description old
 ip address 172.17.0.1 255.255.255.0 secondary
 ip address 172.16.0.1 255.255.0.0
 ip access-group 10 in
 ip helper-address 10.0.0.1
 ip helper-address 10.0.0.2
ip route 192.0.2.0 255.255.255.0 Null0
ip route 0.0.0.0 0.0.0.0 172.16.0.254
line con 0
line vty 0 4
 password seven
 login
ntp server 172.16.10.1
ntp master 3
end
"""

CASES = [
    ("ios_system", {"hostname": "r2"}, ["hostname r2"]),
    ("ios_system", {"domain_name": None}, ["no ip domain-name lab.example"]),
    ("ios_system", {"enable_password": None}, ["no enable password old"]),
    ("ios_system", {"domain_lookup": False, "subnet_zero": True}, ["no ip domain lookup", "ip subnet-zero"]),
    ("ios_system", {"enable_secret": "abc"}, ["enable secret 0 abc"]),
    (
        "ios_system",
        {"enable_secret": "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"},
        ["enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0"],
    ),
    ("ios_banner", {"banner": "motd", "text": "one # two\nthree\n"}, ["banner motd @one # two\nthree@"]),
    ("ios_banner", {"banner": "exec", "state": "absent"}, ["no banner exec"]),
    (
        "ios_line",
        {"name": "vty 0 15", "login": "local", "exec_timeout": 605, "transport_input": ["ssh"]},
        ["line vty 0 15", " login local", " exec-timeout 10 5", " transport input ssh"],
    ),
    ("ios_line", {"name": "vty 0 4", "password": None}, ["line vty 0 4", " no password seven"]),
    (
        "ios_line",
        {"name": "con 0", "login": "none", "access_class": None, "privilege_level": 15},
        ["line con 0", " no login", " privilege level 15"],
    ),
    ("ios_user", {"name": "bob", "privilege": 15, "secret": "x"}, ["username bob privilege 15 secret 0 x"]),
    ("ios_user", {"name": "bob", "state": "absent"}, ["no username bob"]),
    (
        "ios_interface",
        {"name": "f0/0", "address": "10.0.0.1/24", "description": None, "enabled": True},
        ["interface f0/0", " no description old", " ip address 10.0.0.1 255.255.255.0", " no shutdown"],
    ),
    (
        "ios_interface",
        {"name": "f0/0", "secondary_addresses": ["172.17.0.1/24", "172.18.0.1/24"], "helper_addresses": ["10.0.0.2"]},
        [
            "interface f0/0",
            " ip address 172.17.0.1 255.255.255.0 secondary",
            " ip address 172.18.0.1 255.255.255.0 secondary",
            " no ip helper-address 10.0.0.1",
            " ip helper-address 10.0.0.2",
        ],
    ),
    (
        "ios_interface",
        {"name": "f0/0", "secondary_addresses": [], "access_group_in": None, "access_group_out": None},
        ["interface f0/0", " no ip address 172.17.0.1 255.255.255.0 secondary", " no ip access-group 10 in"],
    ),
    ("ios_interface", {"name": "Loopback0", "state": "absent"}, ["no interface Loopback0"]),
    (
        "ios_dhcp",
        {
            "excluded": ["192.168.10.1-192.168.10.10"],
            "pools": [
                {"name": "LAN", "network": "192.168.10.0/24", "dns_server": ["1.1.1.1", "8.8.8.8"], "lease": None},
                {"name": "OLD", "state": "absent"},
            ],
        },
        [
            "no ip dhcp excluded-address 192.168.20.1",
            "ip dhcp excluded-address 192.168.10.1 192.168.10.10",
            "ip dhcp pool LAN",
            " network 192.168.10.0 255.255.255.0",
            " dns-server 1.1.1.1 8.8.8.8",
            " no lease 3 12 15",
            "no ip dhcp pool OLD",
        ],
    ),
    # Version 4 is not printed: it is no other server.
    ("ios_ntp", {"servers": [{"address": "172.16.10.1", "version": 4}]}, ["ntp server 172.16.10.1 version 4"]),
    ("ios_ntp", {"servers": [], "master": None}, ["no ntp server 172.16.10.1", "no ntp master 3"]),
    ("ios_ntp", {"master": 8}, ["ntp master"]),
    (
        "ios_ntp",
        {
            "servers": [
                {"address": "172.16.10.1"},
                {"address": "10.0.0.9", "key": 1, "source": "Loopback0", "prefer": True},
            ]
        },
        ["ntp server 172.16.10.1", "ntp server 10.0.0.9 key 1 source Loopback0 prefer"],
    ),
    (
        "ios_cdp",
        {"enabled": True, "timer": 10, "holdtime": None, "interfaces": [{"name": "f0/0", "enabled": False}]},
        ["cdp run", "cdp timer 10", "interface f0/0", " no cdp enable"],
    ),
    ("ios_ssh", {"version": 2, "retries": 2}, ["ip ssh version 2", "ip ssh authentication-retries 2"]),
    (
        "ios_static_route",
        {"routes": [{"prefix": "0.0.0.0/0", "next_hop": "172.16.0.254"}], "purge": True},
        ["no ip route 192.0.2.0 255.255.255.0 Null0", "ip route 0.0.0.0 0.0.0.0 172.16.0.254"],
    ),
    (
        "ios_static_route",
        {"routes": [{"prefix": "10.9.0.0/16", "next_hop": "10.0.0.2", "distance": 250}], "state": "absent"},
        ["no ip route 10.9.0.0 255.255.0.0 10.0.0.2 250"],
    ),
    (
        "ios_acl",
        {"name": "MGMT", "kind": "standard", "entries": ["remark ops", "permit 192.0.2.0 0.0.0.255"]},
        ["ip access-list standard MGMT", " remark ops", " permit 192.0.2.0 0.0.0.255"],
    ),
    ("ios_acl", {"name": "MGMT", "kind": "standard", "state": "absent"}, ["no ip access-list standard MGMT"]),
]


def intent(module, given, dialect=CLASSIC, running=RUNNING):
    return DECLARED[module].intent(given, Have(parse(running, dialect)))


@pytest.mark.parametrize(("module", "given", "lines"), CASES)
def test_options_become_lines(module, given, lines):
    assert intent(module, given) == lines


@pytest.mark.parametrize("dialect", [CLASSIC, XE])
@pytest.mark.parametrize(("module", "given", "lines"), CASES)
def test_the_grammar_knows_every_line(module, given, lines, dialect):
    read = parse("\n".join(intent(module, given, dialect)) + "\n", dialect)
    assert read.remarks == []


@pytest.mark.parametrize("module", sorted(set(DECLARED) - {"ios_banner", "ios_user", "ios_acl"}))
def test_nothing_given_is_nothing_wanted(module):
    names = {"ios_interface": {"name": "f0/0"}, "ios_line": {"name": "vty 0 4"}, "ios_static_route": {"routes": []}}
    assert len(intent(module, names.get(module, {}))) == (module in ("ios_interface", "ios_line"))


@pytest.mark.parametrize(
    ("module", "given", "message"),
    [
        ("ios_interface", {"name": "f0/0", "address": "10.0.0.1"}, "no prefix length"),
        ("ios_interface", {"name": "f0/0", "address": "10.0.0.256/24"}, "no IPv4 address"),
        ("ios_interface", {"name": "f0/0", "description": "a\nreload"}, "control character"),
        ("ios_interface", {"name": "f0/0\nreload", "description": "a"}, "control character"),
        ("ios_system", {"hostname": "r1\x03"}, "control character"),
        ("ios_system", {"enable_secret": "two words"}, "has a space"),
        ("ios_user", {"name": "bob", "privilege": 15}, "'secret' is missing"),
        ("ios_banner", {"banner": "motd"}, "'text' is missing"),
        ("ios_banner", {"banner": "motd", "text": "bell \x07"}, "control character"),
        ("ios_banner", {"banner": "motd", "text": "#@~%!|+="}, "all of"),
        ("ios_banner", {"banner": "motd", "text": "a ^C b"}, "has \\^C"),
        ("ios_dhcp", {"pools": [{"name": "LAN", "network": "192.168.10.1/24"}]}, "no IPv4 network"),
        ("ios_static_route", {"routes": [{"prefix": "10.0.0.0/8"}]}, "no way"),
        ("ios_acl", {"name": "A", "kind": "standard", "entries": []}, "no entries"),
        ("ios_line", {"name": "con 0", "exec_timeout": -1}, "exec_timeout"),
    ],
)
def test_what_cannot_be_a_line_is_refused(module, given, message):
    with pytest.raises(InvalidOption, match=message):
        intent(module, given)


def test_an_access_list_is_replaced_as_a_whole():
    given = {"name": "MGMT", "kind": "standard", "entries": ["permit any"]}
    assert DECLARED["ios_acl"].replaces(given) == ("ip access-list standard MGMT",)
    assert DECLARED["ios_system"].replaces(given) == ()
