# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bounded pool."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.pool import each


def test_every_item_is_yielded_once_and_errors_are_not_lost():
    def work(item):
        if item == 3:
            raise ValueError("three")
        return item * 2

    results = {item: (result, error) for item, result, error in each(work, range(10), workers=4)}
    assert len(results) == 10
    assert results[4] == (8, None)
    assert isinstance(results[3][1], ValueError)


def test_no_more_than_the_given_number_work_at_once():
    lock, seen = threading.Lock(), []
    active = 0
    together = threading.Barrier(3)

    def work(item):
        nonlocal active
        with lock:
            active += 1
            seen.append(active)
        together.wait(timeout=30)
        with lock:
            active -= 1

    list(each(work, range(9), workers=3))
    assert max(seen) == 3


def test_stopping_leaves_out_what_was_not_begun():
    begun = []
    results = list(each(begun.append, range(100), workers=1, stop=lambda: len(begun) >= 5))
    assert len(begun) == len(results) == 5


def test_a_caller_that_stops_iterating_waits_for_what_has_begun():
    release, begun, finished = threading.Event(), threading.Semaphore(0), []

    def work(item):
        begun.release()
        if item:
            assert release.wait(timeout=30)
        finished.append(item)

    results = each(work, range(50), workers=2)
    next(results)
    for _item in range(2):  # the first, and the one that now waits
        assert begun.acquire(timeout=30)
    threading.Timer(0.05, release.set).start()
    results.close()
    assert sorted(finished) == [0, 1]


@pytest.mark.parametrize("workers", [1, 8])
def test_an_empty_list_ends_at_once(workers):
    assert list(each(lambda item: item, [], workers=workers)) == []
