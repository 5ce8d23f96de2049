# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded devices speak like the simulated router (SIMULATOR), and our clients understand them.

The wheel of C(unicon.plugins) has dialogues and show outputs of IOS and IOS XE for its own tests. It is downloaded and
read where it was unpacked; nothing of it is run, and none of its texts is kept here.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import textwrap
import typing as t
import zipfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import answers, console, stream

from tests.simulators.ios import Lab

VERSION = "26.9"
HOME = Path(__file__).resolve().parents[2] / "build" / "oracles-unicon"
FILES = re.compile(r"unicon/plugins/tests/mock_data/(?:iosx?e?/[^/]*|generic/generic_mock_data_ios(?:xe.*)?)\.yaml")
State = dict[str, t.Any]


@pytest.fixture(scope="module")
def states() -> list[State]:
    """The states of all recorded devices: prompts, and what is answered to which command."""
    name = f"unicon_plugins-{VERSION}-*.whl"
    if not list(HOME.glob(name)):
        wanted = f"unicon.plugins=={VERSION}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*command, "--dest", HOME, wanted], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{wanted} cannot be downloaded here: {done.stderr.strip().splitlines()[-1]}")
    (wheel,) = HOME.glob(name)
    with zipfile.ZipFile(wheel) as packed:
        texts = [packed.read(name).decode() for name in packed.namelist() if FILES.fullmatch(name)]
    found = [state for text in texts for state in yaml.safe_load(text).values() if isinstance(state, dict)]
    assert len(found) > 300
    return found


