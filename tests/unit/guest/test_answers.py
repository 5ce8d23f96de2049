# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guest API's answers mean, each documented error as a sentence."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.answers import error_for, key_names, parsed

WHERE = "unix:/dev/incus/sock GET /1.0"
ENVELOPE = b'{"type":"error","status":"","error_code":404,"error":"Image \\"abc\\" not found","metadata":null}\n\n'


@pytest.mark.parametrize(
    ("status", "body", "sort", "said"),
    [
        (400, b'Invalid state "Nope"\n', errors.Refused, 'HTTP 400: Invalid state "Nope" (unix:'),
        (400, b"unexpected EOF\n", errors.Refused, "HTTP 400: unexpected EOF"),
        (401, b"Access denied for non-root user\n", errors.Forbidden, "only root of the instance"),
        (403, b"not authorized\n", errors.Forbidden, "set 'security.guestapi' of the instance to 'true' on its host"),
        (404, b"not found\n", errors.NotFound, "HTTP 404: not found"),
        (404, ENVELOPE, errors.NotFound, 'HTTP 404: Image "abc" not found'),
        (404, b"404 page not found\n", errors.Unsupported, "has no such call"),
        (405, b'method "POST" not allowed\n', errors.Unsupported, 'method "POST" not allowed'),
        (500, b"pid not in container?\n", errors.Refused, "run it as a process of the instance itself"),
        (500, b"Failed connecting to host over vsock: no such device\n", errors.Unreachable, "starting or stopping"),
        (500, b"readlink /proc/-1/ns/pid: no such file or directory\n", errors.Transient, "readlink"),
        (500, b"", errors.Transient, "answered with HTTP 500 (unix:"),
        (301, b"", errors.Refused, "answered with HTTP 301 (unix:"),
        (502, b"{broken", errors.Transient, "HTTP 502: {broken"),
    ],
)
def test_every_documented_error_is_a_sentence(status, body, sort, said):
    error = error_for(status, body, WHERE, "incus")
    assert error.__class__ is sort and error.code == status
    assert said in str(error) and WHERE in str(error) and "\n" not in str(error)


def test_the_brands_call_the_permission_differently():
    assert "'security.devlxd'" in str(error_for(403, b"not authorized\n", WHERE, "lxd"))


def test_a_foreign_text_is_not_shown_at_any_length():
    assert len(str(error_for(400, b"x" * 100000, WHERE, "incus"))) < 400


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b'{"half": ', b"\xff"])
def test_what_is_no_object_is_malformed(body):
    with pytest.raises(errors.Malformed, match="not that of a guest API"):
        parsed(body, dict, WHERE)


def test_names_of_keys_are_not_escaped_in_the_list():
    urls = ["/1.0/config/user.b/c", "/1.0/config/user.a%2Fb", "/1.0/config/cloud-init.user-data", "/1.0/other/x"]
    assert key_names(urls) == ["cloud-init.user-data", "user.a%2Fb", "user.b/c"]
