# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""An agent's log port: JSON lines, kept from the start on until the first client takes them."""

from __future__ import annotations

import json
import select
import time
import typing as t

from .._core.errors import InvalidOption, Refused
from .._core.fields import Spec
from .._core.resource import Task
from .address import LOG_PORT, connect, parse
from .agent import Agent

LEVELS = {"CRIT": 0, "ERRO": 1, "WARN": 2, "INFO": 3, "DEBG": 4, "TRCE": 5}
NAMES = {"critical": 0, "error": 1, "warning": 2, "info": 3, "debug": 4, "trace": 5}
OPTIONS: Spec = {
    "log_address": {"type": "str"},
    "log_port": {"type": "int", "default": LOG_PORT},
    "duration": {"type": "float", "default": 1.0},
    "max_entries": {"type": "int", "default": 10000},
    "level": {"type": "str", "choices": list(NAMES), "default": "trace"},
}
LINE_LIMIT = 2**20  # bytes of one line


def entry(line: bytes) -> dict[str, t.Any]:
    """One line as an entry; what is no JSON is an entry with nothing but its text."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"msg": line.decode(errors="replace").rstrip("\r")}


def wanted(found: t.Mapping[str, t.Any], level: str) -> bool:
    """Whether an entry is at least as grave as asked for; one without a level always is."""
    return LEVELS.get(str(found.get("level", "")).upper()[:4], 0) <= NAMES[level]


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Read what the log port has to say for a while."""
    params = task.params
    if not 0 < params["duration"] <= 86400 or params["max_entries"] < 1:
        raise InvalidOption("'duration' and 'max_entries' must be above 0", next_step="give seconds and a number")
    if agent.foreign:
        raise Refused(
            "an agent gives each line of its log to one client only, and this one belongs to a runtime",
            endpoint=agent.endpoint,
            next_step="set 'allow_foreign: true' if the runtime shall lose it",
        )
    where = parse(params["log_address"]) if params["log_address"] else agent.address.at_port(params["log_port"])
    if task.check_mode:
        task.warn("check mode: the log is not read, because what is read is gone")
        return {"changed": False, "entries": [], "complete": False}
    entries: list[dict[str, t.Any]] = []
    ended = False
    with connect(where, agent.connect_timeout) as sock:
        deadline = time.monotonic() + params["duration"]
        rest = b""
        while len(entries) < params["max_entries"] and not ended:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([sock], [], [], remaining)[0]:
                break
            try:
                data = sock.recv(65536)
            except OSError:
                data = b""
            ended = not data
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-LINE_LIMIT:]
            found = [entry(line) for line in lines if line.strip()]
            entries += [one for one in found if wanted(one, params["level"])]
    return {"changed": False, "entries": entries[: params["max_entries"]], "complete": ended}
