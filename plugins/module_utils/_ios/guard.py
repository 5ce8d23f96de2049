# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The guard of a change, as far as it is a choice and not a session: which way back there is, and its lines.

The ways, best first: a timer of the device that takes everything back by itself (C(configure terminal revert timer),
which needs an archive); C(configure replace) with a copy that was made before; the lines that lead back, typed over the
session; and besides, a reload that throws away whatever was not saved, where nothing else was unsaved before.
"""

from __future__ import annotations

import re
import typing as t

from .diff import Line, plan
from .management import Management
from .tree import Config

REVERT_TIMER, REPLACE, INVERSE, RELOAD = "revert_timer", "replace", "inverse", "reload"
WRITABLE = ("flash:", "bootflash:", "disk0:", "unix:", "nvram:")


class Abilities(t.NamedTuple):
    """What a device can do.

    archive: whether an archive with a path is configured and works; filesystem: one that can be written, or null
    pending: whether somebody's rollback is already waiting; saved: whether running and startup were equal before
    """

    archive: bool
    filesystem: str | None
    pending: bool
    saved: bool


def abilities(archive: str, filesystems: str, rollback: str, saved: bool) -> Abilities:
    """What a device can do, from its shows.

    :param archive: C(show archive); filesystems: C(show file systems); rollback: C(show archive config rollback timer)
    :param saved: whether the running-config equals the startup-config
    """
    working = "not enabled" not in archive and "Invalid input" not in archive and bool(archive.strip())
    pending = bool(re.search(r"Time configured|Timer type", rollback))
    return Abilities(working, writable(filesystems), pending, saved)


def writable(filesystems: str) -> str | None:
    """A file system that can be written and has space, from C(show file systems); null where there is none."""
    found = []
    for line in filesystems.splitlines():
        words = line.replace("*", " ").split()
        if len(words) >= 5 and "rw" in words and words[1].isdigit() and int(words[1]) > 0:
            found += [name for name in WRITABLE for word in words if word == name]
    return min(found, key=WRITABLE.index, default=None)


def ladder(able: Abilities, *, allow_reload: bool = False) -> tuple[str, ...]:
    """The ways back in the order in which they are tried. The last one that is always there are the inverse lines.

    A pending rollback of somebody else is left alone: then the timer is no way of ours.
    """
    ways = []
    if able.archive and not able.pending:
        ways.append(REVERT_TIMER)
    if able.filesystem:
        ways.append(REPLACE)
    ways.append(INVERSE)
    if allow_reload and able.saved and not able.archive:
        ways.append(RELOAD)
    return tuple(ways)


def inverse(now: Config, before: Config, management: Management | None = None) -> tuple[Line, ...]:
    """The lines that lead back from what the device has now to what it had before.

    :param now: as read after the failure, or as predicted
    :param management: what the session came in by, which the order of the lines keeps open
    """
    return plan(
        now,
        before,
        mode="replaced",
        purge_unknown=True,
        management=management,
        allow_lockout=True,
        restoring=True,
    ).lines
