# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a device stores secrets: written from the facts, independent of the product's own code on purpose."""

from __future__ import annotations

import base64
import functools
import hashlib
import typing as t

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
KEY7 = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"


class Secret(t.NamedTuple):
    """A secret as the device keeps it.

    :param kind: 0 clear, 7 obscured, 5, 8, 9 hashed
    """

    kind: int
    text: str

    def shown(self) -> str:
        """As running-config prints it after its keyword."""
        return f"{self.kind} {self.text}" if self.kind else self.text

    def admits(self, plaintext: str) -> bool:
        """Whether that is the secret."""
        if self.kind == 0:
            return plaintext == self.text
        if self.kind == 7:
            return plaintext == reveal(self.text)
        return hashed(self.kind, plaintext, self.text.split("$")[2]) == self.text


def obscure(plaintext: str, salt: int) -> str:
    """Type 7."""
    body = bytes(byte ^ KEY7[(salt + at) % len(KEY7)] for at, byte in enumerate(plaintext.encode("latin-1")))
    return f"{salt:02d}{body.hex().upper()}"


def reveal(stored: str) -> str:
    """The plaintext of type 7."""
    salt, body = int(stored[:2]), bytes.fromhex(stored[2:])
    return bytes(byte ^ KEY7[(salt + at) % len(KEY7)] for at, byte in enumerate(body)).decode("latin-1")


@functools.lru_cache(maxsize=512)
def hashed(kind: int, plaintext: str, salt: str) -> str:
    """Types 5, 8 and 9."""
    word, grain = plaintext.encode("latin-1"), salt.encode()
    if kind == 5:
        return f"$1${salt}${_md5crypt(word, grain)}"
    if kind == 8:
        digest = hashlib.pbkdf2_hmac("sha256", word, grain, 20000)
    else:
        digest = hashlib.scrypt(word, salt=grain, n=16384, r=1, p=1, dklen=32)
    text = base64.b64encode(digest).decode().rstrip("=").translate(str.maketrans(BASE64, ALPHABET))
    return f"${kind}${salt}${text}"


def salted(kind: int, plaintext: str, seed: int) -> Secret:
    """A new secret of that kind; the salt follows from the seed, so that a run can be repeated."""
    length = 4 if kind == 5 else 14
    digest = hashlib.sha256(f"{seed}/{kind}".encode()).digest()
    salt = "".join(ALPHABET[byte % 64] for byte in digest[:length])
    return Secret(kind, hashed(kind, plaintext, salt))


def _md5crypt(word: bytes, salt: bytes) -> str:
    """MD5-crypt's 22 characters (the scheme of FreeBSD 2.0's crypt)."""
    inner = hashlib.md5(word + salt + word).digest()
    outer = hashlib.md5(word + b"$1$" + salt)
    outer.update((inner * (len(word) // 16 + 1))[: len(word)])
    length = len(word)
    while length:
        outer.update(b"\0" if length & 1 else word[:1])
        length >>= 1
    final = outer.digest()
    for turn in range(1000):
        block = hashlib.md5(word if turn & 1 else final)
        block.update((salt if turn % 3 else b"") + (word if turn % 7 else b""))
        block.update(final if turn & 1 else word)
        final = block.digest()
    text = ""
    for group in ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)):
        value = final[group[0]] << 16 | final[group[1]] << 8 | final[group[2]]
        text += "".join(ALPHABET[value >> shift & 63] for shift in (0, 6, 12, 18))
    return text + ALPHABET[final[11] & 63] + ALPHABET[final[11] >> 6]
