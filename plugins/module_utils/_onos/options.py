# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How to reach a controller: the options that all modules of this system have."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from .._core.errors import FleetError, InvalidOption, Starting
from .._core.fields import Spec
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Resource, Task
from .client import Client, NoController, TCPEndpoint

# The password is masked by its position: Ansible's own masking would turn every "rocks" into stars.
LOGIN: Spec = {
    "username": {"type": "str", "fallback": (env_fallback, ["ONOS_WEB_USER"])},
    "password": {"type": "str", "no_log": False, "fallback": (env_fallback, ["ONOS_WEB_PASS"])},
}
CONNECTION: Spec = {
    "url": {"type": "str", "default": "http://127.0.0.1:8181", "fallback": (env_fallback, ["ONOS_URL"])},
    **LOGIN,
    "timeout": {"type": "float", "default": 30.0},
    "ready_timeout": {"type": "float", "default": 0.0},
}


def parse(url: str) -> TCPEndpoint:
    """The endpoint that an address names."""
    parts = urlsplit(url)
    try:
        port = parts.port or 8181
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port or parts.path.rstrip("/") not in ("", "/onos/v1"):
        raise InvalidOption(f"'url' is '{url}'", next_step="give it as http://HOST:8181")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return TCPEndpoint(name, port)


def credentials(params: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """The user and the password.

    :raises InvalidOption: one is missing
    """
    for option, variable in (("username", "ONOS_WEB_USER"), ("password", "ONOS_WEB_PASS")):
        if not params[option]:
            raise InvalidOption(f"'{option}' is not given", next_step=f"give it, or set {variable}")
    if ":" in params["username"]:
        raise InvalidOption("'username' has a colon, which HTTP does not allow", next_step="use another account")
    return params["username"], params["password"]


def client_for(params: t.Mapping[str, t.Any]) -> Client:
    """A client of the controller that the options name. Nothing is sent yet."""
    for option in ("timeout", "ready_timeout"):
        if not 0 <= params[option] <= 86400 or not params["timeout"]:
            raise InvalidOption(f"'{option}' is {params[option]:g}", next_step="give seconds, at most a day")
    return Client(parse(params["url"]), *credentials(params), params["timeout"])


def connect(task: Task) -> Client:
    """A client of the controller that the options name, ready as far as the task wants it."""
    params = task.params
    client = client_for(params)
    if task.check_mode:
        try:
            client.transport.endpoint.connect(params["timeout"]).close()
        except Starting:
            task.warn(f"nothing listens at {client.endpoint}: in check mode, the controller counts as new and empty")
            return NoController(parse(params["url"]), "", "")
    client.ready(params["ready_timeout"])
    return client


def run(resource: Resource, **rest: t.Any) -> t.NoReturn:
    """The main function of a state module that is a resource."""
    module = FleetModule({**CONNECTION, **SECRET_KEYS, **resource.spec()}, resource.secrets, **rest)

    def work() -> dict[str, t.Any]:
        with connect(module.task()) as session:
            try:
                return module.converge(resource, session)
            except FleetError as error:
                error.endpoint = error.endpoint or session.endpoint
                raise

    module.run(work)
