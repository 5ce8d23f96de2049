# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The managed host: reads bridges, interfaces and namespaces, and runs C(ip) and C(ovs-vsctl). All that does I/O."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import typing as t

from .._core.errors import Forbidden, NoSocket, OperationFailed, TimedOut, Unreachable
from . import netlink, ovsdb
from .plan import Checksums, Ip, Nic, Seen, Vsctl, foreign_ports

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """This machine.

    :param db: where the database listens, such as C(unix:/run/openvswitch/db.sock)
    :param timeout: seconds that Open vSwitch may take to do what it is told
    """

    def __init__(self, db: str, timeout: int) -> None:
        self.db = db
        self.timeout = timeout
        self.switching = True  # whether ovs-vswitchd does what the database says, where it has bridges

    def bridges(self) -> dict[str, ovsdb.Bridge]:
        """The bridges of the database.

        :raises NoSocket: there is no database
        """
        found = ovsdb.parse(self._vsctl(ovsdb.list_all()))
        self.switching = not found or self._listens(next(iter(found)))
        return found

    def need_switching(self) -> None:
        """Raise where the database answers and nobody does what it says.

        :raises Unreachable: ovs-vswitchd does not run
        """
        if not self.switching:
            raise Unreachable(
                "the database of Open vSwitch has bridges and ovs-vswitchd does not run",
                endpoint=self.db,
                next_step="start it with nfvlab.fleet.sdn_openvswitch or the role sdn_fabric",
            )

    def _listens(self, bridge: str) -> bool:
        """Whether a bridge has somebody behind its management socket, which is beside the database's."""
        folder = os.path.dirname(self.db.partition(":")[2])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as handle:
            handle.settimeout(5.0)
            try:
                handle.connect(f"{folder}/{bridge}.mgmt")
            except OSError:
                return not self.db.startswith("unix:")
        return True

    def look(self, bridges: dict[str, ovsdb.Bridge], nics: t.Sequence[str]) -> Seen:
        """Everything that a plan needs.

        :param nics: interfaces of which it needs to know where their other ends are
        """
        with netlink.Reader() as reader:
            devices = reader.devices()
            spaces = {name: _devices(path) if path else {} for name, path in netlink.named().items()}
            ends = {name: devices[name] for name in nics if name in devices and devices[name].kind == "veth"}
            found = _other_ends(reader, ends) if ends else {}
        checksums = {
            name
            for name, inner in spaces.items()
            if inner.get("eth0") and netlink.tx_checksums(f"{netlink.NAMED}/{name}", "eth0")
        }
        checksums |= {name for name, nic in found.items() if netlink.tx_checksums(nic.path, nic.device)}
        return Seen(bridges, devices, spaces, found, checksums)

    def look_at(self, fabric: str) -> Seen:
        """The same for a fabric that is there, by its name."""
        bridges = self.bridges()
        return self.look(bridges, list(foreign_ports(bridges, None, fabric)))

    def perform(self, step: t.Any) -> None:
        """Do one thing."""
        if isinstance(step, Vsctl):
            self._vsctl([*([] if self.switching else ["--no-wait"]), *ovsdb.words(step.commands)])
        elif isinstance(step, Checksums):
            netlink.tx_checksums(step.path, step.device, turn_off=True)
        elif isinstance(step, Ip):
            enter = ["nsenter", f"--net={step.path}"] if step.path else []
            run([*enter, "ip", "-batch", "-"], "\n".join(step.lines) + "\n")

    def _vsctl(self, words: t.Sequence[str]) -> str:
        try:
            return run(["ovs-vsctl", f"--db={self.db}", f"--timeout={self.timeout}", *words])
        except OperationFailed as error:
            said = error.text or ""
            if "database connection failed" in said:
                kind = NoSocket if "No such file" in said else Unreachable
                raise kind(
                    "no database of Open vSwitch answers",
                    endpoint=self.db,
                    text=said,
                    next_step="start it with nfvlab.fleet.sdn_openvswitch or the role sdn_fabric",
                ) from None
            if "signal 14" in said:
                raise TimedOut(
                    f"Open vSwitch did not do what the database says within {self.timeout} s",
                    endpoint=self.db,
                    next_step="ovs-vswitchd does not run or hangs: see its log in /var/log/openvswitch",
                ) from None
            raise


def _devices(path: str) -> dict[str, netlink.Device]:
    with netlink.Reader(path) as reader:
        return reader.devices()


def _other_ends(reader: netlink.Reader, ends: t.Mapping[str, netlink.Device]) -> dict[str, Nic]:
    """Where the other ends of veths are, by the name of this end. A namespace is known by a process in it."""
    places = {}
    for owner in netlink.owners().values():
        with contextlib.suppress(FileNotFoundError):  # a process that has just ended
            places[reader.number_of(owner)] = owner
    found = {}
    for name, end in ends.items():
        path = places.get(end.peer_ns, "") if end.peer_ns >= 0 else None
        if path:
            other = next((device for device in _devices(path).values() if device.number == end.peer), None)
            if other:
                found[name] = Nic(path, other.name, other)
    return found


def run(argv: t.Sequence[str], given: str = "", **variables: str) -> str:
    """What a command prints.

    :param given: its standard input
    :param variables: of its environment
    :raises OperationFailed: with its own words
    """
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{PATH}", "LC_ALL": "C", **variables}
    try:
        done = subprocess.run(list(argv), input=given, capture_output=True, text=True, env=environment, check=False)
    except FileNotFoundError:
        raise NoSocket(
            f"the command {argv[0]} is not installed",
            next_step="install the Debian packages openvswitch-switch and iproute2, as the role sdn_fabric does",
        ) from None
    if not done.returncode:
        return done.stdout
    said = done.stderr.strip() or done.stdout.strip()
    line = re.search(r"Command failed -:(\d+)", said)
    place = f" at '{given.splitlines()[int(line.group(1)) - 1]}'" if line else ""
    kind = Forbidden if "not permitted" in said else OperationFailed
    raise kind(
        f"{argv[0]} failed{place}: {said.splitlines()[0] if said else f'exit code {done.returncode}'}",
        code=done.returncode,
        text=said,
        next_step="use 'become: true'" if kind is Forbidden else None,
    )
