# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Mounts of hugetlbfs, now and in fstab. No other mount is touched.

Source: hugetlbfs_show_options and hugetlb_fs_parameters in fs/hugetlbfs/inode.c of Linux 6.1.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._core import files
from .._core.errors import Conflict, FleetError, InUse, InvalidOption, NotKept, Unsupported
from .._core.fields import Spec
from .host import Host
from .local import Edit, run_command
from .module import Work
from .units import page_size, page_text

OPTIONS: Spec = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "size": {"type": "str"},
    "uid": {"type": "int"},
    "gid": {"type": "int"},
    "mode": {"type": "str"},
    "max_size": {"type": "str"},
    "persistent": {"type": "bool"},
}
KIND = "hugetlbfs"
NO_LIMIT = "none"
# What the kernel takes where nothing is given; it does not show these.
DEFAULTS: dict[str, t.Any] = {"size": None, "uid": 0, "gid": 0, "mode": "0755", "max_size": None}
# Our name and the kernel's, in the order of a mount's options.
NAMES = (("size", "pagesize"), ("uid", "uid"), ("gid", "gid"), ("mode", "mode"), ("max_size", "size"))
FSTAB = "etc/fstab"
_BYTES = re.compile(r"(\d+)([kmgKMG]?)")
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(t.NamedTuple):
    """One line of C(/proc/self/mounts) or of fstab.

    :param options: size and max_size in kB or null, uid, gid, mode as four octal digits
    :param words: all options as they are written
    """

    path: str
    kind: str
    options: dict[str, t.Any]
    words: list[str]


def no_such_size(size: int, sizes: t.Sequence[int]) -> Unsupported:
    """The error for pages of a size, in kB, that the kernel does not have."""
    has = ", ".join(page_text(one) for one in sizes) or "none"
    return Unsupported(f"there are no hugepages of {page_text(size)} here", next_step=f"the kernel has {has}")


def read(line: str) -> Mount | None:
    """A mount from its line; null for a comment or an empty one."""
    words = line.split()
    if len(words) < 4 or line.lstrip().startswith("#"):
        return None
    path = _ESCAPE.sub(lambda found: chr(int(found.group(1), 8)), words[1])
    listed = words[3].split(",")
    return Mount(path, words[2], _options(listed) if words[2] == KIND else {}, listed)


def _options(words: t.Sequence[str]) -> dict[str, t.Any]:
    given = dict(word.partition("=")[::2] for word in words)
    found = dict(DEFAULTS)
    for name, kernels in NAMES:
        text = given.get(kernels)
        if not text:
            continue
        if name in ("uid", "gid"):
            found[name] = int(text) if text.isdigit() else text
        elif name == "mode":
            found[name] = text.zfill(4)
        else:
            found[name] = _kilobytes(text)
    return found


def _kilobytes(text: str) -> int | str:
    """A size of a mount in kB; without a unit it is in bytes. What is no such number, as C(size=50%), stays a text."""
    found = _BYTES.fullmatch(text)
    if not found:
        return text
    shift = {"": -1, "k": 0, "m": 1, "g": 2}[found.group(2).lower()]
    return int(found.group(1)) // 1024 if shift < 0 else int(found.group(1)) * 1024**shift


def wanted(row: t.Mapping[str, t.Any], sizes: t.Sequence[int]) -> dict[str, t.Any]:
    """The options that a task gives, in the shape of C(Mount.options).

    :raises InvalidOption: a value that cannot be
    :raises Unsupported: the kernel has no such pages
    """
    found: dict[str, t.Any] = {name: row[name] for name in ("uid", "gid") if row.get(name) is not None}
    negative = next((name for name, number in found.items() if number < 0), None)
    if negative:
        raise InvalidOption(f"the {negative} of {row['path']} is {found[negative]}", next_step="give 0 or more")
    if row.get("mode") is not None:
        if not re.fullmatch(r"[0-7]{3,4}", row["mode"]):
            raise InvalidOption(
                f"'{row['mode']}' is not the mode of a folder", next_step="write octal digits in quotes, such as '0770'"
            )
        found["mode"] = row["mode"].zfill(4)
    for name in ("size", "max_size"):
        if row.get(name) is not None:
            found[name] = None if (name, row[name]) == ("max_size", NO_LIMIT) else page_size(row[name])
    if "size" in found and found["size"] not in sizes:
        raise no_such_size(found["size"], sizes)
    if (found.get("max_size") or 0) % found.get("size", 1):
        raise InvalidOption(
            f"the max_size {row['max_size']} of {row['path']} is not a whole number of pages of {row['size']}"
        )
    return found


