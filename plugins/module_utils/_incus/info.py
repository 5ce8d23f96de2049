# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Reading whole collections."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, TimedOut, no_such
from .._core.fields import Spec
from .._core.http import path as join
from .._core.module import FleetModule
from .._core.resource import Task
from .._core.secrets import Secrets
from .client import Client, NoDaemon
from .options import CONNECTION, connect
from .record import SECRETS

# The extension with which a collection is listed for all projects at once; without it the daemon ignores the wish.
_ALL_PROJECTS = {
    "buckets": "storage_buckets_all_projects",
    "images": "images_all_projects",
    "instances": "instance_all_projects",
    "network-acls": "network_acls_all_projects",
    "network-allocations": "network_allocations",
    "network-zones": "network_zones_all_projects",
    "networks": "networks_all_projects",
    "operations": "operations_get_query_all_projects",
    "profiles": "profiles_all_projects",
    "volumes": "storage_volumes_all_projects",
}
# The extension that brings a collection which not every daemon has.
_BROUGHT = {
    "buckets": "storage_buckets",
    "load-balancers": "network_load_balancer",
    "network-allocations": "network_allocations",
    "network-integrations": "network_integrations",
    "network-zones": "network_dns",
    "records": "network_dns_records",
}
# Collections that every daemon can filter (extensions api_filtering, storage_volume_api_filtering).
_FILTERED = ("instances", "images", "volumes")
# Collections that no daemon filters: it takes no notice of the wish.
_UNFILTERED = ("leases", "network-allocations")

STUCK = 3  # objects that are named at most when a collection does not answer


def read(session: Client, task: Task) -> list[t.Any]:
    """The objects of a collection, in one request."""
    params = task.params
    if not params["project"]:
        raise InvalidOption("'project' is empty", next_step="give a name, or leave the option out")
    if isinstance(session, NoDaemon):
        return []
    segments = [segment for segment in params["collection"].split("/") if segment]
    where = join("1.0", *segments)
    query = {"all-projects": "true"} if params["all_projects"] else {"project": params["project"]}
    if params["all_projects"]:
        for extension in (_ALL_PROJECTS[segment] for segment in segments if segment in _ALL_PROJECTS):
            session.require(extension, f"'all_projects' for '{params['collection']}'")
    if params["recursion"]:
        query["recursion"] = str(params["recursion"])
    if params["filter"]:
        if set(_UNFILTERED) & set(segments):
            raise InvalidOption(
                f"'filter' is given, and daemons take no notice of it for '{params['collection']}'",
                next_step="leave it out, and pick by 'query'",
            )
        if not set(_FILTERED) & set(segments):
            session.require("api_filtering_extended", f"filters on '{params['collection']}'")
        query["filter"] = params["filter"]
    try:
        found = session.get(where, query)
    except NotFound as error:
        raise _missing(session, error, task) from None
    except TimedOut as error:
        raise _hanging(session, error, where, query) from None
    if found is None:  # a collection without any objects
        return []
    return found if isinstance(found, list) else [found]


def _missing(session: Client, error: NotFound, task: Task) -> FleetError:
    """A project that is not there and a path that is not there look alike to the daemon."""
    for segment in task.params["collection"].split("/"):
        if segment in _BROUGHT:
            session.require(_BROUGHT[segment], f"'{task.params['collection']}'")
    project = task.params["project"]
    projects = session.names("/1.0/projects")
    if projects is not None and project not in projects:
        return no_such("project", project, projects, "create it with nfvlab.fleet.incus_project")
    error.next_step = (
        "give the collection as in the API's own paths, such as 'instances' or 'storage-pools/lab/volumes'"
    )
    return error


def _hanging(session: Client, error: TimedOut, where: str, query: dict[str, str]) -> FleetError:
    """One object can keep a whole collection from answering (a network on a bridge that nobody serves): name it."""
    stuck = []
    patience = session.transport.timeout
    session.transport.timeout = min(patience, 2.0)
    try:
        bare = {key: value for key, value in query.items() if key != "recursion"}
        for name in session.names(where, bare) or ():
            try:
                session.get(where + join(name), {"project": query["project"]} if "project" in query else {})
            except TimedOut:
                stuck.append(name)
            except NotFound:
                continue  # it went meanwhile, or is in another project
            if len(stuck) == STUCK:
                break
    except FleetError:
        return error  # the first one says more than one met while explaining it
    finally:
        session.transport.timeout = patience
    if stuck:
        error.next_step = (
            f"the daemon cannot read {', '.join(stuck)}; repair or delete that, or read the others by name"
        )
    return error


def run_info(options: Spec, reader: t.Callable[[Client, Task], list[t.Any]]) -> t.NoReturn:
    """The main function of an info module. C(query) is left to its action plugin."""
    secrets = Secrets(SECRETS)
    module = FleetModule({**CONNECTION, **options}, secrets)

    def work() -> dict[str, t.Any]:
        task = module.task()
        with connect(task) as session:
            return {"changed": False, "objects": task.secrets.mask(reader(session, task))}

    module.run(work)
