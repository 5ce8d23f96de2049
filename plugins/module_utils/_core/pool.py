# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A bounded pool of workers."""

from __future__ import annotations

import threading
import typing as t

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")


def each(
    work: t.Callable[[Item], Result],
    items: t.Iterable[Item],
    *,
    workers: int,
    stop: t.Callable[[], bool] = lambda: False,
) -> t.Iterator[tuple[Item, Result | None, BaseException | None]]:
    """Do the work for each item, at most C(workers) at a time, and yield every item once, in the order they finish.

    What the work raises is yielded, not lost. When C(stop) becomes true, items that were not begun are left out, and so
    are they when the caller stops iterating; what has begun is always finished.
    """
    import queue

    todo: queue.SimpleQueue[Item] = queue.SimpleQueue()
    count = 0
    for item in items:
        todo.put(item)
        count += 1
    done: queue.SimpleQueue[tuple[Item, Result | None, BaseException | None] | None] = queue.SimpleQueue()
    abandoned = threading.Event()

    def worker() -> None:
        try:
            while not (abandoned.is_set() or stop()):
                try:
                    item = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((item, work(item), None))
                except BaseException as error:  # the caller decides what it means
                    done.put((item, None, error))
        finally:
            done.put(None)

    threads = [threading.Thread(target=worker, daemon=True) for number in range(max(1, min(workers, count)))]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            entry = done.get()
            if entry is None:
                running -= 1
            else:
                yield entry
    finally:
        abandoned.set()
        for thread in threads:
            thread.join()
