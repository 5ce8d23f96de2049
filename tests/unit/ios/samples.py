# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What routers print, written by hand after the formats of the trains: the text, and some of what is in it."""

from __future__ import annotations

import typing as t

CLASSIC_VERSION = """\
Cisco IOS Software, 3700 Software (C3725-ADVENTERPRISEK9-M), Version 12.4(15)T14, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2010 by Cisco Systems, Inc.
Compiled Tue 17-Aug-10 12:08 by prod_rel_team

ROM: ROMMON Emulation Microcode
ROM: 3700 Software (C3725-ADVENTERPRISEK9-M), Version 12.4(15)T14, RELEASE SOFTWARE (fc2)

r1 uptime is 2 hours, 5 minutes
System returned to ROM by unknown reload cause - suspect boot_data[BOOT_COUNT] 0x0, BOOT_COUNT 0, BOOTDATA 19
System image file is "tftp://255.255.255.255/unknown"

Cisco 3725 (R7000) processor (revision 0.1) with 124928K/6144K bytes of memory.
Processor board ID 4279256517
R7000 CPU at 240MHz, Implementation 39, Rev 2.1, 256KB L2, 512KB L3 Cache
2 FastEthernet interfaces
DRAM configuration is 64 bits wide with parity enabled.
55K bytes of NVRAM.

Configuration register is 0x2102

"""

XE_VERSION = """\
Cisco IOS XE Software, Version 17.03.04a
Cisco IOS Software [Amsterdam], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.3.4a
Technical Support: http://www.cisco.com/techsupport

ROM: IOS-XE ROMMON
r2 uptime is 1 week, 3 days, 1 minute
Uptime for this control processor is 1 week, 3 days, 2 minutes
System returned to ROM by reload
System image file is "bootflash:packages.conf"
Last reload reason: reload

cisco CSR1000V (VXE) processor (revision VXE) with 2072044K/3075K bytes of memory.
Processor board ID 9ESGOBARV9D
Router operating mode: Autonomous
4 Gigabit Ethernet interfaces
32768K bytes of non-volatile configuration memory.

Configuration register is 0x2102

"""

INTERFACES = """\
FastEthernet0/0 is up, line protocol is up
  Hardware is Gt96k FE, address is c201.0a1c.0000 (bia c201.0a1c.0000)
  Description: to the core
  Internet address is 172.16.0.1/16
  MTU 1500 bytes, BW 100000 Kbit/sec, DLY 100 usec,
     reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation ARPA, loopback not set
  Keepalive set (10 sec)
  Full-duplex, 100Mb/s, 100BaseTX/FX
  ARP type: ARPA, ARP Timeout 04:00:00
  Last input 00:00:05, output 00:00:06, output hang never
  Last clearing of "show interface" counters never
  Input queue: 0/75/0/0 (size/max/drops/flushes); Total output drops: 0
  Queueing strategy: fifo
  Output queue: 0/40 (size/max)
  5 minute input rate 1000 bits/sec, 2 packets/sec
  5 minute output rate 3000 bits/sec, 4 packets/sec
     213 packets input, 24020 bytes
     Received 12 broadcasts, 0 runts, 0 giants, 0 throttles
     3 input errors, 2 CRC, 0 frame, 0 overrun, 0 ignored
     0 watchdog
     0 input packets with dribble condition detected
     1085 packets output, 109801 bytes, 0 underruns
     7 output errors, 6 collisions, 1 interface resets
     0 unknown protocol drops
     0 babbles, 0 late collision, 0 deferred
     0 lost carrier, 0 no carrier
     0 output buffer failures, 0 output buffers swapped out
FastEthernet0/1 is administratively down, line protocol is down
  Hardware is Gt96k FE, address is c201.0a1c.0001 (bia c201.0a1c.0001)
  MTU 1500 bytes, BW 10000 Kbit/sec, DLY 1000 usec,
     reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation ARPA, loopback not set
  Last clearing of "show interface" counters 00:01:10
     0 packets input, 0 bytes, 0 no buffer
     0 packets output, 0 bytes, 0 underruns
"""

