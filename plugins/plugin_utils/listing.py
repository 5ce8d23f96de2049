# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of daemons as hosts: what the inventory plugin reads, and the variables that it makes of it."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, Forbidden, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Spec
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import checked
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.pool import each
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fleet import MARK
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import PLACE, WHERE, endpoint_for
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import SECRETS
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.remotes import remote
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.waits import Seen, Watch, seen

CONNECTION = "nfvlab.fleet.incus"
_SHOWN = tuple(option for option in WHERE if option != "bearer_token")  # everybody sees the variables of a host
DAEMONS = 8  # that are asked at a time
_OWN = ("volatile.", "image.")  # keys of the daemon's own

Variables = dict[str, t.Any]

# What an inventory file says of a daemon.
DAEMON: Spec = {
    "name": {"type": "str"},
    **PLACE,
    "conf": {"type": "path"},
    "projects": {"type": "list", "elements": "str"},
    "all_projects": {"type": "bool"},
    "filter": {"type": "str"},
}
_PATHS = tuple(option for option, kind in DAEMON.items() if kind["type"] == "path")  # relative to the inventory's file


class Daemon(t.NamedTuple):
    """A daemon whose instances are hosts.

    :param name: what it is called in the inventory
    :param options: connection options, as the modules have them
    :param projects: names of projects; none for all
    :param filter: which instances, in the daemon's own language
    """

    name: str
    options: dict[str, t.Any]
    projects: tuple[str, ...]
    filter: str


def daemon(described: t.Any, environ: t.Mapping[str, str], folder: str = "") -> Daemon:
    """A daemon as an inventory file describes it.

    :param folder: where that file is
    :raises FleetError: an option is wrong, there is no such remote, or two ways to it are given
    """
    given = checked(described, DAEMON)
    given.update({option: os.path.join(folder, given[option]) for option in _PATHS if given.get(option)})
    own = {option: given[option] for option in WHERE if given.get(option)}
    name = given.get("remote") or ""
    if name and own:
        raise InvalidOption(
            f"the daemon has the remote '{name}' and '{next(iter(own))}'", next_step="leave one of the two out"
        )
    if given.get("conf"):
        environ = {**environ, "INCUS_CONF": given["conf"], "LXD_CONF": given["conf"]}
    found = remote(name, environ)
    if given.get("all_projects") and given.get("projects"):
        raise InvalidOption("'projects' and 'all_projects' exclude each other", next_step="leave one of them out")
    projects = () if given.get("all_projects") else given.get("projects") or (found.project or "default",)
    options = own or found.options
    label = given.get("name") or name or options.get("url") or options.get("socket") or "local"
    return Daemon(label, options, tuple(projects), given.get("filter") or "")


def digest(daemons: t.Sequence[Daemon], addresses: str) -> str:
    """What tells the instances of these daemons, read in that way, from others. Tokens come and go."""
    told = [
        (asked.name, {option: asked.options.get(option) for option in _SHOWN}, asked.projects, asked.filter)
        for asked in daemons
    ]
    return hashlib.sha256(repr((told, addresses)).encode()).hexdigest()[:12]


def read(asked: Daemon, *, timeout: float, addresses: str, environ: t.Mapping[str, str]) -> list[Variables]:
    """The instances of a daemon as the variables of hosts: one request for each project, or one for all.

    :param addresses: C(leases) of the daemon's own bridges, one request for each of them, or C(state), as the
        instances themselves tell, for which the daemon looks into each
    :raises FleetError: it does not answer, or refuses
    """
    with Client(endpoint_for(asked.options, environ), timeout=timeout) as client:
        found = []
        for project in asked.projects or ("",):
            query = {"recursion": "2" if addresses == "state" else "1"}
            query.update({"project": project} if project else {"all-projects": "true"})
            query.update({"filter": asked.filter} if asked.filter else {})
            entries = client.get("/1.0/instances", query) or []
            missing = client.missing_project(project) if project not in ("", "default") and not entries else None
            if missing:  # the daemon takes it for an empty one
                raise missing
            told = _leases(client, entries) if addresses == "leases" else [seen(entry["state"]) for entry in entries]
            found += [variables(asked, *pair) for pair in zip(entries, told, strict=True)]
        return found


def _leases(client: Client, entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[Seen]:
    """What the leases of the bridges tell of each instance; nothing where they may not be read."""
    looked: dict[tuple[str, str], Seen] = {}
    for project in dict.fromkeys(entry["project"] for entry in entries):
        have = {entry["name"]: entry for entry in entries if entry["project"] == project}
        try:
            told = Watch(client, project).looked_up(have)
        except Forbidden:
            told = {}
        looked.update({(project, name): one for name, one in told.items()})
    return [looked.get((entry["project"], entry["name"]), Seen(entry["status_code"])) for entry in entries]


def variables(asked: Daemon, entry: t.Mapping[str, t.Any], told: Seen) -> Variables:
    """The variables of one host. Secrets among its keys are stars."""
    config = entry.get("expanded_config") or entry.get("config") or {}
    shown = Secrets(SECRETS).mask(config)
    _lab, _slash, fleet = (config.get(MARK) or "").rpartition("/")
    return {
        "ansible_connection": CONNECTION,
        "ansible_incus_host": entry["name"],
        "ansible_incus_project": entry["project"],
        **{f"ansible_incus_{option}": value for option, value in asked.options.items() if option in _SHOWN},
        "incus_name": entry["name"],
        "incus_project": entry["project"],
        "incus_daemon": asked.name,
        "incus_status": entry["status"],
        "incus_type": entry["type"],
        "incus_location": entry.get("location") or "none",
        "incus_architecture": entry["architecture"],
        "incus_description": entry.get("description") or "",
        "incus_profiles": entry["profiles"],
        "incus_fleet": fleet,
        "incus_image": {key.removeprefix("image."): value for key, value in config.items() if key.startswith("image.")},
        "incus_config": {key: value for key, value in shown.items() if not key.startswith(_OWN)},
        "incus_ipv4": told.of("inet"),
        "incus_ipv6": told.of("inet6"),
    }


def read_all(
    daemons: t.Sequence[Daemon], *, timeout: float, addresses: str, environ: t.Mapping[str, str]
) -> tuple[list[Variables], list[tuple[Daemon, FleetError]]]:
    """The instances of all daemons, in their order, and the daemons that could not be read."""
    failed: list[tuple[Daemon, FleetError]] = []

    def work(number: int) -> list[Variables]:
        return read(daemons[number], timeout=timeout, addresses=addresses, environ=environ)

    lists: dict[int, list[Variables]] = {}
    for number, rows, error in each(work, range(len(daemons)), workers=DAEMONS):
        if isinstance(error, FleetError):
            failed.append((daemons[number], error))
        elif error is not None:
            raise error
        else:
            lists[number] = rows or []
    return [row for number in sorted(lists) for row in lists[number]], failed
