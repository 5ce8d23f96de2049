# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How DPDK and the kernel spell numbers: lists of CPUs, sizes of pages, versions."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption

_SIZES = {"": 0, "K": 1, "M": 1024, "G": 1024 * 1024}
_SIZE = re.compile(r"(\d+)\s*([KMG])(?:i?B)?", re.IGNORECASE)


def cpu_list(text: str) -> list[int]:
    """The CPUs of C(0-3,5), in order and without repetition.

    :raises InvalidOption: the text is no such list
    """
    found: set[int] = set()
    for part in text.strip().split(",") if text.strip() else []:
        ends = part.strip().split("-")
        if len(ends) > 2 or not all(re.fullmatch(r"\d{1,6}", end.strip()) for end in ends):
            raise InvalidOption(f"'{text}' is not a list of CPUs", next_step="write numbers and ranges, such as 0-3,5")
        first, last = int(ends[0]), int(ends[-1])
        if last < first:
            raise InvalidOption(f"the range '{part}' in '{text}' runs backwards", next_step=f"write {last}-{first}")
        found.update(range(first, last + 1))
    return sorted(found)


def cpu_text(cpus: t.Iterable[int]) -> str:
    """CPUs as the kernel writes them: C(0-3,5)."""
    parts: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if parts and cpu == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], cpu]
        else:
            parts.append([cpu])
    return ",".join("-".join(str(end) for end in part) for part in parts)


def page_size(text: t.Any) -> int:
    """A size of pages, such as V(2M) or V(1G), in kB.

    :raises InvalidOption: no unit, or not a size
    """
    found = _SIZE.fullmatch(str(text).strip())
    if not found or int(found.group(1)) == 0:
        raise InvalidOption(f"'{text}' is not a size of pages", next_step="write it with its unit, such as 2M or 1G")
    return int(found.group(1)) * _SIZES[found.group(2).upper()]


def page_text(kilobytes: int) -> str:
    """A size of pages as the kernel command line takes it."""
    for unit in ("G", "M"):
        if kilobytes % _SIZES[unit] == 0:
            return f"{kilobytes // _SIZES[unit]}{unit}"
    return f"{kilobytes}K"


def version(text: t.Any) -> tuple[int, int]:
    """Year and month of a release: C(22.11.11) and C(DPDK 22.11.11) are (22, 11).

    :raises InvalidOption: not a release
    """
    found = re.search(r"(\d+)\.(\d+)", str(text))
    if not found:
        raise InvalidOption(f"'{text}' is not a release", next_step="write it as 22.11")
    return int(found.group(1)), int(found.group(2))
