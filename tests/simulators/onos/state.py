# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: what a controller knows, and how its parts depend on each other. No I/O, but for its snapshot and its log.

Everything runs in one event loop, so methods are plain and nothing is locked. Whoever drives switches writes `devices`,
`ports`, `links`, `hosts`, `flows` and `metrics`, asks `working` and `effective`, and appends to the hooks.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import pathlib
import re
import time
import typing as t
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .tables import APPS, COMPONENTS, CONFIG_KEYS, PROCESSORS, THIRD_PARTY, shape

FWD = "org.onosproject.fwd"
VERSION = "2.7.0"
LATE_FEATURES = 0.3  # seconds from an app's ACTIVE to its bundles working
LATE_CONFIG = 0.25  # seconds from a stored value to its component being told
STALL = 2.0  # seconds that a call waits for an event that never comes

Json = dict[str, t.Any]


class Refusal(Exception):
    """An answer that is an error: its status, and its text or list of texts."""

    def __init__(self, status: int, message: t.Any) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message


@dataclass
class App:
    """One installed app. `own` is false for an app whose bundles are all other apps'; `missing` is what OSGi lacks."""

    name: str
    version: str = VERSION
    description: str = ""
    category: str = "default"
    origin: str = "ONOS Community"
    features: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    own: bool = True
    missing: str = ""
    active: bool = False
    explicit: bool = False
    stopped: bool = False  # its bundle was stopped by hand: ACTIVE, "ready" and dead
    since: float = 0.0  # when it became active

    def json(self, number: int) -> Json:
        """The app as the REST interface shows it."""
        return {
            "name": self.name, "id": number, "version": self.version, "category": self.category,
            "description": self.description, "readme": self.description, "origin": self.origin,
            "url": "http://onosproject.org", "featuresRepo": f"mvn:{self.name}/{self.version}/xml/features",
            "state": "ACTIVE" if self.active else "INSTALLED", "features": self.features, "permissions": [],
            "requiredApps": self.required,
        }  # fmt: skip


