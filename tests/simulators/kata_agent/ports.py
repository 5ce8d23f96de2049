# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: what an agent has beside its own port: the log, the debug console, and a hypervisor that leads to them."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import socket
import termios
import typing as t

AGENT, LOG, CONSOLE = 1024, 1025, 1026
KEPT = 10000  # lines of the log that wait for a client
LINE = 64  # bytes that a handshake may have


class Port(t.Protocol):
    """What serves a port of the guest."""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves."""


class Log:
    """The agent's log: kept from the start until the first client takes it, and there is one client at a time."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.lines: collections.deque[bytes] = collections.deque(maxlen=KEPT)
        self.more = asyncio.Event()
        self.taken = False

    def say(self, level: str, subsystem: str, text: str) -> None:
        """Write an entry."""
        moment = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        entry = {"msg": text, "level": level, "ts": moment, "pid": str(os.getpid()), "subsystem": subsystem}
        entry |= {"name": "kata-agent", "version": "0.1.0", "source": "agent"}
        self.lines.append(json.dumps(entry).encode() + b"\n")
        self.more.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give a client all there is, then what comes; a second one gets nothing."""
        if self.taken:
            writer.close()
            return
        self.taken = True
        left = asyncio.ensure_future(reader.read())
        try:
            while not left.done():
                while self.lines:
                    writer.write(self.lines.popleft())
                await writer.drain()
                self.more.clear()
                more = asyncio.ensure_future(self.more.wait())
                await asyncio.wait({left, more}, return_when=asyncio.FIRST_COMPLETED)
                more.cancel()
        except ConnectionError:
            """The client has left."""
        finally:
            left.cancel()
            self.taken = False
            writer.close()


class Console:
    """The debug console: a shell on a terminal of its own for each connection.

    :param root: directory that is the shell's root
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the shell ends or the client leaves."""
        shells = [path for path in ("bin/bash", "bin/sh") if (self.root / path).exists()]
        if not shells:
            writer.close()
            return
        terminal, theirs = os.openpty()
        pid = os.fork()
        if pid == 0:
            _shell(self.root, "/" + shells[0], theirs)
        os.close(theirs)
        os.set_blocking(terminal, False)
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        loop.add_reader(terminal, _pass_on, terminal, writer, ended)
        typing = asyncio.ensure_future(_type(reader, terminal))
        try:
            await asyncio.wait({ended, typing}, return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        finally:
            loop.remove_reader(terminal)
            typing.cancel()
            os.close(terminal)
            writer.close()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
            await asyncio.to_thread(os.waitpid, pid, 0)


def _pass_on(terminal: int, writer: asyncio.StreamWriter, ended: asyncio.Future) -> None:
    try:
        data = os.read(terminal, 65536)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if data:
        writer.write(data)
    elif not ended.done():
        ended.set_result(None)


async def _type(reader: asyncio.StreamReader, terminal: int) -> None:
    """Pass a client's bytes on, as fast as the terminal takes them."""
    with contextlib.suppress(ConnectionError, OSError):
        while data := await reader.read(4096):
            while data:
                try:
                    data = data[os.write(terminal, data) :]
                except BlockingIOError:
                    await asyncio.sleep(0.01)


def _shell(root: pathlib.Path, path: str, terminal: int) -> t.NoReturn:
    """The child's half: becomes the shell."""
    try:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(terminal, number)
        os.closerange(3, 4096)
        if root != pathlib.Path("/"):
            os.chroot(root)
        os.chdir("/")
        # The real one has no arguments at all, not even a name; shells that look at their name end with 127.
        os.execve(path, [path.rpartition("/")[2]], {"PATH": "/sbin:/bin:/usr/sbin:/usr/bin", "TERM": "dumb"})
    finally:
        os._exit(127)


class Hypervisor:
    """Hybrid vsock: a unix socket on which a port of the guest is asked for with one line.

    :param ports: who serves each port; one that is taken refuses
    """

    def __init__(self, ports: t.Mapping[int, Port]) -> None:
        self.ports = ports

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: what comes together with the line is lost, as it is with the real ones."""
        try:
            asked = (await reader.read(LINE)).split(b"\n")[0].split()
        except ConnectionError:
            asked = []
        port = int(asked[1]) if len(asked) == 2 and asked[0].upper() == b"CONNECT" and asked[1].isdigit() else None
        server = self.ports.get(port)
        if server is None or getattr(server, "taken", False):
            writer.close()
            return
        writer.write(b"OK %d\n" % port)
        await server.connected(reader, writer)


def vsock(port: int) -> socket.socket:
    """A socket that listens on a port of this virtual machine."""
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen(64)
    return listener
