# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What configuration lines do to a device, by hand: independent of how the product thinks that they work.

A handler is registered for a mode and the words that its command begins with; it gets the `Change`, whose ``rest`` are
the words behind those.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import typing as t

from . import spelling, state
from .secrets import Secret, obscure, salted
from .spelling import Spelled
from .state import Address

if t.TYPE_CHECKING:
    from .device import Device

PROMPTS = {
    "config": "config",
    "interface": "config-if",
    "line": "config-line",
    "dhcp": "dhcp-config",
    "router": "config-router",
    "std-nacl": "config-std-nacl",
    "ext-nacl": "config-ext-nacl",
    "archive": "config-archive",
    "archive-log": "config-archive-log-cfg",
    "foreign": "config-sub",
}
BLOCKS = (
    "class-map",
    "policy-map",
    "route-map",
    "vrf",
    "key",
    "control-plane",
    "crypto",
    "object-group",
    "flow",
    "vlan",
    "voice",
)
LAST_VTY = 4  # the first five lines cannot be removed
ACL_STEP = 10


@dataclasses.dataclass
class Context:
    """Where a session is: the mode, what it configures, and the contexts that C(exit) leads to before C(config)."""

    mode: str
    prompt: str
    target: t.Any = None
    above: tuple[Context, ...] = ()


Handler = t.Callable[["Change"], None]
HANDLERS: dict[str, dict[tuple[str, ...], Handler]] = {}


class Change:
    """One line being applied.

    :ivar answer: what the device prints
    :ivar context: where the session is afterwards
    :ivar done: whether anything may have changed
    :ivar refused: whether the device said no
    :ivar abandoned: whether the user said no to a question
    """

    def __init__(self, device: Device, config: state.Config, context: Context, spelled: Spelled) -> None:
        self.device = device
        self.config = config
        self.context = context
        self.spelled = spelled
        self.off = spelled.negated or spelled.defaulted
        self.default = spelled.defaulted
        self.answer: list[str] = []
        self.done = False
        self.refused = False
        self.abandoned = False
        self.user = "console"
        self.loading = False  # from a file, in which the secondaries come first
        self.given: t.Any = None  # what a dialogue found out
        self.handler, self.rest = self._find()

    def _find(self) -> tuple[Handler, tuple[str, ...]]:
        if self.spelled.foreign:
            return foreign, self.spelled.words
        table = HANDLERS[self.spelled.mode]
        words = self.spelled.words
        for length in range(len(words), -1, -1):
            if words[:length] in table:
                return table[words[:length]], words[length:]
        raise NotImplementedError(f"the simulator does not know '{self.spelled.text}' in mode {self.spelled.mode}")

    def apply(self) -> None:
        """Do it."""
        if self.spelled.mode == "config" and self.context.mode != "config":
            self.context = Context("config", "config")
        self.done = True
        self.handler(self)

    @property
    def target(self) -> t.Any:
        return self.context.target

    def refuse(self, *lines: str) -> None:
        """Print why not."""
        self.answer += lines
        self.done, self.refused = False, True

    def say(self, *lines: str) -> None:
        self.answer += lines

    def enter(self, mode: str, target: t.Any) -> None:
        above = (self.context,) if mode == "archive-log" else ()
        prompt = PROMPTS[mode]
        if mode == "interface" and "." in target.name:
            prompt = "config-subif"
        self.context = Context(mode, prompt, target, above)


def handles(mode: str, *beginnings: str) -> t.Callable[[Handler], Handler]:
    """Register a handler."""

    def register(handler: Handler) -> Handler:
        for beginning in beginnings:
            HANDLERS.setdefault(mode, {})[tuple(beginning.split())] = handler
        return handler

    return register


