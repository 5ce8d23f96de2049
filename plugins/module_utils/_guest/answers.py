# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the guest API's answers mean. Pure.

There is no envelope: an answer of success is bare JSON, or the bytes themselves; a refusal is a line of text with a
status. Only the image export speaks with the main API's own voice and refuses in an envelope.
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import FleetError, Forbidden, Malformed, NotFound, Refused, Transient, Unreachable, Unsupported

# The key of an instance that lets it use the API at all (dev_incus.go, devlxd.go), and, with a suffix, export images.
PERMISSIONS = {"incus": "security.guestapi", "lxd": "security.devlxd"}
# The keys that are shown to a guest, by their beginnings.
NAMESPACES = ("user.", "cloud-init.")
KEYS = "/1.0/config/"

_NO_CALL = "page not found"  # the text of a path that the daemon does not have; what has no value says "not found"
_SHOWN = 200  # characters of a foreign text


def parsed(body: bytes, kind: type, endpoint: str) -> t.Any:
    """The JSON value of an answer.

    :param kind: what it has to be: C(list) or C(dict)
    :raises Malformed: it is something else
    """
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise Malformed(
            "the answer is not that of a guest API",
            endpoint=endpoint,
            text=body[:_SHOWN].decode(errors="replace"),
            next_step="check 'socket'",
        )
    return value


def key_names(urls: t.Iterable[t.Any]) -> list[str]:
    """The keys in the answer of C(/1.0/config), sorted. The daemon does not escape them there."""
    return sorted(str(url)[len(KEYS) :] for url in urls if str(url).startswith(KEYS))


def error_for(status: int, body: bytes, endpoint: str, brand: str) -> FleetError:
    """The error that an answer without success stands for.

    :param brand: C(incus) or C(lxd), which call the permission differently
    """
    text = _words(body)
    sort: type[FleetError] = Refused
    what = f"the guest API answered with HTTP {status}" + (f": {text.rstrip('.')}" if text else "")
    next_step: str | None = None
    if status == 401:
        sort, what, next_step = Forbidden, "the guest API serves only root of the instance", "use 'become: true'"
    elif status == 403:
        sort, what = Forbidden, "the host does not allow this guest to use the guest API"
        next_step = f"set '{PERMISSIONS[brand]}' of the instance to 'true' on its host"
    elif status == 404 and _NO_CALL in text:
        sort, what = Unsupported, "the guest API of this instance has no such call"
        next_step = "leave that out, or use a daemon that has it"
    elif status == 404:
        sort = NotFound
    elif status == 405:
        sort, next_step = Unsupported, "leave that out, or use a daemon that can do it"
    elif "vsock" in text:  # the agent's words
        sort, next_step = Unreachable, "the daemon on the host is starting or stopping; run the task again"
    elif "pid not in" in text:
        next_step = "run it as a process of the instance itself"
    elif status >= 500:
        sort, next_step = (
            Transient,
            "run the task again, and look at the log of the daemon on the host if that is no use",
        )
    return sort(what, endpoint=endpoint, code=status, text=text or None, next_step=next_step)


def _words(body: bytes) -> str:
    """What a refusal says: its text, or that in its envelope."""
    text = body[: _SHOWN * 8].decode(errors="replace").strip()
    if text.startswith("{"):
        try:
            text = str(json.loads(text).get("error") or "")
        except ValueError:
            text = text.splitlines()[0]
    return text[:_SHOWN]
