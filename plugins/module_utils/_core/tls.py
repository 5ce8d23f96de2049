# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""TLS 1.3 to a pinned peer. Loaded only where an address needs it."""

from __future__ import annotations

import hashlib
import socket
import ssl
import typing as t

from .errors import InvalidOption, Unreachable, Untrusted, no_connection
from .pem import BEGIN, END


class TLSEndpoint(t.NamedTuple):
    """A TLS 1.3 server whose certificate is pinned by its SHA-256 fingerprint.

    :param fingerprint: 64 hexadecimal digits, lower case
    :param client_cert: path of the client certificate (PEM), or null
    :param client_key: path of its key (PEM, not encrypted), or null where the certificate's file holds it
    :param headers: what every request carries, such as a token
    """

    host: str
    port: int
    fingerprint: str
    client_cert: str | None = None
    client_key: str | None = None
    headers: t.Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"https://{self.host}:{self.port}"

    def connect(self, timeout: float) -> ssl.SSLSocket:
        secured = self._greeted(timeout)
        seen = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
        if seen != self.fingerprint:
            secured.close()
            raise Untrusted(
                f"the server's certificate has the fingerprint {seen}, but {self.fingerprint} is pinned",
                endpoint=str(self),
                next_step="nothing was sent; find out which is right before you change the pin",
            )
        return secured

    def certificate(self, timeout: float) -> str:
        """The certificate (PEM) that the server shows, whichever is pinned."""
        with self._greeted(timeout) as secured:
            return _shown(secured)

    def _greeted(self, timeout: float) -> ssl.SSLSocket:
        """A connection to a server of which nothing is known yet but that it speaks TLS 1.3."""
        context = _context(self)
        try:
            return context.wrap_socket(socket.create_connection((self.host, self.port), timeout))
        except ssl.SSLError as error:
            raise Unreachable(
                f"no TLS 1.3 connection: {error.reason or error}",
                endpoint=str(self),
                next_step="check that an Incus or LXD daemon listens there",
            ) from None
        except (OSError, UnicodeError) as error:
            hint = "check the address, and that the daemon's 'core.https_address' is set"
            raise no_connection(error, self, hint) from None


def _context(endpoint: TLSEndpoint) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the pinned fingerprint, checked after the handshake, says more than a name
    context.verify_mode = ssl.CERT_NONE
    if endpoint.client_cert:
        try:
            context.load_cert_chain(endpoint.client_cert, endpoint.client_key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            reason = getattr(error, "strerror", None) or error
            key = f"'{endpoint.client_key}'" if endpoint.client_key else "a key in the same file"
            raise InvalidOption(
                f"cannot use the client certificate '{endpoint.client_cert}' with {key}: {reason}",
                next_step="both must be readable PEM files that belong together, the key not encrypted",
            )
    return context


def certificate_of(host: str, port: int, fingerprint: str, timeout: float) -> str:
    """The certificate of a TLS server as PEM, which must have a fingerprint that is known already.

    :raises Unreachable: nobody answers there, or somebody with another certificate
    """
    with TLSEndpoint(host, port, fingerprint).connect(timeout) as secured:
        return _shown(secured)


def _shown(secured: ssl.SSLSocket) -> str:
    """The certificate that a server shows, as PEM."""
    return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")


def fingerprint_of(certificate: str) -> str:
    """The SHA-256 fingerprint of the first certificate in a PEM file."""
    try:
        with open(certificate, encoding="ascii") as file:
            return fingerprint_of_pem(file.read())
    except OSError as error:
        raise InvalidOption(f"cannot read a PEM certificate from '{certificate}': {error.strerror}") from None
    except ValueError:
        raise InvalidOption(f"there is no whole PEM certificate in '{certificate}'") from None


def fingerprint_of_pem(pem: str) -> str:
    """The SHA-256 fingerprint of the first certificate in a PEM text.

    :raises ValueError: there is none
    """
    first = pem[pem.index(BEGIN) : pem.index(END) + len(END)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