def load(config: state.Config, text: str, device: Device) -> list[str]:
    """Apply a text line by line, as at boot; returns the lines that were refused."""
    context = Context("config", "config")
    refused = []
    rows = iter(text.splitlines())
    for row in rows:
        line = row.strip()
        if not line or line.startswith("!") or line in ("end", "exit", "exit-address-family"):
            continue
        if not row.startswith(" ") and context.mode != "config":
            context = Context("config", "config")
        spelled = spelling.spell(config.dialect, context.mode, line)
        if not isinstance(spelled, Spelled):
            refused.append(line)
            continue
        change = Change(device, config, context, spelled)
        change.loading = True
        if spelled.banner:
            change.given = _banner_text(spelled.banner, rows)
        change.apply()
        if change.refused:
            refused.append(line)
        context = change.context
    return refused


def _banner_text(banner: tuple[str, str], rows: t.Iterator[str]) -> str:
    delimiter, rest = banner
    text = [rest]
    while delimiter not in text[-1]:
        text.append(next(rows, delimiter))
    return ended(text, delimiter)


def ended(rows: list[str], delimiter: str) -> str:
    """A banner's text from the rows typed, as it is; what follows the delimiter is ignored."""
    return "\n".join([*rows[:-1], rows[-1].partition(delimiter)[0]])


def foreign(change: Change) -> None:
    """A line that the table does not model: kept as it is, in the block that it belongs to."""
    text = change.spelled.text
    kept = change.config.foreign if change.context.mode == "config" else _foreign_of(change)
    if change.off:
        gone = [at for at, block in enumerate(kept) if block.split("\n")[0].strip() == text]
        for at in reversed(gone):
            del kept[at]
        return
    if change.context.mode == "foreign":
        at = change.target
        change.config.foreign[at] += f"\n {text}"
        return
    if text not in [block.split("\n")[0] for block in kept]:
        kept.append(text)
    if change.context.mode == "config" and change.rest[0] in BLOCKS:
        at = next(at for at, block in enumerate(kept) if block.split("\n")[0] == text)
        change.enter("foreign", at)


def _foreign_of(change: Change) -> list[str]:
    target = change.target
    if isinstance(target, list):
        target = target[0]
    if change.context.mode == "foreign":
        return []
    found: list[str] = getattr(target, "foreign", change.config.foreign)
    return found


# Values that need nothing but a word: where they are kept, and whether "no" is itself a value

SETTINGS: dict[str, tuple[str, ...]] = {
    "config": (
        "ip ssh version",
        "ip ssh time-out",
        "ip ssh authentication-retries",
        "ip default-gateway",
        "ntp clock-period",
        "logging buffered",
        "logging trap",
    ),
    "interface": ("bandwidth", "mtu", "ip mtu", "ip nat", "duplex", "speed", "encapsulation dot1Q"),
    "line": ("stopbits", "history size", "session-timeout", "transport preferred", "transport output"),
    "archive-log": ("logging size", "notify syslog"),
}
SWITCHES: dict[str, tuple[str, ...]] = {
    "config": (
        "service tcp-keepalives-in",
        "service tcp-keepalives-out",
        "service nagle",
        "service compress-config",
        "service sequence-numbers",
        "ip source-route",
        "ip cef",
        "ip routing",
        "ip forward-protocol nd",
        "ip http server",
        "ip http secure-server",
        "service pad",
        "service dhcp",
        "service config",
        "service call-home",
        "service finger",
    ),
    "interface": ("ip proxy-arp", "ip redirects", "ip unreachables", "negotiation auto"),
    "archive-log": ("logging enable", "hidekeys"),
}
OFF_BY_DEFAULT = (
    "service tcp-",
    "service nagle",
    "service compress",
    "service sequence",
    "logging enable",
    "hidekeys",
)
ON_BY_DEFAULT = ("ip source-route", "ip cef", "ip routing", "ip proxy-arp", "ip redirects", "ip unreachables")
DEFAULTS = {
    "ip ssh time-out": "120",
    "ip ssh authentication-retries": "3",
    "history size": "20",
    "session-timeout": "0",
    "logging size": "100",
}


