# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Where the new instances of a fleet go in a cluster. Pure.

What is there stays where it is, so a second run has nothing to place. A new instance with a C(target) goes there.
"""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, no_such

_MANUAL = "scheduler.instance"  # "manual" on members that take only what names them, "group" what names their group


def candidates(members: t.Iterable[t.Mapping[str, t.Any]], over: t.Sequence[str]) -> list[str]:
    """The members in service that instances can be spread over, by name.

    :param members: all of them, as the daemon gives them
    :param over: names, and groups as C(@NAME); all members where there are none
    :raises InvalidOption: there is none
    """
    by_name = {str(member["server_name"]): member for member in members}
    groups = {group for member in by_name.values() for group in member.get("groups") or ()}
    chosen: set[str] = set()
    for entry in over or [""]:
        if entry and not entry.startswith("@"):
            if entry not in by_name:
                raise no_such("cluster member", entry, by_name, "see 'cluster/members' of nfvlab.fleet.incus_info")
            chosen.add(entry)
            continue
        group = entry[1:]
        if entry and group not in groups:
            raise no_such("cluster group", group, groups, "create it, with members, first")
        barred = ("manual",) if entry else ("manual", "group")
        chosen |= {
            name
            for name, member in by_name.items()
            if (not entry or group in member["groups"]) and (member.get("config") or {}).get(_MANUAL) not in barred
        }
    found = sorted(name for name in chosen if by_name[name]["status"] == "Online")
    if not found:
        where = f" of {', '.join(over)}" if over else ""
        raise InvalidOption(
            f"'spread': no member{where} takes instances now", next_step="restore one, or name others in 'spread_over'"
        )
    return found


def place(
    names: t.Sequence[str], wanted: t.Collection[str], located: t.Iterable[str], members: t.Sequence[str], spread: str
) -> dict[str, str]:
    """The member for each new instance.

    :param names: all declared instances, in order
    :param wanted: those of them that need a place
    :param located: the member of each instance that is there
    :param members: where they can go
    :param spread: V(round_robin) goes by the order of declaration, V(least_loaded) to whoever has fewest
    """
    if spread == "round_robin":
        return {name: members[number % len(members)] for number, name in enumerate(names) if name in wanted}
    load = dict.fromkeys(members, 0)
    for member in located:
        if member in load:
            load[member] += 1
    found = {}
    for name in names:
        if name in wanted:
            found[name] = min(members, key=lambda member: load[member])
            load[found[name]] += 1
    return found
