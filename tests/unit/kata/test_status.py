# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of an agent's texts."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import status

TRACE = "\n\nStack backtrace:\n   0: <anyhow::Error>::msg\n   1: main"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (3, '"invalid container id"', (3, "invalid container id")),
        (13, "Invalid container id" + TRACE, (13, "Invalid container id")),
        (
            13,
            '"update interface: Link not found (Name: eth9)\\n\\nStack backtrace:\\n 0: x"',
            (13, "update interface: Link not found (Name: eth9)"),
        ),
        (13, '""', (13, "")),
        (
            13,
            "online cpus\n\nCaused by:\n    failed to online 99 CPU(s)" + TRACE,
            (13, "online cpus: failed to online 99 CPU(s)"),
        ),
        (13, "a\n\nCaused by:\n    0: b\n    1: c", (13, "a: b: c")),
        (
            13,
            'rpc status: Status { code: NOT_FOUND, message: "InvalidExecId", details: [], special_fields: X { } }',
            (5, "InvalidExecId"),
        ),
        (14, '"no tty"', (14, "no tty")),
        (13, '"say \\"hi\\""', (13, 'say "hi"')),
        (13, "exec_id 'e1' already exists", (13, "exec_id 'e1' already exists")),
    ],
)
def test_clean(code, message, expected):
    assert status.clean(code, message) == expected


def test_a_policy_says_why_without_the_specification():
    lines = (r"agent_policy:12: not allowed", r"agent_policy:13: spec { \"Env\": [\"TOKEN=x\"] }")
    message = '"CreateContainerRequest is blocked by policy: ' + r"\n".join(lines) + '"'
    code, text = status.clean(7, message)
    assert text == "CreateContainerRequest is blocked by policy: agent_policy:12: not allowed; agent_policy:13: spec"
    error = status.refusal(7, message, "CreateContainer", "unix:/s")
    assert isinstance(error, errors.Forbidden) and "TOKEN" not in str(error)


def test_a_policy_that_prints_much_is_cut():
    printed = "\\n".join(f"f:{number}: " + "x" * 400 for number in range(9))
    text = status.clean(7, f'"PauseContainerRequest is blocked by policy: {printed}"')[1]
    assert text.endswith("(and 4 more lines)") and len(text) < 1500


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (3, '"invalid container id"', errors.NotFound),
        (13, "Invalid container id" + TRACE, errors.NotFound),
        (13, "Invalid container id box", errors.NotFound),
        (5, "InitProcessNotFound", errors.NotFound),
        (13, "Process not found: invalid exec id", errors.NotFound),
        (13, "invalid container ID X", errors.Refused),
        (4, "timeout", errors.TimedOut),
        (7, '"XRequest is blocked by policy: "', errors.Forbidden),
        (13, '"XRequest: internal error policy check: unexpected eval_query result len"', errors.Forbidden),
        (12, "ListContainers method", errors.Unsupported),
        (12, '"resize_volume is not implemented in kata-agent"', errors.Unsupported),
        (5, "/grpc.AgentService/SetPolicy is not supported", errors.Unsupported),
        (3, "grpc.NoSuch service does not exist", errors.Unsupported),
        (13, "exec_id 'e1' already exists", errors.InUse),
        (13, 'Os { code: 10, kind: Uncategorized, message: "No child processes" }', errors.Busy),
        (13, "exec fifo exists", errors.Refused),
        (2, "ttrpc err: Unexpected EOF", errors.Refused),
        (99, "", errors.Refused),
    ],
)
def test_kinds(code, message, kind):
    error = status.refusal(code, message, "Some", "unix:/s")
    assert error.__class__ is kind
    assert error.endpoint == "unix:/s" and "Some" in str(error)
