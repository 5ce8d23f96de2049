# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations as trees."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, XE

RUNNING = """\
Building configuration...

Current configuration : 1366 bytes
!
! Last configuration change at 18:41:02 UTC Thu Nov 24 2016 by bob
!
version 15.5
no service password-encryption
!
hostname R1
!
crypto pki certificate chain TP
 certificate self-signed 01
  3082022B 30820194
  3082022B 30820194
  quit
!
interface FastEthernet0/0
 ip address 10.0.1.1 255.255.255.0 secondary
 ip address 10.0.0.1 255.255.255.0
 standby 1 ip 10.0.0.9
!
interface FastEthernet0/1
 no ip address
 shutdown
!
access-list 10 permit 10.0.0.1
access-list 10 deny   any
!
banner motd ^C
 hello ^
no shutdown
^C
!
line con 0
line vty 0 4
 password 7 0822455D0A16
 login
line vty 5 15
 login
!
end
"""


def parsed(text, dialect=CLASSIC):
    return tree.parse(text, dialect)


def body(text, dialect=CLASSIC):
    """The normal form without separators."""
    return [line for line in parsed(text, dialect).render().splitlines() if line != "!"]


def test_nothing_is_dropped_but_headers_comments_and_what_holds_anyway():
    kept = body(RUNNING)
    typed = [line for line in RUNNING.splitlines() if line[:1] != "!"]
    dropped = [line for line in typed if line not in kept and line.replace("   ", " ") not in kept]
    assert dropped == [
        "Building configuration...",
        "",
        "Current configuration : 1366 bytes",
        "no service password-encryption",
        "end",
    ]


def test_the_normal_form_is_a_fixed_point():
    config = parsed(RUNNING)
    again = parsed(config.render())
    assert again == config
    assert again.render() == config.render()


def test_abbreviated_flat_and_indented_texts_are_the_same():
    flat = "int f0/0\nip addr 10.0.0.1 255.255.255.0\nexit\nlin vty 0 4\ntrans in ssh\nhost r\n"
    full = (
        "hostname r\ninterface FastEthernet0/0\n ip address 10.0.0.1 255.255.255.0\n"
        "line vty 0 4\n transport input ssh\n"
    )
    assert parsed(flat) == parsed(full)
    assert parsed(flat).remarks == []


def test_carriage_returns_do_not_matter():
    assert parsed(RUNNING.replace("\n", "\r\n")) == parsed(RUNNING)


def test_banners_keep_every_row_whatever_the_delimiter():
    rows = "\n no shutdown\n! not a comment\n  ^C is two characters\n"
    banner = parsed(f"banner login #{rows}#\nhostname r\n").root.children["banner login",]
    assert banner.body == rows
    shown = parsed(RUNNING).root.children["banner motd",]
    assert shown.body == "\n hello ^\nno shutdown\n"
    assert parsed("banner motd \x03one\x03\n").root.children["banner motd",].body == "one"


def test_a_banner_that_does_not_end_is_noticed():
    assert parsed("banner motd #\nhello\n").remarks[0].kind == "incomplete"
    assert parsed("banner motd #a# b\n").remarks[0].kind == "misplaced"


def test_vty_lines_are_one_by_one_and_printed_as_ranges():
    text = "line vty 0 4\n login local\nline vty 3\n exec-timeout 0 0\nline vty 5 15\n login local\n"
    assert [line for line in body(text) if line.startswith("line")] == [
        "line vty 0 2",
        "line vty 3",
        "line vty 4",
        "line vty 5 15",
    ]
    assert parsed("line vty 0 15\n login\n") == parsed("line vty 0 4\n login\nline vty 5 15\n login\n")


def test_numbered_lists_are_printed_as_the_dialect_does():
    text = "access-list 10 permit 10.0.0.1\naccess-list 10 deny any\n"
    assert body(text) == ["access-list 10 permit 10.0.0.1", "access-list 10 deny any"]
    assert body(text, XE) == ["ip access-list standard 10", " 10 permit 10.0.0.1", " 20 deny any"]


