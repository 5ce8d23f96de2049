# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the controller's shell over SSH, one command per session, with its literal texts and exit codes."""

from __future__ import annotations

import json
import shlex
import typing as t

import asyncssh

from .state import FWD, Refusal, State

Said = tuple[str, str, int]  # standard output, standard error, exit code


def command(state: State, line: str) -> Said:
    """What one command prints. It ends with 0 also where it did nothing."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        return "", str(error), 1
    name = words[0].removeprefix("onos:") if words else ""
    if name == "reactive-fwd-metrics" and state.working(FWD):
        return _metrics(state, words[1:])
    handler = COMMANDS.get(name)
    if handler is None:
        return f"\x1b[31mCommand not found: \x1b[0m\x1b[31;1m{name}\x1b[0m\n", "", 1
    return handler(state, words[1:])


def _metrics(state: State, words: list[str]) -> Said:
    head = "-" * 89 + "\n MACADDRESS \t\t\t\t\t\t Metrics\n"
    macs = [word.upper() for word in words if word != "-j"]
    for mac in macs:
        if len(mac.split(":")) != 6:
            return (
                "\x1b[31mError executing command: \x1b[0m\x1b[31;1mSpecified MAC Address must contain 12 hex digits "
                "separated pairwise by :'s.\x1b[0m\n"
            ), "", 1  # fmt: skip
    return head + "".join(f" {mac} \t\t\t {_counters(state, mac)}\n" for mac in macs or state.metrics), "", 0


def _counters(state: State, mac: str) -> str:
    found = state.metrics.get(mac)
    if found is None:
        return "null"
    names = (("inpkt", "in"), ("replypkt", "reply"), ("forwardpkt", "forward"), ("droppkt", "drop"))
    return f"ReactiveForwardMetrics{{{', '.join(f'{text}Counter ={found[key]}' for text, key in names)}}}"


def _apps(state: State, words: list[str]) -> Said:
    shown = [app for app in state.apps.values() if app.active or "-a" not in words]
    if "-j" in words:
        return json.dumps([app.json(state.ids[app.name]) for app in shown]) + "\n", "", 0
    lines = [
        f"{'*' if app.active else ' '} {state.ids[app.name]:3d} {app.name:<36} {app.version:<8} {app.description}\n"
        for app in shown
    ]
    return "".join(lines), "", 0


def _app(state: State, words: list[str]) -> Said:
    verb, names = words[0], words[1:]
    said = ""
    for name in names:
        full = name if name in state.apps else f"org.onosproject.{name}"
        if full not in state.apps:
            said += f"No such application: {name}\n"
        else:
            (state.activate if verb == "activate" else state.deactivate)(full)
    return said, "", 0


def _cfg(state: State, words: list[str]) -> Said:
    options = [word for word in words if word.startswith("-")] if words and words[0].startswith("-") else []
    verb, component, *rest = [word for word in words if word not in options][:4] + ["", ""]
    defined = state.components().get(component)
    if defined is None:
        return "", "", 0
    try:
        if verb == "set":
            state.set_property(component, rest[0], rest[1])
            return "", "", 0
    except Refusal as refusal:
        return "", f"{refusal.message}\n", 0
    values = state.values(component)
    names = [rest[0]] if rest[0] else list(defined)
    if "-j" in options:
        shown = [
            {"name": name, "type": defined[name][0], "value": values[name], "defaultValue": defined[name][1],
             "description": defined[name][2]} for name in names
        ]  # fmt: skip
        return json.dumps({"componentName": component, "properties": shown}) + "\n", "", 0
    lines = []
    for name in names:
        if name not in defined:
            return f"Property {name} for component {component} not found\n", "", 0
        kind, default, text = defined[name]
        long = f"name={name}, type={kind}, value={values[name]}, defaultValue={default}, description={text}"
        lines.append(f"    {name}={values[name]}\n" if "-s" in options else f"    {long}\n")
    return "".join(lines), "", 0


def _stop_bundle(state: State, words: list[str]) -> Said:
    state.stop_bundle(words[0].replace("onos-apps-", ""))
    return "", "", 0


COMMANDS: dict[str, t.Callable[[State, list[str]], Said]] = {
    "apps": _apps,
    "app": _app,
    "cfg": _cfg,
    "bundle:stop": _stop_bundle,
    "devices": lambda state, words: (json.dumps(list(state.devices.values())) + "\n", "", 0),
}


class Login(asyncssh.SSHServer):
    """Admins with their password; guests are not let in."""

    def __init__(self, state: State) -> None:
        self._state = state

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._state.account(username, password) == "admin"


async def start(state: State, host: str, port: int) -> asyncssh.SSHAcceptor:
    """Listen. The host key is offered as ssh-rsa only, which today's clients refuse by themselves."""
    pair = asyncssh.load_keypairs([asyncssh.generate_private_key("ssh-rsa", key_size=2048)])[0]
    pair.host_key_algorithms = pair.sig_algorithms = (b"ssh-rsa",)

    async def serve(process: asyncssh.SSHServerProcess[str]) -> None:
        out, err, code = command(state, process.command or "")
        process.stdout.write(out)
        process.stderr.write(err)
        process.exit(code)

    return await asyncssh.create_server(
        lambda: Login(state), host, port, server_host_keys=[pair], process_factory=serve, allow_pty=True
    )
