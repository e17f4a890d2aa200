"""Parameters of the ring-LWE encryption of linear layers, and their security.

Polynomials modulo X^N + 1 and a modulus Q, a product of primes that are 1 modulo 2N, so that the
number-theoretic transform exists. Secrets are uniform in {−1, 0, 1}. Errors are differences of two
sums of 21 random bits: at most 21 in absolute value, with standard deviation √10.5 = 3.24 [ADPS16].

The homomorphic-encryption standard [ACC+18] bounds Q for 128 bits of security with such secrets and
a standard deviation of 3.2 (`MOST_BITS`): 109 bits for N = 4096 and 218 bits for N = 8192 against
the best known classical attacks. The sets here have at most 108 and 210 bits.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Final

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

MOST_BITS: Final = {4096: 109, 8192: 218}
"""log₂ of the largest Q by N: 128 bits of classical security, ternary secrets [ACC+18, table 1]."""

ERROR_BITS: Final = 21
"""The bits of each of the two sums whose difference is an error, and the largest error."""

STATISTICAL_BITS: Final = 40
"""σ: what a result reveals beyond the product is within a statistical distance of 2^−σ."""

SEED_BYTES: Final = 16

_PRIMES: Final = {
    4096: (134176769, 134111233, 134012929, 133963777),
    8192: (
        *(1073692673, 1073643521, 1073479681, 1073430529),
        *(1073299457, 1073233921, 1073184769),
    ),
}
"""The largest primes below 2^27 that are 1 modulo 8192, and below 2^30 that are 1 modulo 16384."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A ring of polynomials with N = `size` coefficients modulo Q, the first `limbs` primes."""

    size: int
    limbs: int

    def __post_init__(self) -> None:
        if not 0 < self.limbs <= len(_PRIMES[self.size]):
            raise CompilerBug(f"there is no modulus of {self.limbs} primes for N = {self.size}")
        if self.modulus.bit_length() > MOST_BITS[self.size]:
            raise CompilerBug(f"{self.modulus.bit_length()} bits aren't secure for N = {self.size}")

    @property
    def primes(self) -> tuple[int, ...]:
        """The primes, all of the same number of bits."""
        return _PRIMES[self.size][: self.limbs]

    @property
    def modulus(self) -> int:
        """Q."""
        return _modulus(self.size, self.limbs)

    @property
    def polynomial_bytes(self) -> int:
        """The bytes of a polynomial: its residues, in words of 32 bits."""
        return 4 * self.size * self.limbs

    @property
    def key_bytes(self) -> int:
        """The bytes of a public key: the seed of its uniform half, and the other half."""
        return SEED_BYTES + self.polynomial_bytes

    def enlarged(self, modulus: int) -> Parameters | None:
        """Return the set of the same ring with the smallest modulus that is at least so large."""
        for limbs in range(self.limbs, len(_PRIMES[self.size]) + 1):
            if _modulus(self.size, limbs) >= modulus:
                return Parameters(size=self.size, limbs=limbs)
        return None

    def limbs_for(self, bound: int) -> int:
        """Return how many primes represent integers of absolute values up to `bound`.

        Their product is at least 4·bound, as `kernels/residues.py` needs.
        """
        count = 1
        while prod(_PRIMES[self.size][:count]) < 4 * bound:
            count += 1
        return count


@cache
def _modulus(size: int, limbs: int) -> int:
    return prod(_PRIMES[size][:limbs])


def rings() -> tuple[Parameters, ...]:
    """Return the smallest set of each ring."""
    return tuple(Parameters(size=size, limbs=2) for size in _PRIMES)
