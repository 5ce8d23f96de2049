# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_file, state fetched: what is compared, what is read, and what lies ready for the controller."""

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fetch import CONTENT, fetch, seal
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.files import HANDED, File

from .helpers import task
from .test_files import Guest

FILES = {
    "/c": ("file", "0640", 1, 2, b"a\0b"),
    "/d": ("directory", "0755", 0, 0, b"[]"),
    "/l": ("symlink", "0777", 0, 0, b"/m"),
    "/m": ("symlink", "0777", 0, 0, b"/c"),
    "/k": ("symlink", "0777", 0, 0, b"/proc/self/mounts"),
    "/r": ("symlink", "0777", 0, 0, b"/r"),
    "/n": ("symlink", "0777", 0, 0, b"/gone"),
}
DIGEST = hashlib.sha256(b"a\0b").hexdigest()


class Host(Guest):
    """An instance whose files can be streamed; it counts how often that is done."""

    endpoint = UnixEndpoint("/s")
    timeout = 1.0

    def __init__(self, files=None, **rest):
        super().__init__(FILES if files is None else files, **rest)
        self.transport = self
        self.streamed = 0

    def request(self, method, target, body, headers, timeout, sink):
        (content,) = [entry[4] for path, entry in self.found.items() if target.endswith("path=%2F" + path[1:])]
        self.streamed += 1
        for byte in content:
            sink(bytes([byte]))
        return Response(200, {}, b"")


def run(host, have=None, folder=None, warned=None, secret=False, **given):
    """The result of a task that fetches C(/c), and a folder only outside check mode."""
    resource = File()
    handed = {"dest": "/x/c", "have": have, "mode": "0644", "nonce": "n", "folder": folder and str(folder)}
    options = {"name": "i", "path": "/c", "state": "fetched", "dest": "x", "secret": secret, **given}
    wanted = task(
        resource,
        options,
        check_mode=folder is None,
        warn=([] if warned is None else warned).append,
        secrets=Secrets(["sha256"] if secret else []),
    )
    return fetch(resource, host, wanted, handed)


def test_a_new_file_is_read_once_and_lies_ready(tmp_path):
    host = Host()
    done = run(host, folder=tmp_path)
    assert (tmp_path / CONTENT).read_bytes() == b"a\0b" and host.streamed == 1
    assert os.stat(tmp_path / CONTENT).st_mode & 0o777 == 0o600
    assert done["changed"] and done["diff"]["before"] == {"state": "absent"}
    assert done["diff"]["after"] == {"state": "file", "sha256": DIGEST, "mode": "0644"}
    assert done["file"] == {
        "path": "/c", "type": "file", "mode": "0640", "uid": 1, "gid": 2, "sha256": DIGEST, "size": 3,
    }  # fmt: skip
    assert [(action["method"], action["sent"]) for action in done["actions"]] == [("GET", True)]
    assert done[HANDED] == {"mode": "0644", "seal": seal("n", DIGEST)} and done["dest"] == "/x/c"


def test_check_mode_foretells_the_same_and_writes_nothing(tmp_path):
    foretold, done = run(Host()), run(Host(), folder=tmp_path)
    assert foretold["diff"] == done["diff"] and foretold["changed"] and foretold["file"] == done["file"]
    assert [action["sent"] for action in foretold["actions"]] == [False]


def test_what_is_there_already_is_not_carried(tmp_path):
    done = run(Host(), have={"sha256": DIGEST, "mode": "0600"}, folder=tmp_path)
    assert not done["changed"] and done["actions"] == [] and list(tmp_path.iterdir()) == []
    assert done["diff"]["before"] == done["diff"]["after"] and "seal" not in done[HANDED]


def test_another_content_is_carried_and_the_mode_stays(tmp_path):
    done = run(Host(), have={"sha256": "0" * 64, "mode": "0600"}, folder=tmp_path)
    assert done["changed"] and (tmp_path / CONTENT).read_bytes() == b"a\0b"
    assert done["diff"]["after"] == {"state": "file", "sha256": DIGEST, "mode": "0600"}


