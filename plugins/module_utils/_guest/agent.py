# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Installs the collection's small services in a guest: their code, which a task brings along anyway, and their
configuration.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pkgutil
import shutil
import typing as t

from .._core.errors import InvalidOption
from .._core.fields import Spec, seconds
from .._core.module import SECRET_KEYS, FleetModule, outcome_result
from .._core.resource import Plan, Resource, Task, converge
from .._core.secrets import Secrets
from . import handin, readiness
from .localfile import Write, explained, look
from .options import CONNECTION, SECRETS

LIBRARY = "/usr/local/lib/nfvlab-fleet"
PACKAGE = "nfvlab_fleet"
SETTINGS = "/etc/nfvlab-fleet"
# What the services import.
PARTS = {
    "_core": ("errors", "events", "fields", "http", "report", "resource", "secrets", "websocket", "wire"),
    "_guest": ("adopted", "answers", "client", "events", "handin", "localfile", "readiness"),
}
UNITS = "/etc/systemd/system"
UNIT = """\
[Unit]
Description={description}
After=network.target

[Service]
Environment=PYTHONPATH={library} PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/env python3 -m {package}._guest.{module} {settings}
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
"""
PROGRAMS = {
    "ready": ("readiness", "Reports this instance ready while its checks succeed"),
    "config": ("handin", "Keeps files as the configuration of this instance says"),
}
SERVICES = {"ready": readiness.checks, "config": handin.files}  # each raises where its configuration cannot be read

OPTIONS: Spec = {
    **CONNECTION,
    "name": {"type": "str", "choices": list(SERVICES), "required": True},
    "configuration": {"type": "dict"},
    **SECRET_KEYS,
}


def sources() -> dict[str, bytes]:
    """The services' code by path, as this module runs it itself."""
    root = __package__.rsplit(".", 1)[0]
    found = {f"{LIBRARY}/{PACKAGE}/__init__.py": b""}
    for part, names in PARTS.items():
        found[f"{LIBRARY}/{PACKAGE}/{part}/__init__.py"] = b""
        for name in names:
            importlib.import_module(f"{root}.{part}.{name}")
            content = pkgutil.get_data(f"{root}.{part}", f"{name}.py")
            found[f"{LIBRARY}/{PACKAGE}/{part}/{name}.py"] = content or b""
    return found


class MakeFolder(t.NamedTuple):
    """A directory for what is installed, as a step."""

    path: str

    def describe(self) -> dict[str, t.Any]:
        return {"method": "mkdir", "path": self.path, "keys": []}

    def perform(self, session: object) -> None:
        try:
            os.makedirs(self.path, 0o755, exist_ok=True)
        except OSError as error:
            raise explained(error, self.path, "make") from None


class Remove(t.NamedTuple):
    """A file or a tree that goes, as a step."""

    path: str

    def describe(self) -> dict[str, t.Any]:
        return {"method": "delete", "path": self.path, "keys": []}

    def perform(self, session: object) -> None:
        try:
            if os.path.isdir(self.path) and not os.path.islink(self.path):
                shutil.rmtree(self.path)
            else:
                os.unlink(self.path)
        except FileNotFoundError:
            return  # somebody else was faster
        except OSError as error:
            raise explained(error, self.path, "delete") from None


class Agent(Resource):
    """A service's files in this guest. What they hold is told by its digest only: it may be a secret."""

    def __init__(self) -> None:
        super().__init__("agent", options=OPTIONS, secrets=SECRETS)
        self.code = sources()

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"service '{params['name']}' of this instance"

    def settings(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of its configuration."""
        return f"{SETTINGS}/{params['name']}.json"

    def unit(self, params: t.Mapping[str, t.Any]) -> str:
        """The path of its unit."""
        return f"{UNITS}/nfvlab-guest-{params['name']}.service"

    def prepare(self, session: object, task: Task) -> None:
        if task.state == "absent":
            return
        seconds("timeout", task.params["timeout"])
        configuration = task.params["configuration"]
        if configuration is None:
            raise InvalidOption("'configuration' is missing", obj=self.label(task.params), next_step="give it")
        try:
            SERVICES[task.params["name"]](configuration)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidOption(
                f"'configuration' cannot be read: {type(error).__name__} {error}",
                obj=self.label(task.params),
                next_step=f"see the role nfvlab.fleet.incus_guest_{task.params['name']}",
            ) from None

    def wanted(self, task: Task) -> dict[str, bytes]:
        """Every file by its path."""
        reach = {name: task.params[name] for name in CONNECTION if task.params[name] is not None}
        settings = json.dumps({**reach, **task.params["configuration"]}, indent=1, sort_keys=True) + "\n"
        module, description = PROGRAMS[task.params["name"]]
        unit = UNIT.format(
            description=description,
            library=LIBRARY,
            package=PACKAGE,
            module=module,
            settings=self.settings(task.params),
        )
        return {**self.code, self.settings(task.params): settings.encode(), self.unit(task.params): unit.encode()}

    def read(self, session: object, task: Task) -> dict[str, t.Any]:
        settings = self.settings(task.params)
        paths = [*self.code, settings, self.unit(task.params)]
        have = {path: look(path) for path in paths}
        folders = sorted({os.path.dirname(path) for path in paths})
        return {
            "files": {path: about["sha256"] for path, about in have.items() if about},
            "private": (have[settings] or {}).get("mode") == "0600",
            "folders": [folder for folder in folders if not os.path.isdir(folder)],
            "others": [name for name in SERVICES if name != task.params["name"] and look(f"{SETTINGS}/{name}.json")],
        }

    def plan(self, have: t.Any, task: Task) -> Plan:
        settings, now = self.settings(task.params), have["files"]
        own = [path for path in (settings, self.unit(task.params)) if path in now]
        plan = Plan(self.label(task.params), have, None)
        if task.state == "absent":
            plan.steps = [Remove(path) for path in own]
            if now and not have["others"]:
                plan.steps += [Remove(LIBRARY), Remove(SETTINGS)]
            if plan.steps:
                plan.changed, plan.before, plan.after = ["state"], {"state": "present"}, {"state": "absent"}
            return plan
        content = self.wanted(task)
        want = {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}
        plan.then = {"files": want}
        plan.changed = [path for path in want if now.get(path) != want[path]]
        if settings not in plan.changed and not have["private"]:
            plan.changed.append(settings)
        plan.before = {path: now.get(path) for path in plan.changed}
        plan.after = {path: want[path] for path in plan.changed}
        if settings not in now:
            plan.changed.insert(0, "state")
            plan.before, plan.after = {"state": "absent"}, {"state": "present", **plan.after}
        plan.steps = [MakeFolder(folder) for folder in have["folders"]]
        plan.steps += [
            Write(path, content[path], {"mode": 0o600 if path == settings else 0o644}, 0o644)
            for path in plan.changed
            if path in content
        ]
        return plan


class Here:
    """This machine, as the session that steps are performed on."""

    def perform(self, step: t.Any) -> t.Any:
        """Perform a step."""
        return step.perform(self)


def run_agent() -> t.NoReturn:
    """The main function of the module."""
    resource = Agent()
    module = FleetModule(resource.spec(), Secrets(SECRETS))

    def work() -> dict[str, t.Any]:
        task = module.task()
        outcome = converge(resource, Here(), task)
        return {**outcome_result(outcome, task.check_mode), "agent": outcome.object}

    module.run(work)
