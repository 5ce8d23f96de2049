# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Names that the daemon takes for what it makes. It looks at them only when they are sent, and a check run sends none.

Incus 6.0.4 was tried: an instance's is that of a host (RFC 1123, without dots) and no number.
"""

from __future__ import annotations

import re

from .._core.errors import InvalidOption

_HOST = re.compile(r"(?!\d+$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)", re.ASCII)


def check_instance(name: str, label: str) -> None:
    """Raise where no instance can have a name."""
    if not _HOST.fullmatch(name):
        raise InvalidOption(
            f"no instance can be called '{name}'",
            obj=label,
            next_step="a name has up to 63 letters, digits and hyphens, no hyphen at its ends, and is no number",
        )


def check_snapshot(name: str, label: str, *, of_instance: bool) -> None:
    """Raise where no snapshot can have a name. Those of volumes may have blanks in it, if the daemon likes it."""
    if re.search(r"[/\s]" if of_instance else "/", name):
        raise InvalidOption(
            f"no snapshot can be called '{name}'", obj=label, next_step="give a name without '/' and blanks"
        )
