# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the daemon's answers mean."""

from __future__ import annotations

import json

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.answers import (
    envelope,
    error_for,
    operation_error,
    operation_failed,
    unfinished,
)


def body(**answer):
    return json.dumps(answer).encode()


def test_a_synchronous_answer_carries_its_result():
    assert envelope(200, body(type="sync", metadata={"a": 1}), "e") == ({"a": 1}, None)


def test_an_asynchronous_answer_names_its_operation():
    answer = envelope(202, body(type="async", operation="/1.0/operations/u", metadata={"id": "u"}), "e")
    assert answer.operation == "/1.0/operations/u"


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_body_decides_whether_it_is_an_error_not_the_status(status):
    with pytest.raises(errors.NotFound, match="the daemon refused: not here"):
        envelope(status, body(type="error", error="not here.", error_code=404), "e")


@pytest.mark.parametrize("text", [b"<html>", b"[]", b"", b'{"no": "type"}'])
def test_what_is_not_an_envelope_is_no_daemon(text):
    with pytest.raises(errors.Malformed, match="is not that of an Incus or LXD daemon"):
        envelope(200, text, "e")


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (404, "Profile not found", errors.NotFound),
        (403, "not authorized", errors.Forbidden),
        (409, "x", errors.Conflict),
        (400, 'The network "n" already exists', errors.Conflict),
        (400, 'Instance name "i" is already in use', errors.Conflict),
        (500, 'Failed to run: ip -d -j link show veth1a: exit status 1 (Device "veth1a" does not exist.)', errors.Busy),
        (500, 'Failed to run: ip link set dev eth7: exit status 1 (Device "eth7" does not exist.)', errors.Refused),
        (412, "ETag doesn't match", errors.Stale),
        (400, "The instance is already stopped", errors.Stale),
        (400, 'Instance is busy running a "stop" operation', errors.Busy),
        (500, "Server isn't ready yet", errors.Busy),
        (500, "Invalid PID '-1'", errors.Busy),
        (500, "A matching non-reusable operation has now succeeded", errors.Busy),
        (400, "The storage pool is currently in use", errors.InUse),
        (400, "Profile is currently in use", errors.InUse),
        (500, "The network is currently in use", errors.InUse),
        (400, "Only empty projects can be removed.", errors.InUse),
        (400, "Unknown configuration key: x", errors.Refused),
    ],
)
def test_codes_and_texts_have_meanings(code, text, kind):
    assert error_for(code, text, "e").kind == kind.kind


@pytest.mark.parametrize(("code", "going_on"), [(103, True), (105, True), (200, False), (400, False), (401, False)])
def test_an_operation_is_unfinished_below_200(code, going_on):
    assert unfinished({"status_code": code}) is going_on


def test_an_ended_operation_failed_unless_it_succeeded():
    assert operation_error({"status_code": 200}, "e") is None
    failed = operation_error({"status_code": 400, "err": "Failed to run: forkstart"}, "e")
    assert isinstance(failed, errors.OperationFailed) and failed.text == "Failed to run: forkstart"


def test_an_operation_that_failed_for_a_known_reason_has_that_reason():
    assert isinstance(operation_failed('Instance "i" already exists', 400, "e"), errors.Conflict)


@pytest.mark.parametrize(
    ("words", "what", "next_step"),
    [
        ("number -5 into Go struct field Post.entries.ttl of type uint64", "'entries.ttl' cannot be -5", "from 0 on"),
        (
            "string into Go struct field Put.config of type bool",
            "'config' cannot be of the type string",
            "true or false",
        ),
        ("array into Go struct field Put.x of type map[string]string", "'x' cannot be of the type array", None),
    ],
)
def test_a_value_of_the_wrong_type_is_named_without_the_words_of_a_programmer(words, what, next_step):
    error = error_for(400, f"json: cannot unmarshal {words}", "e")
    assert error.what == f"the daemon refused: {what}" and words in error.text
    assert (error.next_step or "").endswith(next_step) if next_step else error.next_step is None


@pytest.mark.parametrize(
    ("text", "next_step"),
    [
        ("Failed loading network: Failed to connect to OVN: no such file", "set up OVN on the daemon's host"),
        ("Invalid filter: clause has no value", "write a filter as 'status eq Running"),
        ('Invalid type "invalid" for field "stat"', "write a filter as 'status eq Running"),
    ],
)
def test_a_refusal_that_does_not_say_what_to_do_gets_a_next_step(text, next_step):
    assert error_for(400, text, "e").next_step.startswith(next_step)
