# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: python -m tests.simulators.kata_agent --socket PATH --root DIRECTORY [...]

Refuses to start where it could harm a host: only in a user namespace of its own, as in

    unshare --user --map-root-user --mount --pid --fork --mount-proc --kill-child \\
        python -m tests.simulators.kata_agent --socket ... --root ...
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pathlib
import sys

from .calls import Agent
from .files import Files
from .server import Server

INITIAL = ["0", "0", "4294967295"]  # the identity map of the initial user namespace


def harmless() -> bool:
    """Whether this process is in a user namespace that is not the host's."""
    return pathlib.Path("/proc/self/uid_map").read_text().split() != INITIAL


async def serve(options: argparse.Namespace) -> None:
    ended = asyncio.Event()
    agent = Agent(
        Files(options.root),
        options.version,
        ended,
        policy=options.policy,
        cpus=options.cpus,
        watchdog=options.watchdog,
    )
    server = Server(agent.handle, agent.blocks)
    listener = await asyncio.start_unix_server(server.connected, options.socket, limit=1 << 20)
    async with listener:
        await ended.wait()
        for writer in list(server.writers):
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="kata_agent", description="A SIMULATOR of the Kata agent, for tests.")
    parser.add_argument("--socket", required=True, help="unix socket to listen on; nothing else is ever listened on")
    parser.add_argument("--root", required=True, type=pathlib.Path, help="directory that stands for the guest's root")
    parser.add_argument("--version", default="4.0.0", help="the agent version whose answers are given")
    parser.add_argument("--policy", action="store_true", help="have the policy feature")
    parser.add_argument("--cpus", type=int, default=2, help="with 1, a blocked call silences the whole agent")
    parser.add_argument("--watchdog", type=float, default=0.0, help="seconds after which a hang ends; 0 for never")
    options = parser.parse_args()
    if not harmless():
        print("refused: start it in a user namespace of its own (unshare --user --map-root-user --mount --pid --fork)")
        return 1
    if not options.root.is_dir():
        print(f"refused: {options.root} is no directory")
        return 1
    os.umask(0o022)
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
