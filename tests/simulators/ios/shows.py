# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The show commands, computed from the device's state in the layout of published captures."""

from __future__ import annotations

import datetime
import ipaddress
import re
import typing as t

from . import render
from .execs import EXEC
from .state import Address, Interface, rank

if t.TYPE_CHECKING:
    from .device import Device
    from .shell import Shell

SHORT = {
    "Ethernet": "Et",
    "FastEthernet": "Fa",
    "GigabitEthernet": "Gi",
    "TenGigabitEthernet": "Te",
    "Serial": "Se",
    "Loopback": "Lo",
    "Tunnel": "Tu",
    "Vlan": "Vl",
    "Port-channel": "Po",
}
SPEEDS = {
    "Ethernet": 10000,
    "FastEthernet": 100000,
    "TenGigabitEthernet": 10000000,
    "Serial": 1544,
    "Loopback": 8000000,
}
ROUTE_CODES = (
    "Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP",
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ",
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2",
    "       E1 - OSPF external type 1, E2 - OSPF external type 2",
    "       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2",
    "       ia - IS-IS inter area, * - candidate default, U - per-user static route",
    "       o - ODR, P - periodic downloaded static route, H - NHRP, l - LISP",
    "       + - replicated route, % - next hop override",
    "",
)

Show = t.Callable[..., t.Iterable[str]]


def show(*spellings: str, level: int = 1) -> t.Callable[[Show], Show]:
    """Register a function from device and arguments to lines."""

    def register(function: Show) -> Show:
        async def handler(shell: Shell, *arguments: str) -> None:
            await shell.terminal.page(list(function(shell, *arguments)))

        EXEC.command(*(f"show {spelling}" for spelling in spellings), level=level)(handler)
        return function

    return register


def short(name: str) -> str:
    """An interface's name as tables print it."""
    for full, cut in SHORT.items():
        if name.startswith(full):
            return cut + name[len(full) :]
    return name


def uptime(device: Device) -> str:
    """How long the device is up, in words."""
    minutes = int((device.now() - device.booted).total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours} hour{'s' * (hours != 1)}, " if hours else "") + f"{minutes} minute{'s' * (minutes != 1)}"


def up(device: Device, interface: Interface) -> tuple[str, str]:
    """An interface's status and its line protocol's."""
    if interface.shutdown:
        return "administratively down", "down"
    port = device.ports.get(interface.name.partition(".")[0])
    linked = port is None or port.link
    return ("up", "up") if linked else ("down", "down")


def addresses(device: Device) -> t.Iterator[tuple[Interface, Address]]:
    """Every address with its interface, in the order of the interfaces."""
    for name in sorted(device.config.interfaces, key=rank):
        for address in device.config.interfaces[name].addresses:
            yield device.config.interfaces[name], address


def prefix(address: Address) -> ipaddress.IPv4Interface:
    return ipaddress.IPv4Interface(f"{address.ip}/{address.mask}")


# Configuration


@EXEC.command("write terminal", level=15)
async def write_terminal(shell: Shell) -> None:
    await shell.terminal.page(shell.device.running())


@show("running-config", level=15)
def running(shell: Shell) -> list[str]:
    return shell.device.running()


@show("running-config all", level=15)
def running_all(shell: Shell) -> list[str]:
    return shell.device.running(everything=True)


@show("running-config interface <name> <number>", "running-config interface <name>", level=15)
def running_interface(shell: Shell, *words: str) -> list[str]:
    name = shell.interface("".join(words))
    block = next((one for one in render.blocks(shell.device.config) if one[0] == f"interface {name}"), [])
    return [
        "Building configuration...",
        "",
        f"Current configuration : {sum(map(len, block))} bytes",
        "!",
        *block,
        "end",
        "",
    ]


@show("startup-config", "configuration", level=15)
def startup(shell: Shell) -> list[str]:
    text = shell.device.startup
    if text is None:
        return ["startup-config is not present"]
    return [f"Using {len(text)} out of 262136 bytes", *text.rstrip("\n").split("\n"), ""]


@show("archive", level=15)
def archive(shell: Shell) -> list[str]:
    kept = shell.device.config.archive
    if not (kept and kept.path):
        return ["Archive feature not enabled"]
    files = [url for url in shell.device.files if url.startswith(kept.path)]
    lines = [f"The maximum archive configurations allowed is {kept.maximum}."]
    lines += [
        f"There are currently {len(files)} archive configurations saved.",
        f"The next archive file will be named {kept.path}-{len(files) + 1}",
    ]
    lines += [" Archive #  Name"]
    return lines + [
        f"   {at + 1}        {url}{' <- Most Recent' * (at == len(files) - 1)}" for at, url in enumerate(files)
    ]


