# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Daemons by the names that a person on the controller uses: an address, or a remote of the command line client."""

from __future__ import annotations

import os
import typing as t

import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, no_such
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import discover_socket
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import CONNECTION


class Remote(t.NamedTuple):
    """A daemon.

    :param options: connection options as the modules have them
    :param project: the project that the client uses there, or null
    """

    options: dict[str, t.Any]
    project: str | None = None


def remote(name: str, environ: t.Mapping[str, str]) -> Remote:
    """The daemon that a name stands for.

    :param name: nothing, for the one that the modules find without options; C(local), for the one of this host;
        C(unix:/PATH) or C(https://HOST:PORT), with the rest in C(INCUS_*) variables; or a remote of the client
    :raises FleetError: there is no such remote, or it cannot be used
    """
    fallbacks = {key: option["fallback"][1][0] for key, option in CONNECTION.items() if "fallback" in option}
    options = {key: environ[variable] for key, variable in fallbacks.items() if environ.get(variable)}
    if not name:
        return Remote(options)
    if name == "local":
        return Remote({"socket": discover_socket(environ)})
    if name.startswith("https://") and not {"server_cert", "server_fingerprint"} & {*options}:
        raise InvalidOption(
            f"nothing says which certificate '{name}' has",
            next_step="set INCUS_SERVER_CERT or INCUS_SERVER_FINGERPRINT",
        )
    return Remote({**options, "url": name}) if name.startswith(("unix:", "https://")) else _configured(name, environ)


def _configured(name: str, environ: t.Mapping[str, str]) -> Remote:
    """A remote from the client's files: the user's own, or the system's (C(cliconfig) of Incus)."""
    own = environ.get("INCUS_CONF") or os.path.join(os.path.expanduser("~"), ".config", "incus")
    found = {folder: _listed(folder) for folder in (environ.get("INCUS_GLOBAL_CONF") or "/etc/incus", own)}
    folder = next((place for place in (own, *found) if name in found[place]), None)
    if folder is None:
        known = {"local", *(each for listed in found.values() for each in listed)}
        raise no_such("remote", name, known, "add it with 'incus remote add', or write 'https://HOST:8443'")
    entry = found[folder][name]
    if entry.get("public") or entry.get("protocol", "incus") != "incus" or entry.get("auth_type", "tls") != "tls":
        raise InvalidOption(f"the remote '{name}' is none that a client certificate opens", next_step="name another")
    if str(entry.get("addr")).startswith("unix:"):
        path = str(entry["addr"]).removeprefix("unix:").removeprefix("//") or discover_socket(environ)
        return Remote({"socket": path}, entry.get("project"))
    certificate = os.path.join(own, "clientcerts", name)
    if not os.path.exists(certificate + ".crt"):
        certificate = os.path.join(own, "client")
    options = {"url": entry.get("addr"), "client_cert": certificate + ".crt", "client_key": certificate + ".key"}
    options["server_cert"] = os.path.join(folder, "servercerts", f"{name}.crt")
    return Remote(options, entry.get("project"))


def _listed(folder: str) -> dict[str, dict[str, t.Any]]:
    """The remotes in a client's configuration by name; none where there is no such file."""
    path = os.path.join(folder, "config.yml")
    try:
        with open(path, encoding="utf-8") as file:
            read = yaml.safe_load(file)
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "it is no YAML"
        raise InvalidOption(f"cannot read '{path}': {reason}", next_step="mend it, or write an address") from None
    return (read or {}).get("remotes") or {}
