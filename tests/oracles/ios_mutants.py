# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flip every semantic column of every row of the IOS command table, and see that a test fails.

    PYTHONPATH=build/collections python -m tests.oracles.ios_mutants [words of rows]

A flipped table is tried in a process of its own: first everything at once, then the row's walk over the simulator with
the order in which things are printed, then the unit tests. What nobody notices is printed, with the share that was
noticed. Flips in tests/data/ios/equivalent.yml change nothing that could be noticed, for a reason that is given there.
"""

from __future__ import annotations

import collections
import contextlib
import io
import os
import pathlib
import re
import sys
import typing as t

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import commands, grammar, tree

from tests.unit.ios import test_everything, test_pairs, test_rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = ROOT / "tests/data/ios/equivalent.yml"
SUITE = [f"tests/unit/ios/test_{name}.py" for name in ("diff", "tree", "grammar", "lint", "peers")]
PAIRS = 12


class Flip(t.NamedTuple):
    """One changed column of one row."""

    row: commands.Command
    column: str
    value: t.Any

    @property
    def name(self) -> str:
        return f"{self.row.mode}: {self.row.syntax} [{self.column}]"


def flips(row: commands.Command) -> t.Iterator[Flip]:
    """The row with each column that means something set to its opposite, or to what it is where a row leaves it out."""
    for column, plain in (
        ("aliases", ()),
        ("prints", None),
        ("implied", {}),
        ("sticky", ()),
        ("each", None),
        ("default", None),
        ("always", None),
        ("no_means", None),
        ("clears", ()),
        ("enters", None),
        ("gone", None),
        ("secret", None),
        ("dialogue", ()),
        ("no_dialogue", ()),
        ("negate", None),
    ):
        if getattr(row, column) != plain:
            yield Flip(row, column, plain)
    shared = sum((one.mode, one.slot) == (row.mode, row.slot) for one in commands.COMMANDS if one.slot) > 1
    if shared:
        yield Flip(row, "slot", "flipped")
        yield Flip(row, "overwrites", not row.overwrites)
    if row.key or tuple(_arguments(row)):
        yield Flip(row, "key", () if row.key else tuple(_arguments(row))[:1])
    yield Flip(row, "keeps_no", not row.keeps_no)
    yield Flip(row, "order", 1 if row.order > 100 else 900)
    yield Flip(row, "phase", 1 if row.phase >= 30 else 90)


def _arguments(row: commands.Command) -> t.Iterator[str]:
    for part in test_rows.compile_syntax(row.syntax):
        if hasattr(part, "kind"):
            yield part.name


def apply(flip: Flip) -> commands.Command:
    """Put the flipped row into the table that everything reads."""
    changed = flip.row._replace(**{flip.column: flip.value})
    table = tuple(changed if row is flip.row else row for row in commands.COMMANDS)
    for module in (commands, grammar, tree):
        module.COMMANDS = table
    for cached in (grammar._parse, grammar._root, test_rows.spellings):
        cached.cache_clear()
    grammar._BANNERS = {row.syntax.split()[1]: row for row in table if row.syntax.startswith("banner ")}
    tree._VTY_ORDER = next(row.order for row in table if row.syntax.startswith("line vty"))
    tree.ALWAYS.clear()
    tree.ALWAYS.update(tree.always_printed(table))
    return changed


def noticed(flip: Flip) -> str | None:
    """Which check notices the flip; runs in a process of its own."""
    row = apply(flip)
    if "\n".join(_everything()) + "\n" != test_everything.GOLDEN.read_text():
        return "everything"
    for dialect in test_rows.DIALECTS:
        try:
            test_rows.walk(row, dialect)
            test_rows.test_what_is_printed_is_in_the_order_of_the_device(dialect)
        except Exception:  # whatever it is, it was noticed
            return "walk"
    with contextlib.redirect_stdout(io.StringIO()):
        if pytest.main(["-x", "-q", "-p", "no:cacheprovider", *SUITE]):
            return "unit tests"
    try:
        for seed in range(PAIRS):
            test_pairs.push(seed, ("classic", "xe")[seed % 2], "replaced")
    except Exception:
        return "pairs"
    return None


def _everything() -> t.Iterator[str]:
    """All plans, with the error where a flipped table cannot even make them."""
    try:
        yield from test_everything.plans()
    except Exception as error:
        yield repr(error)


def tried(flip: Flip) -> str | None:
    """The same from outside."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(writing, (noticed(flip) or "").encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer or None


def main() -> int:
    """Try all flips; ends with an error where one is not noticed and not known as equivalent."""
    os.chdir(ROOT)
    wanted = sys.argv[1:]
    equivalent = yaml.safe_load(EQUIVALENT.read_text())
    seen: collections.Counter[str] = collections.Counter()
    missed = []
    for row in test_rows.rows():
        for flip in flips(row):
            if all(word in flip.name for word in wanted):
                how = tried(flip) or (
                    "equivalent" if any(re.search(one, flip.name) for one in equivalent) else "nobody"
                )
                seen[how] += 1
                if how == "nobody":
                    missed.append(flip.name)
                    print(f"not noticed: {flip.name}", flush=True)
    total = sum(seen.values()) - seen["equivalent"]
    print(f"{total - len(missed)} of {total} flips noticed ({(total - len(missed)) / total:.1%}): {dict(seen)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