@show("archive config rollback timer", level=15)
def rollback_timer(shell: Shell) -> list[str]:
    timer = shell.device.timers.get("rollback")
    if timer is None:
        return ["%No Rollback Confirmed Change pending"]
    return [
        f"Time configured(or reconfigured): {shell.device.now():%H:%M:%S UTC %a %b %d %Y}",
        "Timer type: absolute timer",
        f"Timer value: {timer.minutes} min",
        f"User: {timer.user}",
    ]


@show("reload")
def scheduled(shell: Shell) -> list[str]:
    timer = shell.device.timers.get("reload")
    if timer is None:
        return ["No reload is scheduled."]
    return [
        f"Reload scheduled in {timer.minutes} minutes by {timer.user} on {shell.title}",
        "Reload reason: Reload Command",
    ]


# The device


@show("version")
def version(shell: Shell) -> list[str]:
    device = shell.device
    host = device.config.hostname
    return (_version_xe if device.dialect == "xe" else _version_classic)(device, host)


def _ports(device: Device) -> list[str]:
    counts: dict[str, int] = {}
    for name in device.ports:
        kind = Interface(name).kind
        counts[kind] = counts.get(kind, 0) + 1
    words = {"GigabitEthernet": "Gigabit Ethernet"}
    return [f"{count} {words.get(kind, kind)} interface{'s' * (count > 1)}" for kind, count in counts.items()]


def _version_classic(device: Device, host: str) -> list[str]:
    return [
        "Cisco IOS Software, 3700 Software (C3725-ADVENTERPRISEK9-M), Version 12.4(15)T14, RELEASE SOFTWARE (fc2)",
        "Technical Support: http://www.cisco.com/techsupport",
        "Compiled by nfvlab, as a SIMULATOR of IOS",
        "",
        "ROM: ROMMON Emulation Microcode",
        "ROM: 3700 Software (C3725-ADVENTERPRISEK9-M), Version 12.4(15)T14, RELEASE SOFTWARE (fc2)",
        "",
        f"{host} uptime is {uptime(device)}",
        "System returned to ROM by unknown reload cause - suspect boot_data[BOOT_COUNT] 0x0, BOOT_COUNT 0, BOOTDATA 19",
        'System image file is "tftp://255.255.255.255/unknown"',
        "",
        "Cisco 3725 (R7000) processor (revision 0.1) with 249856K/12288K bytes of memory.",
        f"Processor board ID {device.serial}",
        "R7000 CPU at 240MHz, Implementation 39, Rev 2.1, 256KB L2, 512KB L3 Cache",
        *_ports(device),
        "DRAM configuration is 64 bits wide with parity enabled.",
        "55K bytes of NVRAM.",
        "",
        "Configuration register is 0x2102",
        "",
    ]


def _version_xe(device: Device, host: str) -> list[str]:
    return [
        "Cisco IOS XE Software, Version 17.03.04a",
        "Cisco IOS Software [Amsterdam], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.3.4a, "
        "RELEASE SOFTWARE (fc3)",
        "Technical Support: http://www.cisco.com/techsupport",
        "Compiled by nfvlab, as a SIMULATOR of IOS XE",
        "",
        "ROM: IOS-XE ROMMON",
        "",
        f"{host} uptime is {uptime(device)}",
        f"Uptime for this control processor is {uptime(device)}",
        "System returned to ROM by reload",
        'System image file is "bootflash:packages.conf"',
        "Last reload reason: reload",
        "",
        "cisco CSR1000V (VXE) processor (revision VXE) with 2072046K/3075K bytes of memory.",
        f"Processor board ID {device.serial}",
        "Router operating mode: Autonomous",
        *_ports(device),
        "32768K bytes of non-volatile configuration memory.",
        "3978420K bytes of physical memory.",
        "6188032K bytes of virtual hard disk at bootflash:.",
        "",
        "Configuration register is 0x2102",
        "",
    ]


@show("clock")
def clock(shell: Shell) -> list[str]:
    now = shell.device.now()
    return [f"*{now:%H:%M:%S}.{now.microsecond // 1000:03d} UTC {now:%a %b} {now.day} {now.year}"]


