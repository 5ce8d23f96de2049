# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of the guest API against a peer that does what real ones rarely do."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.client import (
    LIMIT,
    SOCKETS,
    Guest,
    GuestEndpoint,
    discover_socket,
)

from tests.unit.guest.helpers import BUSY, FORBIDDEN, HANG_UP, NOT_FOUND, STARTED, answer, peer


@pytest.mark.parametrize(
    ("environ", "present", "found"),
    [
        ({"INCUS_GUEST_SOCKET": "/a"}, SOCKETS, "/a"),
        ({}, SOCKETS, "/dev/incus/sock"),
        ({}, ["/dev/lxd/sock"], "/dev/lxd/sock"),
        ({}, [], "/dev/incus/sock"),
    ],
)
def test_the_socket_is_what_the_environment_says_or_the_first_that_is_there(environ, present, found):
    assert discover_socket(environ, lambda path: path in present) == found


def test_the_brand_is_that_of_the_place():
    assert [GuestEndpoint(path).brand for path in (*SOCKETS, "/run/other")] == ["incus", "lxd", "incus"]


def test_a_socket_that_is_not_there_says_who_makes_it(tmp_path):
    with pytest.raises(errors.NoSocket) as caught:
        Guest(GuestEndpoint(str(tmp_path / "none"))).server()
    assert "run this inside an instance, and set 'security.guestapi' (with LXD 'security.devlxd')" in str(caught.value)


def test_a_socket_on_which_nobody_listens(tmp_path):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "left"))
    left.close()
    with pytest.raises(errors.Unreachable, match="nobody listens .* start the daemon on the host"):
        Guest(GuestEndpoint(str(tmp_path / "left"))).server()


@pytest.mark.parametrize(
    ("error", "sort", "said"),
    [
        (PermissionError(13, "Permission denied"), errors.Forbidden, "use 'become: true'"),
        (NotADirectoryError(20, "Not a directory"), errors.Unreachable, "Not a directory"),
    ],
)
def test_a_socket_that_cannot_be_opened(error, sort, said):
    explained = GuestEndpoint("/x")._explain(error)
    assert explained.__class__ is sort and said in str(explained)


def test_everything_is_read_on_one_connection(tmp_path):
    answers = {
        "GET /": answer(["/1.0"]),
        "GET /1.0": answer(STARTED),
        "GET /1.0/config": answer(["/1.0/config/user.b/c", "/1.0/config/user.a"]),
        "GET /1.0/config/user.b%2Fc": answer("x y"),
        "GET /1.0/devices": answer({"root": {"type": "disk"}}),
        "GET /1.0/meta-data": answer("#cloud-config\n"),
    }
    with peer(tmp_path, answers) as (server, guest):
        assert guest.apis() == ["/1.0"]
        assert guest.server() == STARTED
        assert guest.names() == ["user.a", "user.b/c"]
        assert guest.value("user.b/c") == b"x y"
        assert guest.devices() == {"root": {"type": "disk"}}
        assert guest.meta_data() == "#cloud-config\n"
        assert server.connections == 1 and server.asked == list(answers)


def test_a_key_without_a_value_is_null_and_a_foreign_one_an_error(tmp_path):
    answers = {
        "GET /1.0/config/user.x": NOT_FOUND,
        "GET /1.0/config/user.y": FORBIDDEN,
        "GET /1.0/config/limits.cpu": FORBIDDEN,
        "GET /1.0/config/app.port": FORBIDDEN,
        "GET /1.0/config": answer(["/1.0/config/user.app.port"]),
    }
    with peer(tmp_path, answers) as (_server, guest):
        assert guest.value("user.x") is None
        with pytest.raises(errors.Forbidden, match=r"set 'security\.guestapi'"):
            guest.value("user.y")
        with pytest.raises(
            errors.UnknownKey, match=r"'limits\.cpu', only 'user\.\*' and 'cloud-init\.\*' .*hand it in"
        ):
            guest.value("limits.cpu")
        with pytest.raises(errors.UnknownKey, match=r"did you mean 'user\.app\.port'\?"):
            guest.value("app.port")
        with pytest.raises(errors.InvalidOption, match="'' is no name"):
            guest.value("")


def test_trouble_with_other_instances_is_waited_for_also_by_a_change(tmp_path):
    with peer(tmp_path, {"GET /1.0": [BUSY, BUSY, answer(STARTED)], "PATCH /1.0": [BUSY, answer()]}) as (server, guest):
        assert guest.server() == STARTED
        guest.perform(Request("PATCH", "/1.0", body={"state": "Ready"}))
        assert server.asked == ["GET /1.0"] * 3 + ["PATCH /1.0"] * 2


def test_trouble_that_does_not_end_is_said_with_the_daemons_words(tmp_path):
    with peer(tmp_path, {"GET /1.0": BUSY, "HEAD /1.0": answer(status=500)}) as (server, guest):
        guest.transport.timeout = 0.4
        for ask in (guest.server, lambda: guest.head(Request("GET", "/1.0"))):
            with pytest.raises(errors.Refused, match="HTTP 500") as caught:
                ask()
            assert caught.value.code == 500 and not isinstance(caught.value, errors.Transient)
        assert len(server.asked) >= 6


def test_an_endless_reply_is_given_up(tmp_path):
    def endless(connection, body):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    long = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % (LIMIT * 1000) + b"x" * (LIMIT + (1 << 20))
    with peer(tmp_path, {"GET /1.0": endless, "GET /": long}) as (_server, guest):
        for ask in (guest.server, guest.apis):
            with pytest.raises(errors.Malformed, match=f"an answer is longer than {LIMIT} bytes"):
                ask()


@pytest.mark.parametrize(
    "half",
    [HANG_UP, b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
def test_half_a_reply_is_an_interruption(tmp_path, half):
    def cut(connection, body):
        connection.sendall(half)
        return False

    with peer(tmp_path, {"GET /1.0": cut}) as (_server, guest), pytest.raises(errors.Interrupted):
        guest.server()


def test_a_reply_that_does_not_come_names_the_request(tmp_path):
    with peer(tmp_path, {"GET /1.0/devices": lambda connection, body: True}) as (_server, guest):
        guest.transport.timeout = 0.2
        with pytest.raises(errors.TimedOut, match="no answer within 0.2 s .*GET /1.0/devices"):
            guest.devices()


def test_something_else_that_listens_there_is_named(tmp_path):
    with (
        peer(tmp_path, {"GET /1.0": answer("hello")}) as (_server, guest),
        pytest.raises(errors.Malformed, match="not that of a guest API .* check 'socket'"),
    ):
        guest.server()
