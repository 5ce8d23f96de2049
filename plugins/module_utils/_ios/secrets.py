# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The secrets of Cisco IOS: types 5, 7, 8 and 9 made, verified and masked.

Type 7 hides nothing: it is decoded. Types 5 (md5-crypt), 8 (PBKDF2-HMAC-SHA256) and 9 (scrypt) are one-way: a plaintext
is verified against them. Source: the hashcat example hashes, which all these functions reproduce.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import os
import re
import typing as t

from .._core.errors import InvalidOption

KEY7 = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
TO_CISCO = str.maketrans(STANDARD, ALPHABET)
MASK, NEW_MASK = "<secret>", "<new secret>"


def decode7(stored: str) -> str:
    """The plaintext of a type 7 text: two decimal digits of salt, then pairs of hexadecimal digits."""
    remedy = "give it as the running-config shows it"
    try:
        salt, body = int(stored[:2]), bytes.fromhex(stored[2:])
        return bytes(byte ^ KEY7[(salt + at) % len(KEY7)] for at, byte in enumerate(body)).decode("utf-8")
    except ValueError:
        raise InvalidOption("the text is not a type 7 secret", next_step=remedy) from None


def encode7(plaintext: str, salt: int = 0) -> str:
    """The type 7 text of a plaintext. C(salt): 0 to 15, as IOS chooses it."""
    body = plaintext.encode()
    hidden = bytes(byte ^ KEY7[(salt + at) % len(KEY7)] for at, byte in enumerate(body))
    return f"{salt:02d}{hidden.hex().upper()}"


def hash5(plaintext: str, salt: str | None = None) -> str:
    """The type 5 hash: md5-crypt (C($1$)) with a salt of four characters."""
    salt = _salt(4) if salt is None else salt
    return f"$1${salt}${_md5_crypt(plaintext.encode(), salt.encode())}"


def hash8(plaintext: str, salt: str | None = None) -> str:
    """The type 8 hash: PBKDF2-HMAC-SHA256, 20000 rounds, a salt of 14 characters."""
    salt = _salt(14) if salt is None else salt
    return f"$8${salt}${_base64(hashlib.pbkdf2_hmac('sha256', plaintext.encode(), salt.encode(), 20000, 32))}"


def hash9(plaintext: str, salt: str | None = None) -> str:
    """The type 9 hash: scrypt with N=16384, r=1, p=1, a salt of 14 characters."""
    salt = _salt(14) if salt is None else salt
    digest = hashlib.scrypt(plaintext.encode(), salt=salt.encode(), n=16384, r=1, p=1, maxmem=64 << 20, dklen=32)
    return f"$9${salt}${_base64(digest)}"


HASHES = {"5": ("$1$", hash5), "8": ("$8$", hash8), "9": ("$9$", hash9)}


@functools.lru_cache(maxsize=4096)
def verify(kind: str, stored: str, plaintext: str) -> bool:
    """Whether a stored secret of a type ("0", "5", "7", "8", "9") is that of the plaintext; an unknown type is not."""
    kind = str(kind)
    if kind == "0":
        return hmac.compare_digest(stored.encode(), plaintext.encode())
    if kind == "7":
        return _decoded(stored) == plaintext
    if kind not in HASHES:
        return False
    prefix, make = HASHES[kind]
    salt, dollar, _digest = stored[len(prefix) :].partition("$")
    if not (stored.startswith(prefix) and dollar):
        return False
    return hmac.compare_digest(make(plaintext, salt).encode(), stored.encode())


def same(kind: str, stored: str, other_kind: str, other: str) -> bool:
    """Whether two written secrets are one and the same, as far as their types let it be known."""
    if (kind, stored) == (other_kind, other):
        return True
    plain, other_plain = _plaintext(kind, stored), _plaintext(other_kind, other)
    if plain is not None and other_plain is not None:
        return plain == other_plain
    if other_plain is not None:
        return verify(kind, stored, other_plain)
    return plain is not None and verify(other_kind, other, plain)


def _plaintext(kind: str, stored: str) -> str | None:
    if kind == "0":
        return stored
    return _decoded(stored) if kind == "7" else None


def _decoded(stored: str) -> str | None:
    try:
        return decode7(stored)
    except InvalidOption:
        return None


def _salt(length: int) -> str:
    return "".join(ALPHABET[byte & 63] for byte in os.urandom(length))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode().rstrip("=").translate(TO_CISCO)


def _md5_crypt(password: bytes, salt: bytes) -> str:
    """md5-crypt as FreeBSD defined it; Python's crypt module is gone since 3.13."""
    inner = hashlib.md5(password + salt + password, usedforsecurity=False).digest()
    text = password + b"$1$" + salt
    text += (inner * (len(password) // 16 + 1))[: len(password)]
    length = len(password)
    while length:
        text += b"\0" if length & 1 else password[:1]
        length >>= 1
    final = hashlib.md5(text, usedforsecurity=False).digest()
    for turn in range(1000):
        text = password if turn & 1 else final
        text += salt if turn % 3 else b""
        text += password if turn % 7 else b""
        text += final if turn & 1 else password
        final = hashlib.md5(text, usedforsecurity=False).digest()
    return "".join(_sextets(final))


def _sextets(final: bytes) -> t.Iterator[str]:
    for a, b, c in ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)):
        yield _encode64(final[a] << 16 | final[b] << 8 | final[c], 4)
    yield _encode64(final[11], 2)


def _encode64(number: int, count: int) -> str:
    return "".join(ALPHABET[number >> 6 * at & 63] for at in range(count))


# Where lines that the command table does not model carry secrets: what stands before, and the secret itself.
_TYPED = r"(?:(?:encrypted |unencrypted |[0-9] )?)"
_SECRET_PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(\b(?:password|secret|passphrase|key-string|pre-shared-key(?: address \S+(?: \S+)?)?(?: key)?"
        rf"|wpa-psk (?:ascii|hex)|server-key|authentication text) {_TYPED})(\S.*)",
        r"(^snmp-server community )(\S+)",
        rf"(^snmp-server host \S+ (?:traps |informs )?(?:version (?:1|2c|3 \S+) )?{_TYPED})(\S+)",
        rf"(\b(?:tacacs-server|radius-server)\b.* key {_TYPED})(\S.*)",
        rf"(^key {_TYPED})(\D\S*.*)",
        r"(^key \d )(\S.*)",
        rf"(\bisakmp key {_TYPED})(\S+)",
        rf"(\b(?:message-digest-key|authentication-key) \d+ md5 {_TYPED})(\S+)",
        r"(\bntp authentication-key \d+ md5 )(\S+)",
        rf"(\b(?:standby|vrrp|glbp)\b.* authentication (?:md5 key-string )?{_TYPED})(?!md5)(\S+)",
        rf"(^ip ospf authentication-key {_TYPED})(\S+)",
        r"(\b(?:auth (?:md5|sha\S*)|priv (?:des|3des|aes(?: \d+)?)) )(\S+)",
    )
)


_NEGATION = re.compile(r"\s*(?:(?:no|default|do) )*")


def mask_line(line: str) -> str:
    """An opaque line with the secrets that are known to stand in such lines masked."""
    negation = _NEGATION.match(line)
    before = negation[0] if negation else ""
    text = line[len(before) :].rstrip()
    for place in _SECRET_PLACES:
        text = place.sub(lambda found: found[1] + MASK if found[2] != MASK else found[0], text)
    return before + text