@show("inventory")
def inventory(shell: Shell) -> list[str]:
    pid = "CSR1000V" if shell.device.dialect == "xe" else "CISCO3725"
    return [
        f'NAME: "Chassis", DESCR: "Cisco {pid} Chassis (SIMULATOR)"',
        f"PID: {pid:<18}, VID: V00  , SN: {shell.device.serial}",
        "",
    ]


@show("privilege")
def privilege(shell: Shell) -> list[str]:
    return [f"Current privilege level is {shell.level}"]


@show("history")
def history(shell: Shell) -> list[str]:
    return [f"  {line}" for line in shell.terminal.history]


@show("logging")
def logging(shell: Shell) -> list[str]:
    return [
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns)",
        "",
        f"Log Buffer ({shell.device.config.settings.get('logging buffered', '8192').split()[0]} bytes):",
        "",
        *shell.device.logged,
    ]


@show("hosts")
def hosts(shell: Shell) -> list[str]:
    config = shell.device.config
    return [
        f"Default domain is {config.domain}" if config.domain else "Default domain is not set",
        "Name/address lookup uses domain service",
    ]


@show("terminal")
def terminal(shell: Shell) -> list[str]:
    return [
        f'Line {shell.number}, Location: "", Type: ""',
        f"Length: {shell.terminal.length} lines, Width: {shell.terminal.width} columns",
    ]


@show("boot")
def boot(shell: Shell) -> list[str]:
    return [
        "BOOT variable does not exist",
        "CONFIG_FILE variable does not exist",
        "BOOTLDR variable does not exist",
        "Configuration register is 0x2102",
    ]


@show("file systems", level=15)
def file_systems(shell: Shell) -> list[str]:
    lines = ["File Systems:", "", "       Size(b)       Free(b)      Type  Flags  Prefixes"]
    lines += ["             -             -    opaque     rw   system:"]
    for name in shell.device.filesystems:
        kind = "nvram" if name == "nvram:" else "disk"
        mark = "*" if name != "nvram:" else " "
        lines.append(f"{mark}    1073741824     805306368 {kind:>9}     rw   {name}")
    return lines


def _path(url: str) -> str:
    return url.partition(":")[2]


def _directory(shell: Shell, url: str) -> list[str]:
    if not any(url.startswith(system) for system in shell.device.filesystems):
        return [f"%Error opening {url} (No such device)"]
    lines = [f"Directory of {url}/", ""]
    for at, (name, text) in enumerate(shell.device.files.items()):
        if name.startswith(url):
            lines.append(
                f"{at + 1:5}  -rw-  {len(text):12}  {shell.device.now():%b %d %Y %H:%M:%S +00:00}  {_path(name)}"
            )
    free = 0 if shell.device.faults.nvram_full else 805306368
    return [*lines, "", f"1073741824 bytes total ({free} bytes free)"]


@EXEC.command("dir", level=15)
async def dir_default(shell: Shell) -> None:
    await dir_of(shell, shell.device.filesystems[0] if shell.device.filesystems else "flash:")


@EXEC.command("dir <url>", level=15)
async def dir_of(shell: Shell, url: str) -> None:
    await shell.terminal.page(_directory(shell, url))


@EXEC.command("more <url>", level=15)
async def more(shell: Shell, url: str) -> None:
    text = shell.device.files.get(url)
    await shell.terminal.page(
        [f"%Error opening {url} (No such file or directory)"] if text is None else text.rstrip("\n").split("\n")
    )


@show("flash:", level=15)
def flash(shell: Shell) -> list[str]:
    return _directory(shell, "flash:")


@show("bootflash:", level=15)
def bootflash(shell: Shell) -> list[str]:
    return _directory(shell, "bootflash:")


# Lines and users


@show("users")
def users(shell: Shell) -> list[str]:
    lines = ["    Line       User       Host(s)              Idle       Location"]
    for other in sorted(shell.device.shells, key=lambda one: one.absolute):
        mark = "*" if other is shell else " "
        where = other.peer if other.kind == "vty" else ""
        name = f"{mark}{other.absolute:3} {other.kind} {other.number}     {other.user:<10}"
        lines.append(f"{name} idle                 00:00:00 {where}")
    return [*lines, "", "  Interface    User               Mode         Idle     Peer Address", ""]


