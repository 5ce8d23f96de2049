# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Daemons by the names that a person uses: an address, or a remote of the command line client.

The clients of both brands keep the same files (C(cliconfig) of Incus, C(config) of LXD): C(config.yml) with the
remotes, C(client.crt) and C(client.key), of a remote's own in C(clientcerts), and the pinned servers in C(servercerts).
What a user has wins over what the system has for everybody.
"""

from __future__ import annotations

import os
import typing as t

from .._core.errors import InvalidOption, no_such
from .client import discover_socket
from .options import CONNECTION, WHERE
from .plainyaml import Unreadable, load

LOCAL = "local"
DEFAULT = "default"  # stands for the remote that the client uses without a name
CONFIG = "config.yml"
Entry = t.Mapping[str, t.Any]
Environ = t.Mapping[str, str]


class Remote(t.NamedTuple):
    """A daemon.

    :param options: connection options as the modules have them
    :param project: the project that the client uses there, or null
    """

    options: dict[str, t.Any]
    project: str | None = None


class ClientFiles(t.NamedTuple):
    """Where a client keeps its files.

    :param own: the user's folder
    :param shared: the folder for everybody
    """

    own: str
    shared: str


def client_files(brand: str, environ: Environ) -> ClientFiles:
    """Where the client of a brand keeps its files.

    :param brand: C(incus) or C(lxd)
    """
    home = os.path.expanduser("~")
    if brand == "incus":
        own = environ.get("INCUS_CONF") or os.path.join(home, ".config", "incus")
        return ClientFiles(own, environ.get("INCUS_GLOBAL_CONF") or "/etc/incus")
    snap = os.path.join(home, "snap", "lxd", "common", "config")
    usual = snap if os.path.isdir(snap) else os.path.join(home, ".config", "lxc")
    return ClientFiles(environ.get("LXD_CONF") or usual, environ.get("LXD_GLOBAL_CONF") or "/etc/lxc")


def configuration(folder: str) -> dict[str, t.Any]:
    """What a client's C(config.yml) says; nothing where there is no such file.

    :raises InvalidOption: it cannot be read
    """
    path = os.path.join(folder, CONFIG)
    try:
        with open(path, encoding="utf-8") as file:
            found = load(file.read())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = str(error) if isinstance(error, Unreadable) else getattr(error, "strerror", None) or "it is no text"
        raise InvalidOption(f"cannot read '{path}': {reason}", next_step="mend it, or write an address") from None
    remotes = found.get("remotes") or {}
    if not isinstance(remotes, dict) or not all(isinstance(entry, dict) for entry in remotes.values()):
        raise InvalidOption(f"cannot read '{path}': its 'remotes' are no dictionary of dictionaries")
    return found


def remote(name: str, environ: Environ) -> Remote:
    """The daemon that a name stands for.

    :param name: nothing, for the one that C(INCUS_*) variables name or that is found on this host;
        C(unix:/PATH) or C(https://HOST:PORT), with the rest in C(INCUS_*) variables; C(default); or a remote of the
        client
    :raises FleetError: there is no such remote, or it cannot be used
    """
    name = name or environ.get("INCUS_REMOTE", "")
    variables = {option: CONNECTION[option]["fallback"][1][0] for option in WHERE if "fallback" in CONNECTION[option]}
    options = {option: environ[variable] for option, variable in variables.items() if environ.get(variable)}
    if not name:
        return Remote(options)
    if name.startswith("https://") and not {"server_cert", "server_fingerprint"} & {*options}:
        raise InvalidOption(
            f"nothing says which certificate '{name}' has",
            next_step="set INCUS_SERVER_CERT or INCUS_SERVER_FINGERPRINT",
        )
    if name.startswith(("unix:", "https://")):
        return Remote({**options, "url": name})
    found = find(name, environ)
    if found is not None:
        return _opened(found, environ)
    if name in (LOCAL, DEFAULT):
        return Remote({"socket": discover_socket(environ)})
    raise no_such("remote", name, names(environ), "add it with nfvlab.fleet.incus_remote, or write an address")


class Found(t.NamedTuple):
    """A remote in a client's files.

    :param folder: where its entry and its server's certificate are
    :param own: where the user's certificates are
    """

    name: str
    entry: Entry
    folder: str
    own: str

    def refused(self, why: str, next_step: str) -> InvalidOption:
        """The error of a remote that cannot be used."""
        return InvalidOption(f"the remote '{self.name}' {why}", endpoint=self.entry.get("addr"), next_step=next_step)


def places(environ: Environ) -> t.Iterator[tuple[ClientFiles, str, dict[str, t.Any]]]:
    """The folders with a C(config.yml) in the order in which a name is looked up, and what that file says."""
    for brand in ("incus", "lxd"):
        files = client_files(brand, environ)
        for folder in files:
            yield files, folder, configuration(folder)


def names(environ: Environ) -> list[str]:
    """The names of all remotes."""
    return [LOCAL, *(name for _files, _folder, read in places(environ) for name in read.get("remotes") or ())]


def find(name: str, environ: Environ) -> Found | None:
    """A remote by its name, or null where no file says anything about it."""
    default = None
    for files, folder, read in places(environ):
        entry = (read.get("remotes") or {}).get(name)
        if entry is not None:
            return Found(name, entry, folder, files.own)
        default = default or read.get("default-remote")
    return find(default, environ) if name == DEFAULT and default not in (None, DEFAULT) else None


def _opened(found: Found, environ: Environ) -> Remote:
    """How a client opens a remote."""
    entry, own = found.entry, found.own
    project = entry.get("project") or None
    address = str(entry.get("addr") or "unix://")
    if address.startswith("unix:"):
        path = address[len("unix:") :]
        path = path[2:] if path.startswith("//") else path
        return Remote({"socket": path or discover_socket(environ)}, project)
    if (entry.get("protocol") or "incus") not in ("incus", "lxd"):
        raise found.refused("is a server of images, no daemon", "name one that a client certificate opens")
    if entry.get("public") or (entry.get("auth_type") or "tls") != "tls":
        raise found.refused("is none that a client certificate opens", "name another")
    certificate = client_cert(own, found.name)
    pinned = server_cert(found.folder, found.name)
    for path, what in ((certificate + ".crt", "this client has no certificate"), (pinned, "its server is not pinned")):
        if not os.path.exists(path):
            raise found.refused(
                f"cannot be used: {what} ('{path}' is missing)", "add it with nfvlab.fleet.incus_remote"
            )
    options = {"url": address, "client_cert": certificate + ".crt", "client_key": certificate + ".key"}
    return Remote({**options, "server_cert": pinned}, project)


def client_cert(own: str, name: str) -> str:
    """Where the client's certificate for a remote is, without its ending."""
    special = os.path.join(own, "clientcerts", name)
    return special if os.path.exists(special + ".crt") else os.path.join(own, "client")


def server_cert(folder: str, name: str) -> str:
    """Where a client keeps the certificate that a remote's server must have."""
    return os.path.join(folder, "servercerts", f"{name}.crt")


def image_server(name: str, environ: Environ) -> dict[str, t.Any] | None:
    """A remote of the client as an image server, with options as O(image_server) has them; null where there is none.

    :raises InvalidOption: its images are not for everybody
    """
    found = find(name, environ)
    if found is None:
        return None
    if not (found.entry.get("public") or found.entry.get("protocol") == "simplestreams"):
        raise InvalidOption(
            f"the remote '{name}' is no server of public images",
            next_step="write the image's own name if the daemon has it, or give 'image_server'",
        )
    server = {"url": found.entry.get("addr"), "protocol": found.entry.get("protocol") or "incus"}
    certificate = server_cert(found.folder, name)
    return {**server, "certificate": certificate} if os.path.exists(certificate) else server
