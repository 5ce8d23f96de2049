# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: real processes in a prepared root file system, with their pipes or terminals."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import pathlib
import resource
import signal
import struct
import termios

PIECE = 65536  # bytes that one read gives at most
LINGER = 0.5  # seconds that an open read waits after the process has ended


OURSELVES = os.stat("/proc/self/exe")


def is_copy(pid: int) -> bool:
    """Whether a process is still the copy of this program that it began as.

    :raises OSError: it has ended
    """
    return os.path.samestat(os.stat(f"/proc/{pid}/exe"), OURSELVES)


class Ended(Exception):
    """The other end of a stream is gone; the text is the agent's."""


class Process:
    """One process of a container.

    :param held: whether it waits before it becomes its command, as an init does until it is started
    """

    def __init__(self, rootfs: str, command: str, spec: dict, *, held: bool) -> None:
        self.tty = bool(spec.get("Terminal"))
        self.status: int | None = None
        self.ended = asyncio.Event()
        self.reading = asyncio.Lock()
        # A held one reads from the gate; its end of the other pipe is closed when it becomes its command, or ends.
        self._gate: int | None = None
        self._fresh: int | None = None
        gate, fresh = (os.pipe(), os.pipe()) if held else ((), ())
        if self.tty:
            ours, theirs = os.openpty()
            ends, child = [ours, ours, ours], [theirs, theirs, theirs]
        else:
            pipes = [os.pipe(), os.pipe(), os.pipe()]
            child = [pipes[0][0], pipes[1][1], pipes[2][1]]
            ends = [pipes[0][1], pipes[1][0], pipes[2][0]]
        self.pid = os.fork()
        if self.pid == 0:
            _become(rootfs, command, spec, [*child, *gate[:1], *fresh[1:]], self.tty)
        for end in {*child}:
            os.close(end)
        if gate:
            os.close(gate[0])
            os.close(fresh[1])
            self._gate, self._fresh = gate[1], fresh[0]
        for end in {*ends}:
            os.set_blocking(end, False)
        self.stdin: int | None
        self.stdin, self.stdout, self.stderr = ends
        self._watch = os.pidfd_open(self.pid)
        asyncio.get_running_loop().add_reader(self._watch, self._reap)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watch)
        os.close(self._watch)
        _pid, status = os.waitpid(self.pid, 0)
        self.status = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        self.ended.set()

    def release(self) -> None:
        """Let a held process become its command."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._gate, b"!")

    async def became(self) -> None:
        """Wait until it is its command, so that who pauses it then pauses that."""
        loop = asyncio.get_running_loop()
        closed = loop.create_future()
        loop.add_reader(self._fresh, lambda: closed.done() or closed.set_result(None))
        await closed
        loop.remove_reader(self._fresh)
        self._forget()

    def _forget(self) -> None:
        for end in (self._gate, self._fresh):
            if end is not None:
                os.close(end)
        self._gate = self._fresh = None

    def signal(self, number: int, group: bool = False) -> None:
        """Send a signal; one to a process that has ended is lost, as with the real agent."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if group else os.kill)(self.pid, number)
        elif group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def handles(self, number: int, proc: str) -> bool:
        """Whether the process has a handler for a signal."""
        with contextlib.suppress(OSError):
            for line in pathlib.Path(proc, str(self.pid), "status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
        return False

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal."""
        fcntl.ioctl(self.stdout, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def read(self, stream: int, size: int) -> bytes:
        """What the process has written; nothing at the end."""
        if size == 0:
            return b""
        alive = not self.ended.is_set()
        async with self.reading if self.tty else contextlib.nullcontext():
            while True:
                try:
                    return os.read(stream, min(size, PIECE))
                except BlockingIOError:
                    if not await self._ready(stream, alive):
                        return b""
                except OSError as error:
                    if error.errno == errno.EIO:
                        raise Ended("Input/output error (os error 5)") from None
                    return b""

    async def _ready(self, stream: int, alive: bool) -> bool:
        """Wait until there is something to read; false where the process has ended and a child keeps the pipe."""
        loop = asyncio.get_running_loop()
        # Several may read one stream: each watches a descriptor of its own.
        copy = os.dup(stream)
        readable = loop.create_future()
        loop.add_reader(copy, lambda: readable.done() or readable.set_result(None))
        gone = asyncio.ensure_future(self._lingered()) if alive else None
        try:
            done, _pending = await asyncio.wait(
                {task for task in (readable, gone) if task}, return_when=asyncio.FIRST_COMPLETED
            )
            return readable in done
        finally:
            loop.remove_reader(copy)
            os.close(copy)
            if gone:
                gone.cancel()

    async def _lingered(self) -> None:
        await self.ended.wait()
        await asyncio.sleep(LINGER)

    async def write(self, data: bytes) -> int:
        """Give the process input; blocks while its pipe is full."""
        if self.stdin is None:
            raise Ended("Cannot get writer")
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self.stdin, left) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                raise Ended("Broken pipe (os error 32)") from None
        return len(data)

    def close_stdin(self) -> None:
        if self.stdin is not None and not self.tty:
            os.close(self.stdin)
        self.stdin = None

    def close(self) -> None:
        """Close every stream; what was not read is lost."""
        self.close_stdin()
        for end in {self.stdout, self.stderr} - {None}:
            os.close(end)
        self.stdout = self.stderr = None

    def kill(self) -> None:
        """End it with everything in its session, which it may not have made yet."""
        self.signal(signal.SIGKILL, group=True)
        self.signal(signal.SIGKILL)
        self._forget()


def _become(rootfs: str, command: str, spec: dict, ends: list[int], tty: bool) -> None:
    """The child's half: never returns.

    :param ends: its three streams; of a held one also the gate, and what is closed when it becomes its command
    """
    try:
        os.setsid()
        if tty:
            fcntl.ioctl(ends[0], termios.TIOCSCTTY, 0)
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, len(ends)) for end in ends]
        for number, end in enumerate(high):
            os.dup2(end, number, inheritable=number < 3)
        os.closerange(len(ends), 4096)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if len(ends) > 3 and not os.read(3, 1):
            os._exit(1)
        for limit in spec.get("Rlimits", ()):
            resource.setrlimit(getattr(resource, limit["Type"]), (limit["Soft"], limit["Hard"]))
        os.chroot(rootfs)
        os.chdir(spec.get("Cwd") or "/")
        user = spec.get("User", {})
        if user.get("UID") or user.get("GID"):
            os.setgroups(user.get("AdditionalGids", []))
            os.setgid(user.get("GID", 0))
            os.setuid(user.get("UID", 0))
        variables = dict(line.split("=", 1) for line in spec.get("Env", ()))
        variables.setdefault("HOME", "/root" if os.path.exists("/root") else "/")
        os.execve(command, spec.get("Args") or ["sh"], variables)
    except OSError as error:
        os._exit(error.errno)
    finally:
        os._exit(126)