ROUTES = """\
Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area
       ia - IS-IS inter area, * - candidate default, U - per-user static route

Gateway of last resort is 10.0.0.254 to network 0.0.0.0

S*    0.0.0.0/0 [1/0] via 10.0.0.254
      10.0.0.0/8 is variably subnetted, 2 subnets, 2 masks
C        10.0.0.0/24 is directly connected, GigabitEthernet1
L        10.0.0.1/32 is directly connected, GigabitEthernet1
      172.16.0.0/24 is subnetted, 1 subnets
O IA     172.16.5.0 [110/2] via 10.0.0.2, 00:10:22, GigabitEthernet1
                    [110/2] via 10.0.0.3, 1d02h, GigabitEthernet2
S     192.0.2.0/24 is directly connected, Null0
"""

# An engineering build: its version is called experimental, and the boot loader's is not.
EXPERIMENTAL_VERSION = """\
Cisco IOS Software, 7200 Software (C7200-LAB-M), Experimental Version 15.0(20260102:101112) [nobody-lab 7]
Copyright (c) 1986-2026 by Cisco Systems, Inc.

ROM: System Bootstrap, Version 12.4(4r)XD5, RELEASE SOFTWARE (fc1)

r3 uptime is 3 minutes
System returned to ROM by reload
System image file is "disk2:lab"

Processor board ID 4279256518
2 Gigabit Ethernet interfaces
4 2.5 Gigabit Ethernet interfaces
Configuration register is 0x2102
"""

