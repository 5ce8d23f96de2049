# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Collecting events until one comes that was waited for, or the time is over."""

from __future__ import annotations

import time
import typing as t

from .._core.errors import InvalidOption, TimedOut
from .._core.fields import Spec
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Guest
from .events import TYPES, Event, Follower, connect, matches, shown
from .options import CONNECTION, SECRETS, run, seconds

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


def awaited(params: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """What ends the collecting, or null.

    :raises InvalidOption: no event can ever be that
    """
    if params["until"] is None:
        return None
    until = {name: value for name, value in params["until"].items() if value is not None}
    if not until:
        raise InvalidOption("'until' is empty", next_step="say what the event has to be, or leave the option out")
    types = {BELONGS[name] for name in until if name in BELONGS} | ({until["type"]} if "type" in until else set())
    if len(types) > 1:
        raise InvalidOption(
            f"'until' has {' and '.join(sorted(until))}, which no single event has",
            next_step="'key' and 'value' are of events of the type 'config', 'name' and 'action' of 'device'",
        )
    if not types <= set(params["types"]):
        raise InvalidOption(f"'until' waits for the type '{types.pop()}', which is not in 'types'", next_step="add it")
    return until


def collect(guest: Guest, task: Task) -> dict[str, t.Any]:
    """The module's result; with C(failed) when the awaited event did not come."""
    params = task.params
    until = awaited(params)
    patience = seconds("wait_timeout", params["wait_timeout"])
    if not params["types"]:
        raise InvalidOption("'types' is empty", next_step="give at least one of " + ", ".join(TYPES))
    if params["max_events"] < 1:
        raise InvalidOption(f"'max_events' is {params['max_events']}", next_step="give a number above 0")
    events: list[Event] = []
    result: dict[str, t.Any] = {"changed": False, "events": events, "match": None, "reconnects": 0}
    if task.check_mode:
        connect(guest, params["types"], params["protocol"]).close()
        task.warn("check mode: events are not waited for")
        return result
    follower = Follower(guest, params["types"], time.monotonic() + patience, protocol=params["protocol"])
    for sign in follower:
        if isinstance(sign, str):
            continue
        events.append(shown(sign, task.secrets))
        if until is not None and matches(sign, until):
            result["match"] = events[-1]
            break
        if len(events) == params["max_events"]:
            break
    result["reconnects"] = max(0, follower.connections - 1)
    if result["reconnects"]:
        task.warn("the connection for events broke meanwhile; events in between are not known")
    if until is not None and result["match"] is None:
        error = _none(guest, until, len(events), patience, follower, params["max_events"])
        result.update(failed=True, msg=str(error), failure=error.failure())
    return result


def _none(
    guest: Guest, until: dict[str, t.Any], count: int, patience: float, follower: Follower, most: int
) -> TimedOut:
    """Why there is no match."""
    looked = "no such event among the" if count else "no event at all, not even other ones"
    number = f" {count} that came" if count else ""
    over = f"before 'max_events' ({most})" if count == most else f"within {patience:g} s"
    next_step = "see whether it happens later, or had happened before; only what comes while the task runs is seen"
    if follower.lost is not None:
        next_step = f"at last there was no connection: {follower.lost.what}"
    elif str(until.get("key")).startswith("cloud-init."):
        next_step = "only keys 'user.*' have events; wait for others with nfvlab.fleet.incus_guest_config"
    return TimedOut(f"{looked}{number} {over}", endpoint=f"{guest.endpoint} GET /1.0/events", next_step=next_step)


def run_events() -> t.NoReturn:
    """The main function of the module."""
    run(FleetModule({**CONNECTION, **OPTIONS}, Secrets(SECRETS)), collect)
