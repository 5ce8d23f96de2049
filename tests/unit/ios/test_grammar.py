# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What typed lines mean."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import grammar, tokens
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import (
    CLASSIC,
    XE,
    Ambiguous,
    Incomplete,
    Match,
    Unknown,
    parse_line,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.syntax import compile_syntax, sequences

# Every command of the reference as it is typed there or shorter: mode, typed, as the running-config spells it.
REFERENCE = [
    ("config", "ip subnet-zero", "ip subnet-zero"),
    ("exec", "sh ip ro", "show ip route"),
    ("config", "hostname r1", "hostname r1"),
    ("config", "host r1", "hostname r1"),
    ("config", "banner motd #", "banner motd"),
    ("config", "banner exec @hello@", "banner exec"),
    ("config", "banner login x", "banner login"),
    ("config", "enable secret s3", "enable secret s3"),
    ("config", "enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0"),
    ("config", "enable password 0 s3 s4", "enable password s3 s4"),
    ("config", "enable secret 0 s3 s4", "enable secret s3 s4"),
    ("config", "ip route 10.0.0.0 255.0.0.0 10.1.1.1 1", "ip route 10.0.0.0 255.0.0.0 10.1.1.1"),
    ("config", "no access-list 10", "no access-list 10"),
    ("config", "no access-list 110", "no access-list 110"),
    ("config", "line console 0", "line con 0"),
    ("config", "line con 0", "line con 0"),
    ("config", "line aux 0", "line aux 0"),
    ("config", "line vty 0 15", "line vty 0 15"),
    ("line", "password console", "password console"),
    ("line", "login", "login"),
    ("line", "login local", "login local"),
    ("line", "no login", "no login"),
    ("line", "exec-timeout 5", "exec-timeout 5 0"),
    ("line", "exec-t 0 0", "exec-timeout 0 0"),
    ("line", "logging sync", "logging synchronous"),
    ("line", "transport input ssh", "transport input ssh"),
    ("line", "trans in ssh telnet", "transport input telnet ssh"),
    ("config", "ip domain-name a.b", "ip domain-name a.b"),
    ("config", "ip domain-lookup", "ip domain lookup"),
    ("config", "logging 10.0.0.1", "logging 10.0.0.1"),
    ("config", "crypto key generate rsa", "crypto key generate rsa"),
    ("config", "crypto key generate rsa modulus 2048 label k", "crypto key generate rsa label k modulus 2048"),
    ("config", "ip ssh version 2", "ip ssh version 2"),
    ("config", "service password-encryption", "service password-encryption"),
    ("config", "int fastEthernet 0/0", "interface FastEthernet0/0"),
    ("config", "int f0/0", "interface FastEthernet0/0"),
    ("config", "interface gi0/1.20", "interface GigabitEthernet0/1.20"),
    ("interface", "ip addr 172.16.0.1 255.255.0.0", "ip address 172.16.0.1 255.255.0.0"),
    ("interface", "ip address 172.16.1.1 255.255.0.0 sec", "ip address 172.16.1.1 255.255.0.0 secondary"),
    ("interface", "no ip address", "no ip address"),
    ("interface", "description for  test", "description for  test"),
    ("interface", "shut", "shutdown"),
    ("interface", "no shut", "no shutdown"),
    ("interface", "default description", "default description"),
    ("config", "do show interfaces description", "do show interfaces description"),
    ("interface", "do sh run", "do show running-config"),
    ("exec", "sh run | i ^interface", "show running-config | include ^interface"),
    ("exec", "copy run start", "copy running-config startup-config"),
    ("exec", "copy running-config flash:a", "copy running-config flash:a"),
    ("exec", "erase startup-config", "erase startup-config"),
    ("exec", "clear counters e0/0", "clear counters Ethernet0/0"),
    ("exec", "show protocols", "show protocols"),
    ("exec", "show controllers", "show controllers"),
    ("config", "ip dhcp excluded-address 192.168.10.1 192.168.10.10", None),
    ("config", "ip dhcp pool MyNetwork", "ip dhcp pool MyNetwork"),
    ("dhcp", "network 192.168.10.0 255.255.255.0", None),
    ("dhcp", "default-router 192.168.10.1", None),
    ("dhcp", "dns-server 8.8.8.8 9.9.9.9", None),
    ("dhcp", "lease 3 12 15", None),
    ("dhcp", "lease 3 0 0", "lease 3"),
    ("dhcp", "lease 0 12", "lease 0 12"),
    ("dhcp", "lease 1 0 5", "lease 1 0 5"),
    ("dhcp", "lease inf", "lease infinite"),
    ("interface", "ip helper-address 10.10.10.254", None),
    ("exec", "show ip dhcp binding", None),
    ("exec", "show ip dhcp pool", None),
    ("exec", "show ip dhcp server statistics", None),
    ("exec", "show ip dhcp conflict", None),
    ("config", "ntp server 172.16.10.1 version 4", "ntp server 172.16.10.1"),
    ("config", "ntp server 1.1.1.1 prefer version 3", "ntp server 1.1.1.1 version 3 prefer"),
    ("config", "ntp master 8", "ntp master"),
    ("config", "ntp master 3", "ntp master 3"),
    ("exec", "show ntp status", None),
    ("exec", "show ntp associations", None),
    ("exec", "show cdp", None),
    ("config", "cdp holdtime 90", None),
    ("config", "cdp timer 5", None),
    ("config", "no cdp run", None),
    ("exec", "show cdp neighbors det", "show cdp neighbors detail"),
    ("exec", "show cdp entry *", None),
    ("exec", "configure terminal", None),
    ("exec", "conf t revert timer 2", "configure terminal revert timer 2"),
    ("exec", "configure replace flash:x force revert trigger error timer 2", None),
    ("ext-nacl", "10 permit tcp any host 1.2.3.4 eq 80 log", "10 permit tcp any host 1.2.3.4 eq www log"),
    ("ext-nacl", "permit ip 10.1.2.3 0.0.0.255 0.0.0.0 255.255.255.255", "permit ip 10.1.2.0 0.0.0.255 any"),
    ("std-nacl", "permit host 10.1.2.3", "permit 10.1.2.3"),
    ("config", "ip route 0.0.0.0 0.0.0.0 gi0/1 10.0.0.1", "ip route 0.0.0.0 0.0.0.0 GigabitEthernet0/1 10.0.0.1"),
    ("config", "no username bob", "no username bob"),
    ("archive", "log config", None),
    ("archive-log", "logging enable", None),
]


@pytest.mark.parametrize(("mode", "typed", "spelled"), REFERENCE, ids=[row[1] for row in REFERENCE])
def test_a_command_of_the_reference_is_known(mode, typed, spelled):
    for dialect in (CLASSIC, XE):
        found = parse_line(dialect, mode, typed)
        assert isinstance(found, Match), found
        if dialect is CLASSIC:
            assert found.canonical == (spelled or typed)


def test_dialects_spell_the_domain_name_differently():
    assert parse_line(XE, "config", "ip domain-name a.b").canonical == "ip domain name a.b"


@pytest.mark.parametrize(
    ("mode", "typed", "column", "near"),
    [
        ("config", "ip subset-zero", 6, ("subnet-zero",)),
        ("config", "hostnme r1", 5, ("hostname",)),
        ("config", "ip ssh version 3", 15, ()),
        ("config", "ntp server 1.2.3.4.5", 11, ()),
        ("config", "cdp timer 4", 10, ()),
        ("config", "  cdp timer 255", 10, ()),
        ("interface", "ip address 10.0.0.1 255.0.255.0", 20, ()),
        ("exec", "show ip route | inklude x", 18, ("include",)),
        ("config", "do show ip rout x", 16, ()),
        ("config", "no ip subset-zero", 9, ("subnet-zero",)),
    ],
)
def test_the_caret_points_at_what_is_wrong(mode, typed, column, near):
    found = parse_line(CLASSIC, mode, typed)
    assert isinstance(found, Unknown)
    assert (found.column, found.near) == (column, near)


def test_an_abbreviation_of_several_words_is_ambiguous():
    found = parse_line(CLASSIC, "config", "l vty 0 4")
    assert isinstance(found, Ambiguous)
    assert {"line", "logging"} <= set(found.candidates)


def test_an_exact_word_is_not_ambiguous():
    assert isinstance(parse_line(CLASSIC, "config", "ip dhcp pool ip"), Match)
    assert isinstance(parse_line(CLASSIC, "exec", "show ip interface"), Match)


@pytest.mark.parametrize(
    "typed", ["enable secret", "enable secret 5", "ip address", "show", "ip dhcp pool", "line vty"]
)
def test_a_line_that_ends_early_is_incomplete(typed):
    mode = {"ip address": "interface", "show": "exec"}.get(typed, "config")
    found = parse_line(CLASSIC, mode, typed)
    assert isinstance(found, Incomplete)
    assert found.expected


def test_a_word_of_ios_that_is_not_in_the_table_is_told_from_one_that_does_not_exist():
    assert parse_line(CLASSIC, "config", "snmp-server community x RO").modelled is False
    assert parse_line(CLASSIC, "config", "snpm-server community x RO").modelled is True


def test_a_global_command_is_understood_in_a_sub_mode_and_not_the_other_way_round():
    assert parse_line(CLASSIC, "interface", "hostname x").mode == "config"
    assert parse_line(CLASSIC, "archive-log", "hostname x").mode == "config"
    assert isinstance(parse_line(CLASSIC, "config", "description x"), Unknown)


def test_secrets_keep_their_blanks_and_case():
    found = parse_line(CLASSIC, "config", "username Bob privilege 15 secret 0  A  b ")
    assert found.values == {"name": "Bob", "privilege": 15, "type": "0", "secret": "A  b"}


def test_banners_give_their_delimiter_and_first_row():
    assert parse_line(CLASSIC, "config", "banner motd ^Chi").banner == ("^C", "hi")
    assert parse_line(CLASSIC, "config", "banner #hi#").banner == ("#", "hi#")
    assert parse_line(CLASSIC, "config", "banner #hi#").canonical == "banner motd"
    assert parse_line(CLASSIC, "config", "banner login \x03").banner == ("\x03", "")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("f0/0", "FastEthernet0/0"),
        ("fa 0/0", "FastEthernet0/0"),
        ("GIG0/0/1", "GigabitEthernet0/0/1"),
        ("e0/0", "Ethernet0/0"),
        ("lo5", "Loopback5"),
        ("vl10", "Vlan10"),
        ("po1", "Port-channel1"),
        ("te1/1", "TenGigabitEthernet1/1"),
        ("t1", None),
        ("lo0/1", None),
        ("x1", None),
        ("gi", None),
    ],
)
def test_interface_names(typed, name):
    assert tokens.interface_name(typed) == name


