# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Files, directories and links in an instance, compared by content, mode and owner.

The daemon writes an existing file in place and leaves its mode and owner as they are (C(instance_file.go)), so nothing
that exists is ever written to: where commands run, a new file is renamed over it, elsewhere it is deleted first.
"""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import typing as t

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

from .._core.errors import Conflict, FleetError, InvalidOption, MissingReference, Refused
from .._core.fields import Spec
from .._core.http import Request
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Plan, Resource, Task
from .._core.secrets import mask_pair
from .client import Client
from .inside import Exec, Inside, absolute
from .options import CONNECTION, connect
from .record import SCOPES, SECRETS

UNKNOWN = "not there yet"  # the digest of what an earlier task of a check run would have made
SHOWN = 32 * 1024  # bytes of text that a diff shows
DEFAULTS = {"file": {"mode": "0644", "uid": 0, "gid": 0}, "directory": {"mode": "0755", "uid": 0, "gid": 0}, "link": {}}
# What is there are the kernel's own; the daemon shows a device as a file, and reading one may never end.
KERNEL = ("/dev", "/proc", "/sys")
# What each state may be given, beside what all have.
GIVEN = {
    "file": {"content", "src", "mode", "uid", "gid"},
    "directory": {"mode", "uid", "gid"},
    "link": {"target"},
    "absent": set[str](),
    "fetched": {"dest", "mode"},
}
_BELONGS = {"content", "src", "mode", "uid", "gid", "target", "dest"}
HANDED = "_controller"  # where the action plugin hands things over
_TYPES = {"file": "file", "directory": "directory", "symlink": "link"}


class File(Resource):
    """Something at a path in an instance."""

    states = ("file", "directory", "link", "absent", "fetched")

    def __init__(self) -> None:
        super().__init__("file", secrets=SECRETS)
        self.digest = ""  # of the content that is still on the controller
        self.wanted: dict[str, t.Any] = {}
        self.content: bytes | None = None  # what the file has now, where that is needed
        self.missing: list[str] = []  # directories above it, outermost first
        self.leftover = False  # whether a task that was killed left its temporary file

    def spec(self) -> Spec:
        return {
            "name": {"type": "str", "required": True},
            **SCOPES["project"],
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "no_log": False},
            "src": {"type": "path"},
            "remote_src": {"type": "bool", "default": False},
            "dest": {"type": "str"},
            "flat": {"type": "bool", "default": False},
            "mode": {"type": "raw"},
            "uid": {"type": "int"},
            "gid": {"type": "int"},
            "target": {"type": "str"},
            "parents": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
            "secret": {"type": "bool", "default": False},
            **super().spec(),
            **SECRET_KEYS,
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"'{params['path']}' in instance '{params['name']}' of project '{params['project']}'"

    # -- what is wanted and what is there

    def prepare(self, session: Client, task: Task) -> None:
        params, label = task.params, self.label(task.params)
        self.path = posixpath.normpath(absolute("path", params["path"]))
        if self.path == "/":
            raise InvalidOption("'path' is the root of the instance", next_step="give a path below it")
        self.require_place(self.path, label)
        foreign = sorted(name for name in _BELONGS - GIVEN[task.state] if task.given.get(name) is not None)
        if foreign:
            raise InvalidOption(f"'{foreign[0]}' means nothing with the state '{task.state}'", obj=label)
        if task.state == "link" and not params["target"]:
            raise InvalidOption("a link needs a 'target'", obj=label)
        self.wanted = {name: params[name] for name in ("uid", "gid") if params[name] is not None}
        if params["mode"] is not None:
            self.wanted["mode"] = _mode(params["mode"])
        if task.state == "link":
            self.wanted["target"] = self._resolved(params["target"])
        self._prepare_content(task)
        self.inside = Inside(session, task, needed=task.state != "absent")

    @staticmethod
    def require_place(path: str, label: str) -> None:
        """Raise where a path is among what is the kernel's own."""
        kernel = next((place for place in KERNEL if f"{path}/".startswith(f"{place}/")), None)
        if kernel:
            where = "'path'" if f"'{path}'" in label else f"'{path}', where a link leads,"
            raise InvalidOption(f"{where} is in '{kernel}', which is no place for files", obj=label)

    def _prepare_content(self, task: Task) -> None:
        content, src = task.params["content"], task.params["src"]
        self.source: bytes | None = None  # the wanted content, where it is not too long to be shown
        if content is not None:
            self.source = content.encode("utf-8", "surrogateescape")
            self.wanted["sha256"] = hashlib.sha256(self.source).hexdigest()
        elif self.digest:
            self.wanted["sha256"] = self.digest
        elif src is not None:
            try:
                if not task.params["remote_src"]:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))  # else it would be here by now
                self.wanted["sha256"], self.source = _digest(src)
            except OSError as error:
                place = "managed host" if task.params["remote_src"] else "controller"
                remedy = "use 'become: true'" if task.params["remote_src"] else "give 'remote_src: true'"
                failed = InvalidOption(
                    f"cannot read '{src}' on the {place}: {error.strerror}",
                    obj=self.label(task.params),
                    next_step=f"correct 'src', or {remedy}",
                )
                if not (task.check_mode and isinstance(error, FileNotFoundError)):
                    raise failed from None
                task.warn(f"check mode: {failed}")
                self.wanted["sha256"] = UNKNOWN

    def _resolved(self, target: str) -> str:
        """A link's target as the daemon shows it: absolute, and no other link followed."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), target))

    @property
    def temporary(self) -> str:
        """Where new content waits to be renamed."""
        folder, name = posixpath.split(self.path)
        return posixpath.join(folder, f".{name}.nfvlab-fleet")

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        self.content = None
        self.missing = []
        self.leftover = False
        if self.inside.have is None:
            return None
        entry = self.inside.look(self.path)
        if entry is None:
            if task.state != "absent":
                self._look_above(task)
            return None
        have: dict[str, t.Any] = {"path": self.path, "type": _TYPES.get(entry.kind, entry.kind)}
        have.update(mode=f"{entry.mode:04o}", uid=entry.uid, gid=entry.gid)
        if have["type"] == "link":
            have["target"] = self.inside.read(self.path).decode(errors="surrogateescape")
        if have["type"] == task.state == "file" and ("sha256" in self.wanted or not self.inside.running):
            self.content = self.inside.read(self.path)
            have["sha256"] = hashlib.sha256(self.content).hexdigest()
            have["size"] = len(self.content)
        if have["type"] == task.state != "directory":
            self.leftover = self.inside.look(self.temporary) is not None
        return have

    def _look_above(self, task: Task) -> None:
        """Which directories above the path are missing."""
        above = posixpath.dirname(self.path)
        entry = self.inside.look(above)
        while entry is None and above != "/":
            self.missing.insert(0, above)
            above = posixpath.dirname(above)
            entry = self.inside.look(above)
        if entry is not None and entry.kind == "file":
            raise Conflict(f"'{above}' is a file, not a directory", obj=self.label(task.params))
        if self.missing and not task.params["parents"]:
            missing, self.missing = self.missing[-1], []
            self.inside.task.refuse(
                MissingReference(
                    f"there is no directory '{missing}'",
                    obj=self.label(task.params),
                    next_step="create it first, or give 'parents: true'",
                )
            )

    # -- the plan

    def _everything(self, have: dict[str, t.Any], task: Task) -> dict[str, t.Any]:
        return {name: have[name] for name in ("mode", "uid", "gid", "target") if name in have}

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        plan = super().plan(have, task)
        if have is not None and plan.before:
            plan.before["state"] = have["type"]
        return plan

    def _present(self, label: str, have: dict[str, t.Any] | None, task: Task) -> Plan:
        state = task.state
        same = have if have is not None and have["type"] == state else None
        if same is None and state == "file" and "sha256" not in self.wanted:
            raise InvalidOption("there is no such file, and a new one needs 'content' or 'src'", obj=label)
        if have is not None and same is None and not task.params["force"]:
            raise Conflict(
                f"it is a {have['type']}, not a {state}", obj=label, next_step="give 'force: true' to replace it"
            )
        now = same or {}
        then = {"path": self.path, "type": state, **DEFAULTS[state], **now, **self.wanted}
        plan = Plan(label, have, then)
        plan.changed = [] if same else ["state"]
        plan.changed += [name for name in self.wanted if self.wanted[name] != now.get(name)]
        plan.before = {"state": have["type"] if have else "absent", **{n: now[n] for n in self.wanted if n in now}}
        plan.after = {"state": state, **self.wanted}
        if "sha256" in plan.changed:
            self._show(plan, task)
        if "sha256" in plan.after and (task.params["secret"] or task.secrets.holds("content")):
            old, new = mask_pair(plan.before.get("sha256"), plan.after["sha256"])
            plan.before.update({"sha256": old} if old else {})
            plan.after["sha256"] = new
        return plan

    def _show(self, plan: Plan, task: Task) -> None:
        """Add the texts themselves, where they are texts, short, and no secret."""
        texts = [_text(self.content), _text(self.source)]
        if self.source is None or None in texts or task.params["secret"] or task.secrets.holds("content"):
            return
        if self.content is not None:
            plan.before["content"] = texts[0]
        plan.after["content"] = texts[1]

    # -- the steps

    def steps(self, plan: Plan, task: Task) -> list[t.Any]:
        if plan.then is None:
            return [self.inside.files("DELETE", self.path)] if plan.have is not None else []
        first = [step for path in self.missing for step in self._make(path, "directory", DEFAULTS["directory"], task)]
        if not plan.changed:
            return [self.inside.files("DELETE", self.temporary)] if self.leftover else []
        if plan.have is None:
            return [*first, *self._make(self.path, task.state, plan.then, task)]
        renewed = {"state", "sha256", "target"} & set(plan.changed)
        if "state" in renewed or not (self.inside.running or task.state == "directory"):
            return [self.inside.files("DELETE", self.path), *self._make(self.path, task.state, plan.then, task)]
        if renewed:
            return self._replace(plan, task)
        return self._adjust(plan)

    def _replace(self, plan: Plan, task: Task) -> list[t.Any]:
        """Something new in one step: its own name is given to it last."""
        clear = [self.inside.files("DELETE", self.temporary)] if self.leftover else []
        rename = ("mv", "-fT" if task.state == "link" else "-f", self.temporary, self.path)
        return [*clear, *self._make(self.temporary, task.state, plan.then, task), self._run(*rename)]

    def _adjust(self, plan: Plan) -> list[t.Any]:
        """Mode and owner of what stays. Changing the owner may take bits of the mode, so that comes second."""
        then = plan.then
        chown = [self._run("chown", f"{then['uid']}:{then['gid']}", self.path)] if _owner(plan) else []
        return [*chown, *([self._run("chmod", then["mode"], self.path)] if "mode" in plan.changed else [])]

    def _run(self, *command: str) -> Exec:
        return Exec(self.inside.path, self.inside.query, command, record=False, must=True)

    def _make(self, path: str, kind: str, then: t.Mapping[str, t.Any], task: Task) -> list[Request]:
        """What creates something, with all it has: later the daemon would not change that.

        It gives a file its mode last, so one that not everybody may read is made empty first.
        """
        headers = {"type": "symlink" if kind == "link" else kind, **{n: str(then[n]) for n in DEFAULTS[kind]}}
        sent: dict[str, t.Any] = {
            "headers": {f"X-{brand}-{name}": value for brand in ("Incus", "LXD") for name, value in headers.items()}
        }
        if kind == "directory":
            return [self.inside.files("POST", path, keys=list(headers), **sent)]
        if kind == "link":
            target = task.params["target"].encode("utf-8", "surrogateescape")
            return [self.inside.files("POST", path, keys=[*headers, "target"], content=target, **sent)]
        empty = [] if then["mode"][-1] in "4567" else [self.inside.files("POST", path, keys=list(headers), **sent)]
        if task.params["src"] is not None:
            sent["upload"] = {"content": task.params["src"]}
        else:
            sent["content"] = self.content if task.params["content"] is None else self.source
        return [*empty, self.inside.files("POST", path, keys=[*headers, "content"], **sent)]

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        """Without commands, a directory keeps the mode and the owner that it was made with."""
        adjusts = plan.then is not None and plan.have is not None and "state" not in plan.changed
        if adjusts and task.state == "directory" and not self.inside.running:
            self.inside.task.refuse(
                Refused(
                    "the mode and the owner of a directory can only be changed while the instance runs",
                    obj=plan.label,
                    next_step="start it with nfvlab.fleet.incus_instance",
                )
            )

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        if plan.have is not None and plan.have["type"] == "directory" and "SSH_FX_FAILURE" in (error.text or ""):
            error.next_step = (
                "only an empty directory can be deleted; remove what is in it with nfvlab.fleet.incus_exec"
            )
        return error


def _owner(plan: Plan) -> bool:
    return bool({"uid", "gid"} & set(plan.changed))


def _mode(value: t.Any) -> str:
    """A mode as four octal digits; a text is octal, a number is what YAML has made of 0644."""
    try:
        mode = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value), 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise InvalidOption(
            f"'mode' is '{value}'",
            next_step="give permissions as octal digits in quotes, such as '0644'; the daemon knows no further bits",
        )
    return f"{mode:04o}"


def _digest(path: str) -> tuple[str, bytes]:
    """The digest of a file on this host, and its beginning, so much that a diff would show less of it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
        file.seek(0)
        return digest.hexdigest(), file.read(SHOWN + 1)


