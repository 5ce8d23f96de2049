# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Events that a daemon pushes, read over as many connections as it takes, and collected until the awaited ones come."""

from __future__ import annotations

import json
import socket
import time
import typing as t

from .errors import FleetError, Interrupted, InvalidOption, Malformed, TimedOut, Transient, Unreachable

# Nothing came for a while; the connection is new, so that something may have been missed.
TICK, CONNECTED = "tick", "connected"

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds before connecting again, doubled each time
LIMIT = 16 << 20  # bytes of one event

Event = dict[str, t.Any]


class Channel(t.Protocol):
    """A connection on which events come."""

    def receive(self, timeout: float) -> bytes | None:
        """The text of the next event; null when the peer has closed.

        :raises TimedOut: nothing came in time
        :raises Interrupted: the connection was cut
        """

    def close(self) -> None:
        """Close it."""


class Messages:
    """The connection as a WebSocket: a message for each event.

    :param timeout: seconds of silence after which the peer is asked for a sign of life; after as many more it has gone
    """

    def __init__(self, sock: socket.socket, where: str, timeout: float) -> None:
        from .websocket import WebSocket  # a guest API mostly has lines

        self._inner = WebSocket(sock, where, timeout=timeout, limit=LIMIT)

    def open(self, host: str, target: str, headers: t.Mapping[str, str] | None = None) -> None:
        """Ask for the events.

        :raises FleetError: refused; C(code) is the status
        """
        self._inner.open(host, target, headers)

    def receive(self, timeout: float) -> bytes | None:
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                message = self._inner.receive(max(0.0, min(left, self._inner.timeout)))
                return None if message is None else message.payload
            except TimedOut:
                silence = time.monotonic() - self._inner.heard
                if silence >= 2 * self._inner.timeout:
                    raise Interrupted(
                        f"the daemon was silent for {silence:.0f} s", endpoint=self._inner.where
                    ) from None
                if silence >= self._inner.timeout:
                    self._inner.ping()
                if time.monotonic() >= deadline:
                    raise

    def ready(self) -> list[bytes]:
        """The texts of the events that are there now, without waiting. None is no sign that the peer is still there."""
        return [message.payload for message in self._inner.take()]

    def close(self) -> None:
        self._inner.abandon()


def event(text: bytes, where: str) -> Event:
    """One event from its text.

    :raises Malformed: it is none
    """
    try:
        found = json.loads(text)
        if isinstance(found, dict) and isinstance(found.get("metadata"), dict) and isinstance(found.get("type"), str):
            return found
    except ValueError:
        pass
    raise Malformed(
        "this is no event of an Incus or LXD daemon",
        endpoint=where,
        text=text[:200].decode(errors="replace"),
        next_step="check 'socket'",
    )


class Follower:
    """The events until a deadline, over as many connections as it takes.

    Iterating yields events, C(CONNECTED) whenever a connection is new, and C(TICK) after so many quiet seconds. The
    first connection must succeed; afterwards a daemon may go and come back.

    :param first: makes the first connection
    :param again: makes a further one
    :param deadline: on the clock C(time.monotonic)
    :param of: the endpoint and the request, for messages
    """

    def __init__(
        self,
        first: t.Callable[[], Channel],
        again: t.Callable[[], Channel],
        deadline: float,
        *,
        of: str,
        tick: float | None = None,
    ) -> None:
        self.connections = 0
        self.lost: FleetError | None = None  # why there is no connection at the moment
        self.of = of
        self._first = first
        self._again = again
        self._deadline = deadline
        self._tick = tick
        self._pause = FIRST_PAUSE

    def __iter__(self) -> t.Iterator[Event | str]:
        channel: Channel | None = self._first()
        while channel is not None:
            self.connections += 1
            self.lost = None
            try:
                yield CONNECTED
                yield from self._events(channel)
            finally:
                channel.close()
            channel = self._anew()

    @property
    def reconnects(self) -> int:
        """How many times the connection was made anew."""
        return max(0, self.connections - 1)

    def feed(
        self, collector: Collector, warn: t.Callable[[str], None], connected: t.Callable[[], None] | None = None
    ) -> None:
        """Collect until that is enough, and say so where some events may be missing.

        :param connected: is called whenever a connection is new
        """
        for sign in self:
            if isinstance(sign, str):
                if sign == CONNECTED and connected is not None:
                    connected()
            elif collector.take(sign):
                break
        if self.reconnects:
            warn("the connection for events broke meanwhile; events in between are not known")

    def _events(self, channel: Channel) -> t.Iterator[Event | str]:
        while True:
            left = self._deadline - time.monotonic()
            try:
                if left <= 0:
                    return
                text = channel.receive(min(left, self._tick or left))
            except TimedOut:
                if self._tick is not None:
                    yield TICK
                continue
            except Interrupted as error:
                self.lost = error
                return
            if text is None:
                self.lost = Interrupted("the daemon closed the connection for events", endpoint=self.of)
                return
            self._pause = FIRST_PAUSE
            yield event(text, self.of)

    def _anew(self) -> Channel | None:
        """The next connection; null when the time is over."""
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(left, self._pause))
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
            try:
                return self._again()
            except (Unreachable, TimedOut, Transient) as error:
                self.lost = error


