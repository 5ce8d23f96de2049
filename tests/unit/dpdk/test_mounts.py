# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dpdk_hugepages: mounts of hugetlbfs, on a host of files."""

from __future__ import annotations

import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import hugepages, mounts

from tests.unit.dpdk.fake_host import FakeHost

ROOT = "/dev/vda1 / ext4 rw,relatime 0 0\n"
FSTAB = "# mine\nUUID=1 / ext4 defaults 0 1\n"
HUGE = {"path": "/mnt/huge", "size": "2M"}


class Kernel:
    """Mounts that mount(8) and umount(8) change, shown as Linux 6.1 shows them.

    :param drops: an option that it takes and does not keep
    """

    def __init__(self, host, drops=None):
        self.host, self.drops, self.fails = host, drops, None
        host.put("proc/self/mounts", ROOT)
        host.put("etc/fstab", FSTAB)

    def run(self, words):
        where = "/" + os.path.relpath(words[-1], self.host.root).replace(" ", "\\040")
        lines = self.host.read("proc/self/mounts").splitlines()
        if words[0] == "umount":
            lines = [line for line in lines if line.split()[1] != where]
        else:
            assert os.path.isdir(words[-1]) and words[:4] == ["mount", "-t", "hugetlbfs", "-o"]
            if self.fails and self.fails in words[4]:
                raise errors.OperationFailed("mount: permission denied")
            given = [word for word in words[4].split(",") if word != "defaults" and word != self.drops]
            if not any(word.startswith("pagesize=") for word in given):
                given.append("pagesize=2M")
            shown = [f"size={int(word[5:-1]) << 20}" if word.startswith("size=") else word for word in given]
            lines.append(f"nodev {where} hugetlbfs {','.join(['rw', 'relatime', *shown])} 0 0")
        self.host.put("proc/self/mounts", "".join(f"{line}\n" for line in lines))


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    host.kernel = Kernel(host)
    monkeypatch.setattr(hugepages, "Host", lambda root: host)
    monkeypatch.setattr(mounts, "run_command", host.kernel.run)
    return host


def mount(host, *rows, check=False):
    blank = {**dict.fromkeys(mounts.OPTIONS), "state": "present"}
    params = {"pages": None, "boot": None, "mounts": [{**blank, **row} for row in rows], "root": host.root}
    return hugepages.work(Task(params, params, check_mode=check))


def test_a_mount_comes_and_goes_as_predicted(host):
    full = {**HUGE, "uid": 7, "gid": 8, "mode": "770", "max_size": "512M", "persistent": True}
    words = "pagesize=2M,uid=7,gid=8,mode=0770,size=512M"
    for row, before, after in (
        (full, "absent", words),
        ({**HUGE, "state": "absent", "persistent": False}, words, "absent"),
    ):
        predicted, done = mount(host, row, check=True), mount(host, row)
        assert predicted["diff"] == done["diff"]
        assert done["diff"]["before"]["mount /mnt/huge"] == before and done["diff"]["after"]["mount /mnt/huge"] == after
        assert [{**action, "sent": True} for action in predicted["actions"]] == done["actions"]
        again = mount(host, row)
        assert not again["changed"] and not again["actions"]
        assert (host.read("etc/fstab") + "\n" == FSTAB) is (after == "absent")
        expected = {**full, "mode": "0770", "state": "present"}
        assert done["mounts"] == ([expected] if after != "absent" else [])
    assert host.read("proc/self/mounts") + "\n" == ROOT


def test_an_option_that_is_not_given_stays_and_one_that_differs_means_a_new_mount(host):
    mount(host, {**HUGE, "mode": "0700", "max_size": "4M"})
    assert not mount(host, {"path": "/mnt/huge", "mode": "700"})["changed"]
    done = mount(host, {"path": "/mnt/huge", "uid": 5})
    folder = host.path("mnt/huge")
    assert [action["command"] for action in done["actions"]] == [
        f"umount {folder}",
        f"mount -t hugetlbfs -o pagesize=2M,uid=5,mode=0700,size=4M nodev {folder}",
    ]


def test_a_limit_goes_and_what_is_returned_can_be_asked_for(host):
    mount(host, {**HUGE, "max_size": "4M", "persistent": True})
    limited = mounts.rows(host)
    free = mount(host, {**HUGE, "max_size": "none"})["mounts"]
    assert free[0]["max_size"] == "none" and limited[0]["max_size"] == "4M"
    for rows in (limited, free):
        mount(host, *rows)
        assert mounts.rows(host) == rows and not mount(host, *rows)["changed"]


def test_what_was_mounted_comes_back_where_the_new_mount_fails(host):
    mount(host, {**HUGE, "uid": 4})
    host.kernel.fails = "uid=5"
    with pytest.raises(errors.OperationFailed) as caught:
        mount(host, {**HUGE, "uid": 5})
    assert len(caught.value.outcome.sent) == 1 and mounts.rows(host)[0]["uid"] == 4