@show("line", "line <number>", "line vty <number>")
def line(shell: Shell, *numbers: str) -> list[str]:
    lines = ["   Tty Line Typ     Tx/Rx    A Modem  Roty AccO AccI  Uses  Noise Overruns  Int"]
    base = {"con": 0, "aux": 1, "vty": 2}
    busy = {(other.kind, other.number) for other in shell.device.shells}
    for one in sorted(shell.device.config.lines, key=lambda one: base[one.kind] + one.number):
        at = base[one.kind] + one.number
        if numbers and numbers[0] != str(one.number if "vty" in shell.line_text else at):
            continue
        kind = {"con": "CTY", "aux": "AUX", "vty": "VTY"}[one.kind]
        mark = "*" if (one.kind, one.number) in busy else " "
        out, inside = (one.access.get(way, "-").split()[0] for way in ("out", "in"))
        rate = "9600/9600" if kind == "AUX" else ""
        lines.append(
            f"{mark}{at:6}{at:5} {kind} {rate:>12} -    -      - {out:>4} {inside:>4} {0:5} {0:6} {'0/0':>8}    -"
        )
    return [*lines, ""]


@show("ssh", level=15)
def ssh(shell: Shell) -> list[str]:
    lines = ["Connection Version Mode Encryption  Hmac         State                 Username"]
    for other in shell.device.shells:
        if other.kind == "vty" and other.secure:
            for way in ("IN ", "OUT"):
                lines.append(
                    f"{other.number:<10} 2.0     {way}  aes256-ctr  hmac-sha2-256  Session started       {other.user}"
                )
    return [*lines, "%No SSHv1 server connections running."]


@show("tcp brief")
def tcp_brief(shell: Shell) -> list[str]:
    lines = ["TCB       Local Address               Foreign Address             (state)"]
    for other in shell.device.shells:
        if other.kind == "vty":
            here = f"{other.came_to or '127.0.0.1'}.{22 if other.secure else 23}"
            lines.append(f"{id(other) & 0xFFFFFFFF:08X}  {here:<27} {f'{other.peer}.50022':<27} ESTAB")
    return lines


@show("ip ssh")
def ip_ssh(shell: Shell) -> list[str]:
    device = shell.device
    settings = device.config.settings
    if device.ssh_version is None:
        return [
            f"SSH Disabled - version {'2.0' if settings.get('ip ssh version') == '2' else '1.99'}",
            "%Please create RSA keys to enable SSH (and of atleast 768 bits for SSH v2).",
        ]
    return [
        f"SSH Enabled - version {device.ssh_version}",
        f"Authentication timeout: {settings.get('ip ssh time-out', '120')} secs; "
        f"Authentication retries: {settings.get('ip ssh authentication-retries', '3')}",
        "Minimum expected Diffie Hellman key size : 1024 bits",
    ]


@show("crypto key mypubkey rsa", level=15)
def crypto_key(shell: Shell) -> list[str]:
    lines = []
    for key in shell.device.keys.values():
        lines += [
            f"% Key pair was generated at: {key.made:%H:%M:%S UTC %b} {key.made.day} {key.made.year}",
            f"Key name: {key.name}",
            "Key type: RSA KEYS",
            " Storage Device: private-config",
            " Usage: General Purpose Key",
            " Key is not exportable.",
            " Key Data:",
            *_hex(key.data),
        ]
    return lines


def _hex(data: bytes) -> t.Iterator[str]:
    """Eight groups of eight digits in a row."""
    text = data.hex().upper()
    for at in range(0, len(text), 64):
        row = text[at : at + 64]
        yield "  " + " ".join(row[group : group + 8] for group in range(0, len(row), 8)) + " "


@show("banner motd", "banner login", "banner exec")
def banner(shell: Shell) -> list[str]:
    return shell.device.config.banners.get(shell.line_text.split()[-1], "").split("\n")


# Interfaces


@show("interfaces description")
def descriptions(shell: Shell) -> list[str]:
    device = shell.device
    lines = ["Interface                      Status         Protocol Description"]
    for name in sorted(device.config.interfaces, key=rank):
        interface = device.config.interfaces[name]
        status, protocol = up(device, interface)
        status = "admin down" if status.startswith("admin") else status
        lines.append(f"{short(name):<30} {status:<14} {protocol:<8} {interface.description or ''}".rstrip())
    return lines


