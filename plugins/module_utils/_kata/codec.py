# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Protocol buffers (proto3), driven by the table in `messages`: dictionaries to bytes and back.

A dictionary has the protocol's own field names. A scalar at its default is not sent and not shown, unless the field is
optional; an empty dictionary is a message that is there and empty; null is the same as leaving a field out. An
enumeration is shown by name, and by number where the table does not know it. Fields that the table does not have stay,
as bytes under `UNKNOWN`, and are sent again.

The API has variable-length integers and length-delimited fields only; the two fixed-width wire types are known so that
they can be skipped and kept.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from .._core.errors import InvalidOption, Malformed, UnknownKey, did_you_mean
from .messages import ENUMS, MESSAGES

UNKNOWN = "_unknown"
DEPTH = 64  # messages within messages; the API has 7

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}

# Lowest and highest value of each integer type.
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_DEFAULTS: dict[str, t.Any] = {"string": "", "bytes": b"", "bool": False, **dict.fromkeys(_RANGES, 0)}

Message = dict[str, t.Any]


class Field:
    """One field of a message.

    :param type: C(string), C(bytes), C(bool), an integer type, or the full name of a message or an enumeration
    :param key_type: the type of a map's keys, else null
    :param optional: whether a default value is sent and shown
    """

    __slots__ = ("delimited", "enum", "key_type", "message", "name", "number", "optional", "repeated", "tag", "type")

    def __init__(self, text: str, package: str) -> None:
        number, self.name, kind = text.split(" ")
        self.number = int(number)
        self.repeated = kind.endswith("[]")
        self.optional = kind.endswith("?")
        kind = kind.rstrip("[]?")
        self.key_type: str | None = None
        if kind.startswith("map<"):
            self.key_type, kind = kind[4:-1].split(",")
        self.enum = ENUMS.get(kind)
        self.message: str | None = None
        if kind not in _DEFAULTS and self.enum is None:
            self.message = kind if kind in MESSAGES else package + kind
        self.type = self.message or kind
        self.delimited = self.message is not None or self.key_type is not None or kind in ("string", "bytes")
        self.tag = varint(self.number << 3 | (DELIMITED if self.delimited or self.repeated else VARINT))

    @property
    def default(self) -> t.Any:
        """What a field that was not sent stands for."""
        if self.key_type:
            return {}
        if self.repeated:
            return []
        if self.message or self.optional:
            return None
        return self.enum[0] if self.enum else _DEFAULTS[self.type]


class Layout:
    """The fields of one message, by name and by number."""

    __slots__ = ("fields", "names", "numbers")

    def __init__(self, name: str) -> None:
        text = MESSAGES[name]
        package = name.rpartition(".")[0]
        prefix = package + "." if package else ""
        self.fields = [Field(field, prefix) for field in text.split(", ")] if text else []
        self.names = {field.name: field for field in self.fields}
        self.numbers = {field.number: field for field in self.fields}


_layouts: dict[str, Layout] = {}


def layout(name: str) -> Layout:
    """The layout of a message, read from the table when it is first needed."""
    found = _layouts.get(name)
    if found is None:
        found = _layouts[name] = Layout(name)
    return found


def varint(value: int) -> bytes:
    """A number as a varint; a negative one takes ten bytes."""
    if 0 <= value < 128:
        return bytes((value,))
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """The varint at a position, and the position after it.

    :raises Malformed: the data ends within it, or it is longer than 64 bits
    """
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > 63:
                raise Malformed("a number has more than 64 bits")
    except IndexError:
        raise Malformed("the message ends within a number") from None
    if value >> 64:
        raise Malformed("a number has more than 64 bits")
    return value, at


# -- from a dictionary to bytes


def encode(name: str, value: t.Mapping[str, t.Any]) -> bytes:
    """A dictionary as a message's bytes, fields in the order of their numbers.

    :param name: the message, as the table has it
    :raises InvalidOption: naming the field whose value cannot be sent
    :raises UnknownKey: a key that is no field of the message, with the nearest one that is
    """
    return b"".join(encode_parts(name, value))


def encode_parts(name: str, value: t.Mapping[str, t.Any]) -> list[bytes]:
    """The same as pieces to be sent one after the other: large bytes are not copied."""
    parts: list[bytes] = []
    _encode(name, value, parts, name.rpartition(".")[2], 0)
    return parts


def _encode(name: str, value: t.Any, parts: list[bytes], where: str, depth: int) -> None:
    if not isinstance(value, dict):
        raise InvalidOption(f"'{where}' must be a dictionary, not a {type(value).__name__}")
    if depth > DEPTH:
        raise InvalidOption(f"'{where}' is too deep")
    known = layout(name)
    present = 0
    for field in known.fields:
        if field.name in value:
            present += 1
            inner = value[field.name]
            if inner is not None:
                _encode_field(field, inner, parts, f"{where}.{field.name}", depth)
    unknown = value.get(UNKNOWN)
    if unknown is not None:
        present += 1
        parts.append(as_bytes(unknown, f"{where}.{UNKNOWN}"))
    if present < len(value):
        wrong = next(key for key in value if key not in known.names and key != UNKNOWN)
        raise UnknownKey(
            f"'{where}' has no field '{wrong}'",
            next_step=did_you_mean(str(wrong), known.names)
            or (f"it has {', '.join(known.names)}" if known.names else "it has no fields at all"),
        )


