# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How bytes get to a device: SSH, or a plain TCP connection to a console."""

from __future__ import annotations

import asyncio
import os
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    Forbidden,
    Interrupted,
    InvalidOption,
    TimedOut,
    Unreachable,
    Unsupported,
    Untrusted,
)

from .target import Target

try:
    import asyncssh
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None

# Facts: classic IOS offers nothing else. Each list extends what asyncssh offers by itself.
SHA1 = {
    "kex_algs": ("diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"),
    "signature_algs": ("ssh-rsa",),
    "mac_algs": ("hmac-sha1",),
}
ALL = {
    "kex_algs": (*SHA1["kex_algs"], "diffie-hellman-group1-sha1"),
    "signature_algs": SHA1["signature_algs"],
    "mac_algs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5"),
    "encryption_algs": ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"),
}
LEGACY: dict[str, dict[str, tuple[str, ...]]] = {"none": {}, "sha1": SHA1, "all": ALL}
# asyncssh's own defaults hold some of the legacy ones: "none" means none.
UNWANTED = {"kex_algs": SHA1["kex_algs"], "signature_algs": SHA1["signature_algs"], "mac_algs": SHA1["mac_algs"]}
COLUMNS, ROWS = 511, 0
FAST = "^aes256-gcm@openssh.com,aes128-gcm@openssh.com"  # where offered: a third of the time of the usual first choice
KNOWN_HOSTS = "~/.ssh/known_hosts"


class Pipe:
    """The bytes to and from a device."""

    def __init__(self) -> None:
        self._arrived: list[bytes] = []
        self._event = asyncio.Event()
        self._lost: BaseException | None = None
        self._ended = False

    def write(self, data: bytes) -> None:
        """Send bytes; they are queued where the device is slow."""
        raise NotImplementedError

    async def close(self) -> None:
        """End the connection."""
        raise NotImplementedError

    def fed(self, data: bytes) -> None:
        self._arrived.append(data)
        self._event.set()

    def lost(self, error: BaseException | None) -> None:
        self._ended, self._lost = True, error
        self._event.set()

    async def read(self, patience: float) -> bytes:
        """What has arrived, at least one byte.

        :param patience: seconds to wait for it
        :raises TimeoutError: nothing came
        :raises ConnectionError: the connection has ended
        """
        if not self._arrived and not self._ended:
            self._event.clear()
            await asyncio.wait_for(self._event.wait(), patience)
        if self._arrived:
            data = b"".join(self._arrived)
            self._arrived.clear()
            return data
        raise ConnectionError(str(self._lost or "the device closed the connection"))


class SshPipe(Pipe):
    """A terminal session over SSH."""

    def __init__(self) -> None:
        super().__init__()
        self._connections: list[asyncssh.SSHClientConnection] = []
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None

    async def open(self, target: Target) -> SshPipe:
        try:
            tunnel = await self._jump(target) if target.jump else None
            connection = await self._connect(target, tunnel)
            self._channel, _session = await connection.create_session(
                lambda: _session_of(self),
                request_pty="force",
                term_type="vt100",
                term_size=(COLUMNS, ROWS),
                encoding=None,
            )
        except BaseException:
            await self.close()
            raise
        return self

    async def _connect(self, target: Target, tunnel: t.Any) -> asyncssh.SSHClientConnection:
        options: dict[str, t.Any] = {"proxy_command": target.proxy_command} if target.proxy_command else {}
        connection = await asyncssh.connect(
            target.host,
            target.port,
            tunnel=tunnel or (),
            username=target.user or (),
            password=target.password,
            client_keys=[target.private_key_file] if target.private_key_file else (None if target.password else ()),
            known_hosts=_known_hosts(target),
            connect_timeout=target.connect_timeout,
            login_timeout=target.connect_timeout,
            config=[],
            **_algorithms(target.legacy_algorithms),
            **options,
        )
        self._connections.append(connection)
        return connection

    async def _jump(self, target: Target) -> asyncssh.SSHClientConnection:
        user, _at, address = (target.jump or "").rpartition("@")
        host, _colon, port = address.partition(":")
        if port and not port.isdigit():
            raise InvalidOption(f"ios_jump is '{target.jump}'", next_step="write [USER@]HOST[:PORT]")
        through = Target(
            host,
            int(port or 22),
            user or target.user,
            target.jump_password or target.password,
            target.private_key_file,
            known_hosts=target.known_hosts,
            host_key_checking=target.host_key_checking,
            connect_timeout=target.connect_timeout,
        )
        return await self._connect(through, None)

    def write(self, data: bytes) -> None:
        if self._channel:
            try:
                self._channel.write(data)
            except OSError as error:
                self.lost(error)

    async def close(self) -> None:
        for connection in reversed(self._connections):
            connection.abort()
            await connection.wait_closed()


def _session_of(pipe: SshPipe) -> asyncssh.SSHClientSession[bytes]:
    """What asyncssh hands a session's bytes to."""

    class Session(asyncssh.SSHClientSession):  # type: ignore[type-arg]
        def data_received(self, data: bytes, datatype: t.Any) -> None:
            pipe.fed(data)

        def connection_lost(self, exc: Exception | None) -> None:
            pipe.lost(exc)

    return Session()


class _Stream(asyncio.Protocol):
    def __init__(self, pipe: StreamPipe) -> None:
        self._pipe = pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._pipe.transport = t.cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._pipe.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pipe.lost(exc)


IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
ECHO, GO_AHEAD = 1, 3


class StreamPipe(Pipe):
    """Telnet or raw TCP: a peer that speaks no telnet never sends its escape character."""

    def __init__(self) -> None:
        super().__init__()
        self.transport: asyncio.Transport | None = None
        self._partial = b""

    async def open(self, target: Target) -> StreamPipe:
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(
            loop.create_connection(lambda: _Stream(self), target.host, target.port), target.connect_timeout
        )
        return self

    def write(self, data: bytes) -> None:
        if self.transport:
            self.transport.write(data)

    async def close(self) -> None:
        if self.transport:
            self.transport.close()

    def received(self, data: bytes) -> None:
        """Take telnet's commands out, and answer them."""
        data, self._partial = self._partial + data, b""
        if IAC not in data:
            self.fed(data)
            return
        text, at = bytearray(), 0
        while at < len(data):
            if data[at] != IAC:
                text.append(data[at])
                at += 1
                continue
            length = command_length(data, at)
            if length is None:
                self._partial = data[at:]
                break
            self._answer(data[at : at + length])
            at += length
        if text:
            self.fed(bytes(text))

    def _answer(self, command: bytes) -> None:
        """Let the peer echo and suppress go-ahead, refuse everything else."""
        if len(command) != 3:
            return
        verb, option = command[1], command[2]
        if verb == WILL:
            self.write(bytes([IAC, DO if option in (ECHO, GO_AHEAD) else DONT, option]))
        elif verb == DO:
            self.write(bytes([IAC, WILL if option == GO_AHEAD else WONT, option]))


def command_length(data: bytes, at: int) -> int | None:
    """The bytes of a telnet command (RFC 854), null where more must come."""
    if len(data) < at + 2:
        return None
    verb = data[at + 1]
    if verb == SB:
        end = data.find(bytes([IAC, SE]), at)
        return None if end < 0 else end + 2 - at
    if verb < WILL:
        return 2
    return 3 if len(data) >= at + 3 else None


def _known_hosts(target: Target) -> t.Any:
    """Whom to trust, as asyncssh takes it."""
    if not target.host_key_checking:
        return None
    file = os.path.expanduser(target.known_hosts or KNOWN_HOSTS)
    if not os.path.exists(file):
        if target.known_hosts:
            raise InvalidOption(f"ios_known_hosts names {file}, which does not exist", obj=target.host)
        return b""
    return file


def _algorithms(legacy: str) -> dict[str, t.Any]:
    """What to offer, as asyncssh takes it: a list that begins with + or - changes its own."""
    offered: dict[str, t.Any] = {"encryption_algs": FAST}
    for name in ("kex_algs", "signature_algs", "mac_algs", "encryption_algs"):
        more = LEGACY[legacy].get(name, ())
        less = tuple(one for one in UNWANTED.get(name, ()) if one not in more)
        if more:
            offered[name] = "+" + ",".join(more)
        elif less:
            offered[name] = "-" + ",".join(less)
    return offered


async def opened(target: Target) -> Pipe:
    """Connect to a device.

    :raises FleetError: nobody answers, it is somebody else, or the login fails
    """
    try:
        if target.transport == "console":
            return await StreamPipe().open(target)
        if MISSING is not None:
            raise Unsupported(f"SSH needs asyncssh: {MISSING}", next_step="run: pip install 'asyncssh>=2.21,<3'")
        return await SshPipe().open(target)
    except FleetError:
        raise
    except Exception as error:
        raise translated(error, target) from error


def translated(error: Exception, target: Target) -> FleetError:
    """What asyncssh and the system say, as an error of ours."""
    where: dict[str, t.Any] = {"obj": target.host, "endpoint": target.endpoint, "text": str(error)}
    if MISSING is None and isinstance(error, asyncssh.Error):
        return _translated(error, where, target)
    if isinstance(error, TimeoutError):
        return TimedOut(
            "the device did not answer in time",
            next_step="check the address, or raise ansible_connect_timeout",
            **where,
        )
    if isinstance(error, ConnectionResetError):
        return _turned_away(where)
    if isinstance(error, OSError):
        return Unreachable(f"nothing answers: {error}", next_step="check the address and the port", **where)
    return Interrupted(f"{type(error).__name__}: {error}", **where)


def _translated(error: asyncssh.Error, where: dict[str, t.Any], target: Target) -> FleetError:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return Untrusted(
            "the device's host key is not the known one",
            next_step=f"compare it, then put it into {target.known_hosts or KNOWN_HOSTS}",
            **where,
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return Forbidden("the device refused the login", next_step="check ansible_user and ansible_password", **where)
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return Unsupported(
            "the device and we have no algorithm in common",
            next_step="set ios_legacy_algorithms to sha1 or, if that is not enough, all",
            **where,
        )
    if isinstance(error, (asyncssh.ConnectionLost, asyncssh.ChannelOpenError)):
        return _turned_away(where)
    return Unreachable(f"SSH failed: {error}", next_step="check the address and the port", **where)


def _turned_away(where: dict[str, t.Any]) -> Unreachable:
    return Unreachable(
        "the device closed the connection before the login ended",
        next_step="its vty lines may be in use or take no SSH (see 'show users' on its console), or it is old and "
        "needs ios_legacy_algorithms",
        **where,
    )
