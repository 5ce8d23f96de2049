# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_snapshot: what is sent, and how many are kept."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Immutable, InvalidOption, NotFound
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.snapshot import NEVER, Snapshot

from .helpers import sends, task

INSTANCE = {"name": "s", "instance": "c1", "project": "p"}
VOLUME = {"name": "s", "volume": "v", "pool": "lab", "project": "p"}
OF_INSTANCE = "/1.0/instances/c1/snapshots"
OF_VOLUME = "/1.0/storage-pools/lab/volumes/custom/v/snapshots"


def plan(have, given, others=()):
    made = Snapshot()
    made.others = {name: f"2026-01-{day:02}T00:00:00Z" for day, name in enumerate(others, 1)}
    return made.plan(have, task(made, given))


def have(**rest):
    return {"name": "s", "expires_at": NEVER, "stateful": False, "description": "", **rest}


def test_a_new_one_is_made_with_its_end():
    made = plan(None, {**INSTANCE, "expires_at": "2030-01-01T01:00:00+01:00", "stateful": True})
    body = {"name": "s", "expires_at": "2030-01-01T00:00:00Z", "stateful": True}
    assert sends(made) == [("POST", f"{OF_INSTANCE}?project=p", body)]


def test_the_description_of_a_new_one_is_written_once_it_is_there():
    made = plan(None, {**VOLUME, "description": "x"})
    assert sends(made) == [
        ("POST", f"{OF_VOLUME}?project=p", {"name": "s"}),
        ("PATCH", f"{OF_VOLUME}/s?project=p", {"description": "x"}),
    ]


def test_a_length_of_time_counts_for_a_new_one_only():
    made = plan(None, {**INSTANCE, "expires_at": "1d 2H"})
    assert made.after == {"state": "present", "expires_at": "1d 2H"}
    assert made.steps[0].body["expires_at"] == made.then["expires_at"] > "2026"
    assert plan(have(), {**INSTANCE, "expires_at": "7d"}).steps == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "a b"}, "no snapshot can be called 'a b'"),
        ({"name": "a/b"}, "no snapshot can be called 'a/b'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(given, says):
    made = Snapshot()
    wanted = task(made, {**INSTANCE, **given})
    with pytest.raises(InvalidOption, match=says):
        made.prepare(NoDaemon(), wanted)
        made.plan(None, wanted)


@pytest.mark.parametrize("expiry", ["tomorrow", "2026-13-45", "9000y"])
def test_an_end_that_is_none_is_named_with_its_option(expiry):
    with pytest.raises(InvalidOption) as caught:
        Snapshot().prepare(None, task(Snapshot(), {**INSTANCE, "expires_at": expiry}))
    assert caught.value.what.startswith(f"'expires_at' is '{expiry}': ") and caught.value.next_step


def test_null_is_never():
    ended = have(expires_at="2030-01-01T00:00:00Z")
    assert sends(plan(ended, {**INSTANCE, "expires_at": None}))[0][2] == {"expires_at": NEVER}
    assert plan(have(), {**INSTANCE, "expires_at": None}).steps == []


def test_it_is_renamed_before_it_is_changed():
    renamed = plan(have(name="old"), {**INSTANCE, "rename_from": "old", "expires_at": "2030-01-01T00:00:00Z"})
    assert sends(renamed) == [
        ("POST", f"{OF_INSTANCE}/old?project=p", {"name": "s"}),
        ("PATCH", f"{OF_INSTANCE}/s?project=p", {"expires_at": "2030-01-01T00:00:00Z"}),
    ]


@pytest.mark.parametrize(("given", "owner"), [(INSTANCE, OF_INSTANCE), (VOLUME, OF_VOLUME)])
def test_restoring_is_done_to_its_owner_each_time_and_once(given, owner):
    made = Snapshot()
    wanted = task(made, {**given, "state": "restored"})
    planned = made.plan(have(), wanted)
    assert sends(planned) == [("PUT", f"{owner.rpartition('/')[0]}?project=p", {"restore": "s"})]
    assert planned.before != planned.after
    assert made.plan(have(), made.repeated(wanted)).steps == []


def test_a_running_state_that_is_not_in_it_is_not_asked_for():
    given = {**INSTANCE, "state": "restored", "stateful": True}
    with pytest.raises(Immutable):
        plan(have(), given)
    assert plan(have(stateful=True), given).steps[0].body == {"restore": "s", "stateful": True}


def test_what_is_not_there_cannot_be_restored():
    with pytest.raises(NotFound, match="no such snapshot") as raised:
        plan(None, {**INSTANCE, "name": "befor", "state": "restored"}, others=["before", "after"])
    assert "did you mean 'before'?" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "keep", "gone"),
    [
        ("day-4", 2, ["day-1", "day-2"]),
        ("day-4", 1, ["day-1", "day-2", "day-3"]),
        ("day-4", 4, []),
        ("week-1", 2, ["day-1"]),  # it does not count, as it does not match
    ],
)
def test_the_oldest_go_and_the_named_one_stays(name, keep, gone):
    given = {**INSTANCE, "name": name, "keep": keep, "keep_pattern": "day-*"}
    planned = plan(have(name=name), given, others=["day-1", "other", "day-2", "day-3"])
    assert sends(planned) == [("DELETE", f"{OF_INSTANCE}/{one}?project=p", None) for one in gone]
    assert ("others" in planned.after) is bool(gone)
