# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Events of the daemon, over a WebSocket: what becomes of objects (lifecycle) and of operations.

The daemon keeps none: who connects sees what happens from then on. An operation is told of whenever its progress moves,
up to a hundred times while an image is unpacked.
"""

from __future__ import annotations

import time
import typing as t

from .._core.errors import FleetError, NotFound, Refused, Starting
from .._core.events import Event, Follower, Messages
from .._core.http import CONNECT_TIMEOUT, Request
from .answers import envelope
from .client import Client, Query

_UNAVAILABLE = 503  # the daemon is still starting


def open_channel(client: Client, types: t.Sequence[str], query: Query, timeout: float | None = None) -> Messages:
    """A new connection for events.

    :param query: selects the project
    :param timeout: seconds that it may take, instead of those of the client
    :raises FleetError: the daemon refused, in its own words
    """
    request = Request("GET", "/1.0/events", {"type": ",".join(types), **query})
    where = client.where(request)
    endpoint, timeout = client.transport.endpoint, timeout or client.transport.timeout
    channel = Messages(endpoint.connect(min(timeout, CONNECT_TIMEOUT)), where, timeout)
    try:
        channel.open(endpoint.host, request.target, endpoint.headers)
    except BaseException as error:
        channel.close()
        if isinstance(error, FleetError) and error.code is not None:
            raise _refusal(client, error, query, where) from None
        raise
    return channel


def _refusal(client: Client, error: FleetError, query: Query, where: str) -> FleetError:
    """What a refused WebSocket means."""
    if error.code == _UNAVAILABLE:
        return Starting("the daemon is still starting", endpoint=where, code=error.code, text=error.text)
    try:
        envelope(error.code or 0, (error.text or "").encode(), where)
    except FleetError as told:
        error = told  # the daemon's own words
    if isinstance(error, (NotFound, Refused)) and "project" in query:
        return client.missing_project(query["project"]) or error
    return error


def follow(
    client: Client, types: t.Sequence[str], query: Query, patience: float, tick: float | None = None
) -> Follower:
    """The events of so many seconds, with a sign after each so many quiet ones."""

    def anew() -> Messages:
        return open_channel(client, types, query)

    return Follower(
        anew, anew, time.monotonic() + patience, of=f"{client.transport.endpoint} GET /1.0/events", tick=tick
    )


def sources(found: Event) -> list[str]:
    """The paths of the objects that an event is about, without their project.

    Of a custom volume, the daemon tells the name that its pool has for it, C(PROJECT_NAME); its own comes second.
    """
    about = found["metadata"]
    if found["type"] == "operation":
        return [path.partition("?")[0] for paths in (about.get("resources") or {}).values() for path in paths or ()]
    path = str(about.get("source", "")).partition("?")[0]
    folder, _slash, name = path.rpartition("/")
    stored = f"{found.get('project') or about.get('project')}_"
    if folder.endswith("/volumes/custom") and name.startswith(stored):
        return [path, f"{folder}/{name[len(stored) :]}"]
    return [path]
