# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Pktgen's map of lcores to ports, C(-m), in both of its grammars. Pure.

=============  ============================  ==================================================================
grammar        releases                      written as
=============  ============================  ==================================================================
old            up to 24.03                   one option: C(-m "[1-2:3].0,4.1"), several lcores with C(/) as well
new            from 24.05 on                 one option for each port: C(-m "[1-2:3].0" -m 4.1), ranges only
=============  ============================  ==================================================================

A map is a list of C({port, rx, tx}): the port, the lcores that receive for it and those that send. In both grammars
the side of the lcores alone says which is which. Pktgen itself checks no bounds: an lcore of 128 and more or a port of
32 and more writes beyond its tables, a range that runs backwards keeps its first lcore only, and from 24.05 on C(2/4)
silently is 2. All of this is an error here.
Source: lib/common/l2p.c (pg_parse_matrix) at 3.7.2 and 23.06.1, app/l2p.c (parse_mapping) at 24.05.1.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, Unsupported
from .units import version

NEW_GRAMMAR = (24, 5)
MAX_LCORES = 128
MAX_PORTS = 32
MAX_ENTRIES = 128
MAX_ENTRY = 127
MAX_MATRIX = 511
MAX_ITEMS = 33
MAX_MAPPINGS = 33  # options -m of the new grammar

Mapping = dict[str, t.Any]


def new_grammar(release: str) -> bool:
    """Whether a release of Pktgen has the new grammar."""
    return version(release) >= NEW_GRAMMAR


def parse(texts: t.Sequence[str], release: str) -> list[Mapping]:
    """The map that the texts of C(-m) mean to a release.

    :raises InvalidOption: the release would not read it, or would read something else than is written
    """
    fresh = new_grammar(release)
    entries: list[Mapping] = []
    for text in texts:
        bare = re.sub(r"[\s\"']", "", text)
        if fresh:
            entries.append(_new_entry(bare))
        else:
            entries += _old_matrix(bare)
    if fresh and len(texts) > MAX_MAPPINGS:
        raise InvalidOption(f"there are {len(texts)} maps", next_step=f"a command line takes {MAX_MAPPINGS}")
    return entries


def _old_matrix(text: str) -> list[Mapping]:
    if len(text) > MAX_MATRIX:
        raise InvalidOption(f"the map has {len(text)} characters", next_step=f"Pktgen reads {MAX_MATRIX}")
    parts = text.split(",")
    if len(parts) > MAX_ENTRIES:
        raise InvalidOption(f"the map has {len(parts)} entries", next_step=f"Pktgen reads {MAX_ENTRIES}")
    return [entry for part in parts for entry in _old_entry(part)]


def _old_entry(text: str) -> list[Mapping]:
    if text.count(".") != 1 or len(text) > MAX_ENTRY:
        raise _unreadable(text, "write LCORES.PORT, such as 3.0 or [1-2:3].0")
    lcores, _dot, ports = text.partition(".")
    receivers, senders = _sides(lcores, text, slashes=True)
    port_sides = _sides(ports, text, slashes=True)
    return [
        {"port": _bounded(port, MAX_PORTS, "port", text), "rx": receivers, "tx": senders}
        for port in sorted({*port_sides[0], *port_sides[1]})
    ]


def _new_entry(text: str) -> Mapping:
    if text.count(".") != 1 or "," in text:
        raise _unreadable(text, "from 24.05 on each port has a -m of its own: -m 3.0 -m 4.1")
    lcores, _dot, port = text.partition(".")
    if not re.fullmatch(r"\d+", port):
        raise _unreadable(text, "from 24.05 on a map has exactly one port")
    receivers, senders = _sides(lcores, text, slashes=False)
    return {"port": _bounded(int(port), MAX_PORTS, "port", text), "rx": receivers, "tx": senders}


def _sides(text: str, whole: str, *, slashes: bool) -> tuple[list[int], list[int]]:
    """The lcores that receive and those that send."""
    found = re.fullmatch(r"\[([^\[\]{}]*)\]" + (r"|\{([^\[\]{}]*)\}" if slashes else ""), text)
    inner = next((group for group in found.groups() if group is not None), "") if found else text
    sides = inner.split(":")
    if len(sides) > 2 or re.search(r"[\[\]{}]", inner):
        raise _unreadable(whole, "write [RX:TX].PORT")
    if not slashes and len(sides) == 1 and found:
        raise _unreadable(whole, "from 24.05 on brackets hold [RX:TX]")
    listed = [_side(side, whole, slashes) for side in sides]
    return listed[0], listed[-1]