class State:
    """The whole controller.

    :param snapshot: a file that outlives the process: apps, configuration, network configuration, hosts and ids
    :param log: a file that gets what karaf.log would
    """

    def __init__(self, snapshot: pathlib.Path | None = None, log: pathlib.Path | None = None) -> None:
        self.snapshot, self.log_file = snapshot, log
        self.users: dict[str, tuple[str, str]] = {
            "onos": ("rocks", "admin"), "karaf": ("karaf", "admin"), "guest": ("guest", "viewer"),
        }  # fmt: skip
        self.apps = {name: App(name, **entry) for name, entry in APPS.items()}
        self.bits: dict[str, bytes] = {name: _plain_oar(app) for name, app in self.apps.items()}
        self.ids = {name: number for number, name in enumerate(["org.onosproject.core", *self.apps], 1)}
        self.stored: dict[str, dict[str, str]] = {}  # values that differ from the defaults, of any component
        self.told: dict[str, dict[str, str]] = {}  # what the components have been told of it
        self.netcfg: Json = {name: {} for name in CONFIG_KEYS}
        self.netcfg["apps"] = {"org.onosproject.provider.lldp": {"suppression": {"deviceTypes": ["ROADM"]}}}
        self.devices: dict[str, Json] = {}  # by id, as GET /devices shows them
        self.ports: dict[str, list[Json]] = {}  # by device
        self.links: list[Json] = []
        self.hosts: dict[str, Json] = {}  # by id, MAC/None
        self.flows: dict[str, Json] = {}  # by flow id, as GET /flows shows them
        self.metrics: dict[str, dict[str, int]] = {}  # by MAC: in, reply, forward, drop
        self.nodes = [{"id": "127.0.0.1", "ip": "127.0.0.1", "tcpPort": 9876, "status": "READY"}]
        # Hooks: on_app(name, whether it now works), on_config(component), on_flow(flow, added or removed),
        # on_device(device id, removed from the store), on_port(device id, port, enabled).
        self.on_app: list[t.Callable[[str, bool], None]] = []
        self.on_config: list[t.Callable[[str], None]] = []
        self.on_flow: list[t.Callable[[Json, bool], None]] = []
        self.on_device: list[t.Callable[[str], None]] = []
        self.on_port: list[t.Callable[[str, int, bool], None]] = []
        if snapshot and snapshot.exists():
            self._load()

    def account(self, name: str, password: str) -> str | None:
        """The role of an account whose password is right: C(admin), C(viewer) or null."""
        known = self._accounts().get(name)
        return known[1] if known and known[0] == password else None

    def _accounts(self) -> dict[str, tuple[str, str]]:
        """The accounts; those of a users.properties beside the snapshot, which is read anew each time."""
        file = self.snapshot and self.snapshot.parent / "etc" / "users.properties"
        if not file or not file.exists():
            return self.users
        found = re.findall(r"^(\w+) = ([^,\n]*),_g_:(\w+?)(?:group)?$", file.read_text(), re.MULTILINE)
        return {name: (password, "admin" if group == "admin" else "viewer") for name, password, group in found}

    # -- what is really so

    def working(self, name: str) -> bool:
        """Whether an app does its work, which neither its state nor its health tells."""
        app = self.apps.get(name)
        return bool(app) and self._started(app) and not app.stopped and all(map(self.working, app.required))

    def _started(self, app: App) -> bool:
        return app.active and not app.missing and time.monotonic() - app.since >= LATE_FEATURES

    def health(self, name: str) -> str:
        """What the controller says of an app's bundles: C(ready) also for those that lie."""
        app = self.apps[name]
        return "ready" if not app.missing and (not app.own or self._started(app)) else "pending"

    def components(self) -> dict[str, Json]:
        """Definitions of the properties of all components whose app works, by component and property."""
        return {name: props for name, (app, props) in COMPONENTS.items() if app == "" or self.working(app)}

    def values(self, component: str) -> dict[str, str]:
        """All values of a component, as the store has them."""
        stored = self.stored.get(component, {})
        return {name: stored.get(name, entry[1]) for name, entry in self._defined(component).items()}

    def effective(self, component: str, name: str) -> str:
        """The value that a component works with: what it was last told."""
        return self.told.get(component, {}).get(name, COMPONENTS[component][1][name][1])

    def processors(self) -> list[str]:
        """Classes of the packet processors of apps that work."""
        return [name for app, name in PROCESSORS.items() if self.working(app)]

    def log(self, line: str) -> None:
        """Write a line into the log, as Karaf's format has it."""
        if self.log_file:
            with self.log_file.open("a") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')},000 | {line}\n")

    # -- applications

    def install(self, bits: bytes, activate: bool) -> App:
        """Install an app from its archive or descriptor."""
        app = read_archive(bits)
        if app.name in self.apps:
            raise Refusal(409, f"Application {app.name} already installed")
        if any(name not in self.apps for name in app.required):
            raise Refusal(400, f"org.onosproject.app.ApplicationException: Missing dependencies for app {app.name}")
        self.apps[app.name], self.bits[app.name] = app, bits
        self.register(app.name)
        self.save()
        if activate:
            self.activate(app.name)
        return app

    def register(self, name: str) -> int:
        """The id of an app's name; ids outlive their apps."""
        return self.ids.setdefault(name, len(self.ids) + 1)

    def uninstall(self, name: str) -> bool:
        """Remove an app and everything that requires it; false where nothing happens, so that the caller waits."""
        if name not in self.apps:
            return name not in self.ids
        for other in [app.name for app in self.apps.values() if name in app.required]:
            self.uninstall(other)
        self.deactivate(name)
        del self.apps[name], self.bits[name]
        self.save()
        return True

    def activate(self, name: str, explicit: bool = True) -> App:
        """Activate an app and what it requires; an app that is active already stays as it is, also a dead one."""
        app = self.apps[name]
        app.explicit = app.explicit or explicit
        for required in app.required:
            self.activate(required, explicit=False)
        if not app.active:
            app.active, app.stopped, app.since = True, False, time.monotonic()
            if app.missing:
                self.log(f"ERROR | ApplicationManager | Unable to perform operation on application {name}")
                self.log(
                    f"ERROR | org.osgi.service.resolver.ResolutionException: Unable to resolve root: {app.missing}"
                )
            else:
                self.log(f"INFO  | ApplicationManager | Application {name} has been activated")
                later(LATE_FEATURES, lambda: self._begin(app))
            self.save()
        return app

    def boot(self, names: t.Iterable[str]) -> None:
        """Activate apps before anybody can see it."""
        for name in names:
            self.activate(name)
        for app in self.apps.values():
            app.since -= LATE_FEATURES

    def _begin(self, app: App) -> None:
        if self.apps.get(app.name) is not app or not app.active:
            return
        for component in self._components_of(app.name):
            self.told[component] = dict(self.stored.get(component, {}))
        self._announce(app.name, True)

    def deactivate(self, name: str) -> bool:
        """Deactivate an app, what requires it and what only it required; false where nothing happens."""
        app = self.apps.get(name)
        if app is None or not app.active:
            return app is None and name not in self.ids
        app.active = app.explicit = False
        self._announce(name, False)
        if name == FWD:
            self.metrics.clear()
        for other in list(self.apps.values()):
            if other.active and name in other.required:
                self.deactivate(other.name)
        for required in app.required:
            if not self.apps[required].explicit and not any(
                other.active and required in other.required for other in self.apps.values()
            ):
                self.deactivate(required)
        self.save()
        return True

    def stop_bundle(self, name: str) -> None:
        """What C(bundle:stop) does: the app stays ACTIVE and "ready", and does nothing any more."""
        self.apps[name].stopped = True
        self._announce(name, False)

    def _announce(self, name: str, working: bool) -> None:
        for hook in self.on_app:
            hook(name, working)

    @staticmethod
    def _components_of(app: str) -> list[str]:
        return [name for name, (owner, _props) in COMPONENTS.items() if owner == app]

    # -- flows

    def flow(
        self, app: str, device: str, priority: int, timeout: int, selector: Json, treatment: Json, **more: t.Any
    ) -> Json:
        """A flow as GET /flows shows it, of an app that is registered with it.

        Its id follows from app, device, selector, priority and table; not from the treatment.
        """
        table = more.get("tableId", 0)
        spelled = json.dumps([device, selector, priority, table], sort_keys=True)
        digest = hashlib.blake2b(spelled.encode(), digest_size=6).digest()
        number = str(self.register(app) << 48 | int.from_bytes(digest, "big"))
        fixed = {"tableId": table, "tableName": str(table), "isPermanent": not timeout}
        treated = {"deferred": [], **treatment}
        return shape(
            "flow", id=number, appId=app, deviceId=device, priority=priority, timeout=timeout, selector=selector,
            treatment=treated, **{**fixed, **more},
        )  # fmt: skip

    # -- component configuration

    def _defined(self, component: str) -> Json:
        found = self.components().get(component)
        if found is None:
            raise Refusal(404, "No such component")
        return found

    def set_property(self, component: str, name: str, value: t.Any, preset: bool = False) -> None:
        """Store one value; the component is told a little later. A preset of an unknown component takes anything."""
        defined = self.components().get(component)
        text = json.dumps(value) if isinstance(value, bool) else str(value)
        if defined is None and not preset:
            raise Refusal(207, f"Component {component} is not registered")
        if defined is not None:
            if name not in defined:
                if preset:
                    raise Refusal(500, "ComponentConfigManager.checkValidity(ComponentConfigManager.java:316)")
                raise Refusal(207, f"Property {name} does not exist for {component}")
            kind = defined[name][0].upper()
            if not _parses(kind, value, text):
                raise Refusal(207, f"Invalid {kind} value")
        self.stored.setdefault(component, {})[name] = text
        self._tell(component)

    def unset_property(self, component: str, name: str) -> None:
        """Return one value to its default."""
        defined = self.components().get(component)
        if defined is None:
            raise Refusal(400, f"Component {component} is not registered")
        if name not in defined:
            raise Refusal(400, f"Property {name} does not exist for {component}")
        self.stored.get(component, {}).pop(name, None)
        self._tell(component)

    def _tell(self, component: str) -> None:
        self.save()

        def tell() -> None:
            self.told[component] = dict(self.stored.get(component, {}))
            for hook in self.on_config:
                hook(component)

        later(LATE_CONFIG, tell)

    # -- what outlives the process

    def save(self) -> None:
        """Write the snapshot, where there is one."""
        if self.snapshot is None:
            return
        apps = {
            name: {"active": app.active, "explicit": app.explicit, "bits": self.bits[name].hex()}
            for name, app in self.apps.items()
        }
        kept = {"apps": apps, "stored": self.stored, "netcfg": self.netcfg, "ids": self.ids, "hosts": self.hosts}
        new = self.snapshot.with_suffix(".new")
        new.write_text(json.dumps(kept))
        new.replace(self.snapshot)

    def _load(self) -> None:
        assert self.snapshot is not None
        kept = json.loads(self.snapshot.read_text())
        shipped, self.apps = self.apps, {}
        for name, entry in kept["apps"].items():
            self.bits[name] = bytes.fromhex(entry["bits"])
            app = self.apps[name] = shipped.get(name) or read_archive(self.bits[name])
            app.active, app.explicit = entry["active"], entry["explicit"]
        self.stored, self.netcfg, self.ids = kept["stored"], kept["netcfg"], kept["ids"]
        self.told = {name: dict(values) for name, values in self.stored.items()}
        self.hosts = kept["hosts"]


