# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The modules dpdk_testpmd and dpdk_pktgen: from options to an application, and what has to be done to it."""

from __future__ import annotations

import functools
import typing as t

from .._core.errors import InvalidOption, NotFound
from .._core.fields import Spec
from .._core.resource import Task
from . import apps, budget, eal, pktmap, translate, vdev
from .control import Control, settled
from .control import check as check_command
from .host import Host
from .module import Work
from .process import Application
from .telemetry import Telemetry

COMMON: Spec = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["started", "stopped", "restarted"], "default": "started"},
    "program": {"type": "str"},
    "release": {"type": "str", "default": "22.11"},
    "eal": {"type": "dict", "options": eal.spec()},
    "command_line": {"type": "str"},
    "runtime_dir": {"type": "path"},
    "start_timeout": {"type": "float", "default": 60.0},
    "check_memory": {"type": "bool", "default": True},
    "commands": {"type": "list", "elements": "str", "default": []},
}
TESTPMD: Spec = {**COMMON, "testpmd": {"type": "dict", "options": apps.testpmd_spec()}}
PKTGEN: Spec = {
    **COMMON,
    "pktgen_release": {"type": "str", "default": "23.03.0"},
    "pktgen": {"type": "dict", "options": apps.pktgen_spec()},
}
RULES: dict[str, t.Any] = {"mutually_exclusive": [("command_line", "eal")]}


class Step(t.NamedTuple):
    """Something that is done to an application."""

    what: str
    target: str

    def describe(self) -> dict[str, t.Any]:
        """The step as C(actions) shows it."""
        return {self.what: self.target}


class Wanted(t.NamedTuple):
    """What a task asks for, in one shape for both ways of writing it.

    :param changes: what was translated from another release's command line
    """

    eal: dict[str, t.Any]
    own: dict[str, t.Any]
    changes: list[str]


def wanted(task: Task, key: str, host: Host) -> Wanted:
    """The options of a task, or those that its command line of another release means."""
    params = task.params
    line = params["command_line"]
    if not line:
        return Wanted(_given(params["eal"]), _given(params[key]), [])
    found = translate.read(line, nodes=len(host.nodes()), release=params["release"])
    if found.application != key:
        raise InvalidOption(
            f"the command line is one of {found.application}", next_step=f"use dpdk_{found.application}"
        )
    return Wanted(found.eal, {**found.options, **_given(params[key])}, found.changes)


