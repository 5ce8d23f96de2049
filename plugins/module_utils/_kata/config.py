# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The options of an agent, as a file and as parameters of its kernel (config.rs of 4.0.0, each value tried there).

An agent ignores a key that it does not know and ends on a value that it cannot read. So both are errors here, with the
near key, before anything is written.
"""

from __future__ import annotations

import json
import re
import typing as t

from .._core.errors import InvalidOption, Malformed, UnknownKey, Unsupported, did_you_mean

I32, I64, U8, U64 = 2**31 - 1, 2**63 - 1, 255, 2**64 - 1
LOG_LEVELS = ("fatal", "panic", "critical", "error", "warn", "warning", "info", "debug", "trace")
SCHEMES = ("vsock", "unix", "tcp")


class Key(t.NamedTuple):
    """One option.

    :param kind: C(bool), C(flag) (a parameter without a value), C(int), C(seconds), C(text), C(url), C(address),
        or C(choice)
    :param default: the agent's own
    :param cmdline: its kernel parameter, where it has one
    :param highest: the greatest number
    :param choices: the texts that it may be
    :param since: the first agent with which it works
    """

    kind: str
    default: t.Any
    cmdline: str | None
    highest: int = I32
    choices: tuple[str, ...] = ()
    since: tuple[int, ...] = ()


MEM_SINCE = (4, 1)  # an agent 4.0.0 with its memory agent enabled ends or brings the kernel down

KEYS: dict[str, Key] = {
    "debug_console": Key("flag", False, "agent.debug_console"),
    "debug_console_vport": Key("int", 0, "agent.debug_console_vport"),
    "dev_mode": Key("flag", False, "agent.devmode"),
    "log_level": Key("choice", "info", "agent.log", choices=LOG_LEVELS),
    "log_vport": Key("int", 0, "agent.log_vport"),
    "tracing": Key("bool", False, "agent.trace"),
    "server_addr": Key("address", "vsock://-1:1024", "agent.server_addr"),
    "passfd_listener_port": Key("int", 0, "agent.passfd_listener_port"),
    "hotplug_timeout": Key("seconds", 3, "agent.hotplug_timeout", U64),
    "cdh_api_timeout": Key("seconds", 50, "agent.cdh_api_timeout", U64),
    "image_pull_timeout": Key("seconds", 1200, "agent.image_pull_timeout", U64),
    "cdi_timeout": Key("seconds", 100, "agent.cdi_timeout", U64),
    "launch_process_timeout": Key("seconds", 6, "agent.launch_process_timeout", U64),
    "visible_cdi_devices": Key("bool", False, "agent.visible_cdi_devices"),
    "container_pipe_size": Key("int", 0, "agent.container_pipe_size"),
    "https_proxy": Key("url", "", "agent.https_proxy"),
    "no_proxy": Key("text", "", "agent.no_proxy"),
    "guest_components_rest_api": Key(
        "choice", "resource", "agent.guest_components_rest_api", choices=("all", "attestation", "resource")
    ),
    "guest_components_procs": Key(
        "choice",
        "api-server-rest",
        "agent.guest_components_procs",
        choices=("none", "attestation-agent", "confidential-data-hub", "api-server-rest"),
    ),
    "secure_storage_integrity": Key("bool", True, "agent.secure_storage_integrity"),
    "unified_cgroup_hierarchy": Key("bool", False, "systemd.unified_cgroup_hierarchy"),
    "policy_file": Key("text", "", None),
    "mem_agent_enable": Key("bool", False, "agent.mem_agent_enable", since=MEM_SINCE),
    "mem_agent_memcg_disable": Key("bool", False, "agent.mem_agent_memcg_disable", since=MEM_SINCE),
    "mem_agent_memcg_swap": Key("bool", False, "agent.mem_agent_memcg_swap", since=MEM_SINCE),
    "mem_agent_memcg_swappiness_max": Key("int", 50, "agent.mem_agent_memcg_swappiness_max", U8, since=MEM_SINCE),
    "mem_agent_memcg_period_secs": Key("int", 600, "agent.mem_agent_memcg_period_secs", U64, since=MEM_SINCE),
    "mem_agent_memcg_period_psi_percent_limit": Key(
        "int", 1, "agent.mem_agent_memcg_period_psi_percent_limit", U8, since=MEM_SINCE
    ),
    "mem_agent_memcg_eviction_psi_percent_limit": Key(
        "int", 1, "agent.mem_agent_memcg_eviction_psi_percent_limit", U8, since=MEM_SINCE
    ),
    "mem_agent_memcg_eviction_run_aging_count_min": Key(
        "int", 3, "agent.mem_agent_memcg_eviction_run_aging_count_min", U64, since=MEM_SINCE
    ),
    "mem_agent_compact_disable": Key("bool", False, "agent.mem_agent_compact_disable", since=MEM_SINCE),
    "mem_agent_compact_period_secs": Key("int", 600, "agent.mem_agent_compact_period_secs", U64, since=MEM_SINCE),
    "mem_agent_compact_period_psi_percent_limit": Key(
        "int", 1, "agent.mem_agent_compact_period_psi_percent_limit", U8, since=MEM_SINCE
    ),
    "mem_agent_compact_psi_percent_limit": Key(
        "int", 5, "agent.mem_agent_compact_psi_percent_limit", U8, since=MEM_SINCE
    ),
    "mem_agent_compact_sec_max": Key("int", 300, "agent.mem_agent_compact_sec_max", I64, since=MEM_SINCE),
    "mem_agent_compact_order": Key("int", None, "agent.mem_agent_compact_order", U8, since=MEM_SINCE),
    "mem_agent_compact_threshold": Key("int", None, "agent.mem_agent_compact_threshold", U64, since=MEM_SINCE),
    "mem_agent_compact_force_times": Key("int", None, "agent.mem_agent_compact_force_times", U64, since=MEM_SINCE),
}

HEADER = "# Managed by Ansible (nfvlab.fleet.kata_agent_config).\n"


def version(text: str) -> tuple[int, ...]:
    """A version as numbers."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        raise InvalidOption(f"'agent_version' is '{text}'", next_step="write it as 4.0.0")
    return tuple(int(part) for part in found.groups() if part)