def test_entries_are_in_the_order_of_their_numbers():
    text = "ip access-list standard A\n 20 permit 10.0.0.2\n 10 permit 10.0.0.1\n permit 10.0.0.9\n"
    assert body(text)[1:] == [" permit 10.0.0.1", " permit 10.0.0.9", " permit 10.0.0.2"]


def test_interfaces_are_in_the_order_of_the_device():
    text = "".join(f"interface {name}\n description x\n" for name in ("vlan1", "f0/10", "f0/2", "lo0", "e0/0"))
    names = [line.split()[1] for line in body(text) if line.startswith("interface")]
    assert names == ["Loopback0", "Ethernet0/0", "FastEthernet0/2", "FastEthernet0/10", "Vlan1"]


def test_a_line_that_looks_like_an_abbreviation_is_opaque_where_a_device_printed_it():
    text = "Building configuration...\n\nCurrent configuration : 5 bytes\nip name 1.1.1.1\n"
    assert body(text) == ["ip name 1.1.1.1"]
    assert body("ip name 1.1.1.1\n") == ["ip name-server 1.1.1.1"]


def test_several_servers_in_a_line_are_several_entries():
    assert parsed("ip name-server 1.1.1.1 2.2.2.2\n") == parsed("ip name-server 2.2.2.2\nip name-server 1.1.1.1\n")


def test_sections_can_be_found_and_cut_out():
    config = parsed(RUNNING)
    assert config.find(("int fa0/0", "ip address 1.1.1.1 255.0.0.0")).text == "ip address 10.0.0.1 255.255.255.0"
    assert config.find(("int lo0",)) is None
    assert body(config.section(("int fa0/1",)).render()) == ["interface FastEthernet0/1", " no ip address", " shutdown"]
    archive = parsed("archive\n log config\n  logging enable\n path flash:\n")
    assert body(archive.section(("archive", "log config")).render()) == ["archive", " log config", "  logging enable"]
    assert archive.section(("interface lo0",)).render() == "\n"


def test_secrets_are_masked_by_their_place():
    text = (
        "enable secret 5 $1$a$b\nusername x privilege 15 password 7 0822455D0A16\nsnmp-server community public RO\n"
        "line con 0\n password x y z\n"
    )
    masked = parsed(text).masked()
    assert masked.count("<secret>") == 4
    for secret in ("$1$", "0822", "public", "x y z"):
        assert secret not in masked
    assert "snmp-server community <secret> RO" in masked


def test_a_name_that_equals_a_secret_stays():
    masked = parsed("hostname cisco\nusername cisco secret 0 cisco\nsnmp-server community host RO\n").masked()
    assert "hostname cisco" in masked
    assert "username cisco secret <secret>" in masked


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("hostname r\nip subset-zero\n", "unknown", 2),
        ("enable secret\n", "incomplete", 1),
        ("l vty 0 4\n", "ambiguous", 1),
        ("do show version\n", "not_configuration", 1),
        ("crypto key generate rsa\n", "not_configuration", 1),
        ("interface lo0\n hostname x\n", "misplaced", 2),
    ],
)
def test_what_is_wrong_is_remarked_with_its_line(text, kind, line):
    remark = parsed(text).remarks[0]
    assert (remark.kind, remark.line) == (kind, line)


def test_what_is_behind_a_wrong_word_is_not_repeated():
    remark = parsed("username bob secrt hunter2\n").remarks[0]
    assert "hunter2" not in remark.text + remark.message


def test_configurations_that_say_the_same_are_equal():
    assert parsed("cdp run\nip domain-name a.b\n") == parsed("ip domain name a.b\n")
    assert parsed("no ip http server\n") != parsed("")
    assert parsed("enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0\n") == parsed("enable secret cisco\n")
    assert parsed("enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0\n") != parsed("enable secret disco\n")
    assert tree.differences(parsed("int lo0\n desc x\n"), parsed("int lo0\n desc y\n")) == [
        "interface Loopback0 / description x"
    ]