@show("ip interface brief")
def brief(shell: Shell) -> list[str]:
    device = shell.device
    lines = ["Interface                  IP-Address      OK? Method Status                Protocol"]
    for name in sorted(device.config.interfaces, key=rank):
        interface = device.config.interfaces[name]
        status, protocol = up(device, interface)
        address = interface.primary.ip if interface.primary else "unassigned"
        method = "manual" if interface.primary else ("DHCP" if interface.dhcp else "unset")
        lines.append(f"{name:<26} {address:<15} YES {method:<6} {status:<21} {protocol}")
    return lines


def _chosen(shell: Shell, words: tuple[str, ...]) -> list[Interface]:
    known = shell.device.config.interfaces
    if not words:
        return [known[name] for name in sorted(known, key=rank)]
    name = shell.interface("".join(words))
    return [known[name]] if name else []


@show("interfaces", "interfaces <name>", "interfaces <name> <number>")
def interfaces(shell: Shell, *words: str) -> list[str]:
    chosen = _chosen(shell, words)
    if words and not chosen:
        return [
            " " * (len(shell.prompt()) + len("show interfaces ")) + "^",
            "% Invalid input detected at '^' marker.",
            "",
        ]
    return [line for interface in chosen for line in _interface(shell.device, interface)]


def _interface(device: Device, interface: Interface) -> list[str]:
    status, protocol = up(device, interface)
    port = device.ports.get(interface.name)
    mac = port.mac if port else ""
    mtu = interface.settings.get("mtu", 1514 if interface.kind == "Loopback" else 1500)
    came, went = (port.packets_in, port.packets_out) if port else (0, 0)
    width = interface.settings.get("bandwidth", SPEEDS.get(interface.kind, 1000000))
    lines = [f"{interface.name} is {status}, line protocol is {protocol} "]
    lines.append(
        f"  Hardware is {'CSR vNIC' if device.dialect == 'xe' else 'Gt96k FE'}, address is {mac} (bia {mac})"
        if port
        else f"  Hardware is {interface.kind}"
    )
    lines += [f"  Description: {interface.description}"] if interface.description else []
    if interface.primary:
        lines.append(f"  Internet address is {prefix(interface.primary)}")
    lines += [
        f"  MTU {mtu} bytes, BW {width} Kbit/sec, DLY 10 usec, ",
        "     reliability 255/255, txload 1/255, rxload 1/255",
        f"  Encapsulation {'LOOPBACK' if interface.kind == 'Loopback' else 'ARPA'}, loopback not set",
        "  Keepalive set (10 sec)",
    ]
    if port:
        lines.append(
            "  Full Duplex, 1000Mbps, link type is auto, media type is RJ45"
            if device.dialect == "xe"
            else "  Full-duplex, 100Mb/s, 100BaseTX/FX"
        )
    lines += [
        "  ARP type: ARPA, ARP Timeout 04:00:00",
        "  Last input never, output never, output hang never",
        f'  Last clearing of "show interface" counters {_cleared(device, port)}',
        "  Input queue: 0/75/0/0 (size/max/drops/flushes); Total output drops: 0",
        "  Queueing strategy: fifo",
        "  Output queue: 0/40 (size/max)",
        "  5 minute input rate 0 bits/sec, 0 packets/sec",
        "  5 minute output rate 0 bits/sec, 0 packets/sec",
        f"     {came} packets input, {came * 64} bytes, 0 no buffer",
        "     Received 0 broadcasts (0 IP multicasts)",
        "     0 runts, 0 giants, 0 throttles",
        "     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored",
        f"     {went} packets output, {went * 64} bytes, 0 underruns",
        "     0 output errors, 0 collisions, 0 interface resets",
        "     0 output buffer failures, 0 output buffers swapped out",
    ]
    return lines


def _cleared(device: Device, port: t.Any) -> str:
    if port is None or port.cleared is None:
        return "never"
    return str(datetime.timedelta(seconds=int((device.now() - port.cleared).total_seconds()))).rjust(8, "0")


