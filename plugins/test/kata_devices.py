# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that tell whether a text is the address of a device as a Kata agent takes it."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.devices import FORMATS


def holds(name: str, value: t.Any) -> bool:
    """Whether it is such an address."""
    if not isinstance(value, str):
        return False
    try:
        FORMATS[name](value)
    except InvalidOption:
        return False
    return True


class TestModule:
    """C(nfvlab.fleet.ap_address) and the others."""

    def tests(self) -> dict[str, t.Callable[[t.Any], bool]]:
        return {name: functools.partial(holds, name) for name in FORMATS}
