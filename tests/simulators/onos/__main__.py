# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: python -m tests.simulators.onos --rest 127.0.0.1:8181 --openflow 127.0.0.1:6653 --ssh 127.0.0.1:8101"""

from __future__ import annotations

import argparse
import asyncio
import pathlib
import signal
import sys

from .rest import Rest
from .state import State


def address(text: str) -> tuple[str, int]:
    """HOST:PORT."""
    host, _colon, port = text.rpartition(":")
    return host, int(port)


async def serve(options: argparse.Namespace) -> None:
    """Run until told to end."""
    data = options.data
    first = data is None or not (data / "state.json").exists()
    state = State(data and data / "state.json", data and data / "data" / "log" / "karaf.log")
    if first:  # the apps count only at the first start, and then are up before anybody may ask
        state.boot(f"org.onosproject.{name}" for name in filter(None, options.apps.split(",")))
    rest = Rest(state, options.boot, data and data / "requests.log")
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await rest.start(*options.rest)
    if options.ssh:
        from .cli import start as start_cli

        await start_cli(state, *options.ssh)
    if options.openflow:
        from .fabric import start as start_openflow

        await start_openflow(state, *options.openflow)
    print("SIMULATOR of ONOS: ready", flush=True)
    await ended.wait()
    await rest.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="onos", description="A SIMULATOR of the SDN controller ONOS, for tests.")
    parser.add_argument("--rest", type=address, required=True, help="HOST:PORT of the REST interface")
    parser.add_argument("--openflow", type=address, help="HOST:PORT where switches connect")
    parser.add_argument("--ssh", type=address, help="HOST:PORT of the CLI")
    parser.add_argument("--data", type=pathlib.Path, help="folder of what outlives the process, and of the log")
    parser.add_argument("--apps", default="", help="short names of apps that the first start activates, with commas")
    parser.add_argument("--boot", type=float, default=0.0, help="seconds until it is ready")
    options = parser.parse_args()
    if options.data:
        (options.data / "data" / "log").mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
