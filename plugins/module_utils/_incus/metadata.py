# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What an instance has of its image's metadata: properties, and templates of files with what they are made from."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, InvalidOption, UnknownKey, did_you_mean
from .._core.fields import KeyValues, Params, Spec, scalar
from .._core.http import Request
from .._core.http import path as join
from .._core.module import checked
from .._core.resource import Plan, Task
from .._core.secrets import Secrets, mask_pair
from .client import Client
from .record import Record, Reference

# When the daemon writes a file anew (image-format document, "Templates").
_WHEN = ("create", "copy", "start")

_TEMPLATE: Spec = {
    "template": {"type": "str"},
    "when": {"type": "list", "elements": "str", "default": []},
    "create_only": {"type": "bool", "default": False},
    "properties": {"type": "dict", "default": {}},
    "content": {"type": "str"},
}


class Templates(KeyValues):
    """Templates by the path of the file that they make. A named one is replaced as a whole, but for a C(content) that
    is not given; null removes it.
    """

    def value(self, key: str, value: t.Any) -> t.Any:
        if value is None:
            return ""
        position = f"{self.name}.{key}"
        if not key.startswith("/"):
            raise InvalidOption(f"'{key}' in '{self.name}' is no absolute path")
        try:
            given = checked(value, _TEMPLATE)
        except InvalidOption as error:
            error.what = f"'{position}': {error.what}"
            raise
        entry: dict[str, t.Any] = {name: given.get(name) or way.get("default") for name, way in _TEMPLATE.items()}
        entry["template"] = entry["template"] or f"{key.rpartition('/')[2]}.tpl"
        if "/" in entry["template"] or not entry["template"].endswith(".tpl"):
            raise InvalidOption(f"'{position}.template' is '{entry['template']}'", next_step="write 'NAME.tpl'")
        for when in entry["when"]:
            if when not in _WHEN:
                hint = did_you_mean(when, _WHEN) or f"it is {', '.join(_WHEN)}"
                raise UnknownKey(f"'{position}.when' has '{when}'", next_step=hint)
        properties = entry["properties"].items()
        entry["properties"] = {name: scalar(f"{position}.properties.{name}", inner) for name, inner in properties}
        if "content" not in given:
            del entry["content"]
        else:
            entry["content"] = given["content"] or ""
        return entry

    def merge(self, now: t.Any, want: t.Any, params: Params) -> dict[str, t.Any]:
        merged = super().merge(now, want, params)
        for key, entry in merged.items():
            old = now.get(key) or {}
            if "content" not in entry and "content" in old and old["template"] == entry["template"]:
                merged[key] = {**entry, "content": old["content"]}
        return merged

    def shown(self, key: str, old: t.Any, new: t.Any, secrets: Secrets) -> tuple[t.Any, t.Any]:
        if not secrets.holds(key):
            return old, new
        texts = mask_pair((old or {}).get("content"), (new or {}).get("content"))
        old, new = (
            {**side, "content": text} if side and "content" in side else side for side, text in zip((old, new), texts)
        )
        return old, new


class Metadata(Record):
    """The metadata of an instance, which goes with it."""

    states = ()

    def __init__(self) -> None:
        super().__init__(
            "metadata",
            "instances",
            scope=("project",),
            fields=(KeyValues("properties"), Templates("templates")),
        )

    def label(self, params: Params) -> str:
        return f"metadata of instance '{params['name']}' of project '{params['project']}'"

    def path(self, params: Params) -> str:
        return super().path(params) + "/metadata"

    def read(self, session: Client, task: Task) -> dict[str, t.Any] | None:
        have = session.find(self.path(task.params), self.query(task.params))
        if have is None:
            return None
        have["properties"] = have.get("properties") or {}
        have["templates"] = templates = have.get("templates") or {}
        files = session.get(self.path(task.params) + "/templates", self.query(task.params)) or ()
        wanted = task.given.get("templates") or {}
        for key, entry in templates.items():
            # Only what may change is read, and what makes it: a template may be long.
            if key in wanted and entry["template"] in files:
                entry["content"] = session.text(self._file(task.params), self._query(entry, task))
            entry["when"] = list(entry.get("when") or ())
            entry["properties"] = entry.get("properties") or {}
        return t.cast("dict[str, t.Any]", have)

    def check(self, session: Client, plan: Plan, task: Task) -> None:
        super().check(session, plan, task)
        for key, entry in (plan.then.get("templates") or {}).items():
            old = (plan.have or {}).get("templates", {}).get(key) or {}
            if "content" not in entry and old.get("template") != entry["template"]:
                raise InvalidOption(
                    f"'templates.{key}' has no 'content', and there is no '{entry['template']}' for it yet",
                    next_step="give its 'content'",
                )

    def references(self, plan: Plan, task: Task) -> t.Iterator[Reference]:
        yield from super().references(plan, task)
        yield Reference("instance", join("1.0", "instances"), task.params["name"], self.query(task.params))

    # -- what is sent: first the files that are newly named, at last those that no template names any more

    def create_steps(self, plan: Plan, task: Task) -> list[Request]:
        return self.update_steps(plan, task)

    def update_steps(self, plan: Plan, task: Task) -> list[Request]:
        before = (plan.have or {}).get("templates") or {}
        after = plan.then.get("templates") or {}
        place = self._file(task.params)
        steps = []
        for key, entry in after.items():
            old = before.get(key) or {}
            fresh = any(entry.get(name) != old.get(name) for name in ("content", "template"))
            if "content" in entry and fresh:
                content = (entry["content"] or "").encode()
                steps.append(Request("POST", place, self._query(entry, task), keys=["content"], content=content))
        body = {**plan.then, "templates": _bare(after)}
        if body != {**(plan.have or {}), "templates": _bare(before)}:
            keys = [name for name in plan.changed if name != "state"]
            steps.append(Request("PUT", self.path(task.params), self.query(task.params), body, keys))
        for name in sorted({entry["template"] for entry in before.values()} - {e["template"] for e in after.values()}):
            steps.append(Request("DELETE", place, self._query({"template": name}, task)))
        return steps

    def _file(self, params: Params) -> str:
        return self.path(params) + "/templates"

    def _query(self, entry: t.Mapping[str, t.Any], task: Task) -> dict[str, str]:
        return {**self.query(task.params), "path": entry["template"]}

    def explain(self, session: Client, error: FleetError, plan: Plan, task: Task) -> FleetError:
        return error  # it has no keys of the daemon's


def _bare(templates: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The templates as the metadata holds them, without what they are made from."""
    return {
        key: {name: value for name, value in entry.items() if name != "content"} for key, entry in templates.items()
    }
