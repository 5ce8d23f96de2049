# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The running-config as text, from the typed state."""

from __future__ import annotations

import datetime
import typing as t

from .state import AccessList, Config, Interface, Line, Pool, User, rank

if t.TYPE_CHECKING:
    from .device import Device

END_OF_TEXT = "^C"
VERSIONS = {"classic": "12.4", "xe": "17.3"}
Block = list[str]


def body(device: Device) -> list[str]:
    """The configuration from C(version) to C(end), blocks parted by C(!)."""
    lines = []
    for block in blocks(device.config):
        lines += [*block, "!"]
    rows = [row for line in lines for row in line.split("\n")]
    return ["!", *rows, "end"]


def running(device: Device, *, everything: bool = False) -> list[str]:
    """What ``show running-config`` prints."""
    text = body(device)
    head = []
    if device.changed_at:
        head.append(f"! Last configuration change at {_stamp(device.changed_at)} by {device.changed_by}")
    if device.saved_at:
        head.append(f"! NVRAM config last updated at {_stamp(device.saved_at)}")
    if head:
        head = ["!", *head]
    if everything:
        text = [line for line in text if line != "end"] + defaults(device.config) + ["end"]
    size = sum(len(line) + 2 for line in head + text)
    return ["Building configuration...", "", f"Current configuration : {size} bytes", *head, *text, ""]


def _stamp(when: datetime.datetime) -> str:
    return when.strftime("%H:%M:%S UTC %a %b ") + f"{when.day} {when.year}"


def defaults(config: Config) -> list[str]:
    """The lines that only ``show running-config all`` prints."""
    lines = ["cdp run"] if config.cdp else []
    lines += [f"cdp timer {config.cdp_timer}"] if config.cdp_timer == 60 else []
    return lines + ([f"cdp holdtime {config.cdp_holdtime}"] if config.cdp_holdtime == 180 else [])


def plain(text: str) -> list[str]:
    """A configuration's lines without comments and volatile ones."""
    lines = [line.rstrip() for line in text.split("\n")]
    return [line for line in lines if line and not line.startswith(("!", "ntp clock-period", "end"))]


def blocks(config: Config) -> list[Block]:
    """The blocks in the order in which the device prints them."""
    parts = [
        _services(config),
        [f"hostname {config.hostname}"],
        ["boot-start-marker", "boot-end-marker"],
        _logging(config),
        _enable(config),
        list(config.aaa),
        _ip(config),
        [f"ip dhcp excluded-address {' '.join(pair)}" for pair in config.excluded],
        *(_pool(pool) for pool in config.pools.values()),
        *(_user(user) for user in config.users.values()),
        _archive(config),
        _settings(config.settings, "ip ssh version", "ip ssh time-out", "ip ssh authentication-retries"),
        *(_interface(config, config.interfaces[name]) for name in sorted(config.interfaces, key=rank)),
        *(block.split("\n") for block in config.foreign),
        _routing(config),
        *(_access_list(config, chosen) for chosen in config.lists.values()),
        _remote_logging(config),
        _cdp(config),
        ["control-plane"],
        *([_banner(kind, config.banners[kind])] for kind in ("exec", "login", "motd") if kind in config.banners),
        _lines(config),
        _ntp(config),
    ]
    return [part for part in parts if part]


def _settings(settings: t.Mapping[str, t.Any], *names: str, indent: str = "") -> Block:
    return [f"{indent}{name} {settings[name]}".rstrip() for name in names if name in settings]


def _switches(switches: t.Mapping[str, bool], *names: str, indent: str = "") -> Block:
    return [f"{indent}{'' if switches[name] else 'no '}{name}" for name in names if name in switches]


def _services(config: Config) -> Block:
    others = sorted(name for name in config.switches if name.startswith("service "))
    return [
        f"version {VERSIONS[config.dialect]}",
        *(f"service timestamps {kind} {config.timestamps[kind]}" for kind in sorted(config.timestamps)),
        *_switches(config.switches, *others),
        f"{'' if config.encryption else 'no '}service password-encryption",
    ]


