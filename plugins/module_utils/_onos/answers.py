# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the controller's REST interface answers, and the errors that its answers stand for.

An error is JSON C({"code": 404, "message": "..."}), where the message may be a list; but Jetty's own are HTML (401,
415, and 404 while the controller starts), and 405 is empty (measured on 2.7.0). A 207 says that a part was refused and
the rest was done, which is a failure.
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import (
    Conflict,
    FleetError,
    Forbidden,
    Malformed,
    NotFound,
    OperationFailed,
    Refused,
    Starting,
)
from .._core.wire import Response

_ERRORS: dict[int, type[FleetError]] = {
    207: OperationFailed,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    500: OperationFailed,
    503: Starting,
}
_STARTING = "wait until it is ready, or give 'ready_timeout'; its log tells why where it stays like this"


def content(response: Response, where: str) -> t.Any:
    """The JSON of an answer of success, or null where it is empty.

    :param where: the endpoint and the request, for messages
    :raises FleetError: what the answer stands for
    """
    if response.status in (200, 201, 204):
        if not response.body:
            return None
        try:
            return json.loads(response.body)
        except ValueError:
            raise _foreign(response, where) from None
    raise failure(response, where)


def failure(response: Response, where: str) -> FleetError:
    """The error that an answer stands for."""
    status = response.status
    if status == 401:
        return Forbidden(
            "the controller does not know this user and password",
            endpoint=where,
            code=status,
            next_step="check 'username' and 'password' against its etc/users.properties",
        )
    text = message(response.body)
    if text is None and status == 404:
        return Starting("the controller is still starting", endpoint=where, code=status, next_step=_STARTING)
    if text is None and status != 405:
        return _foreign(response, where)
    kind = _ERRORS.get(status, Refused)
    return kind(
        f"the controller answered {status}: {text or 'nothing'}",
        endpoint=where,
        code=status,
        text=text,
        next_step=_STARTING if kind is Starting else _next_step(status, text or ""),
    )


def message(body: bytes) -> str | None:
    """The text of an error's body, or null where it is not the controller's own JSON."""
    try:
        found = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return "; ".join(str(part) for part in found) if isinstance(found, list) else str(found)


def _next_step(status: int, text: str) -> str | None:
    if "Unrecognized token 'PK" in text:
        return (
            "its audit log reads every upload as text: set 'auditEnabled' of org.onosproject.audit.impl.AuditManager "
            "to false while it is installed"
        )
    if status == 403:
        return "use an account of the admin group"
    if status == 207:
        return "the rest was done; correct this and run the task again"
    return None


def _foreign(response: Response, where: str) -> Malformed:
    """Something that no controller says."""
    kind = response.headers.get("content-type", "no content type").split(";")[0]
    return Malformed(
        f"the answer is {response.status} with {kind}, not the controller's JSON",
        endpoint=where,
        code=response.status,
        text=response.body[:200].decode(errors="replace"),
        next_step="check that 'url' is the address of an ONOS controller",
    )
