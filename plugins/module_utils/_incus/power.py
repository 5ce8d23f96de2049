# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The power states of instances: which one the daemon tells of, and what leads from one to another."""

from __future__ import annotations

import typing as t

from .._core.errors import Busy, Unreachable
from .answers import STATUS_ERROR, STATUS_FROZEN, STATUS_READY, STATUS_RUNNING, STATUS_STOPPED

# What to do, in order, to get from one power state to another. A guest that has reported Ready is running.
TRANSITIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("stopped", "started"): ("start",),
    ("frozen", "started"): ("unfreeze",),
    ("started", "stopped"): ("stop",),
    ("frozen", "stopped"): ("unfreeze", "stop"),
    ("started", "frozen"): ("freeze",),
    ("stopped", "frozen"): ("start", "freeze"),
    ("error", "frozen"): ("start", "freeze"),
    ("error", "started"): ("start",),
    ("error", "stopped"): ("stop",),
    ("stopped", "restarted"): ("start",),
    ("started", "restarted"): ("restart",),
    ("frozen", "restarted"): ("unfreeze", "restart"),
    ("error", "restarted"): ("restart",),
}
_POWER = {
    STATUS_RUNNING: "started",
    STATUS_READY: "started",
    STATUS_FROZEN: "frozen",
    STATUS_STOPPED: "stopped",
    STATUS_ERROR: "error",
}
# What the daemon says of a state that was reached.
STATUS = {
    "started": ("Running", STATUS_RUNNING),
    "stopped": ("Stopped", STATUS_STOPPED),
    "frozen": ("Frozen", STATUS_FROZEN),
}
# The states in which an instance can be waited for.
AWAITED = ("started", "restarted", "present")


def power(have: t.Mapping[str, t.Any] | None) -> str:
    """The power state of an instance; one that is not there counts as stopped, and C(busy) is between two states."""
    return _POWER.get(have["status_code"], "busy") if have else "stopped"


def check_settled(have: t.Mapping[str, t.Any], label: str) -> None:
    """Raise where an instance is just changing its state, so that nothing can be planned for it.

    :raises Busy: it starts, stops or freezes
    """
    if power(have) == "busy":
        raise Busy(
            f"it is {have['status']} just now",
            obj=label,
            next_step="wait until that has ended and run the task again",
        )


def check_reached(have: t.Mapping[str, t.Any], label: str) -> None:
    """Raise where a cluster tells nothing of an instance but where it is.

    :raises Unreachable: that member does not answer
    """
    if power(have) == "error" and have.get("config") is None:
        raise Unreachable(
            f"cluster member '{have.get('location')}', which it is on, does not answer",
            obj=label,
            next_step="start that member, or wait until it is back",
        )


def half_created(have: t.Mapping[str, t.Any]) -> bool:
    """Whether a daemon that was killed left an instance without a root file system: it can be started, but never runs.

    Creating one from an image ends with C(volatile.apply_template), which its first start turns into a power state.
    """
    config = have.get("config") or {}
    return (
        have["status_code"] == STATUS_STOPPED
        and "volatile.base_image" in config
        and not {"volatile.apply_template", "volatile.last_state.power"} & set(config)
    )


def is_new(have: t.Mapping[str, t.Any] | None) -> bool:
    """Whether an instance is still to be made."""
    return have is None or half_created(have)
