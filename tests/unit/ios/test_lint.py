# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a text, and whom a session belongs to."""

from __future__ import annotations

import json

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import lint, management, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, COMMANDS, KNOWN

CLEAN = """\
hostname r1
enable secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6
username ops secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6
ip ssh version 2
ip access-list standard MGMT
 permit 192.0.2.0 0.0.0.255
int f0/0
 ip addr 192.0.2.1 255.255.255.0
snmp-server location here
line vty 0 4
 access-class MGMT in
 login local
 transport input ssh
"""


def found(text, **more):
    return [(one.line, one.severity, one.rule) for one in lint.lint(text, CLASSIC, **more)]


def test_a_good_text_has_no_findings():
    assert found(CLEAN) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("ip subset-zero\n", (1, "error", "unknown")),
        ("!\n\ncdp timer 3\n", (3, "error", "unknown")),
        ("hostname 9r\n", (1, "error", "unknown")),
        ("enable secret\n", (1, "error", "incomplete")),
        ("l vty 0 4\n", (1, "error", "ambiguous")),
        ("do reload\n", (1, "error", "not_configuration")),
        ("banner motd #a# b\n", (1, "warning", "misplaced")),
        ("banner motd #a\nb", (2, "error", "incomplete")),
        ("int lo0\n ip address 10.0.0.1 255.255.255.0 secondary\n", (2, "error", "secondary")),
        (
            "int lo0\n ip address 10.0.0.1 255.0.0.0\nint lo1\n ip address 10.1.0.1 255.255.0.0\n",
            (3, "error", "overlap"),
        ),
        ("ip access-list standard A\n permit any\n permit any\n", (3, "error", "duplicate")),
        ("int lo0\n description " + "x" * 250 + "\n", (2, "error", "too_long")),
        ("int lo0\n description a\x1ab\n", (2, "error", "control_character")),
        ("int lo0\n description Zürich\n", (2, "warning", "not_ascii")),
        ("int lo0\n description R1(config)#\n", (2, "note", "prompt")),
        ("int lo0\n ip access-group A in\n", (2, "warning", "reference")),
        ("line vty 0 4\n login local\n", (2, "warning", "reference")),
        ("line vty 0 4\n login\n", (2, "warning", "reference")),
        ("enable password x\n", (1, "warning", "weak")),
        ("username x password 7 0822455D0A16\n", (1, "warning", "weak")),
        ("ip ssh version 1\n", (1, "warning", "weak")),
        ("line vty 0 4\n transport input telnet ssh\n", (2, "warning", "weak")),
    ],
)
def test_a_mistake_is_found_in_its_line(text, finding):
    assert found(text) == [finding]


def test_crlf_is_no_mistake():
    assert found(CLEAN.replace("\n", "\r\n")) == []


def test_findings_hold_no_secrets():
    text = (
        "enable secrt hunter2\nusername x password 7 0822455D0A16\nusername y secret hunter2\x1a\n"
        "line con 0\n login\n passwrd hunter2\n"
    )
    shown = json.dumps(lint.lint(text, CLASSIC))
    assert "hunter2" not in shown
    assert "0822455" not in shown


def test_commands_known_from_nothing_but_knowledge_are_named_on_request():
    text = "hostname r\nip source-route\nint lo0\n ip mtu 1400\n"
    assert {one.syntax for one in COMMANDS if one.source == KNOWN} >= {"ip source-route", "ip mtu <size:68-10000>"}
    assert found(text) == []
    assert found(text, unverified=True) == [(2, "note", "unverified"), (4, "note", "unverified")]


class Task:
    """What the module of ios_lint is given."""

    def __init__(self, **given):
        self.params = {"text": None, "path": None, "dialect": "auto", "unverified": False, "fail_on": "error", **given}


@pytest.mark.parametrize(("fail_on", "failed"), [("error", False), ("warning", True), ("note", True), ("never", False)])
def test_ios_lint_fails_from_the_severity_on_that_it_is_told(fail_on, failed):
    result = lint.work(Task(text="enable password x\n", fail_on=fail_on))
    assert result.get("failed", False) is failed
    assert result["counts"] == {"error": 0, "warning": 1, "note": 0}


def test_ios_lint_reads_a_file_and_goes_by_its_version(tmp_path):
    path = tmp_path / "r1.cfg"
    path.write_text("version 17.3\nip subset-zero\n")
    result = lint.work(Task(path=str(path)))
    assert result["dialect"] == "xe"
    assert str(path) in result["msg"]
    assert "line 2" in result["msg"]
    assert result["failure"]["kind"] == "invalid_option"


def test_ios_lint_says_which_file_is_not_there(tmp_path):
    with pytest.raises(errors.NotFound, match="nothing.cfg cannot be read"):
        lint.work(Task(path=str(tmp_path / "nothing.cfg")))


USERS = """\
    Line       User       Host(s)              Idle       Location
   0 con 0                idle                 00:00:04
{0}  1 vty 0     ops        idle                 00:00:00   192.0.2.9
{1}  2 vty 1                idle                 00:00:00   192.0.2.8
{2}  0 con 0                idle                 00:00:00
"""
DEVICE = tree.parse("interface FastEthernet0/0\n ip address 192.0.2.1 255.255.255.0\n", CLASSIC)


def users(at):
    stars = [" ", " ", " "]
    stars[at] = "*"
    return USERS.format(*stars)


def test_the_way_of_a_session_is_found_from_the_device():
    way = management.find(DEVICE, users(0), address="192.0.2.1")
    assert way == management.Management(True, False, "192.0.2.9", "192.0.2.1", "FastEthernet0/0", 0, "ops", "ssh", 22)
    assert management.find(DEVICE, users(1), address="192.0.2.1").user is None
    assert management.find(DEVICE, users(1), address="192.0.2.1").vty == 1


def test_a_console_is_a_way_without_an_address():
    way = management.find(DEVICE, users(2))
    assert (way.found, way.console, way.peer) == (True, True, None)


def test_a_way_through_a_translation_is_not_found():
    assert not management.find(DEVICE, users(0), address="203.0.113.1").found
    assert not management.find(DEVICE, users(0), address="router.example").found
    assert not management.find(DEVICE, "nothing", address="192.0.2.1").found
