"""The ideal dealer: a source of the correlated randomness that real runs get by preprocessing.

The dealer never sees an input, and each party receives only its own shares. Everything that is
dealt is used once. `dealt` counts it by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.protocols.core.preprocessing import BitTriple, RandomBit, RingTriple
from ezlang.compiler.protocols.dealt.demands import Kind
from ezlang.records import dataclass

from .randomness import Randomness
from .shares import Shares, additive, xored

if TYPE_CHECKING:
    from .observer import Observer

BitTripleShares = tuple[list[int], list[int], list[int]]
"""Shares, one per party, of random wires a and b and of a ∧ b."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdaBits:
    """A random number of `bits` bits, shared both additively and bit by bit [EGKRS20]."""

    bits: int


Dealt = Kind | EdaBits
"""A kind of correlated randomness."""


@dataclass(slots=True)
class Dealer:
    """A dealer of correlated randomness to `parties` parties; the `observer` sees what it deals."""

    parties: int
    randomness: Randomness
    observer: Observer | None = None
    dealt: Counter[Dealt] = field(default_factory=Counter)

    def bit_triple(self, count: int) -> BitTripleShares:
        """Return XOR shares of c = a ∧ b for `count` random bits each [Bea91]."""
        self.dealt[BitTriple()] += count
        draw = self.randomness.bits
        a = [draw(count) for _ in range(self.parties)]
        b = [draw(count) for _ in range(self.parties)]
        c = [draw(count) for _ in range(self.parties - 1)]
        last = _xor(a) & _xor(b)
        for share in c:
            last ^= share
        c.append(last)
        self._show("bit triple", a, b, c)
        return a, b, c

    def triple(self, type: np.dtype[Any], shape: tuple[int, ...]) -> tuple[Shares, Shares, Shares]:
        """Return additive shares of c = a · b mod 2^w for random a and b [Bea91]."""
        self.dealt[RingTriple(bits=8 * type.itemsize)] += _size(shape)
        a, b = self.randomness.array(type, shape), self.randomness.array(type, shape)
        c = np.asarray(a * b)
        made = self._additive(a), self._additive(b), self._additive(c)
        self._show("triple", *made)
        return made

    def eda_bits(self, type: np.dtype[Any], shape: tuple[int, ...]) -> tuple[Shares, Shares]:
        """Return random words r in both forms: additive shares and XOR shares [EGKRS20]."""
        self.dealt[EdaBits(bits=8 * type.itemsize)] += _size(shape)
        r = self.randomness.array(type, shape)
        made = self._additive(r), self._xored(r)
        self._show("edaBit", *made)
        return made

    def da_bits(self, type: np.dtype[Any], shape: tuple[int, ...]) -> tuple[Shares, Shares]:
        """Return random bits r in both forms: XOR shares and additive shares mod 2^w [RW19]."""
        self.dealt[RandomBit(bits=8 * type.itemsize)] += _size(shape)
        r = self.randomness.array(np.dtype(np.bool_), shape)
        made = self._xored(r), self._additive(r.astype(type))
        self._show("daBit", *made)
        return made

    def _show(self, what: str, *numbers: Sequence[Any]) -> None:
        """Tell the observer each party's shares of random numbers."""
        if self.observer is not None:
            self.observer.dealt(what, list(zip(*numbers, strict=True)))

    def _additive(self, value: Array) -> Shares:
        return additive(value, self.parties, self.parties - 1, self.randomness)

    def _xored(self, value: Array) -> Shares:
        return xored(value, self.parties, self.parties - 1, self.randomness)


def _xor(values: list[int]) -> int:
    result = 0
    for value in values:
        result ^= value
    return result


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