def render(options: t.Mapping[str, t.Any], others: t.Sequence[str] = ()) -> str:
    """Options as mount takes them, after others that are none of ours."""
    kept = [word for word in others if word.partition("=")[0] not in {kernels for _name, kernels in NAMES}]
    for name, kernels in NAMES:
        value = options.get(name)
        if value is not None and value != DEFAULTS[name]:
            in_kb = name in ("size", "max_size") and isinstance(value, int)
            kept.append(f"{kernels}={page_text(value) if in_kb else value}")
    return ",".join(kept) or "defaults"


def fstab_with(text: str, path: str, options: t.Mapping[str, t.Any] | None) -> str:
    """fstab with one line for a mount; every other line stays as it is, and the line keeps its place and other words.

    :param options: what is asked for; null removes the line
    :raises Conflict: the folder is another file system's there
    """
    lines, done = [], options is None
    for line in text.splitlines():
        found = read(line)
        if not found or found.path != path:
            lines.append(line)
            continue
        if found.kind != KIND:
            raise Conflict(f"fstab has {found.kind} for {path}", next_step="choose another folder")
        if options is None or done:
            continue
        done = True
        then = {**found.options, **options}
        lines.append(line if then == found.options else _line(line.split()[0], path, then, found.words))
    if not done:
        lines.append(_line("nodev", path, options or {}, ()))
    return "".join(f"{line}\n" for line in lines)


def _line(source: str, path: str, options: t.Mapping[str, t.Any], others: t.Sequence[str]) -> str:
    return f"{source} {_escaped(path)} {KIND} {render(options, [word for word in others if word != 'defaults'])} 0 0"


def _escaped(path: str) -> str:
    return "".join(f"\\{ord(char):03o}" if char in " \t\n\\" else char for char in path)


def mounted(host: Host) -> dict[str, Mount]:
    """What is mounted, by folder. Of several on one folder the last is the one that is seen."""
    found = [read(line) for line in host.read("proc/self/mounts").splitlines()]
    return {mount.path: mount for mount in found if mount}


def rows(host: Host) -> list[dict[str, t.Any]]:
    """The mounts of hugetlbfs, those that are only in fstab as well, as a task would ask for them."""
    now = {path: mount for path, mount in mounted(host).items() if mount.kind == KIND}
    lines = [read(line) for line in host.read(FSTAB).splitlines()]
    later = {mount.path: mount for mount in lines if mount and mount.kind == KIND}
    return [
        {
            "path": path,
            "state": "present" if path in now else "absent",
            **_shown((now.get(path) or later[path]).options),
            "persistent": path in later,
        }
        for path in sorted({*now, *later})
    ]