@show("ip interface", "ip interface <name>", "ip interface <name> <number>")
def ip_interface(shell: Shell, *words: str) -> list[str]:
    lines = []
    for interface in _chosen(shell, words):
        status, protocol = up(shell.device, interface)
        lines.append(f"{interface.name} is {status}, line protocol is {protocol}")
        if interface.primary is None:
            lines.append("  Internet protocol processing disabled")
            continue
        lines += [
            f"  Internet address is {prefix(interface.primary)}",
            "  Broadcast address is 255.255.255.255",
            "  Address determined by setup command",
            f"  MTU is {interface.settings.get('ip mtu', 1500)} bytes",
        ]
        if len(interface.helpers) == 1:
            lines.append(f"  Helper address is {interface.helpers[0]}")
        elif interface.helpers:
            lines.append(f"  Helper addresses are {interface.helpers[0]}")
            lines += [f"                       {one}" for one in interface.helpers[1:]]
        else:
            lines.append("  Helper address is not set")
        lines.append("  Directed broadcast forwarding is disabled")
        lines += [f"  Secondary address {prefix(one)}" for one in interface.secondaries]
        lines += [
            f"  Outgoing access list is {interface.groups.get('out', 'not set')}",
            f"  Inbound  access list is {interface.groups.get('in', 'not set')}",
            f"  Proxy ARP is {'enabled' if interface.settings.get('ip proxy-arp', True) else 'disabled'}",
        ]
    return lines


@show("protocols")
def protocols(shell: Shell) -> list[str]:
    lines = ["Global values:", "  Internet Protocol routing is enabled"]
    for interface in _chosen(shell, ()):
        status, protocol = up(shell.device, interface)
        lines.append(f"{interface.name} is {status}, line protocol is {protocol}")
        lines += [f"  Internet address is {prefix(interface.primary)}"] if interface.primary else []
        lines += [f"  Secondary address {prefix(one)}" for one in interface.secondaries]
    return lines


@show("controllers")
def controllers(shell: Shell) -> list[str]:
    lines = []
    for port in shell.device.ports.values():
        lines += [
            f"Interface {port.name}",
            "Hardware is a SIMULATOR's port",
            f"  Hardware address is {port.mac}, link is {'up' if port.link else 'down'}",
        ]
    return lines


# Routing


@show("ip route", "ip route connected", "ip route static")
def ip_route(shell: Shell) -> list[str]:
    device = shell.device
    gateway = next(
        (route.split() for route in device.config.routes.values() if route.startswith("0.0.0.0 0.0.0.0 ")), None
    )
    routes = []
    for interface, address in addresses(device):
        if up(device, interface)[1] != "up":
            continue
        net = prefix(address)
        routes.append((net.network, f"C        {net.network} is directly connected, {interface.name}"))
        if device.dialect == "xe":
            routes.append(
                (ipaddress.IPv4Network(f"{net.ip}/32"), f"L        {net.ip}/32 is directly connected, {interface.name}")
            )
    for route in device.config.routes.values():
        network, mask, via, *_more = route.split()
        target = ipaddress.IPv4Network(f"{network}/{mask}", strict=False)
        star = "*" if target.prefixlen == 0 else " "
        how = f"is directly connected, {via}" if via[0].isalpha() else f"[1/0] via {via}"
        routes.append((target, f"S{star}    {target} {how}" if target.prefixlen == 0 else f"S        {target} {how}"))
    wanted = {"connected": "CL", "static": "S"}.get(shell.line_text.split()[-1])
    if wanted:
        return _grouped(sorted({one for one in routes if one[1][0] in wanted}))
    last = (
        f"Gateway of last resort is {gateway[2]} to network 0.0.0.0" if gateway else "Gateway of last resort is not set"
    )
    return [*ROUTE_CODES, last, "", *_grouped(sorted(set(routes), key=lambda one: (one[0], one[1])))]


def _grouped(routes: list[tuple[ipaddress.IPv4Network, str]]) -> list[str]:
    """Routes below the classful network that they are part of."""
    lines: list[str] = []
    groups: dict[str, list[tuple[ipaddress.IPv4Network, str]]] = {}
    for net, text in routes:
        groups.setdefault(_classful(net), []).append((net, text))
    for parent, members in groups.items():
        if parent == "0.0.0.0/0":
            lines += [text for _net, text in members]
            continue
        masks = {net.prefixlen for net, _text in members}
        size = len({net for net, _text in members})
        form = "variably subnetted" if len(masks) > 1 else "subnetted"
        tail = f", {len(masks)} masks" if len(masks) > 1 else ""
        head = parent if len(masks) > 1 else f"{parent.partition('/')[0]}/{members[0][0].prefixlen}"
        lines.append(f"      {head} is {form}, {size} subnets{tail}")
        lines += [text for _net, text in members]
    return lines


