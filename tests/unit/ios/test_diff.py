# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one configuration to another."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, guard, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, XE
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.management import Management

from .scenarios import SCENARIOS

DEVICE = """\
hostname r1
enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0
no ip domain lookup
ip dhcp pool LAN
 network 10.5.0.0 255.255.255.0
username ops privilege 15 secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0
crypto pki certificate chain TP
 certificate self-signed 01
  3082022B 30820194
  quit
license udi pid CSR1000V sn 9
interface Loopback0
 ip address 1.1.1.1 255.255.255.255
interface FastEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 standby 1 ip 192.0.2.7
interface FastEthernet0/1
 no ip address
 shutdown
no ip http server
ip route 10.8.0.0 255.255.0.0 Loopback0
ip access-list standard MGMT
 permit 192.0.2.9
snmp-server community public RO
control-plane
line con 0
line vty 0 4
 access-class MGMT in
 login local
 transport input ssh
"""
WAY = Management(True, False, "192.0.2.9", "192.0.2.1", "FastEthernet0/0", 0, "ops", "ssh", 22)


def made(running, wanted, mode="replaced", dialect=CLASSIC, **more):
    return diff.plan(tree.parse(running, dialect), tree.parse(wanted, dialect), mode=mode, **more)


def lines(plan):
    return [line.text for line in plan.lines]


def change(before, after, **more):
    """The device with one text for another in it: the plan of going there."""
    assert before in DEVICE
    return made(DEVICE, DEVICE.replace(before, after), management=WAY, **more)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_a_common_change_takes_the_right_lines_and_disrupts_nothing(scenario):
    plan = made(scenario.running, scenario.wanted)
    assert sorted(lines(plan)) == sorted(scenario.lines)
    assert lines(plan)[0] == scenario.lines[0]
    assert plan.problems == ()
    assert plan.predicted == tree.parse(scenario.wanted, CLASSIC) or scenario.name.startswith("a physical")
    assert not made(plan.predicted.render(), scenario.wanted).lines


def test_there_are_28_of_them():
    assert len(SCENARIOS) == 28


def test_what_is_there_needs_no_lines():
    for mode in ("merged", "replaced"):
        assert made(DEVICE, DEVICE, mode).lines == ()


def test_merged_takes_nothing_away():
    plan = made(DEVICE, "hostname r2\ninterface Loopback0\n description x\n", "merged")
    assert lines(plan) == ["hostname r2", "interface Loopback0", "description x"]


def test_what_is_not_known_is_reported_and_stays():
    plan = made(DEVICE, DEVICE.replace("snmp-server community public RO\n", ""))
    assert plan.lines == ()
    assert plan.unmanaged == ("snmp-server community <secret> RO",)


def test_what_is_not_known_goes_where_that_is_asked_for():
    wanted = DEVICE.replace("snmp-server community public RO\n", "").replace(" standby 1 ip 192.0.2.7\n", "")
    plan = made(DEVICE, wanted, purge_unknown=True)
    assert lines(plan) == [
        "interface FastEthernet0/0",
        "no standby 1 ip 192.0.2.7",
        "exit",
        "no snmp-server community public RO",
    ]
    assert "public" not in "".join(line.masked for line in plan.lines)


def test_what_belongs_to_the_device_is_never_touched():
    plan = made(DEVICE, "hostname r1\n", purge_unknown=True, allow_lockout=True)
    text = "\n".join(lines(plan))
    assert "crypto" not in text
    assert "license" not in text
    assert "control-plane" not in text


def test_replacing_a_section_leaves_the_rest():
    wanted = "interface Loopback0\n description x\n"
    plan = made(DEVICE, wanted, section=("int lo0",))
    assert lines(plan) == ["interface Loopback0", "description x", "no ip address"]
    assert lines(made(DEVICE, wanted, section=("interface FastEthernet0/1",))) == [
        "interface Loopback0",
        "description x",
    ]
    assert lines(made(DEVICE, "", section=("interface Loopback0",))) == ["no interface Loopback0"]


def test_replacing_a_section_of_a_section():
    running = "archive\n log config\n  logging enable\n  hidekeys\n path flash:a\n"
    plan = made(running, "archive\n log config\n  hidekeys\n", section=("archive", "log config"))
    assert lines(plan) == ["archive", "log config", "no logging enable"]


def test_what_there_is_one_of_is_emptied():
    assert lines(made("archive\n path flash:a\n", "hostname Router\n")) == ["archive", "no path"]
    running = "archive\n log config\n  logging enable\n path flash:a\n"
    assert lines(made(running, "archive\n path flash:a\n")) == ["archive", "log config", "no logging enable"]


