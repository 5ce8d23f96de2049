# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Command lines of other releases, as tutorials have them, read into options. Pure.

What has another name or another meaning today is said, one sentence each.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from .._core.errors import InvalidOption, UnknownKey, did_you_mean
from . import apps, eal, pktmap, vdev
from .units import version


class Read(t.NamedTuple):
    """What a command line means.

    :param application: C(testpmd) or C(pktgen)
    :param eal: options of `eal`
    :param options: options of `apps`
    :param changes: what is written differently today, one sentence each
    """

    application: str
    eal: dict[str, t.Any]
    options: dict[str, t.Any]
    changes: list[str]


# Every spelling of an EAL argument, of any release, with its option.
SPELLINGS = {
    **{text: option.name for option in eal.OPTIONS for _since, text in option.spellings if text},
    "-l": "lcores",
    "--pci-whitelist": "allow",
    "--pci-blacklist": "block",
    "--allow": "allow",
    "--block": "block",
    "-R": "remap_lcore_ids",
}
TESTPMD = {argument: (name, kind) for name, kind, argument in apps.TESTPMD}
TESTPMD_SHORT = {"-a": ("auto_start", "bool")}


def read(line: str, *, nodes: int = 1, release: str = "22.11", pktgen_release: str = "3.7.2") -> Read:
    """A command line as options.

    :param nodes: how many NUMA nodes the host has, for memory that is asked for on more
    :param release: the DPDK that it will run on
    :param pktgen_release: the Pktgen that the line was written for
    :raises InvalidOption: it is no command line of testpmd or Pktgen
    """
    words = [word for word in shlex.split(line) if word != "sudo"]
    if not words:
        raise InvalidOption("the command line is empty")
    application = _application(words[0])
    changes: list[str] = []
    at = words.index("--") if "--" in words else len(words)
    options = _eal(words[1:at], nodes, version(release), changes)
    rest = words[at + 1 :]
    own = _testpmd(rest, changes) if application == "testpmd" else _pktgen(rest, pktgen_release, changes)
    return Read(application, options, own, changes)


def _application(word: str) -> str:
    name = word.rsplit("/", 1)[-1]
    if name in ("testpmd", "dpdk-testpmd"):
        return "testpmd"
    if name == "pktgen":
        return "pktgen"
    raise InvalidOption(f"'{word}' is neither testpmd nor pktgen", next_step="write the command line as it is typed")


def _eal(words: t.Sequence[str], nodes: int, at: tuple[int, int], changes: list[str]) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    queue = list(words)
    while queue:
        name, value = _split(queue.pop(0))
        if name == "-c":
            options["lcores"] = _mask(_value(name, value, queue))
            changes.append("-c takes a mask and is deprecated: lcores are listed")
            continue
        option = eal.BY_NAME.get(SPELLINGS.get(name, ""))
        if option is None:
            raise UnknownKey(f"the EAL has no argument '{name}'", next_step=did_you_mean(name, SPELLINGS))
        spelled = option.spelled(at)
        if (
            spelled
            and name not in (spelled, "-l", "--allow", "--block")
            and (name, spelled) != ("-R", "--remap-lcore-ids")
        ):
            changes.append(f"{name} is {spelled} today")
        if option.type == "bool":
            options[option.name] = True
            continue
        text = _value(name, value, queue)
        _take(options, option, text, nodes, changes)
    return options


def _take(options: dict[str, t.Any], option: eal.Option, text: str, nodes: int, changes: list[str]) -> None:
    if option.name in ("numa_mem", "numa_limit"):
        amounts = [int(part) for part in text.split(",")]
        if len(amounts) > nodes:
            changes.append(
                f"{text} asks for memory on {len(amounts)} nodes, and this host has {nodes}: the rest is left out"
            )
        options[option.name] = amounts[:nodes]
    elif option.name == "vdevs":
        device = vdev.parse(text)
        old = text.split(",", 1)[0]
        if device["name"] != old:
            changes.append(f"{old} is {device['name']} today")
        options.setdefault("vdevs", []).append(device)
    elif option.type == "list":
        options.setdefault(option.name, []).append(text)
    else:
        options[option.name] = int(text) if option.type == "int" else text


def _split(word: str) -> tuple[str, str | None]:
    name, equals, value = word.partition("=")
    if word.startswith("--"):
        return name, value if equals else None
    found = re.fullmatch(r"(-[lcnmwabd])(.+)", word)
    return (found.group(1), found.group(2)) if found else (word, None)


def _value(name: str, value: str | None, queue: list[str]) -> str:
    if value is not None:
        return value
    if not queue:
        raise InvalidOption(f"'{name}' has no value")
    return queue.pop(0)


def _mask(text: str) -> str:
    try:
        mask = int(text, 16)
    except ValueError:
        raise InvalidOption(f"'{text}' is no mask of lcores") from None
    return ",".join(str(bit) for bit in range(mask.bit_length()) if mask >> bit & 1)


def _testpmd(words: t.Sequence[str], changes: list[str]) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, value = _split(word) if word.startswith("--") else (word, None)
        if name in ("-i", "--interactive"):
            continue
        found = TESTPMD.get(name) or TESTPMD_SHORT.get(name)
        if found is None:
            options.setdefault("extra", []).append(word)
            changes.append(f"{name} is handed on as it is")
        elif found[1] == "bool":
            options[found[0]] = True
        else:
            text = _value(name, value, queue)
            options[found[0]] = int(text) if found[1] == "int" else text
    return options


def _pktgen(words: t.Sequence[str], release: str, changes: list[str]) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    maps: list[str] = []
    queue = list(words)
    flags = {"-P": "promiscuous", "-N": "numa", "-j": "jumbo"}
    while queue:
        name, value = _split(queue.pop(0))
        if name in flags:
            options[flags[name]] = True
        elif name in ("--rxd", "--txd"):
            options[name[2:]] = int(_value(name, value, queue))
        elif name == "-m":
            maps.append(_value(name, value, queue))
        elif name == "-T":
            changes.append("-T colours a screen that nobody sees and is left out")
        elif name in ("-g", "-G"):
            if name == "-g":
                _value(name, value, queue)
            changes.append(f"{name} opens a Lua prompt to the whole network, without a password, and is left out")
        else:
            raise UnknownKey(f"'{name}' of pktgen is not known here", next_step="give it in another option")
    options["map"] = pktmap.parse(maps, release)
    if len(options["map"]) > 1 and not pktmap.new_grammar(release):
        changes.append("-m takes one port from Pktgen 24.05 on: it is written for the release that runs")
    return options
