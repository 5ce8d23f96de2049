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
import functools
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
Data = t.Union[bytes, memoryview]
One = t.Callable[[t.Any, int], bytes]  # a value and the depth of its message: its bytes without a tag
Writer = t.Callable[[t.Any, list[bytes], int], None]  # adds a field to the parts of its message
Reader = t.Callable[[Data, int, int, Message, int], None]  # puts what lies between two positions into a message
Keeper = t.Callable[[int, Message], None]  # puts a number that was read into a message


class Field:
    """One field of a message.

    :param type: C(string), C(bytes), C(bool), an integer type, or the full name of a message or an enumeration
    :param key_type: the type of a map's keys, else null
    :param entry: the message that each entry of a map is sent as, else null
    :param optional: whether a default value is sent and shown
    """

    __slots__ = (
        "delimited",
        "entry",
        "enum",
        "key_type",
        "message",
        "name",
        "number",
        "optional",
        "repeated",
        "tag",
        "type",
    )

    def __init__(self, text: str, package: str) -> None:
        number, self.name, kind = text.split(" ")
        self.number = int(number)
        self.repeated = kind.endswith("[]")
        self.optional = kind.endswith("?")
        kind = kind.rstrip("[]?")
        self.key_type: str | None = None
        self.entry: Layout | None = None
        if kind.startswith("map<"):
            self.key_type, kind = kind[4:-1].split(",")
            self.entry = Layout([Field(f"1 key {self.key_type}?", package), Field(f"2 value {kind}?", package)])
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
        return self.zero

    @property
    def zero(self) -> t.Any:
        """The default of the field's type."""
        if self.message:
            return {}
        return self.enum[0] if self.enum else _DEFAULTS[self.type]


class Layout:
    """The fields of one message, and the functions that write and read them.

    What depends on a field alone is decided once, when these are made, and no sentence is put together unless something
    is wrong.
    """

    __slots__ = ("_keepers", "_readers", "_writers", "fields", "names")

    def __init__(self, fields: list[Field]) -> None:
        self.fields = fields
        self.names = {field.name: field for field in fields}
        self._writers = [(field.name, _writer(field)) for field in fields]
        # By tag, which is number and wire type in one. Repeated numbers are sent in either way.
        self._readers = {
            field.number << 3 | DELIMITED: _reader(field) for field in fields if field.delimited or field.repeated
        }
        self._keepers = {field.number << 3 | VARINT: _keeper(field) for field in fields if not field.delimited}

    def encode(self, value: t.Any, parts: list[bytes], depth: int) -> None:
        """Add the bytes of a dictionary to the parts, fields in the order of their numbers.

        :raises Unfit: it cannot be sent
        """
        if not isinstance(value, dict):
            raise Unfit(f"must be a dictionary, not a {type(value).__name__}")
        if depth > DEPTH:
            raise Unfit("is too deep")
        left = len(value)
        name = ""
        try:
            for name, write in self._writers:
                if name in value:
                    inner = value[name]
                    if inner is not None:
                        write(inner, parts, depth)
                    left -= 1
                    if not left:
                        return
            if UNKNOWN in value:
                name = UNKNOWN
                inner = value[name]
                if inner is not None:
                    parts.append(_bytes(inner))
                left -= 1
        except Unfit as unfit:
            unfit.path.append(f".{name}")
            raise
        if left:
            wrong = next(key for key in value if key not in self.names and key != UNKNOWN)
            raise Unfit(
                f"has no field '{wrong}'",
                did_you_mean(str(wrong), self.names)
                or (f"it has {', '.join(self.names)}" if self.names else "it has no fields at all"),
                UnknownKey,
            )

    def decode(self, data: Data, at: int, end: int, message: Message, depth: int) -> None:
        """Read what lies between two positions into a dictionary.

        :raises Malformed: it is no such message
        """
        if depth > DEPTH:
            raise Malformed("the message is too deep")
        while at < end:
            start = at
            tag = data[at]
            if tag < 128:
                at += 1
            else:
                tag, at = read_varint(data, at)
            wire = tag & 7
            if wire == DELIMITED:
                size, begin = read_varint(data, at)
                at = begin + size
                if at > end:
                    raise Malformed("the message ends within a field")
                read = self._readers.get(tag)
                if read:
                    read(data, begin, at, message, depth)
                    continue
            elif wire == VARINT:
                value, at = read_varint(data, at)
                if at > end:
                    raise Malformed("the message ends within a number")
                keep = self._keepers.get(tag)
                if keep:
                    keep(value, message)
                    continue
            elif wire in _WIDTHS:
                at += _WIDTHS[wire]
                if at > end:
                    raise Malformed("the message ends within a field")
            else:
                raise Malformed(f"a field has the wire type {wire}")
            if not 0 < tag >> 3 < 2**29:
                raise Malformed(f"a field has the number {tag >> 3}")
            message[UNKNOWN] = message.get(UNKNOWN, b"") + bytes(data[start:at])


