"""Polynomials modulo X^N + 1 and Q on kernels, as residues [limbs][N] in words of 32 bits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np

from ...kernels.ntt_products import TERMS
from ...kernels.ntt_tables import (
    MONTGOMERY,
    Words,
    join_constants,
    product_constants,
    residue_constants,
    transform_tables,
)
from ...kernels.polynomials import add_polynomials
from ..core.steps import Bytes
from ..homomorphic.parameters import Parameters
from .calls import Array, Native

Wide = tuple[Array, Array]
"""Integers modulo 2^128: their low words and their high words."""

Halves = tuple[Words, Words]
"""Both halves of ciphertexts."""

LANES: Final = 16
"""Kernels process this number of coefficients at a time."""

SMALL_BITS: Final = 27
"""Signed integers of so many bits are below all primes."""


class Ring:
    """The arithmetic of the ring of some parameters. Arrays are contiguous."""

    def __init__(self, native: Native, parameters: Parameters) -> None:
        native.load(add_polynomials, parameters.size)
        self.parameters = parameters
        self.size = parameters.size
        self.primes = parameters.primes
        self._native = native
        self._tables = _tables(self.primes, self.size)
        self._products = np.stack([product_constants(prime) for prime in self.primes])
        self._buffer = np.empty((TERMS, self.size), np.uint32)

    def zeros(self, *shape: int) -> Words:
        """Return polynomials [*shape][limbs][N] that are 0."""
        return np.zeros((*shape, len(self.primes), self.size), np.uint32)

    def add(
        self,
        out: Words,
        numbers: Array,
        high: Array | None = None,
        *,
        scale: int = 1,
        power: int = 0,
    ) -> None:
        """Add signed integers [n] times `scale`/2^`power` to residues [limbs][n].

        n is a multiple of 16. With `high`, the integers have two words; `numbers` are the lower.
        """
        double = high is not None
        upper = numbers if high is None else high
        constants = _constants(self.primes, scale, power, double=double)
        sizes = numbers.size, int(double), len(self.primes)
        self._native.call("residues_add", out, numbers, upper, constants, *sizes)

    def encode(self, out: Words, messages: Array, *, scale: int = 1) -> None:
        """Add ⌊Q·m/2^ℓ⌉ of ℓ-bit messages m, times `scale`, to residues.

        Q·m is r modulo 2^ℓ, −2^(ℓ−1) <= r < 2^(ℓ−1), and 0 modulo the primes: (Q·m − r)/2^ℓ is
        −r/2^ℓ modulo each.
        """
        bits = 8 * messages.itemsize
        factor = messages.dtype.type(self.parameters.modulus % (1 << bits))
        rests = (messages * factor).view(f"i{messages.itemsize}").astype(np.int64)
        self.add(out, rests, scale=-scale, power=bits)

    def transform(self, polynomials: Words) -> None:
        """Replace polynomials [limbs][N] by their transforms."""
        self._each("forward", polynomials)

    def restore(self, polynomials: Words) -> None:
        """Undo `transform`."""
        self._each("inverse", polynomials)

    def _each(self, direction: str, polynomials: Words) -> None:
        name = f"ntt_{direction}{self.size}"
        self._native.call(name, polynomials, self._tables, len(self.primes))

    def factors(self, numbers: Array) -> Words:
        """Return the transform of signed integers [N], in the form of a second factor."""
        result = self.zeros()
        self.add(result, numbers, scale=MONTGOMERY)
        self.transform(result)
        return result

    def multiply_add(self, out: Words, a: Words, b: Words) -> None:
        """Add the sum of products of transforms a [terms][limbs][N] and second factors b."""
        sizes = self.size, len(a), a.strides[0], b.strides[0], len(self.primes)
        self._native.call("ntt_multiply_add", out, a, b, self._products, *sizes)

    def multiply_known(self, out: Halves, a: Halves, numbers: Array) -> None:
        """Add sums of products of ciphertexts and signed integers [terms][N] to out.

        The halves of `out` are transforms [rows][limbs][N], those of `a` [rows][terms][limbs][N],
        scaled by 2^32. Integers of 32 bits have at most `SMALL_BITS`; others have 64.
        """
        constants = self._tables, self._products, _constants(self.primes, 1, 0, double=False)
        small = numbers.dtype == np.int32
        sizes = len(numbers), len(out[0]), int(small), len(self.primes)
        name = f"ntt_multiply_known{self.size}"
        self._native.call(name, *out, *a, numbers, *constants, self._buffer, *sizes)

    def write_scaled(self, out: Bytes, residues: Words, count: int, width: int) -> None:
        """Write the upper `width` bytes of c·2^128/Q of the first `count` residues [limbs][n].

        They are rounded. The 16 bytes after them may be overwritten.
        """
        low, high = self._joined(residues, switched=True)
        self._native.call("wide_to_bytes", out, low, high, count, width)

    def integers(self, residues: Words) -> Wide:
        """Return the integers modulo 2^128 of residues, if they are at most Q/4."""
        return self._joined(residues, switched=False)

    def _joined(self, residues: Words, *, switched: bool) -> Wide:
        count = residues.shape[-1]
        low, high = np.empty(count, np.uint64), np.empty(count, np.uint64)
        limbs, modulus = join_constants(self.primes, switched=switched)
        bits = self.primes[0].bit_length()
        arguments: tuple[Any, ...] = (limbs, modulus, count, len(self.primes), bits)
        self._native.call("residues_join", low, high, residues, *arguments)
        return low, high


@lru_cache(maxsize=16)
def _tables(primes: tuple[int, ...], size: int) -> Words:
    """Return the tables of transforms, one prime after the other."""
    return np.stack([transform_tables(prime, size) for prime in primes])


@lru_cache(maxsize=256)
def _constants(primes: tuple[int, ...], scale: int, power: int, *, double: bool) -> Words:
    """Return the constants of `residues_add` for a scale divided by 2^`power`."""
    return np.stack(
        [
            residue_constants(prime, scale * pow(2, -power, prime) % prime, double=double)
            for prime in primes
        ]
    )