def test_fstab_alone(host):
    done = mount(host, {**HUGE, "state": "absent", "persistent": True})
    assert host.read("etc/fstab").endswith("nodev /mnt/huge hugetlbfs pagesize=2M 0 0")
    assert (
        done["actions"] == [{"file": host.path("etc/fstab"), "sent": True}] and done["mounts"][0]["state"] == "absent"
    )
    assert not mount(host, {**HUGE, "state": "absent"})["changed"]


@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("none /a hugetlbfs rw,uid=1,noatime 0 0", "none /a hugetlbfs rw,noatime,pagesize=1G,uid=1 0 0"),
        ("none /a hugetlbfs defaults 0 0", "none /a hugetlbfs pagesize=1G 0 0"),
        ("x  /a\thugetlbfs pagesize=1024M 0 0", "x  /a\thugetlbfs pagesize=1024M 0 0"),
        ("# x /a hugetlbfs defaults 0 0", "# x /a hugetlbfs defaults 0 0\nnodev /a hugetlbfs pagesize=1G 0 0"),
    ],
)
def test_a_line_of_fstab_keeps_its_place_and_its_other_words(line, then):
    assert mounts.fstab_with(f"one\n{line}\n", "/a", {"size": 1048576}).startswith(f"one\n{then}")


@pytest.mark.parametrize(("text", "says"), [(None, "no fstab"), (b"# \xe9\n", "not UTF-8")])
def test_fstab_that_cannot_be_changed_stops_before_the_first_change(host, text, says):
    os.unlink(host.path("etc/fstab"))
    if text:
        with open(host.path("etc/fstab"), "wb") as stream:
            stream.write(text)
    with pytest.raises(errors.Unsupported, match=says):
        mount(host, {**HUGE, "persistent": True})
    assert host.read("proc/self/mounts") + "\n" == ROOT


def test_folders_with_spaces(host):
    mount(host, {"path": "/mnt/a b", "persistent": True})
    assert "nodev /mnt/a\\040b hugetlbfs defaults 0 0" in host.read("etc/fstab")
    assert mounts.rows(host)[-1]["path"] == "/mnt/a b"


def test_a_mount_in_use_says_by_whom(host):
    mount(host, HUGE)
    host.put("proc/41/comm", "testpmd")
    host.put("proc/41/maps", "7f00-7f10 rw-s 00000000 00:2d 5  /mnt/huge/rtemap_0\n7f20-7f30 r--p 0 0:0 0\n")
    host.put("proc/42/comm", "sh")
    os.makedirs(host.path("proc/42/fd"))
    os.symlink("/mnt/huge", host.path("proc/42/cwd"))
    os.symlink("/mnt/hugely", host.path("proc/42/fd/3"))
    for row in ({**HUGE, "state": "absent"}, {**HUGE, "uid": 3}):
        for check in (True, False):
            with pytest.raises(errors.InUse, match=r"^testpmd \(41\), sh \(42\) use hugepages of the mount /mnt/huge"):
                mount(host, row, check=check)
    assert not mount(host, HUGE)["changed"]
    assert mounts.holders(host, "/mnt/hugely") == ["sh (42)"]


def test_an_option_that_the_kernel_does_not_keep_is_an_error(host):
    host.kernel.drops = "uid=9"
    with pytest.raises(errors.NotKept, match="asked for with uid=9 and has pagesize=2M"):
        mount(host, {"path": "/mnt/huge", "uid": 9})


@pytest.mark.parametrize(
    ("row", "kind", "says"),
    [
        ({"path": "/"}, errors.InvalidOption, "cannot be mounted on /"),
        ({"path": "huge"}, errors.InvalidOption, "no full path"),
        ({"path": "/a", "size": "16M"}, errors.Unsupported, "has 2M, 1G"),
        ({"path": "/a", "mode": "rwx"}, errors.InvalidOption, "octal"),
        ({"path": "/a", "uid": -1}, errors.InvalidOption, "0 or more"),
        ({"path": "/a", "max_size": "3M", "size": "2M"}, errors.InvalidOption, "whole number of pages"),
        ({"path": "/etc"}, errors.Conflict, "not empty"),
        ({"path": "/etc/fstab"}, errors.Conflict, "is a file"),
        ({"path": "/other"}, errors.Conflict, "tmpfs is mounted on /other"),
        ({"path": "/other", "state": "absent"}, errors.Conflict, "tmpfs is mounted on /other"),
        ({"path": "/later", "persistent": True}, errors.Conflict, "fstab has tmpfs"),
    ],
)
def test_mounts_that_cannot_be(host, row, kind, says):
    host.put("proc/self/mounts", f"{ROOT}tmpfs /other tmpfs rw 0 0\n")
    host.put("etc/fstab", f"{FSTAB}tmpfs /later tmpfs rw 0 0\n")
    with pytest.raises(kind) as caught:
        mount(host, row, check=True)
    assert says in str(caught.value)


def test_a_folder_twice_is_refused_by_any_name(host):
    os.makedirs(host.path("mnt/huge"))
    os.symlink("huge", host.path("mnt/also"))
    with pytest.raises(errors.InvalidOption, match="twice"):
        mount(host, HUGE, {"path": "/mnt/also/"})
