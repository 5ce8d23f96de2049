# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every row of the command table against the simulator: typed, changed, changed back, taken away.

`walk` is also what the mutation test (`tests/oracles/ios_mutants.py`) kills flipped rows with.
"""

from __future__ import annotations

import functools

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import commands as table
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.syntax import compile_syntax, sequences

from tests.simulators.ios.device import Device

from . import pairs

DIALECTS = {"classic": table.CLASSIC, "xe": table.XE}
# What a row is typed under, and what has to be there before.
UNDER = {
    "config": (),
    "interface": ("interface Loopback3", " ip address 10.3.3.3 255.255.255.0"),
    "line": ("line vty 0 4",),
    "dhcp": ("ip dhcp pool P",),
    "std-nacl": ("ip access-list standard S", " 5 permit 10.200.0.1"),
    "ext-nacl": ("ip access-list extended E", " 5 permit ip host 10.200.0.1 any"),
    "archive": ("archive",),
    "archive-log": ("archive", " log config"),
}
SAMPLES = {
    "ipv4": ("10.77.0.1", "10.78.0.2", "10.79.0.3"),
    "mask": ("255.255.255.0", "255.255.255.128"),
    "word": ("flash:a", "flash:b"),
    "line": ("warm x", "cold y"),
    "interface": ("Loopback7", "Loopback8"),
    "endpoint": ("host 10.1.1.1", "10.2.0.0 0.0.255.255", "any"),
    "source": ("10.1.1.1", "10.2.0.0 0.0.255.255"),
    "ports": ("eq 22", "range 7 9"),
    "hostname": ("one", "two"),
    "nexthop": ("192.0.2.8", "192.0.2.7"),
}
SECRETS = {"5": "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "7": "0822455D0A16", "8": "$8$TnGX/fE4KGHOVU$pEhn", "9": "$9$aaa$bbb"}
MOST = 12  # spellings per row
# They configure nothing, or belong to the device.
ELSEWHERE = (
    "end",
    "exit",
    "version",
    "boot-",
    "control-plane",
    "crypto key",
    "ip access-list resequence",
    "ntp clock-period",
)


# What the simulator does not model: words, by the row that has them.
GAPS = {"enable ": " level ", "username ": " nopassword", "notify ": " contenttype ", "login authentication": "login"}


def rows():
    """The rows that configure something."""
    return [one for one in table.COMMANDS if one.mode in UNDER and not one.syntax.startswith(ELSEWHERE)]


@functools.cache
def spellings(command):
    """The row typed in every way, with two sets of values each, banners with a text."""
    if command.syntax.startswith("banner"):
        return [f"{command.syntax} #one#", f"{command.syntax} #two\nrows#"]
    found = []
    for way in sequences(compile_syntax(command.syntax)):
        for variant in (0, 1):
            words, at = [], {}
            for step in way:
                words.append(_word(step, variant, at, words))
            found.append(" ".join(words))
    possible = list(dict.fromkeys(line for line in found if _possible(line)))
    return possible[:: len(possible) // MOST + 1]


def _word(step, variant, at, words):
    if step.kind is None:
        return step.word
    number = at.get(step.kind, 0)
    at[step.kind] = number + 1
    if step.word == "<secret>" and words[-1] in SECRETS:
        return SECRETS[words[-1]]
    if "-" in step.kind:
        low, high = (int(one) for one in step.kind.split("-"))
        return str(min(high, low + 3 + variant + number)) if step.word != "<first>" else str(low)
    choices = SAMPLES[step.kind]
    return choices[(number + variant) % len(choices)]


def _possible(line):
    """A few ways through the syntax are none on a device: both options of one thing, ranges that go back."""
    words = line.split()
    return not (line.startswith("line vty") and len(words) == 3) and line.count(" 10.77.0.1") < 2


class Lost(Exception):
    """The device and the prediction part."""


def device(dialect):
    made = Device("r1", dialect)
    made.config, refused = made.loaded("hostname base\nip domain name a.example\nusername ops secret x\n")
    assert refused == []
    return made


def go(router, dialect, wanted, mode):
    """Plan, type, compare; returns the plan."""
    now = tree.parse(pairs.running(router), dialect)
    intent = tree.parse(wanted, dialect)
    if intent.remarks:
        raise Lost(f"{wanted[-60:]!r}: {intent.remarks}")
    plan = diff.plan(now, intent, mode=mode, section=None)
    try:
        pairs.type_in(router, plan.lines)
    except pairs.Refused as error:
        raise Lost(str(error)) from error
    after = tree.parse(pairs.running(router), dialect)
    apart = tree.differences(after, plan.predicted)
    if apart:
        raise Lost(f"{wanted[-60:]!r} {mode}: {apart}")
    again = diff.plan(after, intent, mode=mode)
    if again.lines:
        raise Lost(f"{wanted[-60:]!r} {mode}: again {[line.text for line in again.lines]}")
    return plan


def walk(command, dialect_name):
    """One device through all values of a row: each one set, taken away with C(no), set again and purged.

    :raises Lost: the device is not where the plan leads
    """
    dialect = DIALECTS[dialect_name]
    router = device(dialect_name)
    base = pairs.running(router).partition("\n!\n")[2]
    under = UNDER[command.mode]
    indent = " " * sum(1 for line in under if not line.startswith(" ip") and not line.startswith(" 5"))
    blank = base + "\n" + "\n".join(under) + "\n"
    gap = next((word for start, word in GAPS.items() if command.syntax.startswith(start)), "\n\n")
    for line in (line for line in spellings(command) if gap not in line):
        typed = "\n".join([*under, indent + line])
        full = f"{base}\n{typed}\n"
        plan = go(router, dialect, full, "replaced")
        apart = set(tree.differences(plan.predicted, tree.parse(full, dialect))) - set(plan.unmanaged)
        if apart and not command.enters:
            raise Lost(f"{line}: {apart}")
        if not command.enters:
            negated = command.syntax if command.syntax.startswith("banner") else line
            go(router, dialect, "\n".join([*under, f"{indent}no {negated}"]), "merged")
            go(router, dialect, typed, "merged")
        go(router, dialect, blank, "replaced")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("command", rows(), ids=lambda command: f"{command.mode}:{command.syntax[:40]}")
def test_the_device_is_where_the_plan_leads(command, dialect):
    walk(command, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_printed_is_in_the_order_of_the_device(dialect):
    for number in range(12):
        router = pairs.device(pairs.Draw(f"order {number}", dialect).text(), dialect)
        printed = [line for line in pairs.running(router).splitlines() if line[:1] not in ("!", "")]
        config = tree.parse(pairs.running(router), DIALECTS[dialect])
        ours = [line for line in config.render().splitlines() if line[:1] not in ("!", "")]
        known = set(ours)
        assert [line for line in printed if line in known] == [line for line in ours if line in set(printed)]
