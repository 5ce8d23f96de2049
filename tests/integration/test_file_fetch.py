# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_file between an instance and the controller: what arrives, what is carried, what a broken transfer leaves."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import run_module, sweep
from .proxy import Proxy
from .test_ansible import run as play

PLACE = {"project": "nfvt-a", "name": "nfvt-1"}
BIG = 20 * 1024 * 1024
# A connection as local as Ansible's own, which notes what it carries and can be told to lose half of it.
CONNECTION = '''
DOCUMENTATION = """
name: nfvt
short_description: For tests
description: [For tests]
options: {}
"""
import os
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "nfvt"

    def put_file(self, source, to):
        note("put", source)
        super().put_file(source, to)

    def fetch_file(self, source, to):
        note("fetch", source)
        super().fetch_file(source, to)
        fault = os.environ.get("NFVT_FAULT")
        if fault:
            os.truncate(to, os.path.getsize(to) // 2)
        if fault == "broken":
            raise AnsibleConnectionFailure("the line was cut")


def note(what, path):
    with open(os.environ["NFVT_NOTES"], "a") as notes:
        notes.write(f"{what} {os.path.getsize(path)}\\n")
'''


class Controller:
    """A folder with a playbook, and what its connection carries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "notes"
        self.out = folder / "out"
        (folder / "connection_plugins").mkdir()
        (folder / "connection_plugins" / "nfvt.py").write_text(CONNECTION)

    def __call__(self, *arguments: str, **args: t.Any) -> dict[str, t.Any]:
        """The result of one task."""
        self.notes.write_text("")
        tasks = [
            {"nfvlab.fleet.incus_file": {**PLACE, **args}, "register": "done", "ignore_errors": True},
            {
                "ansible.builtin.copy": {"content": "{{ done | to_json }}", "dest": str(self.folder / "result.json")},
                "check_mode": False,
                "diff": False,
                "connection": "local",
            },
        ]
        self.shown = play(self.folder, tasks, *arguments, connection="nfvt")
        assert "Traceback" not in self.shown.stdout + self.shown.stderr
        return t.cast("dict[str, t.Any]", json.loads((self.folder / "result.json").read_text()))

    def fetch(self, path: str, *arguments: str, **args: t.Any) -> dict[str, t.Any]:
        return self(*arguments, path=path, state="fetched", **{"dest": "out/", "flat": True, **args})

    def carried(self, what: str) -> list[int]:
        """The sizes of the files of more than a mebibyte that were put or fetched: modules are smaller."""
        notes = [line.split() for line in self.notes.read_text().splitlines()]
        return [int(size) for kind, size in notes if kind == what and int(size) > 1 << 20]

    def left(self) -> list[str]:
        """What is in the folder that things are fetched to."""
        return sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    controller = Controller(tmp_path)
    monkeypatch.setenv("NFVT_NOTES", str(controller.notes))
    return controller


def execute(*command: str) -> str:
    done = run_module("incus_exec", {**PLACE, "command": list(command)})
    assert not done.failed, done["msg"]
    return str(done["stdout"])


@pytest.fixture(scope="module")
def guest(client: Client, image: str) -> t.Iterator[None]:
    """A running instance with some files."""
    sweep(client)
    for module, args in (
        ("incus_project", {"name": "nfvt-a", "config": {"features.images": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
        ("incus_image", {"project": "nfvt-a", "alias": "nfvt-i", "path": image}),
        (
            "incus_instance",
            {
                **PLACE,
                "image": "nfvt-i",
                "profiles": [],
                "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}},
            },
        ),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    execute(
        "sh",
        "-c",
        f"mkdir /srv; cd /srv; head -c {BIG} /dev/urandom >big; printf '\\377\\000\\n' >binary; chmod 600 binary; "
        "echo one >text; ln -s /srv/text link; ln -s /proc/mounts mounts; mkdir folder",
    )
    yield
    sweep(client)


def test_a_big_file_arrives_once_and_whole(guest: None, controller: Controller) -> None:
    wanted = execute("sha256sum", "/srv/big").split()[0]
    foretold = controller.fetch("/srv/big", "--check", "--diff")
    assert foretold["changed"] and not controller.out.exists() and controller.carried("fetch") == []
    done = controller.fetch("/srv/big", "--diff")
    assert not done["failed"], done
    assert done["changed"] and done["diff"] == foretold["diff"] and done["file"] == foretold["file"]
    assert done["file"]["sha256"] == wanted and done["file"]["size"] == BIG
    assert done["dest"] == str(controller.out / "big") and controller.left() == ["big"]
    assert hashlib.sha256((controller.out / "big").read_bytes()).hexdigest() == wanted
    assert controller.carried("fetch") == [BIG]
    again = controller.fetch("/srv/big", "--diff")
    assert not again["changed"] and again["actions"] == [] and controller.carried("fetch") == []
    assert not controller.fetch("/srv/big", "--check")["changed"]


@pytest.mark.parametrize("pipelining", ["0", "1"])
def test_bytes_stay_what_they_are_and_the_mode_is_whose_it_is(
    guest: None, controller: Controller, monkeypatch: pytest.MonkeyPatch, pipelining: str
) -> None:
    monkeypatch.setenv("ANSIBLE_PIPELINING", pipelining)
    assert controller.fetch("/srv/binary")["changed"]
    arrived = controller.out / "binary"
    assert arrived.read_bytes() == b"\xff\0\n" and arrived.stat().st_mode & 0o777 == 0o644
    foretold = controller.fetch("/srv/binary", "--check", mode="0640")
    assert foretold["changed"] and arrived.stat().st_mode & 0o777 == 0o644
    done = controller.fetch("/srv/binary", mode="0640")
    assert done["diff"] == foretold["diff"] and done["diff"]["before"]["mode"] == "0644"
    assert arrived.stat().st_mode & 0o777 == 0o640
    arrived.write_bytes(b"old")
    assert controller.fetch("/srv/binary")["changed"]  # keeps the mode of what was there
    assert arrived.read_bytes() == b"\xff\0\n" and arrived.stat().st_mode & 0o777 == 0o640


def test_where_a_file_is_put(guest: None, controller: Controller) -> None:
    done = controller.fetch("/srv//text", dest="out", flat=False)
    assert done["dest"] == str(controller.out / "localhost/nfvt-a/nfvt-1/srv/text")
    assert Path(done["dest"]).read_text() == "one\n"
    done = controller.fetch("/srv/link", dest="out/renamed")
    assert done["dest"] == str(controller.out / "renamed") and done["file"]["path"] == "/srv/text"
    assert (controller.out / "renamed").read_text() == "one\n"
    (controller.folder / "elsewhere").write_text("old")
    (controller.out / "link").symlink_to(controller.folder / "elsewhere")
    assert controller.fetch("/srv/text", dest="out/link")["changed"]
    assert (controller.folder / "elsewhere").read_text() == "one\n" and (controller.out / "link").is_symlink()


@pytest.mark.parametrize(
    ("args", "kind", "said"),
    [
        ({"path": "/srv/folder"}, "conflict", "it is a directory, and only a file can be fetched; pack it"),
        ({"path": "/srv/nope"}, "not_found", "there is no such file; correct 'path', or create the file first"),
        ({"path": "/srv/mounts"}, "invalid_option", "where a link leads, is in '/proc'"),
        ({"path": "/srv/text", "name": "nfvt-2"}, "missing_reference", "does not exist"),
        ({"path": "/srv/text", "content": "x"}, "invalid_option", "'content' means nothing with the state 'fetched'"),
        ({"path": "/srv/text", "dest": ""}, "invalid_option", "'fetched' needs a 'dest'"),
        ({"path": "/srv/text", "dest": "out"}, None, "end it with a slash to put the file into it"),
        ({"path": "/srv/text", "dest": "out/sub/"}, None, "which is a directory; give another 'dest'"),
        ({"path": "/srv/text", "dest": "play.yml/x"}, None, "on the controller: "),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(
    guest: None, controller: Controller, args: dict[str, t.Any], kind: str | None, said: str
) -> None:
    (controller.out / "sub" / "text").mkdir(parents=True)
    failed = controller.fetch(**args)
    assert failed["failed"] and not failed["changed"], failed
    assert said in failed["msg"] and "\n" not in failed["msg"]
    assert failed.get("failure", {}).get("kind") == kind
    assert controller.left() == ["sub"] and list((controller.out / "sub" / "text").iterdir()) == []


def test_check_mode_foretells_what_an_earlier_task_would_have_made(guest: None, controller: Controller) -> None:
    foretold = controller.fetch("/srv/nope", "--check")
    assert foretold["changed"] and not foretold["failed"] and "there is no such file" in controller.shown.stderr
    foretold = controller("--check", path="/srv/x", src="not-fetched-yet")
    assert foretold["changed"] and "cannot read 'not-fetched-yet' on the controller" in controller.shown.stderr


@pytest.mark.parametrize(
    ("fault", "said"), [("broken", "the line was cut"), ("silent", "did not arrive as it was sent")]
)
def test_a_transfer_that_breaks_on_the_way_to_the_controller_leaves_what_was_there(
    guest: None, controller: Controller, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    controller.out.mkdir()
    (controller.out / "big").write_text("old")
    with monkeypatch.context() as broken:
        broken.setenv("NFVT_FAULT", fault)
        tasks = [
            {"nfvlab.fleet.incus_file": {**PLACE, "path": "/srv/big", "state": "fetched", "dest": "out/", "flat": True}}
        ]
        failed = play(controller.folder, tasks, connection="nfvt", check=False)
    assert failed.returncode and said in failed.stdout + failed.stderr
    assert (controller.out / "big").read_text() == "old" and controller.left() == ["big"]
    assert controller.fetch("/srv/big")["changed"]
    assert (controller.out / "big").stat().st_size == BIG and controller.left() == ["big"]


def test_a_transfer_that_breaks_in_the_daemon_leaves_what_was_there(
    guest: None, controller: Controller, proxy: Proxy
) -> None:
    controller.out.mkdir()
    (controller.out / "big").write_text("old")
    proxy.clear()
    proxy.fault = lambda request: "hang up halfway" if request.method == "GET" and "big" in request.target else None
    failed = controller.fetch("/srv/big", socket=proxy.path)
    assert failed["failed"] and failed["failure"]["kind"] == "interrupted", failed
    assert "run the task again" in failed["msg"]
    assert (controller.out / "big").read_text() == "old" and controller.left() == ["big"]
    proxy.clear()
    assert controller.fetch("/srv/big", socket=proxy.path)["changed"]
    assert proxy.changes() == [] and (controller.out / "big").stat().st_size == BIG


@pytest.mark.parametrize("verbosity", ["-v", "-vvvv"])
def test_a_secret_shows_nowhere(guest: None, controller: Controller, verbosity: str) -> None:
    execute("sh", "-c", "umask 077; printf s3cr3t-four >/srv/key")
    digest = hashlib.sha256(b"s3cr3t-four").hexdigest()
    done = controller.fetch("/srv/key", verbosity, "--diff", secret=True)
    again = controller.shown
    assert done["changed"] and done["file"]["sha256"] == "********"
    assert not controller.fetch("/srv/key", verbosity, "--diff", secret=True)["changed"]
    for shown in (again, controller.shown):
        assert digest not in shown.stdout + shown.stderr and "s3cr3t-four" not in shown.stdout + shown.stderr
    assert (controller.out / "key").read_text() == "s3cr3t-four"
    assert (controller.out / "key").stat().st_mode & 0o777 == 0o600


def test_a_file_of_the_controller_is_found_as_copy_finds_it(guest: None, controller: Controller) -> None:
    (controller.folder / "files").mkdir()
    (controller.folder / "files" / "conf").write_text("two\n")
    foretold = controller("--check", path="/srv/conf", src="conf")
    assert foretold["changed"] and foretold["diff"]["after"]["content"] == "two\n"
    done = controller(path="/srv/conf", src="conf", mode="0600")
    assert done["changed"] and execute("cat", "/srv/conf") == "two\n" and done["file"]["mode"] == "0600"
    assert not controller(path="/srv/conf", src="conf")["changed"]
    assert controller(path="/srv/conf", src="/etc/hostname", remote_src=True)["changed"]
    assert execute("cat", "/srv/conf") == Path("/etc/hostname").read_text()


def test_a_long_file_is_only_carried_where_it_makes_a_difference(guest: None, controller: Controller) -> None:
    (controller.folder / "long").write_bytes(b"\xfe\0" * (2 << 20))
    foretold = controller("--check", path="/srv/long", src="long")
    assert foretold["changed"] and controller.carried("put") == []
    done = controller(path="/srv/long", src="long")
    assert done["changed"] and done["diff"] == foretold["diff"] and controller.carried("put") == [4 << 20]
    assert done["file"]["size"] == 4 << 20
    assert not controller(path="/srv/long", src="long")["changed"] and controller.carried("put") == []
    assert controller(path="/srv/long", src="long", mode="0600")["changed"]


def test_a_file_of_the_vault_is_decrypted(guest: None, controller: Controller) -> None:
    password = controller.folder / "password"
    password.write_text("nfvt\n")
    (controller.folder / "sealed").write_text("s3cr3t-five")
    vault = [str(Path(sys.executable).with_name("ansible-vault")), "encrypt", "--vault-password-file", str(password)]
    subprocess.run([*vault, str(controller.folder / "sealed")], capture_output=True, check=True)
    args = {"path": "/srv/sealed", "src": "sealed", "secret": True}
    done = controller("--vault-password-file", str(password), **args)
    assert done["changed"] and execute("cat", "/srv/sealed") == "s3cr3t-five"
    refused = controller(**args)
    assert refused["failed"] and "vault" in refused["msg"].lower()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"src": "nope"}, "cannot read 'nope' on the controller: No such file or directory; correct 'src', or give"),
        ({"src": "/etc"}, "'src' is the directory '/etc'; give a file"),
        ({"src": "/nonexistent", "remote_src": True}, "cannot read '/nonexistent' on the managed host"),
        ({"src": "x", "content": "x"}, "mutually exclusive"),
    ],
)
def test_a_source_that_is_none_is_one_sentence(
    guest: None, controller: Controller, args: dict[str, t.Any], said: str
) -> None:
    failed = controller(path="/srv/x", **args)
    assert failed["failed"] and said in failed["msg"]


def test_the_background_is_for_what_needs_no_carrying(guest: None, controller: Controller) -> None:
    def run(**args: t.Any) -> subprocess.CompletedProcess[str]:
        task = {"nfvlab.fleet.incus_file": {**PLACE, "path": "/srv/text", **args}, "async": 60, "poll": 1}
        return play(controller.folder, [task], check=False)

    for args in ({"state": "fetched", "dest": "out/"}, {"src": "/etc/hostname"}):
        refused = run(**args)
        assert refused.returncode
        assert "cannot be carried between here and there in the background" in refused.stdout + refused.stderr
    assert run(mode="0644").returncode == 0


def test_an_instance_that_does_not_run_hands_its_files_out_too(guest: None, controller: Controller) -> None:
    stopped = run_module("incus_instance", {**PLACE, "state": "stopped", "force": True})
    assert not stopped.failed, stopped["msg"]
    assert controller.fetch("/srv/link")["changed"] and not controller.fetch("/srv/link")["changed"]
    assert (controller.out / "link").read_text() == "one\n"
