# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Containers: from the state that can be learnt to the wanted one, without a call that must not be repeated.

========  ===============================================================================================
wanted    what is done
========  ===============================================================================================
present   created where it is not there
started   created, then started where ResumeContainer says that it never was; a paused one goes on; one whose init has
          ended is made anew
paused    as started where it is not there, then paused
stopped   its init is ended with a signal, and with SIGKILL when that takes too long
absent    resumed (a paused one would leave frozen processes behind), then removed
========  ===============================================================================================
"""

from __future__ import annotations

import re
import signal
import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, NotKept, Refused, TimedOut
from .._core.fields import Spec
from .._core.resource import Task
from . import probes, spec
from .agent import Agent
from .module import Work
from .process import signal_number

LIMITS: Spec = {
    "memory_limit": {"type": "int"},
    "cpu_shares": {"type": "int"},
    "cpu_quota": {"type": "int"},
    "cpu_period": {"type": "int"},
    "cpuset_cpus": {"type": "str"},
    "cpuset_mems": {"type": "str"},
}
BUILD: Spec = {
    "rootfs": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "environment": {"type": "dict"},
    "user": {"type": "int"},
    "group": {"type": "int"},
    "groups": {"type": "list", "elements": "int"},
    "cwd": {"type": "str"},
    "hostname": {"type": "str"},
    "terminal": {"type": "bool"},
    "readonly": {"type": "bool"},
    "no_new_privileges": {"type": "bool"},
    "capabilities": {"type": "list", "elements": "str"},
    "mounts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "destination": {"type": "str", "required": True},
            "source": {"type": "str"},
            "type": {"type": "str"},
            "options": {"type": "list", "elements": "str"},
        },
    },
    "annotations": {"type": "dict"},
    "cgroup": {"type": "str"},
}
OPTIONS: Spec = {
    "container_id": {"type": "str", "required": True},
    **BUILD,
    **LIMITS,
    "spec": {"type": "dict"},
    "devices": {"type": "list", "elements": "dict"},
    "storages": {"type": "list", "elements": "dict"},
    "sandbox_pidns": {"type": "bool"},
    "update_cpu": {"type": "bool", "default": False},
    "stop_signal": {"type": "str", "default": "SIGTERM"},
    "stop_timeout": {"type": "float", "default": 10.0},
    "remove_timeout": {"type": "int", "default": 0},
    "state": {
        "type": "str",
        "choices": ["started", "present", "paused", "stopped", "absent"],
        "default": "started",
    },
}

_LEFT_OVER = re.compile(r"^the file .* was not found$")
CGROUP_ROUND = 4096  # bytes; the kernel keeps memory limits in whole pages


def work(agent: Agent, task: Task) -> dict[str, t.Any]:
    """Bring one container into the wanted state."""
    container = spec.container_id(task.params["container_id"])
    return Container(Work(agent, task, f"container '{container}'"), container).converge()


class Container:
    """One container of a task."""

    def __init__(self, record: Work, container: str) -> None:
        self.record = record
        self.agent = record.agent
        self.task = record.task
        self.name = container
        self.id = {"container_id": container}
        self.exit_code: int | None = None
        self.state = "unknown"

    def converge(self) -> dict[str, t.Any]:
        """The result of the module."""
        params = self.task.params
        number = signal_number(params["stop_signal"])
        spec.limits(params)  # what is wrong is said before anything is asked
        if params.get("spec") and any(self.task.given.get(name) is not None for name in BUILD):
            raise InvalidOption("'spec' is a whole specification, and other options that make one are given too")
        present = self._present()
        wanted = self.task.state
        if wanted == "absent":
            self._absent(present)
        elif wanted == "stopped":
            self._stopped(present, number)
        elif not present:
            self._make(wanted)
        else:
            self._update()
            if wanted == "started":
                self._started()
            elif wanted == "paused":
                self._paused()
            else:
                self.state = "present"
        return self.record.result(
            container={"container_id": self.name, "state": self.state, "exit_code": self.exit_code}
        )

    def _present(self) -> bool:
        from .._core.errors import NoSocket

        try:
            return probes.container_present(self.agent, self.name)
        except NoSocket as error:
            if not self.task.check_mode:
                raise
            self.task.warn(f"check mode: {error.what} ({error.endpoint}), so the agent counts as new")
            return False

    # -- making

    def _request(self) -> dict[str, t.Any]:
        params = self.task.params
        given = params.get("spec") or spec.build(self.name, params)
        request: dict[str, t.Any] = {**self.id, "exec_id": self.name, "OCI": given}
        for name in ("devices", "storages", "sandbox_pidns"):
            if params.get(name):
                request[name] = params[name]
        from .codec import encode
        from .traps import check

        for warning in check("CreateContainer", request):
            self.task.warn(warning)
        encode("CreateContainerRequest", request)
        return request

    def _make(self, wanted: str, before: str = "absent") -> None:
        request = self._request()
        self.record.change({"state": before}, {"state": wanted})
        self._create(request)
        if wanted in ("started", "paused"):
            self._start()
        if wanted == "paused":
            self.record.do("PauseContainer", self.id)
        self.state = wanted

    def _create(self, request: dict[str, t.Any]) -> None:
        try:
            self.record.do("CreateContainer", request)
        except Refused as error:
            # An attempt with a wrong root file system leaves its place behind, which spoils the next one, once.
            if not _LEFT_OVER.match(error.text or "") or probes.container_present(self.agent, self.name):
                raise
            del self.record.plan.steps[-1]
            self.record.do("CreateContainer", request)
        if not self.task.check_mode and not probes.container_present(self.agent, self.name):
            raise self.record.failed(NotKept("the agent said that it made the container, and it is not there"))

    def _start(self) -> None:
        """Start a container that was just made; never one of which that is not known."""
        if not self.task.check_mode:
            gone, code = self._look()
            if gone:
                self.exit_code = code
                raise self.record.failed(
                    Refused(
                        f"its init ended before it was started (exit code {code})",
                        obj=f"container '{self.name}'",
                        next_step="starting it would hang the agent; remove it and run the task again",
                    )
                )
        self.record.do("StartContainer", self.id)

    def _look(self) -> tuple[bool, int | None]:
        """Whether the init has ended; its exit code, if nobody has had it."""
        return probes.has_ended(self.agent, self.name)

    # -- what is there

    def _started(self) -> None:
        nothing_runs = probes.processes(self.agent, self.name) == 0
        if self.task.check_mode:
            if nothing_runs:
                self.record.change({"state": "stopped"}, {"state": "started"})
                self._again()
            else:
                self.record.unknown(f"whether container '{self.name}' was started, or is paused")
            return
        state = probes.resumed_state(self.agent, self.name)
        if state == probes.RESUMED:
            self._resumed()
            # It may have been paused before it was ever started.
            state = probes.resumed_state(self.agent, self.name)
        if state == probes.CREATED or nothing_runs:
            gone, self.exit_code = self._look()
            if gone:
                self.record.change({"state": "stopped"}, {"state": "started"})
                self._again()
                return
        if state == probes.CREATED:
            self.record.change({"state": "present"}, {"state": "started"})
            self.record.do("StartContainer", self.id)
        self.state = "started"

    def _resumed(self) -> None:
        """The question whether it is paused was the call that changed it."""
        from .module import Rpc

        step = Rpc("ResumeContainer", self.id)
        self.record.plan.steps.append(step)
        self.record.sent.append(step)
        self.record.change({"state": "paused"}, {"state": "started"})

    def _again(self) -> None:
        """Remove a container whose init has ended, and make it anew."""
        request = self._request()
        self.record.do("RemoveContainer", self.id)
        self._create(request)
        self._start()
        self.state = "started"

    def _paused(self) -> None:
        if self.task.check_mode:
            self.record.unknown(f"whether container '{self.name}' is paused")
            return
        try:
            self.record.do("PauseContainer", self.id)
        except FleetError as error:
            if "current status is: Paused" not in (error.text or ""):
                raise
            error.outcome = None
            del self.record.plan.steps[-1]
        else:
            self.record.change({"state": "started"}, {"state": "paused"})
        self.state = "paused"

    def _update(self) -> None:
        """Bring limits of an existing container up to date: memory can be read back, CPU shares and quota cannot."""
        resources = spec.limits(self.task.params)
        wanted: dict[str, t.Any] = {}
        if "Memory" in resources:
            limit = resources["Memory"]["Limit"]
            now = probes.memory_limit(self.agent, self.name)
            if now is None or abs(now - limit) >= CGROUP_ROUND:
                wanted["Memory"] = resources["Memory"]
                self.record.change({"memory_limit": now}, {"memory_limit": limit})
        if "CPU" in resources and self.task.params["update_cpu"]:
            wanted["CPU"] = resources["CPU"]
            self.record.change({"cpu": "unknown"}, {"cpu": resources["CPU"]})
        if wanted:
            self.record.do("UpdateContainer", {**self.id, "resources": wanted})

    def _stopped(self, present: bool, number: int) -> None:
        self.state = "stopped"
        if not present:
            return
        if self.task.check_mode:
            if probes.processes(self.agent, self.name) != 0:
                self.record.unknown(f"whether the init of container '{self.name}' has ended")
            return
        state = probes.resumed_state(self.agent, self.name)
        gone, self.exit_code = self._look()
        if gone:
            return
        self.record.change({"state": "paused" if state == probes.RESUMED else "started"}, {"state": "stopped"})
        # One that was never started waits for that and takes no other signal.
        if state != probes.CREATED:
            self.record.do("SignalProcess", {**self.id, "signal": number})
            if self._wait(self.task.params["stop_timeout"]):
                return
        self.record.do("SignalProcess", {**self.id, "signal": int(signal.SIGKILL)})
        if not self._wait(self.agent.timeout):
            raise self.record.failed(
                TimedOut(
                    f"its processes did not end within {self.agent.timeout:g} s after SIGKILL",
                    obj=f"container '{self.name}'",
                    next_step="one may hang in the kernel; look into the guest through its console",
                )
            )

    def _wait(self, seconds: float) -> bool:
        """Wait for the init's end; whether it came."""
        try:
            self.exit_code = probes.ended(self.agent, self.name, limit=max(seconds, probes.GLANCE))
        except NotFound:
            return True  # somebody else waited too and was faster
        return self.exit_code is not None

    def _absent(self, present: bool) -> None:
        self.state = "absent"
        if not present:
            return
        self.record.change({"state": "present"}, {"state": "absent"})
        if not self.task.check_mode:
            probes.resumed_state(self.agent, self.name)
        request = {**self.id, "timeout": self.task.params["remove_timeout"]}
        try:
            self.record.do("RemoveContainer", request if request["timeout"] else self.id)
        except NotFound:
            return  # it went by somebody else's hand
        if not self.task.check_mode and probes.container_present(self.agent, self.name):
            raise self.record.failed(NotKept("the agent said that it removed the container, and it is still there"))
