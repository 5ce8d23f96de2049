# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Hugepages: pools at run time, and those that the kernel reserves when it boots. Plans are pure, writes read back."""

from __future__ import annotations

import functools
import os
import re
import typing as t

from .._core import files
from .._core.errors import InUse, InvalidOption, NotFound, NotKept, Unsupported
from .._core.fields import Spec
from .._core.resource import Task
from . import mounts
from .host import Host, pool_folder
from .local import Edit, run_command
from .module import Work
from .units import page_size, page_text

OPTIONS: Spec = {
    "pages": {
        "type": "list",
        "elements": "dict",
        "options": {
            "size": {"type": "str", "required": True},
            "node": {"type": "int"},
            "count": {"type": "int", "required": True},
            "match": {"type": "str", "choices": ["exactly", "at_least", "free"], "default": "exactly"},
        },
    },
    "boot": {
        "type": "list",
        "elements": "dict",
        "options": {"size": {"type": "str", "required": True}, "count": {"type": "int", "required": True}},
    },
    "boot_default_size": {"type": "str"},
    "mounts": {"type": "list", "elements": "dict", "options": mounts.OPTIONS},
    "grub_file": {"type": "path", "default": "/etc/default/grub"},
    "update_grub": {"type": "list", "elements": "str", "default": ["update-grub"]},
    "root": {"type": "path", "default": "/"},
}
_PAGE_WORDS = re.compile(r"(default_hugepagesz|hugepagesz|hugepages)=")
_GRUB = re.compile(r"^(GRUB_CMDLINE_LINUX_DEFAULT=)(.*)$", re.MULTILINE)


class Change(t.NamedTuple):
    """One pool that becomes larger or smaller."""

    size_kb: int
    node: int
    now: int
    then: int
    free: int
    folder: str


def plan(wanted: t.Sequence[t.Mapping[str, t.Any]], pools: t.Sequence[t.Mapping[str, t.Any]]) -> list[Change]:
    """What has to change for each pool that is asked for.

    A size without a node is spread: every node gets its part, the first ones one more where it does not divide. With
    C(free), so many more pages are asked for that this count is free.

    :raises Unsupported: the CPU or the kernel has no such size
    :raises NotFound: no such node
    :raises InUse: a pool would become smaller than what is in use of it
    """
    changes: list[Change] = []
    for row in wanted:
        size = page_size(row["size"])
        nodes = _nodes(size, row.get("node"), pools)
        if row["count"] < 0:
            raise InvalidOption(f"the count of pages is {row['count']}", next_step="give 0 or more")
        for place, pool in enumerate(nodes):
            share = row["count"] // len(nodes) + (1 if place < row["count"] % len(nodes) else 0)
            changes.append(_change(pool, share, row.get("match") or "exactly"))
    seen = [(change.size_kb, change.node) for change in changes]
    twice = next((pair for pair in seen if seen.count(pair) > 1), None)
    if twice:
        raise InvalidOption(f"pages of {page_text(twice[0])} on node {twice[1]} are asked for twice")
    return changes


def _nodes(size: int, node: int | None, pools: t.Sequence[t.Mapping[str, t.Any]]) -> list[t.Mapping[str, t.Any]]:
    of_size = [pool for pool in pools if pool["size_kb"] == size]
    if not of_size:
        raise mounts.no_such_size(size, sorted({pool["size_kb"] for pool in pools}))
    if node is None:
        return of_size
    of_node = [pool for pool in of_size if pool["node"] == node]
    if not of_node:
        raise NotFound(
            f"there is no NUMA node {node}",
            next_step=f"this host has {', '.join(str(pool['node']) for pool in of_size)}",
        )
    return of_node


def _change(pool: t.Mapping[str, t.Any], share: int, match: str) -> Change:
    now, used = pool["nr"], pool["nr"] - pool["free"]
    then = {"exactly": share, "at_least": max(now, share), "free": max(now, used + share)}[match]
    if then < used:
        raise InUse(
            f"{used} pages of {page_text(pool['size_kb'])} on node {pool['node']} are in use, and {then} are to stay",
            next_step="end the processes that hold them, or keep as many",
        )
    return Change(pool["size_kb"], pool["node"], now, then, pool["free"], pool["folder"])


class Write(t.NamedTuple):
    """Text that goes to one file of the kernel's."""

    file: str
    text: str

    def describe(self) -> dict[str, t.Any]:
        """The write as C(actions) shows it."""
        return {"write": self.file, "value": self.text}


