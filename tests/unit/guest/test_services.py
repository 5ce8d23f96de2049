# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services in a guest: one reports it ready, one follows its configuration; and how they get there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import MissingReference, Unsupported
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.report import why
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest import agent, handin, readiness

from tests.unit.guest.helpers import EVENTS, NOT_FOUND, STARTED, answer, peer, run_module
from tests.unit.guest.test_state import Daemon


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- ready


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("true", ""),
        ("echo no; echo so it is >&2; exit 3", "it ended with 3: so it is"),
        ("false", "it ended with 1"),
        ("sleep 60 & wait", "it did not end within 0.3 s"),
    ],
)
def test_a_check_tells_why_it_failed(command, said):
    result = readiness.perform(readiness.Check("web", command, 0.3))
    assert result == readiness.Result("web", not said, said)


def test_a_guest_stays_ready_as_long_as_patience_lasts():
    judge = readiness.Judge(patience=2)
    good, bad = readiness.Result("a", True, ""), readiness.Result("b", False, "x")
    states = [judge.decide(results) for results in ([bad], [good], [good, bad], [good], [bad], [bad], [bad], [good])]
    assert states == ["Started", "Ready", "Ready", "Ready", "Ready", "Started", "Started", "Ready"]


def test_the_report_says_why():
    text = readiness.written(
        "Started", [readiness.Result("a", True, ""), readiness.Result("web", False, "it ended with 7")]
    )
    assert why(text) == "its check 'web': it ended with 7"
    assert why("no json") == why("{}") == why("[]") == ""


def test_it_reports_what_it_finds_and_takes_its_word_back(tmp_path):
    daemon, flag, over = Daemon(), tmp_path / "up", threading.Event()
    report = tmp_path / "run" / "ready.json"
    with peer(tmp_path, daemon.answers) as (server, _guest):
        configuration = {
            "socket": server.path,
            "interval": 0.05,
            "checks": [{"name": "up", "command": f"echo it is down; test -e {flag}"}],
        }
        service = threading.Thread(target=readiness.serve, args=(configuration, over, str(report)))
        service.start()
        try:
            until(report.exists)
            assert why(report.read_text()) == "its check 'up': it ended with 1: it is down"
            assert daemon.sent == []
            flag.touch()
            until(lambda: daemon.state == "Ready")
            assert why(report.read_text()) == ""
            daemon.state = "Started"  # a write on the host has taken it back
            until(lambda: daemon.state == "Ready")
            flag.unlink()
            until(lambda: daemon.state == "Started")
            flag.touch()
            until(lambda: daemon.state == "Ready")
        finally:
            over.set()
            service.join(10)
    assert daemon.sent[-1] == {"state": "Started"}


def test_a_daemon_without_states_is_told_so(tmp_path):
    with (
        peer(tmp_path, {"GET /1.0": answer({**STARTED, "state": ""})}) as (_server, guest),
        pytest.raises(Unsupported, match="keeps no state for its guests"),
    ):
        readiness.report(guest, "Ready")


# -- configuration


def test_the_keys_of_a_text():
    text = "a ${user.a} b ${user.b-c} $${user.no} ${user.a} costs $$5"
    assert handin.keys(text) == ["user.a", "user.b-c"]
    assert handin.render(text, {"user.a": "1", "user.b-c": "$2"}) == "a 1 b $2 ${user.no} 1 costs $5"
    with pytest.raises(MissingReference, match="the host has set no user.b-c"):
        handin.render(text, {"user.a": "1"})


class Keys:
    """A daemon with keys that change, and events that tell of it."""

    def __init__(self, **values):
        self.values = {f"user.{name}": value for name, value in values.items()}
        self.listeners = []

    def answers(self, *names):
        found = {f"GET /1.0/config/user.{name}": self.value(f"user.{name}") for name in names}
        return {**found, "GET /1.0/events?type=config": self.listen}

    def value(self, key):
        def reply(connection, body):
            value = self.values.get(key)
            connection.sendall(NOT_FOUND if value is None else answer(value))
            return True

        return reply

    def listen(self, connection, body):
        connection.sendall(EVENTS)
        self.listeners.append(connection)
        threading.Event().wait(30)
        return False

    def set(self, name, value):
        self.values[f"user.{name}"] = value
        event = {
            "timestamp": "x",
            "type": "config",
            "metadata": {"key": f"user.{name}", "old_value": "", "value": value},
        }
        for connection in self.listeners:
            connection.sendall(json.dumps(event).encode() + b"\n")


def wanted(tmp_path, **rest):
    return {"path": str(tmp_path / "motd"), "content": "hello ${user.motd}\n", "mode": "0640", **rest}


