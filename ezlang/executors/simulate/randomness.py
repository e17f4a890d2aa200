"""Randomness for the simulated parties and the dealer.

Each has its own generator, seeded by the operating system or, for reproducible traces, from a given
seed. The generator is the Mersenne Twister, which is predictable. This is acceptable because a
simulation shows every share anyway; a real run does not use this module.
"""

from __future__ import annotations

import os
from dataclasses import field
from random import Random
from typing import Any

import numpy as np

from ezlang.compiler.ir.evaluate import Array
from ezlang.records import dataclass


@dataclass(slots=True)
class Randomness:
    """A stream of random bits. `name` distinguishes the streams derived from one seed."""

    name: str
    seed: int | None
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        seeded = os.urandom(32) if self.seed is None else f"{self.seed}/{self.name}"
        self.random = Random(seeded)

    def bits(self, count: int) -> int:
        """Return an integer of `count` uniform bits."""
        return self.random.getrandbits(count) if count else 0

    def array(self, type: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        """Return an array of uniform words or bools."""
        size = int(np.prod(shape, dtype=np.int64))
        if type == np.bool_:
            raw = np.frombuffer(self.random.randbytes((size + 7) // 8), dtype=np.uint8)
            return np.unpackbits(raw, count=size).astype(np.bool_).reshape(shape)
        raw = np.frombuffer(self.random.randbytes(size * type.itemsize), dtype=type)
        return raw.reshape(shape)
