# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Why an application did not start, from its own words. Pure."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import (
    Busy,
    FleetError,
    Forbidden,
    InUse,
    InvalidOption,
    MissingReference,
    NotFound,
    OperationFailed,
    Unsupported,
)


class Cause(t.NamedTuple):
    """A pattern of the application's words, and what it means."""

    pattern: str
    kind: type[FleetError]
    what: str
    step: str


# The first that fits wins: particular ones before those that follow from them.
CAUSES = (
    Cause(
        r"Cannot create lock on '([^']+)'|Is another primary process running",
        InUse,
        "another process runs with the same file prefix",
        "stop it, or give each application a 'file_prefix' of its own",
    ),
    Cause(
        r"failed to bind: Address already in use|bind: Address already in use",
        InUse,
        "the socket is there already, left by a process that was killed or held by one that runs",
        "remove it if nobody listens; the module does so by itself where it made the socket",
    ),
    Cause(
        r"Too many memory regions",
        InvalidOption,
        "more than eight files of hugepages would have to be shared, and vhost-user takes eight",
        "give 'single_file_segments: true' to the process with net_virtio_user, or use 1 GiB pages",
    ),
    Cause(
        r"(\S+): cannot open shared object file",
        MissingReference,
        "the library of a driver is not there",
        "install it, or name another one in 'drivers'",
    ),
    Cause(
        r"failed to parse device \"?([\w.,=/-]+?)\"?(?:$|\s)",
        MissingReference,
        "the driver of the device is not loaded",
        "install its library (Debian 12: librte-net-vhost23, librte-net-virtio23), or name its folder in 'drivers'",
    ),
    Cause(
        r"(?:Not enough memory available on socket|not enough memory on socket) (\d+)",
        NotFound,
        "the NUMA node has not the memory that 'numa_mem' asks for",
        "give one number for each node that is there, and reserve pages on that node",
    ),
    Cause(
        r"lcore (\d+) unavailable|invalid core list|core list syntax|invalid parameter for --lcores",
        InvalidOption,
        "an lcore asks for a CPU that the process may not use",
        "choose among the allowed CPUs, dpdk_facts lists them",
    ),
    Cause(
        r"pthread_setaffinity_np failed|[Cc]annot set affinity",
        InvalidOption,
        "an lcore could not be put on its CPU",
        "choose among the allowed CPUs, dpdk_facts lists them",
    ),
    Cause(
        r"Cannot use IOVA as 'PA'",
        Unsupported,
        "physical addresses are hidden from this process",
        "give 'iova_mode: va'",
    ),
    Cause(
        r"hugepages of size \d+ reserved, but no mounted hugetlbfs|no mounted hugetlbfs",
        MissingReference,
        "there are hugepages, but no mount of their size",
        "give 'in_memory: true', or mount hugetlbfs",
    ),
    Cause(
        r"No free \d+ kB hugepages|No free hugepages|Cannot get hugepage information|couldn't find suitable memseg|"
        r"Cannot allocate memory|Creation of mbuf pool .* failed|Cannot create mbuf pool|Cannot init memory",
        NotFound,
        "there are not enough free hugepages",
        "reserve more with dpdk_hugepages; dpdk_budget says how many",
    ),
    Cause(
        r"[Ff]ailed to lock hugepage directory",
        Forbidden,
        "the folder of the hugepages cannot be used",
        "give 'in_memory: true', or make the mount writable",
    ),
    Cause(
        r"No cores defined for forwarding",
        InvalidOption,
        "there is no lcore to forward",
        "give a second one; on one CPU write '0@0,1@0'",
    ),
    Cause(
        r"initial lcore (\d+) for port",
        InvalidOption,
        "the main lcore is in Pktgen's map",
        "leave it out of the map",
    ),
    Cause(
        r"scrn_constructor: tcgetattr|tcgetattr failed",
        Unsupported,
        "this release of Pktgen does not start without a terminal",
        "take 23.03.0, or 25.05 and newer",
    ),
    Cause(
        r"Invalid mapping format|Invalid map",
        InvalidOption,
        "Pktgen cannot read its map",
        "name Pktgen's release in 'release'",
    ),
    Cause(
        r"Failed to get fd|Connection refused|[Ff]ailed to connect|virtio_user_dev_init|Failed to start device",
        Busy,
        "the other end of a socket does not answer",
        "start the process that makes the socket first",
    ),
    Cause(r"Permission denied", Forbidden, "the process may not use a file", "run it as root, or open the file to it"),
    Cause(
        r"unrecognized option '?([\w-]+)|invalid option -- '?(\w)|[Ww]rong arguments|Invalid EAL arguments",
        InvalidOption,
        "the release does not have an argument",
        "name the release that is installed in 'release'",
    ),
)


def explain(log: str, endpoint: str, status: int | None = None) -> FleetError:
    """The error for an application that ended before it was ready.

    :param log: what it wrote
    :param endpoint: its command
    :param status: its exit code, where it is known
    """
    text = tail(log)
    for cause in CAUSES:
        found = re.search(cause.pattern, log)
        if found:
            detail = next((group for group in found.groups() if group), None)
            what = f"{cause.what} ({detail})" if detail else cause.what
            return cause.kind(what, endpoint=endpoint, next_step=cause.step, code=status, text=text)
    return OperationFailed(
        "it ended before it was ready" + (f": {text.splitlines()[-1]}" if text else ""),
        endpoint=endpoint,
        next_step="its last words are in failure.text",
        code=status,
        text=text,
    )


def tail(log: str, lines: int = 12) -> str:
    """The last lines of a log without the sequences that clear a screen."""
    clean = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", log)
    return "\n".join([line.rstrip() for line in clean.splitlines() if line.strip()][-lines:])
