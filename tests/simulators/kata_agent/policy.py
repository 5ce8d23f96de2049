# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the policy of an agent that was built with that feature.

Of Rego only what tests need: C(default NAME := true), C(NAME := false), and rules whose body has on each line a
C(print(...)) of texts and C(input) paths, C(true) or C(false). Everything else does not parse.
"""

from __future__ import annotations

import json
import re
import typing as t

from .network import quoted
from .server import Refusal

PACKAGE = re.compile(r"package\s+agent_policy\s*$")
IMPORT = re.compile(r"import\s+[\w.]+\s*$")
VALUE = re.compile(r"(default\s+)?(\w+)\s*:?=\s*(true|false)\s*$")
RULE = re.compile(r"(\w+)\s*(?:if\s*)?\{\s*$")
PRINT = re.compile(r"print\((.*)\)\s*$")
# Calls that are not held against the policy.
FREE = ("Check", "Version", "MemAgentMemcgSet", "MemAgentCompactSet")


class Unparsable(Exception):
    """The text of the parser for a policy that is none."""


class Rule(t.NamedTuple):
    """One rule: what it prints, by line number, and what comes out."""

    prints: list[tuple[int, list[str]]]
    value: bool


class Policy:
    """A policy, with its default and its rules by the name of the request's message."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.defaults: dict[str, bool] = {}
        self.rules: dict[str, Rule] = {}
        lines = [(number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
        lines = [(number, line) for number, line in lines if line]
        if not lines or not PACKAGE.match(lines[0][1]):
            raise _wrong(lines[0] if lines else (1, ""), "expecting `package` Missing package declaration.")
        rest = iter(lines[1:])
        for number, line in rest:
            value, rule = VALUE.match(line), RULE.match(line)
            if value:
                default, request, word = value.groups()
                if default:
                    self.defaults[request] = word == "true"
                else:
                    self.rules[request] = Rule([], word == "true")
            elif rule:
                self.rules[rule.group(1)] = _body(rest)
            elif not IMPORT.match(line):
                raise _wrong((number, line), "unexpected token")

    def allows(self, request: str, asked: dict) -> bool:
        """Whether a request may be carried out.

        :raises Refusal: there is no rule for it, or it is denied
        """
        rule = self.rules.get(request)
        if request not in self.defaults and not (rule and rule.value):
            raise no_rule(request)
        allowed = bool(rule and rule.value) or self.defaults.get(request, False)
        prints = [f"{self.name}:{line}: {_said(words, asked)}" for line, words in rule.prints] if rule else []
        if not allowed and request != "ReadStreamRequest":
            shown = " ".join(prints).replace("\\", "\\\\").replace('"', '\\"')
            raise quoted(f"{request} is blocked by policy: {shown}", 7)
        return allowed


def no_rule(request: str) -> Refusal:
    """The refusal of a request that a policy says nothing about."""
    return quoted(
        f"{request}: internal error policy check: unexpected eval_query result len QueryResults {{ result: [] }}"
    )


def _body(lines: t.Iterator[tuple[int, str]]) -> Rule:
    prints, value = [], True
    for number, line in lines:
        if line == "}":
            return Rule(prints, value)
        shown = PRINT.match(line)
        if shown:
            prints.append((number, [word.strip() for word in shown.group(1).split(",")]))
        elif line in ("true", "false"):
            value = value and line == "true"
        else:
            raise _wrong((number, line), "unexpected token")
    raise Unparsable("\nerror: expecting `}`")


def _said(words: list[str], asked: dict) -> str:
    found = []
    for word in words:
        if not word.startswith("input"):
            found.append(word.strip('"'))
            continue
        value: t.Any = asked
        for name in word.split(".")[1:]:
            value = value.get(name, "") if isinstance(value, dict) else ""
        found.append(value if isinstance(value, str) else json.dumps(value, default=repr))
    return " ".join(found)


def _wrong(line: tuple[int, str], why: str) -> Unparsable:
    number, text = line
    return Unparsable(f"\n--> agent_policy:{number}:1\n  |\n{number} | {text}\n  | ^\nerror: {why}")
