"""Correlated OTs and their pads in Python integers, as references of kernels."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ezlang.compiler.protocols.native.calls import padded
from tests.support.kernel_calls import aes

Array = np.ndarray[Any, Any]
FIRST = 32
RNG = np.random.default_rng(7)
START = RNG.integers(0, 256, 16, np.uint8)
DELTA = RNG.integers(0, 1 << 63, 2, np.uint64)


class Reference:
    """Correlated OTs and their pads in Python integers; counts how often each key is used."""

    def __init__(self, count: int) -> None:
        self.choices = padded(RNG.integers(0, 2, count, np.uint8))
        self.sent = RNG.integers(0, 1 << 63, (count, 2), np.uint64)
        self.received = self.sent ^ (DELTA * self.choices[:, None].astype(np.uint64))
        self.keys: Counter[int] = Counter()

    def pads(self, ot: int, key: int, counter: int = 0) -> tuple[int, int]:
        """Return P₀ and P₁ of 128 bits."""
        self.keys[key] += 1
        zero = int.from_bytes(self.sent[ot].tobytes(), "little")
        delta = int.from_bytes(DELTA.tobytes(), "little")
        first, second = (_hash(x, key, counter) for x in (zero, zero ^ delta))
        return first, second


def _hash(x: int, tweak: int, counter: int) -> int:
    high, low = x >> 64, x & (1 << 64) - 1
    point = ((high ^ low) << 64 | high) ^ counter
    key = (int.from_bytes(START.tobytes(), "little") ^ tweak).to_bytes(16, "little")
    return int.from_bytes(aes(key, point.to_bytes(16, "little")), "little") ^ point
