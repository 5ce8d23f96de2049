# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller's answers stand for, and which other programs' answers are told from them."""

from __future__ import annotations

import json

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.wire import Response
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.answers import content, failure, message
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import parse

HTML = b"<html><title>Error</title></html>"


def answer(status, body=b"", kind="application/json"):
    return Response(status, {"content-type": kind}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, HTML, errors.Forbidden, "user and password"),
        (403, {"code": 403, "message": "insufficient privilege"}, errors.Forbidden, "admin group"),
        (404, HTML, errors.Starting, "still starting"),
        (404, {"code": 404, "message": "Application is not found: fwd"}, errors.NotFound, "not found: fwd"),
        (405, b"", errors.Refused, "405: nothing"),
        (409, {"code": 409, "message": "already installed"}, errors.Conflict, "already installed"),
        (415, HTML, errors.Malformed, "'url'"),
        (207, {"code": 207, "message": ["Invalid INTEGER value", "more"]}, errors.OperationFailed, "value; more"),
        (400, {"code": 400, "message": "Unrecognized token 'PK\u0003'"}, errors.Refused, "auditEnabled"),
        (500, {"code": 500, "message": "X.java:131"}, errors.OperationFailed, "X.java"),
        (503, {"code": 503, "message": "Service not found"}, errors.Starting, "'ready_timeout'"),
        (302, b"moved", errors.Malformed, "302"),
    ],
)
def test_failures(status, body, kind, words):
    error = failure(answer(status, body), "http://x GET /y")
    assert error.kind == kind.kind and words in str(error) and error.code == status


def test_success():
    assert content(answer(200, {"a": 1}), "x") == {"a": 1}
    assert content(answer(204), "x") is None and content(answer(200), "x") is None
    with pytest.raises(errors.Malformed, match="not the controller's JSON"):
        content(answer(200, HTML, "text/html"), "x")
    assert message(b"[1]") is None and message(b'{"message": "m"}') == "m"


@pytest.mark.parametrize("url", ["https://h:1", "h:8181", "http://", "http://h:99999", "http://h:1/other", ""])
def test_bad_addresses(url):
    with pytest.raises(InvalidOption):
        parse(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h", "http://h:8181"),
        ("http://h:80/onos/v1/", "http://h:80"),
        ("http://[::1]:8181", "http://[::1]:8181"),
    ],
)
def test_addresses(url, shown):
    assert str(parse(url)) == shown
