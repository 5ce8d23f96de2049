# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How a module reaches its agent: the options of the C(nfvlab.fleet.kata) documentation fragment."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

from .._core.errors import InvalidOption
from .._core.fields import Spec
from .address import Address, discover, parse
from .agent import Agent

CONNECTION: Spec = {
    "address": {"type": "str", "fallback": (env_fallback, ["KATA_AGENT_ADDRESS"])},
    "runtime_sandbox": {"type": "str"},
    "allow_foreign": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 30.0},
    "connect_timeout": {"type": "float", "default": 10.0},
}


def address_of(params: t.Mapping[str, t.Any]) -> tuple[Address, bool]:
    """The address that the options name, and whether the agent belongs to a runtime."""
    for option in ("timeout", "connect_timeout"):
        if not 0 < params[option] <= 86400:
            raise InvalidOption(f"'{option}' is {params[option]:g}", next_step="give seconds above 0, at most a day")
    if params.get("runtime_sandbox"):
        return discover(params["runtime_sandbox"], params["connect_timeout"]), not params["allow_foreign"]
    # A console and a log may have an address of their own, and then nothing else is asked.
    text = params.get("address") or params.get("console_address") or params.get("log_address")
    if not text:
        raise InvalidOption(
            "neither 'address' nor 'runtime_sandbox' is given",
            next_step="say where the agent listens, or name the sandbox of a runtime on this host",
        )
    return parse(text), False


def connect(params: t.Mapping[str, t.Any]) -> Agent:
    """The agent that the options name. Nothing is sent yet."""
    address, foreign = address_of(params)
    return Agent(address, timeout=params["timeout"], connect_timeout=params["connect_timeout"], foreign=foreign)
