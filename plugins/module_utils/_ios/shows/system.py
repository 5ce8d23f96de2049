# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""show version, ip ssh, line and users. Pure."""

from __future__ import annotations

import re

from .cut import Found, blocks, every, first


def version(text: str) -> Found | None:
    """C(show version): software, model, image, uptime, serial number, configuration register."""
    found = first(r"(?P<train>Cisco IOS[ -]?(?:XE )?[^,\n]*Software|Internetwork Operating System Software)", text)
    if not found:
        return None
    # The boot loader has a version too, and an engineering build calls its own experimental.
    found.update(first(r"^(?!ROM: |BOOTLDR: ).*Software.*?, (?:Experimental )?Version (?P<version>[^\s,]+)", text))
    found["dialect"] = "xe" if re.search(r"IOS[ -]XE", text) else "classic"
    found.update(first(r"^(?P<hostname>\S+) uptime is (?P<uptime>.+)$", text))
    found.update(first(r"^System image file is \"(?P<image>[^\"]+)\"", text))
    found.update(first(r"^System returned to ROM by (?P<returned_by>.+)$", text))
    found.update(first(r"^(?:ROM: |BOOTLDR: )(?P<rom>.+)$", text))
    found.update(first(r"^[Cc]isco (?P<model>\S+) .*with (?P<memory>\d+K(?:/\d+K)?) bytes of memory", text))
    found.update(first(r"^Processor board ID (?P<serial>\S+)", text))
    found.update(first(r"^Configuration register is (?P<config_register>0x[0-9A-Fa-f]+)", text))
    found["interfaces"] = {
        one["kind"]: one["count"] for one in every(r"^(?P<count>\d+) (?P<kind>[\w./ -]+?) interfaces?(?:\(s\))?$", text)
    }
    return found


def ip_ssh(text: str) -> Found | None:
    """C(show ip ssh): C(version) is V(1.99) where both are spoken, V(1.5) with a key too short for the second."""
    found = first(r"^SSH (?P<state>Enabled|Disabled) - version (?P<version>[\d.]+)", text)
    if not found:
        return None
    enabled = found.pop("state") == "Enabled"
    found.update(
        first(r"^Authentication timeout: (?P<timeout>\d+) secs; Authentication retries: (?P<retries>\d+)", text)
    )
    found.update(first(r"^Minimum expected Diffie Hellman key size : (?P<dh_min>\d+) bits", text))
    methods = first(r"^Authentication methods: *(?P<it>\S+)", text).get("it")
    if methods:
        found["methods"] = str(methods).split(",")
    return {"enabled": enabled, **found}


def line(text: str) -> list[Found] | None:
    """C(show line): number, kind, speeds, whether in use, and counters of each line."""
    if not re.search(r"^ *Tty (?:Line )?Typ ", text, re.MULTILINE):
        return None
    row = (
        r"^(?P<active>\*)?[ AI]*(?P<tty>\d+)(?: +(?P<line>\d+))? +(?P<kind>CTY|AUX|VTY|TTY|LPT)"
        r" +(?:(?P<tx>\d+)/(?P<rx>\d+) +)?(?P<autobaud>\S+) +(?P<modem>\S+) +(?P<rotary>\S+)"
        r" +(?P<access_out>\S+) +(?P<access_in>\S+)"
        r" +(?P<uses>\d+) +(?P<noise>\d+) +(?P<overruns>-?\d+/-?\d+)(?: +(?P<interface>\S+))?"
    )
    rows = every(row, text)
    for one in rows:
        one["active"] = "active" in one
        for name in ("autobaud", "modem", "rotary", "access_out", "access_in", "interface"):
            one[name] = None if one.get(name) in (None, "-") else str(one[name])
    return rows


_USER = re.compile(r"^(?P<own>\*)? +(?P<line>\d+) (?P<name>(?:con|aux|vty|tty) +\d+)(?P<rest> .*)$", re.MULTILINE)
_IDLE = re.compile(r"\d+:\d\d:\d\d|\d+[ywd]\d+[wdh]|never")


def users(text: str) -> list[Found] | None:
    """C(show users): who is on which line, idle since when, from where. C(own) is this session."""
    if not re.search(r"^ *Line +User +Host\(s\) +Idle +Location", text, re.MULTILINE):
        return None
    rows = []
    for found in _USER.finditer(text):
        words = found["rest"].split()
        idle = next((place for place, word in enumerate(words) if _IDLE.fullmatch(word)), len(words))
        rows.append(
            {
                "line": int(found["line"]),
                "name": " ".join(found["name"].split()),
                "own": bool(found["own"]),
                "user": words[idle - 2] if idle >= 2 else None,
                "host": words[idle - 1] if idle else None,
                "idle": words[idle] if idle < len(words) else None,
                "location": words[idle + 1] if idle + 1 < len(words) else None,
            }
        )
    return rows


def rsa_keys(text: str) -> list[Found] | None:
    """C(show crypto key mypubkey rsa): name, use and length in bits of each key; an empty list where there is none."""
    found = []
    for block in blocks(r"^ *Key name: ", text):
        one = first(r"^ *Key name: (?P<name>\S+)", block)
        one.update(first(r"^ *Usage: (?P<usage>.+)$", block))
        data = re.search(r"^ *Key Data:?\s+((?:[0-9A-Fa-f]{2,8}\s*)+)", block, re.MULTILINE)
        one["modulus"] = _modulus(bytes.fromhex("".join(data[1].split()))) if data else None
        found.append(one)
    return found if found or not text.strip() or text.lstrip().startswith("%") else None


def _modulus(der: bytes) -> int | None:
    """Bits of the modulus in a SubjectPublicKeyInfo (RFC 5280) of an RSA key (RFC 8017); null where it is none."""
    try:
        _tag, outer, _end = _element(der, 0)
        _tag, _algorithm, after = _element(der, outer)
        tag, bits, _end = _element(der, after)
        _tag, key, _end = _element(der, bits + 1)
        number, start, end = _element(der, key)
    except IndexError:
        return None
    return int.from_bytes(der[start:end], "big").bit_length() if (tag, number) == (3, 2) else None


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the contents of the DER element at a place."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    if start + length > len(der):
        raise IndexError
    return der[at], start, start + length
