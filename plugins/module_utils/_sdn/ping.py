# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Which hosts reach which: echo requests from within every host at once, without a process for any of them."""

from __future__ import annotations

import os
import select
import socket
import struct
import time
import typing as t

from .._core.errors import InvalidOption, NotFound, OperationFailed, did_you_mean
from .._core.fields import Spec
from .._core.module import FleetModule
from . import netlink
from .fabric import CONNECTION
from .machine import Machine
from .plan import Seen, owned_hosts

ECHO_REQUEST, ECHO_REPLY = 8, 0
IP_HEADER_WORDS = 0x0F
SPACING = 0.3  # seconds between two requests of a pair

OPTIONS: Spec = {
    **CONNECTION,
    "name": {"type": "str", "required": True},
    "hosts": {"type": "list", "elements": "str"},
    "expect": {"type": "str", "choices": ["all", "none", "any"], "default": "all"},
    "count": {"type": "int", "default": 3},
    "wait": {"type": "float", "default": 0.0},
}


class Place(t.NamedTuple):
    """A host from which and to which is pinged.

    :param path: a file that stands for its namespace
    """

    name: str
    path: str
    address: str


Matrix = dict[str, dict[str, "float | None"]]  # by source and target: milliseconds, null where nothing came back


def places(seen: Seen, fabric: str) -> list[Place]:
    """The hosts of a fabric that have an IPv4 address."""
    found = []
    for name, path, device in owned_hosts(seen, fabric):
        address = next((entry.split("/")[0] for entry in device.addresses if "." in entry), None)
        if address:
            found.append(Place(name, path, address))
    return sorted(found)


def request(identity: int, sequence: int) -> bytes:
    """An echo request."""
    body = struct.pack("!HH", identity, sequence) + b"nfvlab.fleet"
    total = sum(struct.unpack(f"!{(len(body) + 4) // 2}H", struct.pack("!BBH", ECHO_REQUEST, 0, 0) + body))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return struct.pack("!BBH", ECHO_REQUEST, 0, ~total & 0xFFFF) + body


def reply(packet: bytes) -> tuple[int, int] | None:
    """Identity and sequence of an echo reply, given with its IP header; null for anything else."""
    start = (packet[0] & IP_HEADER_WORDS) * 4 if packet else 0
    if len(packet) < start + 8 or packet[start] != ECHO_REPLY:
        return None
    identity, sequence = struct.unpack_from("!HH", packet, start + 4)
    return identity, sequence


def matrix(hosts: t.Sequence[Place], count: int) -> Matrix:
    """Ping from each host to each other one, up to C(count) times until there is an answer."""
    found: Matrix = {a.name: {b.name: None for b in hosts if b is not a} for a in hosts}
    identity = os.getpid() & 0xFFFF
    sockets = {host.name: netlink.inside(host.path, _open) for host in hosts}
    try:
        sent: dict[tuple[str, int], float] = {}
        for _turn in range(count):
            for a in hosts:
                for number, b in enumerate(hosts):
                    if a is not b and found[a.name][b.name] is None:
                        sent[a.name, number] = time.monotonic()
                        _send(sockets[a.name], request(identity, number), b.address)
            until = time.monotonic() + SPACING
            while time.monotonic() < until and _open_pairs(found):
                _receive(sockets, hosts, identity, sent, found, until - time.monotonic())
            if not _open_pairs(found):
                break
    finally:
        for handle in sockets.values():
            handle.close()
    return found


def _open() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def _send(handle: socket.socket, packet: bytes, address: str) -> None:
    try:
        handle.sendto(packet, (address, 0))
    except OSError:  # no route, no neighbour: nothing arrives, which is what is asked
        return


def _receive(
    sockets: t.Mapping[str, socket.socket],
    hosts: t.Sequence[Place],
    identity: int,
    sent: t.Mapping[tuple[str, int], float],
    found: Matrix,
    patience: float,
) -> None:
    names = {handle.fileno(): name for name, handle in sockets.items()}
    poll = select.poll()
    for number in names:
        poll.register(number, select.POLLIN)
    for number, _event in poll.poll(max(patience, 0.0) * 1000):
        name = names[number]
        answer = reply(sockets[name].recv(2048))
        if answer and answer[0] == identity and answer[1] < len(hosts):
            target = hosts[answer[1]].name
            if target in found[name] and found[name][target] is None:
                found[name][target] = round((time.monotonic() - sent[name, answer[1]]) * 1000, 3)


def _open_pairs(found: Matrix) -> int:
    return sum(time is None for row in found.values() for time in row.values())


def as_expected(found: Matrix, expect: str) -> bool:
    """Whether a matrix is what was expected."""
    pairs, lost = sum(map(len, found.values())), _open_pairs(found)
    return expect == "any" or lost == (0 if expect == "all" else pairs)


def work(module: FleetModule) -> dict[str, t.Any]:
    """Ping until the result is as expected, or the time is over."""
    params = module.params
    if params["count"] < 1:
        raise InvalidOption(f"'count' is {params['count']}", next_step="ping once or more")
    seen = Machine(params["db"], params["timeout"]).look_at(params["name"])
    hosts = _chosen(places(seen, params["name"]), params)
    until = time.monotonic() + params["wait"]
    while True:
        found = matrix(hosts, params["count"])
        if as_expected(found, params["expect"]) or time.monotonic() >= until:
            break
    pairs = sum(map(len, found.values()))
    reached = pairs - _open_pairs(found)
    result = {
        "changed": False,
        "matrix": found,
        "pairs": pairs,
        "reached": reached,
        "summary": [[f"fabric '{params['name']}'", f"{reached} of {pairs} pairs", "reach each other"]],
    }
    if not as_expected(found, params["expect"]):
        raise _surprise(params, found, reached, pairs)
    return result


def _chosen(hosts: list[Place], params: t.Mapping[str, t.Any]) -> list[Place]:
    names = [host.name for host in hosts]
    for name in params["hosts"] or []:
        if name not in names:
            raise NotFound(
                f"fabric '{params['name']}' has no host '{name}' with an address",
                next_step=did_you_mean(name, names) or f"it has {', '.join(names) or 'none'}",
            )
    chosen = [host for host in hosts if params["hosts"] is None or host.name in params["hosts"]]
    if len(chosen) < 2:
        raise NotFound(
            f"fabric '{params['name']}' has {len(chosen)} hosts with an address, and a ping needs two",
            next_step="bring it up with nfvlab.fleet.sdn_fabric first",
        )
    return chosen


def _surprise(params: t.Mapping[str, t.Any], found: Matrix, reached: int, pairs: int) -> OperationFailed:
    wrong = params["expect"] == "none"
    named = [f"{a} -> {b}" for a, row in found.items() for b, took in row.items() if (took is not None) == wrong]
    shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
    step = "something else forwards: see the flows and 'fail_mode' of the switches"
    if not wrong:
        step = "see whether the controller is connected (nfvlab.fleet.sdn_fabric_info) and its forwarding works"
    return OperationFailed(
        f"{reached} of {pairs} pairs reach each other, expected {params['expect']}: {shown}"
        + (" do" if wrong else " do not"),
        obj=f"fabric '{params['name']}'",
        next_step=step,
    )