def _shown(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    texts = {name: page_text(options[name]) for name in ("size", "max_size") if isinstance(options[name], int)}
    return {**options, "max_size": options["max_size"] or NO_LIMIT, **texts}


def holders(host: Host, path: str) -> list[str]:
    """The processes that hold something below a mount, as far as they can be seen, each with its name."""
    found = []
    for pid in host.names("proc"):
        if pid.isdigit() and any(target == path or target.startswith(f"{path}/") for target in _held(host, pid)):
            found.append(f"{host.read(f'proc/{pid}/comm', '?')} ({pid})")
    return found


def _held(host: Host, pid: str) -> t.Iterator[str]:
    links = ["cwd", "root", *(f"fd/{number}" for number in host.names(f"proc/{pid}/fd"))]
    for name in links:
        try:
            yield os.readlink(host.path(f"proc/{pid}/{name}"))
        except OSError:  # it has ended, or is another user's
            continue
    for line in host.read(f"proc/{pid}/maps").splitlines():
        words = line.split(None, 5)
        if len(words) == 6:
            yield words[5]


def work(host: Host, job: Work, wants: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Bring each mount about, now and in fstab.

    :raises InvalidOption: a folder is asked for twice, or a value cannot be
    :raises Conflict: another file system has the folder
    :raises InUse: a mount that has to go is in use
    """
    sizes, now = host.page_sizes(), mounted(host)
    named = [(_place(host, row["path"]), row) for row in wants]
    twice = next((path for at, (path, _row) in enumerate(named) if path in [one for one, _want in named[:at]]), None)
    if twice:
        raise InvalidOption(f"the mount {twice} is asked for twice")
    asked = [(path, row, wanted(row, sizes)) for path, row in named]
    _check(host, asked, now)
    before = after = _fstab_text(host)
    for path, row, options in asked:
        if row["persistent"] is not None:
            after = fstab_with(after, path, options if row["persistent"] else None)
    differs = after.splitlines() != before.splitlines()
    file = host.path(FSTAB)
    if differs and not os.path.exists(file):
        raise Unsupported("the host has no fstab", endpoint=file, next_step="leave out 'persistent'")
    for path, row, options in asked:
        _now(host, job, path, now.get(path), options if row["state"] == "present" else None)
    if differs:
        job.change({"/etc/fstab": before}, {"/etc/fstab": after})
        job.do(Edit("file", file), lambda: files.replace(file, after))


def _fstab_text(host: Host) -> str:
    file = host.path(FSTAB)
    if not os.path.exists(file):
        return ""
    try:
        with open(file, encoding="utf-8") as stream:
            return stream.read()
    except UnicodeDecodeError:
        raise Unsupported("fstab is not UTF-8", endpoint=file, next_step="write it anew by hand") from None


def _place(host: Host, path: str) -> str:
    """A folder as the kernel names it, without links."""
    if not path.startswith("/"):
        raise InvalidOption(f"'{path}' is no full path", next_step="write it from / on")
    root = os.path.realpath(host.root)
    inside = os.path.relpath(os.path.realpath(host.path(path.lstrip("/"))), root)
    if inside == ".":
        raise InvalidOption("hugepages cannot be mounted on /", next_step="choose a folder, such as /mnt/huge")
    return f"/{inside}"


def _check(
    host: Host, asked: t.Sequence[tuple[str, t.Mapping[str, t.Any], dict[str, t.Any]]], now: t.Mapping[str, Mount]
) -> None:
    """Refuse before the first change what cannot be done."""
    for path, row, options in asked:
        mount = now.get(path)
        if mount and mount.kind != KIND:
            raise Conflict(f"{mount.kind} is mounted on {path}", next_step="choose another folder")
        folder = host.path(path.lstrip("/"))
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise Conflict(f"{path} is a file", next_step="choose a folder")
        if row["state"] == "present" and not mount and host.names(path.lstrip("/")):
            raise Conflict(
                f"{path} is not empty, and a mount would hide what is in it", next_step="choose an empty folder"
            )
        leaves = mount and (row["state"] == "absent" or {**mount.options, **options} != mount.options)
        held = holders(host, path) if leaves else []
        if held:
            raise InUse(
                f"{', '.join(held)} {'uses' if len(held) == 1 else 'use'} hugepages of the mount {path}",
                next_step="end them, or leave the mount as it is",
            )


def _now(host: Host, job: Work, path: str, mount: Mount | None, options: dict[str, t.Any] | None) -> None:
    """Mount, mount anew or take the mount away. The kernel changes no option of one that is there."""
    then = None if options is None else {**(mount.options if mount else DEFAULTS), **options}
    key = f"mount {path}"
    job.change({key: render(mount.options) if mount else "absent"}, {key: "absent" if then is None else render(then)})
    if (mount.options if mount else None) == then:
        return
    folder = host.path(path.lstrip("/"))
    if mount:
        job.do(Edit("command", f"umount {folder}"), lambda: run_command(["umount", folder]))
    if then is None:
        return
    if not os.path.isdir(folder):
        job.do(Edit("folder", folder), lambda: os.makedirs(folder, exist_ok=True))
    words = ["mount", "-t", KIND, "-o", render(then), "nodev", folder]
    job.do(Edit("command", " ".join(words)), lambda: _mount(words, render(mount.options) if mount else None))
    if not job.task.check_mode:
        _read_back(host, job, path, options or {}, render(then))


def _read_back(host: Host, job: Work, path: str, options: t.Mapping[str, t.Any], asked: str) -> None:
    got = mounted(host).get(path)
    has = got.options if got and got.kind == KIND else None
    if has is None or any(has[name] != value for name, value in options.items()):
        raise job.failed(
            NotKept(
                f"the mount {path} was asked for with {asked} and {'has ' + render(has) if has else 'is not there'}",
                next_step="look at the kernel's log",
            )
        )


def _mount(words: list[str], before: str | None) -> None:
    """Mount; where that fails, what was there comes back."""
    try:
        run_command(words)
    except FleetError:
        if before is not None:
            run_command([*words[:4], before, *words[5:]])
        raise
