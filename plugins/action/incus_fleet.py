# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs the module; knows what the module cannot know, whether the play is limited to some of its hosts."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        limit = (task_vars or {}).get("ansible_limit")
        if limit and boolean(self._task.args.get("purge", False), strict=False):
            raise AnsibleActionFail(
                f"'purge' is refused while the play is limited to '{limit}': what is declared may be only a part; "
                "run it without --limit, or without 'purge'"
            )
        result: dict[str, t.Any] = self._execute_module(task_vars=task_vars)
        return result
