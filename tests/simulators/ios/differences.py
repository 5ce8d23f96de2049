# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``show archive config differences`` prints: lines with their context, by indentation.

A diff of texts, for people; it knows nothing of what commands mean.
"""

from __future__ import annotations


def contextual(before: list[str], after: list[str]) -> list[str]:
    """The lines that only one of two configurations has, each below its parent's line."""
    old, new = _paths(before), _paths(after)
    lines: list[str] = []
    for sign, ours, others in (("+", new, set(old)), ("-", old, set(new))):
        shown: tuple[str, ...] = ()
        for path in ours:
            if path in others:
                continue
            for depth, text in enumerate(path[:-1]):
                if shown[: depth + 1] != path[: depth + 1]:
                    lines.append(" " * depth + text)
            lines.append(f"{sign}{' ' * (len(path) - 1)}{path[-1]}")
            shown = path
    return lines


def _paths(lines: list[str]) -> list[tuple[str, ...]]:
    """Each line with the lines above it that it belongs to."""
    paths, above = [], []
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        above = [*above[:depth], line.strip()]
        paths.append(tuple(above))
    return paths