def _logging(config: Config) -> Block:
    lines = _settings(config.settings, "logging buffered")
    console = config.logging.get("console")
    if console is not None:
        lines.append("no logging console" if console == "off" else f"logging console {console}".rstrip())
    return lines


def _enable(config: Config) -> Block:
    lines = [
        f"enable {kind} level {level} {one.shown()}" for (kind, level), one in sorted(config.enable_levels.items())
    ]
    lines += [f"enable secret {config.enable_secret.shown()}"] if config.enable_secret else []
    return lines + ([f"enable password {config.enable_password.shown()}"] if config.enable_password else [])


def _ip(config: Config) -> Block:
    lines = [] if config.subnet_zero else ["no ip subnet-zero"]
    lines += _switches(config.switches, "ip source-route", "ip cef", "ip routing")
    lines += [] if config.lookup else ["no ip domain lookup"]
    if config.domain:
        lines.append(f"ip domain{'-' if config.dialect == 'classic' else ' '}name {config.domain}")
    return lines + [f"ip name-server {one}" for one in config.settings.get("ip name-server", "").split()]


def _pool(pool: Pool) -> Block:
    lines = [f"ip dhcp pool {pool.name}"]
    lines += [f" network {pool.network.ip} {pool.network.mask}"] if pool.network else []
    lines += [f" default-router {' '.join(pool.routers)}"] if pool.routers else []
    lines += [f" dns-server {' '.join(pool.dns)}"] if pool.dns else []
    lines += [f" domain-name {pool.domain}"] if pool.domain else []
    if pool.lease is not None:
        lines.append(f" lease {' '.join(map(str, pool.lease)) or 'infinite'}")
    return lines + [f" {line}" for line in pool.foreign]


def _user(user: User) -> Block:
    line = f"username {user.name}" + (f" privilege {user.privilege}" if user.privilege != 1 else "")
    if user.secret:
        line += f" secret {user.secret.shown()}"
    elif user.password:
        line += f" password {user.password.kind} {user.password.text}"
    elif user.free:
        line += " nopassword"
    return [line]


def _archive(config: Config) -> Block:
    archive = config.archive
    if archive is None:
        return []
    lines = ["archive"]
    if archive.log:
        lines.append(" log config")
        lines += _switches(archive.log_settings, "logging enable", indent="  ")
        lines += _settings(archive.log_settings, "logging size", indent="  ")
        lines += _switches(archive.log_settings, "hidekeys", indent="  ")
        lines += _settings(archive.log_settings, "notify syslog", indent="  ")
    lines += [f" path {archive.path}"] if archive.path else []
    lines += [f" maximum {archive.maximum}"] if archive.maximum != 10 else []
    lines += [f" time-period {archive.period}"] if archive.period is not None else []
    return lines + ([" write-memory"] if archive.write_memory else [])


def _interface(config: Config, interface: Interface) -> Block:
    lines = [f"interface {interface.name}"]
    lines += [f" description {interface.description}"] if interface.description is not None else []
    lines += _settings(interface.settings, "bandwidth", "mtu", "encapsulation dot1Q", indent=" ")
    lines += [f" ip address {one.ip} {one.mask} secondary" for one in interface.secondaries]
    if interface.primary:
        lines.append(f" ip address {interface.primary.ip} {interface.primary.mask}")
    else:
        lines.append(" ip address dhcp" if interface.dhcp else " no ip address")
    lines += [f" ip access-group {interface.groups[way]} {way}" for way in ("in", "out") if way in interface.groups]
    lines += [f" ip helper-address {one}" for one in interface.helpers]
    lines += _settings(interface.settings, "ip nat", indent=" ")
    lines += _switches(interface.settings, "ip proxy-arp", "ip redirects", "ip unreachables", indent=" ")
    lines += _settings(interface.settings, "ip mtu", indent=" ")
    lines += [f" {line}" for line in interface.foreign]
    lines += [" shutdown"] if interface.shutdown else []
    lines += _settings(interface.settings, "duplex", "speed", indent=" ")
    lines += _switches(interface.settings, "negotiation auto", indent=" ")
    return lines + ([] if interface.cdp else [" no cdp enable"])


