# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Bringing a fleet about: one bulk read, the plan of `fleet`, a bounded pool, waves, a result for every instance."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import time
import typing as t

from .._core.errors import Bug, Busy, FleetError, Forbidden, InvalidOption
from .._core.fields import Spec
from .._core.http import UnixEndpoint
from .._core.module import SECRET_KEYS, FleetModule
from .._core.pool import Pace, each
from .._core.resource import Outcome, Plan, Task, converge
from . import fleet
from .client import MEMBERS, Client
from .instance import Instance
from .options import CONNECTION, connect
from .power import AWAITED, is_new, power
from .progress import VARIABLE, Progress, what
from .record import SCOPES
from .waits import Waiting, Watch, leased, parse
from .waits import seen as state_seen

if t.TYPE_CHECKING:
    from .._core.events import Messages

LOCKS = "/run/lock"
SETTLING = 25  # readings
_POLL = 0.2  # seconds
LISTENING = 1.0  # seconds that connecting may take


def member_spec() -> Spec:
    """The options of one instance of a fleet: those of a single instance, but for what the whole fleet has."""
    spec = {name: dict(option) for name, option in Instance().spec().items()}
    for name in ("project", "rename_from", "move_from", *SECRET_KEYS):
        del spec[name]
    for option in spec.values():
        option.pop("default", None)  # only what is really given counts
    spec["name"]["required"] = True
    return spec


def fleet_spec() -> Spec:
    """The options of a fleet."""
    members = member_spec()
    return {
        "name": {"type": "str", "required": True},
        "lab": {"type": "str", "default": "lab"},
        **SCOPES["project"],
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "defaults": {
            "type": "dict",
            "default": {},
            "options": {name: {**option, "required": False} for name, option in members.items() if name != "name"},
        },
        "instances": {"type": "list", "elements": "dict", "default": [], "options": members},
        "instances_from": {"type": "list", "elements": "raw", "default": []},
        "force": {"type": "bool", "default": False},
        "spread": {"type": "str", "choices": ["round_robin", "least_loaded"]},
        "spread_over": {"type": "list", "elements": "str", "default": []},
        "adopt": {"type": "bool", "default": False},
        "purge": {"type": "bool", "default": False},
        "purge_max": {"type": "str", "default": "10%"},
        "purge_force": {"type": "bool", "default": False},
        "max_failed": {"type": "str"},
        "batch": {"type": "int", "default": 0},
        "batch_pause": {"type": "float", "default": 0.0},
        "workers": {"type": "int", "default": 0},
        "diff_limit": {"type": "int", "default": 20},
        "progress": {"type": "bool", "default": True},
        **SECRET_KEYS,
    }


def run_fleet() -> t.NoReturn:
    """The main function of the fleet module."""
    module = FleetModule({**CONNECTION, **fleet_spec()}, Instance().secrets)

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as session:
            return Fleet(session, task, module.clean).converge()

    module.run(work)


