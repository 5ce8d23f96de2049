# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon that benchmarks measure against, and the one project that everything they make lies in."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint, path
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, discover_socket
from harness import Skip

PROJECT = "nfvlab-bench"
FEATURES = {"features.images": "true", "features.profiles": "true", "features.storage.volumes": "true"}

# What a project may hold, in an order in which it can be deleted.
COLLECTIONS = ("instances", "images", "profiles")


class RawConnection(http.client.HTTPConnection):
    """The least that a request over a unix socket costs in Python."""

    def __init__(self, socket_path: str) -> None:
        super().__init__("localhost")
        self.socket_path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.socket_path)

    def get(self, target: str) -> bytes:
        """The body of a GET."""
        self.request("GET", target)
        return self.getresponse().read()


def connect() -> tuple[Client, str]:
    """A client of this host's daemon, and the socket's path.

    :raises Skip: no daemon answers
    """
    socket_path = discover_socket(os.environ)
    client = Client(UnixEndpoint(socket_path))
    try:
        if client.server.get("auth") != "trusted":
            raise Skip(f"the daemon at {socket_path} does not trust this user")
    except FleetError as error:
        raise Skip(f"no daemon answers: {error.what} ({error.endpoint})") from None
    return client, socket_path


@contextlib.contextmanager
def project(client: Client) -> t.Iterator[str]:
    """A project of our own, gone afterwards; what a killed run had left goes first."""
    remove_project(client)
    body = {"name": PROJECT, "description": "Benchmarks of nfvlab.fleet", "config": FEATURES}
    client.perform(Request("POST", path("1.0", "projects"), body=body))
    try:
        yield PROJECT
    except BaseException:
        try:
            remove_project(client)
        except FleetError as error:  # what failed first is the news
            print(f"the project '{PROJECT}' is left, the next run removes it: {error}", file=sys.stderr)
        raise
    remove_project(client)


def remove_project(client: Client) -> None:
    """Remove the project with everything in it."""
    if client.find(path("1.0", "projects", PROJECT)) is None:
        return
    query = {"project": PROJECT}
    for collection in COLLECTIONS:
        for name in client.names(path("1.0", collection), query) or ():
            if (collection, name) == ("profiles", "default"):
                continue
            if collection == "instances":
                with contextlib.suppress(FleetError):  # it may be stopped already
                    stop = {"action": "stop", "force": True, "timeout": 30}
                    client.perform(Request("PUT", path("1.0", collection, name, "state"), query, stop))
            client.perform(Request("DELETE", path("1.0", collection, name), query))
    client.perform(Request("DELETE", path("1.0", "projects", PROJECT)))
