# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers mean: nothing unknown passes for success."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import answers

ERRORS = [
    ["          ^", "% Invalid input detected at '^' marker.", ""],
    ["% Incomplete command."],
    ['% Ambiguous command:  "i"'],
    ["Must delete secondary before deleting primary"],
    ["% 172.16.0.0 overlaps with FastEthernet0/0"],
    ["Bad mask 0xFFFFFF00 for address 10.0.0.0"],
    ["% Duplicate sequence number", "% Failed to add ace"],
    ["ERROR: Can not have both a user password and a user secret.", "Please choose one or the other."],
    ["% Please define a domain-name first."],
    ["Command rejected: not allowed"],
    ["something that nobody has seen before"],
    ["                   ^"],
]
HARMLESS = [
    [],
    ["", "  "],
    ["Enter TEXT message.  End with the character '#'."],
    ["Interface Loopback0 set to default configuration"],
    ["% Generating 2048 bit RSA keys, keys will be non-exportable...", "[OK] (elapsed time was 0 seconds)"],
]
REMARKS = [
    ["Please create RSA keys to enable SSH (and of atleast 768 bits for SSH v2)."],
    ["% Login disabled on line 2, until 'password' is set"],
    [
        "The enable secret you have chosen is the same as your enable password.",
        "This is not recommended.  Re-enter the enable secret.",
    ],
    ["WARNING: Command has been added to the configuration using a type 0 password."],
]


@pytest.mark.parametrize("lines", ERRORS)
def test_an_error(lines):
    said = answers.judge(lines)
    assert said.error
    assert said.remarks == ()


@pytest.mark.parametrize("lines", HARMLESS)
def test_nothing_to_say(lines):
    assert answers.judge(lines) == (None, ())


@pytest.mark.parametrize("lines", REMARKS)
def test_a_remark_is_kept_and_is_no_error(lines):
    assert answers.judge(lines) == (None, tuple(lines))


@pytest.mark.parametrize(
    "line",
    [
        "*Mar  1 00:00:10.123: %SYS-5-CONFIG_I: Configured from console by console",
        "*Feb 14 11:42:15.394:  RSA key size needs to be atleast 768 bits for ssh version 2",
        "000123: *Mar  1 00:00:10.123: %LINK-3-UPDOWN: Interface Fa0/0, changed state to up",
        "Nov 21 18:00:00.123 UTC: %ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: Backing up",
        "%SYS-7-NV_BLOCK_INIT: Initialized the geometry of nvram",
        "Rollback Confirmed Change: Rollback will begin in one minute.",
    ],
)
def test_a_message(line):
    assert answers.is_log(line)


@pytest.mark.parametrize(
    "line",
    ["% Invalid input", "*18:00:00.123 UTC Sat Nov 21 2026", " description *Mar  1 00:00:10", "%Error opening flash:x"],
)
def test_no_message(line):
    assert not answers.is_log(line)


@pytest.mark.parametrize(
    "tail",
    [
        "Destination filename [startup-config]? ",
        "Proceed with reload? [confirm]",
        "System configuration has been modified. Save? [yes/no]: ",
        "How many bits in the modulus [512]: ",
        "Password: ",
    ],
)
def test_a_question(tail):
    assert answers.QUESTION.search(tail)


@pytest.mark.parametrize("tail", ["r1(config)#", "", "r1>", "Building configuration..."])
def test_no_question(tail):
    assert not answers.QUESTION.search(tail)
