# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the IOS actions, as argument specifications. A test holds the documentation against them."""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Spec
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.declared import DECLARED

GUARDS = ["auto", "revert_timer", "replace", "inverse", "reload", "none"]

# How a change is made, for all that change the configuration.
CHANGE: Spec = {
    "guard": {"type": "str", "choices": GUARDS, "default": "auto"},
    "guard_minutes": {"type": "int", "default": 5},
    "allow_lockout": {"type": "bool", "default": False},
    "save": {"type": "bool", "default": False},
}
_TEXTS: Spec = {
    "lines": {"type": "list", "elements": "str"},
    "block": {"type": "str"},
    "intended": {"type": "str"},
    "section": {"type": "list", "elements": "str"},
}

CONFIG: Spec = {
    **_TEXTS,
    "state": {
        "type": "str",
        "choices": ["merged", "replaced", "rendered", "parsed", "gathered"],
        "default": "merged",
    },
    "running_config": {"type": "str"},
    "dialect": {"type": "str", "choices": ["classic", "xe"]},
    "purge_unknown": {"type": "bool", "default": False},
    **CHANGE,
}

# What a host's variable may say of its device, in a fleet.
DEVICE: Spec = {**_TEXTS, "state": {"type": "str", "choices": ["merged", "replaced"]}}

FLEET: Spec = {
    "hosts": {"type": "list", "elements": "str"},
    **_TEXTS,
    "variable": {"type": "str", "default": "ios_config"},
    "state": {"type": "str", "choices": ["merged", "replaced"], "default": "merged"},
    "purge_unknown": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 50},
    "max_failed": {"type": "int", "default": 0},
    "progress": {"type": "bool"},
    "diff_limit": {"type": "int", "default": 100},
    **CHANGE,
}

COMMAND: Spec = {
    "commands": {"type": "list", "elements": "str", "required": True},
    "wait_for": {"type": "list", "elements": "str", "default": []},
    "retries": {"type": "int", "default": 10},
    "interval": {"type": "float", "default": 1.0},
    "structured": {"type": "bool", "default": True},
}

# By its name in `gather`, the command whose output is the fact.
FACTS = {
    "version": "show version",
    "interfaces": "show interfaces",
    "addresses": "show ip interface brief",
    "routes": "show ip route",
    "neighbors": "show cdp neighbors detail",
    "ntp": "show ntp status",
    "ssh": "show ip ssh",
    "dhcp": "show ip dhcp pool",
    "lines": "show line",
    "users": "show users",
    "config": "show running-config",
}

GATHER: Spec = {
    "gather": {
        "type": "list",
        "elements": "str",
        "choices": list(FACTS),
        "default": ["version", "interfaces", "addresses"],
    },
    "query": {"type": "str"},
}

BACKUP: Spec = {
    "path": {"type": "path", "required": True},
    "redact": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["saved", "restored"], "default": "saved"},
    "purge_unknown": {"type": "bool", "default": False},
    **CHANGE,
}

RSA_KEY: Spec = {
    "modulus": {"type": "int", "default": 2048},
    "allow_weak": {"type": "bool", "default": False},
    "replace": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "confirm": {"type": "bool", "default": False},
    "save": {"type": "bool", "default": False},
}

ERASE: Spec = {"confirm": {"type": "bool", "default": False}}

RELOAD: Spec = {
    "confirm": {"type": "bool", "default": False},
    "discard": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 600.0},
}

CLEAR: Spec = {"interfaces": {"type": "list", "elements": "str"}}

# By module.
SPECS: dict[str, Spec] = {
    "ios_config": CONFIG,
    "ios_fleet": FLEET,
    "ios_command": COMMAND,
    "ios_facts": GATHER,
    "ios_save": {},
    "ios_backup": BACKUP,
    "ios_rsa_key": RSA_KEY,
    "ios_erase": ERASE,
    "ios_reload": RELOAD,
    "ios_clear": CLEAR,
    **{name: {**declared.spec, **CHANGE} for name, declared in DECLARED.items()},
}
