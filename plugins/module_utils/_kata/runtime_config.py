# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The agent's section of a runtime's C(configuration.toml), changed line by line; everything else stays as it is."""

from __future__ import annotations

import json
import re
import typing as t

from .._core.errors import InvalidOption, Malformed, UnknownKey, did_you_mean

SECTION = "agent.kata"

# Options of [agent.kata] in the runtimes in Go and in Rust (agent.rs, kata_agent.go).
KEYS: dict[str, str] = {
    "enable_debug": "bool",
    "enable_tracing": "bool",
    "debug_console_enabled": "bool",
    "kernel_modules": "list",
    "dial_timeout": "int",
    "dial_timeout_ms": "int",
    "reconnect_timeout_ms": "int",
    "create_container_timeout": "int",
    "cdh_api_timeout": "int",
    "launch_process_timeout": "int",
    "container_pipe_size": "int",
    "health_check_request_timeout_ms": "int",
    "mem_agent_enable": "bool",
}

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def check(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options, each as the kind that it is; null is kept and removes one."""
    checked: dict[str, t.Any] = {}
    for name, value in options.items():
        kind = KEYS.get(name)
        if kind is None:
            raise UnknownKey(
                f"[{SECTION}] has no option '{name}'", next_step=did_you_mean(name, KEYS) or f"it has {', '.join(KEYS)}"
            )
        good = (
            value is None
            or (kind == "bool" and isinstance(value, bool))
            or (kind == "int" and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32)
            or (kind == "list" and isinstance(value, list) and all(isinstance(item, str) for item in value))
        )
        if not good:
            form = {"bool": "true or false", "int": "a whole number from 0 on", "list": "a list of texts"}[kind]
            raise InvalidOption(f"'{name}' is {value!r}", next_step=f"write {form}")
        checked[name] = value
    return checked


def read(text: str) -> dict[str, t.Any]:
    """The options of the section that we know, as values."""
    lines = text.splitlines(keepends=True)
    start, end = _section(lines)
    found = {}
    for at, last in _entries(lines, start, end):
        name = _name(lines[at])
        if name in KEYS:
            found[name] = _value("".join(lines[at:last]), at + 1)
    return found


def change(text: str, options: t.Mapping[str, t.Any]) -> str:
    """The file with the options set or, where they are null, removed.

    :raises Malformed: a value in the section does not end
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start, end = _section(lines)
    if start is None:
        wanted = {name: value for name, value in options.items() if value is not None}
        if not wanted:
            return text
        gap = ["\n"] if lines and lines[-1].strip() else []
        return "".join([*lines, *gap, f"[{SECTION}]\n", *(f"{name} = {_spell(wanted[name])}\n" for name in wanted)])
    now = read(text)
    places = {_name(lines[at]): (at, last) for at, last in _entries(lines, start, end)}
    edits: list[tuple[int, int, list[str]]] = []
    fresh: list[str] = []
    for name, value in options.items():
        if name in places:
            if value is None:
                edits.append((*places[name], []))
            elif now.get(name) != value:
                edits.append((*places[name], [f"{name} = {_spell(value)}\n"]))
        elif value is not None:
            fresh.append(f"{name} = {_spell(value)}\n")
    at = max((last for _first, last in places.values()), default=start)
    edits.append((at, at, fresh))
    for first, last, replacement in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        lines[first:last] = replacement
    return "".join(lines)


def _section(lines: t.Sequence[str]) -> tuple[int | None, int]:
    """The first line after the section's header, and the one after its last; null where there is no section."""
    start: int | None = None
    for at, line in enumerate(lines):
        found = _HEADER.match(line)
        if found and start is not None:
            return start, at
        if found and found.group(1).replace(" ", "") == SECTION:
            start = at + 1
    return start, len(lines)


def _entries(lines: t.Sequence[str], start: int | None, end: int) -> t.Iterator[tuple[int, int]]:
    """First line and the one after the last of each option; a list may span several."""
    at = start if start is not None else end
    while at < end:
        if not _KEY.match(lines[at]):
            at += 1
            continue
        last = at + 1
        while _open(lines[at:last]):
            if last >= end:
                raise Malformed(f"the value in line {at + 1} does not end")
            last += 1
        yield at, last
        at = last


def _open(lines: t.Sequence[str]) -> bool:
    """Whether a list is still open: brackets outside of texts and comments."""
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', "", "".join(lines))
    return bare.count("[") > bare.count("]")


def _name(line: str) -> str:
    found = _KEY.match(line)
    return found.group(1) if found else ""


def _spell(value: t.Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _value(entry: str, number: int) -> t.Any:
    text = entry.split("=", 1)[1].strip()
    if text.startswith("["):
        body = re.sub(r"'([^'\n]*)'", lambda found: json.dumps(found.group(1)), text)
        body = re.sub(r'("(?:[^"\\\n]|\\.)*")|#[^\n]*', lambda found: found.group(1) or "", body)
        body = re.sub(r",\s*\]", "]", body)
        try:
            return json.JSONDecoder().raw_decode(body)[0]
        except ValueError:
            raise Malformed(f"the list in line {number} cannot be read") from None
    word = re.sub(r"\s*#.*$", "", text)
    if word in ("true", "false"):
        return word == "true"
    return int(word.replace("_", "")) if re.fullmatch(r"[+-]?\d[\d_]*", word) else word.strip("\"'")