SAMPLES: dict[str, tuple[tuple[str, t.Any], ...]] = {
    "show version": (
        (
            CLASSIC_VERSION,
            {
                "version": "12.4(15)T14",
                "dialect": "classic",
                "hostname": "r1",
                "uptime": "2 hours, 5 minutes",
                "model": "3725",
                "memory": "124928K/6144K",
                "serial": "4279256517",
                "image": "tftp://255.255.255.255/unknown",
                "config_register": "0x2102",
                "interfaces": {"FastEthernet": 2},
            },
        ),
        (
            XE_VERSION,
            {
                "version": "17.03.04a",
                "dialect": "xe",
                "hostname": "r2",
                "model": "CSR1000V",
                "serial": "9ESGOBARV9D",
                "returned_by": "reload",
                "interfaces": {"Gigabit Ethernet": 4},
            },
        ),
        (
            EXPERIMENTAL_VERSION,
            {
                "version": "15.0(20260102:101112)",
                "rom": "System Bootstrap, Version 12.4(4r)XD5, RELEASE SOFTWARE (fc1)",
                "interfaces": {"Gigabit Ethernet": 2, "2.5 Gigabit Ethernet": 4},
            },
        ),
    ),
    "show interfaces": (
        (
            INTERFACES,
            [
                {
                    "interface": "FastEthernet0/0",
                    "status": "up",
                    "protocol": "up",
                    "description": "to the core",
                    "hardware": "Gt96k FE",
                    "mac_address": "c201.0a1c.0000",
                    "address": "172.16.0.1/16",
                    "mtu": 1500,
                    "bandwidth": 100000,
                    "encapsulation": "ARPA",
                    "duplex": "Full",
                    "speed": "100Mb/s",
                    "last_clearing": "never",
                    "input_rate": 1000,
                    "output_packet_rate": 4,
                    "counters": {
                        "input_packets": 213,
                        "input_bytes": 24020,
                        "output_packets": 1085,
                        "output_bytes": 109801,
                        "input_errors": 3,
                        "crc": 2,
                        "output_errors": 7,
                        "collisions": 6,
                        "resets": 1,
                    },
                },
                {
                    "interface": "FastEthernet0/1",
                    "status": "administratively down",
                    "protocol": "down",
                    "description": None,
                    "address": None,
                    "last_clearing": "00:01:10",
                },
            ],
        ),
    ),
    "show interfaces description": (
        (
            """\
Interface                      Status         Protocol Description
Fa0/0                          admin down     down     for test
Fa0/1                          up             up
""",
            [
                {"interface": "Fa0/0", "status": "admin down", "protocol": "down", "description": "for test"},
                {"interface": "Fa0/1", "status": "up", "protocol": "up", "description": ""},
            ],
        ),
    ),
    "show ip interface brief": (
        (
            """\
Interface                  IP-Address      OK? Method Status                Protocol
FastEthernet0/0            172.16.0.1      YES manual up                    up
FastEthernet0/1            unassigned      YES unset  administratively down down
""",
            [
                {
                    "interface": "FastEthernet0/0",
                    "address": "172.16.0.1",
                    "ok": True,
                    "method": "manual",
                    "status": "up",
                    "protocol": "up",
                },
                {
                    "interface": "FastEthernet0/1",
                    "address": None,
                    "ok": True,
                    "method": "unset",
                    "status": "administratively down",
                    "protocol": "down",
                },
            ],
        ),
    ),
    "show protocols": (
        (
            """\
Global values:
  Internet Protocol routing is enabled
FastEthernet0/0 is up, line protocol is up
  Internet address is 172.16.0.1/16
FastEthernet0/1 is administratively down, line protocol is down
""",
            {
                "ip_routing": True,
                "interfaces": [
                    {"interface": "FastEthernet0/0", "status": "up", "protocol": "up", "address": "172.16.0.1/16"},
                    {
                        "interface": "FastEthernet0/1",
                        "status": "administratively down",
                        "protocol": "down",
                        "address": None,
                    },
                ],
            },
        ),
    ),
    "show controllers": (
        (
            """\
Interface FastEthernet0/0
Hardware is GT96K FE ADDR: 640E97E4, FASTSEND: 60E4F2B8, MCI_INDEX: 0
DIST ROUTE ENABLED: 0
Interface FastEthernet0/1
Hardware is GT96K FE ADDR: 640EB7A4, FASTSEND: 60E4F2B8, MCI_INDEX: 0
""",
            [
                {
                    "interface": "FastEthernet0/0",
                    "hardware": "GT96K FE ADDR: 640E97E4, FASTSEND: 60E4F2B8, MCI_INDEX: 0",
                },
                {"interface": "FastEthernet0/1"},
            ],
        ),
    ),
    "show ip route": (
        (
            ROUTES,
            {
                "gateway": "10.0.0.254",
                "gateway_network": "0.0.0.0",
                "routes": [
                    {
                        "prefix": "0.0.0.0/0",
                        "code": "S",
                        "default": True,
                        "distance": 1,
                        "ways": [{"next_hop": "10.0.0.254", "interface": None, "age": None}],
                    },
                    {"prefix": "10.0.0.0/24", "code": "C", "connected": True},
                    {"prefix": "10.0.0.1/32", "code": "L", "connected": True},
                    {
                        "prefix": "172.16.5.0/24",
                        "code": "O",
                        "flags": ["IA"],
                        "metric": 2,
                        "ways": [
                            {"next_hop": "10.0.0.2", "interface": "GigabitEthernet1", "age": "00:10:22"},
                            {"next_hop": "10.0.0.3", "interface": "GigabitEthernet2", "age": "1d02h"},
                        ],
                    },
                    {"prefix": "192.0.2.0/24", "ways": [{"next_hop": None, "interface": "Null0", "age": None}]},
                ],
            },
        ),
        (
            "Codes: C - connected\n\nGateway of last resort is not set\n\n"
            "C    172.16.0.0/16 is directly connected, FastEthernet0/0\n",
            {"gateway": None, "routes": [{"prefix": "172.16.0.0/16", "code": "C", "connected": True}]},
        ),
    ),
    "show ip dhcp pool": (
        (
            """\
Pool MyNetwork :
 Utilization mark (high/low)    : 100 / 0
 Subnet size (first/next)       : 0 / 0
 Total addresses                : 254
 Leased addresses               : 3
 Excluded addresses             : 10
 Pending event                  : none
 1 subnet is currently in the pool :
 Current index        IP address range                    Leased/Excluded/Total
 192.168.10.14        192.168.10.1     - 192.168.10.254    3     / 10    / 254
""",
            [
                {
                    "name": "MyNetwork",
                    "mark_high": 100,
                    "mark_low": 0,
                    "total": 254,
                    "leased": 3,
                    "excluded": 10,
                    "pending": "none",
                    "ranges": [
                        {
                            "index": "192.168.10.14",
                            "first": "192.168.10.1",
                            "last": "192.168.10.254",
                            "leased": 3,
                            "excluded": 10,
                            "total": 254,
                        }
                    ],
                }
            ],
        ),
        ("", []),
        (
            """\

Pool 1 :
 Utilization mark (high/low)    : 100 / 0
 Subnet size (first/next)       : 0 / 0
 Total addresses                : 254
 Leased addresses               : 1
 Pending event                  : none
 1 subnet is currently in the pool :
 Current index        IP address range                    Leased addresses
 192.168.10.12        192.168.10.1     - 192.168.10.254    1
""",
            [
                {
                    "name": "1",
                    "excluded": None,
                    "leased": 1,
                    "ranges": [
                        {"index": "192.168.10.12", "first": "192.168.10.1", "last": "192.168.10.254", "leased": 1}
                    ],
                }
            ],
        ),
    ),
    "show ip dhcp binding": (
        (
            """\
Bindings from all pools not associated with VRF:
IP address          Client-ID/              Lease expiration        Type
                    Hardware address/
                    User name
192.168.10.11       0063.6973.636f.2d63.    Mar 02 2002 12:36 AM    Automatic
                    3230.302e.3061.3163.
                    2e30.30
192.168.10.12       0100.5079.6668.00       Infinite                Manual
""",
            [
                {
                    "address": "192.168.10.11",
                    "client": "0063.6973.636f.2d63.3230.302e.3061.3163.2e30.30",
                    "expires": "Mar 02 2002 12:36 AM",
                    "kind": "Automatic",
                },
                {
                    "address": "192.168.10.12",
                    "client": "0100.5079.6668.00",
                    "expires": "Infinite",
                    "kind": "Manual",
                    "state": None,
                },
            ],
        ),
        (
            """\
Bindings from all pools not associated with VRF:
IP address      Client-ID/              Lease expiration        Type       State      Interface
                Hardware address/
                User name
192.168.10.12   0100.5079.6668.01       Nov 24 2026 03:15 PM    Automatic  Active     GigabitEthernet2
""",
            [{"address": "192.168.10.12", "state": "Active", "interface": "GigabitEthernet2"}],
        ),
    ),
    "show ip dhcp conflict": (
        (
            """\
IP address        Detection method   Detection time          VRF
192.168.10.20     Ping               Mar 01 2002 12:28 AM
192.168.10.21     Gratuitous ARP     Mar 01 2002 01:05 AM    blue
""",
            [
                {"address": "192.168.10.20", "method": "Ping", "time": "Mar 01 2002 12:28 AM", "vrf": None},
                {"address": "192.168.10.21", "method": "Gratuitous ARP", "time": "Mar 01 2002 01:05 AM", "vrf": "blue"},
            ],
        ),
        ("", []),
    ),
    "show ip dhcp server statistics": (
        (
            """\
Memory usage         25307
Address pools        1
Database agents      0
Automatic bindings   2
Manual bindings      0
Expired bindings     4
Malformed messages   0
Secure arp entries   0

Message              Received
BOOTREQUEST          0
DHCPDISCOVER         7
DHCPREQUEST          5
DHCPDECLINE          0
DHCPRELEASE          0
DHCPINFORM           0

Message              Sent
BOOTREPLY            0
DHCPOFFER            6
DHCPACK              5
DHCPNAK              0
""",
            {
                "memory": 25307,
                "pools": 1,
                "automatic": 2,
                "expired": 4,
                "received": {
                    "bootrequest": 0,
                    "dhcpdiscover": 7,
                    "dhcprequest": 5,
                    "dhcpdecline": 0,
                    "dhcprelease": 0,
                    "dhcpinform": 0,
                },
                "sent": {"bootreply": 0, "dhcpoffer": 6, "dhcpack": 5, "dhcpnak": 0},
            },
        ),
    ),
    "show ntp status": (
        (
            """\
Clock is synchronized, stratum 8, reference is 127.127.1.1
nominal freq is 250.0000 Hz, actual freq is 250.0000 Hz, precision is 2**18
reference time is D3A9B8D2.01B2F83C (12:21:54.006 UTC Sat Jul 14 2012)
clock offset is -0.5000 msec, root delay is 0.10 msec
root dispersion is 0.38 msec, peer dispersion is 0.24 msec
""",
            {
                "enabled": True,
                "synchronized": True,
                "stratum": 8,
                "reference": "127.127.1.1",
                "offset": -0.5,
                "root_delay": 0.1,
                "root_dispersion": 0.38,
            },
        ),
        (
            "Clock is unsynchronized, stratum 16, no reference clock\n",
            {"synchronized": False, "stratum": 16, "reference": None, "offset": None},
        ),
        ("%NTP is not enabled.\n", {"enabled": False, "synchronized": False}),
    ),
    "show ntp associations": (
        (
            """\

  address         ref clock       st   when   poll reach  delay  offset   disp
*~127.127.1.1     .LOCL.           7      9     16   377  0.000   0.000  0.240
 ~172.16.10.1     .INIT.          16      -     64     0  0.000   0.000 15937.
+~192.0.2.9       10.0.0.9         2     1m   1024    17  4.100  -2.250  1.875
 * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured
""",
            [
                {
                    "address": "127.127.1.1",
                    "reference": ".LOCL.",
                    "role": "system peer",
                    "configured": True,
                    "stratum": 7,
                    "reach": 255,
                },
                {"address": "172.16.10.1", "role": None, "when": None, "dispersion": 15937.0, "reach": 0},
                {"address": "192.0.2.9", "role": "candidate", "when": "1m", "offset": -2.25, "reach": 15},
            ],
        ),
        ("", []),
    ),
    "show cdp": (
        (
            """\
Global CDP information:
\tSending CDP packets every 60 seconds
\tSending a holdtime value of 180 seconds
\tSending CDPv2 advertisements is  enabled
""",
            {"enabled": True, "timer": 60, "holdtime": 180, "version2": True},
        ),
        ("% CDP is not enabled\n", {"enabled": False}),
    ),
    "show cdp neighbors": (
        (
            """\
Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge
                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone,
                  D - Remote, C - CVTA, M - Two-port Mac Relay

Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID
r2               Fas 0/0           150             R S I  3725      Fas 0/1
r3.a-long-name.example.net
                 Gig 0/2           121              R I   CSR1000V  Gig 2

Total cdp entries displayed : 2
""",
            [
                {
                    "device": "r2",
                    "interface": "Fas 0/0",
                    "holdtime": 150,
                    "capabilities": ["R", "S", "I"],
                    "platform": "3725",
                    "port": "Fas 0/1",
                },
                {
                    "device": "r3.a-long-name.example.net",
                    "interface": "Gig 0/2",
                    "holdtime": 121,
                    "capabilities": ["R", "I"],
                    "platform": "CSR1000V",
                    "port": "Gig 2",
                },
            ],
        ),
    ),
    "show cdp neighbors detail": (
        (
            """\
-------------------------
Device ID: r2.lab.example
Entry address(es):
  IP address: 172.16.0.2
Platform: Cisco 3725,  Capabilities: Router Switch IGMP
Interface: FastEthernet0/0,  Port ID (outgoing port): FastEthernet0/1
Holdtime : 150 sec

Version :
Cisco IOS Software, 3700 Software (C3725-ADVENTERPRISEK9-M), Version 12.4(15)T14, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport

advertisement version: 2
VTP Management Domain: ''
Native VLAN: 1
Duplex: half
Management address(es):
  IP address: 192.0.2.2

""",
            [
                {
                    "device": "r2.lab.example",
                    "addresses": ["172.16.0.2"],
                    "management_addresses": ["192.0.2.2"],
                    "platform": "Cisco 3725",
                    "capabilities": ["Router", "Switch", "IGMP"],
                    "interface": "FastEthernet0/0",
                    "port": "FastEthernet0/1",
                    "holdtime": 150,
                    "advertisement_version": 2,
                    "native_vlan": "1",
                    "duplex": "half",
                }
            ],
        ),
    ),
    "show cdp entry *": (("\n", []),),
    "show ip ssh": (
        (
            """\
SSH Enabled - version 2.0
Authentication methods:publickey,keyboard-interactive,password
Authentication timeout: 120 secs; Authentication retries: 3
Minimum expected Diffie Hellman key size : 1024 bits
""",
            {
                "enabled": True,
                "version": "2.0",
                "timeout": 120,
                "retries": 3,
                "dh_min": 1024,
                "methods": ["publickey", "keyboard-interactive", "password"],
            },
        ),
        (
            """\
SSH Disabled - version 1.99
%Please create RSA keys to enable SSH (and of atleast 768 bits for SSH v2).
Authentication timeout: 120 secs; Authentication retries: 3
""",
            {"enabled": False, "version": "1.99"},
        ),
    ),
    "show crypto key mypubkey rsa": (
        (
            """\
% Key pair was generated at: 11:42:15 UTC Feb 14 2026
Key name: r1.lab.example
 Storage Device: not specified
 Usage: General Purpose Key
 Key is not exportable.
 Key Data:
  30819F30 0D06092A 864886F7 0D010101 05000381 8D003081 89028181 00BEC429
  DD14AA47 E4C3103E 95DE542B 9F0CA0DF 628DAE3A 9FE4B197 DB4D3CEF BD8B76CE
  DEDA13F9 81CB74C1 2AA9B58C B62A8108 58C05643 1EF2998E D707147D 168581E4
  BCF7E6AF 08722A84 9428FD5F BB685EEA 9A9DB5A7 F1749C99 61CE14A8 8BA14B47
  E31B30EB 74576BDF 940AC0B1 B60CC456 E665E1D0 BE358A09 238C565D 29020301
  0001
""",
            [{"name": "r1.lab.example", "usage": "General Purpose Key", "modulus": 1024}],
        ),
        ("", []),
    ),
    "show line": (
        (
            """\
   Tty Line Typ     Tx/Rx    A Modem  Roty AccO AccI   Uses   Noise  Overruns   Int
*     0    0 CTY              -    -      -    -    -      1       0     0/0       -
     97   97 AUX   9600/9600  -    -      -    -    -      0       0     0/0       -
*    98   98 VTY              -    -      -    -   23      4       0     0/0       -
""",
            [
                {"tty": 0, "line": 0, "kind": "CTY", "active": True, "uses": 1},
                {"tty": 97, "kind": "AUX", "active": False, "tx": 9600, "rx": 9600},
                {"tty": 98, "kind": "VTY", "active": True, "access_in": "23", "uses": 4},
            ],
        ),
    ),
    "show users": (
        (
            """\
    Line       User       Host(s)              Idle       Location
   0 con 0                idle                 00:05:13
*  2 vty 0     admin      idle                 00:00:00 192.0.2.5
   3 vty 1     a-very-long-name idle                 1w2d     192.0.2.6

  Interface    User               Mode         Idle     Peer Address
""",
            [
                {"name": "con 0", "line": 0, "own": False, "user": None, "host": "idle", "idle": "00:05:13"},
                {"name": "vty 0", "line": 2, "own": True, "user": "admin", "location": "192.0.2.5"},
                {"name": "vty 1", "user": "a-very-long-name", "idle": "1w2d", "location": "192.0.2.6"},
            ],
        ),
    ),
}
