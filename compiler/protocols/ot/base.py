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

from nacl import bindings, exceptions

from ezlang.diagnostics.diagnostic import Diagnostic, EzError

from ..core.channel import Channel

POINT_BYTES: Final = bindings.crypto_core_ed25519_BYTES
KEY_BYTES: Final = 16
_DOMAIN: Final = b"ezlang base OT"


def send_base_ots(channel: Channel, count: int) -> list[tuple[bytes, bytes]]:
    """Run the sender; return its pairs of keys."""
    a = _random_scalar()
    big_a = bindings.crypto_scalarmult_ed25519_base_noclamp(a)
    channel.send(big_a)
    replies = _receive_points(channel, count)
    pairs = []
    try:
        square = bindings.crypto_scalarmult_ed25519_noclamp(a, big_a)
        for i, b in enumerate(replies):
            shared = bindings.crypto_scalarmult_ed25519_noclamp(a, b)
            other = bindings.crypto_core_ed25519_sub(shared, square)
            pairs.append((_key(i, big_a, b, shared), _key(i, big_a, b, other)))
    except exceptions.CryptoError as error:
        raise _bad_point() from error
    return pairs


def receive_base_ots(channel: Channel, choices: list[int]) -> list[bytes]:
    """Run the receiver with choice bits (0 or 1); return one key per bit."""
    (big_a,) = _receive_points(channel, 1)
    scalars = [_random_scalar() for _ in choices]
    points = []
    for scalar, choice in zip(scalars, choices, strict=True):
        first = bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)
        second = bindings.crypto_core_ed25519_add(first, big_a)
        points.append(_pick(first, second, choice))
    channel.send(b"".join(points))
    channel.flush()
    try:
        shared = [bindings.crypto_scalarmult_ed25519_noclamp(s, big_a) for s in scalars]
    except exceptions.CryptoError as error:
        raise _bad_point() from error
    return [_key(i, big_a, b, s) for i, (b, s) in enumerate(zip(points, shared, strict=True))]


def _random_scalar() -> bytes:
    """Return a uniform scalar modulo the group order (512 random bits, reduced)."""
    return bytes(bindings.crypto_core_ed25519_scalar_reduce(os.urandom(64)))


def _pick(first: bytes, second: bytes, choice: int) -> bytes:
    """Return one of two strings of equal length, without a branch on `choice`."""
    x, y = int.from_bytes(first, "little"), int.from_bytes(second, "little")
    return (x ^ ((x ^ y) * choice)).to_bytes(len(first), "little")


def _key(index: int, big_a: bytes, b: bytes, shared: bytes) -> bytes:
    parts = (_DOMAIN, index.to_bytes(4, "little"), big_a, b, shared)
    return sha256(b"".join(parts)).digest()[:KEY_BYTES]


def _receive_points(channel: Channel, count: int) -> list[bytes]:
    data = bytearray(POINT_BYTES * count)
    channel.receive_into(memoryview(data))
    points = [bytes(data[i : i + POINT_BYTES]) for i in range(0, len(data), POINT_BYTES)]
    if not all(bindings.crypto_core_ed25519_is_valid_point(point) for point in points):
        raise _bad_point()
    return points


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