def test_another_mode_alone_carries_nothing(tmp_path):
    done = run(Host(), have={"sha256": DIGEST, "mode": "0600"}, folder=tmp_path, mode="0444")
    assert done["changed"] and done["actions"] == [] and list(tmp_path.iterdir()) == []
    assert done[HANDED] == {"mode": "0444"}


def test_links_are_followed_to_where_they_end(tmp_path):
    assert run(Host(), path="/l", folder=tmp_path)["file"]["path"] == "/c"


def test_a_secret_shows_neither_its_digest_nor_whether_it_is_short(tmp_path):
    done = run(Host(), have={"sha256": "0" * 64, "mode": "0600"}, folder=tmp_path, secret=True)
    assert DIGEST not in str(done) and "0" * 64 not in str(done)
    assert done["diff"]["before"]["sha256"] == "********"
    assert done["diff"]["after"]["sha256"] == "******** (changed)" and done["file"]["sha256"] == "********"


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"path": "/x"}, errors.NotFound, "there is no such file; correct 'path'"),
        ({"path": "/n"}, errors.NotFound, "where its link leads: '/gone'"),
        ({"path": "/d"}, errors.Conflict, "it is a directory, and only a file can be fetched; pack it"),
        ({"path": "/k"}, errors.InvalidOption, "'/proc/self/mounts', where a link leads, is in '/proc'"),
        ({"path": "/r"}, errors.Conflict, "links lead to links without an end"),
        ({"path": "/proc/1/environ"}, errors.InvalidOption, "'path' is in '/proc'"),
        ({"path": "c"}, errors.InvalidOption, "begins with '/'"),
        ({"dest": ""}, errors.InvalidOption, "'fetched' needs a 'dest'"),
        ({"content": "x"}, errors.InvalidOption, "'content' means nothing with the state 'fetched'"),
        ({"uid": 1}, errors.InvalidOption, "'uid' means nothing with the state 'fetched'"),
        ({"state": "file", "content": "x"}, errors.InvalidOption, "'dest' means nothing with the state 'file'"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(tmp_path, given, kind, said):
    with pytest.raises(kind, match=said):
        run(Host(), folder=tmp_path, **given)
    assert list(tmp_path.iterdir()) == []


def test_without_its_action_plugin_it_says_so():
    resource = File()
    given = task(resource, {"name": "i", "path": "/c", "state": "fetched", "dest": "x"})
    with pytest.raises(errors.InvalidOption, match="only through the action plugin"):
        fetch(resource, Host(), given, {})


def test_what_an_earlier_task_would_have_made_is_foretold():
    warned = []
    done = run(Host(), path="/x", warned=warned)
    assert done["changed"] and done["file"] is None and "there is no such file" in warned[0]
    assert done["diff"]["after"]["sha256"] == "not there yet"
    gone = Host()
    gone.find = lambda path, query=None: None
    gone.names = lambda collection, query=None: ["default"]
    done = run(gone, warned=warned)
    assert done["changed"] and "it does not exist" in warned[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_belongs_to_whom_it_is_fetched_by(tmp_path):
    os.chown(tmp_path, 65534, 65533)
    run(Host(), folder=tmp_path)
    seen = os.stat(tmp_path / CONTENT)
    assert (seen.st_uid, seen.st_gid, seen.st_mode & 0o777) == (65534, 65533, 0o600)


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def full(file, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(errors.Refused, match="on the managed host: No space left on device; make room there"):
        run(Host(), folder=tmp_path)


def test_a_folder_that_is_not_ours_is_one_sentence(tmp_path):
    with pytest.raises(errors.Refused, match="cannot write '/nonexistent/content' on the managed host: No such file"):
        run(Host(), folder="/nonexistent")
    (tmp_path / CONTENT).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.Refused, match="File exists"):
        run(Host(), folder=tmp_path)
