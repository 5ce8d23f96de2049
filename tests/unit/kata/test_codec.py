# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The codec by itself: values in, bytes out, and what is refused."""

from __future__ import annotations

import random

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS, ENUMS, MESSAGES


def test_every_call_and_field_names_a_known_type():
    for _service, takes, gives in CALLS.values():
        assert takes in MESSAGES and gives in MESSAGES
    for name in MESSAGES:
        known = codec.layout(name)
        numbers = [field.number for field in known.fields]
        assert len(known.names) == len(known.fields)
        assert numbers == sorted(set(numbers))
        for field in known.fields:
            assert field.message in MESSAGES or field.type in {*ENUMS, "string", "bytes", "bool", *codec._RANGES}


def test_the_table_is_complete():
    by_package = dict.fromkeys(("types", "ttrpc", "google", ""), 0)
    for name in MESSAGES:
        by_package[name.split(".")[0] if "." in name else ""] += 1
    assert by_package == {"types": 4, "ttrpc": 5, "google": 1, "": 109}
    assert len(CALLS) == 44


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**32, 2**63 - 1, 2**64 - 1])
def test_varints(value):
    data = codec.varint(value)
    assert codec.read_varint(memoryview(data), 0) == (value, len(data))
    assert codec.read_varint(b"\xff" + data + b"\xff", 1) == (value, len(data) + 1)


