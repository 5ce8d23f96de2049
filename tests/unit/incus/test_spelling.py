# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How addresses, lists and ports are spelled, and what is none."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.spelling import address, listed, ports, size


@pytest.mark.parametrize(
    ("given", "spelled"),
    [(" 192.0.2.1 ", "192.0.2.1"), ("2001:DB8::0001", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1")],
)
def test_an_address_has_one_form(given, spelled):
    assert address("a", given) == spelled


@pytest.mark.parametrize("given", ["192.0.2.300", "192.0.2", "192.0.2.1/24", "web", ""])
def test_what_is_no_address_is_named(given):
    with pytest.raises(InvalidOption, match=f"'ports\\[0\\].a' is '{given}', which is no IP address; write one IPv4"):
        address("ports[0].a", given)


@pytest.mark.parametrize(
    ("given", "spelled"),
    [(80, "80"), (" 80 , 8000 - 8010", None), ("80, 8000-8010", "80,8000-8010"), ("1-65535", "1-65535")],
)
def test_ports_are_numbers_and_ranges(given, spelled):
    if spelled is None:
        with pytest.raises(InvalidOption, match="'8000 - 8010' in 'p' is no port"):
            ports("p", given)
    else:
        assert ports("p", given) == spelled


@pytest.mark.parametrize("part", ["0", "65536", "90-80", "http", "", "80-", "-80", "1-2-3"])
def test_what_is_no_port_is_named(part):
    with pytest.raises(InvalidOption, match=f"'{part}' in 'p' is no port and no range of ports; write numbers"):
        ports("p", f"80,{part}")


def test_a_list_has_no_blanks():
    assert listed("source", " 10.0.0.1 , @internal") == "10.0.0.1,@internal"


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("4096", 4096),
        ("512B", 512),
        ("1kB", 1000),
        ("2MB", 2_000_000),
        ("1KiB", 1024),
        ("100 MiB", 100 << 20),
        ("3EiB", 3 << 60),
        ("0.1GiB", None),
        ("ten", None),
        ("1KB", None),
        ("", None),
    ],
)
def test_a_size_has_units_of_a_thousand_and_of_1024(text, many):
    assert size(text) == many
