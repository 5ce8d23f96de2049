# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Connections that the daemon recognises at once.

It tells instances apart by the process that has connected: it goes from parent to parent until it meets the instance's
own monitor. A command that was started through the daemon (C(exec), and with it a connection plugin) has no such
ancestor; then the daemon looks at every instance of the host, one after the other, for every request. That takes ten
times as long on a host with 75 instances, and fails when one of them is just stopping.

A process whose parent has ended is adopted by the instance's init, below the monitor. So one is made that connects for
us, and stays for as long as the connections are used.
"""

from __future__ import annotations

import os
import socket
import typing as t

_PATIENCE = 5.0  # seconds for a helper that only has to connect


def parent_of(pid: int) -> int:
    """The parent of a process; 0 where that is outside of this system."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])


def adrift(parent: t.Callable[[int], int] = parent_of) -> bool:
    """Whether this process does not descend from the init of its system."""
    pid = os.getpid()
    try:
        while pid > 1:
            pid = parent(pid)
    except (OSError, ValueError, IndexError):
        return False
    return pid == 0


class Helper:
    """A process that init has adopted and that connects for us. It ends with us, however we end.

    :param path: the socket to connect to
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._ours, theirs = socket.socketpair()
        self._ours.settimeout(_PATIENCE)
        child = os.fork()
        if child == 0:
            self._child(theirs)
        theirs.close()
        os.waitpid(child, 0)

    def connect(self) -> socket.socket | None:
        """A connection; null where there is none to be had this way."""
        try:
            self._ours.sendall(b"c")
            _word, handles, _flags, _address = socket.recv_fds(self._ours, 1, 1)
        except OSError:
            return None
        if not handles:
            return None
        connection = socket.socket(fileno=handles[0])
        connection.setblocking(True)  # the timeout of the helper came along with it
        return connection

    def close(self) -> None:
        """Let it end. Connections stay open, but nobody answers for them any more."""
        self._ours.close()

    def _child(self, theirs: socket.socket) -> t.NoReturn:
        """Make the helper, and orphan it. Nothing of the module's own end may run here."""
        try:
            os.setsid()
            if os.fork() == 0:
                self._serve(theirs)
        finally:
            os._exit(0)

    def _serve(self, theirs: socket.socket) -> None:
        self._ours.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):  # who waits for the module's output does not wait for us
            os.dup2(nothing, number)
        while theirs.recv(1):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(_PATIENCE)
            try:
                connection.connect(self._path)
                socket.send_fds(theirs, [b"c"], [connection.fileno()])
            except OSError:
                theirs.sendall(b"n")
            connection.close()


def helped(path: str) -> Helper | None:
    """A helper, where one is of use."""
    if not adrift():
        return None
    try:
        return Helper(path)
    except OSError:
        return None  # it works without, only slower
