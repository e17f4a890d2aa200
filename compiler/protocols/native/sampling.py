"""The random polynomials of ring-LWE, from random bytes; secret ones without branches on them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...kernels.ntt_tables import Words
from ..core.backend import Random
from ..homomorphic.parameters import ERROR_BITS
from .calls import Array, Native


def ternary(native: Native, random: Random, count: int) -> Array:
    """Return uniform numbers of {−1, 0, 1}, as int32: ⌊3r/2^64⌋ − 1 of 64 random bits r.

    Each is within 2^−62 of uniform. `count` is a multiple of 8, and the kernels of a ring are
    loaded.
    """
    result = np.empty(count, np.int32)
    native.call("ring_ternary", result, random(8 * count), count)
    return result


def errors(native: Native, random: Random, count: int) -> Array:
    """Return differences of two sums of 21 random bits, as int64: variance 10.5 [ADPS16].

    `count` and kernels are as for `ternary`.
    """
    result = np.empty(count, np.int64)
    native.call("ring_errors", result, random(8 * count), count, ERROR_BITS)
    return result


def flooding(random: Random, count: int, bits: int) -> tuple[Array, Array]:
    """Return uniform integers of [−2^f, 2^f), f = `bits` < 127: low words and high words."""
    low, high = random(16 * count).view(np.int64).reshape(2, count)
    if bits >= 64:
        return low.view(np.uint64), (high >> np.int64(127 - bits)).view(np.uint64)
    low = low >> np.int64(63 - bits)
    return low.view(np.uint64), (low >> np.int64(63)).view(np.uint64)


def uniform(random: Random, primes: tuple[int, ...], polynomials: int, size: int) -> Words:
    """Return uniform residues [polynomials][limbs][N] from public random bytes.

    Words are cut to a prime's bits and rejected if they aren't below it. The number of bytes drawn
    is the same at both parties, since they draw from the same seed.
    """
    count = polynomials * size
    result = np.empty((polynomials, len(primes), size), np.uint32)
    for limb, prime in enumerate(primes):
        mask = np.uint32((1 << prime.bit_length()) - 1)
        found = np.empty(0, np.uint32)
        while len(found) < count:
            missing = count - len(found)
            words = random(4 * (missing + missing // 64 + 16)).view(np.uint32)
            words &= mask
            # Few are rejected: copying what is between them is the quickest.
            ends = [-1, *np.flatnonzero(words >= prime).tolist(), len(words)]
            kept = [words[first + 1 : last] for first, last in pairwise(ends)]
            found = np.concatenate((found, *kept))
        result[:, limb] = found[:count].reshape(polynomials, size)
    return result
