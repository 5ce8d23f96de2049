# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The YAML of the command line clients' configuration, read and written without a YAML library.

Mappings and lists in block style, plain and quoted texts that may be folded over lines, literal blocks (C(|)), and
empty C({}) and C([]): that is what the clients write, and what a person writes who follows them. Everything else
(anchors, tags, flow style) is an error that names its line, never a guess.
"""

from __future__ import annotations

import json
import re
import typing as t

_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^']|'')*'"
_KEY = re.compile(rf"(?P<key>{_QUOTED}|[^'\" \t].*?)[ \t]*:(?:[ \t]+(?P<rest>.*))?$")
_LITERAL = re.compile(r"\|(?:(?P<chomp>[+-])|(?P<indent>[1-9]))*(?:[ \t]+#.*|[ \t]*)$")
_EMPTY = re.compile(r"(?P<sign>\{ *\}|\[ *\])[ \t]*(?:#.*)?$")
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*$")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BROKEN_LINE = re.compile(r"(?<!\\)(?:\\\\)*\\$")
_INDICATORS = ",[]{}#&*!|>'\"%@`"
_WORDS: dict[str, t.Any] = {"": None, "~": None, "null": None}
_WORDS.update(dict.fromkeys(("true", "yes", "on"), True))
_WORDS.update(dict.fromkeys(("false", "no", "off"), False))
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPED = dict(zip('0abtnvfre "/\\N_LP', '\0\a\b\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029'))
_PLAIN = re.compile(r"[A-Za-z/](?:[\w./@+-]|:(?=\S))*", re.ASCII)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Unreadable(ValueError):
    """A line that is not what the clients write."""


def load(text: str) -> dict[str, t.Any]:
    """The content of a configuration: mappings, lists, texts, whole numbers, booleans and null.

    :raises Unreadable: naming the line and what is wrong with it
    """
    return _Reader(text).document()


def dump(value: t.Mapping[str, t.Any]) -> str:
    """A text that `load`, the clients and any YAML library read as the same content."""
    return "".join(f"{line}\n" for line in _lines(value)) or "{}\n"


class _Reader:
    """Goes through the lines of a text.

    :param text: the whole text
    """

    def __init__(self, text: str) -> None:
        self._lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
        self._at = 0

    def document(self) -> dict[str, t.Any]:
        """The one mapping that the text is."""
        if self._lines[0].rstrip() == "---":
            self._at = 1
        seen = self._peek()
        if seen is None:
            return {}
        empty = _EMPTY.match(seen[1])
        if empty and empty["sign"][0] == "{":
            self._at += 1
            value: t.Any = {}
        else:
            value = self._node(0)
        if self._peek() is not None:
            raise self._wrong("it is indented less than the first one")
        if not isinstance(value, dict):
            raise Unreadable("line 1: it does not begin with 'KEY: VALUE'")
        return value

    def _wrong(self, why: str) -> Unreadable:
        return Unreadable(f"line {self._at + 1}: {why}")

    def _peek(self) -> tuple[int, str] | None:
        """The next line that says something, as its indentation and its content."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            content = line.strip(" ")
            if content.startswith("\t"):
                raise self._wrong("it is indented with a tab")
            if content and not content.startswith("#"):
                return len(line) - len(line.lstrip(" ")), content
            self._at += 1
        return None

    # -- blocks

    def _node(self, least: int) -> t.Any:
        """What the next lines are that are indented by at least so many characters; null for none."""
        seen = self._peek()
        if seen is None or seen[0] < least:
            return None
        indent, content = seen
        if _is_item(content):
            return self._list(indent)
        return self._mapping(indent) if _KEY.match(content) else self._value(content, least - 1)

    def _list(self, indent: int) -> list[t.Any]:
        items: list[t.Any] = []
        while True:
            seen = self._peek()
            if seen is None or seen[0] < indent or not _is_item(seen[1]):
                return items
            if seen[0] > indent:
                raise self._wrong("it is indented more than the ones before it")
            # An item is what is left when its dash is taken for a space.
            self._lines[self._at] = " " * (indent + 1) + seen[1][1:]
            items.append(self._node(indent + 1))

    def _mapping(self, indent: int) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {}
        while True:
            seen = self._peek()
            if seen is None or seen[0] < indent:
                return found
            if seen[0] > indent:
                raise self._wrong("it is indented more than the ones before it")
            entry = _KEY.match(seen[1])
            if not entry:
                raise self._wrong("it is no 'KEY: VALUE'")
            key = self._key(entry["key"])
            if key in found:
                raise self._wrong(f"'{key}' is there twice")
            found[key] = self._entry(indent, _COMMENT.sub("", entry["rest"] or "") and entry["rest"])

    def _key(self, written: str) -> str:
        if written[0] in "'\"":
            return self._unquoted(written[0], [written[1:-1]])
        if self._begins_else(written) or _COMMENT.search(written):
            raise self._wrong("its key is beyond what the clients write")
        return written

    def _entry(self, indent: int, rest: str | None) -> t.Any:
        """The value of a key at an indentation."""
        if rest:
            return self._value(rest, indent)
        self._at += 1
        seen = self._peek()
        if seen is not None and seen[0] == indent and _is_item(seen[1]):
            return self._list(indent)  # the dashes of a list may stand right below its key
        return self._node(indent + 1)

    # -- values

    def _value(self, content: str, indent: int) -> t.Any:
        """A value that begins in this line, whose further lines are indented by more than so many characters."""
        literal, empty = _LITERAL.match(content), _EMPTY.match(content)
        if literal:
            return self._literal(literal, indent)
        if content[0] in "'\"":
            return self._quoted(content)
        if empty:
            self._at += 1
            return {} if empty["sign"][0] == "{" else []
        if self._begins_else(content):
            raise self._wrong(f"'{content[0]}' begins something beyond what the clients write")
        return self._plain(content, indent)

    @staticmethod
    def _begins_else(content: str) -> bool:
        """Whether it is no plain text, as its first characters tell."""
        return content[0] in _INDICATORS or _is_item(content) or content in "?:" or content[:2] in ("? ", ": ")

    def _plain(self, content: str, indent: int) -> t.Any:
        lines = [_COMMENT.sub("", content)]
        if _KEY.match(lines[0]):
            raise self._wrong("a value that holds ': ' needs quotes")
        self._at += 1
        commented = lines[0] != content
        seen = None if commented else self._next(indent)
        while seen is not None:
            if _KEY.match(seen) or f"{seen} ".startswith(": ") or _COMMENT.search(seen):
                raise self._wrong("it is neither a value of its own nor the rest of the one before it")
            lines.append(seen)
            self._at += 1
            seen = self._next(indent)
        while len(lines) > 1 and not lines[-1]:
            lines.pop()
        text = _fold(lines)
        if len(lines) == 1 and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        return int(text) if _NUMBER.fullmatch(text) else text

    def _next(self, indent: int) -> str | None:
        """The next line, stripped, if it is empty or indented by more than so many characters."""
        if self._at == len(self._lines):
            return None
        line = self._lines[self._at]
        if line.strip(" \t") and len(line) - len(line.lstrip(" ")) <= indent or line.strip(" \t").startswith("#"):
            return None
        return line.strip(" \t")

    def _quoted(self, content: str) -> str:
        """A quoted text, up to the line in which its quote ends."""
        quote = content[0]
        begun, lines, rest = self._at, [], content[1:]
        while True:
            end = re.match(r'((?:[^"\\]|\\.)*)"' if quote == '"' else r"((?:[^']|'')*)'(?!')", rest)
            if end:
                break
            lines.append(rest)
            self._at += 1
            if self._at == len(self._lines):
                self._at = begun
                raise self._wrong("its quote does not end")
            rest = self._lines[self._at]
        if _COMMENT.sub("", rest[end.end() :]).strip(" \t"):
            raise self._wrong("something follows the quote's end")
        text = self._unquoted(quote, [*lines, end[1]])
        self._at += 1
        return text

    def _unquoted(self, quote: str, lines: list[str]) -> str:
        if quote == "'":
            return _fold(lines).replace("''", "'")

        def character(escape: re.Match[str]) -> str:
            code = escape[1]
            if len(code) > 1:
                return chr(int(code[1:], 16))
            if code not in _ESCAPED:
                raise self._wrong(f"'\\{code}' is no escape")
            return _ESCAPED[code]

        return _ESCAPE.sub(character, _fold(lines, escapes=True))

    def _literal(self, header: re.Match[str], indent: int) -> str:
        """A block of lines as they are."""
        self._at += 1
        depth = max(indent, 0) + int(header["indent"]) if header["indent"] else 0
        lines: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            margin = len(line) - len(line.lstrip(" "))
            if line.strip(" "):
                if margin <= indent:
                    break
                depth = depth or margin
                if margin < depth:
                    raise self._wrong("it is indented less than the block that it is in")
            lines.append(line[depth:] if depth else "")
            self._at += 1
        text = "\n".join(lines)
        if header["chomp"] == "+":
            return text + "\n" if self._at < len(self._lines) else text
        text = text.rstrip("\n")
        return text if header["chomp"] == "-" or not text else text + "\n"


