# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A helper that connects for a process which the daemon would not recognise at once."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import struct
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest import adopted
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest import client as module
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.adopted import Helper, adrift, helped, parent_of

from tests.unit.guest.helpers import STARTED, answer, peer


def who(connection):
    """The process that has connected."""
    return struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def gone(pid):
    """Whether a process ends."""
    for _look in range(200):
        with contextlib.suppress(OSError):
            if ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text():
                time.sleep(0.02)
                continue
        return True
    return False


@pytest.mark.parametrize(
    ("parents", "is_so"),
    [({10: 5, 5: 1}, False), ({10: 5, 5: 0}, True), ({10: 0}, True), ({10: 1}, False)],
)
def test_a_process_that_does_not_descend_from_init_is_adrift(monkeypatch, parents, is_so):
    monkeypatch.setattr(os, "getpid", lambda: 10)
    assert adrift(parents.__getitem__) is is_so


def test_a_system_that_does_not_show_its_processes_has_nobody_adrift():
    def hidden(pid):
        raise FileNotFoundError

    assert adrift(hidden) is False
    assert parent_of(os.getpid()) == os.getppid()


def test_the_helper_is_nobodys_child_and_ends_with_us(tmp_path):
    callers = []

    def note(connection, body):
        callers.append(who(connection))
        connection.sendall(answer(STARTED))
        return True

    with peer(tmp_path, {"GET /1.0": note}) as (server, _guest):
        helper = Helper(server.path)
        for _connection in range(2):
            with helper.connect() as connection:
                connection.sendall(b"GET /1.0 HTTP/1.1\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        (pid,) = set(callers)
        assert pid != os.getpid() and parent_of(pid) not in (os.getpid(), 0)
        assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)} == {"/dev/null"}
        helper.close()
        assert gone(pid)
        assert helper.connect() is None


def test_the_client_uses_it_where_it_is_of_use_and_says_itself_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "helped", Helper)
    callers = []

    def note(connection, body):
        callers.append(who(connection))
        connection.sendall(answer(STARTED))
        return True

    with peer(tmp_path, {"GET /1.0": note}) as (server, guest):
        with guest:
            assert guest.server() == STARTED
            guest.transport.close()
            assert guest.server() == STARTED
            server.stop()
            with pytest.raises(module.Unreachable, match="nobody listens"):
                guest.server()
        assert len(callers) == 2 and len(set(callers)) == 1 and callers[0] != os.getpid() and gone(callers[0])


def test_nobody_helps_who_needs_no_help(monkeypatch):
    monkeypatch.setattr(adopted, "adrift", lambda: False)
    assert helped("/nonexistent") is None
