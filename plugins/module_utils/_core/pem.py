# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Certificates that are given as text or as the path of a file."""

from __future__ import annotations

from .errors import InvalidOption

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def pem(option: str, given: str) -> str:
    """A PEM text with a certificate.

    :param option: where it is given, for the message
    :param given: the text itself or the path of its file
    :raises InvalidOption: there is none
    """
    if BEGIN in given:
        return given
    if "-----BEGIN" in given or "\n" in given:  # most likely the key, which nobody is to read in a message
        raise InvalidOption(f"the text in '{option}' holds no certificate", next_step="give a certificate in PEM")
    try:
        with open(given, encoding="ascii") as file:
            text = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no PEM file"
        raise InvalidOption(
            f"cannot read '{option}' from '{given}': {reason}",
            next_step="give a certificate in PEM, or the path of its file on the managed host",
        ) from None
    if BEGIN not in text:
        raise InvalidOption(
            f"there is no certificate in '{given}'",
            next_step=f"'{option}' is a certificate in PEM, or the path of its file",
        )
    return text


def first(option: str, given: str) -> tuple[str, str]:
    """The first certificate of the same, from its first line to its last, and its SHA-256 fingerprint."""
    from .tls import fingerprint_of_pem  # the ssl module takes its time

    text = pem(option, given)
    begin = text.index(BEGIN)
    try:
        whole = text[begin : text.index(END, begin) + len(END)]
        return whole, fingerprint_of_pem(whole)
    except ValueError:
        raise InvalidOption(f"'{option}' holds a certificate that is damaged", next_step="give all of it") from None


def encoded(certificate: str) -> str:
    """What is between the first and the last line, in one."""
    return "".join(certificate[len(BEGIN) : -len(END)].split())