def _settings_of(change: Change) -> list[dict[str, t.Any]]:
    target = change.target
    if change.spelled.mode == "config":
        return [change.config.settings]
    if change.spelled.mode == "archive-log":
        return [target.log_settings]
    return [one.settings for one in target] if isinstance(target, list) else [target.settings]


def _setting(name: str) -> Handler:
    def handle(change: Change) -> None:
        value = " ".join(change.rest)
        for settings in _settings_of(change):
            settings.pop(name, None)
            if not change.off and value != DEFAULTS.get(name):
                settings[name] = value
        if name == "ip ssh version" and not change.off and change.device.ssh_version in (None, "1.5"):
            change.say("Please create RSA keys to enable SSH (and of atleast 768 bits for SSH v2).")

    return handle


def _switch(name: str) -> Handler:
    def handle(change: Change) -> None:
        on = not change.spelled.negated
        usual = True if name in ON_BY_DEFAULT else (False if name.startswith(OFF_BY_DEFAULT) else None)
        if name == "ip forward-protocol nd" and change.config.dialect == "xe":
            usual = True
        for settings in _switches_of(change):
            settings.pop(name, None)
            if not change.default and on != usual:
                settings[name] = on

    return handle


def _switches_of(change: Change) -> list[dict[str, t.Any]]:
    return [change.config.switches] if change.spelled.mode == "config" else _settings_of(change)


for _mode, _names in SETTINGS.items():
    for _name in _names:
        handles(_mode, _name)(_setting(_name))
for _mode, _names in SWITCHES.items():
    for _name in _names:
        handles(_mode, _name)(_switch(_name))


@handles("config", "version", "boot-start-marker", "boot-end-marker", "control-plane", "end", "exit")
def nothing(change: Change) -> None:
    """Accepted, and nothing that this device has."""
    change.done = False


for _mode in ("interface", "line", "dhcp", "std-nacl", "ext-nacl", "archive", "archive-log"):
    handles(_mode, "exit")(nothing)


# The device


@handles("config", "hostname")
def hostname(change: Change) -> None:
    change.config.hostname = "Router" if change.off else change.rest[0]


@handles("config", "service password-encryption")
def password_encryption(change: Change) -> None:
    change.config.encryption = not change.off
    if not change.off:
        config = change.config
        config.enable_password = _hidden(change, config.enable_password)
        for user in config.users.values():
            user.password = _hidden(change, user.password)
        for line in config.lines:
            line.password = _hidden(change, line.password)


def _hidden(change: Change, secret: Secret | None) -> Secret | None:
    if secret is None or secret.kind or not change.config.encryption:
        return secret
    return Secret(7, obscure(secret.text, change.device.next_salt() % 16))


@handles("config", "service timestamps")
def timestamps(change: Change) -> None:
    kind = change.rest[0]
    change.config.timestamps.pop(kind, None)
    if not change.off:
        change.config.timestamps[kind] = " ".join(change.rest[1:])


def _secret(change: Change, words: t.Sequence[str], strong: bool) -> Secret:
    """The secret that was typed, as the device keeps it."""
    kind, text = (
        (int(words[0]), " ".join(words[1:]))
        if len(words) > 1 and words[0].isdigit() and int(words[0]) < 10
        else (0, " ".join(words))
    )
    if kind or not text:
        return Secret(kind, text)
    if strong:
        return salted(5 if change.config.dialect == "classic" else 9, text, change.device.next_salt())
    return t.cast(Secret, _hidden(change, Secret(0, text)))


@handles("config", "enable secret")
def enable_secret(change: Change) -> None:
    level, words = _level(change)
    secret = None if change.off else _secret(change, words, True)
    if level < 15:
        _keep_level(change, ("secret", level), secret)
        return
    password = change.config.enable_password
    if secret and password and password.kind == 0 and secret.admits(password.text):
        change.say(
            "The enable secret you have chosen is the same as your enable password.",
            "This is not recommended.  Re-enter the enable secret.",
            "",
        )
    change.config.enable_secret = secret


