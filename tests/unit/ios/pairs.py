# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random configurations, and a keyboard for the simulator without a terminal."""

from __future__ import annotations

import random
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.management import Management

from tests.simulators.ios import configure, spelling
from tests.simulators.ios.device import Device

PEER = "192.0.2.9"
ADDRESS = "192.0.2.1"
PORTS = {"classic": "FastEthernet0/0", "xe": "GigabitEthernet1"}
SECRETS = ("cisco", "s3cret word", "Zebra#1")
NETS = [f"10.{number}.{third}.0" for number in range(3) for third in range(3)]


class Draw:
    """One random configuration. The same seed draws the same one."""

    def __init__(self, seed: str, dialect: str) -> None:
        self.random = random.Random(seed)
        self.dialect = dialect
        self.lines: list[str] = []
        self.nets = self.random.sample(NETS, len(NETS))

    def maybe(self, chance: float = 0.5) -> bool:
        return self.random.random() < chance

    def add(self, *lines: str, chance: float = 1.0) -> None:
        if self.maybe(chance):
            self.lines += lines

    def one(self, *choices: t.Any) -> t.Any:
        return self.random.choice(choices)

    def text(self) -> str:
        """The whole configuration."""
        self.system()
        self.access_lists()
        self.interfaces()
        self.services()
        self.terminals()
        return "\n".join(self.lines) + "\n"

    def system(self) -> None:
        pick = self.one
        self.add(f"hostname {pick('r1', 'edge-2', 'core')}", chance=0.8)
        self.add("service password-encryption", chance=0.4)
        self.add("service timestamps debug datetime msec", chance=0.5)
        self.add(f"service timestamps log {pick('uptime', 'datetime')}", chance=0.5)
        self.add(f"enable secret {pick(*SECRETS)}", chance=0.7)
        self.add(f"enable password {pick('alpha', 'beta gamma')}", chance=0.3)
        self.add("username ops privilege 15 secret cisco")
        self.add(
            f"username bob{pick('', ' privilege 15', ' privilege 7')} {pick('secret', 'password 0')} {pick(*SECRETS)}",
            chance=0.6,
        )
        self.add("no ip domain lookup", chance=0.5)
        self.add(f"ip domain name {pick('a.example', 'b.example')}")
        self.add("no ip subnet-zero", chance=0.2)
        self.add("no ip source-route", chance=0.3)
        for server in self.random.sample(["9.9.9.9", "8.8.8.8", "1.1.1.1"], self.one(0, 1, 2)):
            self.add(f"ip name-server {server}")
        self.add("ip ssh version 2", chance=0.7)
        self.add(f"ip ssh time-out {pick(30, 60, 120)}", chance=0.4)
        self.add(f"ip ssh authentication-retries {pick(2, 3)}", chance=0.4)

    def access_lists(self) -> None:
        hosts = ["permit 10.1.1.1", "permit 10.2.0.0 0.0.255.255", "deny 10.9.0.0 0.0.0.255", "remark who", "deny any"]
        for name in ("10", "MGMT"):
            if self.maybe(0.6):
                entries = self.random.sample(hosts[:-1], self.one(1, 2, 3))
                entries.insert(self.random.randrange(len(entries) + 1), f"permit {PEER}")
                self.add(f"ip access-list standard {name}", *(f" {entry}" for entry in entries))
                self.add(" deny any", chance=0.5)
        wide = [
            "permit tcp any any eq 22",
            "permit udp any any eq 53",
            "deny tcp any host 10.0.0.5 eq www",
            "permit icmp any any",
            "deny ip 10.7.0.0 0.0.255.255 any log",
            "permit ip 10.0.0.0 0.255.255.255 any",
            "permit tcp 192.0.2.0 0.0.0.255 any eq 22",
        ]
        for name in ("110", "EDGE"):
            if self.maybe(0.5):
                self.add(f"ip access-list extended {name}")
                self.add(*(f" {entry}" for entry in self.random.sample(wide, self.one(1, 3, 5))))

    def interfaces(self) -> None:
        management = PORTS[self.dialect]
        self.add(f"interface {management}", f" ip address {ADDRESS} 255.255.255.0")
        self.add(f" description to {self.one('ops', 'the #1', 'x y')}", chance=0.5)
        if self.maybe(0.4):
            self.add(" ip address 198.51.100.1 255.255.255.0 secondary")
        elif self.maybe(0.3):
            self.nets.append("198.51.100.0")  # another interface takes it
        others = {"classic": ["FastEthernet0/1", "Ethernet1/0"], "xe": ["GigabitEthernet2", "GigabitEthernet3"]}
        loops = [f"Loopback{number}" for number in self.random.sample(range(3), self.one(0, 1, 2))]
        self.add(
            "interface GigabitEthernet2.10" if self.dialect == "xe" else "interface FastEthernet0/1.10",
            f" encapsulation dot1Q {self.one(10, 20)}",
            chance=0.3,
        )
        for name in [*others[self.dialect], *loops]:
            if self.maybe(0.75):
                self.interface(name)

    def interface(self, name: str) -> None:
        self.add(f"interface {name}")
        self.add(f" description {self.one('lan', 'no shutdown', 'R9(config)#')}", chance=0.5)
        if self.maybe(0.7):
            net = self.nets.pop().rpartition(".")[0]
            self.add(f" ip address {net}.{self.one(1, 2)} {self.one('255.255.255.0', '255.255.255.128')}")
            other = self.nets[-1].rpartition(".")[0] if self.nets else net
            if self.maybe(0.4) and other != net:
                self.nets.pop()
                self.add(f" ip address {other}.{self.one(1, 2)} 255.255.255.0 secondary")
        for helper in self.random.sample(["10.50.0.1", "10.50.0.2", "10.50.0.3"], self.one(0, 0, 1, 2)):
            self.add(f" ip helper-address {helper}")
        self.add(f" ip access-group {self.one('110', 'EDGE')} {self.one('in', 'out')}", chance=0.3)
        self.add(" no ip proxy-arp", chance=0.2)
        self.add(" no cdp enable", chance=0.2)
        self.add(f" ip mtu {self.one(1400, 1492)}", chance=0.2)
        self.add(" shutdown", chance=0.4)

    def services(self) -> None:
        pick = self.one
        self.add("ip dhcp excluded-address 10.0.0.1 10.0.0.9", chance=0.4)
        self.add(f"ip dhcp excluded-address 10.0.1.{pick(1, 2)}", chance=0.4)
        for name in ("LAN", "GUEST"):
            if self.maybe(0.5):
                self.add(f"ip dhcp pool {name}", f" network 10.{pick(3, 4)}.0.0 255.255.255.0")
                self.add(f" default-router 10.3.0.{pick(1, 2)}", chance=0.7)
                self.add(f" dns-server {pick('9.9.9.9', '9.9.9.9 1.1.1.1')}", chance=0.6)
                self.add(f" domain-name {pick('a', 'b')}.example", chance=0.4)
                self.add(f" lease {pick('infinite', '1', '3 12 15', '0 2', '7')}", chance=0.6)
        self.add("no ip http server", chance=0.5)
        for net in self.random.sample(["172.16.0.0", "172.17.0.0", "172.18.0.0"], self.one(0, 1, 2)):
            self.add(f"ip route {net} 255.255.0.0 192.0.2.{pick(8, 9)}{pick('', ' 200', ' name x')}")
        self.add("logging buffered 8192", chance=0.4)
        self.add(f"logging host 10.50.0.{pick(1, 2)}", chance=0.4)
        self.add("no cdp run", chance=0.2)
        self.add(f"cdp timer {pick(30, 60)}", f"cdp holdtime {pick(90, 180)}", chance=0.5)
        self.add(f"ntp master{pick('', ' 3', ' 8')}", chance=0.3)
        for server in self.random.sample(["10.60.0.1", "10.60.0.2"], self.one(0, 1, 2)):
            self.add(f"ntp server {server}{pick('', ' prefer', ' version 3', ' version 4', ' version 2 prefer')}")
        for kind in ("motd", "login", "exec"):
            self.add(
                f"banner {kind} #{pick('hi', 'no shutdown', chr(10) + 'two' + chr(10) + ' ! rows' + chr(10))}#",
                chance=0.4,
            )
        if self.maybe(0.4):
            self.add("archive", " log config", "  logging enable", f"  logging size {pick(100, 200)}")
            self.add("  hidekeys", chance=0.5)
            self.add(" path flash:a", chance=0.5)
            self.add(f" maximum {pick(5, 10)}", chance=0.5)

    def terminals(self) -> None:
        self.add("line con 0")
        self.terminal(local=0.4)
        if self.maybe(0.5):
            self.vty("0 4", 1.0)
            self.vty("5 15", 0.5)
        else:
            self.vty(self.one("0 2", "0 4"), 1.0)
            self.vty("3 4", 0.7)

    def vty(self, numbers: str, chance: float) -> None:
        if not self.maybe(chance):
            return
        self.add(f"line vty {numbers}")
        self.add(f" access-class {self.one('MGMT', '10')} in", chance=0.3)
        self.terminal(local=1.0)
        self.add(f" transport input {self.one('ssh', 'telnet ssh', 'all')}")

    def terminal(self, local: float) -> None:
        self.add(f" exec-timeout {self.one('5', '0 0', '10 0', '20 30')}", chance=0.5)
        self.add(f" password {self.one('alpha', 'x y')}", chance=0.4)
        self.add(" logging synchronous", chance=0.5)
        self.add(" login local" if self.maybe(local) else " no login")