# -- collecting


class Collector:
    """Collects events until enough of them are awaited ones, there are as many as may be, or the time is over.

    :param most: how many are kept at most
    :param until: whether an event is an awaited one; without it nothing is awaited
    :param count: how many of these are awaited
    :param kept: what is kept of an event, or null where that is nothing
    """

    def __init__(
        self,
        most: int,
        until: t.Callable[[Event], bool] | None,
        count: int = 1,
        kept: t.Callable[[Event], Event | None] = lambda found: found,
    ) -> None:
        self.events: list[Event] = []
        self.matches: list[Event] = []
        self._most = most
        self._until = until
        self._count = count
        self._kept = kept

    def take(self, found: Event) -> bool:
        """Note an event; whether that was enough."""
        kept = self._kept(found)
        if kept is None:
            return False
        self.events.append(kept)
        if self._until is not None and self._until(found):
            self.matches.append(kept)
        return self.satisfied or len(self.events) == self._most

    @property
    def satisfied(self) -> bool:
        """Whether as many as awaited have come; never where nothing is awaited."""
        return self._until is not None and len(self.matches) >= self._count

    def missed(self, follower: Follower, patience: float, hint: str | None = None) -> TimedOut | None:
        """Why what is awaited did not come; null where it did, or nothing was.

        :param hint: the next step where there is a better one than to look again
        """
        if self._until is None or self.satisfied:
            return None
        count = len(self.events)
        if self.matches:
            looked = f"{len(self.matches)} of {self._count} such events among the {count} that came"
        else:
            looked = f"no such event among the {count} that came" if count else "no event at all, not even other ones"
        over = f"before 'max_events' ({self._most})" if count == self._most else f"within {patience:g} s"
        next_step = "see whether it happens later, or had happened before; only what comes while the task runs is seen"
        if follower.lost is not None:
            hint = f"at last there was no connection: {follower.lost.what}"
        return TimedOut(f"{looked} {over}", endpoint=follower.of, next_step=hint or next_step)


def awaited(until: t.Mapping[str, t.Any] | None, types: t.Collection[str], belongs: t.Mapping[str, str]) -> t.Any:
    """What ends the collecting: its parts that are given, or null where nothing does.

    :param types: the types of events that are collected
    :param belongs: for parts that only events of one type have, that type
    :raises InvalidOption: no event can ever be that
    """
    if until is None:
        return None
    given = {name: value for name, value in until.items() if value is not None}
    if not given:
        raise InvalidOption("'until' is empty", next_step="say what the event has to be, or leave the option out")
    wanted = {belongs[name] for name in given if name in belongs} | ({given["type"]} if "type" in given else set())
    if len(wanted) > 1:
        of = {kind: [name for name in belongs if belongs[name] == kind] for kind in dict.fromkeys(belongs.values())}
        raise InvalidOption(
            f"'until' has {' and '.join(sorted(given))}, which no single event has",
            next_step=", ".join(f"'{kind}' has {' and '.join(map(repr, names))}" for kind, names in of.items()),
        )
    if not wanted <= set(types):
        raise InvalidOption(f"'until' waits for the type '{wanted.pop()}', which is not in 'types'", next_step="add it")
    return given


def check_limits(types: t.Collection[str], every: t.Sequence[str], most: int) -> None:
    """Refuse to collect nothing.

    :param every: the types that there are
    """
    if not types:
        raise InvalidOption("'types' is empty", next_step="give at least one of " + ", ".join(every))
    if most < 1:
        raise InvalidOption(f"'max_events' is {most}", next_step="give a number above 0")