def check(options: t.Mapping[str, t.Any], agent: tuple[int, ...] | None = None) -> dict[str, t.Any]:
    """The options, each as the kind that it is; null ones are left out.

    :param agent: the version of the agent that they are for
    :raises UnknownKey: a key that no agent has
    :raises InvalidOption: a value that an agent would end on, or take for something else
    """
    checked = {}
    for name, value in options.items():
        key = KEYS.get(name)
        if key is None:
            raise UnknownKey(
                f"an agent has no option '{name}', and would ignore it",
                next_step=did_you_mean(name, KEYS) or f"it has {', '.join(KEYS)}",
            )
        if value is None:
            continue
        checked[name] = _value(name, key, value)
        enabling = name == "mem_agent_enable" and checked[name]
        if enabling and agent is not None and agent < key.since:
            raise Unsupported(
                f"an agent {'.'.join(map(str, agent))} with '{name}' ends at its start, or brings its kernel down",
                next_step="leave it out, or use 4.1 or later",
            )
    return {name: checked[name] for name in KEYS if name in checked}


def _value(name: str, key: Key, value: t.Any) -> t.Any:
    if key.kind in ("bool", "flag"):
        if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no"):
            value = value.lower() in ("true", "yes")
        if not isinstance(value, bool):
            raise InvalidOption(f"'{name}' is {value!r}", next_step="write true or false")
        return value
    if key.kind in ("int", "seconds"):
        if isinstance(value, str) and re.fullmatch(r"\d+", value, re.ASCII):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= key.highest:
            unit = " of seconds" if key.kind == "seconds" else ""
            raise InvalidOption(
                f"'{name}' is {value!r}", next_step=f"give a whole number{unit} from 0 to {key.highest}"
            )
        return value
    if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]", value):
        raise InvalidOption(f"'{name}' is {value!r}", next_step="write a text of one line")
    if key.choices and value not in key.choices:
        hint = did_you_mean(value.lower(), key.choices) or f"it is one of {', '.join(key.choices)}, in small letters"
        raise InvalidOption(f"'{name}' is '{value}'", next_step=hint)
    if key.kind == "url" and value and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s/]+.*", value):
        raise InvalidOption(f"'{name}' is '{value}', which is no URL", next_step="write http://proxy.example:3128")
    if key.kind == "address":
        scheme, mark, rest = value.partition("://")
        if not mark or scheme not in SCHEMES or not rest:
            raise InvalidOption(
                f"'{name}' is '{value}'",
                next_step="write vsock://-1:1024, unix:///PATH, unix://@NAME or tcp://HOST:PORT",
            )
    return value


# -- as a file