@handles("config", "enable password")
def enable_password(change: Change) -> None:
    level, words = _level(change)
    secret = None if change.off else _secret(change, words, False)
    if level < 15:
        _keep_level(change, ("password", level), secret)
    else:
        change.config.enable_password = secret


def _level(change: Change) -> tuple[int, tuple[str, ...]]:
    """The level that a secret is for, and the words behind it."""
    if change.rest[:1] == ("level",):
        return int(change.rest[1]), change.rest[2:]
    return 15, change.rest


def _keep_level(change: Change, key: tuple[str, int], secret: Secret | None) -> None:
    change.config.enable_levels.pop(key, None)
    if secret:
        change.config.enable_levels[key] = secret


@handles("config", "aaa new-model", "aaa authentication", "aaa authorization")
def aaa(change: Change) -> None:
    words = change.spelled.words
    head = words[:4] if words[1] != "new-model" else words[:2]
    kept = [line for line in change.config.aaa if tuple(line.split()[: len(head)]) != head]
    if change.off and words[1] == "new-model":
        kept = []
    change.config.aaa = kept if change.off else sorted([*kept, change.spelled.text], key=_aaa_order)


def _aaa_order(line: str) -> tuple[int, str]:
    return ("new-model", "authentication", "authorization").index(line.split()[1]), line


@handles("config", "username")
def username(change: Change) -> None:
    name, *rest = change.rest
    if change.off:
        change.config.users.pop(name, None)
        return
    user = change.config.users.get(name) or state.User(name)
    if rest[:1] == ["privilege"]:
        user.privilege, rest = int(rest[1]), rest[2:]
    if rest[:1] == ["secret"] and user.password or rest[:1] == ["password"] and user.secret:
        change.refuse("ERROR: Can not have both a user password and a user secret.", "Please choose one or the other.")
        return
    user.free = user.free or rest[:1] == ["nopassword"]
    if rest[:1] == ["secret"]:
        user.secret = _secret(change, rest[1:], True)
    elif rest[:1] == ["password"]:
        user.password = _secret(change, rest[1:], False)
    change.config.users[name] = user


@handles("config", "ip subnet-zero")
def subnet_zero(change: Change) -> None:
    change.config.subnet_zero = not change.spelled.negated


@handles("config", "ip domain lookup")
def domain_lookup(change: Change) -> None:
    change.config.lookup = not change.spelled.negated


@handles("config", "ip domain name", "ip domain-name")
def domain_name(change: Change) -> None:
    change.config.domain = None if change.off else change.rest[0]


@handles("config", "ip name-server")
def name_server(change: Change) -> None:
    known = change.config.settings.get("ip name-server", "").split()
    gone = set(change.rest) if change.off and change.rest else set(known) if change.off else set()
    servers = [server for server in known if server not in gone]
    servers += [server for server in change.rest if not change.off and server not in servers]
    change.config.settings.pop("ip name-server", None)
    if servers:
        change.config.settings["ip name-server"] = " ".join(servers)


@handles("config", "logging host", "logging")
def logging_host(change: Change) -> None:
    hosts = [host for host in change.config.logging_hosts if host != change.rest[0]]
    change.config.logging_hosts = hosts if change.off else [*hosts, change.rest[0]]


@handles("config", "logging console")
def logging_console(change: Change) -> None:
    change.config.logging.pop("console", None)
    if not change.default:
        change.config.logging["console"] = "off" if change.spelled.negated else " ".join(change.rest)


@handles("config", "cdp run")
def cdp_run(change: Change) -> None:
    change.config.cdp = not change.spelled.negated


@handles("config", "cdp timer")
def cdp_timer(change: Change) -> None:
    change.config.cdp_timer = 60 if change.off else int(change.rest[0])


@handles("config", "cdp holdtime")
def cdp_holdtime(change: Change) -> None:
    change.config.cdp_holdtime = 180 if change.off else int(change.rest[0])


@handles("config", "banner exec", "banner login", "banner motd")
def banner(change: Change) -> None:
    kind = change.spelled.words[1]
    if change.off:
        change.config.banners.pop(kind, None)
    else:
        change.config.banners[kind] = change.given