def test_physical_interfaces():
    assert tokens.is_physical("FastEthernet0/0")
    assert not tokens.is_physical("FastEthernet0/0.10")
    assert not tokens.is_physical("Loopback0")


def test_help_offers_what_may_follow():
    assert "route" in grammar.choices(CLASSIC, "exec", "sh ip ")
    assert grammar.choices(CLASSIC, "exec", "sh ip rou") == ("route",)
    assert grammar.choices(CLASSIC, "config", "cdp timer ") == ("<5-254>",)
    assert grammar.choices(CLASSIC, "config", "ntp server 1.1.1.1 ")[-1] == "<cr>"
    assert grammar.choices(CLASSIC, "exec", "nonsense ") is None


def test_the_dialect_is_recognized():
    assert grammar.dialect_of("Cisco IOS XE Software, Version 17.03.04a") is XE
    assert grammar.dialect_of("!\nversion 17.3\n!") is XE
    assert grammar.dialect_of("!\nversion 15.5\n!") is CLASSIC
    assert grammar.dialect_of("Cisco IOS Software, 3700 Software, Version 12.4(15)T") is CLASSIC


def test_every_row_understands_what_it_prints():
    """What the running-config prints of a row is parsed as the same row, with the same values."""
    samples = {
        "ipv4": "10.1.2.3",
        "mask": "255.255.255.0",
        "word": "w0",
        "line": "l0 x",
        "interface": "Loopback1",
        "endpoint": "any",
        "source": "any",
        "ports": "eq 7",
        "hostname": "h0",
        "nexthop": "10.1.2.3",
    }
    for dialect in (CLASSIC, XE):
        for command in grammar.COMMANDS:
            if command.syntax.startswith("banner"):
                continue
            for way in sequences(compile_syntax(command.syntax)):
                typed = " ".join(_sample(step, samples) for step in way)
                found = parse_line(dialect, command.mode, typed)
                assert isinstance(found, Match), (command.syntax, typed, found)
                again = parse_line(dialect, command.mode, found.canonical)
                assert isinstance(again, Match), (typed, found.canonical, again)
                assert again.canonical == found.canonical


def _sample(step, samples):
    if step.kind is None:
        return step.word
    return samples.get(step.kind) or step.kind.split("-")[0]
