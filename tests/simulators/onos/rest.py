# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the controller's REST interface, answer by answer as a real 2.7.0 gave them, its lies included."""

from __future__ import annotations

import asyncio
import base64
import json
import pathlib
import re
import time
import typing as t
import urllib.parse
import urllib.request
import zlib

from .state import STALL, Json, Refusal, State
from .tables import CONFIG_KEYS

BASE = "/onos/v1"
HTML = (
    "<html>\n<head>\n<title>Error {0} {1}</title>\n</head>\n<body><h2>HTTP ERROR {0}</h2>\n"
    "<p>Problem accessing {2}. Reason:\n<pre>    {1}</pre></p></body>\n</html>\n"
)
REASONS = {200: "OK", 201: "Created", 204: "No Content", 207: "Multi-Status", 401: "Unauthorized", 404: "Not Found"}


class Answer(t.NamedTuple):
    """One answer. A body that is not bytes is JSON."""

    status: int
    body: t.Any = None
    headers: t.Mapping[str, str] = {}


class Call(t.NamedTuple):
    """One request, as its handler needs it."""

    query: dict[str, str]
    content: bytes
    kind: str  # its Content-Type

    def json(self) -> t.Any:
        """The body as JSON."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise Refusal(
                400, f"Unrecognized token: was expecting (JSON String, Number, Array, Object): {error}"
            ) from None


class Rest:
    """Serves one controller's state.

    :param boot: seconds that the controller takes from its start until it is ready
    :param record: a file that gets method and path of each request
    """

    def __init__(self, state: State, boot: float = 0.0, record: pathlib.Path | None = None) -> None:
        self.state, self.record = state, record
        self.boot, self.began = boot, time.monotonic()
        self.server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, also where 0 was given."""
        self.server = await asyncio.start_server(self._connected, host, port)
        return int(self.server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up."""
        if self.server:
            self.server.close()
        for writer in list(self._writers):
            writer.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._serve(reader, writer):
                """Connections are kept."""
        except (ConnectionError, asyncio.IncompleteReadError):
            """The client hung up."""
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _version = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in head[1:])}
        content = await reader.readexactly(int(headers.get("content-length") or 0))
        if self.record:
            with self.record.open("a") as file:
                file.write(f"{method} {target}\n")
        try:
            answer = await self._answer(method, target, headers, content)
        except Refusal as refusal:
            message = (
                [refusal.message] if refusal.status == 207 and isinstance(refusal.message, str) else refusal.message
            )
            answer = Answer(refusal.status, {"code": refusal.status, "message": message})
        body, sent = _encoded(answer, "application/json" in headers.get("accept", ""))
        fields = {"Content-Length": str(len(body)), **sent, **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Error')}"]
        writer.write("\r\n".join([*lines, *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode() + body)
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    async def _answer(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
        path, _mark, query = target.partition("?")
        waited = (time.monotonic() - self.began) / self.boot if self.boot else 1.0
        if waited < 0.3 or not path.startswith(BASE + "/"):
            return Answer(404, HTML.format(404, "Not Found", path).encode())
        role = self._role(headers.get("authorization", ""))
        if role is None:
            return Answer(401, HTML.format(401, "Unauthorized", path).encode())
        if waited < 0.6:
            raise Refusal(503, "Service org.onosproject.app.ApplicationAdminService not found")
        if role != "admin" and method != "GET":
            raise Refusal(403, "User has insufficient privilege for this request")
        handler, values = find(method, path[len(BASE) :])
        call = Call(dict(urllib.parse.parse_qsl(query)), content, headers.get("content-type", ""))
        answer = await handler(self, call, *values)
        if path.endswith("/cluster") and waited < 1.0:
            answer = Answer(200, {"nodes": [{**node, "status": "ACTIVE"} for node in self.state.nodes]})
        return answer

    def _role(self, authorization: str) -> str | None:
        try:
            name, _colon, password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
        except ValueError:
            return None
        return self.state.account(name, password)


Handler = t.Callable[..., t.Awaitable[Answer]]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, path: str) -> t.Callable[[Handler], Handler]:
    """Enter a handler for a path whose {parts} are its arguments."""
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path.replace(".", r"\.")) + "$")

    def enter(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return enter


def find(method: str, path: str) -> tuple[Handler, list[str]]:
    """The handler of a path, and its arguments."""
    elsewhere = False
    for wanted, pattern, handler in ROUTES:
        found = pattern.match(path)
        if found and wanted == method:
            return handler, [urllib.parse.unquote(value) for value in found.groups()]
        elsewhere = elsewhere or bool(found)
    if elsewhere:
        return _not_allowed, []
    raise Refusal(404, "HTTP 404 Not Found")


async def _not_allowed(rest: Rest, call: Call) -> Answer:
    return Answer(405)


def _encoded(answer: Answer, accepts: bool) -> tuple[bytes, dict[str, str]]:
    """The body and its Content-Type, which is only honest for errors where the client said what it accepts."""
    if answer.body is None:
        return b"", {}
    if isinstance(answer.body, bytes):
        html = answer.body.startswith(b"<html>")
        return answer.body, {"Content-Type": "text/html;charset=iso-8859-1" if html else "application/octet-stream"}
    kind = "application/json" if accepts or answer.status < 400 else "text/plain"
    return json.dumps(answer.body).encode(), {"Content-Type": kind}


# -- cluster and applications


@route("GET", "/cluster")
async def cluster(rest: Rest, call: Call) -> Answer:
    now = {"lastUpdate": str(int(rest.began * 1000)), "humanReadableLastUpdate": "1m36s ago"}
    return Answer(200, {"nodes": [{**node, **now} for node in rest.state.nodes]})


@route("GET", "/system")
async def system(rest: Rest, call: Call) -> Answer:
    state = rest.state
    return Answer(200, {
        "node": "127.0.0.1", "version": "2.7.0.simulator", "clusterId": "default", "nodes": len(state.nodes),
        "devices": len(state.devices), "links": len(state.links), "hosts": len(state.hosts), "sccs": 1,
        "flows": len(state.flows), "intents": 0, "mem": {"current": 0, "max": 0}, "threads": {"live": 1, "daemon": 0},
    })  # fmt: skip


def _app(rest: Rest, name: str) -> Json:
    app = rest.state.apps.get(name)
    if app is None:
        gone = f"DefaultApplicationId{{id={rest.state.ids[name]}, name={name}}}" if name in rest.state.ids else name
        raise Refusal(404, f"Application is not found: {gone}")
    return app.json(rest.state.register(name))


@route("GET", "/applications")
async def applications(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"applications": [_app(rest, name) for name in rest.state.apps]})


@route("GET", "/applications/ids/entry")
async def app_id(rest: Rest, call: Call) -> Answer:
    name = call.query.get("name", "")
    if name not in rest.state.ids:
        raise Refusal(404, "Application ID is not found: null")
    return Answer(200, {"name": name, "id": rest.state.ids[name]})


@route("GET", "/applications/{name}")
async def application(rest: Rest, call: Call, name: str) -> Answer:
    return Answer(200, _app(rest, name))


@route("GET", "/applications/{name}/health")
async def health(rest: Rest, call: Call, name: str) -> Answer:
    if name not in rest.state.ids:
        raise Refusal(404, f"Application ID is not found: {name}")
    _app(rest, name)
    return Answer(200, {"message": rest.state.health(name)})


@route("GET", "/applications/{name}/bits")
async def bits(rest: Rest, call: Call, name: str) -> Answer:
    _app(rest, name)
    return Answer(200, rest.state.bits[name])


@route("POST", "/applications")
async def install(rest: Rest, call: Call) -> Answer:
    active = call.query.get("activate") == "true"
    content = call.content
    if call.kind.startswith("application/json"):
        wish = call.json()
        if "url" not in wish:
            raise Refusal(
                500,
                "org.onosproject.rest.resources.ApplicationsWebResource.installApp(ApplicationsWebResource.java:131)",
            )
        try:
            content = await asyncio.to_thread(_fetch, wish["url"])
        except (OSError, ValueError) as error:
            raise Refusal(400, f"java.net.ConnectException: {error}") from None
        active = bool(wish.get("activate"))
    elif not call.kind.startswith("application/octet-stream"):
        return Answer(415, HTML.format(415, "Unsupported Media Type", "/applications").encode())
    app = rest.state.install(content, active)
    return Answer(200, _app(rest, app.name))


def _fetch(url: str) -> bytes:
    """What a URL names, which the controller reads itself, from its own disk too."""
    with urllib.request.urlopen(url) as source:
        return bytes(source.read())


@route("DELETE", "/applications/{name}")
async def uninstall(rest: Rest, call: Call, name: str) -> Answer:
    return await _slow_silence(rest.state.uninstall(name))


@route("POST", "/applications/{name}/active")
async def activate(rest: Rest, call: Call, name: str) -> Answer:
    _app(rest, name)
    rest.state.activate(name)
    return Answer(200, _app(rest, name))


@route("DELETE", "/applications/{name}/active")
async def deactivate(rest: Rest, call: Call, name: str) -> Answer:
    return await _slow_silence(rest.state.deactivate(name))


async def _slow_silence(happened: bool) -> Answer:
    """204 whatever became of it; where nothing happens, the controller waits for an event that does not come."""
    if not happened:
        await asyncio.sleep(STALL)
    return Answer(204)


@route("GET", "/packet/processors")
async def processors(rest: Rest, call: Call) -> Answer:
    found = rest.state.processors()
    return Answer(
        200, {"packetProcessors": [{"priority": 2, "class": name, "packets": 0, "avgNanos": 0} for name in found]}
    )


# -- component configuration


@route("GET", "/configuration")
async def configuration(rest: Rest, call: Call) -> Answer:
    return Answer(200, {name: rest.state.values(name) for name in rest.state.components()})


@route("GET", "/configuration/{component}")
async def one_component(rest: Rest, call: Call, name: str) -> Answer:
    return Answer(200, {name: rest.state.values(name)})


@route("POST", "/configuration/{component}")
async def configure(rest: Rest, call: Call, name: str) -> Answer:
    wanted, failed = call.json(), []
    for key, value in wanted.items():
        try:
            rest.state.set_property(name, key, value, preset=call.query.get("preset") == "true")
        except Refusal as refusal:
            if refusal.status != 207:
                raise
            failed.append(refusal.message)
    if failed:
        raise Refusal(207, failed)
    return Answer(200)


@route("DELETE", "/configuration/{component}")
async def unset(rest: Rest, call: Call, name: str) -> Answer:
    if not call.content:
        raise Refusal(500, "class com.fasterxml.jackson.databind.node.MissingNode cannot be cast to class ObjectNode")
    for key in call.json():
        rest.state.unset_property(name, key)
    return Answer(204)


# -- network configuration


@route("GET", "/network/configuration")
async def netcfg(rest: Rest, call: Call) -> Answer:
    return Answer(200, rest.state.netcfg)


@route("POST", "/network/configuration")
async def merge_netcfg(rest: Rest, call: Call) -> Answer:
    failed: list[str] = []
    for kind, subjects in call.json().items():
        if kind not in CONFIG_KEYS:
            failed.append(f"subjectClassKey '{kind}' not found")
            continue
        for subject, keys in subjects.items():
            for key, node in keys.items():
                failed += _netcfg_leaf(rest, kind, subject, key, node)
    rest.state.save()
    if failed:
        raise Refusal(207, failed)
    return Answer(200)


def _netcfg_leaf(rest: Rest, kind: str, subject: str, key: str, node: t.Any) -> list[str]:
    """Store one configuration; what is wrong with it."""
    if kind == "hosts" and len(subject) < 19:
        raise Refusal(400, "Host ID must be at least 19 characters")
    if key not in CONFIG_KEYS[kind]:
        rest.state.queued.append(f"{kind}/{subject}/{key}")
        return []
    for name in node if isinstance(node, dict) else ():
        if CONFIG_KEYS[kind][key] is not None and name not in (CONFIG_KEYS[kind][key] or ()):
            where = f"{kind}/{subject}/{key}"
            return [f'Error parsing config {where}: Field "{name}" is invalid: Field is not allowed']
    rest.state.netcfg[kind].setdefault(subject, {})[key] = node
    return []


@route("GET", "/network/configuration/{kind}/{subject}/{key}")
async def netcfg_leaf(rest: Rest, call: Call, kind: str, subject: str, key: str) -> Answer:
    found = rest.state.netcfg.get(kind, {}).get(subject, {}).get(key)
    if found is None:
        raise Refusal(404, f"Config for '{kind}/{subject}/{key}' not found")
    return Answer(200, found)


@route("POST", "/network/configuration/{kind}/{subject}/{key}")
async def set_netcfg_leaf(rest: Rest, call: Call, kind: str, subject: str, key: str) -> Answer:
    if kind not in CONFIG_KEYS:
        raise Refusal(404, f"subjectClassKey '{kind}' not found")
    failed = _netcfg_leaf(rest, kind, subject, key, call.json())
    rest.state.save()
    if failed:
        raise Refusal(400, failed[0])
    return Answer(200)


@route("DELETE", "/network/configuration/{kind}/{subject}/{key}")
async def unset_netcfg_leaf(rest: Rest, call: Call, kind: str, subject: str, key: str) -> Answer:
    rest.state.netcfg.get(kind, {}).get(subject, {}).pop(key, None)
    rest.state.save()
    return Answer(204)


# -- devices, links, hosts, flows


@route("GET", "/devices")
async def devices(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"devices": list(rest.state.devices.values())})


@route("GET", "/devices/ports")
async def all_ports(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"ports": [port for ports in rest.state.ports.values() for port in ports]})


def _device(rest: Rest, device: str) -> Json:
    if device not in rest.state.devices:
        raise Refusal(404, "Device is not found")
    return rest.state.devices[device]


@route("GET", "/devices/{device}")
async def device(rest: Rest, call: Call, name: str) -> Answer:
    return Answer(200, _device(rest, name))


@route("DELETE", "/devices/{device}")
async def remove_device(rest: Rest, call: Call, name: str) -> Answer:
    gone = _device(rest, name)
    del rest.state.devices[name]
    for hook in rest.state.on_device:
        hook(name)
    return Answer(200, gone)


@route("GET", "/devices/{device}/ports")
async def ports(rest: Rest, call: Call, name: str) -> Answer:
    return Answer(200, {**_device(rest, name), "ports": rest.state.ports.get(name, [])})


@route("POST", "/devices/{device}/portstate/{port}")
async def port_state(rest: Rest, call: Call, name: str, port: str) -> Answer:
    _device(rest, name)
    for hook in rest.state.on_port:
        hook(name, int(port), bool(call.json()["enabled"]))
    return Answer(200)


@route("GET", "/links")
async def links(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"links": rest.state.links})


@route("GET", "/hosts")
async def hosts(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"hosts": list(rest.state.hosts.values())})


@route("GET", "/hosts/{host}")
async def host(rest: Rest, call: Call, name: str) -> Answer:
    if name not in rest.state.hosts:
        raise Refusal(404, "Host is not found")
    return Answer(200, rest.state.hosts[name])


@route("GET", "/hosts/{mac}/{vlan}")
async def host_by_mac(rest: Rest, call: Call, mac: str, vlan: str) -> Answer:
    return await host(rest, call, f"{mac}/{vlan}")


@route("POST", "/hosts")
async def add_host(rest: Rest, call: Call) -> Answer:
    wish = call.json()
    mac, vlan = wish["mac"].upper(), str(wish.get("vlan", "None"))
    vlan = "None" if vlan == "-1" else vlan
    rest.state.hosts[f"{mac}/{vlan}"] = {
        "id": f"{mac}/{vlan}", "mac": mac, "vlan": vlan, "innerVlan": "None", "outerTpid": "0x0000",
        "configured": False, "suspended": False,
        "ipAddresses": wish.get("ipAddresses", []), "locations": wish.get("locations", []),
    }  # fmt: skip
    rest.state.save()
    return Answer(201, None, {"Location": f"{BASE}/hosts/{mac}/{vlan}"})


@route("DELETE", "/hosts/{mac}/{vlan}")
async def remove_host(rest: Rest, call: Call, mac: str, vlan: str) -> Answer:
    rest.state.hosts.pop(f"{mac.upper()}/{vlan}", None)
    rest.state.save()
    return Answer(204)


@route("GET", "/flows")
async def flows(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"flows": list(rest.state.flows.values())})


@route("GET", "/flows/application/{app}")
async def app_flows(rest: Rest, call: Call, app: str) -> Answer:
    if app not in rest.state.ids:
        raise Refusal(404, "Application Id is not found")
    return Answer(200, {"flows": [flow for flow in rest.state.flows.values() if flow["appId"] == app]})


@route("GET", "/flows/{device}")
async def device_flows(rest: Rest, call: Call, name: str) -> Answer:
    found = [flow for flow in rest.state.flows.values() if flow["deviceId"] == name]
    if not found:
        _device(rest, name)
    return Answer(200, {"flows": found})


@route("GET", "/flows/{device}/{flow}")
async def one_flow(rest: Rest, call: Call, name: str, number: str) -> Answer:
    found = rest.state.flows.get(number)
    return Answer(200, {"flows": [found] if found and found["deviceId"] == name else []})


def add_flow(rest: Rest, wish: Json, app: str) -> Json:
    """Take a flow rule; it is ADDED only after the switch was polled again."""
    for name in ("isPermanent", "priority", "deviceId"):
        if name not in wish:
            raise Refusal(400, f"{name} member is required in FlowRule")
    selector = wish.get("selector", {"criteria": []})
    spelled = json.dumps([wish["deviceId"], selector, wish["priority"], wish.get("tableId", 0)], sort_keys=True)
    number = str(rest.state.register(app) << 48 | zlib.crc32(spelled.encode()))
    flow = {
        "groupId": 0, "state": "PENDING_ADD", "life": 0, "packets": 0, "bytes": 0, "liveType": "UNKNOWN", "lastSeen": 0,
        "id": number, "appId": app, "priority": wish["priority"], "timeout": wish.get("timeout", 0),
        "isPermanent": wish["isPermanent"], "deviceId": wish["deviceId"], "tableId": wish.get("tableId", 0),
        "tableName": str(wish.get("tableId", 0)), "selector": selector,
        "treatment": {"deferred": [], **wish.get("treatment", {"instructions": [{"type": "NOACTION"}]})},
    }  # fmt: skip
    rest.state.flows[number] = flow
    for hook in rest.state.on_flow:
        hook(flow, True)
    if not rest.state.on_flow and wish["deviceId"] in rest.state.devices:
        asyncio.get_running_loop().call_later(1.0, lambda: flow.update(state="ADDED"))
    return flow


@route("POST", "/flows/{device}")
async def post_flow(rest: Rest, call: Call, name: str) -> Answer:
    flow = add_flow(rest, {**call.json(), "deviceId": name}, call.query.get("appId", "org.onosproject.rest"))
    return Answer(201, None, {"Location": f"{BASE}/flows/{name}/{flow['id']}"})


@route("POST", "/flows")
async def post_flows(rest: Rest, call: Call) -> Answer:
    added = [add_flow(rest, wish, call.query.get("appId", "org.onosproject.rest")) for wish in call.json()["flows"]]
    return Answer(200, {"flows": [{"deviceId": flow["deviceId"], "flowId": flow["id"]} for flow in added]})


@route("DELETE", "/flows/{device}/{flow}")
async def remove_flow(rest: Rest, call: Call, name: str, number: str) -> Answer:
    flow = rest.state.flows.pop(number, None)
    for hook in rest.state.on_flow if flow else ():
        hook(flow, False)
    return Answer(204)


# -- the rest of what is read


@route("GET", "/topology")
async def topology(rest: Rest, call: Call) -> Answer:
    found = rest.state
    return Answer(200, {"time": 1, "devices": len(found.devices), "links": len(found.links), "clusters": 1})


@route("GET", "/intents")
async def intents(rest: Rest, call: Call) -> Answer:
    return Answer(200, {"intents": []})


@route("GET", "/statistics/ports")
async def port_statistics(rest: Rest, call: Call) -> Answer:
    found = [
        {"device": name, "ports": [{"port": int(port["port"])} for port in ports if str(port["port"]).isdigit()]}
        for name, ports in rest.state.ports.items()
    ]
    return Answer(200, {"statistics": found})


@route("GET", "/paths/{source}/{target}")
async def paths(rest: Rest, call: Call, source: str, target: str) -> Answer:
    return Answer(200, {"paths": shortest(rest.state.links, _attached(rest, source), _attached(rest, target))})


def _attached(rest: Rest, name: str) -> str:
    """The device that a path's end is at."""
    locations = rest.state.hosts.get(name, {}).get("locations")
    return str(locations[0]["elementId"]) if locations else name


def shortest(links: list[Json], source: str, target: str) -> list[Json]:
    """One shortest path between two devices, as the controller shows it; none where there is none."""
    reached: dict[str, list[Json]] = {source: []}
    waiting = [source]
    for here in waiting:
        for link in links:
            there = link["dst"]["device"]
            if link["src"]["device"] == here and there not in reached:
                reached[there] = [*reached[here], link]
                waiting.append(there)
    found = reached.get(target)
    return [{"cost": float(len(found)), "links": found}] if found else []