@handles("config", "ntp master")
def ntp_master(change: Change) -> None:
    change.config.ntp_master = None if change.off else int((*change.rest, "8")[0])


@handles("config", "ntp server")
def ntp_server(change: Change) -> None:
    server, *options = change.rest
    change.config.ntp_servers.pop(server, None)
    if change.off:
        return
    chosen = {}
    while options:
        word = options.pop(0)
        chosen[word] = "" if word == "prefer" else options.pop(0)
    if chosen.get("version") == "4":
        del chosen["version"]
    change.config.ntp_servers[server] = chosen


@handles("config", "router")
def router(change: Change) -> None:
    text = change.spelled.text
    if change.off:
        change.config.foreign = [block for block in change.config.foreign if block.split("\n")[0] != text]
        return
    if text not in [block.split("\n")[0] for block in change.config.foreign]:
        change.config.foreign.append(text)
    at = next(at for at, block in enumerate(change.config.foreign) if block.split("\n")[0] == text)
    change.enter("foreign", at)


@handles("config", "ip route")
def ip_route(change: Change) -> None:
    width = 4 if len(change.rest) > 3 and change.rest[2][0].isalpha() and change.rest[3].count(".") == 3 else 3
    head = " ".join(change.rest[:width])
    change.config.routes.pop(head, None)
    if not change.off:
        change.config.routes[head] = " ".join(change.rest)


@handles("config", "crypto key generate rsa")
def crypto_key(change: Change) -> None:
    """The questions come before: what they found out is the modulus."""
    config, device = change.config, change.device
    if config.hostname == "Router":
        change.refuse("% Please define a hostname other than Router.")
    elif not config.domain:
        change.refuse("% Please define a domain-name first.")
    elif change.given:
        bits = change.given
        had = bool(device.keys)
        device.make_key(bits)
        change.say(
            f"% Generating {bits} bit RSA keys, keys will be non-exportable...", "[OK] (elapsed time was 0 seconds)", ""
        )
        if bits < 768:
            device.log(" RSA key size needs to be atleast 768 bits for ssh version 2")
        if not had:
            device.log(f"%SSH-5-ENABLED: SSH {device.ssh_version} has been enabled")


@handles("config", "crypto key zeroize rsa")
def crypto_zeroize(change: Change) -> None:
    if not change.device.keys:
        change.say("% No Signature RSA Keys found in configuration.")
    change.device.keys = {}


# DHCP


@handles("config", "ip dhcp excluded-address")
def dhcp_excluded(change: Change) -> None:
    kept = [pair for pair in change.config.excluded if pair != change.rest]
    change.config.excluded = kept if change.off else [*kept, change.rest]


@handles("config", "ip dhcp pool")
def dhcp_pool(change: Change) -> None:
    name = change.rest[0]
    if change.off:
        if change.config.pools.pop(name, None) is None:
            change.refuse(f"% Pool {name} is not in the database.")
        return
    change.enter("dhcp", change.config.pools.setdefault(name, state.Pool(name)))


@handles("dhcp", "network")
def pool_network(change: Change) -> None:
    change.target.network = None if change.off else Address(*change.rest)


@handles("dhcp", "default-router")
def pool_routers(change: Change) -> None:
    change.target.routers = [] if change.off else list(change.rest)


@handles("dhcp", "dns-server")
def pool_dns(change: Change) -> None:
    change.target.dns = [] if change.off else list(change.rest)


@handles("dhcp", "domain-name")
def pool_domain(change: Change) -> None:
    change.target.domain = None if change.off else change.rest[0]


@handles("dhcp", "lease")
def pool_lease(change: Change) -> None:
    if change.off:
        change.target.lease = None
    elif change.rest == ("infinite",):
        change.target.lease = ()
    else:
        lease = tuple(int(word) for word in change.rest)
        while len(lease) > 1 and lease[-1] == 0:
            lease = lease[:-1]
        change.target.lease = None if lease == (1,) else lease


