# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What a token of trust and one to join a cluster have in common: their text, which is base64 of JSON without blanks,
and the addresses of the daemon that has issued them.
"""

from __future__ import annotations

import base64
import json
import typing as t

from .._core.errors import Unreachable
from .._core.http import CONNECT_TIMEOUT
from .._core.turns import in_turn
from .options import host_and_port


def pack(content: t.Mapping[str, t.Any]) -> str:
    """The text of a token that says this."""
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def unpack(text: str) -> t.Any:
    """What a token's text says.

    :raises ValueError: it is none
    """
    return json.loads(base64.b64decode(text, validate=True))


def answering(addresses: t.Sequence[str], fingerprint: str, timeout: float) -> tuple[str, str]:
    """The first address at which the daemon answers that has issued a token, and the certificate that it shows.

    :param addresses: at least one, as C(HOST:PORT)
    :param fingerprint: that of its certificate, as the token says
    :raises Unreachable: there is none; it tells what became of each
    """
    from .._core.tls import certificate_of  # the ssl module takes its time

    def attempt(address: str) -> tuple[str, str]:
        host, port = host_and_port("token", f"https://{address}")
        return address, certificate_of(host, port, fingerprint, min(timeout, CONNECT_TIMEOUT))

    return in_turn(addresses, attempt, goes_on=lambda error: isinstance(error, Unreachable))
