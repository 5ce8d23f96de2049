# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The telemetry socket of a DPDK application: counters, devices, its own command line.

One packet asks, one packet answers (C(SOCK_SEQPACKET)). On connecting, the application says its release, its process id
and how long an answer may be. It serves ten clients; the eleventh is closed at once.
Source: lib/telemetry/telemetry.c of DPDK 22.11.
"""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import struct
import types
import typing as t

from .._core.errors import (
    Busy,
    FleetError,
    Interrupted,
    InvalidOption,
    Malformed,
    NoSocket,
    NotFound,
    TimedOut,
    Unreachable,
)

NAME = "dpdk_telemetry.v2"
MAX_COMMAND = 55
MAX_REQUEST = 1023
DEFAULT_ANSWER = 16384
MAX_ANSWER = 1024 * 1024
COUNTED = ("ipackets", "opackets", "ibytes", "obytes")
CLIENTS = 10


def path_of(runtime_dir: str, prefix: str) -> str:
    """The socket of the application with a file prefix.

    :param runtime_dir: what C(RUNTIME_DIRECTORY) is to it; C(/var/run) for root without one
    """
    return os.path.join(runtime_dir, "dpdk", prefix, NAME)


def sockets(runtime_dir: str) -> list[str]:
    """The sockets of all applications below a folder, those with a suffix (C(:1)) included."""
    found = []
    base = os.path.join(runtime_dir, "dpdk")
    for prefix in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        folder = os.path.join(base, prefix)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if re.fullmatch(rf"{re.escape(NAME)}(:\d+)?", name):
                found.append(os.path.join(folder, name))
    return found


class Telemetry:
    """A connection to one application.

    :param path: its socket
    :param timeout: seconds that an answer may take
    """

    def __init__(self, path: str, timeout: float = 10.0) -> None:
        self.path = path
        self.limit = DEFAULT_ANSWER
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(timeout)
        try:
            self._connect()
        except FleetError:
            self._socket.close()
            raise

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._socket.close()

    def _connect(self) -> None:
        try:
            self._socket.connect(self.path)
        except FileNotFoundError as error:
            raise NoSocket(
                "there is no telemetry socket",
                endpoint=self.path,
                next_step="start the application, without --no-telemetry",
                code=error.errno,
            ) from None
        except OSError as error:
            full = error.errno in (errno.EAGAIN, errno.EWOULDBLOCK) or isinstance(error, socket.timeout)
            kind: type[FleetError] = Busy if full else Unreachable
            raise kind(
                f"nothing answers: {error.strerror or error}",
                endpoint=self.path,
                next_step="the application has gone, start it again" if not full else "try again",
                code=error.errno,
            ) from None
        # Whoever is closed before a greeting is one client too many.
        text = self._receive("the greeting", Busy, f"it serves {CLIENTS} clients: close one")
        greeting = self._decoded(text)
        if not isinstance(greeting, dict) or not isinstance(greeting.get("pid"), int):
            raise Malformed("the greeting is not one of DPDK's", endpoint=self.path, text=text[:200])
        self.version = str(greeting.get("version", ""))
        self.pid: int = greeting["pid"]
        length = greeting.get("max_output_len")
        # Whoever answers may be in a container and nobody's friend: there is an end to what is read.
        self.limit = min(length, MAX_ANSWER) if isinstance(length, int) and length > 0 else DEFAULT_ANSWER

    def peer(self) -> int:
        """The application's process as this host numbers it, wherever it runs; 0 where it is not visible from here."""
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def call(self, command: str, parameter: t.Any = None) -> t.Any:
        """Ask for one thing and return the answer.

        :param command: such as C(/ethdev/stats)
        :raises NotFound: the application knows no such command, or not such a parameter
        :raises Interrupted: it went away before it answered
        :raises Malformed: the answer is not what the protocol says
        """
        if len(command) > MAX_COMMAND or not command.startswith("/") or "," in command:
            raise InvalidOption(f"'{command}' is no command of telemetry", next_step="write it as /ethdev/list")
        request = command if parameter is None else f"{command},{parameter}"
        if len(request.encode()) > MAX_REQUEST:
            raise InvalidOption(f"the request has {len(request.encode())} bytes", next_step=f"keep it to {MAX_REQUEST}")
        endpoint = f"{self.path} {request}"
        try:
            self._socket.send(request.encode())
        except OSError as error:
            raise self._gone(error, endpoint) from None
        text = self._receive(request, Interrupted, "start the application again")
        answer = self._decoded(text)
        if not isinstance(answer, dict) or command not in answer:
            raise Malformed(f"the answer is not one to {request}", endpoint=endpoint, text=text[:200])
        if answer[command] is None:
            raise NotFound(
                f"the application has no answer to {request}", endpoint=self.path, next_step="'/' lists its commands"
            )
        return answer[command]

    def has(self, command: str) -> bool:
        """Whether the application knows a command."""
        return command in self.call("/")

    @staticmethod
    def _gone(error: OSError, endpoint: str) -> Interrupted:
        """What a broken connection means."""
        return Interrupted(
            f"the application has gone: {error.strerror}",
            endpoint=endpoint,
            code=error.errno,
            next_step="start the application again",
        )

    def _receive(self, what: str, closed: type[FleetError], step: str) -> str:
        try:
            data = self._socket.recv(self.limit + 1024)
        except socket.timeout:
            raise TimedOut(
                f"no answer to {what}", endpoint=self.path, next_step="see whether the application hangs"
            ) from None
        except OSError as error:
            raise self._gone(error, self.path) from None
        if not data:
            raise closed(f"the connection was closed instead of {what}", endpoint=self.path, next_step=step)
        return data.decode(errors="replace")

    def _decoded(self, text: str) -> t.Any:
        try:
            return json.loads(text)
        except ValueError:
            raise Malformed("the answer is no JSON, or was cut", endpoint=self.path, text=text[:200]) from None

    # What the modules ask for.

    def ports(self) -> list[int]:
        """The numbers of the ports."""
        found = self.call("/ethdev/list")
        if not isinstance(found, list) or not all(isinstance(port, int) for port in found):
            raise Malformed("the list of ports is none", endpoint=self.path, text=str(found)[:200])
        return found

    def counters(self) -> dict[int, dict[str, int]]:
        """The counters of each port, by its number, without those of its queues."""
        return {port: self.stats(port) for port in self.ports()}

    def stats(self, port: int) -> dict[str, int]:
        """The counters of one port, without those of its queues.

        :raises Busy: the port is not set up yet; asked all the same, 22.11 would end
        """
        if not self.is_started(port):
            raise Busy(
                f"port {port} is not started", endpoint=self.path, next_step="wait until the application is ready"
            )
        found = self._object("/ethdev/stats", port)
        counters = {key: value for key, value in found.items() if isinstance(value, int)}
        missing = [key for key in COUNTED if key not in counters]
        if missing:
            raise Malformed(f"port {port} has no counter {missing[0]}", endpoint=self.path, text=str(found)[:200])
        return counters

    def _object(self, command: str, port: int) -> dict[str, t.Any]:
        """An answer that has to be an object."""
        found = self.call(command, port)
        if not isinstance(found, dict):
            raise Malformed(f"the answer to {command},{port} is no object", endpoint=self.path, text=str(found)[:200])
        return found

    def is_started(self, port: int) -> bool:
        """Whether a port is set up, as far as the release says so."""
        return bool(self._object("/ethdev/info", port).get("dev_started", True))

    def is_up(self, port: int) -> bool:
        """Whether a port's link is up: for vhost-user, whether the other end has come."""
        return self._object("/ethdev/link_status", port).get("status") == "UP"

    def arguments(self) -> tuple[list[str], list[str]]:
        """The arguments that the application runs with: the EAL's and its own, each without the program's name."""
        words = [self.call(command) for command in ("/eal/params", "/eal/app_params")]
        if not all(isinstance(found, list) for found in words):
            raise Malformed("the command line is no list", endpoint=self.path, text=str(words)[:200])
        return [str(word) for word in words[0][1:]], [str(word) for word in words[1]]

    def gather(self, wanted: t.Sequence[str]) -> dict[str, t.Any]:
        """What C(dpdk_telemetry_info) returns of one application.

        :param wanted: names of `GATHERED`
        """
        found: dict[str, t.Any] = {"socket": self.path, "version": self.version, "pid": self.pid}
        if "arguments" in wanted:
            found["eal_arguments"], found["arguments"] = self.arguments()
        if "ports" in wanted:
            found["ports"] = [self.port(number, "xstats" in wanted) for number in self.ports()]
        if "heaps" in wanted and self.has("/eal/heap_list"):
            found["heaps"] = [self.call("/eal/heap_info", heap) for heap in self.call("/eal/heap_list")]
            found["heaps"] = [heap for heap in found["heaps"] if heap.get("Heap_size")]
        if "mempools" in wanted and self.has("/mempool/list"):
            found["mempools"] = [self.call("/mempool/info", name) for name in self.call("/mempool/list")]
        if "lcores" in wanted and self.has("/eal/lcore/list"):
            found["lcores"] = [self.call("/eal/lcore/info", lcore) for lcore in self.call("/eal/lcore/list")]
        return found

    def port(self, number: int, extended: bool = False) -> dict[str, t.Any]:
        """One port: what it is, whether its link is up, and its counters."""
        row: dict[str, t.Any] = {"port": number}
        if self.has("/ethdev/info"):
            info = self._object("/ethdev/info", number)
            row.update({key: info.get(key) for key in ("name", "state", "mac_addr", "mtu", "numa_node")})
        row["link"] = self.call("/ethdev/link_status", number)
        row["stats"] = self.stats(number)
        if extended:
            row["xstats"] = self.call("/ethdev/xstats", number)
        return row


GATHERED = ("arguments", "ports", "xstats", "heaps", "mempools", "lcores")
