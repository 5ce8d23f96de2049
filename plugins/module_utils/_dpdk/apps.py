# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The applications' own arguments: testpmd and Pktgen. Pure.

Source: app/test-pmd/parameters.c of DPDK 19.08 and 22.11; app/pktgen-main.c of Pktgen 3.7.2, 23.03 and 24.05.
"""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, Unsupported
from .._core.fields import Spec
from . import eal, pktmap
from .units import version

MODES = ("io", "mac", "macswap", "flowgen", "rxonly", "txonly", "csum", "icmpecho", "ieee1588", "noisy", "5tswap")
MODES_SINCE = {"noisy": (18, 11), "5tswap": (21, 2)}
TOPOLOGIES = ("paired", "chained", "loop")
CRC = 4  # bytes of the frame check sequence, which testpmd does not count and Pktgen does

# Name, type, argument. Numbers and texts are written as --x=v.
TESTPMD = (
    ("forward_mode", "str", "--forward-mode"),
    ("nb_cores", "int", "--nb-cores"),
    ("rxq", "int", "--rxq"),
    ("txq", "int", "--txq"),
    ("rxd", "int", "--rxd"),
    ("txd", "int", "--txd"),
    ("burst", "int", "--burst"),
    ("mbcache", "int", "--mbcache"),
    ("total_num_mbufs", "int", "--total-num-mbufs"),
    ("portlist", "str", "--portlist"),
    ("port_topology", "str", "--port-topology"),
    ("txpkts", "str", "--txpkts"),
    ("flowgen_flows", "int", "--flowgen-flows"),
    ("auto_start", "bool", "--auto-start"),
    ("no_mlockall", "bool", "--no-mlockall"),
    ("no_lsc_interrupt", "bool", "--no-lsc-interrupt"),
    ("record_core_cycles", "bool", "--record-core-cycles"),
)
SINCE = {"flowgen_flows": (20, 11), "record_core_cycles": (20, 2), "no_mlockall": (19, 2)}

# Releases of Pktgen that build against a release of DPDK, and those that are known not to (facts of builds).
PAIRS: tuple[tuple[tuple[int, int], tuple[int, int], str], ...] = (
    ((19, 5), (19, 8), "3.7.2"),
    ((22, 11), (23, 3), "23.03.0"),
    ((22, 11), (23, 7), "23.06.1"),
    ((23, 11), (23, 11), "23.10.2"),
    ((23, 11), (24, 3), "24.03.1"),
    ((24, 11), (24, 11), "24.10.3"),
    ((25, 11), (26, 3), "26.02.4"),
)


def testpmd_spec() -> Spec:
    """testpmd's options as a module takes them."""
    rows: Spec = {name: {"type": kind} for name, kind, _argument in TESTPMD}
    rows["forward_mode"]["choices"] = list(MODES)
    rows["port_topology"]["choices"] = list(TOPOLOGIES)
    rows["extra"] = {"type": "list", "elements": "str"}
    return rows


def testpmd(options: t.Mapping[str, t.Any], release: str = "22.11") -> list[str]:
    """testpmd's arguments, always interactive: its prompt is how commands reach it.

    :raises InvalidOption: a value cannot be right
    :raises Unsupported: the release does not have it
    """
    at = version(release)
    burst = options.get("burst")
    if burst is not None and not 1 <= burst <= 512:
        raise InvalidOption(f"'burst' is {burst}", next_step="give 1 to 512")
    mbufs = options.get("total_num_mbufs")
    if mbufs is not None and mbufs <= 1024:
        raise InvalidOption(f"'total_num_mbufs' is {mbufs}", next_step="give more than 1024, as testpmd asks for")
    mode = options.get("forward_mode") or "io"
    if MODES_SINCE.get(mode, (0, 0)) > at:
        raise Unsupported(f"testpmd of DPDK {release} has no mode '{mode}'", next_step="choose another forward_mode")
    words = ["-i"]
    for name, kind, argument in TESTPMD:
        value = options.get(name)
        if value is None or value is False:
            continue
        if SINCE.get(name, (0, 0)) > at:
            raise Unsupported(f"testpmd of DPDK {release} has no '{argument}'", next_step=f"leave out '{name}'")
        words.append(argument if kind == "bool" else f"{argument}={value}")
    return words + [str(word) for word in options.get("extra") or []]


def check_testpmd(options: t.Mapping[str, t.Any], eal_options: t.Mapping[str, t.Any]) -> None:
    """Raise where testpmd would end for want of lcores."""
    forwarding = len(eal.lcore_map(eal_options.get("lcores") or "0")) - 1
    if forwarding < 1:
        raise InvalidOption(
            "testpmd has one lcore, and the main lcore does not forward",
            next_step="give a second one; on one CPU write '0@0,1@0'",
        )
    wanted = options.get("nb_cores")
    if wanted and wanted > forwarding:
        raise InvalidOption(f"'nb_cores' is {wanted}, and there are {forwarding} forwarding lcores")


def pktgen_spec() -> Spec:
    """Pktgen's options as a module takes them."""
    return {
        "map": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "port": {"type": "int", "required": True},
                "lcores": {"type": "list", "elements": "int"},
                "rx": {"type": "list", "elements": "int"},
                "tx": {"type": "list", "elements": "int"},
            },
        },
        "promiscuous": {"type": "bool"},
        "numa": {"type": "bool"},
        "jumbo": {"type": "bool"},
        "rxd": {"type": "int"},
        "txd": {"type": "int"},
    }


def pktgen_map(rows: t.Sequence[t.Mapping[str, t.Any]]) -> list[pktmap.Mapping]:
    """The map as C({port, rx, tx}); C(lcores) are both."""
    entries = []
    for row in rows:
        both = row.get("lcores") or []
        entries.append({"port": row["port"], "rx": row.get("rx") or both, "tx": row.get("tx") or both})
    return entries


def pktgen(options: t.Mapping[str, t.Any], release: str, commands_file: str | None = None) -> list[str]:
    """Pktgen's arguments for one of its releases.

    :raises Unsupported: the release does not have it
    """
    at = version(release)
    words = [flag for name, flag in (("promiscuous", "-P"), ("numa", "-N"), ("jumbo", "-j")) if options.get(name)]
    for name in ("rxd", "txd"):
        if options.get(name):
            if at < (22, 0):
                raise Unsupported(f"Pktgen {release} has no '--{name}'", next_step=f"leave out '{name}'")
            words.append(f"--{name}={options[name]}")
    words += pktmap.render(pktgen_map(options["map"]), release)
    return [*words, "-f", commands_file] if commands_file else words


def pktgen_for(dpdk: str) -> list[str]:
    """The releases of Pktgen that build against a release of DPDK, the one to take first."""
    at = version(dpdk)
    return [pktgen_release for first, last, pktgen_release in PAIRS if first <= at <= last]


def check_pair(pktgen_release: str, dpdk: str) -> None:
    """Raise where a release of Pktgen is known not to build against one of DPDK.

    :raises Unsupported: with the releases that do
    """
    fitting = pktgen_for(dpdk)
    if fitting and version(pktgen_release) not in [version(one) for one in fitting]:
        raise Unsupported(
            f"Pktgen {pktgen_release} does not go with DPDK {dpdk}", next_step=f"take Pktgen {' or '.join(fitting)}"
        )
