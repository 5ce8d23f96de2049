# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The controller's shell over SSH, with the OpenSSH client of the managed host: one command in each session.

Its server (Apache SSHD 1.7.0 in 2.7.0) has an ssh-rsa host key only, which today's clients refuse unless told
otherwise. A command that did nothing mostly ends with 0, so what it printed is looked at.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import subprocess
import tempfile
import typing as t

from .._core.errors import (
    FleetError,
    Forbidden,
    InvalidOption,
    Malformed,
    OperationFailed,
    Starting,
    TimedOut,
    Unreachable,
    Unsupported,
    Untrusted,
)
from .._core.fields import Spec
from .._core.module import FleetModule
from .options import CONNECTION, client_for, credentials, parse

SHELL: Spec = {**CONNECTION, "ssh_port": {"type": "int", "default": 8101}, "known_hosts": {"type": "path"}}
OPTIONS: Spec = {
    "command": {"type": "str", "required": True},
    "output": {"type": "str", "choices": ["text", "json"], "default": "text"},
    "changes": {"type": "bool", "default": True},
}

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What a command prints that failed, in spite of its exit code.
_FAILED = re.compile(
    r"^(?:Command not found: |Error executing command: |No such \w+: |Unable to |Invalid \w+ value|"
    r"Component \S+ is not registered|Property \S+ (?:for component|does not exist)|Usage: |Undefined option).*",
    re.MULTILINE,
)


class Printed(t.NamedTuple):
    """What a command printed, without colours."""

    out: str
    err: str
    code: int


class Shell:
    """Runs commands in a controller's shell."""

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        with client_for(params) as rest:
            rest.ready(params["ready_timeout"])
        self._username, self._password = credentials(params)
        self._host, self._port = parse(params["url"]).name.strip("[]"), params["ssh_port"]
        if not re.fullmatch(r"\w[\w.-]*", self._username) or not re.fullmatch(r"[\w:][\w.:%-]*", self._host):
            raise InvalidOption("'username' or 'url' has a character that does not belong there")
        self._timeout, self._known_hosts = params["timeout"], params["known_hosts"]

    @property
    def endpoint(self) -> str:
        """Where the shell is, for messages."""
        return f"ssh://{self._host}:{self._port}"

    def run(self, command: str) -> Printed:
        """Run one command.

        :raises OperationFailed: it failed, whatever its exit code says
        """
        printed = self._ssh(command)
        failed = _FAILED.search(f"{printed.out}\n{printed.err}")
        if printed.code or failed or printed.err.strip():
            text = (failed.group(0) if failed else printed.err or printed.out).strip()
            raise OperationFailed(
                f"the command '{command.split()[0]}' failed: {text or f'it ended with {printed.code}'}",
                endpoint=self.endpoint,
                code=printed.code,
                text=text,
                next_step="its app may be inactive" if text.startswith("Command not found") else None,
            )
        return printed

    def _ssh(self, command: str) -> Printed:
        if not command.strip() or re.search(r"[\r\n\0]", command):
            raise InvalidOption("'command' is empty, or more than one line", next_step="give one command")
        with _secret(self._password) as environment:
            try:
                done = subprocess.run(
                    [*self._client(), "--", command],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=self._timeout,
                    start_new_session=True,  # without a terminal, so that the password is asked of the helper
                    check=False,
                )
            except FileNotFoundError:
                raise Unsupported(
                    "this host has no OpenSSH client", next_step="install its package (openssh-client)"
                ) from None
            except subprocess.TimeoutExpired:
                raise TimedOut(
                    f"the command did not end within {self._timeout:g} s",
                    endpoint=self.endpoint,
                    next_step="give a longer 'timeout'; a command that follows something never ends",
                ) from None
        out, err = (_COLOUR.sub("", text.decode(errors="replace")) for text in (done.stdout, done.stderr))
        if done.returncode == 255:
            raise _unreached(err, self.endpoint)
        return Printed(out, err, done.returncode)

    def _client(self) -> list[str]:
        """The client's command line; no secret is on it, and no file of the user's changes it."""
        checked = not _loopback(self._host) or bool(self._known_hosts)
        options = {
            "StrictHostKeyChecking": "yes" if checked else "no",
            "HostKeyAlgorithms": "+ssh-rsa",
            "PreferredAuthentications": "password,keyboard-interactive",
            "PubkeyAuthentication": "no",
            "NumberOfPasswordPrompts": "1",
            "ConnectTimeout": str(max(1, int(self._timeout))),
            "LogLevel": "ERROR",
        }
        if self._known_hosts or not checked:
            options["UserKnownHostsFile"] = self._known_hosts or os.devnull
        given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        return ["ssh", "-F", os.devnull, *given, "-T", "-p", str(self._port), "-l", self._username, self._host]


def _loopback(host: str) -> bool:
    """Whether nobody can be between this host and that one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def _secret(password: str) -> t.Iterator[dict[str, str]]:
    """The environment in which ssh asks a helper for the password, which is in a file that only this user may read."""
    with tempfile.TemporaryDirectory(prefix="nfvlab-onos-") as folder:
        secret, helper = os.path.join(folder, "secret"), os.path.join(folder, "helper")
        for path, text, mode in ((secret, password, 0o600), (helper, f"#!/bin/sh\nexec cat '{secret}'\n", 0o700)):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
                file.write(text)
        yield {**os.environ, "SSH_ASKPASS": helper, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0", "LC_ALL": "C"}


def _unreached(err: str, endpoint: str) -> FleetError:
    """Why there is no session."""
    text = err.strip().splitlines()[-1] if err.strip() else "no reason given"
    for telling, kind, what, next_step in (
        ("Permission denied", Forbidden, "the shell does not know this user and password",
         "use an account of the admin group; others may not log in"),
        ("Host key verification failed", Untrusted, "the controller's host key is not the known one",
         "find out which is right, then put it into 'known_hosts' (ssh-keyscan -t rsa -p 8101 HOST)"),
        ("Connection refused", Starting, "no shell listens there",
         "start the controller, or correct 'url' and 'ssh_port'"),
    ):  # fmt: skip
        if telling in err:
            return kind(what, endpoint=endpoint, text=text, next_step=next_step)
    return Unreachable(f"no session: {text}", endpoint=endpoint, text=text, next_step="check 'url' and 'ssh_port'")


def work(module: FleetModule) -> dict[str, t.Any]:
    """Run the command of a task."""
    params = module.params
    action = {"cli": params["command"], "sent": not (params["changes"] and module.check_mode)}
    result: dict[str, t.Any] = {"changed": params["changes"], "actions": [action] if params["changes"] else []}
    if params["changes"] and module.check_mode:
        return result
    printed = Shell(params).run(params["command"])
    result["stdout"] = printed.out
    if params["output"] == "json":
        result["json"] = as_json(printed.out, params["command"])
    return result


def as_json(text: str, command: str) -> t.Any:
    """What a command with C(-j) printed.

    :raises Malformed: it is not JSON
    """
    try:
        return json.loads(text)
    except ValueError:
        raise Malformed(
            f"'{command}' did not print JSON",
            text=text[:200],
            next_step="most commands need '-j'; for 'cfg' it stands before the verb ('cfg -j get …'), and "
            "'reactive-fwd-metrics' has none (use nfvlab.fleet.onos_fwd_metrics)",
        ) from None
