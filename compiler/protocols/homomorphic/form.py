"""The form of a homomorphic product: its ring, blocks, noise and messages.

One party, the *owner*, knows one operand; the other party, the *key holder*, encrypts the other
one. Both are cut into blocks, which are polynomials with N coefficients: row blocks and inner
blocks of the encrypted operand, inner blocks and column blocks of the known one. A result is the
sum of products of polynomials over the inner blocks; some of its coefficients are elements of the
product.

Noise. All bounds are those of the worst case, so that a product is never wrong. Let E = 21 bound an
error, and let |y| <= 2^(w−1) for all elements y that the owner knows.

- A fresh ciphertext of M encrypts ⌊Q·M/p⌉ with an error: together at most E + 1/2 a coefficient
  away from Q·M/p. It is multiplied by a polynomial with at most t coefficients y that aren't zero,
  and summed over K blocks: at most K·t·2^(w−1)·(E + 1/2) away from Q/p times the product. What
  exceeds p is a multiple of Q away, which doesn't matter.
- The encryption of zero that is added to a result has a noise of e·u + e'·s, at most 2NE for
  ternary u and s. The mask that is subtracted adds at most 1/2.

So the noise d of a result has |d| <= B = K·t·2^(w−1)·(E + 1/2) + 2NE + 1/2. It depends on y, and
is flooded by a number that is uniform in [−2^f, 2^f): each coefficient's distribution is within
|d|/2^(f+1) of one that doesn't depend on y. If c coefficients of a result are sent,

    2^f >= 2^(σ−1)·c·B

makes it reveal nothing but with a statistical distance of 2^−σ [Gen09, HLHD22].

A result is sent modulo 2^A (its uniform half, N coefficients) and 2^A' (the c coefficients of the
other half that are extracted), which rounds each coefficient by at most 1/2: modulus switching to
powers of two [BV11], which loses the low bits that [HLHD22] leaves out. In units of p, that is
N/2·2^(ℓ−A) for the first half, since s is ternary, and 2^(ℓ−A'−1) for the second. Both are at most
1/8 for A >= ℓ + 2 + log₂ N and A' >= ℓ + 2. If also

    B + 2^f <= Q/(8p),

the error of a result is at most 3/8 in units of p, and what `kernels/residues.py` loses, below
2^−8. It is below 1/2, so that rounding gives the exact product. f is the largest number for which
this holds; where it is too small for flooding, there is no such form.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from math import inf
from typing import Final, TypeVar

from ezlang.records import dataclass, replace

from ..core.lengths import up
from ..core.steps import Array
from .parameters import ERROR_BITS, SEED_BYTES, STATISTICAL_BITS, Parameters

TRANSFORM_BYTES: Final = 2048
"""How many bytes take as long to send as a transform of a limb to compute, to choose blocks."""

_MOST_FLOOD_BITS: Final = 126
"""What two words of 64 bits hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A product modulo 2^`bits`.

    Elements of the known operand have `known_bits` bits, with their sign.
    """

    bits: int
    known_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(ABC):
    """The form of a product. `items` is the number of independent products."""

    shape: Shape
    parameters: Parameters

    @property
    def bits(self) -> int:
        """ℓ."""
        return self.shape.bits

    @property
    def known_bits(self) -> int:
        """w."""
        return self.shape.known_bits

    @property
    @abstractmethod
    def items(self) -> int:
        """The number of products."""

    @property
    @abstractmethod
    def row_blocks(self) -> int:
        """The number of row blocks of the encrypted operand."""

    @property
    @abstractmethod
    def inner_blocks(self) -> int:
        """K."""

    @property
    @abstractmethod
    def column_blocks(self) -> int:
        """The number of column blocks of the known operand."""

    @property
    @abstractmethod
    def terms(self) -> int:
        """t: the coefficients of a polynomial of the known operand that may not be zero."""

    @property
    @abstractmethod
    def extracted(self) -> int:
        """c: the number of coefficients of a result."""

    @property
    @abstractmethod
    def places(self) -> Array:
        """The coefficients [c] of a result that are extracted."""

    @property
    @abstractmethod
    def product(self) -> tuple[int, ...]:
        """The shape of the product."""

    @abstractmethod
    def pack(self, x: Array) -> Array:
        """Return the encrypted operand as polynomials [items][row blocks][inner blocks][N]."""

    @abstractmethod
    def pack_known(self, y: Array, item: int, column: int) -> Array:
        """Return a column block of the known operand as polynomials [inner blocks][N]."""

    @abstractmethod
    def unpack(self, results: Array) -> Array:
        """Return the product of what is extracted, [items][row blocks][column blocks][c]."""

    @abstractmethod
    def multiply(self, x: Array, y: Array) -> Array:
        """Return the product of operands in the clear: what the form is for."""

    @property
    def ciphertexts(self) -> int:
        """The number of ciphertexts of the encrypted operand."""
        return self.items * self.row_blocks * self.inner_blocks

    @property
    def results(self) -> int:
        """The number of results."""
        return self.items * self.row_blocks * self.column_blocks

    @property
    def grid(self) -> tuple[int, int, int]:
        """The items, row blocks and column blocks."""
        return self.items, self.row_blocks, self.column_blocks

    @property
    def noise(self) -> int:
        """B, rounded up."""
        norm = self.inner_blocks * self.terms << (self.known_bits - 1)
        return norm * (2 * ERROR_BITS + 1) // 2 + 2 * self.parameters.size * ERROR_BITS + 2

    @property
    def flood_bits(self) -> int:
        """f, the largest that leaves results right; negative if there is none."""
        room = (self.parameters.modulus >> (self.bits + 3)) - self.noise
        return min(room.bit_length() - 1, _MOST_FLOOD_BITS) if room > 0 else -1

    @property
    def needed_flood_bits(self) -> int:
        """The smallest f that hides results."""
        return ((self.extracted * self.noise << (STATISTICAL_BITS - 1)) - 1).bit_length()

    @property
    def is_sound(self) -> bool:
        """Whether results are right, and hidden by flooding."""
        return self.flood_bits >= self.needed_flood_bits

    @property
    def least_modulus(self) -> int:
        """The smallest Q with which results are right, and hidden by flooding."""
        return ((1 << self.needed_flood_bits) + self.noise) << (self.bits + 3)

    @property
    def uniform_bytes(self) -> int:
        """The bytes of a coefficient of a result's uniform half, A bits."""
        return up(self.bits + 2 + self.parameters.size.bit_length() - 1, 8)

    @property
    def other_bytes(self) -> int:
        """The bytes of a coefficient of a result's other half, A' bits."""
        return up(self.bits + 2, 8)

    @property
    def request_bytes(self) -> int:
        """The bytes of all ciphertexts: a seed, and their other halves."""
        return SEED_BYTES + self.ciphertexts * self.parameters.polynomial_bytes

    @property
    def result_bytes(self) -> int:
        """The bytes of a result."""
        return self.parameters.size * self.uniform_bytes + self.extracted * self.other_bytes

    @property
    def reply_bytes(self) -> int:
        """The bytes of all results."""
        return self.results * self.result_bytes

    @property
    def message_bytes(self) -> int:
        """The bytes of all messages."""
        return self.request_bytes + self.reply_bytes

    @property
    def decryption_limbs(self) -> int:
        """The primes with which a result is decrypted: a product of A bits by s is exact."""
        bound = self.parameters.size << (8 * self.uniform_bytes - 1)
        return self.parameters.limbs_for(bound)

    @property
    def transforms(self) -> tuple[int, int]:
        """The transforms of limbs that the key holder and the owner compute."""
        limbs = self.parameters.limbs
        blocks = self.items * self.inner_blocks * self.column_blocks
        holder = limbs * self.ciphertexts + 2 * self.decryption_limbs * self.results
        return holder, limbs * (blocks + 3 * self.results)

    @property
    def products(self) -> int:
        """The products of a polynomial's limb by another that the owner adds up."""
        blocks = self.results * self.inner_blocks
        return 2 * self.parameters.limbs * (blocks + self.results)

    @property
    def memory(self) -> tuple[int, int]:
        """The bytes that the key holder and the owner keep at a time, besides the messages.

        Both halves of all ciphertexts, and packed numbers. The owner has a copy of what it knows,
        in at most 64 bits, and the packed numbers and sums of a column block.
        """
        size = self.parameters.polynomial_bytes
        packed = self.ciphertexts * self.parameters.size * self.bits // 8
        known = self.items * self.column_blocks * self.terms + self.parameters.size
        owner = (self.ciphertexts + 2 * self.row_blocks) * size + 8 * self.inner_blocks * known
        return self.ciphertexts * size + packed, owner

    @property
    def weight(self) -> int:
        """What the form costs, in bytes, on a network like that of `TRANSFORM_BYTES`."""
        work = sum(self.transforms) + self.products // 4
        return self.message_bytes + TRANSFORM_BYTES * work


F = TypeVar("F", bound=Form)


def cheapest(forms: Iterable[F]) -> F | None:
    """Return the cheapest sound form, the first one on a tie, or None if there is none.

    Each form gets the smallest modulus with which it is sound: a larger one costs more.
    """
    best: F | None = None
    least: float = inf
    for small in forms:
        parameters = small.parameters.enlarged(small.least_modulus)
        one = None if parameters is None else replace(small, parameters=parameters)
        # Most forms send too much already.
        if one and one.message_bytes < least and one.is_sound and one.weight < least:
            best, least = one, one.weight
    return best


def block_sizes(count: int, most: int) -> list[int]:
    """Return sizes of blocks, up to `most`: powers of two, and the first even divisions."""
    sizes = {1 << power for power in range(14)} | {up(count, parts) for parts in range(1, 9)}
    return [size for size in sorted(sizes) if size <= min(count, most)]
