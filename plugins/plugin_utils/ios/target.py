# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The device to reach, from the variables that an inventory for C(network_cli) has."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, did_you_mean

TRANSPORTS = ("ssh", "console")
ALGORITHMS = ("none", "sha1", "all")
FALSE = ("false", "no", "0", "off", "f", "n")
PROXY_COMMANDS = ("ansible_libssh_proxy_command", "ansible_paramiko_proxy_command")
SSH_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
# By field, the variables that give it, the first that is set wins.
VARIABLES: dict[str, tuple[str, ...]] = {
    "host": ("ansible_host", "ansible_ssh_host", "ansible_libssh_host", "inventory_hostname"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user", "ansible_libssh_user"),
    "password": (
        "ansible_password",
        "ansible_ssh_password",
        "ansible_ssh_pass",
        "ansible_libssh_password",
        "ansible_libssh_pass",
    ),
    "private_key_file": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "become": ("ansible_become",),
    "become_password": ("ansible_become_password", "ansible_become_pass", "ansible_enable_pass"),
    "timeout": ("ansible_command_timeout", "ansible_timeout"),
    "connect_timeout": ("ansible_connect_timeout", "ansible_ssh_timeout"),
    "host_key_checking": (
        "ansible_host_key_checking",
        "ansible_ssh_host_key_checking",
        "ansible_libssh_host_key_checking",
    ),
    "known_hosts": ("ios_known_hosts",),
    "legacy_algorithms": ("ios_legacy_algorithms",),
    "transport": ("ios_transport",),
    "jump": ("ios_jump",),
    "jump_password": ("ios_jump_password",),
    "window": ("ios_window",),
    "management_address": ("ios_management_address",),
    "transcript": ("ios_transcript",),
    "name": ("inventory_hostname",),
}


@dataclasses.dataclass(frozen=True)
class Target:
    """A device and how to get to it.

    :param transport: C(ssh), or C(console) for telnet or a raw TCP port
    :param become: whether to go to privileged EXEC
    :param known_hosts: file with the host keys that are trusted; null for the user's own
    :param legacy_algorithms: what to offer beside today's algorithms: C(sha1) for SHA-1 signatures and key exchange,
        C(all) for CBC ciphers, MD5 and the 1024-bit group as well
    :param jump: C([USER@]HOST[:PORT]) of a host to go through
    :param proxy_command: a command whose input and output is the connection
    :param timeout: seconds of silence after which the device counts as hanging
    :param transcript: directory in which each session's masked transcript is appended to C(NAME.txt)
    :param name: what the inventory calls the device
    :param management_address: the device's own address, where C(host) is that of a port forwarding
    :param window: lines that may be under way at a time
    """

    host: str
    port: int = 22
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    private_key_file: str | None = None
    become: bool = False
    become_password: str | None = dataclasses.field(default=None, repr=False)
    known_hosts: str | None = None
    host_key_checking: bool = True
    legacy_algorithms: str = "none"
    jump: str | None = None
    jump_password: str | None = dataclasses.field(default=None, repr=False)
    proxy_command: str | None = None
    transport: str = "ssh"
    timeout: float = 30.0
    connect_timeout: float = 30.0
    window: int = 32
    management_address: str | None = None
    transcript: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("transport", TRANSPORTS), ("legacy_algorithms", ALGORITHMS)):
            value = getattr(self, name)
            if value not in allowed:
                hint = did_you_mean(str(value), allowed) or f"one of {', '.join(allowed)}"
                raise InvalidOption(f"ios_{name} is '{value}'", obj=self.host, next_step=hint)

    @property
    def endpoint(self) -> str:
        return f"{self.transport}://{self.host}:{self.port}"

    @classmethod
    def from_vars(cls, variables: t.Mapping[str, t.Any]) -> Target:
        """The device of an inventory host.

        :raises InvalidOption: a variable's value cannot be right
        """
        values: dict[str, t.Any] = {}
        for field, names in VARIABLES.items():
            found = next((variables[name] for name in names if variables.get(name) not in (None, "")), None)
            if found is not None:
                values[field] = _typed(field, names[0], found)
        values.setdefault("host_key_checking", _boolean(os.environ.get("ANSIBLE_HOST_KEY_CHECKING", "true")))
        values.update(_through(variables, values))
        if values.get("transport") == "console" and "port" not in values:
            values["port"] = 23
        if "host" not in values:
            raise InvalidOption("the device has no address", next_step="set ansible_host in the inventory")
        return cls(**values)


_FIELDS = {field.name: field.type for field in dataclasses.fields(Target)}


def _typed(field: str, variable: str, value: t.Any) -> t.Any:
    kind = _FIELDS[field]
    try:
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
    except ValueError:
        raise InvalidOption(f"{variable} is '{value}', which is no number") from None
    if kind == "bool":
        return _boolean(value)
    return os.path.expanduser(str(value)) if field in ("private_key_file", "known_hosts", "transcript") else str(value)


def _boolean(value: t.Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() not in FALSE


def _through(variables: t.Mapping[str, t.Any], values: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The jump host or proxy command that is hidden in other variables."""
    if values.get("jump"):
        return {}
    for name in PROXY_COMMANDS:
        if variables.get(name):
            return {"proxy_command": _filled(str(variables[name]), values)}
    words = shlex.split(" ".join(str(variables.get(name) or "") for name in SSH_ARGUMENTS))
    for at, word in enumerate(words):
        option = words[at + 1] if word in ("-o", "-J") and at + 1 < len(words) else word[2:]
        if word.startswith("-J"):
            return {"jump": option}
        found = re.match(r"(ProxyJump|ProxyCommand)[= ](.*)", option, re.IGNORECASE) if word.startswith("-o") else None
        if found:
            jump = found[1].lower() == "proxyjump"
            return {"jump": found[2]} if jump else {"proxy_command": _filled(found[2], values)}
    return {}


def _filled(command: str, values: t.Mapping[str, t.Any]) -> str:
    for sign, field, usual in (("%h", "host", ""), ("%p", "port", 22), ("%r", "user", "")):
        command = command.replace(sign, str(values.get(field) or usual))
    return command
