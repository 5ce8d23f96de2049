# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The commands of Cisco IOS as data: every other file here only reads this table.

The notation of C(syntax) is that of C(syntax.py). Columns that a row leaves out have their ordinary meaning.
"""

from __future__ import annotations

import typing as t


class Dialect(t.NamedTuple):
    """A family of IOS trains that write their configuration alike."""

    name: str
    ace_numbers: bool  # the running-config shows the numbers of access-list entries, and numbered lists as blocks
    secret_type: int  # what a secret that is typed in clear is stored as


CLASSIC = Dialect("classic", False, 5)
XE = Dialect("xe", True, 9)

# Where a fact comes from. C(KNOWN) rows are listed by ios_lint on request: no Cisco software is run here.
REFERENCE = "Cisco IOS command reference, as quoted in public documentation"
CAPTURE = "a capture of a device published with NAPALM, ntc-templates, netmiko, unicon or Batfish"
KNOWN = "from knowledge, unverified"


class Both(t.NamedTuple):
    """A column whose value differs between the dialects."""

    classic: t.Any
    xe: t.Any


class Command(t.NamedTuple):
    """One command.

    mode: where it is typed (a key of C(MODES))
    syntax: how it is typed; aliases: other spellings of the same
    prints: how the running-config prints it; implied: values that are not printed, or are filled in where left out
    slot: what it configures; two commands of one slot replace each other
    key: the values that tell several objects of one slot apart; without a key there is one at a time
    overwrites: whether typing it replaces what another command put into the slot, so that no C(no) is needed before
    sticky: values that stay as they are where they are not typed; each: the value of which each one is an object
    default: the line that holds where none is printed
    always: the line that is printed where the slot is empty
    keeps_no: C(no ...) is itself a value that the running-config prints; no_means: the line that C(no ...) stands for
    negate: what follows C(no) to remove it; clears: slots that this empties as well
    enters: the mode that it opens
    order: where the running-config prints it (among its siblings)
    phase: when a push sends it; gone: when a push removes it (otherwise in the opposite order of phases, at the end)
    secret: the value that is a secret
    dialogue: questions that follow it, and their answers; no_dialogue: those after C(no)
    """

    mode: str
    syntax: str
    aliases: tuple[str, ...] = ()
    prints: t.Any = None
    implied: t.Mapping[str, t.Any] = {}
    slot: str = ""
    key: tuple[str, ...] = ()
    overwrites: bool = True
    sticky: tuple[str, ...] = ()
    each: str | None = None
    default: t.Any = None
    always: str | None = None
    keeps_no: bool = False
    no_means: str | None = None
    negate: str | None = None
    clears: tuple[str, ...] = ()
    enters: str | None = None
    order: int = 500
    phase: int = 20
    gone: int | None = None
    secret: str | None = None
    dialogue: tuple[tuple[str, str], ...] = ()
    no_dialogue: tuple[tuple[str, str], ...] = ()
    dialects: tuple[str, ...] = ("classic", "xe")
    source: str = KNOWN

    def __hash__(self) -> int:
        return hash((self.mode, self.syntax))


class Mode(t.NamedTuple):
    """A mode: what its prompt shows in brackets ("" in EXEC), and where C(exit) leads."""

    prompt: str
    parent: str | None


MODES = {
    "user": Mode("", None),
    "exec": Mode("", None),
    "pipe": Mode("", None),
    "config": Mode("config", "exec"),
    "interface": Mode("config-if", "config"),
    "line": Mode("config-line", "config"),
    "dhcp": Mode("dhcp-config", "config"),
    "router": Mode("config-router", "config"),
    "std-nacl": Mode("config-std-nacl", "config"),
    "ext-nacl": Mode("config-ext-nacl", "config"),
    "archive": Mode("config-archive", "config"),
    "archive-log": Mode("config-archive-log-cfg", "archive"),
}

# First words that IOS has and this table does not model: they count for abbreviations, and a line that begins with one
# is kept as it is. Source: the help of published captures.
OTHER_WORDS = {
    "config": (
        "access-list aaa alias arp authentication boot bridge call call-home cef class-map clns clock control-plane "
        "controller crypto default-value define diagnostic dial-peer dialer dot1x dot11 eigrp event exception file "
        "flow frame-relay gatekeeper gateway help hw-module ipc ipv6 key key-chain l2vpn license lldp mac map-class "
        "map-list memory mgcp mls monitor multilink netconf netconf-yang no-feature object-group parameter-map "
        "parser partition password platform policy-map priority-list process profile prompt queue-list radius-server "
        "radius redundancy regexp resume-string restconf rmon rtr route-map scheduler scripting snmp snmp-server "
        "spanning-tree subscriber state-machine stackwise-virtual subscribe switch tacacs tacacs-server telephony "
        "telnet template tftp-server track transceiver username-template virtual vlan voice voip vpdn vrf "
        "vstack vtp wsma x25 xsd-format zone zone-pair"
    ),
    "interface": (
        "arp authentication backup bandwidth bfd bridge-group carrier-delay channel-group clns clock crypto "
        "custom-queue-list delay dialer dot1x duplex encapsulation fair-queue flowcontrol full-duplex half-duplex "
        "hold-queue ipv6 isis keepalive lldp load-interval logging loopback mac-address mac max-reserved-bandwidth "
        "media-type mls mpls mtu negotiation ntp ospfv3 peer power ppp pppoe priority-group random-detect "
        "rate-limit serial service service-policy snmp spanning-tree speed standby storm-control switchport "
        "tcp traffic-shape tunnel tx-ring-limit vrf vrrp xconnect zone-member"
    ),
    "line": (
        "absolute-timeout accounting activation-character authorization autobaud autocommand autohangup autoselect "
        "databits default-value disconnect-character dispatch-character editing escape-character exec "
        "exec-banner flowcontrol full-help help history hold-character insecure international ip ipv6 length "
        "location lockable modem monitor motd-banner notify padding parity refuse-message rotary rxspeed "
        "script session-disconnect-warning session-limit session-timeout special-character-bits speed start-character "
        "stop-character stopbits telnet terminal-type timeout txspeed vacant-message width"
    ),
    "dhcp": (
        "accounting bootfile class client-identifier client-name hardware-address host import next-server "
        "option origin override relay remember renew reserved-only server service subnet update utilization vrf"
    ),
    "router": "",
    "std-nacl": "evaluate",
    "ext-nacl": "dynamic evaluate reflect",
    "archive": "rollback",
    "archive-log": "record",
    "exec": (
        "access-enable access-template archive-log bfe calendar call cd clock cns connect crypto debug delete dir "
        "disconnect emulate format fsck help hw-module lat lock more mkdir monitor mrinfo mstat mtrace name-connection "
        "ncia pad platform ppp pwd release rename renew request rlogin rsh send set setup slip start-chat "
        "squeeze systat tclsh telnet test traceroute tunnel udld undebug verify voice where which-route x28 x3"
    ),
    "user": "access-enable connect help lock mrinfo mstat mtrace name-connection pad resume rlogin set slip systat "
    "telnet traceroute tunnel where x28 x3",
    "pipe": "",
}

YES = ((r"\[confirm\]", ""),)
ACE = "[<sequence:1-2147483647>] <action:permit|deny>"
PROTOCOLS = "ip|icmp|igmp|gre|esp|ahp|ospf|eigrp|pim|ipinip|nos|pcp"
NTP_OPTIONS = "{[version <version:1-4>] [key <key:1-4294967295>] [source <source:interface>] [prefer]}"
PORT_ACE = (
    "<protocol:tcp|udp> <from:endpoint> [<from-ports:ports>] <to:endpoint> [<to-ports:ports>] {[established] [log]}"
)
PLAIN_ACE = f"<protocol:{PROTOCOLS}> <from:endpoint> <to:endpoint> [<type:echo|echo-reply|unreachable>] [log]"

GLOBAL = (
    Command("config", "version <version:word>", order=10, source=CAPTURE),
    Command(
        "config",
        "service timestamps <what:debug|log> <form:line>",
        slot="service timestamps",
        key=("what",),
        order=20,
        source=CAPTURE,
    ),
    Command("config", "service password-encryption", order=22, source=REFERENCE),
    Command(
        "config",
        "service <name:tcp-keepalives-in|tcp-keepalives-out|nagle|compress-config|sequence-numbers>",
        slot="service",
        key=("name",),
        order=21,
    ),
    Command(
        "config",
        "service <name:pad|dhcp|config|call-home|finger>",
        slot="service on",
        key=("name",),
        order=21,
        keeps_no=True,
    ),
    Command("config", "hostname <name:hostname>", default="hostname Router", order=30, phase=25, source=REFERENCE),
    Command("config", "boot-start-marker", order=40, source=CAPTURE),
    Command("config", "boot-end-marker", order=41, source=CAPTURE),
    Command("config", "logging buffered [<size:4096-2147483647>] [<level:word>]", order=50),
    Command("config", "logging console [<level:word>]", order=51, keeps_no=True),
    Command(
        "config",
        "enable secret [level <level:1-15>] [<type:0|5|8|9>] <secret:line>",
        implied={"type": "0"},
        slot="enable secret",
        key=("level",),
        negate="enable secret [level <level:1-15>]",
        order=60,
        phase=10,
        secret="secret",
        source=REFERENCE,
    ),
    Command(
        "config",
        "enable password [level <level:1-15>] [<type:0|7>] <secret:line>",
        implied={"type": "0"},
        slot="enable password",
        key=("level",),
        negate="enable password [level <level:1-15>]",
        order=61,
        phase=10,
        secret="secret",
        source=REFERENCE,
    ),
    Command("config", "aaa new-model", order=70, phase=30, source=REFERENCE),
    Command(
        "config",
        "aaa authentication <what:login|enable> <list:word> <methods:line>",
        slot="aaa authentication",
        key=("what", "list"),
        order=71,
        phase=31,
        source=REFERENCE,
    ),
    Command(
        "config",
        "aaa authorization <what:exec|network|console> <list:word> <methods:line>",
        slot="aaa authorization",
        key=("what", "list"),
        order=72,
        phase=32,
    ),
    Command("config", "ip subnet-zero", default="ip subnet-zero", order=90, source=REFERENCE),
    Command("config", "ip source-route", default="ip source-route", order=91),
    Command("config", "ip cef", default="ip cef", order=92),
    Command("config", "ip routing", default="ip routing", order=93),
    Command(
        "config",
        "ip domain lookup",
        aliases=("ip domain-lookup",),
        default="ip domain lookup",
        order=94,
        source=CAPTURE,
    ),
    Command(
        "config",
        "ip domain name <name:word>",
        aliases=("ip domain-name <name:word>",),
        prints=Both("ip domain-name <name:word>", "ip domain name <name:word>"),
        negate="ip domain name <name:word>",
        order=95,
        source=CAPTURE,
    ),
    Command(
        "config", "ip name-server <server:ipv4>*6", slot="ip name-server", key=("server",), each="server", order=96
    ),
    Command(
        "config",
        "ip dhcp excluded-address <low:ipv4> [<high:ipv4>]",
        key=("low", "high"),
        order=100,
        source=REFERENCE,
    ),
    Command("config", "ip dhcp pool <name:word>", key=("name",), enters="dhcp", order=101, gone=19, source=REFERENCE),
    Command(
        "config",
        "username <name:word> {[privilege <privilege:0-15>]} secret [<type:0|5|8|9>] <secret:line>",
        slot="username",
        key=("name",),
        order=130,
        phase=11,
        secret="secret",
        no_dialogue=YES,
        overwrites=False,
        sticky=("privilege",),
        implied={"privilege": 1, "type": "0"},
        source=REFERENCE,
    ),
    Command(
        "config",
        "username <name:word> {[privilege <privilege:0-15>]} password [<type:0|7>] <secret:line>",
        slot="username",
        key=("name",),
        order=130,
        phase=11,
        secret="secret",
        prints="username <name:word> {[privilege <privilege:0-15>]} password <type:0|7> <secret:line>",
        no_dialogue=YES,
        overwrites=False,
        sticky=("privilege",),
        implied={"privilege": 1, "type": "0"},
        source=REFERENCE,
    ),
    Command(
        "config",
        "username <name:word> {[privilege <privilege:0-15>]} [nopassword]",
        slot="username",
        key=("name",),
        order=130,
        phase=11,
        no_dialogue=YES,
        overwrites=False,
        sticky=("privilege",),
        implied={"privilege": 1},
    ),
    Command("config", "archive", enters="archive", order=140, source=REFERENCE),
    Command("config", "ip ssh version <version:1|2>", order=150, source=REFERENCE),
    Command("config", "ip ssh time-out <seconds:1-120>", default="ip ssh time-out 120", order=151, source=REFERENCE),
    Command(
        "config",
        "ip ssh authentication-retries <count:0-5>",
        default="ip ssh authentication-retries 3",
        order=152,
        source=REFERENCE,
    ),
    Command(
        "config",
        "interface <name:interface>",
        key=("name",),
        enters="interface",
        order=200,
        phase=40,
        gone=39,
        source=REFERENCE,
    ),
    Command(
        "config",
        "router <protocol:ospf|eigrp|bgp|rip|isis> [<process:word>]",
        key=("protocol", "process"),
        enters="router",
        order=300,
        phase=50,
    ),
    Command("config", "ip default-gateway <gateway:ipv4>", order=309, phase=50),
    Command("config", "ip forward-protocol nd", default="ip forward-protocol nd", order=310, source=CAPTURE),
    Command("config", "ip http server", order=311, keeps_no=True, source=CAPTURE),
    Command("config", "ip http secure-server", order=312, keeps_no=True, source=CAPTURE),
    Command(
        "config",
        "ip route <prefix:ipv4> <mask:mask> <via:nexthop> [<distance:1-255>] {[name <label:word>] "
        "[permanent] [track <track:1-1000>]}",
        slot="ip route",
        key=("prefix", "mask", "via"),
        implied={"distance": 1},
        order=320,
        phase=51,
        source=REFERENCE,
    ),
    Command(
        "config",
        "ip access-list standard <name:word>",
        slot="ip access-list standard",
        key=("name",),
        enters="std-nacl",
        order=330,
        phase=12,
        source=REFERENCE,
    ),
    Command(
        "config",
        "ip access-list extended <name:word>",
        slot="ip access-list extended",
        key=("name",),
        enters="ext-nacl",
        order=331,
        phase=12,
        source=REFERENCE,
    ),
    Command(
        "config",
        "ip access-list resequence <name:word> <start:1-2147483647> <step:1-2147483647>",
        order=332,
        phase=12,
        source=REFERENCE,
    ),
    # A numbered list is read as entries of the list that has the number as its name.
    Command(
        "config",
        "access-list <number:1-99> <action:permit|deny> <source:source> [log]",
        negate="access-list <number:1-99>",
        source=REFERENCE,
    ),
    Command(
        "config",
        f"access-list <number:100-199> <action:permit|deny> {PLAIN_ACE}",
        negate="access-list <number:100-199>",
        source=REFERENCE,
    ),
    Command("config", f"access-list <number:100-199> <action:permit|deny> {PORT_ACE}", source=REFERENCE),
    Command("config", "access-list <number:1-199> remark <text:line>", source=REFERENCE),
    Command("config", "logging trap [<level:word>]", order=340),
    Command(
        "config",
        "logging host <server:ipv4>",
        aliases=("logging <server:ipv4>",),
        prints=Both("logging <server:ipv4>", "logging host <server:ipv4>"),
        slot="logging host",
        key=("server",),
        order=341,
        source=CAPTURE,
    ),
    Command("config", "cdp run", default="cdp run", order=350, source=REFERENCE),
    Command("config", "cdp timer <seconds:5-254>", default="cdp timer 60", order=351, source=REFERENCE),
    Command("config", "cdp holdtime <seconds:10-255>", default="cdp holdtime 180", order=352, source=REFERENCE),
    Command("config", "control-plane", order=360, source=CAPTURE),
    Command("config", "banner exec", order=400, source=REFERENCE),
    Command("config", "banner login", order=401, source=REFERENCE),
    Command("config", "banner motd", order=402, source=REFERENCE),
    Command(
        "config",
        "line console <first:0-0>",
        aliases=("line con <first:0-0>",),
        prints="line con <first:0-0>",
        slot="line con",
        key=("first",),
        enters="line",
        order=410,
        phase=60,
        source=CAPTURE,
    ),
    Command(
        "config",
        "line aux <first:0-0>",
        slot="line aux",
        key=("first",),
        enters="line",
        order=411,
        phase=60,
        source=CAPTURE,
    ),
    Command(
        "config",
        "line vty <first:0-1869> [<last:0-1869>]",
        slot="line vty",
        key=("first", "last"),
        enters="line",
        order=412,
        phase=61,
        source=CAPTURE,
    ),
    Command("config", "ntp master [<stratum:1-15>]", implied={"stratum": 8}, order=420, source=REFERENCE),
    Command(
        "config",
        f"ntp server <server:ipv4> {NTP_OPTIONS}",
        key=("server",),
        implied={"version": 4},
        order=421,
        slot="ntp server",
        source=REFERENCE,
    ),
    Command("config", "ntp clock-period <period:line>", order=419, source=CAPTURE),
    Command("config", "end", order=999, source=REFERENCE),
    Command("config", "exit", order=999, source=REFERENCE),
    Command(
        "config",
        "crypto key generate rsa {[general-keys] [label <label:word>] [modulus <modulus:360-4096>] [exportable]}",
        order=998,
        source=REFERENCE,
        dialogue=((r"modulus \[\d+\]: *$", "2048"), (r"replace them\? \[yes/no\]: *$", "no")),
    ),
    Command(
        "config",
        "crypto key zeroize rsa [<label:word>]",
        order=998,
        source=REFERENCE,
        dialogue=((r"remove these keys\? \[yes/no\]: *$", "no"),),
    ),
)

INTERFACE = (
    Command("interface", "description <text:line>", order=10, source=REFERENCE),
    Command("interface", "encapsulation dot1Q <vlan:1-4094> [native]", order=15, phase=10),
    Command(
        "interface",
        "ip address <address:ipv4> <mask:mask> secondary",
        slot="ip address secondary",
        key=("address",),
        negate="ip address <address:ipv4> <mask:mask> secondary",
        order=20,
        phase=32,
        gone=30,
        source=REFERENCE,
    ),
    Command(
        "interface",
        "ip address <address:ipv4> <mask:mask>",
        slot="ip address",
        always="no ip address",
        clears=("ip address secondary",),
        order=21,
        phase=31,
        source=REFERENCE,
    ),
    Command(
        "interface",
        "ip address dhcp",
        slot="ip address",
        order=21,
        phase=31,
        source=REFERENCE,
    ),
    Command(
        "interface",
        "ip access-group <name:word> <direction:in|out>",
        slot="ip access-group",
        key=("direction",),
        negate="ip access-group <name:word> <direction:in|out>",
        order=30,
        phase=40,
        source=REFERENCE,
    ),
    Command("interface", "ip helper-address <address:ipv4>", key=("address",), order=31, source=REFERENCE),
    Command("interface", "ip nat <side:inside|outside>", negate="ip nat <side:inside|outside>", order=32),
    Command("interface", "ip proxy-arp", default="ip proxy-arp", order=33),
    Command("interface", "ip redirects", default="ip redirects", order=34),
    Command("interface", "ip unreachables", default="ip unreachables", order=35),
    Command("interface", "ip mtu <size:68-10000>", order=36),
    Command("interface", "mtu <size:64-18000>", order=14),
    Command("interface", "bandwidth <kbps:1-10000000>", order=13),
    Command("interface", "duplex <mode:auto|full|half>", order=60),
    Command("interface", "speed <rate:10|100|1000|auto>", order=61),
    Command("interface", "negotiation auto", order=62, keeps_no=True, source=CAPTURE),
    Command("interface", "shutdown", order=50, phase=50, gone=195, source=REFERENCE),
    Command("interface", "cdp enable", default="cdp enable", order=70, source=REFERENCE),
    Command("interface", "exit", order=999, source=REFERENCE),
)

LINE = (
    Command(
        "line",
        "access-class <name:word> <direction:in|out> [vrf-also]",
        slot="access-class",
        key=("direction",),
        negate="access-class <name:word> <direction:in|out>",
        order=10,
        phase=40,
        source=REFERENCE,
    ),
    Command(
        "line",
        "exec-timeout <minutes:0-35791> [<seconds:0-2147483>]",
        prints="exec-timeout <minutes:0-35791> <seconds:0-2147483>",
        implied={"seconds": 0},
        default="exec-timeout 10 0",
        no_means="exec-timeout 0 0",
        order=20,
        source=REFERENCE,
    ),
    Command(
        "line",
        "password [<type:0|7>] <secret:line>",
        implied={"type": "0"},
        order=30,
        phase=20,
        slot="password",
        secret="secret",
        source=REFERENCE,
    ),
    Command("line", "privilege level <level:0-15>", default="privilege level 1", order=25, source=REFERENCE),
    Command("line", "logging synchronous", order=40, source=REFERENCE),
    Command("line", "login", slot="login", keeps_no=True, order=50, phase=30, source=REFERENCE),
    Command("line", "login local", slot="login", keeps_no=True, negate="login", order=50, phase=30, source=REFERENCE),
    Command(
        "line",
        "login authentication <list:word>",
        slot="login",
        order=50,
        phase=30,
        source=REFERENCE,
    ),
    Command("line", "stopbits <bits:1|2>", order=70, source=CAPTURE),
    Command("line", "history size <size:0-256>", default="history size 20", order=60),
    Command("line", "session-timeout <minutes:0-35791>", default="session-timeout 0", order=61),
    Command("line", "transport preferred <protocol:none|ssh|telnet|all>", order=79, source=REFERENCE),
    Command(
        "line",
        "transport input <protocol:all|none|telnet|ssh>*2",
        slot="transport input",
        order=80,
        phase=50,
        source=REFERENCE,
    ),
    Command(
        "line",
        "transport output <protocol:all|none|telnet|ssh>*2",
        slot="transport output",
        order=81,
        phase=50,
        source=REFERENCE,
    ),
    Command("line", "exit", order=999, source=REFERENCE),
)

DHCP = (
    Command("dhcp", "network <network:ipv4> <mask:mask>", order=10, source=REFERENCE),
    Command("dhcp", "domain-name <name:word>", order=40, source=REFERENCE),
    Command("dhcp", "default-router <router:ipv4>*8", order=20, slot="default-router", source=REFERENCE),
    Command("dhcp", "dns-server <server:ipv4>*8", order=30, slot="dns-server", source=REFERENCE),
    Command(
        "dhcp",
        "lease <days:0-365> [<hours:0-23> [<minutes:0-59>]]",
        implied={"hours": 0, "minutes": 0},
        slot="lease",
        default="lease 1",
        order=50,
        source=REFERENCE,
    ),
    Command("dhcp", "lease infinite", slot="lease", order=50, source=REFERENCE),
    Command("dhcp", "exit", order=999, source=REFERENCE),
)

# Entries have their place in the list, and acl.py changes them: a row gives the spelling only.
ACCESS_LISTS = (
    Command("std-nacl", f"{ACE} <source:source> [log]", slot="ace", negate="<sequence:1-2147483647>", source=REFERENCE),
    Command("std-nacl", "[<sequence:1-2147483647>] remark <text:line>", slot="ace", source=REFERENCE),
    Command("std-nacl", "exit", order=999, source=REFERENCE),
    Command("ext-nacl", f"{ACE} {PLAIN_ACE}", slot="ace", negate="<sequence:1-2147483647>", source=REFERENCE),
    Command("ext-nacl", f"{ACE} {PORT_ACE}", slot="ace", source=REFERENCE),
    Command("ext-nacl", "[<sequence:1-2147483647>] remark <text:line>", slot="ace", source=REFERENCE),
    Command("ext-nacl", "exit", order=999, source=REFERENCE),
)

ARCHIVE = (
    Command("archive", "log config", enters="archive-log", order=10, source=REFERENCE),
    Command("archive", "path <url:word>", order=20, source=REFERENCE),
    Command("archive", "maximum <count:1-14>", default="maximum 10", order=30, source=REFERENCE),
    Command("archive", "time-period <minutes:1-525600>", order=40, source=REFERENCE),
    Command("archive", "write-memory", order=50, source=REFERENCE),
    Command("archive", "exit", order=999, source=REFERENCE),
    Command("archive-log", "logging enable", order=10, source=REFERENCE),
    Command("archive-log", "logging size <entries:1-1000>", default="logging size 100", order=20, source=REFERENCE),
    Command("archive-log", "hidekeys", order=30, source=CAPTURE),
    Command("archive-log", "notify syslog [contenttype <form:plaintext|xml>]", order=40),
    Command("archive-log", "exit", order=999, source=REFERENCE),
)

SHOWS = (
    "show version",
    "show clock",
    "show users",
    "show line [<number:0-1869>]",
    "show line vty <number:0-1869>",
    "show privilege",
    "show history",
    "show hosts",
    "show protocols [<interface:interface>]",
    "show controllers [<interface:interface>]",
    "show interfaces [<interface:interface>]",
    "show interfaces description",
    "show interfaces <interface:interface> description",
    "show interfaces status",
    "show ip interface [<interface:interface>]",
    "show ip interface brief [<interface:interface>]",
    "show ip route [<prefix:ipv4>]",
    "show ip route <kind:connected|static|summary>",
    "show ip arp",
    "show ip ssh",
    "show ip access-lists [<name:word>]",
    "show access-lists [<name:word>]",
    "show ip dhcp binding [<address:ipv4>]",
    "show ip dhcp pool [<name:word>]",
    "show ip dhcp conflict",
    "show ip dhcp server statistics",
    "show ip dhcp excluded",
    "show ntp status",
    "show ntp associations",
    "show cdp",
    "show cdp interface [<interface:interface>]",
    "show cdp neighbors [detail]",
    "show cdp neighbors <interface:interface> [detail]",
    "show cdp entry <name:word>",
    "show cdp traffic",
    "show crypto key mypubkey rsa",
    "show logging",
    "show inventory",
    "show boot",
    "show banner <banner:motd|exec|login>",
    "show aliases",
    "show arp",
    "show file systems",
    "show flash:",
    "show bootflash:",
    "show ssh",
    "show terminal",
)
PRIVILEGED_SHOWS = (
    "show running-config [all]",
    "show running-config interface <interface:interface>",
    "show startup-config",
    "show archive",
    "show archive log config all",
    "show archive config differences [<from:word> [<to:word>]]",
    "show archive config incremental-diffs <file:word>",
    "show archive config rollback timer",
    "show configuration",
    "show tech-support",
)
EXEC = (
    "ping <target:word>",
    "exit",
    "logout",
    "quit",
    "terminal length <lines:0-512>",
    "terminal width <columns:0-512>",
    "terminal monitor",
    "clear line <number:0-1869>",
    "clear line vty <number:0-1869>",
    "clear ip dhcp binding <address:word>",
    "clear ip dhcp conflict <address:word>",
    "clear logging",
    "clear cdp table",
    "disable",
    "configure terminal [revert timer <minutes:1-120>]",
    "configure terminal revert timer idle <idle:1-120>",
    "configure confirm",
    "configure revert now",
    "configure revert timer <minutes:1-120>",
    "configure replace <url:word> {[list] [force] [nolock] [time <minutes:1-120>] "
    "[revert trigger <trigger:error> [timer <timer:1-120>]]}",
    "archive config",
    "dir [<url:word>]",
    "more <url:word>",
    "delete [/force] <url:word>",
    "write terminal",
)
COPYING = ((r"Source filename \[[^]]*\]\? *$", ""), (r"Destination filename \[[^]]*\]\? *$", ""))
ASKING = (
    *(
        Command("exec", f"copy <from:{source}> <to:{target}>", source=REFERENCE, dialogue=COPYING)
        for source in ("running-config|startup-config", "word")
        for target in ("running-config|startup-config", "word")
    ),
    Command("exec", "write [memory]", source=CAPTURE, dialogue=YES),
    Command("exec", "write erase", source=REFERENCE, dialogue=YES),
    Command("exec", "erase <what:startup-config|nvram:>", source=REFERENCE, dialogue=YES),
    Command("exec", "reload", source=REFERENCE, dialogue=((r"Save\? \[yes/no\]: *$", "no"), *YES)),
    Command("exec", "reload in <minutes:1-999>", source=REFERENCE, dialogue=((r"Save\? \[yes/no\]: *$", "no"), *YES)),
    Command("exec", "reload cancel", source=REFERENCE),
    Command("exec", "clear counters [<interface:interface>]", source=CAPTURE, dialogue=YES),
)
PIPES = (
    "append <url:line>",
    "begin <pattern:line>",
    "count <pattern:line>",
    "exclude <pattern:line>",
    "format <file:line>",
    "include <pattern:line>",
    "redirect <url:line>",
    "section <pattern:line>",
    "tee <url:line>",
)

COMMANDS: tuple[Command, ...] = (
    *GLOBAL,
    *INTERFACE,
    *LINE,
    *DHCP,
    *ACCESS_LISTS,
    *ARCHIVE,
    *ASKING,
    *(Command(mode, text, source=CAPTURE) for text in SHOWS for mode in ("user", "exec")),
    *(Command("exec", text, source=CAPTURE) for text in (*PRIVILEGED_SHOWS, *EXEC)),
    *(Command("user", text, source=CAPTURE) for text in EXEC[:6]),
    *(Command(mode, "enable [<level:0-15>]", source=REFERENCE) for mode in ("user", "exec")),
    *(Command("pipe", text, source=REFERENCE) for text in PIPES),
)