def test_a_numbered_list_goes_by_its_number():
    running = "access-list 10 permit 10.0.0.1\naccess-list 110 permit ip any any\n"
    assert lines(made(running, "no access-list 10\nno access-list 110\nno access-list 11\n", "merged")) == [
        "no ip access-list standard 10",
        "no ip access-list extended 110",
    ]


def test_no_in_an_intent_takes_away_what_is_there_and_nothing_else():
    assert lines(made(DEVICE, "no ip dhcp pool LAN\nno ip dhcp pool OTHER\nno cdp run\n", "merged")) == [
        "no ip dhcp pool LAN",
        "no cdp run",
    ]
    assert lines(made(DEVICE, "interface lo0\n no ip address\n no description\n", "merged")) == [
        "interface Loopback0",
        "no ip address",
    ]
    assert made(DEVICE, "no snmp-server community private RO\n", "merged").lines == ()
    assert lines(made(DEVICE, "no snmp-server community public RO\n", "merged")) == [
        "no snmp-server community public RO"
    ]


def test_no_ip_address_takes_the_secondaries_first():
    running = "interface e0/0\n ip address 10.0.1.1 255.255.255.0 secondary\n ip address 10.0.0.1 255.255.255.0\n"
    assert lines(made(running, "int e0/0\n no ip address\n", "merged")) == [
        "interface Ethernet0/0",
        "no ip address 10.0.1.1 255.255.255.0 secondary",
        "no ip address",
    ]


def test_default_takes_a_value_back():
    assert lines(made("cdp timer 30\n", "default cdp timer\n", "merged")) == ["cdp timer 60"]
    assert lines(made("line con 0\n exec-timeout 0 0\n", "line con 0\n default exec-timeout\n", "merged")) == [
        "line con 0",
        "exec-timeout 10 0",
    ]


def test_no_exec_timeout_is_never_and_not_the_default():
    assert lines(made("line con 0\n", "line con 0\n no exec-timeout\n", "merged")) == ["line con 0", "exec-timeout 0 0"]


def test_a_default_that_is_written_down_is_no_change():
    wanted = "cdp run\nip subnet-zero\ncdp timer 60\nline con 0\n exec-timeout 10 0\n no login\nntp master 8\n"
    assert made("line con 0\nntp master\n", wanted).lines == ()


@pytest.mark.parametrize(
    "lines",
    [
        ("enable secret level 5 a", "enable secret b"),
        ("enable password level 5 a", "enable password level 6 a"),
        ("service timestamps debug uptime", "service timestamps log uptime"),
        ("aaa authentication login a local", "aaa authentication login b local"),
        ("aaa authentication login a local", "aaa authentication enable a enable"),
        ("aaa authorization exec a local", "aaa authorization network a local"),
        ("username a secret x", "username b secret x"),
        ("username a", "username b"),
        ("ip route 10.0.0.0 255.0.0.0 10.1.1.1", "ip route 10.0.0.0 255.0.0.0 10.1.1.2"),
        ("ip route 10.0.0.0 255.0.0.0 10.1.1.1", "ip route 10.0.0.0 255.255.0.0 10.1.1.1"),
        ("ip dhcp excluded-address 10.0.0.1", "ip dhcp excluded-address 10.0.0.1 10.0.0.2"),
        ("router ospf 1", "router ospf 2"),
        ("ntp server 10.0.0.1", "ntp server 10.0.0.2"),
        ("logging host 10.0.0.1", "logging host 10.0.0.2"),
    ],
)
def test_what_there_may_be_several_of_is_told_apart(lines):
    both = "\n".join(lines) + "\n"
    assert len(made("", both).lines) == 2
    assert len(made(both, lines[0] + "\n").lines) == 1


# Secrets


@pytest.mark.parametrize(
    "stored",
    [
        "enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0",
        "username x privilege 15 secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0",
        "enable password 7 0822455D0A16",
        "username x password 7 0822455D0A16",
    ],
)
def test_a_secret_that_is_already_there_is_no_change_and_another_one_is(stored):
    kind, _blank, value = stored.partition(" 5 " if " 5 " in stored else " 7 ")
    assert value
    for mode in ("merged", "replaced"):
        assert made(stored, f"{kind} cisco\n", mode).lines == ()
        assert made(stored, f"{kind} 0 cisco\n", mode).lines == ()
        plan = made(stored, f"{kind} other\n", mode)
        assert len(plan.lines) == 1
        assert plan.lines[0].text.endswith("other")
        assert plan.lines[0].masked.endswith("<new secret>")
        assert "other" not in plan.diff()["after"]
        assert plan.diff()["before"] != plan.diff()["after"]


