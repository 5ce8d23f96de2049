# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_guest_state: reported, read back, given again, and never claimed where nobody keeps it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import WRITES

from tests.unit.guest.helpers import FORBIDDEN, STARTED, answer, peer, run_module

READY = answer({**STARTED, "state": "Ready"})
NOT_READY = answer(STARTED)
GET, PATCH = "GET /1.0", "PATCH /1.0"


class Daemon:
    """Keeps the state, but loses it on the host's side after these numbers of reads."""

    def __init__(self, lost_after=(), keeps=True):
        self.state = "Started"
        self.keeps = keeps
        self.lost_after = list(lost_after)
        self.reads = 0
        self.sent = []

    @property
    def answers(self):
        return {GET: self.get, PATCH: self.patch}

    def get(self, connection, body):
        self.reads += 1
        if self.reads in self.lost_after:
            self.state = "Started"
        connection.sendall(answer({**STARTED, "state": self.state}))
        return True

    def patch(self, connection, body):
        self.sent.append(json.loads(body))
        if self.keeps:
            self.state = self.sent[-1]["state"]
        connection.sendall(answer())
        return True


def report(daemon, tmp_path, check=False, **args):
    with peer(tmp_path, daemon.answers) as (server, _guest):
        return run_module("incus_guest_state", {"socket": server.path, **args}, check=check)


def test_it_is_reported_once_and_foretold(tmp_path):
    daemon = Daemon()
    foretold = report(daemon, tmp_path, check=True)
    assert daemon.sent == []
    done = report(daemon, tmp_path / "b", hold=0.2)
    assert daemon.sent == [{"state": "Ready"}] and done["guest"]["state"] == "Ready"
    assert foretold["changed"] and done["changed"] and foretold["diff"] == done["diff"]
    assert foretold["actions"] == [{"method": "PATCH", "path": "/1.0", "keys": ["state"], "sent": False}]
    assert done["actions"] == [{"method": "PATCH", "path": "/1.0", "keys": ["state"], "sent": True}]
    again = report(daemon, tmp_path / "c")
    assert not again["changed"] and again["actions"] == [] and len(daemon.sent) == 1
    back = report(daemon, tmp_path / "d", state="started", hold=0)
    assert back["changed"] and back["diff"]["after"] == {"state": "Started"} and daemon.state == "Started"


def test_what_a_host_side_write_took_back_is_given_again(tmp_path):
    daemon = Daemon(lost_after=[2, 4])
    done = report(daemon, tmp_path, hold=1.0)
    assert not done.get("failed") and done["guest"]["state"] == "Ready" and daemon.state == "Ready"
    assert len(daemon.sent) == 3 and [action["sent"] for action in done["actions"]] == [True] * 3


def test_a_state_that_never_stays_is_not_claimed(tmp_path):
    daemon = Daemon(lost_after=range(3, 100))
    failed = report(daemon, tmp_path, hold=30)
    assert failed["failed"] and failed["failure"]["kind"] == "not_kept" and failed["changed"]
    assert f"it was Ready {WRITES + 1} times, and each time became Started" in failed["msg"]


def test_a_daemon_that_answers_and_keeps_nothing_is_found_out(tmp_path):
    failed = report(Daemon(keeps=False), tmp_path)
    assert failed["failed"] and failed["failure"]["kind"] == "not_kept"
    assert "state did not stay as written" in failed["msg"]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["", None])
def test_a_daemon_without_states_is_told_from_its_reading(tmp_path, state, check):
    server = {**STARTED, "state": state} if state is not None else {"api_version": "1.0", "location": "none"}
    with peer(tmp_path, {GET: answer(server), PATCH: answer()}, "dev/lxd/sock") as (fake, _guest):
        failed = run_module("incus_guest_state", {"socket": fake.path}, check=check)
    assert failed["failed"] and failed["failure"]["kind"] == "unsupported" and not failed["changed"]
    assert "keeps no state for its guests" in failed["msg"] and fake.asked == [GET]


def test_a_refusal_is_one_sentence(tmp_path):
    with peer(tmp_path, {GET: NOT_READY, PATCH: FORBIDDEN}) as (server, _guest):
        failed = run_module("incus_guest_state", {"socket": server.path})
    assert failed["msg"].startswith("this instance: the host does not allow this guest")
    assert not failed["changed"] and failed["actions"][0]["sent"] is False


def test_a_connection_that_breaks_leaves_the_outcome_open(tmp_path):
    with peer(tmp_path, {GET: NOT_READY, PATCH: b""}) as (server, _guest):
        failed = run_module("incus_guest_state", {"socket": server.path})
    assert failed["failure"]["kind"] == "interrupted" and failed["actions"][0]["sent"] is True


def test_hold_is_a_number_of_seconds(tmp_path):
    failed = run_module("incus_guest_state", {"socket": str(tmp_path / "none"), "hold": -1})
    assert failed["failure"]["kind"] == "invalid_option" and "'hold' is -1" in failed["msg"]
