# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small running-configurations for what our modules and the resource modules of C(cisco.ios) both know.

`tests/oracles/ios_resources.py` records what those modules read in them, and the lines that they render from that.
"""

from __future__ import annotations

import typing as t


class Sample(t.NamedTuple):
    """A part of a running-config, and the resource module that it is for."""

    name: str
    resource: str
    text: str


def _in(header: str, *lines: str) -> str:
    return "".join([f"{header}\n", *(f" {line}\n" for line in lines)])


PORT = "interface FastEthernet0/0"
STANDARD, EXTENDED = "ip access-list standard S", "ip access-list extended E"

SAMPLES = (
    Sample("a hostname", "hostname", "hostname edge-2\n"),
    Sample("a described port", "interfaces", _in(PORT, "description to the core")),
    Sample("a description with signs", "interfaces", _in(PORT, "description #1 (R9(config)#), 50 %")),
    Sample("a port that is shut down", "interfaces", _in(PORT, "description spare", "shutdown")),
    Sample("a loopback", "interfaces", _in("interface Loopback0", "description router id")),
    Sample("an IP MTU", "interfaces", _in(PORT, "description x", "ip mtu 1400")),
    Sample("an address", "l3_interfaces", _in(PORT, "ip address 10.0.0.1 255.255.255.0")),
    Sample(
        "secondary addresses",
        "l3_interfaces",
        _in(
            PORT,
            "ip address 10.1.0.1 255.255.255.0 secondary",
            "ip address 10.2.0.1 255.255.0.0 secondary",
            "ip address 10.0.0.1 255.255.255.252",
        ),
    ),
    Sample("an address by DHCP", "l3_interfaces", _in(PORT, "ip address dhcp")),
    Sample(
        "helper addresses",
        "l3_interfaces",
        _in(PORT, "ip address 10.0.0.1 255.255.255.0", "ip helper-address 10.9.0.1", "ip helper-address 10.9.0.2"),
    ),
    Sample("access groups", "acl_interfaces", _in(PORT, "ip access-group 110 in", "ip access-group EDGE out")),
    Sample(
        "a standard access list",
        "acls",
        _in(STANDARD, "permit 10.1.1.1", "permit 10.2.0.0 0.0.255.255", "deny any"),
    ),
    Sample("a numbered access list", "acls", _in("ip access-list standard 10", "permit 10.2.0.0 0.0.255.255")),
    Sample("entries with log", "acls", _in(STANDARD, "permit 10.1.1.1", "deny any log")),
    Sample("a port by number", "acls", _in(EXTENDED, "permit tcp 10.2.0.0 0.0.255.255 any eq 22")),
    Sample("a port by name", "acls", _in(EXTENDED, "permit udp any host 10.0.0.5 eq domain")),
    Sample("a range of ports", "acls", _in(EXTENDED, "permit tcp any range 1024 2048 host 10.0.0.5 range 7000 7009")),
    Sample("ports above and below", "acls", _in(EXTENDED, "permit tcp any gt 1023 any lt 1024")),
    Sample("established connections", "acls", _in(EXTENDED, "permit tcp any any established")),
    Sample("a kind of ICMP", "acls", _in(EXTENDED, "permit icmp any any echo-reply")),
    Sample(
        "protocols", "acls", _in(EXTENDED, "permit ospf any any", "permit gre host 10.0.0.5 any", "deny ip any any log")
    ),
    Sample(
        "remarks between entries",
        "acls",
        _in(EXTENDED, "remark who may log in", "permit tcp any any eq 22", "remark the rest", "deny ip any any"),
    ),
    Sample("a default route", "static_routes", "ip route 0.0.0.0 0.0.0.0 192.0.2.1\n"),
    Sample("a floating route", "static_routes", "ip route 172.16.0.0 255.255.0.0 192.0.2.8 200\n"),
    Sample("a route to nowhere", "static_routes", "ip route 198.51.100.0 255.255.255.0 Null0\n"),
    Sample(
        "a route by port and address", "static_routes", "ip route 172.17.0.0 255.255.0.0 FastEthernet0/0 192.0.2.9 50\n"
    ),
    Sample(
        "two ways to one network",
        "static_routes",
        "ip route 172.16.0.0 255.255.0.0 192.0.2.8\nip route 172.16.0.0 255.255.0.0 192.0.2.9 200\n",
    ),
    Sample("a named route", "static_routes", "ip route 172.18.0.0 255.255.0.0 192.0.2.8 name branch\n"),
    Sample("a permanent route", "static_routes", "ip route 172.18.0.0 255.255.0.0 192.0.2.8 permanent\n"),
    Sample("a tracked route", "static_routes", "ip route 172.18.0.0 255.255.0.0 192.0.2.8 track 4\n"),
    Sample("logging to hosts", "logging_global", "logging 10.50.0.1\nlogging 10.50.0.2\n"),
    Sample("a log buffer", "logging_global", "logging buffered 8192\n"),
    Sample("a log buffer with a level", "logging_global", "logging buffered 8192 warnings\n"),
    Sample("no logging to the console", "logging_global", "no logging console\n"),
    Sample("a level for hosts", "logging_global", "logging trap debugging\n"),
    Sample("NTP servers", "ntp_global", "ntp server 10.60.0.1 prefer\nntp server 10.60.0.2 version 3\n"),
    Sample("an NTP server with a key", "ntp_global", "ntp server 10.60.0.1 key 5 source Loopback0\n"),
    Sample("an NTP master", "ntp_global", "ntp master 3\n"),
    Sample("an NTP master of the usual stratum", "ntp_global", "ntp master\n"),
    Sample("encrypted passwords", "service", "service password-encryption\n"),
    Sample("time stamps", "service", "service timestamps debug datetime msec\nservice timestamps log uptime\n"),
    Sample("keepalives", "service", "service tcp-keepalives-in\nservice tcp-keepalives-out\n"),
    Sample("a banner", "banner", "banner motd ^C\nAuthorised access only.\n^C\n"),
    Sample("a banner of rows", "banner", "banner login ^C\n! first\n  second\n# third\n^C\n"),
)
