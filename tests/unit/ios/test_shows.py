# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every show command's parser, on texts written by hand."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows

from tests.unit.ios.samples import SAMPLES

CASES = [(command, text, some) for command, samples in SAMPLES.items() for text, some in samples]


def part_of(found: t.Any, some: t.Any) -> t.Any:
    """The found value reduced to the keys that are expected; lists keep their length."""
    if isinstance(some, dict) and isinstance(found, dict):
        return {key: part_of(found.get(key, "missing"), value) for key, value in some.items()}
    if isinstance(some, list) and isinstance(found, list):
        return [part_of(one, some[place] if place < len(some) else {}) for place, one in enumerate(found)]
    return found


@pytest.mark.parametrize(("command", "text", "some"), CASES)
def test_a_show_is_parsed(command, text, some):
    assert part_of(shows.parse(command, text), some) == some


@pytest.mark.parametrize(("command", "text", "some"), CASES)
def test_line_ends_of_a_terminal_make_no_difference(command, text, some):
    assert shows.parse(command, text.replace("\n", "\r\n").replace("\r", "")) == shows.parse(command, text)


def test_every_parser_has_a_sample():
    parsed = {shows.parser_of(command) for command in SAMPLES}
    assert parsed == set(shows.PARSERS.values())


@pytest.mark.parametrize("command", sorted({command for command, text, _some in CASES if text.strip()}))
def test_another_text_is_an_error_and_not_an_empty_answer(command):
    with pytest.raises(Malformed, match="its parser"):
        shows.parse(command, "hello world\n")


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("sh ver", "show version"),
        ("SHOW INT", "show interfaces"),
        ("show interfaces FastEthernet0/0", "show interfaces"),
        ("show interfaces FastEthernet 0/0", "show interfaces"),
        ("sh int desc", "show interfaces description"),
        ("sh ip int br", "show ip interface brief"),
        ("show cdp nei det", "show cdp neighbors detail"),
        ("show cdp entry r2", "show cdp entry *"),
        ("sh ip dhcp pool LAN", "show ip dhcp pool"),
        ("sh ip dh se st", "show ip dhcp server statistics"),
    ],
)
def test_abbreviations_have_the_same_parser(given, full):
    assert shows.parser_of(given) is shows.parser_of(full) is not None


@pytest.mark.parametrize(
    "command", ["show clock", "show running-config", "sh", "show ip", "show ip route 10.0.0.1", "x"]
)
def test_other_commands_have_none(command):
    assert shows.parser_of(command) is None
    assert shows.parse(command, "anything") is None
