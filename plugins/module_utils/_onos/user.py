# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The accounts of a controller: lines of its C(etc/users.properties), which it reads anew at each request.

The release ships onos, karaf (both of the admin group) and guest, all with known passwords.
"""

from __future__ import annotations

import glob
import re
import typing as t

from .._core import files
from .._core.errors import InvalidOption, NotFound, Refused
from .._core.fields import Spec
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Plan, Resource, Task
from .._core.secrets import mask_pair

FILES = "/opt/onos/apache-karaf-*/etc/users.properties"
GROUPS = {"admin": "admingroup", "viewer": "guestgroup"}
SHIPPED = {"onos": "rocks", "karaf": "karaf", "guest": "guest"}
# What the groups may do, as the release has it; without these lines no account could do anything.
GROUP_LINES = ("_g_\\:admingroup = group,admin,manager,viewer,systembundles,ssh", "_g_\\:guestgroup = group,viewer")
_LINE = re.compile(r"\s*(?P<name>[^#!\s=:\\]+)\s*=\s*(?P<password>[^,]*),_g_:(?P<group>\w+)\s*")

Accounts = dict[str, tuple[str, str]]  # name: password and group


def parse(text: str) -> Accounts:
    """The accounts in the file's text."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {entry["name"]: (entry["password"], entry["group"]) for entry in found if entry}


def render(text: str, accounts: Accounts) -> str:
    """The file's text with these accounts: lines that stay are kept where they are, also comments and groups."""
    lines = []
    waiting = dict(accounts)
    for line in text.splitlines():
        entry = _LINE.fullmatch(line)
        if entry is None:
            lines.append(line)
        elif entry["name"] in waiting:
            wanted = waiting.pop(entry["name"])
            same = wanted == (entry["password"], entry["group"])
            lines.append(line if same else _line(entry["name"], *wanted))
    lines += [_line(name, *wanted) for name, wanted in waiting.items()]
    lines += [line for line in GROUP_LINES if line.partition(" ")[0] not in text]
    return "\n".join(lines) + "\n"


def _line(name: str, password: str, group: str) -> str:
    return f"{name} = {password},_g_:{group}"


class Write(t.NamedTuple):
    """Replaces the file at once; its owner stays, and only that may read it."""

    path: str
    text: str
    names: tuple[str, ...]

    def describe(self) -> dict[str, t.Any]:
        return {"write": self.path, "keys": list(self.names)}

    def perform(self) -> None:
        """Write it."""
        try:
            files.replace(self.path, self.text, 0o600)
        except OSError as error:
            raise Refused(f"cannot write '{self.path}': {error.strerror}", code=error.errno) from None


class Files:
    """The session of a module that only writes files."""

    def perform(self, step: Write) -> None:
        """Write one."""
        step.perform()


class User(Resource):
    """One account, and whether the shipped ones may keep their known passwords."""

    def spec(self) -> Spec:
        return {
            "path": {"type": "path"},
            "name": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": False},
            "group": {"type": "str", "choices": list(GROUPS), "default": "admin"},
            "remove_shipped": {"type": "bool", "default": False},
            **super().spec(),
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"account '{params['name']}'"

    def prepare(self, session: Files, task: Task) -> None:
        name, password = task.params["name"], task.params["password"]
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            raise InvalidOption(f"'name' is '{name}'", next_step="use letters, digits and _ . -")
        if task.state == "present" and not password:
            raise InvalidOption("'password' is not given", obj=self.label(task.params))
        if password and (re.search(r"[,\s\\]", password) or not password.isprintable()):
            raise InvalidOption(
                "the password has a comma, a space or a backslash, which the file cannot hold",
                obj=self.label(task.params),
                next_step="choose another",
            )

    def read(self, session: Files, task: Task) -> dict[str, t.Any]:
        path = place(task.params)
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            if not task.check_mode:
                raise NotFound(
                    f"there is no '{path}'", next_step="name the etc/users.properties of the controller as 'path'"
                ) from None
            task.warn(f"there is no '{path}' yet: in check mode, it counts as that of a new controller")
            text = "\n".join(_line(name, word, _shipped_group(name)) for name, word in SHIPPED.items())
        except (OSError, ValueError) as error:
            raise Refused(f"cannot read '{path}': {error}", next_step="use 'become: true'") from None
        return {"text": text}

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        params = task.params
        text = (have or {})["text"]
        now = parse(text)
        then = {
            name: entry
            for name, entry in now.items()
            if not (params["remove_shipped"] and name != params["name"] and SHIPPED.get(name) == entry[0])
        }
        if task.state == "present":
            then[params["name"]] = (params["password"], GROUPS[params["group"]])
        else:
            then.pop(params["name"], None)
        if not any(group == GROUPS["admin"] for _password, group in then.values()):
            raise InvalidOption(
                "no account of the admin group would be left", obj=self.label(params), next_step="add another one first"
            )
        plan = Plan(self.label(params), have, None)
        touched = sorted({params["name"], *(name for name in now if name not in then)})
        for name in touched:
            plan.before[name], plan.after[name] = _shown(now.get(name), then.get(name))
        plan.changed = [name for name in touched if now.get(name) != then.get(name)]
        plan.then = {"text": render(text, then)}
        if plan.changed:
            plan.steps = [Write(place(params), plan.then["text"], tuple(plan.changed))]
        return plan


def place(params: t.Mapping[str, t.Any]) -> str:
    """The path of the file: the given one, or that of the controller that the role C(onos) installs."""
    return params["path"] or next(iter(sorted(glob.glob(FILES))), FILES)


def _shipped_group(name: str) -> str:
    return GROUPS["viewer" if name == "guest" else "admin"]


def _shown(old: tuple[str, str] | None, new: tuple[str, str] | None) -> tuple[t.Any, t.Any]:
    """An account before and after, with its password masked."""
    before, after = mask_pair(old[0] if old else None, new[0] if new else None)
    return (
        {"password": before, "group": old[1]} if old else {"state": "absent"},
        {"password": after, "group": new[1]} if new else {"state": "absent"},
    )


def run() -> t.NoReturn:
    """The main function of the module."""
    resource = User("user")
    module = FleetModule({**resource.spec(), **SECRET_KEYS})

    def work() -> dict[str, t.Any]:
        result = module.converge(resource, Files())
        text = result.pop("user")["text"]
        return {**result, "accounts": {name: group for name, (_password, group) in sorted(parse(text).items())}}

    module.run(work)