class _Layouts(dict[str, Layout]):
    """The layouts of the messages, each made from the table when it is first needed."""

    def __missing__(self, name: str) -> Layout:
        text = MESSAGES[name]
        package = name.rpartition(".")[0]
        prefix = package + "." if package else ""
        found = self[name] = Layout([Field(field, prefix) for field in text.split(", ")] if text else [])
        return found


_layouts = _Layouts()


def layout(name: str) -> Layout:
    """The layout of a message."""
    return _layouts[name]


@functools.lru_cache(maxsize=1024)  # the same numbers and lengths come again and again
def varint(value: int) -> bytes:
    """A number as a varint; a negative one takes ten bytes."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: Data, at: int) -> tuple[int, int]:
    """The varint at a position, and the position after it.

    :raises Malformed: the data ends within it, or it is longer than 64 bits
    """
    try:
        value = byte = data[at]
        at += 1
        shift = 7
        while byte > 127:
            if shift > 63:
                raise Malformed("a number has more than 64 bits")
            byte = data[at]
            at += 1
            value += byte - 1 << shift  # less one, which is the mark of the byte before
            shift += 7
    except IndexError:
        raise Malformed("the message ends within a number") from None
    if value >> 64:
        raise Malformed("a number has more than 64 bits")
    return value, at


# -- from a dictionary to bytes


class Unfit(Exception):
    """A value that cannot be sent. Where it stands is gathered on the way out, from the inside.

    :param what: the sentence without its subject
    :param kind: the error that it becomes
    """

    def __init__(self, what: str, next_step: str | None = None, kind: type[InvalidOption] = InvalidOption) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.kind = kind
        self.path: list[str] = []

    def below(self, where: str) -> InvalidOption:
        """The error for a person, its path beginning at a name."""
        return self.kind(f"'{where}{''.join(reversed(self.path))}' {self.what}", next_step=self.next_step)


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
    try:
        _layouts[name].encode(value, parts, 0)
    except Unfit as unfit:
        raise unfit.below(name.rpartition(".")[2]) from None
    return parts


def as_bytes(value: t.Any, where: str) -> bytes:
    """Bytes from a text, or from a dictionary with C(base64) or C(hex).

    :param where: what an error calls the value
    """
    try:
        return _bytes(value)
    except Unfit as unfit:
        raise unfit.below(where) from None


def _writer(field: Field) -> Writer:
    tag, one = field.tag, _one(field)

    def each(value: t.Any, depth: int) -> list[bytes]:
        if not isinstance(value, (list, tuple)):
            raise Unfit(f"must be a list, not a {type(value).__name__}")
        found: list[bytes] = []
        try:
            for inner in value:
                found.append(one(inner, depth))
        except Unfit as unfit:
            unfit.path.append(f"[{len(found)}]")
            raise
        return found

    def write_list(value: t.Any, parts: list[bytes], depth: int) -> None:
        parts += [tag + encoded for encoded in each(value, depth)]

    def write_packed(value: t.Any, parts: list[bytes], depth: int) -> None:
        packed = b"".join(each(value, depth))
        if packed:
            parts.append(tag + varint(len(packed)) + packed)

    def write_bytes(value: t.Any, parts: list[bytes], _depth: int) -> None:
        data = _bytes(value)
        if data:
            parts.append(tag + varint(len(data)))
            parts.append(data)

    def write_text(value: t.Any, parts: list[bytes], _depth: int) -> None:
        data = _utf8(value)
        if data:
            parts.append(tag + varint(len(data)) + data)

    def write_always(value: t.Any, parts: list[bytes], depth: int) -> None:
        parts.append(tag + one(value, depth))

    def write(value: t.Any, parts: list[bytes], depth: int) -> None:
        encoded = one(value, depth)
        if encoded != b"\x00":  # the default of every type
            parts.append(tag + encoded)

    if field.entry:
        return _map_writer(tag, *field.entry.fields)
    if field.repeated:
        return write_list if field.delimited else write_packed
    if field.message or field.optional:
        return write_always
    return {"bytes": write_bytes, "string": write_text}.get(field.type, write)


def _map_writer(tag: bytes, key_field: Field, value_field: Field) -> Writer:
    one_key, one_value = _one(key_field), _one(value_field)

    def write(value: t.Any, parts: list[bytes], depth: int) -> None:
        if not isinstance(value, dict):
            raise Unfit(f"must be a dictionary, not a {type(value).__name__}")
        key: t.Any = None
        try:
            for key, inner in value.items():
                entry = key_field.tag + one_key(key, depth) + value_field.tag + one_value(inner, depth)
                parts.append(tag + varint(len(entry)) + entry)
        except Unfit as unfit:
            unfit.path.append(f".{key}")
            raise

    return write


def _one(field: Field) -> One:
    kind, enum = field.type, field.enum

    def message(value: t.Any, depth: int) -> bytes:
        parts: list[bytes] = []
        _layouts[kind].encode(value, parts, depth + 1)
        body = b"".join(parts)
        return varint(len(body)) + body

    def text(value: t.Any, _depth: int) -> bytes:
        data = _utf8(value)
        return varint(len(data)) + data

    def blob(value: t.Any, _depth: int) -> bytes:
        data = _bytes(value)
        return varint(len(data)) + data

    def truth(value: t.Any, _depth: int) -> bytes:
        if not isinstance(value, bool):
            raise Unfit(f"must be true or false, not {value!r}")
        return b"\x01" if value else b"\x00"

    def number(value: t.Any, _depth: int) -> bytes:
        return varint(_enum_number(enum, value) if enum else _integer(kind, value))

    if field.message:
        return message
    return {"string": text, "bytes": blob, "bool": truth}.get(kind, number)


def _enum_number(names: t.Sequence[str], value: t.Any) -> int:
    if isinstance(value, str):
        if value in names:
            return names.index(value)
        if not value.lstrip("-").isdigit():
            raise Unfit(f"is '{value}'", did_you_mean(value, names) or f"it is one of {', '.join(names)}")
    return _integer("int32", value)


def _integer(kind: str, value: t.Any) -> int:
    if isinstance(value, str):  # as Ansible's templates often leave a number
        try:
            value = int(value)
        except ValueError:
            raise Unfit(f"is '{value}'", "give a whole number") from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit(f"must be a whole number, not {value!r}")
    low, high = _RANGES[kind]
    if not low <= value <= high:
        raise Unfit(f"is {value}", f"the protocol has room for {low} to {high}")
    return value


def _utf8(value: t.Any) -> bytes:
    if not isinstance(value, str):
        raise Unfit(f"must be a text, not {value!r}", "quote it")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Unfit("is no valid text", "the protocol takes UTF-8 only") from None


def _bytes(value: t.Any) -> bytes:
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
            unfit = Unfit("cannot be decoded", f"give valid {form}")
            unfit.path.append(f".{form}")
            raise unfit from None
    raise Unfit("must be a text, or a dictionary with 'base64' or 'hex'")


# -- from bytes to a dictionary


def decode(name: str, data: Data) -> Message:
    """A message's bytes as a dictionary; what is at its default is left out.

    A field of bytes is a slice of what was given: of bytes a copy, of a view a view.

    :raises Malformed: the bytes are no such message
    """
    message: Message = {}
    _layouts[name].decode(data, 0, len(data), message, 0)
    return message


def _reader(field: Field) -> Reader:
    name, kind, shown = field.name, field.type, field.optional
    piece, number = _text if kind == "string" else _blob, _number(field)

    def read_messages(data: Data, at: int, end: int, message: Message, depth: int) -> None:
        inner: Message = {}
        message.setdefault(name, []).append(inner)
        _layouts[kind].decode(data, at, end, inner, depth + 1)

    def read_message(data: Data, at: int, end: int, message: Message, depth: int) -> None:
        # One that is sent in pieces is merged.
        _layouts[kind].decode(data, at, end, message.setdefault(name, {}), depth + 1)

    def read_packed(data: Data, at: int, end: int, message: Message, _depth: int) -> None:
        while at < end:
            value, at = read_varint(data, at)
            if at > end:
                raise Malformed("the message ends within a number")
            message.setdefault(name, []).append(number(value))

    def read_list(data: Data, at: int, end: int, message: Message, _depth: int) -> None:
        message.setdefault(name, []).append(piece(data[at:end]))

    def read(data: Data, at: int, end: int, message: Message, _depth: int) -> None:
        if at < end or shown:
            message[name] = piece(data[at:end])
        else:
            message.pop(name, None)  # the last one counts, and a default is not shown

    if field.entry:
        return _entry_reader(name, field.entry)
    if field.message:
        return read_messages if field.repeated else read_message
    if field.repeated:
        return read_list if field.delimited else read_packed
    return read


def _entry_reader(name: str, entry: Layout) -> Reader:
    key_field, value_field = entry.fields

    def read(data: Data, at: int, end: int, message: Message, depth: int) -> None:
        found: Message = {}
        entry.decode(data, at, end, found, depth)
        entries = message.setdefault(name, {})
        entries[found.get("key", key_field.zero)] = found.get("value", value_field.zero)

    return read


def _keeper(field: Field) -> Keeper:
    name, default, number = field.name, field.default, _number(field)

    def keep_all(value: int, message: Message) -> None:
        message.setdefault(name, []).append(number(value))

    def keep(value: int, message: Message) -> None:
        shown = number(value)
        if shown == default:
            message.pop(name, None)  # the last one counts, and a default is not shown
        else:
            message[name] = shown

    return keep_all if field.repeated else keep


def _text(data: Data) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        raise Malformed("a text is no valid UTF-8") from None


def _blob(data: Data) -> Data:
    return data


def _number(field: Field) -> t.Callable[[int], t.Any]:
    """What gives a number that was read its meaning."""
    enum = field.enum

    def name(value: int) -> str | int:
        value = int32(value)
        return enum[value] if enum and 0 <= value < len(enum) else value

    def int32(value: int) -> int:
        return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000

    def int64(value: int) -> int:
        return value - 2**64 if value >> 63 else value

    def uint32(value: int) -> int:
        return value & 0xFFFFFFFF

    meanings: dict[str, t.Callable[[int], t.Any]] = {"bool": bool, "int32": int32, "int64": int64, "uint32": uint32}
    return name if enum else meanings.get(field.type, int)


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
    if isinstance(value, (bytes, memoryview)):
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    return value
