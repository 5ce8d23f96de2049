# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: python -m tests.simulators.ios LAB.json [--state DIRECTORY]

``LAB.json`` holds ``{"devices": [{"name": …, "dialect": …, "startup": …}], "links": [["r1:GigabitEthernet1", …]],
"ports": {"r1": [SSH, CONSOLE]}, "legacy": [names]}``. With ``--state`` each device's state is in ``NAME.json`` there,
written anew whenever it has changed. Listens on 127.0.0.1 only, and ends with SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import pathlib
import signal
import sys

from .lab import Lab

PERIOD = 1.0  # seconds between two looks at whether a state has changed


async def serve(lab: Lab, directory: pathlib.Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await lab.open()
    ports = {
        name: {"ssh": one.port, "console": one.console_port, "telnet": one.telnet_port}
        for name, one in lab.served.items()
    }
    print(json.dumps({"simulator": True, "ports": ports}), flush=True)
    while not stop.is_set():
        if directory:
            export(lab, directory)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), PERIOD)
    await lab.close()


def export(lab: Lab, directory: pathlib.Path) -> None:
    """Write the states and the host keys that have changed, each file at once."""
    texts = {f"{name}.json": json.dumps(one.device.export(), indent=1, default=str) for name, one in lab.served.items()}
    for name, text in {**texts, "known_hosts": lab.known_hosts()}.items():
        file = directory / name
        if not file.exists() or file.read_text() != text:
            part = file.with_suffix(".part")
            part.write_text(text)
            part.replace(file)


def main() -> int:
    parser = argparse.ArgumentParser(prog="ios", description="A SIMULATOR of Cisco IOS routers, for tests and labs.")
    parser.add_argument("lab", type=pathlib.Path, help="the description of the lab")
    parser.add_argument("--state", type=pathlib.Path, help="a directory for the devices' states")
    options = parser.parse_args()
    lab = json.loads(options.lab.read_text())
    links = [tuple(link) for link in lab.get("links", ())]
    made = Lab(lab["devices"], links, legacy=lab.get("legacy", ()), ports=lab.get("ports"), keys=options.state)
    asyncio.run(serve(made, options.state))
    return 0


if __name__ == "__main__":
    sys.exit(main())
