# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: what the apps do with real switches, each only while the state says that it works.

lldpprovider finds links, hostprovider hosts, proxyarp answers ARP, fwd makes paths hop by hop. Idle flows are expired
by the controller and not by the switch, as ONOS does: they outlive a controller that is killed.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import time
import typing as t

from os_ken.lib.packet import arp, ethernet, icmp, ipv4, lldp, packet, tcp, udp
from os_ken.ofproto import ofproto_v1_3 as of

from .openflow import Switch, WrongVersion
from .state import FWD, State
from .tables import shape

ORG = "org.onosproject."
CORE = ORG + "core"
FORWARDING = ORG + "fwd.ReactiveForwarding"
DISCOVERY = ORG + "provider.lldp.impl.LldpLinkProvider"
RULES = ORG + "provider.of.flow.impl.OpenFlowRuleProvider"
LLDP_MAC = "a5:23:05:00:00:01"
BROADCAST = "ff:ff:ff:ff:ff:ff"
LLDP, ARP, IPV4, IPV6 = 0x88CC, 0x0806, 0x0800, 0x86DD
CONTROL, REACTIVE = 40000, 5  # priorities of what is asked for

Json = dict[str, t.Any]
Point = tuple[str, int]  # a device and one of its ports
Message = t.Any


class Fabric:
    """All switches of one controller."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.switches: dict[str, Switch] = {}
        self.seen: dict[tuple[Point, Point], float] = {}  # links, and when each was seen last
        self._moved: dict[str, float] = {}  # by flow id: when its packet counter moved last
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        state.on_app.append(lambda _name, _working: self._refit())
        state.on_config.append(lambda _component: self._refit())
        state.on_flow.append(self._flow)
        state.on_device.append(self._forgotten)
        state.on_port.append(lambda device, port, enabled: self.switches[device].port_mod(port, enabled))

    async def stop(self) -> None:
        """End what `start` began."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def run(self, address: str, port: int) -> None:
        """Listen while openflow-base works, look after links and flows; for ever."""
        try:
            probed = polled = 0.0
            while True:
                await self.listen(address, port)
                now = time.monotonic()
                if now - probed >= self._number(DISCOVERY, "probeRate") / 1000:
                    probed = now
                    self._probe_all()
                if now - polled >= self._number(RULES, "flowPollFrequency"):
                    polled = now
                    await asyncio.gather(*map(self._poll, list(self.switches.values())))
                await asyncio.sleep(0.1)
        finally:
            await self._close()

    def _number(self, component: str, name: str) -> int:
        return int(self.state.effective(component, name))

    async def listen(self, address: str, port: int) -> None:
        """Listen while openflow-base works, and only then."""
        wanted = self.state.working(ORG + "openflow-base")
        if wanted and self._server is None:
            self._server = await asyncio.start_server(self._session, address, port)
        elif not wanted and self._server is not None:
            await self._close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for switch in self.switches.values():
            switch.writer.close()
        for task in self._tasks:
            task.cancel()

    # -- switches come and go

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = t.cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        switch = Switch(reader, writer, self)
        try:
            await switch.greet()
            receiving = asyncio.create_task(switch.receive())
            try:
                introducing = asyncio.create_task(switch.introduce())
                await asyncio.wait({receiving, introducing}, return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    introducing.cancel()
                    await receiving  # raises what ended it
                await introducing
                if switch.id in self.switches:
                    raise WrongVersion(
                        f"a second switch with the id {switch.id} came from {switch.peer[0]}:{switch.peer[1]}"
                    )
                self._joined(switch)
                await receiving
            finally:
                receiving.cancel()
        except WrongVersion as error:
            self.state.log(f"WARN  | OFChannelHandler | {error}; disconnected")
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            self.state.log(f"INFO  | OFChannelHandler | Switch {switch.id} disconnected")
        finally:
            self._tasks.discard(task)
            if self.switches.get(switch.id) is switch:
                self._left(switch)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    def _joined(self, switch: Switch) -> None:
        self.switches[switch.id] = switch
        self._show(switch)
        for flow in list(self.state.flows.values()):
            if flow["deviceId"] == switch.id:
                switch.flow_mod(flow, add=True)
        self._refit()
        self._probe(switch)

    def _show(self, switch: Switch) -> None:
        said = switch.description
        annotations = {
            "channelId": f"{switch.peer[0]}:{switch.peer[1]}", "datapathDescription": said.dp_desc.decode(),
            "managementAddress": switch.peer[0], "protocol": "OF_13",
        }  # fmt: skip
        self.state.devices[switch.id] = shape(
            "device", id=switch.id, mfr=said.mfr_desc.decode(), hw=said.hw_desc.decode(), sw=said.sw_desc.decode(),
            serial=said.serial_num.decode(), chassisId=f"{switch.dpid:x}", lastUpdate=str(int(time.time() * 1000)),
            annotations=annotations,
        )  # fmt: skip
        self.state.ports[switch.id] = [
            {
                "element": switch.id, "port": "local" if number == of.OFPP_LOCAL else str(number),
                "isEnabled": _up(port), "type": "copper", "portSpeed": port.curr_speed // 1000 or 10000,
                "annotations": {"portName": port.name.decode(), "portMac": port.hw_addr},
            }
            for number, port in sorted(switch.ports.items())
        ]  # fmt: skip

    def _left(self, switch: Switch) -> None:
        del self.switches[switch.id]
        if switch.id in self.state.devices:
            self.state.devices[switch.id].update(available=False, role="NONE")
        for link in [link for link in self.seen if switch.id in (link[0][0], link[1][0])]:
            self._vanish(link)

    def _forgotten(self, device: str) -> None:
        """A device was removed from the store: a switch that is connected comes back by itself."""
        if device in self.switches:
            asyncio.get_running_loop().call_later(
                2.0, lambda: device in self.switches and self._show(self.switches[device])
            )

    def port_status(self, switch: Switch, message: Message) -> None:
        """A port came, changed or went."""
        if self.switches.get(switch.id) is not switch:  # it is still introducing itself
            return
        self._show(switch)
        point = (switch.id, message.desc.port_no)
        if message.reason != of.OFPPR_DELETE and _up(message.desc):
            self._probe(switch)
            return
        for link in [link for link in self.seen if point in link]:
            self._vanish(link)
        for host in [
            key for key, host in self.state.hosts.items() if point in _places(host) and not host["configured"]
        ]:
            del self.state.hosts[host]

    def refused(self, switch: Switch, message: Message) -> None:
        """The switch answered with an error."""
        self.state.log(f"WARN  | OFChannelHandler | {switch.id} refused: type {message.type} code {message.code}")

    # -- what the switches send up, by the apps that work

    def _refit(self) -> None:
        """Ask for the packets that the working apps want, and take back what others wanted."""
        working = self.state.working
        wanted = {LLDP: CONTROL} if working(ORG + "lldpprovider") else {}
        if working(ORG + "hostprovider") or working(ORG + "proxyarp"):
            wanted[ARP] = CONTROL
        if working(FWD):
            wanted[IPV4] = REACTIVE
            if self._flag("ipv6Forwarding"):
                wanted[IPV6] = REACTIVE
        else:
            self.flush(FWD)
        for switch in self.switches.values():
            have = {flow["id"] for flow in self._flows(CORE) if flow["deviceId"] == switch.id}
            for kind, priority in wanted.items():
                flow = self._build(switch.id, CORE, [_ether(kind)], "CONTROLLER", priority, 0)
                have.discard(flow["id"])
                if flow["id"] not in self.state.flows:
                    self.install(flow)
            for name in have:
                self.remove(self.state.flows[name])

    def _flag(self, name: str) -> bool:
        return self.state.effective(FORWARDING, name).lower() == "true"

    # -- flows

    def _build(self, device: str, app: str, criteria: list[Json], port: str, priority: int, timeout: int) -> Json:
        """A flow of one of the apps, which has one output."""
        treatment = {"instructions": [{"type": "OUTPUT", "port": port}]}
        return self.state.flow(
            app, device, priority, timeout, {"criteria": criteria}, treatment, lastSeen=int(time.time() * 1000)
        )

    def install(self, flow: Json) -> None:
        """Put a flow into the store and, where it is connected, into the switch."""
        self.state.flows[flow["id"]] = flow
        self._moved[flow["id"]] = time.monotonic()
        self._flow(flow, True)

    def remove(self, flow: Json) -> None:
        """Take a flow out of both."""
        self.state.flows.pop(flow["id"], None)
        self._moved.pop(flow["id"], None)
        self._flow(flow, False)

    def _flow(self, flow: Json, added: bool) -> None:
        switch = self.switches.get(flow["deviceId"])
        if switch is not None:
            switch.flow_mod(flow, add=added)

    def flush(self, app: str) -> None:
        """Remove all flows of an app."""
        for flow in self._flows(app):
            self.remove(flow)

    def _flows(self, app: str) -> list[Json]:
        return [flow for flow in self.state.flows.values() if flow["appId"] == app]

    async def _poll(self, switch: Switch) -> None:
        """Read a switch's flows: new ones are there, idle ones go, and what nobody here installed goes too."""
        try:
            found = {str(entry.cookie): entry for entry in await switch.flows()}
        except (TimeoutError, OSError):
            return
        now = time.monotonic()
        for name, entry in found.items():
            flow = self.state.flows.get(name)
            if flow is None:
                switch.forget(entry.cookie)
                continue
            if flow["packets"] != entry.packet_count:
                self._moved[name] = now
            flow.update(state="ADDED", packets=entry.packet_count, bytes=entry.byte_count, life=entry.duration_sec)
        for flow in list(self.state.flows.values()):
            idle = now - self._moved.setdefault(flow["id"], now)
            if flow["deviceId"] == switch.id and 0 < flow["timeout"] < idle:
                self.remove(flow)

    # -- links

    def _probe_all(self) -> None:
        oldest = time.monotonic() - self._number(DISCOVERY, "staleLinkAge") / 1000
        if self.state.working(ORG + "lldpprovider"):
            for link in [link for link, seen in self.seen.items() if seen < oldest]:
                self._vanish(link)
        for switch in list(self.switches.values()):
            self._probe(switch)

    def _probe(self, switch: Switch) -> None:
        if not self.state.working(ORG + "lldpprovider"):
            return
        for number, port in switch.ports.items():
            if number < of.OFPP_MAX and _up(port):
                frame = packet.Packet()
                frame.add_protocol(ethernet.ethernet(LLDP_MAC, port.hw_addr, LLDP))
                device = lldp.ChassisID(subtype=lldp.ChassisID.SUB_LOCALLY_ASSIGNED, chassis_id=switch.id.encode())
                place = lldp.PortID(subtype=lldp.PortID.SUB_LOCALLY_ASSIGNED, port_id=str(number).encode())
                frame.add_protocol(lldp.lldp([device, place, lldp.TTL(ttl=120), lldp.End()]))
                frame.serialize()
                switch.packet_out(bytes(frame.data), number)

    def _link(self, there: Point, frame: packet.Packet) -> None:
        found = frame.get_protocol(lldp.lldp)
        if found is None or not self.state.working(ORG + "lldpprovider"):
            return
        device, place = found.tlvs[0].chassis_id.decode(), found.tlvs[1].port_id.decode()
        if device not in self.switches or not place.isdigit():
            return
        link = ((device, int(place)), there)
        if link not in self.seen:
            for name in [name for name, host in self.state.hosts.items() if _places(host) & set(link)]:
                del self.state.hosts[name]
            self.seen[link] = 0.0
            self._show_links()
        self.seen[link] = time.monotonic()

    def _show_links(self) -> None:
        ends = [[{"port": str(port), "device": device} for device, port in link] for link in sorted(self.seen)]
        self.state.links[:] = [shape("link", src=src, dst=dst) for src, dst in ends]

    def _vanish(self, link: tuple[Point, Point]) -> None:
        """A link is gone: the flows over it go, and those upstream of it that no shortest path has any more."""
        if self.seen.pop(link, None) is None:
            return
        self._show_links()
        flows = self._flows(FWD)
        broken = [flow for flow in flows if _out(flow) == link[0]]
        for flow in broken:
            self.remove(flow)
        pairs = {_pair(flow) for flow in broken}
        for flow in flows:
            target = self._host(_pair(flow)[1])
            if flow in broken or _pair(flow) not in pairs or target is None:
                continue
            if _out(flow) != target and _out(flow)[1] not in self._next_hops(flow["deviceId"], target[0]):
                self.remove(flow)

    # -- paths

    def _distances(self, to: str) -> dict[str, int]:
        """Hops to a device, from each from which it can be reached."""
        found, queue = {to: 0}, collections.deque([to])
        while queue:
            here = queue.popleft()
            for (device, _port), (far, _far_port) in self.seen:
                if far == here and device not in found:
                    found[device] = found[here] + 1
                    queue.append(device)
        return found

    def _next_hops(self, device: str, to: str) -> list[int]:
        """Ports of a device that begin a shortest path, the lowest first."""
        hops = self._distances(to)
        return sorted(
            port
            for (here, port), (far, _far_port) in self.seen
            if here == device and far in hops and hops[far] + 1 == hops.get(device)
        )

    def _tree(self, point: Point) -> bool:
        """Whether a broadcast that came in here may go on: at the edge, and on the links of one spanning tree."""
        if not self._inner(point):
            return True
        root = min(self._distances(point[0]))
        for (near, near_port), (far, far_port) in self.seen:
            if point in ((near, near_port), (far, far_port)):
                child, port = (near, near_port) if self._depth(near, root) > self._depth(far, root) else (far, far_port)
                up = self._next_hops(child, root)
                if up and up[0] == port:
                    return True
        return False

    def _depth(self, device: str, root: str) -> int:
        return self._distances(root).get(device, 0)

    def _inner(self, point: Point) -> bool:
        """Whether a link ends here."""
        return any(point in link for link in self.seen)

    # -- packets

    def packet_in(self, switch: Switch, message: Message) -> None:
        """One frame that a switch sent up."""
        frame = packet.Packet(message.data)
        outer = frame.get_protocol(ethernet.ethernet)
        here = (switch.id, message.match["in_port"])
        if outer is None or switch.id not in self.switches:
            return
        if outer.ethertype == LLDP:
            self._link(here, frame)
            return
        self._learn(here, outer.src, frame)
        if outer.ethertype == ARP and self.state.working(ORG + "proxyarp"):
            self._resolve(switch, here, frame, message.data)
        elif self.state.working(FWD):
            self._forward(switch, here, frame, message)

    def _learn(self, here: Point, mac: str, frame: packet.Packet) -> None:
        if not self.state.working(ORG + "hostprovider") or self._inner(here) or here[1] >= of.OFPP_MAX:
            return
        asked, inner = frame.get_protocol(arp.arp), frame.get_protocol(ipv4.ipv4)
        address = asked.src_ip if asked else inner.src if inner else None
        name = f"{mac.upper()}/None"
        host = self.state.hosts.setdefault(name, shape("host", id=name, mac=mac.upper()))
        if address and address != "0.0.0.0" and address not in host["ipAddresses"]:
            host["ipAddresses"].append(address)
        if not host["configured"]:
            host["locations"] = [{"elementId": here[0], "port": str(here[1])}]

    def _host(self, mac: str) -> Point | None:
        """Where a host is."""
        host = self.state.hosts.get(f"{mac.upper()}/None")
        return min(_places(host), default=None) if host else None

    def _resolve(self, switch: Switch, here: Point, frame: packet.Packet, data: bytes) -> None:
        """Answer ARP for hosts that are known; what is not known is asked at every edge port."""
        asked = frame.get_protocol(arp.arp)
        known = [host["mac"].lower() for host in self.state.hosts.values() if asked.dst_ip in host["ipAddresses"]]
        if asked.opcode == arp.ARP_REQUEST and known:
            reply = packet.Packet()
            reply.add_protocol(ethernet.ethernet(asked.src_mac, known[0], ARP))
            reply.add_protocol(arp.arp_ip(arp.ARP_REPLY, known[0], asked.dst_ip, asked.src_mac, asked.src_ip))
            reply.serialize()
            switch.packet_out(bytes(reply.data), here[1])
        elif asked.opcode == arp.ARP_REQUEST and not self._inner(here):
            for other in self.switches.values():
                for number in other.ports:
                    point = (other.id, number)
                    if number < of.OFPP_MAX and point != here and not self._inner(point):
                        other.packet_out(data, number)
        elif asked.opcode == arp.ARP_REPLY:
            target = self._host(asked.dst_mac)
            if target and target[0] in self.switches:
                self.switches[target[0]].packet_out(data, target[1])

    def _forward(self, switch: Switch, here: Point, frame: packet.Packet, message: Message) -> None:
        """What fwd does with one packet: count, find the next hop, install it, and send the packet on."""
        outer = frame.get_protocol(ethernet.ethernet)
        self._count(outer.src, "in")
        target = self._host(outer.dst)
        port = None
        if target and target[0] == switch.id:
            if target[1] == here[1]:
                return
            port = target[1]
        elif target:
            port = next((hop for hop in self._next_hops(switch.id, target[0]) if hop != here[1]), None)
        if port is None:
            if self._tree(here):
                self._count(outer.src, "reply")
                switch.packet_out(message.data, of.OFPP_FLOOD, here[1])
            else:
                self._count(outer.src, "drop")
            return
        if outer.ethertype != ARP and not self._flag("packetOutOnly"):
            priority, timeout = self._number(FORWARDING, "flowPriority"), self._number(FORWARDING, "flowTimeout")
            criteria = self._selector(here[1], frame)
            self.install(self._build(switch.id, FWD, criteria, str(port), priority, timeout))
            self._count(outer.src, "forward")
        self._count(outer.src, "reply")
        switch.packet_out(message.data, of.OFPP_TABLE if self._flag("packetOutOfppTable") else port, here[1])

    def _selector(self, in_port: int, frame: packet.Packet) -> list[Json]:
        outer, inner = frame.get_protocol(ethernet.ethernet), frame.get_protocol(ipv4.ipv4)
        target = {"type": "ETH_DST", "mac": outer.dst.upper()}
        if self._flag("matchDstMacOnly"):
            return [target]
        found: list[Json] = [
            {"type": "IN_PORT", "port": in_port},
            target,
            {"type": "ETH_SRC", "mac": outer.src.upper()},
        ]
        if inner is None or not self._flag("matchIpv4Address"):
            return found
        found += [
            _ether(IPV4),
            {"type": "IPV4_SRC", "ip": f"{inner.src}/32"},
            {"type": "IPV4_DST", "ip": f"{inner.dst}/32"},
        ]
        segment, datagram, control = (frame.get_protocol(kind) for kind in (tcp.tcp, udp.udp, icmp.icmp))
        ports = segment or datagram
        if ports and self._flag("matchTcpUdpPorts"):
            name = "TCP" if segment else "UDP"
            found += [
                {"type": "IP_PROTO", "protocol": inner.proto},
                {"type": f"{name}_SRC", f"{name.lower()}Port": ports.src_port},
                {"type": f"{name}_DST", f"{name.lower()}Port": ports.dst_port},
            ]
        if control and self._flag("matchIcmpFields"):
            found += [
                {"type": "IP_PROTO", "protocol": inner.proto},
                {"type": "ICMPV4_TYPE", "icmpType": control.type},
                {"type": "ICMPV4_CODE", "icmpCode": control.code},
            ]
        return found

    def _count(self, mac: str, what: str) -> None:
        if self._flag("recordMetrics"):
            self.state.metrics.setdefault(mac.upper(), dict.fromkeys(("in", "reply", "forward", "drop"), 0))[what] += 1


async def start(state: State, address: str, port: int) -> Fabric:
    """A fabric that is looked after from here on."""
    fabric = Fabric(state)
    await fabric.listen(address, port)
    fabric._running = asyncio.create_task(fabric.run(address, port))
    return fabric


def _ether(kind: int) -> Json:
    return {"type": "ETH_TYPE", "ethType": hex(kind)}


def _up(port: Message) -> bool:
    return not port.config & of.OFPPC_PORT_DOWN and not port.state & of.OFPPS_LINK_DOWN


def _places(host: Json) -> set[Point]:
    return {(place["elementId"], int(place["port"])) for place in host["locations"]}


def _out(flow: Json) -> Point:
    """Where a flow sends its packets."""
    return (flow["deviceId"], int(flow["treatment"]["instructions"][0]["port"]))


def _pair(flow: Json) -> tuple[str, str]:
    """Source and target of one of fwd's flows; the source is empty where it matches targets only."""
    found = {entry["type"]: entry.get("mac", "") for entry in flow["selector"]["criteria"]}
    return found.get("ETH_SRC", ""), found["ETH_DST"]
