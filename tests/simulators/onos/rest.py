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

from .state import STALL, Json, Refusal, State
from .tables import CONFIG_KEYS, shape

BASE = "/onos/v1"
HTML = (
    "<html>\n<head>\n<title>Error {0} {1}</title>\n</head>\n<body><h2>HTTP ERROR {0}</h2>\n"
    "<p>Problem accessing {2}. Reason:\n<pre>    {1}</pre></p></body>\n</html>\n"
)


class Answer(t.NamedTuple):
    """One answer. A body that is not bytes is JSON; `late` seconds pass before it is given."""

    status: int
    body: t.Any = None
    headers: t.Mapping[str, str] = {}
    late: float = 0.0


class Call(t.NamedTuple):
    """One request, as its handler needs it."""

    state: State
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
            answer = self._answer(method, target, headers, content)
        except Refusal as refusal:
            answer = Answer(refusal.status, {"code": refusal.status, "message": refusal.message})
        await asyncio.sleep(answer.late)
        body, sent = _encoded(answer, "application/json" in headers.get("accept", ""))
        fields = {"Content-Length": str(len(body)), **sent, **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def _answer(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
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
        call = Call(self.state, dict(urllib.parse.parse_qsl(query)), content, headers.get("content-type", ""))
        found = handler(call, *values)
        answer = found if isinstance(found, Answer) else Answer(200, found)
        if path.endswith("/cluster") and waited < 1.0:
            answer = Answer(200, {"nodes": [{**node, "status": "ACTIVE"} for node in self.state.nodes]})
        return answer

    def _role(self, authorization: str) -> str | None:
        try:
            name, _colon, password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
        except ValueError:
            return None
        return self.state.account(name, password)


def _encoded(answer: Answer, accepts: bool) -> tuple[bytes, dict[str, str]]:
    """The body and its Content-Type, which is only honest for errors where the client said what it accepts."""
    if answer.body is None:
        return b"", {}
    if isinstance(answer.body, bytes):
        html = answer.body.startswith(b"<html>")
        return answer.body, {"Content-Type": "text/html;charset=iso-8859-1" if html else "application/octet-stream"}
    return json.dumps(answer.body).encode(), {
        "Content-Type": "application/json" if accepts or answer.status < 400 else "text/plain"
    }


Handler = t.Callable[..., t.Any]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, path: str) -> t.Callable[[Handler], Handler]:
    """Enter a handler for a path whose {parts} are its arguments."""
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path) + "$")

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
        return lambda call: Answer(405), []
    raise Refusal(404, "HTTP 404 Not Found")


# What is only read: the answer from the state.
SHOWN: dict[str, t.Callable[[State], Json]] = {
    "/cluster": lambda state: {"nodes": state.nodes},
    "/system": lambda state: {
        "node": "127.0.0.1", "version": "2.7.0.simulator", "clusterId": "default", "nodes": len(state.nodes),
        "devices": len(state.devices), "links": len(state.links), "hosts": len(state.hosts), "flows": len(state.flows),
    },
    "/applications": lambda state: {"applications": [_app(state, name) for name in state.apps]},
    "/packet/processors": lambda state: {"packetProcessors": [{"class": name} for name in state.processors()]},
    "/configuration": lambda state: {name: state.values(name) for name in state.components()},
    "/network/configuration": lambda state: state.netcfg,
    "/devices": lambda state: {"devices": list(state.devices.values())},
    "/devices/ports": lambda state: {"ports": [port for ports in state.ports.values() for port in ports]},
    "/links": lambda state: {"links": state.links},
    "/hosts": lambda state: {"hosts": list(state.hosts.values())},
    "/flows": lambda state: {"flows": list(state.flows.values())},
    "/intents": lambda state: {"intents": []},
    "/topology": lambda state: {"time": 1, "devices": len(state.devices), "links": len(state.links), "clusters": 1},
    "/statistics/ports": lambda state: {"statistics": [{"device": name, "ports": []} for name in state.ports]},
}  # fmt: skip
for shown_path, show in SHOWN.items():
    route("GET", shown_path)(lambda call, show=show: show(call.state))


# -- applications


def _app(state: State, name: str) -> Json:
    app = state.apps.get(name)
    if app is None:
        gone = f"DefaultApplicationId{{id={state.ids[name]}, name={name}}}" if name in state.ids else name
        raise Refusal(404, f"Application is not found: {gone}")
    return app.json(state.register(name))


