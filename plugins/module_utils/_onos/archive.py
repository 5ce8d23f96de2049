# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Archives of applications: C(.oar), a bundle C(.jar) that carries an C(app.xml), or a plain C(app.xml).

The controller gives back the bytes of an uploaded archive (C(GET .../bits)), so a SHA-256 tells whether it is there.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from .._core.errors import InvalidOption, NotFound, Unreachable


class Archive(t.NamedTuple):
    """What an archive says of its application.

    :param version: in OSGi's form
    :param required: the applications that it needs
    :param digests: SHA-256 of the bytes that the controller may give back for it
    """

    name: str
    version: str
    required: tuple[str, ...]
    digests: frozenset[str]
    bits: bytes


def osgi(version: str) -> str:
    """A version in OSGi's form, as the controller shows it: C(1.0-SNAPSHOT) is C(1.0.SNAPSHOT)."""
    return version.strip().replace("-", ".")


def read(bits: bytes, source: str) -> Archive:
    """The content of an archive.

    :param source: where it came from, for messages
    :raises InvalidOption: it is none, or not whole
    """
    import zipfile
    from xml.etree import ElementTree  # most runs change nothing, and read no archive

    try:
        descriptor = _descriptor(bits)
        root = ElementTree.fromstring(descriptor)
    except (zipfile.BadZipFile, EOFError, ElementTree.ParseError, KeyError, ValueError) as error:
        raise InvalidOption(
            f"'{source}' is no application archive, or not whole: {error}",
            next_step="give an .oar, a bundle .jar with an app.xml, or an app.xml; if it was downloaded, do that again",
        ) from None
    if root.tag != "app" or not root.get("name") or not root.get("version"):
        raise InvalidOption(
            f"the app.xml of '{source}' names no application", next_step="it begins <app name= version="
        )
    return Archive(
        root.attrib["name"],
        osgi(root.attrib["version"]),
        tuple(part.strip() for part in root.get("apps", "").split(",") if part.strip()),
        frozenset(map(digest, (bits, descriptor))),
        bits,
    )


def _descriptor(bits: bytes) -> bytes:
    """The app.xml. Reading every member's checksum finds what was cut or altered on the way."""
    if bits[:2] != b"PK":
        if b"<!DOCTYPE" in bits or b"<!ENTITY" in bits:
            raise ValueError("an app.xml has no document type")
        return bits
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(bits)) as archive:
        broken = archive.testzip()
        if broken:
            raise zipfile.BadZipFile(f"its member '{broken}' is damaged")
        return archive.read("app.xml")


def digest(bits: bytes) -> str:
    """The SHA-256, in hexadecimal digits."""
    return hashlib.sha256(bits).hexdigest()


def wanted_digest(checksum: str | None) -> str | None:
    """The SHA-256 that an option C(checksum) names, with or without its C(sha256:).

    :raises InvalidOption: it is none
    """
    if not checksum:
        return None
    text = checksum.strip().lower()
    text = text[len("sha256:") :] if text.startswith("sha256:") else text
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise InvalidOption(f"'checksum' is '{checksum}'", next_step="give 64 hexadecimal digits of SHA-256")
    return text


def is_url(source: str) -> bool:
    """Whether a source is an address and not a path."""
    return bool(re.match(r"[a-z]+://", source))


def load(source: str, checksum: str | None, timeout: float) -> bytes:
    """The bytes at a path of this host or at an address, their checksum held against the wanted one.

    :raises InvalidOption: the checksum is another
    """
    wanted = wanted_digest(checksum)
    bits = _download(source, timeout) if is_url(source) else _file(source)
    found = digest(bits)
    if wanted and found != wanted:
        raise InvalidOption(
            f"'{source}' has the SHA-256 {found}, but {wanted} is wanted",
            next_step="nothing was sent; find out which is right before you change the checksum",
        )
    return bits


def _file(source: str) -> bytes:
    try:
        with open(source, "rb") as file:
            return file.read()
    except OSError as error:
        raise NotFound(
            f"cannot read '{source}': {error.strerror}",
            code=error.errno,
            next_step="'src' is a path on the managed host; put the archive there first, or give an address",
        ) from None


def _download(source: str, timeout: float) -> bytes:
    from ansible.module_utils.urls import open_url  # rare

    try:
        return open_url(source, timeout=timeout).read()
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"cannot download '{source}': {error}", next_step="check the address, and that the managed host reaches it"
        ) from None
