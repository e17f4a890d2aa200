"""Base oblivious transfers: random OTs from a prime-order group.

This is the "simplest OT" of Chou and Orlandi [CO15] in the prime-order subgroup of edwards25519,
with libsodium. The sender obtains n pairs of 16-byte keys, and the receiver one key of each pair,
selected by its choice bits c.

    sender                                   receiver
    a random, A = a·G          ── A ──▶      b_i random
                               ◀─ B_i ──     B_i = b_i·G + c_i·A
    k_i⁰ = H(i, A, B_i, a·B_i)               k_i = H(i, A, B_i, b_i·A)
    k_i¹ = H(i, A, B_i, a·B_i − a·A)

Cost: one round trip; 32 bytes from the sender, 32·n from the receiver; one scalar multiplication
per OT at the sender, two at the receiver. Security: semi-honest parties, H = SHA-256 as a random
oracle, computational Diffie-Hellman. B_i is uniform regardless of c_i; computing both keys of an OT
implies computing a·A for A = a·G. Received points are checked to be on the curve and in the
prime-order subgroup; any other point raises an EzError (EZ5021). The receiver computes both b·G and
b·G + A and selects one without branching on c.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt
from nacl import bindings, exceptions

from ezlang.diagnostics.diagnostic import Diagnostic, EzError

from ..core.channel import Channel

POINT_BYTES: Final = bindings.crypto_core_ed25519_BYTES
KEY_BYTES: Final = 16
_DOMAIN: Final = b"ezlang base OT"


class BaseOtSender:
    """The sender of base OTs."""

    def __init__(self, channel: Channel, count: int) -> None:
        self._channel = channel
        self._count = count
        self._scalar = _random_scalar()
        self._point = bindings.crypto_scalarmult_ed25519_base_noclamp(self._scalar)
        self._replies: list[bytes] = []

    def offer(self) -> None:
        """Send A."""
        self._channel.send(self._point)

    def accept(self) -> None:
        """Receive all B_i."""
        self._replies = _receive_points(self._channel, self._count)

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Return the pairs of keys. A multiplication refuses what is no point of the subgroup."""
        a, big_a = self._scalar, self._point
        found = []
        try:
            square = bindings.crypto_scalarmult_ed25519_noclamp(a, big_a)
            for i, b in enumerate(self._replies):
                shared = bindings.crypto_scalarmult_ed25519_noclamp(a, b)
                other = bindings.crypto_core_ed25519_sub(shared, square)
                found.append((_key(i, big_a, b, shared), _key(i, big_a, b, other)))
        except exceptions.CryptoError as error:
            raise _bad_point() from error
        return found


class BaseOtReceiver:
    """The receiver of base OTs, with choice bits: bytes of 0 or 1."""

    def __init__(self, channel: Channel, choices: npt.NDArray[np.uint8]) -> None:
        self._channel = channel
        self._choices = choices
        self._scalars = [_random_scalar() for _ in range(len(choices))]
        self._points: list[bytes] = []
        self._point = b""

    def answer(self) -> None:
        """Receive A; send all B_i."""
        (self._point,) = _receive_points(self._channel, 1)
        if not bindings.crypto_core_ed25519_is_valid_point(self._point):
            raise _bad_point()
        firsts = [bindings.crypto_scalarmult_ed25519_base_noclamp(s) for s in self._scalars]
        seconds = [bindings.crypto_core_ed25519_add(first, self._point) for first in firsts]
        message = _picked(firsts, seconds, self._choices)
        self._points = [bytes(point) for point in message]
        self._channel.send(message.tobytes())
        self._channel.flush()

    def keys(self) -> list[bytes]:
        """Return one key for each choice."""
        big_a = self._point
        shared = [bindings.crypto_scalarmult_ed25519_noclamp(s, big_a) for s in self._scalars]
        return [
            _key(i, big_a, *both) for i, both in enumerate(zip(self._points, shared, strict=True))
        ]


def _random_scalar() -> bytes:
    """Return a uniform scalar modulo the group order (512 random bits, reduced)."""
    return bytes(bindings.crypto_core_ed25519_scalar_reduce(os.urandom(64)))


def _picked(
    firsts: list[bytes], seconds: list[bytes], choices: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return one of each two points, [n][32], without a branch or an address by the choices."""
    x, y = (
        np.frombuffer(b"".join(points), np.uint8).reshape(-1, POINT_BYTES)
        for points in (firsts, seconds)
    )
    return x ^ ((x ^ y) & np.negative(choices)[:, None])


def _key(index: int, big_a: bytes, b: bytes, shared: bytes) -> bytes:
    parts = (_DOMAIN, index.to_bytes(4, "little"), big_a, b, shared)
    return sha256(b"".join(parts)).digest()[:KEY_BYTES]


def _receive_points(channel: Channel, count: int) -> list[bytes]:
    data = bytearray(POINT_BYTES * count)
    channel.receive_into(memoryview(data))
    return [bytes(data[i : i + POINT_BYTES]) for i in range(0, len(data), POINT_BYTES)]


def _bad_point() -> EzError:
    return EzError(
        Diagnostic(
            code="EZ5021",
            message="The other party sent something that is not a valid group element of a base OT",
            span=None,
            help="make sure that both sides run the same version of ezlang over an intact network",
        ),
        exit_code=3,
    )
