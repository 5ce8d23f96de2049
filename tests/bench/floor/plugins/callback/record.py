# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down how long every task took, one JSON object a line."""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: aggregate
short_description: Task times for benchmarks
description: Appends name, seconds and changed of every task to the file that E(NFVLAB_BENCH_RECORD) names.
"""


class CallbackModule(CallbackBase):
    """The time from a task's start to its result, both as the controller sees them."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench.floor.record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._start = time.perf_counter()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        seconds = time.perf_counter() - self._start
        row = {"name": result.task.get_name(), "seconds": seconds, "changed": result.result.get("changed", False)}
        with open(os.environ["NFVLAB_BENCH_RECORD"], "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
