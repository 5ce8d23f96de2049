# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access lists changed in place."""

from __future__ import annotations

import random

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import acl

FLOW = acl.Flow("192.0.2.9", "192.0.2.1", 22)
POOL = [
    "permit 192.0.2.9",
    "permit 192.0.2.0 0.0.0.255",
    "deny 192.0.2.0 0.0.0.127",
    "deny 10.0.0.0 0.255.255.255",
    "permit any",
    "deny any",
    "permit 10.1.1.1",
    "remark x",
]


def applied(old, edits):
    """Every state of the list while it is edited, by its numbers."""
    entries = {(at + 1) * 10: entry for at, entry in enumerate(old)}
    for edit in edits:
        words = edit.text.split()
        if not edit.in_list:
            start, step = int(words[3 + 1]), int(words[5])
            entries = {start + at * step: entries[number] for at, number in enumerate(sorted(entries))}
        elif words[0] == "no":
            assert int(words[1]) in entries, "an entry that is not there"
            del entries[int(words[1])]
        else:
            text = edit.text.split(" ", 1)[1]
            assert int(words[0]) not in entries, "the number is taken"
            assert text.startswith("remark") or text not in entries.values(), "the entry is there twice"
            entries[int(words[0])] = text
        yield [entries[number] for number in sorted(entries)]


@pytest.mark.parametrize("seed", range(400))
def test_an_edit_leads_there_and_never_locks_out(seed):
    draw = random.Random(seed)
    old = draw.sample(POOL, draw.randrange(1, len(POOL)))
    new = draw.sample(POOL, draw.randrange(1, len(POOL)))
    states = [old, *applied(old, acl.edit("A", old, new, FLOW))]
    assert states[-1] == new
    if any(acl.decides(entry) for entry in old) and any(acl.decides(entry) for entry in new):
        assert all(any(acl.decides(entry) for entry in state) for state in states)
    if acl.permits(old, FLOW) and acl.permits(new, FLOW) and any(acl.decides(entry) for entry in old):
        assert all(acl.permits(state, FLOW) for state in states)


@pytest.mark.parametrize("seed", range(50))
def test_a_new_list_lets_the_session_in_from_its_first_entry_on(seed):
    new = random.Random(seed).sample(POOL, 5)
    states = list(applied([], acl.edit("A", [], new, FLOW)))
    assert states[-1] == new
    if acl.permits(new, FLOW):
        assert all(acl.permits(state, FLOW) for state in states)


def test_nothing_to_do_is_no_line():
    assert acl.edit("A", POOL, POOL) == []


def test_an_entry_in_the_middle_takes_one_line_besides_the_numbers():
    edits = acl.edit("A", ["permit 10.0.0.1", "deny any"], ["permit 10.0.0.1", "permit 10.0.0.2", "deny any"])
    assert [edit.text for edit in edits] == [
        "ip access-list resequence A 1000 1000",
        "1001 permit 10.0.0.2",
        "ip access-list resequence A 10 10",
    ]


def test_remarks_may_repeat():
    new = ["remark x", "permit 10.0.0.1", "remark x", "deny any"]
    assert list(applied(["deny any"], acl.edit("A", ["deny any"], new)))[-1] == new


def test_long_lists_have_room():
    new = [f"permit 10.0.{at // 256}.{at % 256}" for at in range(3000)]
    assert list(applied(["deny any"], acl.edit("A", ["deny any"], [*new, "deny any"])))[-1] == [*new, "deny any"]


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("permit any", True),
        ("permit 192.0.2.9", True),
        ("permit 192.0.2.0 0.0.0.255", True),
        ("permit 192.0.3.0 0.0.0.255", False),
        ("permit ip any any", True),
        ("permit tcp any any eq 22", True),
        ("permit tcp any any eq telnet", False),
        ("permit tcp any any range 20 30", True),
        ("permit tcp any any gt 22", False),
        ("permit tcp any any lt 23", True),
        ("permit tcp any any neq 22", False),
        ("permit tcp any any established", False),
        ("permit udp any any", False),
        ("permit tcp host 192.0.2.9 host 192.0.2.1 eq 22 log", True),
        ("permit tcp host 192.0.2.9 host 192.0.2.2", False),
        ("permit tcp any eq 40000 any", False),
        ("deny tcp any eq 40000 any", True),
        ("remark permit any", False),
    ],
)
def test_what_an_entry_covers(entry, fits):
    assert (acl.first_match([entry], FLOW) == 0) is fits


def test_an_address_that_is_not_known_is_covered():
    assert acl.permits(["permit tcp any host 1.2.3.4 eq 22"], acl.Flow("192.0.2.9", None, 22))


def test_an_empty_list_permits_and_one_that_fits_nothing_denies():
    assert acl.permits([], FLOW)
    assert acl.permits(["remark x"], FLOW)
    assert not acl.permits(["permit 10.0.0.1"], FLOW)
