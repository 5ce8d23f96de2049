# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Where an instance of a daemon is: its name, project, storage pool and cluster member.

The daemon changes all of that with a request of its own, and only on a stopped instance. Pure, but for what asks
whether a daemon can do that.
"""

from __future__ import annotations

import typing as t

from .._core.errors import Immutable, Refused
from .._core.http import path as join
from .._core.resource import Plan
from .client import MEMBERS, Client

# What brings an instance to another place, and not every daemon can do.
_NEEDS = {
    "storage_pool": ("instance_pool_move", "moving an instance to another storage pool"),
    "project": ("instance_project_move", "moving an instance to another project"),
}

Place = dict[str, str]  # the options that differ from where it is: name, project, storage_pool, target


def root(devices: t.Mapping[str, t.Any]) -> tuple[str, dict[str, t.Any]]:
    """The name and the options of the device that is the root disk; both are empty where there is none."""
    for name, device in devices.items():
        if device.get("type") == "disk" and device.get("path") == "/":
            return name, device
    return "", {}


def differs(have: t.Mapping[str, t.Any], then: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> Place:
    """What is to be another name, project, pool or member than an instance has.

    A group of members is for new instances only.
    """
    place: Place = {}
    for option in ("name", "project"):
        if have.get(option, params[option]) != params[option]:
            place[option] = params[option]
    if then.get("devices") != have.get("devices"):
        pool, now = root(then["devices"])[1].get("pool"), _pool(have)
        if pool and now and pool != now:
            place["storage_pool"] = pool
    target = params["target"] or ""
    if params["move"] == "if_needed" and target and target[0] != "@" and have.get("location") != target:
        place["target"] = target
    return place


def _pool(have: t.Mapping[str, t.Any]) -> str | None:
    """The pool that an instance's root disk is in, by its own device or by that of a profile."""
    own = root(have.get("devices") or {})[1].get("pool")
    return own or root(have.get("expanded_devices") or {})[1].get("pool")


def check(have: t.Mapping[str, t.Any], place: Place, params: t.Mapping[str, t.Any], label: str) -> None:
    """Raise where an instance would have to go to another pool without the task's word for it."""
    if "storage_pool" in place and params["move"] != "if_needed":
        raise Immutable(
            f"its root disk is in the storage pool '{_pool(have)}' and not in '{place['storage_pool']}'",
            obj=label,
            next_step="use 'move: if_needed' to have it moved, or give the pool that it is in",
        )


def shown(have: t.Mapping[str, t.Any], place: Place) -> dict[str, t.Any]:
    """Where an instance is now, as far as that is to differ."""
    now = {**have, "storage_pool": _pool(have), "target": have.get("location")}
    return {option: now[option] for option in place}


def written(
    have: t.Mapping[str, t.Any], then: t.Mapping[str, t.Any], place: Place, changed: t.Iterable[str]
) -> tuple[dict[str, t.Any], list[str]]:
    """The object to write before a move, while its root disk still is where it was, and what changes with that.

    :param changed: everything that changes
    """
    fields = [name for name in changed if name not in (*place, "state", "image")]
    if "storage_pool" not in place:
        return dict(then), fields
    name, device = root(then["devices"])
    now = (have.get("devices") or {}).get(name)
    devices = dict(then["devices"])
    if now:
        devices[name] = {**device, "pool": now["pool"]}
    else:
        del devices[name]  # its pool is that of a profile; the daemon adds the device with the move
    if devices.get(name) == now:
        fields = [field for field in fields if field != f"devices.{name}"]
    return {**then, "devices": devices}, fields


def parts(place: Place, at_once: bool) -> list[Place]:
    """What is moved with one request each.

    :param at_once: whether the daemon does not forget the project where a pool is given too, as LXD does
    """
    if not {"project", "storage_pool"} <= set(place) or at_once:
        return [place] if place else []
    return [
        {option: value for option, value in place.items() if option != "storage_pool"},
        {"storage_pool": place["storage_pool"]},
    ]


def move_body(name: str, part: Place) -> dict[str, t.Any]:
    """The request's body (rest-api document, "POST /1.0/instances/{name}"); a name alone is no migration.

    :param name: the instance's name before it
    """
    body: dict[str, t.Any] = {"name": part.get("name", name)}
    if set(part) - {"name"}:
        body["migration"] = True
    if "project" in part:
        body["project"] = part["project"]
    if "storage_pool" in part:
        body["pool"] = part["storage_pool"]
    return body


def check_possible(session: Client, plan: Plan) -> None:
    """Raise where this daemon cannot bring an instance to another place or image, before it is stopped for that."""
    for name, (extension, feature) in _NEEDS.items():
        if name in plan.changed:
            session.require(extension, feature)
    if "target" in plan.changed:
        _check_member(session, plan)
    if "image" in plan.changed:
        where = {"project": plan.have.get("project", "default")}
        snapshots = session.names(join("1.0", "instances", plan.have["name"], "snapshots"), where)
        if snapshots:
            raise Refused(
                f"it has {len(snapshots)} snapshots, and the daemon rebuilds no instance that has any",
                obj=plan.label,
                next_step="delete them first",
            )


def _check_member(session: Client, plan: Plan) -> None:
    """Raise where a member takes no instances now, or lacks a volume that the instance has."""
    member = plan.after["target"]
    found = session.find(MEMBERS + join(member))  # null is a missing reference, which is said elsewhere
    if found is None:
        return
    if found["status"] != "Online":
        raise Refused(
            f"cluster member '{member}' is {found['status'].lower()}",
            obj=plan.label,
            next_step="bring it back into service, or name another 'target'",
        )
    where = {"project": plan.have.get("project", "default"), "target": member}
    for device in _volumes(plan.have, plan.then):
        pool, volume = device["pool"], device["source"].partition("/")[0]
        if session.find(join("1.0", "storage-pools", pool, "volumes", "custom", volume), where) is None:
            raise Refused(
                f"its volume '{volume}' of the pool '{pool}' is not on cluster member '{member}'",
                obj=plan.label,
                next_step="volumes do not move along: bring it there, or detach it, first",
            )


def _volumes(have: t.Mapping[str, t.Any], then: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The devices that are volumes of their own, those of profiles too."""
    own = have.get("devices") or {}
    expanded = {name: device for name, device in (have.get("expanded_devices") or {}).items() if name not in own}
    disks = [device for device in {**expanded, **then["devices"]}.values() if device.get("type") == "disk"]
    return [disk for disk in disks if disk.get("pool") and disk.get("source")]
