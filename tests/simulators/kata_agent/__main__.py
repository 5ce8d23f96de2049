# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: python -m tests.simulators.kata_agent --socket PATH --root DIRECTORY [...]

Refuses to start where it could harm a host: only in a user namespace of its own, as in

    unshare --user --map-root-user --mount --pid --fork --mount-proc --kill-child \\
        python -m tests.simulators.kata_agent --socket ... --root ...

or in a virtual machine that was started for it, whose kernel command line has the word C(nfvlab.kata_test_agent).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pathlib
import sys
import tomllib

from . import ports as ports_of
from .calls import Agent
from .files import Files
from .policy import Policy, Unparsable
from .server import Server

INITIAL = ["0", "0", "4294967295"]  # the identity map of the initial user namespace
MARK = "nfvlab.kata_test_agent"  # word on the kernel command line of a virtual machine of ours
LARGEST = 1 << 20  # bytes that a connection reads ahead
ABORTED = 134  # exit code of an agent whose policy cannot be used


def own_machine() -> bool:
    """Whether this is a virtual machine that was started for the test agent."""
    return MARK in pathlib.Path("/proc/cmdline").read_text().split()


def harmless() -> bool:
    """Whether this process is in a user namespace that is not the host's, or in its own virtual machine."""
    return own_machine() or pathlib.Path("/proc/self/uid_map").read_text().split() != INITIAL


async def serve(options: argparse.Namespace, policy: Policy | None) -> None:
    ended = asyncio.Event()
    agent = Agent(
        Files(options.root),
        options.agent_version,
        ended,
        policy=policy,
        cpus=options.cpus,
        watchdog=options.watchdog,
        cgroups=options.cgroups,
        users=own_machine(),
    )
    server = Server(agent.handle, agent.blocks)
    ports: dict[int, ports_of.Port] = {ports_of.AGENT: server}
    if options.log:
        ports[ports_of.LOG] = agent.log
    if options.console:
        ports[ports_of.CONSOLE] = ports_of.Console(options.root)
    keeper = asyncio.ensure_future(agent.keep_limits())
    with contextlib.ExitStack() as stack:
        await listen(options, ports, stack)
        agent.log.say("INFO", "root", f"a SIMULATOR of the Kata agent {options.agent_version} has started")
        await ended.wait()
    keeper.cancel()
    # Who hears that the agent has hung up may rely on it that nobody listens any more.
    for writer in list(server.writers):
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


async def listen(options: argparse.Namespace, ports: dict[int, ports_of.Port], stack: contextlib.ExitStack) -> None:
    """Open what was asked for: a unix socket, a hypervisor's unix socket, the ports of this virtual machine.

    :param stack: closes them
    """
    unix = []
    if options.socket:
        unix.append((options.socket, ports[ports_of.AGENT].connected))
    if options.hybrid:
        unix.append((options.hybrid, ports_of.Hypervisor(ports).connected))
    for path, connected in unix:
        stack.callback((await asyncio.start_unix_server(connected, path, limit=LARGEST)).close)
    for number, port in ports.items() if options.vsock else ():
        listener = ports_of.vsock(number)
        stack.callback((await asyncio.start_server(port.connected, sock=listener, limit=LARGEST)).close)


def main() -> int:
    parser = argparse.ArgumentParser(prog="kata_agent", description="A SIMULATOR of the Kata agent, for tests.")
    parser.add_argument("--socket", help="unix socket to listen on")
    parser.add_argument("--hybrid", help="unix socket that speaks as a hypervisor's hybrid vsock does")
    parser.add_argument("--vsock", action="store_true", help="listen on the ports of this virtual machine")
    parser.add_argument("--log", action="store_true", help="give the log on port 1025")
    parser.add_argument("--console", action="store_true", help="give a debug console on port 1026")
    parser.add_argument("--root", type=pathlib.Path, help="directory that stands for the guest's root")
    parser.add_argument("--agent-version", default="4.0.0", help="the agent version whose answers are given")
    parser.add_argument("--version", action="store_true", help="say what this is, in the words of the real one")
    parser.add_argument("--config", type=pathlib.Path, help="configuration file of an agent")
    parser.add_argument("--policy", type=pathlib.Path, help="have the policy feature, with the policy of this file")
    parser.add_argument("--cpus", type=int, default=2, help="with 1, a blocked call silences the whole agent")
    parser.add_argument("--watchdog", type=float, default=0.0, help="seconds after which a hang ends; 0 for never")
    parser.add_argument("--cgroups", type=int, choices=(1, 2), default=2, help="version of the guest's control groups")
    options = parser.parse_args()
    if options.version:
        print(f"kata-agent version {options.agent_version} (api version: 0.0.1, type: SIMULATOR)")
        return 0
    if options.config:
        configure(options)
    refusal = unfit(options)
    if refusal:
        print(f"refused: {refusal}")
        return 1
    try:
        policy = Policy(options.policy.read_text(), str(options.policy)) if options.policy else None
    except (OSError, Unparsable) as error:
        print(f"aborted: {error}")
        return ABORTED
    os.umask(0o022)
    asyncio.run(serve(options, policy))
    return 0


def configure(options: argparse.Namespace) -> None:
    """Take over from an agent's configuration file what there is of it here."""
    given = tomllib.loads(options.config.read_text())
    address = given.get("server_addr", "")
    if address.startswith("unix:///"):
        options.socket = options.socket or address.removeprefix("unix://")
    options.log = options.log or given.get("log_vport", 0) > 0
    options.console = options.console or given.get("debug_console_vport", 0) > 0
    if given.get("policy_file"):
        options.policy = options.policy or pathlib.Path(given["policy_file"])


def unfit(options: argparse.Namespace) -> str:
    """Why it must not or cannot run here, if so."""
    if not harmless():
        return "start it in a user namespace of its own (unshare --user --map-root-user --mount --pid --fork)"
    if options.vsock and not own_machine():
        return "--vsock is for a virtual machine of its own"
    if not (options.socket or options.hybrid or options.vsock):
        return "give --socket, --hybrid or --vsock"
    if options.root is None or not options.root.is_dir():
        return f"{options.root} is no directory"
    return ""


if __name__ == "__main__":
    sys.exit(main())