def test_a_file_is_written_once_and_its_readers_told(tmp_path):
    reloads = tmp_path / "reloads"
    daemon = Keys(motd="world")
    with peer(tmp_path, daemon.answers("motd")) as (_server, guest):
        files = handin.files({"files": [wanted(tmp_path, reload=f"echo x >>{reloads}")]})
        followed = handin.HandIn(guest, files, {})
        for _round in range(2):
            assert followed.sync() == {str(tmp_path / "motd"): ""}
    assert (tmp_path / "motd").read_text() == "hello world\n"
    assert stat.S_IMODE((tmp_path / "motd").stat().st_mode) == 0o640
    assert reloads.read_text() == "x\n"


def test_a_key_that_is_not_set_leaves_the_file_alone_and_is_told(tmp_path):
    (tmp_path / "motd").write_text("kept\n")
    with peer(tmp_path, Keys().answers("motd")) as (_server, guest):
        files = handin.files({"files": [wanted(tmp_path)]})
        told = handin.HandIn(guest, files, {}).sync()
        assert "the host has set no user.motd" in told[str(tmp_path / "motd")]
        assert (tmp_path / "motd").read_text() == "kept\n"
        assert handin.HandIn(guest, files, {"user.motd": "nobody"}).sync() == {str(tmp_path / "motd"): ""}
    assert (tmp_path / "motd").read_text() == "hello nobody\n"


def test_a_reload_that_fails_is_told_and_tried_again(tmp_path):
    with peer(tmp_path, Keys(motd="world").answers("motd")) as (_server, guest):
        files = handin.files({"files": [wanted(tmp_path, reload=f"echo not yet; test -e {tmp_path}/flag")]})
        followed = handin.HandIn(guest, files, {})
        assert followed.sync()[str(tmp_path / "motd")].endswith("ended with 1: not yet")
        (tmp_path / "flag").touch()
        assert followed.sync() == {str(tmp_path / "motd"): ""}


# -- as they are installed


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Where the services go in these tests."""
    monkeypatch.setattr(agent, "LIBRARY", str(tmp_path / "lib"))
    monkeypatch.setattr(agent, "SETTINGS", str(tmp_path / "etc"))
    monkeypatch.setattr(agent, "UNITS", str(tmp_path / "units"))
    return tmp_path


CHECKS = {"checks": [{"name": "a", "command": "true"}]}


def test_installing_is_foretold_done_once_and_undone(installed):
    ready = {"name": "ready", "configuration": CHECKS}
    foretold = run_module("incus_guest_agent", ready, check=True)
    assert not (installed / "lib").exists() and not (installed / "etc").exists()
    done = run_module("incus_guest_agent", ready)
    assert foretold["changed"] is done["changed"] is True and foretold["diff"] == done["diff"]
    assert [action["path"] for action in foretold["actions"]] == [action["path"] for action in done["actions"]]
    assert run_module("incus_guest_agent", ready)["changed"] is False
    settings = installed / "etc" / "ready.json"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert json.loads(settings.read_text())["checks"] == CHECKS["checks"]
    unit = installed / "units" / "nfvlab-guest-ready.service"
    assert f"-m nfvlab_fleet._guest.readiness {settings}" in unit.read_text()
    run_module("incus_guest_agent", {"name": "config", "configuration": {"files": []}})
    assert run_module("incus_guest_agent", {"name": "ready", "state": "absent"})["changed"] is True
    assert not settings.exists() and not unit.exists() and (installed / "lib").exists()
    run_module("incus_guest_agent", {"name": "config", "state": "absent"})
    assert not (installed / "lib").exists() and not (installed / "etc").exists()
    assert run_module("incus_guest_agent", {"name": "config", "state": "absent"})["changed"] is False


def test_a_configuration_that_makes_no_sense_is_refused(installed):
    refused = run_module("incus_guest_agent", {"name": "ready", "configuration": {"cheks": []}})
    assert refused["failed"] and "'configuration' cannot be read: KeyError 'checks'" in refused["msg"]
    assert not (installed / "lib").exists()


def test_what_is_installed_runs_by_itself(installed, tmp_path):
    daemon = Keys(motd="world")
    with peer(tmp_path, daemon.answers("motd")) as (server, _guest):
        report = tmp_path / "report"
        configuration = {"files": [wanted(tmp_path)]}
        run_module("incus_guest_agent", {"name": "config", "configuration": configuration, "socket": server.path})
        program = "import nfvlab_fleet._guest.handin as service, sys; service.REPORT; "
        program += (
            f"import json; service.serve(json.load(open({str(installed / 'etc' / 'config.json')!r})), {str(report)!r})"
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed / "lib")}
        with subprocess.Popen([sys.executable, "-s", "-c", program], env=environment, cwd="/") as service:
            try:
                until(report.exists)
                assert (tmp_path / "motd").read_text() == "hello world\n"
                daemon.set("motd", "all")
                until(lambda: (tmp_path / "motd").read_text() == "hello all\n")
                assert json.loads(report.read_text()) == {str(tmp_path / "motd"): ""}
            finally:
                service.kill()
