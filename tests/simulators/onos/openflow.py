# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: a session with one switch, real OpenFlow 1.3 on the wire. os-ken is the codec, the session is ours."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import typing as t

from os_ken.ofproto import ofproto_parser, ofproto_protocol
from os_ken.ofproto import ofproto_v1_3 as of
from os_ken.ofproto import ofproto_v1_3_parser as ofp

from .tables import CRITERIA

HEADER = 8  # bytes
PATIENCE = 5.0  # seconds that a switch may take for an answer
IDLE = 5.0  # seconds of silence after which the switch is asked whether it is there
CODEC = ofproto_protocol.ProtocolDesc(of.OFP_VERSION)

Json = dict[str, t.Any]
Message = t.Any  # an object of os-ken's, which has no types

PORTS = {"CONTROLLER": of.OFPP_CONTROLLER, "FLOOD": of.OFPP_FLOOD, "ALL": of.OFPP_ALL, "NORMAL": of.OFPP_NORMAL}


class WrongVersion(Exception):
    """The switch does not speak OpenFlow 1.3."""


class Switch:
    """One connected switch.

    :param listener: gets C(packet_in), C(port_status) and C(refused), each with the switch and the message
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: t.Any) -> None:
        self.reader, self.writer, self.listener = reader, writer, listener
        self.peer: tuple[str, int] = writer.get_extra_info("peername")[:2]
        self.dpid = 0
        self.ports: dict[int, Message] = {}
        self.description: Message = None
        self._xids = itertools.count(1)
        self._asked: dict[int, tuple[asyncio.Future[list[Message]], list[Message]]] = {}

    @property
    def id(self) -> str:
        """The device id, as ONOS writes it."""
        return f"of:{self.dpid:016x}"

    def send(self, message: Message) -> int:
        """Send one message and return its number."""
        message.set_xid(next(self._xids))
        message.serialize()
        self.writer.write(bytes(message.buf))
        return int(message.xid)

    async def ask(self, message: Message) -> list[Message]:
        """Send a request and wait for its answer, of which there may be several parts."""
        future: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        xid = self.send(message)
        self._asked[xid] = (future, [])
        try:
            return await asyncio.wait_for(future, PATIENCE)
        finally:
            del self._asked[xid]

    async def greet(self) -> None:
        """The versions first, before anything else is read."""
        self.send(ofp.OFPHello(CODEC, [ofp.OFPHelloElemVersionBitmap([of.OFP_VERSION])]))
        version, kind, length, _xid = ofproto_parser.header(await self.reader.readexactly(HEADER))
        elements = await self.reader.readexactly(length - HEADER)
        if kind != of.OFPT_HELLO or (version != of.OFP_VERSION and not _offers_13(elements)):
            text = b"only OpenFlow 1.3"
            self.send(ofp.OFPErrorMsg(CODEC, of.OFPET_HELLO_FAILED, of.OFPHFC_INCOMPATIBLE, text))
            raise WrongVersion(
                f"{self.peer[0]}:{self.peer[1]} speaks OpenFlow version {version}, only 4 (1.3) is spoken here"
            )

    async def introduce(self) -> None:
        """Who the switch is and which ports it has. Runs beside `receive`, which brings the answers."""
        self.dpid = (await self.ask(ofp.OFPFeaturesRequest(CODEC)))[0].datapath_id
        self.description = (await self.ask(ofp.OFPDescStatsRequest(CODEC, 0)))[0].body
        for part in await self.ask(ofp.OFPPortDescStatsRequest(CODEC, 0)):
            self.ports.update((port.port_no, port) for port in part.body)

    async def receive(self) -> None:
        """Read until the switch goes away. Where it is silent it is asked whether it is there; twice silent is gone."""
        silent = False
        while True:
            try:
                head = await asyncio.wait_for(self.reader.readexactly(HEADER), IDLE)
            except TimeoutError:
                if silent:
                    raise
                silent = True
                self.send(ofp.OFPEchoRequest(CODEC))
                continue
            silent = False
            version, kind, length, xid = ofproto_parser.header(head)
            body = await self.reader.readexactly(length - HEADER)
            self._dispatch(ofproto_parser.msg(CODEC, version, kind, length, xid, head + body))

    def _dispatch(self, message: Message) -> None:
        asked = self._asked.get(message.xid)
        if isinstance(message, ofp.OFPEchoRequest):
            reply = ofp.OFPEchoReply(CODEC, message.data)
            reply.set_xid(message.xid)
            reply.serialize()
            self.writer.write(bytes(reply.buf))
        elif isinstance(message, ofp.OFPPacketIn):
            self.listener.packet_in(self, message)
        elif isinstance(message, ofp.OFPPortStatus):
            if message.reason == of.OFPPR_DELETE:
                self.ports.pop(message.desc.port_no, None)
            else:
                self.ports[message.desc.port_no] = message.desc
            self.listener.port_status(self, message)
        elif isinstance(message, ofp.OFPErrorMsg):
            self.listener.refused(self, message)
        elif asked and not asked[0].done():
            asked[1].append(message)
            if not getattr(message, "flags", 0) & of.OFPMPF_REPLY_MORE:
                asked[0].set_result(asked[1])

    # -- what is sent

    def packet_out(self, data: bytes, port: int, in_port: int = of.OFPP_CONTROLLER) -> None:
        """Have the switch send a frame."""
        actions = [ofp.OFPActionOutput(port)]
        self.send(ofp.OFPPacketOut(CODEC, of.OFP_NO_BUFFER, in_port, actions, data))

    def flow_mod(self, flow: Json, add: bool) -> None:
        """Add a flow, or delete just this one. Its id is the cookie."""
        instructions = []
        actions = [_action(entry) for entry in flow["treatment"]["instructions"] if entry["type"] != "NOACTION"]
        if add and actions:
            instructions = [ofp.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, actions)]
        self.send(
            ofp.OFPFlowMod(
                CODEC,
                cookie=int(flow["id"]),
                command=of.OFPFC_ADD if add else of.OFPFC_DELETE_STRICT,
                priority=flow["priority"],
                out_port=of.OFPP_ANY,
                out_group=of.OFPG_ANY,
                flags=of.OFPFF_SEND_FLOW_REM,
                match=match(flow["selector"]["criteria"]),
                instructions=instructions,
            )
        )

    def forget(self, cookie: int) -> None:
        """Delete the flow with a cookie, whatever it matches."""
        self.send(
            ofp.OFPFlowMod(
                CODEC,
                cookie=cookie,
                cookie_mask=2**64 - 1,
                table_id=of.OFPTT_ALL,
                command=of.OFPFC_DELETE,
                out_port=of.OFPP_ANY,
                out_group=of.OFPG_ANY,
                match=ofp.OFPMatch(),
            )
        )

    def port_mod(self, number: int, enabled: bool) -> None:
        """Switch a port on or off."""
        port = self.ports[number]
        config = 0 if enabled else of.OFPPC_PORT_DOWN
        self.send(ofp.OFPPortMod(CODEC, number, port.hw_addr, config, of.OFPPC_PORT_DOWN, 0))

    async def flows(self) -> list[Message]:
        """The switch's own flow table, with its counters."""
        request = ofp.OFPFlowStatsRequest(CODEC, 0, of.OFPTT_ALL, of.OFPP_ANY, of.OFPG_ANY, 0, 0, ofp.OFPMatch())
        return [entry for part in await self.ask(request) for entry in part.body]


def _offers_13(elements: bytes) -> bool:
    """Whether a hello's version bitmap (its first element) has OpenFlow 1.3."""
    return len(elements) >= HEADER and bool(int.from_bytes(elements[4:8], "big") & 1 << of.OFP_VERSION)


def match(criteria: list[Json]) -> Message:
    """A selector as the switch takes it."""
    fields = {}
    for entry in criteria:
        key, name = CRITERIA[entry["type"]]
        value = entry[key]
        if isinstance(value, str) and key not in ("mac", "ip"):
            value = int(value, 0)
        if name == "vlan_vid":
            value |= of.OFPVID_PRESENT
        if key == "ip":
            network = ipaddress.ip_network(value, strict=False)
            value = (str(network.network_address), str(network.netmask))
        fields[name] = value
    return ofp.OFPMatch(**fields)


def _action(entry: Json) -> Message:
    port = entry["port"]
    length = of.OFPCML_NO_BUFFER if port == "CONTROLLER" else 0
    return ofp.OFPActionOutput(PORTS.get(port) or int(port), length)
