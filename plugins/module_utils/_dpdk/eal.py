# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""One command line for the EAL, whatever release it is for. Pure.

The options are one dictionary; `render` spells them for a release and refuses what that release does not have.
Source: lib/eal/common/eal_common_options.c and eal_options.h at v19.08, v20.11, v22.11, v24.11, v25.11.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, UnknownKey, Unsupported, did_you_mean
from .._core.fields import Spec
from .units import cpu_list, version
from .vdev import vdev_text

NEVER = (99, 0)


class Option(t.NamedTuple):
    """How an option is written.

    :param form: C(flag), C(value) (C(--x=v)), C(short) (C(-x v)) or C(each) (once for each item)
    :param spellings: the release since which, and the spelling; null since the option is gone
    """

    name: str
    type: str
    form: str
    spellings: tuple[tuple[tuple[int, int], str | None], ...]

    def spelled(self, release: tuple[int, int]) -> str | None:
        """How a release spells it, or null where it does not have it."""
        fitting = [text for since, text in self.spellings if since <= release]
        return fitting[-1] if fitting else None


def _always(text: str) -> tuple[tuple[tuple[int, int], str | None], ...]:
    return (((0, 0), text),)


OPTIONS = (
    Option("lcores", "str", "value", _always("--lcores")),
    Option("main_lcore", "int", "value", (((0, 0), "--master-lcore"), ((20, 11), "--main-lcore"))),
    Option("remap_lcore_ids", "bool", "flag", (((25, 11), "--remap-lcore-ids"),)),
    Option("memory_channels", "int", "short", _always("-n")),
    Option("memory", "int", "short", _always("-m")),
    Option("numa_mem", "list", "value", (((0, 0), "--socket-mem"), ((25, 7), "--numa-mem"))),
    Option("numa_limit", "list", "value", (((18, 5), "--socket-limit"), ((25, 7), "--numa-limit"))),
    Option("no_huge", "bool", "flag", _always("--no-huge")),
    Option("in_memory", "bool", "flag", (((18, 8), "--in-memory"),)),
    Option("single_file_segments", "bool", "flag", (((18, 5), "--single-file-segments"),)),
    Option("legacy_mem", "bool", "flag", (((18, 5), "--legacy-mem"),)),
    Option("match_allocations", "bool", "flag", (((18, 11), "--match-allocations"),)),
    Option("huge_dir", "str", "value", _always("--huge-dir")),
    Option("huge_unlink", "str", "value", (((22, 7), "--huge-unlink"),)),
    Option("iova_mode", "str", "value", (((18, 11), "--iova-mode"),)),
    Option("base_virtaddr", "str", "value", _always("--base-virtaddr")),
    Option("proc_type", "str", "value", _always("--proc-type")),
    Option("file_prefix", "str", "value", _always("--file-prefix")),
    Option("no_shconf", "bool", "flag", _always("--no-shconf")),
    Option("no_telemetry", "bool", "flag", (((20, 5), "--no-telemetry"),)),
    Option("no_pci", "bool", "flag", _always("--no-pci")),
    Option("drivers", "list", "each", _always("-d")),
    Option("allow", "list", "each", (((0, 0), "-w"), ((20, 11), "-a"))),
    Option("block", "list", "each", _always("-b")),
    Option("vdevs", "list", "each", _always("--vdev")),
    Option("log_levels", "list", "each", _always("--log-level")),
)
BY_NAME = {option.name: option for option in OPTIONS}
CHOICES = {
    "iova_mode": ("pa", "va"),
    "huge_unlink": ("existing", "always", "never"),
    "proc_type": ("primary", "secondary", "auto"),
}
TOGETHER = (
    ("legacy_mem", "single_file_segments"),
    ("legacy_mem", "in_memory"),
    ("in_memory", "huge_dir"),
    ("no_huge", "in_memory"),
)
MAX_LCORE = 128  # RTE_MAX_LCORE of the usual builds


def spec() -> Spec:
    """The options as a module takes them."""
    rows: Spec = {}
    for option in OPTIONS:
        row: dict[str, t.Any] = {"type": option.type}
        if option.type == "list":
            row["elements"] = {"numa_mem": "int", "numa_limit": "int", "vdevs": "raw"}.get(option.name, "str")
        if option.name in CHOICES:
            row["choices"] = list(CHOICES[option.name])
        rows[option.name] = row
    return rows


def render(options: t.Mapping[str, t.Any], release: str = "22.11") -> list[str]:
    """The arguments of the EAL for a release.

    :raises InvalidOption: a value cannot be right
    :raises Unsupported: the release does not have an option
    """
    at = version(release)
    check(options)
    words: list[str] = []
    for option in OPTIONS:
        value = options.get(option.name)
        if value is None or value is False or value == [] or value == "":
            continue
        spelled = option.spelled(at)
        if spelled is None:
            since = f"{option.spellings[0][0][0]}.{option.spellings[0][0][1]:02d}"
            raise Unsupported(
                f"DPDK {release} has no '{option.name}'", next_step=f"leave it out, or use {since} or a newer release"
            )
        words += _words(option, spelled, value, at)
    return words


def _words(option: Option, spelled: str, value: t.Any, at: tuple[int, int]) -> list[str]:
    if option.form == "flag":
        return [spelled]
    if option.form == "each":
        texts = [vdev_text(item, at) if option.name == "vdevs" else str(item) for item in value]
        return [word for text in texts for word in (spelled, text)]
    text = ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return [spelled, text] if option.form == "short" else [f"{spelled}={text}"]


