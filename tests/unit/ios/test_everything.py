# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that the table knows, at once: the lines and their order, held against what was read and found right.

After a change that is meant, `python -m tests.unit.ios.test_everything` writes tests/data/ios/everything.txt again:
read its difference line by line.
"""

from __future__ import annotations

import pathlib
import sys

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, XE

from . import test_rows

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "data/ios/everything.txt"
VARIANTS = 3  # as many rows share a slot, such as the three kinds of login


def text(variant):
    """A configuration with a line of every row; of rows that share a slot, another one in each variant."""
    sections = {}
    shared = {}
    for row in test_rows.rows():
        if row.enters or row.syntax.startswith("access-list"):
            continue
        place = (row.mode, row.slot or row.syntax)
        shared.setdefault(place, []).append(row)
    for (mode, _slot), rows in shared.items():
        row = rows[variant % len(rows)]
        lines = test_rows.spellings(row)
        line = lines[-1 - variant % len(lines)]
        if row.default == row.syntax:  # what is on by itself is worth a line when it is off
            line = f"no {line}"
        sections.setdefault(mode, []).append(line.replace("10.7", "10.8") if "secondary" in line else line)
    found = list(sections.pop("config"))
    found += [line for entering in _entering(variant) for line in entering]
    for mode, lines in sections.items():
        under = test_rows.UNDER[mode]
        found += [line for line in under if not line.startswith((" ip address", " 5"))]
        found += [f"{'  ' if mode == 'archive-log' else ' '}{line}" for line in lines]
    return "\n".join(found) + "\n"


def bare():
    """All sections with nothing in them."""
    lines = [line for mode in test_rows.UNDER for line in test_rows.UNDER[mode] if not line.startswith((" ip", " 5"))]
    return "\n".join(lines) + "\n"


def _entering(variant):
    for row in test_rows.rows():
        if row.enters and row.key:
            lines = test_rows.spellings(row)
            yield [lines[-1 - variant % len(lines)]]


def plans():
    """The plans from nothing over all variants back to nothing, and what is there in between."""
    for dialect in (CLASSIC, XE):
        steps = {f"variant {at}": text(at) for at in range(VARIANTS if dialect is CLASSIC else 1)}
        now = tree.parse("", dialect)
        for step, intent in {**steps, "bare sections": bare(), "nothing": ""}.items():
            wanted = tree.parse(intent, dialect)
            plan = diff.plan(now, wanted, mode="replaced", purge_unknown=True)
            yield f"=== {dialect.name}: to {step}"
            for line in plan.lines:
                asked = f"  ? {line.dialogue}" if line.dialogue else ""
                yield " " * len(line.path) + line.masked + asked + ("  (alone)" if line.alone else "")
            yield f"--- unmanaged: {plan.unmanaged}"
            yield from plan.predicted.masked().splitlines() if step.startswith("variant") else ()
            now = plan.predicted


def test_everything_is_as_it_was_found_right():
    assert "\n".join(plans()) + "\n" == GOLDEN.read_text()


if __name__ == "__main__":
    sys.exit(not GOLDEN.write_text("\n".join(plans()) + "\n"))
