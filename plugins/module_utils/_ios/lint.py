# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What is wrong with a configuration text, found without a device.

Spelling comes from the grammar; the rest are the references and contradictions within the text.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, NotFound
from .._core.fields import Spec
from .._core.resource import Task
from . import secrets, tokens
from .commands import CLASSIC, KNOWN, XE, Dialect
from .diff import CONSOLE_LIMIT, overlaps
from .grammar import dialect_of
from .tree import ACL_KINDS, UNTYPEABLE, Config, Entry, masked_line, parse

ERROR, WARNING, NOTE = "error", "warning", "note"
OPTIONS: Spec = {
    "text": {"type": "str"},
    "path": {"type": "path"},
    "dialect": {"type": "str", "choices": ["auto", "classic", "xe"], "default": "auto"},
    "unverified": {"type": "bool", "default": False},
    "fail_on": {"type": "str", "choices": ["error", "warning", "note", "never"], "default": "error"},
}
SEVERITIES = {"misplaced": WARNING}
_PROMPT = re.compile(r"[\w.:/-]+(?:\([^)]+\))?[>#] ?$")


class Finding(t.NamedTuple):
    """One thing that was found.

    line, column: from 1, where the text has it; severity: error, warning, note; rule: its name; text: the line, masked
    """

    line: int
    column: int
    severity: str
    rule: str
    message: str
    text: str


def lint(text: str, dialect: Dialect, *, unverified: bool = False) -> list[Finding]:
    """Everything that is wrong with the text, in its order.

    :param unverified: also note each line whose meaning is known to this collection only from general knowledge
    """
    config = parse(text, dialect)
    lines = text.replace("\r\n", "\n").split("\n")
    found = [*_spelling(config), *_characters(lines), *_contradictions(config), *_references(config)]
    found += [*_secrets(config), *_descriptions(config)]
    if unverified:
        found += _unverified(config)
    return sorted(set(found))


def _at(entry: Entry, severity: str, rule: str, message: str) -> Finding:
    return Finding(entry.line, 1, severity, rule, message, UNTYPEABLE.sub("?", masked_line(entry)))


def _spelling(config: Config) -> t.Iterator[Finding]:
    for remark in config.remarks:
        severity = SEVERITIES.get(remark.kind, ERROR)
        yield Finding(
            remark.line, remark.column + 1, severity, remark.kind, remark.message, secrets.mask_line(remark.text)
        )


def _characters(lines: list[str]) -> t.Iterator[Finding]:
    for number, line in enumerate(lines, 1):
        shown = secrets.mask_line(line.strip())[:80]
        control = UNTYPEABLE.search(line.replace("\x03", ""))
        if control:
            code = f"control character {ord(control[0])}"
            yield Finding(number, control.start() + 1, ERROR, "control_character", code, UNTYPEABLE.sub("?", shown))
        if len(line.strip()) > CONSOLE_LIMIT:
            yield Finding(number, CONSOLE_LIMIT + 1, ERROR, "too_long", "more than 254 characters", shown)
        if not line.isascii():
            column = min(at for at, char in enumerate(line, 1) if not char.isascii())
            yield Finding(number, column, WARNING, "not_ascii", "not every terminal and train keeps it", shown)


def _contradictions(config: Config) -> t.Iterator[Finding]:
    for one, other in overlaps(config):
        entry = config.root.children["interface", other]
        yield _at(entry, ERROR, "overlap", f"an address overlaps with one of interface {one}")
    for slot, entry in config.root.children.items():
        if slot[0] == "interface":
            yield from _secondary(entry)
        elif entry.mode in ACL_KINDS.values():
            yield from _duplicates(entry)


def _secondary(entry: Entry) -> t.Iterator[Finding]:
    primary = entry.children.get(("ip address",))
    if primary is None or primary.negated:
        for slot, child in entry.children.items():
            if slot[0] == "ip address secondary" and not child.negated:
                yield _at(child, ERROR, "secondary", "a secondary address needs a primary one")


def _duplicates(entry: Entry) -> t.Iterator[Finding]:
    seen: set[str] = set()
    for child in entry.children.values():
        if child.text in seen and not child.text.startswith("remark "):
            yield _at(child, ERROR, "duplicate", "the list has this entry already")
        seen.add(child.text)


