# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the daemon's answers mean. Pure.

Every JSON answer is an envelope (rest-api document, "Return values"): C(sync) with its result in C(metadata), C(async)
with an operation, or C(error). The body decides, never the HTTP status alone: Incus before 6.12 sends the status 200
before it knows how an awaited operation ends.
"""

from __future__ import annotations

import json
import re
import typing as t

from .._core.errors import (
    Busy,
    Conflict,
    FleetError,
    Forbidden,
    InUse,
    Malformed,
    NotFound,
    OperationFailed,
    Refused,
    Stale,
)

# Codes of operations and instances (rest-api document, "List of current status codes").
STATUS_RUNNING = 103
STATUS_READY = 113
STATUS_FROZEN = 110
STATUS_ERROR = 112
STATUS_STOPPED = 102
STATUS_SUCCESS = 200
_UNFINISHED = range(100, 200)

_IN_USE = r"in use|being used|is used by|has .*dependenc|only empty projects|is not empty|used by"
# The last two: whoever looks at all interfaces or instances of the host may meet one that is just going away.
_BUSY = (
    r"Instance is busy running|matching non-reusable operation"
    r'|Failed to run: ip .*Device "veth\w+" does not exist|Invalid PID'
)
_UNREADY = "Server isn't ready yet"  # a daemon that has just started
# Somebody else started or stopped it since it was read.
_OVERTAKEN = r"(instance|container) is already (running|stopped|frozen)"
# What a restricted certificate may not do comes as 500 as well.
_FORBIDDEN = r"does not have permissions? for|Certificate is restricted"
_EXISTS = r"already exists|name .*already in use|UNIQUE constraint failed"

# What to do about refusals whose own text does not say it.
_HINTS = (
    ("find an unused IPv4 subnet", "give 'ipv4.address' a subnet of its own instead of 'auto', or 'none'"),
    ("find an unused IPv6 subnet", "give 'ipv6.address' a subnet of its own instead of 'auto', or 'none'"),
    (
        "Unknown driver",
        "see 'environment.storage_supported_drivers' of the server for the drivers that its host can use",
    ),
    (
        "does not support load balancers",
        "only a network of the type 'ovn' has them; see incus_network_forward for a bridge",
    ),
    ("does not support peering", "only networks of the type 'ovn' can be peers"),
    (
        "find the MinIO client tool",
        "install MinIO and its client 'mc' on the daemon's host: a local storage pool keeps its buckets with them",
    ),
    ("No root device could be found", "give a profile or the instance a disk device with the path '/' and a pool"),
)


class Envelope(t.NamedTuple):
    """A successful answer.

    :param operation: the path of the operation that was started, or null
    """

    metadata: t.Any
    operation: str | None


def envelope(status: int, body: bytes, endpoint: str) -> Envelope:
    """The content of an answer.

    :raises FleetError: the one that the answer stands for
    """
    try:
        answer = json.loads(body)
        kind = answer["type"]
    except (ValueError, KeyError, TypeError):
        raise Malformed(
            f"the answer (HTTP {status}) is not that of an Incus or LXD daemon",
            endpoint=endpoint,
            code=status,
            text=body[:200].decode(errors="replace"),
            next_step="check the address",
        ) from None
    if kind == "error":
        raise error_for(answer.get("error_code") or status, answer.get("error") or "", endpoint)
    if kind == "async":
        return Envelope(answer.get("metadata"), answer["operation"])
    return Envelope(answer.get("metadata"), None)


def error_for(code: int, text: str, endpoint: str) -> FleetError:
    """The error that a code and the daemon's own text stand for.

    Most refusals come as 400 or 500 without a pattern, so but for the few codes that mean something the text decides.
    """
    sort: type[FleetError] = Refused
    next_step: str | None = None
    if code == 404:
        sort = NotFound
    elif code == 403 or re.search(_FORBIDDEN, text):
        sort, next_step = Forbidden, "use 'become: true', or have this certificate trusted and its projects extended"
    elif code == 412 or re.search(_OVERTAKEN, text, re.IGNORECASE):
        sort, next_step = Stale, "somebody else keeps changing it; run the task again"
    elif re.search(_BUSY, text, re.IGNORECASE | re.DOTALL):
        sort, next_step = Busy, "wait until the running operation has ended and run the task again"
    elif _UNREADY in text:
        sort, next_step = Busy, "the daemon has just started; run the task again a little later"
    elif code == 409 or re.search(_EXISTS, text, re.IGNORECASE):
        sort = Conflict
    elif re.search(_IN_USE, text, re.IGNORECASE):
        sort, next_step = InUse, "remove what uses it first"
    next_step = next_step or next((hint for pattern, hint in _HINTS if pattern in text), None)
    return sort(f"the daemon refused: {text.rstrip('.')}", endpoint=endpoint, code=code, text=text, next_step=next_step)


def unfinished(operation: t.Mapping[str, t.Any]) -> bool:
    """Whether an operation is still going on."""
    return operation.get("status_code") in _UNFINISHED


def operation_error(operation: t.Mapping[str, t.Any], endpoint: str) -> FleetError | None:
    """The error that an ended operation stands for, or null where it succeeded."""
    if operation.get("status_code") == STATUS_SUCCESS:
        return None
    text = operation.get("err") or operation.get("status") or "no reason given"
    return operation_failed(text, operation.get("status_code"), endpoint)


def operation_failed(text: str, code: int | None, endpoint: str) -> FleetError:
    """The error for an operation's own words; a known meaning wins over the plain failure."""
    known = error_for(code if code in (404, 409, 412) else 400, text, endpoint)
    if known.kind != Refused.kind:
        return known
    return OperationFailed(
        f"the daemon's operation failed: {text}", endpoint=endpoint, code=code, text=text, next_step=known.next_step
    )