def test_another_type_7_of_the_same_password_is_no_change():
    assert made("enable password 7 0822455D0A16", "enable password 7 070C285F4D06\n").lines == ()


@pytest.mark.parametrize("rest", [" secret a", " password 0 a", ""])
def test_a_privilege_that_goes_is_said(rest):
    typed = rest.replace(" 0", "")
    plan = made(f"username x privilege 15{rest}\n", f"username x{rest}\n")
    assert lines(plan)[0].replace(" 0", "") == f"username x privilege 1{typed}"
    assert made(f"username x{rest}\n", f"username x privilege 1{rest}\n").lines == ()


def test_a_secret_in_place_of_a_password_needs_the_user_to_go_first():
    plan = made("username x password 0 a\n", "username x secret a\n")
    assert lines(plan) == ["no username x", "username x secret a"]
    assert plan.lines[0].dialogue == ((r"\[confirm\]", ""),)
    assert lines(made("username x secret a\n", "username x privilege 15\n")) == [
        "no username x",
        "username x privilege 15",
    ]


# Order


def test_an_address_that_moves_leaves_first():
    running = "interface e0/0\n ip address 10.0.0.1 255.255.255.0\ninterface e0/1\n no ip address\n"
    wanted = "interface e0/0\n no ip address\ninterface e0/1\n ip address 10.0.0.1 255.255.255.0\n"
    assert lines(made(running, wanted)) == [
        "interface Ethernet0/0",
        "no ip address",
        "interface Ethernet0/1",
        "ip address 10.0.0.1 255.255.255.0",
    ]


def test_two_addresses_that_change_places():
    one, two = "10.0.0.1 255.255.255.0", "10.0.1.1 255.255.255.0"
    running = f"interface e0/0\n ip address {one}\ninterface e0/1\n ip address {two}\n"
    wanted = f"interface e0/0\n ip address {two}\ninterface e0/1\n ip address {one}\n"
    done = lines(made(running, wanted))
    assert done.index("no ip address") < done.index(f"ip address {one}")
    assert done.count("no ip address") == 2


def test_a_secondary_address_that_moves_leaves_the_primary_one_alone():
    more = " ip address 198.51.100.1 255.255.255.0 secondary\n"
    running = DEVICE.replace(" standby 1", f"{more} standby 1")
    wanted = DEVICE.replace(" no ip address\n shutdown\n", " ip address 198.51.100.1 255.255.255.0\n")
    plan = made(running, wanted, management=WAY)
    assert plan.problems == ()
    assert lines(plan) == [
        "interface FastEthernet0/0",
        "no ip address 198.51.100.1 255.255.255.0 secondary",
        "interface FastEthernet0/1",
        "ip address 198.51.100.1 255.255.255.0",
        "no shutdown",
    ]


def test_an_address_that_has_to_leave_the_way_in_for_a_moment_is_refused():
    wanted = DEVICE.replace(
        " ip address 192.0.2.1 255.255.255.0\n",
        " ip address 198.51.100.1 255.255.255.0\n ip address 192.0.2.1 255.255.255.128 secondary\n",
    ).replace(" no ip address\n shutdown\n", " ip address 192.0.2.201 255.255.255.128\n")
    plan = made(DEVICE, wanted, management=WAY)
    assert [problem.kind for problem in plan.problems] == ["lockout"]
    assert "for a moment" in plan.problems[0].text


def test_users_and_lists_come_before_what_needs_them_and_go_after():
    wanted = DEVICE.replace("username ops", "username new").replace("MGMT", "OPS")
    done = lines(made(DEVICE, wanted, allow_lockout=True, management=WAY))
    order = [
        "username new privilege 15 secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0",
        "ip access-list standard OPS",
        "line vty 0 4",
        "access-class OPS in",
        "no ip access-list standard MGMT",
        "no username ops",
    ]
    assert [done.index(line) for line in order] == sorted(done.index(line) for line in order)


def test_a_removed_interface_takes_its_routes_before_it():
    wanted = DEVICE.replace("interface Loopback0\n ip address 1.1.1.1 255.255.255.255\n", "").replace(
        "ip route 10.8.0.0 255.255.0.0 Loopback0\n", ""
    )
    assert lines(made(DEVICE, wanted)) == ["no ip route 10.8.0.0 255.255.0.0 Loopback0", "no interface Loopback0"]


