# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A bounded pool of workers, and a pace that finds out how many of them pay."""

from __future__ import annotations

import threading
import time
import typing as t

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")


class Pace:
    """How many items to work on at a time: more or fewer, while that clearly gets more of them done.

    Hill climbing. One round, of twice as many items as are worked on, measures a step; a step that does not pay is
    taken back, and after some rounds of rest the other direction is tried. So it never is far from the best that it
    has seen, and on a system that is as fast with any number it stays about where it began.

    :param start: how many at first
    :param least: never fewer
    :param most: never more; the same as C(least) is a fixed pace
    :param clock: seconds
    """

    STEP = 1.5
    GAIN = 1.1  # less is noise
    REST = 4  # rounds

    def __init__(self, start: int, least: int, most: int, clock: t.Callable[[], float] = time.monotonic) -> None:
        self.limit = self._best = start
        self._least, self._most, self._clock = least, most, clock
        self._rate = 0.0  # of the best, in its last round
        self._factor, self._rest = self.STEP, 0
        self.begin()

    @classmethod
    def fixed(cls, workers: int) -> Pace:
        """Always the same number."""
        return cls(workers, workers, workers)

    def begin(self, left: int = 0) -> None:
        """A new round begins; what was measured of the old one is forgotten.

        :param left: how many items are left of the old one and do not count
        """
        self._count, self._since = -left, self._clock()

    def finished(self) -> None:
        """One item is done."""
        self._count += 1
        if self._count <= 0:
            self._since = self._clock()
            return
        elapsed = self._clock() - self._since
        if self._count < 2 * self.limit or elapsed <= 0 or self._least == self._most:
            return
        now = self.limit
        self._judge(self._count / elapsed)
        self.begin(left=now if self.limit != now else 0)

    def _judge(self, rate: float) -> None:
        if self.limit != self._best and rate < self._rate * self.GAIN:
            self.limit, self._factor, self._rest = self._best, 1 / self._factor, self.REST
            return
        self._best, self._rate, self._rest = self.limit, rate, self._rest - 1
        if self._rest < 0:
            self.limit = max(self._least, min(self._most, round(self.limit * self._factor)))
            if self.limit == self._best:  # at a bound
                self._factor, self._rest = 1 / self._factor, self.REST


def each(
    work: t.Callable[[Item], Result],
    items: t.Iterable[Item],
    *,
    workers: int | Pace,
    stop: t.Callable[[], bool] = lambda: False,
) -> t.Iterator[tuple[Item, Result | None, BaseException | None]]:
    """Do the work for each item, at most C(workers) at a time, and yield every item once, in the order they finish.

    What the work raises is yielded, not lost. When C(stop) becomes true, items that were not begun are left out, and so
    are they when the caller stops iterating; what has begun is always finished. Nothing new is begun before the caller
    has come back, so that C(stop) knows of every item that it was given.
    """
    import queue

    pace = workers if isinstance(workers, Pace) else Pace.fixed(max(1, workers))
    todo = list(items)[::-1]
    done: queue.SimpleQueue[tuple[Item, Result | None, BaseException | None]] = queue.SimpleQueue()

    def run(item: Item) -> None:
        try:
            done.put((item, work(item), None))
        except BaseException as error:  # the caller decides what it means
            done.put((item, None, error))

    active = 0
    pace.begin()
    try:
        while True:
            while todo and active < pace.limit and not stop():
                threading.Thread(target=run, args=(todo.pop(),), daemon=True).start()
                active += 1
            if not active:
                return
            entry = done.get()
            active -= 1
            pace.finished()
            yield entry
    finally:
        for _left in range(active):
            done.get()