def _classful(net: ipaddress.IPv4Network) -> str:
    first = net.network_address.packed[0]
    if net.prefixlen == 0:
        return "0.0.0.0/0"
    size = 8 if first < 128 else 16 if first < 192 else 24
    return str(net.supernet(new_prefix=size)) if net.prefixlen > size else str(net)


@show("access-lists", "access-lists <name>", "ip access-lists", "ip access-lists <name>")
def access_lists(shell: Shell, *names: str) -> list[str]:
    lines = []
    for chosen in shell.device.config.lists.values():
        if not names or chosen.name in names:
            lines.append(f"{chosen.kind.capitalize()} IP access list {chosen.name}")
            lines += [
                f"    {key} {text}" for key, text in sorted(chosen.entries.items()) if not text.startswith("remark")
            ]
            if chosen.kind == "standard":  # these say so in words
                lines = [re.sub(r"( \d+ \w+ [\d.]+) ([\d.]+)$", r"\1, wildcard bits \2", line) for line in lines]
    return lines


@show("arp", "ip arp")
def arp(shell: Shell) -> list[str]:
    lines = ["Protocol  Address          Age (min)  Hardware Addr   Type   Interface"]
    for interface, address in addresses(shell.device):
        port = shell.device.ports.get(interface.name)
        if port and not interface.shutdown:
            lines.append(f"Internet  {address.ip:<15}         -   {port.mac}  ARPA   {interface.name}")
    return lines


# DHCP


@show("ip dhcp pool", "ip dhcp pool <name>")
def dhcp_pool(shell: Shell, *names: str) -> list[str]:
    lines = []
    for pool in shell.device.config.pools.values():
        if names and pool.name not in names:
            continue
        hosts = list(prefix(pool.network).network.hosts()) if pool.network else []
        lines += [
            "",
            f"Pool {pool.name} :",
            " Utilization mark (high/low)    : 100 / 0",
            " Subnet size (first/next)       : 0 / 0 ",
            f" Total addresses                : {len(hosts)}",
            " Leased addresses               : 0",
            " Pending event                  : none",
        ]
        if hosts:
            span = f"{hosts[0]!s:<17}- {hosts[-1]}"
            lines += [
                " 1 subnet is currently in the pool :",
                " Current index        IP address range                    Leased addresses",
                f" {hosts[0]!s:<20} {span:<35}  0",
            ]
    return lines


@show("ip dhcp binding")
def dhcp_binding(shell: Shell) -> list[str]:
    return [
        "Bindings from all pools not associated with VRF:",
        "IP address          Client-ID/\t\tLease expiration        Type",
        "\t\t    Hardware address/",
        "\t\t    User name",
    ]


@show("ip dhcp conflict")
def dhcp_conflict(shell: Shell) -> list[str]:
    return ["IP address        Detection method   Detection time          VRF"]


@show("ip dhcp server statistics")
def dhcp_statistics(shell: Shell) -> list[str]:
    messages = ("BOOTREQUEST", "DHCPDISCOVER", "DHCPREQUEST", "DHCPDECLINE", "DHCPRELEASE", "DHCPINFORM")
    sent = ("BOOTREPLY", "DHCPOFFER", "DHCPACK", "DHCPNAK")
    lines = ["Memory usage         16384", f"Address pools        {len(shell.device.config.pools)}"]
    lines += [
        f"{name:<21}0"
        for name in (
            "Database agents",
            "Automatic bindings",
            "Manual bindings",
            "Expired bindings",
            "Malformed messages",
        )
    ]
    lines += ["Secure arp entries   0", "", "Message              Received", *(f"{name:<21}0" for name in messages)]
    return [*lines, "", "Message              Sent", *(f"{name:<21}0" for name in sent)]


@show("ip dhcp excluded")
def dhcp_excluded(shell: Shell) -> list[str]:
    return [" ".join(pair) for pair in shell.device.config.excluded]


# NTP


@show("ntp status")
def ntp_status(shell: Shell) -> list[str]:
    config = shell.device.config
    if config.ntp_master is not None:
        head = f"Clock is synchronized, stratum {config.ntp_master}, reference is 127.127.1.1"
    else:
        head = "Clock is unsynchronized, stratum 16, no reference clock"
    return [
        head,
        "nominal freq is 250.0000 Hz, actual freq is 250.0000 Hz, precision is 2**10",
        "ntp uptime is 0 (1/100 of seconds), resolution is 4000",
        "reference time is 00000000.00000000 (00:00:00.000 UTC Mon Jan 1 1900)",
        "clock offset is 0.0000 msec, root delay is 0.00 msec",
        "root dispersion is 0.00 msec, peer dispersion is 0.00 msec",
        "loopfilter state is 'NSET' (Never set), drift is 0.000000000 s/s",
        "system poll interval is 8, never updated.",
    ]


