# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon that benchmarks measure against, and the one project and pool that everything they make lies in."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import typing as t
from pathlib import Path

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint, path
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.pool import each
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client, discover_socket
from harness import Skip

PROJECT = "nfvlab-bench"
FEATURES = {"features.images": "true", "features.profiles": "true", "features.storage.volumes": "true"}

# What a project may hold, in an order in which it can be deleted.
COLLECTIONS = ("instances", "images", "profiles")

POOL = "nfvlab-bench"
IMAGE = "busybox"  # its alias in the project
IMAGES = Path("/var/cache/nfvlab-fleet/images")  # where the role incus_images builds them
WORKERS = 4  # removing at a time


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

    def remove(entry: tuple[str, str]) -> None:
        collection, name = entry
        if collection == "instances":
            with contextlib.suppress(FleetError):  # it may be stopped already
                stop = {"action": "stop", "force": True, "timeout": 30}
                client.perform(Request("PUT", path("1.0", collection, name, "state"), query, stop))
        client.perform(Request("DELETE", path("1.0", collection, name), query))
        client.transport.close()

    for collection in COLLECTIONS:
        names = [(collection, name) for name in client.names(path("1.0", collection), query) or ()]
        doomed = [entry for entry in names if entry != ("profiles", "default")]
        errors = [error for _entry, _none, error in each(remove, doomed, workers=WORKERS) if error]
        if errors:
            raise errors[0]
    client.perform(Request("DELETE", path("1.0", "projects", PROJECT)))


@contextlib.contextmanager
def room(client: Client) -> t.Iterator[str]:
    """The project, with a root disk on a C(dir) pool of its own."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_pool(client))
        name = stack.enter_context(project(client))
        root = {"root": {"type": "disk", "path": "/", "pool": POOL}}
        body = {"config": {}, "devices": root}
        client.perform(Request("PUT", path("1.0", "profiles", "default"), {"project": name}, body))
        yield name


@contextlib.contextmanager
def workplace(client: Client) -> t.Iterator[str]:
    """The project, ready for instances: a `room` with C(IMAGE).

    :raises Skip: the image was not built on this machine
    """
    image = next(iter(sorted(IMAGES.glob("busybox-*.tar"))), None)
    if image is None:
        raise Skip(f"there is no {IMAGES}/busybox-*.tar; the role incus_images builds it")
    with room(client) as name:
        query = {"project": name}
        made = client.perform(Request("POST", path("1.0", "images"), query, upload={"image": str(image)}))
        alias = {"name": IMAGE, "target": made["fingerprint"]}
        client.perform(Request("POST", path("1.0", "images", "aliases"), query, alias))
        yield name


@contextlib.contextmanager
def _pool(client: Client) -> t.Iterator[None]:
    """The pool, gone afterwards, like `project`."""

    def remove() -> None:
        if client.find(path("1.0", "storage-pools", POOL)) is not None:
            client.perform(Request("DELETE", path("1.0", "storage-pools", POOL)))

    remove_project(client)  # it may use the pool
    remove()
    client.perform(Request("POST", path("1.0", "storage-pools"), body={"name": POOL, "driver": "dir"}))
    try:
        yield
    except BaseException:
        try:
            remove()
        except FleetError as error:
            print(f"the pool '{POOL}' is left, the next run removes it: {error}", file=sys.stderr)
        raise
    remove()