def _routing(config: Config) -> Block:
    lines = _settings(config.settings, "ip default-gateway")
    lines += _switches(config.switches, "ip forward-protocol nd", "ip http server", "ip http secure-server")
    return lines + [f"ip route {route}" for route in config.routes.values()]


def _access_list(config: Config, chosen: AccessList) -> Block:
    entries = [(key, chosen.entries[key]) for key in sorted(chosen.entries)]
    if config.dialect == "classic" and chosen.name.isdigit():
        return [f"access-list {chosen.name} {text}" for _key, text in entries]
    numbers = config.dialect == "xe"
    lines = [f" {key} {text}" if numbers else f" {text}" for key, text in entries]
    return [f"ip access-list {chosen.kind} {chosen.name}", *lines]


def _remote_logging(config: Config) -> Block:
    word = "logging" if config.dialect == "classic" else "logging host"
    return _settings(config.settings, "logging trap") + [f"{word} {host}" for host in config.logging_hosts]


def _cdp(config: Config) -> Block:
    lines = [] if config.cdp else ["no cdp run"]
    lines += [f"cdp timer {config.cdp_timer}"] if config.cdp_timer != 60 else []
    return lines + ([f"cdp holdtime {config.cdp_holdtime}"] if config.cdp_holdtime != 180 else [])


def _banner(kind: str, text: str) -> str:
    """One item of several rows: it is printed as it was typed."""
    return f"banner {kind} {END_OF_TEXT}{text}{END_OF_TEXT}"


def _lines(config: Config) -> Block:
    text: Block = []
    for kind in ("con", "aux"):
        line = next(line for line in config.lines if line.kind == kind)
        text += [f"line {kind} 0", *_line(line)]
    for first, last, line in vty_ranges(config):
        text += [f"line vty {first} {last}" if first != last else f"line vty {first}", *_line(line)]
    return text


def vty_ranges(config: Config) -> list[tuple[int, int, Line]]:
    """Lines that are configured alike, as ranges; the first five never share one with the rest."""
    ranges: list[tuple[int, int, Line]] = []
    for line in sorted((line for line in config.lines if line.kind == "vty"), key=lambda line: line.number):
        if ranges and line.number != 5 and ranges[-1][2].same_as(line):
            ranges[-1] = (ranges[-1][0], line.number, ranges[-1][2])
        else:
            ranges.append((line.number, line.number, line))
    return ranges


def _line(line: Line) -> Block:
    lines = [f" access-class {line.access[way]} {way}" for way in ("in", "out") if way in line.access]
    lines = [_also(text) for text in lines]
    lines += [f" exec-timeout {line.timeout[0]} {line.timeout[1]}"] if line.timeout != (10, 0) else []
    lines += [f" privilege level {line.privilege}"] if line.privilege != 1 else []
    lines += [f" password {line.password.shown()}"] if line.password else []
    lines += [" logging synchronous"] if line.synchronous else []
    if line.login != "none":
        lines.append(" login" if line.login == "line" else f" login {line.login}")
    elif line.kind == "vty":
        lines.append(" no login")
    lines += _settings(line.settings, "history size", "session-timeout", "stopbits", "transport preferred", indent=" ")
    lines += [f" transport input {' '.join(line.transport)}"] if line.transport_given else []
    lines += _settings(line.settings, "transport output", indent=" ")
    return lines + [f" {one}" for one in line.foreign]


def _also(text: str) -> str:
    """``access-class NAME vrf-also in`` is printed with the direction before the option."""
    words = text.split()
    return " " + " ".join([words[0], words[1], words[-1], *words[2:-1]])


def _ntp(config: Config) -> Block:
    lines = _settings(config.settings, "ntp clock-period")
    if config.ntp_master is not None:
        lines.append("ntp master" if config.ntp_master == 8 else f"ntp master {config.ntp_master}")
    for server, options in config.ntp_servers.items():
        words = [
            f"{name} {options[name]}".rstrip() for name in ("version", "key", "source", "prefer") if name in options
        ]
        lines.append(" ".join([f"ntp server {server}", *words]))
    return lines
