# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations with random damage: the parser, the linter and the plan take everything."""

from __future__ import annotations

import random

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, guard, lint, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC, XE

from . import pairs, test_everything

ODD = (
    "no",
    "default",
    "do",
    "banner",
    "|",
    "^C",
    "\x03",
    "",
    "!",
    "end",
    "exit",
    "ü",
    "\t",
    "-1",
    "99999999999",
    "secondary",
)
TEXTS = [pairs.Draw(f"fuzz {at}", ("classic", "xe")[at % 2]).text() for at in range(12)]
TEXTS += [test_everything.text(variant) for variant in range(3)]
WORDS = sorted({word for text in TEXTS for word in text.split()}) + list(ODD)


def damaged(text, draw):
    """The text with a few lines and words lost, added, swapped and negated."""
    lines = text.split("\n")
    for _time in range(draw.randrange(1, 12)):
        at = draw.randrange(len(lines))
        words = lines[at].split(" ")
        kind = draw.randrange(5)
        if kind == 0:
            lines[at] = " " * draw.randrange(3) + " ".join(draw.choices(WORDS, k=draw.randrange(6)))
        elif kind == 1:
            words[draw.randrange(len(words))] = draw.choice(WORDS)
            lines[at] = " ".join(words)
        elif kind == 2:
            lines[at] = draw.choice(("no ", "default ", "do ", "no no ")) + lines[at].strip()
        elif kind == 3:
            lines[at] = " ".join(words[: draw.randrange(len(words) + 1)])
        else:
            draw.shuffle(words)
            lines[at] = " ".join(words)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(150))
def test_no_text_is_too_strange(seed):
    draw = random.Random(seed)
    dialect = (CLASSIC, XE)[seed % 2]
    one, other = (damaged(draw.choice(TEXTS), draw) for _text in range(2))
    running, wanted = tree.parse(one, dialect), tree.parse(other, dialect)
    lint.lint(other, dialect, unverified=True)
    way = draw.choice((None, pairs.way(dialect.name)))
    plan = diff.plan(running, wanted, mode=draw.choice(("merged", "replaced")), management=way)
    assert plan.changed == bool(plan.lines)
    guard.inverse(plan.predicted, running, way)
    if "no " not in other and "default" not in other:
        assert diff.plan(plan.predicted, wanted, mode="merged").lines == ()
    for line in plan.lines:
        assert "\n" not in line.text or line.text.startswith("banner")
