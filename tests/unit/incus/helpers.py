# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans without a daemon."""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task


def task(resource, given, **rest):
    """A task as validation would make it: defaults filled in, the rest null."""
    params = {name: option.get("default") for name, option in resource.spec().items()}
    return Task(params={**params, **given}, given=given, **rest)


def sends(plan):
    """What a plan sends: method, target and body."""
    return [(step.method, step.target, step.body) for step in plan.steps]
