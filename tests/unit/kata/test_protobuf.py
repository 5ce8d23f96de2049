# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our codec against Google's: the same bytes from the same values, for every message of the table."""

from __future__ import annotations

import random

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import ENUMS, MESSAGES

descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
descriptor_pool = pytest.importorskip("google.protobuf.descriptor_pool")
message_factory = pytest.importorskip("google.protobuf.message_factory")

ROUNDS = 12  # values tried of each message
TYPES = descriptor_pb2.FieldDescriptorProto


def flat(name):
    """A type's name in one package, where nothing is nested."""
    return name.replace(".", "_")


def describe():
    """The table as a file descriptor."""
    file = descriptor_pb2.FileDescriptorProto(name="table.proto", package="t", syntax="proto3")
    for name, values in ENUMS.items():
        enum = file.enum_type.add(name=flat(name))
        for number, value in enumerate(values):
            enum.value.add(name=f"{flat(name)}_{value}", number=number)
    for name in MESSAGES:
        message = file.message_type.add(name=flat(name))
        for field in codec.layout(name).fields:
            add_field(message, field)
    return file


def add_field(message, field):
    added = message.field.add(name=field.name, number=field.number, json_name=f"f{field.number}")
    added.label = TYPES.LABEL_REPEATED if field.repeated or field.key_type else TYPES.LABEL_OPTIONAL
    if field.key_type:
        entry = message.nested_type.add(name=f"{field.name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, label=TYPES.LABEL_OPTIONAL, type=scalar(field.key_type))
        set_type(entry.field.add(name="value", number=2, label=TYPES.LABEL_OPTIONAL), field)
        added.type, added.type_name = TYPES.TYPE_MESSAGE, f".t.{message.name}.{entry.name}"
        return
    set_type(added, field)
    if field.optional:
        added.proto3_optional = True
        added.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{field.name}")


def set_type(added, field):
    if field.message:
        added.type, added.type_name = TYPES.TYPE_MESSAGE, ".t." + flat(field.message)
    elif field.enum:
        added.type, added.type_name = TYPES.TYPE_ENUM, ".t." + flat(field.type)
    else:
        added.type = scalar(field.type)


def scalar(kind):
    return getattr(TYPES, f"TYPE_{kind.upper()}")


@pytest.fixture(scope="module")
def classes():
    pool = descriptor_pool.DescriptorPool()
    pool.Add(describe())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("t." + flat(name))) for name in MESSAGES}


def some(field, chance, depth):
    if field.message:
        return some_message(field.message, chance, depth + 1)
    if field.enum:
        return chance.randrange(len(field.enum))
    return some_scalar(field.type, chance)


def some_scalar(kind, chance):
    if kind == "string":
        return chance.choice(["", "a", "\u00e4\u4e2d\U0001f600", "x" * 200])
    if kind == "bytes":
        return chance.choice([b"", b"\xff\x00", chance.randbytes(300)])
    if kind == "bool":
        return chance.random() < 0.5
    low, high = codec._RANGES[kind]
    return chance.choice([0, 1, low, high, chance.randint(low, high), 127, 128])


def some_message(name, chance, depth=0):
    """A random value. A map has one key only: in which order Google writes several is its own affair."""
    value = {}
    for field in codec.layout(name).fields:
        if chance.random() < (0.3 if depth < 3 else 0.8):
            continue
        if field.key_type:
            value[field.name] = {some_scalar(field.key_type, chance): some(field, chance, depth)}
        elif field.repeated:
            value[field.name] = [some(field, chance, depth) for _number in range(chance.randrange(3))]
        else:
            value[field.name] = some(field, chance, depth)
    return value


def fill(message, name, value):
    """Set a value in one of Google's messages."""
    for field in codec.layout(name).fields:
        if field.name not in value:
            continue
        given = value[field.name]
        target = getattr(message, field.name)
        if field.key_type and field.message:
            for key, inner in given.items():
                target[key].SetInParent()
                fill(target[key], field.message, inner)
        elif field.key_type:
            target.update(given)
        elif field.repeated and field.message:
            for inner in given:
                fill(target.add(), field.message, inner)
        elif field.repeated:
            target.extend(given)
        elif field.message:
            target.SetInParent()
            fill(target, field.message, given)
        else:
            setattr(message, field.name, given)
    return message


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_same_bytes_both_ways(name, classes):
    chance = random.Random(name)
    for _round in range(ROUNDS):
        value = some_message(name, chance)
        theirs = fill(classes[name](), name, value).SerializeToString(deterministic=True)
        ours = codec.encode(name, value)
        assert ours == theirs
        assert codec.encode(name, codec.decode(name, theirs)) == theirs
        assert classes[name].FromString(ours).SerializeToString(deterministic=True) == theirs


@pytest.mark.parametrize("name", ["CreateSandboxRequest", "Process", "UpdateRoutesRequest", "LinuxResources"])
def test_what_google_takes_of_damaged_messages_means_the_same(classes, name):
    chance = random.Random(5)
    agreed = 0
    for _turn in range(800):
        data = bytearray(codec.encode(name, some_message(name, chance)))
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            theirs = classes[name].FromString(bytes(data))
        except Exception:  # the class of the error is that of the chosen implementation
            continue
        try:
            ours = codec.decode(name, bytes(data))
        except codec.Malformed as error:
            # groups are no part of proto3
            assert "wire type" in str(error) or "64 bits" in str(error)
            continue
        agreed += 1
        again = classes[name].FromString(codec.encode(name, ours))
        for message in (again, theirs):
            message.DiscardUnknownFields()  # both keep them, in an order of their own
        assert again.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)
    assert agreed > 100
