# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""28 small changes of a configuration that everybody makes: what is there, what is wanted, and the lines that do it.

The lines are what the semantics of IOS ask for, without a needless C(no), decided by hand before there was any code.
`tests/oracles/ios_peers.py` records what other tools do.
"""

from __future__ import annotations

import typing as t

ABRIDGED = "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"  # "cisco"


class Scenario(t.NamedTuple):
    """A change of a whole configuration (C(replaced)): both texts, and the lines, outermost first."""

    name: str
    running: str
    wanted: str
    lines: tuple[str, ...]


INTERFACE = "interface FastEthernet0/0\n"
POOL = "ip dhcp pool LAN\n network 10.0.0.0 255.255.255.0\n"

SCENARIOS = (
    Scenario("hostname", "hostname Router\n", "hostname r1\n", ("hostname r1",)),
    Scenario(
        "add a secondary address",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\n",
        INTERFACE + " ip address 10.0.1.1 255.255.255.0 secondary\n ip address 10.0.0.1 255.255.255.0\n",
        ("interface FastEthernet0/0", "ip address 10.0.1.1 255.255.255.0 secondary"),
    ),
    Scenario(
        "description",
        INTERFACE + " description old\n",
        INTERFACE + " description new\n",
        ("interface FastEthernet0/0", "description new"),
    ),
    Scenario(
        "a second helper address",
        INTERFACE + " ip helper-address 10.9.0.1\n",
        INTERFACE + " ip helper-address 10.9.0.1\n ip helper-address 10.9.0.2\n",
        ("interface FastEthernet0/0", "ip helper-address 10.9.0.2"),
    ),
    Scenario(
        "the same line in two vty blocks",
        "line vty 0 4\n login local\nline vty 5 15\n login local\n",
        "line vty 0 4\n login local\n logging synchronous\nline vty 5 15\n login local\n logging synchronous\n",
        ("line vty 0 15", "logging synchronous"),
    ),
    Scenario(
        "service on", "hostname r\n", "hostname r\nservice password-encryption\n", ("service password-encryption",)
    ),
    Scenario(
        "service off", "hostname r\nservice password-encryption\n", "hostname r\n", ("no service password-encryption",)
    ),
    Scenario(
        "another primary address, with a secondary present",
        INTERFACE + " ip address 10.0.1.1 255.255.255.0 secondary\n ip address 10.0.0.1 255.255.255.0\n",
        INTERFACE + " ip address 10.0.1.1 255.255.255.0 secondary\n ip address 10.0.0.2 255.255.255.0\n",
        ("interface FastEthernet0/0", "ip address 10.0.0.2 255.255.255.0"),
    ),
    Scenario(
        "remove a secondary address",
        INTERFACE + " ip address 10.0.1.1 255.255.255.0 secondary\n ip address 10.0.0.1 255.255.255.0\n",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\n",
        ("interface FastEthernet0/0", "no ip address 10.0.1.1 255.255.255.0 secondary"),
    ),
    Scenario(
        "no longer shut down",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\n shutdown\n",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\n",
        ("interface FastEthernet0/0", "no shutdown"),
    ),
    Scenario("lease", POOL + " lease 3\n", POOL + " lease 3 12 15\n", ("ip dhcp pool LAN", "lease 3 12 15")),
    Scenario(
        "default router",
        POOL + " default-router 10.0.0.1\n",
        POOL + " default-router 10.0.0.2\n",
        ("ip dhcp pool LAN", "default-router 10.0.0.2"),
    ),
    Scenario("domain name", "ip domain-name a.example\n", "ip domain-name b.example\n", ("ip domain-name b.example",)),
    Scenario("CDP holdtime", "cdp holdtime 90\n", "cdp holdtime 120\n", ("cdp holdtime 120",)),
    Scenario(
        "option of an NTP server",
        "ntp server 10.9.0.1\n",
        "ntp server 10.9.0.1 prefer\n",
        ("ntp server 10.9.0.1 prefer",),
    ),
    Scenario(
        "exec-timeout",
        "line con 0\n exec-timeout 0 0\n",
        "line con 0\n exec-timeout 5 0\n",
        ("line con 0", "exec-timeout 5 0"),
    ),
    Scenario("enable secret", f"enable secret 5 {ABRIDGED}\n", "enable secret other\n", ("enable secret other",)),
    Scenario(
        "transport of the vty lines",
        "line vty 0 4\n login local\n transport input all\n",
        "line vty 0 4\n login local\n transport input ssh\n",
        ("line vty 0 4", "transport input ssh"),
    ),
    Scenario("SSH version", "ip ssh version 1\n", "ip ssh version 2\n", ("ip ssh version 2",)),
    Scenario(
        "remove a password of type 7",
        "line con 0\n password 7 0822455D0A16\n",
        "line con 0\n",
        ("line con 0", "no password"),
    ),
    Scenario("subnet zero again", "no ip subnet-zero\n", "hostname Router\n", ("ip subnet-zero",)),
    Scenario(
        "another banner",
        "banner motd ^C\nhello\n^C\n",
        "banner motd #\nhello world\n#\n",
        ("banner motd #\nhello world\n#",),
    ),
    Scenario(
        "a banner that looks like configuration",
        "banner motd ^C\nhello\n^C\n",
        "banner motd %\n no shutdown\n!\n # end\n%\n",
        ("banner motd ~\n no shutdown\n!\n # end\n~",),
    ),
    Scenario(
        "more vty lines",
        "line vty 0 4\n login local\n",
        "line vty 0 15\n login local\n",
        ("line vty 5 15", "login local"),
    ),
    Scenario(
        "an intent in short words",
        INTERFACE + " description old\n ip address 10.0.0.1 255.255.255.0\n",
        "int fa0/0\n desc new\n ip addr 10.0.0.1 255.255.255.0\n",
        ("interface FastEthernet0/0", "description new"),
    ),
    Scenario(
        "remove an excluded address",
        "ip dhcp excluded-address 10.0.0.1 10.0.0.9\nip dhcp excluded-address 10.0.0.20\n",
        "ip dhcp excluded-address 10.0.0.1 10.0.0.9\n",
        ("no ip dhcp excluded-address 10.0.0.20",),
    ),
    Scenario(
        "a physical interface that is not in the intent",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\ninterface FastEthernet0/1\n description x\n"
        " ip address 10.0.1.1 255.255.255.0\n",
        INTERFACE + " ip address 10.0.0.1 255.255.255.0\n",
        ("interface FastEthernet0/1", "no ip address", "shutdown", "no description"),
    ),
    Scenario(
        "an access list in another order",
        "ip access-list extended A\n permit tcp any any eq 22\n permit icmp any any\n deny ip any any\n",
        "ip access-list extended A\n permit icmp any any\n permit tcp any any eq 22\n deny ip any any\n",
        (
            "ip access-list resequence A 1000 1000",
            "ip access-list extended A",
            "no 2000",
            "1 permit icmp any any",
            "exit",
            "ip access-list resequence A 10 10",
        ),
    ),
)
