# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree of exec commands: keywords that may be cut short, arguments, and what to call."""

from __future__ import annotations

import dataclasses
import re
import typing as t

REST = "LINE"  # an argument that takes everything up to the end
WORDS = re.compile(r"\S+")

Handler = t.Callable[..., t.Any]


@dataclasses.dataclass
class Node:
    """A place in the tree."""

    help: str = ""
    children: dict[str, Node] = dataclasses.field(default_factory=dict)
    argument: tuple[str, Node] | None = None
    handler: Handler | None = None
    level: int = 1


@dataclasses.dataclass
class Found:
    """A command to run."""

    handler: Handler
    arguments: list[str]
    text: str


@dataclasses.dataclass
class Refused:
    """Why there is none: C(invalid) with the column, C(ambiguous), C(incomplete)."""

    why: str
    column: int = 0


class Tree:
    """All exec commands of a device."""

    def __init__(self) -> None:
        self.root = Node()

    def command(self, *spellings: str, level: int = 1) -> t.Callable[[Handler], Handler]:
        """Register a handler; words in ``<>`` are arguments, ``LINE`` takes the rest."""

        def register(handler: Handler) -> Handler:
            for spelling in spellings:
                node = self._node(spelling.split())
                node.handler, node.level = handler, level
            return handler

        return register

    def _node(self, words: list[str]) -> Node:
        node = self.root
        for word in words:
            if word.startswith("<") or word == REST:
                node.argument = node.argument or (word, Node())
                node = node.argument[1]
            else:
                node = node.children.setdefault(word, Node())
        return node

    def find(self, text: str, level: int) -> Found | Refused:
        """What a line means to somebody with that privilege level."""
        node, arguments, canonical = self.root, [], []
        for match in WORDS.finditer(text):
            word = match[0]
            keyword, many = self._keyword(node, word, level)
            if keyword:
                node = node.children[keyword]
                canonical.append(keyword)
            elif many:
                return Refused("ambiguous")
            elif node.argument and node.argument[0] == REST:
                rest = text[match.start() :].strip()
                return Found(node.argument[1].handler, [*arguments, rest], " ".join([*canonical, rest]))
            elif node.argument:
                arguments.append(word)
                canonical.append(word)
                node = node.argument[1]
            else:
                return Refused("invalid", match.start())
        if node.handler is None or node.level > level:
            return Refused("incomplete" if node.children or node.argument else "invalid")
        return Found(node.handler, arguments, " ".join(canonical))

    def _keyword(self, node: Node, word: str, level: int) -> tuple[str | None, bool]:
        """The keyword that a word stands for, and whether it could be several."""
        word = word.lower()
        if word in node.children:
            return word, False
        near = [name for name in node.children if name.startswith(word) and self.allowed(node.children[name], level)]
        return (near[0], False) if len(near) == 1 else (None, len(near) > 1)

    def allowed(self, node: Node, level: int) -> bool:
        """Whether anything below may be used at that level."""
        if node.handler and node.level <= level:
            return True
        below = list(node.children.values()) + ([node.argument[1]] if node.argument else [])
        return any(self.allowed(child, level) for child in below)

    def options(self, text: str, level: int) -> list[str]:
        """What could follow, for ``?``; a word that is not ended is completed."""
        words = text.split()
        partial = "" if not text or text.endswith(" ") else words.pop()
        node: Node | None = self.root
        for word in words:
            keyword, _many = self._keyword(node, word, level)
            node = node.children.get(keyword) if keyword else (node.argument[1] if node.argument else None)
            if node is None:
                return ["% Unrecognized command"]
        names = [
            name
            for name in node.children
            if name.startswith(partial.lower()) and self.allowed(node.children[name], level)
        ]
        if partial:
            return ["  ".join(sorted(names))] if names else ["% Unrecognized command"]
        lines = [f"  {name}" for name in sorted(names)] + ([f"  {node.argument[0]}"] if node.argument else [])
        return lines + (["  <cr>"] if node.handler else [])

    def complete(self, text: str, level: int) -> str:
        """The line with its last word completed, for Tab."""
        if not text or text.endswith(" "):
            return text
        head, _space, last = text.rpartition(" ")
        names = self.options(text, level)[0].split()
        return f"{head} {names[0]} ".lstrip() if len(names) == 1 and names[0].startswith(last.lower()) else text
