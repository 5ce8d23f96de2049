# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Applications: read, plan (`app_plan`), send, wait until they really work, and put back what a failure took away."""

from __future__ import annotations

import time
import typing as t

from .._core.errors import FleetError, Interrupted, InvalidOption, OperationFailed, TimedOut, Unreachable
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Resource, Task
from .app_plan import Now, Wish, calls, outcome
from .archive import digest, is_url, load, wanted_digest
from .archive import read as read_archive
from .client import Client, NoController, await_
from .working import Faults, closure, dependents, diagnosis

STARTING = 3.0  # seconds that an active app may need before it counts as dead

ITEM: Spec = {
    "name": {"type": "str"},
    "src": {"type": "str"},
    "checksum": {"type": "str"},
    "state": {"type": "str", "choices": ["active", "inactive", "present", "absent"], "default": "active"},
    "force": {"type": "bool", "default": False},
    "repair": {"type": "bool", "default": True},
}


class Activate(t.NamedTuple):
    """Activates an app and waits until it really works.

    :param timeout: seconds
    :param log: path of the controller's log, or null
    """

    name: str
    timeout: float
    log: str | None

    @property
    def request(self) -> Request:
        """What is sent."""
        return Request("POST", join("applications", self.name, "active"))

    def describe(self) -> dict[str, t.Any]:
        return self.request.describe()

    def perform(self, client: Client) -> None:
        """Send it. The answer says ACTIVE also of an app that never will work."""
        client.perform(self.request)

        def look() -> tuple[bool, str]:
            faults = Faults(client, installed(client)).of(self.name)
            return not faults, "; ".join(f"{name} {said}" for name, said in faults)

        try:
            await_(look, self.timeout, f"the application '{self.name}' does not work", client.endpoint)
        except TimedOut as error:
            raise dead(self.name, error, self.log) from None
        except Unreachable as error:
            raise Interrupted(
                f"the controller went away while the application '{self.name}' was starting: {error.what}",
                endpoint=error.endpoint,
                next_step="see why (data/log/karaf.log), start it, and run the task again",
            ) from None


class Upload:
    """Installs an app from its archive.

    :param load: gives the archive's bytes when they are needed
    """

    def __init__(self, name: str, load: t.Callable[[], bytes]) -> None:
        self.name = name
        self._load = load

    def describe(self) -> dict[str, t.Any]:
        return Request("POST", "/applications", keys=[self.name]).describe()

    def perform(self, client: Client) -> None:
        """Send it."""
        client.perform(upload(self._load()))