# Interfaces


@handles("config", "interface")
def interface(change: Change) -> None:
    name = change.rest[0]
    config = change.config
    known = config.interfaces.get(name)
    probe = known or state.Interface(name)
    if change.default:
        if known:
            config.interfaces[name] = state.Interface(name)
            change.say(f"Interface {name} set to default configuration")
        return
    if change.off:
        if probe.physical:
            change.refuse("% Removal of physical interfaces is not permitted")
        elif known:
            del config.interfaces[name]
        return
    if known is None and (probe.physical or name.partition(".")[0] not in config.interfaces and "." in name):
        change.refuse("                                     ^", "% Invalid input detected at '^' marker.", "")
        return
    change.enter("interface", config.interfaces.setdefault(name, probe))


@handles("interface", "description")
def description(change: Change) -> None:
    change.target.description = None if change.off else " ".join(change.rest)


@handles("interface", "shutdown")
def shutdown(change: Change) -> None:
    target, down = change.target, not change.off
    if target.shutdown != down:
        target.shutdown = down
        word = "administratively down" if down else "up"
        change.device.log(
            f"%LINK-{'5-CHANGED' if down else '3-UPDOWN'}: Interface {target.name}, changed state to {word}"
        )


@handles("interface", "ip address")
def ip_address(change: Change) -> None:
    target, rest = change.target, change.rest
    if change.off:
        _no_address(change)
    elif rest == ("dhcp",):
        target.primary, target.secondaries, target.dhcp = None, [], True
    elif _address_fits(change, Address(*rest[:2])):
        address = Address(*rest[:2])
        if len(rest) < 3:
            target.primary, target.dhcp = address, False
            target.secondaries = [one for one in target.secondaries if one.ip != address.ip]
        elif target.primary is None and not change.loading:
            change.refuse("% Primary address must be configured before a secondary address")
        elif target.primary and target.primary.ip == address.ip:
            change.refuse("% Secondary can't be same as primary")
        else:
            target.secondaries = [*(one for one in target.secondaries if one.ip != address.ip), address]


def _no_address(change: Change) -> None:
    target, rest = change.target, change.rest
    if not rest or rest == ("dhcp",):
        target.primary, target.secondaries, target.dhcp = None, [], False
        return
    address = Address(*rest[:2])
    if len(rest) > 2:
        if address not in target.secondaries:
            change.refuse(f"% Address {address.ip} is not a secondary address of this interface")
        target.secondaries = [one for one in target.secondaries if one != address]
    elif address != target.primary:
        change.refuse("%Invalid address")
    elif target.secondaries:
        change.refuse("Must delete secondary before deleting primary")
    else:
        target.primary = None


@functools.lru_cache(maxsize=1 << 16)
def span(address: Address) -> tuple[int, int]:
    """The first and the last address of a network, as numbers."""
    mask = int(ipaddress.IPv4Address(address.mask))
    low = int(ipaddress.IPv4Address(address.ip)) & mask
    return low, low | (mask ^ 0xFFFFFFFF)


def _address_fits(change: Change, address: Address) -> bool:
    low, high = span(address)
    here = int(ipaddress.IPv4Address(address.ip))
    if high - low > 1 and here in (low, high):
        change.refuse(f"Bad mask /{33 - (high - low + 1).bit_length()} for address {address.ip}")
        return False
    lan = change.target.kind in ("Ethernet", "FastEthernet", "GigabitEthernet") and "." in change.target.name
    if lan and "encapsulation dot1Q" not in change.target.settings:
        change.refuse(
            "% Configuring IP routing on a LAN subinterface is only allowed if that",
            "subinterface is already configured as part of an IEEE 802.10, IEEE 802.1Q,",
            "or ISL vLAN.",
        )
        return False
    for other in change.config.interfaces.values():
        for one in other.addresses:
            first, last = span(one)
            if other is not change.target and first <= high and low <= last:
                change.refuse(f"% {ipaddress.IPv4Address(low)} overlaps with {other.name}")
                return False
    return True


