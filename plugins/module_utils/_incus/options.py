# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How a module reaches its daemon: the options of the C(nfvlab.fleet.incus) documentation fragment."""

from __future__ import annotations

import os
import re
import typing as t

from ansible.module_utils.basic import env_fallback

from .._core.errors import InvalidOption, MissingReference, NoSocket
from .._core.http import Endpoint, UnixEndpoint
from .client import Client, NoDaemon, discover_socket

if t.TYPE_CHECKING:  # a connection gets by without them
    from .._core.fields import Spec
    from .._core.resource import Task

DEFAULT_PORT = 8443

CONNECTION: Spec = {
    "remote": {"type": "str", "fallback": (env_fallback, ["INCUS_REMOTE"])},
    "socket": {"type": "path"},
    "url": {"type": "str", "fallback": (env_fallback, ["INCUS_URL"])},
    "client_cert": {"type": "path", "fallback": (env_fallback, ["INCUS_CLIENT_CERT"])},
    "client_key": {"type": "path", "no_log": False, "fallback": (env_fallback, ["INCUS_CLIENT_KEY"])},
    "bearer_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["INCUS_BEARER_TOKEN"])},
    "server_cert": {"type": "path", "fallback": (env_fallback, ["INCUS_SERVER_CERT"])},
    "server_fingerprint": {"type": "str", "fallback": (env_fallback, ["INCUS_SERVER_FINGERPRINT"])},
    "timeout": {"type": "float", "default": 30.0},
    "operation_timeout": {"type": "float", "default": 600.0},
}
# The options that a remote stands for.
WHERE = ("socket", "url", "client_cert", "client_key", "bearer_token", "server_cert", "server_fingerprint")


def reached(params: dict[str, t.Any], given: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The connection options, those of the remote if one is named. What is given wins over what variables say.

    The remote's project becomes that of C(params), unless one is given.

    :raises FleetError: there is no such remote, or two ways to a daemon are given
    """
    own = {option: given[option] for option in WHERE if given.get(option)}
    another = next((option for option in ("socket", "url") if option in own), None)
    if given.get("remote") and another:
        raise InvalidOption(
            f"the daemon has the remote '{given['remote']}' and '{another}'", next_step="leave one of the two out"
        )
    if another or not params.get("remote"):
        return params
    from .remotes import remote  # most tasks name none

    found = remote(params["remote"], environ)
    if found.project and "project" in params and given.get("project") is None:
        params["project"] = found.project
    replaced = ("client_cert", "client_key") if "bearer_token" in own else ()
    return {**params, **dict.fromkeys(WHERE), **found.options, **dict.fromkeys(replaced), **own}


def endpoint_for(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> Endpoint:
    """The endpoint that the connection options name.

    :raises InvalidOption: naming the option and what it should be
    """
    url = params.get("url")
    if params.get("socket") or not url:
        return UnixEndpoint(params.get("socket") or discover_socket(environ))
    if url.startswith("unix:"):
        return UnixEndpoint(re.sub(r"^unix:(//)?", "", url))
    from .._core.tls import TLSEndpoint  # the ssl module takes its time

    token = params.get("bearer_token")
    return TLSEndpoint(
        *host_and_port("url", url),
        _pin(params),
        params.get("client_cert"),
        params.get("client_key"),
        {"Authorization": f"Bearer {bearer(token)}"} if token else {},
    )


def host_and_port(option: str, url: str) -> tuple[str, int]:
    """The host and the port of an https address.

    :param option: where it is given, for the message
    """
    parts = re.fullmatch(r"https://(\[[^]]+\]|[^:/]+)(?::(\d+))?/?", url)
    if not parts or int(parts.group(2) or DEFAULT_PORT) not in range(1, 65536):
        raise InvalidOption(
            f"'{option}' is '{url}'", next_step="write 'https://HOST:8443' or 'unix:/path/to/unix.socket'"
        )
    return parts.group(1).strip("[]"), int(parts.group(2) or DEFAULT_PORT)


def bearer(token: str) -> str:
    """A token for a header (RFC 7519), if it can be one; whether it is a good one is for the daemon to say."""
    if not re.fullmatch(r"[\w-]+(\.[\w-]+){2}", token, re.ASCII):
        raise InvalidOption(
            "'bearer_token' is no signed JSON Web Token",
            next_step="it has three parts with dots between them; 'incus remote get-client-token' makes one",
        )
    return token


def fingerprint(given: str) -> str:
    """A SHA-256 fingerprint in O(server_fingerprint) in the one form that is compared."""
    pin = re.sub(r"[:\s]", "", given).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", pin):
        raise InvalidOption(
            "'server_fingerprint' is not a SHA-256 fingerprint", next_step="it has 64 hexadecimal digits"
        )
    return pin


def _pin(params: t.Mapping[str, t.Any]) -> str:
    """The fingerprint that the server's certificate must have."""
    if params.get("server_fingerprint"):
        return fingerprint(params["server_fingerprint"])
    if params.get("server_cert"):
        from .._core.tls import fingerprint_of

        return fingerprint_of(params["server_cert"])
    raise InvalidOption(
        "an https 'url' needs 'server_cert' or 'server_fingerprint'",
        next_step="the server is trusted by its pinned certificate only ('incus info' there shows its fingerprint)",
    )


def connect(task: Task) -> Client:
    """A client for a task, which gets the project of the remote that it names.

    In check mode a daemon that is not there yet is an empty one, with a warning, and so is a remote.
    """
    for option in ("timeout", "operation_timeout"):
        if task.params[option] <= 0:
            raise InvalidOption(f"'{option}' is {task.params[option]:g}", next_step="give a number of seconds above 0")
    try:
        params = reached(task.params, task.given, os.environ)
    except MissingReference as error:
        if not task.check_mode:
            raise
        task.warn(f"check mode: its daemon counts as new and empty, because {error}")
        return NoDaemon()
    client = Client(
        endpoint_for(params, os.environ),
        timeout=task.params["timeout"],
        operation_timeout=task.params["operation_timeout"],
    )
    if task.check_mode:
        try:
            client.has("")  # reads what the daemon is, and keeps it
        except NoSocket as error:
            task.warn(f"check mode: {error.what} ({error.endpoint}), so the daemon counts as new and empty")
            return NoDaemon()
    return client
