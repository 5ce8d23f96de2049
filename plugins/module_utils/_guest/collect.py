# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Collecting events until one comes that was waited for, or the time is over."""

from __future__ import annotations

import time
import typing as t

from .._core.events import Collector, awaited, check_limits
from .._core.fields import Spec, seconds
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Guest
from .events import TYPES, Follower, connect, matches, shown
from .options import CONNECTION, SECRETS, run

OPTIONS: Spec = {
    "types": {"type": "list", "elements": "str", "choices": list(TYPES), "default": list(TYPES)},
    "until": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": list(TYPES)},
            "key": {"type": "str", "no_log": False},
            "value": {"type": "str"},
            "name": {"type": "str"},
            "action": {"type": "str", "choices": ["added", "updated", "removed"]},
        },
    },
    "wait_timeout": {"type": "float", "default": 60.0},
    "max_events": {"type": "int", "default": 1000},
    "protocol": {"type": "str", "choices": ["auto", "stream", "websocket"], "default": "auto"},
    **SECRET_KEYS,
}
BELONGS = {"key": "config", "value": "config", "name": "device", "action": "device"}


def collect(guest: Guest, task: Task) -> dict[str, t.Any]:
    """The module's result; with C(failed) when the awaited event did not come."""
    params = task.params
    until = awaited(params["until"], params["types"], BELONGS)
    patience = seconds("wait_timeout", params["wait_timeout"])
    check_limits(params["types"], TYPES, params["max_events"])
    result: dict[str, t.Any] = {"changed": False, "events": [], "match": None, "reconnects": 0}
    if task.check_mode:
        connect(guest, params["types"], params["protocol"]).close()
        task.warn("check mode: events are not waited for")
        return result
    follower = Follower(guest, params["types"], time.monotonic() + patience, protocol=params["protocol"])
    collected = Collector(
        params["max_events"],
        until and (lambda found: matches(found, until)),
        kept=lambda found: shown(found, task.secrets),
    )
    follower.feed(collected, task.warn)
    result.update(
        events=collected.events,
        match=collected.matches[0] if collected.matches else None,
        reconnects=follower.reconnects,
    )
    hint = "only keys 'user.*' have events; wait for others with nfvlab.fleet.incus_guest_config"
    error = collected.missed(
        follower, patience, hint if str((until or {}).get("key")).startswith("cloud-init.") else None
    )
    if error is not None:
        result.update(failed=True, msg=str(error), failure=error.failure())
    return result


def run_events() -> t.NoReturn:
    """The main function of the module."""
    run(FleetModule({**CONNECTION, **OPTIONS}, Secrets(SECRETS)), collect)
