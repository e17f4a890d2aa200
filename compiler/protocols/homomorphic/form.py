"""The form of a homomorphic matrix product: its ring, blocks, noise and messages.

X [m][k] · Y [k][n] modulo p = 2^ℓ, where one party, the *owner*, knows Y, and the other one, the
*key holder*, encrypts X. The matrices are cut into blocks of m', k' and n' with m'k'n' <= N
coefficients, see `packing.py`.

Noise. All bounds are those of the worst case, so that a product is never wrong. Let E = 21 bound an
error, and let |y| <= 2^(w−1) for all elements of Y.

- A fresh ciphertext of M encrypts ⌊Q·M/p⌉ with an error: together at most E + 1/2 a coefficient
  away from Q·M/p. It is multiplied by a block of Y, whose coefficients' absolute values add up to
  at most k'n'·2^(w−1), and summed over K = ⌈k/k'⌉ blocks: at most K·k'n'·2^(w−1)·(E + 1/2) away
  from Q·(X·Y)/p. What exceeds p is a multiple of Q away, which doesn't matter.
- The encryption of zero that is added to a result has a noise of e·u + e'·s, at most 2NE for
  ternary u and s. The mask that is subtracted adds at most 1/2.

So the noise d of a result has |d| <= B = K·k'n'·2^(w−1)·(E + 1/2) + 2NE + 1/2. It depends on Y, and
is flooded by a number that is uniform in [−2^f, 2^f): each coefficient's distribution is within
|d|/2^(f+1) of one that doesn't depend on Y. A result has c = m'n' coefficients, so that

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

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ezlang.records import dataclass

from ..core.lengths import up
from .parameters import ERROR_BITS, SEED_BYTES, STATISTICAL_BITS, Parameters, all_parameters

TRANSFORM_BYTES: Final = 2048
"""How many bytes take as long to send as a transform of a limb to compute, to choose blocks."""

_MOST_FLOOD_BITS: Final = 126
"""What two words of 64 bits hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`items` products of [rows][inner] with [inner][columns], modulo 2^`bits`.

    Elements of the known matrix have `known_bits` bits, with their sign.
    """

    bits: int
    known_bits: int
    items: int
    rows: int
    inner: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A shape with its ring, and the sizes of its blocks."""

    shape: Shape
    parameters: Parameters
    rows: int
    inner: int
    columns: int

    @property
    def row_blocks(self) -> int:
        """⌈m/m'⌉."""
        return up(self.shape.rows, self.rows)

    @property
    def inner_blocks(self) -> int:
        """K = ⌈k/k'⌉."""
        return up(self.shape.inner, self.inner)

    @property
    def column_blocks(self) -> int:
        """⌈n/n'⌉."""
        return up(self.shape.columns, self.columns)

    @property
    def ciphertexts(self) -> int:
        """The number of ciphertexts of X."""
        return self.shape.items * self.row_blocks * self.inner_blocks

    @property
    def results(self) -> int:
        """The number of results."""
        return self.shape.items * self.row_blocks * self.column_blocks

    @property
    def extracted(self) -> int:
        """c: the number of coefficients of a result."""
        return self.rows * self.columns

    @property
    def noise(self) -> int:
        """B, rounded up."""
        size = self.parameters.size
        norm = self.inner_blocks * self.inner * self.columns << (self.shape.known_bits - 1)
        return norm * (2 * ERROR_BITS + 1) // 2 + 2 * size * ERROR_BITS + 2

    @property
    def flood_bits(self) -> int:
        """f, the largest that leaves results right; negative if there is none."""
        room = (self.parameters.modulus >> (self.shape.bits + 3)) - self.noise
        return min(room.bit_length() - 1, _MOST_FLOOD_BITS) if room > 0 else -1

    @property
    def is_sound(self) -> bool:
        """Whether results are right, and hidden by flooding."""
        needed = (self.extracted * self.noise) << (STATISTICAL_BITS - 1)
        return self.flood_bits >= 0 and 1 << self.flood_bits >= needed

    @property
    def uniform_bytes(self) -> int:
        """The bytes of a coefficient of a result's uniform half, A bits."""
        return up(self.shape.bits + 2 + self.parameters.size.bit_length() - 1, 8)

    @property
    def other_bytes(self) -> int:
        """The bytes of a coefficient of a result's other half, A' bits."""
        return up(self.shape.bits + 2, 8)

    @property
    def request_bytes(self) -> int:
        """The bytes of all ciphertexts of X: a seed, and their other halves."""
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
    def decryption_limbs(self) -> int:
        """The primes with which a result is decrypted: a product of A bits by s is exact."""
        bound = self.parameters.size << (8 * self.uniform_bytes - 1)
        return self.parameters.limbs_for(bound)

    @property
    def transforms(self) -> tuple[int, int]:
        """The transforms of limbs that the key holder and the owner compute."""
        limbs = self.parameters.limbs
        blocks = self.shape.items * self.inner_blocks * self.column_blocks
        holder = limbs * self.ciphertexts + 2 * self.decryption_limbs * self.results
        return holder, limbs * (blocks + 3 * self.results)

    @property
    def products(self) -> int:
        """The products of a polynomial's limb by another that the owner adds up."""
        blocks = self.results * self.inner_blocks
        return 2 * self.parameters.limbs * (blocks + self.results)

    @property
    def weight(self) -> int:
        """What the form costs, in bytes, on a network like that of `TRANSFORM_BYTES`."""
        work = sum(self.transforms) + self.products // 4
        return self.request_bytes + self.reply_bytes + TRANSFORM_BYTES * work


@lru_cache(maxsize=1024)
def form_of(shape: Shape) -> Form | None:
    """Return the cheapest sound form of a shape, or None if there is none."""
    forms = [
        form
        for parameters in all_parameters()
        for form in _forms(shape, parameters)
        if form.is_sound
    ]
    return min(forms, key=lambda one: one.weight, default=None)


def _forms(shape: Shape, parameters: Parameters) -> Iterator[Form]:
    """Yield forms with blocks of several sizes."""
    size = parameters.size
    for inner in _parts(shape.inner, size):
        for columns in _parts(shape.columns, size // inner):
            most = size // (inner * columns)
            # Blocks as even as possible.
            rows = up(shape.rows, up(shape.rows, most))
            yield Form(shape=shape, parameters=parameters, rows=rows, inner=inner, columns=columns)


def _parts(count: int, most: int) -> list[int]:
    """Return sizes of blocks, up to `most`: powers of two, and the first even divisions."""
    sizes = {1 << power for power in range(14)} | {up(count, parts) for parts in range(1, 9)}
    return [size for size in sorted(sizes) if size <= min(count, most)]