class Apps(Resource):
    """The wanted applications, one or many."""

    states = ()

    def __init__(self) -> None:
        super().__init__("apps")
        self._wishes: list[Wish] = []
        self._backup: dict[str, bytes] = {}
        self._was_active: list[str] = []

    def spec(self) -> Spec:
        return {
            **ITEM,
            "apps": {
                "type": "list",
                "elements": "dict",
                "options": {**ITEM, "name": {"type": "str", "required": True}},
            },
            "working_timeout": {"type": "float", "default": 60.0},
            "log": {"type": "path"},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return f"application {params['name']}" if params["name"] else "applications"

    def read(self, session: Client, task: Task) -> dict[str, t.Any]:
        apps = installed(session)
        items = task.params["apps"] if task.params["apps"] is not None else [task.params]
        if isinstance(session, NoController):  # what it will ship is not known, so nothing counts as misspelt
            apps = {item["name"]: _unknown(item["name"]) for item in items if not item["src"]}
        self._wishes = []
        other = []
        for item in items:
            wish, differs = _wish(session, item, apps, task.params["timeout"])
            self._wishes.append(wish)
            other += [wish.name] if differs else []
        self._learn(session, apps, other)
        return {"now": Now(apps, other, self._dead(session, apps))}

    def _learn(self, session: Client, apps: dict[str, t.Any], other: list[str]) -> None:
        """Keep the bits of what will be replaced, so that it can be put back."""
        if not self._was_active:
            self._was_active = [name for name, app in apps.items() if app["state"] == "ACTIVE"]
        for name in [*other, *dependents(other, apps)]:
            if name not in self._backup:
                self._backup[name] = session.raw(join("applications", name, "bits"))

    def _dead(self, session: Client, apps: dict[str, t.Any]) -> list[str]:
        """What is active and does not work, after the time that it may need to start."""
        active = [
            wish.name
            for wish in self._wishes
            if wish.state == "active" and wish.repair and apps.get(wish.name, {}).get("state") == "ACTIVE"
        ]
        end = time.monotonic() + STARTING
        while True:
            faults = Faults(session, apps)
            found = {name: [app for app, _said in faults.of(name)] for name in active}
            if not any(found.values()) or time.monotonic() > end:
                break
            time.sleep(0.3)
        dead: dict[str, None] = {}
        for name, culprits in found.items():
            for app in culprits:
                # One that only is not active comes back with the app that requires it.
                dead[app if apps.get(app, {}).get("state") == "ACTIVE" else name] = None
        return list(dead)

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        now: Now = (have or {})["now"]
        made = calls(self._wishes, now)
        plan = Plan(self.label(task.params), _objects(self._wishes, now.apps), None)
        plan.then = plan.have
        shown = outcome(made, self._wishes, now)
        plan.before = {name: before for name, (before, _after) in shown.items()}
        plan.after = {name: after for name, (_before, after) in shown.items()}
        plan.changed = [name for name, (before, after) in shown.items() if before != after]
        plan.steps = [self._step(what, name, task.params) for what, name in made]
        if task.check_mode and made:
            plan.then = [
                {**(now.apps.get(name) or {"name": name}), **after}
                for name, (_before, after) in shown.items()
                if after["state"] != "absent"
            ]
        return plan

    def _step(self, what: str, name: str, params: t.Mapping[str, t.Any]) -> t.Any:
        if what == "install":
            return Upload(name, lambda: self._bits(name))
        if what == "activate":
            return Activate(name, params["working_timeout"], params["log"])
        return Request("DELETE", join("applications", name, *(["active"] if what == "deactivate" else [])))

    def _bits(self, name: str) -> bytes:
        """What an app is installed from: the wanted archive, or for others what they were before."""
        for wish in self._wishes:
            if wish.name == name and wish.archive:
                return wish.archive.bits
        return self._backup[name]

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        if not self._backup:
            return error
        try:
            back = self._put_back(session)
            said = f"{', '.join(back)} was put back as it had been" if back else ""
        except FleetError as second:
            said = f"what had been replaced could not be put back ({second.what}): it is kept in {self._keep()}"
        error.next_step = "; ".join(filter(None, (said, error.next_step))) or None
        return error

    def _keep(self) -> str:
        """Write what could not be put back to files of this host; their folder."""
        import os
        import tempfile

        folder = tempfile.mkdtemp(prefix="onos-apps-")
        for name, bits in self._backup.items():
            with open(os.path.join(folder, f"{name}.oar"), "wb") as file:
                file.write(bits)
        return folder

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        unrepaired = [wish.name for wish in self._wishes if wish.state == "active" and not wish.repair]
        faults = Faults(session, installed(session)) if unrepaired else None
        for name in unrepaired:
            found = faults.of(name) if faults else []
            if found:
                late = TimedOut("it does not work", endpoint=session.endpoint, text="; ".join(map(" ".join, found)))
                raise dead(name, late, task.params["log"])

    def _put_back(self, session: Client) -> list[str]:
        """Reinstall what was replaced and is gone or another now; what had been active becomes active again.

        :raises FleetError: the controller does not do it
        """
        apps = installed(session)
        order = closure(self._backup, {name: _descriptor(bits) for name, bits in self._backup.items()})
        lost = [name for name in order if name in self._backup and not self._same(session, name, apps)]
        for name in lost:
            if name in apps:
                session.perform(Request("DELETE", join("applications", name)))
        for name in lost:
            session.perform(upload(self._backup[name]))
        for name in order:
            fell = name in lost or apps.get(name, {}).get("state") != "ACTIVE"
            if name in self._backup and name in self._was_active and fell:
                session.perform(Request("POST", join("applications", name, "active")))
        return lost

    def _same(self, session: Client, name: str, apps: dict[str, t.Any]) -> bool:
        return name in apps and session.raw(join("applications", name, "bits")) == self._backup[name]


def _unknown(name: str) -> dict[str, t.Any]:
    """An app that a controller to come will have."""
    return {"name": name, "state": "INSTALLED", "version": "", "requiredApps": []}


def upload(bits: bytes) -> Request:
    """The request that installs an archive."""
    return Request("POST", "/applications", content=bits, headers={"Content-Type": "application/octet-stream"})


def installed(client: Client) -> dict[str, t.Any]:
    """The installed apps by name, in one request."""
    return {app["name"]: app for app in client.items("/applications", "applications")}


def _descriptor(bits: bytes) -> dict[str, t.Any]:
    return {"requiredApps": read_archive(bits, "the installed archive").required}


def _objects(wishes: t.Sequence[Wish], apps: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The named apps that are there, as the controller shows them."""
    return [dict(apps[wish.name]) for wish in wishes if wish.name in apps]


def _wish(
    session: Client, item: t.Mapping[str, t.Any], apps: t.Mapping[str, t.Any], timeout: float
) -> tuple[Wish, bool]:
    """What is wanted of one app, and whether it is installed from another archive.

    An archive at an address is only loaded where its checksum is not that of what is installed.
    """
    name, source, state = item["name"], item["src"], item["state"]
    wish = Wish(name, state, None, item["force"], item["repair"])
    if not source or state == "absent":
        return wish, False
    checksum = wanted_digest(item["checksum"])
    if is_url(source) and not checksum:
        raise InvalidOption(
            f"'src' of {name} is an address, and 'checksum' is not given",
            next_step="give the SHA-256 of the archive, so that what is installed can be compared without a download",
        )
    present = digest(session.raw(join("applications", name, "bits"))) if name in apps else None
    if present and is_url(source) and present == checksum:
        return wish, False
    bits = load(source, checksum, timeout)
    if present == digest(bits):
        return wish, False
    archive = read_archive(bits, source)
    if archive.name != name:
        raise InvalidOption(
            f"'{source}' is the application '{archive.name}', not '{name}'", next_step="correct 'name' or 'src'"
        )
    return wish._replace(archive=archive), present is not None and present not in archive.digests


def dead(name: str, error: TimedOut, log: str | None) -> OperationFailed:
    """The failure of an app that was accepted and never worked, with the missing bundle and the log's lines."""
    why, lines = diagnosis(name, log)
    return OperationFailed(
        f"the application '{name}' is dead: {why or error.text}",
        obj=f"application {name}",
        endpoint=error.endpoint,
        text="\n".join(lines) or error.text,
        next_step="use an archive that was built for this version of the controller, and install what it needs"
        if why
        else "look for it in the controller's log (data/log/karaf.log), or name that as 'log'",
    )
