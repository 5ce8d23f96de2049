# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an agent's refusals mean, in all the shapes that their text has had.

A text may be quoted, with inner quotes and newlines escaped; it may carry a chain of causes and a backtrace; and up to
4.0 four calls wrap the real status in another one. What comes out is one code, one line of text, and an error of the
catalogue.
"""

from __future__ import annotations

import re

from .._core.errors import (
    Busy,
    FleetError,
    Forbidden,
    InUse,
    NotFound,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
)

# The codes of gRPC, in the order of their numbers.
CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = 3, 4, 5
ALREADY_EXISTS, PERMISSION_DENIED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 6, 7, 12, 13, 14

LINE = 240  # characters of one line that a policy prints
LINES = 5  # lines of it that are shown

_NESTED = re.compile(r'^rpc status: Status \{ code: (\w+), message: "((?:[^"\\]|\\.)*)"')
_CAUSE = re.compile(r"\s*\n\s*Caused by:\s*\n\s*(?:0: )?")
_FURTHER = re.compile(r"\n\s+\d+: ")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_POLICY = re.compile(r"^(\w+) is blocked by policy: ?(.*)$", re.DOTALL)
_NO_RULE = re.compile(r"^(\w+): internal error policy check")
# "invalid container ID" with capitals is another thing: a text that can be no id.
_ABSENT = re.compile(
    r"^([Ii]nvalid container id\b|InvalidContainerId|InvalidExecId|InitProcessNotFound|Process not found)"
)


def code_name(code: int) -> str:
    """A code's name, or its number where gRPC has none."""
    return CODES[code] if 0 <= code < len(CODES) else str(code)


def clean(code: int, message: str) -> tuple[int, str]:
    """The code that is meant, and the agent's text as one line without quotes and backtrace."""
    quoted = message.startswith('"')
    for mark in ("\n\nStack backtrace:", "\\n\\nStack backtrace:"):
        message = message.split(mark, 1)[0]
    if quoted:
        message = message[1:]
        if message.endswith('"') and not message.endswith('\\"'):
            message = message[:-1]
        message = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), message)
    nested = _NESTED.match(message)
    if nested:
        name, message = nested.groups()
        code = CODES.index(name) if name in CODES else code
    blocked = _POLICY.match(message)
    if blocked:
        return code, f"{blocked.group(1)} is blocked by policy{_reasons(blocked.group(2))}"
    message = _FURTHER.sub(": ", _CAUSE.sub(": ", message.strip()))
    return code, " ".join(message.split())


def _reasons(printed: str) -> str:
    """What a policy printed, without the specification that it often dumps."""
    lines = []
    for line in printed.strip().splitlines():
        line = line.split("{", 1)[0].strip().rstrip(",;:")
        if line:
            lines.append(line if len(line) <= LINE else line[:LINE] + "...")
    more = f" (and {len(lines) - LINES} more lines)" if len(lines) > LINES else ""
    return (": " + "; ".join(lines[:LINES]) + more) if lines else ""


def refusal(code: int, message: str, method: str, endpoint: str) -> FleetError:
    """The error for a status that is not OK.

    Its C(code) and C(text) are the cleaned ones, so both forms of 4.0 and 4.1 look the same.
    """
    code, text = clean(code, message)
    said = text or code_name(code)
    error = _kind(code, text, said, method)
    error.endpoint = error.endpoint or endpoint
    error.code = code
    error.text = text
    return error


def _kind(code: int, text: str, said: str, method: str) -> FleetError:
    if code == DEADLINE_EXCEEDED:
        return TimedOut(
            f"the agent did not finish {method} in the time it was given",
            next_step="give a longer 'timeout'; an agent that answers Check and nothing else waits for another call",
        )
    if code == PERMISSION_DENIED:
        return Forbidden(
            f"the agent's policy forbids {method}: {said}", next_step="the policy of this agent must allow the request"
        )
    if _NO_RULE.match(text):
        return Forbidden(
            f"the agent's policy has no rule for {method}: {said[:LINE]}",
            next_step="add a rule for the request to the policy; one that did not parse leaves no policy behind",
        )
    if code == UNIMPLEMENTED or text.endswith(("is not supported", "service does not exist")):
        return Unsupported(
            f"this agent cannot do {method}: {said}", next_step="it is older, or was built without the feature"
        )
    if code == NOT_FOUND or (code in (INVALID_ARGUMENT, INTERNAL) and _ABSENT.match(text)):
        return NotFound(f"the agent refused {method}: {said}", next_step="check 'container_id' and 'exec_id'")
    if code == ALREADY_EXISTS or "already exists" in text:
        return InUse(f"the agent refused {method}: {said}", next_step="choose another id")
    if 'message: "No child processes"' in text:
        return Busy(f"the agent lost track of a helper process in {method}", next_step="run the task again")
    if code == UNAVAILABLE and not text:
        return Unreachable(f"the agent is not available for {method}")
    return Refused(f"the agent refused {method}: {said}")
