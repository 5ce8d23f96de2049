# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients' YAML against a YAML library: what we read, what we write, and what we refuse."""

from __future__ import annotations

import random
import string

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.plainyaml import Unreadable, dump, load

WRITTEN = """\
# by a client
default-remote: lab
remotes:
  lab:
    addr: https://127.0.0.1:8443   # here
    project: nfvt-r
    public: false
    keepalive: 30
  'it''s':
    addr: unix://
aliases:
  "1": "true"
  at: '@x'
  folded: 'it''s: long
    # x'
  shell: 'exec @ARGS@ -- sh -c "echo this
    goes: # on"'
  plain: one
    two

    three
  two: |-
    exec
     b
  un: "\\xfc \\"q\\" \\
    's'\\n"
list:
- a
- - b
  -
- k: v
  w:
empty: {}
none: [ ]
"""


def test_what_the_clients_write_is_read():
    assert load(WRITTEN) == {
        "default-remote": "lab",
        "remotes": {
            "lab": {"addr": "https://127.0.0.1:8443", "project": "nfvt-r", "public": False, "keepalive": 30},
            "it's": {"addr": "unix://"},
        },
        "aliases": {
            "1": "true",
            "at": "@x",
            "folded": "it's: long # x",
            "shell": 'exec @ARGS@ -- sh -c "echo this goes: # on"',
            "plain": "one two\nthree",
            "two": "exec\n b",
            "un": "\xfc \"q\" 's'\n",
        },
        "list": ["a", ["b", None], {"k": "v", "w": None}],
        "empty": {},
        "none": [],
    }


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "{}\n", "--- \n{} # nothing"])
def test_nothing_is_nothing(text):
    assert load(text) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("remotes: [}", "line 1: '\\[' begins something beyond"),
        ("a: 1\nb: {c: d}\n", "line 2: '{' begins something beyond"),
        ("a: &x 1\n", "line 1: '&'"),
        ("a: !!str 1\n", "line 1: '!'"),
        ("a: >\n  b\n", "line 1: '>'"),
        ("a: b: c\n", "line 1: a value that holds ': ' needs quotes"),
        ("a: b\n  c: d\n", "line 2: it is neither a value of its own"),
        ("a:\n  b: 1\n   c: 2\n", "line 3"),
        ("a:\n  b: 1\n c: 2\n", "line 3"),
        ("  a: 1\nb: 2\n", "line 2: it is indented less"),
        ("a:\n\tb: 1\n", "line 2: it is indented with a tab"),
        ("a: 1\na: 2\n", "line 2: 'a' is there twice"),
        ("a: 'b\n", "line 1: its quote does not end"),
        ("a: 'b' c\n", "line 1: something follows the quote's end"),
        ('a: "\\q"\n', "line 1: '.q' is no escape"),
        ("a: 1\nb\n", "line 2: it is no 'KEY: VALUE'"),
        ("? a\n: b\n", "line 1"),
        (": b\n", "line 1: ':' begins something beyond"),
        ("a: |-# b\n", "line 1: '.' begins something beyond"),
        ("*x : b\n", "line 1: its key is beyond"),
        ("a: |\n    b\n  c\n", "line 3: it is indented less than the block"),
        ("- a\n", "line 1: it does not begin with 'KEY: VALUE'"),
        ("just text", "line 1"),
    ],
)
def test_anything_else_is_an_error_that_names_the_line(text, said):
    with pytest.raises(Unreadable, match=said):
        load(text)


LETTERS = string.ascii_letters * 2 + " " * 12 + "\n\t:#-'\"{}[]&*!|>%@`,?~\\/=.0123456789\xe9\u20ac\xa0\U0001f600"
TELLING = [
    "true",
    "no",
    "null",
    "~",
    "1",
    "0777",
    "1.5",
    "2020-01-01",
    "y",
    "0x1f",
    "1:30",
    "=",
    "<<",
    "---",
    "...",
    "'",
    '"',
    "a:",
    ":a",
    "-",
    "&",
    "*x",
    "@y",
    "%",
    "!",
    "|",
    ">",
    "-5",
    "on",
    ".inf",
]
TELLING += ["- a", "a: b", "# c", "", " a", "a ", "\n", "\na", "a\n", "a\n\n", "  a\n b", "| x", "\x7f", "\ufeff"]


def texts(chance: random.Random, longest: int) -> str:
    if chance.random() < 0.4:
        return chance.choice(TELLING)
    return "".join(chance.choice(LETTERS) for _number in range(chance.randrange(longest)))


def values(chance: random.Random, depth: int = 0) -> object:
    kind = chance.random()
    if kind < 0.6 or depth > 3:
        return chance.choice([texts(chance, 200), True, False, None, 0, -5, 123456, texts(chance, 200)])
    if kind < 0.8:
        return [values(chance, depth + 1) for _number in range(chance.randrange(4))]
    return mappings(chance, depth + 1)


def mappings(chance: random.Random, depth: int = 0) -> dict[str, object]:
    """A key that is empty or has a line break is written in a style of its own, which no client needs."""
    names = ["".join(texts(chance, 30).split("\n")) or "k" for _number in range(chance.randrange(5))]
    return {name: values(chance, depth) for name in names}


@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_a_yaml_library(seed):
    yaml = pytest.importorskip("yaml")
    chance = random.Random(seed)
    for _number in range(10):
        value = mappings(chance)
        for style in ({}, {"allow_unicode": True}, {"width": 30}, {"indent": 4}):
            assert load(yaml.safe_dump(value, default_flow_style=False, **style)) == value
        written = dump(value)
        assert load(written) == value and yaml.safe_load(written) == value


@pytest.mark.parametrize("seed", range(40))
def test_what_is_damaged_is_refused_or_read_as_the_library_reads_it(seed):
    yaml = pytest.importorskip("yaml")
    chance = random.Random(seed)
    both = 0
    for _number in range(40):
        text = list(WRITTEN)
        for _change in range(chance.randrange(1, 3)):
            text[chance.randrange(len(text))] = chance.choice("\n :#-'\"{}[]&*|>ab")
        damaged = "".join(text)
        try:
            found = load(damaged)
        except Unreadable:
            continue
        both += 1
        assert found == yaml.safe_load(damaged), damaged
    assert both
