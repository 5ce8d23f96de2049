# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of an Incus or LXD daemon, as a source of Event-Driven Ansible."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import threading
import typing as t
from pathlib import Path

DOCUMENTATION = r"""
short_description: Events of an Incus or LXD daemon
description:
  - Follows what the daemon tells of its objects and operations, across restarts of the daemon. Each event is handed on
    as the daemon gives it, secrets masked.
  - It needs C(ansible-core) beside C(ansible-rulebook).
options:
  remote:
    description: A remote of the command line client. Its project is O(project) where that is not given.
    type: str
  socket:
    description: Path of the daemon's unix socket. By default the one that the modules of this collection find.
    type: str
  url:
    description: Address of the daemon, with O(client_cert), O(client_key) and O(server_cert) or O(server_fingerprint).
    type: str
  client_cert:
    description: Path of the client certificate.
    type: str
  client_key:
    description: Path of its key.
    type: str
  bearer_token:
    description: A signed JSON Web Token instead of a client certificate.
    type: str
  server_cert:
    description: Path of the server's certificate.
    type: str
  server_fingerprint:
    description: SHA-256 fingerprint of the server's certificate, instead.
    type: str
  project:
    description: The project whose events are handed on. By default those of all.
    type: str
  types:
    description: The types of events, V(lifecycle) and V(operation).
    type: list
    elements: str
    default: [lifecycle]
  actions:
    description: Shell patterns. Of the lifecycle events, only those whose action fits one of them are handed on.
    type: list
    elements: str
    default: []
  sources:
    description: Shell patterns. Only events about an object whose path fits one of them are handed on.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Instances of the edge
  hosts: localhost
  sources:
    - nfvlab.fleet.incus_events:
        project: lab
        actions: [instance-stopped]
        sources: [/1.0/instances/edge-*]
  rules:
    - name: One that stopped is looked at
      condition: event.metadata.action == "instance-stopped"
      action:
        run_playbook:
          name: nfvlab.fleet.verify
"""

OPTIONS = (
    "remote",
    "socket",
    "url",
    "client_cert",
    "client_key",
    "bearer_token",
    "server_cert",
    "server_fingerprint",
    "project",
    "types",
    "actions",
    "sources",
)
TICK = 1.0  # seconds until an end is noticed


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Hand on events until it is cancelled.

    :param queue: takes the events
    :param args: the options
    :raises Exception: the daemon cannot be reached at the beginning, or refuses
    """
    unknown = sorted(set(args) - set(OPTIONS))
    if unknown:
        raise ValueError(f"unknown option '{unknown[0]}' (supported: {', '.join(OPTIONS)})")
    loop, over = asyncio.get_running_loop(), threading.Event()
    failed: asyncio.Future[None] = loop.create_future()

    def hand_on(found: dict[str, t.Any]) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(found), loop).result()

    def work() -> None:
        try:
            follow(args, hand_on, over)
        except Exception as error:  # it belongs to whoever waits
            if not over.is_set():
                loop.call_soon_threadsafe(failed.set_exception, error)

    # No thread of the loop's own: its end would be waited for, also while there is no daemon.
    threading.Thread(target=work, daemon=True).start()
    try:
        await failed
    finally:
        over.set()


def follow(args: t.Mapping[str, t.Any], hand_on: t.Callable[[dict[str, t.Any]], None], over: threading.Event) -> None:
    """The same, in a thread."""
    find_collection()
    from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import collect, events
    from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
    from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import endpoint_for, reached

    named = {"project": None, **args}
    endpoint = endpoint_for(reached(named, args, os.environ), os.environ)
    query = {"project": named["project"]} if named["project"] else {"all-projects": "true"}
    sieve = collect.Sieve(args.get("actions") or [], args.get("sources") or [], False, collect.MASKED)
    with Client(endpoint) as client:
        for sign in events.follow(client, args.get("types") or ["lifecycle"], query, math.inf, TICK):
            if over.is_set():
                return
            kept = None if isinstance(sign, str) else sieve(sign)
            if kept is not None:
                hand_on(kept)


def find_collection() -> None:
    """Have Python find this collection: ansible-rulebook runs this file alone."""
    root = next(
        (str(folder.parent) for folder in Path(__file__).absolute().parents if folder.name == "ansible_collections"),
        None,
    )
    if root is not None and root not in sys.path:
        sys.path.append(root)
