# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary at the end of a run: what was seen, as text. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import waits

SHOWN = 40  # changes that are listed one by one


@dataclass
class Seen:
    """What the tasks of one host have shown.

    :param instances: status and addresses by the instance's label
    :param rows: status and more of what else is to be shown, by its name, in order
    :param changes: one line for each change, in order
    """

    instances: dict[str, tuple[str, str]] = field(default_factory=dict)
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def note(self, task: str, result: t.Mapping[str, t.Any]) -> None:
        """Take down what one task, or one item of its loop, returned."""
        if result.get("failed"):
            self.failures.append(str(result.get("msg", task)))
        self._note_rows(result)
        if "counts" in result and "hosts" in result:
            self._note_fleet(result)
            return
        label = _label(result)
        if result.get("changed"):
            self.changes.append(_change(label, result["diff"]) if label else task)
        if label and "instance" in result:
            instance = result["instance"]
            if instance is None:
                self.instances.pop(label, None)
            else:
                now = waits.seen(instance.get("state") or instance)
                found = [*now.of("inet"), *now.of("inet6")]
                self.instances[label] = (instance.get("status", ""), ", ".join(found) or "-")

    def _note_rows(self, result: t.Mapping[str, t.Any]) -> None:
        """Take down what is to be shown besides, rows of (what, status, more).

        A module returns them as ``summary``; a role has ``ansible.builtin.set_stats`` with data of that name.
        """
        stats = result.get("ansible_stats") or {}
        for what, status, more in result.get("summary") or stats.get("data", {}).get("summary") or []:
            self.rows[str(what)] = (str(status), str(more))

    def _note_fleet(self, result: t.Mapping[str, t.Any]) -> None:
        """Take down what a fleet's task returned, with its diff as far as it goes."""
        told = {diff["before_header"]: diff for diff in result["diff"]}
        self.changes += [_change(label, diff) for label, diff in told.items()]
        untold = result["counts"]["changed"] - len(told)
        if untold:
            self.changes += [f"~ {untold} more of the fleet"]
        for host in result["hosts"]:
            self.instances[f"instance '{host['name']}'"] = (host["status"], ", ".join(host["addresses"]) or "-")


def _label(result: t.Mapping[str, t.Any]) -> str:
    """The object that a state module of this collection reports on."""
    diff = result.get("diff")
    ours = "actions" in result and isinstance(diff, dict) and isinstance(diff.get("before"), dict)
    return str(diff["before_header"]) if ours else ""


def _change(label: str, diff: t.Mapping[str, t.Any]) -> str:
    before, after = diff.get("before") or {}, diff.get("after") or {}
    if before.get("state") == "absent":
        return f"+ {label}"
    if after.get("state") == "absent":
        return f"- {label}"
    names = [f"{name}.{key}" for name in sorted({*before, *after}) for key in _keys(before.get(name), after.get(name))]
    return f"~ {label}: {', '.join(name.rstrip('.') for name in names)}"


def _keys(before: t.Any, after: t.Any) -> list[str]:
    """The keys in which two values differ; one empty key where they differ as a whole."""
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return [""]


def render(hosts: t.Mapping[str, Seen], *, took: float, check: bool) -> list[str]:
    """The summary as lines."""
    lines = ["", "SUMMARY " + "*" * 71]
    for host, seen in sorted(hosts.items()):
        lines.append(host)
        rows = [(label, *seen.instances[label]) for label in sorted(seen.instances)]
        rows += [(label, *row) for label, row in seen.rows.items()]
        if rows:
            widths = [max(len(row[column]) for row in rows) for column in range(2)]
            lines += [
                f"  {label:<{widths[0]}}  {status:<{widths[1]}}  {found}".rstrip() for label, status, found in rows
            ]
        verb = "would change" if check else "changed"
        lines.append(f"  {len(seen.changes)} {verb}" + (":" if seen.changes else ""))
        lines += [f"    {change}" for change in seen.changes[:SHOWN]]
        if len(seen.changes) > SHOWN:
            lines.append(f"    ... and {len(seen.changes) - SHOWN} more")
        if seen.failures:
            lines.append(f"  {len(seen.failures)} failed:")
            lines += [f"    {failure}" for failure in seen.failures]
    lines.append(f"took {took:.1f} s")
    return lines
