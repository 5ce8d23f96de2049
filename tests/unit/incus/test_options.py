# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection options."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import TLSEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import endpoint_for

PIN = "ab" * 32


@pytest.mark.parametrize(
    ("params", "endpoint"),
    [
        ({"socket": "/s", "url": "https://x"}, UnixEndpoint("/s")),
        ({"url": "unix:/s"}, UnixEndpoint("/s")),
        ({"url": "unix:///s"}, UnixEndpoint("/s")),
        ({}, UnixEndpoint("/env")),
        ({"url": "https://h", "server_fingerprint": PIN}, TLSEndpoint("h", 8443, PIN)),
        (
            {"url": "https://h", "server_fingerprint": PIN, "bearer_token": "a.b-c._"},
            TLSEndpoint("h", 8443, PIN, headers={"Authorization": "Bearer a.b-c._"}),
        ),
        ({"socket": "/s", "bearer_token": "a.b.c"}, UnixEndpoint("/s")),
        ({"url": "https://[::1]:9/", "server_fingerprint": "AB:" * 31 + "AB"}, TLSEndpoint("::1", 9, PIN)),
    ],
)
def test_endpoints(params, endpoint):
    assert endpoint_for(params, {"INCUS_SOCKET": "/env"}) == endpoint


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"url": "http://h"}, "write 'https://HOST:8443' or 'unix:"),
        ({"url": "https://h"}, "needs 'server_cert' or 'server_fingerprint'"),
        ({"url": "https://h", "server_fingerprint": "abc"}, "not a SHA-256 fingerprint"),
        ({"url": "https://h", "server_fingerprint": PIN, "bearer_token": "a.b.c\r\nX: y"}, "is no signed JSON Web"),
        (
            {"url": "https://h", "server_cert": "/nonexistent"},
            "cannot read a PEM certificate from '/nonexistent': No such",
        ),
        ({"url": "https://h", "server_cert": __file__}, "there is no whole PEM certificate in '"),
    ],
)
def test_wrong_ones_are_named(params, said):
    with pytest.raises(InvalidOption, match=said.replace("(", r"\(")):
        endpoint_for(params, {})