@pytest.mark.parametrize("data", ["8000", "808000", "80808080808080808000"])
def test_varints_may_be_longer_than_needed(data):
    assert codec.read_varint(bytes.fromhex(data), 0) == (0, len(data) // 2)


def test_negative_numbers_take_ten_bytes():
    data = codec.encode("Process", {"OOMScoreAdj": -997})
    assert data == bytes.fromhex("589bf8ffffffffffffff01")
    assert codec.decode("Process", data) == {"OOMScoreAdj": -997}


def test_defaults_are_not_sent_and_optional_ones_are():
    assert codec.encode("SignalProcessRequest", {"container_id": "", "exec_id": None, "signal": 0}) == b""
    data = codec.encode("MemAgentMemcgConfig", {"disabled": False, "swappiness_max": 0})
    assert data == b"\x08\x00\x18\x00"
    assert codec.decode("MemAgentMemcgConfig", data) == {"disabled": False, "swappiness_max": 0}


def test_an_empty_message_is_there():
    assert codec.encode("Spec", {"Process": {"User": {}}}) == b"\x12\x02\x1a\x00"
    assert codec.decode("Spec", b"\x12\x02\x1a\x00") == {"Process": {"User": {}}}


def test_maps_and_packed_numbers():
    value = {"stats": {"a": 1, "b": 0}}
    assert codec.decode("MemoryStats", codec.encode("MemoryStats", value)) == value
    assert codec.encode("AddSwapRequest", {"PCIPath": [16, 0]}) == b"\x0a\x02\x10\x00"
    assert codec.decode("AddSwapRequest", b"\x08\x10\x08\x00") == {"PCIPath": [16, 0]}  # not packed


def test_enumerations_by_name_and_number():
    assert codec.encode("types.IPAddress", {"family": "v6"}) == b"\x08\x01"
    assert codec.encode("types.IPAddress", {"family": 1}) == b"\x08\x01"
    assert codec.decode("types.IPAddress", b"\x08\x07") == {"family": 7}
    assert codec.decode("types.IPAddress", b"\x08\x01") == {"family": "v6"}


def test_unknown_fields_stay():
    data = codec.encode("CheckRequest", {"service": "x"}) + bytes.fromhex("f80701") + bytes.fromhex("fa070161")
    decoded = codec.decode("CheckRequest", data)
    assert decoded == {"service": "x", codec.UNKNOWN: bytes.fromhex("f80701fa070161")}
    assert codec.encode("CheckRequest", decoded) == data


def test_a_known_field_of_another_wire_type_is_unknown():
    assert codec.decode("CheckRequest", b"\x08\x01") == {codec.UNKNOWN: b"\x08\x01"}


def test_a_message_in_pieces_is_merged():
    first, second = codec.encode("Spec", {"Root": {"Path": "/r"}}), codec.encode("Spec", {"Root": {"Readonly": True}})
    assert codec.decode("Spec", first + second) == {"Root": {"Path": "/r", "Readonly": True}}


def test_the_last_value_counts():
    assert codec.decode("WaitProcessResponse", b"\x08\x05\x08\x00") == {}
    assert codec.decode("WaitProcessResponse", b"\x08\x00\x08\x05") == {"status": 5}


def test_bytes_come_from_text_base64_and_hex():
    for value in ("\u00e4\n", {"base64": "w6QK"}, {"hex": "c3a40a"}, b"\xc3\xa4\n"):
        assert codec.decode("WriteStreamRequest", codec.encode("WriteStreamRequest", {"data": value})) == {
            "data": b"\xc3\xa4\n"
        }


def test_bytes_are_a_slice_of_what_was_given():
    """So a large answer is not copied once more; everything else reads the same of a view."""
    data = codec.encode("WriteStreamRequest", {"container_id": "box", "data": b"x" * 70_000})
    copied, viewed = codec.decode("WriteStreamRequest", data), codec.decode("WriteStreamRequest", memoryview(data))
    assert copied == viewed == {"container_id": "box", "data": b"x" * 70_000}
    assert isinstance(copied["data"], bytes) and viewed["data"].obj is data
    assert codec.encode("WriteStreamRequest", viewed) == data
    assert codec.plain({"text": memoryview(b"a"), "other": memoryview(b"\xff")}) == {
        "text": "a",
        "other": {"base64": "/w=="},
    }


def test_large_bytes_are_sent_from_where_they_are():
    data = b"x" * 70_000
    parts = codec.encode_parts("CopyFileRequest", {"path": "/x", "data": data})
    assert parts[-1] is data
    assert b"".join(parts) == codec.encode("CopyFileRequest", {"data": data, "path": "/x"})


def test_an_entry_of_a_map_may_lack_its_half_and_hold_more():
    assert codec.decode("MemoryStats", b"\x32\x00") == {"stats": {"": 0}}
    assert codec.decode("MemoryStats", b"\x32\x05\x10\x07\x0a\x01a") == {"stats": {"a": 7}}
    assert codec.decode("MemoryStats", b"\x32\x05\x18\x01\x0a\x01a") == {"stats": {"a": 0}}
    assert codec.decode("CgroupStats", b"\x2a\x03\x0a\x01a") == {"hugetlb_stats": {"a": {}}}


def test_complete_fills_in_what_was_not_sent():
    assert codec.complete("WaitProcessResponse", {}) == {"status": 0}
    full = codec.complete("GuestDetailsResponse", {"agent_details": {"version": "4.0.0"}})
    assert full["agent_details"]["storage_handlers"] == [] and full["agent_details"]["init_daemon"] is False
    assert codec.complete("StatsContainerResponse", {}) == {"cgroup_stats": None, "network_stats": []}
    assert codec.complete("MemAgentMemcgConfig", {})["swap"] is None
    assert codec.complete("types.IPAddress", {})["family"] == "v4"


def test_plain_shows_bytes_as_text_where_they_are():
    assert codec.plain({"a": [b"text", b"\xff"]}) == {"a": ["text", {"base64": "/w=="}]}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SignalProcessRequest", {"signal": -1}, "has room for 0 to 4294967295"),
        ("SignalProcessRequest", {"signal": "nine"}, "'SignalProcessRequest.signal' is 'nine'"),
        ("SignalProcessRequest", {"signal": True}, "must be a whole number"),
        ("SignalProcessRequest", {"signl": 9}, "did you mean 'signal'?"),
        ("ListRoutesRequest", {"x": 1}, "has no fields at all"),
        ("Spec", {"Process": {"Args": "sh"}}, "'Spec.Process.Args' must be a list"),
        ("Spec", {"Process": {"Args": ["sh", 1]}}, "'Spec.Process.Args[1]' must be a text"),
        ("Spec", {"Process": []}, "'Spec.Process' must be a dictionary"),
        ("Spec", {"Annotations": {"a": 1}}, "'Spec.Annotations.a' must be a text"),
        ("Spec", {"Annotations": ["a"]}, "must be a dictionary"),
        ("Spec", {"Annotations": {"a": None}}, "'Spec.Annotations.a' must be a text"),
        ("Spec", {"Linux": {"Devices": [{}, {"Majr": 1}]}}, "'Spec.Linux.Devices[1]' has no field 'Majr'"),
        ("AddSwapRequest", {"PCIPath": [1, -1]}, "'AddSwapRequest.PCIPath[1]' is -1"),
        ("CheckRequest", {codec.UNKNOWN: 7}, "'CheckRequest._unknown' must be a text, or"),
        ("WriteStreamRequest", {"data": {"base64": "?"}}, "'WriteStreamRequest.data.base64' cannot be decoded"),
        ("WriteStreamRequest", {"data": 7}, "'base64' or 'hex'"),
        ("types.IPAddress", {"family": "v5"}, "it is one of v4, v6"),
        ("Root", {"Readonly": "yes"}, "must be true or false"),
        ("Root", {"Path": "\udcff"}, "no valid text"),
    ],
)
def test_what_cannot_be_sent_is_named(name, value, says):
    with pytest.raises(errors.InvalidOption) as caught:
        codec.encode(name, value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "data",
    ["0a", "0a05", "0aff", "0a0561", "80", "ffffffffffffffffffff01", "0b", "0f", "00", "0a02c328", "0d0102", "0901"],
)
def test_what_is_no_message_is_malformed(data):
    with pytest.raises(errors.Malformed):
        codec.decode("CheckRequest", bytes.fromhex(data))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Spec", "1a01800100"),  # a tag
        ("Spec", "1a020a80010061"),  # a length
        ("Spec", "1a020a0261"),  # a text
        ("Spec", "1a0210800100"),  # a number
        ("MemoryStats", "3202108001"),  # one in an entry of a map
        ("AddSwapRequest", "0a01800100"),  # one of several
    ],
)
def test_what_lies_within_a_field_ends_with_it(name, data):
    """Also where what follows would make it whole."""
    with pytest.raises(errors.Malformed):
        codec.decode(name, bytes.fromhex(data))


