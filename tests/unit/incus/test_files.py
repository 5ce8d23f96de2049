# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_file: what is sent so that content, mode and owner are as wanted."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path as join
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import converge
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.files import File
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Ended

from .helpers import task

OLD = {"/c": ("file", "0644", 0, 0, b"old\n")}


class Guest(Client):
    """An instance with files that are written as the daemon does: mode and owner only for what is new.

    :param files: kind, mode, owner, group and content by path; every folder is there but those in C(lacks)
    """

    def __init__(self, files, running=True, lacks=()):
        super().__init__(UnixEndpoint("/s"))
        self.found = dict(files)
        self.status = 103 if running else 102
        self.lacks = lacks
        self.did = []

    def find(self, path, query=None):
        return {"name": "i", "status": "Some", "status_code": self.status}

    def send(self, request, body, headers, timeout):
        path = request.query["path"]
        if path not in self.found:
            return Response(404, {}, b'{"type": "error", "error": "not found", "error_code": 404}')
        kind, mode, uid, gid, content = self.found[path]
        shown = {"X-LXD-type": kind, "X-LXD-mode": mode, "X-LXD-uid": str(uid), "X-LXD-gid": str(gid)}
        return Response(200, {name.lower(): value for name, value in shown.items()}, content)

    def perform(self, step):
        if not hasattr(step, "content"):
            self.did.append(" ".join(step.command))
            verb, *_option, what, last = step.command
            if verb == "mv":
                self.found[last] = self.found.pop(what)
            else:
                kind, mode, uid, gid, content = self.found[last]
                owner = what.split(":") if verb == "chown" else (uid, gid)
                self.found[last] = (kind, what if verb == "chmod" else mode, *map(int, owner), content)
            return Ended(0, b"", b"", 0.0, False)
        path = step.query["path"]
        if step.method == "DELETE":
            self.did.append(f"delete {path}")
            return self.found.pop(path)
        head = {name[len("X-Incus-") :]: value for name, value in step.headers.items() if name.startswith("X-Incus-")}
        self.did.append(f"{head['type']} {path}")
        content = step.content or b""
        for name in step.upload.values():
            with open(name, "rb") as file:
                content = file.read()
        if path in self.found:
            self.found[path] = (*self.found[path][:4], content)
        else:
            owner = int(head.get("uid", 0)), int(head.get("gid", 0))
            self.found[path] = (head["type"], head.get("mode", "0777"), *owner, content)
        return None


def run(guest, check=False, **given):
    """The outcome of a task that sets something at C(/c)."""
    resource = File()
    return converge(resource, guest, task(resource, {"name": "i", "path": "/c", **given}, check_mode=check))


@pytest.mark.parametrize(
    ("files", "running", "given", "did", "end"),
    [
        ({}, True, {"content": "x"}, ["file /c"], ("file", "0644", 0, 0, b"x")),
        ({}, False, {"content": "x", "uid": 3}, ["file /c"], ("file", "0644", 3, 0, b"x")),
        ({}, True, {"content": "x", "mode": "600"}, ["file /c"] * 2, ("file", "0600", 0, 0, b"x")),
        (OLD, True, {"content": "old\n"}, [], OLD["/c"]),
        (
            OLD,
            True,
            {"content": "x", "mode": "0755"},
            ["file /.c.nfvlab-fleet", "mv -f /.c.nfvlab-fleet /c"],
            ("file", "0755", 0, 0, b"x"),
        ),
        (OLD, False, {"content": "x", "gid": 4}, ["delete /c", "file /c"], ("file", "0644", 0, 4, b"x")),
        (OLD, True, {"mode": 0o600}, ["chmod 0600 /c"], ("file", "0600", 0, 0, b"old\n")),
        (OLD, True, {"uid": 1, "mode": "0666"}, ["chown 1:0 /c", "chmod 0666 /c"], ("file", "0666", 1, 0, b"old\n")),
        (OLD, False, {"mode": "0666"}, ["delete /c", "file /c"], ("file", "0666", 0, 0, b"old\n")),
        ({}, True, {"state": "directory"}, ["directory /c"], ("directory", "0755", 0, 0, b"")),
        ({}, True, {"state": "link", "target": "/x"}, ["symlink /c"], ("symlink", "0777", 0, 0, b"/x")),
        (
            {"/c": ("symlink", "0777", 0, 0, b"/y")},
            True,
            {"state": "link", "target": "/x"},
            ["symlink /.c.nfvlab-fleet", "mv -fT /.c.nfvlab-fleet /c"],
            ("symlink", "0777", 0, 0, b"/x"),
        ),
        (
            OLD,
            True,
            {"state": "link", "target": "/x", "force": True},
            ["delete /c", "symlink /c"],
            ("symlink", "0777", 0, 0, b"/x"),
        ),
        (OLD, True, {"state": "absent"}, ["delete /c"], None),
        ({}, True, {"state": "absent"}, [], None),
    ],
)
def test_what_is_done_and_what_comes_of_it(files, running, given, did, end):
    guest = Guest(files, running)
    foretold = run(guest, check=True, **given)
    assert guest.did == []
    done = run(guest, **given)
    assert guest.did == did and guest.found.get("/c") == end
    assert (foretold.plan.before, foretold.plan.after) == (done.plan.before, done.plan.after)
    assert run(guest, **given).sent == []


