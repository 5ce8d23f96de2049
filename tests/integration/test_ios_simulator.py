# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated router's terminal (SIMULATOR), typed on as a person types: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import re
import time

import asyncssh
import pytest

from tests.simulators.ios import Lab

from . import ios

PROMPT = re.compile(r"(?:^|[\n\x08])r1[^\s#>]*[#>]$")


class Keyboard:
    """A person at a terminal over SSH."""

    def __init__(self, lab, name="r1", password=ios.PASSWORD):
        self.lab, self.name, self.password = lab, name, password

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self._open())
        return self

    async def _open(self):
        self.connection = await asyncssh.connect(
            "127.0.0.1",
            self.lab.port(self.name),
            username=ios.USER,
            password=self.password,
            known_hosts=None,
            config=[],
        )
        self.process = await self.connection.create_process(term_type="vt100", encoding=None)
        await self._until(PROMPT.search)

    async def _until(self, wanted):
        seen = ""
        while not wanted(seen.replace("\r", "")):
            data = await asyncio.wait_for(self.process.stdout.read(65536), 60)
            assert data, f"the session ended after {seen!r}"
            seen += data.decode("latin-1")
        return seen.replace("\r", "")

    def types(self, text, until=PROMPT.search):
        """Type bytes, and return what the screen shows up to the next prompt."""
        self.process.stdin.write(text.encode("latin-1"))
        wanted = until if callable(until) else re.compile(until).search
        return self.loop.run_until_complete(self._until(wanted))

    def __exit__(self, *_error):
        self.connection.abort()
        self.loop.run_until_complete(self.connection.wait_closed())
        self.loop.close()


@pytest.fixture(scope="module")
def lab():
    with ios.one() as made:
        yield made


@pytest.fixture
def keyboard(lab):
    with Keyboard(lab) as made:
        yield made


def test_characters_are_echoed_and_the_line_can_be_edited(keyboard):
    assert keyboard.types("shw", r"shw$") == "shw"
    assert keyboard.types("\b", "\b \b$")
    said = keyboard.types("ow privilegX\b\x01\x05e\r")
    assert "Current privilege level is 15" in said
    assert "Current privilege level is 15" in keyboard.types("nonsense\x15show privilege\r")
    assert "Current privilege level is 15" in keyboard.types("show foo\x17privilege\r")
    assert "Current privilege level is 15" in keyboard.types("how privilege\x01s\r")
    assert "Current privilege level is 15" in keyboard.types("\x10\r")


def test_help_and_completion(keyboard):
    said = keyboard.types("show ip ?", r"show ip $")
    assert {"interface", "route", "ssh", "dhcp"} <= set(said.split())
    said = keyboard.types("\x15sh run | ?", r"sh run \| $")
    assert "  section   Filter a section of output" in said
    assert "(URLs supporting append operation" in said
    keyboard.types("\x15show privi\t", r"show privilege $")
    assert "Current privilege level is 15" in keyboard.types("\r")
    assert '% Ambiguous command:  "co"' in keyboard.types("co\r")


def test_long_output_is_paged(keyboard):
    keyboard.types("terminal length 10\r")
    said = keyboard.types("show running-config\r", r" --More-- $")
    assert said.count("\n") == 10
    assert keyboard.types("\r", r" --More-- $").count("\n") == 1
    assert keyboard.types(" ", r" --More-- $").count("\n") == 9
    assert keyboard.types("q").endswith("r1#")
    keyboard.types("terminal length 0\r")
    assert keyboard.types("show running-config\r").rstrip().endswith("r1#")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interface", "% Incomplete command."),
        ("i", '% Ambiguous command:  "i"'),
        ("foo", "% Invalid input detected at '^' marker."),
    ],
)
def test_errors_are_told_as_the_device_tells_them(keyboard, line, said):
    keyboard.types("configure terminal\r")
    assert said in keyboard.types(line + "\r")
    keyboard.types("\x1a")


def test_the_caret_stands_below_the_word(keyboard):
    keyboard.types("configure terminal\r")
    rows = keyboard.types("ip subset-zero\r").split("\n")
    assert rows[0] == "ip subset-zero"
    column = rows[1].index("^") - len("r1(config)#")
    assert 3 <= column <= 6
    keyboard.types("\x1a")