def later(delay: float, call: t.Callable[[], None]) -> None:
    """Call something a little later where a loop runs, else at once."""
    try:
        asyncio.get_running_loop().call_later(delay, call)
    except RuntimeError:
        call()


def read_archive(bits: bytes) -> App:
    """The app that an archive (.oar, .jar) or a plain app.xml describes."""
    imports: list[str] = []
    text = bits
    try:
        if bits[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(bits)) as archive:
                text = archive.read("app.xml")
                imports = [
                    line for jar in archive.namelist() if jar.endswith(".jar") for line in _imports(archive.read(jar))
                ]
        root = ElementTree.fromstring(text)
        name, version = root.attrib["name"], root.attrib["version"]
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, EOFError):
        raise Refusal(400, "org.onosproject.app.ApplicationException: Unable to save application") from None
    app = App(
        name,
        version=osgi(version),
        description=(root.findtext("description") or "").strip(),
        category=root.get("category", "default"),
        origin=root.get("origin", ""),
        features=[part.strip() for part in root.get("features", name).split(",")],
        required=[part.strip() for part in root.get("apps", "").split(",") if part.strip()],
        own=bool(imports) or bits[:2] == b"PK",
    )
    app.missing = next(filter(None, (_unresolved(name, entry) for entry in imports)), "")
    return app


