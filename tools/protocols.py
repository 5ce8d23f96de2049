# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the table of the Kata agent's messages against protocol files.

    python tools/protocols.py DIRECTORY

The directory is that of C(agent.proto) and its companions in a source tree of kata-containers
(C(src/libs/protocols/protos)). Everything in which the table differs from the files of the packages C(grpc) and
C(types) is named. The exit code is 0 without differences, 1 with some, and 2 where there is nothing to compare.
"""

from __future__ import annotations

import pathlib
import re
import sys
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.codec import layout
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS, ENUMS, MESSAGES

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.]+|[{}=;<>,()\[\]-]')
PACKAGES = ("grpc", "types")
EMPTY = "google.protobuf.Empty"
LABELS = ("optional", "repeated", "required")
SKIPPED = ("option", "import", "syntax", "reserved", "extensions")


class Files:
    """What protocol files declare, names as the table has them.

    :ivar fields: by message, the number and the type of each field
    """

    def __init__(self) -> None:
        self.fields: dict[str, dict[str, tuple[int, str]]] = {}
        self.enums: dict[str, dict[str, int]] = {}
        self.calls: dict[str, tuple[str, str, str]] = {}

    def read(self, text: str) -> None:
        """Take one file in."""
        text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
        words = TOKEN.findall(text)
        package = words[words.index("package") + 1] if "package" in words else ""
        if package in PACKAGES:
            _Reader(self, package, words).body("", len(words))


class _Reader:
    """One file, word by word."""

    def __init__(self, files: Files, package: str, words: list[str]) -> None:
        self.files = files
        self.package = package
        self.words = words
        self.at = 0

    def take(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def skip(self) -> None:
        """To the end of the statement, a block included."""
        depth = 0
        while True:
            word = self.take()
            depth += (word == "{") - (word == "}")
            if depth <= 0 and word in ";}":
                return

    def body(self, scope: str, end: int) -> None:
        """Declarations until the closing brace."""
        while self.at < end:
            word = self.take()
            if word == "}":
                return
            if word == "message":
                name = self.full(scope, self.take())
                self.take()
                self.files.fields[name] = {}
                self.body(name, end)
            elif word == "enum":
                self.enum(self.full(scope, self.take()))
            elif word == "service":
                self.service(self.take())
            elif word == "oneof":
                raise SystemExit(f"{scope}: the table cannot hold a oneof")
            elif word in SKIPPED or word == "package":
                self.skip()
            elif word != ";":
                self.field(scope, word)

    def full(self, scope: str, name: str) -> str:
        """A declared name as the table has it: without the package grpc."""
        if scope:
            return f"{scope}.{name}"
        return name if self.package == "grpc" else f"{self.package}.{name}"

    def refer(self, name: str) -> str:
        """A type's name as the table has it."""
        name = name.lstrip(".").removeprefix("grpc.")
        if name in ("string", "bytes", "bool", "int32", "int64", "uint32", "uint64") or "." in name:
            return name
        return name if self.package == "grpc" else f"{self.package}.{name}"

    def enum(self, name: str) -> None:
        self.take()
        values = self.files.enums[name] = {}
        while (word := self.take()) != "}":
            if word in SKIPPED:
                self.skip()
                continue
            self.take()
            values[word] = int(self.take())
            self.skip_options()

    def skip_options(self) -> None:
        while self.take() != ";":
            """Options in brackets say nothing about the wire."""

    def field(self, scope: str, word: str) -> None:
        label = word if word in LABELS else ""
        kind = self.take() if label else word
        if kind == "map":
            self.take()
            key = self.take()
            self.take()
            kind = f"map<{key},{self.refer(self.take())}>"
            self.take()
        else:
            kind = self.refer(kind)
        name = self.take()
        self.take()
        number = int(self.take())
        self.skip_options()
        suffix = {"repeated": "[]", "optional": "?"}.get(label, "")
        self.files.fields[scope][name] = (number, kind + suffix)

    def service(self, name: str) -> None:
        self.take()
        while (word := self.take()) != "}":
            if word != "rpc":
                self.skip()
                continue
            call = self.take()
            takes, gives = (self.message() for _direction in range(2))
            self.files.calls[call] = (f"{self.package}.{name}", takes, gives)
            if self.words[self.at] in "{;":
                self.skip()

    def message(self) -> str:
        while self.take() != "(":
            """The word 'returns' stands between the two."""
        name = self.refer(self.take())
        self.take()
        return name


def table_fields(name: str) -> dict[str, tuple[int, str]]:
    """A message of ours in the form of C(Files.fields)."""
    found = {}
    for field in layout(name).fields:
        kind = f"map<{field.key_type},{field.type}>" if field.key_type else field.type
        found[field.name] = (field.number, kind + ("[]" if field.repeated else "?" if field.optional else ""))
    return found


def differences(files: Files) -> list[str]:
    """In what the table and the files differ, one sentence each."""
    said = []
    ours = {name: table_fields(name) for name in MESSAGES if not name.startswith(("ttrpc.", "google."))}
    said += compare("message", ours, files.fields)
    for name in sorted(set(ours) & set(files.fields)):
        said += compare(f"{name}: field", ours[name], files.fields[name])
    enums = {name: {value: number for number, value in enumerate(values)} for name, values in ENUMS.items()}
    said += compare("enumeration", enums, files.enums, whole=True)
    said += compare("call", CALLS, files.calls, whole=True)
    return said


def compare(what: str, ours: t.Mapping, theirs: t.Mapping, whole: bool = False) -> list[str]:
    """Names that only one side has, and values that differ where they are compared as a whole."""
    said = [f"{what} {name} is not in the table: {theirs[name]}" for name in sorted(set(theirs) - set(ours))]
    said += [f"{what} {name} is not in the files" for name in sorted(set(ours) - set(theirs))]
    if whole or "field" in what:
        for name in sorted(set(ours) & set(theirs)):
            if ours[name] != theirs[name]:
                said.append(f"{what} {name} is {ours[name]} in the table and {theirs[name]} in the files")
    return said


def main(args: list[str]) -> int:
    if len(args) != 1:
        print(__doc__)
        return 2
    directory = pathlib.Path(args[0])
    files = Files()
    for path in sorted(directory.glob("*.proto")):
        files.read(path.read_text(encoding="utf-8"))
    if not files.calls:
        print(f"{directory} holds no protocol files of the Kata agent; give src/libs/protocols/protos of its sources")
        return 2
    found = differences(files)
    print("\n".join(found) or f"the table is that of {directory}: {len(MESSAGES)} messages, {len(CALLS)} calls")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