def check(options: t.Mapping[str, t.Any]) -> None:
    """Raise what is wrong with the options whatever the release."""
    for name in options:
        if name not in BY_NAME:
            raise UnknownKey(f"the EAL has no option '{name}'", next_step=did_you_mean(name, BY_NAME))
    for name, choices in CHOICES.items():
        if options.get(name) and options[name] not in choices:
            raise InvalidOption(f"'{name}' is '{options[name]}'", next_step=f"write {', '.join(choices)}")
    for first, second in TOGETHER:
        if options.get(first) and options.get(second):
            raise InvalidOption(f"'{first}' and '{second}' cannot be had together", next_step="leave one of them out")
    if options.get("memory") and options.get("numa_mem"):
        raise InvalidOption("'memory' and 'numa_mem' cannot be had together", next_step="leave one of them out")
    if options.get("lcores"):
        lcores = lcore_map(options["lcores"])
        main = options.get("main_lcore")
        if main is not None and main not in lcores:
            raise InvalidOption(
                f"the main lcore {main} is not in '{options['lcores']}'", next_step="add it to 'lcores'"
            )


def lcore_map(text: str) -> dict[int, list[int]]:
    """The lcores of C(-l) or C(--lcores), each with the CPUs that it may run on.

    Takes C(0-2,5), C(0@1,1@1), C((1-3)@(4-6)), C((0,2)@(1,3)).

    :raises InvalidOption: it cannot be read, or an lcore comes twice
    """
    found: dict[int, list[int]] = {}
    for part in _parts(text):
        lcores_text, _at, cpus_text = part.partition("@")
        lcores = cpu_list(_bare(lcores_text, text))
        if not lcores:
            raise InvalidOption(f"'{text}' has an empty part", next_step="write lcores as 0-2,5 or 0@1,1@1")
        own = lcores_text.startswith("(") or bool(cpus_text)
        cpus = cpu_list(_bare(cpus_text, text)) if cpus_text else lcores
        for lcore in lcores:
            if lcore in found:
                raise InvalidOption(f"lcore {lcore} comes twice in '{text}'", next_step="give each lcore one place")
            if lcore >= MAX_LCORE:
                raise InvalidOption(
                    f"lcore {lcore} in '{text}' is beyond {MAX_LCORE - 1}",
                    next_step=f"map it: 1@{lcore} is CPU {lcore}",
                )
            found[lcore] = list(cpus) if own else [lcore]
    if not found:
        raise InvalidOption("there is no lcore", next_step="write lcores as 0-2,5 or 0@1,1@1")
    return found


def _parts(text: str) -> list[str]:
    """Split at the commas that are outside of parentheses."""
    parts = re.findall(r"(?:\([^()]*\)|[^,()])+", text.replace(" ", ""))
    if ",".join(parts) != text.replace(" ", ""):
        raise InvalidOption(f"'{text}' is not a list of lcores", next_step="write lcores as 0-2,5 or 0@1,1@1")
    return parts


def _bare(text: str, whole: str) -> str:
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    if "(" in inner or ")" in inner:
        raise InvalidOption(f"'{whole}' is not a list of lcores", next_step="write lcores as 0-2,5 or (0,2)@(1,3)")
    return inner


def main_lcore(options: t.Mapping[str, t.Any]) -> int:
    """The lcore that runs the prompt: the given one or the lowest."""
    given = options.get("main_lcore")
    return int(given) if given is not None else min(lcore_map(options.get("lcores") or "0"))


def check_host(
    options: t.Mapping[str, t.Any], *, allowed: t.Sequence[int], nodes: t.Sequence[int], sizes: t.Sequence[int]
) -> None:
    """Raise what the host cannot give: CPUs outside of the allowed ones, memory on absent nodes, no hugepages at all.

    :param allowed: the CPUs that a process may run on here
    :param nodes: the NUMA nodes that are online
    :param sizes: the sizes of hugepages that the kernel offers, in kB
    """
    for lcore, cpus in lcore_map(options["lcores"]).items() if options.get("lcores") else []:
        outside = [cpu for cpu in cpus if cpu not in allowed]
        if outside:
            raise InvalidOption(
                f"lcore {lcore} is on CPU {outside[0]}, which a process here may not use",
                next_step=f"choose among the CPUs {', '.join(str(cpu) for cpu in allowed)}",
            )
    for name in ("numa_mem", "numa_limit"):
        for node, amount in enumerate(options.get(name) or []):
            if amount and node not in nodes:
                raise InvalidOption(
                    f"'{name}' asks for {amount} MB on node {node}, and this host has the nodes "
                    f"{', '.join(str(one) for one in nodes)}",
                    next_step="give one number for each node that is there",
                )
    if not options.get("no_huge") and not sizes:
        raise Unsupported("this kernel has no hugepages", next_step="boot one with CONFIG_HUGETLBFS")


def oversubscribed(*maps: t.Mapping[int, t.Sequence[int]]) -> bool:
    """Whether two lcores have to share one CPU."""
    used = [cpu for lcores in maps for cpus in lcores.values() if len(cpus) == 1 for cpu in cpus]
    return len(used) != len(set(used))
