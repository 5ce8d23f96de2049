# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shlex
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.progress import VARIABLE
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.inventory import definitions
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.progress import Read, Watch, new_file, reader

SWITCH = "NFVLAB_FLEET_PROGRESS"


class ActionModule(ActionBase):
    """Runs the module, and does what it cannot do on its host.

    It shows the progress, knows whether the play is limited to some of its hosts, and reads the definitions of
    O(instances_from) from the hosts' variables.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        options = dict(self._task.args)
        limit = variables.get("ansible_limit")
        if limit and boolean(options.get("purge", False), strict=False):
            raise AnsibleActionFail(
                f"'purge' is refused while the play is limited to '{limit}': what is declared may be only a part; "
                "run it without --limit, or without 'purge'"
            )
        if options.get("instances_from") is not None:
            options["instances_from"] = definitions(options["instances_from"], variables["hostvars"])
        path = new_file()
        read = reader(self._connection, path) if self._is_watched(options) else None
        if read is None:
            return self._run(options, variables)
        return self._run_watched(options, variables, path, read)

    def _run(self, options: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = self._execute_module(module_args=options, task_vars=variables)
        return result

    def _is_watched(self, options: dict[str, t.Any]) -> bool:
        """Whether anybody wants to see the progress. A check run has none."""
        wanted = options.get("progress")
        if wanted is None:
            wanted = os.environ.get(SWITCH) or True
        return boolean(wanted, strict=False) and not self._task.check_mode

    def _run_watched(
        self, options: dict[str, t.Any], variables: dict[str, t.Any], path: str, read: Read
    ) -> dict[str, t.Any]:
        environment = self._task.environment
        self._task.environment = [*(environment or ()), {VARIABLE: path}]
        several = len(variables.get("ansible_play_hosts_all") or ()) > 1 and not self._task.run_once
        host = str(variables.get("inventory_hostname", "")) if several else ""
        try:
            with Watch(read, _show, host):
                result = self._run(options, variables)
        finally:
            self._task.environment = environment
        if not result.keys() & {"results", "failure"}:  # it was killed: it could not tidy up itself
            self._low_level_execute_command(f"rm -f {shlex.quote(path)} {shlex.quote(path + '.new')}")
        return result


def _show(line: str) -> None:
    """To stderr: on stdout there may be JSON."""
    Display().display(line, stderr=True)
