# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What happens after a change is sent: the daemon answers at once, or with an operation that has to be waited for."""

from __future__ import annotations

import json
import typing as t

from .._core.errors import FleetError, NotFound, OperationFailed, TimedOut, Unreachable
from .._core.http import Request
from .answers import STATUS_RUNNING, STATUS_SUCCESS, Envelope, operation_error, operation_failed, unfinished

if t.TYPE_CHECKING:
    from .client import Client


def perform(client: Client, step: Request) -> t.Any:
    """Send a change, once, under the ETag of what was read, and wait until it has taken effect.

    :returns: the metadata of the answer, or of the ended operation
    """
    answer = start(client, step)
    if answer.operation is None:
        return answer.metadata
    return wait(client, answer.operation, client.where(step))


def start(client: Client, step: Request) -> Envelope:
    """Send a change, once, and read the daemon's first answer, which may be an operation."""
    headers = dict(step.headers)
    etag = client.etag(step.target)
    if etag and step.method != "POST":
        headers["If-Match"] = etag
    body: t.Any = None
    if step.upload:
        from .upload import multipart  # only images are uploaded

        body, more = multipart(step.upload)
        headers.update(more)
    elif step.content is not None:
        body = step.content
        headers["Content-Type"] = "application/octet-stream"
    elif step.body is not None:
        body = json.dumps(step.body).encode()
        headers["Content-Type"] = "application/json"
    return client.judge(client.send(step, body, headers, client.operation_timeout), step)


def wait(client: Client, operation: str, where: str, patience: float | None = None) -> t.Any:
    """Wait for an operation, at once and on the same connection: the daemon forgets one 5 s after its end.

    An operation that takes longer than the client's C(operation_timeout) is cancelled where the daemon can.

    :param operation: its path
    :param where: the endpoint and the request that started it, for messages
    :param patience: seconds that it may take, instead of the client's C(operation_timeout)
    :returns: the ended operation's own metadata; null where the daemon had already forgotten it
    """
    operation = operation.split("?")[0]
    limit = max(1, int(patience or client.operation_timeout))
    request = Request("GET", f"{operation}/wait", {"timeout": str(limit)})
    try:
        ended = client.judge(client.send(request, None, {}, limit + 10), request).metadata
    except NotFound as error:
        if client.find(operation) is None:
            return None  # over for more than 5 s: what came of it is read back
        ended = _after(client, operation, error, where)  # it is there: something that it needs is not
    except TimedOut:
        ended = {"status_code": STATUS_RUNNING}
    except FleetError as error:
        if error.text is None or isinstance(error, Unreachable):
            raise
        ended = _after(client, operation, error, where)
    if unfinished(ended):
        cancelled = cancel(client, operation)
        raise TimedOut(
            f"the daemon's operation did not end within {limit} s"
            + (" and was cancelled" if cancelled else " and goes on; it cannot be cancelled"),
            endpoint=where,
            next_step="look at the daemon's log, or give a longer 'operation_timeout'",
        )
    failed = operation_error(ended, where)
    if failed:
        raise failed
    return ended.get("metadata")


def _after(client: Client, operation: str, error: FleetError, where: str) -> t.Any:
    """What an operation has become whose waiting ended with an error: its own, or only the waiting's."""
    try:
        seen = client.find(operation)
    except FleetError:
        seen = None
    if seen is not None and (unfinished(seen) or seen.get("status_code") == STATUS_SUCCESS):
        return seen
    failed = operation_failed(error.text or "", error.code, where)
    if isinstance(failed, OperationFailed) and seen is not None and seen.get("err"):
        failed = operation_failed(seen["err"], seen.get("status_code"), where)
    raise failed from None


def cancel(client: Client, operation: str) -> bool:
    """Cancel an operation, if the daemon can."""
    request = Request("DELETE", operation)
    try:
        seen = client.find(operation)
        if not seen or not seen.get("may_cancel"):
            return False
        client.judge(client.send(request, None, {}, client.transport.timeout), request)
    except FleetError:
        return False
    return True