@show("ntp associations")
def ntp_associations(shell: Shell) -> list[str]:
    config = shell.device.config
    rows = [] if config.ntp_master is None else [("*~", "127.127.1.1", ".LOCL.", config.ntp_master - 1 or 1)]
    rows += [(" ~", server, ".INIT.", 16) for server in config.ntp_servers]
    lines = ["", "  address         ref clock       st   when   poll reach  delay  offset   disp"] if rows else []
    for mark, address, reference, stratum in rows:
        lines.append(f"{mark}{address:<16} {reference:<15} {stratum:2}      5     64   377  0.000   0.000  1.204")
    return [*lines, " * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured"] if rows else []


# CDP


@show("cdp")
def cdp(shell: Shell) -> list[str]:
    config = shell.device.config
    if not config.cdp:
        return ["% CDP is not enabled"]
    return [
        "Global CDP information:",
        f"        Sending CDP packets every {config.cdp_timer} seconds",
        f"        Sending a holdtime value of {config.cdp_holdtime} seconds",
        "        Sending CDPv2 advertisements is  enabled",
    ]


@show("cdp interface")
def cdp_interface(shell: Shell) -> list[str]:
    lines = []
    for name in sorted(shell.device.ports, key=rank):
        interface = shell.device.config.interfaces[name]
        if shell.device.config.cdp and interface.cdp:
            status, protocol = up(shell.device, interface)
            lines += [
                f"{name} is {status}, line protocol is {protocol}",
                "  Encapsulation ARPA",
                f"  Sending CDP packets every {shell.device.config.cdp_timer} seconds",
                f"  Holdtime is {shell.device.config.cdp_holdtime} seconds",
            ]
    return lines


def _device_id(device: Device) -> str:
    return device.config.hostname + (f".{device.config.domain}" if device.config.domain else "")


@show("cdp neighbors")
def cdp_neighbors(shell: Shell) -> list[str]:
    if not shell.device.config.cdp:
        return ["% CDP is not enabled"]
    lines = [
        "Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge",
        "                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone, ",
        "                  D - Remote, C - CVTA, M - Two-port Mac Relay ",
        "",
        "Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID",
    ]
    neighbours = shell.device.heard()
    for here, far, there, left in neighbours:
        name = _device_id(far)
        platform = "CSR1000V" if far.dialect == "xe" else "3725"
        row = f"{_spaced(here):<18}{left:<11}{'R':<12}{platform:<10}{_spaced(there)}"
        lines += [f"{name:<17}{row}"] if len(name) < 17 else [name, f"{'':17}{row}"]
    return [*lines, "", f"Total cdp entries displayed : {len(neighbours)}"]


def _spaced(name: str) -> str:
    kind = Interface(name).kind
    return f"{SHORT.get(kind, kind) if kind != 'GigabitEthernet' else 'Gig'} {name[len(kind) :]}"


@show("cdp neighbors detail", "cdp entry <name>")
def cdp_detail(shell: Shell, *names: str) -> list[str]:
    lines = []
    entries = [one for one in shell.device.heard() if not names or names[0] in ("*", _device_id(one[1]))]
    for here, far, there, left in entries:
        interface = far.config.interfaces[there]
        lines += ["-------------------------", f"Device ID: {_device_id(far)}", "Entry address(es): "]
        lines += [f"  IP address: {interface.primary.ip}"] if interface.primary else []
        platform = "cisco CSR1000V" if far.dialect == "xe" else "Cisco 3725"
        lines += [
            f"Platform: {platform},  Capabilities: Router ",
            f"Interface: {here},  Port ID (outgoing port): {there}",
            f"Holdtime : {left} sec",
            "",
            "Version :",
            *(_version_xe if far.dialect == "xe" else _version_classic)(far, "")[1:4],
            "",
            "advertisement version: 2",
            "Duplex: full",
            "",
        ]
    return lines if names else [*lines, "", f"Total cdp entries displayed : {len(entries)}"]