def osgi(version: str) -> str:
    """A version in OSGi's form: 1.0-SNAPSHOT is 1.0.SNAPSHOT."""
    return version.replace("-", ".")


def _imports(jar: bytes) -> list[str]:
    """The entries of a bundle's Import-Package."""
    with zipfile.ZipFile(io.BytesIO(jar)) as archive:
        manifest = archive.read("META-INF/MANIFEST.MF").decode().replace("\r\n", "\n").replace("\n ", "")
    found = re.search(r"^Import-Package: (.*)$", manifest, re.MULTILINE)
    return re.findall(r'[^,"]+(?:"[^"]*"[^,"]*)*', found.group(1)) if found else []


def _unresolved(bundle: str, entry: str) -> str:
    """What Karaf's resolver says of a package that nothing exports in the wanted version, or the empty text."""
    package, _semicolon, rest = entry.strip().partition(";")
    wanted = re.search(r'version="\[(\d+)', rest)
    ours = package.startswith(("org.onosproject.", "org.onlab."))
    if (ours and (not wanted or wanted.group(1) == VERSION[0])) or package.startswith(THIRD_PARTY):
        return ""
    lowest = f"(version>={wanted.group(1)}.0.0)" if wanted else ""
    return (
        f"missing requirement [root] osgi.identity; osgi.identity={bundle}; [caused by: Unable to resolve {bundle}: "
        f'missing requirement [{bundle}] osgi.wiring.package; filter:="(&(osgi.wiring.package={package}){lowest})"]'
    )


def _parses(kind: str, value: t.Any, text: str) -> bool:
    """Whether a value is of a property's type, as the controller judges it."""
    if value is None or value == "" or isinstance(value, (dict, list)):
        return kind == "STRING" and isinstance(value, str)
    if kind == "BOOLEAN":
        return text.lower() in ("true", "false")
    try:
        if kind != "STRING":
            (float if kind in ("FLOAT", "DOUBLE") else int)(text)
    except ValueError:
        return False
    return True


def _plain_oar(app: App) -> bytes:
    """An archive of a shipped app, always the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("app.xml", (2021, 12, 19, 0, 0, 0))
        archive.writestr(entry, f'<app name="{app.name}" version="{app.version}" apps="{",".join(app.required)}"/>')
    return target.getvalue()
