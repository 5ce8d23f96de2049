# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: summary
type: aggregate
short_description: What runs, at which address, what changed, and how long it took
version_added: 0.1.0
description:
  - At the end of a playbook, prints the instances that its tasks saw, with their status and addresses, and what the
    tasks changed.
  - In check mode it prints what would change.
requirements:
  - C(callbacks_enabled = nfvlab.fleet.summary) in C(ansible.cfg)
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

import time
import typing as t

from ansible.plugins.callback import CallbackBase
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.summary import Seen, render


class CallbackModule(CallbackBase):
    """Collects results while the playbook runs and prints the summary at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "nfvlab.fleet.summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun = time.monotonic()
        self._check = False
        self._seen: dict[str, Seen] = {}

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._check = bool(play.check_mode)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        if not result.task.loop:
            self._note(result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._note(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        if not result.task.loop and not ignore_errors:
            self._note(result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        if not result.task.ignore_errors:
            self._note(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        took = time.monotonic() - self._begun
        for line in render(self._seen, took=took, check=self._check):
            self._display.display(line)

    def _note(self, result: t.Any) -> None:
        seen = self._seen.setdefault(result.host.get_name(), Seen())
        seen.note(result.task.get_name(), result.result)
