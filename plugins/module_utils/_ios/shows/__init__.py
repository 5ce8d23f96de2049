# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""Show commands as data: which of them have a parser, and the parser. Pure.

The formats are those of IOS 12.4 to 15 and IOS XE 16 to 17. Names are the field's own; what a train does not print is
missing or null, as each parser says.
"""

from __future__ import annotations

import typing as t

from ..._core.errors import Malformed
from . import cdp, dhcp, interfaces, ntp, routing, system

Parser = t.Callable[[str], t.Any]

# By the command's keywords. A word in angle brackets stands for an argument, one in square brackets for one or none.
PARSERS: dict[str, Parser] = {
    "show version": system.version,
    "show interfaces [name]": interfaces.interfaces,
    "show interfaces description": interfaces.description,
    "show ip interface brief": interfaces.brief,
    "show protocols [name]": interfaces.protocols,
    "show controllers [name]": interfaces.controllers,
    "show ip route": routing.ip_route,
    "show ip dhcp pool [name]": dhcp.pool,
    "show ip dhcp binding": dhcp.binding,
    "show ip dhcp conflict": dhcp.conflict,
    "show ip dhcp server statistics": dhcp.statistics,
    "show ntp status": ntp.status,
    "show ntp associations": ntp.associations,
    "show cdp": cdp.cdp,
    "show cdp neighbors": cdp.neighbors,
    "show cdp neighbors detail": cdp.details,
    "show cdp entry <name>": cdp.details,
    "show ip ssh": system.ip_ssh,
    "show crypto key mypubkey rsa": system.rsa_keys,
    "show line": system.line,
    "show users": system.users,
}


def parser_of(command: str) -> Parser | None:
    """The parser of a command, abbreviated or not; null where its output has none, as behind a pipe."""
    words = command.lower().split()
    fitting = [(score, name) for name in PARSERS for score in [_fits(words, name.split())] if score is not None]
    if not fitting:
        return None
    # Keywords win over arguments: "show interfaces description" is no interface of that name.
    best = max(score for score, _name in fitting)
    names = [name for score, name in fitting if score == best]
    exact = [name for name in names if name.split()[: len(words)] == words]
    return PARSERS[(exact or names)[0]] if len(exact or names) == 1 else None


def _fits(words: list[str], pattern: list[str]) -> int | None:
    """How many of the words are keywords of the pattern; null where it is another command."""
    keywords = 0
    for place, word in enumerate(words):
        if place >= len(pattern):
            # An interface may be written as type and number.
            return keywords if pattern[-1].startswith("[") and place == len(pattern) and word[0].isdigit() else None
        if pattern[place][0] in "[<":
            keywords += 0
        elif pattern[place].startswith(word):
            keywords += 1
        else:
            return None
    missing = pattern[len(words) :]
    return keywords if all(part.startswith("[") for part in missing) else None


def parse(command: str, text: str) -> t.Any:
    """The structure of a command's output.

    :return: null where the command has no parser
    :raises Malformed: the text is none that the command prints
    """
    parser = parser_of(command)
    if parser is None:
        return None
    found = parser(text)
    if found is None:
        raise Malformed(
            f"the output of '{command}' is none that its parser knows",
            text=text[:400],
            next_step="set 'structured' to false to get the text alone",
        )
    return found
