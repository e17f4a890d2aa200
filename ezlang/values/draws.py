"""Random numbers that parties draw for `random`: from the operating system, or from a given seed.

A party's draws are the key stream of AES-128 in counter mode [SP800-38A] under a key of the
operating system, in the order of the program. Real parties use no seed: it is for the clear and the
simulated executor, and for tests, so that all executors have the same draws.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Final

from ezlang.types.types import ScalarType

MODULUS: Final = 1 << 64
"""The bits of a bound are those of an int64; it is the bound modulo this."""

_KEY: Final = 16
_AHEAD: Final = 1 << 12

_seed: ContextVar[int | None] = ContextVar("seed", default=None)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Let parties in the block draw from this seed; with None, from whatever is set outside."""
    token = _seed.set(_seed.get() if seed is None else seed)
    try:
        yield
    finally:
        _seed.reset(token)


def seed_of_draws() -> int | None:
    """Return the seed that is set, if there is one."""
    return _seed.get()


class Draws:
    """The draws of one party, in order."""

    def __init__(self, party: str) -> None:
        seed = _seed.get()
        drawn = None if seed is None else sha256(f"{seed}/draws of {party}".encode()).digest()
        self._key = os.urandom(_KEY) if drawn is None else drawn[:_KEY]
        self._stream: Iterator[bytes] | None = None
        self._rest = b""

    def numbers(self, element: ScalarType, count: int, below: int = 0) -> list[int]:
        """Return uniform numbers as integers that represent them.

        They are from 0 to below `below`, or of the whole ring if that is 0. In the first case, a
        number of as many bits is drawn until one is below it.
        """
        if below:
            return [self._below(below) for _ in range(count)]
        if element.is_logical:
            return [byte & 1 for byte in self._bytes(count)]
        size, signed = element.bytes, element.low < 0
        raw = self._bytes(size * count)
        return [
            int.from_bytes(raw[at : at + size], "little", signed=signed)
            for at in range(0, size * count, size)
        ]

    def _below(self, below: int) -> int:
        bits = (below - 1).bit_length()
        while True:
            number = int.from_bytes(self._bytes(-(-bits // 8)), "little") & ((1 << bits) - 1)
            if number < below:
                return number

    def _bytes(self, count: int) -> bytes:
        if self._stream is None:
            self._stream = _key_stream(self._key)
        while len(self._rest) < count:
            self._rest += next(self._stream)
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def _key_stream(key: bytes) -> Iterator[bytes]:
    """Yield the key stream, in parts that grow."""
    from cryptography.hazmat.primitives.ciphers import Cipher  # seldom needed
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR

    encryptor = Cipher(AES(key), CTR(bytes(_KEY))).encryptor()
    ahead = _AHEAD
    while True:
        yield encryptor.update(bytes(ahead))
        ahead = min(2 * ahead, 1 << 20)
