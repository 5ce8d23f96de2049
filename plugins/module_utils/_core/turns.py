# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Several ways to the same end, tried one after the other."""

from __future__ import annotations

import typing as t

from .errors import FleetError

Way = t.TypeVar("Way")
End = t.TypeVar("End")


def in_turn(
    ways: t.Sequence[Way],
    attempt: t.Callable[[Way], End],
    *,
    name: t.Callable[[Way], str] = str,
    goes_on: t.Callable[[FleetError], bool] = lambda error: True,
) -> End:
    """What the first way that works leads to.

    :param ways: at least one
    :param name: a way, as a person would name it
    :param goes_on: whether another way is worth a try after such an error
    :raises FleetError: that of the last way which was tried; it tells what became of each
    """
    failed: list[str] = []
    for number, way in enumerate(ways, 1):
        try:
            return attempt(way)
        except FleetError as error:
            failed.append(f"at {name(way)}: {error.what}")
            if number < len(ways) and goes_on(error):
                continue
            if len(failed) > 1:
                error.what = "; ".join(failed)
            raise
    raise ValueError("there is no way to try")