@route("GET", "/applications/{name}")
def application(call: Call, name: str) -> Json:
    return _app(call.state, name)


@route("GET", "/applications/{name}/health")
def health(call: Call, name: str) -> Json:
    if name not in call.state.ids:
        raise Refusal(404, f"Application ID is not found: {name}")
    _app(call.state, name)
    return {"message": call.state.health(name)}


@route("GET", "/applications/{name}/bits")
def bits(call: Call, name: str) -> bytes:
    _app(call.state, name)
    return call.state.bits[name]


@route("POST", "/applications")
def install(call: Call) -> t.Any:
    if not call.kind.startswith("application/octet-stream"):
        return Answer(415, HTML.format(415, "Unsupported Media Type", "/applications").encode())
    return _app(call.state, call.state.install(call.content, call.query.get("activate") == "true").name)


@route("POST", "/applications/{name}/active")
def activate(call: Call, name: str) -> Json:
    _app(call.state, name)
    call.state.activate(name)
    return _app(call.state, name)


# 204 whatever became of it; where nothing happens, the controller waits for an event that does not come.
@route("DELETE", "/applications/{name}")
def uninstall(call: Call, name: str) -> Answer:
    return Answer(204, late=0 if call.state.uninstall(name) else STALL)


@route("DELETE", "/applications/{name}/active")
def deactivate(call: Call, name: str) -> Answer:
    return Answer(204, late=0 if call.state.deactivate(name) else STALL)


# -- component configuration


@route("GET", "/configuration/{component}")
def one_component(call: Call, name: str) -> Json:
    return {name: call.state.values(name)}


@route("POST", "/configuration/{component}")
def configure(call: Call, name: str) -> Answer:
    failed = []
    for key, value in call.json().items():
        try:
            call.state.set_property(name, key, value, preset=call.query.get("preset") == "true")
        except Refusal as refusal:
            if refusal.status != 207:
                raise
            failed.append(refusal.message)
    if failed:
        raise Refusal(207, failed)
    return Answer(200)


@route("DELETE", "/configuration/{component}")
def unset(call: Call, name: str) -> Answer:
    if not call.content:
        raise Refusal(500, "class com.fasterxml.jackson.databind.node.MissingNode cannot be cast to class ObjectNode")
    for key in call.json():
        call.state.unset_property(name, key)
    return Answer(204)


# -- network configuration


@route("POST", "/network/configuration")
def merge_netcfg(call: Call) -> Answer:
    failed: list[str] = []
    for kind, subjects in call.json().items():
        if kind not in CONFIG_KEYS:
            failed.append(f"subjectClassKey '{kind}' not found")
            continue
        for subject, keys in subjects.items():
            for key, node in keys.items():
                failed += _netcfg_leaf(call.state, kind, subject, key, node)
    call.state.save()
    if failed:
        raise Refusal(207, failed)
    return Answer(200)


def _netcfg_leaf(state: State, kind: str, subject: str, key: str, node: t.Any) -> list[str]:
    """Store one configuration; what is wrong with it. A key that nobody knows is queued, which nothing shows."""
    if kind == "hosts" and len(subject) < 19:
        raise Refusal(400, "Host ID must be at least 19 characters")
    if key not in CONFIG_KEYS[kind]:
        return []
    known = CONFIG_KEYS[kind][key]
    for name in node if isinstance(node, dict) else ():
        if known is not None and name not in known:
            where = f"{kind}/{subject}/{key}"
            return [f'Error parsing config {where}: Field "{name}" is invalid: Field is not allowed']
    state.netcfg[kind].setdefault(subject, {})[key] = node
    return []


@route("DELETE", "/network/configuration/{kind}/{subject}/{key}")
def unset_netcfg(call: Call, kind: str, subject: str, key: str) -> Answer:
    call.state.netcfg.get(kind, {}).get(subject, {}).pop(key, None)
    call.state.save()
    return Answer(204)


# -- devices, hosts, flows, paths


def _device(call: Call, device: str) -> Json:
    if device not in call.state.devices:
        raise Refusal(404, "Device is not found")
    return call.state.devices[device]


route("GET", "/devices/{device}")(_device)


