# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The daemons of Open vSwitch where no init system looks after them.

The distribution's start script gives up where the kernel has no module for it, although the userspace datapath needs
none. Here they are started as that script does it, without the module. What a crash leaves behind (sockets, pid files,
the database, interfaces) is in nobody's way: a daemon counts as running if its process is there, and nothing else.
"""

from __future__ import annotations

import os
import time
import typing as t

from .._core.errors import TimedOut
from .._core.fields import Spec
from .._core.resource import Plan, Resource, Task
from . import netlink
from .machine import run

SERVER, SWITCH = "ovsdb-server", "ovs-vswitchd"
INTERFACE = "ovs-netdev"  # what the userspace datapath leaves behind when it is killed

OPTIONS: Spec = {
    "rundir": {"type": "path", "default": "/run/openvswitch"},
    "database": {"type": "path", "default": "/etc/openvswitch/conf.db"},
    "logdir": {"type": "path", "default": "/var/log/openvswitch"},
    "schema": {"type": "path", "default": "/usr/share/openvswitch/vswitch.ovsschema"},
    "timeout": {"type": "int", "default": 30},
}


class Command(t.NamedTuple):
    """A command that is run.

    :param gone: a process that must be gone afterwards, 0 for none
    """

    argv: list[str]
    gone: int = 0

    def describe(self) -> dict[str, t.Any]:
        """As C(actions) shows it."""
        return {"command": " ".join(self.argv)}


class Remove(t.NamedTuple):
    """A stale file that is removed."""

    path: str

    def describe(self) -> dict[str, t.Any]:
        """As C(actions) shows it."""
        return {"remove": self.path}


class Make(t.NamedTuple):
    """A folder that is made."""

    path: str

    def describe(self) -> dict[str, t.Any]:
        """As C(actions) shows it."""
        return {"mkdir": self.path}


class Host:
    """This machine.

    :param rundir: where the daemons have their sockets
    :param timeout: seconds that one of them may take to end
    """

    def __init__(self, rundir: str, timeout: int) -> None:
        self.rundir = rundir
        self.timeout = timeout

    def perform(self, step: t.Any) -> None:
        """Do one thing."""
        if isinstance(step, Remove):
            os.unlink(step.path)
        elif isinstance(step, Make):
            os.makedirs(step.path, mode=0o755)
        else:
            run(step.argv, OVS_RUNDIR=self.rundir)
            self._wait(step)

    def _wait(self, step: Command) -> None:
        until = time.monotonic() + self.timeout
        while step.gone and comm(step.gone):
            if time.monotonic() > until:
                raise TimedOut(
                    f"process {step.gone} did not end within {self.timeout} s", next_step="see /var/log/openvswitch"
                )
            time.sleep(0.05)


def comm(pid: int) -> str:
    """The name of a process, empty where there is none or where it is a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            name, rest = stream.read().split("(", 1)[1].rsplit(")", 1)
    except (OSError, IndexError):
        return ""
    return "" if rest.split()[0] in "ZX" else name


def running(rundir: str, name: str) -> int:
    """The process of a daemon, 0 where its pid file is missing, stale or somebody else's."""
    try:
        with open(f"{rundir}/{name}.pid", encoding="ascii") as stream:
            pid = int(stream.read())
    except (OSError, ValueError):
        return 0
    return pid if comm(pid) == name else 0


class OpenVSwitch(Resource):
    """The two daemons."""

    states = ("started", "stopped")

    def __init__(self) -> None:
        super().__init__("openvswitch", options=OPTIONS)

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        """The daemons, as a person would name them."""
        return "Open vSwitch"

    def read(self, session: t.Any, task: Task) -> dict[str, t.Any] | None:
        """Their processes, and what is there on disk."""
        params = task.params
        return {
            "pids": {name: running(params["rundir"], name) for name in (SERVER, SWITCH)},
            "database": os.path.exists(params["database"]),
            "socket": os.path.lexists(f"{params['rundir']}/db.sock"),
            "folders": [
                path
                for path in (params["rundir"], params["logdir"], os.path.dirname(params["database"]))
                if os.path.isdir(path)
            ],
            "interface": INTERFACE in _interfaces(),
        }

    def plan(self, have: dict[str, t.Any] | None, task: Task) -> Plan:
        """Compare and decide."""
        now = t.cast("dict[str, t.Any]", have)
        started = task.state == "started"
        made = Plan(self.label(task.params), _shown(now["pids"]), _shown(dict.fromkeys(now["pids"], int(started))))
        made.steps = _start(now, task.params) if started else _stop(now, task.params)
        if made.steps:
            made.before, made.after = made.have, made.then
            made.changed = [name for name in made.have if made.have[name] != made.then[name]]
        return made


def _interfaces() -> t.Collection[str]:
    with netlink.Reader() as reader:
        return reader.devices()


def _shown(pids: t.Mapping[str, int]) -> dict[str, str]:
    return {name: "started" if pid else "stopped" for name, pid in pids.items()}


def _start(now: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> list[t.Any]:
    rundir, database, pids = params["rundir"], params["database"], now["pids"]
    folders = dict.fromkeys((rundir, params["logdir"], os.path.dirname(database)))
    steps: list[t.Any] = []
    if all(pids.values()):
        return steps
    steps += [Make(path) for path in folders if path not in now["folders"]]
    if not pids[SERVER]:
        steps += [Remove(f"{rundir}/db.sock")] if now["socket"] else []
        if not now["database"]:
            steps.append(Command(["ovsdb-tool", "create", database, params["schema"]]))
        steps.append(
            Command([SERVER, database, f"--remote=punix:{rundir}/db.sock", *_common(SERVER, rundir, params["logdir"])])
        )
        steps.append(Command(["ovs-vsctl", f"--db=unix:{rundir}/db.sock", "--no-wait", "init"]))
    if not pids[SWITCH]:
        steps.append(Command([SWITCH, f"unix:{rundir}/db.sock", *_common(SWITCH, rundir, params["logdir"])]))
    return steps


def _common(name: str, rundir: str, logdir: str) -> list[str]:
    return [
        f"--pidfile={rundir}/{name}.pid",
        f"--log-file={logdir}/{name}.log",
        "-vconsole:off",
        "-vsyslog:off",
        "--no-chdir",
        "--detach",
    ]


def _stop(now: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> list[t.Any]:
    """The switch first, with its interfaces; a process that was killed cannot take its own away."""
    pids, steps = now["pids"], []
    for name, how in ((SWITCH, ["exit", "--cleanup"]), (SERVER, ["exit"])):
        if pids[name]:
            steps.append(
                Command(["ovs-appctl", f"--target={params['rundir']}/{name}.{pids[name]}.ctl", *how], pids[name])
            )
    if now["interface"] and not pids[SWITCH]:
        steps.append(Command(["ip", "link", "del", INTERFACE]))
    return steps