def _text(content: bytes | None) -> str | None:
    """A content as text, or null where a diff cannot show it. What is not there is the empty text."""
    if content is None:
        return ""
    try:
        return content.decode() if len(content) <= SHOWN and b"\0" not in content else None
    except UnicodeDecodeError:
        return None


class FileModule(FleetModule):
    """A module whose content may be a secret: then it is one before anything is validated.

    What its action plugin hands over beside the options is in C(handed): `fetch` says what for O(state=fetched); for
    C(src) it is the digest of a file that is still on the controller, to be looked at only.
    """

    def _load_params(self) -> None:
        super()._load_params()
        self.handed: dict[str, t.Any] = self.params.pop(HANDED, None) or {}
        self._raw.pop(HANDED, None)
        if str(self._raw.get("secret", False)).lower() not in {str(no).lower() for no in BOOLEANS_FALSE}:
            self._secrets = self._secrets + ["content", "sha256"]


def run_file() -> t.NoReturn:
    """The main function of the module."""
    resource = File()
    module = FileModule({**CONNECTION, **resource.spec()}, resource.secrets, mutually_exclusive=[["content", "src"]])

    def work() -> dict[str, t.Any]:
        resource.digest = module.handed.get("sha256", "")
        if resource.digest:
            module.check_mode = True
        task = module.task()
        with connect(task) as session:
            if task.state == "fetched":
                from .fetch import fetch  # rare

                return fetch(resource, session, task, module.handed)
            return module.converge(resource, session)

    module.run(work)
