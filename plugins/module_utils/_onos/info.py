# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Reading what a controller knows, each collection with one request."""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, NotFound, no_such
from .._core.fields import Spec
from .._core.http import path as join
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Task
from .client import Client, NoController
from .options import CONNECTION, connect

# Collection: its path, and under which key its list is; without a key the answer itself is the one object.
COLLECTIONS: dict[str, tuple[str, str]] = {
    "applications": ("/applications", "applications"),
    "components": ("/configuration", ""),
    "devices": ("/devices", "devices"),
    "ports": ("/devices/ports", "ports"),
    "links": ("/links", "links"),
    "hosts": ("/hosts", "hosts"),
    "flows": ("/flows", "flows"),
    "paths": ("/paths", "paths"),
    "topology": ("/topology", ""),
    "intents": ("/intents", "intents"),
    "statistics": ("/statistics/ports", "statistics"),
    "network_config": ("/network/configuration", ""),
    "cluster": ("/cluster", "nodes"),
    "system": ("/system", ""),
}
OPTIONS: Spec = {
    "gather": {
        "type": "list",
        "elements": "str",
        "choices": list(COLLECTIONS),
        "default": ["system", "cluster", "applications"],
    },
    "device": {"type": "str"},
    "app": {"type": "str"},
    "source": {"type": "str"},
    "destination": {"type": "str"},
    "query": {"type": "str"},
    **SECRET_KEYS,
}


def read(session: Client, task: Task) -> dict[str, list[t.Any]]:
    """The wanted collections, each as a list of objects."""
    params = task.params
    if "paths" in params["gather"] and not (params["source"] and params["destination"]):
        raise InvalidOption("'paths' needs 'source' and 'destination'", next_step="give two hosts or two devices")
    if isinstance(session, NoController):
        return {name: [] for name in params["gather"]}
    return {name: _collection(session, name, params) for name in params["gather"]}


def _collection(session: Client, name: str, params: t.Mapping[str, t.Any]) -> list[t.Any]:
    where, key = _place(name, params)
    try:
        found = session.get(where)
    except NotFound as error:
        raise _missing(session, params, error) from None
    objects = found[key] if key else found
    return objects if isinstance(objects, list) else [objects]


def _place(name: str, params: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """The path of a collection, narrowed down as the task wants, and the key of its list."""
    where, key = COLLECTIONS[name]
    device, app = params["device"], params["app"]
    if name == "paths":
        where += join(params["source"], params["destination"])
    elif name == "flows" and app:
        where += join("application", app)
    elif name == "flows" and device:
        where += join(device)
    elif name == "ports" and device:
        where = join("devices", device, "ports")
    elif name == "devices" and device:
        return where + join(device), ""
    return where, key


def _missing(session: Client, params: t.Mapping[str, t.Any], error: NotFound) -> NotFound:
    """A device or an app that is not there, with the nearest that is."""
    device, app = params["device"], params["app"]
    if app and "Application" in (error.text or ""):
        present = [entry["name"] for entry in session.items("/applications", "applications")]
        return no_such("application", app, present, "only an application that was installed has flows")
    if device:
        present = [entry["id"] for entry in session.items("/devices", "devices")]
        return no_such("device", device, present, f"there are {', '.join(present) or 'none'}")
    return error


def run_info() -> t.NoReturn:
    """The main function of the info module. C(query) is left to its action plugin."""
    module = FleetModule({**CONNECTION, **OPTIONS})

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as session:
            return {"changed": False, "objects": task.secrets.mask(read(session, task))}

    module.run(work)