def apply(host: Host, change: Change) -> None:
    """Set a pool and read it back.

    :raises NotKept: the kernel gave less, with how much memory was free and in how large pieces
    """
    name = f"{change.folder}/nr_hugepages"
    host.write(name, str(change.then))
    got = int(host.read(name, "0"))
    if got == change.then:
        return
    if got < change.then:
        host.write(name, str(change.now))  # as it was: a part of what was asked for helps nobody
    kind: type[NotKept | InUse] = NotKept if got < change.then else InUse
    raise kind(
        f"the kernel gave {got} of {change.then} pages of {page_text(change.size_kb)} on node {change.node}: "
        f"{host.free_memory(change.node) // 1024} MiB are free there, the largest piece has "
        f"{host.largest_block(change.node)} kB",
        endpoint=host.path(name),
        next_step="free memory, compact it (echo 1 >/proc/sys/vm/compact_memory), or reserve the pages at boot",
    )


def boot_line(line: str, wanted: t.Sequence[t.Mapping[str, t.Any]], default_size: str | None) -> str:
    """A kernel command line with the pages that are wanted; every other word keeps its place.

    The order counts: C(hugepages=) belongs to the C(hugepagesz=) before it.
    """
    words = line.split()
    places = [at for at, word in enumerate(words) if _PAGE_WORDS.match(word)]
    others = [word for word in words if not _PAGE_WORDS.match(word)]
    at = len([word for word in words[: places[0]] if not _PAGE_WORDS.match(word)]) if places else len(others)
    pages = [f"default_hugepagesz={page_text(page_size(default_size))}"] if default_size else []
    for row in wanted:
        if row["count"]:
            pages += [f"hugepagesz={page_text(page_size(row['size']))}", f"hugepages={row['count']}"]
    return " ".join(others[:at] + pages + others[at:])


def boot_pages(line: str) -> dict[str, int]:
    """The pages that a kernel command line asks for, by size; a count without a size is C(default)."""
    found: dict[str, int] = {}
    size = "default"
    for word in line.split():
        name, _equals, value = word.partition("=")
        if name == "hugepagesz":
            size = page_text(page_size(value))
        elif name == "hugepages" and value.isdigit():
            found[size] = int(value)
    return found


def grub_change(text: str, wanted: t.Sequence[t.Mapping[str, t.Any]], default_size: str | None) -> str:
    """A configuration of GRUB whose kernels reserve the pages.

    :raises Unsupported: the line is built by the shell, so it cannot be changed safely
    """
    found = _GRUB.search(text)
    line = found.group(2).strip() if found else '""'
    quote = line[:1] if line[:1] in ("'", '"') else ""
    inner = line[1:-1] if quote and line.endswith(quote) and len(line) > 1 else line
    if re.search(r"[$`\\]", inner) or (quote and quote in inner):
        raise Unsupported(
            "GRUB_CMDLINE_LINUX_DEFAULT is put together by the shell", next_step="write the pages there by hand"
        )
    changed = f'GRUB_CMDLINE_LINUX_DEFAULT="{boot_line(inner, wanted, default_size)}"'
    if found:
        return text[: found.start()] + changed + text[found.end() :] if changed != found.group(0) else text
    return text + ("" if text.endswith("\n") or not text else "\n") + changed + "\n"


def work(task: Task) -> dict[str, t.Any]:
    """The module: pools at run time, and the kernel's command line."""
    host = Host(task.params["root"])
    job = Work(task, "hugepages")
    pools = host.pools()
    for change in plan(task.params["pages"] or [], pools):
        key = f"{page_text(change.size_kb)} on node {change.node}"
        job.change({key: change.now}, {key: change.then})
        if change.now != change.then:
            step = Write(host.path(f"{pool_folder(change.size_kb, change.node)}/nr_hugepages"), str(change.then))
            job.do(step, functools.partial(apply, host, change))
    mounts.work(host, job, task.params["mounts"] or [])
    rest: dict[str, t.Any] = {"mounts": mounts.rows(host)}
    if task.params["boot"] is not None:
        rest["reboot_required"] = _boot(host, task, job)
    shown = pools if task.check_mode else host.pools()
    rest["hugepages"] = [{key: pool[key] for key in pool if key != "folder"} for pool in shown]
    return job.result(**rest)


def _boot(host: Host, task: Task, job: Work) -> bool:
    """Change the configuration of GRUB; whether the running kernel was started with other pages."""
    name, wanted = task.params["grub_file"], task.params["boot"]
    file = host.path(name.lstrip("/"))
    if not os.path.exists(file):
        raise NotFound(
            "the host has no configuration of GRUB",
            endpoint=file,
            next_step="give 'grub_file', or set the pages elsewhere",
        )
    with open(file, encoding="utf-8") as stream:
        before = stream.read()
    after = grub_change(before, wanted, task.params["boot_default_size"])
    job.change({name: before}, {name: after})
    if before != after:
        job.do(Edit("file", file), lambda: files.replace(file, after))
        command = task.params["update_grub"]
        if command:
            job.do(Edit("command", " ".join(command)), lambda: run_command(command))
    then = {page_text(page_size(row["size"])): row["count"] for row in wanted if row["count"]}
    return boot_pages(host.read("proc/cmdline")) != then
