# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What can be learnt of an agent that has no list call, and what each question costs.

==========================  ============================================================================================
question                    how, and what it changes
==========================  ============================================================================================
is there a sandbox?         the size of a file that CreateSandbox makes; nothing
is there a container?       UpdateContainer without resources; nothing
does anything run in it?    the count of its processes; nothing
was it started?             ResumeContainer refuses and says so; but a paused one goes on
has its init ended?         WaitProcess with a short limit; but an exit code can be had once only
==========================  ============================================================================================
"""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, NotFound, Refused
from .agent import Agent
from .status import DEADLINE_EXCEEDED, INTERNAL

NAMESPACE = "/run/sandbox-ns/uts"  # CreateSandbox makes it
FIFO = "/run/kata-containers/{}/exec.fifo"
GLANCE = 0.05  # seconds of a WaitProcess that only looks

CREATED, RUNNING, RESUMED = "created", "running", "resumed"


def sandbox_present(agent: Agent) -> bool | None:
    """Whether CreateSandbox was done; null where a policy hides it."""
    _answer, error = agent.ask("GetVolumeStats", {"volume_guest_path": NAMESPACE})
    if error is None:
        return True
    if error.code == INTERNAL and "kind: NotFound" in (error.text or ""):
        return False
    if "policy" in (error.text or "") or error.kind == "forbidden":
        return None
    raise error


def container_present(agent: Agent, container: str) -> bool:
    """Whether a container is there, in whatever state."""
    _answer, error = agent.ask("UpdateContainer", {"container_id": container})
    if error is None:
        return True
    if isinstance(error, NotFound):
        return False
    raise error


def processes(agent: Agent, container: str) -> int | None:
    """How many processes a container has; null where its cgroup does not count them."""
    answer = agent.call("StatsContainer", {"container_id": container})
    pids = (answer.get("cgroup_stats") or {}).get("pids_stats")
    return None if pids is None else pids.get("current", 0)


def memory_limit(agent: Agent, container: str) -> int | None:
    """A container's memory limit in bytes; null where its cgroup has none to show."""
    answer = agent.call("StatsContainer", {"container_id": container})
    memory = (answer.get("cgroup_stats") or {}).get("memory_stats") or {}
    return (memory.get("usage") or {}).get("limit")


def resumed_state(agent: Agent, container: str) -> str:
    """Whether a container was started. One that was paused runs on.

    :returns: C(created), C(running), or C(resumed) where it was paused
    """
    _answer, error = agent.ask("ResumeContainer", {"container_id": container})
    if error is None:
        return RESUMED
    for word, state in (("Created", CREATED), ("Running", RUNNING), ("Stopped", RUNNING)):
        if f"container status is: {word}, not paused" in (error.text or ""):
            return state
    raise error


def ended(agent: Agent, container: str, exec_id: str = "", limit: float = GLANCE) -> int | None:
    """The exit code of a process that has ended; null while it runs. The code can be had once only.

    :raises NotFound: somebody else has had it
    """
    answer, error = agent.ask("WaitProcess", {"container_id": container, "exec_id": exec_id}, limit)
    if answer is not None:
        return int(answer.get("status", 0))
    if error is not None and error.code == DEADLINE_EXCEEDED:
        return None
    raise error or Refused("WaitProcess has no answer")


def has_ended(agent: Agent, container: str) -> tuple[bool, int | None]:
    """Whether a container's init has ended, and its exit code where nobody had it before."""
    try:
        code = ended(agent, container)
    except NotFound:
        return True, None
    return code is not None, code


def version(agent: Agent) -> tuple[int, ...]:
    """The agent's version as numbers."""
    text = agent.call("Version").get("agent_version", "")
    numbers = text.split("-")[0].split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


def retry_lost_child(work: t.Callable[[], t.Any], attempts: int = 8) -> t.Any:
    """Repeat a read that an agent with several threads fails at random: its reaper takes the helper process away."""
    from .._core.errors import Busy

    last: FleetError | None = None
    for _attempt in range(attempts):
        try:
            return work()
        except Busy as error:
            last = error
    raise last or Refused("nothing was tried")
