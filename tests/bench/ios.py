# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A router to measure against: the simulator in a process of its own, and what any client must at least do.

SIMULATOR: no Cisco software runs here. The floor is a client that writes all lines at once and waits for the last
prompt, so it shows the simulator's own rate; no tool may do that with a real device, whose input buffer is small.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import asyncssh
from harness import BUILD, REPOSITORY, Skip

ORACLES = BUILD / "oracles-ios"
PASSWORD = "bench-Pass"
START = f"""hostname r1
ip domain name lab.example
username bench privilege 15 secret 0 {PASSWORD}
interface GigabitEthernet1
 ip address 192.0.2.1 255.255.255.0
line vty 0 15
 login local
 transport input ssh
"""


@contextlib.contextmanager
def routers(count: int = 1, **faults: t.Any) -> t.Iterator[list[int]]:
    """The SSH ports of so many simulated routers."""
    devices = [{"name": f"r{number}", "startup": START, "faults": faults} for number in range(1, count + 1)]
    with tempfile.TemporaryDirectory(prefix="nfvt-ios-") as folder:
        lab = Path(folder) / "lab.json"
        lab.write_text(json.dumps({"devices": devices}))
        paths = {"PYTHONPATH": f"{REPOSITORY}:{BUILD / 'collections'}"}
        command = [sys.executable, "-m", "tests.simulators.ios", str(lab)]
        with subprocess.Popen(
            command, cwd=REPOSITORY, env={**os.environ, **paths}, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                ready = json.loads(process.stdout.readline())
                yield [one["ssh"] for one in ready["ports"].values()]
            finally:
                process.terminate()


def lines(count: int, salt: int) -> list[str]:
    """So many configuration lines of several kinds."""
    made: list[str] = []
    for number in range(count // 4 + 1):
        made += [
            f"interface Loopback{number}",
            f"description bench {salt} line {number}",
            f"ip address 10.{number // 250}.{number % 250}.{salt % 250 + 1} 255.255.255.255",
            f"ip route 172.{16 + number // 250}.{number % 250}.0 255.255.255.0 192.0.2.{salt % 250 + 2}",
        ]
    return made[:count]


class _Blast(asyncssh.SSHClientSession):
    """Counts prompts."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.arrived = asyncio.Event()

    def data_received(self, data: bytes, datatype: t.Any) -> None:
        self.seen += data
        self.arrived.set()

    async def until(self, prompt: bytes, count: int) -> None:
        while self.seen.count(prompt) < count:
            self.arrived.clear()
            await self.arrived.wait()


async def blast(port: int, texts: list[str]) -> float:
    """Seconds from the first line sent to the last prompt, with all lines sent at once."""
    async with asyncssh.connect(
        "127.0.0.1", port, username="bench", password=PASSWORD, known_hosts=None, config=[]
    ) as connection:
        channel, session = await connection.create_session(
            _Blast, request_pty="force", term_type="vt100", encoding=None
        )
        channel.write(b"terminal width 0\rconfigure terminal\r")
        await session.until(b"(config)#", 1)
        session.seen.clear()
        start = time.perf_counter()
        channel.write("".join(text + "\r" for text in texts).encode())
        await session.until(b")#", len(texts))
        return time.perf_counter() - start


def oracle(script: str, *arguments: str) -> float:
    """Seconds that a foreign tool says it took, run in the environment of such tools."""
    python = ORACLES / "bin" / "python"
    if not python.exists():
        raise Skip(f"no foreign tools: run tests/integration/test_ios_oracles.py once, which makes {ORACLES}")
    run = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        raise Skip(f"the foreign tool failed: {run.stderr.strip().splitlines()[-1][:120]}")
    return float(run.stdout.split()[-1])


NETMIKO = f"""
import sys, time, json
from netmiko import ConnectHandler
port, file = sys.argv[1:]
lines = json.load(open(file))
with ConnectHandler(
    device_type="cisco_ios", host="127.0.0.1", port=int(port), username="bench", password="{PASSWORD}"
) as device:
    device.config_mode()
    start = time.perf_counter()
    device.send_config_set(lines, enter_config_mode=False, exit_config_mode=False)
    print(time.perf_counter() - start)
"""


def cisco_ios(port: int, texts: list[str], collections: Path | None = None) -> float:
    """Seconds that a playbook with cisco.ios.ios_config takes for these lines, as a file: its fastest form.

    :param collections: the folder of a release beside the one of the environment of foreign tools
    """
    program = ORACLES / "bin" / "ansible-playbook"
    if not program.exists():
        raise Skip("cisco.ios is not there: run 'make oracles'")
    variables = {
        "ansible_connection": "ansible.netcommon.network_cli",
        "ansible_network_os": "cisco.ios.ios",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "bench",
        "ansible_password": PASSWORD,
        "ansible_command_timeout": 600,
    }
    play = [{"hosts": "all", "gather_facts": False, "tasks": [{"cisco.ios.ios_config": {"src": "lines.cfg"}}]}]
    with tempfile.TemporaryDirectory(prefix="nfvt-ios-") as name:
        folder = Path(name)
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"r1": variables}}}))
        (folder / "play.json").write_text(json.dumps(play))
        rows = [text if text.startswith(("interface", "ip route")) else f" {text}" for text in texts]
        (folder / "lines.cfg").write_text("\n".join(rows) + "\n")
        paths = {"PATH": f"{ORACLES}/bin:/usr/bin:/bin", "HOME": name, "LC_ALL": "C.UTF-8"}
        if collections:
            paths["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
        start = time.perf_counter()
        run = subprocess.run(
            [program, "-i", "hosts.json", "play.json"],
            cwd=folder,
            env={**paths, "ANSIBLE_HOST_KEY_CHECKING": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise Skip(f"cisco.ios failed: {run.stdout[-200:]}")
        return time.perf_counter() - start
