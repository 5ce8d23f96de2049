# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Addresses of devices, parsed and written exactly as an agent does (ap.rs, pci.rs, ccw.rs, device handlers).

Python's C(int) takes more than an agent: spaces, underscores, other digits, prefixes. So digits are matched first.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, did_you_mean

# As Rust reads numbers: an optional plus, then ASCII digits, however many zeros in front.
_HEX = re.compile(r"\+?[0-9A-Fa-f]+")
_DECIMAL = re.compile(r"\+?[0-9]+")

# Device types of an agent, and which of its fields says what the device is.
TYPES: dict[str, str] = {
    "blk": "id",
    "mmioblk": "vm_path",
    "blk-ccw": "id",
    "scsi": "id",
    "nvdimm": "vm_path",
    "vfio-pci": "options",
    "vfio-pci-gk": "options",
    "vfio-ap": "options",
    "vfio-ap-cold": "options",
}


def _number(text: str, pattern: re.Pattern[str], base: int, highest: int) -> int | None:
    """A number, or null where it is none or does not fit."""
    if not pattern.fullmatch(text):
        return None
    value = int(text.lstrip("+"), base)
    return value if value <= highest else None


def _wrong(what: str, given: str, form: str) -> InvalidOption:
    return InvalidOption(f"'{given}' is no {what}", next_step=f"write {form}")


def ap_address(given: str) -> str:
    """An adjunct processor queue: adapter and domain, both hexadecimal. V(a.1) is V(0a.0001)."""
    parts = given.split(".")
    if len(parts) == 2:
        adapter, domain = _number(parts[0], _HEX, 16, 0xFF), _number(parts[1], _HEX, 16, 0xFFFF)
        if adapter is not None and domain is not None:
            return f"{adapter:02x}.{domain:04x}"
    raise _wrong("AP address", given, "<adapter>.<domain> in hexadecimal digits, such as 0a.003f")


def ccw_address(given: str) -> str:
    """A channel device: 0, a channel subsystem from 0 to 3 in decimal, and a hexadecimal number."""
    parts = given.split(".")
    if len(parts) == 3 and _number(parts[0], _DECIMAL, 10, 0) == 0:
        subsystem, device = _number(parts[1], _DECIMAL, 10, 3), _number(parts[2], _HEX, 16, 0xFFFF)
        if subsystem is not None and device is not None:
            return f"0.{subsystem}.{device:04x}"
    raise _wrong("CCW address", given, "0.<0 to 3>.<device>, such as 0.0.0001")


def _slot(text: str, highest: int = 0x1F) -> str | None:
    slot, dot, function = text.partition(".")
    number = _number(slot, _HEX, 16, highest)
    part = _number(function, _HEX, 16, 7) if dot else 0
    if number is None or part is None:
        return None
    return f"{number:02x}.{part:x}" if dot and part else f"{number:02x}"


def pci_path(given: str) -> str:
    """A PCI path: slots from the root bus on, each hexadecimal, up to V(1f), with a function where it is not 0.

    Of three or more, the first may be the number of a further root complex, from V(20) on.
    """
    parts = given.split("/")
    roots = [0xFF] if len(parts) >= 3 else []
    slots = [_slot(part, *(roots if index == 0 else [])) for index, part in enumerate(parts)]
    if all(slot is not None for slot in slots):
        return "/".join(slot for slot in slots if slot)
    raise _wrong("PCI path", given, "slots as hexadecimal digits from 00 to 1f, such as 02/03")


def pci_address(given: str) -> str:
    """A PCI address: domain, bus, slot and function."""
    domain, _colon, rest = given.partition(":") if given.count(":") == 2 else ("0", "", given)
    bus, colon, slot = rest.partition(":")
    numbers = (_number(domain, _HEX, 16, 0xFFFF), _number(bus, _HEX, 16, 0xFF))
    where = _slot(slot) if colon else None
    if where is None or None in numbers:
        raise _wrong("PCI address", given, "DDDD:BB:SS.F, such as 0000:02:03.0")
    return f"{numbers[0]:04x}:{numbers[1]:02x}:{where if '.' in where else where + '.0'}"


def scsi_address(given: str) -> str:
    """A SCSI device: its id and its logical unit, both decimal."""
    parts = given.split(":")
    if len(parts) == 2:
        numbers = [_number(part, _DECIMAL, 10, 2**32 - 1) for part in parts]
        if None not in numbers:
            return f"{numbers[0]}:{numbers[1]}"
    raise _wrong("SCSI address", given, "<id>:<lun>, such as 0:1")


FORMATS: dict[str, t.Callable[[str], str]] = {
    "ap_address": ap_address,
    "ccw_address": ccw_address,
    "pci_path": pci_path,
    "pci_address": pci_address,
    "scsi_address": scsi_address,
}


def vfio_option(given: str) -> None:
    """Check one option of a VFIO device: the host's address, and the guest's path, which may be empty."""
    address, mark, path = given.partition("=")
    if not mark:
        raise _wrong("VFIO option", given, "DDDD:BB:SS.F=<PCI path>, such as 0000:02:03.0=02/01")
    pci_address(address)
    if path:
        pci_path(path)


def check_device(device: t.Mapping[str, t.Any], where: str) -> None:
    """Hold a device against what an agent takes, before it is sent.

    :raises InvalidOption: naming the field, and how it is written
    """
    kind = device.get("type") or ""
    if kind not in TYPES:
        raise InvalidOption(
            f"'{where}.type' is '{kind}'", next_step=did_you_mean(kind, TYPES) or f"it is one of {', '.join(TYPES)}"
        )
    if not device.get("container_path"):
        raise InvalidOption(f"'{where}.container_path' is missing")
    if not device.get("id") and not device.get("vm_path"):
        raise InvalidOption(f"'{where}' needs 'id' or 'vm_path'", next_step="an agent refuses a device with neither")
    said = device.get(TYPES[kind])
    if not said:
        raise InvalidOption(f"'{where}.{TYPES[kind]}' is missing, which says what a device '{kind}' is")
    try:
        if kind == "blk":
            pci_path(said)
        elif kind == "blk-ccw":
            ccw_address(said)
        elif kind == "scsi":
            scsi_address(said)
        elif kind.startswith("vfio"):
            for option in said:
                (ap_address if kind.startswith("vfio-ap") else vfio_option)(option)
    except InvalidOption as error:
        raise InvalidOption(f"'{where}.{TYPES[kind]}': {error.what}", next_step=error.next_step) from None
    if TYPES[kind] == "vm_path" and not str(said).startswith("/dev/"):
        raise InvalidOption(f"'{where}.vm_path' is '{said}'", next_step="give a path below /dev")
