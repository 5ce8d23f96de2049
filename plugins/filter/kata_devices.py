# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that write the addresses of devices as a Kata agent does."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.devices import FORMATS


def write(name: str, value: t.Any) -> str:
    """The address as the agent writes it."""
    if not isinstance(value, str):
        raise AnsibleFilterError(f"{name}: {value!r} is no text; quote it")
    try:
        return FORMATS[name](value)
    except InvalidOption as error:
        raise AnsibleFilterError(f"{name}: {error}") from None


class FilterModule:
    """C(nfvlab.fleet.ap_address) and the others."""

    def filters(self) -> dict[str, t.Callable[[t.Any], str]]:
        return {name: functools.partial(write, name) for name in FORMATS}
