# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""When snapshots are made and how long they are kept, as the daemon writes it. Pure.

A schedule is a list of times with C(", ") between them, each a short name or five fields of cron; an expiry is a list
of durations with blanks between them. Incus 6.0.4 was tried with what is refused here.
"""

from __future__ import annotations

import calendar
import datetime
import re
import typing as t

from .._core.errors import InvalidOption, did_you_mean

NEVER = "0001-01-01T00:00:00Z"  # how the daemon writes that there is no time

_NAMES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@annually", "@yearly")
_OF_INSTANCES = ("@startup", "@never")  # of instances and profiles only

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Part(t.NamedTuple):
    """One of the five fields of a time."""

    name: str
    low: int
    high: int
    words: t.Sequence[str] = ()


_PARTS = (
    Part("minute", 0, 59),
    Part("hour", 0, 23),
    Part("day of the month", 1, 31),
    Part("month", 1, 12, _MONTHS),
    Part("day of the week", 0, 6, _DAYS),
)

_UNITS = {"S": "seconds", "M": "minutes", "H": "hours", "d": "days", "w": "weeks", "m": "months", "y": "years"}
_DURATION = re.compile(r"(\d+)([SMHdwmy])")


def check_keys(config: t.Mapping[str, str], changed: t.Iterable[str], of_instance: bool) -> None:
    """Raise where one of the changed keys of a configuration holds a schedule, an expiry or a pattern that is none.

    :param changed: positions, such as C(config.snapshots.schedule)
    :param of_instance: whether it is that of an instance or a profile
    """
    for position in changed:
        key = position.partition(".")[2]
        value = config.get(key)
        try:
            if value and key.endswith("snapshots.schedule"):
                check_schedule(value, of_instance)
            elif value and key.endswith("snapshots.expiry"):
                durations(value)
            elif value and key.endswith("snapshots.pattern"):
                check_pattern(value)
        except InvalidOption as error:
            error.what = f"'{position}' is '{value}': {error.what}"
            raise


def check_schedule(text: str, of_instance: bool) -> None:
    """Raise where a schedule is none."""
    names = (*_NAMES, *(_OF_INSTANCES if of_instance else ()))
    for time in text.split(", "):
        if time in names:
            continue
        fields = time.split(" ")
        if time.startswith("@"):
            hint = did_you_mean(time, names) if re.fullmatch(r"@\w*", time) else "write ', ' between two times"
            raise InvalidOption(f"'{time}' is no time", next_step=hint or f"it can be {', '.join(names)}")
        if len(fields) != len(_PARTS):
            raise InvalidOption(
                f"'{time}' has not five fields with one blank between them",
                next_step=f"write '{' '.join(f'<{part.name}>' for part in _PARTS)}', or one of {', '.join(names)}",
            )
        for field, part in zip(fields, _PARTS):
            for piece in field.split(","):
                _check_piece(piece, part)


def _check_piece(piece: str, part: Part) -> None:
    """Raise where a range of a field is none: a number, C(*), C(1-5), each perhaps with a step, C(*/5)."""
    span, slash, step = piece.partition("/")
    if slash and not (step.isdigit() and int(step)):
        raise InvalidOption(f"the step in '{piece}' is not a number above 0")
    if span in ("*", "?"):
        return
    first, dash, last = span.partition("-")
    low, high = _number(first, part), _number(last if dash else first, part)
    if low > high:
        raise InvalidOption(f"'{span}' ends before it begins", next_step="write two ranges with a comma between them")


def _number(text: str, part: Part) -> int:
    """The number of a field, which may be a word."""
    if text.lower() in part.words:
        return part.words.index(text.lower()) + part.low
    if not text.isdigit() or not part.low <= int(text) <= part.high:
        raise InvalidOption(f"the {part.name} '{text}' is not one from {part.low} to {part.high}")
    return int(text)


def durations(text: str) -> dict[str, int]:
    """How much of each unit an expiry has.

    :raises InvalidOption: it is none
    """
    found: dict[str, int] = {}
    for word in text.split():
        parts = _DURATION.fullmatch(word)
        if not parts or _UNITS[parts.group(2)] in found:
            raise InvalidOption(
                "that is no time to keep something",
                next_step="write '7d', '2w' or '1m 12H': S, M and H are seconds, minutes and hours, "
                "d, w, m and y days, weeks, months and years, each once at most",
            )
        found[_UNITS[parts.group(2)]] = int(parts.group(1))
    return found


def check_pattern(text: str) -> None:
    """Raise where a pattern for the names of snapshots names something that the daemon does not fill in."""
    for name in re.findall(r"{{\s*(\w+)", text):
        if name != "creation_date":
            raise InvalidOption(f"nothing is filled in for '{name}'", next_step="did you mean 'creation_date'?")
    if text.count("{{") != text.count("}}"):
        raise InvalidOption("its braces are not closed", next_step="write '{{ creation_date }}'")


def later(now: datetime.datetime, text: str) -> datetime.datetime:
    """The moment at which an expiry that begins now ends."""
    parts = durations(text)
    months = now.month - 1 + parts.pop("months", 0) + 12 * parts.pop("years", 0)
    year, month = now.year + months // 12, months % 12 + 1
    day = min(now.day, calendar.monthrange(year, month)[1])
    return now.replace(year=year, month=month, day=day) + datetime.timedelta(**parts)


def moment(text: str) -> str:
    """A time in RFC 3339 as the same time in UTC, to the second; empty for never, the daemon's year 1.

    :raises InvalidOption: it is none
    """
    parts = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", text.strip().upper()
    )
    try:
        if parts is None:
            raise ValueError
        *numbers, zone = parts.groups()
        if numbers[0] == "0001":
            return ""
        year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
        found = datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.timezone.utc)
        if zone and zone != "Z":
            sign = -1 if zone[0] == "-" else 1
            found -= sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    except (ValueError, OverflowError):
        raise InvalidOption(
            f"'{text}' is no time", next_step="write it as '2030-12-31T23:00:00Z', or how long as '7d'"
        ) from None
    return stamp(found)


def over(text: str | None) -> bool:
    """Whether a time of the daemon's is over, to the whole second. Where there is none, it never is."""
    end = moment(text or NEVER)
    return bool(end) and end < stamp(datetime.datetime.now(datetime.timezone.utc))


def stamp(time: datetime.datetime) -> str:
    """A time in UTC as the daemon takes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