def strings(value: t.Any) -> t.Iterator[str]:
    """All texts in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def plain(row: str) -> str:
    """A row without what differs from device to device: blanks, numbers, and the exportability of keys."""
    return re.sub(r"non-exportable", "exportable", re.sub(r"\d+", "0", " ".join(row.split())))


def prompts(states: list[State]) -> set[str]:
    """The last rows of all prompts."""
    texts = [state["prompt"].replace("%N", "Router") for state in states if isinstance(state.get("prompt"), str)]
    return {text.splitlines()[-1] for text in texts if text.strip()}


# What is typed at a console, one after the other, until everything that can be asked was asked; on three connections.
TYPED = (
    (
        *("", "maybe", "no", "", "", "enable", "terminal length 0", "shw version", "configure terminal"),
        *("hostname r1", "ip domain-name lab.example", "crypto key generate rsa", "1024", "enable secret good", "end"),
        *("write memory", "disable", "enable", "bad", "bad", "bad", "enable", "good"),
        *("clear counters", "", "clear logging", "", "clear line vty 3", ""),
        *("configure terminal", "line con 0", "login local", "username u secret s", "end", "exit"),
    ),
    ("", "u", "bad", "u", "s", "enable", "good", "write erase", "", "exit"),
    ("", "u", "s", "enable", "good", "configure terminal", "hostname r2", "end", "reload", "no"),
)
# A row in which something is asked or reported, without what is typed behind a question.
SAID = re.compile(
    r"%.*|\[OK\].*|--- .* ---|Building .*|Enter .*|Erase .*|Press .*|User Access .*"
    r"|\S.*?(?:\[confirm\]|\[yes/no\]:|\[\d+\]:|[Uu]sername:|[Pp]assword:)"
)


@pytest.fixture(scope="module", params=["classic", "xe"])
def said(request: pytest.FixtureRequest) -> set[str]:
    """The rows in which the simulator asks or reports."""
    text = ""
    with Lab([{"name": "r1", "dialect": request.param}]) as lab:
        for lines in TYPED:
            with socket.create_connection(("127.0.0.1", lab.console("r1"))) as wire:
                for line in lines:
                    wire.sendall(f"{line}\r".encode())
                    text += until_asked(wire)
    rows = [SAID.match(row.strip()) for row in re.split(r"[\r\n]+", text)]
    return {plain(row[0]) for row in rows if row}


def until_asked(wire: socket.socket) -> str:
    """What arrives until the device waits for something to be typed, or hangs up."""
    text = ""
    while more := wire.recv(65536):
        text += more.decode()
        row = text.split("\n")[-1]
        if stream.PROMPT.fullmatch(row) or answers.QUESTION.search(row) or console.USER.search(row):
            break
        if text.rstrip().endswith("Press RETURN to get started!"):
            break
    return text


def test_the_simulator_speaks_like_recorded_devices(states: list[State], said: set[str]) -> None:
    recorded = {plain(row) for text in strings(states) for row in text.splitlines()}
    assert said - recorded == set()
    assert len(said) >= 19


# Questions of these devices that no command of ours leads to, in a form that we would not see as one.
NOT_OURS = ("Confirm [yes/no] ", "Do you want to abort? (yes/[no]):", "Are you sure you want to continue? (y/n)[y]")


LOGIN = r"(?i)((enter|confirm) enable secret|username|password|login):$|would you .*(initial|management)"


def test_our_clients_see_where_a_recorded_device_waits(states: list[State]) -> None:
    rows = prompts(states)
    ends = [row for row in rows if re.match(r"(Router|Switch|WLC)\S*[#>] ?$", row)]
    assert len(ends) > 30
    assert [row for row in ends if not stream.PROMPT.fullmatch(row)] == []
    asked = [row for row in rows if re.search(r"confirm\]|\byes\b|y/n|\]\? $", row) and "fingerprint" not in row]
    assert len(asked) > 30
    assert sorted(row for row in asked if not answers.QUESTION.search(row)) == sorted(NOT_OURS)
    logins = [row for row in rows if re.match(LOGIN, row.strip())]
    assert len(logins) > 8
    assert [row for row in logins if not any(question.search(row) for question in console.QUESTIONS)] == []


# Outputs behind a command that has a parser, of something that is no IOS: an access point.
FOREIGN = ("AP Running Image", "wired0 ")


def shown(states: list[State]) -> dict[tuple[str, str], None]:
    """Each output of a command that we have a parser for, with its command."""
    found: dict[tuple[str, str], None] = {}
    for state in states:
        for command, answer in (state.get("commands") or {}).items():
            if str(command).startswith("sh") and shows.parser_of(str(command)) is not None:
                said = answer.get("response") if isinstance(answer, dict) else answer
                for text in said if isinstance(said, list) else [said]:
                    if isinstance(text, str) and text.strip() and not text.startswith("file|"):
                        found[command, as_printed(command, text)] = None
    return found


def as_printed(command: str, text: str) -> str:
    """An output without the indentation of the file that it is in; C(show version) has none of its own."""
    text = textwrap.dedent(text.expandtabs())
    return re.sub(r"(?m)^ +", "", text) if shows.parser_of(command) is shows.PARSERS["show version"] else text


def test_recorded_outputs_are_parsed(states: list[State]) -> None:
    foreign = []
    counts = dict.fromkeys(("show version", "show interfaces", "show ip interface brief", "show ntp associations"), 0)
    for command, text in shown(states):
        try:
            found = shows.parse(command, text)
        except Malformed:
            foreign.append(text)
            continue
        full = next(name for name in counts if shows.parser_of(name) is shows.parser_of(command))
        counts[full] += 1
        CHECKS[full](found, text)
    assert [text for text in foreign if not any(sign in text for sign in FOREIGN)] == []
    assert counts["show version"] > 25 and all(counts.values())


def is_version(found: t.Any, text: str) -> None:
    """The software's version, which is not the boot loader's, and every kind of interface that is counted."""
    software = [row for row in text.splitlines() if "Software" in row and not re.match("ROM|BOOTLDR|Technical", row)]
    assert f"Version {found['version']}" in "\n".join(software)
    uptimes = re.findall(r"(\S+) uptime is", text)
    assert found.get("hostname") == (uptimes[0] if uptimes else None)
    assert len(found["interfaces"]) == len(set(re.findall(r"(?m)^\s*\d+ (.*) interfaces?\s*$", text)))


def is_interfaces(found: t.Any, text: str) -> None:
    (only,) = found
    assert f"{only['interface']} is {only['status']}, line protocol is {only['protocol']}" in text
    assert f"Internet address is {only['address']}" in text
    assert f"{only['counters']['output_packets']} packets output" in text


def is_brief(found: t.Any, text: str) -> None:
    rows = [row.split() for row in text.splitlines()[1:] if row.strip()]
    assert [(one["interface"], one["address"]) for one in found] == [
        (row[0], None if row[1] == "unassigned" else row[1]) for row in rows
    ]


def is_associations(found: t.Any, text: str) -> None:
    rows = [row.split() for row in text.splitlines() if re.match(r"[*#~+ x.-]*\d", row)]
    assert [(one["address"], one["stratum"]) for one in found] == [
        (row[0].lstrip("*#~+-x"), int(row[2])) for row in rows
    ]


CHECKS = {
    "show version": is_version,
    "show interfaces": is_interfaces,
    "show ip interface brief": is_brief,
    "show ntp associations": is_associations,
}
