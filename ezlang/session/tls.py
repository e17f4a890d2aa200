"""TLS 1.3 between sides that have pinned each other's keys.

Both sides show a certificate and prove that they have its key. OpenSSL accepts the certificates
that are pinned and no others; then the fingerprint of the key is compared with those pinned, too.
Nothing is resumed: there are no tickets and no early data, so every session has new keys, and a
recorded handshake is worth nothing. A host's name plays no part.

In TLS 1.3 the side that dials has finished before the other has seen its certificate. So the side
that listens says `ACCEPTED` once it has, and the other one sends nothing before that.
"""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path
from typing import Final

from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import errors
from .identity import check_key_file, expiry, fingerprint
from .sockets import reason

ACCEPTED: Final = b"\x06"
NOT_YET: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket over TLS raises where it would have to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A side whose key is known: its name, and its certificate in DER."""

    name: str
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """By what a side proves who it is, and whom it talks to.

    `name` is its own, `file` the path of its private key and certificate, `peers` are the others:
    whoever dials it must be one of them, and whoever it dials, too.
    """

    name: str
    file: str
    peers: tuple[Pin, ...]

    def of_party(self, number: int, own: int) -> Pin:
        """Return the pin of another party of a program by its number; `own` is this side's."""
        return self.peers[number - (number > own)]


def secured(
    connection: socket.socket, keys: Keys, deadline: float, *, dialled: bool
) -> tuple[ssl.SSLSocket, str]:
    """Return a connection over TLS, and the name of the peer. It owns the given one.

    `deadline`: `time.monotonic` at which the handshake must be over. `dialled`: whether this side
    has dialled the other. Raises EzError, and closes the connection, if the peer isn't pinned.
    """
    secure = None
    try:
        _limit(connection, deadline)
        context = _context(keys, dialled)
        secure = context.wrap_socket(
            connection, server_side=not dialled, do_handshake_on_connect=False
        )
        secure.do_handshake()
        name = _name_of(secure, keys)
        _limit(secure, deadline)
        if not dialled:
            secure.sendall(ACCEPTED)
        elif (said := secure.recv(len(ACCEPTED))) != ACCEPTED:
            raise (
                errors.not_ezlang("it didn't accept the connection")
                if said
                else errors.unanswered()
            )
        return secure, name
    except BaseException as error:
        (secure or connection).close()
        if isinstance(error, OSError):
            raise _refusal(error) from None
        raise


def _limit(connection: socket.socket, deadline: float) -> None:
    connection.settimeout(max(deadline - time.monotonic(), 0.001))


@lru_cache(maxsize=16)
def _context(keys: Keys, dialled: bool) -> ssl.SSLContext:
    """Return the settings of a side. Raises EzError if its key can't be used."""
    check_key_file(Path(keys.file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if dialled else ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what is pinned is trusted as it is
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not dialled:
        context.num_tickets = 0
    try:
        # No passphrase is asked for on the terminal.
        context.load_cert_chain(keys.file, password=str)
    except (OSError, ValueError):
        raise errors.no_key(f"{keys.file} holds no private key with its certificate") from None
    for peer in keys.peers:
        context.load_verify_locations(cadata=peer.certificate)
    return context


def check_own(keys: Keys, certificate: bytes) -> None:
    """Raise EzError if this side's own certificate has expired."""
    until = expiry(certificate)
    if until < datetime.now(UTC):
        raise errors.no_key(
            f"The certificate of {keys.name} has expired on {until:%Y-%m-%d}",
            f"make a new one with `ezlang party init {keys.name} --renew`, and send the new card "
            "to the other side",
        )


def _name_of(secure: ssl.SSLSocket, keys: Keys) -> str:
    """Return the name of the peer, whose key must be pinned. Raises EzError."""
    shown = secure.getpeercert(binary_form=True)
    if secure.version() != "TLSv1.3" or shown is None or secure.session_reused:
        raise errors.peer_refused("it did not prove who it is by TLS 1.3")
    found = fingerprint(shown)
    for peer in keys.peers:
        if compare_digest(found, fingerprint(peer.certificate)):
            return peer.name
    raise errors.peer_refused("it has a key that is not pinned here")


def _refusal(error: OSError) -> EzError:
    """Return the error for a handshake that failed."""
    if isinstance(error, TimeoutError):
        return errors.greeting_late()
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return errors.unanswered()
    if isinstance(error, ssl.SSLCertVerificationError):
        code, text = error.verify_code, error.verify_message
        return errors.peer_refused(_FLAWS.get(code, f"its certificate is not accepted ({text})"))
    name = error.reason or reason(error)
    for part, why in _REASONS.items():
        if part in name:
            return errors.peer_refused(why)
    return errors.peer_refused(f"the handshake of TLS failed ({name.lower().replace('_', ' ')})")


_FLAWS: Final = {
    9: "its certificate is not valid yet; see whether the clocks of both machines are right",
    10: "its certificate has expired",
    **dict.fromkeys((18, 19, 20, 21), "it has a key that is not pinned here"),
}
"""X509_V_ERR_… of OpenSSL → what is wrong with a peer's certificate."""

_REASONS: Final = {
    "ALERT_UNKNOWN_CA": "it has not pinned the key of this side",
    "ALERT_CERTIFICATE_EXPIRED": "it says that the certificate of this side has expired",
    "ALERT_CERTIFICATE_REQUIRED": "it says that this side has shown no certificate",
    "ALERT_BAD_CERTIFICATE": "it does not accept the certificate of this side",
    "ALERT_PROTOCOL_VERSION": "it does not speak TLS 1.3",
    "UNSUPPORTED_PROTOCOL": "it does not speak TLS 1.3",
    "DID_NOT_RETURN_A_CERTIFICATE": "it has shown no certificate",
    "HTTP_REQUEST": "it does not speak TLS",
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
}
"""Part of a reason of OpenSSL → what happened."""
