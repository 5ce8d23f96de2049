# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Network namespaces, read over rtnetlink: a hundred in milliseconds, where a process for each takes seconds.

A socket belongs to the namespace in which it was opened. So a thread enters the namespace, opens the socket and ends,
and this process never leaves its own. Numbers are those of linux/rtnetlink.h, if_link.h, net_namespace.h and ethtool.h.
"""

from __future__ import annotations

import array
import errno
import os
import socket
import struct
import threading
import typing as t

from .._core.errors import FleetError, Forbidden, Malformed, NotFound

NAMED = "/run/netns"  # where ip-netns keeps its namespaces
CLONE_NEWNET = 0x40000000
NETLINK_ROUTE = 0
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_GETLINK, RTM_GETADDR, RTM_GETNSID = 18, 22, 90
REQUEST, DUMP = 0x1, 0x300
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_IFALIAS, IFLA_LINK_NETNSID = 1, 3, 5, 18, 20, 37
IFLA_INFO_KIND = 1
IFA_ADDRESS, IFA_LOCAL = 1, 2
NETNSA_NSID, NETNSA_FD = 1, 3
IFF_UP = 0x1
SCOPE_LINK = 253
SIOCETHTOOL, ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM = 0x8946, 0x16, 0x17
NLA_TYPE = 0x3FFF

Made = t.TypeVar("Made")


class Device(t.NamedTuple):
    """A network interface.

    :param number: the kernel's index of it
    :param mark: its alias, which says whose it is
    :param peer: number of a veth's other end, 0 where there is none
    :param peer_ns: this namespace's number of the one in which the other end is; -1 for the same one
    :param addresses: with their prefix length, without link-local ones
    """

    number: int
    name: str
    kind: str
    mac: str
    up: bool
    mark: str
    peer: int
    peer_ns: int
    addresses: list[str]


def named() -> dict[str, str]:
    """The files of the namespaces that ip-netns knows, by name; empty for the mere file of one that is gone."""
    try:
        names = sorted(os.listdir(NAMED))
    except FileNotFoundError:
        return {}
    paths = {name: f"{NAMED}/{name}" for name in names}
    return {name: path if os.path.ismount(path) else "" for name, path in paths.items()}


def inside(path: str, make: t.Callable[[], Made]) -> Made:
    """What a function returns that runs in a namespace, in a thread of its own.

    :param path: a file that stands for the namespace: /run/netns/NAME, /proc/PID/ns/net
    """
    if not path:
        return make()
    found: list[Made] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _enter(handle)
            finally:
                os.close(handle)
            found.append(make())
        except BaseException as error:  # handed over to the caller's thread
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise _explain(path, failed[0])
    return found[0]


def _enter(handle: int) -> None:
    import ctypes  # only where a namespace is entered; os.setns is for Python 3.12

    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(handle, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _explain(path: str, error: BaseException) -> BaseException:
    if isinstance(error, FleetError) or not isinstance(error, OSError):
        return error
    kind = Forbidden if error.errno in (errno.EPERM, errno.EACCES) else NotFound
    return kind(
        f"cannot enter the network namespace {path}: {error.strerror}",
        code=error.errno,
        next_step="use 'become: true'" if kind is Forbidden else "a mere leftover file goes with 'ip netns delete'",
    )


class Reader:
    """Reads one namespace.

    :param path: a file that stands for it; empty for this process's own
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self._socket = inside(path, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE))
        self._socket.settimeout(5.0)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_what: object) -> None:
        self._socket.close()

    def devices(self) -> dict[str, Device]:
        """All interfaces with their addresses, by name."""
        found: dict[int, Device] = {}
        for body in self._dump(RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)):
            _family, _kind, index, flags, _change = struct.unpack_from("=BxHiII", body)
            have = attributes(body[16:])
            mac = have.get(IFLA_ADDRESS, b"")
            found[index] = Device(
                number=index,
                name=text(have.get(IFLA_IFNAME, b"")),
                kind=text(attributes(have.get(IFLA_LINKINFO, b"")).get(IFLA_INFO_KIND, b"")),
                mac=":".join(f"{byte:02x}" for byte in mac),
                up=bool(flags & IFF_UP),
                mark=text(have.get(IFLA_IFALIAS, b"")),
                peer=number(have.get(IFLA_LINK, b"")),
                peer_ns=number(have.get(IFLA_LINK_NETNSID, b""), -1),
                addresses=[],
            )
        for body in self._dump(RTM_GETADDR, struct.pack("=BBBBi", 0, 0, 0, 0, 0)):
            family, length, _flags, scope, index = struct.unpack_from("=BBBBi", body)
            have = attributes(body[8:])
            raw = have.get(IFA_LOCAL) or have.get(IFA_ADDRESS, b"")
            if index in found and raw and scope != SCOPE_LINK:
                found[index].addresses.append(f"{socket.inet_ntop(family, raw)}/{length}")
        return {device.name: device for device in found.values()}

    def number_of(self, path: str) -> int:
        """This namespace's number of another one, -1 where it has none."""
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            body = struct.pack("=BxxxHHi", 0, 8, NETNSA_FD, handle)
            self._send(RTM_GETNSID, REQUEST, body)
            for _kind, answer in self._answers():
                return number(attributes(answer[4:]).get(NETNSA_NSID, b""), -1)
        finally:
            os.close(handle)
        return -1

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)

    def _dump(self, kind: int, body: bytes) -> t.Iterator[bytes]:
        self._send(kind, REQUEST | DUMP, body)
        while True:
            for found, answer in self._answers():
                if found == NLMSG_DONE:
                    return
                yield answer

    def _answers(self) -> t.Iterator[tuple[int, bytes]]:
        """The messages of one datagram."""
        data = self._socket.recv(1 << 20)
        at = 0
        while at + 16 <= len(data):
            length, kind = struct.unpack_from("=IH", data, at)
            if length < 16:
                raise Malformed("a netlink message is shorter than its header")
            body = data[at + 16 : at + length]
            if kind == NLMSG_ERROR:
                code = -number(body[:4])
                raise Malformed(f"netlink refused a question: {os.strerror(code)}", code=code)
            yield kind, body
            at += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a message, by type."""
    found = {}
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        found[kind & NLA_TYPE] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def text(raw: bytes) -> str:
    """A text as netlink has it, with a zero at its end."""
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def number(raw: bytes, otherwise: int = 0) -> int:
    """A number of 32 bits."""
    return struct.unpack("=i", raw)[0] if len(raw) == 4 else otherwise


def tx_checksums(path: str, device: str, turn_off: bool = False) -> bool:
    """Whether an interface leaves checksums to a driver, which nobody makes up for in a userspace switch.

    :param turn_off: change that, so that the kernel computes them
    """

    def work() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            if turn_off:
                _ethtool(handle, device, ETHTOOL_STXCSUM)
            return bool(_ethtool(handle, device, ETHTOOL_GTXCSUM))

    return inside(path, work)


def _ethtool(handle: socket.socket, device: str, command: int) -> int:
    import fcntl

    value = array.array("I", [command, 0])
    request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
    fcntl.ioctl(handle, SIOCETHTOOL, request.ljust(40, b"\0"))
    return value[1]


def owners() -> dict[str, str]:
    """A file for each network namespace that there is, named or of a process, by its identity."""
    found: dict[str, str] = {}
    for path in filter(None, named().values()):
        found.setdefault(str(os.stat(path).st_ino), path)
    for name in os.listdir("/proc"):
        if name.isdigit():
            path = f"/proc/{name}/ns/net"
            try:
                found.setdefault(os.readlink(path)[5:-1], path)
            except OSError:  # it has just ended
                continue
    return found
