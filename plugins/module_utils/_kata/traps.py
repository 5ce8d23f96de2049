# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What must not be sent, for each call of the API.

An agent trusts its runtime. It dies of words that it does not know, hangs in a second StartContainer, and erases the
root file systems of all containers in a second CreateSandbox. Each guard here asks first, with probes that change
nothing where there are any, and refuses with the reason.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, NotFound, Refused, Unsupported
from . import probes, spec
from .agent import Agent
from .status import UNIMPLEMENTED

Request = t.Mapping[str, t.Any]
Guard = t.Callable[[Agent, Request], None]

# Calls that change nothing, nor take anything away: what check mode may send.
HARMLESS = (
    "Check",
    "Version",
    "GetGuestDetails",
    "GetMetrics",
    "ListInterfaces",
    "ListRoutes",
    "GetVolumeStats",
    "StatsContainer",
    "GetIPTables",
    "GetDiagnosticData",
)
# Calls that only read, but that somebody else may miss what they took.
READING = (*HARMLESS, "ReadStdout", "ReadStderr", "GetOOMEvent")

SHARE = "/run/kata-containers/shared/containers/"
OLD_SHARE = "/run/kata-containers/"
FORCE = "set 'force: true' to send it all the same"


def harmless(method: str, request: Request) -> bool:
    """Whether a call changes nothing. UpdateContainer without resources is a question."""
    return method in HARMLESS or (method == "UpdateContainer" and not request.get("resources"))


def check(method: str, request: Request) -> list[str]:
    """What can be told from the request alone: warnings of what will have no effect.

    :raises InvalidOption: the agent would refuse it, or die of it
    """
    warnings: list[str] = []
    checker = _CHECKS.get(method)
    if checker is not None:
        warnings = checker(request) or []
    return warnings


def guard(agent: Agent, method: str, request: Request) -> None:
    """What must be asked of the agent before the call is sent.

    :raises Refused: it would destroy, hang or take away what is there
    """
    found = _GUARDS.get(method)
    if found is not None:
        found(agent, request)


# -- from the request alone


def _create_container(request: Request) -> list[str]:
    spec.container_id(str(request.get("container_id", "")))
    given = request.get("OCI")
    if not given:
        raise InvalidOption("'OCI' is missing", next_step="give the container's specification")
    if request.get("devices"):
        from .devices import check_device

        for index, device in enumerate(request["devices"]):
            check_device(device, f"devices[{index}]")
    return spec.check(given)


def _exec_process(request: Request) -> None:
    if not request.get("exec_id"):
        raise InvalidOption(
            "'exec_id' is empty", next_step="name the process: one without a name can never be waited for"
        )
    if not request.get("process"):
        raise InvalidOption("'process' is missing", next_step="give at least 'Args' and 'Cwd'")
    spec.check_process(request["process"], "process")


def _signal(request: Request) -> None:
    if int(request.get("signal") or 0) > 64:
        raise InvalidOption(f"there is no signal {request['signal']}", next_step="give a number from 0 to 64")


def _read(request: Request) -> None:
    if not request.get("len"):
        raise InvalidOption(
            "'len' is missing", next_step="without a length the answer looks like the end of the stream"
        )


def _update(request: Request) -> None:
    spec.check_resources(request.get("resources") or {}, "resources.")


def _copy(request: Request) -> None:
    path = str(request.get("path", ""))
    if not path.startswith(OLD_SHARE) or ".." in path.split("/") or path.rstrip("/") + "/" in (SHARE, OLD_SHARE):
        raise InvalidOption(
            f"'path' is '{path}'",
            next_step=f"agents from 4.0 write below {SHARE} only, older ones below {OLD_SHARE}",
        )
    from .codec import as_bytes

    offset, size = int(request.get("offset") or 0), int(request.get("file_size") or 0)
    length = len(as_bytes(request.get("data") or b"", "data"))
    kind = int(request.get("file_mode") or 0) & 0o170000
    if offset < 0:
        raise InvalidOption(f"'offset' is {offset}")
    if kind in (0, 0o100000) and offset + length > size:
        raise InvalidOption(
            f"'data' reaches to byte {offset + length} of a file with 'file_size' {size}",
            next_step="the agent would say OK and keep a .tmp file only",
        )


def _interface(request: Request) -> None:
    wanted = request.get("interface") or {}
    for name in ("hwAddr", "mtu", "name"):
        if not wanted.get(name):
            raise InvalidOption(
                f"'interface.{name}' is missing", next_step="an agent needs it to find and set the link"
            )
    for index, address in enumerate(wanted.get("IPAddresses") or ()):
        if not str(address.get("mask", "")).isdigit():
            raise InvalidOption(f"'interface.IPAddresses[{index}].mask' is no prefix length", next_step="write '24'")


def _date(request: Request) -> None:
    if not 0 <= int(request.get("Usec") or 0) < 10**6:
        raise InvalidOption(f"'Usec' is {request['Usec']}", next_step="give 0 to 999999")


def _entropy(request: Request) -> None:
    if not request.get("data"):
        raise InvalidOption("'data' is empty", next_step="give random bytes, as base64")


