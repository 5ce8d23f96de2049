# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Network configuration: a tree of classes, subjects, keys and what is under a key.

The controller replaces what is under a key as a whole and keeps all other keys, and it writes keys of its own, so only
what a task names is compared. What no subsystem takes (an unknown key, an app without a factory) is only queued: it was
accepted and does not show.
"""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, UnknownKey, did_you_mean
from .._core.fields import Spec
from .._core.http import Request
from .._core.http import path as join
from .._core.resource import Outcome, Plan, Resource, Task
from .client import Client

CLASSES = ("apps", "devices", "ports", "hosts", "links", "regions", "layouts")
DEPTH = ("class", "subject", "key")

Position = tuple[str, str, str]
Tree = dict[str, t.Any]


class NetworkConfig(Resource):
    """The wanted part of the tree."""

    states = ()

    def spec(self) -> Spec:
        return {
            "config": {"type": "dict", "required": True},
            "mode": {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
        }

    def label(self, params: t.Mapping[str, t.Any]) -> str:
        return "network configuration"

    def read(self, session: Client, task: Task) -> Tree:
        return session.find("/network/configuration") or {}

    def plan(self, have: Tree | None, task: Task) -> Plan:
        now = have or {}
        want = leaves(task.params["config"], now)
        plan = Plan(self.label(task.params), now, {})
        posted: Tree = {}
        deletions = []
        for position, wish in want.items():
            old = at(now, position)
            new = wish if task.params["mode"] == "replace" or wish is None else merged(old, wish)
            put(plan.then, position, new)
            put(plan.before, position, task.secrets.mask(old))
            put(plan.after, position, task.secrets.mask(new))
            if old == new or (old is None and task.params.get("posted")):  # what was posted and does not show is queued
                continue
            plan.changed.append("/".join(position))
            if new is None:
                deletions.append(Request("DELETE", join("network", "configuration", *position)))
            else:
                put(posted, position, new)
        if posted:
            keys = [
                name for name in plan.changed if at(posted, t.cast(Position, tuple(name.split("/", 2)))) is not None
            ]
            plan.steps.append(Request("POST", join("network", "configuration"), body=posted, keys=sorted(keys)))
        plan.steps += deletions
        return plan

    def repeated(self, task: Task) -> Task:
        return task.but(posted=True)

    def settle(self, session: Client, outcome: Outcome, task: Task) -> None:
        want = leaves(task.params["config"], outcome.object or {})
        shown: Tree = {}
        for position in want:
            put(shown, position, at(outcome.object or {}, position))
        outcome.object = shown
        queued = ["/".join(position) for position in want if want[position] is not None and at(shown, position) is None]
        outcome.plan.facts["queued"] = queued
        for name in queued:
            task.warn(
                f"'{name}' is only queued: no subsystem takes it now. It takes effect once the app that knows it is "
                "active, if there is one; until then it does not show, and is sent again by every run"
            )


def leaves(tree: Tree, now: Tree) -> dict[Position, t.Any]:
    """What is wanted under each key; null for what is to go.

    :param now: the present tree, for a null that stands for a whole subject
    :raises InvalidOption: it is no tree of classes, subjects and keys
    """
    found: dict[Position, t.Any] = {}
    for kind, subjects in tree.items():
        if kind not in CLASSES:
            raise UnknownKey(
                f"there is no class '{kind}' of network configuration",
                next_step=did_you_mean(kind, CLASSES) or f"there are {', '.join(CLASSES)}",
            )
        for subject, keys in _branches(subjects, kind):
            if kind == "hosts" and "/" not in subject:
                raise InvalidOption(f"the host '{subject}' has no VLAN", next_step="write MAC/VLAN, as in '…/None'")
            if keys is None:
                keys = dict.fromkeys(now.get(kind, {}).get(subject, {}))
            for key, wish in _branches(keys, f"{kind}/{subject}"):
                found[kind, subject, key] = wish
    return found


def _branches(node: t.Any, where: str) -> t.Iterator[tuple[str, t.Any]]:
    if not isinstance(node, dict):
        raise InvalidOption(
            f"'{where}' must be a dictionary, not a {type(node).__name__}",
            next_step="the tree has a class, a subject and a key above each configuration",
        )
    return iter([(str(name), inner) for name, inner in node.items()])


def at(tree: Tree, position: Position) -> t.Any:
    """What is under a key, or null."""
    kind, subject, key = position
    return ((tree.get(kind) or {}).get(subject) or {}).get(key)


def put(tree: Tree, position: Position, value: t.Any) -> None:
    """Set what is under a key."""
    kind, subject, key = position
    tree.setdefault(kind, {}).setdefault(subject, {})[key] = value


def merged(old: t.Any, wish: t.Any) -> t.Any:
    """A wish merged into what is there: dictionaries by key, where null removes one; all else is replaced."""
    if not isinstance(wish, dict):
        return wish
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in wish.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
