# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How much memory a command will need, before it is started. Pure.

The sizes of the pools are those of the sources: testpmd makes C((2048 + 250 * lcores + 2048 + 512) * 32) mbufs for each
NUMA node (app/test-pmd/testpmd.c), Pktgen several pools for each queue of a port (app/pktgen-constants.h).
"""

from __future__ import annotations

import typing as t

from .units import version

MIB = 1024 * 1024
MBUF_OBJECT = 2176 + 128 + 64  # data room, header of the mbuf, header of the object
PKTGEN_BIG = 10240 + 128 + 64
TESTPMD_PORTS = 32  # RTE_MAX_ETHPORTS
EAL_BASE = 16 * MIB  # rings, ports, what malloc keeps: read from the heaps of running processes


class Need(t.NamedTuple):
    """One thing that memory goes to.

    :param bytes: on one node
    """

    what: str
    bytes: int


def testpmd(lcores: int, total_num_mbufs: int | None = None) -> list[Need]:
    """What testpmd needs on each node that it uses.

    :param lcores: how many forward
    """
    mbufs = total_num_mbufs or (2048 + 250 * lcores + 2048 + 512) * TESTPMD_PORTS
    return [Need(f"{mbufs} mbufs", mbufs * MBUF_OBJECT), Need("EAL", EAL_BASE)]


def pktgen(port_queues: int, release: str) -> list[Need]:
    """What Pktgen needs.

    :param port_queues: queues of all ports together
    """
    at = version(release)
    if at < (22, 0):
        count, pools, size = 8192, 4, MBUF_OBJECT
    elif at < (24, 5):
        count, pools, size = 24576, 5, PKTGEN_BIG
    else:
        count, pools, size = 32768, 2, MBUF_OBJECT
    needs = [
        Need(f"{pools} pools of {count} mbufs for each of {port_queues} queues", count * pools * size * port_queues)
    ]
    return [*needs, Need("special packets", 10 * MIB * max(1, port_queues)), Need("EAL", EAL_BASE)]


def pages(needs: t.Iterable[Need], size_kb: int) -> int:
    """How many pages that is; each need begins with a page of its own."""
    size = size_kb * 1024
    return sum(-(-need.bytes // size) for need in needs)


def plan(
    needs: t.Sequence[Need],
    nodes: t.Sequence[int],
    pools: t.Sequence[t.Mapping[str, t.Any]],
    requested_mb: t.Sequence[int] = (),
) -> list[dict[str, t.Any]]:
    """What each node needs and has.

    :param nodes: the nodes that the process uses
    :param pools: C({size_kb, node, nr, free}) of the host
    :param requested_mb: C(numa_mem), which is taken at the start whatever is used of it
    :returns: for each node C(needed) bytes, and for each size the pages needed, free and missing
    """
    rows = []
    for node in nodes:
        needed = sum(need.bytes for need in needs)
        asked = requested_mb[node] * MIB if node < len(requested_mb) else 0
        sizes = []
        for pool in pools:
            if pool["node"] != node:
                continue
            count = max(pages(needs, pool["size_kb"]), -(-asked // (pool["size_kb"] * 1024)))
            missing = max(0, count - pool["free"])
            sizes.append({"size_kb": pool["size_kb"], "pages": count, "free": pool["free"], "missing": missing})
        free = sum(pool["free"] * pool["size_kb"] * 1024 for pool in pools if pool["node"] == node)
        # A need may spread over the sizes, but fills each only with whole pages.
        enough = any(row["missing"] == 0 for row in sizes) or free >= max(needed, asked) + 2 * MIB * len(needs)
        rows.append({"node": node, "needed": max(needed, asked), "free": free, "enough": enough, "sizes": sizes})
    return rows


def shortage(rows: t.Sequence[t.Mapping[str, t.Any]]) -> str | None:
    """What is missing, as a clause; null where nothing is."""
    for row in rows:
        if not row["enough"]:
            pages_of = [f"{size['missing']} more of {size['size_kb']} kB" for size in row["sizes"]]
            return (
                f"node {row['node']} needs {-(-row['needed'] // MIB)} MiB in hugepages and has "
                f"{row['free'] // MIB} MiB free" + (f" ({' or '.join(pages_of)})" if pages_of else "")
            )
    return None
