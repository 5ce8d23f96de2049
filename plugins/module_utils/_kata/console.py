# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A command on an agent's debug console, which is a bare terminal with a shell: no framing, no exit status.

So both are made: what comes before the first mark is prompt and echo, what comes after the second is neither, and the
exit status stands in the second one. The marks are put together by the shell, so that the echo of the command that
prints them does not look like them.
"""

from __future__ import annotations

import os
import re
import select
import socket
import time
import typing as t

from .._core.errors import Interrupted, InvalidOption, OperationFailed, TimedOut
from .._core.fields import Spec
from .._core.resource import Task
from .address import CONSOLE_PORT, Address, connect, parse
from .agent import Agent

OPTIONS: Spec = {
    "console_address": {"type": "str"},
    "console_port": {"type": "int", "default": CONSOLE_PORT},
    "command": {"type": "str", "required": True},
    "success_codes": {"type": "list", "elements": "int", "default": [0]},
    "command_timeout": {"type": "float", "default": 60.0},
    "output_limit": {"type": "int", "default": 2**20},
}
PART = 200  # bytes of a command in one line; a terminal takes 4095 at most, and each may become five
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./:=,@+-")


class Console:
    """A connected console.

    :param limit: seconds that everything may take
    """

    def __init__(self, sock: socket.socket, endpoint: str, limit: float, output_limit: int) -> None:
        self.sock = sock
        self.endpoint = endpoint
        self.limit = limit
        self.deadline = time.monotonic() + limit
        self.output_limit = output_limit
        self.received = b""
        self._rest = b""
        self.truncated = False

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and output of a shell command, both its streams in one."""
        nonce = os.urandom(8).hex()
        self._say(f"stty -echo 2>/dev/null; printf '\\n%s-%s\\n' READY {nonce}")
        self._until(re.compile(rf"(?:^|\n)READY-{nonce}\r?\n".encode()))
        self._say("nfvlab_command=")
        for part in _parts(command):
            self._say(f"nfvlab_command=$nfvlab_command'{part}'")
        # In one line, so that no prompt comes between the marks.
        self._say(
            f'printf \'\\n%s-%s\\n\' BEGIN {nonce}; sh -c "$(printf %b "$nfvlab_command")" </dev/null; '
            f"printf '\\n%s-%s-%d\\n' END {nonce} $?"
        )
        self._until(re.compile(rf"\nBEGIN-{nonce}\r?\n".encode()))
        found = self._until(re.compile(rf"(?:^|\r?\n)END-{nonce}-(\d+)\r?\n".encode()))
        output = self.received[: self.output_limit] if self.truncated else self.received[: found.start()]
        self._bye()
        return int(found.group(1)), output.decode(errors="replace").replace("\r\n", "\n")

    def _say(self, line: str) -> None:
        try:
            self.sock.settimeout(max(self.deadline - time.monotonic(), 0.1))
            self.sock.sendall(line.encode() + b"\n")
        except OSError:
            raise self._gone() from None

    def _until(self, mark: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read until a mark; what comes after it is kept for the next one."""
        self.received, self._rest = self._rest, b""
        tail = b""
        found = mark.search(self.received)
        while not found:
            remaining = self.deadline - time.monotonic()
            if remaining <= 0 or not select.select([self.sock], [], [], remaining)[0]:
                raise TimedOut(
                    f"the console did not come to an end within {self.limit:g} s",
                    endpoint=self.endpoint,
                    next_step="give a longer 'command_timeout'; the command may still be running",
                    text=self.received[-200:].decode(errors="replace") or None,
                )
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                raise self._gone()
            tail = (tail + data)[-(len(data) + 200) :]
            if len(self.received) < self.output_limit + 65536:
                self.received += data
                found = mark.search(self.received)
            else:
                self.truncated = True
                found = mark.search(tail)
        if not self.truncated:
            self._rest = self.received[found.end() :]
        return found

    def _bye(self) -> None:
        """Let the shell end; nobody waits for it."""
        try:
            self.sock.sendall(b"exit\n")
        except OSError:
            return

    def _gone(self) -> Interrupted:
        said = self.received[-200:].decode(errors="replace").strip()
        return Interrupted(
            "the console was closed" + (f" after it said: {said}" if said else ""),
            endpoint=self.endpoint,
            next_step="it needs a shell that starts with an empty name: bash does, that of busybox does not",
        )


def _parts(command: str) -> t.Iterator[str]:
    """A command in parts that neither a terminal nor a shell changes: for printf %b, special bytes in octal."""
    data = command.encode("utf-8", "surrogateescape")
    for start in range(0, len(data), PART):
        yield "".join(chr(byte) if byte in _SAFE else f"\\0{byte:03o}" for byte in data[start : start + PART])


def console_address(agent: Agent, params: t.Mapping[str, t.Any]) -> Address:
    """Where the console is: another port of the agent's machine, or an address of its own."""
    if params["console_address"]:
        return parse(params["console_address"])
    return agent.address.at_port(params["console_port"])


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Run one command."""
    params = task.params
    if not params["command"].strip():
        raise InvalidOption("'command' is empty", next_step="give a shell command")
    if params["command_timeout"] <= 0:
        raise InvalidOption(f"'command_timeout' is {params['command_timeout']:g}", next_step="give seconds above 0")
    where = console_address(agent, params)
    actions = [{"console": str(where), "sent": not task.check_mode}]
    result: dict[str, t.Any] = {"changed": True, "actions": actions, "failed": False}
    if task.check_mode:
        return {**result, "rc": None, "stdout": "", "stdout_lines": [], "truncated": False}
    with connect(where, agent.connect_timeout) as sock:
        console = Console(sock, str(where), params["command_timeout"], params["output_limit"])
        code, output = console.run(params["command"])
    result.update(rc=code, stdout=output, stdout_lines=output.splitlines(), truncated=console.truncated)
    if code not in params["success_codes"]:
        result.update(
            failed=True,
            error=OperationFailed(
                f"the command ended with {code}",
                endpoint=str(where),
                next_step="see its output, or list the code in 'success_codes'",
            ),
        )
    return result
