# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated router (SIMULATOR) itself: what it shares with the product, and what it does without a session."""

from __future__ import annotations

import ast
import pathlib

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import COMMANDS
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.syntax import compile_syntax, sequences

from tests.simulators import ios as package
from tests.simulators.ios import Device, configure, execs, render, secrets, shows, spelling
from tests.simulators.ios.commands import Found

HERE = pathlib.Path(package.__file__).parent
PRODUCT = "ansible_collections.nfvlab.fleet"
SPELLING = {"CLASSIC", "XE", "Ambiguous", "Incomplete", "Match", "choices", "parse_line"}


def imports(file):
    """Every (module, names) that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, set()


@pytest.mark.parametrize("file", sorted(HERE.glob("*.py")), ids=lambda file: file.name)
def test_it_shares_the_spelling_and_nothing_else(file):
    ours = {(module, frozenset(names)) for module, names in imports(file) if module.startswith(PRODUCT)}
    if file.name != "spelling.py":
        assert not ours
        return
    ((module, names),) = ours
    assert module == f"{PRODUCT}.plugins.module_utils._ios.grammar"
    assert set(names) <= SPELLING


def test_the_spelling_tells_nothing_of_what_a_command_does():
    text = (HERE / "spelling.py").read_text()
    for column in ("slot", "overwrites", "default=", "negate:", "clears", "phase", "order", "dialogue", ".command"):
        assert column not in text


CONFIGURATION = {"config", "interface", "line", "dhcp", "std-nacl", "ext-nacl", "archive", "archive-log"}
VALUES = {
    "ipv4": "10.0.0.1",
    "mask": "255.255.255.0",
    "word": "word",
    "line": "some text",
    "interface": "Loopback0",
    "endpoint": "any",
    "source": "any",
    "ports": "eq 22",
    "hostname": "name",
    "nexthop": "10.0.0.9",
}


def example(command):
    """A line of a command."""
    way = max(sequences(compile_syntax(command.syntax)), key=len)
    words = [step.word if step.kind is None else VALUES.get(step.kind, step.kind.partition("-")[0]) for step in way]
    return " ".join(words)


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if one.mode in CONFIGURATION], ids=lambda one: f"{one.mode}: {one.syntax[:50]}"
)
def test_every_command_of_the_table_does_something_here(command):
    for dialect in command.dialects:
        spelled = spelling.spell(dialect, command.mode, example(command))
        assert isinstance(spelled, spelling.Spelled), example(command)
        assert not spelled.foreign
        device = Device("r1", dialect, key_bits=None)
        change = configure.Change(device, device.config, configure.Context(command.mode, ""), spelled)
        assert change.handler is not configure.foreign


@pytest.mark.parametrize("text", sorted({one.syntax for one in COMMANDS if one.mode == "exec"}))
def test_exec_commands_of_the_table_are_known_here(text):
    missing = KNOWN_MISSING.get(text.split("[")[0].strip())
    way = min(sequences(compile_syntax(text)), key=len)
    line = " ".join(
        step.word if step.kind is None else VALUES.get(step.kind, step.kind.partition("-")[0]) for step in way
    )
    found = execs.EXEC.find(line, 15)
    assert isinstance(found, Found) != bool(missing), line


# Commands that nothing here needs.
KNOWN_MISSING = {
    "clear ip dhcp binding <address:word>": "no leases are given",
    "clear ip dhcp conflict <address:word>": "no leases are given",
    "show aliases": "the same on every device",
    "show archive config incremental-diffs <file:word>": "nobody asks for it",
    "show archive log config all": "the journal is the simulator's own",
    "show cdp neighbors <interface:interface>": "the table is short",
    "show cdp traffic": "no packets are counted",
    "show tech-support": "all of the others",
}


def test_every_show_comes_from_the_tree():
    assert shows.EXEC is execs.EXEC


START = """hostname r1
interface FastEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 ip address 10.0.1.1 255.255.255.0 secondary
line vty 0 4
 password cisco
 login
"""


def test_vty_lines_are_printed_as_ranges_of_equal_ones():
    device = Device("r1", "classic", startup=START)
    assert (
        configure.load(device.config, "line vty 3\n exec-timeout 1 0\nline vty 0 15\n transport input ssh\n", device)
        == []
    )
    heads = [line for line in render.body(device) if line.startswith("line vty")]
    assert heads == ["line vty 0 2", "line vty 3", "line vty 4", "line vty 5 15"]


def test_secondaries_are_printed_first_and_the_primary_cannot_go_first():
    device = Device("r1", "classic", startup=START)
    body = render.body(device)
    at = body.index("interface FastEthernet0/0")
    assert body[at + 1 : at + 3] == [
        " ip address 10.0.1.1 255.255.255.0 secondary",
        " ip address 10.0.0.1 255.255.255.0",
    ]
    refused = configure.load(
        device.config, "interface FastEthernet0/0\n no ip address 10.0.0.1 255.255.255.0\n", device
    )
    assert refused == ["no ip address 10.0.0.1 255.255.255.0"]


def test_passwords_are_obscured_and_stay_so():
    device = Device("r1", "classic", startup=START)
    configure.load(device.config, "service password-encryption\nno service password-encryption\n", device)
    line = next(line for line in render.body(device) if line.startswith(" password"))
    kind, stored = line.split()[1:]
    assert (kind, secrets.reveal(stored)) == ("7", "cisco")


@pytest.mark.parametrize(
    ("kind", "salt", "word", "stored"),
    [
        (5, "mERr", "cisco", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"),
        (8, "TnGX/fE4KGHOVU", "hashcat", "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk"),
        (9, "2MJBozw/9R3UsU", "hashcat", "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"),
    ],
)
def test_secrets_against_published_vectors(kind, salt, word, stored):
    assert secrets.hashed(kind, word, salt) == stored
    assert secrets.Secret(kind, stored).admits(word)
    assert not secrets.Secret(kind, stored).admits(word + "x")


def test_a_configuration_that_was_printed_loads_as_the_same():
    text = (
        START
        + """username bob privilege 15 secret 0 x
banner motd ^C
two
 rows ^C
ip dhcp pool p
 network 10.0.0.0 255.255.255.0
 lease 3 12 15
ip access-list extended A
 permit tcp any any eq 22
 deny ip any any log
ntp server 10.0.0.9 prefer
no ip subnet-zero
no cdp run
archive
 path flash:x
 log config
  hidekeys
route-map opaque permit 10
 match ip address A
ip route 0.0.0.0 0.0.0.0 10.0.0.254
"""
    )
    for dialect, port in (("classic", "FastEthernet0/0"), ("xe", "GigabitEthernet1")):
        device = Device("r1", dialect, startup=text.replace("FastEthernet0/0", port))
        assert device.boot_errors == []
        printed = render.body(device)
        config, refused = device.loaded("\n".join(printed))
        assert refused == []
        device.config = config
        assert render.body(device) == printed
        assert not device.dirty