def _encode_field(field: Field, value: t.Any, parts: list[bytes], where: str, depth: int) -> None:
    if field.key_type:
        if not isinstance(value, dict):
            raise InvalidOption(f"'{where}' must be a dictionary, not a {type(value).__name__}")
        for key, inner in value.items():
            spelled = key if field.key_type == "string" or not isinstance(key, str) else _digits(key, where)
            entry = b"\x0a" if field.key_type == "string" else b"\x08"
            entry += _scalar(field.key_type, spelled, f"{where}.{key}")
            entry += b"\x12" if _is_delimited(field.type) else b"\x10"
            entry += _single(field, inner, f"{where}.{key}", depth)
            parts.append(field.tag + varint(len(entry)) + entry)
    elif field.repeated:
        if not isinstance(value, (list, tuple)):
            raise InvalidOption(f"'{where}' must be a list, not a {type(value).__name__}")
        if field.delimited:
            for index, inner in enumerate(value):
                parts.append(field.tag + _single(field, inner, f"{where}[{index}]", depth))
        elif value:
            packed = b"".join(_single(field, inner, f"{where}[{index}]", depth) for index, inner in enumerate(value))
            parts.append(field.tag + varint(len(packed)) + packed)
    elif field.type == "bytes":
        data = as_bytes(value, where)
        if data:
            parts.append(field.tag + varint(len(data)))
            parts.append(data)
    else:
        encoded = _single(field, value, where, depth)
        if field.message or field.optional or encoded != b"\x00":
            parts.append(field.tag + encoded)


def _is_delimited(kind: str) -> bool:
    """Whether a type that is no enumeration is sent with its length."""
    return kind not in _RANGES and kind != "bool" and kind not in ENUMS


def _single(field: Field, value: t.Any, where: str, depth: int) -> bytes:
    """One value without its tag."""
    if field.message:
        inner: list[bytes] = []
        _encode(field.message, value, inner, where, depth + 1)
        body = b"".join(inner)
        return varint(len(body)) + body
    if field.enum:
        return varint(_enum_number(field.enum, value, where))
    return _scalar(field.type, value, where)


def _enum_number(names: t.Sequence[str], value: t.Any, where: str) -> int:
    if isinstance(value, str):
        if value in names:
            return names.index(value)
        if not value.lstrip("-").isdigit():
            raise InvalidOption(
                f"'{where}' is '{value}'", next_step=did_you_mean(value, names) or f"it is one of {', '.join(names)}"
            )
    return _integer("int32", value, where)


def _digits(text: str, where: str) -> int:
    """A number that was written as text, as Ansible's templates often leave it."""
    try:
        return int(text)
    except ValueError:
        raise InvalidOption(f"'{where}' is '{text}'", next_step="give a whole number") from None


def _integer(kind: str, value: t.Any, where: str) -> int:
    if isinstance(value, str):
        value = _digits(value, where)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidOption(f"'{where}' must be a whole number, not {value!r}")
    low, high = _RANGES[kind]
    if not low <= value <= high:
        raise InvalidOption(f"'{where}' is {value}", next_step=f"the protocol has room for {low} to {high}")
    return value


def _scalar(kind: str, value: t.Any, where: str) -> bytes:
    if kind == "string":
        if not isinstance(value, str):
            raise InvalidOption(f"'{where}' must be a text, not {value!r}", next_step="quote it")
        try:
            data = value.encode()
        except UnicodeEncodeError:
            raise InvalidOption(f"'{where}' is no valid text", next_step="the protocol takes UTF-8 only") from None
        return varint(len(data)) + data
    if kind == "bytes":
        data = as_bytes(value, where)
        return varint(len(data)) + data
    if kind == "bool":
        if not isinstance(value, bool):
            raise InvalidOption(f"'{where}' must be true or false, not {value!r}")
        return b"\x01" if value else b"\x00"
    return varint(_integer(kind, value, where))


