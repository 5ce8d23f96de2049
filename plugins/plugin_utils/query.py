# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath on the controller, for the action plugins of info modules."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, InvalidOption, Unsupported

try:
    import jmespath
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None


def plain(value: t.Any) -> t.Any:
    """A value without the tags that Ansible puts on text; jmespath knows plain types only."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def compiled(query: str, option: str) -> t.Any:
    """The expression of an option, checked before anything is read.

    :raises InvalidOption: it is none
    :raises Unsupported: jmespath is missing
    """
    if MISSING is not None:
        raise Unsupported(missing_required_lib("jmespath", reason=f"for the option '{option}'"))
    try:
        return jmespath.compile(query)
    except ValueError as error:
        raise InvalidOption(f"'{option}' is not a JMESPath expression: {error}") from None


class QueryAction(ActionBase):
    """Runs the module of its own name and applies its O(query) to the returned objects."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        query = self._task.args.get("query")
        expression = self._compile(str(query)) if query else None
        result = self._execute_module(task_vars=task_vars)
        if expression is not None and not result.get("failed"):
            try:
                result["result"] = expression.search(plain(result["objects"]))
            except ValueError as error:  # every JMESPathError is one
                raise AnsibleActionFail(f"'query' cannot be applied to the objects: {error}") from None
        return result

    @staticmethod
    def _compile(query: str) -> t.Any:
        try:
            return compiled(query, "query")
        except FleetError as error:
            raise AnsibleActionFail(str(error)) from None
