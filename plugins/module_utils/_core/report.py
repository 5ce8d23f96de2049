# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the service in a guest that reports it ready writes down, for whoever waits for it on the host."""

from __future__ import annotations

import json

REPORT = "/run/nfvlab-fleet/ready.json"  # in the guest


def why(text: str) -> str:
    """Why a guest is not ready, from its report; empty where it does not say."""
    try:
        found = json.loads(text)["checks"]
        return "; ".join(f"its check '{entry['name']}': {entry['said']}" for entry in found if not entry["ok"])
    except (ValueError, KeyError, TypeError):
        return ""