def test_routes_are_never_missing_in_between():
    done = lines(made("ip route 0.0.0.0 0.0.0.0 10.0.0.1\n", "ip route 0.0.0.0 0.0.0.0 10.0.0.2\n"))
    assert done == ["ip route 0.0.0.0 0.0.0.0 10.0.0.2", "no ip route 0.0.0.0 0.0.0.0 10.0.0.1"]


def test_the_way_in_is_there_before_the_login_changes():
    plan = made("line vty 0 4\n password a\n login\n", "username a secret b\nline vty 0 4\n login local\n")
    assert lines(plan) == ["username a secret b", "line vty 0 4", "login local", "no password"]


def test_a_password_is_there_before_it_is_asked_for():
    plan = made("line vty 0 4\n login local\n", "line vty 0 4\n password a\n login\n")
    assert lines(plan) == ["line vty 0 4", "password a", "login"]


def test_lines_that_might_cut_the_session_are_sent_alone():
    intent = "aaa new-model\nhostname r2\nline vty 0 4\n exec-timeout 5 0\n"
    intent += "interface fa0/0\n description x\ninterface fa0/1\n description y\n"
    plan = made(DEVICE, intent, "merged", management=WAY, allow_lockout=True)
    alone = [line.text for line in plan.lines if line.alone]
    assert alone == ["hostname r2", "aaa new-model", "description x", "line vty 0 4", "exec-timeout 5 0"]


def test_a_global_line_is_typed_outside_a_section():
    done = lines(made("", "interface lo0\n description x\nip route 10.0.0.0 255.0.0.0 10.1.1.1\n"))
    assert done == ["interface Loopback0", "description x", "exit", "ip route 10.0.0.0 255.0.0.0 10.1.1.1"]


def test_vty_lines_that_go_are_removed_at_once_from_the_last_five_on():
    plan = made("line vty 0 4\n login\nline vty 5 15\n login\n", "line vty 0 4\n login\n")
    assert lines(plan) == ["no line vty 5 15"]
    plan = made("line vty 0 4\n login\n", "hostname Router\n")
    assert plan.lines == ()
    assert plan.unmanaged[0] == "line vty 0 / login"


# Access lists


def test_numbers_of_the_device_do_not_matter():
    running = "ip access-list extended A\n 5 permit icmp any any\n 77 deny ip any any\n"
    assert made(running, "ip access-list extended A\n permit icmp any any\n deny ip any any\n", dialect=XE).lines == ()


def test_numbered_lists_are_the_same_as_named_ones():
    running = "access-list 10 permit 10.0.0.1\naccess-list 10 deny any\n"
    assert made(running, "ip access-list standard 10\n permit host 10.0.0.1\n deny any\n").lines == ()
    assert lines(made(running, "hostname Router\n")) == ["no ip access-list standard 10"]


def test_merged_entries_go_to_their_number_or_the_end():
    running = "ip access-list standard A\n 10 permit 10.0.0.1\n 20 permit 10.0.0.2\n"
    plan = made(running, "ip access-list standard A\n 15 permit 10.0.0.3\n permit 10.0.0.4\n no 20\n", "merged", XE)
    assert tree.parse(plan.predicted.render(), XE).render().split("\n")[1:4] == [
        " 10 permit 10.0.0.1",
        " 20 permit 10.0.0.3",
        " 30 permit 10.0.0.4",
    ]


def test_a_list_cannot_change_its_kind():
    plan = made("ip access-list standard A\n permit any\n", "ip access-list extended A\n permit ip any any\n")
    assert [problem.kind for problem in plan.problems] == ["refused"]


# What speaks against a change


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (" ip address 192.0.2.1 255.255.255.0\n", " ip address 192.0.2.2 255.255.255.0\n", "address 192.0.2.1"),
        (" ip address 192.0.2.1 255.255.255.0\n", " ip address 192.0.2.1 255.255.255.0\n shutdown\n", "shut down"),
        (" permit 192.0.2.9\n", " permit 192.0.2.8\n", "no vty line would let a new session in"),
        (" transport input ssh\n", " transport input telnet\n", "no vty line would let a new session in"),
        (" transport input ssh\n", "", "no vty line would let a new session in"),
        (" login local\n", " login\n", "SSH does not know"),
        ("username ops privilege 15", "username eve privilege 15", "user ops"),
        (" standby 1", " ip access-group MGMT out\n standby 1", None),
        (" standby 1", " ip access-group DENY in\n standby 1", None),
    ],
)
def test_what_would_cut_the_session_is_refused(before, after, word):
    plan = change(before, after)
    assert [problem.kind for problem in plan.problems] == (["lockout"] if word else [])
    if word:
        assert word in plan.problems[0].text
        allowed = change(before, after, allow_lockout=True)
        assert allowed.problems == ()
        assert allowed.warnings
        assert allowed.lines == plan.lines