def as_bytes(value: t.Any, where: str) -> bytes:
    """Bytes from a text, or from a dictionary with C(base64) or C(hex)."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, dict) and len(value) == 1:
        (form, text), *_rest = value.items()
        try:
            if form == "base64":
                return base64.b64decode(text, validate=True)
            if form == "hex":
                return bytes.fromhex(text)
        except (binascii.Error, TypeError, ValueError):
            raise InvalidOption(f"'{where}.{form}' cannot be decoded", next_step=f"give valid {form}") from None
    raise InvalidOption(f"'{where}' must be a text, or a dictionary with 'base64' or 'hex'")


# -- from bytes to a dictionary


def decode(name: str, data: bytes | memoryview) -> Message:
    """A message's bytes as a dictionary; what is at its default is left out.

    :raises Malformed: the bytes are no such message
    """
    message: Message = {}
    _decode(name, memoryview(data), message, 0)
    return message


def _decode(name: str, data: memoryview, message: Message, depth: int) -> None:
    if depth > DEPTH:
        raise Malformed("the message is too deep")
    numbers = layout(name).numbers
    at, end = 0, len(data)
    while at < end:
        start = at
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number == 0 or number >= 2**29:
            raise Malformed(f"a field has the number {number}")
        field = numbers.get(number)
        if wire == DELIMITED:
            size, at = read_varint(data, at)
            if size > end - at:
                raise Malformed("the message ends within a field")
            body = data[at : at + size]
            at += size
            if field is not None and (field.delimited or field.repeated):
                _take(field, body, message, depth)
                continue
        elif wire == VARINT:
            value, at = read_varint(data, at)
            if field is not None and not field.delimited:
                _keep(field, _number(field, value), message)
                continue
        elif wire in _WIDTHS:
            at += _WIDTHS[wire]
            if at > end:
                raise Malformed("the message ends within a field")
        else:
            raise Malformed(f"a field has the wire type {wire}")
        message[UNKNOWN] = message.get(UNKNOWN, b"") + bytes(data[start:at])


def _take(field: Field, body: memoryview, message: Message, depth: int) -> None:
    """Put a length-delimited field into the message."""
    if field.key_type:
        key, value = _entry(field, body, depth)
        message.setdefault(field.name, {})[key] = value
    elif field.message:
        if field.repeated:
            inner: Message = {}
            message.setdefault(field.name, []).append(inner)
        else:
            inner = message.setdefault(field.name, {})  # a message that is sent in pieces is merged
        _decode(field.message, body, inner, depth + 1)
    elif field.delimited:
        _keep(field, _text(field.type, body), message)
    else:
        at = 0
        while at < len(body):
            value, at = read_varint(body, at)
            message.setdefault(field.name, []).append(_number(field, value))


def _keep(field: Field, value: t.Any, message: Message) -> None:
    if field.repeated:
        message.setdefault(field.name, []).append(value)
    elif value == field.default:
        message.pop(field.name, None)  # the last one counts, and a default is not shown
    else:
        message[field.name] = value


def _text(kind: str, body: memoryview) -> t.Any:
    if kind == "bytes":
        return bytes(body)
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError:
        raise Malformed("a text is no valid UTF-8") from None


def _number(field: Field, value: int) -> t.Any:
    if field.enum:
        value = _signed(value, 32)
        return field.enum[value] if 0 <= value < len(field.enum) else value
    return _typed(field.type, value)


def _typed(kind: str, value: int) -> t.Any:
    if kind == "bool":
        return value != 0
    if kind == "uint64":
        return value
    if kind == "uint32":
        return value & 0xFFFFFFFF
    return _signed(value, 32 if kind == "int32" else 64)


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _entry(field: Field, body: memoryview, depth: int) -> tuple[t.Any, t.Any]:
    """Key and value of one entry of a map."""
    key: t.Any = _DEFAULTS[field.key_type or ""]
    value: t.Any = {} if field.message else field.enum[0] if field.enum else _DEFAULTS[field.type]
    at, end = 0, len(body)
    while at < end:
        tag, at = read_varint(body, at)
        number, wire = tag >> 3, tag & 7
        if wire == DELIMITED:
            size, at = read_varint(body, at)
            if size > end - at:
                raise Malformed("the message ends within a field")
            inner = body[at : at + size]
            at += size
            if number == 1 and field.key_type == "string":
                key = _text("string", inner)
            elif number == 2 and field.message:
                _decode(field.message, inner, value, depth + 1)
            elif number == 2 and field.type in ("string", "bytes"):
                value = _text(field.type, inner)
        elif wire == VARINT:
            plain, at = read_varint(body, at)
            if number == 1 and field.key_type != "string":
                key = _typed(field.key_type or "", plain)
            elif number == 2 and not _is_delimited(field.type):
                value = _number(field, plain)
        elif wire in _WIDTHS:
            at += _WIDTHS[wire]
            if at > end:
                raise Malformed("the message ends within a field")
        else:
            raise Malformed(f"a field has the wire type {wire}")
    return key, value


# -- dictionaries as people and programs read them


def complete(name: str, message: t.Mapping[str, t.Any]) -> Message:
    """A decoded message with every field that it can have: defaults filled in, absent messages and options null."""
    full: Message = {}
    for field in layout(name).fields:
        value = message.get(field.name)
        if value is None:
            value = field.default
        elif field.message and field.key_type:
            value = {key: complete(field.message, inner) for key, inner in value.items()}
        elif field.message and field.repeated:
            value = [complete(field.message, inner) for inner in value]
        elif field.message:
            value = complete(field.message, value)
        full[field.name] = value
    if UNKNOWN in message:
        full[UNKNOWN] = message[UNKNOWN]
    return full


def plain(value: t.Any) -> t.Any:
    """A decoded message with bytes as text, or as C({base64: ...}) where they are no UTF-8."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    return value
