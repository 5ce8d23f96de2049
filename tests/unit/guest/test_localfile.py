# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are replaced whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.localfile import (
    Adjust,
    Replacement,
    Write,
    absolute,
    access,
    explained,
    look,
    wanted,
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def files(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_new_content_gets_the_name_last(tmp_path):
    path = tmp_path / "conf"
    path.write_text("old")
    path.chmod(0o640)
    with Replacement(str(path)) as replacement:
        replacement.write(b"new")
        assert path.read_text() == "old" and len(files(tmp_path)) == 2
        assert (tmp_path / files(tmp_path)[0]).stat().st_mode & 0o777 == 0o600
        replacement.keep({}, 0o644)
    assert path.read_text() == "new" and files(tmp_path) == ["conf"]
    assert path.stat().st_mode & 0o7777 == 0o640


def test_a_new_file_gets_the_given_mode_or_the_other(tmp_path):
    for name, given, mode in (("a", {}, 0o600), ("b", {"mode": 0o2755}, 0o2755)):
        Write(str(tmp_path / name), b"x", given, 0o600).perform(None)
        assert (tmp_path / name).stat().st_mode & 0o7777 == mode


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "conf"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), Replacement(str(path)) as replacement:
        replacement.write(b"half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and files(tmp_path) == ["conf"]


def test_what_a_killed_task_left_goes_and_what_is_being_written_stays(tmp_path):
    (tmp_path / ".conf.nfvlab-fleet.dead").write_text("half")
    (tmp_path / ".other.nfvlab-fleet.dead").write_text("of another file")
    with open(tmp_path / ".conf.nfvlab-fleet.alive", "w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        Write(str(tmp_path / "conf"), b"x", {}, 0o600).perform(None)
        assert files(tmp_path) == [".conf.nfvlab-fleet.alive", ".other.nfvlab-fleet.dead", "conf"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(errors.MissingReference, match=f"there is no directory '{folder}'; create it first"):
            Replacement(str(folder / "conf"))
        assert look(str(folder / "conf")) is None


def test_what_is_no_file_is_left_alone(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(errors.Conflict, match=f"'{tmp_path / name}': it is no file; remove what is there"):
            look(str(tmp_path / name))


def test_a_file_is_shown_by_content_mode_and_owner(tmp_path):
    path = tmp_path / "conf"
    path.write_bytes(b"hello\n")
    path.chmod(0o600)
    shown = look(str(path))
    assert (shown["size"], shown["mode"]) == (6, "0600")
    assert shown["sha256"] == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    assert wanted(access({"mode": "600", "owner": str(os.geteuid())})) == {"mode": "0600", "owner": shown["owner"]}


@needs_root
def test_the_owner_is_a_name_or_a_number_and_may_be_unknown(tmp_path):
    path = str(tmp_path / "conf")
    given = access({"owner": "nobody", "group": "12345", "mode": 0o640})
    Write(path, b"x", given, 0o600).perform(None)
    shown = look(path)
    assert (shown["owner"], shown["group"], shown["mode"]) == ("nobody", "12345", "0640")
    assert wanted(given) == {"owner": "nobody", "group": "12345", "mode": "0640"}
    Write(path, b"y", {}, 0o600).perform(None)
    assert look(path)["owner"] == "nobody"
    Adjust(path, access({"owner": "root", "mode": "4755"})).perform(None)
    shown = look(path)
    assert (shown["owner"], shown["group"], shown["mode"]) == ("root", "12345", "4755")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "rw"}, "'mode' is 'rw'"),
        ({"mode": "99"}, "'mode' is '99'"),
        ({"mode": True}, "'mode' is 'True'"),
        ({"mode": 0o10000}, "'mode' is '4096'"),
        ({"owner": "nobdy"}, "'nobdy', which this system does not have; did you mean 'nobody'?"),
        ({"group": "qqqq"}, "create it first, or give a number"),
    ],
)
def test_modes_and_owners_that_cannot_be_are_named(given, said):
    with pytest.raises(errors.InvalidOption) as caught:
        access(given)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", ["conf", "/etc/", "/", "", "/.."])
def test_a_path_names_a_file(path):
    with pytest.raises(errors.InvalidOption, match=r"'path' is '.*'; give the path of a file that begins with '/'"):
        absolute("path", path)
    assert absolute("path", "/etc/../srv//x") == "/srv/x"


@pytest.mark.parametrize(
    ("error", "sort", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), errors.Refused, "make room for it; nothing was replaced"),
        (PermissionError(errno.EACCES, "Permission denied"), errors.Forbidden, "use 'become: true'"),
        (OSError(errno.EROFS, "Read-only file system"), errors.Refused, "whether its file system can be written to"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(error, sort, said):
    found = explained(error, "/x", "write")
    assert found.__class__ is sort and str(found).startswith("'/x': cannot write it: ") and said in str(found)


def test_a_full_file_system_leaves_nothing(tmp_path, monkeypatch):
    def full(fd, block):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(errors.Refused, match="make room"), Replacement(str(tmp_path / "x")) as replacement:
        monkeypatch.setattr(os, "write", full)
        replacement.write(b"x")
    assert files(tmp_path) == []
