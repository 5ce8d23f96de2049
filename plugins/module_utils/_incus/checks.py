# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What is looked at before a change is sent, and what is added to the daemon's refusal of one."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import (
    Conflict,
    FleetError,
    Forbidden,
    InUse,
    InvalidOption,
    NotFound,
    UnknownKey,
    did_you_mean,
    near,
    no_such,
)
from .._core.http import path as join
from .._core.resource import Plan, Task
from . import devices, keys, schedule
from .client import Client

if t.TYPE_CHECKING:
    from .record import Record, Reference


def check(record: Record, session: Client, plan: Plan, task: Task) -> None:
    """Raise where the plan names an object that is not there. In check mode an earlier task may only have predicted it,
    so there it is a warning.
    """
    if plan.then is None:
        return
    _check_values(record, session, plan)
    present: dict[t.Any, list[str] | None] = {}
    for reference in record.references(plan, task):
        where = (reference.collection, tuple(reference.query.items()))
        if where not in present:
            try:
                present[where] = session.names(reference.collection, reference.query)
            except NotFound:
                present[where] = []
            except Forbidden:  # a restricted certificate uses storage pools that it may not list
                present[where] = None
        names = present[where]
        if names is None or reference.name in names:
            continue
        hidden = _hidden(session, reference)
        if hidden:
            raise hidden.about(plan.label)
        error = no_such(reference.what, reference.name, names, "create it first").about(plan.label)
        error.endpoint = str(session.transport.endpoint)
        task.refuse(error)
    if task.check_mode:
        _suspect(record, session, plan, task)


def _hidden(session: Client, reference: Reference) -> Forbidden | None:
    """The error of an object that is in no list because this client may not see it: a restricted certificate."""
    try:
        session.get(reference.collection + join(reference.name), reference.query)
    except Forbidden as error:
        return error
    except FleetError:
        return None
    return None


def _check_values(record: Record, session: Client, plan: Plan) -> None:
    """Raise where a changed device or schedule cannot be right, whatever else is there."""
    then = plan.then
    schedule.check_keys(then.get("config") or {}, plan.changed, record.kind in ("instance", "profile"))
    positions = (position.partition(".") for position in plan.changed)
    changed = [name for field, _dot, name in positions if field == "devices" and name in then["devices"]]
    if not changed or not devices.known(session.brand, session.server.get("api_extensions", ())):
        return
    for name in changed:
        try:
            devices.check(then["devices"][name])
        except InvalidOption as error:
            error.what = f"device '{name}': {error.what}"
            raise


def _suspect(record: Record, session: Client, plan: Plan, task: Task) -> None:
    """Only the daemon knows its keys for sure, and a check run cannot ask it: a probable slip is a warning."""
    known = keys.known(record.entity, session)
    for position in plan.changed:
        field, _dot, key = position.partition(".")
        if field == "members":
            continue  # the keys of a single cluster member are known
        hint = near(key, known, 0.85) if key and key not in known and not key.startswith(keys.FREE) else None
        if hint:
            task.warn(f"check mode: {plan.label}: the daemon may refuse '{position}'; did you mean '{hint}'?")


def explain(record: Record, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
    """The daemon names a wrong key and nothing else: add the near one it has. Say who uses what is in use."""
    text = error.text or ""
    if isinstance(error, Conflict) and plan.have is None:
        error.next_step = "the name is taken by something that is not visible here; choose another"
    if isinstance(error, InUse) and plan.have is not None:
        # Every project has a default profile, which goes with it.
        users = [url for url in plan.have.get("used_by") or () if not url.startswith("/1.0/profiles/default?")]
        error.next_step = f"it is used by {', '.join(users[:5])}; remove those first" if users else error.next_step
    if re.search(r"unknown|invalid|unsupported|not supported|not allowed", text, re.IGNORECASE):
        known = keys.known(record.entity, session)
        for name in _leaves(task.given) - known:
            quoted = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)
            hint = did_you_mean(name, known) if quoted else None
            if hint:
                return UnknownKey(error.what, endpoint=error.endpoint, code=error.code, text=text, next_step=hint)
    return error


def _leaves(value: t.Any) -> set[str]:
    """All keys in a declaration, at every depth."""
    if isinstance(value, dict):
        return set(map(str, value)).union(*(_leaves(inner) for inner in value.values()))
    return set()
