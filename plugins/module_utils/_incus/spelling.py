# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How the daemon spells addresses and lists, and what cannot be one. Pure.

The daemon stores these in one form, so they are compared in it. It takes every number for a port: only the host's
firewall refuses a wrong one, in several lines, and that of an ACL when a network obeys it already.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._core.errors import InvalidOption

PORTS = range(1, 65536)

_PREFIXES = "kMGTPE"
# What a number of bytes can end with, and how many each stands for.
UNITS = {
    "": 1,
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(_PREFIXES, 1)},
    **{f"{prefix.upper()}iB": 1024**power for power, prefix in enumerate(_PREFIXES, 1)},
}


def address(position: str, value: t.Any) -> str:
    """An IP address in its shortest form.

    :raises InvalidOption: it is none
    """
    try:
        found = ipaddress.ip_address(str(value).strip())
        # The daemon stores an IPv4 address that is written as an IPv6 one as what it is.
        return str(getattr(found, "ipv4_mapped", None) or found)
    except ValueError:
        raise InvalidOption(
            f"'{position}' is '{value}', which is no IP address",
            next_step="write one IPv4 or IPv6 address, without a prefix length",
        ) from None


def size(text: str) -> int | None:
    """The bytes of a size (C(100MiB), C(1GB), C(4096)); null where the daemon would refuse it."""
    found = re.fullmatch(r"(\d+) ?([A-Za-z]*)", text)
    return int(found.group(1)) * UNITS[found.group(2)] if found and found.group(2) in UNITS else None


def listed(position: str, value: t.Any) -> str:
    """A list with commas, without blanks."""
    return ",".join(part.strip() for part in str(value).split(","))


def ports(position: str, value: t.Any) -> str:
    """Ports and ranges of ports with commas, without blanks.

    :raises InvalidOption: naming the part that is none
    """
    spelled = listed(position, value)
    for part in spelled.split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        first, last = (int(end or found.group(1)) for end in found.groups()) if found else (0, 0)
        if first not in PORTS or last not in PORTS or last < first:
            raise InvalidOption(
                f"'{part}' in '{position}' is no port and no range of ports",
                next_step="write numbers from 1 to 65535 and ranges, such as '80,8000-8010'",
            )
    return spelled
