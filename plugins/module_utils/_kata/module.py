# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What every module of the Kata agent has in common: an agent, a record of what was sent, and the result."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, Interrupted, OperationFailed, TimedOut
from .._core.fields import Spec
from .._core.module import SECRET_KEYS, FleetModule
from .._core.resource import Outcome, Plan, Task
from .._core.secrets import Secrets
from .agent import Agent
from .options import CONNECTION, connect

# A process's variables are one list, so all of them are hidden; input and files may hold anything.
SECRETS = ("Env", "stdin", "content", "policy")


class Rpc(t.NamedTuple):
    """One call that changes something.

    :param timeout: seconds that it may take; null for the task's own
    """

    method: str
    request: t.Mapping[str, t.Any] = {}
    timeout: float | None = None

    def describe(self) -> dict[str, t.Any]:
        """The call as C(actions) shows it: its name and the names of what it sets, and the ids, never another value."""
        ids = {key: self.request[key] for key in ("container_id", "exec_id") if self.request.get(key)}
        return {"rpc": self.method, **ids, "keys": sorted(str(key) for key in self.request)}


class Work:
    """The changing half of a task: sends calls, or in check mode only remembers them.

    :param label: the object, as a person would name it
    """

    def __init__(self, agent: Agent, task: Task, label: str) -> None:
        self.agent = agent
        self.task = task
        self.plan = Plan(label, None, None)
        self.sent: list[Rpc] = []
        self.predicted_unknown = False

    def do(
        self, method: str, request: t.Mapping[str, t.Any] | None = None, timeout: float | None = None
    ) -> dict[str, t.Any]:
        """Send a call that changes something; in check mode, nothing is sent and the answer is empty."""
        step = Rpc(method, request or {}, timeout)
        self.plan.steps.append(step)
        if self.task.check_mode:
            return {}
        try:
            answer = self.agent.call(method, step.request, timeout)
        except FleetError as error:
            if isinstance(error, (OperationFailed, TimedOut, Interrupted)):
                self.sent.append(step)  # it went out; what it did is not known
            raise self.failed(error) from None
        self.sent.append(step)
        return answer

    def failed(self, error: FleetError) -> FleetError:
        """The error, with what had been sent before it."""
        error.outcome = Outcome(self.plan, None, self.sent)
        return error.about(self.plan.label)

    def unknown(self, why: str) -> None:
        """Say that check mode cannot predict, and why."""
        self.predicted_unknown = True
        self.task.warn(f"check mode cannot tell: {why}")

    def change(self, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> None:
        """What the diff shows."""
        self.plan.before.update(before)
        self.plan.after.update(after)

    def result(self, **rest: t.Any) -> dict[str, t.Any]:
        """The result of the module."""
        result = {
            "changed": bool(self.plan.steps if self.task.check_mode else self.sent),
            "actions": Outcome(self.plan, None, self.sent).actions(),
            "diff": {
                "before_header": self.plan.label,
                "after_header": self.plan.label,
                "before": self.plan.before,
                "after": self.plan.after,
            },
            **rest,
        }
        if self.predicted_unknown:
            result["predicted"] = "unknown"
        return result


def run(options: Spec, work: t.Callable[[Agent, Task], dict[str, t.Any]], **rest: t.Any) -> t.NoReturn:
    """The main function of a module.

    :param work: from the agent and what the task asks for to the result
    :param rest: what C(AnsibleModule) takes beside options
    """
    module = FleetModule({**CONNECTION, **SECRET_KEYS, **options}, Secrets(SECRETS), **rest)

    def all_of_it() -> dict[str, t.Any]:
        task = module.task()
        with connect(task.params) as agent:
            result = work(agent, task)
        if result.get("failed") and isinstance(result.get("error"), FleetError):
            error = module.clean(result.pop("error"))
            result.update(msg=str(error), failure=error.failure())
        return result

    module.run(all_of_it)
