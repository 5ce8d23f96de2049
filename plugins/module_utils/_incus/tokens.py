# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The text of a token, be it one of trust or one to join a cluster: base64 of JSON without blanks."""

from __future__ import annotations

import base64
import json
import typing as t


def pack(content: t.Mapping[str, t.Any]) -> str:
    """The text of a token that says this."""
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def unpack(text: str) -> t.Any:
    """What a token's text says.

    :raises ValueError: it is none
    """
    return json.loads(base64.b64decode(text, validate=True))
