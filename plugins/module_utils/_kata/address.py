# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Where an agent listens, and how to get there.

==========================  ==================================================================
address                     what it is
==========================  ==================================================================
C(vsock://CID:PORT)         a virtual machine under QEMU
C(hvsock:///PATH:PORT)      hybrid vsock: a unix socket of Cloud Hypervisor, Firecracker or Dragonball, on which the
                            port is asked for with one line before anything else is sent
C(unix:///PATH)             a unix socket; C(unix://@NAME) an abstract one
C(tcp://HOST:PORT)          agents from 4.0 on, for tests
C(remote:///PATH)           a unix socket of a remote hypervisor (peer pods)
==========================  ==================================================================
"""

from __future__ import annotations

import errno
import os
import re
import socket
import time
import typing as t

from .._core.errors import (
    FleetError,
    Forbidden,
    InvalidOption,
    NoSocket,
    NotFound,
    TimedOut,
    Unreachable,
    no_connection,
)

AGENT_PORT, LOG_PORT, CONSOLE_PORT = 1024, 1025, 1026
FORMS = "vsock://CID:1024, hvsock:///PATH:1024, unix:///PATH, unix://@NAME, tcp://HOST:PORT or remote:///PATH"

# A shim's monitor socket: runtime in Go, runtime in Rust (shim_management.go, shim_mgmt of kata-containers).
MONITORS = ("/run/vc/sbs/{}/shim-monitor.sock", "/run/kata/{}/shim-monitor.sock")

HANDSHAKE = 2.0  # seconds; the kernel of a booting guest may leave the line unanswered
PAUSE = 0.05  # seconds between two handshakes
LINE = 64  # bytes that the answer to a handshake has at most
UNIX_PATH = 107  # bytes that the address of a unix socket has room for


class Address(t.NamedTuple):
    """An address, taken apart.

    :param scheme: how to get there
    :param target: context id, path, abstract name with its @, or host
    :param port: the port, where there is one
    """

    scheme: str
    target: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.target}]" if self.scheme == "tcp" and ":" in self.target else self.target
        return f"{self.scheme}://{host}" + ("" if self.port is None else f":{self.port}")

    def at_port(self, port: int) -> Address:
        """The same virtual machine, another port: the log or the debug console.

        :raises InvalidOption: a unix or TCP socket has no such ports
        """
        if self.scheme not in ("vsock", "hvsock"):
            raise InvalidOption(
                f"{self} has no port {port}",
                next_step="only a virtual machine (vsock, hvsock) has further ports; name the socket itself",
            )
        return self._replace(port=port)


def parse(text: str) -> Address:
    """An address from its text; a path alone is a unix socket.

    :raises InvalidOption: it is none of the forms
    """
    if text.startswith("/"):
        text = "unix://" + text
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in _PARSERS:
        raise InvalidOption(f"'{text}' is no address of an agent", next_step=f"write {FORMS}")
    return _PARSERS[scheme](scheme, rest, text)


def _port(text: str, whole: str, highest: int) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= highest:
        raise InvalidOption(f"'{whole}' has no valid port", next_step=f"a port is a number from 1 to {highest}")
    return int(text)


def _vsock(scheme: str, rest: str, whole: str) -> Address:
    cid, _mark, port = rest.partition(":")
    if cid == "-1":
        raise InvalidOption(f"'{whole}' is where an agent listens", next_step="give the context id of its machine")
    if not cid.isascii() or not cid.isdigit() or int(cid) >= 2**32 - 1:
        raise InvalidOption(f"'{whole}' has no context id", next_step="write vsock://CID:1024 (see `ss -H --vsock`)")
    return Address(scheme, str(int(cid)), _port(port, whole, 2**32 - 2) if port else AGENT_PORT)


def _hvsock(scheme: str, rest: str, whole: str) -> Address:
    path, mark, port = rest.rpartition(":")
    if not mark:
        path, port = rest, str(AGENT_PORT)
    return Address(scheme, _path(path, whole), _port(port, whole, 2**32 - 2))


def _unix(scheme: str, rest: str, whole: str) -> Address:
    if rest.startswith("@") and scheme == "unix":
        if len(rest) == 1 or len(os.fsencode(rest)) > UNIX_PATH or "\0" in rest:
            raise InvalidOption(f"'{whole}' is no abstract socket", next_step="write unix://@NAME")
        return Address(scheme, rest)
    return Address(scheme, _path(rest, whole))


def _path(path: str, whole: str) -> str:
    if not path.startswith("/") or "\0" in path:
        raise InvalidOption(f"'{whole}' has no absolute path", next_step=f"write {FORMS}")
    if len(os.fsencode(path)) > UNIX_PATH:
        raise InvalidOption(f"the path in '{whole}' is too long", next_step=f"a socket's has at most {UNIX_PATH} bytes")
    return path


def _tcp(scheme: str, rest: str, whole: str) -> Address:
    parts = re.fullmatch(r"(?:\[([^]]+)\]|([^:/\[\]]+)):(.*)", rest)
    if not parts:
        raise InvalidOption(f"'{whole}' has no host and port", next_step="write tcp://HOST:PORT")
    return Address(scheme, parts.group(1) or parts.group(2), _port(parts.group(3), whole, 65535))


_PARSERS: dict[str, t.Callable[[str, str, str], Address]] = {
    "vsock": _vsock,
    "hvsock": _hvsock,
    "unix": _unix,
    "remote": _unix,
    "tcp": _tcp,
}


# -- connecting


def connect(address: Address, timeout: float) -> socket.socket:
    """A connected socket, ready for the first frame.

    :param timeout: seconds that it may take, with all repetitions of a handshake
    :raises FleetError: nobody is there, saying what to look at
    """
    if address.scheme == "hvsock":
        return _shake_hands(address, timeout)
    if address.scheme == "tcp":
        return _open(address, (address.target, address.port), timeout)
    if address.scheme == "vsock":
        if not hasattr(socket, "AF_VSOCK"):
            raise Unreachable("this host's Python has no vsock", endpoint=str(address))
        return _open(address, (int(address.target), address.port), timeout)
    target = "\0" + address.target[1:] if address.target.startswith("@") else address.target
    return _open(address, target, timeout)


def _open(address: Address, target: t.Any, timeout: float) -> socket.socket:
    try:
        if address.scheme == "tcp":
            sock = socket.create_connection(target, timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        family = socket.AF_VSOCK if address.scheme == "vsock" else socket.AF_UNIX
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _explain(address, error, timeout) from None
    sock.settimeout(timeout)
    try:
        sock.connect(target)
    except OSError as error:
        sock.close()
        raise _explain(address, error, timeout) from None
    return sock


def _explain(address: Address, error: OSError, timeout: float) -> FleetError:
    """Why nobody can be reached, and what to do about it."""
    where = str(address)
    if isinstance(error, socket.timeout) or error.errno == errno.ETIMEDOUT:
        return TimedOut(
            f"nobody answered within {timeout:g} s", endpoint=where, next_step="check that the machine is running"
        )
    if isinstance(error, FileNotFoundError):
        return NoSocket("there is no such socket", endpoint=where, next_step="start the agent, or name its socket")
    if isinstance(error, PermissionError):
        return Forbidden(
            "this user may not open the agent's socket",
            endpoint=where,
            code=error.errno,
            next_step="use 'become: true'",
        )
    if address.scheme == "vsock":
        hint = {
            errno.ENODEV: "this host has no vsock transport to that machine (is vhost_vsock loaded?)",
            errno.ECONNRESET: "no agent listens on that port of the machine",
        }.get(error.errno or 0, "check the context id and that the machine is running")
        return no_connection(error, where, hint)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            "the address is there but no agent listens on it",
            endpoint=where,
            code=error.errno,
            next_step="an agent that ended leaves its socket behind: start it again",
        )
    return no_connection(error, where)


def _shake_hands(address: Address, timeout: float) -> socket.socket:
    """Ask a hybrid vsock for a port, again and again: a guest that boots refuses it or leaves it unanswered."""
    deadline = time.monotonic() + timeout
    while True:
        sock = _open(address, address.target, timeout)
        try:
            line = _ask_for(sock, address.port or AGENT_PORT, min(HANDSHAKE, timeout))
        except OSError as error:
            sock.close()
            refusal = _refused(address, error)
        else:
            if line.startswith(b"OK"):
                sock.settimeout(timeout)
                return sock
            sock.close()
            if line:
                raise Unreachable(
                    f"the socket answered {line[:40]!r} where a hybrid vsock says OK",
                    endpoint=str(address),
                    next_step="check that it is the vsock socket of the hypervisor",
                )
            refusal = _refused(address, None)
        if time.monotonic() + PAUSE >= deadline:
            raise refusal
        time.sleep(PAUSE)


def _ask_for(sock: socket.socket, port: int, timeout: float) -> bytes:
    """The answer to a handshake, not a byte more; empty where the peer hung up."""
    sock.settimeout(timeout)
    sock.sendall(b"CONNECT %d\n" % port)
    deadline = time.monotonic() + timeout
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise socket.timeout
        sock.settimeout(remaining)
        byte = sock.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def _refused(address: Address, error: OSError | None) -> FleetError:
    if isinstance(error, socket.timeout):
        return TimedOut(
            "the hypervisor took the connection and did not answer the handshake",
            endpoint=str(address),
            next_step="check that it is a hybrid vsock, and that the guest is running",
        )
    return Unreachable(
        f"the hypervisor refused port {address.port}: nobody in the guest listens on it",
        endpoint=str(address),
        next_step="check the port, and that the agent (1024), its log (1025) or its console (1026) is enabled",
    )


# -- a runtime's sandbox


def discover(sandbox: str, timeout: float) -> Address:
    """The address of the agent of a sandbox that a runtime on this host keeps, asked of its shim.

    :raises NotFound: no runtime has such a sandbox
    """
    from .._core.wire import Connection, ProtocolError

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", sandbox):
        raise InvalidOption(f"'{sandbox}' is no sandbox id", next_step="give the whole id, as `crictl pods` shows it")
    path = next((place.format(sandbox) for place in MONITORS if os.path.exists(place.format(sandbox))), None)
    if path is None:
        raise NotFound(
            f"no runtime on this host has the sandbox '{sandbox}'",
            endpoint=" and ".join(place.format(sandbox) for place in MONITORS),
            next_step=_others(sandbox),
        )
    shim = Address("unix", path)
    sock = _open(shim, path, timeout)
    try:
        sock.settimeout(timeout)
        connection = Connection(sock, "shim")
        try:
            answer = connection.exchange("GET", "/agent-url", {})
        finally:
            connection.close()
    except (OSError, ProtocolError) as error:
        raise Unreachable(
            "the shim did not say where its agent is", endpoint=str(shim), text=str(error), next_step="give 'address'"
        ) from None
    url = answer.body.decode(errors="replace").strip()
    if answer.status != 200 or not url:
        raise Unreachable(
            f"the shim does not know where its agent is (HTTP {answer.status})",
            endpoint=str(shim),
            text=url[:200],
            next_step="give 'address'",
        )
    return parse(url)


def _others(sandbox: str) -> str:
    """What to do where a sandbox is not found: the near one that there is."""
    from .._core.errors import did_you_mean

    found: set[str] = set()
    for place in MONITORS:
        folder = place.split("/{}", 1)[0]
        if os.path.isdir(folder):
            found.update(os.listdir(folder))
    whole = [name for name in sorted(found) if name.startswith(sandbox)]
    if whole:
        return f"did you mean '{whole[0]}'?"
    return did_you_mean(sandbox, found) or "check the id and that the sandbox is running"
