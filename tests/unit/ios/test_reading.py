# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ios_command runs, and what it refuses."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.reading import only_reads


@pytest.mark.parametrize(
    "command",
    [
        "show version",
        "sh ip int br",
        "SH VER",
        "ping 192.0.2.1",
        "dir nvram:",
        "sh run | i hostname",
        "sh run | section ^line vty",
    ],
)
def test_what_reads_is_run(command):
    only_reads(command)


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("copy running-config startup-config", "ios_save"),
        ("write memory", "ios_save"),
        ("wr", "ios_save"),
        ("erase startup-config", "ios_erase"),
        ("clear counters", "ios_clear"),
        ("relo", "ios_reload"),
        ("conf t", "ios_config"),
        ("crypto key zeroize rsa", "ios_rsa_key"),
        ("delete flash:x", "show commands"),
        ("debug all", "show commands"),
        ("show version | redirect flash:x", "ios_backup"),
        ("sh run | tee flash:x", "ios_backup"),
        ("sh run | a flash:x", "ios_backup"),
    ],
)
def test_what_changes_is_refused_with_its_module(command, module):
    with pytest.raises(Refused) as caught:
        only_reads(command)
    assert module in (caught.value.next_step or "")


@pytest.mark.parametrize(
    "command", ["", "  ", "show version\nreload", "show version\x1a", "c", "frobnicate", "| i x", "sh run | x y"]
)
def test_what_nobody_knows_is_an_error(command):
    with pytest.raises(InvalidOption):
        only_reads(command)


def test_a_misspelt_command_has_a_hint():
    with pytest.raises(InvalidOption) as caught:
        only_reads("shwo version")
    assert caught.value.next_step == "did you mean 'show'?"
