# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is parsed: the database as ovs-vsctl prints it, netlink's attributes, echo replies."""

from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed
from ansible_collections.nfvlab.fleet.plugins.module_utils._sdn import netlink, ovsdb, ping


def uuid(text):
    return ["uuid", text]


def table(**columns):
    return json.dumps({"headings": list(columns), "data": [list(row) for row in zip(*columns.values())]})


PRINTED = "\n".join(
    [
        table(
            _uuid=[uuid("b")], name=["s1"], datapath_type=["netdev"], fail_mode=["secure"], protocols=["OpenFlow13"],
            ports=[["set", [uuid("p0"), uuid("p1")]]], controller=[uuid("c")],
            external_ids=[["map", [["nfvlab-fleet", "lab"]]]],
            other_config=[["map", [["datapath-id", "000000000000000a"], ["disable-in-band", "true"]]]],
        ),
        table(_uuid=[uuid("p0"), uuid("p1")], name=["s1", "s1-eth1"], interfaces=[uuid("i0"), uuid("i1")]),
        table(
            _uuid=[uuid("i0"), uuid("i1")], name=["s1", "s1-eth1"], ofport=[65534, -1], ofport_request=[["set", []], 1],
            error=[["set", []], "could not open network device s1-eth1"], link_state=["down", ["set", []]],
            external_ids=[["map", []], ["map", [["nfvlab-fleet", "lab"], ["nfvlab-host", "h1"]]]],
        ),
        table(
            _uuid=[uuid("c")], target=["tcp:127.0.0.1:6653"], is_connected=[False], role=[["set", []]],
            status=[["map", [["last_error", "Connection refused"]]]],
        ),
    ]
)  # fmt: skip


def test_a_database_is_read_as_it_is_printed():
    found = ovsdb.parse(PRINTED)["s1"]
    assert found.dpid == "000000000000000a" and found.mark == "lab" and not found.in_band
    assert found.protocols == ["OpenFlow13"]
    assert found.controllers == {"tcp:127.0.0.1:6653": {"connected": False, "role": None, "why": "Connection refused"}}
    assert list(found.ports) == ["s1-eth1"] and found.ports["s1-eth1"]["host"] == "h1"
    assert "could not open" in found.ports["s1-eth1"]["error"]


@pytest.mark.parametrize("text", ["", "not json", PRINTED[: len(PRINTED) // 2]])
def test_half_an_answer_is_an_error_that_names_the_table(text):
    with pytest.raises(Malformed, match="the table"):
        ovsdb.parse(text)


def test_attributes_are_padded_and_a_broken_one_ends_them():
    raw = struct.pack("=HH", 8, 3) + b"lo\0\0" + struct.pack("=HH", 5, 16) + b"\x06\0\0\0" + struct.pack("=HH", 2, 1)
    assert netlink.attributes(raw) == {3: b"lo\0\0", 16: b"\x06"}
    assert netlink.text(b"lo\0\0") == "lo" and netlink.number(b"\xff" * 4) == -1 and netlink.number(b"") == 0


def test_a_request_is_what_the_other_side_takes_for_one():
    packet = ping.request(0x1234, 7)
    words = struct.unpack(f"!{len(packet) // 2}H", packet)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF  # RFC 1071: over a packet with its checksum
    answered = b"\x45" + bytes(19) + b"\0" + packet[1:]
    assert ping.reply(answered) == (0x1234, 7)
    assert ping.reply(b"\x45" + bytes(19) + packet) is None and ping.reply(b"") is None


@pytest.mark.parametrize(
    ("lost", "expect", "good"),
    [(0, "all", True), (1, "all", False), (2, "none", True), (1, "none", False), (1, "any", True)],
)
def test_a_matrix_is_held_against_what_is_expected(lost, expect, good):
    times = [None] * lost + [1.0] * (2 - lost)
    assert ping.as_expected({"a": {"b": times[0]}, "b": {"a": times[1]}}, expect) is good