def _side(text: str, whole: str, slashes: bool) -> list[int]:
    items = text.split("/")
    if len(items) > 1 and not slashes:
        raise _unreadable(whole, "from 24.05 on there are no lists with a slash, only ranges")
    if len(items) > MAX_ITEMS:
        raise _unreadable(whole, f"a side has at most {MAX_ITEMS} parts")
    numbers: list[int] = []
    for item in items:
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", item)
        if not found:
            raise _unreadable(whole, "write numbers and ranges")
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        if last < first:
            raise _unreadable(whole, f"the range {item} runs backwards, and Pktgen would take {first} alone")
        numbers += range(first, _bounded(last, MAX_LCORES, "lcore", whole) + 1)
    return sorted(set(numbers))


def _bounded(number: int, limit: int, what: str, whole: str) -> int:
    if number >= limit:
        raise InvalidOption(
            f"{what} {number} in the map '{whole}' is beyond {limit - 1}",
            next_step="Pktgen would write beyond its tables",
        )
    return number


def _unreadable(text: str, step: str) -> InvalidOption:
    return InvalidOption(f"Pktgen cannot read '{text}' of the map", next_step=step)


def render(entries: t.Sequence[Mapping], release: str) -> list[str]:
    """The map as the arguments of a release: C(-m) and its text, once or for each port.

    :raises Unsupported: the new grammar cannot say it
    """
    check(entries)
    if not new_grammar(release):
        text = ",".join(f"{_lcores(entry, '/')}.{entry['port']}" for entry in entries)
        if len(text) > MAX_MATRIX:
            raise InvalidOption(f"the map has {len(text)} characters", next_step=f"Pktgen reads {MAX_MATRIX}")
        return ["-m", text]
    if len(entries) > MAX_MAPPINGS:
        raise InvalidOption(f"there are {len(entries)} maps", next_step=f"a command line takes {MAX_MAPPINGS}")
    words: list[str] = []
    for entry in entries:
        for side in (entry["rx"], entry["tx"]):
            if side != list(range(side[0], side[-1] + 1)):
                raise Unsupported(
                    f"port {entry['port']} has the lcores {', '.join(map(str, side))}, no range",
                    next_step=f"Pktgen {release} takes ranges only: choose lcores that follow one another",
                )
        words += ["-m", f"{_lcores(entry, '')}.{entry['port']}"]
    return words


def _lcores(entry: Mapping, slash: str) -> str:
    receivers, senders = (_ranges(entry[side], slash) for side in ("rx", "tx"))
    if receivers != senders:
        return f"[{receivers}:{senders}]"
    return f"[{receivers}]" if slash and "/" in receivers else receivers


def _ranges(numbers: t.Sequence[int], slash: str) -> str:
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return (slash or ",").join("-".join(map(str, part)) for part in parts)


def check(entries: t.Sequence[Mapping]) -> None:
    """Raise what is wrong with a map whatever the grammar."""
    for entry in entries:
        for side in ("rx", "tx"):
            if not entry[side]:
                raise InvalidOption(f"port {entry['port']} has no lcore to {'receive' if side == 'rx' else 'send'}")
            _bounded(max(entry[side]), MAX_LCORES, "lcore", str(entry))
        _bounded(entry["port"], MAX_PORTS, "port", str(entry))


def check_against(entries: t.Sequence[Mapping], *, lcores: t.Iterable[int], main: int, ports: int) -> None:
    """Raise where a map does not fit to the EAL's lcores and the devices; Pktgen finds out late or never.

    :param lcores: all lcores of the EAL
    :param main: the one that runs the display
    :param ports: how many devices there are
    """
    owners: dict[int, int] = {}
    present = set(lcores)
    for entry in entries:
        for lcore in sorted({*entry["rx"], *entry["tx"]}):
            if lcore == main:
                raise InvalidOption(
                    f"lcore {lcore} is the main lcore, which runs the display and takes no port",
                    next_step="leave it out of the map, or name another one in 'main_lcore'",
                )
            if lcore not in present:
                raise InvalidOption(f"lcore {lcore} of the map is not among the EAL's", next_step="add it to 'lcores'")
            if owners.setdefault(lcore, entry["port"]) != entry["port"]:
                raise InvalidOption(
                    f"lcore {lcore} is in the map for the ports {owners[lcore]} and {entry['port']}",
                    next_step="give each port lcores of its own",
                )
    mapped = sorted({entry["port"] for entry in entries})
    if mapped != list(range(ports)):
        raise InvalidOption(
            f"the map has the ports {', '.join(map(str, mapped)) or 'none'}, and there are {ports} devices",
            next_step="map each device, counted from 0",
        )