def _swap(request: Request) -> None:
    path = request.get("PCIPath") or []
    if not path or any(int(slot) > 31 for slot in path):
        raise InvalidOption(f"'PCIPath' is {path}", next_step="give the slots from the root bus on, each from 0 to 31")


def _policy(request: Request) -> None:
    text = str(request.get("policy", ""))
    if not re.search(r"^\s*package\s+agent_policy\s*$", text, re.MULTILINE):
        raise InvalidOption(
            "the policy does not declare 'package agent_policy'",
            next_step="a policy that the agent cannot use leaves none behind, and then every call is refused",
        )
    for left, right in ("{}", "()", "[]"):
        bare = re.sub(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*', "", text)
        if bare.count(left) != bare.count(right):
            raise InvalidOption(
                f"the policy has {bare.count(left)} '{left}' and {bare.count(right)} '{right}'",
                next_step="a policy that does not parse leaves none behind, and then every call is refused",
            )


def _modules(request: Request) -> None:
    for index, module in enumerate(request.get("kernel_modules") or ()):
        if not module.get("name"):
            raise InvalidOption(f"'kernel_modules[{index}].name' is missing")


_CHECKS: dict[str, t.Callable[[Request], list[str] | None]] = {
    "CreateContainer": _create_container,
    "CreateSandbox": _modules,
    "ExecProcess": _exec_process,
    "SignalProcess": _signal,
    "ReadStdout": _read,
    "ReadStderr": _read,
    "UpdateContainer": _update,
    "CopyFile": _copy,
    "UpdateInterface": _interface,
    "SetGuestDateTime": _date,
    "ReseedRandomDev": _entropy,
    "AddSwap": _swap,
    "SetPolicy": _policy,
}


# -- from the agent


def _no_sandbox(agent: Agent, request: Request) -> None:
    present = probes.sandbox_present(agent)
    if present:
        raise Refused(
            "there is a sandbox already, and a second CreateSandbox erases the root file system of every container",
            endpoint=agent.endpoint,
            next_step="end it with DestroySandbox first",
        )
    if present is None:
        raise Refused(
            "the agent's policy hides whether there is a sandbox, and a second CreateSandbox erases root file systems",
            endpoint=agent.endpoint,
            next_step=f"allow GetVolumeStats in the policy, or {FORCE}",
        )


def _no_container(agent: Agent, request: Request) -> None:
    container = str(request.get("container_id"))
    if probes.container_present(agent, container):
        raise Refused(
            f"container '{container}' exists: a second CreateContainer kills it",
            endpoint=agent.endpoint,
            next_step="remove it first, or choose another id",
        )


def startable(agent: Agent, request: Request) -> None:
    """Raise unless a container was created, never started, and still has its init."""
    container = str(request.get("container_id"))
    if not probes.container_present(agent, container):
        raise NotFound(f"there is no container '{container}'", endpoint=agent.endpoint)
    state = probes.resumed_state(agent, container)
    if state != probes.CREATED:
        was = "was paused and runs again" if state == probes.RESUMED else "was started before"
        raise Refused(
            f"container '{container}' {was}: a second StartContainer would hang the whole agent",
            endpoint=agent.endpoint,
            next_step="nothing is left to do",
        )
    gone, code = probes.has_ended(agent, container)
    if gone:
        raise Refused(
            f"the init of container '{container}' has ended (exit code {code}): StartContainer would hang the agent",
            endpoint=agent.endpoint,
            next_step="remove the container and create it again",
        )


def _no_fifo(agent: Agent, request: Request) -> None:
    if re.search(r"/exec\.fifo/?$", str(request.get("volume_guest_path", ""))):
        raise Refused(
            "asking for an exec.fifo blocks a thread of the agent for good",
            endpoint=agent.endpoint,
            next_step=f"it is of use only to free a hung StartContainer; then {FORCE}",
        )


def _not_paused(agent: Agent, request: Request) -> None:
    """With the first control groups, the processes of a paused container that is removed stay frozen for ever."""
    container = str(request.get("container_id"))
    if probes.container_present(agent, container):
        probes.resumed_state(agent, container)


def _iptables(agent: Agent, request: Request) -> None:
    if request.get("is_ipv6") and probes.version(agent) <= (4, 1, 0):
        raise Unsupported(
            "agents up to 4.1.0 cannot set ip6tables: they start the wrong program",
            endpoint=agent.endpoint,
            next_step=f"use a newer agent, or {FORCE}",
        )


def _policy_feature(agent: Agent, request: Request) -> None:
    details = agent.call("GetGuestDetails").get("agent_details") or {}
    if "agent-policy" not in details.get("extra_features", ()):
        raise Unsupported(
            "this agent was built without the policy feature", endpoint=agent.endpoint, code=UNIMPLEMENTED
        )


_GUARDS: dict[str, Guard] = {
    "CreateSandbox": _no_sandbox,
    "CreateContainer": _no_container,
    "StartContainer": startable,
    "GetVolumeStats": _no_fifo,
    "RemoveContainer": _not_paused,
    "SetIPTables": _iptables,
    "SetPolicy": _policy_feature,
}