def _references(config: Config) -> t.Iterator[Finding]:
    lists = {str(slot[1]) for slot in config.root.children if slot[0] in ACL_KINDS}
    users = any(slot[0] == "username" for slot in config.root.children)
    aaa = ("aaa new-model",) in config.root.children
    for slot, entry in config.root.children.items():
        for child in entry.children.values():
            if child.slot[0] in ("ip access-group", "access-class") and not child.negated:
                if str(child.values["name"]) not in lists:
                    message = f"access list {child.values['name']} is not in this text: a missing list permits all"
                    yield _at(child, WARNING, "reference", message)
            elif child.text == "login local" and not (users or aaa):
                yield _at(child, WARNING, "reference", f"there is no username in this text: {slot[0]} lets nobody in")
            elif child.text == "login" and not child.negated and ("password",) not in entry.children:
                yield _at(child, WARNING, "reference", "asks for a password, and the line has none")


def _secrets(config: Config) -> t.Iterator[Finding]:
    children = config.root.children
    if ("enable password", None) in children:
        beaten = ("enable secret", None) in children
        message = "'enable secret' wins over it" if beaten else "it can be read by whoever reads the configuration"
        yield _at(children["enable password", None], WARNING, "weak", message)
    for slot, entry in children.items():
        for one in (entry, *entry.children.values()):
            kind = str(one.values.get("type", "0"))
            if one.command and one.command.secret == "secret" and slot[0] != "enable password" and kind == "7":
                yield _at(one, WARNING, "weak", "type 7 hides nothing: it can be decoded")
    version = children.get(("ip ssh version",))
    if version is not None and version.values.get("version") == "1":
        yield _at(version, WARNING, "weak", "SSH version 1 is broken")
    for entry in children.values():
        transport = entry.children.get(("transport input",))
        if transport is not None and not transport.negated:
            protocols = transport.values["protocol"]
            if {"all", "telnet"} & set(protocols if isinstance(protocols, tuple) else (protocols,)):
                yield _at(transport, WARNING, "weak", "telnet sends passwords in clear")


def _descriptions(config: Config) -> t.Iterator[Finding]:
    for entry in config.root.children.values():
        description = entry.children.get(("description",))
        text = str(description.values.get("text", "")) if description is not None else ""
        if description is not None and _PROMPT.search(text) and not tokens.interface_name(text):
            yield _at(description, NOTE, "prompt", "looks like a prompt, which confuses other tools")


def _unverified(config: Config) -> t.Iterator[Finding]:
    pending = list(config.root.children.values())
    while pending:
        entry = pending.pop()
        pending += entry.children.values()
        if entry.command is not None and entry.command.source == KNOWN:
            yield _at(entry, NOTE, "unverified", f"the meaning of this command is {KNOWN}")


def work(task: Task) -> dict[str, t.Any]:
    """The module: lint a text or a file, and fail where something is as bad as O(fail_on) says."""
    text = task.params["text"]
    where = "the text" if text is not None else task.params["path"]
    if text is None:
        text = _file(task.params["path"])
    named = {"classic": CLASSIC, "xe": XE}
    dialect = named.get(task.params["dialect"]) or dialect_of(text)
    found = lint(text, dialect, unverified=task.params["unverified"])
    counts = {severity: sum(one.severity == severity for one in found) for severity in (ERROR, WARNING, NOTE)}
    result = {
        "changed": False,
        "findings": [one._asdict() for one in found],
        "counts": counts,
        "dialect": dialect.name,
    }
    order = [ERROR, WARNING, NOTE]
    limit = task.params["fail_on"]
    bad = [one for one in found if limit != "never" and order.index(one.severity) <= order.index(limit)]
    return {**result, **_failed(bad, where)} if bad else result


def _failed(bad: list[Finding], where: str) -> dict[str, t.Any]:
    first = bad[0]
    count = "1 finding" if len(bad) == 1 else f"{len(bad)} findings"
    msg = f"{where}: {count}, the first in line {first.line}: {first.text}: {first.message}"
    error = InvalidOption(msg, obj=where, text=first.message)
    return {"failed": True, "msg": msg, "failure": error.failure()}


def _file(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotFound(f"{path} cannot be read: {reason}", next_step="check 'path', which is on this host") from None
