"""The constants of a prime for the kernels of `ntt.py` and `residues.py`, and primes themselves.

Everything here is public and the same at both parties.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug

from .ntt import HEADER
from .residues import LIMB_WORDS

Words = npt.NDArray[np.uint32]

MONTGOMERY: Final = 1 << 32
"""The factor that `ntt_multiply_add` removes."""


@lru_cache(maxsize=64)
def primitive_root(prime: int, size: int) -> int:
    """Return the first g^((p − 1)/2N), g = 2, 3, …, that is a primitive 2N-th root of unity."""
    if prime % (2 * size) != 1:
        raise CompilerBug(f"{prime} isn't 1 modulo {2 * size}")
    candidates = (pow(base, (prime - 1) // (2 * size), prime) for base in range(2, prime))
    return next(root for root in candidates if pow(root, size, prime) == prime - 1)


def reversed_bits(size: int) -> npt.NDArray[np.int64]:
    """Return the numbers below a power of two with their bits in reverse order."""
    result = np.zeros(1, np.int64)
    while len(result) < size:
        result = np.concatenate((2 * result, 2 * result + 1))
    return result


def _quotients(values: npt.NDArray[Any], prime: int) -> npt.NDArray[Any]:
    return (values << np.uint64(32)) // np.uint64(prime)


@lru_cache(maxsize=32)
def transform_tables(prime: int, size: int) -> Words:
    """Return the tables of `ntt.py`."""
    root = primitive_root(prime, size)
    tables = np.zeros(HEADER + 4 * size, np.uint32)
    inverse = pow(size, -1, prime)
    tables[:3] = prime, inverse, inverse * MONTGOMERY // prime
    place = HEADER
    for base in (root, pow(root, -1, prime)):
        powers = np.ones(1, np.uint64)
        while len(powers) < size:
            step = np.uint64(pow(base, len(powers), prime))
            powers = np.concatenate((powers, powers * step % np.uint64(prime)))
        ordered = powers[reversed_bits(size)]
        tables[place : place + size] = ordered
        tables[place + size : place + 2 * size] = _quotients(ordered, prime)
        place += 2 * size
    return tables


def product_constants(prime: int) -> Words:
    """Return the constants of `ntt_multiply_add`."""
    return np.array([prime, pow(prime, -1, MONTGOMERY)], np.uint32)


@lru_cache(maxsize=256)
def residue_constants(prime: int, scale: int, *, double: bool = False) -> Words:
    """Return the constants of `residues_add`, for any integer `scale`."""
    factors = [MONTGOMERY % prime, 1, scale % prime]
    pairs = [word for factor in factors for word in (factor, factor * MONTGOMERY // prime)]
    bias = -(1 << (127 if double else 63)) % prime
    return np.array([prime, *pairs, bias], np.uint32)


@lru_cache(maxsize=64)
def join_constants(primes: Sequence[int], *, switched: bool) -> tuple[Words, Words]:
    """Return the constants of the limbs and the modulus of `residues_join`.

    `switched`: those for c·2^128/M, otherwise those for c itself.
    """
    modulus = 1
    for prime in primes:
        modulus *= prime
    bits = primes[0].bit_length()
    limbs = np.zeros((len(primes), LIMB_WORDS), np.uint32)
    for row, prime in zip(limbs, primes, strict=True):
        other = modulus // prime
        inverse = pow(other, -1, prime)
        factor = ((1 << 128) + prime // 2) // prime if switched else other
        row[:3] = prime, inverse, inverse * MONTGOMERY // prime
        row[3:7] = _four_words(factor)
        row[7] = (1 << (31 + bits)) // prime
    return limbs, np.array(_four_words(0 if switched else modulus), np.uint32)


def _four_words(number: int) -> list[int]:
    return [number >> (32 * word) & (MONTGOMERY - 1) for word in range(4)]
