# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recorded exchanges with a real agent (tests/data/kata/transcripts.json; its README key explains them)."""

from __future__ import annotations

import copy
import functools
import json
import pathlib

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import AGENT, CALLS

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "kata" / "transcripts.json"


@functools.cache
def transcripts():
    """The whole file."""
    return json.loads(DATA.read_text(encoding="utf-8"))


def calls():
    """Scenario and call, one after the other; those on which the agent's text was cut are among them."""
    for scenario, recorded in transcripts()["scenarios"].items():
        for call in recorded["calls"]:
            yield scenario, call


def put(spec, path, value):
    """Set a key that is written as a path."""
    *parents, last = path.split(".")
    for name in parents:
        spec = spec.setdefault(name, {})
    spec[last] = value


def drop(spec, path):
    """Remove a key that is written as a path."""
    *parents, last = path.split(".")
    for name in parents:
        spec = spec.get(name, {})
    spec.pop(last, None)


def whole_spec(short):
    """An OCI specification that was recorded as the difference from a base."""
    short = dict(short)
    spec = {}
    for path, value in transcripts()["base_specs"].get(short.pop("base", None), {}).items():
        put(spec, path, copy.deepcopy(value))
    for path in short.pop("without", ()):
        drop(spec, path)
    for path, value in short.items():
        put(spec, path, copy.deepcopy(value))
    return spec


def request_of(call):
    """A recorded request as it was sent."""
    request = dict(call["request"])
    if "OCI" in request:
        request["OCI"] = whole_spec(request["OCI"])
        if call.get("note") == "no linux":
            del request["OCI"]["Linux"]
    return request


def service_of(call):
    """The service that a call was sent to."""
    return call.get("service", AGENT)


def known(call):
    """Whether the call is one of the API, sent as the API has it."""
    return call["method"] in CALLS and CALLS[call["method"]][0] == service_of(call) and "request" in call
