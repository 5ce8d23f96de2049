# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source of Event-Driven Ansible: as ansible-rulebook runs it, a file alone and a queue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError

from tests.unit.guest.helpers import messages, peer
from tests.unit.incus.test_events import CREATED, STARTED, happened

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "ansible_collections/nfvlab/fleet/extensions/eda/plugins/event_source/incus_events.py"
FILE = ROOT / "build" / "collections" / INSIDE
ASKED = "GET /1.0/events?type=lifecycle&all-projects=true"
SOURCE = runpy.run_path(str(FILE))


async def first(count, args):
    """The first so many events."""
    queue = asyncio.Queue(1)
    task = asyncio.ensure_future(SOURCE["main"](queue, args))
    try:
        found = []
        while len(found) < count:
            get = asyncio.ensure_future(queue.get())
            await asyncio.wait({get, task}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                get.cancel()
                task.result()
            found.append(await get)
        return found
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_events_come_in_their_order_over_connections_that_break(tmp_path):
    stopped = happened("instance-stopped")
    answers = {ASKED: [messages(happened("image-created"), STARTED), messages(stopped, then=True)]}
    with peer(tmp_path, answers) as (server, _guest):
        found = asyncio.run(first(2, {"socket": server.path, "actions": ["instance-*"]}))
    assert found == [STARTED, stopped]


def test_operations_of_one_project(tmp_path):
    target = "GET /1.0/events?type=operation&project=default"
    args = {"types": ["operation"], "project": "default", "sources": ["/1.0/instances/web-1"]}
    with peer(tmp_path, {target: messages(CREATED, then=True)}) as (server, _guest):
        assert asyncio.run(first(1, {"socket": server.path, **args})) == [CREATED]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"socket": "/none"}, "no such socket"),
        ({"sockte": "/x"}, "unknown option 'sockte': did you mean 'socket'?"),
        ({"types": ["lifecycles"]}, "value of types must be one or more of"),
        ({"sources": ["instances/*"]}, "did you mean '*/instances/*'?"),
    ],
)
def test_what_cannot_be_ends_it(args, said):
    with pytest.raises(FleetError) as caught:
        asyncio.run(first(1, args))
    assert said in str(caught.value)


def test_a_single_pattern_may_be_a_text(tmp_path):
    with peer(tmp_path, {ASKED: messages(happened("image-created"), STARTED, then=True)}) as (server, _guest):
        assert asyncio.run(first(1, {"socket": server.path, "actions": "instance-*"})) == [STARTED]


def test_it_finds_its_collection_by_itself(tmp_path):
    script = (
        "import runpy, sys; runpy.run_path(sys.argv[1])['find_collection'](); import ansible_collections.nfvlab.fleet"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ANSIBLE"))}
    subprocess.run([sys.executable, "-c", script, str(FILE)], env=bare, cwd=tmp_path, check=True)


def test_its_documentation_names_every_option():
    assert set(yaml.safe_load(SOURCE["DOCUMENTATION"])["options"]) == set(SOURCE["options"]())
    used = yaml.safe_load(SOURCE["EXAMPLES"])[0]["sources"][0]["nfvlab.fleet.incus_events"]
    assert set(used) <= set(SOURCE["options"]()) and json.dumps(used)