@handles("interface", "ip helper-address")
def helper(change: Change) -> None:
    kept = [one for one in change.target.helpers if one != change.rest[0]] if change.rest else []
    change.target.helpers = kept if change.off else [*kept, change.rest[0]]


@handles("interface", "ip access-group")
def access_group(change: Change) -> None:
    name, direction = change.rest[:2]
    change.target.groups.pop(direction, None)
    if not change.off:
        change.target.groups[direction] = name


@handles("interface", "cdp enable")
def cdp_enable(change: Change) -> None:
    change.target.cdp = not change.spelled.negated


# Lines


@handles("config", "line con", "line aux")
def line_single(change: Change) -> None:
    kind = change.spelled.words[1]
    change.enter("line", [line for line in change.config.lines if line.kind == kind])


@handles("config", "line vty")
def line_vty(change: Change) -> None:
    first = int(change.rest[0])
    last = int(change.rest[-1])
    config = change.config
    if last < first or last >= state.VTY_LINES[config.dialect]:
        change.refuse("% Bad line number - VTY line number out of range")
        return
    if change.off:
        if first <= LAST_VTY:
            change.refuse(f"% Can't delete last {LAST_VTY + 1} VTY lines")
        else:
            config.lines = [line for line in config.lines if line.kind != "vty" or line.number < first]
        return
    have = {line.number for line in config.lines if line.kind == "vty"}
    config.lines += [state.new_vty(config.dialect, number) for number in range(last + 1) if number not in have]
    change.enter("line", [config.vty(number) for number in range(first, last + 1)])


def _each(change: Change, **values: t.Any) -> None:
    for line in change.target:
        for name, value in values.items():
            setattr(line, name, value)


@handles("line", "password")
def line_password(change: Change) -> None:
    _each(change, password=None if change.off else _secret(change, change.rest, False))


@handles("line", "login")
def login(change: Change) -> None:
    if change.default:
        kinds = {line.kind for line in change.target}
        _each(change, login="line" if kinds == {"vty"} else "none")
        return
    how = (
        "none"
        if change.off
        else ("line", "local", "authentication")[("", "local", "authentication").index((*change.rest, "")[0])]
    )
    _each(change, login=how if how != "authentication" else f"authentication {change.rest[1]}")
    if how == "line":
        for line in change.target:
            if line.password is None:
                at = line.number + {"con": 0, "aux": 1, "vty": 2}[line.kind]
                change.say(f"% Login disabled on line {at}, until 'password' is set")


@handles("line", "exec-timeout")
def exec_timeout(change: Change) -> None:
    words = (*change.rest, "0")
    _each(change, timeout=(10, 0) if change.off else (int(words[0]), int(words[1])))


@handles("line", "logging synchronous")
def synchronous(change: Change) -> None:
    _each(change, synchronous=not change.off)


@handles("line", "privilege level")
def line_privilege(change: Change) -> None:
    _each(change, privilege=1 if change.off else int(change.rest[0]))


@handles("line", "transport input")
def transport(change: Change) -> None:
    kind = change.target[0].kind
    fresh = state.new_vty(change.config.dialect, 0).transport if kind == "vty" else None
    _each(change, transport=fresh if change.off else change.rest, transport_given=not change.off)


@handles("line", "access-class")
def access_class(change: Change) -> None:
    name, direction, *also = change.rest
    for line in change.target:
        line.access.pop(direction, None)
        if not change.off:
            line.access[direction] = " ".join([name, *also])


# Access lists


@handles("config", "ip access-list standard", "ip access-list extended")
def access_list(change: Change) -> None:
    kind, name = change.spelled.words[2], change.rest[0]
    if change.off:
        change.config.lists.pop(name, None)
        return
    known = change.config.lists.get(name)
    if known and known.kind != kind:
        change.refuse("% A named access list with this name already exists")
        return
    chosen = change.config.lists.setdefault(name, state.AccessList(name, kind, True))
    change.enter("std-nacl" if kind == "standard" else "ext-nacl", chosen)


