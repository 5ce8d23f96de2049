# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several devices with the links between them, served over SSH and telnet by one thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import hashlib
import pathlib
import threading
import typing as t

import asyncssh

from .device import Device
from .shell import Shell, admits
from .terminal import Wire

LOCALHOST = "127.0.0.1"
TELNET_GREETING = bytes(
    [255, 251, 1, 255, 251, 3, 255, 253, 24, 255, 253, 31]
)  # WILL ECHO, WILL SGA, DO TTYPE, DO NAWS
IAC, SB, SE = 255, 250, 240
LEGACY = {
    "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "encryption_algs": ["aes128-cbc", "3des-cbc"],
    "mac_algs": ["hmac-sha1"],
    "signature_algs": ["ssh-rsa"],
}

Work = t.Callable[[], t.Any]


class _Login(asyncssh.SSHServer):
    """One SSH connection: who may log in."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.device = served.device

    def connection_made(self, connection: asyncssh.SSHServerConnection) -> None:
        device = self.device
        if device.faults.deaf or not device.reachable() or device.free_vty() is None:
            connection.abort()
            return
        banner = device.config.banners.get("login")
        if banner is not None:
            connection.send_auth_banner(banner.replace("\n", "\r\n") + "\r\n")

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return admits(self.device, username, password)

    def session_requested(self) -> _Session:
        return _Session(self.served)


class _Session(asyncssh.SSHServerSession[bytes]):
    """One SSH session: the wire between the channel and a `Shell`."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.wire: Wire | None = None
        self.channel: t.Any = None

    def connection_made(self, channel: t.Any) -> None:
        self.channel = channel
        self.wire = Wire(self.served.device.faults, channel.write, self._close)

    def _close(self) -> None:
        self.channel.get_connection().abort()

    def pty_requested(self, *_terminal: t.Any) -> bool:
        return True

    def shell_requested(self) -> bool:
        return self.served.device.free_vty() is not None

    def session_started(self) -> None:
        device = self.served.device
        number = device.free_vty()
        if number is None:
            self._close()
            return
        peer = device.management[1] if device.management else self.channel.get_extra_info("peername")[0]
        user = self.channel.get_extra_info("username")
        shell = Shell(device, self.wire, "vty", number, user, peer, secure=True)
        self.served.spawn(shell.run())

    def data_received(self, data: bytes, _kind: t.Any) -> None:
        self.wire.fed(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.wire.end()


class Served:
    """A device with its listeners."""

    def __init__(self, device: Device, *, legacy: bool = False, keys: pathlib.Path | None = None) -> None:
        self.device = device
        self.keys = keys
        self.legacy = legacy
        self.port = 0
        self.console_port = 0
        self.telnet_port = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self._ssh: t.Any = None
        self._servers: list[asyncio.Server] = []
        self.key_number = 0
        device.rekeyed = self._new_key

    @property
    def key(self) -> asyncssh.SSHKey:
        made = host_key(f"{self.device.name}/{self.device.serial}", self.key_number, self.legacy)
        if self.keys is None:
            return made
        file = self.keys / f"{self.device.name}-{self.key_number}.key"
        if not file.exists():
            file.touch(0o600)
            file.write_bytes(made.export_private_key())
        return asyncssh.read_private_key(str(file))

    def spawn(self, work: t.Coroutine[t.Any, t.Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.device.boot_errors.append(repr(task.exception()))
            asyncio.get_running_loop().call_exception_handler({"message": "simulator", "exception": task.exception()})

    async def open(self, port: int = 0, console_port: int = 0) -> None:
        await self._listen(port)
        console = await asyncio.start_server(lambda r, w: self._stream(r, w, "con"), LOCALHOST, console_port)
        telnet = await asyncio.start_server(lambda r, w: self._stream(r, w, "vty"), LOCALHOST, 0)
        self._servers = [console, telnet]
        self.console_port, self.telnet_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def _listen(self, port: int) -> None:
        options: dict[str, t.Any] = dict(LEGACY) if self.legacy else {}
        self._ssh = await asyncssh.listen(
            LOCALHOST,
            port,
            server_factory=lambda: _Login(self),
            server_host_keys=[self.key],
            server_version="Cisco-1.25",
            encoding=None,
            line_editor=False,
            login_timeout=0,
            keepalive_interval=0,
            **options,
        )
        self.port = self._ssh.sockets[0].getsockname()[1]

    def _new_key(self) -> None:
        """A new key pair is another host key for whoever connects next."""
        self.key_number += 1
        if self._ssh:
            self.spawn(self.change_key())

    async def change_key(self) -> None:
        self._ssh.close()
        await self._ssh.wait_closed()
        await self._listen(self.port)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: str) -> None:
        device = self.device
        wire = Wire(device.faults, writer.write, writer.close)
        number = 0 if kind == "con" else device.free_vty("telnet")
        if number is None or (kind == "con" and any(shell.kind == "con" for shell in device.shells)):
            writer.close()
            return
        if kind == "vty":
            writer.write(TELNET_GREETING)
        peer = "" if kind == "con" else (device.management[1] if device.management else LOCALHOST)
        self.spawn(Shell(device, wire, kind, number, None, peer).run())
        commands = Commands()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                text = commands.strip(data)
                if text:
                    wire.fed(text)
        wire.end()
        writer.close()

    async def close(self) -> None:
        for kind in list(self.device.timers):
            self.device.cancel(kind)
        for shell in list(self.device.shells):
            shell.end()
        self._ssh.close()
        for server in self._servers:
            server.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Commands:
    """Takes telnet's own commands out of what a user typed, wherever it is split."""

    def __init__(self) -> None:
        self.rest = b""

    def strip(self, data: bytes) -> bytes:
        data, self.rest, text = self.rest + data, b"", bytearray()
        at = 0
        while at < len(data):
            if data[at] != IAC:
                text.append(data[at])
                at += 1
                continue
            length = self._length(data[at:])
            if length is None:
                self.rest = data[at:]
                break
            if data[at : at + 2] == b"\xff\xff":
                text.append(IAC)
            at += length
        return bytes(text)

    @staticmethod
    def _length(data: bytes) -> int | None:
        if len(data) < 2:
            return None
        if data[1] == SB:
            end = data.find(bytes([IAC, SE]))
            return None if end < 0 else end + 2
        if data[1] < SB:
            return 2
        return 2 if data[1] == IAC else (3 if len(data) > 2 else None)


_KEYS: dict[tuple[str, int, bool], asyncssh.SSHKey] = {}


def host_key(name: str, number: int, legacy: bool) -> asyncssh.SSHKey:
    """A device's host key; made once for a process, since that takes long."""
    kind = ("legacy" if legacy else "modern", number, legacy)
    known = kind if legacy else (hashlib.sha256(name.encode()).hexdigest(), number, legacy)
    if known not in _KEYS:
        _KEYS[known] = (
            asyncssh.generate_private_key("ssh-rsa", key_size=2048)
            if legacy
            else asyncssh.generate_private_key("ssh-ed25519")
        )
    return _KEYS[known]


class Lab:
    """Linked devices, in a thread of their own.

    :param devices: the devices, or keyword arguments for `Device`
    :param links: pairs of ends, each ``"device:interface"``
    :param legacy: names of devices that offer nothing but SHA-1 and CBC
    :param ports: by device, the SSH and console ports to listen on; free ones are taken otherwise
    :param keys: a directory in which host keys are kept, so that they stay the same

    .. code-block:: python

        with Lab([{"name": "r1", "startup": text}, {"name": "r2"}], [("r1:Gigabit…1", "r2:Gigabit…1")]) as lab:
            connect(lab["r1"].port)
    """

    def __init__(
        self,
        devices: t.Iterable[Device | dict[str, t.Any]],
        links: t.Iterable[tuple[str, str]] = (),
        *,
        legacy: t.Collection[str] = (),
        ports: t.Mapping[str, tuple[int, int]] | None = None,
        keys: pathlib.Path | None = None,
    ) -> None:
        made = [one if isinstance(one, Device) else Device(**one) for one in devices]
        self.served = {device.name: Served(device, legacy=device.name in legacy, keys=keys) for device in made}
        self.ports = ports or {}
        self.links: list[tuple[tuple[str, str], tuple[str, str]]] = []
        for one, other in links:
            self.link(one, other)
        for device in made:
            device.neighbours = lambda device=device: self._ends(device)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def link(self, one: str, other: str) -> None:
        """Plug a cable in."""
        ends = tuple((name, port) for name, _colon, port in (end.partition(":") for end in (one, other)))
        self.links.append(ends)  # type: ignore[arg-type]
        for name, port in ends:
            self.served[name].device.ports[port].link = True

    def unlink(self, one: str, other: str) -> None:
        """Pull a cable out."""
        ends = tuple((name, port) for name, _colon, port in (end.partition(":") for end in (one, other)))
        self.links.remove(ends)  # type: ignore[arg-type]
        for name, port in ends:
            self.served[name].device.ports[port].link = False

    def _ends(self, device: Device) -> list[tuple[str, Device, str]]:
        found = []
        for one, other in self.links:
            for (name, port), (far, there) in ((one, other), (other, one)):
                if name == device.name:
                    found.append((port, self.served[far].device, there))
        return found

    def __getitem__(self, name: str) -> Device:
        return self.served[name].device

    def port(self, name: str) -> int:
        """Where the device's SSH listens, on 127.0.0.1."""
        return self.served[name].port

    def console(self, name: str) -> int:
        """Where the device's console listens: raw TCP, as a terminal server offers it."""
        return self.served[name].console_port

    def telnet(self, name: str) -> int:
        return self.served[name].telnet_port

    def known_hosts(self, *names: str) -> str:
        """Lines for a known_hosts file."""
        chosen = names or tuple(self.served)
        return "".join(
            f"[{LOCALHOST}]:{self.port(name)} {self.served[name].key.export_public_key().decode()}" for name in chosen
        )

    async def open(self) -> None:
        """Listen, in the running loop."""
        for name, served in self.served.items():
            await served.open(*self.ports.get(name, ()))

    async def close(self) -> None:
        for served in self.served.values():
            await served.close()

    def __enter__(self) -> Lab:
        ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="ios-simulator")
        self._thread.start()
        ready.result()
        return self

    def _run(self, ready: concurrent.futures.Future[None]) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            try:
                await self.open()
            except BaseException as error:
                ready.set_exception(error)
                raise
            ready.set_result(None)
            await self._stop.wait()
            await self.close()

        asyncio.run(serve())

    def call(self, work: Work) -> t.Any:
        """Run something in the devices' thread and return what it returns."""

        async def run() -> t.Any:
            result = work()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def export(self, name: str) -> dict[str, t.Any]:
        """A device's state, read between two of its steps."""
        return self.call(self[name].export)

    def change_host_key(self, name: str) -> None:
        """Somebody else answers at the device's address."""
        served = self.served[name]
        served.key_number += 1
        self.call(served.change_key)

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