def test_what_a_killed_task_left_goes_first():
    guest = Guest({**OLD, "/.c.nfvlab-fleet": ("file", "0777", 9, 9, b"half")})
    run(guest, content="x")
    assert guest.did[0] == "delete /.c.nfvlab-fleet" and guest.found == {"/c": ("file", "0644", 0, 0, b"x")}
    guest = Guest({**OLD, "/.c.nfvlab-fleet": ("file", "0777", 9, 9, b"half")})
    run(guest, content="old\n")
    assert guest.found == OLD


def test_directories_above_are_made_on_demand():
    with pytest.raises(errors.MissingReference, match="there is no directory '/a/b'"):
        run(Guest({}), path="/a/b/c", content="x")
    guest = Guest({})
    run(guest, path="/a/b/c", content="x", parents=True)
    assert guest.did == ["directory /a", "directory /a/b", "file /a/b/c"]


def test_a_file_of_the_managed_host(tmp_path):
    (tmp_path / "f").write_bytes(b"\0\1")
    guest = Guest(OLD)
    done = run(guest, src=str(tmp_path / "f"), remote_src=True)
    assert guest.found["/c"][4] == b"\0\1" and "content" not in done.plan.after
    with pytest.raises(errors.InvalidOption, match="cannot read '/nonexistent' on the managed host"):
        run(guest, src="/nonexistent", remote_src=True)
    foretold = run(guest, check=True, src="/nonexistent", remote_src=True).plan
    assert foretold.changed == ["sha256"] and "content" not in foretold.after


def test_a_file_of_the_controller_that_is_not_here_is_said_to_be_missing_there():
    with pytest.raises(errors.InvalidOption, match="cannot read '/etc/passwd' on the controller: No such file"):
        run(Guest(OLD), src="/etc/passwd")
    assert run(Guest(OLD), check=True, src="/etc/passwd").plan.after["sha256"] == "not there yet"


def test_a_digest_alone_tells_whether_a_content_is_wanted():
    resource = File()
    for content, changed in ((b"old\n", []), (b"new\n", ["sha256"])):
        resource.digest = hashlib.sha256(content).hexdigest()
        given = task(resource, {"name": "i", "path": "/c", "src": "x"}, check_mode=True)
        plan = converge(resource, Guest(OLD), given).plan
        assert plan.changed == changed and "content" not in plan.after


def test_a_secret_is_in_no_diff():
    plan = run(Guest(OLD), content="hidden", secret=True).plan
    assert plan.before == {"state": "file", "sha256": "********"}
    assert plan.after == {"state": "file", "sha256": "******** (changed)"}


def test_a_relative_target_is_the_same_place():
    link = {"/d/c": ("symlink", "0777", 0, 0, b"/d/x")}
    assert run(Guest(link), path="/d/c", state="link", target="x").sent == []
    assert run(Guest(link), path="/d/c", state="link", target="../d/x").sent == []


def test_an_instance_that_is_gone_has_no_file():
    guest = Guest(OLD)
    guest.find = lambda path, query=None: None
    assert run(guest, state="absent").sent == []


@pytest.mark.parametrize(
    ("files", "given", "kind", "said"),
    [
        ({}, {}, errors.InvalidOption, "a new one needs 'content' or 'src'"),
        (OLD, {"state": "directory"}, errors.Conflict, "it is a file, not a directory"),
        ({}, {"path": "c"}, errors.InvalidOption, "begins with '/'"),
        (OLD, {"path": "/c/d", "content": "x"}, errors.Conflict, "'/c' is a file, not a directory"),
        ({}, {"path": "/x/../dev/null", "content": "x"}, errors.InvalidOption, "is in '/dev', which is no place"),
        ({}, {"path": "/x/.."}, errors.InvalidOption, "is the root"),
        ({}, {"state": "link"}, errors.InvalidOption, "a link needs a 'target'"),
        ({}, {"state": "link", "target": "/x", "mode": "0644"}, errors.InvalidOption, "'mode' means nothing"),
        ({}, {"content": "x", "mode": "rw"}, errors.InvalidOption, "'mode' is 'rw'"),
        ({}, {"content": "x", "mode": 644}, errors.InvalidOption, "octal digits in quotes"),
        ({}, {"content": "x", "mode": True}, errors.InvalidOption, "'mode' is 'True'"),
    ],
)
def test_what_cannot_be_is_named(files, given, kind, said):
    with pytest.raises(kind, match=said):
        run(Guest(files), **given)


def test_a_directory_changes_only_where_commands_run():
    have = {"/c": ("directory", "0755", 0, 0, b"")}
    with pytest.raises(errors.Refused, match="while the instance runs"):
        run(Guest(have, running=False), state="directory", mode="0700")
    guest = Guest(have)
    run(guest, state="directory", mode="0700")
    assert guest.did == ["chmod 0700 /c"]


def test_its_own_name_is_quoted():
    resource = File()
    given = task(resource, {"name": "a/b", "path": "/c", "content": "x"})
    resource.prepare(Guest({}), given)
    assert resource.inside.path == join("1.0", "instances", "a/b")