def _is_item(content: str) -> bool:
    return content == "-" or content.startswith("- ")


def _fold(lines: list[str], escapes: bool = False) -> str:
    """Lines as one text: a break is a space, an empty line is a break.

    :param escapes: a backslash at the end of a line joins it to the next one
    """
    text, empty = lines[0], 0
    for number, line in enumerate(lines[1:], 1):
        line = line.lstrip(" \t")
        if not line.strip(" \t") and number < len(lines) - 1:
            empty += 1
            continue
        if escapes and _BROKEN_LINE.search(text):
            text = text[:-1] + "\n" * empty + line
        else:
            text = text.rstrip(" \t") + ("\n" * empty or " ") + line
        empty = 0
    return text


def _lines(value: t.Any) -> t.Iterator[str]:
    """The lines of a mapping or a list."""
    if isinstance(value, list):
        entries = [("-", inner) for inner in value]
    else:
        entries = [(f"{_scalar(str(key))}:", inner) for key, inner in value.items()]
    for head, inner in entries:
        if isinstance(inner, (dict, list)) and inner:
            yield head
            yield from (f"  {line}" for line in _lines(inner))
        else:
            yield f"{head} {_scalar(inner)}"


def _scalar(value: t.Any) -> str:
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in (*_WORDS, "y", "n"):
            return value
        quoted = json.dumps(value, ensure_ascii=False)
        return _UNPRINTABLE.sub(lambda character: f"\\u{ord(character[0]):04x}", quoted)
    return json.dumps(value)  # null, true, false, a number, {} and []
