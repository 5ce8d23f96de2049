# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_guest_info."""

from __future__ import annotations

import pytest

from tests.unit.guest.helpers import FORBIDDEN, NOT_FOUND, STARTED, answer, peer, run_module

ANSWERS = {
    "GET /": answer(["/1.0"]),
    "GET /1.0": answer(STARTED),
    "GET /1.0/config": answer([f"/1.0/config/{key}" for key in ("user.b/c", "user.token", "user.gone")]),
    "GET /1.0/config/user.b%2Fc": answer("x y"),
    "GET /1.0/config/user.token": answer("s3cret"),
    "GET /1.0/config/user.gone": NOT_FOUND,
    "GET /1.0/devices": answer({"eth0": {"type": "nic"}}),
    "GET /1.0/meta-data": answer("#cloud-config\n"),
}


def info(tmp_path, answers=None, place="sock", **args):
    with peer(tmp_path, ANSWERS if answers is None else answers, place) as (server, _guest):
        return run_module("incus_guest_info", {"socket": server.path, **args}), server


def test_everything_on_one_connection_with_secrets_masked(tmp_path):
    result, server = info(tmp_path)
    assert result["objects"] == [
        {
            **STARTED,
            "socket": server.path,
            "brand": "incus",
            "apis": ["/1.0"],
            "config": {"user.b/c": "x y", "user.token": "********"},
            "devices": {"eth0": {"type": "nic"}},
            "meta_data": "#cloud-config\n",
        }
    ]
    assert not result["changed"] and server.connections == 1


@pytest.mark.parametrize("server", [{**STARTED, "state": ""}, {"api_version": "1.0", "location": "none"}])
def test_a_daemon_without_states_has_null(tmp_path, server):
    result, fake = info(tmp_path, {**ANSWERS, "GET /1.0": answer(server)}, "lxd/sock", gather=[])
    (about,) = result["objects"]
    assert about["state"] is None and about["brand"] == "lxd" and "config" not in about
    assert fake.asked == ["GET /", "GET /1.0"]


def test_what_is_not_allowed_is_said(tmp_path):
    result, _server = info(tmp_path, {**ANSWERS, "GET /1.0/devices": FORBIDDEN}, gather=["devices"])
    assert result["failed"] and result["failure"]["kind"] == "forbidden"
