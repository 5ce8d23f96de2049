# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A running application's prompt: a FIFO that the application itself holds open for reading and writing.

Because it holds both ends, there is no end of file, whoever else comes and goes, and no further process is needed.
testpmd echoes what it reads, so a comment that follows a command shows in its log when the command is done.
"""

from __future__ import annotations

import os
import re
import time
import typing as t

from .._core.errors import FleetError, InvalidOption, TimedOut, Unreachable, did_you_mean

MAX_COMMAND = 500  # the prompt's line buffer has 512 bytes
_WRONG = re.compile(r"^(Command not found|Bad arguments|Ambiguous command.*|Incomplete command.*)$", re.MULTILINE)
KNOWN = ("start", "stop", "set fwd", "set txpkts", "set burst", "show port stats all", "clear port stats all", "quit")


class Control:
    """The prompt of one application.

    :param folder: its state, with the FIFO C(control) and its C(log)
    :param echoes: whether it echoes what it reads, as testpmd does; Pktgen draws a screen
    """

    def __init__(self, folder: str, *, echoes: bool = True, timeout: float = 30.0) -> None:
        self.fifo = os.path.join(folder, "control")
        self.log = os.path.join(folder, "log")
        self.echoes = echoes
        self.timeout = timeout

    def send(self, *commands: str) -> None:
        """Type commands and wait until each is done.

        :raises Unreachable: nobody reads
        :raises InvalidOption: the application does not know a command
        :raises TimedOut: a command does not come to its end
        """
        for command in commands:
            self._one(check(command))

    def _one(self, command: str) -> None:
        start = os.path.getsize(self.log) if self.echoes and os.path.exists(self.log) else 0
        mark = f"#done-{os.getpid()}-{time.monotonic_ns()}"
        self._type(f"{command}\n" + (f"{mark}\n" if self.echoes else ""))
        if self.echoes:
            wrong = _WRONG.search(self._until(mark, start, command))
            if wrong:
                raise InvalidOption(
                    f"the application says '{wrong.group(1)}' to '{command}'",
                    endpoint=self.fifo,
                    next_step=did_you_mean(command, KNOWN) or "its own documentation lists the commands of its prompt",
                    text=wrong.group(1),
                )

    def _type(self, text: str) -> None:
        try:
            descriptor = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unreachable(
                f"nobody reads the commands: {error.strerror}",
                endpoint=self.fifo,
                next_step="start the application first",
                code=error.errno,
            ) from None

    def _until(self, mark: str, start: int, command: str) -> str:
        """What the log got until the mark."""
        end = time.monotonic() + self.timeout
        while time.monotonic() < end:
            with open(self.log, encoding="utf-8", errors="replace") as stream:
                stream.seek(start)
                text = stream.read()
            if mark in text:
                return text[: text.index(mark)]
            time.sleep(0.005)
        raise TimedOut(
            f"'{command}' did not come to its end", endpoint=self.fifo, next_step=f"its words are in {self.log}"
        )


def check(command: str) -> str:
    """A command as it can be typed.

    :raises InvalidOption: it has no text, more than one line, or is too long
    """
    text = command.strip()
    problem: FleetError | None = None
    if not text or "\n" in text:
        problem = InvalidOption(f"'{command}' is not one command", next_step="give one line for each")
    elif len(text.encode()) > MAX_COMMAND:
        problem = InvalidOption(f"a command has {len(text.encode())} bytes", next_step=f"keep it to {MAX_COMMAND}")
    if problem:
        raise problem
    return text


def settled(read: t.Callable[[], t.Any], *, still: float = 0.3, timeout: float = 30.0) -> t.Any:
    """What C(read) returns once it has returned the same for a while.

    :param still: seconds without a change
    :raises TimedOut: it goes on changing
    """
    last, since = read(), time.monotonic()
    end = since + timeout
    while time.monotonic() < end:
        time.sleep(0.05)
        now = read()
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= still:
            return now
    raise TimedOut("the counters do not come to rest", next_step="something else sends on these ports")