@route("DELETE", "/devices/{device}")
def remove_device(call: Call, name: str) -> Json:
    gone = _device(call, name)
    del call.state.devices[name]
    for hook in call.state.on_device:
        hook(name)
    return gone


@route("GET", "/devices/{device}/ports")
def ports(call: Call, name: str) -> Json:
    return {**_device(call, name), "ports": call.state.ports.get(name, [])}


@route("POST", "/devices/{device}/portstate/{port}")
def port_state(call: Call, name: str, port: str) -> Answer:
    _device(call, name)
    for hook in call.state.on_port:
        hook(name, int(port), bool(call.json()["enabled"]))
    return Answer(200)


@route("GET", "/hosts/{mac}/{vlan}")
def host(call: Call, mac: str, vlan: str) -> Json:
    if f"{mac}/{vlan}" not in call.state.hosts:
        raise Refusal(404, "Host is not found")
    return call.state.hosts[f"{mac}/{vlan}"]


@route("POST", "/hosts")
def add_host(call: Call) -> Answer:
    wish = call.json()
    mac, vlan = wish["mac"].upper(), str(wish.get("vlan", "-1")).replace("-1", "None")
    places = {name: wish.get(name, []) for name in ("ipAddresses", "locations")}
    call.state.hosts[f"{mac}/{vlan}"] = shape("host", id=f"{mac}/{vlan}", mac=mac, vlan=vlan, **places)
    call.state.save()
    return Answer(201, None, {"Location": f"{BASE}/hosts/{mac}/{vlan}"})


@route("DELETE", "/hosts/{mac}/{vlan}")
def remove_host(call: Call, mac: str, vlan: str) -> Answer:
    call.state.hosts.pop(f"{mac.upper()}/{vlan}", None)
    call.state.save()
    return Answer(204)


@route("GET", "/flows/application/{app}")
def app_flows(call: Call, app: str) -> Json:
    if app not in call.state.ids:
        raise Refusal(404, "Application Id is not found")
    return {"flows": [flow for flow in call.state.flows.values() if flow["appId"] == app]}


@route("GET", "/flows/{device}")
def device_flows(call: Call, name: str) -> Json:
    found = [flow for flow in call.state.flows.values() if flow["deviceId"] == name]
    if not found:
        _device(call, name)
    return {"flows": found}


@route("POST", "/flows/{device}")
def post_flow(call: Call, name: str) -> Answer:
    """Take a flow rule, also of an unknown device. It is ADDED only after the switch was asked again."""
    wish, app = call.json(), call.query.get("appId", "org.onosproject.rest")
    for member in ("isPermanent", "priority"):
        if member not in wish:
            raise Refusal(400, f"{member} member is required in FlowRule")
    flow = call.state.flow(
        app, name, wish["priority"], wish.get("timeout", 0), wish.get("selector", {"criteria": []}), wish["treatment"],
        isPermanent=wish["isPermanent"], tableId=wish.get("tableId", 0),
    )  # fmt: skip
    call.state.flows[flow["id"]] = flow
    for hook in call.state.on_flow:
        hook(flow, True)
    if not call.state.on_flow and name in call.state.devices:
        asyncio.get_running_loop().call_later(1.0, lambda: flow.update(state="ADDED"))
    return Answer(201, None, {"Location": f"{BASE}/flows/{name}/{flow['id']}"})


@route("DELETE", "/flows/{device}/{flow}")
def remove_flow(call: Call, name: str, number: str) -> Answer:
    flow = call.state.flows.pop(number, None)
    for hook in call.state.on_flow if flow else ():
        hook(flow, False)
    return Answer(204)


@route("GET", "/paths/{source}/{target}")
def paths(call: Call, source: str, target: str) -> Json:
    """One shortest path between two devices, or between those that two hosts are at."""
    state = call.state
    ends = [state.hosts[end]["locations"][0]["elementId"] if end in state.hosts else end for end in (source, target)]
    reached: dict[str, list[Json]] = {ends[0]: []}
    waiting = [ends[0]]
    while waiting:
        here = waiting.pop(0)
        for link in state.links:
            there = link["dst"]["device"]
            if link["src"]["device"] == here and there not in reached:
                reached[there] = [*reached[here], link]
                waiting.append(there)
    found = reached.get(ends[1])
    return {"paths": [{"cost": float(len(found)), "links": found}] if found else []}
