# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_guest_config: values, facts, files, and waiting for what the host hands in."""

from __future__ import annotations

import json
import threading
from urllib.parse import quote

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest import config as module
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.config import expand, satisfied

from tests.unit.guest.helpers import EVENTS, FORBIDDEN, NOT_FOUND, answer, peer, run_module

STREAM = "GET /1.0/events?type=config"


class Daemon:
    """Keys with values that may change, and events that say so."""

    def __init__(self, **keys):
        self.keys = {f"user.{name}": value for name, value in keys.items()}
        self.silent = False
        self.listening = []
        self.heard = threading.Event()

    @property
    def answers(self):
        return Answers(self)

    def set(self, key, value):
        """As the host does it."""
        old = self.keys.get(key, "")
        self.keys[key] = value
        event = {"type": "config", "timestamp": "t", "metadata": {"key": key, "old_value": old, "value": value}}
        for connection in () if self.silent else self.listening:
            connection.sendall(json.dumps(event).encode() + b"\n")

    def events(self, connection, headers):
        connection.sendall(EVENTS)
        self.listening.append(connection)
        self.heard.set()
        return True

    def later(self, key, value):
        """Set a key once somebody listens."""

        def work():
            self.heard.wait(5)
            self.set("user.other", "1")
            self.set(key, value)

        threading.Thread(target=work, daemon=True).start()


