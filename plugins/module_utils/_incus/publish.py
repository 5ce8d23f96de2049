# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Images that are made of an instance or of a snapshot of one.

What an image was made of is written into it as a property: the name, and when that was made, so that another one of the
same name is known as another one.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import Conflict, Malformed, Stale
from .._core.http import Request
from .._core.http import path as join
from .client import Client

ORIGIN = "nfvlab.source"  # the property

Params = t.Mapping[str, t.Any]


def published(params: Params) -> dict[str, t.Any]:
    """What an image is made of, as the daemon takes it."""
    name = params["instance"]
    if params["snapshot"]:
        return {"type": "snapshot", "name": f"{name}/{params['snapshot']}"}
    return {"type": "instance", "name": name}


def origin(session: Client, source: t.Mapping[str, str], query: t.Mapping[str, str]) -> str:
    """The property's value. Only the name, where that is gone meanwhile."""
    instance, slash, snapshot = source["name"].partition("/")
    place = join("1.0", "instances", instance) + (f"/snapshots{join(snapshot)}" if slash else "")
    have = session.find(place, query) or {}
    return " of ".join([source["name"], *([have["created_at"]] if have else [])])


def made_of(image: t.Mapping[str, t.Any], wanted: str) -> bool:
    """Whether an image was made of that; of something that is gone, by its name."""
    told = (image.get("properties") or {}).get(ORIGIN, "")
    return bool(told == wanted or (" of " not in wanted and told.startswith(f"{wanted} of ")))


class Publish(t.NamedTuple):
    """Has the daemon make the image.

    :param present: the fingerprint of the image that has the alias, or null
    :param got: is told the new one
    """

    request: Request
    present: str | None
    got: t.Callable[[str], None]

    def describe(self) -> dict[str, t.Any]:
        """As the request that it is."""
        return self.request.describe()

    def perform(self, session: Client) -> None:
        """Send it and wait for the image.

        :raises Stale: it turned out to be the one that is there
        """
        try:
            fingerprint = (session.perform(self.request) or {}).get("fingerprint")
        except Conflict as error:
            same = re.search(r"image already exists: ([0-9a-f]{64})", error.text or "")
            if not same or "aliases" in self.request.body:
                raise
            fingerprint = same.group(1)
        if not fingerprint:
            raise Malformed("the daemon made an image and did not say which", endpoint=session.where(self.request))
        self.got(fingerprint)
        if fingerprint == self.present:
            raise Stale("nothing has changed in it")


class Name(t.NamedTuple):
    """Moves the alias to an image whose fingerprint is known once it is made.

    :param target: tells it
    """

    request: Request
    target: t.Callable[[], str | None]

    def describe(self) -> dict[str, t.Any]:
        """As the request that it is."""
        return self.request.describe()

    def perform(self, session: Client) -> t.Any:
        """Send it."""
        return session.perform(self.request._replace(body={**self.request.body, "target": self.target()}))