def _given(options: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    return {name: value for name, value in (options or {}).items() if value is not None}


def testpmd(task: Task) -> dict[str, t.Any]:
    """The module dpdk_testpmd."""
    host, params = Host(), task.params
    if _undeclared(task, "testpmd"):
        return tell(task, Application(params["name"], ["testpmd"], runtime_dir=params["runtime_dir"]))
    want = wanted(task, "testpmd", host)
    own_prefix(want, params["name"])
    if params["state"] != "stopped":
        apps.check_testpmd(want.own, want.eal)
    needs = budget.testpmd(
        len(eal.lcore_map(want.eal.get("lcores") or "0")) - 1, t.cast("int | None", want.own.get("total_num_mbufs"))
    )
    words = apps.testpmd(want.own, params["release"])
    return converge(task, _application(params, want, params["program"] or "dpdk-testpmd", words), want, needs, host)


def pktgen(task: Task) -> dict[str, t.Any]:
    """The module dpdk_pktgen."""
    host, params = Host(), task.params
    if _undeclared(task, "pktgen"):
        return tell(task, Application(params["name"], ["pktgen"], runtime_dir=params["runtime_dir"]))
    want = wanted(task, "pktgen", host)
    own_prefix(want, params["name"])
    release = params["pktgen_release"]
    words: list[str] = []
    queues = 0
    if params["state"] != "stopped":
        if not want.own.get("map"):
            raise InvalidOption("Pktgen has no map of lcores to ports", next_step="give 'pktgen.map'")
        apps.check_pair(release, params["release"])
        entries = apps.pktgen_map(want.own["map"])
        pktmap.check_against(
            entries,
            lcores=eal.lcore_map(want.eal.get("lcores") or "0"),
            main=eal.main_lcore(want.eal),
            ports=len(want.eal.get("vdevs") or []) + len(want.eal.get("allow") or []),
        )
        queues = sum(max(len(entry["rx"]), len(entry["tx"])) for entry in entries)
        words = apps.pktgen(want.own, release)
    needs = budget.pktgen(queues, release)
    return converge(task, _application(params, want, params["program"] or "pktgen", words), want, needs, host)


def _undeclared(task: Task, key: str) -> bool:
    """Whether a task says nothing of how the application is to be, so one that runs stays as it is."""
    declared = any(task.params[name] is not None for name in ("eal", "command_line", key))
    return task.state == "started" and not declared


def tell(task: Task, application: Application) -> dict[str, t.Any]:
    """Send commands to an application that runs, however it was started.

    :raises NotFound: it does not run; in check mode, where an earlier task may start it, that is a warning
    """
    work = Work(task, f"application '{application.name}'")
    if application.running() is None:
        if not task.check_mode:
            raise NotFound(
                "it does not run",
                obj=work.plan.label,
                endpoint=application.telemetry,
                next_step="start it with 'eal', or a 'command_line'",
            )
        task.warn(f"{work.plan.label} does not run yet")
        return work.result(application=None, translated=[])
    _command(work, application)
    return work.result(application=_seen(application, task), translated=[])


def _command(work: Work, application: Application) -> None:
    """Send the task's commands."""
    control = Control(application.state, echoes="testpmd" in application.program[0])
    for command in work.task.params["commands"]:
        check_command(command)
        work.do(Step("command", command), functools.partial(control.send, command))


def own_prefix(want: Wanted, name: str) -> None:
    """Give an application its name as file prefix where it has none."""
    want.eal.setdefault("file_prefix", name)


def _application(params: t.Mapping[str, t.Any], want: Wanted, program: str, words: t.Sequence[str]) -> Application:
    vdevs = want.eal.get("vdevs") or []
    return Application(
        params["name"],
        [program],
        eal_words=eal.render(want.eal, params["release"]),
        words=words,
        prefix=want.eal["file_prefix"],
        vdevs=[vdev.normalised(item) for item in vdevs],
        ports=len(vdevs) + len(want.eal.get("allow") or []),
        runtime_dir=params["runtime_dir"],
        prompt="testpmd> " if words[:1] == ["-i"] else None,
    )


def converge(
    task: Task, application: Application, want: Wanted, needs: t.Sequence[budget.Need], host: Host
) -> dict[str, t.Any]:
    """Bring an application into its state."""
    work = Work(task, f"application '{application.name}'")
    running = application.running()
    before: dict[str, t.Any] = {"state": "started" if running else "stopped"}
    if running:
        before["command"] = " ".join([*running[0], "--", *running[1]])
    if task.state == "stopped":
        if application.present():
            work.change(before, {"state": "stopped"})
            work.do(Step("stop", application.name), lambda: _away(application))
        return work.result(application=None)
    after = {"state": "started", "command": " ".join([*application.eal_words, "--", *application.words])}
    eal.check_host(want.eal, allowed=host.allowed_cpus(), nodes=host.nodes(), sizes=host.page_sizes())
    same = running == (application.eal_words, application.words)
    if not application.current() or not same or task.state == "restarted":
        if not running and task.params["check_memory"]:
            check_memory(want.eal, needs, host, task)
        work.change(before, after)
        _start(work, application, running is not None, task.params["start_timeout"])
    _command(work, application)
    return work.result(
        application=_seen(application, task),
        translated=want.changes,
    )


def _start(work: Work, application: Application, running: bool, timeout: float) -> None:
    if running or application.pid() is not None:
        work.do(Step("stop", application.name), application.stop)
    if not application.current():
        work.do(Step("file", application.launcher), application.write)
    work.do(Step("start", application.name), lambda: application.start(timeout))


def _away(application: Application) -> None:
    application.stop()
    application.remove()


def check_memory(options: t.Mapping[str, t.Any], needs: t.Sequence[budget.Need], host: Host, task: Task) -> None:
    """Raise where the hugepages that are free will not do; check mode only warns: an earlier task may reserve them."""
    if options.get("no_huge"):
        return
    cpus = [cpu for lcore in eal.lcore_map(options.get("lcores") or "0").values() for cpu in lcore]
    nodes = sorted({host.cpu_node(cpu) for cpu in cpus})
    missing = budget.shortage(budget.plan(needs, nodes, host.pools(), options.get("numa_mem") or ()))
    if missing and task.check_mode:
        task.warn(f"not enough hugepages yet: {missing}")
    elif missing:
        raise NotFound(
            f"not enough hugepages: {missing}", next_step="reserve more with dpdk_hugepages, or ask for fewer mbufs"
        )


def _seen(application: Application, task: Task) -> dict[str, t.Any] | None:
    """What telemetry shows of it, once commands have taken effect."""
    row: dict[str, t.Any] = {
        "name": application.name,
        "command": application.command,
        "telemetry": application.telemetry,
        "control": f"{application.state}/control",
    }
    if task.check_mode:
        return row
    with Telemetry(application.telemetry) as telemetry:
        if any(command.split()[0] in ("stop", "stp") for command in task.params["commands"]):
            settled(telemetry.counters)
        return {**row, "pid": application.pid(), "version": telemetry.version, **telemetry.gather(["ports"])}