def render_toml(options: t.Mapping[str, t.Any]) -> str:
    """The file for checked options."""
    return HEADER + "".join(f"{name} = {_toml(KEYS[name], value)}\n" for name, value in options.items())


def _toml(key: Key, value: t.Any) -> str:
    if key.kind == "seconds":
        return f"{{ secs = {value}, nanos = 0 }}"
    # A JSON text of one line is a basic string of TOML.
    return json.dumps(value, ensure_ascii=False)


_LINE = re.compile(r"([A-Za-z0-9_-]+)\s*=\s*(.+)")
_DURATION = re.compile(r"\{\s*(?:secs\s*=\s*(\d+)\s*,\s*nanos\s*=\s*\d+|nanos\s*=\s*\d+\s*,\s*secs\s*=\s*(\d+))\s*\}")
_LITERAL = re.compile(r"'([^']*)'")


def parse_toml(text: str) -> dict[str, t.Any]:
    """The options in a file, as far as they are written flat, as an agent's are; tables are left out.

    :raises Malformed: a line that is neither
    """
    found: dict[str, t.Any] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("["):
            break  # tables follow, which no agent reads
        if not line or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if not parts:
            raise Malformed(f"line {number} is no option: {line[:60]!r}")
        found[parts.group(1)] = _parsed(parts.group(2), number)
    return found


def _parsed(text: str, number: int) -> t.Any:
    duration = _DURATION.match(text)
    if duration:
        return int(duration.group(1) or duration.group(2))
    literal = _LITERAL.match(text)
    if literal:
        return literal.group(1)
    if text.startswith('"'):
        try:
            return json.JSONDecoder().raw_decode(text)[0]
        except ValueError:
            raise Malformed(f"line {number} has a text that does not end") from None
    word = text.split("#", 1)[0].strip()
    if word in ("true", "false"):
        return word == "true"
    if re.fullmatch(r"[+-]?\d[\d_]*", word):
        return int(word.replace("_", ""))
    return word


# -- as parameters of the kernel


def render_cmdline(options: t.Mapping[str, t.Any]) -> list[str]:
    """The kernel parameters for checked options, the memory agent's after the one that enables it.

    :raises InvalidOption: an option that has no parameter, or a value that none can carry
    """
    words = []
    for name, value in options.items():
        key = KEYS[name]
        if key.cmdline is None:
            raise InvalidOption(f"'{name}' has no kernel parameter", next_step="write it into the agent's file")
        if key.kind == "flag":
            if value:
                words.append(key.cmdline)
            continue
        if value == "" and key.kind in ("url", "text"):
            continue  # an empty parameter ends the agent, and empty is the default
        if key.kind in ("seconds", "int") and value == 0 and key.default:
            raise InvalidOption(
                f"'{name}' is 0, which a kernel parameter cannot say", next_step="write it into the file"
            )
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if re.search(r'[\s"]', text):
            raise InvalidOption(f"'{name}' holds a space or a quote", next_step="write it into the agent's file")
        if "=" in text and name not in ("no_proxy", "https_proxy"):
            raise InvalidOption(f"'{name}' holds a '='", next_step="an agent cannot read it as a kernel parameter")
        words.append(f"{key.cmdline}={text}")
    return words


def parse_cmdline(text: str) -> tuple[dict[str, t.Any], list[str]]:
    """The options that a kernel command line gives, and its C(agent.) words that no agent knows."""
    names = {key.cmdline: name for name, key in KEYS.items() if key.cmdline}
    found: dict[str, t.Any] = {}
    unknown = []
    for word in text.split():
        parameter, mark, value = word.partition("=")
        name = names.get(parameter)
        if name is None:
            if parameter.startswith("agent.") and parameter != "agent.config_file":
                unknown.append(word)
            continue
        key = KEYS[name]
        if key.kind == "flag":
            if not mark:
                found[name] = True
        elif key.kind == "bool":
            found[name] = value == "true" or (value.isdigit() and int(value) != 0)
        elif key.kind in ("int", "seconds"):
            if value.isdigit() and int(value):
                found[name] = int(value)
        elif mark:
            found[name] = value
    return found, unknown


def differences(have: t.Mapping[str, t.Any], want: t.Mapping[str, t.Any]) -> dict[str, tuple[t.Any, t.Any]]:
    """Where two sets of options would make another agent: name, its value now and then, defaults included."""
    found = {}
    for name, key in KEYS.items():
        now, then = have.get(name, key.default), want.get(name, key.default)
        if now != then:
            found[name] = (now, then)
    return found
