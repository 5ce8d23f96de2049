# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Reading whole collections."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, InvalidOption, Malformed, MissingReference, NotFound, TimedOut, did_you_mean
from .._core.fields import Spec
from .._core.http import path as join
from .._core.metrics import families
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
    "metrics": "metrics",
    "network-allocations": "network_allocations",
    "network-integrations": "network_integrations",
    "network-zones": "network_dns",
    "records": "network_dns_records",
}
# Collections that every daemon can filter (extensions api_filtering, storage_volume_api_filtering).
_FILTERED = ("instances", "images", "volumes")
# Collections that no daemon filters: it takes no notice of the wish.
_UNFILTERED = ("leases", "metrics", "network-allocations")
# The paths below C(/1.0) that collections and single objects are at, for hints.
_ROOTS = (
    "certificates",
    "cluster",
    "images",
    "instances",
    "metadata",
    "metrics",
    "network-acls",
    "network-allocations",
    "network-integrations",
    "network-zones",
    "networks",
    "operations",
    "profiles",
    "projects",
    "resources",
    "storage-pools",
    "warnings",
)
# What is read by another module.
_ELSEWHERE = {
    "console": "nfvlab.fleet.incus_console_log",
    "events": "nfvlab.fleet.incus_events",
    "export": "nfvlab.fleet.incus_image or nfvlab.fleet.incus_backup",
    "logs": "nfvlab.fleet.incus_console_log",
}

STUCK = 3  # objects that are named at most when a collection does not answer


def read(session: Client, task: Task) -> list[t.Any]:
    """The objects of a collection, in one request."""
    params = task.params
    if not params["project"]:
        raise InvalidOption("'project' is empty", next_step="give a name, or leave the option out")
    if isinstance(session, NoDaemon):
        return []
    segments = [segment for segment in params["collection"].split("/") if segment]
    segments = segments[1:] if segments[:1] == ["1.0"] else segments
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
        found = _objects(session, segments, where, query)
        if not found and not params["all_projects"] and params["project"] != "default":
            missing = session.missing_project(params["project"])  # some collections are empty there
            if missing:
                raise missing
    except NotFound as error:
        better = _missing(session, error, segments, task)
        if not isinstance(better, MissingReference):
            raise better from None
        task.refuse(better)  # an earlier task may make the project
        return []
    except TimedOut as error:
        raise _hanging(session, error, where, query) from None
    except Malformed:
        if session.server:  # it is a daemon: what is there is no object
            raise _no_object(segments, params["collection"]) from None
        raise
    return found


def _objects(session: Client, segments: t.Sequence[str], where: str, query: t.Mapping[str, str]) -> list[t.Any]:
    """What is at a path, as a list."""
    if segments == ["metrics"]:
        counted = families(session.text(where, {"project": query["project"]} if "project" in query else {}))
        return [
            {"name": name, "type": family["type"], **sample}
            for name, family in counted.items()
            for sample in family["samples"]
        ]
    found = session.get(where, query)
    if segments == ["operations"]:  # lists by their status
        return [operation for operations in (found or {}).values() for operation in operations]
    if found is None:  # a collection without any objects
        return []
    return found if isinstance(found, list) else [found]


def _missing(session: Client, error: NotFound, segments: t.Sequence[str], task: Task) -> NotFound:
    """A project that is not there and a path that is not there look alike to the daemon."""
    for segment in segments:
        if segment in _BROUGHT:
            session.require(_BROUGHT[segment], f"'{task.params['collection']}'")
    missing = session.missing_project(task.params["project"])
    if missing:
        return missing
    hint = did_you_mean(segments[0], _ROOTS) if segments[0] not in _ROOTS else None
    if "?" in segments[-1]:
        hint = "what begins with '?' is said by the options 'project', 'recursion' and 'filter'"
    error.next_step = hint or (
        "give the collection as in the API's own paths, such as 'instances' or 'storage-pools/lab/volumes'"
    )
    return error


def _no_object(segments: t.Sequence[str], collection: str) -> InvalidOption:
    """The error of a path that leads to a file or a stream."""
    other = next((_ELSEWHERE[segment] for segment in segments if segment in _ELSEWHERE), None)
    return InvalidOption(
        f"'{collection}' is neither a collection nor an object", next_step=f"see {other}" if other else None
    )


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