class Answers(dict):
    """What the daemon answers now."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon = daemon

    def get(self, asked, default=None):
        keys = {f"GET /1.0/config/{quote(key, safe='')}": value for key, value in self.daemon.keys.items()}
        if asked == STREAM:
            return self.daemon.events
        if asked == "GET /1.0/config":
            return answer([f"/1.0/config/{key}" for key in self.daemon.keys])
        if not asked.startswith("GET /1.0/config/"):
            return default
        if not asked.startswith(("GET /1.0/config/user.", "GET /1.0/config/cloud-init.")):
            return FORBIDDEN
        value = keys.get(asked)
        return NOT_FOUND if value is None else answer(value)


def run(daemon, tmp_path, check=False, **args):
    (tmp_path / "run").mkdir(exist_ok=True)
    place = f"run/sock{len(list((tmp_path / 'run').iterdir()))}"
    with peer(tmp_path, {}, place) as (server, _guest):
        server.answers = daemon.answers
        result = run_module("incus_guest_config", {"socket": server.path, **args}, check=check)
        result["asked"] = server.asked
    return result


# Keys


def test_patterns_stand_for_the_keys_that_there_are():
    asked = []

    def names():
        asked.append(1)
        return ["user.a", "user.b", "user.c.d"]

    assert expand(["user.x", "user.b", "user.[ab]", "*.d"], names) == ["user.x", "user.b", "user.a", "user.c.d"]
    assert expand(["user.x", "user.x"], names) == ["user.x"] and len(asked) == 1


@pytest.mark.parametrize(
    ("value", "want", "is_so"),
    [
        (b"1", None, True),
        (None, None, False),
        (b"1", "1", True),
        (b"2", "1", False),
        (None, "", True),
        (b"1", "", False),
    ],
)
def test_what_is_awaited(value, want, is_so):
    assert satisfied(value, want) is is_so


def test_values_become_a_result_and_a_fact(tmp_path):
    daemon = Daemon(**{"a": "1", "b/c": "x\ny", "ü?#%2F": "é"})
    done = run(daemon, tmp_path, keys=["user.*"], fact="site")
    assert done["config"] == {"user.a": "1", "user.b/c": "x\ny", "user.ü?#%2F": "é"}
    assert done["ansible_facts"] == {"site": done["config"]} and not done["changed"]
    assert run(daemon, tmp_path, keys=["user.b/c"])["config"] == {"user.b/c": "x\ny"}


def test_secrets_are_stars_in_a_fact_and_that_is_said(tmp_path):
    done = run(Daemon(token="s3cret", a="1"), tmp_path, keys=["*"], fact="site", secret_keys=["user.pin"])
    assert done["ansible_facts"]["site"] == {"user.a": "1", "user.token": "********"}
    assert "user.token in the fact 'site' are stars" in done["warned"][0] and "s3cret" not in json.dumps(done)


def test_a_key_without_a_value_is_an_error_a_warning_or_left_out(tmp_path):
    daemon = Daemon(**{"app.port": "80"})
    failed = run(daemon, tmp_path, keys=["user.app.prt"])
    assert failed["failure"]["kind"] == "not_found"
    assert "the key 'user.app.prt' has no value" in failed["msg"] and "did you mean 'user.app.port'?" in failed["msg"]
    assert "on the host" in run(Daemon(), tmp_path, keys=["user.x"])["msg"]
    assert run(daemon, tmp_path, keys=["user.x"], required=False)["config"] == {}
    assert run(daemon, tmp_path, keys=["user.none.*"])["config"] == {}
    foretold = run(daemon, tmp_path, keys=["user.x"], check=True)
    assert foretold["config"] == {} and "has no value" in foretold["warned"][0]


@pytest.mark.parametrize(
    ("args", "kind", "said"),
    [
        ({"keys": ["limits.cpu"]}, "unknown_key", "no guest can see the key 'limits.cpu'"),
        ({"keys": ["user.a"], "fact": "my-fact"}, "invalid_option", "'fact' is 'my-fact', which is no name"),
        ({"keys": ["user.a"], "fact": "class"}, "invalid_option", "'fact' is 'class', which is no name"),
        ({"wait_for": {"user.*": None}}, "invalid_option", "'user.*' is a pattern, which only 'keys' takes"),
        ({"files": [{"key": "user.*", "path": "/x"}]}, "invalid_option", "is a pattern"),
        ({"wait_for": {"user.a": {"x": 1}}}, "invalid_option", "wait_for.user.a"),
        ({"keys": ["user.a"], "wait_timeout": 0}, "invalid_option", "'wait_timeout' is 0"),
        ({"files": [{"key": "user.a", "path": "x"}]}, "invalid_option", "'path' is 'x'"),
        ({"files": [{"key": "user.a", "path": "/x", "mod": "1"}]}, "invalid_option", "did you mean 'mode'?"),
        ({}, "invalid_option", "one of the following is required: keys, files, wait_for"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, args, kind, said):
    failed = run(Daemon(a="1"), tmp_path, **args)
    assert failed["failed"] and failed["failure"]["kind"] == kind and said in failed["msg"]


# Waiting


def test_what_is_there_is_not_waited_for(tmp_path):
    done = run(Daemon(a="1"), tmp_path, wait_for={"user.a": 1, "user.b": ""})
    assert done["config"] == {"user.a": "1"} and STREAM not in done["asked"]


def test_a_change_is_noticed_by_its_event(tmp_path):
    daemon = Daemon(a="1")
    daemon.later("user.a", "true")
    done = run(daemon, tmp_path, wait_for={"user.a": True}, wait_timeout=9)
    assert done["config"] == {"user.a": "true"}
    # At first, when it listens, perhaps after the one event that is about the key, and for the result.
    assert done["asked"].count("GET /1.0/config/user.a") in (3, 4)


def test_a_change_without_an_event_is_noticed_by_looking(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TICK_WITHOUT_EVENTS", 0.1)
    daemon = Daemon()
    daemon.silent = True
    daemon.later("cloud-init.x", "1")
    done = run(daemon, tmp_path, wait_for={"cloud-init.x": None}, wait_timeout=9)
    assert done["config"] == {"cloud-init.x": "1"}


@pytest.mark.parametrize(
    ("keys", "wanted", "said"),
    [
        ({}, {"user.a": None}, "after 0.3 s the key 'user.a' has no value"),
        ({"ab": "1"}, {"user.a": "1"}, "has no value and not '1' (unix:"),
        ({"a": "2"}, {"user.a": 3}, "the key 'user.a' is '2' and not '3'"),
        ({"a": "2"}, {"user.a": ""}, "the key 'user.a' is '2' and not empty"),
        ({"token": "s3cret"}, {"user.token": "0ther"}, "the key 'user.token' is ******** and not ********"),
        ({"aa.port": "1"}, {"user.ab.port": None}, "did you mean 'user.aa.port'?"),
    ],
)
def test_waiting_ends_with_what_is_there_instead(tmp_path, keys, wanted, said):
    failed = run(Daemon(**keys), tmp_path, wait_for=wanted, wait_timeout=0.3)
    assert failed["failed"] and failed["failure"]["kind"] == "timed_out" and said in failed["msg"]
    assert "s3cret" not in json.dumps(failed) and "0ther" not in json.dumps(failed)


def test_waiting_outlives_a_daemon_that_is_restarted(tmp_path):
    daemon = Daemon()
    with peer(tmp_path, {}) as (server, _guest):
        server.answers = daemon.answers

        def restart():
            daemon.heard.wait(5)
            server.stop()
            daemon.keys["user.a"] = "1"  # nobody hears of it
            server.start()

        threading.Thread(target=restart, daemon=True).start()
        done = run_module("incus_guest_config", {"socket": server.path, "wait_for": {"user.a": None}})
    assert done["config"] == {"user.a": "1"}


def test_waiting_says_that_the_daemon_went(tmp_path):
    daemon = Daemon()
    with peer(tmp_path, {}) as (server, _guest):
        server.answers = daemon.answers
        threading.Thread(target=lambda: (daemon.heard.wait(5), server.stop()), daemon=True).start()
        args = {"socket": server.path, "wait_for": {"user.a": None}, "wait_timeout": 1}
        failed = run_module("incus_guest_config", args)
    assert "at last there was no connection: nobody listens" in failed["msg"]


def test_nothing_is_waited_for_in_check_mode(tmp_path):
    done = run(Daemon(), tmp_path, wait_for={"user.a": None}, check=True)
    assert done["config"] == {} and "user.a would be waited for" in done["warned"][-1]


# Files


def test_a_file_is_foretold_written_and_kept(tmp_path):
    path = tmp_path / "conf"
    args = {"files": [{"key": "user.a", "path": str(path), "mode": "0640"}]}
    daemon = Daemon(a="one\n")
    foretold = run(daemon, tmp_path, check=True, **args)
    assert not path.exists()
    done = run(daemon, tmp_path, **args)
    assert path.read_bytes() == b"one\n" and path.stat().st_mode & 0o777 == 0o640
    assert foretold["changed"] and foretold["diff"] == done["diff"]
    assert done["diff"][0]["after"]["content"] == "one\n"
    assert done["actions"] == [{"method": "write", "path": str(path), "keys": ["content", "mode"], "sent": True}]
    assert foretold["actions"] == [{**done["actions"][0], "sent": False}]
    (entry,) = done["results"]
    assert entry["changed"] and entry["file"]["mode"] == "0640" and entry["key"] == "user.a"
    again = run(daemon, tmp_path, **args)
    assert not again["changed"] and again["actions"] == [] and not again["results"][0]["changed"]
    daemon.set("user.a", "two\n")
    changed = run(daemon, tmp_path, **args)
    assert changed["diff"][0]["before"]["content"] == "one\n" and path.read_bytes() == b"two\n"


def test_a_mode_alone_leaves_the_file_where_it_is(tmp_path):
    path = tmp_path / "conf"
    path.write_text("1")
    path.chmod(0o600)
    inode = path.stat().st_ino
    done = run(Daemon(a="1"), tmp_path, files=[{"key": "user.a", "path": str(path), "mode": "0644"}])
    assert done["changed"] and path.stat().st_ino == inode and path.stat().st_mode & 0o777 == 0o644
    assert done["diff"][0]["before"]["mode"] == "0600" and "content" not in done["diff"][0]["after"]


def test_a_secret_is_in_its_file_only(tmp_path):
    path = tmp_path / "token"
    path.write_text("0ld-secret")
    done = run(Daemon(token="s3cret"), tmp_path, files=[{"key": "user.token", "path": str(path)}])
    assert path.read_text() == "s3cret" and done["changed"]
    shown = json.dumps(done)
    assert "s3cret" not in shown and "0ld" not in shown and done["results"][0]["file"]["sha256"] == "********"
    assert done["diff"][0]["after"]["sha256"] == "******** (changed)"
    new = tmp_path / "new"
    run(Daemon(token="s3cret"), tmp_path, files=[{"key": "user.token", "path": str(new)}])
    assert new.stat().st_mode & 0o777 == 0o600


def test_a_text_that_is_no_text_is_not_shown(tmp_path):
    path = tmp_path / "conf"
    path.write_bytes(b"\0\xff")
    done = run(Daemon(a="1"), tmp_path, files=[{"key": "user.a", "path": str(path)}])
    assert done["changed"] and "content" not in done["diff"][0]["after"]


def test_nothing_is_written_before_all_is_found_possible(tmp_path):
    good = {"key": "user.a", "path": str(tmp_path / "good")}
    (tmp_path / "folder").mkdir()
    for bad, kind in (
        ({"key": "user.a", "path": str(tmp_path / "none" / "x")}, "missing_reference"),
        ({"key": "user.a", "path": str(tmp_path / "folder")}, "conflict"),
        ({"key": "user.none", "path": str(tmp_path / "x")}, "not_found"),
        ({"key": "user.a", "path": str(tmp_path / "x"), "owner": "nobdy"}, "invalid_option"),
        (good, "invalid_option"),
    ):
        failed = run(Daemon(a="1"), tmp_path, files=[good, bad])
        assert failed["failed"] and failed["failure"]["kind"] == kind, failed["msg"]
        assert not (tmp_path / "good").exists()


def test_a_folder_may_be_made_later_in_a_check(tmp_path):
    path = str(tmp_path / "none" / "x")
    foretold = run(Daemon(a="1"), tmp_path, files=[{"key": "user.a", "path": path}], check=True)
    assert foretold["changed"] and "there is no directory" in foretold["warned"][0] and len(foretold["warned"]) == 1


def test_a_key_that_need_not_be_there_leaves_its_file(tmp_path):
    path = tmp_path / "conf"
    path.write_text("old")
    done = run(Daemon(), tmp_path, files=[{"key": "user.a", "path": str(path)}], required=False)
    assert not done["changed"] and done["results"] == [] and path.read_text() == "old"


def test_a_write_that_fails_says_what_was_written_before(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "abc"]
    perform = module.Write.perform

    def broken(self, session):
        if self.path == str(paths[1]):
            raise module.InvalidOption("it broke")
        perform(self, session)

    monkeypatch.setattr(module.Write, "perform", broken)
    failed = run(Daemon(a="1"), tmp_path, files=[{"key": "user.a", "path": str(path)} for path in paths])
    assert failed["failed"] and failed["changed"] and "it broke" in failed["msg"]
    assert [(entry["changed"], entry["failed"]) for entry in failed["results"]] == [(True, False), (False, True)]
    assert paths[0].read_text() == "1" and not paths[2].exists()
