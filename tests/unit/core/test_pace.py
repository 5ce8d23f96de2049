# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many at a time: the pace on daemons that are made up, with a clock that is made up."""

from __future__ import annotations

import heapq
import random
import threading

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.pool import Pace, each

CPUS = 2
LEAST, MOST = CPUS, 8 * CPUS


def waiting(active):
    """Every item takes its time, however many there are: the more, the better."""
    return 1.0


def busy(active):
    """Two CPUs have all the work: more than four at a time get no more done."""
    return max(1.0, active / 4)


def thrashing(active):
    """The same, but every item above four costs the others something."""
    return max(1.0, active / 4) * (1 + 0.15 * max(0, active - 4))


def life(daemon, pace_of, items, noise=0.15, seed=1):
    """Work through the items; return how many a second, and the number at a time after each."""
    chance = random.Random(seed)
    now = 0.0
    pace = pace_of(lambda: now)
    pace.begin()
    running, limits = [], []
    begun = 0
    while len(limits) < items:
        while begun < items and len(running) < pace.limit:
            begun += 1
            heapq.heappush(running, now + daemon(len(running) + 1) * chance.lognormvariate(0, noise))
        now = heapq.heappop(running)
        pace.finished()
        limits.append(pace.limit)
    return items / now, limits


def adaptive(start):
    return lambda clock: Pace(start, LEAST, MOST, clock)


def fixed(workers):
    return lambda clock: Pace(workers, workers, workers, clock)


@pytest.mark.parametrize("seed", range(5))
def test_where_waiting_is_all_it_grows_to_the_most(seed):
    rate, limits = life(waiting, adaptive(4), 300, seed=seed)
    assert max(limits) == MOST
    assert rate > 1.5 * life(waiting, fixed(4), 300, seed=seed)[0]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("daemon", [waiting, busy, thrashing])
def test_it_is_no_worse_than_the_number_that_it_begins_with(daemon, seed):
    for items in (60, 600):
        rate, _limits = life(daemon, adaptive(4), items, seed=seed)
        assert rate > 0.9 * life(daemon, fixed(4), items, seed=seed)[0]


@pytest.mark.parametrize("seed", range(5))
def test_too_many_become_fewer(seed):
    rate, limits = life(thrashing, adaptive(16), 1000, seed=seed)
    assert limits[-1] <= 8
    assert rate > 1.5 * life(thrashing, fixed(16), 1000, seed=seed)[0]


@pytest.mark.parametrize("start", [2, 4, 16])
def test_the_bounds_are_kept(start):
    for daemon in (waiting, busy, thrashing):
        _rate, limits = life(daemon, adaptive(start), 500, noise=1.0)
        assert min(limits) >= LEAST and max(limits) <= MOST


def test_a_fixed_pace_is_fixed():
    _rate, limits = life(waiting, lambda clock: Pace.fixed(3), 100)
    assert set(limits) == {3}


def test_a_step_that_does_not_pay_is_taken_back_and_then_the_other_direction_is_tried():
    now = 0.0
    pace = Pace(4, 2, 16, lambda: now)
    seen = []
    for _item in range(200):
        now += 0.25  # as fast with any number
        pace.finished()
        if seen[-1:] != [pace.limit]:
            seen.append(pace.limit)
    assert seen[:5] == [4, 6, 4, 3, 4]


def test_a_clock_that_stands_still_is_no_round():
    pace = Pace(1, 1, 8, lambda: 0.0)
    for _item in range(20):
        pace.finished()
    assert pace.limit == 1


def test_the_pool_goes_at_the_pace():
    pace = Pace.fixed(1)
    together = threading.Barrier(3)

    def work(item):
        if item:
            together.wait(timeout=30)

    for item, _none, error in each(work, range(7), workers=pace):
        assert error is None
        if item == 0:
            pace.limit = 3  # now the barrier lets them through