def device(text: str, dialect: str) -> Device:
    """A router that has this running-config."""
    made = Device("r1", dialect, management=(PORTS[dialect], PEER))
    made.config, refused = made.loaded(text)
    if refused:
        raise AssertionError(f"the simulator refuses {refused}")
    made.make_key(2048)
    return made


def way(dialect: str) -> Management:
    """What a session of the tests comes in by."""
    return Management(True, False, PEER, ADDRESS, PORTS[dialect], 0, "ops", "ssh", 22)


class Refused(Exception):
    """The device did not take a line."""


def type_in(router: Device, lines: t.Iterable[t.Any]) -> list[str]:
    """Type the lines of a plan in configuration mode; returns those after which no new session could come in.

    :raises Refused: the device complained
    """
    context = configure.Context("config", "config")
    cut = []
    for line in lines:
        if line.text == "exit":
            context = context.above[-1] if context.above else configure.Context("config", "config")
            continue
        first, *rows = line.text.split("\n")
        spelled = spelling.spell(router.dialect, context.mode, first)
        if not isinstance(spelled, spelling.Spelled):
            raise Refused(f"{line.text}: {spelled}")
        change = configure.Change(router, router.config, context, spelled)
        if spelled.banner:
            change.given = configure.ended([spelled.banner[1], *rows], spelled.banner[0])
        change.apply()
        if not change.done and change.answer:
            raise Refused(f"{line.text}: {change.answer}")
        context = change.context
        if not router.reachable():
            cut.append(line.masked)
    return cut


def running(router: Device) -> str:
    """What C(show running-config) prints."""
    return "\n".join(["Building configuration...", "", "Current configuration : 1 bytes", *router.running()])