def test_modes_and_how_to_leave_them(keyboard):
    assert keyboard.types("conf t\r").endswith("r1(config)#")
    assert keyboard.types("int lo0\r").endswith("r1(config-if)#")
    assert keyboard.types("ip dhcp pool x\r").endswith("r1(dhcp-config)#")
    assert keyboard.types("line con 0\r").endswith("r1(config-line)#")
    assert keyboard.types("archive\r").endswith("r1(config-archive)#")
    assert keyboard.types("log config\r").endswith("r1(config-archive-log-cfg)#")
    assert keyboard.types("exit\r").endswith("r1(config-archive)#")
    assert keyboard.types("exit\r").endswith("r1(config)#")
    assert keyboard.types("ip access-list standard A\r").endswith("r1(config-std-nacl)#")
    assert keyboard.types("int gi2.5\r").endswith("r1(config-subif)#")
    assert keyboard.types("do show privilege\r").endswith("level is 15\nr1(config-subif)#")
    assert keyboard.types("\x1a").endswith("^Z\nr1#")
    assert keyboard.types("conf t\r").endswith("r1(config)#")
    assert keyboard.types("\x03").endswith("r1#")


def test_a_configuration_prompt_is_cut_where_the_name_is_long(keyboard):
    keyboard.types("conf t\r")
    long = "r1-with-a-rather-long-name-indeed"
    shown = keyboard.types(f"hostname {long}\r", r"\(config\)#$").split("\n")[-1]
    assert len(shown) <= 20
    assert long.startswith(shown.partition("(")[0])
    assert keyboard.types("end\r", f"{long}#$")
    keyboard.types("conf t\r", r"\(config\)#$")
    keyboard.types("hostname r1\r")
    keyboard.types("end\r")


def test_the_key_of_the_reference_session():
    """The session that the reference shows, line by line."""
    with Lab([ios.device(dialect="classic", key_bits=2048)]) as lab, Keyboard(lab) as keyboard:
        keyboard.types("conf t\r")
        keyboard.types("ip domain-name barrygates.cn\r")
        shown = keyboard.types("crypto key generate rsa\r", r"\[512\]: $")
        assert "The name for the keys will be: r1.barrygates.cn\n" in shown
        assert "Choose the size of the key modulus in the range of 360 to 4096 for your\n" in shown
        shown = keyboard.types("\r")
        assert (
            "% Generating 512 bit RSA keys, keys will be non-exportable...\n[OK] (elapsed time was 0 seconds)" in shown
        )
        shown = keyboard.types("ip ssh version 2\r")
        assert "Please create RSA keys to enable SSH (and of atleast 768 bits for SSH v2)." in shown
        keyboard.types("int fastEthernet 0/1\r")
        keyboard.types("ip address 172.16.0.1 255.255.0.0\r")
        keyboard.types("shutdown\r")
        keyboard.types("description for test\r")
        keyboard.types("exit\r")
        shown = keyboard.types("do show interfaces description\r")
        assert "Fa0/1                          admin down     down     for test" in shown
        assert "Interface                      Status         Protocol Description" in shown


def test_reload_in_and_its_cancellation(keyboard, lab):
    keyboard.types("reload in 5\r", r"\[confirm\]$|\[yes/no\]: $")
    if lab.export("r1")["dirty"]:
        keyboard.types("no\r", r"\[confirm\]$")
    keyboard.types("\r")
    assert lab.export("r1")["timers"] == {"reload": 5}
    assert "SHUTDOWN ABORTED" in keyboard.types("reload cancel\r")
    assert lab.export("r1")["timers"] == {}


def test_counters_are_cleared(keyboard, lab):
    lab["r1"].ports["GigabitEthernet1"].packets_in = 7
    keyboard.types("terminal length 0\r")
    assert "7 packets input" in keyboard.types("show interfaces gi1\r")
    assert "on this interface [confirm]" in keyboard.types("clear counters gi1\r", r"\[confirm\]$")
    keyboard.types("\r")
    shown = keyboard.types("show interfaces gi1\r")
    assert "     0 packets input" in shown
    assert 'Last clearing of "show interface" counters 0' in shown


def test_neighbours_appear_and_age_out():
    link = ("r1:GigabitEthernet1", "r2:GigabitEthernet1")
    with Lab([ios.device(minute=0.6), ios.device("r2", minute=0.6)], [link]) as lab, Keyboard(lab) as keyboard:
        assert "r2.lab.example" in keyboard.types("show cdp neighbors\r")
        lab.call(lambda: lab.unlink(*link))
        assert "r2.lab.example" in keyboard.types("show cdp neighbors\r")
        while lab.call(lab["r1"].heard):
            time.sleep(0.1)
        assert "r2.lab.example" not in keyboard.types("show cdp neighbors\r")


def test_every_intermediate_state_is_logged():
    with ios.one(keep=True) as lab:
        ios.push(ios.target(lab), ["interface Loopback0", "description a", "description b"])
        events = lab.export("r1")["journal"]
        assert [event["line"] for event in events] == ["interface Loopback0", "description a", "description b"]
        texts = [event["config"]["interfaces"]["Loopback0"]["description"] for event in events]
        assert texts == [None, "a", "b"]
        assert all(event["reachable"] for event in events)
