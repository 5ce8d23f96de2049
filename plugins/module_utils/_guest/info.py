# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Everything that the guest API says about its instance."""

from __future__ import annotations

import typing as t

from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Guest
from .options import CONNECTION, SECRETS, run

PARTS = ("config", "devices", "meta_data")


def read(guest: Guest, task: Task) -> dict[str, t.Any]:
    """The module's result: a list of one object. What was not asked for is not in it."""
    about: dict[str, t.Any] = {
        "socket": guest.endpoint.socket_path,
        "brand": guest.endpoint.brand,
        "apis": guest.apis(),
        **guest.server(),
    }
    # A daemon that knows no state gives an empty one, or none.
    about["state"] = about.get("state") or None
    for part in task.params["gather"]:
        about[part] = {"config": _config, "devices": Guest.devices, "meta_data": Guest.meta_data}[part](guest)
    return {"changed": False, "objects": [task.secrets.mask(about)]}


def _config(guest: Guest) -> dict[str, str]:
    """All keys with their values; one that went meanwhile is left out."""
    values = {key: guest.value(key) for key in guest.names()}
    return {key: value.decode(errors="replace") for key, value in values.items() if value is not None}


def run_info() -> t.NoReturn:
    """The main function of the module. C(query) is left to its action plugin."""
    gather: dict[str, t.Any] = {"type": "list", "elements": "str", "choices": list(PARTS), "default": list(PARTS)}
    options = {"gather": gather, "query": {"type": "str"}}
    run(FleetModule({**CONNECTION, **options, **SECRET_KEYS}, Secrets(SECRETS)), read)
