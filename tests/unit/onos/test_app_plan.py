# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls bring applications into their states. The state of the real controller is in the facts of 2.7.0."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    InUse,
    InvalidOption,
    MissingReference,
    NotFound,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.app_plan import Now, Wish, calls, outcome
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.archive import Archive
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.working import closure, dependents

# openflow needs base and hosts, base needs model; fwd needs nothing.
NEEDS = {"model": [], "base": ["model"], "hosts": [], "openflow": ["hosts", "base"], "fwd": []}


def now(*active, **more):
    apps = {
        name: {"state": "ACTIVE" if name in active else "INSTALLED", "version": "1.0", "requiredApps": needs}
        for name, needs in NEEDS.items()
    }
    return Now(apps, **more)


def archive(name, *required, version="2.0"):
    return Archive(name, version, required, frozenset(), b"")


ALL = ("model", "base", "hosts", "openflow", "fwd")


def test_order_of_requirements():
    apps = now().apps
    assert closure(["openflow"], apps) == ["hosts", "model", "base", "openflow"]
    assert dependents(["model"], apps) == ["base", "openflow"]


@pytest.mark.parametrize(
    ("state", "wishes", "expected"),
    [
        (now(*ALL), [Wish("fwd", "active")], []),
        (now(), [Wish("fwd", "active")], [("activate", "fwd")]),
        (now(), [Wish("fwd", "present"), Wish("model", "inactive")], []),
        (now(*ALL), [Wish("fwd", "inactive")], [("deactivate", "fwd")]),
        (now(*ALL), [Wish("fwd", "absent")], [("remove", "fwd")]),
        (now(*ALL), [Wish("gone", "absent")], []),
        # What others need goes with force only, those above it first.
        (now(*ALL), [Wish("model", "inactive", force=True)], [("deactivate", "model")]),
        (
            now(*ALL),
            [Wish("base", "absent"), Wish("openflow", "absent")],
            [("remove", "openflow"), ("remove", "base")],
        ),
        # One that may fall with another and is wanted is made sure of.
        (
            now(*ALL),
            [Wish("openflow", "inactive"), Wish("hosts", "active")],
            [("deactivate", "openflow"), ("activate", "hosts")],
        ),
        # A dead one is started anew with what requires it.
        (now(*ALL, dead=["fwd"]), [Wish("fwd", "active")], [("deactivate", "fwd"), ("activate", "fwd")]),
        (
            now(*ALL, dead=["base"]),
            [Wish("openflow", "active")],
            [("deactivate", "base"), ("activate", "base"), ("activate", "openflow")],
        ),
        # A replaced one takes along what requires it, which comes back as it was.
        (
            now(*ALL, other_bits=["base"]),
            [Wish("base", "present", archive("base", "model"))],
            [
                ("remove", "base"),
                ("install", "base"),
                ("install", "openflow"),
                ("activate", "base"),
                ("activate", "openflow"),
            ],
        ),
        (
            now("model", other_bits=["base"]),
            [Wish("base", "present", archive("base", "model"))],
            [("remove", "base"), ("install", "base"), ("install", "openflow")],
        ),
        # New ones, the required first, whatever order they are named in.
        (
            now(),
            [Wish("above", "active", archive("above", "below")), Wish("below", "present", archive("below"))],
            [("install", "below"), ("install", "above"), ("activate", "above")],
        ),
    ],
)
def test_calls(state, wishes, expected):
    assert calls(wishes, state) == expected


@pytest.mark.parametrize(
    ("wishes", "error", "words"),
    [
        ([Wish("fwdd", "active")], NotFound, "did you mean 'fwd'"),
        ([Wish("nothing-like-it", "active")], NotFound, "give 'src'"),
        ([Wish("new", "active", archive("new", "modl"))], MissingReference, "did you mean 'model'"),
        ([Wish("model", "inactive")], InUse, "base, openflow"),
        ([Wish("base", "absent"), Wish("openflow", "inactive")], InUse, "take along openflow"),
        ([Wish("fwd", "active"), Wish("fwd", "inactive")], InvalidOption, "twice"),
    ],
)
def test_refused(wishes, error, words):
    with pytest.raises(error) as caught:
        calls(wishes, now(*ALL))
    assert words in str(caught.value)


def test_outcome_shows_what_is_touched_only():
    state = now(*ALL, other_bits=["base"])
    wishes = [Wish("base", "active", archive("base", "model"))]
    shown = outcome(calls(wishes, state), wishes, state)
    assert shown["base"] == (
        {"state": "ACTIVE", "version": "1.0", "archive": "another"},
        {"state": "ACTIVE", "version": "2.0", "archive": "the wanted"},
    )
    assert "fwd" not in shown and "openflow" not in shown
    force = [Wish("model", "absent", force=True)]
    assert set(outcome(calls(force, now(*ALL)), force, now(*ALL))) == {"model", "base", "openflow"}