@handles("config", "ip access-list resequence")
def resequence(change: Change) -> None:
    name, start, step = change.rest
    chosen = change.config.lists.get(name)
    if chosen:
        chosen.entries = {
            int(start) + at * int(step): chosen.entries[key] for at, key in enumerate(sorted(chosen.entries))
        }


@handles("config", "access-list")
def numbered_list(change: Change) -> None:
    number, *words = change.rest
    if change.off:
        change.config.lists.pop(number, None)
        return
    kind = "standard" if int(number) < 100 else "extended"
    chosen = change.config.lists.setdefault(number, state.AccessList(number, kind, False))
    _add(change, chosen, None, " ".join(words))


@handles("std-nacl", "")
@handles("ext-nacl", "")
def entry(change: Change) -> None:
    words = list(change.rest)
    sequence = int(words.pop(0)) if words[0].isdigit() else None
    chosen = change.target
    if not change.off:
        _add(change, chosen, sequence, " ".join(words))
        return
    if sequence is None:
        found = [key for key, text in chosen.entries.items() if text == " ".join(words)]
        sequence = found[0] if found else None
    if chosen.entries.pop(sequence, None) is None:
        change.refuse("%Entry not found" if sequence is None else "% Specified sequence number does not exist")


def _add(change: Change, chosen: state.AccessList, sequence: int | None, text: str) -> None:
    same = [key for key, known in chosen.entries.items() if known == text and not text.startswith("remark")]
    if same and sequence != same[0]:
        if change.config.dialect == "xe" and sequence is not None:
            change.refuse(f"% Duplicate entry exists at sequence {same[0]}", "% Failed to add ace")
        return
    if sequence in chosen.entries and chosen.entries[sequence] != text:
        change.refuse("% Duplicate sequence number", "% Failed to add ace")
        return
    at = sequence if sequence is not None else (max(chosen.entries, default=0) // ACL_STEP + 1) * ACL_STEP
    chosen.entries[at] = text


def permits(chosen: state.AccessList, source: str) -> bool:
    """Whether a list lets packets from there in. A list without entries lets everything in."""
    if not chosen.entries:
        return True
    for key in sorted(chosen.entries):
        words = chosen.entries[key].split()
        if words[0] == "remark":
            continue
        address = words[1:] if chosen.kind == "standard" else words[2:]
        if _covers(address, source):
            return words[0] == "permit"
    return False


def _covers(words: list[str], source: str) -> bool:
    if words[0] == "any":
        return True
    if words[0] == "host":
        return words[1] == source
    wildcard = words[1] if len(words) > 1 and words[1].count(".") == 3 else "0.0.0.0"
    care = ~int(ipaddress.IPv4Address(wildcard)) & 0xFFFFFFFF
    return int(ipaddress.IPv4Address(words[0])) & care == int(ipaddress.IPv4Address(source)) & care


# Archive


@handles("config", "archive")
def archive(change: Change) -> None:
    if change.off:
        change.config.archive = None
        return
    change.config.archive = change.config.archive or state.Archive()
    change.enter("archive", change.config.archive)


@handles("archive", "path")
def archive_path(change: Change) -> None:
    url = None if change.off else change.rest[0]
    if url and not any(url.startswith(system) for system in change.device.filesystems):
        change.refuse(f"% Cannot open {url}: not a valid file system")
        return
    change.target.path = url


@handles("archive", "maximum")
def archive_maximum(change: Change) -> None:
    change.target.maximum = 10 if change.off else int(change.rest[0])


@handles("archive", "time-period")
def archive_period(change: Change) -> None:
    change.target.period = None if change.off else int(change.rest[0])


@handles("archive", "write-memory")
def archive_write(change: Change) -> None:
    change.target.write_memory = not change.off


@handles("archive", "log config")
def archive_log(change: Change) -> None:
    change.target.log = not change.off
    if not change.off:
        change.enter("archive-log", change.target)
    else:
        change.target.log_settings = {}