def test_a_line_that_nobody_could_log_in_on_before_is_no_way_in():
    spare = "line vty 5 15\n login\n"
    wanted = (DEVICE + spare).replace(" transport input ssh\n", " transport input none\n")
    plan = made(DEVICE + spare, wanted, management=WAY)
    assert [problem.kind for problem in plan.problems] == ["lockout"]


def test_an_access_list_that_is_applied_must_let_the_session_in():
    wanted = DEVICE.replace(" standby 1", " ip access-group IN in\n standby 1")
    deny = "ip access-list extended IN\n permit tcp host 192.0.2.7 any\n"
    allow = "ip access-list extended IN\n deny tcp any any eq telnet\n permit tcp 192.0.2.0 0.0.0.255 any eq 22\n"
    assert [one.kind for one in made(DEVICE, wanted + deny, management=WAY).problems] == ["lockout"]
    assert made(DEVICE, wanted + allow, management=WAY).problems == ()


def test_without_a_known_way_a_risky_change_is_refused_and_another_is_not():
    unknown = Management(False)
    assert made(DEVICE, "int fa0/0\n ip address 1.2.3.4 255.0.0.0\n", "merged", management=unknown).problems
    assert not made(DEVICE, "ntp server 1.2.3.4\n", "merged", management=unknown).problems


def test_a_console_is_cut_by_its_login_only():
    console = Management(True, True)
    assert not made(DEVICE, "int fa0/0\n shutdown\n", "merged", management=console).problems
    plan = made(DEVICE, "line con 0\n login\n", "merged", management=console)
    assert plan.problems[0].kind == "lockout"


@pytest.mark.parametrize(
    ("intent", "kind"),
    [
        ("interface lo1\n ip address 192.0.2.129 255.255.255.255\n", "overlap"),
        ("interface fa0/1\n ip address 10.0.0.1 255.255.255.0 secondary\n", "refused"),
        ("interface gi0/7\n description x\n", "refused"),
        ("interface lo1\n description " + "x" * 250 + "\n", "too_long"),
        ("interface lo1\n description a\x1ab\n", "refused"),
        ("banner motd #a\x03b#\n", "refused"),
    ],
)
def test_what_the_device_would_not_take_is_refused(intent, kind):
    assert [problem.kind for problem in made(DEVICE, intent, "merged").problems] == [kind]


def test_a_near_miss_is_a_warning():
    assert "subnet-zero" in made("", "ip subset-zero\n", "merged").warnings[0]


# Back again


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_the_inverse_leads_back(scenario):
    running = tree.parse(scenario.running, CLASSIC)
    there = diff.plan(running, tree.parse(scenario.wanted, CLASSIC), mode="replaced")
    back = guard.inverse(there.predicted, running)
    assert back
    again = diff.plan(there.predicted, running, mode="replaced", restoring=True)
    assert again.predicted == running


def test_the_inverse_sets_back_what_is_not_printed():
    before, now = tree.parse("hostname r\n", CLASSIC), tree.parse("hostname r\nno ip http server\n", CLASSIC)
    assert [line.text for line in guard.inverse(now, before)] == ["default ip http server"]


def test_the_ladder_takes_what_the_device_can_do():
    archive = "The maximum archive configurations allowed is 10.\n"
    files = (
        "File Systems:\n\n     Size(b)     Free(b)      Type  Flags  Prefixes\n"
        "           -           -    opaque     rw   system:\n"
        "*   7712692224   6100000000      disk     rw   bootflash: flash:\n"
    )
    idle = "%No Rollback Confirmed Change pending"
    pending = "Time configured(in minutes): 5\nTimer type: absolute timer\n"
    full = guard.abilities(archive, files, idle, True)
    assert guard.ladder(full) == ("revert_timer", "replace", "inverse")
    assert guard.ladder(guard.abilities(archive, files, pending, True)) == ("replace", "inverse")
    bare = guard.abilities(" Archive feature not enabled", "", idle, True)
    assert guard.ladder(bare) == ("inverse",)
    assert guard.ladder(bare, allow_reload=True) == ("inverse", "reload")
    assert guard.ladder(bare._replace(saved=False), allow_reload=True) == ("inverse",)
    assert full.filesystem == "flash:"
