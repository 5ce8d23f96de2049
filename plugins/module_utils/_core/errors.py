# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The error catalogue: everything that a module can fail with.

    FleetError
    |-- InvalidOption       invalid_option    an option's value cannot be right
    |   `-- UnknownKey      unknown_key       a key that the system does not have
    |-- NotFound            not_found         the object is not there
    |   `-- MissingReference  missing_reference  another object that this one names is not there
    |-- Refused             refused           the system understood and said no
    |   |-- Forbidden       forbidden         not allowed for this user or certificate
    |   |-- Conflict        conflict          the name is taken by something else
    |   |-- Immutable       immutable         a field that cannot change after creation
    |   |-- InUse           in_use            others still use the object
    |   |-- Unsupported     unsupported       this system or version does not have the feature
    |   `-- NotKept         not_kept          accepted, but read back differently
    |-- Transient           transient         may succeed when planned again
    |   |-- Stale           stale             changed by somebody else since it was read
    |   `-- Busy            busy              another operation on the object is running
    |-- Unreachable         unreachable       nothing answers at the endpoint
    |   |-- NoSocket          no_socket         there is not even a socket
    |   |-- Starting          starting          nothing serves the request yet
    |   |-- Untrusted       untrusted         the peer's certificate is not the pinned one
    |   `-- Interrupted     interrupted       the connection broke after a request was sent
    |-- TimedOut            timed_out         no answer, or not the awaited state, in time
    |-- OperationFailed     operation_failed  a background operation ended with an error
    |-- Malformed           malformed         the answer is not what the protocol says
    `-- Bug                 bug               an error in this collection

Every error is one sentence: what failed, on which object, at which endpoint, and what to do next.
"""

from __future__ import annotations

import typing as t


class FleetError(Exception):
    """Something failed.

    :param what: what failed, as a clause without a full stop
    :param obj: the object, as a person would name it ("profile 'edge' of project 'lab'")
    :param endpoint: where ("unix:/var/lib/incus/unix.socket GET /1.0/profiles/edge")
    :param next_step: what to do about it, as a clause
    :param code: the system's own number (HTTP status, errno), where it gave one
    :param text: the system's own words
    """

    kind = "failed"

    def __init__(
        self,
        what: str,
        *,
        obj: str | None = None,
        endpoint: str | None = None,
        next_step: str | None = None,
        code: int | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.obj = obj
        self.endpoint = endpoint
        self.next_step = next_step
        self.code = code
        self.text = text
        self.outcome: t.Any = None  # what had been sent before, for the result

    def about(self, obj: str) -> FleetError:
        """The same error, with the object filled in where it was not known yet."""
        self.obj = self.obj or obj
        return self

    def __str__(self) -> str:
        sentence = self.what
        if self.obj and self.obj not in sentence:
            sentence = f"{self.obj}: {sentence}"
        if self.endpoint:
            sentence += f" ({self.endpoint})"
        if self.next_step:
            sentence += f"; {self.next_step}"
        return sentence

    def failure(self) -> dict[str, t.Any]:
        """The machine-readable half of the result contract."""
        return {
            "kind": self.kind,
            "code": self.code,
            "object": self.obj,
            "endpoint": self.endpoint,
            "text": self.text,
        }


class InvalidOption(FleetError):
    """An option has a value that cannot be right; nothing was sent."""

    kind = "invalid_option"


class UnknownKey(InvalidOption):
    """A configuration, device or option key that the system does not have, with the nearest one it has."""

    kind = "unknown_key"


class NotFound(FleetError):
    """The object that the task is about is not there."""

    kind = "not_found"


class MissingReference(NotFound):
    """Another object that this one names (a project, pool, network, profile or image) is not there."""

    kind = "missing_reference"


class Refused(FleetError):
    """The system understood the request and said no; its own words are in C(failure.text)."""

    kind = "refused"


class Forbidden(Refused):
    """The user, or the client certificate, may not do this."""

    kind = "forbidden"


class Conflict(Refused):
    """The name is taken by something that is not ours to change."""

    kind = "conflict"


class Immutable(Refused):
    """The object exists with another value in a field that cannot be changed after creation."""

    kind = "immutable"


class InUse(Refused):
    """Other objects still use the object, so it cannot be deleted or changed."""

    kind = "in_use"


class Unsupported(Refused):
    """The daemon lacks the API extension, or the host lacks the capability, that the task needs."""

    kind = "unsupported"


class NotKept(Refused):
    """The system accepted a write and then showed another value."""

    kind = "not_kept"


class Transient(FleetError):
    """The plan was made from a state that is gone; reading and planning again may succeed."""

    kind = "transient"


class Stale(Transient):
    """The object was changed by somebody else between reading and writing (HTTP 412)."""

    kind = "stale"


class Busy(Transient):
    """Another operation on the object is running."""

    kind = "busy"


class Unreachable(FleetError):
    """Nothing answers at the endpoint."""

    kind = "unreachable"


class NoSocket(Unreachable):
    """There is not even a socket, as on a host without a daemon. In check mode such a daemon counts as a new one."""

    kind = "no_socket"


class Starting(Unreachable):
    """Nothing serves the request yet: the port is closed, or the program behind it is still starting."""

    kind = "starting"


class Untrusted(Unreachable):
    """The peer's certificate is not the pinned one; nothing was sent."""

    kind = "untrusted"


class Interrupted(Unreachable):
    """The connection broke after a request was sent: what became of it is not known. Run again: it reads first."""

    kind = "interrupted"


class TimedOut(FleetError):
    """No answer, or not the awaited state, within the time allowed."""

    kind = "timed_out"


class OperationFailed(FleetError):
    """A background operation of the daemon ended with an error."""

    kind = "operation_failed"


class Malformed(FleetError):
    """The answer is not what the protocol says; something else may be listening there."""

    kind = "malformed"


class Bug(FleetError):
    """An error in this collection. Please report it with the task that caused it."""

    kind = "bug"


def near(word: str, candidates: t.Iterable[str], likeness: float = 0.6) -> str | None:
    """The candidate that C(word) was most likely meant to be, or null.

    :param likeness: how alike the two must be, from 0 to 1
    """
    import difflib  # rare: only on the way to an error

    found = difflib.get_close_matches(word, sorted(set(candidates)), n=1, cutoff=likeness)
    return found[0] if found else None


def did_you_mean(word: str, candidates: t.Iterable[str]) -> str | None:
    """The hint as a clause, or null where nothing is near."""
    found = near(word, candidates)
    return f"did you mean '{found}'?" if found else None


def no_connection(error: Exception, endpoint: object, next_step: str | None = None) -> Unreachable:
    """What a connection that could not be made means, in the system's words."""
    why = getattr(error, "strerror", None) or error
    code = getattr(error, "errno", None)
    return Unreachable(f"cannot connect: {why}", endpoint=str(endpoint), code=code, next_step=next_step)


def no_such(what: str, name: str, present: t.Iterable[str], remedy: str) -> MissingReference:
    """The error for a name that is not among those present."""
    return MissingReference(
        f"{what} '{name}' does not exist",
        next_step=did_you_mean(name, present) or remedy,
    )
