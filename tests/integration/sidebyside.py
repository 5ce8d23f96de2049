# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both brands of the daemon were seen to do by the same tests, side by side. Pure."""

from __future__ import annotations

import typing as t

BRANDS = {"lxd": "LXD", "incus": "Incus"}
HEADS = ("feature", *BRANDS.values(), "not offered because")


class Table:
    """Takes down the outcomes of tests, feature by feature."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}  # by brand
        self._counts: dict[str, dict[str, dict[bool, int]]] = {}  # by feature, brand, and whether it works
        self._reasons: dict[tuple[str, str], str] = {}  # by feature and its part: why LXD does not offer it

    def note(self, feature: str, brand: str, works: bool) -> None:
        """One test has ended."""
        counts = self._counts.setdefault(feature, {}).setdefault(brand, {True: 0, False: 0})
        counts[works] += 1

    def lacks(self, feature: str, part: str, reason: str) -> None:
        """LXD does not offer a part of a feature."""
        self._reasons[feature, part] = reason

    def rows(self) -> list[tuple[str, ...]]:
        """The table's rows: what both brands were tried with, and below it what one of them does not offer."""
        found: list[tuple[str, ...]] = []
        for feature, brands in sorted(self._counts.items()):
            if set(brands) != set(BRANDS):
                continue
            found.append((feature, *(_told(brands[brand]) for brand in BRANDS), ""))
            found += [
                (f"  {part}", "not offered", "works", reason)
                for (other, part), reason in sorted(self._reasons.items())
                if other == feature
            ]
        return found

    def lines(self) -> list[str]:
        """The table as text; nothing where only one brand was there."""
        rows = self.rows()
        if not rows:
            return []
        versions = (f"{name} {self.versions.get(brand, '')}".strip() for brand, name in BRANDS.items())
        rows.insert(0, (HEADS[0], *versions, HEADS[-1]))
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
        return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _told(counts: t.Mapping[bool, int]) -> str:
    return f"works ({counts[True]})" if not counts[False] else f"FAILS ({counts[False]} of {sum(counts.values())})"
