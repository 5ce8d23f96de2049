# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""An agent as the rest sees it: calls with dictionaries in and out."""

from __future__ import annotations

import typing as t

from .._core.errors import FleetError, Malformed, Refused
from .address import Address, connect
from .codec import complete, decode, encode_parts
from .connection import Call, Connection
from .messages import CALLS
from .status import refusal

# What takes something away from a runtime that an agent belongs to: output, an exit status, an event, a pause, all.
CONSUMING = (
    "WaitProcess",
    "ReadStdout",
    "ReadStderr",
    "GetOOMEvent",
    "ResumeContainer",
    "RemoveContainer",
    "DestroySandbox",
)


class Agent:
    """One agent, connected when it is first needed.

    :param timeout: seconds that a call may take where nothing else is said
    :param connect_timeout: seconds that connecting may take
    :param foreign: whether it belongs to a runtime and what consumes is refused
    """

    def __init__(
        self, address: Address, *, timeout: float = 30.0, connect_timeout: float = 10.0, foreign: bool = False
    ) -> None:
        self.address = address
        self.timeout = timeout
        self.connect_timeout = connect_timeout
        self.foreign = foreign
        self._connection: Connection | None = None
        self._starting: dict[Call, tuple[str, str]] = {}
        self._started: set[tuple[str, str]] = set()  # processes that were started here, which are nobody else's

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def endpoint(self) -> str:
        """The agent as messages name it."""
        return str(self.address)

    def connection(self) -> Connection:
        """The connection, opened anew where the last one has broken."""
        if self._connection is None or self._connection.dead is not None:
            self._connection = Connection(connect(self.address, self.connect_timeout), self.endpoint)
        return self._connection

    # -- calls

    def start(self, method: str, request: t.Mapping[str, t.Any] | None = None, timeout: float | None = None) -> Call:
        """Send a call without waiting for its answer.

        :param timeout: seconds that it may take
        :raises Refused: it would take something away from the runtime that the agent belongs to
        """
        asked = request or {}
        if self.foreign and method in CONSUMING:
            self._allow(method, asked)
        service, takes, _gives = CALLS[method]
        payload = encode_parts(takes, asked)
        call = self.connection().start(service, method, payload, timeout or self.timeout)
        if method == "ExecProcess":
            self._starting[call] = _process(asked)
        return call

    def wait(self, *calls: Call, until: float | None = None) -> list[Call]:
        """Those of the calls that have ended, once at least one has, or none when the time is over."""
        return self._connection.wait(*calls, until=until) if self._connection else list(calls)

    def result(self, call: Call) -> dict[str, t.Any]:
        """The answer of a call, waited for; what is at its default is left out, and bytes are views of what was read.

        :raises FleetError: the agent refused; C(code) and C(text) are the cleaned ones
        """
        if call.error is None and call.answer is None and self._connection is not None:
            self._connection.wait(call)
        if call.answer is None:
            raise call.error or Refused(f"{call.method} was given up", endpoint=self.endpoint)
        answer = call.answer
        process = self._starting.pop(call, None)
        if process and not answer.code:
            self._started.add(process)
        if answer.code:
            raise refusal(answer.code, answer.message, call.method, f"{self.endpoint} {call.method}")
        try:
            return decode(CALLS[call.method][2], answer.payload)
        except Malformed as error:
            error.endpoint = f"{self.endpoint} {call.method}"
            raise

    def call(
        self, method: str, request: t.Mapping[str, t.Any] | None = None, timeout: float | None = None
    ) -> dict[str, t.Any]:
        """Send a call and wait for its answer."""
        return self.result(self.start(method, request, timeout))

    def ask(
        self, method: str, request: t.Mapping[str, t.Any] | None = None, timeout: float | None = None
    ) -> tuple[dict[str, t.Any] | None, FleetError | None]:
        """The answer, or the refusal of an agent that has understood; everything else is raised."""
        try:
            return self.call(method, request, timeout), None
        except FleetError as error:
            if error.code is None:
                raise
            return None, error

    def full(self, method: str, request: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The answer with every field that it can have."""
        return complete(CALLS[method][2], self.call(method, request))

    def abandon(self, call: Call) -> None:
        """Give a call up: its answer will be dropped."""
        if self._connection is not None:
            self._connection.abandon(call)

    def gone(self, limit: float) -> bool:
        """Wait until the agent has hung up, as one does that ends; whether it has."""
        return self._connection is None or self._connection.gone(limit)

    def _allow(self, method: str, request: t.Mapping[str, t.Any]) -> None:
        """Raise unless what is consumed was started here."""
        if method in ("WaitProcess", "ReadStdout", "ReadStderr") and _process(request) in self._started:
            return
        raise Refused(
            f"{method} would take something away from the runtime that this agent belongs to",
            endpoint=self.endpoint,
            next_step="set 'allow_foreign: true' if the runtime shall lose it",
        )


def _process(request: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """The process that a request is about."""
    return str(request.get("container_id")), str(request.get("exec_id"))
