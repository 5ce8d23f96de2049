# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What is either an instance's or a custom volume's: snapshots and backups are made of both in the same way."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .._core.http import path as join
from .record import Reference

Params = t.Mapping[str, t.Any]

OWNER: Spec = {"instance": {"type": "str"}, "volume": {"type": "str"}, "pool": {"type": "str"}}


def check_owner(params: Params, title: str) -> None:
    """Raise where the options name neither or both."""
    for option in OWNER:
        if params[option] == "":
            raise InvalidOption(f"'{option}' is empty", obj=title, next_step="give a name")
    if bool(params["instance"]) == bool(params["volume"]):
        raise InvalidOption(
            "one of 'instance' and 'volume' is needed", obj=title, next_step="say of what, a volume with its 'pool'"
        )
    if params["volume"] and not params["pool"]:
        raise InvalidOption("'volume' is given without 'pool'", obj=title, next_step="say in which pool the volume is")


def owner_label(params: Params) -> str:
    """The instance or volume, as a person would name it."""
    if params["instance"]:
        return f"instance '{params['instance']}' of project '{params['project']}'"
    return f"volume '{params['volume']}' of pool '{params['pool']}' of project '{params['project']}'"


def owners_path(params: Params) -> str:
    """The collection that the instance or volume is in."""
    return join("1.0", "instances") if params["instance"] else join(*_volumes(params))


def owner_path(params: Params) -> str:
    """The path of the instance or volume."""
    return owners_path(params) + join(params["instance"] or params["volume"])


def owner_references(params: Params, query: t.Mapping[str, str]) -> t.Iterator[Reference]:
    """The instance, or the pool and the volume."""
    if params["pool"]:
        yield Reference("pool", join("1.0", "storage-pools"), params["pool"], {})
    yield Reference(
        "instance" if params["instance"] else "volume",
        owners_path(params),
        params["instance"] or params["volume"],
        query,
    )


def _volumes(params: Params) -> tuple[str, ...]:
    return "1.0", "storage-pools", params["pool"], "volumes", "custom"
