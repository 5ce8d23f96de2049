# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as testinfra hosts: what a host's name means, and what a command becomes."""

from __future__ import annotations

import pytest
import testinfra
import testinfra.backend
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.plugin_utils import testinfra_incus

from .incus.test_exec import Daemon


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(testinfra.backend, "BACKENDS", dict(testinfra.backend.BACKENDS))
    monkeypatch.setattr(testinfra_incus, "BACKENDS", testinfra.backend.BACKENDS)
    testinfra_incus.register()


def backend(spec="incus://i?namespace=p", daemon=None):
    """The backend of a host, whose daemon is one of a few lines."""
    made = testinfra.backend.get_backend(spec)
    client = Client(UnixEndpoint("/s"), operation_timeout=5)
    client.transport = daemon or Shell()
    made.__dict__["client"] = client
    return made


class Shell(Daemon):
    """Every command ends as C(told) says: exit code, standard output, standard error."""

    def __init__(self, told=(0, "", ""), **rest):
        super().__init__(**rest)
        self.told = told

    def operation(self, number):
        rc, *said = self.told
        places = [self.place.format(number, stream) for stream in ("stdout", "stderr")]
        self.files.update(zip(places, said, strict=True))
        return {"status_code": 200, "metadata": {"return": rc, "output": dict(zip("12", places, strict=True))}}


def test_a_host_name_has_the_instance_its_user_project_and_daemon():
    made = backend("incus://admin@edge-01?namespace=lab&context=unix:/x&timeout=7&sudo=true&sudo_user=www")
    assert isinstance(made, testinfra_incus.IncusBackend)
    assert (made.name, made.user, made.project, made.limit) == ("edge-01", "admin", "lab", 7.0)
    assert (made.sudo, made.sudo_user) == (True, "www")
    assert made.remote.options == {"url": "unix:/x"}
    assert made.get_pytest_id() == "incus://edge-01"
    assert testinfra_incus.IncusBackend("i").project == "default"


def test_a_list_of_hosts_is_understood_too():
    hosts = testinfra.get_hosts(["incus://a?namespace=p", "incus://b"], connection=None, ssh_config=None, sudo=False)
    assert [(host.backend.name, host.backend.project) for host in hosts] == [("a", "p"), ("b", "default")]


@pytest.mark.parametrize(
    ("user", "words", "options"),
    [
        (None, ["/bin/sh", "-c", "a b"], {}),
        ("1000", ["/bin/sh", "-c", "a b"], {"user": 1000, "group": 0}),
        ("1000:7", ["/bin/sh", "-c", "a b"], {"user": 1000, "group": 7}),
        ("www-data", ["su", "-s", "/bin/sh", "-c", "a b", "www-data"], {}),
    ],
)
def test_a_line_runs_in_a_shell_as_its_user(user, words, options):
    assert testinfra_incus.shell("a b", user) == (words, options)


def test_what_is_sent_and_what_comes_back():
    daemon = Shell((3, "out", "err"))
    done = backend("incus://1000@i?namespace=p", daemon).run("echo %s", "a'b c")
    assert (done.rc, done.stdout, done.stderr, done.stdout_bytes) == (3, "out", "err", b"out")
    body = daemon.started[0]
    assert body["command"][1:] == ["-c", "echo 'a'\"'\"'b c'"] and (body["user"], body["group"]) == (1000, 0)
    # Started, awaited, and each of the two outputs read and deleted: nothing else.
    assert len(daemon.asked) == 6 and daemon.files == {}
    assert done.command == b"echo 'a'\"'\"'b c'"


def test_sudo_is_testinfras_own():
    daemon = Shell()
    backend("incus://i?namespace=p&sudo=true&sudo_user=www", daemon).run("id -u")
    assert daemon.started[0]["command"][2] == "sudo -u www /bin/sh -c 'id -u'"


@pytest.mark.parametrize(
    ("spec", "status", "kind", "said"),
    [
        ("incus://j?namespace=p", 103, errors.MissingReference, "instance 'j' of project 'p': it does not exist"),
        ("incus://j?namespace=q", 103, errors.MissingReference, "project 'q' does not exist"),
        ("incus://i?namespace=p&timeout=x", 103, errors.InvalidOption, "'timeout' is 'x'"),
        ("incus://i?namespace=p&timeout=0", 103, errors.InvalidOption, "'timeout' is '0'"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(spec, status, kind, said):
    with pytest.raises(kind, match=said):
        backend(spec, Shell(status=status)).run("true")


def test_a_stopped_instance_says_so_whatever_the_daemon_says():
    class Stopped(Shell):
        def request(self, method, target, *rest, **more):
            if target.startswith("/1.0/instances/i/exec"):
                return self.answer(400, type="error", error="Instance is not running", error_code=400)
            return super().request(method, target, *rest, **more)

    with pytest.raises(errors.Refused, match="it is Some, and commands only run in an instance that is running"):
        backend(daemon=Stopped(status=102)).run("true")
    with pytest.raises(errors.Refused, match="Instance is not running"):
        backend(daemon=Stopped(status=103)).run("true")


def test_a_command_whose_time_is_over_says_how_long_it_was():
    class Hanging(Shell):
        def operation(self, number):
            return {"status_code": 103, "may_cancel": False}

    with pytest.raises(errors.TimedOut, match=r"'sleep 9' did not end within 1 s and goes on"):
        backend("incus://i?namespace=p&timeout=1", Hanging()).run("sleep 9")


def test_without_testinfra_only_this_is_missing(monkeypatch):
    monkeypatch.setattr(testinfra_incus, "BACKENDS", None)
    with pytest.raises(ImportError, match="pip install pytest-testinfra"):
        testinfra_incus.register()
    with pytest.raises(pytest.UsageError, match="pip install pytest-testinfra"):
        testinfra_incus.pytest_configure(None)