class Fleet:
    """One run over one fleet.

    :param clean: takes secrets out of an error, for the result of a single instance
    """

    def __init__(self, session: Client, task: Task, clean: t.Callable[[FleetError], FleetError]) -> None:
        self.session = session
        self.task = task
        self.clean = clean
        self.params = task.params
        self.mark = f"{self.params['lab']}/{self.params['name']}"
        self.instance = Instance()
        self.watch = Watch(session, self.params["project"])
        self.hosts: dict[str, str] = {}  # by instance, those that are hosts of the inventory
        self.results: dict[str, dict[str, t.Any]] = {}
        self.diffs: dict[str, dict[str, t.Any]] = {}
        self.failed = 0
        self.declared = 0
        self.broken: FleetError | None = None
        self.progress = Progress(self.mark, self.results)

    def converge(self) -> dict[str, t.Any]:
        """Read all, plan all, do what is to be done, and tell what became of each instance."""
        params = self.params
        for option in ("name", "lab", "project"):
            if not params[option]:
                raise InvalidOption(f"'{option}' is empty", obj="fleet", next_step="give a name")
        entries, unreadable = self._entries()
        declared = fleet.definitions(self.task.given.get("defaults") or {}, entries)
        self.declared = len(declared)
        # Without a word about it, waves stop at the first failure and a single wave goes on to its end.
        maximum = params["max_failed"] or ("0" if params["batch"] else "100%")
        allowed = fleet.allowed(maximum, len(declared), "max_failed")
        with self._alone():
            self.session.remember_names()
            have = self._read_settled({definition.name for definition in declared})
            declared = self._placed(declared, have)
            members = fleet.plan(
                self.instance,
                have,
                declared,
                self._base(),
                mark=self.mark,
                adopt=params["adopt"],
                state=params["state"],
                look_up=lambda present, task: self.instance.look_up(self.session, present, task),
            )
            if unreadable and params["purge"]:
                raise InvalidOption(
                    f"'purge' is refused while a definition is not known: {next(iter(unreadable.values()))}",
                    next_step="correct it, or leave 'purge' out",
                )
            members += self._doomed(have, declared)
            for member in members:
                if member.name in unreadable:
                    member.plan, member.error = None, unreadable[member.name]
                self._note(member)
            changing = [member for member in members if member.changes]
            self.failed = 0  # what could not be planned is known before anything is sent, and stops no other
            if self.task.check_mode:
                self._predict(changing)
            else:
                try:
                    with self.progress.told(os.environ.get(VARIABLE), self._listen):
                        self._perform(changing, allowed)
                        self._settle(members)
                except FleetError as error:  # the daemon itself; what was done until then is told all the same
                    self.broken = self.clean(error)
            return self._result(members)

    def _listen(self) -> Messages:
        """The events of the daemon's operations. Whoever is slow to connect is not waited for at the end of a run."""
        from .events import open_channel

        return open_channel(self.session, ["operation"], {"project": self.params["project"]}, timeout=LISTENING)

    # -- before anything is sent

    def _entries(self) -> tuple[list[dict[str, t.Any]], dict[str, FleetError]]:
        """What is declared, and the errors of the hosts whose definitions cannot be read."""
        entries = list(self.task.given.get("instances") or ())
        unreadable: dict[str, FleetError] = {}
        spec = member_spec()
        for told in self.params["instances_from"] or ():
            entry, error = fleet.host_entry(told, spec)
            entries.append(entry)
            self.hosts[entry["name"]] = told["host"]
            if error is not None:
                unreadable[entry["name"]] = error
        return entries, unreadable

    def _base(self) -> Task:
        """What holds for every instance."""
        params = {name: option.get("default") for name, option in self.instance.spec().items()}
        params.update({"project": self.params["project"], "force": self.params["force"]})
        return Task(params, {}, check_mode=self.task.check_mode, secrets=self.task.secrets, warn=_once(self.task.warn))

    def _read(self) -> dict[str, dict[str, t.Any]]:
        """All instances of the project, in one request; a project that is not there yet has none."""
        self.instance.learn(self.session)
        return self.watch.instances()

    def _read_settled(self, names: set[str]) -> dict[str, dict[str, t.Any]]:
        """The same, once none of the named is just changing its state; one that never settles has its own error."""
        have = self._read()
        for _attempt in range(SETTLING):
            if not any(power(entry) == "busy" for name, entry in have.items() if name in names):
                break
            time.sleep(_POLL)
            have = self._read()
        return have

    def _placed(self, declared: list[fleet.Definition], have: dict[str, dict[str, t.Any]]) -> list[fleet.Definition]:
        """The definitions with a target for each new instance, where that is wanted."""
        how, over = self.params["spread"], self.params["spread_over"]
        if over and not how:
            raise InvalidOption("'spread_over' is given without 'spread'", obj=f"fleet '{self.mark}'")
        gone = {one.name for one in declared if one.given.get("state") == "absent" or one.given.get("target")}
        wanted = {one.name for one in declared if one.name not in gone and is_new(have.get(one.name))}
        if not how or not wanted or self.params["state"] == "absent":
            return declared
        if not self.session.clustered:
            error = InvalidOption(
                "'spread' is given, and this daemon is not part of a cluster",
                obj=f"fleet '{self.mark}'",
                next_step="leave it out",
            )
            self.task.refuse(error)
            return declared
        from . import spread  # few fleets are on clusters

        members = spread.candidates(self.session.get(MEMBERS, {"recursion": "1"}), over)
        located = [entry.get("location", "") for entry in have.values()]
        places = spread.place([one.name for one in declared], wanted, located, members, how)
        return [
            one._replace(given={**one.given, "target": places[one.name]}) if one.name in places else one
            for one in declared
        ]

    def _doomed(self, have: dict[str, t.Any], declared: list[fleet.Definition]) -> list[fleet.Member]:
        """The members that purging takes away, if that is allowed."""
        if not self.params["purge"] or self.params["state"] == "absent":
            return []
        doomed = fleet.orphans(have, declared, self.mark)
        marked = sum((entry.get("config") or {}).get(fleet.MARK) == self.mark for entry in have.values())
        fleet.check_purge(doomed, len(declared), marked, self.params)
        return fleet.plan(
            self.instance,
            have,
            [fleet.Definition(name, {}) for name in doomed],
            self._base(),
            mark=self.mark,
            adopt=False,
            state="absent",
        )

    @contextlib.contextmanager
    def _alone(self) -> t.Iterator[None]:
        """Only one run at a time changes a fleet; another one is told who does. A check run changes nothing."""
        if self.task.check_mode:
            yield
            return
        import fcntl

        path = os.path.join(LOCKS, "nfvlab-fleet-" + re.sub(r"[^\w.-]", "_", f"{self.params['project']}-{self.mark}"))
        with _open_for_all(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Busy(
                    f"another run works on it: {lock.read().strip() or 'who it is cannot be read'}",
                    obj=f"fleet '{self.mark}'",
                    next_step="wait until that has ended and run the task again",
                ) from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()} since {time.strftime('%H:%M:%S')}")
            lock.flush()
            yield

    # -- doing it

    def _predict(self, changing: list[fleet.Member]) -> None:
        for member in changing:
            plan: t.Any = member.plan
            try:
                self.instance.check(self.session, plan, member.task)
            except FleetError as error:
                self._fail(member, error)
            else:
                self._done(member, Outcome(plan, plan.then), 0.0)

    def _perform(self, changing: list[fleet.Member], allowed: int) -> None:
        """Wave after wave; one that brings too many failures is the last."""
        if not changing:
            return
        # What a task of its own loads only when it changes something; several threads must not do it at once.
        for name in (".checks", ".events", ".keys", ".migration", ".operations", ".restarts", ".._core.websocket"):
            importlib.import_module(name, __package__)
        waves = list(fleet.waves(changing, self.params["batch"]))
        pace = self._pace(changing)
        self.progress.plans(changing, len(waves))
        for number, wave in enumerate(waves):
            if number and self.params["batch_pause"]:
                time.sleep(self.params["batch_pause"])
            self.progress.works(wave, number + 1)
            self.watch.forget()
            for group in fleet.images_first(wave):
                for member, done, error in each(self._bring, group, workers=pace, stop=lambda: self.failed > allowed):
                    if error is None and done is not None:
                        self._done(member, *done)
                    else:
                        self._fail(member, error)
            if self.failed <= allowed and self.params["batch"]:
                self._settle(wave)
            if self.failed > allowed:
                return

    def _pace(self, changing: list[fleet.Member]) -> Pace:
        """How many at a time. Creating keeps the CPUs busy; deleting is mostly waiting until a guest has stopped."""
        if self.params["workers"] > 0:
            return Pace.fixed(self.params["workers"])
        kinds = {what(member.plan) for member in changing if member.plan}
        cpus = self._cpus() if kinds else 1
        return Pace(cpus * (8 if kinds == {"delete"} else 2), least=cpus, most=cpus * 8)

    def _cpus(self) -> int:
        """The CPUs of the daemon's host; those of this one where it is the same, or the daemon does not tell us."""
        if not isinstance(self.session.transport.endpoint, UnixEndpoint):
            with contextlib.suppress(Forbidden):  # a certificate that is restricted to some projects
                found = self.session.find("/1.0/resources") or {}
                return int((found.get("cpu") or {}).get("total") or 0) or os.cpu_count() or 2
        return os.cpu_count() or 2

    def _settle(self, members: list[fleet.Member]) -> None:
        waiting = [member for member in members if self._is_up_to(member)]
        self.progress.waits(waiting)
        self._wait(waiting)

    def _bring(self, member: fleet.Member) -> tuple[Outcome, float]:
        """Bring one instance into its state, by the same way as a task of its own."""
        begun = time.monotonic()
        task = member.task.but(wait_for=[])  # waited for together
        outcome = converge(self.instance, self.session, task)
        self.session.transport.close()
        return outcome, time.monotonic() - begun

    # -- waiting, for all in a few requests

    def _is_up_to(self, member: fleet.Member) -> bool:
        """Whether there is something to wait for."""
        result = self.results[member.name]
        wanted = member.task.params.get("wait_for") and member.task.state in AWAITED
        return bool(wanted) and not (result["failed"] or result.get("waited") or result.get("skipped"))

    def _wait(self, members: list[fleet.Member]) -> None:
        """Wait until every member has what it waits for; who does not make it in its time fails."""
        if not members:
            return
        by_name = {member.name: member for member in members}
        waiting = []
        for member in members:
            params = member.task.params
            label = self.instance.label(params)
            waiting.append(Waiting(member.name, label, parse(params["wait_for"]), params["wait_timeout"]))
        for one, error in self.watch.wait(waiting):
            if error is None:
                self.results[one.name]["waited"] = True
            else:
                self._fail(by_name[one.name], error)

    # -- telling

    def _note(self, member: fleet.Member) -> None:
        """An entry for every instance, also for those that need nothing or cannot be planned."""
        self.results[member.name] = {"name": member.name, "changed": False, "failed": False}
        if member.error is not None:
            self._fail(member, member.error)
        elif member.changes:
            self.results[member.name]["skipped"] = True  # until it has been tried

    def _done(self, member: fleet.Member, outcome: Outcome, took: float) -> None:
        self._entry(member, outcome.plan, bool(outcome.sent or self.task.check_mode), took, outcome.actions())

    def _fail(self, member: fleet.Member, error: BaseException | None) -> None:
        self.failed += 1
        known = error if isinstance(error, FleetError) else Bug(f"unexpected {type(error).__name__}: {error}")
        known = self.clean(known.about(self.instance.label({**self.params, "name": member.name})))
        if known.outcome is not None:
            outcome = known.outcome
            self._entry(member, outcome.plan, bool(outcome.sent), 0.0, outcome.actions())
        result = self.results.setdefault(member.name, {"name": member.name, "changed": False})
        result.pop("skipped", None)
        result.update({"failed": True, "msg": str(known), "failure": known.failure()})

    def _entry(self, member: fleet.Member, plan: Plan, changed: bool, took: float, actions: list[t.Any]) -> None:
        result = self.results[member.name]
        result.pop("skipped", None)
        result.update({"changed": changed, "duration": round(took, 3), "actions": actions, "what": what(plan)})
        if changed:
            header = {"before_header": plan.label, "after_header": plan.label}
            self.diffs[member.name] = {**header, "before": plan.before, "after": plan.after}

    def _result(self, members: list[fleet.Member]) -> dict[str, t.Any]:
        results = [self.results[member.name] for member in members]
        for result in results:
            result.pop("waited", None)
        shown = dict(sorted(self.diffs.items())[: self.params["diff_limit"]])
        for name, diff in shown.items():
            self.results[name]["diff"] = diff  # of an item of a loop, Ansible shows what it finds here
        failed = [result for result in results if result["failed"]]
        changed = [result for result in results if result["changed"] and not result["failed"]]
        touched = [result for result in results if result["changed"] or result["failed"] or result.get("skipped")]
        skipped = [result for result in results if result.get("skipped")]
        whole: dict[str, t.Any] = {
            "changed": any(result["changed"] for result in results),
            "results": results,
            "actions": [action for result in results for action in result.get("actions", ())],
            "diff": list(shown.values()),
            "counts": {
                "declared": self.declared,
                "changed": len(changed),
                "unchanged": len(results) - len(touched),
                "failed": len(failed),
                "skipped": len(skipped),
            },
            "hosts": [],
        }
        try:
            whole["hosts"] = self._hosts(members)
        except FleetError as error:
            self.broken = self.broken or self.clean(error)
        if self.broken is not None:
            whole.update(failed=True, msg=f"fleet '{self.mark}': {self.broken}", failure=self.broken.failure())
        elif failed:
            told = "; ".join(result["msg"] for result in failed[:3])
            more = f"; and {len(failed) - 3} more, see 'results'" if len(failed) > 3 else ""
            rest = f", {len(skipped)} were not tried" if skipped else ""
            whole.update(
                failed=True,
                msg=f"{len(failed)} of {len(results)} instances failed{rest}: {told}{more}",
                failure=failed[0]["failure"],
            )
        return whole

    def _hosts(self, members: list[fleet.Member]) -> list[dict[str, t.Any]]:
        """The instances that are there, with what C(add_host) takes."""
        if self.params["state"] == "absent":
            return []
        have, seen = self.watch.everything()
        for member in members:  # whom no bridge of the daemon's own gives an address is asked itself
            entry = have.get(member.name)
            if entry and seen[member.name].running and not any(leased(entry)):
                seen[member.name] = state_seen(self.watch.state(member.name) or entry)
        for name, result in self.results.items():
            result.update(_location(have.get(name) or {}))
        return [
            self._host(member.name, have[member.name], seen[member.name].of("inet"))
            for member in members
            if member.name in have
        ]

    def _host(self, name: str, entry: dict[str, t.Any], addresses: list[str]) -> dict[str, t.Any]:
        return {
            "name": self.hosts.get(name, name),
            "instance": name,
            "status": entry["status"],
            "addresses": addresses,
            **({"ansible_host": addresses[0]} if addresses else {}),
            **_location(entry),
        }


def _location(entry: t.Mapping[str, t.Any]) -> dict[str, str]:
    """On which cluster member an instance is; nothing where there is no cluster."""
    return {"location": entry["location"]} if entry.get("location") not in (None, "", "none") else {}


def _open_for_all(path: str) -> t.IO[str]:
    """A lock file that every user may lock. In a folder for all, an existing file is not to be opened as a new one."""
    try:
        try:
            number = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            os.fchmod(number, 0o666)
    except OSError as error:
        raise Forbidden(
            f"cannot open the lock '{path}': {error.strerror}", code=error.errno, next_step="use 'become: true'"
        ) from None
    return os.fdopen(number, "r+", encoding="utf-8")


def _once(warn: t.Callable[[str], None]) -> t.Callable[[str], None]:
    """The same warning for many instances is one."""
    said: set[str] = set()

    def tell(message: str) -> None:
        short = re.sub(r"instance '[^']*'", "an instance", message)
        if short not in said:
            said.add(short)
            warn(short)

    return tell
