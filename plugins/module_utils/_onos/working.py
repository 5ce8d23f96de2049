# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Whether an application really works. Neither its state nor its health tells.

Measured on 2.7.0: an app whose bundle cannot be resolved is ACTIVE; an inactive app whose bundles are another's is
"ready"; one whose bundle was stopped is ACTIVE and "ready". So an app works if it and all that it requires are ACTIVE
and "ready" and, for those known here, their component and their packet processor are registered.
"""

from __future__ import annotations

import glob
import os
import re
import typing as t

from .._core.errors import NotFound, Starting
from .._core.http import path as join
from .client import Client

ORG = "org.onosproject."
# App: its component, and the class of its packet processor.
PARTS: dict[str, tuple[str, str]] = {
    ORG + "fwd": (ORG + "fwd.ReactiveForwarding", ORG + "fwd.ReactiveForwarding$ReactivePacketProcessor"),
    ORG + "lldpprovider": (ORG + "provider.lldp.impl.LldpLinkProvider", ""),
    ORG + "hostprovider": (ORG + "provider.host.impl.HostLocationProvider", ""),
    ORG + "openflow-base": (ORG + "openflow.controller.impl.OpenFlowControllerImpl", ""),
}
LOGS = "/opt/onos/apache-karaf-*/data/log/karaf.log"
TAIL = 1 << 18  # bytes of the log that are looked at
LINES = 8  # lines of the log that a failure shows

App = t.Mapping[str, t.Any]
Apps = t.Mapping[str, App]


def closure(names: t.Iterable[str], apps: Apps) -> list[str]:
    """Apps with all that they require, the required first."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found:
            for required in apps.get(name, {}).get("requiredApps") or ():
                visit(required)
            found.append(name)

    for name in names:
        visit(name)
    return list(dict.fromkeys(found))


def dependents(names: t.Iterable[str], apps: Apps) -> list[str]:
    """The apps that require one of these, directly or not, the required first; without these themselves."""
    own = set(names)
    return [name for name in closure(apps, apps) if name not in own and own & set(closure([name], apps))]


class Faults:
    """What keeps applications from working, asked from a controller with one request for each collection."""

    def __init__(self, client: Client, apps: Apps) -> None:
        self._client = client
        self._apps = apps
        self._health: dict[str, str] = {}
        self._collections: dict[str, str] = {}

    def of(self, name: str) -> list[tuple[str, str]]:
        """The faults of an app and of what it requires, as pairs of an app and a sentence; none if it works."""
        return [(app, said) for app in closure([name], self._apps) for said in [self._own(app)] if said]

    def _own(self, name: str) -> str:
        app = self._apps.get(name)
        if app is None:
            return "is not installed"
        if app.get("state") != "ACTIVE":
            return f"is {app.get('state')}"
        if self._healthy(name) != "ready":
            return f"is ACTIVE, but its health is '{self._healthy(name)}'"
        component, processor = PARTS.get(name, ("", ""))
        if component and f'"{component}"' not in self._text("/configuration"):
            return f"is ACTIVE and its health is 'ready', but its component {component} is not there"
        if processor and processor not in self._text("/packet/processors"):
            return f"is ACTIVE and its health is 'ready', but it does not process packets ({processor})"
        return ""

    def _healthy(self, name: str) -> str:
        if name not in self._health:
            self._health[name] = health(self._client, name)
        return self._health[name]

    def _text(self, collection: str) -> str:
        if collection not in self._collections:
            self._collections[collection] = self._client.raw(collection).decode(errors="replace")
        return self._collections[collection]


def health(client: Client, name: str) -> str:
    """What the controller says of an app's bundles. Versions before 2.2 do not say: there, it counts as ready."""
    try:
        return str(client.get(join("applications", name, "health"))["message"])
    except Starting as error:
        if error.code == 404:  # Jetty's own page: there is no such place
            return "ready"
        raise
    except NotFound as error:
        return "ready" if (error.text or "").startswith("HTTP 404") else "pending"


def diagnosis(name: str, log: str | None) -> tuple[str, list[str]]:
    """Why an app's bundles do not start, and the lines of the log that tell.

    :param log: path of karaf.log; null looks where the role C(onos) installs
    """
    found = [log] if log else sorted(glob.glob(LOGS))
    lines = [line for path in found for line in _tail(path)]
    telling = [line for line in lines if name in line and re.search(r"Unable to|missing requirement|ERROR|WARN", line)]
    telling += [line for line in lines if "missing requirement" in line and line not in telling]
    return missing_bundle(telling), telling[-LINES:]


def _tail(path: str) -> list[str]:
    """The last lines of a file; none where it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def missing_bundle(lines: t.Iterable[str]) -> str:
    """What OSGi's resolver misses, as a clause, from the last line that says so."""
    for line in reversed(list(lines)):
        package = re.findall(r"osgi\.wiring\.package=([\w.]+)\)?([^\"\]]*)", line)
        if package:
            bounds = re.findall(r"version>=([\w.]+)|!\(version>=([\w.]+)\)", package[-1][1])
            low = next((entry[0] for entry in bounds if entry[0]), "")
            high = next((entry[1] for entry in bounds if entry[1]), "")
            wanted = f" from version {low}" if low else ""
            wanted += f" to below {high}" if high else ""
            return f"no bundle exports the package {package[-1][0]}{wanted}"
        bundle = re.findall(r"Unable to resolve ([\w.\-]+/[\w.\-]+)|osgi\.identity=([\w.\-]+)", line)
        if bundle and "missing requirement" in line:
            return f"the bundle {bundle[-1][0] or bundle[-1][1]} is missing"
        artifact = re.search(r"(?:Error resolving artifact|Could not find artifact) ([\w.:\-]+)", line)
        if artifact:
            return f"the artifact {artifact.group(1)} is missing"
    return ""
