# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Secrets are recognised by their position (object and key), never by their text.

Ansible's own C(no_log) replaces a secret's text wherever it occurs, so the secret "1" would turn every "1" into stars.
Here a value is masked because of the key it stands under.
"""

from __future__ import annotations

import json
import re
import typing as t
from fnmatch import fnmatchcase

MASK = "********"
CHANGED = MASK + " (changed)"

_TELLING = re.compile(r"passw|passphrase|secret|token|credential|(private|client|api).?key", re.IGNORECASE)


class Secrets:
    """Tells which keys hold secrets, and masks them.

    :param keys: names or shell patterns of further keys, beside those whose name gives them away
    """

    def __init__(self, keys: t.Iterable[str] = ()) -> None:
        self._patterns = tuple(keys)

    def __add__(self, keys: t.Iterable[str]) -> Secrets:
        return Secrets(self._patterns + tuple(keys))

    def holds(self, key: str) -> bool:
        """Whether the value under this key is a secret."""
        return bool(_TELLING.search(key)) or any(fnmatchcase(key, pattern) for pattern in self._patterns)

    def mask(self, value: t.Any) -> t.Any:
        """A copy in which everything under a secret's key is stars. Empty values and booleans stay."""
        if isinstance(value, dict):
            return {key: self._mask_under(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.mask(inner) for inner in value]
        return value

    def _mask_under(self, key: str, value: t.Any) -> t.Any:
        if not self.holds(key):
            return self.mask(value)
        return value if not value or isinstance(value, bool) else MASK

    def values(self, value: t.Any) -> set[str]:
        """The texts of all secrets in a value, for `scrub`."""
        found: set[str] = set()
        if isinstance(value, dict):
            for key, inner in value.items():
                if self.holds(str(key)) and isinstance(inner, (str, int, float)) and not isinstance(inner, bool):
                    text = str(inner)
                    # Messages quote with escapes, and of several lines perhaps only one.
                    found |= {
                        text,
                        json.dumps(text)[1:-1],
                        *(line for line in text.split("\n") if len(line.strip()) > 5),
                    }
                else:
                    found |= self.values(inner)
        elif isinstance(value, list):
            for inner in value:
                found |= self.values(inner)
        return found - {""}


def mask_pair(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Two masked values whose difference still shows."""
    return (
        MASK if before else before,
        (MASK if before == after or not before else CHANGED) if after else after,
    )


def scrub(text: str, secrets: t.Iterable[str]) -> str:
    """A foreign text without the secrets that it may quote, each only where it stands as a word of its own."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text
