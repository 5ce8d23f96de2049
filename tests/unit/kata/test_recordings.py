# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every recorded frame of a real agent: ours are the same bytes, theirs are understood."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec, frames, status
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from tests.unit.kata.recordings import calls, known, request_of, service_of, transcripts


def frame_of(text):
    data = bytes.fromhex(text)
    head = frames.header(data)
    assert head.size == len(data) - frames.HEADER.size
    return head, data[frames.HEADER.size :]


def recorded(direction):
    return [
        pytest.param(call, id=f"{scenario}-{call['conn']}-{call['stream']}-{number}")
        for number, (scenario, call) in enumerate(calls())
        if direction in call
    ]


def test_the_recordings_are_all_there():
    assert len(list(calls())) == 962
    assert (len(recorded("out")), len(recorded("in"))) == (419, 688)


@pytest.mark.parametrize("call", recorded("out"))
def test_a_request_is_sent_as_it_was(call):
    data = bytes.fromhex(call["out"])
    if call.get("note", "").startswith("header"):
        return  # checked below: it is no whole frame
    if not known(call) or data[8] != frames.REQUEST or data[9]:
        envelope = codec.decode("ttrpc.Request", data[frames.HEADER.size :])
        assert envelope.get("method", "") == call["method"]
        return
    service, takes, _gives = CALLS[call["method"]]
    payload = codec.encode(takes, request_of(call))
    sent = codec.decode("ttrpc.Request", data[frames.HEADER.size :])
    assert sent.get("payload", b"") == payload
    assert codec.encode(takes, codec.decode(takes, payload)) == payload
    assert codec.encode("ttrpc.Request", sent) == data[frames.HEADER.size :]
    if "metadata" not in sent and call.get("timeout_nano", 1) > 0:
        nano = call.get("timeout_nano")
        pieces, size = frames.request(call["stream"], service, call["method"], payload, nano and nano / 1e9)
        assert (b"".join(pieces), size) == (data, len(data))


@pytest.mark.parametrize("call", recorded("in"))
def test_an_answer_is_understood_and_written_the_same(call):
    head, body = frame_of(call["in"])
    assert (head.type, head.stream, head.flags) == (frames.RESPONSE, call["stream"], 0)
    answer = frames.answer(body)
    assert answer.code == call.get("code", 0)
    whole = codec.decode("ttrpc.Response", body)
    assert codec.encode("ttrpc.Response", whole) == body
    if answer.code:
        assert answer.message.split("\n\nStack backtrace:")[0] == call["message"]
        assert status.code_name(answer.code) == call["status"]
    elif known(call):
        gives = CALLS[call["method"]][2]
        decoded = codec.decode(gives, answer.payload)
        assert codec.plain(decoded) == shown(call.get("response", {}))
        assert codec.encode(gives, decoded) == bytes(answer.payload)


def shown(value):
    """Recorded bytes that are no text stand as hexadecimal digits; ours as base64."""
    if isinstance(value, dict):
        if set(value) == {"hex"}:
            return codec.plain(bytes.fromhex(value["hex"]))
        return {key: shown(inner) for key, inner in value.items()}
    return [shown(inner) for inner in value] if isinstance(value, list) else value


def test_every_recorded_refusal_becomes_one_line():
    seen = 0
    for _scenario, call in calls():
        if call.get("code"):
            seen += 1
            tail = "\n\nStack backtrace:\n   0: anyhow::error" if call.get("backtrace") else ""
            message = call["message"]
            message = message[:-1] + tail.replace("\n", "\\n") + '"' if message.endswith('"') else message + tail
            code, text = status.clean(call["code"], message)
            assert "\n" not in text and "backtrace" not in text and not text.startswith('"')
            assert 0 < code < len(status.CODES)
            error = status.refusal(call["code"], message, call["method"], "unix:/s")
            assert error.code == code
            assert "Status {" not in str(error)
    assert seen == 295


def test_both_versions_say_the_same():
    for difference in transcripts()["differences_at_4.1.0"]["calls"]:
        if difference["method"] in ("ExecProcess", "UpdateInterface") or difference["method"].startswith("MemAgent"):
            continue
        old, new = (
            status.clean(status.CODES.index(difference[version][0]), difference[version][1])
            for version in ("4.0.0", "4.1.0")
        )
        assert old == new


def test_services_are_those_of_the_recordings():
    served = {(service_of(call), call["method"]) for _scenario, call in calls() if not call.get("code")}
    assert {(CALLS[name][0], name) for name in CALLS} >= {pair for pair in served if pair[1] in CALLS}