def test_a_bottomless_message_is_malformed():
    data = b""
    MESSAGES["test.Nest"] = "1 inner test.Nest"
    try:
        for _level in range(codec.DEPTH + 2):
            data = b"\x0a" + codec.varint(len(data)) + data
        with pytest.raises(errors.Malformed):
            codec.decode("test.Nest", data)
    finally:
        del MESSAGES["test.Nest"]


def test_ten_thousand_damaged_messages():
    """Each is decoded or malformed; what is decoded can be sent again and means the same."""
    chance = random.Random(7)
    names = sorted(MESSAGES)
    whole = [
        codec.encode("CreateContainerRequest", {"container_id": "box", "OCI": {"Process": {"Args": ["sh"]}}}),
        codec.encode("MemoryStats", {"cache": 7, "stats": {"a": 1}}),
        codec.encode("types.Interface", {"name": "eth0", "IPAddresses": [{"address": "192.0.2.1", "mask": "24"}]}),
    ]
    kept = 0
    for _turn in range(10_000):
        data = bytearray(chance.choice(whole) if chance.random() < 0.7 else chance.randbytes(chance.randrange(40)))
        for _damage in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        del data[len(data) - chance.randrange(3) :]
        name = chance.choice(names)
        try:
            decoded = codec.decode(name, bytes(data))
        except errors.Malformed:
            continue
        kept += 1
        assert codec.decode(name, codec.encode(name, decoded)) == decoded
    assert kept > 1000
