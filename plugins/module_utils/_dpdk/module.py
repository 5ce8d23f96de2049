# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What every DPDK module has in common: a record of what was done, and the result."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError
from .._core.fields import Spec
from .._core.module import FleetModule, outcome_result
from .._core.resource import Outcome, Plan, Step, Task


class Work:
    """The changing half of a task: does steps, or in check mode only remembers them.

    :param label: the object, as a person would name it
    """

    def __init__(self, task: Task, label: str) -> None:
        self.task = task
        self.plan = Plan(label, None, None)
        self.done: list[Step] = []

    def do(self, step: Step, act: t.Callable[[], t.Any]) -> t.Any:
        """Do one step that changes something; in check mode it is not done, and the answer is null."""
        self.plan.steps.append(step)
        if self.task.check_mode:
            return None
        try:
            answer = act()
        except FleetError as error:
            raise self.failed(error) from None
        self.done.append(step)
        return answer

    def failed(self, error: FleetError) -> FleetError:
        """The error, with what had been done before it."""
        error.outcome = Outcome(self.plan, None, self.done)
        return error.about(self.plan.label)

    def change(self, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> None:
        """What the diff shows."""
        self.plan.before.update(before)
        self.plan.after.update(after)

    def result(self, **rest: t.Any) -> dict[str, t.Any]:
        """The result of the module."""
        return {**outcome_result(Outcome(self.plan, None, self.done), self.task.check_mode), **rest}


def run(options: Spec, work: t.Callable[[Task], dict[str, t.Any]], **rest: t.Any) -> t.NoReturn:
    """The main function of a module.

    :param work: from what the task asks for to the result
    :param rest: what C(AnsibleModule) takes beside options
    """
    module = FleetModule(options, **rest)
    module.run(lambda: work(module.task()))
