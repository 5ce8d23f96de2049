# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a benchmark is: a registered function that measures side by side and returns rows.

.. code-block:: python

    @benchmark
    def lookup() -> Row:
        times = alternate({"ours": ours, "floor": floor}, rounds=20)
        return compare("lookup", times, unit="us", budget=AtMost(1.2))

Subjects are never measured one after the other but in turns, and the ratio is the median of the ratios of each turn:
what the machine does meanwhile hits both.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
import typing as t
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build"

SUBJECTS = ("ours", "peer", "floor")
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6}

Times = dict[str, list[float]]


class Skip(Exception):
    """The benchmark cannot run here; the text says why."""


@dataclasses.dataclass(frozen=True)
class AtMost:
    """A budget that is kept by a value no greater than this.

    :param of: what is bounded: the C(ratio), or C(ours) in the row's unit
    """

    limit: float
    of: str = "ratio"
    sign: t.ClassVar[str] = "<="

    def holds(self, value: float) -> bool:
        return value <= self.limit


@dataclasses.dataclass(frozen=True)
class AtLeast(AtMost):
    """A budget that is kept by a value no less than this."""

    sign: t.ClassVar[str] = ">="

    def holds(self, value: float) -> bool:
        return value >= self.limit


@dataclasses.dataclass
class Row:
    """One line of the table. What does not apply is null.

    :param ours: the median of what is ours, in C(unit)
    :param peer: the same of the tool that a user would take instead
    :param floor: the same of the least that any tool must do
    :param ratio: ours against the floor, or against the peer where there is no floor
    :param spread: the quartiles of the ratio; a wide spread means a busy machine
    :param budget: what must hold; nothing is judged without one
    :param note: one sentence: the method, why it was skipped, how it failed
    :param status: C(measured), C(skipped) or C(failed)
    """

    name: str
    ours: float | None = None
    peer: float | None = None
    floor: float | None = None
    unit: str | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    budget: AtMost | None = None
    note: str | None = None
    status: str = "measured"

    @property
    def ok(self) -> bool | None:
        """Whether the budget is kept; null without a budget or a value."""
        value = getattr(self, self.budget.of) if self.budget else None
        return None if self.budget is None or value is None else self.budget.holds(value)

    @property
    def rule(self) -> str | None:
        """The budget in words."""
        return f"{self.budget.of} {self.budget.sign} {self.budget.limit:g}" if self.budget else None

    def as_json(self) -> dict[str, t.Any]:
        """The row as C(build/bench.json) holds it."""
        plain = {**vars(self), "budget": self.budget.limit if self.budget else None, "rule": self.rule, "ok": self.ok}
        return {name: _rounded(value) for name, value in plain.items()}


Function = t.Callable[[], "Row | t.Sequence[Row]"]
REGISTERED: dict[str, Function] = {}


def benchmark(function: Function) -> Function:
    """Register a benchmark under its function's name."""
    REGISTERED[function.__name__] = function
    return function


def timed(work: t.Callable[[], t.Any], times: int) -> t.Callable[[], float]:
    """A measurement of one call's time in seconds, from as many calls in a row."""

    def measure() -> float:
        start = time.perf_counter()
        for _turn in range(times):
            work()
        return (time.perf_counter() - start) / times

    return measure


def alternate(subjects: t.Mapping[str, t.Callable[[], float]], rounds: int) -> Times:
    """Measure the subjects in turns, C(rounds) times, beginning with another one in each; one unmeasured turn first."""
    names = list(subjects)
    times: Times = {name: [] for name in names}
    for name in names:
        subjects[name]()
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(subjects[name]())
    return times


def compare(name: str, times: Times, *, unit: str, budget: AtMost | None = None, note: str | None = None) -> Row:
    """The row for measurements made in turns: entry N of each subject belongs to the same turn.

    :param times: seconds, by subject (`SUBJECTS`)
    :param unit: what to show them in (`UNITS`)
    """
    row = Row(name, unit=unit, budget=budget, note=note)
    for subject in times:
        setattr(row, subject, statistics.median(times[subject]) * UNITS[unit])
    against = next((subject for subject in ("floor", "peer") if subject in times), None)
    if against:
        ratios = [ours / other for ours, other in zip(times["ours"], times[against])]
        row.ratio = statistics.median(ratios)
        if len(ratios) > 3:
            quartiles = statistics.quantiles(ratios)
            row.spread = (quartiles[0], quartiles[2])
    return row


def _rounded(value: t.Any) -> t.Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return [_rounded(inner) for inner in value] if isinstance(value, tuple) else value
