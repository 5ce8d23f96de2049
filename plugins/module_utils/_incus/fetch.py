# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A file of an instance on its way to the controller: compared with what is there, and put where it is fetched from.

The action plugin hands over C(dest), the path on the controller; C(have), digest and mode of what is there, or null;
C(mode), that of a new file; C(folder), one on this host for the content, or null where nothing may be written; and
C(nonce), with which it gets the digest back, see `seal`.
"""

from __future__ import annotations

import hashlib
import os
import typing as t

from .._core.errors import Conflict, FleetError, InvalidOption, NotFound
from .._core.files import Content
from .._core.resource import Task
from .._core.secrets import mask_pair
from .client import Client
from .files import HANDED, UNKNOWN, File
from .inside import Entry

CONTENT = "content"  # the name of the file in the folder


def seal(nonce: str, digest: str) -> str:
    """A digest so that it can be checked but not seen: that of a short secret would give the secret away."""
    return hashlib.sha256(f"{nonce}{digest}".encode()).hexdigest()


class Reader(Content):
    """Takes a content and keeps its digest, its size and, where there is a folder, itself."""

    def __init__(self, folder: str | None) -> None:
        path = os.path.join(folder, CONTENT) if folder else os.devnull

        def create() -> int:
            new = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW if folder else 0
            descriptor = os.open(path, os.O_WRONLY | new, 0o600)
            if folder and os.geteuid() == 0:  # become: the one who fetches it is the folder's owner
                owner = os.stat(folder)
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            return descriptor

        super().__init__(
            path, "make room there, or become root or nobody else; 'ansible_remote_tmp' names another folder", create
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *reason: object) -> None:
        os.close(self._file)


def fetch(resource: File, session: Client, task: Task, handed: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result of the module; where the content differs and may be written, it is in the folder then."""
    label = resource.label(task.params)
    try:
        resource.prepare(session, task)
        if not task.params["dest"]:
            raise InvalidOption("'fetched' needs a 'dest'", next_step="give a path on the controller")
        if not handed:
            raise InvalidOption("'fetched' works only through the action plugin of this module")
        have = handed["have"]
        path, entry = _find(resource, task, label)
        if entry is None:
            return _result(handed, have, UNKNOWN, resource.wanted, None, task)
        folder = handed["folder"]
        reader = _read(resource, path, None if have else folder)
        new = reader.digest.hexdigest() != (have or {}).get("sha256")
        if new and have and folder:
            reader = _read(resource, path, folder)
    except FleetError as error:
        raise error.about(label) from None
    shown = {"path": path, "type": "file", "mode": f"{entry.mode:04o}", "uid": entry.uid, "gid": entry.gid}
    digest = reader.digest.hexdigest()
    result = _result(handed, have, digest, resource.wanted, {**shown, "sha256": digest, "size": reader.size}, task)
    if new:
        result["actions"] = [{**resource.inside.files("GET", path).describe(), "sent": folder is not None}]
        result[HANDED]["seal"] = seal(handed["nonce"], digest)
    return result


def _find(resource: File, task: Task, label: str) -> tuple[str, Entry | None]:
    """The file, links followed, and where it is; in check mode it may be missing still."""
    if resource.inside.have is None:
        return resource.path, None
    path, entry = resource.inside.follow(resource.path, lambda place: resource.require_place(place, label))
    if entry is None:
        end = "" if path == resource.path else f", and that is where its link leads: '{path}'"
        resource.inside.task.refuse(
            NotFound(f"there is no such file{end}", obj=label, next_step="correct 'path', or create the file first")
        )
    elif entry.kind != "file":
        raise Conflict(
            f"it is a {entry.kind}, and only a file can be fetched",
            obj=label,
            next_step="pack it with nfvlab.fleet.incus_exec ('tar'), and fetch the archive",
        )
    return path, entry


def _read(resource: File, path: str, folder: str | None) -> Reader:
    with Reader(folder) as reader:
        resource.inside.stream(path, reader)
    return reader


def _result(
    handed: t.Mapping[str, t.Any],
    have: t.Mapping[str, str] | None,
    digest: str,
    wanted: t.Mapping[str, t.Any],
    shown: dict[str, t.Any] | None,
    task: Task,
) -> dict[str, t.Any]:
    """What becomes of the file on the controller."""
    before: dict[str, t.Any] = {"state": "file", **have} if have else {"state": "absent"}
    mode = wanted.get("mode") or (have or {}).get("mode") or handed["mode"]
    after = {"state": "file", "sha256": digest, "mode": mode}
    changed = before != after
    if task.secrets.holds("sha256"):
        before_shown, after["sha256"] = mask_pair(before.get("sha256"), digest)
        before.update({"sha256": before_shown} if have else {})
    header = f"file '{handed['dest']}' on the controller"
    return {
        "changed": changed,
        "file": task.secrets.mask(shown),
        "dest": handed["dest"],
        "actions": [],
        "diff": {"before_header": header, "after_header": header, "before": before, "after": after},
        HANDED: {"mode": mode},
    }
